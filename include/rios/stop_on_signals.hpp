// SPDX-License-Identifier: BSL-1.0
//
// Ends a run in order when the user presses Ctrl-C, closes the terminal, or a scheduler sends SIGTERM: for programs that have no signal handlers of their
// own. Nothing in rios installs any unless it is asked to.
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace rios {

/// As long as it lives, SIGINT, SIGTERM and SIGHUP request a stop through its token (apply_options::stop and its like) instead of ending
/// the process; one of them that comes again, more than a second later, ends it at once. (Whoever stops a job may send the same twice: to
/// the process and to its group.) Signals that the process ignores stay ignored. What was there before comes back at
/// its end.
///
/// Thread rule: one of these at a time in a process.
class stop_on_signals {
  public:
    /// @throws std::system_error if there are no descriptors left
    stop_on_signals()
    {
        if (::pipe2(pipe_.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
        write_end() = pipe_[1];
        for (auto& time : first_times()) time = 0;
        watcher_ = std::jthread([this](std::stop_token const&) { watch(); });
        struct sigaction action {};
        action.sa_handler = &stop_on_signals::handle;
        action.sa_flags = SA_RESTART;
        for (std::size_t i = 0; i < signals.size(); ++i) {
            if (::sigaction(signals[i], nullptr, &before_[i]) != 0 || before_[i].sa_handler == SIG_IGN) continue;
            ::sigaction(signals[i], &action, nullptr);
        }
    }
    stop_on_signals(stop_on_signals const&) = delete;
    stop_on_signals& operator=(stop_on_signals const&) = delete;
    ~stop_on_signals()
    {
        for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
        write_end() = -1;
        ::close(pipe_[1]); // which ends the watcher
        watcher_.join();
        ::close(pipe_[0]);
    }

    [[nodiscard]] std::stop_token token() const noexcept { return stop_.get_token(); }

    /// The signal that came; 0 for none.
    [[nodiscard]] int received() const noexcept { return received_; }

  private:
    static constexpr std::array<int, 3> signals{SIGINT, SIGTERM, SIGHUP};

    static std::atomic<int>& write_end() noexcept
    {
        static std::atomic<int> end = -1;
        return end;
    }

    /// When each signal came for the first time, in nanoseconds; 0: not yet.
    static std::array<std::atomic<std::int64_t>, signals.size()>& first_times() noexcept
    {
        static std::array<std::atomic<std::int64_t>, signals.size()> times{};
        return times;
    }

    /// Does what a signal handler may.
    static void handle(int signal) noexcept
    {
        constexpr std::int64_t second = 1'000'000'000;
        auto const kept = errno;
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        auto const time = now.tv_sec * second + now.tv_nsec;
        for (std::size_t i = 0; i < signals.size(); ++i) {
            if (signals[i] != signal) continue;
            std::int64_t first = 0;
            if (first_times()[i].compare_exchange_strong(first, time) || time - first <= second) continue;
            std::signal(signal, SIG_DFL);
            std::raise(signal);
        }
        auto const number = static_cast<unsigned char>(signal);
        if (auto const end = write_end().load(); end >= 0) static_cast<void>(::write(end, &number, 1) == 1);
        errno = kept;
    }

    void watch() noexcept
    {
        unsigned char number = 0;
        for (;;) {
            auto const got = ::read(pipe_[0], &number, 1);
            if (got < 0 && errno == EINTR) continue;
            if (got != 1) return;
            received_ = number;
            stop_.request_stop();
        }
    }

    std::stop_source stop_;
    std::atomic<int> received_ = 0;
    std::array<int, 2> pipe_{-1, -1};
    std::array<struct sigaction, signals.size()> before_{};
    std::jthread watcher_;
};

} // namespace rios
