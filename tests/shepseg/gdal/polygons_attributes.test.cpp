// SPDX-License-Identifier: BSL-1.0
// Columns of tables as fields of the polygons (polygons.hpp).
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <rios/image.hpp>
#include <shepseg/gdal/polygons.hpp>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/segment_polygons.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using labels = rios::image<std::uint32_t>;
using shepseg::write_polygons;
using test::features_of;
using test::make_labels;
using test::message_of;
using test::temporary_directory;
using test::write_file;

TEST_CASE("the columns of the attribute table are fields, with their types")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        auto const path = folder / ("s" + format.extension);
        labels image(1, 4, 4);
        for (auto const [row, col] : image.pixels()) image(0, row, col) = static_cast<std::uint32_t>(row * 4 + col);
        make_labels(path, image, format.driver);
        test::add_columns_of_all_types(path, 14); // two too few
        auto const report = write_polygons(path, folder / "a.gpkg", {.existing = rios::existing::replaced});
        CHECK(report.attributes == 3);
        CHECK(report.segments == 15);
        CHECK(report.without_attributes == 2);
        auto const features = features_of(folder / "a.gpkg");
        auto const& defn = *features.at(1)->GetDefnRef();
        CHECK(defn.GetFieldCount() == 4);
        CHECK(defn.GetFieldDefn(0)->GetType() == OFTInteger64);
        CHECK(defn.GetFieldDefn(1)->GetType() == OFTReal);
        CHECK(defn.GetFieldDefn(2)->GetType() == OFTInteger);
        CHECK(defn.GetFieldDefn(3)->GetType() == OFTString);
        for (auto const& [id, feature] : features) {
            if (id >= 14) {
                CHECK_FALSE(feature->IsFieldSetAndNotNull(1));
                continue;
            }
            CHECK(feature->GetFieldAsDouble("mean") == id / 2.0);
            CHECK(feature->GetFieldAsInteger("code") == -static_cast<int>(id));
            CHECK(std::string(feature->GetFieldAsString("kind")) == "kind " + std::to_string(id));
        }
    }
}

TEST_CASE("the rows of a large attribute table come to their segments in whatever order these end")
{
    temporary_directory const folder;
    labels image(1, 300, 400);
    for (auto const [row, col] : image.pixels()) { // numbers all over the table in each row
        image(0, row, col) = static_cast<std::uint32_t>(1 + row / 2 + 150 * (col / 2));
    }
    make_labels(folder / "s.img", image, "HFA");
    std::vector<double> values(30001);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 7.0 * static_cast<double>(i);
    test::add_plain_column(folder / "s.img", "seven", values);
    auto const report = write_polygons(folder / "s.img", folder / "a.fgb");
    CHECK(report.segments == 30000);
    for (auto const& [id, feature] : features_of(folder / "a.fgb")) {
        if (feature->GetFieldAsDouble("seven") != 7.0 * id) FAIL("segment ", id);
    }
}

TEST_CASE("a table is joined by its column id, whatever the order of its rows")
{
    temporary_directory const folder;
    labels image(1, 1, 4);
    for (std::uint32_t col = 0; col < 4; ++col) image(0, 0, col) = 10 * (col + 1);
    make_labels(folder / "s.tif", image);
    write_file(folder / "t.csv", "mean,id,n,big,when,name\n"
                                 "1.5,40,7,12345678901,2020/05/06,\"x, y\"\n"
                                 "2.5,10,8,1,2020/05/07,z\n"
                                 ",30,,,,\n"
                                 "3,99,9,2,2020/05/08,unused\n"
                                 "9,0,0,0,2020/05/09,null\n");
    auto const report = write_polygons(folder / "s.tif", folder / "a.gpkg", {.table = folder / "t.csv"});
    CHECK(report.attributes == 5);
    CHECK(report.segments == 4);
    CHECK(report.without_attributes == 1);
    CHECK(report.unused_rows == 1);
    auto const features = features_of(folder / "a.gpkg");
    auto const& defn = *features.at(10)->GetDefnRef();
    CHECK(std::string(defn.GetFieldDefn(1)->GetNameRef()) == "mean");
    CHECK(defn.GetFieldDefn(1)->GetType() == OFTReal);
    CHECK(defn.GetFieldDefn(2)->GetType() == OFTInteger);
    CHECK(defn.GetFieldDefn(3)->GetType() == OFTInteger64);
    CHECK(defn.GetFieldDefn(4)->GetType() == OFTDate);
    CHECK(defn.GetFieldDefn(5)->GetType() == OFTString);
    CHECK(features.at(40)->GetFieldAsDouble("mean") == 1.5);
    CHECK(features.at(40)->GetFieldAsInteger64("big") == 12345678901);
    CHECK(std::string(features.at(40)->GetFieldAsString("when")) == "2020/05/06");
    CHECK(std::string(features.at(40)->GetFieldAsString("name")) == "x, y");
    CHECK(features.at(10)->GetFieldAsInteger("n") == 8);
    for (int field = 1; field <= 5; ++field) CHECK_FALSE(features.at(20)->IsFieldSetAndNotNull(field));
    CHECK_FALSE(features.at(30)->IsFieldSetAndNotNull(1));
    CHECK(folder.names() == std::set<std::string>{"s.tif", "t.csv", "a.gpkg"});
}

TEST_CASE("a table may be a layer of a database, and its row numbers the ids")
{
    temporary_directory const folder;
    labels image(1, 1, 2);
    image(0, 0, 0) = 1;
    image(0, 0, 1) = 2;
    make_labels(folder / "s.tif", image);
    test::make_vectors(folder / "t.gpkg",
                       {{.name = "other"}, {.name = "table", .features = {{.wkt = "", .value = 5}}}});
    CHECK(message_of<rios::options_error>([&] {
              write_polygons(folder / "s.tif", folder / "a.gpkg", {.table = folder / "t.gpkg"});
          }) == (folder / "t.gpkg") + ": has several layers; name one of 'other', 'table'");
    CHECK(message_of<rios::options_error>([&] {
              write_polygons(folder / "s.tif", folder / "a.gpkg", {.table = folder / "t.gpkg", .table_layer = "nix"});
          }) == (folder / "t.gpkg") + ": no layer 'nix'; its layers: 'other', 'table'");
    CHECK(message_of<rios::options_error>([&] {
              write_polygons(folder / "s.tif", folder / "a.gpkg", {.table = folder / "t.gpkg", .table_layer = "table"});
          }) == (folder / "t.gpkg") +
                    ": layer 'table' has no column 'id' with the numbers of the segments; its columns: "
                    "'value', 'number', 'name'");
    {
        auto* const driver = GetGDALDriverManager()->GetDriverByName("SQLite");
        test::gdal_handle const file(driver->Create((folder / "t.sqlite").c_str(), 0, 0, 0, GDT_Unknown, nullptr));
        char const* const options[] = {"FID=id", nullptr};
        auto* const layer = file->CreateLayer("t", nullptr, wkbNone, const_cast<char**>(options));
        OGRFieldDefn field("v", OFTReal);
        layer->CreateField(&field);
        for (int id = 1; id <= 2; ++id) {
            OGRFeature row(layer->GetLayerDefn());
            row.SetFID(id);
            row.SetField(0, id * 1.5);
            REQUIRE(layer->CreateFeature(&row) == OGRERR_NONE);
        }
    }
    write_polygons(folder / "s.tif", folder / "a.gpkg", {.table = folder / "t.sqlite"});
    CHECK(features_of(folder / "a.gpkg").at(2)->GetFieldAsDouble("v") == 3);
}

TEST_CASE("tables whose ids are no numbers of segments, or stand there twice, are refused and nothing is written")
{
    temporary_directory const folder;
    labels image(1, 1, 2);
    image(0, 0, 0) = 1;
    make_labels(folder / "s.tif", image);
    auto const refusal = [&](std::string const& text) {
        write_file(folder / "t.csv", text);
        auto const message = message_of<rios::error>(
            [&] { write_polygons(folder / "s.tif", folder / "a.gpkg", {.table = folder / "t.csv"}); });
        CHECK(folder.names() == std::set<std::string>{"s.tif", "t.csv"});
        auto const begin = (folder / "t.csv") + ": ";
        REQUIRE(message.starts_with(begin));
        return message.substr(begin.size());
    };
    std::string const allowed = " in the column 'id'; allowed: numbers of segments, whole and up to 4294967295";
    CHECK(refusal("a,b\n1,2\n") ==
          "layer 't' has no column 'id' with the numbers of the segments; its columns: 'a', 'b'");
    CHECK(refusal("id,b\n7,2\n1,3\n7,4\n") ==
          "the id 7 stands in several rows; each segment must have one row at most");
    CHECK(refusal("id,b\n1,2\n-1,2\n") == "row 2 has -1" + allowed);
    CHECK(refusal("id,b\n1,2\n1.5,2\n") == "row 2 has '1.5'" + allowed);
    CHECK(refusal("id,b\n4294967296,2\n") == "row 1 has 4294967296" + allowed);
    CHECK(refusal("id,b\n1,2\nseven,2\n") == "row 2 has 'seven'" + allowed);
    CHECK(refusal("id,b\n1,2\n,2\n") == "row 2 has none" + allowed);
}

TEST_CASE("a table that is not there is an error that names it")
{
    temporary_directory const folder;
    make_labels(folder / "s.tif", labels(1, 3, 4));
    CHECK(message_of<rios::io_error>([&] {
              write_polygons(folder / "s.tif", folder / "a.gpkg", {.table = folder / "t.csv"});
          }) == (folder / "t.csv") + ": no such file or directory");
    CHECK(folder.names() == std::set<std::string>{"s.tif"});
}

TEST_CASE("columns that are called like fields of the output get a number behind their name")
{
    temporary_directory const folder;
    labels image(1, 1, 2);
    image(0, 0, 0) = 1;
    make_labels(folder / "s.tif", image);
    test::add_plain_column(folder / "s.tif", "ID", std::vector<std::int32_t>{5, 6});
    test::add_plain_column(folder / "s.tif", "fid", std::vector<std::int32_t>{7, 8});
    auto const report = write_polygons(folder / "s.tif", folder / "a.gpkg");
    CHECK(report.renamed == std::vector<rios::renamed_field>{{"ID", "ID_2"}, {"fid", "fid_2"}});
    CHECK(features_of(folder / "a.gpkg").at(1)->GetFieldAsInteger("ID_2") == 6);
    CHECK(features_of(folder / "a.gpkg").at(1)->GetFieldAsInteger("fid_2") == 8);
}
