// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/greeting.hpp>

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include <rios/remote/messages.hpp>
#include <rios/version.hpp>

using namespace std::chrono_literals;
using rios::remote::hello;
using rios::remote::misfit;

TEST_CASE("a worker fits that speaks the same version, and was launched")
{
    rios::remote::worker_roster roster;
    roster.add();
    hello const right{.version = std::string(rios::version), .architecture = "of any kind", .number = 0};
    CHECK(misfit(right, roster).empty());
    auto wrong = right;
    wrong.number = 1;
    CHECK(misfit(wrong, roster) == "there is no worker 1");
    wrong.version = "0.0.1";
    CHECK(misfit(wrong, roster) ==
          "it is of version 0.0.1 of rios, and the main process of " + std::string(rios::version));
    wrong.wire = 9;
    CHECK(misfit(wrong, roster) == "it speaks version 9 of the wire format, and the main process version 1");
}

TEST_CASE("a worker is told how to work, and which limits hold")
{
    rios::remote_options options{.threads = 3, .readers = 2, .max_concurrent_reads = 5};
    options.timeouts.silence = 7s;
    options.largest_message = 1234;
    options.packing = rios::net::packing::never;
    auto told = rios::remote::welcome_by(options);
    CHECK(told.threads == 3);
    CHECK(told.readers == 2);
    CHECK(told.asks_for_reads);
    CHECK(told.silence == 7);
    CHECK(told.largest_message == 1234);
    CHECK(told.packing == rios::net::packing::never);
    options.workers_read = false; // then nobody reads there
    told = rios::remote::welcome_by(options);
    CHECK(told.readers == 0);
    CHECK_FALSE(told.asks_for_reads);
}
