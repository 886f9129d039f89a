// SPDX-License-Identifier: BSL-1.0
//
// Smaller copies of a raster inside its file, which viewers show when zoomed out. Made between open() and close() of a
// gdal_writer: create_overviews() first and then each block's part.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <gdal_priv.h>

#include "../block.hpp"
#include "../error.hpp"
#include "../image_view.hpp"
#include "../overview_parts.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"

namespace rios {

/// The reduction factors that a raster of this size needs: 4, 8, 16, ... as long as the longer side of the overview has
/// at least `min_size` pixels. None for a small raster.
/// @throws options_error if min_size is less than 1
[[nodiscard]] inline std::vector<int> overview_levels(std::ptrdiff_t rows, std::ptrdiff_t cols,
                                                      std::ptrdiff_t min_size = 1024)
{
    if (min_size < 1) {
        throw options_error("smallest overview of " + std::to_string(min_size) + " pixels: must be at least 1");
    }
    std::vector<int> levels;
    constexpr int largest = 1 << 30; // GDAL counts in int
    for (int level = 4; std::max(rows, cols) / level >= min_size; level *= 2) {
        levels.push_back(level);
        if (level == largest) break;
    }
    return levels;
}

/// Makes empty overviews for all bands of a file that is open for writing, for write_overviews() to fill.
/// @throws io_error
inline void create_overviews(gdal_dataset& file, std::vector<int> const& levels)
{
    if (levels.empty()) return;
    file.flush(); // GDAL's GTiff driver crashes where it finds out here that it cannot write
    gdal_errors const errors;
    auto const result = GDALBuildOverviews(file.raw(), "NONE", static_cast<int>(levels.size()), levels.data(), 0,
                                           nullptr, nullptr, nullptr);
    errors.check(result == CE_None, file.path(), "cannot create overviews", file.raw()->GetDescription());
}

/// Writes a part of an overview that create_overviews() made for all bands.
/// @param levels as they were created
/// @throws io_error
template <Pixel T>
void write_overview_part(gdal_dataset& file, std::vector<int> const& levels, overview_part<T> const& part)
{
    auto const level = levels[part.level];
    auto const rows = detail::overview_size(file.rows(), level);
    auto const cols = detail::overview_size(file.cols(), level);
    for (int number = 1; number <= file.band_count(); ++number) {
        auto& band = file.band(number);
        GDALRasterBand* overview = nullptr;
        for (int i = 0; i < band.GetOverviewCount() && overview == nullptr; ++i) {
            auto* const candidate = band.GetOverview(i);
            if (candidate->GetXSize() == cols && candidate->GetYSize() == rows) overview = candidate;
        }
        if (overview == nullptr) throw io_error(file.path(), "has no overview of level " + std::to_string(level));
        gdal_errors const errors;
        auto const height = static_cast<int>(part.where.rows);
        auto const width = static_cast<int>(part.where.cols);
        auto* const pixels = const_cast<T*>(part.pixels.row(number - 1, 0).data()); // GDAL only reads them
        auto const result =
            overview->RasterIO(GF_Write, static_cast<int>(part.where.col), static_cast<int>(part.where.row), width,
                               height, pixels, width, height, gdal_type_of(pixel_type_of<T>), 0, 0, nullptr);
        errors.check(result == CE_None, file.path(), "cannot write overviews", file.raw()->GetDescription());
    }
}

/// Copies from a block of the raster what belongs into the overviews: the pixel in the middle of each square of level ×
/// level pixels (the last row and column where the raster ends before the middle). Blocks that cover the raster fill the
/// overviews, in any order.
///
/// Not GDAL's own resampling, which squeezes 32-bit integers through float32 and so changes segment numbers above 2^24.
/// @pre the block lies inside the raster
/// @param pixels of the block, all bands of the file
/// @param levels as they were created
/// @throws io_error
template <typename T>
void write_overviews(gdal_dataset& file, std::vector<int> const& levels, block const& where, image_view<T> pixels)
{
    for (std::size_t i = 0; i < levels.size(); ++i) {
        auto const part = detail::nearest_part(i, levels[i], file.rows(), file.cols(), where, pixels);
        if (part) write_overview_part(file, levels, *part);
    }
}

} // namespace rios
