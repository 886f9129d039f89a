// SPDX-License-Identifier: BSL-1.0
#include <rios/cancellation.hpp>

#include <chrono>
#include <concepts>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>

using rios::cancellation;
using namespace std::chrono_literals;

static_assert(!std::copyable<cancellation>);
static_assert(!std::movable<cancellation>);

namespace {

/// What progress was told.
using told = std::vector<std::pair<std::string, double>>;

/// Whether `check` throws on another thread.
bool throws_elsewhere(cancellation& end)
{
    bool thrown = false;
    std::jthread([&] {
        try {
            end.check();
        } catch (rios::cancelled const&) {
            thrown = true;
        }
    }).join();
    return thrown;
}

} // namespace

TEST_CASE("without a progress function nothing ends but by a stop")
{
    cancellation end;
    CHECK_NOTHROW(end.report("phase", 0.5));
    CHECK_NOTHROW(end.poll());
    CHECK_NOTHROW(end.check());
    CHECK_FALSE(throws_elsewhere(end));
    end.stop();
    CHECK_THROWS_AS(end.check(), rios::cancelled);
    CHECK(throws_elsewhere(end));
    end.stop();
    CHECK_THROWS_AS(end.check(), rios::cancelled);
}

TEST_CASE("a report is passed on, and told again while there is nothing new")
{
    told calls;
    cancellation end([&](std::string_view phase, double done) {
        calls.emplace_back(phase, done);
        return true;
    });
    end.poll();
    end.report("tiles", 0.25);
    end.poll();
    end.report("labels", 0);
    end.poll();
    CHECK(calls == told{{"starting", 0}, {"tiles", 0.25}, {"tiles", 0.25}, {"labels", 0}, {"labels", 0}});
}

TEST_CASE("a progress function that says no cancels the report and the poll")
{
    bool go_on = false;
    cancellation end([&](std::string_view, double) { return go_on; });
    CHECK_THROWS_AS(end.report("tiles", 0.5), rios::cancelled);
    CHECK_THROWS_AS(end.poll(), rios::cancelled);
    go_on = true;
    CHECK_NOTHROW(end.report("tiles", 0.5));
}

TEST_CASE("what a progress function throws comes through")
{
    cancellation end([](std::string_view, double) -> bool { throw std::string("no progress"); });
    CHECK_THROWS_AS(end.report("tiles", 0.5), std::string);
}

TEST_CASE("a check on the caller's thread asks now and then, and not each time")
{
    told calls;
    bool go_on = true;
    cancellation end([&](std::string_view phase, double done) {
        calls.emplace_back(phase, done);
        return go_on;
    });
    end.report("tiles", 0.5);
    auto const begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) end.check();
    // A slow machine may have taken its time over the thousand.
    if (std::chrono::steady_clock::now() - begun < 100ms) CHECK(calls.size() == 1);
    calls.clear();
    std::this_thread::sleep_for(150ms);
    end.check();
    CHECK(calls == told{{"tiles", 0.5}});
    std::this_thread::sleep_for(150ms);
    go_on = false;
    CHECK_THROWS_AS(end.check(), rios::cancelled);
}

TEST_CASE("a check on another thread never asks")
{
    int calls = 0;
    cancellation end([&](std::string_view, double) { return ++calls > 0; });
    std::this_thread::sleep_for(150ms);
    CHECK_FALSE(throws_elsewhere(end));
    CHECK(calls == 0);
}

TEST_CASE("a stop reaches a step that is under way on another thread")
{
    cancellation end;
    bool ended = false;
    {
        std::jthread const step([&] {
            auto const limit = std::chrono::steady_clock::now() + 20s;
            try {
                while (std::chrono::steady_clock::now() < limit) end.check();
            } catch (rios::cancelled const&) {
                ended = true;
            }
        });
        std::this_thread::sleep_for(20ms);
        end.stop();
    }
    CHECK(ended);
}
