// SPDX-License-Identifier: BSL-1.0
//
// From an extent in map units to whole pixels, the way gdal_translate -projwin goes. For gdal/subset.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/grid_difference.hpp>
#include <rios/grid_extent.hpp>
#include <rios/pixel_grid.hpp>

namespace shepseg {

namespace detail {

/// Pixels along one axis: the first, and one beyond the last.
struct axis_pixels {
    double begin;
    double end;
};

/// Begins with the pixel in which the extent begins, and is as long as the extent, rounded to whole pixels.
inline axis_pixels pixels_along(rios::detail::grid_axis const& axis, double from, double to)
{
    constexpr double hair = 1e-3; // so far before a pixel counts as at its beginning
    auto const [begin, end] = std::minmax({axis.pixel_at(from), axis.pixel_at(to)});
    auto const first = std::floor(begin + hair);
    return {first, first + std::floor(end - begin + 0.5)};
}

} // namespace detail

/// The pixels of a grid that an extent stands for: those that `gdal_translate -projwin` takes. The first row and column are
/// those in which the extent begins (less than a thousandth of a pixel before the next one counts as there); as many follow
/// as make up its height and width, rounded to whole pixels. Of that, the part that lies inside the grid.
/// @throws rios::options_error if the extent is empty, not finite, or less than half a pixel wide or high
/// @throws rios::grid_error if it does not overlap the grid, or the grid is rotated or without a place on the map
[[nodiscard]] inline rios::block extent_window(rios::pixel_grid const& grid, rios::map_extent const& extent)
{
    auto const shown = "the extent " + rios::detail::extent_text(extent);
    if (!(extent.left < extent.right && extent.bottom < extent.top) ||
        !std::isfinite(extent.right - extent.left + extent.top - extent.bottom)) {
        throw rios::options_error(shown + ": allowed: finite numbers, of which the first is less than the second");
    }
    if (!grid.geotransform) {
        throw rios::grid_error("has no place on the map, so that " + shown + " means nothing; give a window in pixels");
    }
    if (rios::is_rotated(grid)) {
        throw rios::grid_error("is rotated (" + rios::detail::place_text(grid) +
                               "), so that its rows and columns are not " + shown + "; give a window in pixels");
    }
    auto const down = detail::pixels_along(rios::detail::y_axis(grid), extent.top, extent.bottom);
    auto const across = detail::pixels_along(rios::detail::x_axis(grid), extent.left, extent.right);
    if (down.begin == down.end || across.begin == across.end) {
        throw rios::options_error(shown + " is less than half a pixel wide or high");
    }
    auto const rows = static_cast<double>(grid.rows);
    auto const cols = static_cast<double>(grid.cols);
    if (!(down.begin < rows && down.end > 0 && across.begin < cols && across.end > 0)) {
        throw rios::grid_error(shown + " lies outside the raster, which covers " +
                               rios::detail::extent_text(rios::extent_of(grid)));
    }
    auto const inside = [](double pixel, double count) {
        return static_cast<std::ptrdiff_t>(std::clamp(pixel, 0.0, count));
    };
    auto const row = inside(down.begin, rows);
    auto const col = inside(across.begin, cols);
    return {.index = 0,
            .row = row,
            .col = col,
            .rows = inside(down.end, rows) - row,
            .cols = inside(across.end, cols) - col};
}

} // namespace shepseg
