// SPDX-License-Identifier: BSL-1.0
#include <rios/net/local_addresses.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "support/process.hpp"

TEST_CASE("this host has addresses to be reached by, and loopback only if there are no others")
{
    auto const addresses = rios::net::local_addresses();
    REQUIRE_FALSE(addresses.empty());
    for (auto const& each : addresses) {
        CHECK(each.find("fe80:") != 0);
        if (addresses.size() > 1) CHECK(each.find("127.") != 0);
    }
    auto const is_six = [](auto const& each) { return each.find(':') != std::string::npos; };
    CHECK(std::is_partitioned(addresses.begin(), addresses.end(), [&](auto const& each) { return !is_six(each); }));
}

TEST_CASE("every address is one of this host's")
{
    for (auto const& each : rios::net::local_addresses()) {
        CAPTURE(each);
        sockaddr_in four{};
        sockaddr_in6 six{};
        four.sin_family = AF_INET;
        six.sin6_family = AF_INET6;
        bool const is_four = ::inet_pton(AF_INET, each.c_str(), &four.sin_addr) == 1;
        REQUIRE((is_four || ::inet_pton(AF_INET6, each.c_str(), &six.sin6_addr) == 1));
        test::detail::file_descriptor const socket(::socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM, 0));
        auto const* const address =
            is_four ? reinterpret_cast<sockaddr const*>(&four) : reinterpret_cast<sockaddr const*>(&six);
        CHECK(::bind(socket.get(), address, is_four ? sizeof four : sizeof six) == 0);
    }
}

TEST_CASE("the name of this host is what the system calls it")
{
    std::string name;
    std::getline(std::ifstream("/proc/sys/kernel/hostname"), name);
    CHECK(rios::net::host_name() == name);
}
