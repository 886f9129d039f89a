// SPDX-License-Identifier: BSL-1.0
// Files and grids for tests of readers that are placed on other pixels.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/crs.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>

#include "pipeline_files.hpp"
#include "raster_files.hpp"

namespace test {

inline rios::pixel_grid grid_28355(double x, double y, double pixel, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    return {
        .rows = rows, .cols = cols, .geotransform = {{x, pixel, 0, y, 0, -pixel}}, .projection = wkt_of_epsg(28355)};
}

/// The pixels of Australian Albers that cover the ramp's file.
inline rios::pixel_grid grid_3577(double pixel = 10)
{
    rios::pixel_grid grid{.rows = 0, .cols = 0, .geotransform = {}, .projection = wkt_of_epsg(3577)};
    auto const extent =
        *rios::transformed({500'000, 6'999'200, 500'800, 7'000'000}, wkt_of_epsg(28355), grid.projection);
    grid.geotransform = {{std::floor(extent.left), pixel, 0, std::floor(extent.top), 0, -pixel}};
    grid.rows = static_cast<std::ptrdiff_t>((extent.top - extent.bottom) / pixel);
    grid.cols = static_cast<std::ptrdiff_t>((extent.right - extent.left) / pixel);
    return grid;
}

/// A file like make_file()'s, with any geotransform and reference system.
template <typename T>
void make_placed(std::string const& path, rios::image<T> const& pixels, std::array<double, 6> place,
                 std::string const& projection = wkt_of_epsg(28355), std::optional<double> null = {})
{
    make_raster(path, "GTiff", pixels);
    auto const file = open_raster(path, GDAL_OF_UPDATE);
    file->SetGeoTransform(place.data());
    if (!projection.empty()) file->SetProjection(projection.c_str());
    if (null) file->GetRasterBand(1)->SetNoDataValue(*null);
}

/// What a reader placed on a grid reads block by block, with a margin: of the whole grid, grown by the margin.
template <typename T>
rios::image<T> assembled(rios::gdal_reader<T> const& reader, rios::pixel_grid const& grid, std::ptrdiff_t window,
                         std::ptrdiff_t margin)
{
    auto placed = reader.on(grid, margin);
    REQUIRE(placed.grid() == grid);
    REQUIRE(placed.margin() == margin);
    rios::image<T> result(reader.band_count(), grid.rows + 2 * margin, grid.cols + 2 * margin);
    for (auto where : grid.blocks(window)) {
        where.row -= margin;
        where.col -= margin;
        where.rows += 2 * margin;
        where.cols += 2 * margin;
        auto const into = result.view().window(where.row + margin, where.col + margin, where.rows, where.cols);
        placed.read_into(where, into);
    }
    return result;
}

/// The pixels of an image at whole rows and columns of it, and a fill where it has none.
template <typename T>
rios::image<T> shifted(rios::image<T> const& pixels, std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows,
                       std::ptrdiff_t cols, std::vector<T> const& fill)
{
    rios::image<T> result(pixels.bands(), rows, cols);
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        for (auto const [r, c] : result.pixels()) {
            bool const there = row + r >= 0 && row + r < pixels.rows() && col + c >= 0 && col + c < pixels.cols();
            result(band, r, c) = there ? pixels(band, row + r, col + c) : fill.at(static_cast<std::size_t>(band));
        }
    }
    return result;
}

template <typename T>
std::ptrdiff_t differences(rios::image<T> const& a, rios::image<T> const& b)
{
    REQUIRE(a.bands() == b.bands());
    REQUIRE(a.rows() == b.rows());
    REQUIRE(a.cols() == b.cols());
    std::ptrdiff_t count = 0;
    for (std::ptrdiff_t i = 0; i < a.bands() * a.pixel_count(); ++i) {
        bool const equal = a.data()[i] == b.data()[i] || (a.data()[i] != a.data()[i] && b.data()[i] != b.data()[i]);
        count += equal ? 0 : 1;
    }
    return count;
}

/// Smooth hills with noise, so that all methods differ, and with a hole of null pixels.
template <typename T>
rios::image<T> hills(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, std::optional<T> null = {})
{
    auto result = noise<T>(bands, rows, cols);
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto const [r, c] : result.pixels()) {
            auto const hill = 60 * std::sin(static_cast<double>(r) / 7) * std::cos(static_cast<double>(c) / 5) + 120;
            auto const more = static_cast<int>(static_cast<std::uint32_t>(r * 7919 + c * 104'729 + band * 31) % 23);
            result(band, r, c) = static_cast<T>(hill + more);
            bool const in_hole = r > 20 + 5 * band && r < 40 && c > 30 && c < 60 - 7 * band;
            if (null && (in_hole || (r + 3 * c) % 41 == 0)) result(band, r, c) = *null;
        }
    }
    return result;
}

} // namespace test
