// SPDX-License-Identifier: BSL-1.0
//
// What makes a channel private: TLS 1.3 with the run's key as pre-shared key (RFC 8446, section 2.2) and a fresh Diffie-Hellman
// exchange for each connection. Both sides prove that they have the key; there are no certificates.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility> // before asio, which forgets it

#include <boost/asio/ssl/context.hpp>

#include <openssl/ssl.h>

#include "../error.hpp"
#include "channel_key.hpp"

namespace rios::net {

enum class channel_role { server, client };

/// Settings of all connections of a run.
///
/// Thread rule: many connections of one thread may use it at once. It must outlive them.
class tls_context {
  public:
    /// @throws remote_error if OpenSSL cannot do it
    tls_context(channel_role role, channel_key const& key)
        : key_(key), context_(role == channel_role::server ? boost::asio::ssl::context::tlsv13_server
                                                           : boost::asio::ssl::context::tlsv13_client)
    {
        auto* const native = context_.native_handle();
        // The plain kind of pre-shared key goes with SHA-256 alone, so with this cipher.
        bool const set = SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION) == 1 &&
                         SSL_CTX_set_ciphersuites(native, "TLS_AES_128_GCM_SHA256") == 1 &&
                         SSL_CTX_set_num_tickets(native, 0) == 1 && SSL_CTX_set_ex_data(native, place(), this) == 1;
        if (!set) throw remote_error("OpenSSL does not offer TLS 1.3 with TLS_AES_128_GCM_SHA256");
        SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
        SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
        if (role == channel_role::server) {
            SSL_CTX_set_psk_server_callback(native, &tls_context::key_for_client);
        } else {
            SSL_CTX_set_psk_client_callback(native, &tls_context::key_for_server);
            // A server without the key may show a certificate instead: none is good enough.
            SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
            SSL_CTX_set_cert_verify_callback(native, &tls_context::refuse_certificate, nullptr);
        }
    }
    tls_context(tls_context const&) = delete;
    tls_context& operator=(tls_context const&) = delete;

    [[nodiscard]] boost::asio::ssl::context& native() noexcept { return context_; }

  private:
    static constexpr std::string_view identity = "rios";

    /// Where OpenSSL's object keeps a pointer to ours; its app data belong to asio.
    static int place()
    {
        static int const index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
        return index;
    }

    static int refuse_certificate(X509_STORE_CTX*, void*) { return 0; }

    static unsigned copy_key(SSL* ssl, unsigned char* to, unsigned room)
    {
        auto const* const self = static_cast<tls_context const*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place()));
        if (room < channel_key::size) return 0;
        std::copy(self->key_.bytes().begin(), self->key_.bytes().end(), to);
        return channel_key::size;
    }

    static unsigned key_for_client(SSL* ssl, char const* name, unsigned char* to, unsigned room)
    {
        return name != nullptr && identity == name ? copy_key(ssl, to, room) : 0;
    }

    static unsigned key_for_server(SSL* ssl, char const*, char* name, unsigned name_room, unsigned char* to,
                                   unsigned room)
    {
        if (name_room <= identity.size()) return 0;
        std::copy(identity.begin(), identity.end(), name);
        name[identity.size()] = '\0';
        return copy_key(ssl, to, room);
    }

    channel_key key_;
    boost::asio::ssl::context context_;
};

} // namespace rios::net
