// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/remote_options.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/net/channel_address.hpp>

#include "support/message_of.hpp"

namespace {

std::string refusal(rios::remote_options const& options)
{
    return test::message_of<rios::options_error>([&] { rios::remote::check(options); });
}

} // namespace

TEST_CASE("addresses that are no hosts, or too many, are refused by name")
{
    CHECK(refusal({.advertised = {"10.0.0.5", "node-7", "fd00::1"}}) == "(nothing was thrown)");
    for (std::string const wrong : {"", "10.0.0.5:40000", "my host"}) {
        CHECK(refusal({.advertised = {"10.0.0.5", wrong}}) ==
              "advertised '" + wrong + "': allowed are names of hosts, IPv4 and IPv6 addresses, without a port");
    }
    CHECK(refusal({.advertised = std::vector<std::string>(61, "a")}) ==
          "advertised: 61 addresses; allowed are at most 60");
}

TEST_CASE("as many and as long addresses as are allowed fit into the address of a run")
{
    rios::remote_options const options{.advertised = std::vector<std::string>(60, std::string(253, 'a'))};
    CHECK(refusal(options) == "(nothing was thrown)");
    rios::net::channel_address const address{
        .hosts = options.advertised, .port = 65535, .key = rios::net::channel_key::make()};
    CHECK(rios::net::channel_address::from_text(address.text()));
}
