// SPDX-License-Identifier: BSL-1.0
// `shepseg polygons`: each option does what its help says, and whatever goes wrong leaves nothing.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <rios/gdal/vector_dataset.hpp>

#include "support/raster_files.hpp"
#include "support/refusals.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::check_refused;
using test::contains;
using test::contents_of;
using test::difference;
using test::make_raster;
using test::quilt;
using test::shepseg;
using test::status;
using test::strings;
using test::temporary_directory;
using test::write_file;

namespace {

std::map<std::int64_t, std::unique_ptr<OGRFeature>> features_of(std::string const& path, std::string const& layer)
{
    std::map<std::int64_t, std::unique_ptr<OGRFeature>> result;
    auto const file = rios::vector_dataset::open(path);
    auto& from = file.layer(layer);
    while (auto* const next = from.GetNextFeature()) {
        std::unique_ptr<OGRFeature> feature(next);
        result[feature->GetFieldAsInteger64("id")] = std::move(feature);
    }
    return result;
}

/// A raster of the patches of a quilt.
void make_segments(std::string const& path, quilt const& scene = {})
{
    make_raster(path, "GTiff", scene.segments());
}

} // namespace

TEST_CASE("polygons come with a report, and quietly without one")
{
    temporary_directory const folder;
    make_segments(folder / "s.tif");
    write_file(folder / "t.csv", "id,mean\n1,2.5\n2,3.5\n99,4.5\n");
    auto const result = shepseg({"polygons", folder / "s.tif", folder / "a.gpkg", "--table", folder / "t.csv"});
    INFO(result.text());
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(result.out == (folder / "a.gpkg") + ": 15 segments (GPKG, layer 'a')\n"
                                              "  in several parts    0\n"
                                              "  attributes          1\n"
                                              "  without attributes  13\n"
                                              "  rows not used       1\n");
    auto const features = features_of(folder / "a.gpkg", "a");
    CHECK(features.size() == 15);
    CHECK(features.at(2)->GetFieldAsDouble("mean") == 3.5);
    CHECK(features.at(15)->GetGeometryRef()->toMultiPolygon()->get_Area() == 16);
    auto const quiet = shepseg({"polygons", "-q", folder / "s.tif", folder / "b.fgb", "--layer", "patches"});
    CHECK(quiet.status == 0);
    CHECK(quiet.out + quiet.err == "");
    CHECK(features_of(folder / "b.fgb", "patches").size() == 15);
}

TEST_CASE("a segmentation of 8 neighbours gives one feature for each segment with either connectivity")
{
    temporary_directory const folder;
    rios::image<std::uint16_t> pixels(1, 8, 12);
    for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = (row / 2 + col / 2) % 2 == 0 ? 500 : 900;
    make_raster(folder / "in.tif", "GTiff", pixels);
    static_cast<void>(test::segmented(folder / "in.tif", folder / "s.img",
                                      {"--clusters", "2", "--min-segment-size", "1", "--connectivity", "8"}));
    for (auto const& [connectivity, parts] : std::map<std::string, int>{{"4", 12}, {"8", 1}}) {
        auto const path = folder / ("a" + connectivity + ".gpkg");
        CHECK(shepseg({"polygons", folder / "s.img", path, "--connectivity", connectivity}).status == 0);
        auto const features = features_of(path, "a" + connectivity);
        REQUIRE(features.size() == 2);
        CHECK(features.at(1)->GetGeometryRef()->toMultiPolygon()->getNumGeometries() == parts);
        CHECK(features.at(1)->GetFieldAsDouble("Histogram") == 48);
    }
}

TEST_CASE("a file that exists stays unless it is to be overwritten")
{
    temporary_directory const folder;
    make_segments(folder / "s.tif");
    write_file(folder / "a.gpkg", "older");
    check_refused(folder.path(), {"polygons", folder / "s.tif", folder / "a.gpkg"}, status::failed,
                  {"exists already", "--overwrite"});
    CHECK(shepseg({"polygons", "--overwrite", folder / "s.tif", folder / "a.gpkg"}).status == 0);
    CHECK(features_of(folder / "a.gpkg", "a").size() == 15);
}

TEST_CASE("names that a shapefile has to shorten are warned of, and --of chooses the format")
{
    temporary_directory const folder;
    make_segments(folder / "s.tif");
    write_file(folder / "t.csv", "id,band_1_mean,band_1_median\n1,2.5,3\n");
    auto const result = shepseg({"polygons", folder / "s.tif", folder / "a.shp", "--table", folder / "t.csv", "-q"});
    CHECK(result.status == 0);
    CHECK(result.out.empty());
    CHECK(contains(result.err, "shepseg: warning: "));
    CHECK(contains(result.err, "the column 'band_1_median' is called 'band_1_med' there"));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 2);
    auto const other = shepseg({"polygons", folder / "s.tif", folder / "b", "--of", "GeoJSON"});
    CHECK(contains(other.out, "(GeoJSON, layer 'b')"));
}

TEST_CASE("polygons that cannot be are refused and nothing is left")
{
    temporary_directory const folder;
    make_segments(folder / "s.tif");
    make_raster(folder / "f.tif", "GTiff", rios::image<float>(1, 2, 2));
    write_file(folder / "no-id.csv", "a,b\n1,2\n");
    write_file(folder / "twice.csv", "id,b\n1,2\n1,3\n");
    auto const s = folder / "s.tif";
    auto const a = folder / "a.gpkg";
    auto const refuses = [&](strings const& arguments, status expected, strings const& says) {
        check_refused(folder.path(), test::with({"polygons"}, arguments), expected, says);
    };
    refuses({}, status::usage, {"SEGMENTS"});
    refuses({s}, status::usage, {"OUTPUT"});
    refuses({s, a, "--table-layer", "t"}, status::usage, {"--table"});
    refuses({s, a, "--connectivity", "6"}, status::usage, {"--connectivity '6'", "4 or 8"});
    refuses({s, s, "--overwrite"}, status::usage, {"is the input"});
    refuses({s, folder / "twice.csv", "--table", folder / "twice.csv", "--overwrite"}, status::usage, {"is the input"});
    refuses({folder / "none.tif", a}, status::failed, {"none.tif: no such file or directory"});
    refuses({folder / "f.tif", a}, status::failed, {"f.tif: has pixels of type float32"});
    refuses({s, folder / "a.xyz"}, status::usage, {"a.xyz: for the extension '.xyz'"});
    refuses({s, folder / "a.shp", "--layer", "b"}, status::usage, {"a.shp: format 'ESRI Shapefile'", "'a', not 'b'"});
    refuses({s, a, "--of", "nonsense"}, status::usage, {"unknown format 'nonsense'"});
    refuses({s, folder / "nowhere/a.gpkg"}, status::failed, {"cannot create a file in"});
    refuses({s, a, "--table", folder / "none.csv"}, status::failed, {"none.csv: no such file or directory"});
    refuses({s, a, "--table", folder / "no-id.csv"}, status::usage, {"no column 'id'", "'a', 'b'"});
    refuses({s, a, "--table", folder / "twice.csv"}, status::failed, {"the id 1 stands in several rows"});
    refuses({s, a, "--table", folder / "twice.csv", "--table-layer", "x"}, status::usage, {"no layer 'x'", "'twice'"});
}

TEST_CASE("a disk that is full is an error in all formats, however little is missing")
{
    temporary_directory const folder;
    make_segments(folder / "s.tif", {.rows = 120, .cols = 120, .patch = 2});
    for (auto const& name : strings{"a.gpkg", "a.geojson", "a.fgb", "a.shp", "a.sqlite"}) {
        auto const path = folder / name;
        REQUIRE(shepseg({"polygons", folder / "s.tif", path}).status == 0);
        auto const size = fs::file_size(path);
        for (auto const& each : folder.names()) {
            if (each != "s.tif") fs::remove(folder / each);
        }
        for (auto const limit : {std::uintmax_t{0}, size / 2, size - 5000, size - 2}) {
            INFO(name, ", at most ", limit, " of ", size);
            auto const before = contents_of(folder.path());
            auto const result = shepseg({"polygons", folder / "s.tif", path}, {.file_size = limit});
            CHECK(test::complaints(result, status::failed, {path}) == "");
            CHECK(difference(before, contents_of(folder.path())) == "");
            test::restore(folder.path(), before);
        }
    }
}

TEST_CASE("a signal at any moment leaves the older polygons or the new ones")
{
    temporary_directory const folder;
    make_segments(folder / "s.tif", {.rows = 600, .cols = 600, .patch = 3});
    auto const command = test::shepseg_command({"polygons", folder / "s.tif", folder / "a.gpkg", "--overwrite", "-q"});
    bool interrupted = false;
    for (auto delay = 5ms; delay < 600ms; delay += delay / 2) {
        write_file(folder / "a.gpkg", "an older result");
        test::process run(command);
        std::this_thread::sleep_for(delay);
        run.send(SIGINT);
        auto const result = run.wait();
        INFO("after ", delay.count(), " ms: ", result.text());
        CHECK_FALSE(result.timed_out);
        CHECK((result.signal == SIGINT || result.status == 128 + SIGINT || result.status == 0));
        interrupted = interrupted || result.status == 128 + SIGINT;
        CHECK(folder.names() == std::set<std::string>{"s.tif", "a.gpkg"});
        if (result.status == 0) CHECK(features_of(folder / "a.gpkg", "a").size() == 40000);
        else CHECK(test::read_file(folder / "a.gpkg") == "an older result");
    }
    CHECK(interrupted);
}
