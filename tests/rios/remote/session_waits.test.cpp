// SPDX-License-Identifier: BSL-1.0
// Workers that come late, not at all, or do not go on: who is waited for, how long, and what is handed out meanwhile.
#include <rios/remote/session.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/remote.hpp>
#include <rios/launcher/launcher.hpp>
#include <rios/launcher/subprocess.hpp>

#include "support/fake_run.hpp"
#include "support/fake_workers.hpp"
#include "support/message_of.hpp"
#include "support/remote_runs.hpp"
#include "support/squares_job.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using rios::remote::message;
using test::all_squares;
using test::fake_launcher;
using test::fake_run;
using test::fake_worker;
using test::message_of;
using test::soon;
using test::squares;

/// What a batch system does with the jobs of fake workers.
struct batch_system {
    std::atomic<bool> is_down = false; ///< when it is asked how jobs are
    std::atomic<bool> hears = false;   ///< of the end of a worker
    std::atomic<bool> obeys = true;    ///< ends jobs that are cancelled
    std::set<std::size_t> refuses{};   ///< workers whose jobs are not submitted
    std::atomic<std::size_t> submitted = 0;
    std::mutex mutex{};
    std::set<rios::job_id> cancelled{};
};

/// Unless the system hears of the end of a worker, its job runs until it is cancelled: its host does not answer.
class stubborn_launcher {
  public:
    [[nodiscard]] static constexpr bool one_host() noexcept { return true; }

    stubborn_launcher(std::shared_ptr<batch_system> system, fake_launcher::play script)
        : system_(std::move(system)), fakes_(std::move(script))
    {
    }
    [[nodiscard]] rios::job_id submit(rios::worker_command const& command)
    {
        ++system_->submitted;
        if (system_->refuses.contains(command.number)) {
            throw rios::remote_error("job " + command.name + " is refused: too many jobs");
        }
        return fakes_.submit(command);
    }
    [[nodiscard]] std::vector<rios::job_status> status(std::span<rios::job_id const> jobs)
    {
        if (system_->is_down) throw rios::remote_error("the batch system is down");
        if (system_->hears) return fakes_.status(jobs);
        std::lock_guard lock(system_->mutex);
        std::vector<rios::job_status> result;
        for (auto const& each : jobs) {
            bool const ended = system_->obeys && system_->cancelled.contains(each);
            result.push_back({.state = ended ? rios::job_state::ended : rios::job_state::running,
                              .reason = ended ? "it was cancelled" : ""});
        }
        return result;
    }
    void cancel(std::span<rios::job_id const> jobs)
    {
        std::lock_guard lock(system_->mutex);
        system_->cancelled.insert(jobs.begin(), jobs.end());
    }
    [[nodiscard]] static std::chrono::milliseconds poll_interval() { return 20ms; }

  private:
    std::shared_ptr<batch_system> system_;
    fake_launcher fakes_;
};

void work(rios::worker_command const& command, fake_worker::answer first = {})
{
    fake_worker worker(command, squares(std::move(first)));
    worker.send(message::hello, worker.hello());
    static_cast<void>(worker.end());
}

/// Joins, and is gone when it is given something to do; its job goes on.
void join_and_vanish(rios::worker_command const& command)
{
    fake_worker worker(command, [](fake_worker& self, message type, auto const&) {
        if (type == message::step) self.vanish();
    });
    worker.send(message::hello, worker.hello());
    static_cast<void>(worker.end());
}

std::string error_of(std::shared_ptr<batch_system> const& system, rios::remote_timeouts const& timeouts,
                     fake_launcher::play script = join_and_vanish)
{
    return fake_run(stubborn_launcher(system, std::move(script)), {.workers = 1, .timeouts = timeouts}).error;
}

} // namespace

TEST_CASE("the job of a worker that is lost and does not end is cancelled, and the run ends when nobody is left")
{
    auto const system = std::make_shared<batch_system>();
    CHECK(error_of(system, {.joining = 60s, .silence = 60s, .progress = 60s}) ==
          "no worker is left to go on:\nworker 0, job 0: it was cancelled");
    CHECK(system->cancelled == std::set<rios::job_id>{"0"});
}

TEST_CASE("when all workers are lost and their jobs do not end, others are waited for as long as for the first ones")
{
    auto const system = std::make_shared<batch_system>();
    system->obeys = false;
    CHECK(error_of(system, {.joining = 1s, .silence = 60s, .progress = 60s}) ==
          "no worker is left, and none has joined within 1 seconds (timeouts.joining; 0 switches it off)\n"
          "worker 0, job 0, runs: the connection was closed by the other end");
    CHECK(error_of(system, {.joining = 0s, .silence = 0s, .progress = 1s}) ==
          "no worker is left, and none has joined for 1 seconds (timeouts.progress; 0 switches it off)\n"
          "worker 0, job 0, runs: the connection was closed by the other end");
}

TEST_CASE("a launcher that does not answer does not end a run, and is named by the error if one comes")
{
    auto const system = std::make_shared<batch_system>();
    system->is_down = true;
    auto const error = error_of(system, {.joining = 1s, .silence = 60s, .progress = 60s});
    CHECK(error == "no worker is left, and none has joined within 1 seconds (timeouts.joining; 0 switches it off)\n"
                   "worker 0, job 0, waits to be started: the connection was closed by the other end\n"
                   "how the jobs are cannot be found out: the batch system is down");
    system->hears = true;
    CHECK(error_of(system, {}, [](auto const& command) { work(command); }) == "(nothing was thrown)");
}

TEST_CASE("jobs that are not submitted do not end a run that others can do")
{
    auto const system = std::make_shared<batch_system>();
    system->hears = true;
    system->refuses = {0, 2};
    auto run = fake_run(stubborn_launcher(system, [](auto const& command) { work(command); }), {.workers = 3});
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
    SUBCASE("but if none is, the launcher's own error ends it")
    {
        system->refuses = {0, 1, 2};
        run = fake_run(stubborn_launcher(system, [](auto const& command) { work(command); }), {.workers = 3});
        CHECK(run.error == "job RIOS_rios_0 is refused: too many jobs");
    }
    SUBCASE("and if those that are needed to begin cannot come any more, nobody waits for them")
    {
        run = fake_run(stubborn_launcher(system, [](auto const& command) { work(command); }),
                       {.workers = 3, .min_workers = 2});
        CAPTURE(run.error);
        CHECK(run.error.find("of the 2 workers that are needed to begin, too few can join:\nworker 0, never joined: "
                             "job RIOS_rios_0 is refused: too many jobs") == 0);
    }
}

TEST_CASE("a worker that does not fit does not end a run that others can do")
{
    auto const run = fake_run(
        [](rios::worker_command const& command) {
            if (command.number > 0) return work(command);
            fake_worker worker(command, {});
            auto hello = worker.hello();
            hello.version = "0.0.1";
            worker.send(message::hello, hello);
            static_cast<void>(worker.end());
        },
        2);
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
}

TEST_CASE("nobody is launched for work that cannot be done elsewhere")
{
    auto const system = std::make_shared<batch_system>();
    rios::remote_executor executor(stubborn_launcher(system, [](auto const& command) { work(command); }),
                                   {.workers_read = false});
    test::squares_job job(10, test::square());
    CHECK(message_of<rios::options_error>([&] { executor.run(job); }).find("workers_read false: ") == 0);
    CHECK(system->submitted == 0);
}

TEST_CASE("the first worker begins at once, and one that comes late is given work, too")
{
    std::atomic<int> first_has = 0;
    std::atomic<int> second_has = 0;
    auto const run = fake_run(
        [&](rios::worker_command const& command) {
            if (command.number == 1) REQUIRE(soon([&] { return first_has > 0; }));
            auto& mine = command.number == 0 ? first_has : second_has;
            work(command, [&, number = command.number](auto&, message type, auto const&) {
                if (type == message::step && ++mine == 3 && number == 0) CHECK(soon([&] { return second_has > 0; }));
            });
        },
        2);
    CHECK(all_squares(run.results));
    CHECK(first_has + second_has == 10);
}

TEST_CASE("several steps are under way in each worker, as many as its threads can do with others to follow")
{
    std::atomic<std::size_t> most = 0;
    test::squares_job<test::square> job(20, {});
    test::remote_place const place;
    auto options = place.options(1);
    options.threads = 2;
    options.readers = 3;
    std::vector<rios::remote::step> held;
    rios::remote_executor executor(
        fake_launcher([&](rios::worker_command const& command) {
            fake_worker worker(command, [&](fake_worker& self, message type, rios::net::message_body const& body) {
                rios::byte_reader reader(body);
                if (type == message::end) {
                    self.send(message::finished,
                              rios::remote::finished{.job = reader.take<rios::remote::job_end>().job});
                }
                if (type != message::step) return;
                held.push_back(reader.take<rios::remote::step>());
                most = std::max<std::size_t>(most, held.size());
                auto const is_last = held.back().index == 19;
                if (held.size() < 7 && !is_last) return;
                for (auto const& each : std::exchange(held, {})) {
                    self.send(message::result, each, each.index * each.index);
                }
            });
            worker.send(message::hello, worker.hello());
            static_cast<void>(worker.end());
        }),
        options);
    executor.run(job);
    CHECK(all_squares(job.results));
    CHECK(most == 7); // 2 x 2 + 3
}

TEST_CASE("results that wait for their turn stay within their limit, and workers wait rather than exceed it")
{
    std::atomic<int> others = 0;
    std::atomic<bool> released = false;
    auto const run = fake_run(fake_launcher([&](rios::worker_command const& command) {
                                  work(command, [&](auto&, message type, rios::net::message_body const& body) {
                                      if (type != message::step) return;
                                      auto const index = rios::byte_reader(body).take<rios::remote::step>().index;
                                      if (index > 0) {
                                          ++others;
                                      } else {
                                          std::this_thread::sleep_for(300ms); // the others could do all
                                          CHECK(others <= 5);
                                          released = true;
                                      }
                                  });
                              }),
                              {.workers = 2}, {.results = {.bytes = 40}, .order = rios::delivery_order::index});
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
    CHECK(released);
}

TEST_CASE("a worker that does not end a job in time ends the run")
{
    auto const error = error_of(std::make_shared<batch_system>(), {.joining = 60s, .silence = 60s, .progress = 1s},
                                [](rios::worker_command const& command) {
                                    fake_worker worker(command, [](fake_worker& self, message type, auto const& body) {
                                        if (type != message::step) return;
                                        auto const step = rios::byte_reader(body).template take<rios::remote::step>();
                                        self.send(message::result, step, step.index * step.index);
                                    });
                                    worker.send(message::hello, worker.hello());
                                    static_cast<void>(worker.end());
                                });
    CHECK(error ==
          "worker 0 on host fake, job 0 has been told that the job is over, and has not ended it for 1 seconds "
          "(timeouts.progress; 0 switches it off)");
}

TEST_CASE("with all limits switched off, slow workers are waited for")
{
    std::atomic<int> slow = 0;
    auto const run = fake_run(fake_launcher([&](rios::worker_command const& command) {
                                  std::this_thread::sleep_for(300ms);
                                  work(command, [&](auto&, message type, auto const&) {
                                      if (type == message::step && slow++ == 5) std::this_thread::sleep_for(1200ms);
                                  });
                              }),
                              {.timeouts = {.joining = 0s, .silence = 0s, .progress = 0s}});
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
}

TEST_CASE("reads of all workers together stay within their limit")
{
    std::atomic<int> reading = 0;
    std::atomic<int> most = 0;
    auto const play = [&](rios::worker_command const& command) {
        std::deque<rios::remote::step> steps;
        std::vector<std::jthread> readers;
        fake_worker worker(command, [&](fake_worker& self, message type, rios::net::message_body const& body) {
            rios::byte_reader reader(body);
            if (type == message::step) {
                steps.push_back(reader.take<rios::remote::step>());
                self.send(message::wants_read, steps.back());
            } else if (type == message::may_read) {
                readers.emplace_back([&, step = steps.front()] {
                    auto const now = ++reading;
                    for (auto before = most.load(); before < now && !most.compare_exchange_weak(before, now);) {}
                    static_cast<void>(soon([&] { return most >= 2; })); // there are others that want to
                    std::this_thread::sleep_for(10ms);
                    --reading;
                    self.send(message::has_read, step);
                    self.send(message::result, step, step.index * step.index);
                });
                steps.pop_front();
            } else if (type == message::end) {
                self.send(message::finished, rios::remote::finished{.job = reader.take<rios::remote::job_end>().job});
            }
        });
        worker.send(message::hello, worker.hello());
        static_cast<void>(worker.end());
    };
    auto const run = fake_run(fake_launcher(play), {.workers = 4, .max_concurrent_reads = 2, .min_workers = 4});
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
    CHECK(most == 2);
}

namespace {

/// Adds up squares, besides returning them.
struct summing_square : test::square {
    [[nodiscard]] static std::uint64_t accumulated() { return 0; }
};

struct summing_job : test::squares_job<summing_square> {
    explicit summing_job(std::size_t size) : squares_job(size, {}) {}
    void absorb(std::uint64_t sum) { all += sum; }
    std::uint64_t all = 0;
};

/// Answers steps and ends as a worker of a summing_job. @param vanishes tells at which message it is gone
fake_worker::answer sums(std::function<bool(message)> vanishes, std::chrono::milliseconds pause = 0ms)
{
    auto const sum = std::make_shared<std::uint64_t>(0);
    return [=](fake_worker& self, message type, rios::net::message_body const& body) {
        if (vanishes && vanishes(type)) return self.vanish();
        rios::byte_reader reader(body);
        if (type == message::step) {
            std::this_thread::sleep_for(pause);
            auto const step = reader.take<rios::remote::step>();
            *sum += step.index * step.index;
            self.send(message::result, step, step.index * step.index);
        } else if (type == message::end) {
            self.send(message::finished, rios::remote::finished{.job = reader.take<rios::remote::job_end>().job}, *sum);
        }
    };
}

void sum(rios::worker_command const& command, fake_worker::answer does)
{
    fake_worker worker(command, std::move(does));
    worker.send(message::hello, worker.hello());
    static_cast<void>(worker.end());
}

} // namespace

TEST_CASE(
    "what a lost worker had gathered is gathered again, also when results wait for their turn and there is no room")
{
    for (int round = 0; round < 5; ++round) {
        test::remote_place const place;
        auto options = place.options(2);
        options.timeouts.progress = 3s;
        options.min_workers = 2;
        summing_job job(30);
        std::atomic<int> given = 0;
        rios::remote_executor executor(
            fake_launcher([&](rios::worker_command const& command) {
                if (command.number == 1) return sum(command, sums({}, 2ms));
                sum(command, sums([&](message type) { return type == message::step && ++given == 4 + round; }));
            }),
            options);
        executor.run(job, {.results = {.bytes = 24}, .order = rios::delivery_order::index});
        CHECK(all_squares(job.results));
        CHECK(job.all == 8555); // the sum of squares below 30
    }
}

TEST_CASE("a worker of one block that is lost before it has brought what it gathered is made good by another")
{
    test::remote_place const place;
    auto options = place.options(2);
    options.single_block_workers = true;
    options.timeouts.joining = 5s;
    summing_job job(4);
    std::atomic<int> ends = 0;
    rios::remote_executor executor(fake_launcher([&](rios::worker_command const& command) {
                                       sum(command,
                                           sums([&](message type) { return type == message::end && ++ends == 4; }));
                                   }),
                                   options);
    executor.run(job);
    CHECK(all_squares(job.results));
    CHECK(job.all == 14);
    CHECK(ends == 5);
}

TEST_CASE("workers of one block go on though many of their jobs are refused")
{
    auto const system = std::make_shared<batch_system>();
    system->hears = true;
    system->refuses = {0, 1, 2};
    auto const run = fake_run(stubborn_launcher(system, [](auto const& command) { work(command); }),
                              {.workers = 5, .single_block_workers = true});
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
}

TEST_CASE("a worker that was cut off and joins again counts once, and its job is not cancelled")
{
    auto const system = std::make_shared<batch_system>();
    std::set<rios::job_id> cancelled;
    auto const run =
        fake_run(stubborn_launcher(system,
                                   [&](rios::worker_command const& command) {
                                       if (command.number == 0) {
                                           fake_worker first(command, [](fake_worker& self, message type, auto const&) {
                                               if (type == message::welcome) self.vanish();
                                           });
                                           first.send(message::hello, first.hello());
                                           static_cast<void>(first.end());
                                       }
                                       work(command, [&](auto&, message type, rios::net::message_body const& body) {
                                           if (type != message::step) return;
                                           auto const step = rios::byte_reader(body).take<rios::remote::step>();
                                           if (step.index != 9) return;
                                           std::this_thread::sleep_for(2500ms);
                                           std::lock_guard lock(system->mutex);
                                           cancelled = system->cancelled;
                                       });
                                       system->hears = true;
                                   }),
                 {.workers = 2, .min_workers = 2});
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
    CHECK(cancelled.empty());
}
