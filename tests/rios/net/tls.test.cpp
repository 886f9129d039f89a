// SPDX-License-Identifier: BSL-1.0
#include <rios/net/tls.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <openssl/ssl.h>

#include <doctest/doctest.h>

#include <rios/net/channel_key.hpp>

namespace {

using rios::net::channel_key;
using rios::net::channel_role;
using rios::net::tls_context;

struct freed {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
using connection = std::unique_ptr<SSL, freed>;

/// Two connections of OpenSSL's whose ends are in memory.
std::pair<connection, connection> connected(tls_context& client, tls_context& server)
{
    std::pair result{connection(SSL_new(client.native().native_handle())),
                     connection(SSL_new(server.native().native_handle()))};
    BIO* one = nullptr;
    BIO* other = nullptr;
    REQUIRE(BIO_new_bio_pair(&one, 0, &other, 0) == 1);
    SSL_set_bio(result.first.get(), one, one);
    SSL_set_bio(result.second.get(), other, other);
    SSL_set_connect_state(result.first.get());
    SSL_set_accept_state(result.second.get());
    return result;
}

/// Do both ends complete a handshake?
bool shake_hands(std::pair<connection, connection>& ends)
{
    bool client = false;
    bool server = false;
    for (int round = 0; round < 5; ++round) {
        client = SSL_do_handshake(ends.first.get()) == 1;
        server = SSL_do_handshake(ends.second.get()) == 1;
    }
    return client && server;
}

} // namespace

TEST_CASE("two with one key agree on TLS 1.3 with the cipher and a fresh exchange, and without certificates")
{
    auto const key = channel_key::make();
    tls_context client(channel_role::client, key);
    tls_context server(channel_role::server, key);
    auto ends = connected(client, server);
    REQUIRE(shake_hands(ends));
    for (auto* const each : {ends.first.get(), ends.second.get()}) {
        CHECK(SSL_version(each) == TLS1_3_VERSION);
        CHECK(SSL_get_cipher_name(each) == std::string("TLS_AES_128_GCM_SHA256"));
        CHECK(SSL_session_reused(each) == 1); // by the key that both have
        CHECK(SSL_get0_peer_certificate(each) == nullptr);
        CHECK(SSL_get_negotiated_group(each) > 0); // of the exchange
    }
}

TEST_CASE("two of different keys, or of one role, do not come together")
{
    auto const key = channel_key::make();
    tls_context client(channel_role::client, key);
    tls_context server(channel_role::server, key);
    tls_context other_client(channel_role::client, channel_key::make());
    tls_context other_server(channel_role::server, channel_key::make());
    auto wrong_client = connected(other_client, server);
    CHECK_FALSE(shake_hands(wrong_client));
    auto wrong_server = connected(client, other_server);
    CHECK_FALSE(shake_hands(wrong_server));
    auto right = connected(client, server);
    CHECK(shake_hands(right)); // what failed before has spoilt nothing
}

TEST_CASE("a client of an older TLS gets nowhere")
{
    auto const key = channel_key::make();
    tls_context server(channel_role::server, key);
    tls_context client(channel_role::client, key);
    REQUIRE(SSL_CTX_set_min_proto_version(client.native().native_handle(), TLS1_2_VERSION) == 1);
    REQUIRE(SSL_CTX_set_max_proto_version(client.native().native_handle(), TLS1_2_VERSION) == 1);
    auto ends = connected(client, server);
    CHECK_FALSE(shake_hands(ends));
}
