// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/threads.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/executors.hpp"
#include "support/message_of.hpp"

using rios::thread_executor;
using namespace std::chrono_literals;

static_assert(std::movable<thread_executor>);
static_assert(!std::copyable<thread_executor>);

namespace {

/// A result that counts how many of its kind exist, and can only be moved.
class counted {
  public:
    counted(std::atomic<int>& living, std::size_t value) : living_(&living), value_(value) { ++living; }
    counted(counted&& other) noexcept : living_(other.living_), value_(other.value_) { ++*living_; }
    counted(counted const&) = delete;
    counted& operator=(counted const&) = delete;
    counted& operator=(counted&&) = delete;
    ~counted() { --*living_; }
    [[nodiscard]] std::size_t value() const { return value_; }

  private:
    std::atomic<int>* living_;
    std::size_t value_;
};

/// Squares its indexes and notes what happens; fails where it is told to.
struct watched_job {
    using result = counted;
    static constexpr auto never = static_cast<std::size_t>(-1);
    std::size_t count;
    std::size_t fail_to_compute = never;
    std::size_t fail_to_deliver = never;

    std::vector<std::atomic<int>> computed = std::vector<std::atomic<int>>(count);
    std::vector<int> delivered = std::vector<int>(count);
    std::atomic<int> living = 0;
    std::atomic<int> under_way = 0;
    std::atomic<int> computed_by_caller = 0;
    std::thread::id caller = std::this_thread::get_id();
    bool right = true;

    explicit watched_job(std::size_t size) : count(size) {}

    [[nodiscard]] std::size_t size() const { return count; }
    result compute(std::size_t index)
    {
        ++under_way;
        ++computed.at(index);
        if (std::this_thread::get_id() == caller) ++computed_by_caller;
        if (index == fail_to_compute) {
            --under_way;
            throw std::out_of_range("no square of " + std::to_string(index));
        }
        counted square(living, index * index);
        --under_way;
        return square;
    }
    void deliver(std::size_t index, result square)
    {
        right = right && square.value() == index * index && std::this_thread::get_id() == caller;
        ++delivered.at(index);
        if (index == fail_to_deliver) throw std::length_error("cannot take " + std::to_string(index));
    }
    [[nodiscard]] bool all_done_once() const
    {
        return std::all_of(computed.begin(), computed.end(), [](auto const& n) { return n == 1; }) &&
               std::all_of(delivered.begin(), delivered.end(), [](int n) { return n == 1; });
    }
    [[nodiscard]] bool nothing_twice() const
    {
        return std::all_of(computed.begin(), computed.end(), [](auto const& n) { return n <= 1; }) &&
               std::all_of(delivered.begin(), delivered.end(), [](int n) { return n <= 1; });
    }
};

/// A place where threads wait for each other, but not for ever.
class meeting {
  public:
    explicit meeting(std::size_t size) : size_(size) {}
    /// Whether all came.
    bool wait()
    {
        std::unique_lock lock(mutex_);
        if (++arrived_ == size_) all_here_.notify_all();
        return all_here_.wait_for(lock, 20s, [&] { return arrived_ >= size_; });
    }

    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    std::size_t size_;
    std::size_t arrived_ = 0;
    std::mutex mutex_;
    std::condition_variable all_here_;
};

struct meeting_job {
    using result = bool;
    meeting place;
    bool met = true;
    [[nodiscard]] std::size_t size() const { return place.size(); }
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

/// Its steps last until the caller has polled a number of times, but not for ever.
struct polled_job {
    using result = bool;
    int polls_wanted = 3;
    int fail_at_poll = 0;
    std::thread::id caller = std::this_thread::get_id();
    std::atomic<int> polls = 0;
    std::atomic<int> under_way = 0;
    bool polled_by_caller = true;
    bool polled_enough = true;

    [[nodiscard]] static std::size_t size() { return 2; }
    result compute(std::size_t)
    {
        ++under_way;
        auto const limit = std::chrono::steady_clock::now() + 20s;
        while (polls < polls_wanted && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
        --under_way;
        return polls >= polls_wanted;
    }
    void deliver(std::size_t, result enough) { polled_enough = polled_enough && enough; }
    void poll()
    {
        polled_by_caller = polled_by_caller && std::this_thread::get_id() == caller;
        if (++polls == fail_at_poll) throw std::domain_error("asked to end");
    }
};
static_assert(rios::detail::PolledJob<polled_job>);
static_assert(!rios::detail::PolledJob<watched_job>);

/// Its steps last until they are told to stop, but not for ever; then they throw.
struct stoppable_job {
    using result = int;
    static constexpr auto never = static_cast<std::size_t>(-1);
    std::size_t count = 8;
    std::size_t fail_to_compute = never;
    bool fail_to_deliver = false;
    std::atomic<int> stops = 0;
    std::atomic<int> ended_early = 0;
    std::atomic<int> under_way = 0;

    [[nodiscard]] std::size_t size() const { return count; }
    result compute(std::size_t index)
    {
        ++under_way;
        if (index == fail_to_compute) {
            --under_way;
            throw std::out_of_range("no step " + std::to_string(index));
        }
        if (fail_to_deliver && index == 0) {
            --under_way;
            return 0;
        }
        auto const limit = std::chrono::steady_clock::now() + 20s;
        bool const fails = fail_to_deliver || fail_to_compute != never;
        while (fails && stops == 0 && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
        --under_way;
        if (!fails) return 0;
        ++ended_early;
        throw rios::cancelled();
    }
    void deliver(std::size_t index, result)
    {
        if (fail_to_deliver) throw std::length_error("cannot take " + std::to_string(index));
    }
    void stop() noexcept { ++stops; }
};
static_assert(rios::detail::StoppableJob<stoppable_job>);
static_assert(!rios::detail::StoppableJob<polled_job>);

/// Both at once: the poll ends the run, and the steps hear of it.
struct polled_and_stopped_job : polled_job {
    std::atomic<bool> stopped = false;
    result compute(std::size_t)
    {
        auto const limit = std::chrono::steady_clock::now() + 20s;
        while (!stopped && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
        throw rios::cancelled();
    }
    void stop() noexcept { stopped = true; }
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
    meeting_job job{.place = meeting(executor.concurrency())};
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

TEST_CASE_TEMPLATE_DEFINE("a job is polled on the caller's thread while it waits for results", E, polled)
{
    E executor;
    polled_job job;
    executor.run(job);
    CHECK(job.polls >= 3);
    CHECK(job.polled_by_caller);
    CHECK(job.polled_enough);
}
TEST_CASE_TEMPLATE_APPLY(polled, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("an error in poll is rethrown as it was after all steps under way have ended", E, poll_error)
{
    E executor;
    polled_job job;
    job.fail_at_poll = 2;
    job.polls_wanted = 2;
    CHECK(test::message_of<std::domain_error>([&] { executor.run(job); }) == "asked to end");
    CHECK(job.polls == 2);
    CHECK(job.under_way == 0);
    polled_and_stopped_job stopped;
    stopped.fail_at_poll = 1;
    CHECK(test::message_of<std::domain_error>([&] { executor.run(stopped); }) == "asked to end");
    CHECK(stopped.polls == 1);
    CHECK(stopped.stopped);
    watched_job next(100);
    executor.run(next);
    CHECK(next.all_done_once());
}
TEST_CASE_TEMPLATE_APPLY(poll_error, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("a job is stopped once at the first error, which wins over those of the steps that end early",
                          E, stopped)
{
    E executor;
    for (int round = 0; round < 20; ++round) {
        stoppable_job job;
        job.fail_to_compute = 0;
        CHECK(test::message_of<std::out_of_range>([&] { executor.run(job); }) == "no step 0");
        CHECK(job.stops == 1);
        CHECK(job.under_way == 0);
        stoppable_job undeliverable;
        undeliverable.fail_to_deliver = true;
        CHECK(test::message_of<std::length_error>([&] { executor.run(undeliverable); }) == "cannot take 0");
        CHECK(undeliverable.stops == 1);
        CHECK(undeliverable.under_way == 0);
    }
}
TEST_CASE_TEMPLATE_APPLY(stopped, test::thread_executors);

TEST_CASE("steps that end early after a stop are not reported, whichever of them comes first")
{
    // All workers but one are in a step that only a stop ends when the last index fails.
    rios::thread_executor executor({.workers = 4});
    stoppable_job job;
    job.count = 4;
    job.fail_to_compute = 3;
    CHECK(test::message_of<std::out_of_range>([&] { executor.run(job); }) == "no step 3");
    CHECK(job.ended_early == 3);
    CHECK(job.stops == 1);
}

TEST_CASE_TEMPLATE_DEFINE("a job that ends well is never stopped", E, not_stopped)
{
    E executor;
    stoppable_job job;
    executor.run(job);
    CHECK(job.stops == 0);
}
TEST_CASE_TEMPLATE_APPLY(not_stopped, test::executors);

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
