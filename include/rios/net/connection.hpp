// SPDX-License-Identifier: BSL-1.0
//
// One end of a channel: sends and receives frames (frame.hpp) over TLS (tls.hpp), and notices when the other end is gone, be
// it that its connection is closed or that nothing is heard any more.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility> // before asio, which forgets it
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "../error.hpp"
#include "../large_vector.hpp"
#include "close_on_exec.hpp"
#include "frame.hpp"
#include "frame_assembler.hpp"
#include "packing.hpp"
#include "tls.hpp"
#include "tls_end.hpp"

namespace rios::net {

/// How long a connection may take or be silent, and how much it may announce.
struct connection_limits {
    std::chrono::duration<double> handshake{10};         ///< seconds until the other end has proved that it has the key
    std::chrono::duration<double> silence{60};           ///< seconds without any sign of life; 0: no limit
    std::uint64_t largest_body = std::uint64_t{1} << 36; ///< bytes of a message
};

/// Why a connection has ended that the other end closed.
inline constexpr std::string_view closed_by_other_end = "the connection was closed by the other end";

/// Thread rule: send(), finish() and abort() from any thread; all handlers are called on the thread that runs the io_context,
/// of which there must be one. It lives until it is closed, whoever lets go of it.
class connection : public std::enable_shared_from_this<connection> {
  public:
    using tcp = boost::asio::ip::tcp;

    struct handlers {
        std::function<void()> ready; ///< the other end has the key
        std::function<void(std::uint16_t type, message_body body)> message;
        /// The connection has ended; called once, also if it was never ready. Empty reason: this end has finished.
        std::function<void(std::string const& reason)> closed;
    };

    connection(tcp::socket socket, tls_context& tls, channel_role role, connection_limits limits)
        : socket_(std::move(socket)), timer_(socket_.get_executor()), limits_(limits), tls_(tls, role),
          incoming_(limits.largest_body)
    {
        close_on_exec(socket_.native_handle());
        boost::system::error_code ignored;
        socket_.set_option(tcp::no_delay(true), ignored);
        is_loopback_ = socket_.remote_endpoint(ignored).address().is_loopback();
    }
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection() = default;

    /// The address of the other end.
    [[nodiscard]] std::string peer() const
    {
        boost::system::error_code failure;
        auto const end = socket_.remote_endpoint(failure);
        return failure ? std::string("an unknown address") : end.address().to_string();
    }

    /// Begins with the handshake. To be called once, on the thread of the io_context.
    void start(handlers called)
    {
        handlers_ = std::move(called);
        begun_ = heard_ = clock::now();
        watch();
        shake_hands();
        if (!ended_) receive();
    }

    /// From now on; automatic at first. Any thread.
    void set_packing(packing how) noexcept { packing_ = how; }

    /// From now on. To be called on the thread of the io_context.
    void set_limits(connection_limits limits) noexcept
    {
        limits_ = limits;
        incoming_.set_largest(limits.largest_body);
    }

    /// Sends a message. What is sent after the end is dropped. Large ones may be packed first, by the calling thread.
    /// @param frame with its header
    void send(frame_bytes frame)
    {
        if (frame.size() >= large && packs()) frame = packed(std::move(frame));
        boost::asio::post(socket_.get_executor(), [self = shared_from_this(), frame = std::move(frame)]() mutable {
            if (self->ended_ || self->finishing_) return;
            self->outgoing_.push_back(std::move(frame));
            self->transmit();
        });
    }

    /// Ends when all that was sent has arrived and the other end has closed its side, or some time after all has been handed to the
    /// system. What still comes from there meanwhile is dropped: to close before it is read would take back what was sent.
    void finish()
    {
        boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
            self->finishing_ = true;
            self->transmit();
        });
    }

    /// Ends at once; after finish(), some time later at most.
    void abort(std::string reason)
    {
        boost::asio::post(socket_.get_executor(), [self = shared_from_this(), reason = std::move(reason)] {
            if (self->ready_ && self->finishing_) self->end_in_time();
            else self->end(reason);
        });
    }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr std::uint16_t beat = 0; // type of the message that only says that its sender lives
    static constexpr std::size_t portion = std::size_t{256} << 10; // bytes for one call of the system
    static constexpr std::size_t large = std::size_t{16} << 10;    // bytes of a message that may be worth packing
    static constexpr auto patience = std::chrono::seconds(2);      // for the other end to close its side
    static constexpr double slow = 150e6;                          // bytes per second, far below what packing takes in

    [[nodiscard]] bool packs() const noexcept
    {
        auto const how = packing_.load();
        return how == packing::always || (how == packing::automatic && is_slow_);
    }

    /// Learns how fast the network takes what it is given. A machine's own network is as fast as its memory.
    void measure(std::size_t bytes, clock::duration time) noexcept
    {
        if (bytes < portion / 2 || is_loopback_) return;
        auto const seconds = std::max(1e-9, std::chrono::duration<double>(time).count());
        constexpr double weight = 0.1; // of the latest: the first portions only fill the system's buffers
        seconds_per_byte_ += weight * (seconds / static_cast<double>(bytes) - seconds_per_byte_);
        is_slow_ = seconds_per_byte_ > 1 / slow;
    }

    void shake_hands()
    {
        boost::system::error_code failure;
        ready_ = tls_.shake_hands(failure);
        if (failure) {
            say_why();
            return end_by(failure);
        }
        if (ready_ && handlers_.ready) handlers_.ready();
        transmit();
    }

    /// The other end is told why there was no handshake, if that is possible at once.
    void say_why()
    {
        boost::system::error_code ignored;
        socket_.non_blocking(true, ignored);
        if (sending_.empty()) socket_.write_some(boost::asio::buffer(tls_.to_send()), ignored);
    }

    void receive()
    {
        socket_.async_read_some(
            boost::asio::buffer(received_.data(), received_.size()),
            [self = shared_from_this()](boost::system::error_code const& failure, std::size_t bytes) {
                if (self->ended_) return;
                if (failure) return self->parting_ ? self->end("") : self->end_by(failure);
                if (self->parting_) return self->receive();
                self->heard_ = clock::now();
                self->tls_.arrived({self->received_.data(), bytes});
                if (!self->ready_) self->shake_hands();
                if (self->ready_) self->take_messages();
                if (!self->ended_) self->receive();
            });
    }

    /// Those that have arrived, one after the other.
    void take_messages()
    {
        try {
            while (!ended_) {
                boost::system::error_code failure;
                auto const got = tls_.read(incoming_.room(), failure);
                if (failure) return end_by(failure);
                if (got == 0) break;
                if (!incoming_.filled(got)) continue;
                auto body = incoming_.take_body();
                if (incoming_.type() != beat && handlers_.message) handlers_.message(incoming_.type(), std::move(body));
            }
        } catch (std::exception const& refused) {
            return end(refused.what());
        }
        transmit(); // TLS may have something to say
    }

    /// Sends what there is, several frames or a part of one at a time, unless something is on its way.
    void transmit() // NOLINT(misc-no-recursion): it is called again when that has gone, by the io_context
    {
        if (ended_ || parting_ || !sending_.empty()) return;
        while (ready_ && !outgoing_.empty() && tls_.to_send().size() < portion) {
            auto const rest = std::span<std::byte const>(outgoing_.front()).subspan(encrypted_);
            auto const part = rest.first(std::min(rest.size(), portion - tls_.to_send().size()));
            boost::system::error_code failure;
            tls_.write(part, failure);
            if (failure) return end_by(failure);
            encrypted_ += part.size();
            if (part.size() < rest.size()) continue;
            outgoing_.pop_front();
            encrypted_ = 0;
        }
        sending_.swap(tls_.to_send());
        if (sending_.empty()) {
            if (finishing_ && outgoing_.empty()) part();
            return;
        }
        boost::asio::async_write(socket_, boost::asio::buffer(sending_),
                                 [self = shared_from_this(),
                                  begun = clock::now()](boost::system::error_code const& failure, std::size_t bytes) {
                                     if (self->ended_) return;
                                     if (failure) return self->end_by(failure);
                                     self->measure(bytes, clock::now() - begun);
                                     self->sending_.clear();
                                     self->transmit();
                                 });
    }

    /// All has been sent: this end closes its side, and waits for the other one to do the same.
    void part() // NOLINT(misc-no-recursion): once
    {
        if (!ready_) return end("");
        if (!std::exchange(said_goodbye_, true)) {
            tls_.close();
            return transmit();
        }
        parting_ = true;
        boost::system::error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
        end_in_time();
    }

    void end_in_time()
    {
        if (std::exchange(ends_in_time_, true)) return;
        timer_.expires_after(patience);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code const& failure) {
            if (!failure) self->end("");
        });
    }

    /// Every second: has the other end kept its times? A sign of life, unless something is on its way.
    void watch()
    {
        timer_.expires_after(std::chrono::seconds(1));
        timer_.async_wait([self = shared_from_this()](boost::system::error_code const& failure) {
            if (failure || self->ended_ || self->ends_in_time_) return;
            auto const now = clock::now();
            if (!self->ready_ && now - self->begun_ > self->limits_.handshake) {
                return self->end("no handshake in time");
            }
            auto const silence = self->limits_.silence;
            if (self->ready_ && silence.count() > 0 && now - self->heard_ > silence) {
                return self->end("nothing was heard of it for " + std::to_string(static_cast<long>(silence.count())) +
                                 " seconds");
            }
            if (self->ready_ && self->outgoing_.empty() && self->sending_.empty() && !self->finishing_) {
                frame_bytes frame(frame_header::size);
                set_header(frame, beat);
                self->outgoing_.push_back(std::move(frame));
                self->transmit();
            }
            self->watch();
        });
    }

    void end(std::string const& reason)
    {
        if (std::exchange(ended_, true)) return;
        boost::system::error_code ignored;
        timer_.cancel();
        socket_.shutdown(tcp::socket::shutdown_both, ignored);
        socket_.close(ignored);
        auto const called = std::exchange(handlers_, {});
        if (called.closed) called.closed(reason);
    }

    void end_by(boost::system::error_code const& failure)
    {
        namespace gone = boost::asio::error;
        auto const closed = failure == gone::eof || failure == gone::connection_reset || failure == gone::broken_pipe;
        end((ready_ ? "" : "no handshake: ") + (closed ? std::string(closed_by_other_end) : failure.message()));
    }

    tcp::socket socket_;
    boost::asio::steady_timer timer_;
    connection_limits limits_;
    tls_end tls_;
    handlers handlers_;
    std::atomic<packing> packing_ = packing::automatic;
    std::atomic<bool> is_slow_ = false;
    bool is_loopback_ = false;
    double seconds_per_byte_ = 0; // of the network
    bool ready_ = false;
    bool finishing_ = false;
    bool said_goodbye_ = false;
    bool parting_ = false;
    bool ends_in_time_ = false;
    bool ended_ = false;
    clock::time_point begun_;
    clock::time_point heard_;
    large_buffer received_{portion}; // as it comes from the network
    frame_assembler incoming_;
    std::deque<frame_bytes> outgoing_;
    std::size_t encrypted_ = 0;      // bytes of the first of them
    std::vector<std::byte> sending_; // on its way, as it goes over the network
};

} // namespace rios::net
