// SPDX-License-Identifier: BSL-1.0
// Readers on pixels that are not their file's: shifted and warped, against gdalwarp and against loops over the whole image.
#include <rios/gdal/placement.hpp>

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/resampling.hpp>

#include "support/gdal_warp.hpp"
#include "support/message_of.hpp"
#include "support/pipeline_files.hpp"
#include "support/placed_files.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::block;
using rios::gdal_reader;
using rios::image;
using rios::pixel_grid;
using test::assembled;
using test::differences;
using test::gdal_warped;
using test::grid_28355;
using test::grid_3577;
using test::hills;
using test::make_file;
using test::make_placed;
using test::message_of;
using test::shifted;
using test::temporary_directory;

TEST_CASE_TEMPLATE("aligned files are shifted, and null, or 0, where there is nothing", T, std::uint8_t, std::int8_t,
                   float)
{
    temporary_directory const folder;
    auto const pixels = hills<T>(2, 20, 30);
    auto const path = folder / "a.tif";
    for (std::optional<double> const null : {std::optional<double>(), std::optional<double>(100)}) {
        make_placed(path, pixels, {500'000, 10, 0, 7'000'000, 0, -10}, test::wkt_of_epsg(28355), null);
        gdal_reader<T> const reader(path);
        auto const fill = null ? static_cast<T>(*null) : T{0};
        struct window {
            std::ptrdiff_t row, col, rows, cols;
        };
        for (auto const& [row, col, rows, cols] : std::vector<window>{{3, 4, 10, 10},
                                                                      {-3, -4, 12, 9},
                                                                      {15, 25, 10, 10},
                                                                      {-5, -5, 40, 50},
                                                                      {0, 0, 20, 30},
                                                                      {40, 40, 5, 5},
                                                                      {-9, 3, 9, 9}}) {
            auto const grid = grid_28355(500'000 + 10.0 * static_cast<double>(col),
                                         7'000'000 - 10.0 * static_cast<double>(row), 10, rows, cols);
            for (std::ptrdiff_t const margin : {0, 3}) {
                auto const expected =
                    shifted(pixels, row - margin, col - margin, rows + 2 * margin, cols + 2 * margin, {fill, fill});
                CHECK(assembled(reader, grid, 4, margin) == expected);
                CHECK(assembled(reader, grid, 100, margin) == expected);
            }
        }
    }
}

TEST_CASE("pixel sizes that differ by rounding coincide, and those that differ by more are resampled")
{
    temporary_directory const folder;
    auto const pixels = hills<std::uint8_t>(1, 20, 30);
    auto const path = folder / "a.tif";
    make_placed(path, pixels, {500'000, 10 + 1e-9, 0, 7'000'000, 0, -10 - 1e-9});
    gdal_reader<std::uint8_t> const bilinear(path, {.resampling = rios::resampling::bilinear});
    auto const grid = grid_28355(499'980, 7'000'010, 10, 25, 35);
    CHECK(assembled(bilinear, grid, 8, 2) == shifted<std::uint8_t>(pixels, -3, -4, 29, 39, {0}));
    auto const apart = grid_28355(499'980.5, 7'000'010, 10, 25, 35); // a twentieth of a pixel
    CHECK(differences(assembled(bilinear, apart, 8, 0), gdal_warped<std::uint8_t>(path, apart, "bilinear")) == 0);
    CHECK(assembled(bilinear, apart, 8, 0) != shifted<std::uint8_t>(pixels, -1, -2, 25, 35, {0}));
    gdal_reader<std::uint8_t> const tolerant(path,
                                             {.resampling = rios::resampling::bilinear, .alignment_tolerance = 0.06});
    CHECK(assembled(tolerant, apart, 8, 0) == shifted<std::uint8_t>(pixels, -1, -2, 25, 35, {0}));
}

TEST_CASE("rows from south to north and columns from east to west are turned round, whatever the resampling")
{
    temporary_directory const folder;
    auto const truth = hills<float>(2, 20, 30);
    auto turned = truth;
    auto const path = folder / "a.tif";
    for (bool const rows : {false, true}) {
        for (bool const cols : {false, true}) {
            for (std::ptrdiff_t band = 0; band < 2; ++band) {
                for (auto const [r, c] : truth.pixels()) {
                    turned(band, rows ? 19 - r : r, cols ? 29 - c : c) = truth(band, r, c);
                }
            }
            make_placed(path, turned,
                        {cols ? 500'300.0 : 500'000.0, cols ? -10.0 : 10.0, 0, rows ? 6'999'800.0 : 7'000'000.0, 0,
                         rows ? 10.0 : -10.0});
            gdal_reader<float> const reader(path, {.resampling = rios::resampling::cubic, .null_values = {-1.0}});
            auto const grid = grid_28355(499'980, 7'000'010, 10, 25, 35);
            CHECK(assembled(reader, grid, 8, 2) == shifted<float>(truth, -3, -4, 29, 39, {-1, -1}));
            // Its own pixels are read as they are.
            auto const own = rios::gdal_dataset::open(path).grid();
            CHECK(assembled(reader, own, 8, 0) == turned);
            // And a north-up file on pixels that run the other way.
            make_file(folder / "north.tif", truth, {}, {}, "GTiff");
            CHECK(assembled(gdal_reader<float>(folder / "north.tif"), own, 8, 0) == turned);
        }
    }
}

TEST_CASE("a missing coordinate reference system goes with any")
{
    temporary_directory const folder;
    auto const pixels = hills<std::uint8_t>(1, 20, 30);
    make_placed(folder / "none.tif", pixels, {500'000, 10, 0, 7'000'000, 0, -10}, {});
    make_placed(folder / "some.tif", pixels, {500'000, 10, 0, 7'000'000, 0, -10});
    auto half = grid_28355(500'000, 7'000'000, 5, 40, 60);
    auto nowhere = half;
    nowhere.projection.clear();
    image<std::uint8_t> expected(1, 40, 60);
    for (auto const [r, c] : expected.pixels()) expected(0, r, c) = pixels(0, r / 2, c / 2);
    for (auto const* const name : {"none.tif", "some.tif"}) {
        gdal_reader<std::uint8_t> const reader(folder / name);
        CHECK(assembled(reader, half, 16, 0) == expected);
        CHECK(assembled(reader, nowhere, 16, 0) == expected);
    }
}

TEST_CASE("null values of the options replace those of the file, for all bands or for each")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    image<std::int16_t> pixels(2, 4, 4);
    for (auto const [r, c] : pixels.pixels()) {
        pixels(0, r, c) = c < 2 ? 100 : -5;
        pixels(1, r, c) = c < 2 ? 100 : 9;
    }
    make_placed(path, pixels, {0, 10, 0, 0, 0, -10}, {}, 100);
    using nulls = std::vector<std::optional<double>>;
    auto const around = pixel_grid{.rows = 6, .cols = 6, .geotransform = {{-10, 10, 0, 10, 0, -10}}, .projection = {}};
    auto const doubled = pixel_grid{.rows = 3, .cols = 3, .geotransform = {{0, 20, 0, 0, 0, -20}}, .projection = {}};
    auto const read = [&](nulls const& given, pixel_grid const& grid) {
        gdal_reader<std::int16_t> const reader(path, {.resampling = rios::resampling::average, .null_values = given});
        return assembled(reader, grid, 100, 0);
    };
    gdal_reader<std::int16_t> const by_file(path);
    CHECK(by_file.null_value(0) == 100.0);
    gdal_reader<std::int16_t> const by_options(path, {.null_values = {-5.0, std::nullopt}});
    CHECK(by_options.null_value(0) == -5.0);
    CHECK_FALSE(by_options.null_value(1));
    CHECK(by_options.on(around, 0).null_value(0) == -5.0);
    CHECK(gdal_reader<std::int16_t>(path, {.bands = {2, 1, 2}, .null_values = {9.0}}).null_value(2) == 9.0);
    CHECK_FALSE(gdal_reader<std::int16_t>(path, {.null_values = {std::nullopt}}).null_value(0));

    // Shifted: outside only. Warped: pixels that are null do not count either.
    struct expectation {
        nulls given;
        std::vector<std::int16_t> outside;
        std::vector<std::int16_t> left; // 2 × 2 pixels of 100
        std::vector<std::int16_t> right;
    };
    for (auto const& [given, outside, left, right] :
         std::vector<expectation>{{{}, {100, 100}, {100, 100}, {-5, 9}},
                                  {{9.0}, {9, 9}, {100, 100}, {-5, 9}},
                                  {{-5.0, std::nullopt}, {-5, 0}, {100, 100}, {-5, 9}},
                                  {{1e6}, {0, 0}, {100, 100}, {-5, 9}},
                                  {{0.5, 100.0}, {0, 100}, {100, 100}, {-5, 9}}}) {
        auto const near_by = read(given, around);
        auto const larger = read(given, doubled);
        for (std::ptrdiff_t band = 0; band < 2; ++band) {
            auto const i = static_cast<std::size_t>(band);
            CHECK(near_by(band, 0, 0) == outside[i]);
            CHECK(near_by(band, 5, 5) == outside[i]);
            CHECK(near_by(band, 1, 1) == 100);
            CHECK(larger(band, 0, 0) == left[i]);
            CHECK(larger(band, 1, 1) == right[i]);
            CHECK(larger(band, 2, 2) == outside[i]);
        }
    }
    // Half of the pixels are null.
    auto const shifted_by_one =
        pixel_grid{.rows = 2, .cols = 1, .geotransform = {{10, 20, 0, 0, 0, -20}}, .projection = {}};
    CHECK(read({-5.0, 9.0}, shifted_by_one)(0, 0, 0) == 100);
    CHECK(read({100.0}, shifted_by_one)(1, 0, 0) == 9);
    CHECK(read({std::nullopt}, shifted_by_one)(1, 0, 0) == 55);

    CHECK(message_of<rios::options_error>([&] {
              gdal_reader<std::int16_t>(path, {.bands = {1}, .null_values = {1.0, 2.0}});
          }) == path + ": 2 null values for 1 bands; allowed: none, one for all, or one for each band that is read");
}

TEST_CASE("NaN marks null pixels, and is what there is where a file has nothing")
{
    temporary_directory const folder;
    auto const nan = std::numeric_limits<float>::quiet_NaN();
    auto const pixels = hills<float>(1, 80, 80, nan);
    auto const path = folder / "a.tif";
    make_file(path, pixels, {}, std::numeric_limits<double>::quiet_NaN(), "GTiff");
    gdal_reader<float> const reader(path, {.resampling = rios::resampling::cubic});
    CHECK(std::isnan(*reader.null_value(0)));
    auto const grid = grid_3577();
    CHECK(differences(assembled(reader, grid, 50, 0), gdal_warped<float>(path, grid, "cubic")) == 0);
    auto const aligned = grid_28355(499'980, 7'000'010, 10, 25, 35);
    CHECK(differences(assembled(reader, aligned, 8, 0), shifted<float>(pixels, -1, -2, 25, 35, {nan})) == 0);
    // For those who read it as integers there is no such null value.
    auto whole = gdal_reader<std::int32_t>(path).on(aligned, 0);
    CHECK(whole.read({.index = 0, .row = 0, .col = 0, .rows = 1, .cols = 1})(0, 0, 0) == 0);
}

TEST_CASE("copies of a placed reader open the file for themselves, in any thread")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    make_file(path, hills<std::uint8_t>(2, 80, 80), {}, {}, "GTiff");
    auto const grid = grid_3577();
    auto const original = gdal_reader<std::uint8_t>(path, {.resampling = rios::resampling::bilinear}).on(grid, 1);
    auto const expected = gdal_warped<std::uint8_t>(path, grid, "bilinear");
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&, reader = original]() mutable { right += reader.read(grid.whole()) == expected; });
        }
    }
    CHECK(right == 3);
    // One that has a handle goes on; one that has none finds no file.
    auto with_handle = original;
    static_cast<void>(with_handle.read({.index = 0, .row = 0, .col = 0, .rows = 1, .cols = 1}));
    std::filesystem::remove(path);
    CHECK(with_handle.read(grid.whole()) == expected);
    auto without = with_handle;
    CHECK(message_of<rios::io_error>([&] { static_cast<void>(without.read(grid.whole())); }) ==
          path + ": no such file or directory");
}

TEST_CASE("blocks may reach as far beyond the grid as the margin, and no further")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    make_file(path, hills<std::uint8_t>(1, 20, 20), {}, {}, "GTiff");
    auto reader = gdal_reader<std::uint8_t>(path).on(grid_28355(500'050, 6'999'950, 10, 5, 6), 2);
    CHECK(reader.read({.index = 0, .row = -2, .col = -2, .rows = 9, .cols = 10}).pixel_count() == 90);
    for (block const& where :
         {block{0, -3, 0, 1, 1}, block{0, 0, -3, 1, 1}, block{0, -2, 0, 10, 1}, block{0, 0, 6, 1, 3}}) {
        CHECK_THROWS_AS(static_cast<void>(reader.read(where)), rios::grid_error);
    }
}

TEST_CASE("what is rotated goes only with the same pixels")
{
    temporary_directory const folder;
    auto const pixels = hills<std::uint8_t>(1, 20, 30);
    std::array<double, 6> const rotated{500'000, 10, 1, 7'000'000, 1, -10};
    auto const turned = folder / "turned.tif";
    auto const straight = folder / "straight.tif";
    make_placed(turned, pixels, rotated);
    make_file(straight, pixels, {}, {}, "GTiff");
    auto grid = grid_28355(500'000, 7'000'000, 10, 20, 30);
    CHECK(message_of<rios::grid_error>([&] { static_cast<void>(gdal_reader<float>(turned).on(grid, 0)); }) ==
          turned +
              ": is rotated (geotransform (500000, 10, 1, 7000000, 1, -10)), and cannot be placed on other pixels; "
              "gdalwarp makes it north-up");
    grid.geotransform = rotated;
    CHECK(assembled(gdal_reader<std::uint8_t>(turned), grid, 7, 0) == pixels);
    CHECK(assembled(gdal_reader<std::uint8_t>(turned), grid, 7, 1) ==
          shifted<std::uint8_t>(pixels, -1, -1, 22, 32, {0}));
    CHECK(message_of<rios::grid_error>([&] { static_cast<void>(gdal_reader<float>(straight).on(grid, 0)); }) ==
          straight +
              ": cannot be placed on the working grid, which is rotated (geotransform (500000, 10, 1, 7000000, 1, "
              "-10)); it must be north-up");
}

TEST_CASE("without a place on the map pixels are counted from the corner, and do not mix with places")
{
    temporary_directory const folder;
    auto const pixels = hills<std::uint8_t>(1, 20, 30);
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", pixels);
    gdal_reader<std::uint8_t> const reader(path);
    CHECK(assembled(reader, {.rows = 25, .cols = 10, .geotransform = {}, .projection = {}}, 7, 2) ==
          shifted<std::uint8_t>(pixels, -2, -2, 29, 14, {0}));
    CHECK(assembled(reader, grid_28355(0, 0, 10, 20, 30), 7, 0) == pixels);
    CHECK(message_of<rios::grid_error>([&] { static_cast<void>(reader.on(grid_28355(0, 0, 10, 20, 31), 0)); }) ==
          path +
              ": has 20 rows, 30 cols; the working grid has 20 rows, 31 cols; one of them has no place on the map, so "
              "that it goes only with others of the same size");
}

TEST_CASE("a file that lies further away than pixels can be counted is named")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    make_placed(path, hills<std::uint8_t>(1, 20, 30), {1e18, 10, 0, 0, 0, -10});
    CHECK(message_of<rios::grid_error>([&] {
              static_cast<void>(gdal_reader<float>(path).on(grid_28355(0, 0, 10, 20, 30), 0));
          }) == path + ": an extent lies beyond what can be counted in pixels of the working grid");
}

TEST_CASE("reference systems between which there is no way are named")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    make_placed(path, hills<std::uint8_t>(1, 20, 30), {0, 10, 0, 0, 0, -10},
                "LOCAL_CS[\"site\",UNIT[\"metre\",1],AXIS[\"X\",EAST],AXIS[\"Y\",NORTH]]");
    auto const text = message_of<rios::grid_error>(
        [&] { static_cast<void>(gdal_reader<float>(path).on(grid_28355(0, 0, 10, 20, 30), 0)); });
    CHECK(text.starts_with(path + ": has \"site\"; the working grid has \"GDA94 / MGA zone 55\"; there is no "
                                  "transformation between them: "));
    CHECK(text.find('\n') == std::string::npos);
}
