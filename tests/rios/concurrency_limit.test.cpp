// SPDX-License-Identifier: BSL-1.0
#include <rios/concurrency_limit.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/sanitizers.hpp"

using rios::concurrency_limit;
using namespace std::chrono_literals;

static_assert(!std::copyable<concurrency_limit> && !std::movable<concurrency_limit>);
static_assert(!std::copyable<concurrency_limit::permit> && !std::movable<concurrency_limit::permit>);

namespace {

/// How many threads hold a permit, and how many did at most.
class holders {
  public:
    void enter()
    {
        auto const here = ++now_;
        auto most = most_.load();
        while (here > most && !most_.compare_exchange_weak(most, here)) {}
        ++times_;
    }
    void leave() { --now_; }

    [[nodiscard]] std::size_t now() const { return now_; }
    [[nodiscard]] std::size_t most() const { return most_; }
    [[nodiscard]] std::size_t times() const { return times_; }

  private:
    std::atomic<std::size_t> now_ = 0;
    std::atomic<std::size_t> most_ = 0;
    std::atomic<std::size_t> times_ = 0;
};

/// Waits until it is so, but not for ever.
template <typename F>
bool comes_true(F f)
{
    auto const limit = std::chrono::steady_clock::now() + 20s;
    while (!f()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

} // namespace

TEST_CASE("there are never more holders than permits, and every thread has its turns")
{
    constexpr std::size_t turns = test::sanitized ? 200 : 1000;
    for (std::size_t const permits : {1U, 2U, 3U, 7U}) {
        for (std::size_t const threads : {1U, 2U, 3U, 12U}) {
            CAPTURE(permits);
            CAPTURE(threads);
            concurrency_limit limit(permits);
            holders inside;
            {
                std::vector<std::jthread> team;
                for (std::size_t i = 0; i < threads; ++i) {
                    team.emplace_back([&] {
                        for (std::size_t turn = 0; turn < turns; ++turn) {
                            concurrency_limit::permit const held(limit);
                            inside.enter();
                            if (turn % 8 == 0) std::this_thread::yield(); // lets others come as far as they can
                            inside.leave();
                        }
                    });
                }
            }
            CHECK(inside.most() <= std::min(permits, threads));
            CHECK(inside.times() == threads * turns);
        }
    }
}

TEST_CASE("all permits can be held at the same time, and the next thread waits until one comes back")
{
    concurrency_limit limit(3);
    holders inside;
    std::atomic<bool> go_on = false;
    std::vector<std::jthread> team;
    for (int i = 0; i < 5; ++i) {
        team.emplace_back([&] {
            concurrency_limit::permit const held(limit);
            inside.enter();
            static_cast<void>(comes_true([&] { return go_on.load(); }));
            inside.leave();
        });
    }
    CHECK(comes_true([&] { return inside.now() == 3; }));
    std::this_thread::sleep_for(20ms);
    CHECK(inside.now() == 3);
    CHECK(inside.times() == 3);
    go_on = true;
    CHECK(comes_true([&] { return inside.times() == 5; }));
    team.clear();
    CHECK(inside.now() == 0);
    CHECK(inside.most() == 3);
}

TEST_CASE("one thread may hold several permits")
{
    concurrency_limit limit(2);
    concurrency_limit::permit const first(limit);
    for (int i = 0; i < 3; ++i) concurrency_limit::permit const second(limit);
    std::atomic<bool> third_held = false;
    std::jthread waiting;
    {
        concurrency_limit::permit const second(limit);
        waiting = std::jthread([&] {
            concurrency_limit::permit const third(limit);
            third_held = true;
        });
        std::this_thread::sleep_for(20ms);
        CHECK_FALSE(third_held);
    }
    waiting.join();
    CHECK(third_held);
}

TEST_CASE("a permit comes back when its holder ends by an exception")
{
    concurrency_limit limit(2);
    auto const fail = [&] {
        concurrency_limit::permit const held(limit);
        throw std::runtime_error("no pixels");
    };
    // A permit that was lost would stop the third call for ever.
    for (int i = 0; i < 10; ++i) CHECK_THROWS_AS(fail(), std::runtime_error);
    std::atomic<int> failures = 0;
    {
        std::vector<std::jthread> team;
        for (int i = 0; i < 4; ++i) {
            team.emplace_back([&] {
                for (int turn = 0; turn < 100; ++turn) {
                    try {
                        fail();
                    } catch (std::runtime_error const&) {
                        ++failures;
                    }
                }
            });
        }
    }
    CHECK(failures == 400);
    concurrency_limit::permit const first(limit);
    concurrency_limit::permit const second(limit);
}
