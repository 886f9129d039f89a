// SPDX-License-Identifier: BSL-1.0
// Runs this program again, whose main begins with serve_if_worker. What a worker does once it has been made welcome is tested in
// remote/session.test.cpp.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <doctest/doctest.h>

#include <rios/net/channel_address.hpp>
#include <rios/net/local_addresses.hpp>
#include <rios/remote/worker_options.hpp>

#include "support/process.hpp"
#include "support/tcp_relay.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

std::vector<std::string> worker(std::vector<std::string> const& arguments)
{
    std::vector<std::string> result{std::filesystem::read_symlink("/proc/self/exe").string(), "--rios-worker"};
    result.insert(result.end(), arguments.begin(), arguments.end());
    return result;
}

} // namespace

TEST_CASE("a program that is not launched as a worker goes on with what it is for")
{
    auto command = worker({"file", "1"});
    command.insert(command.begin() + 1, "--test-case=no such test");
    auto const result = test::run(command);
    CHECK(result.status == 0);
    CHECK(result.out.find("Status: SUCCESS") != std::string::npos);
}

TEST_CASE("wrong arguments of a worker are told in one line")
{
    for (auto const& arguments : std::vector<std::vector<std::string>>{{},
                                                                       {"file"},
                                                                       {"file", "1", "more"},
                                                                       {"file", ""},
                                                                       {"file", "x"},
                                                                       {"file", "-1"},
                                                                       {"file", "1x"},
                                                                       {"file", " 1"},
                                                                       {"file", "18446744073709551616"}}) {
        auto const command = worker(arguments);
        auto const result = test::run(command);
        CHECK(result.status == rios::remote::worker_misused);
        CHECK(result.err == "usage of a worker: " + command[0] + " --rios-worker FILE|environment NUMBER\n");
        CHECK(result.out.empty());
    }
}

TEST_CASE("an address that cannot be had is told with its file or variable")
{
    test::temporary_directory const folder;
    auto const path = folder / "address";
    auto const check_refusal = [](test::process_result const& result, std::string const& text) {
        CHECK(result.status == rios::remote::worker_failed);
        CHECK(result.err == "worker 4 of rios: " + text + "\n");
        CHECK(result.out.empty());
    };
    check_refusal(test::run(worker({path, "4"})),
                  path + ": address of a run: cannot be opened: No such file or directory");
    std::ofstream(path) << "no address";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    check_refusal(test::run(worker({path, "4"})), path + ": address of a run: is not such a file, or damaged");
    check_refusal(test::run(worker({"environment", "4"})), "RIOS_WORKER_CHANNEL is not set");
    check_refusal(test::run(worker({"environment", "4"}), {.environment = {"RIOS_WORKER_CHANNEL=x"}}),
                  "RIOS_WORKER_CHANNEL does not hold the address of a run");
}

TEST_CASE("a main process that cannot be reached is given up in time, also if no address answers")
{
    test::temporary_directory const folder;
    auto const key = rios::net::channel_key::make();
    std::optional<rios::net::address_file> refusing;
    {
        auto const [socket, port] = test::detail::listen_on_loopback();
        refusing.emplace(
            folder / "refusing",
            rios::net::channel_address{.hosts = {"127.0.0.1", "no.such.host.invalid"}, .port = port, .key = key});
    }
    // With all places taken, further connections get no answer.
    auto const [full, port] = test::detail::listen_on_loopback(0);
    test::stranger const first(port);
    rios::net::channel_address const silent{
        .hosts = std::vector<std::string>(6, "127.0.0.1"), .port = port, .key = key};
    rios::net::address_file const answering_nothing(folder / "silent", silent);

    auto const begun = clock_type::now();
    test::process one(worker({refusing->path(), "3"}));
    test::process other(worker({answering_nothing.path(), "4"}));
    auto result = one.wait();
    CHECK(clock_type::now() - begun < 15s);
    CHECK(result.status == rios::remote::worker_unheard);
    auto const begin = " of rios on " + rios::net::host_name() + ": the main process cannot be reached at port ";
    CHECK(result.err.find("worker 3" + begin) == 0);
    CHECK(result.err.find("\n  127.0.0.1: Connection refused\n  no.such.host.invalid: ") != std::string::npos);
    result = other.wait();
    CHECK(clock_type::now() - begun < 15s);
    CHECK(result.status == rios::remote::worker_unheard);
    CHECK(result.err.find("worker 4" + begin + std::to_string(port) + " of\n  127.0.0.1: Connection timed out") == 0);
}

TEST_CASE("a worker that is told to end does so at once")
{
    test::temporary_directory const folder;
    auto const [listening, port] = test::detail::listen_on_loopback();
    rios::net::address_file const file(folder / "address",
                                       {.hosts = {"127.0.0.1"}, .port = port, .key = rios::net::channel_key::make()});
    for (int const signal : {SIGTERM, SIGINT}) {
        test::process process(worker({file.path(), "0"}));
        // It has come as far as to connect, and waits for an answer.
        test::detail::file_descriptor const accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
        auto const begun = clock_type::now();
        process.send(signal);
        auto const result = process.wait();
        CHECK(result.status == 128 + signal);
        CHECK(clock_type::now() - begun < 2s);
    }
}

TEST_CASE("a worker that has lived for as long as it may ends, whatever it is doing")
{
    test::temporary_directory const folder;
    auto const [listening, port] = test::detail::listen_on_loopback(); // where nobody answers
    rios::net::address_file const file(folder / "address",
                                       {.hosts = {"127.0.0.1"}, .port = port, .key = rios::net::channel_key::make()});
    auto const begun = clock_type::now();
    auto result = test::run(worker({file.path(), "7"}), {.environment = {"RIOS_WORKER_LIFETIME=1"}});
    CHECK(clock_type::now() - begun < 3s);
    CHECK(result.status == rios::remote::worker_expired);
    CHECK(result.err == "worker 7 of rios: has lived for 1 seconds, as long as it may (RIOS_WORKER_LIFETIME)\n");
    for (auto const* const wrong : {"", "0", "-1", "1.5", "1h"}) {
        result = test::run(worker({file.path(), "7"}), {.environment = {std::string("RIOS_WORKER_LIFETIME=") + wrong}});
        CHECK(result.status == rios::remote::worker_failed);
        CHECK(result.err == "worker 7 of rios: RIOS_WORKER_LIFETIME '" + std::string(wrong) +
                                "': allowed are whole numbers of seconds from 1\n");
    }
}
