// SPDX-License-Identifier: BSL-1.0
//
// How a step that runs for long notices that nobody wants its result any more, on whatever thread it runs.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "error.hpp"
#include "progress.hpp"

namespace rios {

/// Links the steps of a job to the progress function of the thread that runs it: the function is only called there, and
/// what it says reaches the steps on other threads.
class cancellation {
  public:
    /// The calling thread is the one that calls progress.
    explicit cancellation(progress_function progress = {}) : progress_(std::move(progress)) {}
    cancellation(cancellation const&) = delete;
    cancellation& operator=(cancellation const&) = delete;

    /// Tells how far the work is. The caller's thread only. @throws cancelled if progress says so
    void report(std::string_view phase, double done)
    {
        phase_ = phase;
        done_ = done;
        poll();
    }

    /// Tells the same again, while there is nothing new. The caller's thread only. @throws cancelled
    void poll()
    {
        last_asked_ = clock::now();
        rios::report(progress_, phase_, done_);
    }

    /// From now on check() throws. Any thread.
    void stop() noexcept { stopped_ = true; }

    /// To be called now and then (every few milliseconds) by a step, on any thread. @throws cancelled
    void check()
    {
        if (stopped_) throw cancelled();
        if (progress_ && std::this_thread::get_id() == caller_ && clock::now() - last_asked_ > interval) poll();
    }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr auto interval = std::chrono::milliseconds(100);

    progress_function progress_;
    std::thread::id caller_ = std::this_thread::get_id();
    std::atomic<bool> stopped_ = false;
    std::string phase_ = "starting";
    double done_ = 0;
    clock::time_point last_asked_ = clock::now();
};

} // namespace rios
