// SPDX-License-Identifier: BSL-1.0
#include <rios/apply.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
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
#include <rios/image_view.hpp>
#include <rios/lazy_reader.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/executors.hpp"
#include "support/own_threads.hpp"
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
    for (auto const& [rows, cols] : sizes) {
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
void check_margin(X& executor)
{
    auto const pixels = random_image<std::uint8_t>(1, 9, 11, 4);
    for (std::optional<double> const null : {std::optional<double>(), std::optional<double>(200)}) {
        std::atomic<int> wrong = 0;
        auto const worker = [&](block_info const& where, image<std::uint8_t> const& in) {
            if (in.rows() != where.padded_rows() || in.cols() != where.padded_cols()) ++wrong;
            for (auto const [r, c] : in.pixels()) {
                auto const row = where.row - where.overlap() + r;
                auto const col = where.col - where.overlap() + c;
                bool const inside = row >= 0 && row < 9 && col >= 0 && col < 11;
                auto const expected = inside ? pixels(0, row, col) : null ? 200 : 0;
                if (in(0, r, c) != expected) ++wrong;
            }
        };
        rios::apply(std::tuple(memory_reader(pixels, null)), worker, rios::no_output{}, executor,
                    {.window = {4, 5}, .overlap = 3});
        rios::apply(test::hooked_reader("a.tif", pixels, {}, null), worker, rios::no_output{}, executor,
                    {.window = {4, 5}, .overlap = 3});
        CHECK(wrong == 0);
    }
}
TEST_CASE_TEMPLATE_DEFINE("beyond the raster a margin holds the null value, or 0", E, margin)
{
    E executor;
    check_margin(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(margin, test::pipeline_executors);

template <typename X>
void check_lists(X& executor)
{
    std::vector<image<std::uint8_t>> images;
    std::vector<memory_reader<std::uint8_t>> members;
    for (std::uint64_t i = 0; i < 5; ++i) {
        images.push_back(random_image<std::uint8_t>(1, 15, 22, i));
        members.emplace_back(images.back());
    }
    auto const factor = random_image<float>(1, 15, 22, 9);
    image<float> sums;
    std::vector<image<std::uint8_t>> copies(3);
    std::vector<memory_writer<std::uint8_t>> writers;
    writers.reserve(copies.size());
    for (auto& each : copies) writers.emplace_back(each);
    auto const worker = [](block_info const& where, std::span<image<std::uint8_t> const> many,
                           image<float> const& one) {
        image<float> sum(1, where.rows, where.cols);
        for (auto const [row, col] : sum.pixels()) {
            for (auto const& each : many) sum(0, row, col) += one(0, row, col) * each(0, row, col);
        }
        return std::tuple(std::move(sum), std::vector(many.begin(), many.begin() + 3));
    };
    rios::apply(std::tuple(rios::reader_list(members), memory_reader(factor)), worker,
                std::tuple(memory_writer(sums), rios::writer_list(std::move(writers))), executor, {.window = {4, 5}});
    for (std::size_t i = 0; i < copies.size(); ++i) CHECK(copies[i] == images[i]);
    bool right = true;
    for (auto const [row, col] : sums.pixels()) {
        float expected = 0;
        for (auto const& each : images) expected += factor(0, row, col) * each(0, row, col);
        right = right && sums(0, row, col) == expected;
    }
    CHECK(right);
    CHECK(sums.rows() == 15);
}
TEST_CASE_TEMPLATE_DEFINE("lists are one input and one output each, next to others", E, lists)
{
    E executor;
    check_lists(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(lists, test::pipeline_executors);

template <typename X>
void check_taken_lists(X& executor)
{
    // What was read is the worker's: here it takes the whole vector away, for every block.
    auto const pixels = random_image<std::uint8_t>(1, 12, 12, 1);
    std::vector<image<std::uint8_t>> results(2);
    std::vector<memory_writer<std::uint8_t>> writers;
    writers.emplace_back(results[0]);
    writers.emplace_back(results[1]);
    rios::writer_list list(std::move(writers));
    rios::apply(rios::reader_list(std::vector{memory_reader(pixels), memory_reader(pixels)}),
                [](rios::block const&, std::vector<image<std::uint8_t>> all) { return all; }, list, executor,
                {.window = 3});
    CHECK(results[0] == pixels);
    CHECK(results[1] == pixels);
}
TEST_CASE_TEMPLATE_DEFINE("a worker may keep what it gets", E, taken_lists)
{
    E executor;
    check_taken_lists(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(taken_lists, test::pipeline_executors);

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
void check_lazy(X& executor)
{
    auto const pixels = random_image<float>(1, 12, 12, 1);
    auto const mask = [] {
        image<std::uint8_t> result(1, 12, 12);
        result(0, 5, 5) = 1;
        return result;
    }();
    std::mutex mutex;
    std::vector<std::size_t> read;
    auto const note = [&](rios::block const& where) {
        std::lock_guard lock(mutex);
        read.push_back(where.index);
    };
    image<float> result;
    auto const worker = [](block_info const& where, image<std::uint8_t> const& wanted,
                           auto&& expensive) -> std::optional<image<float>> {
        auto const count = wanted.pixel_count();
        if (std::none_of(wanted.data(), wanted.data() + count, [](auto value) { return value != 0; })) return {};
        if (where.overlap() == 0 || expensive.was_read()) return {};
        return expensive.get();
    };
    rios::apply(std::tuple(memory_reader(mask), rios::lazy_reader(test::hooked_reader("big.tif", pixels, note))),
                worker, memory_writer<float>(result, -1), executor, {.window = 4, .overlap = 1});
    // Blocks 4 (rows and cols 4 to 7) and those whose margin reaches (5, 5), of which there are none.
    CHECK(read == std::vector<std::size_t>{4});
    bool right = true;
    for (auto const [row, col] : result.pixels()) {
        bool const inside = row >= 4 && row < 8 && col >= 4 && col < 8;
        right = right && result(0, row, col) == (inside ? pixels(0, row, col) : -1);
    }
    CHECK(right);
}
TEST_CASE_TEMPLATE_DEFINE("a lazy input is read for the blocks whose worker asks", E, lazy)
{
    E executor;
    check_lazy(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(lazy, test::pipeline_executors);

template <typename X>
void check_infos(X& executor)
{
    rios::pixel_grid const grid{
        .rows = 10, .cols = 7, .geotransform = {{100, 2, 0, 500, 0, -3}}, .projection = "LOCAL[\"x\"]"};
    auto const on_map = memory_reader(random_image<float>(1, 10, 7, 1), -9).at(grid);
    test::hooked_reader<std::uint8_t> const named("b.tif", random_image<std::uint8_t>(2, 10, 7, 2));
    std::mutex mutex;
    std::map<std::size_t, std::string> wrong;
    std::vector<int> calls(12);
    auto const worker = [&](block_info const& where, image<float> const& a, std::vector<image<std::uint8_t>> const& b) {
        std::string text;
        auto const require = [&](bool right, char const* what) {
            if (!right) text += what + std::string("; ");
        };
        auto const expected = grid.blocks(3, 3)[static_cast<std::ptrdiff_t>(where.index)];
        require(static_cast<rios::block const&>(where) == expected, "block");
        require(where.grid() == grid, "grid");
        require(where.total() == 12 && where.blocks_down() == 4 && where.blocks_across() == 3, "total");
        require(where.block_row() == expected.row / 3 && where.block_col() == expected.col / 3, "place");
        require(where.is_first() == (where.index == 0) && where.is_last() == (where.index == 11), "first, last");
        require(where.window_rows() == 3 && where.window_cols() == 3, "window");
        require(where.overlap() == 2 && where.padded_rows() == expected.rows + 4, "overlap");
        require(a.rows() == where.padded_rows() && b.at(1).cols() == where.padded_cols(), "shape");
        require(where.geotransform() == *grid.geotransform, "geotransform");
        require(where.centre(2, 2) == rios::map_position{100 + 2 * (static_cast<double>(expected.col) + 0.5),
                                                         500 - 3 * (static_cast<double>(expected.row) + 0.5)},
                "centre");
        require(where.pixel_at(where.centre(1, 3)) == rios::pixel_position{1, 3}, "pixel");
        require(where.filename(0).empty() && where.filename(1) == "b.tif" && where.filename(1, 1) == "b.tif", "names");
        require(where.null_value(0) == -9.0 && !where.null_value(1) && !where.null_value(1, 1, 1), "null");
        std::lock_guard lock(mutex);
        ++calls[where.index];
        if (!text.empty()) wrong[where.index] = text;
    };
    rios::apply(std::tuple(on_map, rios::reader_list(std::vector{named, named})), worker, rios::no_output{}, executor,
                {.window = 3, .overlap = 2});
    for (auto const& [index, text] : wrong) {
        CAPTURE(index);
        CHECK(text == "");
    }
    CHECK(calls == std::vector<int>(12, 1));
}
TEST_CASE_TEMPLATE_DEFINE("a worker is told all about its block", E, infos)
{
    E executor;
    check_infos(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(infos, test::pipeline_executors);

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

TEST_CASE("a slow block keeps nobody but its own worker busy")
{
    // Block 0 ends when all others have been computed: which another worker must do.
    for (std::size_t const readers : {0U, 2U}) {
        rios::thread_executor executor({.readers = readers, .workers = 2});
        std::atomic<int> others = 0;
        test::gate all_others;
        std::atomic<bool> passed = false;
        auto const worker = [&](block_info const& where, image<std::uint8_t> const&) {
            if (where.index == 0) passed = all_others.wait();
            else if (++others == 99) all_others.open();
        };
        rios::apply(memory_reader(image<std::uint8_t>(1, 10, 10)), worker, rios::no_output{}, executor, {.window = 1});
        CHECK(passed);
    }
}

TEST_CASE("the inputs of one block are read at the same time")
{
    rios::thread_executor executor({.readers = 2, .workers = 1});
    test::meeting_place place(2);
    std::atomic<int> met = 0;
    auto const meet = [&](rios::block const& where) {
        if (where.index == 0 && place.wait()) ++met;
    };
    auto const pixels = random_image<float>(1, 6, 6, 1);
    rios::apply(std::tuple(test::hooked_reader("a.tif", pixels, meet), test::hooked_reader("b.tif", pixels, meet)),
                [](block_info const&, image<float> const&, image<float> const&) {}, rios::no_output{}, executor,
                {.window = 2});
    CHECK(met == 2);
}

TEST_CASE("as many readers and workers are at work at once as the executor has")
{
    rios::thread_executor executor({.readers = 3, .workers = 4});
    test::meeting_place reading(3);
    test::meeting_place computing(4);
    std::atomic<int> met = 0;
    auto const pixels = random_image<float>(1, 8, 8, 1);
    test::hooked_reader const reader("a.tif", pixels, [&](rios::block const& where) {
        if (where.index < 3 && reading.wait()) ++met;
    });
    test::writer_history history;
    rios::apply(reader, test::hooked_worker([&](rios::block const& where) {
                    if (where.index < 4 && computing.wait()) ++met;
                }),
                test::hooked_writer("out.tif", history), executor, {.window = 2});
    CHECK(met == 7);
    CHECK(history.result == test::doubled(pixels));
}

TEST_CASE("read_ahead computes on the caller's thread and in order")
{
    rios::read_ahead executor({.readers = 3});
    auto const caller = std::this_thread::get_id();
    std::vector<std::size_t> seen;
    bool by_caller = true;
    std::atomic<int> read_by_caller = 0;
    test::hooked_reader const reader("a.tif", random_image<float>(1, 8, 8, 1), [&](rios::block const&) {
        if (std::this_thread::get_id() == caller) ++read_by_caller;
    });
    rios::apply(reader,
                [&](block_info const& where, image<float> const&) {
                    seen.push_back(where.index);
                    by_caller = by_caller && std::this_thread::get_id() == caller;
                },
                rios::no_output{}, executor, {.window = 1});
    CHECK(seen.size() == 64);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(by_caller);
    CHECK(read_by_caller == 0);
}

TEST_CASE("several threads apply at once, even with one executor")
{
    rios::thread_executor shared({.readers = 1, .workers = 2});
    test::thread_census const census;
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> callers;
        for (std::uint64_t caller = 0; caller < 4; ++caller) {
            callers.emplace_back([&, caller] {
                rios::thread_executor own({.readers = 2, .workers = 2});
                auto& executor = caller % 2 == 0 ? shared : own;
                for (std::uint64_t round = 0; round < 5; ++round) {
                    auto const pixels = random_image<float>(1, 20, 21, 10 * caller + round);
                    test::writer_history history;
                    rios::apply(memory_reader(pixels), test::hooked_worker(), test::hooked_writer("out.tif", history),
                                executor, {.window = 3});
                    right += history.result == test::doubled(pixels) && history.by_one_thread ? 1 : 0;
                }
            });
        }
    }
    CHECK(right == 20);
    CHECK(census.none_left_behind());
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
