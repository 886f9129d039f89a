// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/file_source.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
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
using test::message_of;
using test::most_at_once;
using test::open_handles;
using test::temporary_directory;
using test::watched_reads;
using namespace std::chrono_literals;

static_assert(std::copyable<file_source<float>>);
static_assert(rios::Archivable<file_source<std::uint8_t>>);

namespace {

/// A window of an image, by the plainest loop.
template <typename T>
image<T> cut(image<T> const& whole, block const& where, std::vector<int> const& bands)
{
    image<T> part(static_cast<std::ptrdiff_t>(bands.size()), where.rows, where.cols);
    for (std::ptrdiff_t band = 0; band < part.bands(); ++band) {
        for (auto const [row, col] : part.pixels()) {
            part(band, row, col) = whole(bands[static_cast<std::size_t>(band)] - 1, where.row + row, where.col + col);
        }
    }
    return part;
}

struct layout {
    std::string name;
    std::string format;
    std::vector<std::string> options;
};

std::vector<layout> layouts()
{
    return {{"rows.tif", "GTiff", {"BLOCKYSIZE=1"}},
            {"strips.tif", "GTiff", {"BLOCKYSIZE=7"}},
            {"high.tif", "GTiff", {"BLOCKYSIZE=300", "COMPRESS=LZW"}},
            {"small.tif", "GTiff", {"TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"}},
            {"large.tif", "GTiff", {"TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "INTERLEAVE=BAND"}},
            {"erdas.img", "HFA", {}}};
}

/// Rows and columns of the blocks of a file.
std::pair<std::ptrdiff_t, std::ptrdiff_t> block_size(std::string const& path)
{
    int rows = 0;
    int cols = 0;
    test::open_raster(path)->GetRasterBand(1)->GetBlockSize(&cols, &rows);
    return {rows, cols};
}

/// Few values, one of which is null often; and what is not finite, where there is such a thing.
template <typename T>
image<T> with_nulls(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    auto pixels = test::noise<T>(bands, rows, cols);
    for (std::ptrdiff_t i = 0; i < bands * pixels.pixel_count(); ++i) {
        auto& pixel = pixels.data()[i];
        if constexpr (std::integral<T>) pixel = static_cast<T>(pixel % 8);
        else if (i % 9 == 0) pixel = 3;
        else if (i % 31 == 0) pixel = std::numeric_limits<T>::quiet_NaN();
    }
    return pixels;
}

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

namespace {

/// Compares with take_sample() for all steps, windows and layouts.
template <typename T, typename E>
void compare_samples(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<block> const& windows,
                     std::vector<std::ptrdiff_t> const& steps, std::vector<layout> const& files)
{
    temporary_directory const folder;
    E executor;
    rios::timing_log log;
    auto const whole = with_nulls<T>(3, rows, cols);
    std::size_t nulls = 0;
    for (auto const& each : files) {
        auto const path = folder / each.name;
        CAPTURE(path);
        test::make_raster(path, each.format, whole, each.options);
        auto const [block_rows, block_cols] = block_size(path);
        for (auto const& window : windows) {
            for (auto const& bands : {std::vector{1, 2, 3}, std::vector{3}}) {
                file_source<T> const source({.path = path, .bands = bands, .window = window, .reads_at_once = 2});
                auto const pixels = cut(whole, window, bands);
                for (auto const step : steps) {
                    for (std::optional<double> const null_value : {std::optional<double>(), std::optional(3.0)}) {
                        auto const expected = shepseg::take_sample<T>(pixels.view(), null_value, step);
                        auto const actual =
                            shepseg::sample_file(source, null_value, step, block_rows, block_cols, executor, log, {});
                        if (actual != expected) {
                            FAIL("another sample of every " << step << "th pixel of the window at " << window.row
                                                            << ", " << window.col << " of " << window.rows << " × "
                                                            << window.cols);
                        }
                        auto const every = [&](std::ptrdiff_t n) { return (n + step - 1) / step; };
                        nulls += static_cast<std::size_t>(every(window.rows) * every(window.cols) - actual.cols());
                    }
                }
            }
        }
    }
    CHECK(nulls > 1000); // the test was worth the trouble
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("the sample of a window is that of its pixels, however the file is cut into blocks", E,
                          samples_of_layouts)
{
    // Strips that a step takes are 252 to 300 rows high here.
    std::vector<block> windows{{0, 0, 0, 530, 70},   {0, 0, 0, 1, 1},    {0, 529, 69, 1, 1}, {0, 250, 3, 20, 50},
                               {0, 255, 1, 2, 60},   {0, 256, 16, 1, 9}, {0, 299, 0, 3, 70}, {0, 13, 33, 500, 37},
                               {0, 100, 69, 400, 1}, {0, 511, 64, 19, 6}};
    std::vector<std::ptrdiff_t> steps{1, 2, 3, 7, 16, 255, 256, 257, 1000};
    if (test::sanitized) {
        windows.resize(5);
        steps = {1, 7, 256};
    }
    compare_samples<std::uint8_t, E>(530, 70, windows, steps, layouts());
    compare_samples<float, E>(530, 70, {{0, 13, 3, 500, 60}}, steps, {layouts()[1], layouts()[3], layouts()[5]});
}
TEST_CASE_TEMPLATE_APPLY(samples_of_layouts, test::executors);

TEST_CASE_TEMPLATE("the sample of a wide window is that of its pixels", E, rios::inline_executor, test::threads<2>)
{
    // Pieces of rows that are read at once are 4096 columns wide, or one block of the file.
    std::vector<block> const windows{
        {0, 0, 0, 9, 9000}, {0, 2, 5, 6, 8192}, {0, 1, 4090, 8, 4910}, {0, 8, 4000, 1, 97}};
    auto files = layouts();
    files.resize(test::sanitized ? 1 : 5);
    compare_samples<std::uint8_t, E>(9, 9000, windows, {1, 2, 5, 17, 4095, 4096, 4097, 8191}, files);
}

TEST_CASE("the sample does not depend on the size of blocks that is told")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    auto const whole = with_nulls<std::int16_t>(2, 300, 40);
    test::make_raster(path, "GTiff", whole, {"BLOCKYSIZE=10"});
    block const window{0, 7, 2, 290, 33};
    file_source<std::int16_t> const source({.path = path, .bands = {2, 1}, .window = window, .reads_at_once = 3});
    auto const pixels = cut(whole, window, {2, 1});
    auto const expected = shepseg::take_sample<std::int16_t>(pixels.view(), 3, 4);
    test::threads<2> executor;
    rios::timing_log log;
    for (std::ptrdiff_t const rows : {1, 10, 100, 256, 257, 100'000}) {
        for (std::ptrdiff_t const cols : {1, 7, 40, 100'000}) {
            CHECK(shepseg::sample_file(source, 3, 4, rows, cols, executor, log, {}) == expected);
        }
    }
}

TEST_CASE("a window of nothing but null has an empty sample")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", image<std::uint8_t>(2, 600, 5));
    file_source<std::uint8_t> const source(
        {.path = path, .bands = {1, 2}, .window = {0, 10, 0, 590, 5}, .reads_at_once = 1});
    rios::inline_executor executor;
    rios::timing_log log;
    auto const nothing = shepseg::sample_file(source, 0, 1, 8, 5, executor, log, {});
    CHECK(nothing == image<std::uint8_t>(2, 1, 0));
    CHECK(shepseg::sample_file(source, {}, 1, 8, 5, executor, log, {}).cols() == 590 * 5);
}

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

namespace {

/// Lets `read(source, executor, log)` read a file on five threads, with one, two and three reads allowed at once: so many
/// there are, no more.
template <typename F>
void check_reads_at_once(image<std::uint8_t> const& whole, std::string const& timer, F read)
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", whole, {"BLOCKYSIZE=1"});
    auto& reads = watched_reads::the_one();
    test::threads<5> executor;
    for (std::size_t const allowed : {1U, 2U, 3U}) {
        CAPTURE(allowed);
        file_source<std::uint8_t> const source({.path = "/vsiwatched" + path,
                                                .bands = {1, 2},
                                                .window = {0, 0, 0, whole.rows(), whole.cols()},
                                                .reads_at_once = allowed});
        rios::timing_log log;
        reads.forget();
        reads.wait_for = static_cast<int>(allowed);
        read(source, executor, log);
        CHECK(reads.most.load() == static_cast<int>(allowed));
        CHECK(open_handles(path) == allowed);
        CHECK(most_at_once(log.snapshot(), timer) == allowed);
    }
    reads.forget();
}

} // namespace

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

TEST_CASE("no more strips of the sample are read at once than allowed, and as many as that")
{
    auto const whole = with_nulls<std::uint8_t>(2, 1600, 10); // seven strips
    check_reads_at_once(whole, "sampling", [&](auto const& source, auto& executor, rios::timing_log& log) {
        auto const sample = shepseg::sample_file(source, 3, 2, 1, 10, executor, log, {});
        CHECK(sample == shepseg::take_sample<std::uint8_t>(whole.view(), 3, 2));
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

TEST_CASE_TEMPLATE_DEFINE("the sample tells how far it is, on the thread that called it", E, sample_progress)
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", test::noise<std::uint8_t>(1, 2000, 3), {"BLOCKYSIZE=1"});
    file_source<std::uint8_t> const source(
        {.path = path, .bands = {1}, .window = {0, 100, 0, 1900, 3}, .reads_at_once = 2});
    E executor;
    rios::timing_log log;
    auto const caller = std::this_thread::get_id();
    bool here = true;
    std::vector<double> told;
    static_cast<void>(
        shepseg::sample_file(source, {}, 5, 1, 3, executor, log, [&](std::string_view phase, double done) {
            here = here && std::this_thread::get_id() == caller;
            // A slow machine may be asked before anything is done, too.
            if (phase == "sampling") told.push_back(done);
            return true;
        }));
    CHECK(here);
    REQUIRE(told.size() >= 8); // strips of 256 rows
    CHECK(std::is_sorted(told.begin(), told.end()));
    CHECK(told.back() == 1);
}
TEST_CASE_TEMPLATE_APPLY(sample_progress, test::executors);

TEST_CASE_TEMPLATE_DEFINE("a progress function that says no ends the sample", E, cancelled_sample)
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", test::noise<std::uint8_t>(1, 1000, 3), {"BLOCKYSIZE=1"});
    E executor;
    rios::timing_log log;
    {
        file_source<std::uint8_t> const source(
            {.path = path, .bands = {1}, .window = {0, 0, 0, 1000, 3}, .reads_at_once = 2});
        for (double const enough : {0.0, 0.5, 1.0}) {
            CHECK_THROWS_AS(
                static_cast<void>(shepseg::sample_file(source, {}, 3, 1, 3, executor, log,
                                                       [&](std::string_view, double done) { return done < enough; })),
                rios::cancelled);
        }
        CHECK(shepseg::sample_file(source, {}, 3, 1, 3, executor, log, {}).cols() == 334); // it can be used again
    }
    // In the middle of a strip, too: one of 256 rows, each of which is read slowly.
    auto& reads = watched_reads::the_one();
    file_source<std::uint8_t> const source(
        {.path = "/vsiwatched" + path, .bands = {1}, .window = {0, 0, 0, 256, 3}, .reads_at_once = 1});
    reads.forget();
    reads.slow = true;
    CHECK_THROWS_AS(static_cast<void>(shepseg::sample_file(source, {}, 1, 1, 3, executor, log,
                                                           [](std::string_view, double) { return false; })),
                    rios::cancelled);
    reads.slow = false;
    CHECK(reads.times.load() < 256);
}
TEST_CASE_TEMPLATE_APPLY(cancelled_sample, test::executors);

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
