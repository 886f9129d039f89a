// SPDX-License-Identifier: BSL-1.0
#include <rios/pipeline/stall_watch.hpp>

#include <chrono>
#include <string>
#include <thread>

#include <doctest/doctest.h>

using rios::stall_limits;
using rios::detail::stage;
using rios::detail::stall_watch;
using rios::detail::stalled_step;
using namespace std::chrono_literals;

namespace {

constexpr stall_limits tight{.reading = 50ms, .computing = 50ms};

void wait(std::chrono::milliseconds time)
{
    std::this_thread::sleep_for(time);
}

} // namespace

TEST_CASE("a stage without work has not stalled")
{
    stall_watch watch(2);
    wait(60ms);
    CHECK(!watch.stalled(tight));
    wait(60ms);
    CHECK(!watch.stalled(tight));
    CHECK(watch.stalled_threads(tight) == 0);
}

TEST_CASE("a step that does not end has stalled, and is named")
{
    stall_watch watch(2);
    CHECK(!watch.stalled(tight));
    auto const step = watch.begin(1, stage::reading, 7, 2);
    CHECK(!watch.stalled(tight));
    wait(60ms);
    auto const found = watch.stalled(tight);
    REQUIRE(found);
    CHECK(found->where == stage::reading);
    CHECK(found->index == 7);
    CHECK(found->part == 2);
    CHECK(found->limit == 50ms);
    CHECK(watch.stalled_threads(tight) == 1);
    CHECK(found->message("a.tif: block 7") ==
          "a.tif: block 7: reading has not ended, and nothing else has been done by "
          "this stage, for 0.05 seconds (the limit stalls.reading; 0 switches it "
          "off)");
}

TEST_CASE("of the steps under way the oldest is named")
{
    stall_watch watch(3);
    auto const first = watch.begin(2, stage::computing, 30, 0);
    wait(20ms);
    auto const second = watch.begin(0, stage::computing, 10, 0);
    CHECK(!watch.stalled(tight));
    wait(60ms);
    auto const found = watch.stalled(tight);
    REQUIRE(found);
    CHECK(found->index == 30);
    CHECK(watch.stalled_threads(tight) == 2);
}

TEST_CASE("a stage that gets on has not stalled, however long one of its steps takes")
{
    stall_watch watch(2);
    auto const long_one = watch.begin(0, stage::reading, 0, 0);
    for (int i = 0; i < 4; ++i) {
        wait(40ms);
        {
            auto const short_one = watch.begin(1, stage::reading, 1, 0);
        }
        CHECK(!watch.stalled(tight));
    }
    wait(60ms);
    CHECK(watch.stalled(tight));
}

TEST_CASE("time before a step began does not count")
{
    // The one who asks was busy, and so was the next stage: nothing was read for long, and now something is.
    stall_watch watch(1);
    CHECK(!watch.stalled({.reading = 10s, .computing = {}}));
    wait(200ms);
    auto const step = watch.begin(0, stage::reading, 0, 0);
    CHECK(!watch.stalled({.reading = 150ms, .computing = {}}));
    wait(200ms);
    CHECK(watch.stalled({.reading = 150ms, .computing = {}}));
}

TEST_CASE("between two questions no more than a second counts")
{
    stall_watch watch(1);
    stall_limits const limit{.reading = 1020ms, .computing = {}};
    auto const step = watch.begin(0, stage::reading, 0, 0);
    CHECK(!watch.stalled(limit));
    wait(1100ms);
    CHECK(!watch.stalled(limit));
    wait(60ms);
    CHECK(watch.stalled(limit));
}

TEST_CASE("each limit is for its own stage, and 0 switches it off")
{
    stall_watch watch(2);
    auto const reading = watch.begin(0, stage::reading, 1, 0);
    auto const computing = watch.begin(1, stage::computing, 2, 0);
    wait(60ms);
    CHECK(!watch.stalled({.reading = {}, .computing = {}}));
    CHECK(!watch.stalled({.reading = 100s, .computing = 100s}));
    stall_watch other(2);
    auto const also_reading = other.begin(0, stage::reading, 1, 0);
    auto const also_computing = other.begin(1, stage::computing, 2, 0);
    stall_limits const only_computing{.reading = {}, .computing = 50ms};
    wait(60ms);
    auto const found = other.stalled(only_computing);
    REQUIRE(found);
    CHECK(found->where == stage::computing);
    CHECK(other.stalled_threads(only_computing) == 1);
    CHECK(found->message("x").find("stalls.computing") != std::string::npos);
}

TEST_CASE("when both stages have stalled the threads of both count")
{
    stall_watch watch(2);
    auto const reading = watch.begin(0, stage::reading, 1, 0);
    auto const computing = watch.begin(1, stage::computing, 2, 0);
    wait(60ms);
    CHECK(watch.stalled(tight));
    CHECK(watch.stalled_threads(tight) == 2);
}
