// SPDX-License-Identifier: BSL-1.0
#include <rios/net/tls_end.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/net/channel_key.hpp>
#include <rios/net/tls.hpp>

namespace {

using rios::net::channel_key;
using rios::net::channel_role;
using rios::net::tls_context;
using rios::net::tls_end;
using bytes = std::vector<std::byte>;

/// What there is to send, taken out.
bytes taken_from(tls_end& end)
{
    return std::exchange(end.to_send(), {});
}

/// Two ends, and no network.
struct pair_of_ends {
    explicit pair_of_ends(std::uint64_t most_records = tls_end::records_of_a_key)
        : client(to_server, channel_role::client, most_records), server(to_client, channel_role::server, most_records)
    {
    }

    /// @returns whether both are done
    bool shake_hands()
    {
        for (int round = 0; round < 4 && !failure; ++round) {
            bool const here = client.shake_hands(failure);
            auto const there_arrives = taken_from(client);
            server.arrived(there_arrives);
            bool const there = !failure && server.shake_hands(failure);
            auto const here_arrives = taken_from(server);
            client.arrived(here_arrives);
            if (here && there) return true;
            if (!failure) client.shake_hands(failure);
        }
        return false;
    }

    channel_key key = channel_key::make();
    tls_context to_server{channel_role::client, key};
    tls_context to_client{channel_role::server, key};
    tls_end client;
    tls_end server;
    boost::system::error_code failure;
};

/// All that comes out of an end when these bytes arrive.
bytes read(tls_end& end, bytes const& arriving, boost::system::error_code& failure)
{
    end.arrived(arriving);
    bytes result;
    bytes room(1000);
    while (auto const got = end.read(room, failure)) {
        result.insert(result.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got));
    }
    return result;
}

/// Lengths of the records on the wire.
std::vector<std::size_t> records_in(bytes const& wire)
{
    std::vector<std::size_t> result;
    for (std::size_t at = 0; at + 5 <= wire.size(); at += 5 + result.back()) {
        result.push_back(static_cast<std::size_t>(wire[at + 3]) << 8 | static_cast<std::size_t>(wire[at + 4]));
    }
    return result;
}

bytes numbered(std::size_t size)
{
    bytes result(size);
    for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<std::byte>(i * i >> 4);
    return result;
}

constexpr std::size_t length_of_key_update = 5 + 1 + 16; // message, its type, and the tag

} // namespace

TEST_CASE("what one end writes the other one reads, in both directions")
{
    pair_of_ends ends;
    REQUIRE(ends.shake_hands());
    auto const large = numbered(100'000);
    for (auto const& sent : {bytes{std::byte{7}}, large}) {
        ends.client.write(sent, ends.failure);
        CHECK(read(ends.server, taken_from(ends.client), ends.failure) == sent);
        ends.server.write(sent, ends.failure);
        CHECK(read(ends.client, taken_from(ends.server), ends.failure) == sent);
    }
    CHECK_FALSE(ends.failure);
}

TEST_CASE("after some records an end goes on with another key, and the other one follows")
{
    pair_of_ends ends(3);
    REQUIRE(ends.shake_hands());
    taken_from(ends.server);
    for (auto [from, to] : {std::pair(&ends.client, &ends.server), std::pair(&ends.server, &ends.client)}) {
        std::size_t updates = 0;
        bytes sent;
        bytes arrived;
        for (int i = 0; i < 10; ++i) {
            bytes const one{static_cast<std::byte>(i)};
            from->write(one, ends.failure);
            sent.insert(sent.end(), one.begin(), one.end());
            auto const wire = taken_from(*from);
            auto const records = records_in(wire);
            updates += static_cast<std::size_t>(std::count(records.begin(), records.end(), length_of_key_update));
            auto const part = read(*to, wire, ends.failure);
            arrived.insert(arrived.end(), part.begin(), part.end());
        }
        CHECK(updates == 3);
        CHECK(arrived == sent);
    }
    // Large ones are several records each.
    auto const large = numbered(100'000);
    std::size_t updates = 0;
    for (int i = 0; i < 5; ++i) {
        ends.client.write(large, ends.failure);
        auto const wire = taken_from(ends.client);
        auto const records = records_in(wire);
        updates += static_cast<std::size_t>(std::count(records.begin(), records.end(), length_of_key_update));
        CHECK(read(ends.server, wire, ends.failure) == large);
    }
    CHECK(updates >= 4);
    CHECK_FALSE(ends.failure);
}

TEST_CASE("an end that is closed says so, and the other one takes it for the end")
{
    pair_of_ends ends;
    REQUIRE(ends.shake_hands());
    ends.client.write(numbered(10), ends.failure);
    ends.client.close();
    CHECK(read(ends.server, taken_from(ends.client), ends.failure) == numbered(10));
    CHECK(ends.failure == boost::asio::error::eof);
}

TEST_CASE("bytes that were altered, or come twice, are an error")
{
    for (bool const twice : {false, true}) {
        pair_of_ends ends;
        REQUIRE(ends.shake_hands());
        ends.client.write(numbered(10), ends.failure);
        auto wire = taken_from(ends.client);
        if (twice) wire.insert(wire.end(), wire.begin(), wire.end());
        else wire.back() ^= std::byte{1};
        CHECK(read(ends.server, wire, ends.failure) == (twice ? numbered(10) : bytes()));
        CHECK(ends.failure.message().find("bad record mac") != std::string::npos);
    }
}
