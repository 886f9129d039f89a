// SPDX-License-Identifier: BSL-1.0
//
// gdal_polygons SEGMENTS OUTPUT.{gpkg,fgb} [8]: what `shepseg polygons` does, with GDAL's polygonizer: a polygon for each connected
// piece, and then one feature for each segment, of all its pieces. With 8 pieces may hang together at corners.
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gdal_alg.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

namespace {

struct closing {
    void operator()(GDALDataset* file) const { GDALClose(file); }
};
using dataset = std::unique_ptr<GDALDataset, closing>;

void check(bool done, char const* what)
{
    if (!done) throw std::runtime_error(std::string(what) + ": " + CPLGetLastErrorMsg());
}

dataset create(char const* format, std::string const& path)
{
    dataset file(GetGDALDriverManager()->GetDriverByName(format)->Create(path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
    check(file != nullptr, "cannot create");
    return file;
}

/// A layer that takes the polygons that GDALPolygonize() writes, and puts those of a segment together.
class segment_shapes : public OGRLayer {
  public:
    segment_shapes() : definition_(new OGRFeatureDefn("pieces"))
    {
        definition_->Reference();
        OGRFieldDefn id("id", OFTInteger64);
        definition_->AddFieldDefn(&id);
    }
    ~segment_shapes() override { definition_->Release(); }

    void ResetReading() override {}
    OGRFeature* GetNextFeature() override { return nullptr; }
    OGRFeatureDefn* GetLayerDefn() override { return definition_; }
    int TestCapability(char const* what) override
    {
        return std::string_view(what) == OLCSequentialWrite ? TRUE : FALSE;
    }
    OGRErr ICreateFeature(OGRFeature* piece) override
    {
        auto& shape = shapes[piece->GetFieldAsInteger64(0)];
        if (shape == nullptr) shape = std::make_unique<OGRMultiPolygon>();
        return shape->addGeometryDirectly(piece->StealGeometry());
    }

    std::map<GIntBig, std::unique_ptr<OGRMultiPolygon>> shapes; ///< of each segment

  private:
    OGRFeatureDefn* definition_;
};

void run(std::string const& segments, std::string const& output, bool eight)
{
    GDALAllRegister();
    dataset const raster(GDALDataset::Open(segments.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY));
    check(raster != nullptr, "cannot open");
    auto* const band = raster->GetRasterBand(1);
    segment_shapes pieces;
    char option[] = "8CONNECTED=8";
    char* options[] = {eight ? option : nullptr, nullptr};
    check(GDALPolygonize(band, band->GetMaskBand(), OGRLayer::ToHandle(&pieces), 0, options, nullptr, nullptr) ==
              CE_None,
          "cannot polygonize");

    auto const file = create(output.ends_with(".fgb") ? "FlatGeobuf" : "GPKG", output);
    auto* const crs = const_cast<OGRSpatialReference*>(raster->GetSpatialRef());
    auto* const layer = file->CreateLayer("segments", crs, wkbMultiPolygon, nullptr);
    check(layer != nullptr, "cannot make a layer");
    OGRFieldDefn id("id", OFTInteger64);
    check(layer->CreateField(&id) == OGRERR_NONE, "cannot make a field");
    auto const transacted = file->StartTransaction() == OGRERR_NONE;
    for (auto& [segment, shape] : pieces.shapes) {
        OGRFeature feature(layer->GetLayerDefn());
        feature.SetField(0, segment);
        feature.SetGeometryDirectly(shape.release());
        check(layer->CreateFeature(&feature) == OGRERR_NONE, "cannot write");
    }
    if (transacted) check(file->CommitTransaction() == OGRERR_NONE, "cannot write");
}

} // namespace

int main(int argc, char** argv)
try {
    if (argc != 3 && (argc != 4 || std::string_view(argv[3]) != "8")) {
        std::fprintf(stderr, "usage: gdal_polygons SEGMENTS OUTPUT.{gpkg,fgb} [8]\n");
        return 2;
    }
    run(argv[1], argv[2], argc == 4);
    return 0;
} catch (std::exception const& error) {
    std::fprintf(stderr, "gdal_polygons: error: %s\n", error.what());
    return 1;
}
