// SPDX-License-Identifier: BSL-1.0
//
// The place on the map of a raster that has no geotransform, as a value, so that an output can carry what an input had.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include "call.hpp"

namespace rios {

namespace detail {

/// WKT 1, which everything reads; WKT 2 for the systems that only it can express; empty without a system.
inline std::string wkt_of(OGRSpatialReference const* system)
{
    gdal_errors const quiet; // the first form failing is nothing to report
    std::string result;
    for (char const* const format : {"FORMAT=WKT1_GDAL", "FORMAT=WKT2_2019"}) {
        if (system == nullptr || !result.empty()) break;
        char const* const options[] = {format, nullptr};
        char* wkt = nullptr;
        if (system->exportToWkt(&wkt, options) == OGRERR_NONE && wkt != nullptr) result = wkt;
        CPLFree(wkt);
    }
    return result;
}

} // namespace detail

/// Ties a pixel position to a place on the map.
struct ground_control_point {
    std::string id;
    std::string info;
    double col = 0; ///< in pixels, from the left edge of the raster
    double row = 0; ///< in pixels, from its top edge
    double x = 0;   ///< in map units
    double y = 0;
    double z = 0;

    friend bool operator==(ground_control_point const&, ground_control_point const&) = default;
};

/// All ground control points of a raster.
struct ground_control_points {
    std::vector<ground_control_point> points;
    std::string projection; ///< coordinate reference system of x, y, z as WKT

    /// Those of a dataset.
    [[nodiscard]] static ground_control_points of(GDALDataset& dataset)
    {
        ground_control_points result;
        auto const* const gcps = dataset.GetGCPs();
        for (int i = 0; i < dataset.GetGCPCount(); ++i) {
            auto const& gcp = gcps[i];
            result.points.push_back({.id = gcp.pszId,
                                     .info = gcp.pszInfo,
                                     .col = gcp.dfGCPPixel,
                                     .row = gcp.dfGCPLine,
                                     .x = gcp.dfGCPX,
                                     .y = gcp.dfGCPY,
                                     .z = gcp.dfGCPZ});
        }
        if (!result.points.empty()) result.projection = detail::wkt_of(dataset.GetGCPSpatialRef());
        return result;
    }

    /// The same points for a part of the raster that begins at that pixel.
    [[nodiscard]] ground_control_points from(std::ptrdiff_t row, std::ptrdiff_t col) const
    {
        auto result = *this;
        for (auto& point : result.points) {
            point.row -= static_cast<double>(row);
            point.col -= static_cast<double>(col);
        }
        return result;
    }

    /// Gives them to a dataset that is open for writing.
    CPLErr write_to(GDALDataset& dataset) const
    {
        auto copies = points; // GDAL's struct is older than const
        std::vector<GDAL_GCP> gcps;
        gcps.reserve(copies.size());
        for (auto& point : copies) {
            gcps.push_back({.pszId = point.id.data(),
                            .pszInfo = point.info.data(),
                            .dfGCPPixel = point.col,
                            .dfGCPLine = point.row,
                            .dfGCPX = point.x,
                            .dfGCPY = point.y,
                            .dfGCPZ = point.z});
        }
        return dataset.SetGCPs(static_cast<int>(gcps.size()), gcps.data(), projection.c_str());
    }

    friend bool operator==(ground_control_points const&, ground_control_points const&) = default;
};

} // namespace rios
