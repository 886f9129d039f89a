// SPDX-License-Identifier: BSL-1.0
// What may go wrong between a main process and those that have its key.
#include <rios/remote/session.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/remote.hpp>
#include <rios/launcher/subprocess.hpp>

#include "support/fake_run.hpp"
#include "support/fake_workers.hpp"
#include "support/message_of.hpp"
#include "support/remote_runs.hpp"
#include "support/squares_job.hpp"
#include "support/tcp_relay.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using rios::remote::message;
using test::all_squares;
using test::fake_run;
using test::fake_worker;
using test::message_of;
using test::soon;
using test::square;
using test::squares;
using test::squares_job;

/// There is another one of this name in registry.test.cpp.
struct of_two_files : square {};

/// Has the other end closed the channel, while this one was silent or was saying something?
bool was_dropped(std::string const& why)
{
    return why == "the connection was closed by the other end" || why == "Broken pipe" ||
           why == "Connection reset by peer";
}

/// What becomes of a run in which the one worker says hello, and does as a function says.
std::string fate(fake_worker::answer does)
{
    std::string why = "(it was not asked to do anything)";
    auto const run = fake_run([&](rios::worker_command const& command) {
        fake_worker worker(command, does);
        worker.send(message::hello, worker.hello());
        why = worker.end();
    });
    CAPTURE(why);
    CHECK(was_dropped(why));
    return run.error;
}

bool begins(std::string const& text, std::string const& with)
{
    CAPTURE(text);
    CHECK(text.substr(0, with.size()) == with);
    return text.starts_with(with);
}

} // namespace

TEST_CASE("fake workers that do as they should are as good as real ones")
{
    auto const run = fake_run(
        [](rios::worker_command const& command) {
            fake_worker worker(command, squares());
            worker.send(message::hello, worker.hello());
            CHECK(worker.end().empty());
        },
        2);
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
}

TEST_CASE("a worker of another version, or of another run, is refused, and both are told why")
{
    std::string told;
    auto const refusal = [&](auto change) {
        told = "";
        return fake_run([&](rios::worker_command const& command) {
                   fake_worker worker(command, [&](auto&, message type, rios::net::message_body const& body) {
                       if (type == message::refused) told = rios::from_bytes<rios::remote::refused>(body).reason;
                   });
                   auto hello = worker.hello();
                   change(hello);
                   worker.send(message::hello, hello);
                   CHECK(worker.end() == "the connection was closed by the other end");
               })
            .error;
    };
    std::string const nobody = "no worker is left to go on:\n";
    std::string const wire = "it speaks version 2 of the wire format, and the main process version 1";
    CHECK(refusal([](auto& hello) { hello.wire = 2; }) ==
          nobody + "worker 0, job 0, never joined: it does not fit: " + wire);
    CHECK(told == wire);
    auto const version = "it is of version 0.0.1 of rios, and the main process of " + std::string(rios::version);
    CHECK(refusal([](auto& hello) { hello.version = "0.0.1"; }) ==
          nobody + "worker 0, job 0, never joined: it does not fit: " + version);
    CHECK(told == version);
    CHECK(refusal([](auto& hello) { hello.number = 77; }) == nobody + "worker 0, job 0, never joined");
    CHECK(told == "there is no worker 77");
}

TEST_CASE("a worker that returns what it was not asked for, or what nobody understands, ends the run by an error")
{
    auto const on_step = [](auto answer) {
        return [answer](fake_worker& self, message type, rios::net::message_body const& body) {
            if (type == message::step) answer(self, rios::byte_reader(body).take<rios::remote::step>());
        };
    };
    std::string const damaged = "worker 0 on host fake, job 0: the data of a worker are damaged, or end too early";
    std::string const too_long =
        "worker 0 on host fake, job 0: the data of a worker do not end where they should: they are damaged";
    CHECK(fate(on_step([](auto& self, auto step) {
              step.index = 9999999;
              self.send(message::result, step, std::uint64_t{1});
          })) == "worker 0 on host fake, job 0: a worker returned step 9999999, which it was not given");
    CHECK(fate(on_step([](auto& self, auto step) {
              self.send(message::result, step, step.index * step.index);
              self.send(message::result, step, step.index * step.index);
          })) == "worker 0 on host fake, job 0: a worker returned step 0, which it was not given");
    CHECK(fate(on_step([](auto& self, auto step) { self.send(message::result, step, std::uint32_t{1}); })) == damaged);
    CHECK(fate(on_step([](auto& self, auto step) {
              self.send(message::result, step, std::uint64_t{1}, std::uint8_t{1});
          })) == too_long);
    CHECK(fate(on_step([](auto& self, auto step) { self.send(message::result, step.job); })) == damaged);
    CHECK(fate(on_step([](auto& self, auto step) { self.send(message::failed, step.job, std::uint8_t{200}); })) ==
          damaged);
    CHECK(fate(on_step([](auto& self, auto) { self.send(static_cast<message>(999)); })) ==
          "worker 0 on host fake, job 0 sent a message of unknown type");
    CHECK(fate(on_step([](auto& self, auto) { self.send(message::welcome); })) ==
          "worker 0 on host fake, job 0 sent a message of unknown type");
    CHECK(fate(on_step([](auto& self, auto step) {
              self.send(message::finished, rios::remote::finished{.job = step.job});
          })) == "worker 0 on host fake, job 0 ended a job without having been told to");
    CHECK(fate(on_step([](auto& self, auto step) {
              self.send(message::failed,
                        rios::remote::failure{
                            .job = step.job, .what = rios::remote::failure::kind::io, .text = "a: b", .path = "a"});
          })) == "a: b (worker 0 on host fake, job 0)");
}

TEST_CASE("a worker whose channel breaks the rules is lost, with the reason")
{
    for (bool const too_large : {false, true}) {
        auto const error = fate([&](fake_worker& self, message type, rios::net::message_body const&) {
            if (type != message::step) return;
            rios::net::frame_bytes bytes(rios::net::frame_header::size);
            if (too_large) rios::net::detail::store(bytes.data(), rios::net::frame_header::magic);
            rios::net::detail::store(bytes.data() + 8, std::uint64_t{100001});
            self.send_raw(bytes);
        });
        begins(error, "no worker is left to go on:\nworker 0, job 0: ");
        CHECK(error.ends_with(too_large ? "a message of 100001 bytes was announced; allowed are 100000"
                                        : "what came over the channel is not a message of rios"));
    }
}

TEST_CASE("a hello that is damaged ends the run by an error")
{
    auto const run = fake_run([](rios::worker_command const& command) {
        fake_worker worker(command, {});
        worker.send(message::hello, rios::net::wire_version, std::uint64_t{1} << 60);
        CHECK(worker.end() == "the connection was closed by the other end");
    });
    CHECK(run.error == "a worker that was about to join: the data of a worker are damaged, or end too early");
}

TEST_CASE("one that has the key and says nothing, or speaks before it says hello, does not disturb the others")
{
    auto const run = fake_run(
        [](rios::worker_command const& command) {
            fake_worker worker(command, squares());
            if (command.number == 0) worker.send(message::hello, worker.hello());
            if (command.number == 1)
                worker.send(message::result, rios::remote::step{.job = 1, .index = 0}, std::uint64_t{9});
            CHECK(worker.end().empty());
        },
        3);
    CHECK(run.error == "(nothing was thrown)");
    CHECK(all_squares(run.results));
}

TEST_CASE("a worker that comes when all is done is sent home at once")
{
    std::atomic<bool> done = false;
    std::atomic<bool> sent_home = false;
    auto const run = fake_run(
        [&](rios::worker_command const& command) {
            fake_worker worker(command, squares([&](auto&, message type, auto const&) {
                                   if (type != message::bye) return;
                                   if (command.number == 0) done = true;
                                   else sent_home = true;
                               }));
            if (command.number == 1) CHECK(soon([&] { return done.load(); }));
            worker.send(message::hello, worker.hello());
            CHECK(worker.end().empty());
        },
        2);
    CHECK(all_squares(run.results));
    CHECK(sent_home);
}

TEST_CASE("a crowd of silent strangers does not keep workers from joining and working")
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 3000);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    test::remote_place const place;
    test::temporary_directory const folder;
    std::vector<std::unique_ptr<test::stranger>> strangers;
    std::jthread const crowd([&](std::stop_token const& over) {
        std::optional<rios::net::channel_address> address;
        while (!address && !over.stop_requested()) {
            try {
                for (auto const& name : folder.names()) address = rios::net::read_address_file(folder / name);
            } catch (rios::io_error const&) { // it is just being written
            }
        }
        while (!over.stop_requested() && strangers.size() < 1000) {
            strangers.push_back(std::make_unique<test::stranger>(address->port));
        }
    });
    auto options = place.options(2);
    options.directory = folder.path().string();
    options.min_workers = 2;
    squares_job job(40, square{.milliseconds = 20});
    {
        rios::remote_executor executor(rios::subprocess_launcher(), options);
        executor.run(job);
    }
    CHECK(all_squares(job.results));
    CHECK(folder.names().empty());
}

TEST_CASE("two workers of one name are told apart by nobody, so the run ends with advice")
{
    test::remote_place const place;
    rios::remote_executor executor(rios::subprocess_launcher(), place.options(1));
    squares_job job(3, of_two_files());
    auto const text = message_of<rios::remote_error>([&] { executor.run(job); });
    CHECK(text.find("this program has two workers of type ") == 0);
    CHECK(text.find("of_two_files") != std::string::npos);
    CHECK(text.find(": give one of them another name, or a namespace that has one (worker 0 on host ") !=
          std::string::npos);
}
