// SPDX-License-Identifier: BSL-1.0
// Readers on pixels that are not their file's: shifted and warped, against gdalwarp and against loops over the whole image.
#include <rios/gdal/placement.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/gdal/crs.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/grid_extent.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/resampling.hpp>

#include "support/gdal_warp.hpp"
#include "support/message_of.hpp"
#include "support/pipeline_files.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::block;
using rios::gdal_reader;
using rios::image;
using rios::pixel_grid;
using test::gdal_warped;
using test::make_file;
using test::message_of;
using test::temporary_directory;

namespace {

pixel_grid grid_28355(double x, double y, double pixel, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    return {.rows = rows,
            .cols = cols,
            .geotransform = {{x, pixel, 0, y, 0, -pixel}},
            .projection = test::wkt_of_epsg(28355)};
}

/// The pixels of Australian Albers that cover the ramp's file.
pixel_grid grid_3577(double pixel = 10)
{
    pixel_grid grid{.rows = 0, .cols = 0, .geotransform = {}, .projection = test::wkt_of_epsg(3577)};
    auto const extent =
        *rios::transformed({500'000, 6'999'200, 500'800, 7'000'000}, test::wkt_of_epsg(28355), grid.projection);
    grid.geotransform = {{std::floor(extent.left), pixel, 0, std::floor(extent.top), 0, -pixel}};
    grid.rows = static_cast<std::ptrdiff_t>((extent.top - extent.bottom) / pixel);
    grid.cols = static_cast<std::ptrdiff_t>((extent.right - extent.left) / pixel);
    return grid;
}

/// A file like make_file()'s, with any geotransform and reference system.
template <typename T>
void make_placed(std::string const& path, image<T> const& pixels, std::array<double, 6> place,
                 std::string const& projection = test::wkt_of_epsg(28355), std::optional<double> null = {})
{
    test::make_raster(path, "GTiff", pixels);
    auto const file = test::open_raster(path, GDAL_OF_UPDATE);
    file->SetGeoTransform(place.data());
    if (!projection.empty()) file->SetProjection(projection.c_str());
    if (null) file->GetRasterBand(1)->SetNoDataValue(*null);
}

/// What a reader placed on a grid reads block by block, with a margin: of the whole grid, grown by the margin.
template <typename T>
image<T> assembled(gdal_reader<T> const& reader, pixel_grid const& grid, std::ptrdiff_t window, std::ptrdiff_t margin)
{
    auto placed = reader.on(grid, margin);
    REQUIRE(placed.grid() == grid);
    REQUIRE(placed.margin() == margin);
    image<T> result(reader.band_count(), grid.rows + 2 * margin, grid.cols + 2 * margin);
    for (auto where : grid.blocks(window)) {
        where.row -= margin;
        where.col -= margin;
        where.rows += 2 * margin;
        where.cols += 2 * margin;
        auto const into = result.view().window(where.row + margin, where.col + margin, where.rows, where.cols);
        placed.read_into(where, into);
    }
    return result;
}

/// The pixels of an image at whole rows and columns of it, and a fill where it has none.
template <typename T>
image<T> shifted(image<T> const& pixels, std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows,
                 std::ptrdiff_t cols, std::vector<T> const& fill)
{
    image<T> result(pixels.bands(), rows, cols);
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        for (auto const [r, c] : result.pixels()) {
            bool const there = row + r >= 0 && row + r < pixels.rows() && col + c >= 0 && col + c < pixels.cols();
            result(band, r, c) = there ? pixels(band, row + r, col + c) : fill.at(static_cast<std::size_t>(band));
        }
    }
    return result;
}

template <typename T>
std::ptrdiff_t differences(image<T> const& a, image<T> const& b)
{
    REQUIRE(a.bands() == b.bands());
    REQUIRE(a.rows() == b.rows());
    REQUIRE(a.cols() == b.cols());
    std::ptrdiff_t count = 0;
    for (std::ptrdiff_t i = 0; i < a.bands() * a.pixel_count(); ++i) {
        bool const equal = a.data()[i] == b.data()[i] || (a.data()[i] != a.data()[i] && b.data()[i] != b.data()[i]);
        count += equal ? 0 : 1;
    }
    return count;
}

/// Smooth hills with noise, so that all methods differ, and with a hole of null pixels.
template <typename T>
image<T> hills(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, std::optional<T> null = {})
{
    auto result = test::noise<T>(bands, rows, cols);
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto const [r, c] : result.pixels()) {
            auto const hill = 60 * std::sin(static_cast<double>(r) / 7) * std::cos(static_cast<double>(c) / 5) + 120;
            auto const more = static_cast<int>(static_cast<std::uint32_t>(r * 7919 + c * 104'729 + band * 31) % 23);
            result(band, r, c) = static_cast<T>(hill + more);
            bool const in_hole = r > 20 + 5 * band && r < 40 && c > 30 && c < 60 - 7 * band;
            if (null && (in_hole || (r + 3 * c) % 41 == 0)) result(band, r, c) = *null;
        }
    }
    return result;
}

} // namespace

TEST_CASE_TEMPLATE("warped pixels are those of gdalwarp, whatever the window and the overlap", T, std::uint8_t,
                   std::int16_t, float)
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    auto const grid = grid_3577();
    for (std::optional<T> const null : {std::optional<T>(), std::optional<T>(T{7})}) {
        make_file(path, hills<T>(null ? 1 : 2, 80, 80, null), {}, null ? std::optional<double>(7) : std::nullopt,
                  "GTiff");
        for (std::string const method : {"near", "bilinear", "cubic", "average"}) {
            CAPTURE(method);
            CAPTURE(null.has_value());
            gdal_reader<T> const reader(path, {.resampling = rios::parse_resampling(method)});
            for (std::ptrdiff_t const margin : {0, 5}) {
                auto const expected = gdal_warped<T>(path, rios::detail::grown(grid, margin), method);
                for (std::ptrdiff_t const window : {37, 1000}) {
                    CHECK(differences(assembled(reader, grid, window, margin), expected) == 0);
                }
            }
        }
    }
}

TEST_CASE("every way to resample to larger pixels is that of gdalwarp, whatever the window")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    make_file(path, hills<std::int16_t>(1, 80, 80, std::int16_t{7}), {}, 7, "GTiff");
    auto const grid = grid_28355(500'003, 7'000'012, 25, 33, 34);
    for (auto method = rios::resampling::near; method <= rios::resampling::sum;
         method = static_cast<rios::resampling>(static_cast<int>(method) + 1)) {
        std::string const name(name_of(method));
        CAPTURE(name);
        // How far kernels reach would depend on what gdalwarp takes at once.
        auto const expected = gdal_warped<std::int16_t>(path, grid, name, {"-wo", "XSCALE=0.4", "-wo", "YSCALE=0.4"});
        gdal_reader<std::int16_t> const reader(path, {.resampling = method});
        auto const made = assembled(reader, grid, 100, 0);
        CHECK(made == assembled(reader, grid, 7, 0));
        if (method != rios::resampling::sum) {
            CHECK(made == expected);
            continue;
        }
        int largest = 0; // a sum of rounded parts
        for (auto const [r, c] : made.pixels())
            largest = std::max(largest, std::abs(made(0, r, c) - expected(0, r, c)));
        CHECK(largest <= 1);
    }
}

TEST_CASE("places that may be off by an eighth of a pixel are, and in the same way for every window and overlap")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    // A value that tells the place: 100 for a column, 1 for a row.
    image<float> places(1, 400, 400);
    for (auto const [r, c] : places.pixels()) places(0, r, c) = 100 * static_cast<float>(c) + static_cast<float>(r);
    make_file(path, places, {.pixel = 2000}, -1, "GTiff"); // 800 km: rows of the other grid are curves here
    auto grid = grid_3577(2000);
    grid.rows = 150;
    grid.cols = 300;
    auto const read = [&](double error, std::ptrdiff_t window, std::ptrdiff_t margin) {
        return assembled(gdal_reader<float>(path, {.resampling = rios::resampling::bilinear, .transform_error = error}),
                         grid, window, margin);
    };
    auto const exact = read(0, 1000, 0);
    auto const quick = read(0.125, 1000, 0);
    CHECK(quick == read(0.125, 37, 0));
    auto const padded = read(0.125, 50, 5);
    double largest = 0;
    std::ptrdiff_t inside = 0;
    bool same = true;
    for (auto const [r, c] : exact.pixels()) {
        same = same && padded(0, r + 5, c + 5) == quick(0, r, c);
        if (exact(0, r, c) < 0 || quick(0, r, c) < 0) continue;
        ++inside;
        largest = std::max(largest, std::abs(static_cast<double>(exact(0, r, c)) - quick(0, r, c)));
    }
    CHECK(same);
    CHECK(inside > 20'000);
    CHECK(largest > 0);
    CHECK(largest <= 101 * 0.125);
    CHECK(read(1e-9, 1000, 0) == exact); // nothing is that straight
}

TEST_CASE("a block that takes much of the source is made in parts that do not show")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    constexpr int size = 3000; // 72 MB of double
    {
        auto const file =
            test::create_raster(path, "GTiff", size, size, 1, GDT_Float64, {"SPARSE_OK=YES", "TILED=YES"});
        std::array<double, 6> place{500'000, 10, 0, 7'000'000, 0, -10};
        file->SetGeoTransform(place.data());
        std::vector<double> ones(size, 1);
        for (int const row : {0, 1499, 1500, size - 1}) {
            auto const result = file->GetRasterBand(1)->RasterIO(GF_Write, 0, row, size, 1, ones.data(), size, 1,
                                                                 GDT_Float64, 0, 0, nullptr);
            REQUIRE(result == CE_None);
        }
    }
    pixel_grid const grid{
        .rows = 4, .cols = 5, .geotransform = {{500'000, 7500, 0, 7'000'000, 0, -7500}}, .projection = {}};
    auto reader = gdal_reader<double>(path, {.resampling = rios::resampling::average}).on(grid, 0);
    auto const pixels = reader.read(grid.whole());
    for (auto const [r, c] : pixels.pixels()) CHECK(pixels(0, r, c) == doctest::Approx(c < 4 ? 1.0 / 750 : 0));
}

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

TEST_CASE("pixels that lie around the origin of the map are warped as any others")
{
    temporary_directory const folder;
    auto const pixels = hills<std::uint8_t>(1, 20, 30);
    auto const path = folder / "a.tif";
    for (double const down : {1.0, -1.0}) {
        make_placed(path, pixels, {0, 1, 0, 0, 0, down}, {});
        pixel_grid const grid{
            .rows = 40, .cols = 60, .geotransform = {{0, 0.5, 0, down > 0 ? 20.0 : 0.0, 0, -0.5}}, .projection = {}};
        auto const made = assembled(gdal_reader<std::uint8_t>(path), grid, 16, 0);
        bool right = true;
        for (auto const [r, c] : made.pixels()) {
            right = right && made(0, r, c) == pixels(0, down > 0 ? 19 - r / 2 : r / 2, c / 2);
        }
        CHECK(right);
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

TEST_CASE("bands are warped each by itself, with its own null value, and in the order that is asked for")
{
    temporary_directory const folder;
    auto const pixels = hills<std::uint8_t>(3, 80, 80, std::uint8_t{7});
    auto const path = folder / "a.img";
    make_file(path, pixels);
    {
        auto const file = test::open_raster(path, GDAL_OF_UPDATE);
        file->GetRasterBand(1)->SetNoDataValue(7);
        file->GetRasterBand(3)->SetNoDataValue(0); // which no pixel has
    }
    auto const grid = grid_3577();
    gdal_reader<std::uint8_t> const reader(path, {.bands = {3, 1, 2, 1}, .resampling = rios::resampling::bilinear});
    auto const made = assembled(reader, grid, 50, 2);
    for (std::ptrdiff_t band = 0; band < 4; ++band) {
        CAPTURE(band);
        auto const number = reader.bands()[static_cast<std::size_t>(band)];
        image<std::uint8_t> alone(1, 80, 80);
        for (auto const [r, c] : alone.pixels()) alone(0, r, c) = pixels(number - 1, r, c);
        make_file(folder / "b.img", alone, {}, reader.null_value(static_cast<std::size_t>(band)));
        auto const expected = gdal_warped<std::uint8_t>(folder / "b.img", rios::detail::grown(grid, 2), "bilinear");
        bool same = true;
        for (auto const [r, c] : made.pixels()) same = same && made(band, r, c) == expected(0, r, c);
        CHECK(same);
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

TEST_CASE_TEMPLATE("signed bytes are warped as the numbers that they are", T, std::int8_t, std::int16_t, float)
{
    temporary_directory const folder;
    image<std::int8_t> bytes(2, 80, 80);
    image<std::int16_t> numbers(2, 80, 80);
    auto const some = hills<std::int16_t>(2, 80, 80, std::int16_t{28});
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [r, c] : some.pixels()) {
            numbers(band, r, c) = static_cast<std::int16_t>((some(band, r, c) - 128) % 128);
            bytes(band, r, c) = static_cast<std::int8_t>(numbers(band, r, c));
        }
    }
    make_file(folder / "a.tif", bytes, {}, -100, "GTiff");
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        image<std::int16_t> alone(1, 80, 80);
        for (auto const [r, c] : alone.pixels()) alone(0, r, c) = numbers(band, r, c);
        make_file(folder / (std::to_string(band) + ".tif"), alone, {}, -100, "GTiff");
    }
    auto const grid = grid_3577();
    for (std::string const method : {"near", "bilinear", "average", "max"}) {
        CAPTURE(method);
        gdal_reader<T> const reader(folder / "a.tif", {.bands = {2, 1}, .resampling = rios::parse_resampling(method)});
        auto const made = assembled(reader, grid, 50, 0);
        auto const first = gdal_warped<std::int16_t>(folder / "0.tif", grid, method);
        auto const second = gdal_warped<std::int16_t>(folder / "1.tif", grid, method);
        bool same = true;
        for (auto const [r, c] : made.pixels()) {
            same = same && made(0, r, c) == static_cast<T>(second(0, r, c)) &&
                   made(1, r, c) == static_cast<T>(first(0, r, c));
        }
        CHECK(same);
    }
}

TEST_CASE("a grid that the file's reference system cannot reach everywhere has nothing there")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    make_file(path, hills<std::uint8_t>(1, 100, 100), {.pixel = 10'000}, 200, "GTiff"); // 1000 km
    pixel_grid const world{
        .rows = 90, .cols = 180, .geotransform = {{-180, 2, 0, 90, 0, -2}}, .projection = test::wkt_of_epsg(4326)};
    gdal_reader<std::uint8_t> const reader(path);
    auto const made = assembled(reader, world, 64, 0);
    CHECK(made == assembled(reader, world, 1000, 0));
    CHECK(differences(made, gdal_warped<std::uint8_t>(path, world)) == 0);
    CHECK(std::count(made.data(), made.data() + made.pixel_count(), 200) < made.pixel_count() - 10);
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
