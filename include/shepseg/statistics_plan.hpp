// SPDX-License-Identifier: BSL-1.0
//
// What is computed of each segment, and where in its row it goes: shared by the threads that compute (statistics_worker.hpp) and
// the one that puts rows together (statistics_merger.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <rios/error.hpp>
#include <rios/null_test.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>
#include <rios/typed_errors.hpp>
#include <rios/worker_state.hpp>

#include "growing_values.hpp"
#include "segment_pixels.hpp"
#include "statistic.hpp"
#include "value_statistics.hpp"

namespace shepseg {

/// What a plan is made from, but for its functions.
struct statistics_plan_description {
    std::vector<band_statistics_selection> selection{};
    std::vector<int> spatial_bands{};
    std::vector<int> bands{};                         ///< that are read
    std::vector<std::optional<double>> null_values{}; ///< of each of these
    double missing = 0;
    std::string column_format{};
    rios::pixel_grid grid{};

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.selection, self.spatial_bands, self.bands, self.null_values, self.missing, self.column_format,
                self.grid);
    }
};

/// The columns of a table of segments, and how they are computed.
/// @tparam Functions spatial statistics
template <rios::Pixel T, typename... Functions>
    requires(SpatialStatistic<Functions, T> && ...)
class statistics_plan {
  public:
    /// @param selection of bands and their statistics; a band may be named several times
    /// @param spatial_bands the bands whose values spatial statistics see
    /// @param null_value_of called with the number of a band: its null value, if it has one
    /// @throws rios::options_error if two columns would have the same name, or the format is wrong
    template <typename F>
    statistics_plan(std::vector<band_statistics_selection> const& selection, std::vector<int> const& spatial_bands,
                    F null_value_of, double missing, std::string const& column_format, rios::pixel_grid grid,
                    Functions... functions)
        : missing_(missing), functions_(std::move(functions)...)
    {
        made_from_ = {.selection = selection,
                      .spatial_bands = spatial_bands,
                      .missing = missing,
                      .column_format = column_format,
                      .grid = grid};
        auto const type = rios::pixel_type_of<T>;
        for (auto const& [band, statistics] : selection) {
            plans_.push_back({index_of(band), band_plan(statistics, columns_.size())});
            for (auto const& each : statistics) {
                columns_.push_back(
                    {.name = column_name(column_format, band, name_of(each)), .values = values_of(each.kind, type)});
            }
        }
        first_spatial_ = columns_.size();
        std::apply([this](auto const&... each) { wants_pixels_ = (detail::wants_pixels(each) || ...); }, functions_);
        if (wants_pixels_) {
            for (int const band : spatial_bands) spatial_.push_back(index_of(band));
        }
        setting_.grid = std::move(grid);
        for (auto const band : spatial_) setting_.nulls.emplace_back(null_value_of(bands_[band]));
        for (int const band : bands_) {
            made_from_.bands.push_back(band);
            made_from_.null_values.push_back(null_value_of(band));
            nulls_.emplace_back(null_value_of(band));
        }
        spatial_names const names{.bands = spatial_bands, .column_format = column_format};
        std::apply([&](auto const&... each) { (add_columns(each, names), ...); }, functions_);
        require_different_names();
        // Columns of whole numbers cannot hold any missing value.
        if (rios::to_pixel<std::int32_t>(missing)) return;
        for (auto& each : columns_) each.values = column_values::real;
    }

    /// How it travels to another process, with its functions.
    using description_type = std::tuple<statistics_plan_description, rios::detail::state_of<Functions>...>;
    [[nodiscard]] description_type description() const
        requires(rios::Portable<Functions> && ...)
    {
        return std::apply(
            [this](auto const&... each) {
                return description_type(made_from_, rios::detail::worker_state<Functions>(each)...);
            },
            functions_);
    }
    explicit statistics_plan(description_type const& what)
        requires(rios::Portable<Functions> && ...)
        : statistics_plan(std::get<0>(what), what, std::index_sequence_for<Functions...>())
    {
    }

    [[nodiscard]] std::vector<statistics_column> const& columns() const noexcept { return columns_; }
    /// Numbers of the bands to read, from 1.
    [[nodiscard]] std::vector<int> const& bands() const noexcept { return bands_; }
    [[nodiscard]] rios::null_test<T> const& null_test(std::size_t band) const noexcept { return nulls_[band]; }

    /// One entry of the selection.
    struct band_entry {
        std::size_t band; ///< place in bands()
        band_plan plan;
    };
    [[nodiscard]] std::vector<band_entry> const& plans() const noexcept { return plans_; }

    [[nodiscard]] double missing() const noexcept { return missing_; }
    /// The row of a segment without pixels.
    [[nodiscard]] std::vector<double> missing_row() const
    {
        std::vector<double> row(columns_.size(), missing_);
        for (auto const& each : plans_) each.plan.set_missing(0, missing_, row);
        return row;
    }

    /// Do spatial statistics need the pixels of whole segments, and the segments' neighbours?
    [[nodiscard]] bool wants_pixels() const noexcept { return wants_pixels_; }
    [[nodiscard]] bool wants_neighbours() const noexcept
    {
        return std::apply([](auto const&... each) { return (detail::wants_neighbours(each) || ...); }, functions_);
    }
    /// Places in bands() of the bands that spatial statistics see.
    [[nodiscard]] std::vector<std::size_t> const& spatial_bands() const noexcept { return spatial_; }
    [[nodiscard]] segment_setting<T> const& setting() const noexcept { return setting_; }

    /// Sets the columns of the spatial statistics of a row that holds the missing value there.
    /// @param functions a copy of functions() that belongs to this thread
    /// @throws rios::error with whatever else a function throws nested in it
    void set_spatial(segment_pixels<T> const& segment, std::span<double> row, std::tuple<Functions...>& functions) const
    {
        rios::detail::with_typed_errors(
            [&] {
                auto result = row.subspan(first_spatial_);
                std::size_t number = 0;
                std::apply(
                    [&](auto&... each) {
                        ((each(segment, result.first(widths_[number])), result = result.subspan(widths_[number]),
                          ++number),
                         ...);
                    },
                    functions);
            },
            [&](std::string const& reason) {
                return rios::error("segment " + std::to_string(segment.label()) + ": " + reason);
            });
    }
    [[nodiscard]] std::tuple<Functions...> const& functions() const noexcept { return functions_; }

  private:
    template <std::size_t... I>
    statistics_plan(statistics_plan_description const& from, description_type const& what, std::index_sequence<I...>)
        : statistics_plan(
              from.selection, from.spatial_bands,
              [&](int band) {
                  auto const found = std::find(from.bands.begin(), from.bands.end(), band);
                  return from.null_values.at(static_cast<std::size_t>(found - from.bands.begin()));
              },
              from.missing, from.column_format, from.grid, std::get<I + 1>(what).worker()...)
    {
    }

    std::size_t index_of(int band)
    {
        auto const found = std::find(bands_.begin(), bands_.end(), band);
        auto const index = static_cast<std::size_t>(found - bands_.begin());
        if (found == bands_.end()) bands_.push_back(band);
        return index;
    }

    template <typename F>
    void add_columns(F const& function, spatial_names const& names)
    {
        auto const more = function.columns(names);
        widths_.push_back(more.size());
        columns_.insert(columns_.end(), more.begin(), more.end());
    }

    void require_different_names() const
    {
        std::vector<std::string> names;
        names.reserve(columns_.size());
        for (auto const& each : columns_) names.push_back(each.name);
        std::sort(names.begin(), names.end());
        auto const twice = std::adjacent_find(names.begin(), names.end());
        if (twice == names.end()) return;
        throw rios::options_error(
            "column '" + *twice +
            "' would be there twice: name each statistic once, and let the column format contain {band}");
    }

    statistics_plan_description made_from_;
    std::vector<int> bands_;
    std::vector<rios::null_test<T>> nulls_; // of each of bands_
    std::vector<band_entry> plans_;
    std::vector<statistics_column> columns_;
    double missing_;
    std::size_t first_spatial_ = 0;
    bool wants_pixels_ = false;
    std::vector<std::size_t> spatial_;
    segment_setting<T> setting_;
    std::vector<std::size_t> widths_; // columns of each function
    std::tuple<Functions...> functions_;
};

} // namespace shepseg
