// SPDX-License-Identifier: BSL-1.0
// What a vector_reader refuses, and what happens when its source goes bad.
#include <rios/gdal/vector_reader.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/executor/threads.hpp>

#include "support/captured_stderr.hpp"
#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using rios::pixel_grid;
using rios::vector_reader_options;
using test::message_of;
using test::temporary_directory;
using mask_reader = rios::vector_reader<std::uint8_t>;

namespace {

std::string const square = "POLYGON((0 0,10 0,10 10,0 10,0 0))";

pixel_grid small_grid()
{
    return {.rows = 20, .cols = 20, .geotransform = std::array<double, 6>{0, 1, 0, 20, 0, -1}, .projection = {}};
}

/// The message of the E that making a reader throws.
template <typename E, typename R = mask_reader>
std::string refusal(std::string const& path, vector_reader_options const& options = {})
{
    return message_of<E>([&] { static_cast<void>(R(path, options)); });
}

void make_shapefile(std::string const& path)
{
    test::make_vectors(path, {{"a", {{square, 1, "x"}, {square, 2, "y"}}, ""}}, "ESRI Shapefile");
}

} // namespace

TEST_CASE("what is wrong with a source of vectors shows when the reader is made, in one line")
{
    temporary_directory const folder;
    test::make_raster(folder / "raster.tif", "GTiff", test::noise<std::uint8_t>(1, 5, 5));
    std::ofstream(folder / "text.gpkg") << "no database";
    make_shapefile(folder / "a.shp");
    std::filesystem::remove(folder / "a.dbf");
    test::make_vectors(folder / "a.gpkg", {{"roads", {{square, 1, "x"}}, ""}, {"rivers", {}, ""}});
    test::captured_stderr const output;
    for (auto const* const name : {"missing.gpkg", "missing.shp", "nowhere/a.json"}) {
        CHECK(refusal<rios::io_error>(folder / name) == folder / name + ": no such file or directory");
    }
    CHECK(refusal<rios::io_error>(folder / "raster.tif") ==
          folder / "raster.tif: not recognised as a vector source by GDAL");
    CHECK(refusal<rios::io_error>(folder / "text.gpkg") ==
          folder / "text.gpkg: not recognised as a vector source by GDAL");

    auto const path = folder / "a.gpkg";
    CHECK(refusal<rios::options_error>(path, {.layer = "lakes"}) ==
          path + ": no layer 'lakes'; its layers: 'roads', 'rivers'");
    CHECK(refusal<rios::options_error>(path, {.layer = 2}) ==
          path + ": no layer 2; its layers: 'roads', 'rivers', numbered from 0");
    CHECK(refusal<rios::options_error>(path, {.layer = -1}) ==
          path + ": no layer -1; its layers: 'roads', 'rivers', numbered from 0");
    CHECK(refusal<rios::options_error>(path, {.attribute = "height"}) ==
          path + ": layer 'roads': no attribute 'height'; its attributes: 'value', 'number', 'name'");
    CHECK(refusal<rios::options_error>(path, {.layer = "rivers", .attribute = "name"}) ==
          path + ": layer 'rivers': attribute 'name' is of type String; allowed: Integer, Integer64 and Real");
    CHECK(output.text().empty());
}

TEST_CASE("a condition that the source refuses is refused when the reader is made")
{
    temporary_directory const folder;
    make_shapefile(folder / "a.shp");
    test::make_vectors(folder / "a.gpkg", {{"a", {{square, 1, "x"}}, ""}});
    test::captured_stderr const output;
    auto const start = [&](std::string const& name) { return folder / name + ": layer 'a': WHERE "; };
    CHECK(refusal<rios::options_error>(folder / "a.shp", {.where = "height = 1"}) ==
          start("a.shp") + "height = 1 is refused: \"height\" not recognised as an available field");
    for (auto const* const name : {"a.shp", "a.gpkg"}) {
        for (auto const* const where : {"value =", "height = 1", "SELECT * FROM a", "name = 'x"}) {
            CAPTURE(where);
            auto const message = refusal<rios::options_error>(folder / name, {.where = where});
            CHECK(message.starts_with(start(name) + where + " is refused: "));
            CHECK(message.find('\n') == std::string::npos);
        }
    }
    CHECK(output.text().empty());
}

TEST_CASE("burn values and null values that no pixel has are refused")
{
    temporary_directory const folder;
    auto const path = folder / "a.shp";
    make_shapefile(path);
    CHECK(refusal<rios::options_error>(path, {.burn_value = 256}) ==
          path + ": burn value 256 is not a uint8 value; allowed: whole numbers from 0 to 255");
    CHECK(refusal<rios::options_error>(path, {.burn_value = 0.5}) ==
          path + ": burn value 0.5 is not a uint8 value; allowed: whole numbers from 0 to 255");
    CHECK(refusal<rios::options_error, rios::vector_reader<std::int8_t>>(
              path, {.null_value = std::numeric_limits<double>::quiet_NaN()}) ==
          path + ": null value nan is not a int8 value; allowed: whole numbers from -128 to 127");
    CHECK(refusal<rios::options_error, rios::vector_reader<float>>(path, {.null_value = 1e39}) ==
          path + ": null value 1e+39 is not a float32 value; allowed: numbers from -3.4028234663852886e+38 to "
                 "3.4028234663852886e+38");
    CHECK(refusal<rios::options_error>(path, {.burn_value = 256, .attribute = "value"}) == "(nothing was thrown)");
}

TEST_CASE("grids on which vectors cannot lie are refused")
{
    temporary_directory const folder;
    auto const path = folder / "a.shp";
    make_shapefile(path);
    mask_reader const unplaced(path);
    auto const refusal_of = [&](pixel_grid const& grid, std::ptrdiff_t margin = 0) {
        return message_of<rios::grid_error>([&] { static_cast<void>(unplaced.on(grid, margin)); });
    };
    auto grid = small_grid();
    grid.geotransform.reset();
    CHECK(refusal_of(grid) == path + ": vectors need a grid that has a place on the map");
    grid.geotransform = {0, 0, 0, 0, 0, 0};
    CHECK(refusal_of(grid) == path + ": vectors cannot be laid on a grid with geotransform (0, 0, 0, 0, 0, 0)");
    CHECK(refusal_of({}) ==
          path +
              ": vectors cannot be laid on a grid of 0 rows, 0 cols with a margin of 0; each must be 1 to 2147483647");
    CHECK(refusal_of(small_grid(), 2000000000) ==
          path +
              ": vectors cannot be laid on a grid of 20 rows, 20 cols with a margin of 2000000000; each must be 1 to "
              "2147483647");
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(unplaced.on(small_grid(), -1)); }) ==
          path + ": a margin of -1 pixels; must be at least 0");

    test::make_vectors(folder / "cave.gpkg", {{"a", {{square}}, R"(LOCAL_CS["cave",UNIT["metre",1]])"}});
    grid = small_grid();
    grid.projection = test::wkt_of("EPSG:28355");
    test::captured_stderr const output;
    CHECK(message_of<rios::grid_error>([&] { static_cast<void>(mask_reader(folder / "cave.gpkg").on(grid)); }) ==
          folder /
              "cave.gpkg: cannot be transformed from its coordinate reference system \"cave\" to that of the grid, "
              "\"GDA94 / MGA zone 55\"");
    CHECK(output.text().empty());
}

TEST_CASE("a reader that lies on no grid has no pixels, one that does has those of grid and margin")
{
    temporary_directory const folder;
    auto const path = folder / "a.shp";
    make_shapefile(path);
    mask_reader unplaced(path, {.null_value = 7});
    CHECK(unplaced.grid() == pixel_grid{});
    CHECK(unplaced.margin() == 0);
    CHECK(unplaced.band_count() == 1);
    CHECK(unplaced.null_value(0) == 7.0);
    CHECK(unplaced.path() == path);
    CHECK(mask_reader::same_crs(test::wkt_of("EPSG:4326"), test::wkt_of("WGS84")));
    CHECK(message_of<rios::grid_error>([&] {
              static_cast<void>(unplaced.read({.index = 0, .row = 0, .col = 0, .rows = 1, .cols = 1}));
          }) == path + ": does not lie on a grid yet, so it has no pixels; see on()");
    auto placed = unplaced.on(small_grid(), 2);
    CHECK(unplaced.grid() == pixel_grid{});
    CHECK(message_of<rios::grid_error>([&] {
              static_cast<void>(placed.read({.index = 7, .row = -3, .col = 0, .rows = 1, .cols = 4}));
          }) == path +
                    ": block 7 (at row -3, col 0: 1 rows, 4 cols) is not inside the grid of 20 rows, 20 cols with its "
                    "margin of 2 pixels");
    auto const most = std::numeric_limits<std::ptrdiff_t>::max();
    for (rios::block const& where :
         {rios::block{0, 0, -3, 1, 1}, rios::block{0, 0, 0, 23, 1}, rios::block{0, 0, 0, 1, 23},
          rios::block{0, 0, 0, -1, 1}, rios::block{0, 1, 1, most, most}}) {
        CHECK_THROWS_AS(static_cast<void>(placed.read(where)), rios::grid_error);
    }
    CHECK(placed.read({0, -2, -2, 24, 24}).pixel_count() == 576);
    CHECK(placed.read({0, 3, 3, 0, 5}) == rios::image<std::uint8_t>(1, 0, 5));
    rios::image<std::uint8_t> other(1, 2, 3);
    CHECK(message_of<rios::grid_error>([&] {
              placed.read_into({.index = 7, .row = 0, .col = 0, .rows = 3, .cols = 3}, other.view());
          }) == path + ": block 7 has 1 × 3 × 3 pixels (bands × rows × cols); those given for it are 1 × 2 × 3");
}

TEST_CASE("a source that is damaged while it is being read fails for everyone, and is tried again")
{
    temporary_directory const folder;
    auto const path = folder / "a.shp";
    make_shapefile(path);
    auto const whole = [&] {
        std::ifstream file(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }();
    auto const placed = mask_reader(path, {.strip_bytes = 100}).on(small_grid());
    std::filesystem::resize_file(path, 120);
    test::captured_stderr const output;
    auto const failing = [&](std::string const& expected) {
        std::atomic<int> failed = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&failed, &expected, copy = placed]() mutable {
                auto const message =
                    message_of<rios::io_error>([&] { static_cast<void>(copy.read(copy.grid().whole())); });
                failed += message.starts_with(expected) ? 1 : 0;
            });
        }
        for (auto& thread : threads) thread.join();
        return failed.load();
    };
    CHECK(failing(path + ": cannot read layer 'a': ") == 4);
    CHECK(message_of<rios::io_error>([&] {
              rios::apply(placed, [](rios::block const&, rios::image<std::uint8_t> const&) {}, rios::no_output(),
                          rios::thread_executor({.readers = 2, .workers = 2}), {.window = 6});
          }).starts_with(path + ": cannot read layer 'a': "));
    std::filesystem::remove(path);
    CHECK(failing(path + ": no such file or directory") == 4);
    make_shapefile(path);
    std::ofstream(path, std::ios::binary) << whole;
    auto copy = placed;
    auto const pixels = copy.read(copy.grid().whole());
    CHECK(std::count(pixels.data(), pixels.data() + pixels.pixel_count(), 1) == 100);
    CHECK(output.text().empty());
}

TEST_CASE("a source that is replaced by one without the layer is an error of reading")
{
    temporary_directory const folder;
    auto const path = folder / "a.gpkg";
    test::make_vectors(path, {{"a", {{square}}, ""}});
    auto placed = mask_reader(path, {.layer = "a"}).on(small_grid());
    std::filesystem::remove(path);
    test::make_vectors(path, {{"b", {{square}}, ""}});
    CHECK(message_of<rios::io_error>([&] { static_cast<void>(placed.read(placed.grid().whole())); }) ==
          path + ": has changed since reading began: " + path + ": no layer 'a'; its layers: 'b'");
}
