// SPDX-License-Identifier: BSL-1.0
//
// How a raster file is read on pixels that need not be its own: as it is, shifted by whole pixels, or warped. Decided once,
// when a reader is placed.
#pragma once

#include <cstddef>
#include <string>

#include "../error.hpp"
#include "../grid_difference.hpp"
#include "../grid_extent.hpp"
#include "../pixel_grid.hpp"
#include "../resampling.hpp"
#include "crs.hpp"

namespace rios::detail {

/// The pixels that a file is read on.
struct placement {
    pixel_grid grid;           ///< what is read
    std::ptrdiff_t margin = 0; ///< pixels beyond the grid that may be read, too
    /// Must pixels be made from the file's? If not, the grid's (row, col) is the file's (row + first_row, col + first_col),
    /// where the file has that.
    bool warped = false;
    std::ptrdiff_t first_row = 0;
    std::ptrdiff_t first_col = 0;
    resampling method = resampling::near; ///< if warped
};

/// A grid and some pixels on all sides of it. @pre it has a place on the map
inline pixel_grid grown(pixel_grid const& grid, std::ptrdiff_t margin)
{
    return grid_of({.row = -margin, .col = -margin, .end_row = grid.rows + margin, .end_col = grid.cols + margin},
                   grid);
}

/// Places a file on a grid.
/// @param path, file the file and its own grid
/// @param tolerance how far corners may be apart, in pixels, for pixels to coincide
/// @throws grid_error if one of them is rotated, or only one of them has a place on the map, unless they have the same pixels
inline placement place(std::string const& path, pixel_grid const& file, pixel_grid const& grid, std::ptrdiff_t margin,
                       double tolerance, resampling method)
{
    placement result{.grid = grid, .margin = margin, .method = method};
    auto const difference =
        grid_difference(file, grid, "the working grid", [](auto const& a, auto const& b) { return same_crs(a, b); });
    if (difference.empty()) return result;
    if (!file.geotransform && !grid.geotransform) return result; // both in pixels
    if (!file.geotransform || !grid.geotransform) {
        throw grid_error(path + ": " + difference +
                         "; one of them has no place on the map, so that it goes only with "
                         "others of the same size");
    }
    if (is_rotated(file)) {
        throw grid_error(path + ": is rotated (" + place_text(file) +
                         "), and cannot be placed on other pixels; gdalwarp makes it north-up");
    }
    if (is_rotated(grid)) {
        throw grid_error(path + ": cannot be placed on the working grid, which is rotated (" + place_text(grid) +
                         "); it must be north-up");
    }
    auto const shift_to = [&](pixel_grid const& all) {
        try {
            return shift_between(file, all, tolerance);
        } catch (grid_error const& failure) {
            throw grid_error(path + ": " + failure.what());
        }
    };
    auto const all = grown(grid, margin);
    result.warped = true;
    if (!same_crs(file, grid)) return result;
    auto const shift = shift_to(all);
    if (!shift) return result;
    if (shift->rows_reversed || shift->cols_reversed) {
        result.method = resampling::near; // pixels change places only
        return result;
    }
    result.warped = false;
    result.first_row = shift->row + margin;
    result.first_col = shift->col + margin;
    return result;
}

} // namespace rios::detail
