// SPDX-License-Identifier: BSL-1.0
// What a worker gets: margins, lists, lazy inputs, and what it is told about its block.
#include <rios/apply.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block_info.hpp>
#include <rios/image.hpp>
#include <rios/image_view.hpp>
#include <rios/lazy_reader.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/executors.hpp"
#include "support/pipeline_doubles.hpp"

using rios::block_info;
using rios::image;
using rios::memory_reader;
using rios::memory_writer;
using test::random_image;

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
    for (auto const& each : wrong) {
        CAPTURE(each.first);
        CHECK(each.second == "");
    }
    CHECK(calls == std::vector<int>(12, 1));
}
TEST_CASE_TEMPLATE_DEFINE("a worker is told all about its block", E, infos)
{
    E executor;
    check_infos(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(infos, test::pipeline_executors);
