// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/vector_output.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/vector_dataset.hpp>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

namespace fs = std::filesystem;
using names = std::set<std::string>;
using rios::existing;
using rios::vector_output;
using test::message_of;
using test::temporary_directory;

namespace {

/// A square with its lower left corner at x, 0.
void write_square(vector_output& output, double x, std::vector<double> const& values = {})
{
    OGRFeature feature(&output.definition());
    auto const at = [&](double dx, double y) { return std::to_string(x + dx) + ' ' + std::to_string(y); };
    auto const wkt =
        "MULTIPOLYGON (((" + at(0, 0) + ',' + at(1, 0) + ',' + at(1, 1) + ',' + at(0, 1) + ',' + at(0, 0) + ")))";
    OGRGeometry* shape = nullptr;
    REQUIRE(OGRGeometryFactory::createFromWkt(wkt.c_str(), nullptr, &shape) == OGRERR_NONE);
    feature.SetGeometryDirectly(shape);
    for (std::size_t i = 0; i < values.size(); ++i) feature.SetField(static_cast<int>(i), values[i]);
    output.write(feature, "square " + std::to_string(static_cast<int>(x)));
}

GIntBig features_in(std::string const& path)
{
    return rios::vector_dataset::open(path).layer(0).GetFeatureCount();
}

} // namespace

TEST_CASE("a vector file appears under its name when it is closed")
{
    temporary_directory const folder;
    vector_output output(folder / "a.gpkg", {.crs = test::wkt_of("EPSG:32755")});
    CHECK(output.format() == "GPKG");
    CHECK(output.layer_name() == "a");
    CHECK(output.add_field({.name = "n", .type = OFTInteger64}) == 0);
    for (int x = 0; x < 5; ++x) write_square(output, x, {1e12 + x});
    CHECK_FALSE(fs::exists(folder / "a.gpkg"));
    output.close();
    CHECK(folder.names() == names{"a.gpkg"});
    auto const file = rios::vector_dataset::open(folder / "a.gpkg");
    auto& layer = file.layer("a");
    CHECK(layer.GetFeatureCount() == 5);
    CHECK(std::string(layer.GetSpatialRef()->GetAuthorityCode(nullptr)) == "32755");
    CHECK(layer.GetLayerDefn()->GetFieldDefn(0)->GetType() == OFTInteger64);
    std::unique_ptr<OGRFeature> const first(layer.GetNextFeature());
    CHECK(first->GetFieldAsInteger64(0) == 1000000000000);
}

TEST_CASE("a vector file that is not closed, though it may be finished, leaves nothing")
{
    temporary_directory const folder;
    for (auto const& name : {"a.gpkg", "a.geojson", "a.fgb", "a.shp", "a.sqlite"}) {
        {
            vector_output output(folder / name);
            output.add_field({.name = "n", .type = OFTInteger});
            write_square(output, 1);
        }
        CHECK(folder.names().empty());
        {
            vector_output output(folder / name);
            write_square(output, 1);
            output.finish();
        }
        CHECK(folder.names().empty());
    }
}

TEST_CASE("a file that exists is refused unless it may be replaced, as a whole")
{
    temporary_directory const folder;
    auto const path = folder / "a.gpkg";
    test::make_vectors(path, {{.name = "old", .features = {{.wkt = "POINT (1 1)"}}}, {.name = "older"}});
    CHECK(message_of<rios::io_error>([&] { vector_output{path}; }) ==
          path + ": exists already; have it replaced (--overwrite), or give another name");
    {
        vector_output output(path, {.existing = existing::replaced});
        write_square(output, 1);
    }
    CHECK(rios::vector_dataset::open(path).layer_names() == std::vector<std::string>{"old", "older"});
    vector_output output(path, {.layer = "fresh", .existing = existing::replaced});
    write_square(output, 1);
    output.close();
    CHECK(rios::vector_dataset::open(path).layer_names() == std::vector<std::string>{"fresh"});
    CHECK(folder.names() == names{"a.gpkg"});
}

TEST_CASE("an older shapefile goes with its indices")
{
    temporary_directory const folder;
    for (auto const* name : {"a.shp", "a.dbf", "a.qix", "a.sbn", "a.prj", "b.qix"})
        test::write_file(folder / name, "old");
    vector_output output(folder / "a.shp", {.existing = existing::replaced});
    output.add_field({.name = "n", .type = OFTInteger});
    write_square(output, 1, {3});
    output.close();
    CHECK(folder.names() == names{"a.shp", "a.shx", "a.dbf", "b.qix"});
    CHECK(features_in(folder / "a.shp") == 1);
}

TEST_CASE("files that the format puts beside the file are not written over either")
{
    temporary_directory const folder;
    auto const path = folder / "a.shp";
    auto const kept = [&](std::string const& name) {
        return path + ": the format 'ESRI Shapefile' keeps a file '" + name +
               "' beside it, which exists already; have it replaced (--overwrite), or give another name";
    };
    for (std::string const name : {"a.dbf", "a.shx", "a.qix"}) {
        CAPTURE(name);
        test::write_file(folder / name, "other");
        CHECK(message_of<rios::io_error>([&] { vector_output{path}; }) == kept(name));
        CHECK(folder.names() == names{name});
        fs::remove(folder / name);
    }
    for (std::string const name : {"a.shp", "a.dbf", "a.qix"}) { // came into being in the meantime
        CAPTURE(name);
        vector_output output(path);
        write_square(output, 1);
        test::write_file(folder / name, "other");
        auto const message = message_of<rios::io_error>([&] { output.close(); });
        if (name == "a.shp") CHECK(message.find("exists already") != std::string::npos);
        else CHECK(message == kept(name));
        CHECK(fs::file_size(folder / name) == 5);
        fs::remove(folder / name);
        CHECK_FALSE(fs::exists(folder / "a.shx"));
    }
}

TEST_CASE("no file that is read is written over, whatever may be replaced")
{
    temporary_directory const folder;
    auto const path = folder / "a.shp";
    test::write_file(path, "other");
    test::write_file(folder / "a.dbf", "other");
    auto const refusal = [&](std::string const& input) {
        return message_of<rios::options_error>([&] {
            vector_output{path, {.existing = existing::replaced, .inputs = {folder / "b.tif", input}}};
        });
    };
    CHECK(refusal(path) == path + ": is the input " + path + ", which must not be written over; give it another name");
    CHECK(refusal(folder / "a.dbf") == path +
                                           ": the format 'ESRI Shapefile' keeps a file 'a.dbf' beside it, which is "
                                           "the input " +
                                           (folder / "a.dbf") + "; give another name");
    CHECK(folder.names() == names{"a.shp", "a.dbf"});
    CHECK(fs::file_size(folder / "a.dbf") == 5);
}

TEST_CASE("a layer has the name that was asked for, or the format is refused")
{
    temporary_directory const folder;
    for (std::string const name : {"a.gpkg", "a.geojson", "a.fgb", "a.sqlite"}) {
        CAPTURE(name);
        vector_output output(folder / name, {.layer = "My layer"});
        CHECK(output.layer_name() == "My layer");
        output.close();
        CHECK(rios::vector_dataset::open(folder / name).layer_names() == std::vector<std::string>{"My layer"});
    }
    auto const path = folder / "b.shp";
    auto const before = folder.names();
    CHECK(message_of<rios::options_error>([&] {
              vector_output{path, {.layer = "c"}};
          }) ==
          path + ": format 'ESRI Shapefile' calls its layer 'b', not 'c'; give no name of a layer, or another format");
    CHECK(folder.names() == before);
    CHECK(vector_output(path, {.layer = "b"}).layer_name() == "b");
}

TEST_CASE("fields get names that the layer does not have, and those that a format changes are told")
{
    temporary_directory const folder;
    vector_output output(folder / "a.gpkg");
    for (auto const* name : {"id", "ID", "fid", "geom", "mean", "", "Mean"}) output.add_field({.name = name});
    CHECK(output.renamed() ==
          std::vector<rios::renamed_field>{
              {"ID", "ID_2"}, {"fid", "fid_2"}, {"geom", "geom_2"}, {"", "column"}, {"Mean", "Mean_2"}});
    vector_output shapes(folder / "a.shp");
    for (auto const* name : {"id", "band_1_mean", "band_1_median"}) shapes.add_field({.name = name, .type = OFTReal});
    CHECK(shapes.renamed() ==
          std::vector<rios::renamed_field>{{"band_1_mean", "band_1_mea"}, {"band_1_median", "band_1_med"}});
    vector_output database(folder / "a.sqlite");
    database.add_field({.name = "Mean"});
    CHECK(database.renamed().empty());
}

TEST_CASE("what a format cannot hold as it was is told")
{
    temporary_directory const folder;
    vector_output output(folder / "a.shp");
    output.add_field({.name = "text"});
    OGRFeature feature(&output.definition());
    feature.SetField(0, std::string(300, 'x').c_str());
    output.write(feature, "square 1");
    CHECK(output.remark().starts_with("square 1: "));
    CHECK(output.remark().find("254") != std::string::npos);
    output.close();
}

TEST_CASE("outputs that cannot be are refused with the reason")
{
    temporary_directory const folder;
    auto const refusal = [&](std::string const& path, rios::vector_output_options const& options = {}) {
        return message_of<rios::error>([&] { vector_output(path, options); });
    };
    CHECK(refusal("/vsimem/a.gpkg").starts_with("/vsimem/a.gpkg: outputs must be real files"));
    CHECK(refusal(folder / "nowhere/a.gpkg").starts_with((folder / "nowhere/a.gpkg") + ": cannot create a file in "));
    CHECK(refusal(folder / "a.csv").starts_with((folder / "a.csv") + ": format 'CSV' has no shapes"));
    CHECK(refusal(folder / "a.unknown").find("no vector format is known") != std::string::npos);
    CHECK(folder.names().empty());
}
