// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/step_crew.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/net/frame.hpp>
#include <rios/remote/messages.hpp>
#include <rios/remote/served_work.hpp>

#include "support/squares_job.hpp"

namespace {

using namespace std::chrono_literals;
using rios::remote::message;
using rios::remote::step;
using rios::remote::step_crew;

/// Work that waits at some steps until it is released or stopped.
class some_work final : public rios::remote::served_work {
  public:
    std::size_t waits_to_read = SIZE_MAX;
    std::size_t waits_to_compute = SIZE_MAX;
    bool always_waits_to_compute = false;
    std::size_t throws_at = SIZE_MAX;
    std::atomic<bool> released = false;
    std::atomic<int> reading = 0;
    std::atomic<int> read_ahead = 0;

    std::unique_ptr<rios::remote::held_input> read(std::size_t index, std::span<std::byte const>) override
    {
        ++reading;
        if (index == waits_to_read) wait();
        --reading;
        ++read_ahead;
        return std::make_unique<rios::remote::held_input>();
    }
    rios::net::frame_bytes compute(step const& which, rios::remote::held_input&) override
    {
        if (always_waits_to_compute || which.index == waits_to_compute) wait();
        if (which.index == throws_at) throw std::runtime_error("no such luck");
        return rios::remote::frame(message::result, which, which.index * which.index);
    }
    std::vector<std::byte> accumulated() override { return {}; }
    void stop() noexcept override { released = true; }
    rios::timings times() const override { return {}; }

  private:
    void wait() const
    {
        while (!released) std::this_thread::sleep_for(1ms);
    }
};

/// What a crew has sent.
class outbox {
  public:
    step_crew::sender sender()
    {
        return [this](rios::net::frame_bytes frame) {
            auto const header = rios::net::header_from(
                std::span<std::byte const>(frame).first<rios::net::frame_header::size>(), 1000000);
            std::lock_guard lock(mutex_);
            types_.push_back(static_cast<message>(header.type));
            bodies_.emplace_back(frame.begin() + rios::net::frame_header::size, frame.end());
        };
    }
    std::size_t count(message type)
    {
        std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count(types_.begin(), types_.end(), type));
    }
    /// The first of a type. @pre there is one
    template <typename T>
    T first(message type)
    {
        std::lock_guard lock(mutex_);
        auto const at = std::find(types_.begin(), types_.end(), type) - types_.begin();
        return rios::byte_reader(bodies_.at(static_cast<std::size_t>(at))).take<T>();
    }

  private:
    std::mutex mutex_;
    std::vector<message> types_;
    std::vector<std::vector<std::byte>> bodies_;
};

struct crew_run {
    outbox sent;
    some_work* work = nullptr;
    std::unique_ptr<step_crew> crew;

    crew_run(rios::remote::welcome const& how, std::unique_ptr<some_work> does, rios::stall_limits const& limits)
        : work(does.get()), crew(std::make_unique<step_crew>(1, std::move(does), how, limits, sent.sender()))
    {
    }
    void add(std::size_t steps) const
    {
        for (std::size_t i = 0; i < steps; ++i) crew->add({.job = 1, .index = i}, {}, 0);
    }
};

constexpr rios::stall_limits no_limits{.reading = 0s, .computing = 0s};

} // namespace

TEST_CASE("all steps are done, however many threads read and compute")
{
    for (std::uint64_t const readers : {0U, 1U, 3U}) {
        crew_run run({.threads = 2, .readers = readers}, std::make_unique<some_work>(), no_limits);
        run.add(50);
        run.crew->finish();
        CHECK(run.sent.count(message::result) == 50);
        CHECK(run.sent.count(message::wants_read) == 0);
    }
}

TEST_CASE("readers read ahead, but not more than the threads that compute and they themselves have in hand")
{
    auto work = std::make_unique<some_work>();
    work->always_waits_to_compute = true; // whichever is read first
    crew_run run({.threads = 1, .readers = 2}, std::move(work), no_limits);
    run.add(20);
    CHECK(test::soon([&] { return run.work->read_ahead == 4; })); // one is computed
    std::this_thread::sleep_for(20ms);
    CHECK(run.work->read_ahead == 4);
    run.work->released = true;
    run.crew->finish();
    CHECK(run.sent.count(message::result) == 20);
}

TEST_CASE("nobody reads without a permit, and each permit is given back")
{
    crew_run run({.threads = 1, .readers = 2, .asks_for_reads = true}, std::make_unique<some_work>(), no_limits);
    run.add(3);
    CHECK(test::soon([&] { return run.sent.count(message::wants_read) == 2; }));
    CHECK(run.work->read_ahead == 0);
    run.crew->allow_read();
    CHECK(test::soon([&] { return run.sent.count(message::result) == 1; }));
    CHECK(run.sent.count(message::has_read) == 1);
    run.crew->allow_read();
    run.crew->allow_read();
    run.crew->finish();
    CHECK(run.sent.count(message::has_read) == 3);
    CHECK(run.sent.count(message::result) == 3);
}

TEST_CASE("what a step throws is sent, and the others go on")
{
    auto work = std::make_unique<some_work>();
    work->throws_at = 1;
    crew_run run({.threads = 1}, std::move(work), no_limits);
    run.add(3);
    run.crew->finish();
    CHECK(run.sent.count(message::result) == 2);
    auto const failure = run.sent.first<rios::remote::failure>(message::failed);
    CHECK(failure.text == "no such luck");
    CHECK(failure.job == 1);
}

TEST_CASE("a stage that stands still for longer than it may is told of, once")
{
    for (bool const reading : {true, false}) {
        auto work = std::make_unique<some_work>();
        (reading ? work->waits_to_read : work->waits_to_compute) = 2;
        rios::stall_limits const limits{.reading = reading ? 50ms : 0ms, .computing = reading ? 0ms : 50ms};
        crew_run run({.threads = 2}, std::move(work), limits);
        run.add(3);
        CHECK(test::soon([&] {
            run.crew->look();
            return run.sent.count(message::stalled) > 0;
        }));
        std::this_thread::sleep_for(60ms);
        run.crew->look();
        CHECK(run.sent.count(message::stalled) == 1);
        auto const told = run.sent.first<rios::remote::stalled>(message::stalled);
        CHECK(told.which.job == 1);
        CHECK(told.which.index == 2);
        CHECK(told.reading == reading);
        run.work->released = true;
        run.crew->finish();
        CHECK(run.sent.count(message::result) == 3);
    }
}

TEST_CASE("a crew that is not wanted any more stops its work, and sends nothing of that")
{
    auto work = std::make_unique<some_work>();
    work->waits_to_compute = 0;
    crew_run run({.threads = 1}, std::move(work), no_limits);
    run.add(5);
    run.crew.reset();
    CHECK(run.sent.count(message::failed) == 0);
    CHECK(run.sent.count(message::result) <= 1);
}
