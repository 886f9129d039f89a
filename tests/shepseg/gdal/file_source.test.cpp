// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/file_source.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/error.hpp>
#include <rios/executor/for_each_index.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>
#include <shepseg/sample.hpp>

#include "support/captured_stderr.hpp"
#include "support/executors.hpp"
#include "support/file_sources.hpp"
#include "support/message_of.hpp"
#include "support/pixel_types.hpp"
#include "support/raster_files.hpp"
#include "support/sanitizers.hpp"
#include "support/temporary_directory.hpp"
#include "support/watched_reads.hpp"

namespace fs = std::filesystem;
using rios::block;
using rios::image;
using shepseg::file_source;
using test::check_reads_at_once;
using test::cut;
using test::layouts;
using test::message_of;
using test::open_handles;
using test::temporary_directory;
using namespace std::chrono_literals;

static_assert(std::copyable<file_source<float>>);
static_assert(rios::Archivable<file_source<std::uint8_t>>);

namespace {

/// A file that is gone or damaged is an io_error of that file, whoever reads.
template <typename F>
void check_names_file(std::string const& path, F f)
{
    try {
        f();
        FAIL_CHECK("nothing was thrown for " << path);
    } catch (rios::io_error const& error) {
        CHECK(error.path() == path);
        CHECK(std::string(error.what()).starts_with(path + ": "));
    }
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("blocks of a window are the pixels that plain GDAL reads there", T, blocks_of_window)
{
    temporary_directory const folder;
    auto const whole = test::noise<T>(3, 37, 53);
    for (auto const& each : layouts()) {
        auto const path = folder / each.name;
        CAPTURE(path);
        test::make_raster(path, each.format, whole, each.options);
        REQUIRE(test::read_pixels<T>(path) == whole);
        for (auto const& window : {block{0, 0, 0, 37, 53}, block{0, 5, 9, 20, 30}, block{0, 36, 52, 1, 1}}) {
            for (auto const& bands : {std::vector{1, 2, 3}, std::vector{2}, std::vector{3, 1}}) {
                file_source<T> const source({.path = path, .bands = bands, .window = window, .reads_at_once = 1});
                rios::timing_log log;
                rios::pixel_grid const grid{
                    .rows = window.rows, .cols = window.cols, .geotransform = {}, .projection = {}};
                std::size_t blocks = 0;
                for (block const where : grid.blocks(8, 11)) {
                    block const in_file{where.index, window.row + where.row, window.col + where.col, where.rows,
                                        where.cols};
                    CHECK(source.pixels(where, log) == cut(whole, in_file, bands));
                    ++blocks;
                }
                CHECK(source.pixels(grid.whole(), log) == cut(whole, window, bands));
                REQUIRE(log.snapshot().totals().size() == 1);
                CHECK(log.snapshot().totals()[0].name == "reading");
                CHECK(log.snapshot().totals()[0].count == blocks + 1);
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(blocks_of_window, test::pixel_types);

TEST_CASE("a source that went through bytes reads the same pixels")
{
    temporary_directory const folder;
    auto const path = folder / "a.img";
    auto const whole = test::noise<std::uint16_t>(4, 70, 90);
    test::make_raster(path, "HFA", whole);
    file_source<std::uint16_t> const source(
        {.path = path, .bands = {4, 2}, .window = {0, 3, 5, 60, 80}, .reads_at_once = 7});
    auto const sent = rios::to_bytes(source);
    auto const received = rios::from_bytes<file_source<std::uint16_t>>(sent);
    CHECK(received.description().path == path);
    CHECK(received.description().bands == std::vector{4, 2});
    CHECK(received.description().window == block{0, 3, 5, 60, 80});
    CHECK(received.description().reads_at_once == 7);
    rios::timing_log log;
    rios::inline_executor executor;
    block const where{0, 10, 20, 30, 40};
    CHECK(received.pixels(where, log) == cut(whole, {0, 13, 25, 30, 40}, {4, 2}));
    CHECK(received.pixels(where, log) == source.pixels(where, log));
    CHECK(shepseg::sample_file(received, 5, 3, 64, 64, executor, log, {}) ==
          shepseg::sample_file(source, 5, 3, 64, 64, executor, log, {}));
    CHECK(rios::to_bytes(received) == sent);
    fs::remove(path);
    check_names_file(path, [&] { static_cast<void>(rios::from_bytes<file_source<std::uint16_t>>(sent)); });
}

TEST_CASE("copies of a source share its handles, and end with the last of them")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    auto const whole = test::noise<std::uint8_t>(1, 20, 20);
    test::make_raster(path, "GTiff", whole);
    rios::timing_log log;
    block const where{0, 0, 0, 20, 20};
    {
        file_source<std::uint8_t> copy;
        {
            file_source<std::uint8_t> const source({.path = path, .bands = {1}, .window = where, .reads_at_once = 1});
            CHECK(open_handles(path) == 0);
            copy = source;
            CHECK(source.pixels(where, log) == whole);
            CHECK(open_handles(path) == 1);
        }
        CHECK(copy.pixels(where, log) == whole);
        CHECK(open_handles(path) == 1);
        copy = {};
        CHECK(open_handles(path) == 0);
    }
    CHECK(open_handles(path) == 0);
}

TEST_CASE("no more blocks are read at once than allowed, and as many as that")
{
    auto const whole = test::noise<std::uint8_t>(2, 1600, 10);
    check_reads_at_once(whole, "reading", [&](auto const& source, auto& executor, rios::timing_log& log) {
        std::vector<image<std::uint8_t>> parts(100);
        rios::for_each_index(executor, 100, [&](std::size_t index) {
            parts[index] = source.pixels({index, static_cast<std::ptrdiff_t>(index) * 16, 0, 16, 10}, log);
        });
        CHECK(log.snapshot().totals()[0].count == 100);
        for (std::size_t i = 0; i < 100; ++i) {
            CHECK(parts[i] == cut(whole, {i, static_cast<std::ptrdiff_t>(i) * 16, 0, 16, 10}, {1, 2}));
        }
    });
}

TEST_CASE("a read that fails gives its turn back")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", test::noise<std::uint8_t>(1, 20, 20));
    file_source<std::uint8_t> const source(
        {.path = path, .bands = {1}, .window = {0, 0, 0, 20, 20}, .reads_at_once = 1});
    rios::timing_log log;
    rios::inline_executor executor;
    for (int i = 0; i < 3; ++i) {
        CHECK_THROWS_AS(static_cast<void>(source.pixels({0, 0, 0, 21, 20}, log)), rios::grid_error);
    }
    CHECK(source.pixels({0, 0, 0, 20, 20}, log).pixel_count() == 400);
    CHECK(shepseg::sample_file(source, {}, 1, 20, 20, executor, log, {}).cols() == 400);
}

TEST_CASE("a file that vanished or became another is an error that names it")
{
    temporary_directory const folder;
    test::captured_stderr const output;
    rios::timing_log log;
    test::threads<2> executor;
    for (auto const& each : layouts()) {
        auto const path = folder / each.name;
        CAPTURE(path);
        test::make_raster(path, each.format, test::noise<std::uint8_t>(2, 40, 50), each.options);
        shepseg::file_source_description const description{
            .path = path, .bands = {1, 2}, .window = {0, 0, 0, 40, 50}, .reads_at_once = 2};
        file_source<std::uint8_t> const source(description);
        fs::remove(path);
        check_names_file(path, [&] { static_cast<void>(source.pixels({0, 0, 0, 9, 9}, log)); });
        check_names_file(path,
                         [&] { static_cast<void>(shepseg::sample_file(source, 0, 2, 16, 16, executor, log, {})); });
        check_names_file(path, [&] { file_source<std::uint8_t> const another(description); });
        test::make_raster(path, each.format, test::noise<std::uint8_t>(2, 41, 50), each.options);
        check_names_file(path, [&] { static_cast<void>(source.pixels({0, 0, 0, 9, 9}, log)); });
        CHECK(message_of<rios::io_error>([&] {
                  static_cast<void>(source.pixels({0, 0, 0, 9, 9}, log));
              }) == path + ": is not the raster any more that it was when reading began");
    }
    CHECK(output.text().empty());
}

TEST_CASE("a file that was cut off is an error that names it")
{
    temporary_directory const folder;
    test::captured_stderr const output;
    rios::timing_log log;
    test::threads<2> executor;
    for (auto const& each : layouts()) {
        auto const path = folder / each.name;
        test::make_raster(path, each.format, test::noise<std::uint8_t>(2, 400, 500), each.options);
        auto const size = fs::file_size(path);
        for (auto const part : {size - size / 8, size / 2, std::uintmax_t{100}}) {
            CAPTURE(path);
            CAPTURE(part);
            file_source<std::uint8_t> const source(
                {.path = path, .bands = {1, 2}, .window = {0, 0, 0, 400, 500}, .reads_at_once = 2});
            fs::copy_file(path, folder / "whole", fs::copy_options::overwrite_existing);
            fs::resize_file(path, part);
            check_names_file(path, [&] { static_cast<void>(source.pixels({0, 0, 0, 400, 500}, log)); });
            check_names_file(path,
                             [&] { static_cast<void>(shepseg::sample_file(source, 0, 1, 16, 16, executor, log, {})); });
            fs::copy_file(folder / "whole", path, fs::copy_options::overwrite_existing);
            CHECK(source.pixels({0, 0, 0, 400, 500}, log) == test::read_pixels<std::uint8_t>(path));
        }
    }
    CHECK(output.text().empty());
}

TEST_CASE("a source of a file, a band or pixels that are not there is refused at once")
{
    temporary_directory const folder;
    test::captured_stderr const output;
    auto const path = folder / "a.tif";
    check_names_file(path, [&] {
        file_source<float> const source({.path = path, .bands = {1}, .window = {0, 0, 0, 1, 1}, .reads_at_once = 1});
    });
    test::make_raster(path, "GTiff", image<float>(2, 3, 4));
    CHECK_THROWS_AS(file_source<float>({.path = path, .bands = {3}, .window = {0, 0, 0, 3, 4}, .reads_at_once = 1}),
                    rios::options_error);
    static_cast<void>(test::create_raster(folder / "complex.tif", "GTiff", 2, 2, 1, GDT_CFloat32));
    CHECK_THROWS_AS(file_source<float>(
                        {.path = folder / "complex.tif", .bands = {1}, .window = {0, 0, 0, 2, 2}, .reads_at_once = 1}),
                    rios::grid_error);
    CHECK(output.text().empty());
}
