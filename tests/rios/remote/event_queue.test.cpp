// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/event_queue.hpp>

#include <chrono>
#include <cstddef>
#include <set>
#include <thread>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using rios::remote::event;

TEST_CASE("events come in the order in which they were pushed, and from several threads all of them")
{
    rios::remote::event_queue events;
    CHECK_FALSE(events.pop(0ms));
    {
        std::jthread const other([&] {
            for (std::size_t i = 0; i < 100; ++i) events.push({.what = event::kind::launched, .number = 2 * i});
        });
        for (std::size_t i = 0; i < 100; ++i) events.push({.what = event::kind::launched, .number = 2 * i + 1});
    }
    std::size_t last_of[2] = {0, 0};
    std::set<std::size_t> seen;
    bool in_order = true;
    while (auto const next = events.pop(0ms)) {
        auto& last = last_of[next->number % 2];
        in_order = in_order && last <= next->number;
        last = next->number;
        seen.insert(next->number);
    }
    CHECK(in_order);
    CHECK(seen.size() == 200);
}

TEST_CASE("whoever waits is woken by an event")
{
    rios::remote::event_queue events;
    std::jthread const other([&] {
        std::this_thread::sleep_for(20ms);
        events.push({.what = event::kind::gone, .number = 3, .text = "away"});
    });
    auto const next = events.pop(20s);
    REQUIRE(next);
    CHECK(next->text == "away");
}
