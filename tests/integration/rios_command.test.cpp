// SPDX-License-Identifier: BSL-1.0
// The tool `rios`, run as a user runs it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <gdal_priv.h>
#include <nlohmann/json.hpp>

#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/statistics.hpp>

#include "support/process.hpp"
#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using test::contains;
using test::strings;
using test::temporary_directory;

namespace {

test::process_result rios_tool(strings const& arguments, test::process_options options = {})
{
    return test::run(test::with({RIOS_TOOL_DIR "/rios"}, arguments), std::move(options));
}

/// Standard output of a run that must succeed.
std::string printed(strings const& arguments)
{
    auto const result = rios_tool(arguments);
    INFO(result.text());
    REQUIRE(result.status == 0);
    CHECK(result.err.empty());
    return result.out;
}

/// Two bands: segments with statistics, and one without.
void make_segments(std::string const& path)
{
    rios::gdal_dataset file(test::create_raster(path, "GTiff", 300, 200, 2, GDT_Byte).release(), path);
    std::vector<std::uint64_t> const counts{4, 5, 0, 7};
    rios::write_statistics(file, 1, rios::statistics_of(counts));
    rios::write_histogram(file, 1, counts);
    std::array<double, 6> place{500000, 10, 0, 7000000, 0, -20};
    file.raw()->SetGeoTransform(place.data());
    file.raw()->SetProjection(test::wkt_of("EPSG:28355").c_str());
    file.band(1).SetDescription("segments");
    file.band(1).SetMetadataItem("LAYER_TYPE", "thematic");
    file.band(1).SetNoDataValue(0);
    int const levels[] = {2, 8};
    REQUIRE(GDALBuildOverviews(file.raw(), "NEAREST", 2, levels, 0, nullptr, nullptr, nullptr) == CE_None);
}

void make_roads(std::string const& path)
{
    test::make_vectors(path, {{"roads", {{"POINT(1 2)"}, {"POINT(3 5)"}}, "EPSG:28355"}, {"empty", {}, ""}});
}

} // namespace

TEST_CASE("rios info tells what a raster holds")
{
    temporary_directory const d;
    auto const path = d / "a.tif";
    make_segments(path);
    auto const before = test::contents_of(d.path());
    CHECK(printed({"info", path}) == path + R"(
  format: GTiff, raster
  size: 300 rows, 200 cols, 2 bands
  crs: "GDA94 / MGA zone 55"
  pixel size: 10 x 20 (width x height)
  extent: x 500000 to 502000, y 6994000 to 7000000
  band 1: uint8, 'segments'
    null value        0
    colour            Gray
    layer type        thematic
    overviews         2: 150 x 100, 38 x 25 (rows x cols)
    attribute table   4 rows
                      'Histogram', real, PixelCount
    minimum           1
    maximum           3
    mean              2.1666666666666665
    stddev            0.9860132971832694
    median            3
    mode              3
    histogram         4 bins
  band 2: uint8
    null value        0
    colour            Undefined
    overviews         2: 150 x 100, 38 x 25 (rows x cols)
)");
    CHECK(test::difference(before, test::contents_of(d.path())) == "");
}

TEST_CASE("rios info tells what vectors hold")
{
    temporary_directory const d;
    auto const path = d / "a.gpkg";
    make_roads(path);
    CHECK(printed({"info", path}) == path + R"(
  format: GPKG, vectors
  layer 0: 'roads'
    features          2
    geometry          Unknown (any)
    extent            x 1 to 3, y 2 to 5
    crs               "GDA94 / MGA zone 55"
    field             'value', Real
    field             'number', Integer64
    field             'name', String
  layer 1: 'empty'
    features          0
    geometry          Unknown (any)
    extent            none
    crs               none
    field             'value', Real
    field             'number', Integer64
    field             'name', String
)");
}

TEST_CASE("rios info prints JSON for scripts")
{
    temporary_directory const d;
    make_segments(d / "a.tif");
    make_roads(d / "a.gpkg");
    auto const all = nlohmann::json::parse(printed({"info", "--json", d / "a.tif", d / "a.gpkg"}));
    REQUIRE(all.size() == 2);
    auto const& raster = all[0];
    CHECK(raster["path"] == d / "a.tif");
    CHECK(raster["kind"] == "raster");
    CHECK(raster["rows"] == 300);
    CHECK(raster["geotransform"] == std::vector<double>{500000, 10, 0, 7000000, 0, -20});
    CHECK(raster["extent"]["max_x"] == 502000);
    CHECK(contains(raster["crs"], "GDA94"));
    auto const& band = raster["bands"][0];
    CHECK(band["type"] == "uint8");
    CHECK(band["layer_type"] == "thematic");
    CHECK(band["overviews"][1]["rows"] == 38);
    CHECK(band["attribute_table"]["columns"][0]["usage"] == "PixelCount");
    CHECK(band["statistics"]["median"] == 3);
    CHECK(band["statistics"]["histogram"]["counts"] == std::vector<double>{4, 5, 0, 7});
    CHECK(raster["bands"][1]["statistics"]["mean"].is_null());
    auto const& vectors = all[1];
    CHECK(vectors["kind"] == "vector");
    CHECK(vectors["layers"][0]["name"] == "roads");
    CHECK(vectors["layers"][0]["feature_count"] == 2);
    CHECK(vectors["layers"][0]["fields"][1]["type"] == "Integer64");
    CHECK(vectors["layers"][1]["extent"].is_null());
}

TEST_CASE("rios print-stats prints a line for each band, and a dash for what is not there")
{
    temporary_directory const d;
    auto const a = d / "a.tif";
    auto const b = d / "b.tif";
    make_segments(a);
    test::create_raster(b, "GTiff", 5, 5, 1, GDT_Byte);
    std::string const first =
        "Band 1: Mean: 2.1666666666666665, Stddev: 0.9860132971832694, Min: 1, Max: 3, Median: 3, Mode: 3\n";
    std::string const none = "Mean: -, Stddev: -, Min: -, Max: -, Median: -, Mode: -\n";
    CHECK(printed({"print-stats", a}) == first + "Band 2: " + none);
    CHECK(printed({"print-stats", a, b}) == a + ": " + first + a + ": Band 2: " + none + b + ": Band 1: " + none);
    CHECK(printed({"print-stats", b}) == "Band 1: " + none);
}

TEST_CASE("a bad file does not keep rios from the others, but is an error in the end")
{
    temporary_directory const d;
    auto const good = d / "good.tif";
    auto const missing = d / "missing.tif";
    auto const text = d / "text.tif";
    make_segments(good);
    test::write_file(text, "not a picture");
    for (strings const& command : {strings{"info"}, strings{"print-stats"}, strings{"info", "--json"}}) {
        INFO(command.front());
        auto const result = rios_tool(test::with(command, {missing, good, text}));
        CHECK(result.status == 1);
        CHECK(contains(result.out, good));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 2);
        CHECK(result.err.starts_with("rios: error: " + missing + ": no such file or directory\n"));
        CHECK(contains(result.err, "rios: error: " + text + ": not recognised as a raster"));
    }
    CHECK(nlohmann::json::parse(rios_tool({"info", "--json", missing}).out).empty());
    make_roads(d / "a.gpkg");
    CHECK(rios_tool({"print-stats", d / "a.gpkg"}).status == 1);
}

TEST_CASE("rios refuses wrong usage with exit status 2, and helps")
{
    for (strings const& arguments :
         {strings{}, {"nonsense"}, {"info"}, {"print-stats"}, {"info", "--nonsense", "a.tif"}, {"info", ""}}) {
        auto const result = rios_tool(arguments);
        INFO(result.text());
        CHECK(result.status == 2);
        CHECK(result.out.empty());
        CHECK(result.err.starts_with("rios: error: "));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    }
    CHECK(contains(printed({"--help"}), "print-stats"));
    CHECK(contains(printed({"info", "--help"}), "--json"));
    CHECK(contains(printed({"print-stats", "--help"}), "Exit status"));
    CHECK(printed({"--version"}).starts_with("rios "));
}

TEST_CASE("rios reports that it cannot write what it tells")
{
    temporary_directory const d;
    make_segments(d / "a.tif");
    for (auto const* const command : {"info", "print-stats"}) {
        auto const result = rios_tool({command, d / "a.tif"}, {.out_file = "/dev/full"});
        CHECK(result.status == 1);
        CHECK(result.err == "rios: error: cannot write to standard output\n");
    }
}
