// SPDX-License-Identifier: BSL-1.0
//
// Coordinate reference systems as texts (WKT): are two the same, and where does an extent of one lie in another.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ogr_spatialref.h>

#include "../grid_extent.hpp"
#include "../pixel_grid.hpp"
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
/// straight edges become curves, and of points between them, as there may be a pole. x is always the easting or longitude.
/// @param from, to WKT; empty `to`: longitude and latitude of WGS 84
/// @returns none if there is no such transformation, or some of those points lie where it does not hold
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
    constexpr int lines = 20; // from edge to edge
    std::vector<double> x;
    std::vector<double> y;
    auto const add = [&](double across, double up) {
        x.push_back(extent.left + (extent.right - extent.left) * across);
        y.push_back(extent.bottom + (extent.top - extent.bottom) * up);
    };
    for (int i = 0; i <= steps; ++i) {
        auto const part = static_cast<double>(i) / steps;
        for (int line = 0; line <= lines; ++line) add(part, static_cast<double>(line) / lines);
        add(0, part);
        add(1, part);
    }
    auto const count = static_cast<int>(x.size());
    auto const given_x = x;
    auto const given_y = y;
    if (transformation->Transform(count, x.data(), y.data()) == FALSE) return {};

    // Far outside of the area of a projection there are numbers that mean nothing, and do not lead back.
    std::unique_ptr<OGRCoordinateTransformation> const inverse(OGRCreateCoordinateTransformation(&target, &source));
    auto back_x = x;
    auto back_y = y;
    if (!inverse || inverse->Transform(count, back_x.data(), back_y.data()) == FALSE) return {};
    auto const near_by = 1e-3 * std::max(extent.right - extent.left, extent.top - extent.bottom) +
                         1e-9 * std::max(std::abs(extent.left), std::abs(extent.top));
    constexpr double radians = 3.14159265358979 / 180;
    for (std::size_t i = 0; i < x.size(); ++i) {
        auto dx = back_x[i] - given_x[i];
        if (source.IsGeographic() != FALSE) dx = std::remainder(dx, 360) * std::cos(given_y[i] * radians);
        // Written so that NaN is not near.
        if (!(std::hypot(dx, back_y[i] - given_y[i]) <= near_by) || !std::isfinite(x[i] + y[i])) return {};
    }
    auto const [left, right] = std::minmax_element(x.begin(), x.end());
    auto const [bottom, top] = std::minmax_element(y.begin(), y.end());
    return map_extent{.left = *left, .bottom = *bottom, .right = *right, .top = *top};
}

} // namespace rios
