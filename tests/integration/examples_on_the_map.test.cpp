// SPDX-License-Identifier: BSL-1.0
// The example programs that bring together what lies on different pixels, and that describe what they write: masked_mean,
// reproject_match, class_table. The others: examples.test.cpp.
#include <array>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gdal_priv.h>

#include <doctest/doctest.h>

#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>

#include "support/example_programs.hpp"
#include "support/example_twins.hpp"
#include "support/gdal_warp.hpp"
#include "support/pipeline_files.hpp"
#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

#if defined(RIOS_EXAMPLE_DIR)

using namespace test::examples;
using rios::image;
using test::make_raster;
using test::null_value;
using test::read_pixels;
using test::strings;
using test::temporary_directory;
using test::whole_masked_mean;
using test::with;

TEST_CASE("class_table sorts pixels into classes, and describes them in the attribute table")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    using reals = std::vector<double>;
    make_file(in, from<float>(1, 2, 5, {-7, 9.5F, 10, 11, no_number, 20, 1e30F, 20.5F, -infinity, 99}), 99);
    for (auto const* const name : {"out.img", "out.tif"}) {
        auto const out = d / name;
        CHECK(printed({"class_table", in, out, "--breaks", "10,20.5", "--ramp", "gray"}) == "");
        check_file(out, from<std::uint8_t>(1, 2, 5, {1, 1, 2, 2, 0, 2, 3, 3, 0, 0}), 0);
        auto const file = test::open_raster(out);
        auto& band = *file->GetRasterBand(1);
        CHECK(std::string(band.GetMetadataItem("LAYER_TYPE")) == "thematic");
        CHECK(test::plain_values<std::string>(out, "Class_Names") ==
              strings{"no data", "below 10", "10 to 20.5", "20.5 and above"});
        CHECK(test::plain_values<double>(out, "Histogram") == reals{0, 2, 3, 2});
        CHECK(test::plain_values<double>(out, "lower") == reals{0, -std::numeric_limits<double>::infinity(), 10, 20.5});
        CHECK(test::plain_values<double>(out, "upper") == reals{0, 10, 20.5, std::numeric_limits<double>::infinity()});
        auto const& colours = *band.GetColorTable();
        for (auto const& [index, grey] : {std::pair(1, 0), std::pair(2, 128), std::pair(3, 255)}) {
            auto const& entry = *colours.GetColorEntry(index);
            CHECK(entry.c1 == grey);
            CHECK(entry.c2 == grey);
            CHECK(entry.c3 == grey);
            CHECK(entry.c4 == 255);
        }
    }
    CHECK(d.names() == std::set<std::string>{"in.tif", "out.img", "out.tif", "out.tif.aux.xml"});

    // In the same way however it is run.
    auto const pixels = values<std::uint16_t>(1, 13, 18, 3);
    make_file(in, pixels, 0);
    image<std::uint8_t> classes(1, 13, 18);
    reals counts(4);
    for (auto const [row, col] : classes.pixels()) {
        auto const pixel = pixels(0, row, col);
        classes(0, row, col) = pixel == 0 ? 0 : pixel < 100 ? 1 : pixel < 201 ? 2 : 3;
        if (pixel != 0) ++counts[classes(0, row, col)];
    }
    for (auto const& way : ways()) {
        CHECK(printed(with({"class_table", in, d / "out.img", "--breaks", "100,201"}, way)) == "");
        check_file(d / "out.img", classes, 0);
        CHECK(test::plain_values<double>(d / "out.img", "Histogram") == counts);
    }
}

TEST_CASE_TEMPLATE("masked_mean gives what a loop over the whole image and the mask of gdal_rasterize gives", T,
                   std::uint8_t, float)
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const shapes = d / "shapes.gpkg";
    constexpr null_value null = 0;
    auto const pixels = values<T>(3, 23, 18, 3);
    make_file(in, pixels, null);
    // In pixels of 10 by 20 metres, from x 500000 and y 6900000 on.
    std::string const triangle = "POLYGON((500013 6899990,500170 6899800,500050 6899600,500013 6899990))";
    std::string const square = "POLYGON((500100 6899900,500150 6899900,500150 6899700,500100 6899700,500100 6899900))";
    test::make_vectors(shapes, {{"some", {{triangle, 5, "wood"}, {square, 30, "lake"}}, ""},
                                {"line", {{"LINESTRING(500005 6899990,500160 6899570)"}}, ""},
                                {"none", {{"POINT(0 0)"}}, ""}});
    rios::pixel_grid const grid{.rows = 23, .cols = 18, .geotransform = place, .projection = {}};
    struct job {
        strings options;
        strings gdal;
    };
    for (auto const& [options, gdal] : std::vector<job>{{{}, {}},
                                                        {{"--all-touched"}, {"-at"}},
                                                        {{"--where", "name = 'lake'"}, {"-where", "name = 'lake'"}},
                                                        {{"--layer", "line", "--all-touched"}, {"-l", "line", "-at"}},
                                                        {{"--layer", "1"}, {"-l", "line"}}}) {
        auto const mask = test::gdal_rasterized<std::uint8_t>(shapes, grid, with({"-burn", "1"}, gdal));
        auto const expected = whole_masked_mean(pixels, mask, null);
        for (auto const& way : options.empty() ? ways() : std::vector<strings>{{"--window", "5"}}) {
            CHECK(printed(with(with({"masked_mean", in, shapes}, options), way)) == expected);
        }
    }
    CHECK(printed({"masked_mean", in, shapes, "--layer", "none"}) ==
          "inside: 0 pixels\nband 1: 0 pixels, no mean\nband 2: 0 pixels, no mean\nband 3: 0 pixels, no mean\n");
}

TEST_CASE("masked_mean refuses in one line what it cannot use")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const shapes = d / "shapes.gpkg";
    make_file(in, values<std::uint8_t>(1, 4, 4, 1));
    make_raster(d / "nowhere.tif", "GTiff", values<std::uint8_t>(1, 4, 4, 1));
    test::make_vectors(shapes, {{"roads", {{"POINT(500005 6899995)", 1, "a"}}, ""}});
    refuses(d, {"masked_mean"}, 2, {"required"});
    refuses(d, {"masked_mean", in}, 2, {"VECTOR", "required"});
    refuses(d, {"masked_mean", in, shapes, "--window", "0"}, 2, {"--window", "0", "1 to"});
    refuses(d, {"masked_mean", d / "missing.tif", shapes}, 1, {d / "missing.tif: no such file"});
    refuses(d, {"masked_mean", in, d / "missing.gpkg"}, 1, {d / "missing.gpkg: no such file"});
    refuses(d, {"masked_mean", in, in}, 1, {in + ": not recognised as a vector source"});
    refuses(d, {"masked_mean", in, shapes, "--layer", "lakes"}, 1, {shapes, "'lakes'", "'roads'"});
    refuses(d, {"masked_mean", in, shapes, "--layer", "7"}, 1, {shapes, "no layer 7", "'roads'"});
    refuses(d, {"masked_mean", in, shapes, "--where", "height > 1"}, 1, {shapes, "height > 1", "refused"});
    refuses(d, {"masked_mean", d / "nowhere.tif", shapes}, 1, {shapes, "place on the map"});
}

TEST_CASE("reproject_match gives what gdalwarp gives on the pixels of the reference, by every executor")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const reference = d / "reference.tif";
    auto const out = d / "out.tif";
    make_file(in, values<std::uint8_t>(1, 40, 50, 3), 0);
    {
        auto const file = test::open_raster(in, GDAL_OF_UPDATE);
        file->SetProjection(test::wkt_of_epsg(28355).c_str());
        file->GetRasterBand(1)->SetDescription("height");
    }
    struct pixels_of {
        std::array<double, 6> geotransform;
        int epsg;
        std::string method;
    };
    for (auto const& [geotransform, epsg, method] :
         std::vector<pixels_of>{{{499990, 10, 0, 6900020, 0, -20}, 28355, "near"}, // shifted
                                {{500003, 9, 0, 6899990, 0, -17}, 28355, "bilinear"},
                                {{147, 0.00009, 0, -28.0255, 0, -0.00015}, 4283, "cubic"}}) {
        make_raster(reference, "GTiff", image<std::uint8_t>(1, 43, 37));
        {
            auto const file = test::open_raster(reference, GDAL_OF_UPDATE);
            auto place_of_reference = geotransform;
            REQUIRE(file->SetGeoTransform(place_of_reference.data()) == CE_None);
            REQUIRE(file->SetProjection(test::wkt_of_epsg(epsg).c_str()) == CE_None);
        }
        rios::pixel_grid const grid{
            .rows = 43, .cols = 37, .geotransform = geotransform, .projection = test::wkt_of_epsg(epsg)};
        auto const expected = test::gdal_warped<std::uint8_t>(in, grid, method);
        REQUIRE(std::count(expected.data(), expected.data() + expected.pixel_count(), 0) < 1500); // not nothing
        for (auto const& way : ways()) {
            CHECK(printed(with({"reproject_match", in, reference, out, "--method", method}, way)).empty());
            check_equal(read_pixels<std::uint8_t>(out), expected);
        }
        auto const file = test::open_raster(out);
        std::array<double, 6> made{};
        CHECK(file->GetGeoTransform(made.data()) == CE_None);
        CHECK(made == geotransform);
        CHECK(file->GetRasterBand(1)->GetNoDataValue() == 0);
        CHECK(std::string(file->GetRasterBand(1)->GetDescription()) == "height");
    }
    CHECK(printed({"reproject_match", in, in, out}).empty());
    check_equal(read_pixels<std::uint8_t>(out), read_pixels<std::uint8_t>(in));
}

TEST_CASE("reproject_match refuses in one line")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const out = d / "out.tif";
    make_file(in, values<std::uint8_t>(1, 4, 5, 1));
    make_raster(d / "plain.tif", "GTiff", values<std::uint8_t>(1, 5, 5, 1));
    test::write_file(out, "an older result");
    refuses(d, {"reproject_match", in, in}, 2, {"OUT", "required"});
    refuses(d, {"reproject_match", in, in, out, "--method", "nearest"}, 2, {"--method", "nearest", "bilinear"});
    refuses(d, {"reproject_match", in, d / "missing.tif", out}, 1, {d / "missing.tif: no such file"});
    refuses(d, {"reproject_match", in, d / "plain.tif", out}, 1, {in, "no place on the map"});
    refuses(d, {"reproject_match", in, in, in}, 1, {in, "which must not be written over"});
}

#else

TEST_CASE("masked_mean, reproject_match and class_table do what they say")
{
    MESSAGE("the examples are not built");
    std::puts("SKIPPED: the examples are not built");
}

#endif
