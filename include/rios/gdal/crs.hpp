// SPDX-License-Identifier: BSL-1.0
//
// Coordinate reference systems as texts (WKT): are two the same, and where does an extent of one lie in another.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ogr_spatialref.h>

#include "../grid_extent.hpp"
#include "call.hpp"

namespace rios {

/// Do two texts (WKT) stand for the same coordinate reference system?
[[nodiscard]] inline bool same_crs(std::string const& one, std::string const& other)
{
    if (one == other) return true;
    gdal_errors const quiet;
    OGRSpatialReference first;
    OGRSpatialReference second;
    if (first.importFromWkt(one.c_str()) != OGRERR_NONE || second.importFromWkt(other.c_str()) != OGRERR_NONE) {
        return false;
    }
    // Formats leave out or rename what does not matter here: names, and how axes are written down.
    char const* const options[] = {"IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES", "CRITERION=EQUIVALENT", nullptr};
    return first.IsSame(&second, options) != FALSE;
}

/// The same question about grids; having none goes with any.
[[nodiscard]] inline bool same_crs(pixel_grid const& one, pixel_grid const& other)
{
    return one.projection.empty() || other.projection.empty() || same_crs(one.projection, other.projection);
}

/// The smallest extent in one system that holds an extent of another: the bounds of 101 points on each of its edges, as
/// straight edges become curves. x is always the easting or longitude.
/// @param from, to WKT; empty `to`: longitude and latitude of WGS 84
/// @returns none if there is no such transformation, or it does not reach all those points
[[nodiscard]] inline std::optional<map_extent> transformed(map_extent const& extent, std::string const& from,
                                                           std::string const& to)
{
    gdal_errors const quiet;
    OGRSpatialReference source;
    OGRSpatialReference target;
    auto const known = [](OGRSpatialReference& system, std::string const& wkt) {
        auto const result = wkt.empty() ? system.importFromEPSG(4326) : system.importFromWkt(wkt.c_str());
        system.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        return result == OGRERR_NONE;
    };
    if (!known(source, from) || !known(target, to)) return {};
    std::unique_ptr<OGRCoordinateTransformation> const transformation(
        OGRCreateCoordinateTransformation(&source, &target));
    if (!transformation) return {};

    constexpr int steps = 100;
    std::vector<double> x;
    std::vector<double> y;
    for (int i = 0; i <= steps; ++i) {
        auto const part = static_cast<double>(i) / steps;
        auto const across = extent.left + (extent.right - extent.left) * part;
        auto const up = extent.bottom + (extent.top - extent.bottom) * part;
        x.insert(x.end(), {across, across, extent.left, extent.right});
        y.insert(y.end(), {extent.bottom, extent.top, up, up});
    }
    if (transformation->Transform(static_cast<int>(x.size()), x.data(), y.data()) == FALSE) return {};
    auto const is_finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(x.begin(), x.end(), is_finite) || !std::all_of(y.begin(), y.end(), is_finite)) return {};
    auto const [left, right] = std::minmax_element(x.begin(), x.end());
    auto const [bottom, top] = std::minmax_element(y.begin(), y.end());
    return map_extent{.left = *left, .bottom = *bottom, .right = *right, .top = *top};
}

} // namespace rios
