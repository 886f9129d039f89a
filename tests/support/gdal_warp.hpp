// SPDX-License-Identifier: BSL-1.0
// What gdalwarp makes of a file: the oracle for everything that lies on other pixels than its own.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>
#include <gdal_utils.h>

#include <rios/grid_extent.hpp>
#include <rios/pixel_grid.hpp>

#include "raster_files.hpp"

namespace test {

/// Runs gdalwarp. @param options as on its command line, without the files
inline void gdal_warp(std::string const& from, std::string const& to, std::vector<std::string> const& options)
{
    CPLStringList list;
    for (auto const& each : options) list.AddString(each.c_str());
    auto* const settings = GDALWarpAppOptionsNew(list.List(), nullptr);
    GDALDatasetH source = open_raster(from).release();
    int wrong = FALSE;
    auto* const made = GDALWarp(to.c_str(), nullptr, 1, &source, settings, &wrong);
    GDALWarpAppOptionsFree(settings);
    GDALClose(source);
    if (made == nullptr || wrong != FALSE) throw std::runtime_error("gdalwarp fails for " + from);
    GDALClose(made);
}

/// Options for a file on exactly these pixels, each transformed exactly.
inline std::vector<std::string> gdal_warp_options(rios::pixel_grid const& grid, std::string const& method)
{
    auto const number = [](double value) {
        char text[40];
        std::snprintf(text, sizeof text, "%.17g", value);
        return std::string(text);
    };
    auto const all = rios::extent_of(grid);
    std::vector<std::string> result{"-te",
                                    number(all.left),
                                    number(all.bottom),
                                    number(all.right),
                                    number(all.top),
                                    "-ts",
                                    std::to_string(grid.cols),
                                    std::to_string(grid.rows),
                                    "-r",
                                    method,
                                    "-et",
                                    "0",
                                    "-ovr",
                                    "NONE",
                                    "-of",
                                    "GTiff"};
    if (!grid.projection.empty()) result.insert(result.end(), {"-t_srs", grid.projection});
    return result;
}

/// The pixels of a file on a grid, as gdalwarp makes them.
template <typename T>
rios::image<T> gdal_warped(std::string const& path, rios::pixel_grid const& grid, std::string const& method = "near",
                           std::vector<std::string> const& more = {})
{
    std::string const target = "/vsimem/rios_test_warped.tif";
    auto options = gdal_warp_options(grid, method);
    options.insert(options.end(), more.begin(), more.end());
    gdal_warp(path, target, options);
    auto result = read_pixels<T>(target);
    VSIUnlink(target.c_str());
    return result;
}

} // namespace test
