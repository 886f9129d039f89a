// SPDX-License-Identifier: BSL-1.0
// What is done at once, and by which thread.
#include <rios/apply.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block_info.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>

#include "support/own_threads.hpp"
#include "support/pipeline_doubles.hpp"

using rios::block_info;
using rios::image;
using rios::memory_reader;
using test::random_image;

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
