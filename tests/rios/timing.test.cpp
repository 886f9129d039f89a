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

#include <rios/archive.hpp>

using rios::report_detail;
using rios::rios_timer_order;
using rios::timed_interval;
using rios::timing_log;
using rios::timing_summary;
using rios::timings;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

timed_interval interval(std::string const& name, double duration, double start = 0)
{
    return {.name = name, .thread = 0, .start = start, .duration = duration};
}

strings names_of(std::vector<timings::total> const& totals)
{
    strings names;
    for (auto const& each : totals) names.push_back(each.name);
    return names;
}

void check(timing_summary const& summary, timing_summary const& expected)
{
    CHECK(summary.count == expected.count);
    CHECK(summary.total == expected.total);
    CHECK(summary.minimum == expected.minimum);
    CHECK(summary.lower == expected.lower);
    CHECK(summary.median == expected.median);
    CHECK(summary.upper == expected.upper);
    CHECK(summary.maximum == expected.maximum);
}

} // namespace

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

TEST_CASE("totals begin with the names that are listed, in their order")
{
    timings times{.walltime = 9,
                  .intervals = {interval("b", 1, 0), interval("a", 2, 1), interval("d", 1, 2), interval("c", 1, 3),
                                interval("a", 2, 4)}};
    CHECK(names_of(times.totals()) == strings{"b", "a", "d", "c"});
    times.order = {"c", "never recorded", "a", "c"};
    CHECK(names_of(times.totals()) == strings{"c", "a", "b", "d"});
    CHECK(times.totals()[1].count == 2);
    CHECK(times.totals()[1].seconds == 4);
    times.order = rios_timer_order();
    CHECK(names_of(times.totals()) == strings{"b", "a", "d", "c"});
}

TEST_CASE("the order of RIOS is kept whatever starts first")
{
    timings times{.order = rios_timer_order()};
    CHECK(times.order == strings{"reading", "startcomputeworkers", "userfunction", "writing", "pyramids", "basicstats",
                                 "histogram", "beforeclose", "insert_readbuffer", "pop_readbuffer",
                                 "insert_computebuffer", "pop_computebuffer"});
    times.intervals.push_back(interval("preview", 1, 0));
    for (auto name = times.order.rbegin(); name != times.order.rend(); ++name) {
        times.intervals.push_back(interval(*name, 1, static_cast<double>(times.intervals.size())));
    }
    auto expected = rios_timer_order();
    expected.emplace_back("preview");
    CHECK(names_of(times.totals()) == expected);
}

TEST_CASE("an order may list the names of RIOS 2.0.0")
{
    timings times{.intervals = {interval("reading", 1, 0), interval("histogram", 1, 1), interval("pyramids", 1, 2),
                                interval("pop_readbuffer", 1, 3)},
                  .order = {"pop_inbuffer", "closing"}};
    CHECK(names_of(times.totals()) == strings{"pop_readbuffer", "histogram", "pyramids", "reading"});
    times.intervals.push_back(interval("closing", 1, 4));
    CHECK(names_of(times.totals()) == strings{"pop_readbuffer", "closing", "reading", "histogram", "pyramids"});
}

TEST_CASE("a log hands its order to its snapshots")
{
    CHECK(timing_log().snapshot().order.empty());
    timing_log log({"writing", "reading"});
    static_cast<void>(log.measure("reading"));
    static_cast<void>(log.measure("writing"));
    CHECK(log.snapshot().order == strings{"writing", "reading"});
    CHECK(names_of(log.snapshot().totals()) == strings{"writing", "reading"});
}

TEST_CASE("a summary has extremes and interpolated quartiles of the durations")
{
    auto const summary_of = [](std::vector<double> const& durations) {
        timings times{.intervals = {interval("other", 1000)}};
        for (auto const each : durations) times.intervals.push_back(interval("x", each));
        return times.summary("x").value();
    };
    check(summary_of({3}), {1, 3, 3, 3, 3, 3, 3});
    check(summary_of({5, 1}), {2, 6, 1, 2, 3, 4, 5});
    check(summary_of({40, 10, 30, 20}), {4, 100, 10, 17.5, 25, 32.5, 40});
    check(summary_of({5, 4, 1, 16, 2}), {5, 28, 1, 2, 4, 5, 16});
    check(summary_of({1, 1, 1, 1}), {4, 4, 1, 1, 1, 1, 1});
    check(summary_of({0}), {1, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("there is no summary of what was not recorded, but for the wall time")
{
    timings times{.walltime = 2.5, .intervals = {interval("reading", 1)}};
    CHECK_FALSE(times.summary("writing").has_value());
    CHECK_FALSE(times.summary("").has_value());
    CHECK_FALSE(times.summary("pop_inbuffer").has_value());
    CHECK_FALSE(times.summary("closing").has_value());
    check(times.summary("walltime").value(), {1, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5});
    times.intervals.push_back(interval("walltime", 1));
    times.intervals.push_back(interval("walltime", 2));
    check(times.summary("walltime").value(), {2, 3, 1, 1.25, 1.5, 1.75, 2});
}

TEST_CASE("durations come in the order of recording, from all threads")
{
    timings const times{.intervals = {{.name = "a", .thread = 1, .start = 9, .duration = 3},
                                      {.name = "b", .thread = 1, .start = 8, .duration = 2},
                                      {.name = "a", .thread = 0, .start = 1, .duration = 1}}};
    CHECK(times.durations("a") == std::vector<double>{3, 1});
    CHECK(times.durations("c").empty());
}

TEST_CASE("the names of RIOS 2.0.0 find the timers of today")
{
    timings times{.intervals = {interval("insert_readbuffer", 1), interval("pop_readbuffer", 2),
                                interval("insert_computebuffer", 4), interval("pop_computebuffer", 8)}};
    CHECK(times.summary("add_inbuffer").value().total == 1);
    CHECK(times.summary("pop_inbuffer").value().total == 2);
    CHECK(times.summary("add_outbuffer").value().total == 4);
    CHECK(times.summary("pop_outbuffer").value().total == 8);
    CHECK(times.durations("pop_outbuffer") == std::vector<double>{8});
    times.intervals.push_back(interval("pop_outbuffer", 16)); // of just that name
    CHECK(times.summary("pop_outbuffer").value().total == 16);
    CHECK(times.summary("pop_computebuffer").value().total == 8);
}

TEST_CASE("closing is all that it was split into, unless it was recorded")
{
    timings times{.intervals = {interval("beforeclose", 8), interval("pyramids", 1), interval("writing", 100),
                                interval("pyramids", 2), interval("basicstats", 3)}};
    check(times.summary("closing").value(), {4, 14, 1, 1.75, 2.5, 4.25, 8});
    times.intervals.push_back(interval("histogram", 0.5));
    check(times.summary("closing").value(), {5, 14.5, 0.5, 1, 2, 3, 8});
    check(times.summary("histogram").value(), {1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5});
    times.intervals.push_back(interval("closing", 6));
    check(times.summary("closing").value(), {1, 6, 6, 6, 6, 6, 6});
}

TEST_CASE("merging takes over the intervals of another run, whose threads follow, and the longer wall time")
{
    timings times{.walltime = 3,
                  .intervals = {{.name = "reading", .thread = 2, .start = 1, .duration = 0.5},
                                {.name = "writing", .thread = 0, .start = 2, .duration = 0.25}},
                  .order = {"writing"}};
    timings const other{.walltime = 4,
                        .intervals = {{.name = "userfunction", .thread = 0, .start = 0.5, .duration = 3},
                                      {.name = "reading", .thread = 1, .start = 0.25, .duration = 0.125}},
                        .order = {"reading"}};
    times.merge(other);
    CHECK(times.walltime == 4);
    CHECK(times.order == strings{"writing"});
    REQUIRE(times.intervals.size() == 4);
    CHECK(times.intervals[0].thread == 2);
    CHECK(times.intervals[1].thread == 0);
    CHECK(times.intervals[2].name == "userfunction");
    CHECK(times.intervals[2].thread == 3);
    CHECK(times.intervals[2].start == 0.5);
    CHECK(times.intervals[2].duration == 3);
    CHECK(times.intervals[3].name == "reading");
    CHECK(times.intervals[3].thread == 4);
    CHECK(names_of(times.totals()) == strings{"writing", "reading", "userfunction"});
    CHECK(times.summary("reading").value().total == 0.625);
    CHECK(other.intervals[0].thread == 0);

    times.merge({.walltime = 1});
    CHECK(times.walltime == 4);
    CHECK(times.intervals.size() == 4);
    timings first;
    first.merge(other); // no threads before: the numbers stay
    CHECK(first.walltime == 4);
    REQUIRE(first.intervals.size() == 2);
    CHECK(first.intervals[1].thread == 1);
    first.merge(first);
    REQUIRE(first.intervals.size() == 4);
    CHECK(first.intervals[2].thread == 2);
    CHECK(first.intervals[3].thread == 3);
    CHECK(first.intervals[3].name == "reading");
}

TEST_CASE("a log that takes over the times of others gives new threads of its own numbers that nobody has")
{
    timing_log log;
    auto const now = timing_log::clock::now();
    log.record("a", now, now);
    timings const other{.intervals = {{.name = "b", .thread = 0}, {.name = "b", .thread = 1}}};
    log.merge(other);
    std::jthread([&] { log.record("c", now, now); }).join();
    log.merge(other);
    log.record("a", now, now);
    std::vector<std::size_t> numbers;
    for (auto const& each : log.snapshot().intervals) numbers.push_back(each.thread);
    CHECK(numbers == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 0});
}

TEST_CASE("timings travel as bytes")
{
    timings const sent{.walltime = 3,
                       .intervals = {{.name = "reading", .thread = 2, .start = 1, .duration = 0.5}},
                       .order = {"writing", "reading"}};
    auto const received = rios::from_bytes<timings>(rios::to_bytes(sent));
    CHECK(received.walltime == 3);
    CHECK(received.order == sent.order);
    REQUIRE(received.intervals.size() == 1);
    CHECK(received.intervals[0].name == "reading");
    CHECK(received.intervals[0].thread == 2);
    CHECK(received.intervals[0].start == 1);
    CHECK(received.intervals[0].duration == 0.5);
}

TEST_CASE("a report is a table of the wall time and of the totals")
{
    timings const times{.walltime = 2.5,
                        .intervals = {{.name = "reading", .thread = 0, .start = 0, .duration = 0.125},
                                      {.name = "insert_computebuffer", .thread = 0, .start = 1, .duration = 12.25},
                                      {.name = "userfunction", .thread = 0, .start = 2, .duration = 1234567.5}}};
    std::string const report = "Wall clock elapsed time: 2.500 seconds\n"
                               "\n"
                               "Timer                      Total (sec)\n"
                               "--------------------------------\n"
                               "reading                    0.125\n"
                               "insert_computebuffer      12.250\n"
                               "userfunction            1234567.500\n";
    CHECK(times.report() == report);
    CHECK(times.report(report_detail::totals) == report);
}

TEST_CASE("a report with quantiles has a second table")
{
    timings const times{.walltime = 0.25,
                        .intervals = {interval("writing", 0.00004), interval("reading", 40), interval("reading", 10),
                                      interval("reading", 30), interval("reading", 20)},
                        .order = {"reading"}};
    CHECK(times.report(report_detail::quantiles) ==
          "Wall clock elapsed time: 0.250 seconds\n"
          "\n"
          "Timer                      Total (sec)\n"
          "--------------------------------\n"
          "reading                  100.000\n"
          "writing                    0.000\n"
          "\n"
          "\n"
          "Timer                   N,Min,Lower,Median,Upper,Max\n"
          "--------------------------------\n"
          "reading                 4,10.0000,17.5000,25.0000,32.5000,40.0000\n"
          "writing                 1,0.0000,0.0000,0.0000,0.0000,0.0000\n");
}

TEST_CASE("a report of nothing has the headers only")
{
    std::string const totals = "Wall clock elapsed time: 0.000 seconds\n\n"
                               "Timer                      Total (sec)\n--------------------------------\n";
    CHECK(timings{}.report() == totals);
    CHECK(timings{}.report(report_detail::quantiles) ==
          totals + "\n\nTimer                   N,Min,Lower,Median,Upper,Max\n--------------------------------\n");
}

TEST_CASE("a report survives a name of any length")
{
    timings const times{.walltime = 0,
                        .intervals = {{.name = std::string(5000, 'x'), .thread = 0, .start = 0, .duration = 1}}};
    CHECK(times.report().find("xxxx       1.000\n") != std::string::npos);
    CHECK(times.report(report_detail::quantiles).find("xxxx    1,1.0000,") != std::string::npos);
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

TEST_CASE("of very many intervals the first are kept, and all are counted")
{
    timing_log log({}, 3);
    auto const now = timing_log::clock::now();
    for (int i = 1; i <= 5; ++i) log.record("a", now, now + i * 1s);
    log.record("b", now, now + 7s);
    log.record("pop_readbuffer", now, now + 2s);
    auto times = log.snapshot();
    CHECK(times.intervals.size() == 5);
    auto const a = times.summary("a").value();
    CHECK(a.count == 5);
    CHECK(a.total == doctest::Approx(15));
    CHECK(a.minimum == doctest::Approx(1));
    CHECK(a.maximum == doctest::Approx(5));
    CHECK(a.median == doctest::Approx(2)); // of those that are kept
    auto const totals = times.totals();
    REQUIRE(totals.size() == 3);
    CHECK(totals[1].name == "b");
    CHECK(totals[1].seconds == doctest::Approx(7));
    CHECK(times.report(rios::report_detail::quantiles).find("5,1.0000,1.5000,2.0000,2.5000,5.0000") !=
          std::string::npos);

    times.merge(log.snapshot());
    CHECK(times.intervals.size() == 10);
    CHECK(times.summary("a")->count == 10);
    CHECK(times.totals()[1].seconds == doctest::Approx(14));
    CHECK(rios::from_bytes<timings>(rios::to_bytes(times)).summary("a")->count == 10);
}
