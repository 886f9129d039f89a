// SPDX-License-Identifier: BSL-1.0
//
// The main process's end of all channels: a place where it listens, the connections that have come, and the thread that serves them.
// Used by remote/reception.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility> // before asio, which forgets it
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "channel_key.hpp"
#include "connection.hpp"
#include "frame.hpp"
#include "listener.hpp"

namespace rios::net {

/// Open from its making to its end. Whoever holds one of its connections must let go of it before that.
///
/// Thread rule: one thread, besides its own.
class server {
  public:
    /// What to do with a connection that has proved to have the key; connections are numbered from 0. It is called on the
    /// server's thread, and so are the handlers that it returns.
    using welcome = std::function<connection::handlers(std::size_t number, std::shared_ptr<connection> const& channel)>;

    /// Listens at once. @throws remote_error if no port can be had
    server(channel_key const& key, listener_options const& options, welcome called)
        : welcome_(std::move(called)), guard_(io_.get_executor()),
          listener_(io_, key, options, [this](std::shared_ptr<connection> const& channel) { return take(channel); }),
          port_(listener_.port()), thread_([this] { io_.run(); })
    {
    }
    server(server const&) = delete;
    server& operator=(server const&) = delete;
    ~server() { close("the run has ended"); }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Sends a message to all, and to whoever comes from now on.
    void say_goodbye(frame_bytes const& farewell)
    {
        boost::asio::post(io_, [this, farewell] {
            farewell_ = farewell;
            for_each_channel([&](connection& channel) { channel.send(farewell); });
        });
    }

    /// Ends all connections that there are at once, and sends a message to whoever comes from now on.
    void abort(std::string const& reason, frame_bytes const& farewell)
    {
        boost::asio::post(io_, [this, reason, farewell] {
            farewell_ = farewell;
            for_each_channel([&](connection& channel) { channel.abort(reason); });
        });
    }

    /// Listens no more, and ends what there is. No handler is called afterwards.
    void close(std::string const& reason) noexcept
    {
        if (!thread_.joinable()) return;
        boost::asio::post(io_, [this, reason] {
            listener_.close();
            for_each_channel([&](connection& channel) { channel.abort(reason); });
            guard_.reset();
        });
        thread_.join();
    }

  private:
    connection::handlers take(std::shared_ptr<connection> const& channel)
    {
        std::erase_if(channels_, [](auto const& each) { return each.expired(); });
        channels_.push_back(channel);
        if (farewell_) channel->send(*farewell_);
        return welcome_(next_++, channel);
    }

    template <typename F>
    void for_each_channel(F f)
    {
        for (auto const& each : channels_) {
            if (auto const channel = each.lock()) f(*channel);
        }
    }

    welcome const welcome_;
    std::size_t next_ = 0; // of the server's own thread, like the next two
    std::optional<frame_bytes> farewell_;
    std::vector<std::weak_ptr<connection>> channels_;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    listener listener_;
    std::uint16_t const port_;
    std::thread thread_;
};

} // namespace rios::net
