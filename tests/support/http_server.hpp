// SPDX-License-Identifier: BSL-1.0
// An HTTP server on this machine that answers what a test says, well or badly.
#pragma once

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
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

struct http_received {
    std::string method;
    std::string path;
    std::map<std::string, std::string> headers{}; ///< names in small letters
    std::string body{};
};

/// An answer as it is sent.
inline std::string http_text(int status, std::string const& body, std::string const& headers = {})
{
    return "HTTP/1.1 " + std::to_string(status) +
           " text\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
           body;
}

inline std::string const http_hangs = "never answers";
inline std::string const http_endless = "never stops to answer";

/// One connection at a time, one request on each.
class http_server {
  public:
    /// Gives what is sent before the connection is closed (nothing, too), http_hangs or http_endless.
    using answering = std::function<std::string(http_received const&)>;

    explicit http_server(answering answer)
        : answer_(std::move(answer)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket_.get(), any, size) != 0 || ::listen(socket_.get(), 16) != 0 ||
            ::getsockname(socket_.get(), any, &size) != 0) {
            throw std::runtime_error("no port for an HTTP server");
        }
        port_ = ::ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    /// Gives these answers one after the other, and the last one from then on.
    explicit http_server(std::vector<std::string> answers)
        : http_server([answers = std::move(answers), next = std::size_t{0}](http_received const&) mutable {
              auto const now = next;
              next = std::min(next + 1, answers.size() - 1);
              return answers.at(now);
          })
    {
    }
    http_server(http_server const&) = delete;
    http_server& operator=(http_server const&) = delete;
    ~http_server()
    {
        stops_ = true;
        thread_.join();
    }

    [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::string url() const { return "http://" + host(); }

    /// All requests until now.
    [[nodiscard]] std::vector<http_received> requests() const
    {
        std::lock_guard const lock(mutex_);
        return requests_;
    }

  private:
    /// Waits until there is something to read; not if the test ends.
    [[nodiscard]] bool wait_for(int file) const
    {
        while (!stops_) {
            pollfd wanted{file, POLLIN, 0};
            if (::poll(&wanted, 1, 10) > 0) return true;
        }
        return false;
    }

    void serve()
    {
        while (wait_for(socket_.get())) {
            auto const number = ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (number < 0) continue;
            detail::file_descriptor const connection(number);
            http_received request;
            if (!receive(connection.get(), request)) continue;
            {
                std::lock_guard const lock(mutex_);
                requests_.push_back(request);
            }
            auto const answer = answer_(request);
            if (answer == http_hangs) {
                static_cast<void>(wait_for(connection.get())); // the other one has gone
            } else if (answer == http_endless) {
                std::string const part(1 << 16, 'x');
                send(connection.get(), "HTTP/1.1 200 text\r\n\r\n");
                while (!stops_ && send(connection.get(), part)) {}
            } else {
                send(connection.get(), answer);
            }
        }
    }

    bool receive(int file, http_received& request) const
    {
        std::string text;
        auto const more = [&] {
            char buffer[1 << 14];
            if (!wait_for(file)) return false;
            auto const count = ::recv(file, buffer, sizeof buffer, 0);
            if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
            return count > 0;
        };
        std::size_t end = 0;
        while ((end = text.find("\r\n\r\n")) == std::string::npos) {
            if (!more()) return false;
        }
        request.method = text.substr(0, text.find(' '));
        request.path = text.substr(request.method.size() + 1,
                                   text.find(' ', request.method.size() + 1) - request.method.size() - 1);
        for (auto at = text.find("\r\n"); at < end; at = text.find("\r\n", at + 2)) {
            auto const colon = text.find(": ", at);
            auto name = text.substr(at + 2, colon - at - 2);
            for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            request.headers[name] = text.substr(colon + 2, text.find("\r\n", at + 2) - colon - 2);
        }
        auto const length = request.headers.find("content-length");
        auto const size = length == request.headers.end() ? 0 : std::stoul(length->second);
        if (request.headers.contains("expect")) send(file, "HTTP/1.1 100 Continue\r\n\r\n");
        while (text.size() < end + 4 + size) {
            if (!more()) return false;
        }
        request.body = text.substr(end + 4);
        return true;
    }

    static bool send(int file, std::string_view text)
    {
        while (!text.empty()) {
            auto const count = ::send(file, text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    answering answer_;
    detail::file_descriptor socket_;
    int port_ = 0;
    std::atomic<bool> stops_ = false;
    mutable std::mutex mutex_;
    std::vector<http_received> requests_;
    std::thread thread_;
};

} // namespace test
