// SPDX-License-Identifier: BSL-1.0
//
// Shapes from the coordinate reference system of their layer to that of a grid. Used by rasterize.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ogr_geometry.h>
#include <ogr_spatialref.h>

#include "../error.hpp"
#include "../grid_difference.hpp"
#include "../pixel_grid.hpp"
#include "call.hpp"
#include "crs.hpp"
#include "ground_control_points.hpp"
#include "shape_parts.hpp"

namespace rios::detail {

/// Transforms shapes of a layer. Edges are straight in the layer's coordinate reference system: long ones get points in
/// between first, a few pixels apart, so that they are bent as they should be. What has no place in the grid's coordinate
/// reference system is left out: points, the parts of lines, the corners of polygons (what is left is closed by a straight
/// edge).
///
/// Thread rule: one thread at a time.
class layer_transform {
  public:
    /// @param grid has a geotransform
    /// @throws grid_error naming both systems if there is no way from one to the other
    layer_transform(std::string const& path, OGRSpatialReference const* layer_crs, pixel_grid const& grid)
    {
        if (layer_crs == nullptr || grid.projection.empty()) return;
        if (same_crs(wkt_of(layer_crs), grid.projection)) return;
        gdal_errors const quiet;
        OGRSpatialReference to;
        if (to.importFromWkt(grid.projection.c_str()) != OGRERR_NONE) fail(path, *layer_crs, grid);
        OGRSpatialReference from(*layer_crs);
        from.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        to.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        there_.reset(OGRCreateCoordinateTransformation(&from, &to));
        std::unique_ptr<OGRCoordinateTransformation> const back(OGRCreateCoordinateTransformation(&to, &from));
        if (!there_ || !back) fail(path, *layer_crs, grid);
        spacing_ = 4 * pixel_size(*back, grid);
    }

    /// Does the layer have the grid's coordinate reference system, so that nothing is to be done?
    [[nodiscard]] bool is_identity() const noexcept { return !there_; }

    /// Points, lines and polygons that are what is left of the shape; it may be nothing.
    [[nodiscard]] std::unique_ptr<OGRGeometry> operator()(std::unique_ptr<OGRGeometry> shape)
    {
        gdal_errors const quiet;
        OGREnvelope extent;
        shape->getEnvelope(&extent);
        // Not more points than help: a shape as large as the Earth is true to a metre with so many.
        constexpr double most = 16384;
        auto const longest = std::max(extent.MaxX - extent.MinX, extent.MaxY - extent.MinY);
        if (auto const spacing = std::max(spacing_, longest / most); spacing > 0) shape->segmentize(spacing);
        auto result = std::make_unique<OGRGeometryCollection>();
        each_part(*shape, [&](auto const& part) { add(part, *result); });
        return result;
    }

  private:
    [[noreturn]] static void fail(std::string const& path, OGRSpatialReference const& layer_crs, pixel_grid const& grid)
    {
        throw grid_error(path + ": cannot be transformed from its coordinate reference system \"" +
                         layer_crs.GetName() + "\" to that of the grid, " + crs_text(grid));
    }

    /// Side of the smallest pixel, in units of the layer; 0 if the grid does not lie where the layer could.
    static double pixel_size(OGRCoordinateTransformation& to_layer, pixel_grid const& grid)
    {
        auto const& place = *grid.geotransform;
        double smallest = std::numeric_limits<double>::infinity();
        for (double const down : {0.0, 0.5, 1.0}) {
            for (double const across : {0.0, 0.5, 1.0}) {
                auto const row = down * static_cast<double>(grid.rows - 1);
                auto const col = across * static_cast<double>(grid.cols - 1);
                double x[3];
                double y[3]; // a pixel's corner, that to the right and that below
                for (std::size_t i = 0; i < 3; ++i) {
                    auto const c = col + (i == 1 ? 1 : 0);
                    auto const r = row + (i == 2 ? 1 : 0);
                    x[i] = place[0] + c * place[1] + r * place[2];
                    y[i] = place[3] + c * place[4] + r * place[5];
                }
                if (to_layer.Transform(3, x, y) == FALSE) continue;
                for (std::size_t i = 1; i < 3; ++i) {
                    auto const side = std::hypot(x[i] - x[0], y[i] - y[0]);
                    if (side > 0) smallest = std::min(smallest, side);
                }
            }
        }
        return std::isfinite(smallest) ? smallest : 0;
    }

    void add(OGRPoint const& point, OGRGeometryCollection& to)
    {
        double x = point.getX();
        double y = point.getY();
        if (point.IsEmpty() == FALSE && there_->Transform(1, &x, &y) != FALSE) {
            to.addGeometryDirectly(new OGRPoint(x, y));
        }
    }

    void add(OGRLineString const& line, OGRGeometryCollection& to)
    {
        transform(line);
        for (std::size_t i = 0; i < x_.size();) {
            auto piece = std::make_unique<OGRLineString>();
            for (; i < x_.size() && is_inside_[i] != FALSE; ++i) piece->addPoint(x_[i], y_[i]);
            for (; i < x_.size() && is_inside_[i] == FALSE; ++i) {}
            if (piece->getNumPoints() > 1) to.addGeometryDirectly(piece.release());
        }
    }

    void add(OGRPolygon const& polygon, OGRGeometryCollection& to)
    {
        auto result = std::make_unique<OGRPolygon>();
        for (auto const* const ring : polygon) {
            transform(*ring);
            auto left = std::make_unique<OGRLinearRing>();
            for (std::size_t i = 0; i < x_.size(); ++i) {
                if (is_inside_[i] != FALSE) left->addPoint(x_[i], y_[i]);
            }
            if (left->getNumPoints() < 3) {
                if (result->IsEmpty() != FALSE) return; // the outer ring is gone
                continue;
            }
            left->closeRings();
            result->addRingDirectly(left.release());
        }
        if (result->IsEmpty() == FALSE) to.addGeometryDirectly(result.release());
    }

    void transform(OGRSimpleCurve const& curve)
    {
        auto const points = static_cast<std::size_t>(curve.getNumPoints());
        x_.resize(points);
        y_.resize(points);
        is_inside_.assign(points, FALSE);
        if (points == 0) return;
        curve.getPoints(x_.data(), sizeof(double), y_.data(), sizeof(double));
        there_->Transform(curve.getNumPoints(), x_.data(), y_.data(), nullptr, nullptr, is_inside_.data());
    }

    std::unique_ptr<OGRCoordinateTransformation> there_;
    double spacing_ = 0; // of points on edges, in units of the layer
    std::vector<double> x_;
    std::vector<double> y_;
    std::vector<int> is_inside_;
};

} // namespace rios::detail
