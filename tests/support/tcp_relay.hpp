// SPDX-License-Identifier: BSL-1.0
// Sockets without any of ours in between: a stranger, and a relay that stands between the two ends of a channel, sees all that
// goes over the wire, and can spoil it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.hpp"

namespace test {

namespace detail {

[[nodiscard]] inline sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return result;
}

[[nodiscard]] inline file_descriptor connect_to(std::uint16_t port)
{
    file_descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const where = loopback(port);
    if (::connect(socket.get(), reinterpret_cast<sockaddr const*>(&where), sizeof where) != 0)
        throw std::runtime_error("cannot connect: " + std::generic_category().message(errno));
    return socket;
}

/// @param waiting connections that nobody has accepted
[[nodiscard]] inline std::pair<file_descriptor, std::uint16_t> listen_on_loopback(int waiting = 128)
{
    file_descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto where = loopback(0);
    socklen_t size = sizeof where;
    if (::bind(socket.get(), reinterpret_cast<sockaddr const*>(&where), size) != 0 ||
        ::listen(socket.get(), waiting) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&where), &size) != 0) {
        throw std::runtime_error("cannot listen: " + std::generic_category().message(errno));
    }
    return {std::move(socket), ntohs(where.sin_port)};
}

} // namespace detail

/// Somebody who connects, and sends what they like.
class stranger {
  public:
    explicit stranger(std::uint16_t port) : socket_(detail::connect_to(port)) {}

    void send(std::string_view bytes) const
    {
        static_cast<void>(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }

    /// Whether the other end closes the connection in this time.
    [[nodiscard]] bool is_dropped_within(std::chrono::milliseconds time) const
    {
        auto const deadline = std::chrono::steady_clock::now() + time;
        std::array<char, 4096> buffer{};
        do {
            pollfd ready{socket_.get(), POLLIN, 0};
            if (::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(20, time.count()))) <= 0) continue;
            auto const got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got == 0 || (got < 0 && errno != EAGAIN)) return true;
        } while (std::chrono::steady_clock::now() < deadline);
        return false;
    }

  private:
    detail::file_descriptor socket_;
};

/// Forwards the bytes of all connections to a port of this machine.
class tcp_relay {
  public:
    explicit tcp_relay(std::uint16_t target) : target_(target), thread_([this] { forward(); }) {}
    tcp_relay(tcp_relay const&) = delete;
    tcp_relay& operator=(tcp_relay const&) = delete;
    ~tcp_relay()
    {
        over_ = true;
        thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return listening_.second; }

    /// Everything that went over the wire so far, in both directions.
    [[nodiscard]] std::string seen() const
    {
        std::lock_guard lock(mutex_);
        return seen_;
    }

    /// From now on nothing is forwarded, and all stays open.
    void stop() { stopped_ = true; }
    /// All connections end when so many more bytes have come from the connecting side.
    void cut_after(std::size_t bytes) { left_until_cut_ = static_cast<std::ptrdiff_t>(bytes); }
    /// In what follows, one bit changes on its way. @param from_there rather than from the connecting side
    void flip_a_bit(bool from_there) { (from_there ? flip_from_there_ : flip_from_here_) = true; }

  private:
    struct pair_of_ends {
        detail::file_descriptor here;
        detail::file_descriptor there;
    };

    void forward()
    {
        while (!over_) {
            std::vector<pollfd> all{{listening_.first.get(), POLLIN, 0}};
            if (!stopped_) {
                for (auto const& each : pairs_) {
                    all.push_back({each.here.get(), POLLIN, 0});
                    all.push_back({each.there.get(), POLLIN, 0});
                }
            }
            if (::poll(all.data(), all.size(), 10) <= 0) continue;
            std::size_t at = 1;
            for (auto each = pairs_.begin(); each != pairs_.end() && at < all.size(); at += 2) {
                bool const lives = pass(each->here, each->there, all[at].revents, false) &&
                                   pass(each->there, each->here, all[at + 1].revents, true);
                each = lives ? std::next(each) : pairs_.erase(each);
            }
            if (left_until_cut_ == 0) pairs_.clear();
            if ((all[0].revents & POLLIN) != 0) accept();
        }
    }

    void accept()
    {
        detail::file_descriptor here(::accept4(listening_.first.get(), nullptr, nullptr, SOCK_CLOEXEC));
        pairs_.push_back({std::move(here), detail::connect_to(target_)});
    }

    /// @returns false at the end of the stream
    bool pass(detail::file_descriptor const& from, detail::file_descriptor const& to, short ready, bool from_there)
    {
        if (ready == 0) return true;
        std::array<char, 65536> buffer{};
        auto const got = ::recv(from.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) return true;
        if (got <= 0) return false;
        auto size = static_cast<std::size_t>(got);
        if (!from_there && left_until_cut_ >= 0) {
            size = std::min(size, static_cast<std::size_t>(left_until_cut_));
            left_until_cut_ -= static_cast<std::ptrdiff_t>(size);
        }
        auto& flip = from_there ? flip_from_there_ : flip_from_here_;
        if (size > 0 && flip.exchange(false)) buffer[size / 2] = static_cast<char>(buffer[size / 2] ^ 4);
        {
            std::lock_guard lock(mutex_);
            seen_.append(buffer.data(), size);
        }
        for (std::size_t sent = 0; sent < size;) {
            auto const count = ::send(to.get(), buffer.data() + sent, size - sent, MSG_NOSIGNAL);
            if (count <= 0) return false;
            sent += static_cast<std::size_t>(count);
        }
        return true;
    }

    std::uint16_t const target_;
    std::pair<detail::file_descriptor, std::uint16_t> listening_ = detail::listen_on_loopback();
    mutable std::mutex mutex_;
    std::string seen_;
    std::list<pair_of_ends> pairs_; // of the relay's thread
    std::atomic<bool> over_ = false;
    std::atomic<bool> stopped_ = false;
    std::atomic<std::ptrdiff_t> left_until_cut_ = -1;
    std::atomic<bool> flip_from_here_ = false;
    std::atomic<bool> flip_from_there_ = false;
    std::thread thread_; // last: it uses the others
};

} // namespace test
