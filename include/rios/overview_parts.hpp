// SPDX-License-Identifier: BSL-1.0
//
// What a block of a raster contributes to its overviews, by picking pixels or by averaging them: computed where the block
// is, so that blocks of any size, in any order, make overviews in one pass. Written to files by gdal/overviews.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "band_sum.hpp"
#include "block.hpp"
#include "image.hpp"
#include "image_view.hpp"
#include "null_test.hpp"
#include "pixel_type.hpp"

namespace rios {

/// How the pixel of an overview comes from the square of level × level pixels that it stands for.
enum class overview_method : std::uint8_t {
    none,    ///< there are no overviews
    nearest, ///< the pixel in the middle of the square; the last row or column where the raster ends before the middle
    average  ///< the mean of the square's pixels that are not null; null (without a null value, NaN) if all are
};

/// A rectangle of an overview that is complete.
template <Pixel T>
struct overview_part {
    std::size_t level = 0; ///< its index among the levels
    block where{};         ///< in pixels of the overview; its index is of no account
    image<T> pixels{};
};

/// A pixel of an overview that lies in several blocks: what one of them adds to it.
template <Pixel T>
struct overview_share {
    using sum_type = std::conditional_t<std::integral<T>, std::int64_t, double>;

    std::size_t level = 0;
    std::ptrdiff_t row = 0; ///< in pixels of the overview, as col
    std::ptrdiff_t col = 0;
    std::ptrdiff_t band = 0;
    sum_type sum{};            ///< of pixels with data
    std::uint64_t count = 0;   ///< of them
    std::uint64_t squares = 0; ///< pixels of the raster that it is about, null ones included
};

/// What a block contributes.
template <Pixel T>
struct overview_digest {
    std::vector<overview_part<T>> parts{};
    std::vector<overview_share<T>> shares{};
};

namespace detail {

/// Size of an overview: a square that the raster's edge cuts counts as one.
[[nodiscard]] constexpr std::ptrdiff_t overview_size(std::ptrdiff_t size, std::ptrdiff_t level)
{
    return (size + level - 1) / level;
}

/// The row (column) of the raster that a row (column) of an overview takes its pixels from.
[[nodiscard]] constexpr std::ptrdiff_t sampled_at(std::ptrdiff_t index, std::ptrdiff_t level, std::ptrdiff_t size)
{
    return std::min(index * level + level / 2, size - 1);
}

/// The first overview row (column) that takes its pixels from a row (column) of the raster or one after it.
[[nodiscard]] constexpr std::ptrdiff_t first_sampled_from(std::ptrdiff_t position, std::ptrdiff_t level,
                                                          std::ptrdiff_t size)
{
    auto const end = overview_size(size, level);
    auto index = std::clamp<std::ptrdiff_t>((position - level / 2) / level, 0, end);
    while (index < end && sampled_at(index, level, size) < position) ++index;
    return index;
}

/// The pixels that a block has for an overview of the middle pixels; none if no middle lies in it.
/// @param rows,cols of the raster
template <typename T>
[[nodiscard]] std::optional<overview_part<std::remove_const_t<T>>>
nearest_part(std::size_t index, std::ptrdiff_t level, std::ptrdiff_t rows, std::ptrdiff_t cols, block const& where,
             image_view<T> pixels)
{
    auto const row = first_sampled_from(where.row, level, rows);
    auto const col = first_sampled_from(where.col, level, cols);
    overview_part<std::remove_const_t<T>> part{
        .level = index,
        .where = {.index = 0,
                  .row = row,
                  .col = col,
                  .rows = first_sampled_from(where.row + where.rows, level, rows) - row,
                  .cols = first_sampled_from(where.col + where.cols, level, cols) - col}};
    if (part.where.rows == 0 || part.where.cols == 0) return {};
    part.pixels.reshape(pixels.bands(), part.where.rows, part.where.cols);
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        for (std::ptrdiff_t r = 0; r < part.where.rows; ++r) {
            auto const from = pixels.row(band, sampled_at(row + r, level, rows) - where.row);
            auto const to = part.pixels.row(band, r);
            for (std::ptrdiff_t c = 0; c < part.where.cols; ++c) {
                to[static_cast<std::size_t>(c)] =
                    from[static_cast<std::size_t>(sampled_at(col + c, level, cols) - where.col)];
            }
        }
    }
    return part;
}

/// The mean of pixels, of which there is at least one; halves are rounded away from zero.
template <Pixel T, typename Sum>
[[nodiscard]] T mean_pixel(Sum sum, std::uint64_t count)
{
    if constexpr (std::integral<T>) {
        auto const n = static_cast<std::int64_t>(count);
        return static_cast<T>((2 * sum + (sum < 0 ? -n : n)) / (2 * n));
    } else {
        return static_cast<T>(sum / static_cast<double>(count));
    }
}

} // namespace detail

/// Makes digests of blocks.
///
/// Thread rule: any thread; blocks at once.
template <Pixel T>
class overview_maker {
  public:
    /// @param rows,cols of the raster
    /// @param levels factors by which overviews are smaller, ascending
    overview_maker(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<int> levels, overview_method method,
                   std::optional<double> null_value)
        : rows_(rows), cols_(cols), levels_(std::move(levels)), method_(method), is_null_(null_value),
          null_(null_value ? to_pixel<T>(*null_value).value_or(no_data) : no_data)
    {
    }

    [[nodiscard]] std::vector<int> const& levels() const noexcept { return levels_; }

    /// @pre the block lies in the raster and has the pixels' shape
    [[nodiscard]] overview_digest<T> operator()(block const& where, image_view<T const> pixels) const
    {
        overview_digest<T> result;
        if (method_ == overview_method::nearest) {
            for (std::size_t i = 0; i < levels_.size(); ++i) {
                if (auto part = detail::nearest_part(i, levels_[i], rows_, cols_, where, pixels)) {
                    result.parts.push_back(std::move(*part));
                }
            }
        } else if (method_ == overview_method::average) {
            squares finer;
            for (std::size_t i = 0; i < levels_.size(); ++i) {
                bool const nested = i > 0 && levels_[i] % levels_[i - 1] == 0;
                auto sums = nested ? sums_of_squares(finer, levels_[i]) : sums_of_pixels(where, pixels, levels_[i]);
                add_averages(i, where, sums, result);
                finer = std::move(sums);
            }
        }
        return result;
    }

    /// The pixel whose shares are all there.
    [[nodiscard]] T pixel_of(double sum, std::uint64_t count) const
        requires std::floating_point<T>
    {
        return count == 0 ? null_ : detail::mean_pixel<T>(sum, count);
    }
    [[nodiscard]] T pixel_of(std::int64_t sum, std::uint64_t count) const
        requires std::integral<T>
    {
        return count == 0 ? null_ : detail::mean_pixel<T>(sum, count);
    }

    /// Pixels of the raster in the square of an overview pixel: less than level × level at its edges.
    [[nodiscard]] std::uint64_t pixels_in(std::size_t level, std::ptrdiff_t row, std::ptrdiff_t col) const
    {
        std::ptrdiff_t const size = levels_[level];
        return static_cast<std::uint64_t>((std::min((row + 1) * size, rows_) - row * size) *
                                          (std::min((col + 1) * size, cols_) - col * size));
    }

  private:
    using sum_type = typename overview_share<T>::sum_type;

    /// What stands for no data where no null value does: NaN, and 0 for integers, which then are all data.
    static constexpr T no_data = std::floating_point<T> ? std::numeric_limits<T>::quiet_NaN() : T{};

    /// For each square that a block touches, what of it lies in the block.
    struct squares {
        std::ptrdiff_t level = 0;
        std::ptrdiff_t row = 0; // of the first one, in pixels of the overview
        std::ptrdiff_t col = 0;
        std::ptrdiff_t rows = 0;
        std::ptrdiff_t cols = 0;
        std::ptrdiff_t bands = 0;
        std::vector<sum_type> sums{}; // of pixels with data
        std::vector<std::uint64_t> counts{};

        squares() = default;
        squares(std::ptrdiff_t size, std::ptrdiff_t first_row, std::ptrdiff_t end_row, std::ptrdiff_t first_col,
                std::ptrdiff_t end_col, std::ptrdiff_t band_count)
            : level(size), row(first_row), col(first_col), rows(end_row - first_row), cols(end_col - first_col),
              bands(band_count), sums(static_cast<std::size_t>(bands * rows * cols)), counts(sums.size())
        {
        }
        [[nodiscard]] std::size_t at(std::ptrdiff_t band, std::ptrdiff_t r, std::ptrdiff_t c) const
        {
            return static_cast<std::size_t>((band * rows + r) * cols + c);
        }
    };

    [[nodiscard]] squares sums_of_pixels(block const& where, image_view<T const> pixels, std::ptrdiff_t level) const
    {
        squares result(level, where.row / level, detail::overview_size(where.row + where.rows, level),
                       where.col / level, detail::overview_size(where.col + where.cols, level), pixels.bands());
        // First down the columns, which the compiler does many at once; so narrow sums suffice for narrow pixels, of so many
        // rows as cannot overflow them.
        using column_sum = std::conditional_t<(sizeof(T) <= 2), std::int32_t, sum_type>;
        constexpr std::ptrdiff_t most_rows = 1 << 15;
        auto const width = static_cast<std::size_t>(where.cols);
        std::vector<column_sum> sums(width);
        std::vector<std::uint32_t> counts(width);
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            std::ptrdiff_t down = 0;
            for (std::ptrdiff_t first = 0, end = 0; first < where.rows; first = end) {
                auto const square_end = (result.row + down + 1) * level - where.row;
                end = std::min({square_end, where.rows, first + most_rows});
                std::fill(sums.begin(), sums.end(), column_sum{});
                std::fill(counts.begin(), counts.end(), 0U);
                for (auto r = first; r < end; ++r) {
                    auto const* const line = pixels.row(band, r).data();
                    for (std::size_t c = 0; c < width; ++c) {
                        bool const null = is_null_(line[c]);
                        sums[c] += null ? column_sum{} : static_cast<column_sum>(line[c]);
                        counts[c] += null ? 0U : 1U;
                    }
                }
                std::size_t c = 0;
                for (std::ptrdiff_t across = 0; across < result.cols; ++across) {
                    auto const to = result.at(band, down, across);
                    auto const col_end = std::min((result.col + across + 1) * level - where.col, where.cols);
                    for (; c < static_cast<std::size_t>(col_end); ++c) {
                        result.sums[to] += sums[c];
                        result.counts[to] += counts[c];
                    }
                }
                if (end == square_end) ++down;
            }
        }
        return result;
    }

    [[nodiscard]] squares sums_of_squares(squares const& finer, std::ptrdiff_t level) const
    {
        auto const ratio = level / finer.level;
        squares result(level, finer.row / ratio, detail::overview_size(finer.row + finer.rows, ratio),
                       finer.col / ratio, detail::overview_size(finer.col + finer.cols, ratio), finer.bands);
        for (std::ptrdiff_t band = 0; band < finer.bands; ++band) {
            for (std::ptrdiff_t r = 0; r < finer.rows; ++r) {
                for (std::ptrdiff_t c = 0; c < finer.cols; ++c) {
                    auto const to =
                        result.at(band, (finer.row + r) / ratio - result.row, (finer.col + c) / ratio - result.col);
                    result.sums[to] += finer.sums[finer.at(band, r, c)];
                    result.counts[to] += finer.counts[finer.at(band, r, c)];
                }
            }
        }
        return result;
    }

    void add_averages(std::size_t index, block const& where, squares const& sums, overview_digest<T>& result) const
    {
        // The squares from the first to the last that lie in the block whole.
        auto const inner = [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t size, std::ptrdiff_t first,
                               std::ptrdiff_t count) {
            auto const from = begin > first * sums.level ? 1 : 0;
            auto const cut = std::min((first + count) * sums.level, size) > end ? 1 : 0;
            return std::pair(static_cast<std::ptrdiff_t>(from), count - cut);
        };
        auto const [row, end_row] = inner(where.row, where.row + where.rows, rows_, sums.row, sums.rows);
        auto const [col, end_col] = inner(where.col, where.col + where.cols, cols_, sums.col, sums.cols);
        bool const any = row < end_row && col < end_col;
        if (any) {
            overview_part<T> part{.level = index,
                                  .where = {.index = 0,
                                            .row = sums.row + row,
                                            .col = sums.col + col,
                                            .rows = end_row - row,
                                            .cols = end_col - col},
                                  .pixels = image<T>(sums.bands, end_row - row, end_col - col)};
            for (std::ptrdiff_t band = 0; band < sums.bands; ++band) {
                for (auto r = row; r < end_row; ++r) {
                    for (auto c = col; c < end_col; ++c) {
                        auto const at = sums.at(band, r, c);
                        part.pixels(band, r - row, c - col) = pixel_of(sums.sums[at], sums.counts[at]);
                    }
                }
            }
            result.parts.push_back(std::move(part));
        }
        auto const common = [&](std::ptrdiff_t place, std::ptrdiff_t begin, std::ptrdiff_t end) {
            return std::min((place + 1) * sums.level, end) - std::max(place * sums.level, begin);
        };
        for (std::ptrdiff_t band = 0; band < sums.bands; ++band) {
            for (std::ptrdiff_t r = 0; r < sums.rows; ++r) {
                for (std::ptrdiff_t c = 0; c < sums.cols; ++c) {
                    if (any && r >= row && r < end_row && c >= col && c < end_col) {
                        c = end_col - 1;
                        continue;
                    }
                    auto const at = sums.at(band, r, c);
                    auto const pixels = common(sums.row + r, where.row, where.row + where.rows) *
                                        common(sums.col + c, where.col, where.col + where.cols);
                    result.shares.push_back({.level = index,
                                             .row = sums.row + r,
                                             .col = sums.col + c,
                                             .band = band,
                                             .sum = sums.sums[at],
                                             .count = sums.counts[at],
                                             .squares = static_cast<std::uint64_t>(pixels)});
                }
            }
        }
    }

    std::ptrdiff_t rows_;
    std::ptrdiff_t cols_;
    std::vector<int> levels_;
    overview_method method_;
    null_test<T> is_null_;
    T null_;
};

/// Puts together the pixels of overviews that lie in several blocks. Their values do not depend on the order of blocks.
template <Pixel T>
class overview_joiner {
  public:
    /// Adds what a block has. @returns the pixels that are complete now
    [[nodiscard]] std::vector<overview_part<T>> add(std::vector<overview_share<T>> const& shares,
                                                    overview_maker<T> const& maker, std::ptrdiff_t bands)
    {
        std::vector<overview_part<T>> complete;
        for (auto const& share : shares) {
            auto& pixel = waiting_[{share.level, share.row, share.col}];
            if (pixel.bands.empty()) pixel.bands.resize(static_cast<std::size_t>(bands));
            auto& of_band = pixel.bands[static_cast<std::size_t>(share.band)];
            of_band.sum.add(share.sum);
            of_band.count += share.count;
            pixel.seen += share.squares;
            if (pixel.seen < maker.pixels_in(share.level, share.row, share.col) * static_cast<std::uint64_t>(bands)) {
                continue;
            }
            overview_part<T> part{.level = share.level,
                                  .where = {.index = 0, .row = share.row, .col = share.col, .rows = 1, .cols = 1},
                                  .pixels = image<T>(bands, 1, 1)};
            for (std::ptrdiff_t band = 0; band < bands; ++band) {
                auto const& each = pixel.bands[static_cast<std::size_t>(band)];
                part.pixels(band, 0, 0) = maker.pixel_of(each.sum.value(), each.count);
            }
            complete.push_back(std::move(part));
            waiting_.erase({share.level, share.row, share.col});
        }
        return complete;
    }

  private:
    struct whole_sum {
        std::int64_t total = 0;
        void add(std::int64_t value) { total += value; }
        [[nodiscard]] std::int64_t value() const { return total; }
    };
    struct band_share {
        std::conditional_t<std::integral<T>, whole_sum, binned_sum> sum{};
        std::uint64_t count = 0;
    };
    struct waiting_pixel {
        std::vector<band_share> bands{};
        std::uint64_t seen = 0; // pixels of the raster, over all bands
    };
    std::map<std::tuple<std::size_t, std::ptrdiff_t, std::ptrdiff_t>, waiting_pixel> waiting_;
};

} // namespace rios
