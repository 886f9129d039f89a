// SPDX-License-Identifier: BSL-1.0
//
// One end of a channel: sends and receives frames (frame.hpp) over TLS (tls.hpp), and notices when the other end is gone, be
// it that its connection is closed or that nothing is heard any more.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility> // before asio, which forgets it
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "../error.hpp"
#include "frame.hpp"
#include "tls.hpp"

namespace rios::net {

/// How long a connection may take or be silent, and how much it may announce.
struct connection_limits {
    std::chrono::duration<double> handshake{10};         ///< seconds until the other end has proved that it has the key
    std::chrono::duration<double> silence{60};           ///< seconds without any sign of life; 0: no limit
    std::uint64_t largest_body = std::uint64_t{1} << 36; ///< bytes of a message
};

/// Thread rule: send(), finish() and abort() from any thread; all handlers are called on the thread that runs the io_context,
/// of which there must be one. It lives until it is closed, whoever lets go of it.
class connection : public std::enable_shared_from_this<connection> {
  public:
    using tcp = boost::asio::ip::tcp;

    struct handlers {
        std::function<void()> ready; ///< the other end has the key
        std::function<void(std::uint16_t type, std::vector<std::byte> body)> message;
        /// The connection has ended; called once, also if it was never ready. Empty reason: this end has finished.
        std::function<void(std::string const& reason)> closed;
    };

    connection(tcp::socket socket, tls_context& tls, channel_role role, connection_limits limits)
        : stream_(std::move(socket), tls.native()), timer_(stream_.get_executor()), role_(role), limits_(limits)
    {
        boost::system::error_code ignored;
        stream_.lowest_layer().set_option(tcp::no_delay(true), ignored);
    }
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    /// The address of the other end.
    [[nodiscard]] std::string peer() const
    {
        boost::system::error_code failure;
        auto const end = stream_.lowest_layer().remote_endpoint(failure);
        return failure ? std::string("an unknown address") : end.address().to_string();
    }

    /// Begins with the handshake. To be called once, on the thread of the io_context.
    void start(handlers called)
    {
        handlers_ = std::move(called);
        begun_ = heard_ = clock::now();
        watch();
        using side = boost::asio::ssl::stream_base;
        stream_.async_handshake(
            role_ == channel_role::server ? side::server : side::client,
            [self = shared_from_this()](boost::system::error_code const& failure) { self->shake_hands(failure); });
    }

    /// Sends a message. What is sent after the end is dropped. @param frame with its header
    void send(frame_bytes frame)
    {
        boost::asio::post(stream_.get_executor(), [self = shared_from_this(), frame = std::move(frame)]() mutable {
            if (self->ended_ || self->finishing_) return;
            self->outgoing_.push_back(std::move(frame));
            if (self->outgoing_.size() == 1 && self->ready_) self->write_next();
        });
    }

    /// Ends when all that was sent has been handed to the system.
    void finish()
    {
        boost::asio::post(stream_.get_executor(), [self = shared_from_this()] {
            self->finishing_ = true;
            if (self->outgoing_.empty()) self->end("");
        });
    }

    /// Ends at once.
    void abort(std::string reason)
    {
        boost::asio::post(stream_.get_executor(),
                          [self = shared_from_this(), reason = std::move(reason)] { self->end(reason); });
    }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr std::uint16_t beat = 0; // type of the message that only says that its sender lives
    static constexpr std::size_t first_room = std::size_t{16} << 20;

    void shake_hands(boost::system::error_code const& failure)
    {
        if (ended_) return;
        if (failure) return end("no handshake: " + text_of(failure));
        ready_ = true;
        heard_ = clock::now();
        if (handlers_.ready) handlers_.ready();
        read_header();
        if (!outgoing_.empty()) write_next();
    }

    void read_header()
    {
        read(boost::asio::buffer(header_), [](connection& self) {
            auto const header = header_from(self.header_, self.limits_.largest_body);
            self.type_ = header.type;
            self.left_ = header.body_size;
            self.body_.clear();
            self.read_body();
        });
    }

    /// Room is made as the bytes come, so that a large number alone costs nothing.
    void read_body()
    {
        if (left_ == 0) return deliver();
        auto const had = body_.size();
        auto const more = static_cast<std::size_t>(std::min<std::uint64_t>(left_, std::max(had, first_room)));
        body_.resize(had + more);
        read(boost::asio::buffer(body_.data() + had, more), [more](connection& self) {
            self.left_ -= more;
            self.read_body();
        });
    }

    void deliver()
    {
        auto body = std::exchange(body_, {});
        if (type_ != beat && handlers_.message) handlers_.message(type_, std::move(body));
        if (!ended_) read_header();
    }

    template <typename Buffer, typename F>
    void read(Buffer const& buffer, F then)
    {
        boost::asio::async_read(
            stream_, buffer,
            [self = shared_from_this()](boost::system::error_code const& failure, std::size_t bytes) {
                if (bytes > self->read_) self->heard_ = clock::now();
                self->read_ = bytes;
                return failure ? std::size_t{0} : std::numeric_limits<std::size_t>::max();
            },
            [self = shared_from_this(), then](boost::system::error_code const& failure, std::size_t) {
                if (self->ended_) return;
                self->read_ = 0;
                if (failure) return self->end(text_of(failure));
                self->heard_ = clock::now();
                try {
                    then(*self);
                } catch (std::exception const& refused) {
                    self->end(refused.what());
                }
            });
    }

    void write_next()
    {
        boost::asio::async_write(stream_, boost::asio::buffer(outgoing_.front()),
                                 [self = shared_from_this()](boost::system::error_code const& failure, std::size_t) {
                                     if (self->ended_) return;
                                     if (failure) return self->end(text_of(failure));
                                     self->outgoing_.pop_front();
                                     if (!self->outgoing_.empty()) self->write_next();
                                     else if (self->finishing_) self->end("");
                                 });
    }

    /// Every second: has the other end kept its times? A sign of life, unless something is on its way.
    void watch()
    {
        timer_.expires_after(std::chrono::seconds(1));
        timer_.async_wait([self = shared_from_this()](boost::system::error_code const& failure) {
            if (failure || self->ended_) return;
            auto const now = clock::now();
            if (!self->ready_ && now - self->begun_ > self->limits_.handshake) {
                return self->end("no handshake in time");
            }
            auto const silence = self->limits_.silence;
            if (self->ready_ && silence.count() > 0 && now - self->heard_ > silence) {
                return self->end("nothing was heard of it for " + std::to_string(static_cast<long>(silence.count())) +
                                 " seconds");
            }
            if (self->ready_ && self->outgoing_.empty() && !self->finishing_) {
                frame_bytes frame(frame_header::size);
                set_header(frame, beat);
                self->outgoing_.push_back(std::move(frame));
                self->write_next();
            }
            self->watch();
        });
    }

    void end(std::string const& reason)
    {
        if (std::exchange(ended_, true)) return;
        boost::system::error_code ignored;
        timer_.cancel();
        stream_.lowest_layer().shutdown(tcp::socket::shutdown_both, ignored);
        stream_.lowest_layer().close(ignored);
        auto const called = std::exchange(handlers_, {});
        if (called.closed) called.closed(reason);
    }

    static std::string text_of(boost::system::error_code const& failure)
    {
        if (failure == boost::asio::error::eof || failure == boost::asio::ssl::error::stream_truncated) {
            return "the connection was closed by the other end";
        }
        return failure.message();
    }

    boost::asio::ssl::stream<tcp::socket> stream_;
    boost::asio::steady_timer timer_;
    channel_role const role_;
    connection_limits const limits_;
    handlers handlers_;
    bool ready_ = false;
    bool finishing_ = false;
    bool ended_ = false;
    clock::time_point begun_;
    clock::time_point heard_;
    std::size_t read_ = 0; // bytes of the read under way
    std::array<std::byte, frame_header::size> header_{};
    std::uint16_t type_ = 0;
    std::uint64_t left_ = 0; // bytes of the body to come
    std::vector<std::byte> body_;
    std::deque<frame_bytes> outgoing_; // the first is on its way
};

} // namespace rios::net
