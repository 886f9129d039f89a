// SPDX-License-Identifier: BSL-1.0
//
// In which blocks two files are worked on at once: segment_statistics.hpp.
#pragma once

#include <algorithm>
#include <cstddef>

#include <rios/gdal/dataset.hpp>

namespace shepseg {

/// Rows and columns, in pixels, of blocks of an image and its segments: whole tiles of both where these are not too large, so that
/// none is read twice, and small enough for a processor's cache, as the pixels of each segment are gathered in a block. 256 to 1024.
[[nodiscard]] inline std::ptrdiff_t fitting_window(rios::gdal_dataset const& image, rios::gdal_dataset const& labels)
{
    constexpr std::ptrdiff_t least = 256;
    constexpr std::ptrdiff_t most = 1024;
    auto window = least;
    for (auto const* const file : {&image, &labels}) {
        auto const [rows, cols] = file->stored_blocks();
        bool const has_tiles = cols < file->cols(); // rather than strips, of which a part will do
        if (has_tiles) window = std::max({window, rows, cols});
    }
    return std::min(window, most);
}

} // namespace shepseg
