// SPDX-License-Identifier: BSL-1.0
//
// All pixels of one complete segment, as functions see them that compute statistics of shape and texture
// (spatial_statistics.hpp, or those of a program of your own).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <rios/block_info.hpp>
#include <rios/null_test.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>

#include "statistic.hpp"

namespace shepseg {

/// What the columns of spatial statistics are named by.
struct spatial_names {
    std::vector<int> bands{};                         ///< numbers of the bands that are read
    std::string column_format = "Band_{band}_{stat}"; ///< column_name()

    /// The name of a column of one band. @param band its place in `bands`
    [[nodiscard]] std::string of(std::size_t band, std::string const& what) const
    {
        return column_name(column_format, bands[band], what);
    }
};

/// What all segments of a run have in common.
template <rios::Pixel T>
struct segment_setting {
    rios::pixel_grid grid;                 ///< of both files
    std::vector<rios::null_test<T>> nulls; ///< of each band that is read
};

/// The pixels of a segment in scan order, row by row. Valid as long as the call that it is given to.
template <rios::Pixel T>
class segment_pixels {
  public:
    /// @param rows,cols of the pixels, in scan order
    /// @param values of the pixels, band after band
    /// @param neighbours labels of the segments that touch this one, ascending; empty if nobody asked for them
    segment_pixels(std::uint32_t label, std::span<std::uint32_t const> rows, std::span<std::uint32_t const> cols,
                   std::span<T const> values, std::span<std::uint32_t const> neighbours,
                   segment_setting<T> const& setting)
        : label_(label), rows_(rows), cols_(cols), values_(values), neighbours_(neighbours), setting_(&setting)
    {
    }

    [[nodiscard]] std::uint32_t label() const noexcept { return label_; }
    /// Number of pixels, at least 1.
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    /// Positions of the pixels in the raster.
    [[nodiscard]] std::span<std::uint32_t const> rows() const noexcept { return rows_; }
    [[nodiscard]] std::span<std::uint32_t const> cols() const noexcept { return cols_; }

    [[nodiscard]] std::size_t bands() const noexcept { return setting_->nulls.size(); }
    /// Values of the pixels in a band, null ones included. @param band its place among those that are read, from 0
    [[nodiscard]] std::span<T const> values(std::size_t band) const noexcept
    {
        return values_.subspan(band * size(), size());
    }
    /// Tells null values of a band.
    [[nodiscard]] rios::null_test<T> const& null_test(std::size_t band) const noexcept { return setting_->nulls[band]; }

    /// Labels of the other segments that touch this one, ascending. Only where a function says `needs_neighbours`.
    [[nodiscard]] std::span<std::uint32_t const> neighbours() const noexcept { return neighbours_; }

    [[nodiscard]] rios::pixel_grid const& grid() const noexcept { return setting_->grid; }

  private:
    std::uint32_t label_;
    std::span<std::uint32_t const> rows_;
    std::span<std::uint32_t const> cols_;
    std::span<T const> values_;
    std::span<std::uint32_t const> neighbours_;
    segment_setting<T> const* setting_;
};

namespace detail {

template <typename F>
bool wants_neighbours(F const& function)
{
    if constexpr (requires { function.needs_neighbours(); }) return function.needs_neighbours();
    else if constexpr (requires { F::needs_neighbours; }) return F::needs_neighbours;
    else return false;
}

template <typename F>
bool wants_pixels(F const& function)
{
    if constexpr (requires { function.wants_pixels(); }) return function.wants_pixels();
    else return true;
}

} // namespace detail

/// A function object that computes columns out of the pixels of a segment. `columns(names)` tells their names and kinds;
/// the call sets as many numbers, which hold the missing value before. Every thread has a copy of its own, so it may own
/// scratch memory. It may have a constant `needs_neighbours` that is true, or a member function of that name; a member function
/// `wants_pixels()` may say that there is nothing to compute after all.
template <typename F, typename T>
concept SpatialStatistic = rios::Pixel<T> && std::copy_constructible<F> &&
                           requires(F& function, F const& constant, spatial_names const& names,
                                    segment_pixels<T> const& segment, std::span<double> result) {
                               {
                                   constant.columns(names)
                               } -> std::same_as<std::vector<statistics_column>>;
                               function(segment, result);
                           };

} // namespace shepseg
