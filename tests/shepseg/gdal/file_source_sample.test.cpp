// SPDX-License-Identifier: BSL-1.0
// The sample of a file (sample_file() of file_source.hpp) is that of its pixels in memory.
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>
#include <shepseg/gdal/file_source.hpp>
#include <shepseg/sample.hpp>

#include "support/executors.hpp"
#include "support/file_sources.hpp"
#include "support/raster_files.hpp"
#include "support/sanitizers.hpp"
#include "support/temporary_directory.hpp"
#include "support/watched_reads.hpp"

using rios::block;
using rios::image;
using shepseg::file_source;
using test::check_reads_at_once;
using test::cut;
using test::layout;
using test::layouts;
using test::temporary_directory;
using test::watched_reads;

namespace {

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

TEST_CASE("no more strips of the sample are read at once than allowed, and as many as that")
{
    auto const whole = with_nulls<std::uint8_t>(2, 1600, 10); // seven strips
    check_reads_at_once(whole, "sampling", [&](auto const& source, auto& executor, rios::timing_log& log) {
        auto const sample = shepseg::sample_file(source, 3, 2, 1, 10, executor, log, {});
        CHECK(sample == shepseg::take_sample<std::uint8_t>(whole.view(), 3, 2));
    });
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
