// SPDX-License-Identifier: BSL-1.0
// The two ends of channels, each on a thread of its own, with memory of all that happened.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <rios/net/connection.hpp>
#include <rios/net/frame.hpp>
#include <rios/net/listener.hpp>
#include <rios/net/tls.hpp>

#include "tcp_relay.hpp"

namespace test {

/// A frame with a text as body.
[[nodiscard]] inline rios::net::frame_bytes text_frame(std::uint16_t type, std::string const& text)
{
    rios::net::frame_bytes frame(rios::net::frame_header::size);
    for (char const c : text) frame.push_back(static_cast<std::byte>(c));
    rios::net::set_header(frame, type);
    return frame;
}

/// What happened at one end.
class channel_log {
  public:
    struct message {
        std::uint16_t type;
        std::string text;
        friend bool operator==(message const&, message const&) = default;
    };

    /// What the end of a channel does. @param then is called with each message, after it is noted
    [[nodiscard]] rios::net::connection::handlers handlers(std::function<void(message const&)> then = {})
    {
        return {.ready = [this] { change([this] { ready_ = true; }); },
                .message =
                    [this, then = std::move(then)](std::uint16_t type, rios::net::message_body body) {
                        message arrived{type, {}};
                        for (auto const each : body) arrived.text += static_cast<char>(each);
                        change([&] { messages_.push_back(arrived); });
                        if (then) then(arrived);
                    },
                .closed = [this](std::string const& reason) { change([&] { closed_ = reason; }); }};
    }

    [[nodiscard]] bool becomes_ready()
    {
        return wait([this] { return ready_ || closed_; }) && ready_;
    }
    /// The messages, when there are so many, or the channel has ended.
    [[nodiscard]] std::vector<message> messages(std::size_t count)
    {
        wait([&] { return messages_.size() >= count || closed_; });
        std::lock_guard lock(mutex_);
        return messages_;
    }
    [[nodiscard]] bool is_open()
    {
        std::lock_guard lock(mutex_);
        return !closed_;
    }
    /// Why the channel has ended.
    [[nodiscard]] std::string end()
    {
        if (!wait([this] { return closed_.has_value(); })) return "(it does not end)";
        std::lock_guard lock(mutex_);
        return *closed_;
    }

  private:
    template <typename F>
    void change(F&& f)
    {
        {
            std::lock_guard lock(mutex_);
            f();
        }
        changed_.notify_all();
    }
    template <typename F>
    bool wait(F&& f)
    {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), f);
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool ready_ = false;
    std::vector<message> messages_;
    std::optional<std::string> closed_;
};

/// An io_context and the thread that runs it, until nothing is left to do.
class io_thread {
  public:
    io_thread() : guard_(io_.get_executor()), thread_([this] { io_.run(); }) {}
    io_thread(io_thread const&) = delete;
    io_thread& operator=(io_thread const&) = delete;
    ~io_thread() { finish(); }

    [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
    void finish()
    {
        guard_.reset();
        if (thread_.joinable()) thread_.join();
    }

  private:
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::thread thread_;
};

/// The end that waits for others.
class channel_server {
  public:
    explicit channel_server(rios::net::channel_key const& key,
                            rios::net::listener_options const& options = {.loopback_only = true})
        : listener_(thread_.io(), key, options, [this](auto const& channel) { return take(channel); })
    {
    }
    channel_server(channel_server const&) = delete;
    channel_server& operator=(channel_server const&) = delete;
    ~channel_server()
    {
        boost::asio::post(thread_.io(), [this] {
            listener_.close();
            for (auto const& each : taken_) each->channel->abort("the test is over");
        });
        thread_.finish();
        taken_.clear(); // a connection must not outlive its io_context
    }

    struct end {
        std::shared_ptr<rios::net::connection> channel;
        channel_log log;
    };

    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

    /// From now on, whoever gets in is sent this.
    void greet_with(rios::net::frame_bytes greeting)
    {
        std::lock_guard lock(mutex_);
        greeting_ = std::move(greeting);
    }

    /// The end of a connection, in the order in which they were taken. @pre it comes
    [[nodiscard]] end& operator[](std::size_t index)
    {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::seconds(20), [&] { return taken_.size() > index; }))
            throw std::runtime_error("nobody has connected");
        return *taken_[index];
    }
    [[nodiscard]] std::size_t size()
    {
        std::lock_guard lock(mutex_);
        return taken_.size();
    }

  private:
    rios::net::connection::handlers take(std::shared_ptr<rios::net::connection> const& channel)
    {
        auto made = std::make_unique<end>();
        made->channel = channel;
        auto result = made->log.handlers();
        {
            std::lock_guard lock(mutex_);
            if (!greeting_.empty()) channel->send(greeting_);
            taken_.push_back(std::move(made));
        }
        changed_.notify_all();
        return result;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    rios::net::frame_bytes greeting_;
    std::vector<std::unique_ptr<end>> taken_;
    io_thread thread_;
    rios::net::listener listener_;
};

/// One end, which has connected to the other, or was.
class channel_end {
  public:
    using tcp = boost::asio::ip::tcp;

    /// Connects to a port of this machine.
    channel_end(std::uint16_t port, rios::net::channel_key const& key, rios::net::connection_limits const& limits = {},
                std::function<void(channel_log::message const&)> then = {})
        : channel_end(connected(port), key, rios::net::channel_role::client, limits, std::move(then))
    {
    }
    /// @param socket a connected one
    channel_end(int socket, rios::net::channel_key const& key, rios::net::channel_role role,
                rios::net::connection_limits const& limits = {},
                std::function<void(channel_log::message const&)> then = {})
        : tls_(role, key), channel_(std::make_shared<rios::net::connection>(
                               tcp::socket(thread_.io(), tcp::v4(), socket), tls_, role, limits))
    {
        boost::asio::post(thread_.io(), [this, then = std::move(then)]() mutable {
            channel_->start(log_.handlers(std::move(then)));
        });
    }
    channel_end(channel_end const&) = delete;
    channel_end& operator=(channel_end const&) = delete;
    ~channel_end()
    {
        channel_->abort("the test is over");
        thread_.finish();
    }

    [[nodiscard]] channel_log& log() noexcept { return log_; }
    [[nodiscard]] rios::net::connection& channel() noexcept { return *channel_; }
    void send(rios::net::frame_bytes frame) { channel_->send(std::move(frame)); }

  private:
    static int connected(std::uint16_t port) { return ::dup(detail::connect_to(port).get()); }

    channel_log log_;
    io_thread thread_;
    rios::net::tls_context tls_;
    std::shared_ptr<rios::net::connection> channel_;
};

} // namespace test
