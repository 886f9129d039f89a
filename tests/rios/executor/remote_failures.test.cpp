// SPDX-License-Identifier: BSL-1.0
// Workers that throw, end, hang or never come, as a run sees them.
#include <rios/executor/remote.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/error.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/remote_runs.hpp"
#include "support/remote_scene.hpp"

namespace {

using namespace std::chrono_literals;
using test::first_band;
using test::message_of;
using test::result_of;
using test::scene;
using test::subprocesses;
using test::sum_around;

/// Fails, ends or hangs its process at one block, as a file says once, or always.
struct troubled {
    enum class kind : std::uint8_t { throws, throws_number, exits, is_killed, sleeps };

    kind what = kind::throws;
    std::size_t at = 0;
    bool once = false;  ///< or whenever it comes to this block
    std::string mark{}; ///< made when it has happened

    rios::image<std::int32_t> operator()(rios::block_info const& where, rios::image<std::int16_t> const& in) const
    {
        if (where.index == at && !(once && std::filesystem::exists(mark))) {
            std::ofstream(mark) << ::getpid();
            switch (what) {
            case kind::throws: throw std::runtime_error("no such luck");
            case kind::throws_number: throw 7;
            case kind::exits: std::fprintf(stderr, "this was it\n"); std::exit(7);
            case kind::is_killed: ::raise(SIGKILL); break;
            case kind::sleeps: std::this_thread::sleep_for(600s); break;
            }
        }
        rios::image<std::int32_t> out(1, where.rows, where.cols);
        for (auto const [row, col] : out.pixels()) out(0, row, col) = 2 * in(0, row, col);
        return out;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.what, self.at, self.once, self.mark);
    }
};

} // namespace

TEST_CASE("what a worker throws arrives with its type, block, host and job")
{
    test::remote_place const place;
    auto const failure = [&](troubled::kind what) {
        return message_of<rios::worker_error>([&] {
            result_of(troubled{.what = what, .at = 5, .mark = "/dev/null"}, subprocesses(place.options()),
                      {.window = 16});
        });
    };
    auto const message = failure(troubled::kind::throws);
    CAPTURE(message);
    CHECK(message.find("input 1: block 5 (rows 0 to 15, cols 80 to 95), worker 0: no such luck (worker ") == 0);
    CHECK(message.find(" on host " + rios::net::host_name() + ", job ") != std::string::npos);
    CHECK(failure(troubled::kind::throws_number).find("an exception that is no std::exception") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a worker that ends or is killed in the middle of a block costs nothing but time")
{
    test::remote_place const place;
    test::temporary_directory const marks;
    for (auto const what : {troubled::kind::exits, troubled::kind::is_killed}) {
        troubled const worker{
            .what = what, .at = 9, .once = true, .mark = marks / std::to_string(static_cast<int>(what))};
        auto const out = result_of(worker, subprocesses(place.options(2)), {.window = 16});
        CHECK(std::filesystem::exists(worker.mark));
        CHECK(out == result_of(worker, rios::inline_executor(), {.window = 16}));
    }
    CHECK(place.nothing_left());
}

TEST_CASE("a block that costs a worker each time ends the run, and so does the end of the last worker")
{
    test::remote_place const place;
    auto const failure = [&](troubled::kind what, rios::remote_options const& options) {
        return message_of<rios::remote_error>([&] {
            result_of(troubled{.what = what, .at = 9, .mark = "/dev/null"}, subprocesses(options), {.window = 16});
        });
    };
    auto options = place.options(4);
    options.attempts = 2;
    auto message = failure(troubled::kind::exits, options);
    CAPTURE(message);
    CHECK(message.find("has been begun 2 times, and its worker was lost each time; the last was worker ") !=
          std::string::npos);
    CHECK(message.find(": exited with status 7; its output ends:\nthis was it") != std::string::npos);
    message = failure(troubled::kind::is_killed, place.options(2));
    CHECK(message.find("no worker is left to go on:\nworker 0, job ") == 0);
    CHECK(message.find(": was ended by signal 9 (Killed)") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a worker that hangs ends the run when nothing gets on any more")
{
    test::remote_place const place;
    auto options = place.options(2);
    options.timeouts.progress = 1s;
    auto const message = message_of<rios::timeout_error>([&] {
        result_of(troubled{.what = troubled::kind::sleeps, .at = 9, .mark = "/dev/null"}, subprocesses(options),
                  {.window = 16});
    });
    CHECK(message.find("input 1: block 9 (rows 16 to 31, cols 0 to 15): has not been done by worker ") == 0);
    CHECK(message.find("for 1 seconds (timeouts.progress; 0 switches it off)") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a worker that stands still for longer than its stage may ends the run, and is named")
{
    test::remote_place const place;
    auto const message = message_of<rios::timeout_error>([&] {
        result_of(troubled{.what = troubled::kind::sleeps, .at = 9, .mark = "/dev/null"},
                  subprocesses(place.options(2)), {.window = 16, .stalls = {.computing = 1s}});
    });
    CAPTURE(message);
    CHECK(message.find("input 1: block 9 (rows 16 to 31, cols 0 to 15): computing has not ended, and nothing else has "
                       "been done by this stage, for 1 seconds (the limit stalls.computing; 0 switches it off) "
                       "(worker ") == 0);
    CHECK(place.nothing_left());
}

TEST_CASE("a read of this process that does not return ends the run, and is left behind")
{
    test::remote_place const place;
    auto const over = std::make_shared<std::atomic<bool>>(false);
    auto const gone = std::make_shared<std::atomic<bool>>(false);
    test::hooked_reader<std::int16_t> const reader("a.tif", scene(), [over, gone](rios::block const& where) {
        if (where.index != 3) return;
        while (!*over) std::this_thread::sleep_for(5ms);
        *gone = true;
    });
    auto options = place.options(2);
    options.workers_read = false;
    options.readers = 2;
    rios::image<std::int32_t> out;
    auto const message = message_of<rios::timeout_error>([&] {
        rios::apply(reader, sum_around(), rios::memory_writer(out), subprocesses(options),
                    {.window = 16, .stalls = {.reading = 1s}});
    });
    CHECK(message ==
          "a.tif: block 3 (rows 0 to 15, cols 48 to 63): reading has not ended, and nothing else has been done "
          "by this stage, for 1 seconds (the limit stalls.reading; 0 switches it off)");
    CHECK(place.nothing_left());
    CHECK_FALSE(*gone);
    *over = true; // nobody waits for it, but it still has all that it needs
    while (!*gone) std::this_thread::sleep_for(5ms);
}

TEST_CASE("a worker that is stopped counts as lost when nothing is heard of it any more")
{
    test::remote_place const place;
    test::temporary_directory const marks;
    auto options = place.options(2);
    options.timeouts.silence = 2s;
    troubled const worker{.what = troubled::kind::sleeps, .at = 3, .once = true, .mark = marks / "process"};
    std::jthread const stopper([&](std::stop_token const& over) {
        while (!over.stop_requested()) {
            int process = 0;
            if (std::ifstream(worker.mark) >> process) return static_cast<void>(::kill(process, SIGSTOP));
            std::this_thread::sleep_for(10ms);
        }
    });
    auto const out = result_of(worker, subprocesses(options), {.window = 16});
    CHECK(out == result_of(worker, rios::inline_executor(), {.window = 16}));
    CHECK(place.nothing_left());
}

TEST_CASE("workers that never join are not waited for while others work, and end the run when there are none")
{
    test::remote_place const place;
    auto options = place.options(2);
    options.program = "/bin/false";
    auto const message =
        message_of<rios::remote_error>([&] { result_of(sum_around(), subprocesses(options), {.window = 16}); });
    CHECK(message.find("no worker is left to go on:\nworker 0, job ") == 0);
    CHECK(message.find(", never joined: exited with status 1") != std::string::npos);
    options.program = "/no/such/program";
    CHECK(message_of<rios::remote_error>([&] { result_of(sum_around(), subprocesses(options), {.window = 16}); }) ==
          "worker process '/no/such/program' cannot be started: No such file or directory");
    options.single_block_workers = true;
    options.program = "/bin/false";
    CHECK(message_of<rios::remote_error>([&] {
              result_of(sum_around(), subprocesses(options), {.window = 16});
          }).find("never joined") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a run for which nobody joins in time ends, and says what the launcher knows")
{
    test::remote_place const place;
    test::temporary_directory const folder;
    std::ofstream(folder / "sleeper") << "#!/bin/sh\nexec sleep 60\n";
    std::filesystem::permissions(folder / "sleeper", std::filesystem::perms::owner_all);
    auto options = place.options(2);
    options.program = folder / "sleeper";
    options.timeouts.joining = 1s;
    options.min_workers = 2;
    auto const message =
        message_of<rios::timeout_error>([&] { result_of(sum_around(), subprocesses(options), {.window = 16}); });
    CHECK(message.find("0 of the 2 workers that are needed to begin have joined within 1 seconds (timeouts.joining; 0 "
                       "switches it off)\nworker 0, job ") == 0);
    CHECK(message.find("runs and has not joined") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a run that is cancelled, or fails here, leaves no process and no file")
{
    test::remote_place const place;
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(result_of(sum_around(), subprocesses(place.options()), {.window = 16, .stop = stop.get_token()}),
                    rios::cancelled);
    CHECK(place.nothing_left());
    rios::image<std::int32_t> out;
    test::hooked_reader<std::int16_t> const reader("a.tif", scene(), [](rios::block const& where) {
        if (where.index == 3) throw rios::io_error("a.tif", "no more");
    });
    auto options = place.options();
    options.workers_read = false;
    auto executor = subprocesses(options);
    CHECK(message_of<rios::io_error>([&] {
              rios::apply(reader, sum_around(), rios::memory_writer(out), executor, {.window = 16});
          }) == "a.tif: no more");
    CHECK(place.nothing_left());
    // And the executor is as good as new.
    CHECK(first_band(result_of(sum_around(), executor, {.window = 16})) ==
          first_band(result_of(sum_around(), rios::inline_executor(), {.window = 16})));
    options.workers_read = true;
    CHECK(message_of<rios::options_error>([&] {
              auto other = subprocesses(options);
              rios::apply(reader, sum_around(), rios::memory_writer(out), other, {.window = 16});
          }).find("workers_read true: a reader of this job cannot be sent to another process") == 0);
}
