// SPDX-License-Identifier: BSL-1.0
// The pipeline with inputs that do not have the same pixels: what RIOS's own tests assert, with their numbers, and what they do
// not, over all local executors.
#include <rios/apply.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/gdal/crs.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/working_grid.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/grid_extent.hpp>
#include <rios/image.hpp>
#include <rios/lazy_reader.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>
#include <rios/pixel_grid.hpp>

#include "support/gdal_warp.hpp"
#include "support/message_of.hpp"
#include "support/pipeline_files.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::apply;
using rios::block_info;
using rios::gdal_reader;
using rios::gdal_writer;
using rios::image;
using rios::pixel_grid;
using test::local_executor;
using test::make_file;
using test::mean_of;
using test::ramp;
using test::temporary_directory;
using test::with_each_executor;
using bytes = gdal_reader<std::uint8_t>;

namespace {

pixel_grid grid_of(std::string const& path)
{
    return rios::gdal_dataset::open(path).grid();
}

/// A worker that returns its one input without the margin.
struct copying {
    template <typename Image>
    Image operator()(block_info const& where, Image const& in) const
    {
        if (where.overlap() == 0) return in;
        Image out(in.bands(), where.rows, where.cols);
        for (std::ptrdiff_t band = 0; band < in.bands(); ++band) {
            for (auto const [r, c] : out.pixels()) {
                out(band, r, c) = in(band, r + where.overlap(), c + where.overlap());
            }
        }
        return out;
    }
};

template <typename T>
image<T> cut(image<T> const& pixels, std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    image<T> part(pixels.bands(), rows, cols);
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        for (auto const [r, c] : part.pixels()) part(band, r, c) = pixels(band, row + r, col + c);
    }
    return part;
}

/// The pixels of Australian Albers that gdalwarp would choose for a file, of a given size, at whole multiples of it.
pixel_grid albers_grid(std::string const& path, double pixel)
{
    pixel_grid result{
        .rows = 1, .cols = 1, .geotransform = {{0, pixel, 0, 0, 0, -pixel}}, .projection = test::wkt_of_epsg(3577)};
    auto const file = grid_of(path);
    auto const extent = *rios::transformed(rios::extent_of(file), file.projection, result.projection);
    return rios::grid_of(rios::snapped(extent, result), result);
}

} // namespace

TEST_CASE("a second file that is offset is resampled to the pixels of the first")
{
    temporary_directory const folder;
    auto const pixels = ramp();
    make_file(folder / "a.img", pixels);
    make_file(folder / "b.img", pixels, {.x = 500'009, .y = 6'999'981});
    auto const grid = rios::working_grid({folder / "a.img", folder / "b.img"}, {.reference_file = folder / "a.img"});
    CHECK(grid.rows == 498);
    CHECK(grid.cols == 499);
    auto const expected = mean_of(cut(pixels, 2, 1, 498, 499), cut(pixels, 0, 0, 498, 499));
    with_each_executor([&](local_executor executor) {
        auto const mean = [](rios::block const&, image<std::uint8_t> const& a, image<std::uint8_t> const& b) {
            return mean_of(a, b);
        };
        auto const done = apply(std::tuple(bytes(folder / "a.img"), bytes(folder / "b.img")), mean,
                                gdal_writer<std::uint8_t>(folder / "mean.img"), executor, {.grid = grid});
        CHECK(done.grid == grid);
        CHECK(test::read_pixels<std::uint8_t>(folder / "mean.img") == expected);
    });
    CHECK(*grid_of(folder / "mean.img").geotransform == *grid.geotransform);
}

TEST_CASE("without a working grid inputs must still have the same pixels")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp());
    make_file(folder / "b.img", ramp(), {.x = 500'010});
    auto const text = test::message_of<rios::grid_error>([&] {
        apply(
            std::tuple(bytes(folder / "a.img"), bytes(folder / "b.img")),
            [](rios::block const&, image<std::uint8_t> const& a, auto const&) { return a; },
            gdal_writer<std::uint8_t>(folder / "out.img"));
    });
    CHECK(text.ends_with("all inputs must have the same pixels"));
    CHECK(text.starts_with(folder / "b.img: has geotransform (500010, "));
}

TEST_CASE("the footprint decides what is written, and what there is where a file has nothing")
{
    temporary_directory const folder;
    auto const pixels = ramp();
    make_file(folder / "a.img", pixels, {}, 120);
    make_file(folder / "b.img", pixels, {.x = 500'100, .y = 6'999'900});
    std::vector<std::string> const paths{folder / "a.img", folder / "b.img"};
    struct expectation {
        rios::footprint_type footprint;
        std::ptrdiff_t row, size; // of the first pixel in a, and of the output
    };
    for (auto const& [footprint, row, size] :
         std::vector<expectation>{{rios::footprint_type::intersection, 10, 490},
                                  {rios::footprint_type::union_, 0, 510},
                                  {rios::footprint_type::bounds_from_reference, 0, 500}}) {
        auto const grid = rios::working_grid(paths, {.footprint = footprint});
        image<std::uint8_t> expected(2, size, size);
        for (auto const [r, c] : expected.pixels()) {
            bool const in_a = r + row < 500 && c + row < 500;
            bool const in_b = r + row >= 10 && c + row >= 10;
            expected(0, r, c) = in_a ? pixels(0, r + row, c + row) : 120;
            expected(1, r, c) = in_b ? pixels(0, r + row - 10, c + row - 10) : 0;
        }
        with_each_executor([&](local_executor executor) {
            auto const both = [](block_info const& where, image<std::uint8_t> const& a, image<std::uint8_t> const& b) {
                image<std::uint8_t> out(2, where.rows, where.cols);
                for (auto const [r, c] : out.pixels()) {
                    out(0, r, c) = a(0, r, c);
                    out(1, r, c) = b(0, r, c);
                }
                return out;
            };
            apply(std::tuple(bytes(paths[0]), bytes(paths[1])), both,
                  gdal_writer<std::uint8_t>(folder / "out.img", {.bands = 2}), executor, {.grid = grid});
            CHECK(test::read_pixels<std::uint8_t>(folder / "out.img") == expected);
        });
        auto const made = grid_of(folder / "out.img");
        auto const first = 10.0 * static_cast<double>(row);
        CHECK(*made.geotransform == std::array<double, 6>{500'000 + first, 10, 0, 7'000'000 - first, 0, -10});
    }
}

TEST_CASE("a block tells where its pixels are on the working grid")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp());
    make_file(folder / "b.img", ramp(), {.x = 501'000, .y = 6'999'000});
    auto const grid = rios::working_grid({folder / "a.img", folder / "b.img"});
    with_each_executor([&](local_executor executor) {
        std::mutex mutex;
        std::map<std::size_t, rios::map_position> first_centres;
        std::vector<rios::pixel_position> found;
        auto const look = [&](block_info const& block, image<std::uint8_t> const& a, image<std::uint8_t> const& b) {
            std::lock_guard const lock(mutex);
            CHECK(a.rows() == b.rows());
            auto const coordinates = block.coordinates();
            first_centres[block.index] = {coordinates(0, 0, 0), coordinates(1, 0, 0)};
            // 110.5 pixels from the corner of a: 10.5 from that of the working grid.
            if (auto const pixel = block.pixel_at({500'000 + 1105, 7'000'000 - 1105})) found.push_back(*pixel);
        };
        apply(std::tuple(bytes(folder / "a.img"), bytes(folder / "b.img")), look, rios::no_output{}, executor,
              {.grid = grid, .window = 256, .overlap = 2});
        CHECK(first_centres.at(0) == rios::map_position{501'005 - 20, 6'998'995 + 20});
        CHECK(first_centres.at(3) == rios::map_position{503'565 - 20, 6'996'435 + 20});
        REQUIRE(found.size() == 1);
        CHECK(found[0] == rios::pixel_position{12, 12});
    });
}

TEST_CASE("beyond the edge of the working grid a margin has the pixels of the file, and null beyond the file")
{
    temporary_directory const folder;
    auto const pixels = ramp(120, 120);
    make_file(folder / "a.img", pixels, {}, 200);
    // One that is aligned; one that is not.
    for (double const offset : {0.0, 3.0}) {
        pixel_grid const grid{.rows = 90,
                              .cols = 120,
                              .geotransform = {{500'100 + offset, 10, 0, 6'999'900 + offset, 0, -10}},
                              .projection = test::wkt_of_epsg(28355)};
        constexpr std::ptrdiff_t overlap = 7;
        auto const padded = test::gdal_warped<std::uint8_t>(folder / "a.img", rios::detail::grown(grid, overlap));
        CHECK(padded(0, 0, 7) != 200); // the file goes on above and below,
        CHECK(padded(0, 103, 50) != 200);
        CHECK(padded(0, 50, 133) == 200); // and ends on the right before the grid does
        with_each_executor([&](local_executor executor) {
            std::atomic<int> wrong = 0;
            auto const look = [&](block_info const& where, image<std::uint8_t> const& in) {
                wrong += in == cut(padded, where.row, where.col, where.padded_rows(), where.padded_cols()) ? 0 : 1;
            };
            apply(bytes(folder / "a.img"), look, rios::no_output{}, executor,
                  {.grid = grid, .window = {32, 40}, .overlap = overlap});
            CHECK(wrong == 0);
        });
    }
}

TEST_CASE("a file in another reference system is what gdalwarp makes of it")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp(150, 150), {}, 0);
    auto const grid = albers_grid(folder / "a.img", 10);
    auto const expected = test::gdal_warped<std::uint8_t>(folder / "a.img", grid);
    CHECK(std::count_if(expected.data(), expected.data() + expected.pixel_count(), [](auto v) { return v > 0; }) >
          20'000);
    with_each_executor([&](local_executor executor) {
        apply(bytes(folder / "a.img"), copying(), gdal_writer<std::uint8_t>(folder / "out.img"), executor,
              {.grid = grid, .window = 64});
        CHECK(test::read_pixels<std::uint8_t>(folder / "out.img") == expected);
    });
}

TEST_CASE("negative null pixels do not bleed into others")
{
    temporary_directory const folder;
    image<std::int16_t> pixels(2, 100, 100);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [r, c] : pixels.pixels()) pixels(band, r, c) = r < 10 && c < 10 ? -10 : 50;
    }
    make_file(folder / "a.img", pixels, {}, -10);
    auto const grid = albers_grid(folder / "a.img", 10);
    with_each_executor([&](local_executor executor) {
        apply(gdal_reader<std::int16_t>(folder / "a.img", {.resampling = rios::resampling::cubic}), copying(),
              gdal_writer<std::int16_t>(folder / "out.img", {.bands = 2, .null_value = -10}), executor,
              {.grid = grid, .window = 64});
        auto const made = test::read_pixels<std::int16_t>(folder / "out.img");
        auto const count = [&](int value) {
            return std::count(made.data(), made.data() + 2 * made.pixel_count(), value);
        };
        CHECK(count(50) > 19'000);
        CHECK(count(50) + count(-10) == 2 * made.pixel_count());
    });
}

TEST_CASE("curved edges do not clip what lies at them")
{
    temporary_directory const folder;
    image<std::uint8_t> pixels(1, 50, 420);
    for (auto const [r, c] : pixels.pixels()) {
        pixels(0, r, c) = std::hypot(static_cast<double>(r) - 25, static_cast<double>(c) - 210) < 25 ? 100 : 50;
    }
    {
        test::make_raster(folder / "a.img", "HFA", pixels);
        auto const file = test::open_raster(folder / "a.img", GDAL_OF_UPDATE);
        std::array<double, 6> place{112, 0.1, 0, -10, 0, -0.1};
        file->SetGeoTransform(place.data());
        file->SetProjection(test::wkt_of_epsg(4326).c_str());
    }
    auto const reference = albers_grid(folder / "a.img", 10'000);
    auto const grid = rios::working_grid({folder / "a.img"}, {.reference_grid = reference});
    CHECK(grid == reference);
    auto const expected = test::gdal_warped<std::uint8_t>(folder / "a.img", reference);
    auto const hundreds = [](image<std::uint8_t> const& of) {
        return std::count(of.data(), of.data() + of.pixel_count(), 100);
    };
    CHECK(hundreds(expected) > 1500);
    with_each_executor([&](local_executor executor) {
        apply(bytes(folder / "a.img"), copying(), gdal_writer<std::uint8_t>(folder / "out.img"), executor,
              {.grid = grid});
        auto const made = test::read_pixels<std::uint8_t>(folder / "out.img");
        CHECK(hundreds(made) == hundreds(expected));
        CHECK(made == expected);
    });
}

TEST_CASE("a null value that is set for one input keeps its pixels out of the others")
{
    temporary_directory const folder;
    image<std::uint8_t> pixels(1, 150, 150);
    for (auto const [r, c] : pixels.pixels()) pixels(0, r, c) = c < 75 ? 0 : 100;
    make_file(folder / "a.img", pixels);
    make_file(folder / "b.img", pixels);
    auto const grid = albers_grid(folder / "a.img", 10);
    with_each_executor([&](local_executor executor) {
        std::atomic<int> smeared_a = 0;
        std::atomic<int> smeared_b = 0;
        std::atomic<int> wrong = 0;
        auto const look = [&](block_info const& where, image<std::uint8_t> const& a, image<std::uint8_t> const& b) {
            if (where.null_value(0) || where.null_value(1) != 0.0) ++wrong;
            for (auto const [r, c] : a.pixels()) {
                if (a(0, r, c) != 0 && a(0, r, c) != 100) ++smeared_a;
                if (b(0, r, c) != 0 && b(0, r, c) != 100) ++smeared_b;
            }
        };
        apply(std::tuple(bytes(folder / "a.img", {.resampling = rios::resampling::cubic}),
                         bytes(folder / "b.img", {.resampling = rios::resampling::cubic, .null_values = {0.0}})),
              look, rios::no_output{}, executor, {.grid = grid});
        CHECK(wrong == 0);
        CHECK(smeared_a > 0);
        CHECK(smeared_b == 0);
    });
}

TEST_CASE("files of one list lie on the working grid each in its way, beside lazy ones and memory")
{
    temporary_directory const folder;
    auto const pixels = ramp(100, 100);
    make_file(folder / "same.img", pixels, {}, 253);
    make_file(folder / "shifted.img", pixels, {.x = 500'050}, 254);
    make_file(folder / "off.img", pixels, {.x = 500'003, .y = 7'000'004}, 255);
    make_file(folder / "coarse.tif", ramp(40, 40), {.pixel = 25}, 252, "GTiff");
    std::vector<std::string> const paths{folder / "same.img", folder / "shifted.img", folder / "off.img",
                                         folder / "coarse.tif"};
    auto const grid = grid_of(paths[0]);
    std::vector<image<std::uint8_t>> expected;
    for (auto const& path : paths) expected.push_back(test::gdal_warped<std::uint8_t>(path, grid));
    rios::memory_reader const memory(pixels);
    with_each_executor([&](local_executor executor) {
        std::atomic<int> wrong = 0;
        std::atomic<int> asked = 0;
        auto const look = [&](block_info const& where, std::span<image<std::uint8_t> const> list, auto&& lazy,
                              image<std::uint8_t> const& in_memory) {
            auto const of = [&](image<std::uint8_t> const& whole) {
                return cut(whole, where.row, where.col, where.rows, where.cols);
            };
            for (std::size_t i = 0; i < list.size(); ++i) {
                bool const right = list[i] == of(expected[i]) && where.filename(0, i) == paths[i] &&
                                   where.null_value(0, 0, i) == std::array{253.0, 254.0, 255.0, 252.0}.at(i);
                wrong += right ? 0 : 1;
            }
            if (in_memory != of(pixels)) ++wrong;
            if (where.index % 3 != 0) return;
            ++asked;
            if (lazy.get() != of(expected[2])) ++wrong;
        };
        apply(std::tuple(rios::readers<bytes>(paths), rios::lazy_reader(bytes(paths[2])), memory), look,
              rios::no_output{}, executor, {.grid = grid, .window = 30});
        CHECK(wrong == 0);
        CHECK(asked == 6);
    });
}

TEST_CASE("a map of the world and a scene meet in the scene")
{
    temporary_directory const folder;
    image<std::uint8_t> pixels(1, 180, 360);
    for (auto const [r, c] : pixels.pixels()) pixels(0, r, c) = static_cast<std::uint8_t>((r * 7 + c) % 251);
    {
        test::make_raster(folder / "world.tif", "GTiff", pixels);
        auto const file = test::open_raster(folder / "world.tif", GDAL_OF_UPDATE);
        std::array<double, 6> place{-180, 1, 0, 90, 0, -1};
        file->SetGeoTransform(place.data());
        file->SetProjection(test::wkt_of_epsg(4326).c_str());
    }
    make_file(folder / "scene.img", ramp(60, 70), {.pixel = 3000}); // some degrees
    auto const grid =
        rios::working_grid({folder / "world.tif", folder / "scene.img"}, {.reference_file = folder / "scene.img"});
    CHECK(grid == grid_of(folder / "scene.img"));
    auto const expected =
        test::gdal_warped<std::uint8_t>(folder / "world.tif", grid, "bilinear", {"-wo", "XSCALE=1", "-wo", "YSCALE=1"});
    with_each_executor([&](local_executor executor) {
        auto const first = [](rios::block const&, image<std::uint8_t> world, image<std::uint8_t> const&) {
            return world;
        };
        apply(std::tuple(bytes(folder / "world.tif", {.resampling = rios::resampling::bilinear}),
                         bytes(folder / "scene.img")),
              first, gdal_writer<std::uint8_t>(folder / "out.img"), executor, {.grid = grid, .window = 16});
        CHECK(test::read_pixels<std::uint8_t>(folder / "out.img") == expected);
    });
}

TEST_CASE("images without a reference system and images from south to north take part")
{
    temporary_directory const folder;
    auto const pixels = ramp(100, 120);
    auto turned = pixels;
    for (auto const [r, c] : pixels.pixels()) turned(0, 99 - r, c) = pixels(0, r, c);
    auto const make = [&](std::string const& path, image<std::uint8_t> const& of, std::array<double, 6> place) {
        test::make_raster(path, "GTiff", of);
        test::open_raster(path, GDAL_OF_UPDATE)->SetGeoTransform(place.data());
    };
    make(folder / "a.tif", pixels, {500, 10, 0, 2000, 0, -10});
    make(folder / "b.tif", turned, {600, 10, 0, 800, 0, 10}); // 1000 rows down to 800: 20 rows lower than a
    std::vector<std::string> const paths{folder / "a.tif", folder / "b.tif"};
    for (bool const intersect : {true, false}) {
        using rios::footprint_type;
        auto const grid =
            rios::working_grid(paths, {.footprint = intersect ? footprint_type::intersection : footprint_type::union_});
        CHECK(grid.rows == (intersect ? 80 : 120));
        CHECK(grid.cols == (intersect ? 110 : 130));
        auto const from = intersect ? 20 : 0; // rows from the top of a, half as many columns
        image<std::uint8_t> expected(1, grid.rows, grid.cols);
        for (auto const [r, c] : expected.pixels()) {
            auto const at = [&](std::ptrdiff_t row, std::ptrdiff_t col) {
                return row >= 0 && col >= 0 && row < 100 && col < 120 ? pixels(0, row, col) : std::uint8_t{0};
            };
            expected(0, r, c) =
                static_cast<std::uint8_t>(at(r + from, c + from / 2) + at(r + from - 20, c + from / 2 - 10));
        }
        with_each_executor([&](local_executor executor) {
            auto const sum = [](rios::block const&, image<std::uint8_t> a, image<std::uint8_t> const& b) {
                for (auto const [r, c] : a.pixels()) a(0, r, c) = static_cast<std::uint8_t>(a(0, r, c) + b(0, r, c));
                return a;
            };
            apply(std::tuple(bytes(paths[0]), bytes(paths[1])), sum, gdal_writer<std::uint8_t>(folder / "out.tif"),
                  executor, {.grid = grid, .window = 32});
            CHECK(test::read_pixels<std::uint8_t>(folder / "out.tif") == expected);
        });
    }
}

TEST_CASE("what cannot be placed stops the run before anything is written")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp(20, 20));
    test::make_raster(folder / "plain.tif", "GTiff", ramp(21, 20));
    auto const before = folder.names();
    with_each_executor([&](local_executor executor) {
        auto const text = test::message_of<rios::grid_error>([&] {
            apply(std::tuple(bytes(folder / "a.img"), rios::reader_list(std::vector{bytes(folder / "plain.tif")})),
                  [](rios::block const&, image<std::uint8_t> const& a, auto const&) { return a; },
                  gdal_writer<std::uint8_t>(folder / "out.img"), executor, {.grid = grid_of(folder / "a.img")});
        });
        CHECK(text == folder /
                          "plain.tif: has 21 rows, 20 cols; the working grid has 20 rows, 20 cols; one of them has no "
                          "place on the map, so that it goes only with others of the same size");
        CHECK(folder.names() == before);
    });
}
