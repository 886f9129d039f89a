// SPDX-License-Identifier: BSL-1.0
//
// Ends a worker that has lived for as long as it may, whatever it is doing: the last resort where its time costs money.
#pragma once

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <unistd.h>

#include "../error.hpp"
#include "worker_options.hpp"

namespace rios::remote {

/// As long as it lives, this process ends when the seconds of `lifetime_variable` are over; without the variable, nothing happens.
class lifetime {
  public:
    /// @param worker its number, for the message
    /// @throws remote_error if the variable holds no whole number of seconds
    explicit lifetime(std::string worker)
    {
        auto const* const text = std::getenv(lifetime_variable);
        if (text == nullptr) return;
        std::uint32_t seconds = 0;
        auto const* const end = text + std::strlen(text);
        auto const parsed = std::from_chars(text, end, seconds);
        if (parsed.ec != std::errc() || parsed.ptr != end || seconds == 0) {
            throw remote_error(std::string(lifetime_variable) + " '" + text +
                               "': allowed are whole numbers of seconds from 1");
        }
        thread_ = std::jthread([worker = std::move(worker), seconds](std::stop_token const& stopped) {
            std::mutex mutex;
            std::unique_lock lock(mutex);
            std::condition_variable_any over;
            over.wait_for(lock, stopped, std::chrono::seconds(seconds), [] { return false; });
            if (stopped.stop_requested()) return;
            std::fprintf(stderr, "worker %s of rios: has lived for %u seconds, as long as it may (%s)\n",
                         worker.c_str(), seconds, lifetime_variable);
            std::fflush(nullptr);
            ::_exit(worker_expired);
        });
    }

  private:
    std::jthread thread_;
};

} // namespace rios::remote
