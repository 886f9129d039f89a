// SPDX-License-Identifier: BSL-1.0
// Jobs that are polled while thread_executor (threads.hpp) runs them, and jobs that are told to stop.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/threads.hpp>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/watched_job.hpp"

using test::watched_job;
using namespace std::chrono_literals;

namespace {

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
