// SPDX-License-Identifier: BSL-1.0
//
// What a source of vectors holds, as values: what RIOS calls VectorFileInfo. Rasters: raster_info.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ogr_core.h>
#include <ogrsf_frmts.h>

#include "../grid_extent.hpp"
#include "call.hpp"
#include "ground_control_points.hpp"
#include "raster_info.hpp"
#include "vector_dataset.hpp"

namespace rios {

/// An attribute of the features of a layer.
struct field_info {
    std::string name;
    std::string type; ///< as OGR calls it: "Integer", "Integer64", "Real", "String", "Date", ...

    friend bool operator==(field_info const&, field_info const&) = default;
};

/// One layer of a source of vectors.
struct layer_info {
    std::string name;
    std::int64_t feature_count = 0;
    std::optional<map_extent> extent{}; ///< in the layer's map units; none without shapes
    std::string geometry_type;          ///< as OGR calls it: "Polygon", "3D Line String", "Unknown (any)", "None", ...
    std::vector<field_info> fields{};
    std::string crs{}; ///< WKT; empty if it has none
};

/// A source of vectors: a file, a folder or a database.
struct vector_info {
    std::string path;
    std::string format; ///< short name of GDAL's driver
    std::vector<layer_info> layers{};

    /// Reads it. Counts features, and measures extents, where the format does not store them.
    /// @throws io_error if the source cannot be opened as vectors, or not be read
    [[nodiscard]] static vector_info of(std::string const& path)
    {
        auto const file = vector_dataset::open(path);
        vector_info result{.path = path, .format = file.format(), .layers = {}};
        for (int number = 0; number < file.layer_count(); ++number) {
            auto& layer = file.layer(number);
            auto& made = result.layers.emplace_back();
            made.name = layer.GetName();
            gdal_errors const errors;
            made.feature_count = layer.GetFeatureCount();
            errors.check(made.feature_count >= 0, path, "cannot count the features of layer '" + made.name + '\'');
            made.geometry_type = OGRGeometryTypeToName(layer.GetGeomType());
            OGREnvelope extent;
            gdal_errors const quiet; // no extent is no failure
            if (layer.GetExtent(&extent) == OGRERR_NONE) {
                made.extent = map_extent{extent.MinX, extent.MinY, extent.MaxX, extent.MaxY};
            }
            auto& definition = *layer.GetLayerDefn();
            for (int field = 0; field < definition.GetFieldCount(); ++field) {
                auto const& each = *definition.GetFieldDefn(field);
                made.fields.push_back({each.GetNameRef(), OGRFieldDefn::GetFieldTypeName(each.GetType())});
            }
            made.crs = detail::wkt_of(detail::crs_of(layer));
        }
        return result;
    }
};

} // namespace rios
