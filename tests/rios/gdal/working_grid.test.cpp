// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/working_grid.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/gdal/crs.hpp>
#include <rios/grid_extent.hpp>
#include <rios/pixel_grid.hpp>

#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/pipeline_files.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::footprint_type;
using rios::map_extent;
using rios::named_grid;
using rios::pixel_grid;
using rios::working_grid;
using rios::working_grid_options;
using test::message_of;
using test::temporary_directory;

namespace {

std::string const& crs(int code)
{
    static std::string const zone_55 = test::wkt_of_epsg(28355);
    static std::string const zone_56 = test::wkt_of_epsg(28356);
    static std::string const albers = test::wkt_of_epsg(3577);
    static std::string const degrees = test::wkt_of_epsg(4326);
    static std::string const none;
    switch (code) {
    case 28355: return zone_55;
    case 28356: return zone_56;
    case 3577: return albers;
    case 4326: return degrees;
    default: return none;
    }
}

pixel_grid grid(std::array<double, 6> const& place, std::ptrdiff_t rows, std::ptrdiff_t cols, int code = 28355)
{
    return {.rows = rows, .cols = cols, .geotransform = place, .projection = crs(code)};
}

/// A grid of 500 × 500 pixels of 10 m as in the files of RIOS's tests.
pixel_grid at(double x, double y, int code = 28355)
{
    return grid({x, 10, 0, y, 0, -10}, 500, 500, code);
}

pixel_grid of(std::vector<pixel_grid> const& grids, working_grid_options const& options = {})
{
    std::vector<named_grid> named;
    for (auto const& each : grids) named.push_back({std::string(1, static_cast<char>('a' + named.size())), each});
    return working_grid(named, options);
}

std::string refusal(std::vector<pixel_grid> const& grids, working_grid_options const& options = {})
{
    return message_of<rios::grid_error>([&] { static_cast<void>(of(grids, options)); });
}

constexpr auto intersection = footprint_type::intersection;
constexpr auto all = footprint_type::union_;
constexpr auto reference_only = footprint_type::bounds_from_reference;

} // namespace

TEST_CASE("aligned grids are intersected and joined, and the first is the reference")
{
    std::vector<pixel_grid> const two{at(500'000, 7'000'000), at(500'100, 6'999'900)};
    CHECK(of(two) == grid({500'100, 10, 0, 6'999'900, 0, -10}, 490, 490));
    CHECK(of(two, {.footprint = intersection}) == of(two));
    CHECK(of(two, {.footprint = all}) == grid({500'000, 10, 0, 7'000'000, 0, -10}, 510, 510));
    CHECK(of(two, {.footprint = reference_only}) == two[0]);
    CHECK(of({two[1], two[0]}, {.footprint = reference_only}) == two[1]);
}

TEST_CASE("images without a reference system are intersected and joined like any others")
{
    std::vector<pixel_grid> const two{at(500'000, 7'000'000, 0), at(500'100, 6'999'900, 0)};
    CHECK(of(two) == grid({500'100, 10, 0, 6'999'900, 0, -10}, 490, 490, 0));
    CHECK(of(two, {.footprint = all}) == grid({500'000, 10, 0, 7'000'000, 0, -10}, 510, 510, 0));
    // One goes with any, too.
    CHECK(of({at(500'000, 7'000'000), two[1]}) == grid({500'100, 10, 0, 6'999'900, 0, -10}, 490, 490));
}

TEST_CASE("a site chooses the footprint by the environment, a program overrides it")
{
    std::vector<pixel_grid> const two{at(500'000, 7'000'000), at(500'100, 6'999'900)};
    test::environment_variable const set("RIOS_DFLT_FOOTPRINT", "1");
    CHECK(of(two).rows == 510);
    CHECK(of(two, {.footprint = intersection}).rows == 490);
    test::environment_variable const wrong("RIOS_DFLT_FOOTPRINT", "3");
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(of(two)); }) ==
          "environment variable RIOS_DFLT_FOOTPRINT='3': allowed: whole numbers from 0 to 2");
}

TEST_CASE("others are snapped to the pixels of the reference, whose own bounds do not count")
{
    std::vector<pixel_grid> const two{at(500'000, 7'000'000), at(500'009, 6'999'981)};
    CHECK(of(two, {.reference_grid = two[0]}) == grid({500'010, 10, 0, 6'999'980, 0, -10}, 498, 499));
    CHECK(of(two, {.footprint = all, .reference_grid = two[0]}) == grid({500'000, 10, 0, 7'000'000, 0, -10}, 502, 501));
    auto const coarse = grid({499'990, 30, 0, 7'000'020, 0, -30}, 5, 7);
    CHECK(of(two, {.reference_grid = coarse}) == grid({500'020, 30, 0, 6'999'990, 0, -30}, 166, 166));
    CHECK(of(two, {.footprint = reference_only, .reference_grid = coarse}) == coarse);
    // Halves away from zero: 15 m are half a pixel from 0, and -15 m from -30.
    auto const origin = grid({0, 30, 0, 0, 0, -30}, 1, 1);
    CHECK(of({grid({15, 10, 0, -15, 0, -10}, 9, 9)}, {.reference_grid = origin}) ==
          grid({30, 30, 0, -30, 0, -30}, 3, 3));
    CHECK(of({grid({-15, 10, 0, 15, 0, -10}, 9, 9)}, {.reference_grid = origin}) ==
          grid({-30, 30, 0, 30, 0, -30}, 4, 4));
}

TEST_CASE("pixel sizes that differ by rounding need no reference, others do")
{
    auto const first = at(500'000, 7'000'000);
    auto const other = [](std::array<double, 6> const& place) { return grid(place, 500, 500); };
    CHECK(of({first, other({500'100, 10 + 1e-9, 0, 6'999'900, 0, -10 - 1e-9})}) ==
          grid({500'100, 10, 0, 6'999'900, 0, -10}, 490, 490));
    CHECK(
        refusal({first, other({500'000, 20, 0, 7'000'000, 0, -20})}) ==
        "b: has geotransform (500000, 20, 0, 7000000, 0, -20); a has geotransform (500000, 10, 0, 7000000, 0, -10); a "
        "reference grid or file must say which pixels to work on");
    CHECK(
        refusal({first, first, other({500'005, 10, 0, 7'000'000, 0, -10})}) ==
        "c: has geotransform (500005, 10, 0, 7000000, 0, -10); a has geotransform (500000, 10, 0, 7000000, 0, -10); a "
        "reference grid or file must say which pixels to work on");
    CHECK(of({first, other({500'005, 10, 0, 7'000'000, 0, -10})}, {.alignment_tolerance = 0.5}).cols == 499);
    CHECK(refusal({first, at(500'000, 7'000'000, 28356)}) == "b: has \"GDA94 / MGA zone 56\"; a has \"GDA94 / MGA zone "
                                                             "55\"; a reference grid or file must say which pixels to "
                                                             "work on");
}

TEST_CASE("grids of another reference system count with all their curved edges")
{
    // 42° of longitude in Albers: the parallels are arcs, whose lowest point is in the middle of an edge.
    auto const degrees = grid({112, 0.1, 0, -10, 0, -0.1}, 50, 420, 4326);
    auto const reference = grid({0, 10'000, 0, 0, 0, -10'000}, 1, 1, 3577);
    auto const found = of({degrees}, {.reference_grid = reference});
    auto const extent = rios::extent_of(found);
    // Points of the edges, half a pixel of snapping allowed.
    for (int i = 0; i <= 1000; i += 125) {
        auto const x = 112 + 42 * i / 1000.0;
        for (double const y : {-10.0, -15.0}) {
            auto const point = *rios::transformed({x, y, x, y}, degrees.projection, reference.projection);
            CHECK((point.left > extent.left - 5001 && point.left < extent.right + 5001));
            CHECK((point.bottom > extent.bottom - 5001 && point.bottom < extent.top + 5001));
        }
    }
    auto const corners = *rios::transformed({112, -10, 112, -10}, degrees.projection, reference.projection);
    CHECK(corners.bottom - extent.bottom > 100'000);
    CHECK(std::fmod(extent.left, 10'000) == 0);
    CHECK(std::fmod(extent.top, 10'000) == 0);
}

TEST_CASE("a map of the world does not hinder the intersection of scenes")
{
    auto const world = grid({-180, 1, 0, 90, 0, -1}, 180, 360, 4326);
    auto const scene = at(500'000, 7'000'000);
    auto const next = at(501'000, 6'999'000);
    auto const expected = grid({501'000, 10, 0, 6'999'000, 0, -10}, 400, 400);
    CHECK(of({world, scene, next}, {.reference_grid = scene}) == expected);
    CHECK(of({scene, next, world}, {.reference_grid = scene}) == expected);
    CHECK(of({world, scene}, {.reference_grid = scene}) == scene);
    auto const small = grid({501'500, 10, 0, 6'998'000, 0, -10}, 20, 30);
    CHECK(of({world, small, scene, next}, {.reference_grid = scene}) == small);
    // A degree for a reference: all of them lie in a few pixels.
    auto const coarse = of({world, scene}, {.footprint = all, .reference_grid = world});
    CHECK(coarse == world);
    // In one reference system: both in degrees.
    auto const local = grid({147, 1, 0, -30, 0, -1}, 4, 5, 4326);
    CHECK(of({world, local}) == local);
    CHECK(of({world, local}, {.footprint = all}) == world);
    CHECK(of({world}, {.reference_grid = local}) == world);
    CHECK(refusal({world, scene}, {.footprint = all, .reference_grid = scene}) ==
          "a: its extent (x -180 to 180, y -90 to 90, in \"WGS 84\") cannot be expressed in \"GDA94 / MGA zone 55\", "
          "which "
          "the reference grid has");
}

TEST_CASE("two files that do not overlap are named with their extents")
{
    CHECK(
        refusal({at(500'000, 7'000'000), at(501'000, 7'000'000), at(600'000, 6'999'990)}) ==
        "a (x 500000 to 505000, y 6995000 to 7000000) and c (x 600000 to 605000, y 6994990 to 6999990) do not overlap");
    // Three of which each two have something in common have something all three have: so b and c, too, are apart.
    CHECK(refusal({grid({0, 10, 0, 100, 0, -10}, 10, 30), grid({0, 10, 0, 100, 0, -10}, 10, 10),
                   grid({200, 10, 0, 100, 0, -10}, 10, 10)}) ==
          "b (x 0 to 100, y 0 to 100) and c (x 200 to 300, y 0 to 100) do not overlap");
    CHECK(of({at(500'000, 7'000'000), at(600'000, 7'000'000)}, {.footprint = all}).cols == 10'500);
    CHECK(refusal({at(500'000, 7'000'000)}, {.reference_grid = grid({0, 1e6, 0, 0, 0, -1e6}, 1, 1)}) ==
          "a: is smaller than half a pixel of the working grid");
    CHECK(refusal({at(500'000, 7'000'000), grid({1e14, 10, 0, 7'000'000, 0, -10}, 5, 5)}, {.footprint = all})
              .starts_with("the working grid would have 500 rows, 9999"));
}

TEST_CASE("a file that lies further away than pixels can be counted is named")
{
    auto const far = grid({1e18, 10, 0, 7'000'000, 0, -10}, 5, 5);
    auto const near = at(500'000, 7'000'000);
    std::string const message = "b: an extent lies beyond what can be counted in pixels of the working grid";
    CHECK(refusal({near, far}) == message);
    CHECK(refusal({near, far}, {.footprint = all, .reference_grid = near}) == message);
}

TEST_CASE("files from south to north count with their true extent, and the working grid is north-up")
{
    auto const north = at(500'000, 7'000'000);
    auto const south = grid({500'100, 10, 0, 6'994'900, 0, 10}, 500, 500); // 6994900 to 6999900
    CHECK(of({north, south}) == grid({500'100, 10, 0, 6'999'900, 0, -10}, 490, 490));
    CHECK(of({south, north}) == grid({500'100, 10, 0, 6'999'900, 0, -10}, 490, 490));
    CHECK(of({south, north}, {.footprint = all}) == grid({500'000, 10, 0, 7'000'000, 0, -10}, 510, 510));
    CHECK(of({south, north}, {.footprint = reference_only}) == rios::north_up(south));
    CHECK(of({south, south}) == south); // the same pixels
    CHECK(of({south, south}, {.footprint = reference_only}) == south);
}

TEST_CASE("rotated grids go only with the same pixels")
{
    auto const rotated = grid({500'000, 10, 1, 7'000'000, 1, -10}, 500, 500);
    CHECK(of({rotated, rotated}) == rotated);
    std::string const text =
        ": is rotated (geotransform (500000, 10, 1, 7000000, 1, -10)), and goes only with others that "
        "have the same pixels; gdalwarp makes it north-up";
    CHECK(refusal({at(500'000, 7'000'000), rotated}) == "b" + text);
    CHECK(refusal({at(500'000, 7'000'000)}, {.reference_grid = rotated}) == "the reference grid" + text);
}

TEST_CASE("images without a place on the map must have the same size")
{
    pixel_grid const placeless{.rows = 500, .cols = 500, .geotransform = {}, .projection = {}};
    CHECK(of({placeless, placeless}) == placeless);
    CHECK(of({placeless, at(500'000, 7'000'000)}) == at(500'000, 7'000'000));
    auto narrow = placeless;
    narrow.cols = 400;
    CHECK(refusal({placeless, narrow}) ==
          "a: has no place on the map; a raster without a place on the map goes only with "
          "others of the same size");
    CHECK(refusal({at(500'000, 7'000'000), narrow}) == "b: has 500 rows, 400 cols; a has 500 rows, 500 cols; a raster "
                                                       "without a place on the map goes only with others "
                                                       "of the same size");
}

TEST_CASE("without inputs the working grid is the reference, which there must be then")
{
    auto const reference = at(500'000, 7'000'000);
    CHECK(of({}, {.footprint = reference_only, .reference_grid = reference}) == reference);
    CHECK(of({}, {.reference_grid = reference}) == reference);
    {
        test::environment_variable const set("RIOS_DFLT_FOOTPRINT", "1"); // is about inputs
        CHECK(of({}, {.reference_grid = reference}) == reference);
    }
    CHECK(working_grid({}, {.reference_grid = reference}) == reference);
    CHECK(message_of<rios::options_error>([] { static_cast<void>(working_grid({})); }) ==
          "working_grid: neither inputs nor a reference grid; one of them must say what the pixels are");
    CHECK(message_of<rios::options_error>(
              [&] { static_cast<void>(of({}, {.footprint = intersection, .reference_grid = reference})); }) ==
          "working_grid: there are no inputs to take the extent from, so the footprint must be bounds_from_reference");
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(of({}, {.footprint = reference_only})); }) ==
          "working_grid: neither inputs nor a reference grid; one of them must say what the pixels are");
}

TEST_CASE("files are opened for their grids, for a reference and for an extent")
{
    temporary_directory const folder;
    auto const pixels = test::ramp();
    std::vector<std::string> const paths{folder / "1.img", folder / "2.img", folder / "3.tif"};
    test::make_file(paths[0], pixels);
    test::make_file(paths[1], pixels, {.x = 501'000});
    test::make_file(paths[2], pixels, {.y = 6'999'000}, {}, "GTiff"); // the same system in other words
    auto const size = [](pixel_grid const& found) { return std::array{found.rows, found.cols}; };
    auto const origin = [](pixel_grid const& found) {
        return std::array{(*found.geotransform)[0], (*found.geotransform)[3]};
    };
    // What RIOS's testfilesforextent asserts.
    auto const common = working_grid(paths);
    CHECK(size(common) == std::array<std::ptrdiff_t, 2>{400, 400});
    CHECK(origin(common) == std::array{501'000.0, 6'999'000.0});
    auto const two = working_grid(paths, {.files_for_extent = {paths[0], paths[1]}});
    CHECK(size(two) == std::array<std::ptrdiff_t, 2>{500, 400});
    CHECK(origin(two) == std::array{501'000.0, 7'000'000.0});
    auto const one = working_grid(paths, {.files_for_extent = {paths[0]}});
    CHECK(size(one) == std::array<std::ptrdiff_t, 2>{500, 500});
    CHECK(origin(one) == std::array{500'000.0, 7'000'000.0});
    auto const third = working_grid({paths[0]}, {.footprint = all, .files_for_extent = {paths[2]}});
    CHECK(origin(third) == std::array{500'000.0, 6'999'000.0});
    working_grid_options const of_second{
        .footprint = reference_only, .reference_file = paths[1], .files_for_extent = {paths[0]}};
    CHECK(origin(working_grid(paths, of_second)) == std::array{501'000.0, 7'000'000.0});
    auto of_grid = of_second;
    of_grid.reference_grid = at(0, 0);
    CHECK(working_grid({paths[0], paths[1]}, of_grid) == at(0, 0));
    // Nothing but vectors as inputs.
    CHECK(origin(working_grid({}, {.reference_file = paths[1]})) == std::array{501'000.0, 7'000'000.0});
    auto const covered = working_grid({}, {.reference_file = paths[0], .files_for_extent = {paths[1], paths[2]}});
    CHECK(origin(covered) == std::array{501'000.0, 6'999'000.0});
    CHECK(size(covered) == std::array<std::ptrdiff_t, 2>{400, 400});
    CHECK(message_of<rios::io_error>([&] { static_cast<void>(working_grid({folder / "missing.tif"})); }) ==
          folder / "missing.tif: no such file or directory");
}

TEST_CASE("two texts for one reference system are the same, and points are transformed with x first")
{
    CHECK(rios::same_crs(crs(4326), crs(4326)));
    CHECK_FALSE(rios::same_crs(crs(28355), crs(28356)));
    CHECK_FALSE(rios::same_crs("nonsense", crs(28356)));
    CHECK(rios::same_crs("nonsense", "nonsense"));
    CHECK(rios::same_crs(at(0, 0, 0), at(0, 0)));
    // 147° E is the meridian of zone 55.
    auto const there = *rios::transformed({147, -30, 147, -30}, {}, crs(28355));
    CHECK(there.left == doctest::Approx(500'000));
    auto const back = *rios::transformed(there, crs(28355), {});
    CHECK(back.left == doctest::Approx(147));
    CHECK(back.top == doctest::Approx(-30));
    CHECK_FALSE(rios::transformed({0, 0, 1, 1}, "nonsense", crs(28355)));
    CHECK_FALSE(rios::transformed({-180, -90, 180, 90}, crs(4326), crs(28355)));
}
