// SPDX-License-Identifier: BSL-1.0
// Readers on pixels that take resampling or another reference system, against gdalwarp. Shifts: placement.test.cpp.
#include <rios/gdal/warp.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ogr_spatialref.h>

#include <rios/error.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/resampling.hpp>

#include "support/gdal_warp.hpp"
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
using test::temporary_directory;

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

TEST_CASE("the disk of the Earth as a satellite sees it has all its pixels, up to its edge and whatever the window")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    image<std::uint16_t> columns(1, 360, 720); // half a degree each
    for (auto const [row, col] : columns.pixels()) columns(0, row, col) = static_cast<std::uint16_t>(1 + col);
    make_placed(path, columns, {-180, 0.5, 0, 90, 0, -0.5}, test::wkt_of_epsg(4326));
    for (auto const* const definition :
         {"+proj=geos +h=35785831 +lon_0=0 +R=6371000", "+proj=ortho +lat_0=0 +lon_0=0 +R=6371000"}) {
        CAPTURE(definition);
        OGRSpatialReference disk;
        OGRSpatialReference degrees;
        REQUIRE(disk.SetFromUserInput(definition) == OGRERR_NONE);
        REQUIRE(degrees.importFromEPSG(4326) == OGRERR_NONE);
        degrees.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        char* wkt = nullptr;
        disk.exportToWkt(&wkt);
        pixel_grid const grid{
            .rows = 290, .cols = 290, .geotransform = {{-7e6, 48e3, 0, 7e6, 0, -48e3}}, .projection = wkt};
        CPLFree(wkt);
        std::unique_ptr<OGRCoordinateTransformation> const to_degrees(
            OGRCreateCoordinateTransformation(&disk, &degrees));
        REQUIRE(to_degrees);
        image<std::uint16_t> expected(1, grid.rows, grid.cols);
        for (auto const [row, col] : expected.pixels()) {
            rios::gdal_errors const quiet; // beyond the disk
            double x = -7e6 + 48e3 * (static_cast<double>(col) + 0.5);
            double y = 7e6 - 48e3 * (static_cast<double>(row) + 0.5);
            if (to_degrees->Transform(1, &x, &y) == FALSE) continue;
            expected(0, row, col) = static_cast<std::uint16_t>(1 + std::floor((x + 180) / 0.5));
        }
        REQUIRE(expected(0, 145, 145) > 0);
        REQUIRE(expected(0, 0, 0) == 0);
        gdal_reader<std::uint16_t> const reader(path);
        for (std::ptrdiff_t const window : {31, 100, 1000}) {
            CHECK(differences(assembled(reader, grid, window, 0), expected) == 0);
        }
        gdal_reader<std::uint16_t> const means(path, {.resampling = rios::resampling::average});
        CHECK(assembled(means, grid, 31, 0) == assembled(means, grid, 1000, 0));
    }
}
