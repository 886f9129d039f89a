// SPDX-License-Identifier: BSL-1.0
#include <rios/net/listener.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/net/channel_key.hpp>

#include "support/channel_ends.hpp"
#include "support/message_of.hpp"
#include "support/tcp_relay.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using rios::net::channel_key;
using test::channel_end;
using test::channel_server;

/// Room for so many open files.
void allow_files(rlim_t count)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= count) return;
    limit.rlim_cur = std::min(count, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

TEST_CASE("a thousand silent strangers at once do not keep workers out")
{
    constexpr std::size_t many = 1000;
    allow_files(2 * many + 200);
    auto const key = channel_key::make();
    channel_server server(key);
    server.greet_with(test::text_frame(2, "welcome")); // a client thinks that it is in a little too early
    std::vector<std::unique_ptr<test::stranger>> strangers;
    std::atomic<bool> enough = false;
    std::thread crowd([&] {
        // As many as fit at once, then one for another.
        for (std::size_t i = 0; i < many; ++i) strangers.push_back(std::make_unique<test::stranger>(server.port()));
        for (std::size_t i = 0; !enough; i = (i + 1) % many)
            strangers[i] = std::make_unique<test::stranger>(server.port());
    });
    std::vector<std::unique_ptr<channel_end>> workers;
    auto slowest = clock_type::duration(0);
    for (int i = 0; i < 20; ++i) {
        auto const begun = clock_type::now();
        bool ready = false;
        for (int tries = 0; tries < 3 && !ready; ++tries) { // as a worker does
            auto worker = std::make_unique<channel_end>(server.port(), key);
            ready = worker->log().messages(1).size() == 1;
            if (ready) workers.push_back(std::move(worker));
        }
        slowest = std::max(slowest, clock_type::now() - begun);
    }
    enough = true;
    crowd.join();
    CHECK(workers.size() == 20);
    CHECK(slowest < 5s);
    // And all of them work.
    for (auto const& each : workers) each->send(test::text_frame(1, "hello"));
    REQUIRE(server.size() == workers.size());
    for (std::size_t i = 0; i < workers.size(); ++i) CHECK(server[i].log.messages(1).size() == 1);
    // The oldest strangers had to go, so that no more than some have a place.
    auto const dropped = [&] {
        return static_cast<std::size_t>(std::count_if(strangers.begin(), strangers.end(),
                                                      [](auto const& each) { return each->is_dropped_within(0ms); }));
    };
    auto const deadline = clock_type::now() + 10s; // some may not have been accepted yet
    while (dropped() < many - 128 && clock_type::now() < deadline) std::this_thread::sleep_for(20ms);
    CHECK(dropped() >= many - 128);
}

TEST_CASE("a listener takes a free port of its range, and says so if there is none")
{
    auto const key = channel_key::make();
    channel_server first(key);
    auto const port = first.port();
    auto const refusal = [&](rios::net::port_range ports, bool loopback_only) {
        return test::message_of<rios::remote_error>(
            [&] { channel_server const other(key, {.loopback_only = loopback_only, .ports = ports}); });
    };
    auto const text = "cannot listen for workers on ports " + std::to_string(port) + " to " + std::to_string(port) +
                      ": Address already in use";
    CHECK(refusal({port, port}, true) == text);
    CHECK(refusal({port, port}, false) == text);
    auto const begin = static_cast<std::uint16_t>(std::min<int>(port, 65000));
    for (int i = 0; i < 5; ++i) {
        channel_server const other(key,
                                   {.loopback_only = true, .ports = {begin, static_cast<std::uint16_t>(begin + 500)}});
        CHECK(other.port() != port);
        CHECK(other.port() >= begin);
        CHECK(other.port() <= begin + 500);
    }
}

TEST_CASE("all addresses of this machine lead to a listener, or the loopback one alone")
{
    auto const key = channel_key::make();
    auto const reaches = [&](channel_server const& server, char const* address) {
        boost::asio::io_context io;
        boost::asio::ip::tcp::socket socket(io);
        boost::system::error_code failure;
        socket.connect({boost::asio::ip::make_address(address), server.port()}, failure);
        return !failure;
    };
    channel_server const open(key, {});
    CHECK(reaches(open, "127.0.0.1"));
    CHECK(reaches(open, "127.0.0.2"));
    channel_server const closed(key, {.loopback_only = true});
    CHECK(reaches(closed, "127.0.0.1"));
    CHECK_FALSE(reaches(closed, "127.0.0.2"));
}

TEST_CASE("a listener that is closed drops those that have not shown the key")
{
    auto const key = channel_key::make();
    auto server = std::make_unique<channel_server>(key);
    auto const port = server->port();
    test::stranger const silent(port);
    channel_end worker(port, key);
    CHECK(worker.log().becomes_ready());
    CHECK_FALSE(silent.is_dropped_within(50ms));
    server.reset();
    CHECK(silent.is_dropped_within(3s));
    CHECK_THROWS(test::stranger(port));
}
