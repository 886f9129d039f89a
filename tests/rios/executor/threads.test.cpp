// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/threads.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/own_threads.hpp"
#include "support/watched_job.hpp"

using rios::thread_executor;
using test::watched_job;
using namespace std::chrono_literals;

static_assert(std::movable<thread_executor>);
static_assert(!std::copyable<thread_executor>);

namespace {

struct meeting_job {
    using result = bool;
    std::size_t count;
    test::meeting_place place{count};
    bool met = true;
    [[nodiscard]] std::size_t size() const { return count; }
    result compute(std::size_t) { return place.wait(); }
    void deliver(std::size_t, result came) { met = met && came; }
};

struct failing_job {
    using result = int;
    std::atomic<std::size_t> computed = 0;
    static std::size_t size() { return 5000; }
    result compute(std::size_t index)
    {
        ++computed;
        throw std::runtime_error("step " + std::to_string(index));
    }
    static void deliver(std::size_t, result) { FAIL("nothing was computed, yet something is delivered"); }
};

struct undeliverable_job {
    using result = int;
    std::atomic<std::size_t> computed = 0;
    static std::size_t size() { return 5000; }
    result compute(std::size_t)
    {
        ++computed;
        return 0;
    }
    static void deliver(std::size_t, result) { throw std::runtime_error("not at home"); }
};

/// Notes the greatest number of results that were computed, or being so, and not yet delivered.
struct slow_job {
    using result = int;
    std::atomic<int> undelivered = 0;
    std::atomic<int> most = 0;
    static std::size_t size() { return 200; }
    result compute(std::size_t)
    {
        int const now = ++undelivered;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
        return 0;
    }
    void deliver(std::size_t, result)
    {
        std::this_thread::sleep_for(200us);
        --undelivered;
    }
};

} // namespace

TEST_CASE_TEMPLATE_DEFINE("threads compute and the caller delivers every index once", E, every_index)
{
    E executor;
    for (std::size_t const size : {0U, 1U, 2U, 3U, 19U, 20U, 21U, 1000U}) {
        CAPTURE(size);
        watched_job job(size);
        executor.run(job);
        CHECK(job.all_done_once());
        CHECK(job.right);
        CHECK(job.computed_by_caller == 0);
        CHECK(job.living == 0);
    }
}
TEST_CASE_TEMPLATE_APPLY(every_index, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("threads are there for many short runs", E, short_runs)
{
    E executor;
    bool all_right = true;
    for (std::size_t run = 0; run < 2000; ++run) {
        watched_job job(run % 7);
        executor.run(job);
        all_right = all_right && job.all_done_once() && job.right;
    }
    CHECK(all_right);
}
TEST_CASE_TEMPLATE_APPLY(short_runs, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("an error in compute is rethrown as it was after all steps under way have ended", E,
                          compute_error)
{
    E executor;
    for (std::size_t const at : {0U, 1U, 50U, 99U}) {
        for (int round = 0; round < 20; ++round) {
            watched_job job(100);
            job.fail_to_compute = at;
            CHECK(test::message_of<std::out_of_range>([&] { executor.run(job); }) ==
                  "no square of " + std::to_string(at));
            CHECK(job.under_way == 0);
            CHECK(job.living == 0);
            CHECK(job.nothing_twice());
            CHECK(job.delivered.at(at) == 0);
        }
    }
    watched_job next(100);
    executor.run(next);
    CHECK(next.all_done_once());
}
TEST_CASE_TEMPLATE_APPLY(compute_error, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("an error in deliver is rethrown as it was and ends the run", E, deliver_error)
{
    E executor;
    for (std::size_t const at : {0U, 1U, 50U, 99U}) {
        for (int round = 0; round < 20; ++round) {
            watched_job job(100);
            job.fail_to_deliver = at;
            CHECK(test::message_of<std::length_error>([&] { executor.run(job); }) ==
                  "cannot take " + std::to_string(at));
            CHECK(job.under_way == 0);
            CHECK(job.living == 0);
            CHECK(job.nothing_twice());
        }
    }
    watched_job next(100);
    executor.run(next);
    CHECK(next.all_done_once());
}
TEST_CASE_TEMPLATE_APPLY(deliver_error, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("when every step fails, one of their errors is rethrown and no further step begins", E,
                          all_fail)
{
    E executor;
    for (int round = 0; round < 50; ++round) {
        failing_job job;
        auto const message = test::message_of<std::runtime_error>([&] { executor.run(job); });
        CHECK(message.starts_with("step "));
        CHECK(job.computed <= executor.concurrency());
    }
}
TEST_CASE_TEMPLATE_APPLY(all_fail, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("when the first delivery fails, only what was under way is still computed", E,
                          no_further_index)
{
    E executor;
    for (int round = 0; round < 50; ++round) {
        undeliverable_job job;
        CHECK(test::message_of<std::runtime_error>([&] { executor.run(job); }) == "not at home");
        CHECK(job.computed <= 8 * executor.concurrency());
    }
}
TEST_CASE_TEMPLATE_APPLY(no_further_index, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("as many steps run at once as there are workers", E, at_once)
{
    E executor;
    meeting_job job{.count = executor.concurrency()};
    executor.run(job);
    CHECK(job.met);
}
TEST_CASE_TEMPLATE_APPLY(at_once, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("a slow delivery does not let more than four results for each worker pile up", E, pile_up)
{
    E executor;
    slow_job job;
    executor.run(job);
    CHECK(job.undelivered == 0);
    CHECK(job.most.load() <= 4 * static_cast<int>(executor.concurrency()));
}
TEST_CASE_TEMPLATE_APPLY(pile_up, test::thread_executors);

TEST_CASE("an executor has as many workers as it was told, or one for each core")
{
    CHECK(thread_executor({.workers = 3}).concurrency() == 3);
    CHECK(thread_executor().concurrency() == rios::available_cores());
    CHECK(rios::available_cores() >= 1);
}

TEST_CASE("a moved executor goes on working")
{
    thread_executor first({.workers = 2});
    thread_executor second = std::move(first);
    watched_job job(10);
    second.run(job);
    CHECK(job.all_done_once());
    second = thread_executor({.workers = 1});
    watched_job other(10);
    second.run(other);
    CHECK(other.all_done_once());
    CHECK(second.concurrency() == 1);
}

TEST_CASE("executors of several threads work side by side")
{
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> callers;
        for (int caller = 0; caller < 3; ++caller) {
            callers.emplace_back([&] {
                thread_executor executor({.workers = 2});
                watched_job job(500);
                executor.run(job);
                right += job.all_done_once() && job.right ? 1 : 0;
            });
        }
    }
    CHECK(right == 3);
}

#if defined(__linux__)
TEST_CASE("only cores that this process may run on are counted")
{
    std::size_t counted_cores = 0;
    std::jthread([&] {
        cpu_set_t allowed;
        if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
        int first = 0;
        while (!CPU_ISSET(first, &allowed)) ++first;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(first, &one);
        if (sched_setaffinity(0, sizeof one, &one) == 0) counted_cores = rios::available_cores(); // this thread's only
    }).join();
    CHECK(counted_cores == 1);
}
#endif
