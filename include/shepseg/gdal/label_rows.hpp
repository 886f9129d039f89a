// SPDX-License-Identifier: BSL-1.0
//
// A raster of segments, read row by row: for polygons.hpp and colour_columns.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <rios/block.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/image.hpp>
#include <rios/progress.hpp>

#include "label_reader.hpp"

namespace shepseg::detail {

/// Reads a raster of labels in rows of its blocks, from top to bottom, and calls `f(row, labels)` for each row.
/// @param phase what progress is told
/// @throws rios::grid_error, rios::io_error as label_reader does; rios::cancelled
template <typename F>
void each_label_row(rios::gdal_dataset const& file, rios::progress_function const& progress, std::string_view phase,
                    F f)
{
    constexpr std::ptrdiff_t enough = std::ptrdiff_t{1} << 22; // pixels
    constexpr std::ptrdiff_t most = std::ptrdiff_t{1} << 26;
    label_reader reader(file.path());
    auto const& grid = reader.grid();
    auto const block_rows = file.stored_blocks().rows;
    auto rows = std::max<std::ptrdiff_t>(1, enough / grid.cols / block_rows) * block_rows;
    rows = std::min(rows, std::max<std::ptrdiff_t>(1, most / grid.cols));
    rios::report(progress, phase, 0);
    for (rios::block const strip : grid.blocks(rows, grid.cols)) {
        auto const labels = reader.read(strip);
        for (std::ptrdiff_t row = 0; row < strip.rows; ++row) {
            f(static_cast<std::int32_t>(strip.row + row), std::span<std::uint32_t const>(labels.row(0, row)));
            if (row % 16 != 15 && row + 1 != strip.rows) continue;
            rios::report(progress, phase, static_cast<double>(strip.row + row + 1) / static_cast<double>(grid.rows));
        }
    }
}

} // namespace shepseg::detail
