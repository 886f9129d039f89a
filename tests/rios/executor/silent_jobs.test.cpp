// SPDX-License-Identifier: BSL-1.0
// Jobs that deliver nothing, on thread_executor: handed out without a lock, to the caller as well.
#include <rios/executor/threads.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/for_each_index.hpp>

#include "support/message_of.hpp"

using rios::for_each_index;
using rios::thread_executor;

TEST_CASE("each index is computed once, with any number of threads, and nothing is delivered")
{
    for (std::size_t const workers : std::initializer_list<std::size_t>{1, 2, 5}) {
        thread_executor executor({.workers = workers});
        for (std::size_t const count : std::initializer_list<std::size_t>{0, 1, 4, 1000}) {
            std::vector<std::atomic<int>> computed(count);
            for (int time = 0; time < 20; ++time)
                for_each_index(executor, count, [&](std::size_t i) { ++computed[i]; });
            CHECK(std::ranges::all_of(computed, [](auto const& times) { return times == 20; }));
        }
    }
}

TEST_CASE("the caller computes in the place of one worker")
{
    thread_executor one({.workers = 1});
    std::set<std::thread::id> by;
    for_each_index(one, 100, [&](std::size_t) { by.insert(std::this_thread::get_id()); });
    CHECK(by == std::set{std::this_thread::get_id()});

    thread_executor two({.workers = 2});
    std::atomic<int> at_once = 0;
    std::atomic<int> most = 0;
    for_each_index(two, 40, [&](std::size_t) {
        auto const now = ++at_once;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {}
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        --at_once;
    });
    CHECK(most <= 2);
}

TEST_CASE("the first error ends the handing out, comes to the caller, and leaves the executor usable")
{
    for (std::size_t const workers : std::initializer_list<std::size_t>{1, 3}) {
        thread_executor executor({.workers = workers});
        std::atomic<int> computed = 0;
        auto const fail_at_ten = [&] {
            for_each_index(executor, 1'000'000, [&](std::size_t i) {
                ++computed;
                if (i == 10) throw std::runtime_error("ten");
                if (i > 10) std::this_thread::sleep_for(std::chrono::microseconds(100));
            });
        };
        CHECK(test::message_of<std::runtime_error>(fail_at_ten) == "ten");
        CHECK(computed < 100'000);
        std::atomic<int> after = 0;
        for_each_index(executor, 50, [&](std::size_t) { ++after; });
        CHECK(after == 50);
    }
}
