// SPDX-License-Identifier: BSL-1.0
// Vector files made with plain GDAL, and their pixels by GDAL's own program gdal_rasterize as a library call.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <cpl_error.h>
#include <cpl_string.h>
#include <gdal_priv.h>
#include <gdal_utils.h>
#include <ogr_spatialref.h>
#include <ogrsf_frmts.h>

#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>

#include "support/raster_files.hpp"

namespace test {

/// A shape and what stands beside it.
struct feature {
    std::string wkt; ///< empty for none
    double value = 0;
    std::string name{};
};

struct layer {
    std::string name = "shapes";
    std::vector<feature> features{};
    std::string crs{}; ///< as OGRSpatialReference::SetFromUserInput knows it; empty for none
};

/// The WKT of a coordinate reference system.
inline std::string wkt_of(std::string const& crs)
{
    OGRSpatialReference reference;
    if (reference.SetFromUserInput(crs.c_str()) != OGRERR_NONE) throw std::runtime_error("no such system: " + crs);
    char* text = nullptr;
    reference.exportToWkt(&text);
    std::string result = text;
    CPLFree(text);
    return result;
}

/// A file of layers with the fields "value" (real), "number" (64-bit integer) and "name" (text).
inline void make_vectors(std::string const& path, std::vector<layer> const& layers, std::string const& format = "GPKG")
{
    GDALAllRegister();
    CPLErrorHandlerPusher const quiet(CPLQuietErrorHandler); // formats have remarks about rare shapes
    auto* const driver = GetGDALDriverManager()->GetDriverByName(format.c_str());
    gdal_handle file(driver->Create(path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
    if (!file) throw std::runtime_error("cannot create " + path);
    for (auto const& each : layers) {
        OGRSpatialReference reference;
        reference.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        if (!each.crs.empty()) reference.SetFromUserInput(each.crs.c_str());
        auto* const made = file->CreateLayer(each.name.c_str(), each.crs.empty() ? nullptr : &reference, wkbUnknown);
        if (made == nullptr) throw std::runtime_error("cannot create a layer in " + path);
        for (auto [name, type] : {std::pair{"value", OFTReal}, {"number", OFTInteger64}, {"name", OFTString}}) {
            OGRFieldDefn field(name, type);
            if (made->CreateField(&field) != OGRERR_NONE) throw std::runtime_error("cannot create a field in " + path);
        }
        file->StartTransaction();
        for (auto const& [wkt, value, name] : each.features) {
            OGRFeature row(made->GetLayerDefn());
            if (!wkt.empty()) {
                OGRGeometry* shape = nullptr;
                if (OGRGeometryFactory::createFromWkt(wkt.c_str(), nullptr, &shape) != OGRERR_NONE) {
                    throw std::runtime_error("no shape: " + wkt);
                }
                row.SetGeometryDirectly(shape);
            }
            row.SetField("value", value);
            row.SetField("number", static_cast<GIntBig>(value));
            row.SetField("name", name.c_str());
            if (made->CreateFeature(&row) != OGRERR_NONE) throw std::runtime_error("cannot write " + path);
        }
        file->CommitTransaction();
    }
}

/// What gdal_rasterize makes of a source on a whole grid without rotation.
/// @param options as of the program: {"-burn", "1", "-at"}
template <typename T>
rios::image<T> gdal_rasterized(std::string const& path, rios::pixel_grid const& grid, std::vector<std::string> options)
{
    CPLErrorHandlerPusher const quiet(CPLQuietErrorHandler); // it warns where a reference system is missing
    auto const& place = grid.geotransform.value();
    rios::image<T> result(1, grid.rows, grid.cols);
    auto const rows = static_cast<int>(grid.rows);
    auto const cols = static_cast<int>(grid.cols);
    // The grid itself, not one computed from an extent.
    auto const target = create_raster("", "MEM", rows, cols, 1, raw_type<T>());
    auto geotransform = place;
    target->SetGeoTransform(geotransform.data());
    if (!grid.projection.empty()) target->SetProjection(grid.projection.c_str());
    gdal_handle const source(GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR));
    if (!source) throw std::runtime_error("cannot open " + path);
    bool chosen = false;
    double null = 0;
    CPLStringList list;
    for (std::size_t i = 0; i < options.size(); ++i) {
        if (options[i] == "-init") { // for new files only
            null = std::stod(options[++i]);
            continue;
        }
        chosen = chosen || options[i] == "-l";
        list.AddString(options[i].c_str());
    }
    if (!chosen) {
        list.AddString("-l");
        list.AddString(source->GetLayer(0)->GetName());
    }
    target->GetRasterBand(1)->Fill(null);
    std::unique_ptr<GDALRasterizeOptions, void (*)(GDALRasterizeOptions*)> const parsed(
        GDALRasterizeOptionsNew(list.List(), nullptr), GDALRasterizeOptionsFree);
    int failed = 0;
    GDALRasterize(nullptr, GDALDataset::ToHandle(target.get()), GDALDataset::ToHandle(source.get()), parsed.get(),
                  &failed);
    if (failed != 0) throw std::runtime_error("gdal_rasterize fails");
    if (target->GetRasterBand(1)->RasterIO(GF_Read, 0, 0, cols, rows, result.data(), cols, rows, raw_type<T>(), 0, 0,
                                           nullptr) != CE_None) {
        throw std::runtime_error("cannot read what gdal_rasterize made");
    }
    return result;
}

} // namespace test
