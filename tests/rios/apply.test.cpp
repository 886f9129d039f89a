// SPDX-License-Identifier: BSL-1.0
#include <rios/apply.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block_info.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/function_writer.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/executors.hpp"
#include "support/pipeline_doubles.hpp"

using rios::apply_options;
using rios::block_info;
using rios::image;
using rios::memory_reader;
using rios::memory_writer;
using test::random_image;

namespace {

/// What a pipeline of two inputs of different types and numbers of bands computes, on whatever part of the image.
struct mixing_worker {
    image<std::int32_t> operator()(block_info const&, image<std::uint8_t> const& a, image<float> const& b) const
    {
        image<std::int32_t> result(2, a.rows(), a.cols());
        for (auto const [row, col] : result.pixels()) {
            result(0, row, col) = 3 * a(0, row, col) + static_cast<std::int32_t>(b(0, row, col));
            result(1, row, col) = a(0, row, col) - static_cast<std::int32_t>(b(1, row, col));
        }
        return result;
    }
};

/// The largest value of the 5 × 5 pixels around each, as far as they are there.
struct maximum_worker {
    image<std::int16_t> operator()(block_info const&, image<std::int16_t> const& pixels) const
    {
        image<std::int16_t> result(pixels.bands(), pixels.rows(), pixels.cols());
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            for (auto const [row, col] : pixels.pixels())
                result(band, row, col) = largest_around(pixels, band, row, col);
        }
        return result;
    }

    static std::int16_t largest_around(image<std::int16_t> const& pixels, std::ptrdiff_t band, std::ptrdiff_t row,
                                       std::ptrdiff_t col)
    {
        auto largest = pixels(band, row, col);
        for (auto r = std::max<std::ptrdiff_t>(0, row - 2); r <= std::min(pixels.rows() - 1, row + 2); ++r) {
            for (auto c = std::max<std::ptrdiff_t>(0, col - 2); c <= std::min(pixels.cols() - 1, col + 2); ++c) {
                largest = std::max(largest, pixels(band, r, c));
            }
        }
        return largest;
    }
};

/// The same, cut to the block by itself.
struct trimming_maximum_worker {
    image<std::int16_t> operator()(block_info const& where, image<std::int16_t> const& pixels) const
    {
        auto const padded = maximum_worker()(where, pixels);
        image<std::int16_t> result(padded.bands(), where.rows, where.cols);
        for (std::ptrdiff_t band = 0; band < padded.bands(); ++band) {
            for (auto const [row, col] : result.pixels()) {
                result(band, row, col) = padded(band, row + where.overlap(), col + where.overlap());
            }
        }
        return result;
    }
};

/// Adds what it sees: sum and number of blocks, and which.
struct summing_worker {
    std::uint64_t sum = 0;
    std::set<std::size_t> blocks{};

    void operator()(block_info const& where, image<std::uint8_t> const& pixels)
    {
        for (auto const [row, col] : pixels.pixels()) sum += pixels(0, row, col);
        blocks.insert(where.index);
    }
    void merge(summing_worker const& other)
    {
        sum += other.sum;
        blocks.insert(other.blocks.begin(), other.blocks.end());
    }
};

/// Knows nothing of reading ahead.
struct backwards_executor {
    template <rios::Job J>
    void run(J& job) const
    {
        for (auto index = job.size(); index-- > 0;) job.deliver(index, job.compute(index));
    }
};

std::uint64_t sum_of(image<std::uint8_t> const& pixels)
{
    std::uint64_t sum = 0;
    for (auto const [row, col] : pixels.pixels()) sum += pixels(0, row, col);
    return sum;
}

std::vector<rios::window_size> const windows{{1, 1}, {7, 13}, 8, {3, 1000}, 1000};
std::vector<std::array<std::ptrdiff_t, 2>> const sizes{{1, 1}, {1, 37}, {23, 1}, {13, 17}};

} // namespace

template <typename X>
void check_whole_image(X& executor)
{
    for (auto const& size : sizes) {
        auto const rows = size[0]; // no structured binding: lambdas of clang 14 cannot capture those
        auto const cols = size[1];
        auto const a = random_image<std::uint8_t>(1, rows, cols, 1);
        auto const b = random_image<float>(2, rows, cols, 2);
        rios::run_info const none;
        auto const expected = mixing_worker()(block_info({}, none), a, b);
        for (auto const& window : windows) {
            image<std::int32_t> result;
            CAPTURE(rows);
            CAPTURE(cols);
            CAPTURE(window.rows);
            auto const finished = rios::apply(std::tuple(memory_reader(a), memory_reader(b.view())), mixing_worker(),
                                              memory_writer(result), executor, {.window = window});
            CHECK(result == expected);
            CHECK(finished.grid == memory_reader(a).grid());
        }
    }
}
TEST_CASE_TEMPLATE_DEFINE("blocks of any size give what the whole image gives", E, whole_image)
{
    E executor;
    check_whole_image(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(whole_image, test::pipeline_executors);

template <typename X>
void check_filter(X& executor)
{
    auto const pixels = random_image<std::int16_t>(2, 19, 26, 3);
    rios::run_info const none;
    auto const expected = maximum_worker()(block_info({}, none), pixels);
    for (auto const& window : windows) {
        for (std::ptrdiff_t const overlap : {2, 3, 40}) {
            CAPTURE(window.rows);
            CAPTURE(overlap);
            image<std::int16_t> padded;
            image<std::int16_t> trimmed;
            auto const options = apply_options{.window = window, .overlap = overlap};
            if (overlap == 40 && window.rows == 1) continue; // long, and nothing new
            rios::apply(memory_reader(pixels), maximum_worker(), memory_writer(padded), executor, options);
            rios::apply(memory_reader(pixels), trimming_maximum_worker(), memory_writer(trimmed), executor, options);
            CHECK(padded == expected);
            CHECK(trimmed == expected);
        }
    }
}
TEST_CASE_TEMPLATE_DEFINE("a filter over the blocks with a margin leaves no seams", E, filter)
{
    E executor;
    check_filter(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(filter, test::pipeline_executors);

template <typename X>
void check_optional(X& executor)
{
    auto const pixels = random_image<std::uint8_t>(1, 12, 10, 1);
    image<std::uint8_t> all;
    image<std::uint8_t> some;
    auto const worker = [](block_info const& where, image<std::uint8_t> const& in) {
        auto chosen = std::optional(in);
        if (where.block_col() % 2 == 1) chosen.reset();
        return std::tuple(in, std::move(chosen));
    };
    memory_writer to_all(all);
    memory_writer<std::uint8_t> to_some(some, 255);
    rios::apply(memory_reader(pixels), worker, std::tie(to_all, to_some), executor, {.window = {12, 5}});
    CHECK(all == pixels);
    bool right = some.rows() == 12 && some.cols() == 10;
    for (auto const [row, col] : some.pixels()) {
        right = right && some(0, row, col) == (col < 5 ? pixels(0, row, col) : 255);
    }
    CHECK(right);

    // Nothing at all is written: one band of null.
    rios::apply(
        memory_reader(pixels),
        [](block_info const&, image<std::uint8_t> const&) { return std::optional<image<std::uint8_t>>(); }, to_some,
        executor);
    CHECK(some.bands() == 1);
    CHECK(std::all_of(some.data(), some.data() + some.pixel_count(), [](auto value) { return value == 255; }));
}
TEST_CASE_TEMPLATE_DEFINE("what a worker leaves out stays null", E, left_out)
{
    E executor;
    check_optional(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(left_out, test::pipeline_executors);

template <typename X>
void check_merge(X& executor)
{
    auto const pixels = random_image<std::uint8_t>(1, 31, 17, 1);
    for (auto const& window : windows) {
        auto const finished =
            rios::apply(memory_reader(pixels), summing_worker(), rios::no_output{}, executor, {.window = window});
        CHECK(finished.worker.sum == sum_of(pixels));
        auto const blocks = ((31 + window.rows - 1) / window.rows) * ((17 + window.cols - 1) / window.cols);
        CHECK(finished.worker.blocks.size() == static_cast<std::size_t>(blocks));
    }
    // Without a single block the worker is what it was.
    auto const nothing = rios::apply(memory_reader(image<std::uint8_t>(1, 0, 5)),
                                     summing_worker{.sum = 7, .blocks = {}}, rios::no_output{}, executor);
    CHECK(nothing.worker.sum == 7);
}
TEST_CASE_TEMPLATE_DEFINE("workers that accumulate are merged and returned", E, merged)
{
    E executor;
    check_merge(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(merged, test::pipeline_executors);

template <typename X>
void check_order(X& executor)
{
    auto const pixels = random_image<float>(1, 40, 40, 1);
    for (rios::buffer_limit const buffers : {rios::buffer_limit{}, rios::buffer_limit{.blocks = 1, .bytes = 1}}) {
        test::writer_history history;
        // Every seventh block takes longer, so that others overtake it.
        auto const slowly = [](rios::block const& where) {
            if (where.index % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        };
        rios::apply(
            test::hooked_reader("a.tif", pixels, slowly), test::hooked_worker(slowly),
            test::hooked_writer("out.tif", history), executor,
            {.window = 5, .input_buffer = buffers, .output_buffer = buffers, .order = rios::delivery_order::index});
        CHECK(history.written.size() == 64);
        CHECK(std::is_sorted(history.written.begin(), history.written.end()));
        CHECK(history.by_one_thread);
        CHECK(history.result == test::doubled(pixels));
    }
}
TEST_CASE_TEMPLATE_DEFINE("blocks can be written in the order of their indexes", E, in_order)
{
    E executor;
    check_order(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(in_order, test::pipeline_executors);

template <typename X>
void check_bits(X& executor)
{
    auto const pixels = random_image<float>(1, 33, 29, 1);
    auto const add_up = [&](auto& with) {
        float sum = 0;
        rios::apply(memory_reader(pixels),
                    [](block_info const&, image<float> const& in) {
                        float part = 0;
                        for (auto const [row, col] : in.pixels()) part += 1 / (in(0, row, col) + 0.3F);
                        return part;
                    },
                    rios::function_writer([&](rios::block const&, float part) { sum += part; }), with,
                    {.window = 4, .order = rios::delivery_order::index});
        return sum;
    };
    rios::inline_executor oracle;
    CHECK(add_up(executor) == add_up(oracle));
}
TEST_CASE_TEMPLATE_DEFINE("what a function adds up in order is the same bits with every executor", E, bits)
{
    E executor;
    check_bits(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(bits, test::pipeline_executors);

template <typename X>
void check_progress(X& executor)
{
    auto const pixels = random_image<std::uint8_t>(1, 20, 20, 1);
    auto const caller = std::this_thread::get_id();
    std::vector<double> told;
    bool by_caller = true;
    auto const progress = [&](std::string_view phase, double done) {
        by_caller = by_caller && std::this_thread::get_id() == caller;
        if (phase == "blocks") told.push_back(done);
        return true;
    };
    auto const finished = rios::apply(memory_reader(pixels), summing_worker(), rios::no_output{}, executor,
                                      {.window = 5, .progress = progress});
    CHECK(by_caller);
    CHECK(std::is_sorted(told.begin(), told.end()));
    CHECK(told.size() >= 16);
    CHECK(told.back() == 1);
    CHECK(finished.timings.durations("reading").size() == 16);
    CHECK(finished.timings.durations("userfunction").size() == 16);
    CHECK(finished.timings.totals().front().name == "reading");
}
TEST_CASE_TEMPLATE_DEFINE("progress is told on the caller's thread, and times are returned", E, progress)
{
    E executor;
    check_progress(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(progress, test::pipeline_executors);

TEST_CASE("a window that is larger than the raster is the raster")
{
    std::ptrdiff_t rows = 0;
    rios::apply(memory_reader(image<std::uint8_t>(1, 5, 6)), [&](block_info const& where, image<std::uint8_t> const&) {
        rows = where.window_rows();
        CHECK(where.window_cols() == 6);
        CHECK(where.total() == 1);
    });
    CHECK(rows == 5);
}

TEST_CASE("a raster without pixels has no blocks, and its result none either")
{
    rios::thread_executor executor({.readers = 2, .workers = 2});
    for (auto const& [rows, cols] : std::vector<std::array<std::ptrdiff_t, 2>>{{0, 0}, {0, 5}, {5, 0}}) {
        test::writer_history history;
        rios::apply(memory_reader(image<float>(1, rows, cols)), test::hooked_worker(),
                    test::hooked_writer("out.tif", history), executor);
        CHECK(history.opened == 1);
        CHECK(history.closed == 1);
        CHECK(history.written.empty());
        CHECK(history.result.rows() == rows);
        CHECK(history.result.cols() == cols);
    }
}

TEST_CASE("an apply within a worker is a run of its own")
{
    rios::thread_executor outer({.readers = 1, .workers = 2});
    auto const pixels = random_image<std::uint8_t>(1, 12, 12, 1);
    std::atomic<std::uint64_t> sum = 0;
    rios::apply(memory_reader(pixels),
                [&](block_info const&, image<std::uint8_t> in) {
                    rios::read_ahead inner;
                    sum += rios::apply(memory_reader(std::move(in)), summing_worker(), rios::no_output{}, inner,
                                       {.window = 2})
                               .worker.sum;
                },
                rios::no_output{}, outer, {.window = 5});
    CHECK(sum == sum_of(pixels));
}

TEST_CASE("an executor that knows nothing of reading ahead runs the pipeline, too")
{
    auto const pixels = random_image<float>(1, 9, 9, 1);
    test::writer_history history;
    backwards_executor backwards;
    rios::apply(memory_reader(pixels), test::hooked_worker(), test::hooked_writer("out.tif", history), backwards,
                {.window = 4});
    CHECK(history.result == test::doubled(pixels));
    CHECK(history.written.front() == 8);
}
