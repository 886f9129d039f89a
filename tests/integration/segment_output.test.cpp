// SPDX-License-Identifier: BSL-1.0
// The file that `shepseg segment` writes: format, place on the map, overviews, statistics, histogram.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <cpl_conv.h>
#include <gdal_priv.h>
#include <gdal_rat.h>
#include <ogr_spatialref.h>

#include <doctest/doctest.h>

#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using test::exact;
using test::first_difference;
using test::hills;
using test::labels;
using test::make_raster;
using test::open_raster;
using test::quilt;
using test::segmented;
using test::strings;
using test::temporary_directory;
using test::with;

namespace {

bool has_driver(char const* name)
{
    GDALAllRegister();
    return GetGDALDriverManager()->GetDriverByName(name) != nullptr;
}

std::string item(GDALMajorObject& object, char const* name, char const* domain = "")
{
    auto const* const value = object.GetMetadataItem(name, domain);
    return value == nullptr ? "" : value;
}

/// How many pixels have each label.
std::vector<double> counts_of(labels const& image)
{
    std::vector<double> counts(1);
    for (auto const [row, col] : image.pixels()) {
        auto const label = image(0, row, col);
        if (label >= counts.size()) counts.resize(label + 1);
        ++counts[label];
    }
    return counts;
}

/// What holds for every output, whatever its format.
void check_output(std::string const& path, std::string const& driver)
{
    auto const file = open_raster(path);
    auto& band = *file->GetRasterBand(1);
    INFO(path);
    CHECK(std::string(file->GetDriver()->GetDescription()) == driver);
    CHECK(file->GetRasterCount() == 1);
    CHECK(band.GetRasterDataType() == GDT_UInt32);
    int has_null = FALSE;
    CHECK(band.GetNoDataValue(&has_null) == 0);
    CHECK(has_null == TRUE);
    CHECK(item(band, "LAYER_TYPE") == "thematic");

    // Statistics, from the labels themselves.
    auto const counts = counts_of(test::read_pixels<std::uint32_t>(path));
    double valid = 0;
    double sum = 0;
    for (std::size_t label = 1; label < counts.size(); ++label) {
        valid += counts[label];
        sum += counts[label] * static_cast<double>(label);
    }
    if (valid == 0) {
        CHECK(item(band, "STATISTICS_MAXIMUM").empty());
        return;
    }
    auto const mean = sum / valid;
    double squares = 0;
    double seen = 0;
    double median = 0;
    std::size_t mode = 1;
    for (std::size_t label = 1; label < counts.size(); ++label) {
        CHECK(counts[label] > 0); // labels are consecutive
        squares += counts[label] * (static_cast<double>(label) - mean) * (static_cast<double>(label) - mean);
        seen += counts[label];
        if (median == 0 && 2 * seen >= valid) median = static_cast<double>(label);
        if (counts[label] > counts[mode]) mode = label;
    }
    CHECK(item(band, "STATISTICS_MINIMUM") == "1");
    CHECK(item(band, "STATISTICS_MAXIMUM") == std::to_string(counts.size() - 1));
    CHECK(item(band, "STATISTICS_MODE") == std::to_string(mode));
    CHECK(CPLAtof(item(band, "STATISTICS_MEDIAN").c_str()) == median);
    CHECK(CPLAtof(item(band, "STATISTICS_MEAN").c_str()) == doctest::Approx(mean).epsilon(1e-12));
    CHECK(CPLAtof(item(band, "STATISTICS_STDDEV").c_str()) ==
          doctest::Approx(std::sqrt(squares / valid)).epsilon(1e-12));
    double minimum = 0;
    double maximum = 0;
    CHECK(band.GetStatistics(FALSE, FALSE, &minimum, &maximum, nullptr, nullptr) == CE_None); // where GDAL looks for it
    CHECK(minimum == 1);
    CHECK(maximum == static_cast<double>(counts.size() - 1));
}

void check_histogram(std::string const& path)
{
    auto const file = open_raster(path);
    auto* const table = file->GetRasterBand(1)->GetDefaultRAT();
    REQUIRE(table != nullptr);
    auto const column = table->GetColOfUsage(GFU_PixelCount);
    REQUIRE(column >= 0);
    CHECK(std::string(table->GetNameOfCol(column)) == "Histogram");
    auto const counts = counts_of(test::read_pixels<std::uint32_t>(path));
    REQUIRE(table->GetRowCount() == static_cast<int>(counts.size()));
    for (std::size_t label = 0; label < counts.size(); ++label) {
        CHECK(table->GetValueAsDouble(static_cast<int>(label), column) == counts[label]);
    }
}

/// Sets what the output is to have too: a rotated grid of British National Grid.
void place(std::string const& path, std::array<double, 6> geotransform)
{
    auto const file = open_raster(path, GDAL_OF_UPDATE);
    OGRSpatialReference system;
    REQUIRE(system.importFromEPSG(27700) == OGRERR_NONE);
    REQUIRE(file->SetGeoTransform(geotransform.data()) == CE_None);
    REQUIRE(file->SetSpatialRef(&system) == CE_None);
}

void check_place(std::string const& path, std::array<double, 6> const& geotransform)
{
    auto const file = open_raster(path);
    std::array<double, 6> found{};
    CHECK(file->GetGeoTransform(found.data()) == CE_None);
    for (std::size_t i = 0; i < 6; ++i) CHECK(found[i] == doctest::Approx(geotransform[i]).epsilon(1e-12));
    REQUIRE(file->GetSpatialRef() != nullptr);
    OGRSpatialReference system;
    REQUIRE(system.importFromEPSG(27700) == OGRERR_NONE);
    char const* const loosely[] = {"IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES", "CRITERION=EQUIVALENT", nullptr};
    CHECK(file->GetSpatialRef()->IsSame(&system, loosely) != 0);
}

} // namespace

TEST_CASE("a GeoTIFF is tiled, compressed and complete in one file")
{
    temporary_directory const folder;
    std::array<double, 6> const where{257594.685481742, 10, 0, 282834.3274035, 0, -10};
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(2, 300, 90));
    place(folder / "in.tif", where);
    for (auto const& name : strings{"out.tif", "OUT.TIF", "out.tiff"}) {
        static_cast<void>(segmented(folder / "in.tif", folder / name, {"--clusters", "6", "--min-segment-size", "4"}));
        check_output(folder / name, "GTiff");
        check_place(folder / name, where);
        auto const file = open_raster(folder / name);
        int block_cols = 0;
        int block_rows = 0;
        file->GetRasterBand(1)->GetBlockSize(&block_cols, &block_rows);
        CHECK(block_cols == 256);
        CHECK(block_rows == 256);
        CHECK(item(*file, "COMPRESSION", "IMAGE_STRUCTURE") == "DEFLATE");
        CHECK(file->GetRasterBand(1)->GetOverviewCount() == 0);
    }
    CHECK(folder.names() == std::set<std::string>{"OUT.TIF", "in.tif", "out.tif", "out.tiff"});
}

TEST_CASE("an Imagine file is compressed, and its attribute table counts the pixels")
{
    temporary_directory const folder;
    std::array<double, 6> const where{400000, 2.5, 0, 300000, 0, -2.5};
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(2, 130, 190));
    place(folder / "in.tif", where);
    {
        auto const file = open_raster(folder / "in.tif", GDAL_OF_UPDATE);
        for (int band = 1; band <= 2; ++band) file->GetRasterBand(band)->SetNoDataValue(15);
    }
    for (auto const& name : strings{"out.img", "OUT.IMG"}) {
        auto const found = segmented(folder / "in.tif", folder / name, {"--clusters", "6", "--min-segment-size", "4"});
        CHECK(counts_of(found)[0] > 0);
        check_output(folder / name, "HFA");
        check_place(folder / name, where);
        check_histogram(folder / name);
        CHECK(item(*open_raster(folder / name)->GetRasterBand(1), "COMPRESSION", "IMAGE_STRUCTURE") == "RLE");
    }
    // Once more over an older one: nothing of that is left.
    static_cast<void>(
        segmented(folder / "in.tif", folder / "out.img", {"--clusters", "2", "--min-segment-size", "50"}));
    check_output(folder / "out.img", "HFA");
    check_histogram(folder / "out.img");
}

TEST_CASE("an Imagine file needs no file beside it")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", quilt{}.image<std::uint8_t>());
    static_cast<void>(segmented(folder / "in.tif", folder / "out.img", exact()));
    CHECK(folder.names() == std::set<std::string>{"in.tif", "out.img"});
}

TEST_CASE("a KEA file holds the same, where GDAL has the driver")
{
    if (!has_driver("KEA")) {
        std::cout << "\nSKIPPED: GDAL has no KEA driver here\n";
        return;
    }
    temporary_directory const folder;
    std::array<double, 6> const where{400000, 2.5, 0, 300000, 0, -2.5};
    make_raster(folder / "in.tif", "GTiff", quilt{}.image<std::uint8_t>());
    place(folder / "in.tif", where);
    CHECK(first_difference(segmented(folder / "in.tif", folder / "out.kea", exact()), quilt{}.segments()) == "");
    check_output(folder / "out.kea", "KEA");
    check_place(folder / "out.kea", where);
    check_histogram(folder / "out.kea");
}

TEST_CASE("the format option decides over the extension, and files beside the output get their names")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    CHECK(first_difference(segmented(folder / "in.tif", folder / "a.tif", with(exact(), {"--format", "HFA"})),
                           scene.segments()) == "");
    CHECK(std::string(open_raster(folder / "a.tif")->GetDriver()->GetDescription()) == "HFA");
    CHECK(first_difference(segmented(folder / "in.tif", folder / "b", with(exact(), {"--format", "gtiff"})),
                           scene.segments()) == "");
    check_output(folder / "b", "GTiff");
    CHECK(first_difference(segmented(folder / "in.tif", folder / "c.bil", with(exact(), {"--format", "ENVI"})),
                           scene.segments()) == "");
    check_output(folder / "c.bil", "ENVI");
    CHECK(folder.names().contains("c.hdr"));
}

TEST_CASE("creation options replace single defaults and leave the others")
{
    temporary_directory const folder;
    quilt const scene{.rows = 40, .cols = 70, .patch = 5};
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    struct expectation {
        strings options;
        std::string compression;
        int block_cols;
    };
    for (auto const& [options, compression, block_cols] :
         std::vector<expectation>{{{"--creation-option", "COMPRESS=LZW"}, "LZW", 256},
                                  {{"--co", "COMPRESS=NONE"}, "", 256},
                                  {{"--co", "COMPRESS=PACKBITS"}, "PACKBITS", 256},
                                  {{"--co", "TILED=NO"}, "DEFLATE", 70},
                                  {{"--creation-option=BLOCKXSIZE=32", "--co", "BLOCKYSIZE=16"}, "DEFLATE", 32},
                                  {{"--co", "ZLEVEL=9", "--co", "PREDICTOR=1"}, "DEFLATE", 256},
                                  {{"--co", "BIGTIFF=YES"}, "DEFLATE", 256},
                                  {{"--co", "compress=deflate"}, "DEFLATE", 256}}) {
        std::string const last = options.back();
        CAPTURE(last);
        for (auto const& threads : strings{"1", "2"}) {
            auto const found =
                segmented(folder / "in.tif", folder / "out.tif", with(with(exact(), options), {"--threads", threads}));
            CHECK(first_difference(found, scene.segments()) == "");
            auto const file = open_raster(folder / "out.tif");
            CHECK(item(*file, "COMPRESSION", "IMAGE_STRUCTURE") == compression);
            int found_cols = 0;
            int found_rows = 0;
            file->GetRasterBand(1)->GetBlockSize(&found_cols, &found_rows);
            CHECK(found_cols == block_cols);
        }
        check_output(folder / "out.tif", "GTiff");
    }
    auto const plain = segmented(folder / "in.tif", folder / "out.img", with(exact(), {"--co", "COMPRESSED=NO"}));
    CHECK(first_difference(plain, scene.segments()) == "");
    CHECK(item(*open_raster(folder / "out.img")->GetRasterBand(1), "COMPRESSION", "IMAGE_STRUCTURE").empty());
    auto const spilled = segmented(folder / "in.tif", folder / "s.img", with(exact(), {"--co", "USE_SPILL=YES"}));
    CHECK(first_difference(spilled, scene.segments()) == "");
    CHECK(folder.names().contains("s.ige"));
    check_output(folder / "s.img", "HFA");
    check_histogram(folder / "s.img");
}

TEST_CASE("creation options that put the place and the metadata into other files lose none of it")
{
    temporary_directory const folder;
    quilt const scene;
    std::array<double, 6> const where{400000, 2.5, 0, 300000, 0, -2.5};
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    place(folder / "in.tif", where);
    static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                with(exact(), {"--co", "PROFILE=BASELINE", "--co", "TFW=YES"})));
    CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tfw", "out.tif", "out.tif.aux.xml"});
    check_output(folder / "out.tif", "GTiff");
    check_place(folder / "out.tif", where);
    // The next result does not have them.
    static_cast<void>(segmented(folder / "in.tif", folder / "out.tif", exact()));
    CHECK_FALSE(folder.names().contains("out.tif.aux.xml"));
    check_output(folder / "out.tif", "GTiff");
}

TEST_CASE("a rotated grid, a system without a grid and no place at all are passed on")
{
    temporary_directory const folder;
    auto const scene = quilt{}.image<std::uint8_t>();
    make_raster(folder / "rotated.tif", "GTiff", scene);
    std::array<double, 6> const rotated{400000, 2, 0.5, 300000, 0.25, -3};
    place(folder / "rotated.tif", rotated);
    make_raster(folder / "system.tif", "GTiff", scene);
    {
        auto const file = open_raster(folder / "system.tif", GDAL_OF_UPDATE);
        OGRSpatialReference system;
        REQUIRE(system.importFromEPSG(27700) == OGRERR_NONE);
        REQUIRE(file->SetSpatialRef(&system) == CE_None);
    }
    make_raster(folder / "nowhere.tif", "GTiff", scene);
    for (auto const& extension : strings{".tif", ".img"}) {
        INFO(extension);
        auto const out = [&](std::string const& name) { return folder / (name + extension); };
        static_cast<void>(segmented(folder / "rotated.tif", out("r"), exact()));
        check_place(out("r"), rotated);
        static_cast<void>(segmented(folder / "system.tif", out("s"), exact()));
        std::array<double, 6> none{};
        {
            auto const file = open_raster(out("s"));
            CHECK(file->GetGeoTransform(none.data()) != CE_None);
            CHECK(file->GetSpatialRef() != nullptr);
        }
        static_cast<void>(segmented(folder / "nowhere.tif", out("n"), exact()));
        auto const file = open_raster(out("n"));
        CHECK(file->GetGeoTransform(none.data()) != CE_None);
        CHECK(file->GetSpatialRef() == nullptr);
        CHECK(file->GetGCPCount() == 0);
    }
}

TEST_CASE("ground control points are passed on with their system")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", quilt{}.image<std::uint8_t>());
    std::vector<std::array<double, 5>> const points{{0, 0, 150.25, -30.5, 0},
                                                    {20, 0, 150.75, -30.5, 0},
                                                    {0, 12, 150.25, -30.875, 0},
                                                    {20, 12, 150.75, -30.875, 120}};
    {
        auto const file = open_raster(folder / "in.tif", GDAL_OF_UPDATE);
        std::vector<GDAL_GCP> gcps(points.size());
        GDALInitGCPs(static_cast<int>(gcps.size()), gcps.data());
        for (std::size_t i = 0; i < points.size(); ++i) {
            gcps[i].dfGCPPixel = points[i][0];
            gcps[i].dfGCPLine = points[i][1];
            gcps[i].dfGCPX = points[i][2];
            gcps[i].dfGCPY = points[i][3];
            gcps[i].dfGCPZ = points[i][4];
        }
        OGRSpatialReference system;
        REQUIRE(system.importFromEPSG(4326) == OGRERR_NONE);
        system.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        REQUIRE(file->SetGCPs(static_cast<int>(gcps.size()), gcps.data(), &system) == CE_None);
        GDALDeinitGCPs(static_cast<int>(gcps.size()), gcps.data());
    }
    for (auto const& name : strings{"out.tif", "out.img"}) {
        INFO(name);
        static_cast<void>(segmented(folder / "in.tif", folder / name, exact()));
        auto const file = open_raster(folder / name);
        REQUIRE(file->GetGCPCount() == 4);
        for (std::size_t i = 0; i < points.size(); ++i) {
            auto const& found = file->GetGCPs()[i];
            CHECK(found.dfGCPPixel == points[i][0]);
            CHECK(found.dfGCPLine == points[i][1]);
            CHECK(found.dfGCPX == points[i][2]);
            CHECK(found.dfGCPY == points[i][3]);
            CHECK(found.dfGCPZ == points[i][4]);
        }
        REQUIRE(file->GetGCPSpatialRef() != nullptr);
        CHECK(file->GetGCPSpatialRef()->IsGeographic() != 0);
        std::array<double, 6> none{};
        CHECK(file->GetGeoTransform(none.data()) != CE_None);
        CHECK(test::read_pixels<std::uint32_t>(folder / name)(0, 0, 0) == 1);
    }
}

TEST_CASE("a large output has overviews of nearest neighbours")
{
    temporary_directory const folder;
    quilt const scene{.rows = 24, .cols = 4100, .patch = 6};
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    for (auto const& name : strings{"out.tif", "out.img"}) {
        INFO(name);
        auto const found = segmented(folder / "in.tif", folder / name, exact());
        CHECK(first_difference(found, scene.segments()) == "");
        auto const file = open_raster(folder / name);
        REQUIRE(file->GetRasterBand(1)->GetOverviewCount() == 1);
        auto& overview = *file->GetRasterBand(1)->GetOverview(0);
        auto const rows = overview.GetYSize();
        auto const cols = overview.GetXSize();
        CHECK(rows == 6);
        CHECK(cols == 1025);
        rios::image<std::uint32_t> pixels(1, rows, cols);
        REQUIRE(overview.RasterIO(GF_Read, 0, 0, cols, rows, &pixels(0, 0, 0), cols, rows, GDT_UInt32, 0, 0, nullptr) ==
                CE_None);
        int wrong = 0;
        for (auto const [row, col] : pixels.pixels()) {
            bool of_window = false;
            for (std::ptrdiff_t r = 4 * row; r < std::min<std::ptrdiff_t>(4 * row + 4, scene.rows); ++r) {
                for (std::ptrdiff_t c = 4 * col; c < std::min<std::ptrdiff_t>(4 * col + 4, scene.cols); ++c) {
                    of_window = of_window || pixels(0, row, col) == found(0, r, c);
                }
            }
            if (!of_window) ++wrong;
        }
        CHECK(wrong == 0);
        check_output(folder / name, name == "out.tif" ? "GTiff" : "HFA");
    }
    CHECK(folder.names() == std::set<std::string>{"in.tif", "out.img", "out.tif"});
    check_histogram(folder / "out.img");
}

TEST_CASE("an image of nothing but null pixels gives nothing but zeros")
{
    temporary_directory const folder;
    rios::image<std::uint8_t> const pixels(2, 30, 40);
    make_raster(folder / "in.tif", "GTiff", pixels);
    for (auto const& name : strings{"out.tif", "out.img"}) {
        auto const found = segmented(folder / "in.tif", folder / name,
                                     {"--null-value", "0", "--summary", folder / "s.json", "--preview",
                                      folder / "p.png", "--trace", folder / "t.json"});
        CHECK(first_difference(found, labels(1, 30, 40)) == "");
        auto const summary = test::read_json(folder / "s.json");
        CHECK(summary.at("counts").at("null_pixels") == 1200);
        CHECK(summary.at("counts").at("segments") == 0);
        CHECK(summary.at("clusters_used") == 0);
        check_output(folder / name, name == "out.tif" ? "GTiff" : "HFA");
        CHECK(folder.names().contains("p.png"));
    }
    check_histogram(folder / "out.img");
    // All NaN, and no null value at all.
    rios::image<float> nothing(1, 30, 40);
    for (auto const [row, col] : nothing.pixels()) nothing(0, row, col) = std::nanf("");
    make_raster(folder / "nan.tif", "GTiff", nothing);
    CHECK(first_difference(segmented(folder / "nan.tif", folder / "n.tif", {}), labels(1, 30, 40)) == "");
    // With a cluster model too.
    test::write_file(folder / "m.json", R"({"bands": [1, 2], "null_value": 0, "centres": [[1, 2], [3, 4]]})");
    auto const found = segmented(folder / "in.tif", folder / "m.tif", {"--cluster-model", folder / "m.json"});
    CHECK(first_difference(found, labels(1, 30, 40)) == "");
}
