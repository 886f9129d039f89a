// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/reading_pool.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/remote/event_queue.hpp>
#include <rios/remote/remote_work.hpp>

#include "support/message_of.hpp"
#include "support/own_threads.hpp"

namespace {

using namespace std::chrono_literals;
using rios::remote::event;
using rios::remote::event_queue;
using rios::remote::reading_pool;

/// Its inputs are as many bytes as their index says; the thirteenth cannot be read.
class inputs final : public rios::remote::remote_work {
  public:
    explicit inputs(std::size_t readers_at_once) : meeting_(readers_at_once) {}

    /// As if another reader read, too.
    void come() { static_cast<void>(meeting_.wait()); }

    [[nodiscard]] std::size_t size() const override { return 100; }
    [[nodiscard]] std::string type(bool) const override { return {}; }
    [[nodiscard]] std::vector<std::byte> state(bool) const override { return {}; }
    [[nodiscard]] bool is_portable(bool) const override { return true; }
    [[nodiscard]] bool accumulates() const override { return false; }
    [[nodiscard]] rios::net::frame_bytes read(rios::remote::step const& which) override
    {
        if (!meeting_.wait()) throw std::runtime_error("the readers are not there at once");
        if (which.index == 13) throw std::runtime_error("not that one");
        return rios::net::frame_bytes(static_cast<std::size_t>(which.index));
    }
    void deliver(std::size_t, std::span<std::byte const>) override {}
    void absorb(std::span<std::byte const>, rios::timings const&) override {}
    void poll() override {}
    void stop() noexcept override {}
    [[nodiscard]] std::string step_text(std::size_t) const override { return {}; }

  private:
    test::meeting_place meeting_;
};

} // namespace

TEST_CASE("inputs are read by several threads at once, and what cannot be read is reported with its error")
{
    auto const events = std::make_shared<event_queue>();
    reading_pool pool(std::make_shared<inputs>(3), events, 7, 3);
    for (std::size_t i = 0; i < 20; ++i) pool.read(i);
    std::set<std::size_t> read;
    for (int i = 0; i < 20; ++i) {
        auto const happened = events->pop(60s);
        REQUIRE(happened);
        CHECK(happened->what == event::kind::input_read);
        CHECK(happened->of_job == 7);
        read.insert(happened->number);
        if (happened->number == 13) {
            CHECK(test::message_of<std::runtime_error>([&] { std::rethrow_exception(happened->error); }) ==
                  "not that one");
        } else {
            CHECK_FALSE(happened->error);
            CHECK(happened->body.size() == happened->number);
        }
    }
    CHECK(read.size() == 20);
}

TEST_CASE("a single reader reads in the order in which it is asked")
{
    test::thread_census const threads;
    auto const events = std::make_shared<event_queue>();
    {
        reading_pool pool(std::make_shared<inputs>(1), events, 7, 1);
        for (std::size_t const index : {5U, 3U, 4U}) pool.read(index);
        for (std::size_t const index : {5U, 3U, 4U}) {
            auto const happened = events->pop(60s);
            REQUIRE(happened);
            CHECK(happened->number == index);
        }
    }
    CHECK(threads.none_left_behind());
}

TEST_CASE("a read that does not end is noticed, and its thread can be left alone with what it needs")
{
    auto const events = std::make_shared<event_queue>();
    auto const work = std::make_shared<inputs>(2); // one reader waits for another
    std::weak_ptr<inputs> const kept = work;
    {
        reading_pool pool(work, events, 7, 1);
        pool.read(4);
        rios::stall_limits const limits{.reading = 50ms};
        auto const deadline = std::chrono::steady_clock::now() + 20s;
        auto found = pool.stalled(limits);
        while (!found && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(5ms);
            found = pool.stalled(limits);
        }
        REQUIRE(found);
        CHECK(found->index == 4);
        CHECK(found->where == rios::detail::stage::reading);
        pool.leave_behind();
    }
    CHECK_FALSE(events->pop(0ms));
    CHECK(work.use_count() > 1);
    work->come();
    CHECK(events->pop(20s));
}
