// SPDX-License-Identifier: BSL-1.0
#include <rios/net/close_on_exec.hpp>

#include <string>

#include <sys/socket.h>

#include <doctest/doctest.h>

#include "support/process.hpp"

TEST_CASE("a socket that is closed on exec is not there in a program that is started")
{
    test::detail::file_descriptor const socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    auto const path = "/proc/self/fd/" + std::to_string(socket.get());
    auto const is_inherited = [&] { return test::run({"/usr/bin/test", "-h", path}).status == 0; };
    CHECK(is_inherited());
    rios::net::close_on_exec(socket.get());
    CHECK_FALSE(is_inherited());
}
