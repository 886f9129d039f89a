// SPDX-License-Identifier: BSL-1.0
#include <rios/net/channel_key.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

#include <doctest/doctest.h>

using rios::net::channel_key;

TEST_CASE("a key comes back from its text, and no two are the same")
{
    auto const key = channel_key::make();
    auto const text = key.text();
    CHECK(text.size() == 64);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(channel_key::from_text(text) == key);
    CHECK_FALSE(channel_key::make() == key);
    CHECK(std::any_of(key.bytes().begin() + 16, key.bytes().end(), [](auto byte) { return byte != 0; }));
    std::string const counted = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1efe";
    auto const known = channel_key::from_text(counted);
    REQUIRE(known);
    CHECK(known->text() == counted);
    CHECK(known->bytes()[1] == 1);
    CHECK(known->bytes()[10] == 10);
    CHECK(known->bytes()[31] == 0xfe);
}

TEST_CASE("a text that is too short, too long or holds anything but small hexadecimal digits is no key")
{
    auto const good = channel_key::make().text();
    for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(channel_key::from_text(good.substr(0, size)));
    CHECK_FALSE(channel_key::from_text(good + '0'));
    CHECK_FALSE(channel_key::from_text(good + good));
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (char const wrong : {'A', 'F', 'g', ' ', '\n', '\0', '-', '\x7f', '/', ':', '`'}) {
            auto damaged = good;
            damaged[at] = wrong;
            CHECK_FALSE(channel_key::from_text(damaged));
        }
    }
}
