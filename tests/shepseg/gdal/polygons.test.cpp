// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/polygons.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <gdal_alg.h>

#include <doctest/doctest.h>

#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/vector_dataset.hpp>
#include <rios/gdal/vector_reader.hpp>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/segment_polygons.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using shepseg::connectivity;
using shepseg::write_polygons;
using test::features_of;
using test::make_labels;
using test::message_of;
using test::temporary_directory;
using test::write_file;

namespace {

using labels = rios::image<std::uint32_t>;

/// Blobs of all shapes with holes, islands and pieces that meet at corners; `top` is added to all numbers but 0.
labels scene(std::ptrdiff_t rows, std::ptrdiff_t cols, std::uint64_t seed = 1, std::uint32_t top = 0)
{
    labels result(1, rows, cols);
    test::random_numbers random(seed);
    for (auto const [row, col] : result.pixels()) {
        auto const cell = static_cast<std::uint32_t>(row / 6 * 9 + col / 6 + 1);
        auto const other = static_cast<std::uint32_t>(row / 9 * 9 + col / 9 + 1);
        auto const label = random.one_in(3) ? other : cell;
        result(0, row, col) = random.one_in(11) ? 0 : label + top;
    }
    return result;
}

std::map<std::uint32_t, std::size_t> pixels_of(labels const& image)
{
    std::map<std::uint32_t, std::size_t> result;
    for (auto const [row, col] : image.pixels()) {
        if (image(0, row, col) != 0) ++result[image(0, row, col)];
    }
    return result;
}

double area_of(OGRFeature const& feature)
{
    return feature.GetGeometryRef()->toMultiPolygon()->get_Area();
}

/// The sides of pixels along the rings of a polygon, sorted: the same for any beginning, direction and order of the rings, and
/// wherever these have corners.
std::string sides_of(OGRPolygon const& polygon)
{
    std::multiset<std::array<long, 4>> sides;
    for (auto const* const ring : polygon) {
        for (int i = 0; i + 1 < ring->getNumPoints(); ++i) {
            auto const col = [&](int at) {
                return std::lround((ring->getX(at) - test::labels_place[0]) / test::labels_place[1]);
            };
            auto const row = [&](int at) {
                return std::lround((ring->getY(at) - test::labels_place[3]) / test::labels_place[5]);
            };
            auto const [left, right] = std::minmax({col(i), col(i + 1)});
            auto const [top, bottom] = std::minmax({row(i), row(i + 1)});
            CHECK((left == right || top == bottom));
            for (auto at = left; at < right; ++at) sides.insert({top, at, top, at + 1});
            for (auto at = top; at < bottom; ++at) sides.insert({at, left, at + 1, left});
        }
    }
    std::string text;
    for (auto const& [row, col, end_row, end_col] : sides) {
        text += std::to_string(row) + ' ' + std::to_string(col) + (row == end_row ? " across, " : " down, ");
    }
    return text;
}

/// What is not as it must be with the polygons of a raster; empty if all is well.
std::string faults(std::string const& vectors, labels const& image, double pixel_area = 400)
{
    auto const counts = pixels_of(image);
    auto const features = features_of(vectors);
    if (features.size() != counts.size()) return std::to_string(features.size()) + " features";
    for (auto const& [id, pixels] : counts) {
        if (!features.contains(id)) return "no feature " + std::to_string(id);
        auto const area = area_of(*features.at(id));
        if (std::abs(area - static_cast<double>(pixels) * pixel_area) > 1e-6 * area) {
            return "area of " + std::to_string(id) + ": " + std::to_string(area);
        }
    }
    return "";
}

/// The numbers of segments, burned from their polygons.
labels burned(std::string const& vectors, labels const& like)
{
    rios::pixel_grid const grid{.rows = like.rows(),
                                .cols = like.cols(),
                                .geotransform = test::labels_place,
                                .projection = test::wkt_of("EPSG:32755")};
    auto reader = rios::vector_reader<std::uint32_t>(vectors, {.attribute = "id"}).on(grid, 0);
    return reader.read(grid.whole());
}

} // namespace

TEST_CASE("polygons cover the pixels of their segments and nothing else, in all formats")
{
    temporary_directory const folder;
    auto const image = scene(70, 83);
    make_labels(folder / "s.tif", image);
    for (std::string const name : {"a.gpkg", "a.fgb", "a.shp", "a.sqlite", "a.geojson"}) {
        CAPTURE(name);
        auto const report = write_polygons(folder / "s.tif", folder / name);
        CHECK(report.segments == pixels_of(image).size());
        CHECK(report.layer == "a");
        CHECK(report.attributes == 0);
        CHECK(report.without_attributes == 0);
        CHECK(report.in_several_parts > 0);
        CHECK(report.remark == "");
        CHECK(faults(folder / name, image) == "");
        CHECK(burned(folder / name, image) == image);
        auto const file = rios::vector_dataset::open(folder / name);
        OGRSpatialReference zone;
        zone.importFromEPSG(32755);
        char const* const loose[] = {"CRITERION=EQUIVALENT", "IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES", nullptr};
        REQUIRE(file.layer(0).GetSpatialRef() != nullptr);
        CHECK(file.layer(0).GetSpatialRef()->IsSame(&zone, loose));
    }
}

TEST_CASE("polygons are valid, with holes where other segments lie")
{
    temporary_directory const folder;
    auto const image = scene(60, 60, 3);
    make_labels(folder / "s.tif", image);
    write_polygons(folder / "s.tif", folder / "a.gpkg");
    std::size_t holes = 0;
    for (auto const& [id, feature] : features_of(folder / "a.gpkg")) {
        CHECK(feature->GetGeometryRef()->IsValid());
        for (auto const* part : *feature->GetGeometryRef()->toMultiPolygon()) {
            holes += static_cast<std::size_t>(part->getNumInteriorRings());
        }
    }
    CHECK(holes > 10);
}

TEST_CASE("the polygons are those of GDAL's polygonizer, one feature for each segment")
{
    temporary_directory const folder;
    auto const image = scene(40, 50, 7);
    make_labels(folder / "s.tif", image);
    for (auto const neighbours : {connectivity::four, connectivity::eight}) {
        write_polygons(folder / "s.tif", folder / "a.gpkg",
                       {.neighbours = neighbours, .existing = rios::existing::replaced});
        auto const ours = features_of(folder / "a.gpkg");
        GDALAllRegister();
        auto* const memory = GetGDALDriverManager()->GetDriverByName("Memory");
        test::gdal_handle const other(memory->Create("", 0, 0, 0, GDT_Unknown, nullptr));
        auto* const layer = other->CreateLayer("a", nullptr, wkbPolygon, nullptr);
        OGRFieldDefn id("id", OFTInteger64);
        layer->CreateField(&id);
        auto const raster = test::open_raster(folder / "s.tif");
        char const* const eight[] = {"8CONNECTED=8", nullptr};
        REQUIRE(GDALPolygonize(raster->GetRasterBand(1), nullptr, layer, 0,
                               const_cast<char**>(neighbours == connectivity::eight ? eight : eight + 1), nullptr,
                               nullptr) == CE_None);
        std::map<std::uint32_t, std::multiset<std::string>> expected;
        for (auto const& feature : *layer) {
            auto const segment = static_cast<std::uint32_t>(feature->GetFieldAsInteger64(0));
            if (segment != 0) expected[segment].insert(sides_of(*feature->GetGeometryRef()->toPolygon()));
        }
        std::map<std::uint32_t, std::multiset<std::string>> found;
        for (auto const& [segment, feature] : ours) {
            for (auto const* const part : *feature->GetGeometryRef()->toMultiPolygon()) {
                found[segment].insert(sides_of(*part));
            }
        }
        CHECK((found == expected));
        CHECK(faults(folder / "a.gpkg", image) == "");
    }
}

TEST_CASE("segments that meet themselves at corners only are parts, or one part, of one feature")
{
    temporary_directory const folder;
    labels image(1, 6, 6);
    for (auto const [row, col] : image.pixels()) image(0, row, col) = (row + col) % 2 == 0 ? 1U : 2U;
    make_labels(folder / "s.tif", image);
    auto const four = write_polygons(folder / "s.tif", folder / "4.gpkg");
    CHECK(four.segments == 2);
    CHECK(four.in_several_parts == 2);
    CHECK(faults(folder / "4.gpkg", image) == "");
    CHECK(burned(folder / "4.gpkg", image) == image);
    CHECK(features_of(folder / "4.gpkg").at(1)->GetGeometryRef()->toMultiPolygon()->getNumGeometries() == 18);
    auto const eight = write_polygons(folder / "s.tif", folder / "8.gpkg", {.neighbours = connectivity::eight});
    CHECK(eight.segments == 2);
    CHECK(eight.in_several_parts == 0);
    CHECK(faults(folder / "8.gpkg", image) == "");
}

TEST_CASE("the numbers of segments are kept to the last bit, beyond 2^24 and 2^31, too")
{
    temporary_directory const folder;
    for (std::uint32_t const top : {(1U << 24) - 3, (1U << 31) - 3, 4294967295U - 150}) {
        auto const image = scene(60, 54, 1, top);
        make_labels(folder / "s.tif", image);
        for (std::string const name : {"a.gpkg", "a.shp", "a.geojson", "a.fgb", "a.sqlite"}) {
            CAPTURE(top);
            CAPTURE(name);
            write_polygons(folder / "s.tif", folder / name, {.existing = rios::existing::replaced});
            CHECK(faults(folder / name, image) == "");
            CHECK(burned(folder / name, image) == image);
        }
    }
}

TEST_CASE("a raster without a place on the map gives polygons in columns and rows")
{
    temporary_directory const folder;
    labels image(1, 3, 4);
    image(0, 1, 2) = 7;
    test::make_raster(folder / "s.tif", "GTiff", image);
    write_polygons(folder / "s.tif", folder / "a.gpkg");
    OGREnvelope box;
    features_of(folder / "a.gpkg").at(7)->GetGeometryRef()->getEnvelope(&box);
    CHECK(box.MinX == 2);
    CHECK(box.MaxX == 3);
    CHECK(box.MinY == 1);
    CHECK(box.MaxY == 2);
}

TEST_CASE("the null value of the file is no segment, and numbers below 0 are refused")
{
    temporary_directory const folder;
    rios::image<std::int32_t> image(1, 2, 2);
    image(0, 0, 0) = -1;
    image(0, 0, 1) = 2147483647;
    test::make_raster(folder / "s.tif", "GTiff", image);
    CHECK(test::message_of<rios::grid_error>([&] { write_polygons(folder / "s.tif", folder / "a.gpkg"); }) ==
          folder / "s.tif" + ": row 0, col 0 holds -1; numbers of segments are 1 or more, and 0 is null");
    CHECK(folder.names() == std::set<std::string>{"s.tif"});
    test::open_raster(folder / "s.tif", GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(-1);
    CHECK(write_polygons(folder / "s.tif", folder / "a.gpkg").segments == 1);
    CHECK(area_of(*features_of(folder / "a.gpkg").at(2147483647)) == 1);
}

TEST_CASE("a raster of null only gives a layer without features")
{
    temporary_directory const folder;
    make_labels(folder / "s.tif", labels(1, 3, 4));
    CHECK(write_polygons(folder / "s.tif", folder / "a.gpkg").segments == 0);
    CHECK(features_of(folder / "a.gpkg").empty());
}

TEST_CASE("neither the raster nor the table is written over, nor any file of theirs")
{
    temporary_directory const folder;
    make_labels(folder / "s.tif", scene(10, 10));
    test::make_vectors(folder / "a.shp", {{.name = "a", .features = {{.wkt = "", .value = 5}}}}, "ESRI Shapefile");
    for (auto const* name : {"a.shp", "a.shx"}) std::filesystem::remove(folder / name); // a .dbf is a table by itself
    test::make_vectors(folder / "b.shp", {{.name = "b", .features = {{.wkt = "POINT (1 1)", .value = 5}}}},
                       "ESRI Shapefile");
    write_file(folder / "t.csv", "id,v\n1,2\n");
    auto const before = folder.names();
    auto const size = std::filesystem::file_size(folder / "a.dbf");
    auto const refusal = [&](std::string const& output, std::string const& table, rios::existing existing) {
        auto const message = message_of<rios::error>([&] {
            write_polygons(folder / "s.tif", folder / output,
                           {.table = table.empty() ? "" : folder / table, .existing = existing});
        });
        CHECK(folder.names() == before);
        return message;
    };
    using enum rios::existing;
    for (auto const how : {refused, replaced}) {
        CHECK(refusal("s.tif", "", how).find("s.tif: is the input ") != std::string::npos);
        CHECK(refusal("t.csv", "t.csv", how).find("t.csv: is the input ") != std::string::npos);
        CHECK(refusal("a.shp", "a.dbf", how).find("keeps a file 'a.dbf' beside it, which is the input ") !=
              std::string::npos);
    }
    // What lies beside a table belongs to it.
    CHECK(refusal("b.dbf", "b.shp", replaced).find("is the input ") != std::string::npos);
    CHECK(refusal("a.shp", "", refused).find("'a.dbf' beside it, which exists already") != std::string::npos);
    CHECK(std::filesystem::file_size(folder / "a.dbf") == size);
}

TEST_CASE("rasters that hold no segments are refused")
{
    temporary_directory const folder;
    test::make_raster(folder / "s.tif", "GTiff", rios::image<float>(1, 3, 4));
    CHECK(message_of<rios::grid_error>([&] { write_polygons(folder / "s.tif", folder / "a.gpkg"); }) ==
          (folder / "s.tif") + ": has pixels of type float32; numbers of segments are integers: uint8, int8, uint16, "
                               "int16, uint32 or int32");
    CHECK(message_of<rios::io_error>([&] { write_polygons(folder / "none.tif", folder / "a.gpkg"); }) ==
          (folder / "none.tif") + ": no such file or directory");
    CHECK(folder.names() == std::set<std::string>{"s.tif"});
}

TEST_CASE("who cancels finds nothing, and an older file as it was")
{
    temporary_directory const folder;
    auto const image = scene(70, 83);
    make_labels(folder / "s.tif", image);
    write_file(folder / "a.gpkg", "older");
    write_file(folder / "t.csv", "id,v\n1,2\n");
    std::set<std::string> phases;
    write_polygons(folder / "s.tif", folder / "b.gpkg",
                   {.table = folder / "t.csv", .progress = [&](std::string_view phase, double) {
                        phases.emplace(phase);
                        return true;
                    }});
    std::filesystem::remove(folder / "b.gpkg");
    CHECK(phases == std::set<std::string>{"looking", "polygons", "closing"});
    for (auto const& phase : phases) {
        for (double const from : {0.0, 0.5, 1.0}) {
            CHECK_THROWS_AS(write_polygons(folder / "s.tif", folder / "a.gpkg",
                                           {.existing = rios::existing::replaced,
                                            .progress = [&](std::string_view at,
                                                            double done) { return at != phase || done < from; }}),
                            rios::cancelled);
            CHECK(folder.names() == std::set<std::string>{"s.tif", "t.csv", "a.gpkg"});
            CHECK(std::filesystem::file_size(folder / "a.gpkg") == 5);
        }
    }
}
