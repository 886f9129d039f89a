// SPDX-License-Identifier: BSL-1.0
//
// The parts of shapes that are not too far from a grid: GDAL's rasteriser counts pixels in 32 bits, and burns nothing at all of
// what reaches further. Used by rasterize.hpp.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <ogr_geometry.h>

#include "../pixel_grid.hpp"
#include "shape_parts.hpp"

namespace rios::detail {

/// Cuts shapes at a rectangle that is much larger than the grid. What is inside of it stays as it is.
class near_parts {
  public:
    /// @pre the grid has a geotransform
    explicit near_parts(pixel_grid const& grid)
    {
        constexpr double more = 1 << 28; // pixels on all sides
        auto const& place = *grid.geotransform;
        auto const rows = static_cast<double>(grid.rows);
        auto const cols = static_cast<double>(grid.cols);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            auto const* const row_of = &place[3 * axis];
            auto const centre = row_of[0] + cols / 2 * row_of[1] + rows / 2 * row_of[2];
            auto const reach = std::abs(row_of[1]) * (cols + more) + std::abs(row_of[2]) * (rows + more);
            least_[axis] = centre - reach;
            most_[axis] = centre + reach;
        }
    }

    /// Is all of an extent inside?
    [[nodiscard]] bool holds(OGREnvelope const& extent) const
    {
        return extent.MinX >= least_[0] && extent.MaxX <= most_[0] && extent.MinY >= least_[1] &&
               extent.MaxY <= most_[1];
    }

    /// Points, lines and polygons that are what is inside of a shape; it may be nothing.
    [[nodiscard]] std::unique_ptr<OGRGeometry> operator()(OGRGeometry const& shape) const
    {
        auto result = std::make_unique<OGRGeometryCollection>();
        each_part(shape, [&](auto const& part) { add(part, *result); });
        return result;
    }

  private:
    using position = std::array<double, 2>;

    void add(OGRPoint const& point, OGRGeometryCollection& to) const
    {
        if (point.IsEmpty() == FALSE && is_inside({point.getX(), point.getY()})) to.addGeometry(&point);
    }

    [[nodiscard]] bool is_inside(position const& at) const
    {
        return at[0] >= least_[0] && at[0] <= most_[0] && at[1] >= least_[1] && at[1] <= most_[1];
    }

    /// Each edge by itself, cut at the four sides one after another.
    void add(OGRLineString const& line, OGRGeometryCollection& to) const
    {
        for (int i = 0; i + 1 < line.getNumPoints(); ++i) {
            std::vector<position> edge{{line.getX(i), line.getY(i)}, {line.getX(i + 1), line.getY(i + 1)}};
            cut(edge, false);
            if (edge.size() < 2) continue;
            auto piece = std::make_unique<OGRLineString>();
            for (auto const& [x, y] : edge) piece->addPoint(x, y);
            to.addGeometryDirectly(piece.release());
        }
    }

    void add(OGRPolygon const& polygon, OGRGeometryCollection& to) const
    {
        auto result = std::make_unique<OGRPolygon>();
        for (auto const* const ring : polygon) {
            std::vector<position> corners;
            corners.reserve(static_cast<std::size_t>(ring->getNumPoints()));
            for (int i = 0; i < ring->getNumPoints(); ++i) corners.push_back({ring->getX(i), ring->getY(i)});
            cut(corners, true);
            if (corners.size() < 3) {
                if (result->IsEmpty() != FALSE) return; // the outer ring is gone
                continue;
            }
            auto left = std::make_unique<OGRLinearRing>();
            for (auto const& [x, y] : corners) left->addPoint(x, y);
            left->closeRings();
            result->addRingDirectly(left.release());
        }
        if (result->IsEmpty() == FALSE) to.addGeometryDirectly(result.release());
    }

    /// After Sutherland and Hodgman (1974): rings run along the sides where they left.
    void cut(std::vector<position>& line, bool is_ring) const
    {
        for (std::size_t axis = 0; axis < 2; ++axis) {
            for (double const side : {-1.0, 1.0}) {
                auto const limit = side < 0 ? least_[axis] : most_[axis];
                auto const inside = [&](position const& at) { return side * at[axis] <= side * limit; };
                std::vector<position> left;
                for (std::size_t i = 0; i < line.size(); ++i) {
                    auto const& here = line[i];
                    if (i > 0 || is_ring) {
                        auto const& before = line[(i + line.size() - 1) % line.size()];
                        if (inside(before) != inside(here)) {
                            auto const part = (limit - before[axis]) / (here[axis] - before[axis]);
                            position crossing{};
                            crossing[axis] = limit;
                            crossing[1 - axis] = before[1 - axis] + part * (here[1 - axis] - before[1 - axis]);
                            left.push_back(crossing);
                        }
                    }
                    if (inside(here)) left.push_back(here);
                }
                line = std::move(left);
            }
        }
    }

    position least_{};
    position most_{};
};

} // namespace rios::detail
