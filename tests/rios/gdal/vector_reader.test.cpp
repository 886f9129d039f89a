// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/vector_reader.hpp>

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/executor/threads.hpp>
#include <rios/memory_reader.hpp>

#include "support/captured_stderr.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using rios::block;
using rios::image;
using rios::pixel_grid;
using rios::vector_reader;
using rios::vector_reader_options;
using test::gdal_rasterized;
using test::temporary_directory;

static_assert(rios::Reader<vector_reader<std::uint8_t>>);
static_assert(rios::detail::ViewReader<vector_reader<float>>);

namespace {

pixel_grid const& utm_grid()
{
    static pixel_grid const grid{.rows = 60,
                                 .cols = 50,
                                 .geotransform = std::array<double, 6>{500000, 10, 0, 7000000, 0, -10},
                                 .projection = test::wkt_of("EPSG:28355")};
    return grid;
}

/// Corners in pixels of a grid as the WKT of map units: "x y, x y, ...".
std::string points(pixel_grid const& grid, std::vector<std::array<double, 2>> const& col_row)
{
    auto const& place = *grid.geotransform;
    std::string text;
    for (auto const& [col, row] : col_row) {
        char point[100];
        std::snprintf(point, sizeof point, "%s%.17g %.17g", text.empty() ? "" : ", ",
                      place[0] + col * place[1] + row * place[2], place[3] + col * place[4] + row * place[5]);
        text += point;
    }
    return text;
}

std::string box(pixel_grid const& grid, double col, double row, double cols, double rows)
{
    return "POLYGON((" +
           points(grid, {{col, row}, {col + cols, row}, {col + cols, row + rows}, {col, row + rows}, {col, row}}) +
           "))";
}

/// Points, lines and polygons, anywhere on the grid and around it.
test::layer random_shapes(pixel_grid const& grid, std::string const& crs, std::uint64_t seed, int count)
{
    test::random_numbers random(seed);
    test::layer result{.name = "shapes", .features = {}, .crs = crs};
    auto const anywhere = [&](std::ptrdiff_t size) { return (random.unit() * 1.8 - 0.4) * static_cast<double>(size); };
    for (int i = 0; i < count; ++i) {
        std::vector<std::array<double, 2>> corners;
        for (int k = 0; k < 5; ++k) corners.push_back({anywhere(grid.cols), anywhere(grid.rows)});
        auto text = "MULTIPOINT(" + points(grid, corners) + ')';
        if (i % 3 == 1) text = "LINESTRING(" + points(grid, corners) + ')';
        if (i % 3 == 2) {
            corners.push_back(corners.front());
            text = "POLYGON((" + points(grid, corners) + "))";
        }
        result.features.push_back({text, i + 1.0, i % 2 == 0 ? "even" : "odd"});
    }
    return result;
}

template <typename T>
image<T> burned(std::string const& path, pixel_grid const& grid, vector_reader_options const& options)
{
    return vector_reader<T>(path, options).on(grid).read(grid.whole());
}

template <typename T>
std::ptrdiff_t count_of(image<T> const& pixels, T value)
{
    return std::count(pixels.data(), pixels.data() + pixels.pixel_count(), value);
}

} // namespace

TEST_CASE("pixels equal those of gdal_rasterize, whatever the strips, blocks and margins")
{
    temporary_directory const folder;
    auto const path = folder / "a.geojson";
    std::vector<pixel_grid> grids{utm_grid(), utm_grid(), utm_grid()};
    grids[1].geotransform = {0.3, 1, 0, -7, 0, 1};          // south up
    grids[2].geotransform = {500000, 6, 8, 7000000, 8, -6}; // rotated
    std::uint64_t seed = 0;
    for (auto const& grid : grids) {
        test::make_vectors(path, {random_shapes(grid, "EPSG:28355", ++seed, 24)}, "GeoJSON");
        for (bool const all_touched : {false, true}) {
            std::vector<std::string> arguments{"-a", "value", "-init", "-5"};
            if (all_touched) arguments.emplace_back("-at");
            auto const expected = gdal_rasterized<std::int16_t>(path, grid, arguments);
            REQUIRE(count_of(expected, std::int16_t{-5}) < expected.pixel_count() * 9 / 10);
            for (auto const strip_rows : std::vector<std::size_t>{1, 7, 1000}) {
                vector_reader<std::int16_t> const reader(path, {.attribute = "value",
                                                                .all_touched = all_touched,
                                                                .null_value = -5,
                                                                .strip_bytes = strip_rows * 50 * 2});
                for (std::ptrdiff_t const margin : {0, 3, 100}) {
                    INFO(seed, " ", all_touched, " ", strip_rows, " ", margin);
                    auto placed = reader.on(grid, margin);
                    CHECK(placed.margin() == margin);
                    CHECK(placed.grid() == grid);
                    CHECK(placed.read(grid.whole()) == expected);
                }
                auto placed = reader.on(grid);
                for (block const where : grid.blocks(13)) {
                    auto const pixels = placed.read(where);
                    for (auto const [row, col] : pixels.pixels()) {
                        REQUIRE(pixels(0, row, col) == expected(0, where.row + row, where.col + col));
                    }
                }
            }
        }
    }
}

TEST_CASE("the margin holds what lies beyond the grid")
{
    temporary_directory const folder;
    auto const path = folder / "a.geojson";
    auto const& grid = utm_grid();
    test::make_vectors(path, {random_shapes(grid, "EPSG:28355", 9, 24)}, "GeoJSON");
    constexpr std::ptrdiff_t margin = 20;
    // The same pixels as a larger grid has.
    auto larger = grid;
    larger.rows += 2 * margin;
    larger.cols += 2 * margin;
    (*larger.geotransform)[0] -= 10.0 * margin;
    (*larger.geotransform)[3] += 10.0 * margin;
    auto const expected = gdal_rasterized<std::uint8_t>(path, larger, {"-a", "value"});
    vector_reader<std::uint8_t> reader(path, {.attribute = "value", .strip_bytes = 700});
    auto placed = reader.on(grid, margin);
    CHECK(placed.read({0, -margin, -margin, larger.rows, larger.cols}) == expected);
    image<std::uint8_t> part(1, 10, 30);
    placed.read_into({.index = 0, .row = -15, .col = 35, .rows = 10, .cols = 30}, part.view());
    for (auto const [row, col] : part.pixels()) REQUIRE(part(0, row, col) == expected(0, row + 5, col + 55));
}

TEST_CASE_TEMPLATE("every pixel type takes burn value, null value and attributes", T, std::uint8_t, std::int8_t,
                   std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, float, double)
{
    temporary_directory const folder;
    auto const path = folder / "a.geojson";
    auto const& grid = utm_grid();
    using limits = std::numeric_limits<T>;
    test::make_vectors(path,
                       {{"shapes",
                         {{box(grid, 0, 0, 10, 10), 2.6},
                          {box(grid, 10, 0, 10, 10), -1e12},
                          {box(grid, 20, 0, 10, 10), 1e12},
                          {box(grid, 30, 0, 10, 10), 7}},
                         "EPSG:28355"}},
                       "GeoJSON");
    auto const ends = burned<T>(
        path, grid,
        {.burn_value = static_cast<double>(limits::max()), .null_value = static_cast<double>(limits::lowest())});
    CHECK(count_of(ends, limits::max()) == 400);
    CHECK(count_of(ends, limits::lowest()) == 2600);
    auto const values = burned<T>(path, grid, {.attribute = "value", .null_value = 1});
    CHECK(values(0, 20, 20) == T{1});
    CHECK(values(0, 5, 35) == T{7});
    if constexpr (limits::is_integer) {
        CHECK(values(0, 5, 5) == T{3});
        CHECK(values(0, 5, 15) == limits::min());
        CHECK(values(0, 5, 25) == limits::max());
    } else {
        CHECK(values(0, 5, 5) == static_cast<T>(2.6));
        CHECK(values(0, 5, 15) == static_cast<T>(-1e12));
    }
    if constexpr (!std::is_same_v<T, std::int8_t>) { // which GDAL's older ones do not have
        CHECK(values == gdal_rasterized<T>(path, grid, {"-a", "value", "-init", "1"}));
    }
}

TEST_CASE("a mask of a square polygon gives the mean of its pixels, in another reference system nearly so")
{
    temporary_directory const folder;
    pixel_grid const grid{.rows = 500,
                          .cols = 500,
                          .geotransform = std::array<double, 6>{500000, 10, 0, 7000000, 0, -10},
                          .projection = test::wkt_of("EPSG:28355")};
    image<std::uint8_t> ramp(1, 500, 500);
    for (auto const [row, col] : ramp.pixels()) ramp(0, row, col) = static_cast<std::uint8_t>((row + col) * 100 / 998);
    auto const masked_mean = [&](std::string const& path) {
        auto placed = vector_reader<std::int16_t>(path, {.burn_value = -1}).on(grid);
        long sum = 0;
        long count = 0;
        rios::apply(std::tuple(rios::memory_reader(ramp).at(grid), placed),
                    [&](block const&, image<std::uint8_t> const& pixels, image<std::int16_t> const& mask) {
                        for (auto const [row, col] : mask.pixels()) {
                            if (mask(0, row, col) != -1) continue;
                            sum += pixels(0, row, col);
                            ++count;
                        }
                    },
                    rios::no_output(), rios::inline_executor(), {.window = 100});
        return std::pair(count, count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count));
    };
    auto const square = box(grid, 10.6, 30.6, 20, 20);
    test::make_vectors(folder / "a.gpkg", {{"square", {{square}}, "EPSG:28355"}});
    long sum = 0;
    for (std::ptrdiff_t row = 31; row <= 50; ++row) {
        for (std::ptrdiff_t col = 11; col <= 30; ++col) sum += ramp(0, row, col);
    }
    auto const [count, mean] = masked_mean(folder / "a.gpkg");
    CHECK(count == 400);
    CHECK(mean == static_cast<double>(sum) / 400);

    OGRSpatialReference from;
    OGRSpatialReference to;
    from.SetFromUserInput("EPSG:28355");
    to.SetFromUserInput("EPSG:4326");
    to.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    OGRGeometry* shape = nullptr;
    REQUIRE(OGRGeometryFactory::createFromWkt(square.c_str(), &from, &shape) == OGRERR_NONE);
    REQUIRE(shape->transformTo(&to) == OGRERR_NONE);
    test::make_vectors(folder / "b.gpkg", {{"square", {{shape->exportToWkt()}}, "EPSG:4326"}});
    OGRGeometryFactory::destroyGeometry(shape);
    auto const [other_count, other_mean] = masked_mean(folder / "b.gpkg");
    CHECK(std::abs(other_count - 400) <= 8);
    CHECK(std::abs(mean - other_mean) / (mean + other_mean) < 0.02);

    test::make_vectors(folder / "c.gpkg", {{"square", {{box(grid, -989.4, 30.6, 20, 20)}}, "EPSG:28355"}});
    CHECK(masked_mean(folder / "c.gpkg").first == 0);
}

TEST_CASE("edges are straight in the coordinate reference system of their layer")
{
    temporary_directory const folder;
    // Albers for Australia: parallels are curves.
    pixel_grid const grid{.rows = 120,
                          .cols = 150,
                          .geotransform = std::array<double, 6>{-2200000, 30000, 0, -1000000, 0, -30000},
                          .projection = test::wkt_of("EPSG:3577")};
    auto const path = folder / "a.geojson";
    // Four corners only: from 115 to 150 degrees east, 20 to 30 degrees south.
    test::make_vectors(path, {{"box", {{"POLYGON((115 -20,150 -20,150 -30,115 -30,115 -20))"}}, "EPSG:4326"}},
                       "GeoJSON");
    auto const pixels = burned<std::uint8_t>(path, grid, {});
    OGRSpatialReference albers;
    OGRSpatialReference geographic;
    albers.SetFromUserInput("EPSG:3577");
    geographic.SetFromUserInput("EPSG:4326");
    geographic.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    std::unique_ptr<OGRCoordinateTransformation> const back(OGRCreateCoordinateTransformation(&albers, &geographic));
    std::ptrdiff_t inside = 0;
    std::ptrdiff_t wrong = 0;
    for (auto const [row, col] : pixels.pixels()) {
        double x = -2200000 + 30000 * (static_cast<double>(col) + 0.5);
        double y = -1000000 - 30000 * (static_cast<double>(row) + 0.5);
        REQUIRE(back->Transform(1, &x, &y) != FALSE);
        bool const is_inside = x > 115 && x < 150 && y < -20 && y > -30;
        inside += is_inside ? 1 : 0;
        wrong += is_inside != (pixels(0, row, col) == 1) ? 1 : 0;
    }
    CHECK(inside > 3000);
    CHECK(wrong <= 2); // centres that lie on an edge but for a few metres
}

TEST_CASE("what has no place in the reference system of the grid is left out, and nothing else")
{
    temporary_directory const folder;
    // The side of the Earth that is seen from above 0, 0.
    auto const crs = std::string("+proj=ortho +lat_0=0 +lon_0=0 +datum=WGS84");
    pixel_grid const grid{.rows = 64,
                          .cols = 64,
                          .geotransform = std::array<double, 6>{-6400000, 200000, 0, 6400000, 0, -200000},
                          .projection = test::wkt_of(crs)};
    auto const path = folder / "a.geojson";
    test::make_vectors(path,
                       {{"shapes",
                         {{"GEOMETRYCOLLECTION(POLYGON((-10 -10,10 -10,10 10,-10 10,-10 -10)),POINT(180 0))", 1},
                          {"POLYGON((20 -20,170 -20,170 20,20 20,20 -20))", 2},
                          {"LINESTRING(-170 40,-20 40)", 3},
                          {"MULTIPOINT(0 60,180 0)", 4},
                          {"POLYGON((170 -10,175 -10,175 10,170 10,170 -10))", 5}},
                         "EPSG:4326"}},
                       "GeoJSON");
    test::captured_stderr const output;
    auto const pixels = burned<std::uint8_t>(path, grid, {.attribute = "value"});
    auto const at = [&](double lon, double lat) {
        auto const radians = 3.14159265358979 / 180;
        auto const x = 6378137 * std::cos(lat * radians) * std::sin(lon * radians);
        auto const y = 6378137 * std::sin(lat * radians);
        return pixels(0, static_cast<std::ptrdiff_t>((6400000 - y) / 200000),
                      static_cast<std::ptrdiff_t>((x + 6400000) / 200000));
    };
    CHECK(at(0, 0) == 1);
    CHECK(at(30, 0) == 2);
    CHECK(at(60, 0) == 2);
    CHECK(at(30, 30) == 0);
    CHECK(at(-30, 40) == 3);
    CHECK(at(-75, 40) == 3);
    CHECK(at(-15, 40) == 0);
    CHECK(at(0, 60) == 4);
    CHECK(count_of(pixels, std::uint8_t{5}) == 0);
    CHECK(output.text().empty());
}

TEST_CASE("a layer or a grid without a reference system fits as it is")
{
    temporary_directory const folder;
    auto grid = utm_grid();
    auto const shape = box(grid, 5, 6, 7, 8);
    test::make_vectors(folder / "a.shp", {{"a", {{shape}}, ""}}, "ESRI Shapefile");
    test::make_vectors(folder / "a.gpkg", {{"a", {{shape}}, ""}}); // "undefined geographic"
    test::make_vectors(folder / "b.gpkg", {{"a", {{shape}}, "EPSG:28355"}});
    auto const expected = burned<std::uint8_t>(folder / "b.gpkg", grid, {});
    CHECK(count_of(expected, std::uint8_t{1}) == 56);
    CHECK(burned<std::uint8_t>(folder / "a.shp", grid, {}) == expected);
    CHECK(burned<std::uint8_t>(folder / "a.gpkg", grid, {}) == expected);
    grid.projection.clear();
    CHECK(burned<std::uint8_t>(folder / "b.gpkg", grid, {}) == expected);
}

TEST_CASE("layers, attributes, conditions and values are those that were asked for, in one file")
{
    temporary_directory const folder;
    auto const path = folder / "a.gpkg";
    auto const& grid = utm_grid();
    test::make_vectors(path, {random_shapes(grid, "EPSG:28355", 3, 12),
                              {"boxes",
                               {{box(grid, 1, 1, 4, 4), 5, "it's"},
                                {box(grid, 3, 3, 4, 4), 9, "b"},
                                {"", 7, "without a shape"},
                                {box(grid, 100, 100, 4, 4), 3, "far away"}},
                               "EPSG:28355"},
                              {"empty", {}, "EPSG:28355"}});
    auto const same = [&](vector_reader_options const& options, std::vector<std::string> const& arguments) {
        auto const pixels = burned<std::int32_t>(path, grid, options);
        CHECK(pixels == gdal_rasterized<std::int32_t>(path, grid, arguments));
        return count_of(pixels, static_cast<std::int32_t>(options.null_value));
    };
    CHECK(same({}, {"-burn", "1"}) < 3000);
    same({.layer = 0, .attribute = "number"}, {"-l", "shapes", "-a", "number"});
    CHECK(same({.layer = 1, .burn_value = 8}, {"-l", "boxes", "-burn", "8"}) == 3000 - 28);
    CHECK(same({.layer = "boxes", .attribute = "value"}, {"-l", "boxes", "-a", "value"}) == 3000 - 28);
    CHECK(same({.layer = "empty", .null_value = -3}, {"-l", "empty", "-burn", "1", "-init", "-3"}) == 3000);
    same({.where = "name = 'odd'"}, {"-where", "name = 'odd'", "-burn", "1"});
    same({.attribute = "number", .where = "value >= 4 AND name = 'even'"},
         {"-a", "number", "-where", "value >= 4 AND name = 'even'"});
    CHECK(same({.layer = "boxes", .where = "name = 'it''s'"},
               {"-l", "boxes", "-where", "name = 'it''s'", "-burn", "1"}) == 3000 - 16);
    CHECK(same({.where = "value > 1000"}, {"-where", "value > 1000", "-burn", "1"}) == 3000);
    auto const boxes = burned<std::int32_t>(path, grid, {.layer = "boxes", .attribute = "value"});
    CHECK(boxes(0, 2, 2) == 5);
    CHECK(boxes(0, 4, 4) == 9); // later over earlier
}

TEST_CASE("a pipeline of vectors alone reads one file as two different inputs, by several threads")
{
    temporary_directory const folder;
    auto const path = folder / "a.gpkg";
    auto const& grid = utm_grid();
    test::make_vectors(path, {random_shapes(grid, "EPSG:28355", 5, 12)});
    auto const ones = gdal_rasterized<std::uint8_t>(path, grid, {"-burn", "1"});
    auto const numbers = gdal_rasterized<float>(path, grid, {"-a", "value"});
    std::tuple const inputs(vector_reader<std::uint8_t>(path, {.strip_bytes = 500}),
                            vector_reader<float>(path, {.attribute = "value", .strip_bytes = 500}));
    std::atomic<int> wrong = 0;
    for (auto const readers : std::vector<std::size_t>{0, 3}) {
        rios::apply(inputs,
                    [&](block const& where, image<std::uint8_t> const& mask, image<float> const& value) {
                        for (auto const [row, col] : mask.pixels()) {
                            wrong += mask(0, row, col) != ones(0, where.row + row, where.col + col) ? 1 : 0;
                            wrong += value(0, row, col) < numbers(0, where.row + row, where.col + col) ? 1 : 0;
                            wrong += value(0, row, col) > numbers(0, where.row + row, where.col + col) ? 1 : 0;
                        }
                    },
                    rios::no_output(), rios::thread_executor({.readers = readers, .workers = 3}),
                    {.grid = grid, .window = 16});
    }
    CHECK(wrong == 0);
}

TEST_CASE("copies in several threads burn together")
{
    temporary_directory const folder;
    auto const path = folder / "a.geojson";
    auto const& grid = utm_grid();
    test::make_vectors(path, {random_shapes(grid, "EPSG:28355", 6, 24)}, "GeoJSON");
    auto const expected = gdal_rasterized<std::uint8_t>(path, grid, {"-a", "value"});
    auto const reader = vector_reader<std::uint8_t>(path, {.attribute = "value", .strip_bytes = 200}).on(grid);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&wrong, &expected, &grid, copy = reader]() mutable {
            wrong += copy.read(grid.whole()) == expected ? 0 : 1;
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wrong == 0);
}

TEST_CASE("curves and surfaces are burned as the lines and polygons that they are")
{
    temporary_directory const folder;
    auto const& grid = utm_grid();
    auto const path = folder / "a.gpkg";
    test::make_vectors(
        path,
        {{"shapes",
          {{"CURVEPOLYGON(CIRCULARSTRING(" + points(grid, {{5, 20}, {20, 5}, {35, 20}, {20, 35}, {5, 20}}) + "))", 1},
           {"TIN Z(((500000 6999500 1,500100 6999500 1,500000 6999400 1,500000 6999500 1)))", 2}},
          "EPSG:28355"}});
    auto const pixels = burned<std::uint8_t>(path, grid, {.attribute = "value"});
    std::ptrdiff_t wrong = 0;
    for (auto const [row, col] : pixels.pixels()) {
        if (row >= 40) continue;
        bool const inside = std::hypot(static_cast<double>(row) - 19.5, static_cast<double>(col) - 19.5) < 15;
        wrong += inside != (pixels(0, row, col) == 1) ? 1 : 0;
    }
    CHECK(wrong <= 4);
    CHECK(std::abs(count_of(pixels, std::uint8_t{2}) - 50) <= 5);
}
