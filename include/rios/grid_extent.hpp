// SPDX-License-Identifier: BSL-1.0
//
// Rectangles on the map, and how the pixels of one grid lie on those of another: the arithmetic behind working grids and
// readers that are placed on them. Knows nothing of coordinate reference systems: all that is compared must have the same.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "error.hpp"
#include "pixel_grid.hpp"

namespace rios {

/// A rectangle on the map, in map units.
struct map_extent {
    double left = 0;
    double bottom = 0;
    double right = 0;
    double top = 0;

    /// Does it hold the whole of another one? Equal ones hold each other.
    [[nodiscard]] bool contains(map_extent const& other) const noexcept
    {
        return left <= other.left && bottom <= other.bottom && right >= other.right && top >= other.top;
    }

    friend bool operator==(map_extent const&, map_extent const&) = default;
};

/// Whole pixels of a grid or around it: rows and columns count from the grid's first pixel, and may be negative.
struct pixel_window {
    std::ptrdiff_t row = 0;
    std::ptrdiff_t col = 0;
    std::ptrdiff_t end_row = 0; ///< one beyond the last
    std::ptrdiff_t end_col = 0;

    [[nodiscard]] bool empty() const noexcept { return end_row <= row || end_col <= col; }

    friend bool operator==(pixel_window const&, pixel_window const&) = default;
};

/// What two windows of a grid have in common; empty() if they have nothing.
[[nodiscard]] inline pixel_window intersection(pixel_window const& a, pixel_window const& b) noexcept
{
    return {.row = std::max(a.row, b.row),
            .col = std::max(a.col, b.col),
            .end_row = std::min(a.end_row, b.end_row),
            .end_col = std::min(a.end_col, b.end_col)};
}

/// The smallest window that holds two others.
[[nodiscard]] inline pixel_window bounding_window(pixel_window const& a, pixel_window const& b) noexcept
{
    return {.row = std::min(a.row, b.row),
            .col = std::min(a.col, b.col),
            .end_row = std::max(a.end_row, b.end_row),
            .end_col = std::max(a.end_col, b.end_col)};
}

/// Where a pixel of one grid lies in another whose pixels coincide with it: row r of the one is row `row + r` of the other,
/// or `row - r` if one has its rows in the opposite order; columns alike.
struct pixel_shift {
    std::ptrdiff_t row = 0;
    std::ptrdiff_t col = 0;
    bool rows_reversed = false;
    bool cols_reversed = false;

    friend bool operator==(pixel_shift const&, pixel_shift const&) = default;
};

namespace detail {

/// The geotransform; that of pixel numbers for a grid without a place on the map.
inline std::array<double, 6> place_of(pixel_grid const& grid)
{
    return grid.geotransform.value_or(std::array<double, 6>{0, 1, 0, 0, 0, 1});
}

/// Rounds to whole pixels, halves away from zero. @throws grid_error if there is no such number of pixels
inline std::ptrdiff_t whole_pixels(double pixels)
{
    constexpr double largest = 0x1p52; // up to here doubles tell whole numbers apart
    if (!(std::abs(pixels) <= largest)) {
        throw grid_error("an extent lies beyond what can be counted in pixels of the working grid");
    }
    return static_cast<std::ptrdiff_t>(std::round(pixels));
}

/// One axis of a grid: n pixels of a size that is negative where coordinates fall.
struct grid_axis {
    double origin;
    double size;
    double count;

    [[nodiscard]] double pixel_at(double coordinate) const { return (coordinate - origin) / size; }
    [[nodiscard]] double coordinate_at(double pixel) const { return origin + pixel * size; }
};
inline grid_axis x_axis(pixel_grid const& grid)
{
    auto const place = place_of(grid);
    return {place[0], place[1], static_cast<double>(grid.cols)};
}
inline grid_axis y_axis(pixel_grid const& grid)
{
    auto const place = place_of(grid);
    return {place[3], place[5], static_cast<double>(grid.rows)};
}

/// The pixel of `source` that coincides with the first of `grid`, if all coincide that both have.
struct axis_shift {
    std::ptrdiff_t first;
    bool reversed;
};
inline std::optional<axis_shift> shift_along(grid_axis const& source, grid_axis const& grid, double tolerance)
{
    // Pixel edges, in pixels of the grid, between which it has something of the source.
    auto const one = std::clamp(grid.pixel_at(source.origin), 0.0, grid.count);
    auto const other = std::clamp(grid.pixel_at(source.coordinate_at(source.count)), 0.0, grid.count);
    bool const reversed = (source.size > 0) != (grid.size > 0);
    auto const direction = reversed ? -1.0 : 1.0;
    auto const shift_at = [&](double edge) { return source.pixel_at(grid.coordinate_at(edge)) - direction * edge; };
    auto const nearest = std::round(shift_at(one));
    // Written so that NaN does not coincide.
    bool const coincide =
        std::abs(shift_at(one) - nearest) <= tolerance && std::abs(shift_at(other) - nearest) <= tolerance;
    if (!coincide) return {};
    return axis_shift{whole_pixels(nearest) - (reversed ? 1 : 0), reversed};
}

/// "x 500000 to 505000, y 6995000 to 7000000", the way messages name an extent.
inline std::string extent_text(map_extent const& extent)
{
    char text[200];
    std::snprintf(text, sizeof text, "x %.15g to %.15g, y %.15g to %.15g", extent.left, extent.right, extent.bottom,
                  extent.top);
    return text;
}

} // namespace detail

/// Do its rows or columns run askew to the axes of the map?
[[nodiscard]] inline bool is_rotated(pixel_grid const& grid) noexcept
{
    return grid.geotransform && ((*grid.geotransform)[2] != 0 || (*grid.geotransform)[4] != 0);
}

/// The rectangle that a grid covers, whichever way its rows and columns run; in pixels if it has no place on the map.
/// @pre it is not rotated
[[nodiscard]] inline map_extent extent_of(pixel_grid const& grid)
{
    auto const x = detail::x_axis(grid);
    auto const y = detail::y_axis(grid);
    auto const [left, right] = std::minmax({x.origin, x.coordinate_at(x.count)});
    auto const [bottom, top] = std::minmax({y.origin, y.coordinate_at(y.count)});
    return {.left = left, .bottom = bottom, .right = right, .top = top};
}

/// The same pixels with x growing from column to column and y falling from row to row.
/// @pre it has a place on the map and is not rotated
[[nodiscard]] inline pixel_grid north_up(pixel_grid grid)
{
    auto const all = extent_of(grid);
    auto const& place = *grid.geotransform;
    grid.geotransform = {{all.left, std::abs(place[1]), 0, all.top, 0, -std::abs(place[5])}};
    return grid;
}

/// Where the pixels of `grid` lie in `source`, if they coincide with its pixels wherever both are. Corners of what both cover
/// may be up to `tolerance` pixels apart, which covers pixel sizes that differ by rounding.
/// @pre neither is rotated
[[nodiscard]] inline std::optional<pixel_shift> shift_between(pixel_grid const& source, pixel_grid const& grid,
                                                              double tolerance)
{
    auto const down = detail::shift_along(detail::y_axis(source), detail::y_axis(grid), tolerance);
    auto const across = detail::shift_along(detail::x_axis(source), detail::x_axis(grid), tolerance);
    if (!down || !across) return {};
    return pixel_shift{
        .row = down->first, .col = across->first, .rows_reversed = down->reversed, .cols_reversed = across->reversed};
}

/// The pixels of a grid, continued in all directions, that are nearest to an extent: edges are rounded to whole pixels, halves
/// away from zero.
/// @pre the grid is north-up
/// @throws grid_error if the extent is not finite, or further away than pixels can be counted
[[nodiscard]] inline pixel_window snapped(map_extent const& extent, pixel_grid const& grid)
{
    auto const x = detail::x_axis(grid);
    auto const y = detail::y_axis(grid);
    return {.row = detail::whole_pixels(y.pixel_at(extent.top)),
            .col = detail::whole_pixels(x.pixel_at(extent.left)),
            .end_row = detail::whole_pixels(y.pixel_at(extent.bottom)),
            .end_col = detail::whole_pixels(x.pixel_at(extent.right))};
}

/// Are the pixels of a grid those of another one, continued in all directions? Corners may be up to `tolerance` pixels apart,
/// which covers pixel sizes that differ by rounding.
/// @pre neither is rotated, `other` is north-up
[[nodiscard]] inline bool is_aligned(pixel_grid const& grid, pixel_grid const& other, double tolerance)
{
    auto const all = extent_of(grid);
    auto const window = snapped(all, other);
    if (window.end_row - window.row != grid.rows || window.end_col - window.col != grid.cols) return false;
    auto const x = detail::x_axis(other);
    auto const y = detail::y_axis(other);
    auto const off = [](double pixel) { return std::abs(pixel - std::round(pixel)); };
    return std::max({off(x.pixel_at(all.left)), off(x.pixel_at(all.right)), off(y.pixel_at(all.top)),
                     off(y.pixel_at(all.bottom))}) <= tolerance;
}

/// A window of a grid, or around it, as a grid of its own.
/// @pre the grid has a place on the map, the window is not empty
/// @throws grid_error if it has more rows or columns than any raster file can have
[[nodiscard]] inline pixel_grid grid_of(pixel_window const& window, pixel_grid const& grid)
{
    constexpr std::ptrdiff_t most = std::numeric_limits<std::int32_t>::max();
    pixel_grid result{.rows = window.end_row - window.row,
                      .cols = window.end_col - window.col,
                      .geotransform = grid.geotransform,
                      .projection = grid.projection};
    if (result.rows > most || result.cols > most) {
        throw grid_error("the working grid would have " + std::to_string(result.rows) + " rows, " +
                         std::to_string(result.cols) + " cols; allowed: up to " + std::to_string(most) + " of each");
    }
    auto& place = *result.geotransform;
    auto const row = static_cast<double>(window.row);
    auto const col = static_cast<double>(window.col);
    place[0] += col * place[1] + row * place[2];
    place[3] += col * place[4] + row * place[5];
    return result;
}

/// Which of several extents are left when those that hold all others are dropped, again and again, as long as there is
/// another: of a map of the world and a scene, the scene. They say nothing about what all have in common, and may not be
/// expressible in the reference system of the others.
/// @returns their numbers, at least one if there is any
[[nodiscard]] inline std::vector<std::size_t> without_surrounding(std::vector<map_extent> const& extents)
{
    std::vector<std::size_t> left(extents.size());
    for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
    auto const surrounds_all = [&](std::size_t number) {
        return std::all_of(left.begin(), left.end(),
                           [&](std::size_t other) { return extents[number].contains(extents[other]); });
    };
    while (left.size() > 1) {
        auto const found = std::find_if(left.begin(), left.end(), surrounds_all);
        if (found == left.end()) break;
        left.erase(found);
    }
    return left;
}

} // namespace rios
