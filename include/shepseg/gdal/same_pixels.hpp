// SPDX-License-Identifier: BSL-1.0
//
// Image and segments must cover each other pixel by pixel: what says so when they do not.
#pragma once

#include <cstdio>
#include <string>

#include <rios/error.hpp>
#include <rios/gdal/crs.hpp>
#include <rios/grid_difference.hpp>
#include <rios/pixel_grid.hpp>

namespace shepseg::detail {

/// @throws rios::grid_error saying how they differ, unless the rasters have the same pixels
inline void require_same_pixels(std::string const& segments, rios::pixel_grid const& labels, std::string const& image,
                                rios::pixel_grid const& pixels)
{
    auto const same = [](std::string const& one, std::string const& other) { return rios::same_crs(one, other); };
    auto difference = rios::grid_difference(labels, pixels, image, same);
    if (difference.empty()) return;
    bool const placed =
        labels.geotransform && pixels.geotransform && labels.rows == pixels.rows && labels.cols == pixels.cols;
    if (auto const shift = placed ? rios::detail::largest_shift(pixels, labels) : 0; shift > 1e-3) {
        char text[64];
        std::snprintf(text, sizeof text, ", up to %.4g pixels apart", shift);
        difference += text;
    }
    throw rios::grid_error(segments + ": " + difference);
}

} // namespace shepseg::detail
