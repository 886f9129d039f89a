// SPDX-License-Identifier: BSL-1.0
//
// The points, lines and polygons that a shape is made of: what is burned, one after another. Used by near_parts.hpp and
// layer_transform.hpp.
#pragma once

#include <ogr_geometry.h>

namespace rios::detail {

/// Calls `f` with each point, line (OGRLineString) and polygon of a shape, in their order, those of collections within
/// collections, too. GDAL's rasteriser knows no others.
template <typename F>
void each_part(OGRGeometry const& shape, F&& f)
{
    switch (wkbFlatten(shape.getGeometryType())) {
    case wkbPoint: f(*shape.toPoint()); break;
    case wkbLineString: f(*shape.toLineString()); break;
    case wkbPolygon: f(*shape.toPolygon()); break;
    case wkbMultiPoint:
    case wkbMultiLineString:
    case wkbMultiPolygon:
    case wkbGeometryCollection:
        for (auto const* const part : *shape.toGeometryCollection()) each_part(*part, f);
        break;
    default: break;
    }
}

} // namespace rios::detail
