// SPDX-License-Identifier: BSL-1.0
//
// Ready-made statistics of a segment's place, shape and texture, out of its pixels. Models of SpatialStatistic
// (segment_pixels.hpp); of your own you write the like.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <rios/error.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>

#include "neighbourhood.hpp"
#include "segment_pixels.hpp"
#include "statistic.hpp"

namespace shepseg {

namespace detail {

/// GDAL's geotransform of a grid; that of pixel numbers if it has no place on the map.
inline std::array<double, 6> geotransform_of(rios::pixel_grid const& grid)
{
    return grid.geotransform.value_or(std::array<double, 6>{0, 1, 0, 0, 0, 1});
}

/// Where the rows of a segment are among its pixels.
class segment_rows {
  public:
    /// The rows refer to the pixels.
    template <typename T>
    explicit segment_rows(segment_pixels<T> const& segment) : cols_(segment.cols()), first_(segment.rows().front())
    {
        auto const rows = segment.rows();
        begins_.assign(rows.back() - first_ + 2, 0);
        for (auto const row : rows) ++begins_[row - first_ + 1];
        std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    }

    [[nodiscard]] std::ptrdiff_t first() const noexcept { return static_cast<std::ptrdiff_t>(first_); }
    [[nodiscard]] std::ptrdiff_t end() const noexcept { return first() + std::ssize(begins_) - 1; }

    /// Number of the first pixel of a row, first() ≤ row ≤ end().
    [[nodiscard]] std::size_t begin_of(std::ptrdiff_t row) const
    {
        return begins_[static_cast<std::size_t>(row - first())];
    }

    /// Columns of the pixels of a row, ascending; none for any other row.
    [[nodiscard]] std::span<std::uint32_t const> cols(std::ptrdiff_t row) const
    {
        if (row < first() || row >= end()) return {};
        return cols_.subspan(begin_of(row), begin_of(row + 1) - begin_of(row));
    }

  private:
    std::span<std::uint32_t const> cols_;
    std::size_t first_;
    std::vector<std::size_t> begins_; // of each row from the first on; and the end
};

/// Looks for ascending columns in a row.
class row_cursor {
  public:
    explicit row_cursor(std::span<std::uint32_t const> cols) : cols_(cols) {}

    /// Are all columns from `first` to `last` there? Neither may be smaller than in the call before.
    [[nodiscard]] bool has(std::int64_t first, std::int64_t last)
    {
        while (at_ < cols_.size() && static_cast<std::int64_t>(cols_[at_]) < first) ++at_;
        auto const width = static_cast<std::size_t>(last - first);
        return at_ + width < cols_.size() && static_cast<std::int64_t>(cols_[at_]) == first &&
               static_cast<std::int64_t>(cols_[at_ + width]) == last;
    }

  private:
    std::span<std::uint32_t const> cols_;
    std::size_t at_ = 0;
};

/// Sides of pixels between a segment and what is not in it.
struct outer_sides {
    std::uint64_t vertical = 0;   ///< between columns
    std::uint64_t horizontal = 0; ///< between rows
};

template <typename T>
outer_sides outer_sides_of(segment_pixels<T> const& segment)
{
    segment_rows const rows(segment);
    outer_sides result;
    for (auto row = rows.first(); row < rows.end(); ++row) {
        auto const cols = rows.cols(row);
        row_cursor above(rows.cols(row - 1));
        std::uint64_t joined_above = 0;
        std::uint64_t runs = 0;
        for (std::size_t i = 0; i < cols.size(); ++i) {
            runs += i == 0 || cols[i - 1] + 1 != cols[i] ? 1 : 0;
            joined_above += above.has(cols[i], cols[i]) ? 1 : 0;
        }
        result.vertical += 2 * runs;
        result.horizontal += 2 * (cols.size() - joined_above); // each pixel has two, those that are joined none between
    }
    return result;
}

/// Lengths of the sides of a pixel, in map units.
struct pixel_sides {
    explicit pixel_sides(rios::pixel_grid const& grid)
    {
        auto const g = geotransform_of(grid);
        horizontal = std::hypot(g[1], g[4]);
        vertical = std::hypot(g[2], g[5]);
        area = std::abs(g[1] * g[5] - g[2] * g[4]);
    }
    double horizontal; // along a row
    double vertical;
    double area;
};

template <typename T>
double perimeter_of(segment_pixels<T> const& segment)
{
    pixel_sides const pixel(segment.grid());
    auto const sides = outer_sides_of(segment);
    return static_cast<double>(sides.horizontal) * pixel.horizontal +
           static_cast<double>(sides.vertical) * pixel.vertical;
}

} // namespace detail

/// Which point of a pixel stands for it.
enum class pixel_point {
    corner, ///< that of the least row and column, as in pyshepseg
    centre
};

/// Mean of the coordinates of all pixels, null or not: centroid_x, centroid_y, in map units.
struct mean_coordinate {
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    pixel_point point = pixel_point::corner;

    /// Number of columns.
    [[nodiscard]] static constexpr std::size_t width(std::size_t /*bands*/) noexcept { return 2; }
    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& /*names*/) const
    {
        return {{.name = "centroid_x"}, {.name = "centroid_y"}};
    }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result) const
    {
        auto const mean = [&](std::span<std::uint32_t const> numbers) {
            auto const sum = std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
            return static_cast<double>(sum) / static_cast<double>(numbers.size()) +
                   (point == pixel_point::centre ? 0.5 : 0.0);
        };
        auto const row = mean(segment.rows());
        auto const col = mean(segment.cols());
        auto const g = detail::geotransform_of(segment.grid());
        result[0] = g[0] + g[1] * col + g[2] * row;
        result[1] = g[3] + g[4] * col + g[5] * row;
    }
};

/// Number of pixels that touch something else than the segment, or the edge of the raster: edge_pixels.
struct edge_pixel_count {
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    connectivity neighbours = connectivity::four;

    /// Number of columns.
    [[nodiscard]] static constexpr std::size_t width(std::size_t /*bands*/) noexcept { return 1; }
    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& /*names*/) const
    {
        return {{.name = "edge_pixels", .values = column_values::integer}};
    }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result) const
    {
        detail::segment_rows const rows(segment);
        auto const reach = neighbours == connectivity::eight ? 1 : 0;
        std::size_t inside = 0;
        for (auto row = rows.first(); row < rows.end(); ++row) {
            detail::row_cursor above(rows.cols(row - 1));
            detail::row_cursor here(rows.cols(row));
            detail::row_cursor below(rows.cols(row + 1));
            for (std::int64_t const col : rows.cols(row)) {
                bool const surrounded = here.has(col - 1, col + 1) && above.has(col - reach, col + reach) &&
                                        below.has(col - reach, col + reach);
                inside += surrounded ? 1 : 0;
            }
        }
        result[0] = static_cast<double>(segment.size() - inside);
    }
};

/// Length of the border, along the sides of pixels, holes included: perimeter, in map units.
struct perimeter {
    /// Number of columns.
    [[nodiscard]] static constexpr std::size_t width(std::size_t /*bands*/) noexcept { return 1; }
    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& /*names*/) const
    {
        return {{.name = "perimeter"}};
    }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result) const
    {
        result[0] = detail::perimeter_of(segment);
    }
};

/// 4 π area / perimeter²: 1 for a circle, π/4 for a square, less for anything longer or more ragged (Polsby and Popper, 1991).
struct compactness {
    /// Number of columns.
    [[nodiscard]] static constexpr std::size_t width(std::size_t /*bands*/) noexcept { return 1; }
    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& /*names*/) const
    {
        return {{.name = "compactness"}};
    }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result) const
    {
        auto const length = detail::perimeter_of(segment);
        auto const area = static_cast<double>(segment.size()) * detail::pixel_sides(segment.grid()).area;
        result[0] = 4 * std::numbers::pi * area / (length * length);
    }
};

/// Outer edges of the segment's pixels: bbox_xmin, bbox_ymin, bbox_xmax, bbox_ymax, in map units.
struct bounding_box {
    /// Number of columns.
    [[nodiscard]] static constexpr std::size_t width(std::size_t /*bands*/) noexcept { return 4; }
    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& /*names*/) const
    {
        return {{.name = "bbox_xmin"}, {.name = "bbox_ymin"}, {.name = "bbox_xmax"}, {.name = "bbox_ymax"}};
    }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result) const
    {
        detail::segment_rows const rows(segment);
        auto const g = detail::geotransform_of(segment.grid());
        constexpr auto infinity = std::numeric_limits<double>::infinity();
        std::array box{infinity, infinity, -infinity, -infinity};
        // On a grid that is turned the outermost corner may be in any row, at either end.
        for (auto row = rows.first(); row < rows.end(); ++row) {
            auto const cols = rows.cols(row);
            if (cols.empty()) continue;
            for (double const edge : {static_cast<double>(row), static_cast<double>(row + 1)}) {
                for (double const col : {static_cast<double>(cols.front()), cols.back() + 1.0}) {
                    auto const x = g[0] + g[1] * col + g[2] * edge;
                    auto const y = g[3] + g[4] * col + g[5] * edge;
                    box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x), std::max(box[3], y)};
                }
            }
        }
        std::copy(box.begin(), box.end(), result.begin());
    }
};

/// Number of different segments that touch this one by a side of a pixel: neighbours.
struct neighbour_count {
    static constexpr bool needs_neighbours = true;

    /// Number of columns.
    [[nodiscard]] static constexpr std::size_t width(std::size_t /*bands*/) noexcept { return 1; }
    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& /*names*/) const
    {
        return {{.name = "neighbours", .values = column_values::integer}};
    }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result) const
    {
        result[0] = static_cast<double>(segment.neighbours().size());
    }
};

/// How different pixels are at distances 1 to `distance`, as pyshepseg defines it: over all pairs of valid pixels of the segment
/// of which one lies at least one row below and one column to the right of the other, at a distance that is d when its
/// fraction is cut off, the square root of the mean squared difference. Band_1_variogram_1, ... of each band; the missing
/// value where there are no pairs.
struct variogram {
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    int distance = 1; ///< in pixels, 1 to 100

    /// Number of columns.
    [[nodiscard]] std::size_t width(std::size_t bands) const noexcept
    {
        return static_cast<std::size_t>(distance) * bands;
    }
    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& names) const
    {
        if (distance < 1 || distance > 100) {
            throw rios::options_error("variogram up to a distance of " + std::to_string(distance) +
                                      ": allowed: 1 to 100 pixels");
        }
        std::vector<statistics_column> result;
        for (std::size_t band = 0; band < names.bands.size(); ++band) {
            for (int d = 1; d <= distance; ++d) {
                result.push_back({.name = names.of(band, "variogram_" + std::to_string(d))});
            }
        }
        return result;
    }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result) const
    {
        detail::segment_rows const rows(segment);
        auto const bins = static_cast<std::size_t>(distance);
        for (std::size_t band = 0; band < segment.bands(); ++band) {
            std::vector<std::uint64_t> pairs(bins);
            std::vector<double> squares(bins);
            for (int down = 1; down <= distance; ++down) {
                for (int right = 1; right <= distance; ++right) {
                    auto const cut = static_cast<std::size_t>(std::sqrt(down * down + right * right));
                    if (cut > bins) break;
                    add_pairs(segment, rows, band, down, right, pairs[cut - 1], squares[cut - 1]);
                }
            }
            for (std::size_t bin = 0; bin < bins; ++bin) {
                if (pairs[bin] == 0) continue;
                result[band * bins + bin] = std::sqrt(squares[bin] / static_cast<double>(pairs[bin]));
            }
        }
    }

  private:
    template <typename T>
    static void add_pairs(segment_pixels<T> const& segment, detail::segment_rows const& rows, std::size_t band,
                          int down, int right, std::uint64_t& pairs, double& squares)
    {
        auto const values = segment.values(band);
        auto const& is_null = segment.null_test(band);
        for (auto row = rows.first(); row + down < rows.end(); ++row) {
            auto const upper = rows.cols(row);
            auto const lower = rows.cols(row + down);
            auto const of_upper = values.subspan(rows.begin_of(row));
            auto const of_lower = values.subspan(rows.begin_of(row + down));
            for (std::size_t i = 0, j = 0; i < upper.size(); ++i) {
                auto const wanted = upper[i] + static_cast<std::uint32_t>(right);
                while (j < lower.size() && lower[j] < wanted) ++j;
                if (j == lower.size()) break;
                if (lower[j] != wanted || is_null(of_upper[i]) || is_null(of_lower[j])) continue;
                auto const difference = static_cast<double>(of_upper[i]) - static_cast<double>(of_lower[j]);
                squares += difference * difference;
                ++pairs;
            }
        }
    }
};

/// Ready-made statistics that are chosen at run time, such as by a command line.
class chosen_spatial_statistics {
  public:
    using choice = std::variant<mean_coordinate, edge_pixel_count, perimeter, bounding_box, compactness,
                                neighbour_count, variogram>;

    chosen_spatial_statistics() = default;
    explicit chosen_spatial_statistics(std::vector<choice> choices) : choices_(std::move(choices)) {}

    [[nodiscard]] bool wants_pixels() const noexcept { return !choices_.empty(); }
    [[nodiscard]] bool needs_neighbours() const noexcept
    {
        return std::any_of(choices_.begin(), choices_.end(), [](choice const& each) {
            return std::visit([](auto const& function) { return detail::wants_neighbours(function); }, each);
        });
    }
    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& names) const
    {
        std::vector<statistics_column> result;
        for (auto const& each : choices_) {
            auto const more = std::visit([&](auto const& function) { return function.columns(names); }, each);
            result.insert(result.end(), more.begin(), more.end());
        }
        return result;
    }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result) const
    {
        for (auto const& each : choices_) {
            std::visit(
                [&](auto const& function) {
                    function(segment, result);
                    result = result.subspan(function.width(segment.bands()));
                },
                each);
        }
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.choices_);
    }

  private:
    std::vector<choice> choices_;
};

/// A ready-made statistic from its word: centroid, centroid:centre, edge-pixels, edge-pixels:8, perimeter, bbox, compactness,
/// neighbours, variogram:D with D from 1 to 100.
/// @throws rios::options_error naming the word and what is allowed
[[nodiscard]] inline chosen_spatial_statistics::choice spatial_statistic_from(std::string_view text)
{
    if (text == "centroid") return mean_coordinate{};
    if (text == "centroid:centre") return mean_coordinate{.point = pixel_point::centre};
    if (text == "edge-pixels") return edge_pixel_count{};
    if (text == "edge-pixels:8") return edge_pixel_count{.neighbours = connectivity::eight};
    if (text == "perimeter") return perimeter{};
    if (text == "bbox") return bounding_box{};
    if (text == "compactness") return compactness{};
    if (text == "neighbours") return neighbour_count{};
    constexpr std::string_view prefix = "variogram:";
    if (text.starts_with(prefix)) {
        int distance = 0;
        auto const* const end = text.data() + text.size();
        auto const [next, failure] = std::from_chars(text.data() + prefix.size(), end, distance);
        if (failure == std::errc{} && next == end && distance >= 1 && distance <= 100) {
            return variogram{.distance = distance};
        }
    }
    throw rios::options_error("spatial statistic '" + std::string(text) +
                              "': allowed: centroid, centroid:centre, edge-pixels, edge-pixels:8, perimeter, bbox, "
                              "compactness, neighbours, and variogram:D with D from 1 to 100");
}

} // namespace shepseg
