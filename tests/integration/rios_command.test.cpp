// SPDX-License-Identifier: BSL-1.0
// The tool `rios`, run as a user runs it.
#include <algorithm>
#include <array>
#include <cmath>
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
    for (std::string const command : {"info", "print-stats", "calc-stats"}) {
        CHECK(
            contains(printed({command, "--help"}),
                     "\nExit status: 0 done, 1 failed (for one file at least), 2 wrong usage, 128 + n\nended by signal "
                     "n; messages go to standard error.\n"));
    }
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

namespace {

/// Two bands of 700 rows, 600 cols: numbers from 1 to 1000 and zeros in a corner; the second is twice the first.
template <typename T>
void make_numbers(std::string const& path, std::string const& format)
{
    rios::image<T> pixels(2, 700, 600);
    for (auto const [row, col] : pixels.pixels()) {
        auto const value = row < 100 && col < 50 ? 0 : 1 + (row * 37 + col * 11) % 1000;
        pixels(0, row, col) = static_cast<T>(value);
        pixels(1, row, col) = static_cast<T>(2 * value);
    }
    auto const file = test::create_raster(path, format, 700, 600, 2, test::raw_type<T>());
    test::write_pixels(*file, pixels);
}

std::string item(GDALRasterBand& band, char const* name)
{
    auto const* const text = band.GetMetadataItem(name);
    return text == nullptr ? "" : text;
}

} // namespace

TEST_CASE("rios calc-stats adds what GDAL computes itself, and overviews, to files of several formats")
{
    temporary_directory const d;
    for (auto const& each : std::vector<std::array<std::string, 2>>{{"a.tif", "GTiff"}, {"b.img", "HFA"}}) {
        auto const& name = each[0]; // no structured binding: lambdas of clang 14 cannot capture those
        auto const& format = each[1];
        CAPTURE(name);
        auto const path = d / name;
        make_numbers<std::uint16_t>(path, format);
        CHECK(printed({"calc-stats", "--ignore", "0", "--levels", "2,4", path}).empty());
        auto const file = test::open_raster(path);
        for (int number = 1; number <= 2; ++number) {
            auto& band = *file->GetRasterBand(number);
            CHECK(band.GetNoDataValue() == 0);
            CHECK(item(band, "STATISTICS_MINIMUM") == std::to_string(number));
            CHECK(item(band, "STATISTICS_MAXIMUM") == std::to_string(1000 * number));
            auto const stored = std::stod(item(band, "STATISTICS_MEAN"));
            auto const spread = std::stod(item(band, "STATISTICS_STDDEV"));
            CHECK(item(band, "STATISTICS_HISTONUMBINS") == "256");
            CHECK(item(band, "STATISTICS_SKIPFACTORX") == "1");
            REQUIRE(band.GetOverviewCount() == 2);
            CHECK(band.GetOverview(0)->GetXSize() == 300);
            CHECK(band.GetOverview(1)->GetYSize() == 175);
            std::vector<std::uint16_t> overview(175 * 150);
            REQUIRE(band.GetOverview(1)->RasterIO(GF_Read, 0, 0, 150, 175, overview.data(), 150, 175, GDT_UInt16, 0, 0,
                                                  nullptr) == CE_None);
            CHECK(overview[150 * 100 + 80] == number * (1 + (402 * 37 + 322 * 11) % 1000));
            double least = 0;
            double most = 0;
            double mean = 0;
            double deviation = 0; // from here on GDAL's own numbers take the place of those of the file
            REQUIRE(band.ComputeStatistics(FALSE, &least, &most, &mean, &deviation, nullptr, nullptr) == CE_None);
            CHECK(stored == doctest::Approx(mean).epsilon(1e-12));
            CHECK(spread == doctest::Approx(deviation).epsilon(1e-12));
        }
    }
}

TEST_CASE("rios calc-stats replaces what was there, and takes a sample if that will do")
{
    temporary_directory const d;
    auto const path = d / "a.tif";
    make_numbers<float>(path, "GTiff");
    CHECK(printed({"calc-stats", "--approx", "--levels", "2,4", path}).empty());
    {
        // The smallest overview with 2500 pixels: the middle pixels of squares of 4 x 4.
        std::vector<double> values;
        for (int row = 0; row < 175; ++row) {
            for (int col = 0; col < 150; ++col) {
                auto const r = row * 4 + 2;
                auto const c = col * 4 + 2;
                values.push_back(r < 100 && c < 50 ? 0 : 1 + (r * 37 + c * 11) % 1000);
            }
        }
        std::sort(values.begin(), values.end());
        double sum = 0;
        for (auto const value : values) sum += value;
        auto const mean = sum / 26250;
        double squares = 0;
        for (auto const value : values) squares += (value - mean) * (value - mean);
        auto const file = test::open_raster(path);
        auto const stored = [&](int band, char const* name) {
            return std::stod(item(*file->GetRasterBand(band), name));
        };
        for (int band : {1, 2}) {
            CHECK(stored(band, "STATISTICS_MEAN") == doctest::Approx(band * mean).epsilon(1e-12));
            CHECK(stored(band, "STATISTICS_STDDEV") ==
                  doctest::Approx(band * std::sqrt(squares / 26250)).epsilon(1e-12));
            CHECK(stored(band, "STATISTICS_MINIMUM") == band * values.front());
            CHECK(stored(band, "STATISTICS_MAXIMUM") == band * values.back());
            CHECK(stored(band, "STATISTICS_MEDIAN") == band * values[13124]);
        }
    }
    CHECK(item(*test::open_raster(path)->GetRasterBand(1), "STATISTICS_APPROXIMATE") == "YES");
    CHECK(printed({"calc-stats", "-i", "0", "--overviews", "average", "--threads", "1", path}).empty());
    auto const file = test::open_raster(path);
    auto& band = *file->GetRasterBand(2);
    CHECK(item(band, "STATISTICS_APPROXIMATE").empty());
    CHECK(item(band, "STATISTICS_EXCLUDEDVALUES") == "0");
    CHECK(item(band, "STATISTICS_MINIMUM") == "2");
    CHECK(item(band, "STATISTICS_SKIPFACTORY") == "1");
}

TEST_CASE("rios calc-stats says in one line which file it cannot change, and does the others")
{
    temporary_directory const d;
    make_numbers<std::uint8_t>(d / "a.tif", "GTiff");
    make_numbers<std::uint8_t>(d / "differ.tif", "GTiff");
    {
        // GTiff has one null value for all bands.
        auto const file = test::open_raster(d / "differ.tif", GDAL_OF_UPDATE);
        auto* const vrt = GetGDALDriverManager()->GetDriverByName("VRT");
        test::gdal_handle const differ(
            vrt->CreateCopy((d / "differ.vrt").c_str(), file.get(), FALSE, nullptr, nullptr, nullptr));
        differ->GetRasterBand(1)->SetNoDataValue(1);
        differ->GetRasterBand(2)->SetNoDataValue(2);
    }
    auto const result = rios_tool({"calc-stats", d / "missing.tif", d / "differ.vrt", d / "a.tif"});
    CHECK(result.status == 1);
    CHECK(contains(result.err, "rios: error: " + (d / "missing.tif") + ": no such file or directory\n"));
    CHECK(contains(result.err, "differ.vrt: the bands have different null values (band 1: 1, band 2: 2)"));
    CHECK_FALSE(item(*test::open_raster(d / "a.tif")->GetRasterBand(1), "STATISTICS_MEAN").empty());

    for (auto const& [arguments, word] :
         std::vector<std::pair<strings, std::string>>{{{"calc-stats"}, "FILE"},
                                                      {{"calc-stats", "--levels", "4,2", d / "a.tif"}, "ascend"},
                                                      {{"calc-stats", "--levels", "4,4", d / "a.tif"}, "ascend"},
                                                      {{"calc-stats", "--levels", "1", d / "a.tif"}, "--levels"},
                                                      {{"calc-stats", "--overviews", "cubic", d / "a.tif"}, "cubic"},
                                                      {{"calc-stats", "--ignore", "x", d / "a.tif"}, "x"}}) {
        auto const refused = rios_tool(arguments);
        CAPTURE(refused.err);
        CHECK(refused.status == 2);
        CHECK(contains(refused.err, word));
        CHECK(std::count(refused.err.begin(), refused.err.end(), '\n') == 1);
    }
}
