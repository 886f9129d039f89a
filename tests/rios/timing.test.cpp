// SPDX-License-Identifier: BSL-1.0
#include <rios/timing.hpp>

#include <chrono>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using rios::timed_interval;
using rios::timing_log;
using rios::timings;
using namespace std::chrono_literals;

TEST_CASE("totals add up by name, in the order in which the names first started")
{
    timings const times{.walltime = 9,
                        .intervals = {{.name = "writing", .thread = 0, .start = 5, .duration = 1},
                                      {.name = "reading", .thread = 1, .start = 2, .duration = 0.25},
                                      {.name = "reading", .thread = 0, .start = 1, .duration = 0.5},
                                      {.name = "computing", .thread = 2, .start = 1.5, .duration = 4},
                                      {.name = "reading", .thread = 0, .start = 6, .duration = 1}}};
    auto const totals = times.totals();
    REQUIRE(totals.size() == 3);
    CHECK(totals[0].name == "reading");
    CHECK(totals[0].count == 3);
    CHECK(totals[0].seconds == 1.75);
    CHECK(totals[1].name == "computing");
    CHECK(totals[1].count == 1);
    CHECK(totals[1].seconds == 4);
    CHECK(totals[2].name == "writing");
    CHECK(timings{}.totals().empty());
}

TEST_CASE("a report is a table of the wall time and of the totals")
{
    timings const times{.walltime = 2.5,
                        .intervals = {{.name = "reading", .thread = 0, .start = 0, .duration = 0.125},
                                      {.name = "computing", .thread = 0, .start = 1, .duration = 12.25}}};
    CHECK(times.report() == "Wall clock elapsed time: 2.500 seconds\n"
                            "\n"
                            "Timer                      Total (sec)\n"
                            "--------------------------------------\n"
                            "reading                          0.125\n"
                            "computing                       12.250\n");
}

TEST_CASE("a report survives a name of any length")
{
    timings const times{.walltime = 0,
                        .intervals = {{.name = std::string(5000, 'x'), .thread = 0, .start = 0, .duration = 1}}};
    CHECK(times.report().find("xxxx") != std::string::npos);
}

TEST_CASE("a scope records the time from its making to its end")
{
    timing_log log;
    {
        auto const timed = log.measure("sleeping");
        std::this_thread::sleep_for(20ms);
    }
    auto const times = log.snapshot();
    REQUIRE(times.intervals.size() == 1);
    CHECK(times.intervals[0].name == "sleeping");
    CHECK(times.intervals[0].thread == 0);
    CHECK(times.intervals[0].start >= 0);
    CHECK(times.intervals[0].duration >= 0.02);
    CHECK(times.walltime >= times.intervals[0].start + times.intervals[0].duration);
}

TEST_CASE("a scope that ends by an exception is recorded too")
{
    timing_log log;
    auto const fail = [&] {
        auto const timed = log.measure("failing");
        throw std::runtime_error("on purpose");
    };
    CHECK_THROWS_AS(fail(), std::runtime_error);
    REQUIRE(log.snapshot().intervals.size() == 1);
    CHECK(log.snapshot().intervals[0].name == "failing");
}

TEST_CASE("a recorded interval is in seconds since the log was made")
{
    auto const before = timing_log::clock::now();
    timing_log log;
    auto const after = timing_log::clock::now();
    auto const start = after + 3s;
    log.record("a", start, start + 500ms);
    auto const interval = log.snapshot().intervals.at(0);
    CHECK(interval.start >= 3);
    CHECK(interval.start <= 3 + std::chrono::duration<double>(after - before).count() + 1e-6);
    CHECK(interval.duration == doctest::Approx(0.5).epsilon(1e-12));
}

TEST_CASE("a snapshot does not grow afterwards")
{
    timing_log log;
    auto const now = timing_log::clock::now();
    log.record("a", now, now);
    auto const early = log.snapshot();
    log.record("b", now, now);
    CHECK(early.intervals.size() == 1);
    CHECK(log.snapshot().intervals.size() == 2);
    CHECK(log.snapshot().walltime >= early.walltime);
}

TEST_CASE("threads get numbers in the order in which they first record, and lose no interval")
{
    timing_log log;
    constexpr std::size_t each = 200;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (std::size_t n = 0; n < each; ++n) auto const timed = log.measure("step");
            });
        }
    }
    auto const times = log.snapshot();
    CHECK(times.intervals.size() == 4 * each);
    REQUIRE(times.totals().size() == 1);
    CHECK(times.totals()[0].count == 4 * each);
    std::set<std::size_t> met;
    for (auto const& interval : times.intervals) {
        if (met.insert(interval.thread).second) CHECK(interval.thread == met.size() - 1);
    }
    CHECK(met.size() == 4);
}
