// SPDX-License-Identifier: BSL-1.0
#include <rios/pipeline/run.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/timing.hpp>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/own_threads.hpp"

using namespace std::chrono_literals;

namespace {

/// Some bytes of a step, as large as the job says.
struct bytes {
    std::size_t value = 0;
    std::size_t size = 0;
    [[nodiscard]] std::size_t memory() const { return size; }
};

/// The most there ever was of something.
class peak {
  public:
    void add(std::ptrdiff_t n)
    {
        auto const now = now_ += n;
        for (auto seen = most_.load(); now > seen && !most_.compare_exchange_weak(seen, now);) {}
    }
    [[nodiscard]] std::ptrdiff_t most() const { return most_; }
    [[nodiscard]] std::ptrdiff_t now() const { return now_; }

  private:
    std::atomic<std::ptrdiff_t> now_ = 0;
    std::atomic<std::ptrdiff_t> most_ = 0;
};

/// Each part of a step's input is a number, and its result their sum; it notes what happens to each.
struct adding_job {
    static constexpr auto never = static_cast<std::size_t>(-1);
    using input = std::vector<bytes>;
    using result = bytes;

    adding_job(std::size_t steps, std::size_t inputs) : count(steps), part_count(inputs) {}

    std::size_t count;
    std::size_t part_count;
    std::size_t input_bytes = 8; ///< of a step
    std::size_t result_bytes = 8;
    std::size_t slow_index = never;
    std::size_t fail_to_read = never;
    std::size_t fail_to_compute = never;
    std::size_t fail_to_deliver = never;
    std::chrono::microseconds delivery_takes{0};

    std::vector<std::atomic<std::size_t>> reads = std::vector<std::atomic<std::size_t>>(count * part_count);
    std::vector<std::atomic<std::size_t>> parts_there = std::vector<std::atomic<std::size_t>>(count);
    std::vector<std::size_t> delivered{};
    peak inputs_held{};  ///< from the first part's reading to the end of computing
    peak results_held{}; ///< from the beginning of computing to the end of the delivery
    peak undelivered{};
    std::atomic<bool> right = true;
    std::atomic<int> stops = 0;
    std::thread::id caller = std::this_thread::get_id();

    [[nodiscard]] std::size_t size() const { return count; }
    [[nodiscard]] std::size_t parts() const { return part_count; }
    [[nodiscard]] input make_input() const { return input(part_count); }
    void read(std::size_t index, std::size_t part, input& into)
    {
        if (index == fail_to_read && part + 1 == part_count) throw std::out_of_range("no part of " + name(index));
        ++reads.at(index * part_count + part);
        if (parts_there.at(index)++ == 0) {
            inputs_held.add(1);
            undelivered.add(1);
        }
        into.at(part) = {.value = 100 * index + part, .size = input_bytes / part_count};
    }
    result compute(std::size_t index, input& in)
    {
        results_held.add(1);
        if (index == fail_to_compute) throw std::domain_error("no sum of " + name(index));
        if (index == slow_index) std::this_thread::sleep_for(5ms);
        if (parts_there.at(index) != part_count) right = false;
        std::size_t sum = 0;
        for (auto const& each : in) sum += each.value;
        inputs_held.add(-1);
        return {.value = sum, .size = result_bytes};
    }
    result compute(std::size_t index) { return rios::detail::read_and_compute(*this, index); }
    void deliver(std::size_t index, result sum)
    {
        if (index == fail_to_deliver) throw std::length_error("no place for " + name(index));
        if (delivery_takes > 0us) std::this_thread::sleep_for(delivery_takes);
        std::size_t expected = 0;
        for (std::size_t part = 0; part < part_count; ++part) expected += 100 * index + part;
        if (sum.value != expected || std::this_thread::get_id() != caller) right = false;
        delivered.push_back(index);
        results_held.add(-1);
        undelivered.add(-1);
    }
    void stop() noexcept { ++stops; }

    [[nodiscard]] bool all_done_once() const
    {
        auto sorted = delivered;
        std::sort(sorted.begin(), sorted.end());
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            if (sorted[i] != i) return false;
        }
        return right && delivered.size() == count &&
               std::all_of(reads.begin(), reads.end(), [](auto const& n) { return n == 1; });
    }

  private:
    static std::string name(std::size_t index) { return "step " + std::to_string(index); }
};
static_assert(rios::ReadingJob<adding_job>);
static_assert(rios::detail::StoppableJob<adding_job>);

/// A job that has nothing to be read.
struct plain_job {
    using result = std::size_t;
    std::size_t sum = 0;
    static std::size_t size() { return 10; }
    static result compute(std::size_t index) { return index; }
    void deliver(std::size_t, result value) { sum += value; }
};
static_assert(!rios::ReadingJob<plain_job>);

} // namespace

template <typename X>
void check_all(X& executor)
{
    for (auto const order : {rios::delivery_order::any, rios::delivery_order::index}) {
        for (std::size_t const size : {0U, 1U, 2U, 3U, 10U, 300U}) {
            for (std::size_t const parts : {1U, 2U, 5U}) {
                for (std::size_t const blocks : {0U, 1U, 7U}) {
                    CAPTURE(size);
                    CAPTURE(parts);
                    CAPTURE(blocks);
                    adding_job job(size, parts);
                    rios::buffer_limit const limit{.blocks = blocks, .bytes = blocks == 7 ? 1U : 1000U};
                    rios::run(executor, job, {.inputs = limit, .results = limit, .order = order});
                    CHECK(job.all_done_once());
                    CHECK(job.stops == 0);
                    if (order == rios::delivery_order::index) {
                        CHECK(std::is_sorted(job.delivered.begin(), job.delivered.end()));
                    }
                }
            }
        }
    }
}
TEST_CASE_TEMPLATE_DEFINE("every part is read, every step computed and delivered once", E, all_once)
{
    E executor;
    check_all(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(all_once, test::pipeline_executors);

template <typename X>
void check_slow_first(X& executor)
{
    for (std::size_t const slow : {0U, 17U}) {
        for (std::size_t const blocks : {1U, 2U, 100U}) {
            for (std::uint64_t const bytes : {1U, 20U, 10000U}) {
                adding_job job(40, 2);
                job.slow_index = slow;
                rios::buffer_limit const limit{.blocks = blocks, .bytes = bytes};
                rios::run(executor, job, {.inputs = limit, .results = limit, .order = rios::delivery_order::index});
                CHECK(job.all_done_once());
                CHECK(std::is_sorted(job.delivered.begin(), job.delivered.end()));
            }
        }
    }
}
TEST_CASE_TEMPLATE_DEFINE("in order, tiny buffers and a slow step get along", E, slow_first)
{
    E executor;
    check_slow_first(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(slow_first, test::staging_executors);

template <typename X>
void check_limits(X& executor)
{
    struct limits {
        std::size_t blocks;
        std::uint64_t bytes;
    };
    auto const readers = static_cast<std::ptrdiff_t>(executor.readers());
    auto const workers = static_cast<std::ptrdiff_t>(executor.workers());
    for (auto const order : {rios::delivery_order::any, rios::delivery_order::index}) {
        for (auto const& most_held : {limits{1, 1}, limits{3, 1U << 20U}, limits{8, 1U << 20U}, limits{100, 400}}) {
            auto const blocks = most_held.blocks; // no structured binding: lambdas of clang 14 cannot capture those
            auto const bytes = most_held.bytes;
            CAPTURE(blocks);
            CAPTURE(bytes);
            adding_job job(120, 2);
            job.delivery_takes = 50us;
            job.input_bytes = 80;
            job.result_bytes = 40;
            rios::buffer_limit const limit{.blocks = blocks, .bytes = bytes};
            rios::run(executor, job, {.inputs = limit, .results = limit, .order = order});
            CHECK(job.all_done_once());
            auto const most = [&](std::ptrdiff_t threads, std::size_t size) {
                auto const fitting = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(blocks, bytes / size));
                return std::max(threads, fitting);
            };
            if (readers > 0) CHECK(job.inputs_held.most() <= most(readers, 80));
            else CHECK(job.inputs_held.most() <= workers);
            if (workers > 0) CHECK(job.results_held.most() <= most(workers, 40));
            CHECK(job.inputs_held.now() == 0);
            CHECK(job.results_held.now() == 0);
        }
    }
}
TEST_CASE_TEMPLATE_DEFINE("there are never more blocks or bytes under way than the limits say", E, limited)
{
    E executor;
    check_limits(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(limited, test::staging_executors);

template <typename X>
void check_errors(X& executor)
{
    test::thread_census const census;
    for (auto const order : {rios::delivery_order::any, rios::delivery_order::index}) {
        for (std::size_t const at : {0U, 1U, 30U, 59U}) {
            CAPTURE(at);
            rios::run_options const options{.order = order};
            auto const name = "step " + std::to_string(at);
            adding_job reading(60, 3);
            reading.fail_to_read = at;
            CHECK(test::message_of<std::out_of_range>([&] { rios::run(executor, reading, options); }) ==
                  "no part of " + name);
            adding_job computing(60, 3);
            computing.fail_to_compute = at;
            CHECK(test::message_of<std::domain_error>([&] { rios::run(executor, computing, options); }) ==
                  "no sum of " + name);
            adding_job delivering(60, 3);
            delivering.fail_to_deliver = at;
            CHECK(test::message_of<std::length_error>([&] { rios::run(executor, delivering, options); }) ==
                  "no place for " + name);
            for (auto const* job : {&reading, &computing, &delivering}) {
                CHECK(job->right);
                CHECK(job->stops == 1);
                CHECK(std::find(job->delivered.begin(), job->delivered.end(), at) == job->delivered.end());
            }
        }
    }
    CHECK(census.none_left_behind());
}
TEST_CASE_TEMPLATE_DEFINE("the error of any stage ends the run", E, any_stage)
{
    E executor;
    check_errors(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(any_stage, test::staging_executors);

namespace {

/// Its parts are read when several threads are at it.
struct meeting_job {
    using input = int;
    using result = int;
    test::meeting_place place;
    std::atomic<int> met = 0;
    std::size_t together;

    explicit meeting_job(std::size_t readers) : place(readers), together(readers) {}
    static std::size_t size() { return 1; }
    [[nodiscard]] std::size_t parts() const { return together; }
    static input make_input() { return 0; }
    void read(std::size_t, std::size_t, input&)
    {
        if (place.wait()) ++met;
    }
    static result compute(std::size_t, input&) { return 0; }
    result compute(std::size_t index) { return rios::detail::read_and_compute(*this, index); }
    static void deliver(std::size_t, result) {}
};

/// So many steps are computed at once as there are.
struct busy_job {
    using input = int;
    using result = int;
    test::meeting_place place;
    std::atomic<int> met = 0;
    std::size_t together;

    explicit busy_job(std::size_t workers) : place(workers), together(workers) {}
    [[nodiscard]] std::size_t size() const { return together; }
    static std::size_t parts() { return 1; }
    static input make_input() { return 0; }
    static void read(std::size_t, std::size_t, input&) {}
    result compute(std::size_t, input&)
    {
        if (place.wait()) ++met;
        return 0;
    }
    result compute(std::size_t index) { return rios::detail::read_and_compute(*this, index); }
    static void deliver(std::size_t, result) {}
};

/// Has no threads to offer.
struct idle_executor : rios::inline_executor {
    static std::size_t readers() { return 0; }
    static std::size_t workers() { return 0; }
};

} // namespace

TEST_CASE("all parts of one block are read at once, if there are readers")
{
    rios::read_ahead ahead({.readers = 3});
    meeting_job job(3);
    rios::run(ahead, job);
    CHECK(job.met == 3);
    rios::thread_executor threads({.readers = 4, .workers = 1});
    meeting_job other(4);
    rios::run(threads, other);
    CHECK(other.met == 4);
}

TEST_CASE("all workers compute at once, however few read for them")
{
    for (std::size_t const readers : {0U, 1U, 2U}) {
        rios::thread_executor executor({.readers = readers, .workers = 6});
        busy_job job(6);
        rios::run(executor, job);
        CHECK(job.met == 6);
    }
}

TEST_CASE("a job that has nothing to be read goes to the executor as it is")
{
    rios::thread_executor threads({.readers = 2, .workers = 2});
    rios::read_ahead ahead;
    plain_job job;
    rios::run(threads, job);
    CHECK(job.sum == 45);
    rios::run(ahead, job);
    CHECK(job.sum == 90);
    rios::inline_executor on_caller;
    rios::run(on_caller, job);
    CHECK(job.sum == 135);
}

TEST_CASE("an executor without threads for it runs the job as it is")
{
    idle_executor idle;
    adding_job job(5, 2);
    rios::run(idle, job);
    CHECK(job.all_done_once());
}

TEST_CASE("reading_ahead makes an executor read ahead for functions that know nothing of it")
{
    rios::thread_executor threads({.readers = 2, .workers = 3});
    rios::timing_log log;
    rios::reading_ahead ahead(threads, {.log = &log});
    adding_job job(50, 2);
    ahead.run(job);
    CHECK(job.all_done_once());
    CHECK(ahead.concurrency() == 3);
    CHECK(log.snapshot().durations("pop_readbuffer").size() == 50);
    CHECK(log.snapshot().durations("pop_computebuffer").size() == 50);
    plain_job plain;
    ahead.run(plain);
    CHECK(plain.sum == 45);
}

TEST_CASE("without an owner of the job the threads of the executor compute, and no others are started")
{
    struct counting_job : adding_job {
        using adding_job::adding_job;
        std::atomic<std::size_t> most_threads = 0;
        result compute(std::size_t index, input& in)
        {
            auto const now = test::count_threads();
            auto most = most_threads.load();
            while (most < now && !most_threads.compare_exchange_weak(most, now)) {}
            return adding_job::compute(index, in);
        }
        result compute(std::size_t index) { return rios::detail::read_and_compute(*this, index); }
    };
    rios::thread_executor threads({.workers = 3});
    auto const before = test::count_threads();
    for (int i = 0; i < 2; ++i) {
        counting_job job(50, 2);
        rios::run(threads, job);
        CHECK(job.all_done_once());
        CHECK(job.most_threads == before);
    }
    plain_job plain;
    threads.run(plain); // they are free again
    CHECK(plain.sum == 45);
}

TEST_CASE("without an owner of the job a stall is waited for, however long it takes")
{
    rios::thread_executor threads({.readers = 1, .workers = 1});
    adding_job job(3, 1);
    job.slow_index = 1;
    rios::run(threads, job, {.stalls = {.reading = 1ms, .computing = 1ms}});
    CHECK(job.all_done_once());
}
