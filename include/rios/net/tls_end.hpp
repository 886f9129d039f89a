// SPDX-License-Identifier: BSL-1.0
//
// TLS without a socket: what arrives from the network goes in, what is to be sent comes out. So connection.hpp can move many records
// with one call of the system; asio's own stream makes one for each record of 16 KB.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility> // before asio, which forgets it
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls.hpp"

namespace rios::net {

/// One end of a private channel.
///
/// Thread rule: one thread.
class tls_end {
  public:
    /// With AES-GCM, a key is good for some 2^24.5 records of 16 KB (RFC 8446, section 5.5): 64 GB are far from that.
    static constexpr std::uint64_t records_of_a_key = std::uint64_t{1} << 22;

    /// @param context must outlive it
    /// @param most_records that are written with one key, before the next is derived from it
    tls_end(tls_context& context, channel_role role, std::uint64_t most_records = records_of_a_key)
        : most_records_(most_records), ssl_(SSL_new(context.native().native_handle()))
    {
        auto* const bio = ssl_ ? BIO_new(method()) : nullptr;
        if (bio == nullptr) throw std::bad_alloc();
        BIO_set_data(bio, this);
        BIO_set_init(bio, 1);
        SSL_set_bio(ssl_.get(), bio, bio); // takes it
        if (role == channel_role::server) SSL_set_accept_state(ssl_.get());
        else SSL_set_connect_state(ssl_.get());
    }
    tls_end(tls_end const&) = delete;
    tls_end& operator=(tls_end const&) = delete;
    ~tls_end() = default;

    /// Bytes from the network. They must stay where they are until shake_hands() or read() asks for more.
    void arrived(std::span<std::byte const> bytes) noexcept { incoming_ = bytes; }

    /// Bytes for the network; to be taken out by who sends them.
    [[nodiscard]] std::vector<std::byte>& to_send() noexcept { return to_send_; }

    /// Goes on with the handshake. @returns whether it is done; if not, and nothing has failed, more must arrive
    bool shake_hands(boost::system::error_code& failure)
    {
        ERR_clear_error();
        return succeeds(SSL_do_handshake(ssl_.get()), failure);
    }

    /// Takes out what the other end has written. @returns how many bytes; 0, if nothing has failed: more must arrive
    std::size_t read(std::span<std::byte> to, boost::system::error_code& failure)
    {
        std::size_t got = 0;
        ERR_clear_error();
        return succeeds(SSL_read_ex(ssl_.get(), to.data(), to.size(), &got), failure) ? got : 0;
    }

    /// @pre the handshake is done
    void write(std::span<std::byte const> from, boost::system::error_code& failure)
    {
        std::size_t put = 0;
        ERR_clear_error();
        if (records_ >= most_records_) {
            if (!succeeds(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED), failure)) return;
            records_ = 0;
        }
        records_ += from.size() / SSL3_RT_MAX_PLAIN_LENGTH + 1;
        succeeds(SSL_write_ex(ssl_.get(), from.data(), from.size(), &put), failure);
    }

    /// Tells the other end that nothing more will be written. @pre the handshake is done
    void close() noexcept
    {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }

  private:
    struct freed {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    bool succeeds(int result, boost::system::error_code& failure)
    {
        failure = {};
        if (result == 1) return true;
        switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ: break;
        case SSL_ERROR_ZERO_RETURN: failure = boost::asio::error::eof; break;
        case SSL_ERROR_SSL:
            failure = {static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category()};
            break;
        default: failure = boost::asio::ssl::error::unexpected_result;
        }
        return false;
    }

    // What OpenSSL takes for its network.

    static BIO_METHOD* method()
    {
        static BIO_METHOD* const shared = [] {
            auto* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "rios");
            if (made == nullptr) throw std::bad_alloc();
            BIO_meth_set_read(made, &tls_end::give);
            BIO_meth_set_write(made, &tls_end::take);
            BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1L : 0L; });
            return made;
        }();
        return shared;
    }

    static int give(BIO* bio, char* to, int room)
    {
        auto& in = static_cast<tls_end*>(BIO_get_data(bio))->incoming_;
        BIO_clear_retry_flags(bio);
        if (in.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        auto const size = std::min(in.size(), static_cast<std::size_t>(room));
        std::copy_n(in.begin(), size, reinterpret_cast<std::byte*>(to));
        in = in.subspan(size);
        return static_cast<int>(size);
    }

    static int take(BIO* bio, char const* from, int size) noexcept
    {
        auto& out = static_cast<tls_end*>(BIO_get_data(bio))->to_send_;
        auto const* const begin = reinterpret_cast<std::byte const*>(from);
        BIO_clear_retry_flags(bio);
        try {
            out.insert(out.end(), begin, begin + size);
        } catch (...) {
            return -1; // no memory
        }
        return size;
    }

    std::uint64_t const most_records_;
    std::uint64_t records_ = 0; // written with the key of the moment
    std::span<std::byte const> incoming_;
    std::vector<std::byte> to_send_;
    std::unique_ptr<SSL, freed> ssl_;
};

} // namespace rios::net
