// SPDX-License-Identifier: BSL-1.0
//
// What one step of the pipeline is about: a rectangle of the working grid. Made by pixel_grid::blocks(); what a worker is
// told about it beyond that is in block_info.hpp.
#pragma once

#include <cstddef>
#include <string>

namespace rios {

/// A rectangle of pixels of a grid. Blocks are numbered from 0 in scan order of the grid of blocks.
struct block {
    std::size_t index = 0;   ///< number of this block
    std::ptrdiff_t row = 0;  ///< first row, in pixels of the grid
    std::ptrdiff_t col = 0;  ///< first column, in pixels of the grid
    std::ptrdiff_t rows = 0; ///< height in pixels; blocks at the bottom edge may be lower
    std::ptrdiff_t cols = 0; ///< width in pixels; blocks at the right edge may be narrower

    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    friend bool operator==(block const&, block const&) = default;
};

namespace detail {

/// "rows 0 to 255, cols 0 to 255", the way messages name a block.
inline std::string extent_text(block const& where)
{
    return "rows " + std::to_string(where.row) + " to " + std::to_string(where.row + where.rows - 1) + ", cols " +
           std::to_string(where.col) + " to " + std::to_string(where.col + where.cols - 1);
}

/// "block 12 (rows 0 to 255, cols 0 to 255)"
inline std::string block_text(block const& where)
{
    return "block " + std::to_string(where.index) + " (" + extent_text(where) + ')';
}

} // namespace detail

} // namespace rios
