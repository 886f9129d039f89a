// SPDX-License-Identifier: BSL-1.0
//
// A worker's end of a channel: finds the way to the main process, and serves the connection. Used by remote/worker_process.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility> // before asio, which forgets it
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "channel_address.hpp"
#include "connection.hpp"
#include "tls.hpp"

namespace rios::net {

/// Thread rule: one thread, on which all handlers of its connections are called, too.
class client {
  public:
    explicit client(channel_address address) : address_(std::move(address)), tls_(channel_role::client, address_.key) {}
    client(client const&) = delete;
    client& operator=(client const&) = delete;

    /// Tries every address of the main process; it may need a moment, and so may the network. Some addresses may lead nowhere
    /// from here, without a word: the others must get their turn. The main process listens before it launches anybody, so where
    /// nobody listens at any of them, it is gone.
    /// @returns a connection that has not begun; none if it cannot be reached: see trouble()
    [[nodiscard]] std::shared_ptr<connection> connect()
    {
        auto const begun = clock::now();
        auto const turn = patience / static_cast<int>(std::clamp<std::size_t>(address_.hosts.size(), 2, 20));
        do {
            trouble_.clear();
            is_gone_ = true;
            for (auto const& host : address_.hosts) {
                boost::system::error_code failure;
                tcp::resolver resolver(io_);
                auto const found =
                    resolver.resolve(host, std::to_string(address_.port), tcp::resolver::numeric_service, failure);
                if (failure) {
                    is_gone_ = false;
                    trouble_ += "\n  " + host + ": " + failure.message();
                    continue;
                }
                for (auto const& each : found) {
                    if (clock::now() - begun > patience) break;
                    peer_ = each.endpoint();
                    auto socket = connect_to(peer_, turn, failure);
                    if (socket) {
                        return std::make_shared<connection>(*std::move(socket), tls_, channel_role::client,
                                                            connection_limits{});
                    }
                    is_gone_ = is_gone_ && failure == boost::asio::error::connection_refused;
                    trouble_ += "\n  " + peer_.address().to_string() + ": " + failure.message();
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        } while (clock::now() - begun < (is_gone_ ? patience / 5 : patience));
        return nullptr;
    }

    /// What became of each address, a line for each, if none of them answered.
    [[nodiscard]] std::string const& trouble() const noexcept { return trouble_; }
    /// After a connect() that found nobody: is the main process gone, as far as can be told from here? It may be on another host.
    [[nodiscard]] bool is_gone() const { return is_gone_ && peer_.address().is_loopback(); }

    /// Serves the connection until it has ended.
    void run()
    {
        io_.restart();
        io_.run();
    }

    /// Does nobody listen any more where the connection led to? A process that is killed may lose its connections before the
    /// place where it listens, so this may take a second. Not if its host does not answer.
    [[nodiscard]] bool nobody_listens() const
    {
        for (int tries = 0; tries < 20; ++tries) {
            boost::asio::io_context io;
            tcp::socket socket(io);
            std::optional<boost::system::error_code> answer;
            socket.async_connect(peer_, [&](boost::system::error_code const& failure) { answer = failure; });
            io.run_for(std::chrono::seconds(1));
            if (!answer) return false;
            if (*answer == boost::asio::error::connection_refused) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return false;
    }

  private:
    using tcp = boost::asio::ip::tcp;
    using clock = std::chrono::steady_clock;
    static constexpr auto patience = std::chrono::milliseconds(10000); // until an address answers

    std::optional<tcp::socket> connect_to(tcp::endpoint const& where, std::chrono::milliseconds time,
                                          boost::system::error_code& failure)
    {
        tcp::socket socket(io_);
        failure = boost::asio::error::timed_out;
        bool done = false;
        socket.async_connect(where, [&](boost::system::error_code const& result) {
            failure = result;
            done = true;
        });
        io_.restart();
        io_.run_for(time);
        if (!done) {
            boost::system::error_code ignored;
            socket.close(ignored);
            io_.restart();
            io_.run();
            failure = boost::asio::error::timed_out;
        }
        if (failure) return std::nullopt;
        return socket;
    }

    channel_address const address_;
    boost::asio::io_context io_;
    tls_context tls_;
    tcp::endpoint peer_;
    std::string trouble_;
    bool is_gone_ = false;
};

} // namespace rios::net
