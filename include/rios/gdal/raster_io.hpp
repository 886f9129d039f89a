// SPDX-License-Identifier: BSL-1.0
//
// Blocks of pixels between a dataset and memory: the one call of GDALDataset::RasterIO, for gdal_reader and gdal_writer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <gdal_priv.h>

#include "../block.hpp"
#include "../error.hpp"
#include "../image_view.hpp"
#include "../pixel_grid.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"

namespace rios::detail {

/// @param margin how far it may reach beyond the grid, in pixels
/// @throws grid_error if the block is not inside the grid, or the pixels are not bands × the block
inline void require_block_fits(std::string const& path, pixel_grid const& grid, std::ptrdiff_t bands,
                               block const& where, std::ptrdiff_t pixel_bands, std::ptrdiff_t pixel_rows,
                               std::ptrdiff_t pixel_cols, std::ptrdiff_t margin = 0)
{
    if (where.row < -margin || where.col < -margin || where.rows < 0 || where.cols < 0 ||
        where.rows > grid.rows + margin - where.row || where.cols > grid.cols + margin - where.col) {
        throw grid_error(path + ": block " + std::to_string(where.index) + " (at row " + std::to_string(where.row) +
                         ", col " + std::to_string(where.col) + ": " + std::to_string(where.rows) + " rows, " +
                         std::to_string(where.cols) + " cols) is not inside the raster of " +
                         std::to_string(grid.rows) + " rows, " + std::to_string(grid.cols) + " cols");
    }
    if (pixel_bands != bands || pixel_rows != where.rows || pixel_cols != where.cols) {
        auto const shape = [](std::ptrdiff_t b, std::ptrdiff_t r, std::ptrdiff_t c) {
            return std::to_string(b) + " × " + std::to_string(r) + " × " + std::to_string(c);
        };
        throw grid_error(
            path + ": block " + std::to_string(where.index) + " has " + shape(bands, where.rows, where.cols) +
            " pixels (bands × rows × cols); those given for it are " + shape(pixel_bands, pixel_rows, pixel_cols));
    }
}

/// Reads or writes all pixels of the view, at full resolution: GDAL takes no overview as long as it does not scale.
/// @pre the block lies inside the raster and has the view's shape
/// @throws io_error naming the file and the block
template <typename T>
void transfer(gdal_dataset const& file, GDALRWFlag direction, block const& where, image_view<T> pixels,
              std::vector<int> const& bands)
{
    using pixel = typename image_view<T>::value_type;
    if (where.rows == 0 || where.cols == 0) return;
    // A large block goes in slices of whole rows of the file's own blocks: bands that share a block on disk are then
    // copied out while it is in GDAL's cache, which may be smaller than the image.
    constexpr std::ptrdiff_t slice_bytes = std::ptrdiff_t{1} << 26;
    auto const block_rows = file.stored_blocks(bands.front()).rows;
    auto const row_bytes = where.cols * pixels.bands() * static_cast<std::ptrdiff_t>(sizeof(pixel));
    auto const slice_rows = std::max<std::ptrdiff_t>(1, slice_bytes / row_bytes / block_rows) * block_rows;

    auto numbers = bands; // GDAL wants them mutable
    auto const pixel_bytes = static_cast<GSpacing>(sizeof(pixel));
    for (auto row = where.row, end = row; row < where.row + where.rows; row = end) {
        end = std::min(where.row + where.rows, row / block_rows * block_rows + slice_rows);
        gdal_errors const errors;
        // GDAL has one pointer type for both directions.
        auto* const data = const_cast<pixel*>(&pixels(0, row - where.row, 0)); // NOLINT(*-const-cast)
        auto const rows = static_cast<int>(end - row);
        auto const cols = static_cast<int>(where.cols);
        auto const result = file.raw()->RasterIO(
            direction, static_cast<int>(where.col), static_cast<int>(row), cols, rows, data, cols, rows,
            gdal_type_of(pixel_type_of<pixel>), static_cast<int>(bands.size()), numbers.data(), pixel_bytes,
            pixel_bytes * pixels.row_stride(), pixel_bytes * pixels.band_stride(), nullptr);
        // Reading may make GDAL write cached blocks of another file; a failure of that is its writer's to report.
        bool const failed = result != CE_None || (direction == GF_Write && errors.failed());
        if (failed) {
            errors.fail(file.path(), (direction == GF_Read ? "cannot read " : "cannot write ") + extent_text(where),
                        file.raw()->GetDescription());
        }
    }
}

} // namespace rios::detail
