// SPDX-License-Identifier: BSL-1.0
#include <rios/stop_on_signals.hpp>

#include <chrono>
#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/own_threads.hpp"

namespace {

volatile std::sig_atomic_t seen = 0;

bool comes(rios::stop_on_signals const& signals)
{
    auto const deadline = std::chrono::steady_clock::now() + test::long_enough;
    while (!signals.token().stop_requested()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

} // namespace

TEST_CASE("a signal requests a stop, and the handler of before comes back")
{
    test::thread_census const threads;
    for (int const number : {SIGTERM, SIGINT, SIGHUP}) {
        auto const before = std::signal(number, [](int received) { seen = received; });
        seen = 0;
        {
            rios::stop_on_signals const signals;
            CHECK_FALSE(signals.token().stop_requested());
            CHECK(signals.received() == 0);
            std::raise(number);
            CHECK(comes(signals));
            CHECK(signals.received() == number);
            CHECK(seen == 0);
            std::raise(number); // the same once more, in a moment
            CHECK(signals.received() == number);
            CHECK(seen == 0);
        }
        std::raise(number);
        CHECK(seen == number);
        std::signal(number, before);
    }
    CHECK(threads.none_left_behind());
}

TEST_CASE("what a process ignores stays ignored, and nothing need happen")
{
    auto const before = std::signal(SIGTERM, SIG_IGN);
    {
        rios::stop_on_signals const signals;
        std::raise(SIGTERM);
        CHECK_FALSE(signals.token().stop_requested());
    }
    CHECK((std::signal(SIGTERM, before) == SIG_IGN));
}

TEST_CASE("a signal that comes again after more than a second ends the process")
{
    auto const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        rios::stop_on_signals const signals;
        for (int i = 0; i < 3; ++i) std::raise(SIGTERM);
        std::raise(SIGINT);
        std::this_thread::sleep_for(std::chrono::milliseconds(1100));
        std::raise(SIGHUP);
        std::raise(SIGTERM);
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGTERM);
}
