// SPDX-License-Identifier: BSL-1.0
// The pipeline between real files: what RIOS's own tests assert about it, with their numbers, over all local executors.
#include <rios/apply.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/reader.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/lists.hpp>

#include "support/pipeline_files.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::apply;
using rios::block_info;
using rios::gdal_reader;
using rios::gdal_writer;
using rios::image;
using test::local_executor;
using test::make_file;
using test::mean_of;
using test::ramp;
using test::temporary_directory;
using test::with_each_executor;

namespace {

image<std::uint8_t> mirrored(image<std::uint8_t> const& pixels)
{
    auto result = pixels;
    for (auto const [r, c] : pixels.pixels()) result(0, r, c) = pixels(0, r, pixels.cols() - 1 - c);
    return result;
}

} // namespace

TEST_CASE("the mean of two files is that of the whole images")
{
    temporary_directory const folder;
    auto const one = ramp();
    auto const other = mirrored(one);
    make_file(folder / "a.img", one);
    make_file(folder / "b.img", other);
    auto const expected = mean_of(one, other);
    with_each_executor([&](local_executor executor) {
        auto const average = [](rios::block const&, image<std::uint8_t> const& a, image<std::uint8_t> const& b) {
            return mean_of(a, b);
        };
        auto const done =
            apply(std::tuple{gdal_reader<std::uint8_t>(folder / "a.img"), gdal_reader<std::uint8_t>(folder / "b.img")},
                  average, gdal_writer<std::uint8_t>(folder / "mean.img"), executor);
        CHECK(test::read_pixels<std::uint8_t>(folder / "mean.img") == expected);
        CHECK(done.grid.rows == 500);
        CHECK(done.timings.summary("reading")->count == 8);
        CHECK(done.timings.summary("userfunction")->count == 4);
        CHECK(folder.names() == std::set<std::string>{"a.img", "b.img", "mean.img"});
    });
    auto const made = test::open_raster(folder / "mean.img");
    std::array<double, 6> transform{};
    made->GetGeoTransform(transform.data());
    CHECK(transform == std::array<double, 6>{500'000, 10, 0, 7'000'000, 0, -10});
}

TEST_CASE("a block tells its place among the blocks of a file")
{
    temporary_directory const folder;
    image<std::uint16_t> pixels(2, 900, 1000);
    for (auto const [r, c] : pixels.pixels()) {
        pixels(0, r, c) = static_cast<std::uint16_t>(r);
        pixels(1, r, c) = static_cast<std::uint16_t>(c);
    }
    make_file(folder / "in.img", pixels, {.x = 30'000, .y = 50'000, .pixel = 20});
    with_each_executor([&](local_executor executor) {
        std::mutex mutex;
        std::set<std::pair<std::ptrdiff_t, std::ptrdiff_t>> seen;
        std::string wrong;
        auto const look = [&](block_info const& block, image<std::uint16_t> const& in) {
            std::lock_guard const lock(mutex);
            auto const expect = [&](bool right, char const* what) {
                if (!right) wrong += what + (" in block " + std::to_string(block.index)) + "; ";
            };
            expect(block.grid().rows == 900 && block.grid().cols == 1000, "total size");
            expect(block.blocks_down() == 4 && block.blocks_across() == 4 && block.total() == 16, "number of blocks");
            expect(block.rows == (block.block_row() == 3 ? 132 : 256), "rows");
            expect(block.cols == (block.block_col() == 3 ? 232 : 256), "cols");
            expect(in.rows() == block.rows && in.cols() == block.cols && in.bands() == 2, "shape of the input");
            expect(in(0, 0, 0) == block.row && in(1, 0, 0) == block.col, "first pixel");
            auto const left = 30'000 + 20 * 256.0 * static_cast<double>(block.block_col());
            auto const top = 50'000 - 20 * 256.0 * static_cast<double>(block.block_row());
            expect(block.top_left() == rios::map_position{left, top}, "top left");
            expect(block.bottom_right() == rios::map_position{left + 20.0 * static_cast<double>(block.cols),
                                                              top - 20.0 * static_cast<double>(block.rows)},
                   "bottom right");
            expect(block.is_first() == (block.block_row() == 0 && block.block_col() == 0), "first");
            expect(block.is_last() == (block.block_row() == 3 && block.block_col() == 3), "last");
            seen.insert({block.block_row(), block.block_col()});
        };
        apply(gdal_reader<std::uint16_t>(folder / "in.img"), look, rios::no_output{}, executor, {.window = 256});
        CHECK(wrong.empty());
        CHECK(seen.size() == 16);
    });
}

TEST_CASE("a block tells the file and the null value of every input, single or in a list")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp(), {}, 253);
    make_file(folder / "b.img", ramp(), {}, 254);
    make_file(folder / "c.img", ramp(), {}, 255);
    with_each_executor([&](local_executor executor) {
        std::atomic<int> wrong = 0;
        auto const look = [&](block_info const& block, image<std::uint8_t> const&,
                              std::span<image<std::uint8_t> const> list) {
            bool const right = list.size() == 2 && block.filename(0) == folder / "a.img" &&
                               block.null_value(0) == 253.0 && block.filename(1, 0) == folder / "b.img" &&
                               block.null_value(1, 0, 0) == 254.0 && block.filename(1, 1) == folder / "c.img" &&
                               block.null_pixel<std::uint8_t>(1, 0, 1) == std::uint8_t{255};
            if (!right) ++wrong;
        };
        apply(std::tuple{gdal_reader<std::uint8_t>(folder / "a.img"),
                         rios::readers<gdal_reader<std::uint8_t>>({folder / "b.img", folder / "c.img"})},
              look, rios::no_output{}, executor);
        CHECK(wrong == 0);
    });
}

TEST_CASE("a block tells where its pixels are, and which pixel holds a place")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp());
    for (std::ptrdiff_t const overlap : {0, 2}) {
        with_each_executor([&](local_executor executor) {
            std::mutex mutex;
            std::map<std::size_t, rios::map_position> first_centres;
            std::vector<rios::pixel_position> found;
            auto const look = [&](block_info const& block, image<std::uint8_t> const&) {
                std::lock_guard const lock(mutex);
                auto const coordinates = block.coordinates();
                first_centres[block.index] = {coordinates(0, 0, 0), coordinates(1, 0, 0)};
                if (auto const pixel = block.pixel_at({500'000 + 1105, 7'000'000 - 1105})) found.push_back(*pixel);
            };
            apply(gdal_reader<std::uint8_t>(folder / "a.img"), look, rios::no_output{}, executor,
                  {.window = 256, .overlap = overlap});
            auto const margin = 10.0 * static_cast<double>(overlap);
            CHECK(first_centres.at(0) == rios::map_position{500'005 - margin, 6'999'995 + margin});
            CHECK(first_centres.at(1) == rios::map_position{502'565 - margin, 6'999'995 + margin});
            CHECK(first_centres.at(2) == rios::map_position{500'005 - margin, 6'997'435 + margin});
            CHECK(first_centres.at(3) == rios::map_position{502'565 - margin, 6'997'435 + margin});
            REQUIRE(found.size() == 1);
            CHECK(found[0] == rios::pixel_position{110 + overlap, 110 + overlap});
        });
    }
}

TEST_CASE("a filter with a margin is the filter of the whole image")
{
    temporary_directory const folder;
    auto const pixels = ramp();
    make_file(folder / "a.img", pixels);
    auto const maximum = [](image<std::uint8_t> const& in, std::ptrdiff_t row, std::ptrdiff_t col) {
        std::uint8_t largest = 0;
        for (auto r = std::max<std::ptrdiff_t>(0, row - 2); r < std::min(in.rows(), row + 3); ++r) {
            for (auto c = std::max<std::ptrdiff_t>(0, col - 2); c < std::min(in.cols(), col + 3); ++c) {
                largest = std::max(largest, in(0, r, c));
            }
        }
        return largest;
    };
    image<std::uint8_t> expected(1, 500, 500);
    for (auto const [r, c] : expected.pixels()) expected(0, r, c) = maximum(pixels, r, c);
    with_each_executor([&](local_executor executor) {
        auto const filter = [&](rios::block const&, image<std::uint8_t> const& in) {
            auto out = in;
            for (auto const [r, c] : out.pixels()) out(0, r, c) = maximum(in, r, c);
            return out;
        };
        apply(gdal_reader<std::uint8_t>(folder / "a.img"), filter, gdal_writer<std::uint8_t>(folder / "out.img"),
              executor, {.window = 100, .overlap = 2});
        CHECK(test::read_pixels<std::uint8_t>(folder / "out.img") == expected);
    });
}

TEST_CASE("selected bands arrive in the order of the selection")
{
    temporary_directory const folder;
    image<std::uint8_t> pixels(5, 500, 500);
    auto const first = ramp();
    for (std::ptrdiff_t band = 0; band < 5; ++band) {
        for (auto const [r, c] : pixels.pixels()) pixels(band, r, c) = static_cast<std::uint8_t>(first(0, r, c) + band);
    }
    make_file(folder / "a.img", pixels);
    image<std::uint8_t> expected(1, 500, 500);
    for (auto const [r, c] : expected.pixels()) {
        expected(0, r, c) = static_cast<std::uint8_t>(pixels(3, r, c) * 2 - pixels(1, r, c));
    }
    with_each_executor([&](local_executor executor) {
        auto const work = [](rios::block const&, image<std::uint8_t> const& in) {
            image<std::uint8_t> out(1, in.rows(), in.cols());
            for (auto const [r, c] : out.pixels())
                out(0, r, c) = static_cast<std::uint8_t>(in(0, r, c) * 2 - in(1, r, c));
            return out;
        };
        apply(gdal_reader<std::uint8_t>(folder / "a.img", {.bands = {4, 2}}), work,
              gdal_writer<std::uint8_t>(folder / "out.img"), executor);
        CHECK(test::read_pixels<std::uint8_t>(folder / "out.img") == expected);
    });
}

TEST_CASE("what workers accumulate is merged and returned")
{
    struct accumulating {
        std::uint64_t sum = 0;
        std::uint64_t count = 0;
        void operator()(rios::block const&, image<std::uint8_t> const& in)
        {
            for (auto const [r, c] : in.pixels()) sum += in(0, r, c);
            count += static_cast<std::uint64_t>(in.pixel_count());
        }
        void merge(accumulating const& other)
        {
            sum += other.sum;
            count += other.count;
        }
    };
    temporary_directory const folder;
    auto const pixels = ramp();
    make_file(folder / "a.img", pixels);
    std::uint64_t sum = 0;
    for (auto const [r, c] : pixels.pixels()) sum += pixels(0, r, c);
    with_each_executor([&](local_executor executor) {
        auto const done = apply(gdal_reader<std::uint8_t>(folder / "a.img"), accumulating{}, rios::no_output{},
                                executor, {.window = 100});
        CHECK(done.worker.sum == sum);
        CHECK(done.worker.count == 250'000);
    });
}

TEST_CASE("signed bytes stay signed bytes")
{
    temporary_directory const folder;
    image<std::int8_t> pixels(1, 1, 256);
    for (int value = -128; value < 128; ++value) pixels(0, 0, value + 128) = static_cast<std::int8_t>(value);
    make_file(folder / "a.tif", pixels, {}, {}, "GTiff");
    with_each_executor([&](local_executor executor) {
        auto const copy = [](rios::block const&, image<std::int8_t> in) { return in; };
        apply(gdal_reader<std::int8_t>(folder / "a.tif"), copy, gdal_writer<std::int8_t>(folder / "b.tif"), executor);
        CHECK(gdal_reader<std::int8_t>(folder / "b.tif").read({0, 0, 0, 1, 256}) == pixels);
        CHECK(rios::gdal_dataset::open(folder / "b.tif").band_type(1) == rios::pixel_type::int8);
    });
}

TEST_CASE("inputs and outputs have pixel types of their own")
{
    temporary_directory const folder;
    auto const bytes = ramp(60, 70);
    auto const reals = test::noise<float>(2, 60, 70);
    make_file(folder / "a.img", bytes);
    make_file(folder / "b.tif", reals, {}, {}, "GTiff"); // the same system in other words than an .img has
    with_each_executor([&](local_executor executor) {
        auto const work = [](rios::block const&, image<std::uint8_t> const& a, image<float> b) {
            image<std::int16_t> doubled(1, a.rows(), a.cols());
            for (auto const [r, c] : a.pixels()) doubled(0, r, c) = static_cast<std::int16_t>(-2 * a(0, r, c));
            return std::tuple{std::move(doubled), std::move(b)};
        };
        apply(
            std::tuple{gdal_reader<std::uint8_t>(folder / "a.img"), gdal_reader<float>(folder / "b.tif")}, work,
            std::tuple{gdal_writer<std::int16_t>(folder / "c.tif"), gdal_writer<float>(folder / "d.tif", {.bands = 2})},
            executor, {.window = {7, 64}});
        CHECK(test::read_pixels<float>(folder / "d.tif") == reals);
        auto const doubled = test::read_pixels<std::int16_t>(folder / "c.tif");
        bool same = true;
        for (auto const [r, c] : bytes.pixels()) same = same && doubled(0, r, c) == -2 * bytes(0, r, c);
        CHECK(same);
    });
}

TEST_CASE("a block that a worker declines is null in every format")
{
    temporary_directory const folder;
    auto const pixels = ramp(100, 100);
    make_file(folder / "a.img", pixels);
    for (std::string const name : {"b.tif", "b.img"}) {
        with_each_executor([&](local_executor executor) {
            auto const every_other = [](rios::block const& block, image<std::uint8_t> in) {
                return block.index % 2 == 0 ? std::optional(std::move(in)) : std::nullopt;
            };
            apply(gdal_reader<std::uint8_t>(folder / "a.img"), every_other,
                  gdal_writer<std::uint8_t>(folder / name, {.null_value = 200}), executor, {.window = {100, 25}});
            auto const out = test::read_pixels<std::uint8_t>(folder / name);
            bool right = true;
            for (auto const [r, c] : out.pixels()) {
                right = right && out(0, r, c) == (c / 25 % 2 == 0 ? pixels(0, r, c) : 200);
            }
            CHECK(right);
        });
    }
}
