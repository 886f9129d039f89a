// SPDX-License-Identifier: BSL-1.0
//
// Waits for the workers of a run to connect. Strangers may connect as well, and do nothing or worse; they are dropped without
// a trace, and never keep a worker out for long.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility> // before asio, which forgets it

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include "../error.hpp"
#include "channel_key.hpp"
#include "close_on_exec.hpp"
#include "connection.hpp"
#include "tls.hpp"

namespace rios::net {

/// Ports that may be listened on; 0 to 0: any that is free.
struct port_range {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
};

struct listener_options {
    bool loopback_only = false; ///< processes of this machine alone may connect
    port_range ports{};
    connection_limits limits{};
};

/// Thread rule: one thread, that of the io_context, but for its making.
class listener {
  public:
    using tcp = boost::asio::ip::tcp;
    /// What to do with a connection that has proved to have the key: it returns the handlers for what follows.
    using welcome = std::function<connection::handlers(std::shared_ptr<connection> const&)>;

    /// Listens at once. @throws remote_error if no port can be had
    listener(boost::asio::io_context& io, channel_key const& key, listener_options const& options, welcome called)
        : tls_(channel_role::server, key), acceptor_(io), pause_(io), limits_(options.limits),
          welcome_(std::move(called))
    {
        listen(options);
        accept();
    }
    listener(listener const&) = delete;
    listener& operator=(listener const&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// Takes no more connections; those that are ready go on.
    void close()
    {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
        for (auto const& each : strangers_) {
            if (auto const stranger = each.lock()) stranger->abort("the run has ended");
        }
        strangers_.clear();
    }

  private:
    static constexpr std::size_t most_strangers = 128; // connections without a handshake yet

    void listen(listener_options const& options)
    {
        auto const ports = options.ports;
        auto const count = static_cast<unsigned>(ports.last) - ports.first + 1U;
        // Programs that begin at the same time should not all try the same ports.
        auto const start = static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count() % count);
        boost::system::error_code failure;
        for (unsigned i = 0; i < count; ++i) {
            auto const port = static_cast<std::uint16_t>(ports.first + (start + i) % count);
            if (options.loopback_only) {
                failure = listen_on({boost::asio::ip::address_v4::loopback(), port});
            } else {
                failure = listen_on({tcp::v6(), port});
                if (failure && failure != boost::asio::error::address_in_use) failure = listen_on({tcp::v4(), port});
            }
            if (!failure) return;
        }
        throw remote_error("cannot listen for workers on " +
                           (count == 1 && ports.first == 0
                                ? "any port"
                                : "ports " + std::to_string(ports.first) + " to " + std::to_string(ports.last)) +
                           ": " + failure.message());
    }

    boost::system::error_code listen_on(tcp::endpoint const& where)
    {
        boost::system::error_code failure;
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        acceptor_.open(where.protocol(), failure);
        if (failure) return failure;
        close_on_exec(acceptor_.native_handle());
        acceptor_.set_option(tcp::acceptor::reuse_address(true), ignored);
        if (where.protocol() == tcp::v6()) acceptor_.set_option(boost::asio::ip::v6_only(false), ignored);
        acceptor_.bind(where, failure);
        if (!failure) acceptor_.listen(tcp::socket::max_listen_connections, failure);
        return failure;
    }

    void accept()
    {
        acceptor_.async_accept([this](boost::system::error_code const& failure, tcp::socket socket) {
            if (!acceptor_.is_open() || failure == boost::asio::error::operation_aborted) return;
            if (failure) { // no descriptors left, most likely: some connection may end
                pause_.expires_after(std::chrono::milliseconds(100));
                pause_.async_wait([this](boost::system::error_code const& cancelled) {
                    if (!cancelled) accept();
                });
                return;
            }
            take(std::move(socket));
            accept();
        });
    }

    void take(tcp::socket socket)
    {
        auto const joined = std::make_shared<connection>(std::move(socket), tls_, channel_role::server, limits_);
        std::erase_if(strangers_, [](auto const& each) { return each.expired(); });
        if (strangers_.size() >= most_strangers) {
            if (auto const oldest = strangers_.front().lock()) oldest->abort("too many strangers");
            strangers_.pop_front();
        }
        strangers_.push_back(joined);
        auto const slot = std::make_shared<connection::handlers>();
        joined->start({.ready =
                           [this, slot, weak = std::weak_ptr(joined)] {
                               auto const connected = weak.lock();
                               std::erase_if(strangers_, [&](auto const& each) { return each.lock() == connected; });
                               *slot = welcome_(connected);
                               if (slot->ready) slot->ready();
                           },
                       .message =
                           [slot](std::uint16_t type, message_body body) {
                               if (slot->message) slot->message(type, std::move(body));
                           },
                       .closed =
                           [slot](std::string const& reason) {
                               if (slot->closed) slot->closed(reason);
                           }});
    }

    tls_context tls_;
    tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    connection_limits limits_;
    welcome welcome_;
    std::deque<std::weak_ptr<connection>> strangers_; // the oldest first
};

} // namespace rios::net
