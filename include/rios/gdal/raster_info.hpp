// SPDX-License-Identifier: BSL-1.0
//
// What is known about a raster file without reading its pixels, as values: what RIOS calls ImageInfo and ImageFileStats.
// Vectors: vector_info.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gdal_priv.h>
#include <gdal_rat.h>
#include <ogr_spatialref.h>

#include "../block_info.hpp"
#include "../error.hpp"
#include "../grid_extent.hpp"
#include "../pixel_grid.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"
#include "stored_statistics.hpp"
#include "table_column.hpp"

namespace rios {

/// The shape of an attribute table.
struct table_info {
    std::ptrdiff_t rows = 0;
    std::vector<table_column> columns{};
};

/// The size of an overview in pixels.
struct overview_size {
    std::ptrdiff_t rows = 0;
    std::ptrdiff_t cols = 0;

    friend bool operator==(overview_size const&, overview_size const&) = default;
};

/// One band of a raster file.
struct band_info {
    std::string type;                        ///< uint8, ..., float64; for pixels that rios does not have, GDAL's name
    std::string name;                        ///< its description; empty if it has none
    std::optional<double> null_value{};      ///< value of pixels without data
    std::string colour_interpretation{};     ///< as GDAL calls it: "Gray", "Red", "Palette", "Undefined", ...
    std::optional<std::string> layer_type{}; ///< LAYER_TYPE: "thematic" or "athematic"
    std::vector<overview_size> overviews{};
    bool has_colour_table = false;
    std::optional<table_info> attribute_table{};
    stored_statistics statistics{};
};

/// A raster file.
struct raster_info {
    std::string path;
    std::string format; ///< short name of GDAL's driver
    pixel_grid grid{};
    std::vector<band_info> bands{};

    /// Reads it. No pixel is looked at, and nothing is computed.
    /// @throws io_error if the file cannot be opened as a raster
    [[nodiscard]] static raster_info of(std::string const& path);

    /// Width and height of a pixel in map units, or none without a geotransform.
    [[nodiscard]] std::optional<std::array<double, 2>> pixel_size() const
    {
        if (!grid.geotransform) return {};
        auto const& place = *grid.geotransform;
        return std::array{std::hypot(place[1], place[4]), std::hypot(place[2], place[5])};
    }

    /// The smallest rectangle around all pixels, or none without a geotransform.
    [[nodiscard]] std::optional<map_extent> extent() const;

    /// The number of the band with that description, from 1, the first of several.
    /// @throws options_error naming the descriptions that there are
    [[nodiscard]] int layer_by_name(std::string const& name) const
    {
        std::string names;
        for (std::size_t i = 0; i < bands.size(); ++i) {
            if (bands[i].name == name) return static_cast<int>(i) + 1;
            names += (names.empty() ? "'" : ", '") + bands[i].name + '\'';
        }
        throw options_error(path + ": no band is called '" + name + "'; its bands: " + names);
    }

    /// The description of a band. @param number from 1 @throws options_error if there is no such band
    [[nodiscard]] std::string const& layer_name(int number) const
    {
        if (number < 1 || static_cast<std::size_t>(number) > bands.size()) {
            throw options_error(path + ": no band " + std::to_string(number) + "; allowed: 1 to " +
                                std::to_string(bands.size()));
        }
        return bands[static_cast<std::size_t>(number - 1)].name;
    }
};

/// The outer corners of a raster: upper left, upper right, lower right, lower left.
/// @throws grid_error if it has no place on the map
[[nodiscard]] inline std::array<map_position, 4> corners(raster_info const& file)
{
    if (!file.grid.geotransform) throw grid_error(file.path + ": has no place on the map, so it has no corners there");
    auto const& place = *file.grid.geotransform;
    auto const at = [&](std::ptrdiff_t row, std::ptrdiff_t col) {
        auto const r = static_cast<double>(row);
        auto const c = static_cast<double>(col);
        return map_position{place[0] + c * place[1] + r * place[2], place[3] + c * place[4] + r * place[5]};
    };
    auto const [rows, cols] = std::pair{file.grid.rows, file.grid.cols};
    return {at(0, 0), at(0, cols), at(rows, cols), at(rows, 0)};
}

/// The corners in another coordinate reference system, x (longitude) first whatever its authority says.
/// @param crs WKT, "EPSG:4326", or whatever else GDAL knows
/// @throws options_error if that is no coordinate reference system
/// @throws grid_error if the file has none, or a corner has no place in the other one
[[nodiscard]] inline std::array<map_position, 4> corners(raster_info const& file, std::string const& crs)
{
    auto result = corners(file);
    gdal_errors const quiet;
    OGRSpatialReference to;
    if (to.SetFromUserInput(crs.c_str()) != OGRERR_NONE) {
        throw options_error(file.path + ": corners: '" + crs +
                            "' is no coordinate reference system; allowed: WKT or, for "
                            "instance, EPSG:4326");
    }
    OGRSpatialReference from;
    if (file.grid.projection.empty() || from.importFromWkt(file.grid.projection.c_str()) != OGRERR_NONE) {
        throw grid_error(file.path + ": has no coordinate reference system to transform its corners from");
    }
    from.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    to.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    std::unique_ptr<OGRCoordinateTransformation> const there(OGRCreateCoordinateTransformation(&from, &to));
    for (auto& [x, y] : result) {
        if (!there || there->Transform(1, &x, &y) == FALSE) {
            throw grid_error(file.path + ": its corners have no place in the coordinate reference system \"" +
                             to.GetName() + '"');
        }
    }
    return result;
}

/// As above, by EPSG number.
[[nodiscard]] inline std::array<map_position, 4> corners(raster_info const& file, int epsg)
{
    return corners(file, "EPSG:" + std::to_string(epsg));
}

inline std::optional<map_extent> raster_info::extent() const
{
    if (!grid.geotransform) return {};
    auto const places = corners(*this);
    map_extent result{places[0].x, places[0].y, places[0].x, places[0].y};
    for (auto const& [x, y] : places) {
        result = {.left = std::min(result.left, x),
                  .bottom = std::min(result.bottom, y),
                  .right = std::max(result.right, x),
                  .top = std::max(result.top, y)};
    }
    return result;
}

namespace detail {

inline std::optional<table_info> table_of(GDALRasterBand& band)
{
    auto* const table = band.GetDefaultRAT();
    if (table == nullptr || table->GetColumnCount() == 0) return {};
    table_info result{.rows = table->GetRowCount(), .columns = {}};
    for (int column = 0; column < table->GetColumnCount(); ++column) {
        result.columns.push_back({.name = table->GetNameOfCol(column),
                                  .type = column_type_of_gdal(table->GetTypeOfCol(column)),
                                  .usage = usage_of(table->GetUsageOfCol(column))});
    }
    return result;
}

inline band_info band_info_of(gdal_dataset const& file, int number)
{
    gdal_errors const quiet; // what cannot be read is not there
    auto& band = file.band(number);
    band_info result;
    auto const type = type_of_band(band);
    result.type = type ? std::string(name_of(*type)) : GDALGetDataTypeName(band.GetRasterDataType());
    result.name = band.GetDescription();
    result.null_value = file.null_value(number);
    result.colour_interpretation = GDALGetColorInterpretationName(band.GetColorInterpretation());
    if (auto const* const layer_type = band.GetMetadataItem("LAYER_TYPE")) result.layer_type = layer_type;
    for (int i = 0; i < band.GetOverviewCount(); ++i) {
        if (auto* const overview = band.GetOverview(i)) {
            result.overviews.push_back({overview->GetYSize(), overview->GetXSize()});
        }
    }
    result.has_colour_table = band.GetColorTable() != nullptr;
    result.attribute_table = table_of(band);
    result.statistics = stored_statistics::of(band);
    return result;
}

} // namespace detail

inline raster_info raster_info::of(std::string const& path)
{
    auto const file = gdal_dataset::open(path);
    raster_info result{.path = path, .format = file.format(), .grid = file.grid(), .bands = {}};
    for (int number = 1; number <= file.band_count(); ++number) {
        result.bands.push_back(detail::band_info_of(file, number));
    }
    return result;
}

} // namespace rios
