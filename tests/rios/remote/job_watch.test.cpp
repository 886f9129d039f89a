// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/job_watch.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/remote/event_queue.hpp>

#include "support/message_of.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using rios::job_state;
using rios::remote::event;
using rios::remote::event_queue;
using rios::remote::job_watch;

/// What a batch system knows, which the test and a launcher look at.
struct batch_system {
    std::mutex mutex;
    std::vector<std::string> submitted;
    std::vector<rios::job_status> jobs;
    std::vector<rios::job_id> cancelled;
    bool is_down = false;
    std::atomic<int> asked = 0;

    void set(std::size_t job, rios::job_status status)
    {
        std::lock_guard lock(mutex);
        jobs.at(job) = std::move(status);
    }
};

class batch_launcher {
  public:
    [[nodiscard]] static constexpr bool one_host() noexcept { return false; }
    explicit batch_launcher(batch_system& system) : system_(&system) {}
    [[nodiscard]] rios::job_id submit(rios::worker_command const& command)
    {
        std::lock_guard lock(system_->mutex);
        if (command.name == "bad") throw rios::remote_error("no such queue");
        system_->submitted.push_back(command.name);
        system_->jobs.push_back({});
        return std::to_string(system_->jobs.size() - 1);
    }
    [[nodiscard]] std::vector<rios::job_status> status(std::span<rios::job_id const> jobs)
    {
        ++system_->asked;
        std::lock_guard lock(system_->mutex);
        if (system_->is_down) throw rios::remote_error("the batch system is down");
        std::vector<rios::job_status> result;
        for (auto const& each : jobs) result.push_back(system_->jobs.at(std::stoul(each)));
        return result;
    }
    void cancel(std::span<rios::job_id const> jobs)
    {
        std::lock_guard lock(system_->mutex);
        system_->cancelled.insert(system_->cancelled.end(), jobs.begin(), jobs.end());
        for (auto const& each : jobs) system_->jobs.at(std::stoul(each)).state = job_state::ended;
    }
    [[nodiscard]] std::chrono::milliseconds poll_interval() const { return interval; }

    std::chrono::milliseconds interval = 5ms;

  private:
    batch_system* system_;
};

struct watched {
    batch_system system;
    rios::any_launcher launcher{batch_launcher(system)};
    event_queue events;
    job_watch watch{launcher, events};

    void submit(std::size_t number, std::string name) { watch.submit({.number = number, .name = std::move(name)}); }
    event next()
    {
        auto happened = events.pop(10s);
        if (!happened) throw std::runtime_error("nothing has happened");
        return *std::move(happened);
    }
};

} // namespace

TEST_CASE("jobs are submitted one after the other, and each is reported with what the launcher calls it")
{
    watched run;
    run.submit(7, "a");
    run.submit(8, "b");
    for (std::size_t i = 0; i < 2; ++i) {
        auto const happened = run.next();
        CHECK(happened.what == event::kind::launched);
        CHECK(happened.number == 7 + i);
        CHECK(happened.text == std::to_string(i));
    }
    CHECK(run.system.submitted == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a job that is refused is reported with the launcher's own error, and the next one is submitted")
{
    watched run;
    run.submit(1, "bad");
    run.submit(2, "good");
    auto const refused = run.next();
    CHECK(refused.what == event::kind::refused);
    CHECK(refused.number == 1);
    CHECK(test::message_of<rios::remote_error>([&] { std::rethrow_exception(refused.error); }) == "no such queue");
    CHECK(run.next().number == 2);
}

TEST_CASE("what becomes of a job is reported once for each change, and nothing after its end")
{
    watched run;
    run.submit(4, "a");
    CHECK(run.next().what == event::kind::launched);
    std::vector<rios::job_status> const story{{.state = job_state::waiting, .reason = "(Priority)"},
                                              {.state = job_state::waiting, .reason = "(Resources)"},
                                              {.state = job_state::running},
                                              {.state = job_state::ended, .exit_status = 7, .reason = "failed"}};
    for (auto const& each : story) {
        run.system.set(0, each);
        auto const happened = run.next();
        CHECK(happened.what == event::kind::status);
        CHECK(happened.number == 4);
        CHECK(happened.job.state == each.state);
        CHECK(happened.job.reason == each.reason);
        CHECK(happened.job.exit_status == each.exit_status);
    }
    run.system.set(0, {.state = job_state::running});
    CHECK_FALSE(run.events.pop(50ms));
}

TEST_CASE("a batch system that cannot be asked for a while is asked again")
{
    watched run;
    run.submit(0, "a");
    CHECK(run.next().what == event::kind::launched);
    {
        std::lock_guard lock(run.system.mutex);
        run.system.is_down = true;
        run.system.jobs[0].state = job_state::running;
    }
    auto happened = run.next();
    CHECK(happened.what == event::kind::unanswered);
    CHECK(happened.text == "the batch system is down");
    CHECK_FALSE(run.events.pop(50ms)); // once is enough
    {
        std::lock_guard lock(run.system.mutex);
        run.system.is_down = false;
    }
    happened = run.next();
    CHECK(happened.what == event::kind::unanswered);
    CHECK(happened.text.empty());
    CHECK(run.next().job.state == job_state::running);
}

TEST_CASE("the job of one worker can be cancelled, and the others go on")
{
    watched run;
    run.submit(0, "a");
    run.submit(1, "b");
    for (int i = 0; i < 2; ++i) CHECK(run.next().what == event::kind::launched);
    run.watch.cancel(1);
    auto const happened = run.next();
    CHECK(happened.number == 1);
    CHECK(happened.job.state == job_state::ended);
    CHECK_FALSE(run.events.pop(50ms));
}

TEST_CASE("whoever wants to know now does not wait for the next turn")
{
    batch_system system;
    batch_launcher slow(system);
    slow.interval = 600s;
    rios::any_launcher launcher(slow);
    event_queue events;
    job_watch watch(launcher, events);
    watch.submit({.number = 0, .name = "a"});
    REQUIRE(events.pop(10s));
    system.set(0, {.state = job_state::ended});
    CHECK_FALSE(events.pop(50ms));
    watch.look();
    auto const happened = events.pop(10s);
    REQUIRE(happened);
    CHECK(happened->job.state == job_state::ended);
}

TEST_CASE("in the end jobs may end by themselves, and those that do not are cancelled")
{
    watched run;
    for (std::size_t i = 0; i < 3; ++i) run.submit(i, "a");
    for (int i = 0; i < 3; ++i) CHECK(run.next().what == event::kind::launched);
    run.system.set(1, {.state = job_state::ended});
    SUBCASE("all end in time")
    {
        std::jthread const later([&] {
            std::this_thread::sleep_for(50ms);
            run.system.set(0, {.state = job_state::ended});
            run.system.set(2, {.state = job_state::ended});
        });
        auto const begun = clock_type::now();
        run.watch.end({0, 1, 2}, 30s);
        CHECK(clock_type::now() - begun < 10s);
        CHECK(run.system.cancelled.empty());
    }
    SUBCASE("two do not")
    {
        auto const begun = clock_type::now();
        run.watch.end({0, 1, 2}, 100ms);
        CHECK(clock_type::now() - begun >= 100ms);
        CHECK(run.system.cancelled == std::vector<rios::job_id>{"0", "2"});
    }
    SUBCASE("one is not to be waited for")
    {
        auto const begun = clock_type::now();
        std::jthread const later([&] {
            std::this_thread::sleep_for(50ms);
            run.system.set(2, {.state = job_state::ended});
        });
        run.watch.end({1, 2}, 30s);
        CHECK(clock_type::now() - begun < 10s);
        CHECK(run.system.cancelled == std::vector<rios::job_id>{"0"});
    }
    SUBCASE("nobody can tell")
    {
        {
            std::lock_guard lock(run.system.mutex);
            run.system.is_down = true;
        }
        run.watch.end({0, 1, 2}, 50ms);
        CHECK(run.system.cancelled.size() >= 2);
    }
    auto const asked = run.system.asked.load();
    run.watch.end({}, 30s); // again, and no harm
    CHECK(run.system.asked == asked);
}

TEST_CASE("jobs that were not submitted when the end comes never are")
{
    watched run;
    {
        std::lock_guard lock(run.system.mutex); // the launcher takes its time
        for (std::size_t i = 0; i < 50; ++i) run.submit(i, "a");
        std::this_thread::sleep_for(20ms);
    }
    run.watch.end({}, 0ms);
    auto const submitted = run.system.submitted.size();
    CHECK(run.system.cancelled.size() == submitted);
    std::this_thread::sleep_for(20ms);
    CHECK(run.system.submitted.size() == submitted);
}
