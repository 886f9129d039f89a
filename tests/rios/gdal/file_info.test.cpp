// SPDX-License-Identifier: BSL-1.0
// What raster_info, vector_info and file_info tell, against what plain GDAL and the writers of rios put into files.
#include <rios/gdal/file_info.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/statistics.hpp>

#include "support/captured_stderr.hpp"
#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using rios::raster_info;
using rios::stored_statistics;
using rios::vector_info;
using test::message_of;
using test::temporary_directory;

TEST_CASE("a raster's size, place, bands and overviews are told")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    {
        auto const file = test::create_raster(path, "GTiff", 300, 600, 2, GDT_Int16);
        std::array<double, 6> place{500000, 10, 0, 7000000, 0, -20};
        file->SetGeoTransform(place.data());
        file->SetProjection(test::wkt_of("EPSG:28355").c_str());
        file->GetRasterBand(1)->SetDescription("height");
        file->GetRasterBand(1)->SetNoDataValue(-9999);
        file->GetRasterBand(1)->SetMetadataItem("LAYER_TYPE", "athematic");
        file->GetRasterBand(2)->SetDescription("slope");
        file->GetRasterBand(1)->SetColorInterpretation(GCI_GrayIndex);
        int const levels[] = {2, 8};
        REQUIRE(GDALBuildOverviews(file.get(), "NEAREST", 2, levels, 0, nullptr, nullptr, nullptr) == CE_None);
    }
    auto const before = folder.names();
    auto const info = raster_info::of(path);
    CHECK(folder.names() == before);
    CHECK(info.path == path);
    CHECK(info.format == "GTiff");
    CHECK(info.grid.rows == 300);
    CHECK(info.grid.cols == 600);
    CHECK(info.grid.projection == rios::gdal_dataset::open(path).grid().projection);
    CHECK(info.pixel_size() == std::array<double, 2>{10, 20});
    CHECK(info.extent() == rios::map_extent{500000, 6994000, 506000, 7000000});
    REQUIRE(info.bands.size() == 2);
    CHECK(info.bands[0].type == "int16");
    CHECK(info.bands[0].name == "height");
    CHECK(info.bands[0].null_value == -9999.0);
    CHECK(info.bands[0].layer_type == "athematic");
    CHECK(info.bands[0].colour_interpretation == "Gray");
    CHECK(info.bands[0].overviews == std::vector<rios::overview_size>{{150, 300}, {38, 75}});
    CHECK_FALSE(info.bands[0].has_colour_table);
    CHECK_FALSE(info.bands[0].attribute_table.has_value());
    CHECK(info.bands[1].name == "slope");
    CHECK_FALSE(info.bands[1].layer_type.has_value());

    CHECK(info.layer_by_name("slope") == 2);
    CHECK(info.layer_name(1) == "height");
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(info.layer_by_name("aspect")); }) ==
          path + ": no band is called 'aspect'; its bands: 'height', 'slope'");
    for (int const number : {0, 3, -1}) {
        CHECK(message_of<rios::options_error>([&] { static_cast<void>(info.layer_name(number)); }) ==
              path + ": no band " + std::to_string(number) + "; allowed: 1 to 2");
    }
}

TEST_CASE("a raster without a place on the map has no pixel size, extent and corners")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::create_raster(path, "GTiff", 3, 4, 1, GDT_CFloat32);
    auto info = raster_info::of(path);
    CHECK(info.bands[0].type == "CFloat32");
    CHECK_FALSE(info.pixel_size().has_value());
    CHECK_FALSE(info.extent().has_value());
    CHECK(message_of<rios::grid_error>([&] { static_cast<void>(corners(info)); }) ==
          path + ": has no place on the map, so it has no corners there");
    info.grid.geotransform = {0, 1, 0, 0, 0, -1};
    CHECK(message_of<rios::grid_error>([&] { static_cast<void>(corners(info, 4326)); }) ==
          path + ": has no coordinate reference system to transform its corners from");
}

TEST_CASE("corners are told in any coordinate reference system, longitude first")
{
    raster_info info{.path = "a.tif", .format = "GTiff"};
    info.grid = {.rows = 100,
                 .cols = 200,
                 .geotransform = std::array<double, 6>{500000, 10, 0, 7000000, 0, -10},
                 .projection = test::wkt_of("EPSG:28355")};
    auto const own = corners(info);
    constexpr double x[] = {500000, 502000, 502000, 500000};
    constexpr double y[] = {7000000, 7000000, 6999000, 6999000};
    OGRSpatialReference from;
    OGRSpatialReference to;
    from.SetFromUserInput("EPSG:28355");
    to.SetFromUserInput("EPSG:4326");
    to.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    std::unique_ptr<OGRCoordinateTransformation> const there(OGRCreateCoordinateTransformation(&from, &to));
    auto const by_number = corners(info, 4326);
    auto const by_name = corners(info, "EPSG:4326");
    auto const by_wkt = corners(info, test::wkt_of("EPSG:4326"));
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(own[i].x == x[i]);
        CHECK(own[i].y == y[i]);
        double lon = x[i];
        double lat = y[i];
        REQUIRE(there->Transform(1, &lon, &lat) != FALSE);
        CHECK(lon == doctest::Approx(147).epsilon(0.01));
        for (auto const& found : {by_number[i], by_name[i], by_wkt[i]}) {
            CHECK(found.x == doctest::Approx(lon).epsilon(1e-12));
            CHECK(found.y == doctest::Approx(lat).epsilon(1e-12));
        }
    }
    test::captured_stderr const output;
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(corners(info, 1)); }) ==
          "a.tif: corners: 'EPSG:1' is no coordinate reference system; allowed: WKT or, for instance, EPSG:4326");
    info.grid.projection = test::wkt_of("+proj=ortho +lat_0=0 +lon_0=0 +datum=WGS84");
    CHECK(message_of<rios::grid_error>([&] {
              static_cast<void>(corners(info, 4326));
          }).starts_with("a.tif: its corners have no place in the coordinate reference system \"WGS 84\""));
    // A rotated raster: the rectangle around its corners.
    info.grid.geotransform = {0, 3, 4, 0, 4, -3};
    CHECK(info.pixel_size() == std::array<double, 2>{5, 5});
    CHECK(info.extent() == rios::map_extent{0, -300, 1000, 800});
    CHECK(output.text().empty());
}

TEST_CASE("statistics are told as rios and GDAL write them")
{
    temporary_directory const folder;
    for (auto const* const name : {"a.tif", "a.img"}) {
        auto const path = folder / name;
        CAPTURE(path);
        std::vector<std::uint64_t> const counts{4, 5, 0, 7};
        auto const written = rios::statistics_of(counts);
        {
            rios::gdal_dataset file(
                test::create_raster(path, name[2] == 't' ? "GTiff" : "HFA", 4, 4, 1, GDT_Byte).release(), path);
            rios::write_statistics(file, 1, written);
            rios::write_histogram(file, 1, counts);
        }
        auto const band = raster_info::of(path).bands[0];
        auto const& found = band.statistics;
        CHECK(found.minimum == 1.0);
        CHECK(found.maximum == 3.0);
        CHECK(found.mean == written->mean);
        CHECK(found.standard_deviation == written->standard_deviation);
        CHECK(found.median == 3.0);
        CHECK(found.mode == 3.0);
        CHECK(found.skip_factor_x == 1.0);
        CHECK(found.skip_factor_y == 1.0);
        CHECK_FALSE(found.approximate);
        CHECK(found.histogram.function == "direct");
        REQUIRE(band.attribute_table.has_value());
        auto const& table = *band.attribute_table;
        REQUIRE(!table.columns.empty());
        CHECK(table.columns[0].name == "Histogram");
        CHECK(table.columns[0].type == rios::column_type::real);
        CHECK(table.columns[0].usage == rios::column_usage::pixel_count);
        REQUIRE(found.histogram.counts.size() >= 4);
        for (std::size_t i = 0; i < 4; ++i) CHECK(found.histogram.counts[i] == static_cast<double>(counts[i]));
        CHECK(table.rows == static_cast<std::ptrdiff_t>(found.histogram.counts.size()));
    }
    auto const path = folder / "gdal.tif";
    double least = 0;
    double most = 0;
    double mean = 0;
    double deviation = 0;
    {
        test::make_raster(path, "GTiff", test::noise<std::uint8_t>(1, 9, 9));
        auto const file = test::open_raster(path, GDAL_OF_UPDATE);
        REQUIRE(file->GetRasterBand(1)->ComputeStatistics(FALSE, &least, &most, &mean, &deviation, nullptr, nullptr) ==
                CE_None);
    }
    auto const found = raster_info::of(path).bands[0].statistics;
    CHECK(found.minimum == least);
    CHECK(found.maximum == most);
    CHECK(found.mean.value() == doctest::Approx(mean));
    CHECK(found.standard_deviation.value() == doctest::Approx(deviation));
    CHECK_FALSE(found.median.has_value());
}

TEST_CASE("what stands in the metadata is told, and what is no number is none")
{
    auto const file = test::create_raster("", "MEM", 2, 2, 1, GDT_Byte);
    auto& band = *file->GetRasterBand(1);
    auto const empty = stored_statistics::of(band);
    CHECK_FALSE(empty.mean.has_value());
    CHECK(empty.histogram.counts.empty());
    auto const set = [&](char const* name, char const* value) { band.SetMetadataItem(name, value); };
    set("STATISTICS_MEAN", " 1.5 ");
    set("STATISTICS_MINIMUM", "nan");
    set("STATISTICS_MAXIMUM", "inf");
    set("STATISTICS_STDDEV", "1.5 metres");
    set("STATISTICS_MEDIAN", "");
    set("STATISTICS_MODE", "-1e3");
    set("STATISTICS_SKIPFACTORX", "4");
    set("STATISTICS_APPROXIMATE", "YES");
    set("STATISTICS_HISTOBINVALUES", "3|0|15|");
    set("STATISTICS_HISTOMIN", "-0.5");
    set("STATISTICS_HISTOMAX", "+255.5");
    set("STATISTICS_HISTONUMBINS", "3");
    set("STATISTICS_HISTOBINFUNCTION", "linear");
    auto const found = stored_statistics::of(band);
    CHECK(found.mean == 1.5);
    CHECK_FALSE(found.minimum.has_value());
    CHECK_FALSE(found.maximum.has_value());
    CHECK_FALSE(found.standard_deviation.has_value());
    CHECK_FALSE(found.median.has_value());
    CHECK(found.mode == -1000.0);
    CHECK(found.skip_factor_x == 4.0);
    CHECK_FALSE(found.skip_factor_y.has_value());
    CHECK(found.approximate);
    CHECK(found.histogram.counts == std::vector<double>{3, 0, 15});
    CHECK(found.histogram.minimum == -0.5);
    CHECK(found.histogram.maximum == 255.5);
    CHECK(found.histogram.bins == 3);
    CHECK(found.histogram.function == "linear");
    for (auto const* const garbage : {"3|x|15|", "3||15", "|", "3|-1|", "nan|", "3|1e999|"}) {
        set("STATISTICS_HISTOBINVALUES", garbage);
        CHECK(stored_statistics::of(band).histogram.counts.empty());
    }
    set("STATISTICS_HISTONUMBINS", "1e300");
    CHECK_FALSE(stored_statistics::of(band).histogram.bins.has_value());
    set("STATISTICS_HISTONUMBINS", "-3");
    CHECK_FALSE(stored_statistics::of(band).histogram.bins.has_value());
}

TEST_CASE("colour tables and the columns of attribute tables are told")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    {
        auto const file = test::create_raster(path, "GTiff", 2, 2, 1, GDT_Byte);
        auto& band = *file->GetRasterBand(1);
        GDALColorTable colours;
        GDALColorEntry const red{255, 0, 0, 255};
        colours.SetColorEntry(1, &red);
        REQUIRE(band.SetColorTable(&colours) == CE_None);
        band.SetMetadataItem("LAYER_TYPE", "thematic");
        GDALDefaultRasterAttributeTable table;
        table.SetRowCount(5);
        table.CreateColumn("Class", GFT_String, GFU_Name);
        table.CreateColumn("Red", GFT_Integer, GFU_Red);
        table.CreateColumn("area", GFT_Real, GFU_Generic);
        REQUIRE(band.SetDefaultRAT(&table) == CE_None);
    }
    auto const band = raster_info::of(path).bands[0];
    CHECK(band.has_colour_table);
    CHECK(band.layer_type == "thematic");
    CHECK(band.colour_interpretation == "Palette");
    REQUIRE(band.attribute_table.has_value());
    CHECK(band.attribute_table->rows == 5);
    CHECK(band.attribute_table->columns ==
          std::vector<rios::table_column>{{"Class", rios::column_type::text, rios::column_usage::name},
                                          {"Red", rios::column_type::integer, rios::column_usage::red},
                                          {"area", rios::column_type::real, rios::column_usage::generic}});
    CHECK(band.statistics.histogram.counts.empty());
}

TEST_CASE("the layers of a source of vectors are told")
{
    temporary_directory const folder;
    auto const path = folder / "a.gpkg";
    test::make_vectors(
        path, {{"roads", {{"LINESTRING(1 2,3 5)"}, {"LINESTRING(-1 2,0 0)"}}, "EPSG:28355"}, {"empty", {}, ""}});
    auto const info = vector_info::of(path);
    CHECK(info.path == path);
    CHECK(info.format == "GPKG");
    REQUIRE(info.layers.size() == 2);
    auto const& roads = info.layers[0];
    CHECK(roads.name == "roads");
    CHECK(roads.feature_count == 2);
    CHECK(roads.extent == rios::map_extent{-1, 0, 3, 5});
    CHECK(roads.geometry_type == "Unknown (any)");
    CHECK(roads.fields ==
          std::vector<rios::field_info>{{"value", "Real"}, {"number", "Integer64"}, {"name", "String"}});
    CHECK(rios::gdal_reader<float>::same_crs(roads.crs, test::wkt_of("EPSG:28355")));
    auto const& empty = info.layers[1];
    CHECK(empty.feature_count == 0);
    CHECK_FALSE(empty.extent.has_value());
    CHECK(empty.crs.empty());
}

TEST_CASE("every type of geometry has a name")
{
    temporary_directory const folder;
    auto const path = folder / "a.gpkg";
    std::vector<std::pair<OGRwkbGeometryType, std::string>> const types{{wkbPoint, "Point"},
                                                                        {wkbLineString25D, "3D Line String"},
                                                                        {wkbMultiPolygon, "Multi Polygon"},
                                                                        {wkbCurvePolygon, "Curve Polygon"},
                                                                        {wkbPointZM, "3D Measured Point"},
                                                                        {wkbGeometryCollection, "Geometry Collection"},
                                                                        {wkbNone, "None"}};
    {
        GDALAllRegister();
        auto* const driver = GetGDALDriverManager()->GetDriverByName("GPKG");
        test::gdal_handle const file(driver->Create(path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
        for (auto const& [type, name] : types) REQUIRE(file->CreateLayer(name.c_str(), nullptr, type) != nullptr);
    }
    auto const info = vector_info::of(path);
    REQUIRE(info.layers.size() == types.size());
    for (auto const& layer : info.layers) CHECK(layer.geometry_type == layer.name);
}

TEST_CASE("a file is told as what it is, or refused in one line")
{
    temporary_directory const folder;
    test::create_raster(folder / "a.tif", "GTiff", 5, 5, 2, GDT_Byte);
    test::make_vectors(folder / "a.shp", {{"a", {{"POINT(1 2)"}}, ""}}, "ESRI Shapefile");
    test::make_vectors(folder / "a.gpkg", {{"a", {{"POINT(1 2)"}}, ""}});
    std::ofstream(folder / "a.txt") << "text";
    std::ofstream(folder / "bad.json") << R"({"type": "FeatureCollection", "features": [{)";
    test::captured_stderr const output;
    CHECK(std::get<raster_info>(rios::file_info_of(folder / "a.tif")).bands.size() == 2);
    CHECK(std::get<vector_info>(rios::file_info_of(folder / "a.shp")).layers.size() == 1);
    CHECK(std::get<vector_info>(rios::file_info_of(folder / "a.gpkg")).layers.size() == 1);
    auto const refusal = [&](std::string const& name) {
        return message_of<rios::io_error>([&] { static_cast<void>(rios::file_info_of(folder / name)); });
    };
    CHECK(refusal("missing.tif") == folder / "missing.tif: no such file or directory");
    CHECK(refusal("a.txt") == folder / "a.txt: not recognised as a raster or a vector source by GDAL");
    CHECK(refusal("bad.json").starts_with(folder / "bad.json: "));
    CHECK(refusal("bad.json").find("nterminated") != std::string::npos);
    std::filesystem::resize_file(folder / "a.tif", 20);
    CHECK(refusal("a.tif").starts_with(folder / "a.tif: "));
    CHECK(refusal("a.tif").find("not recognised") == std::string::npos);
    CHECK(output.text().empty());
}
