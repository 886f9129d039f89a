// SPDX-License-Identifier: BSL-1.0
//
// Notices that a stage is busy and does not get on: a read from a file system that hangs, a worker in an endless loop.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "stage_options.hpp"

namespace rios::detail {

enum class stage { none, reading, computing };

/// A step that has not ended for too long.
struct stalled_step {
    stage where;
    std::size_t index;
    std::size_t part;
    std::chrono::duration<double> limit;

    /// @param what "a.tif: block 3 (rows 0 to 255, cols 768 to 1023)"
    [[nodiscard]] std::string message(std::string const& what) const
    {
        auto const* const name = where == stage::reading ? "reading" : "computing";
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%g", limit.count());
        return what + ": " + name + " has not ended, and nothing else has been done by this stage, for " + seconds +
               " seconds (the limit stalls." + name + "; 0 switches it off)";
    }
};

/// What each thread is doing, and how long ago each stage last finished something.
///
/// Thread rule: begin() from any thread, with a number of its own; the others from one thread.
class stall_watch {
  public:
    explicit stall_watch(std::size_t threads) : threads_(threads) {}

    /// A step under way; it ends with the object.
    class step {
      public:
        step(std::atomic<stage>& doing, std::atomic<std::size_t>& done) : doing_(doing), done_(done) {}
        step(step const&) = delete;
        step& operator=(step const&) = delete;
        ~step()
        {
            ++done_;
            doing_ = stage::none;
        }

      private:
        std::atomic<stage>& doing_;
        std::atomic<std::size_t>& done_;
    };

    [[nodiscard]] step begin(std::size_t thread, stage where, std::size_t index, std::size_t part)
    {
        auto& mine = threads_[thread];
        mine.index = index;
        mine.part = part;
        mine.begun = clock::now().time_since_epoch().count();
        mine.doing = where;
        return {mine.doing, done_[number(where)]};
    }

    /// To be asked now and then. Time counts from question to question, at most a second for each, so that a process that was
    /// asleep as a whole has not stalled, and from the beginning of the oldest step at most. That is the one which is named.
    [[nodiscard]] std::optional<stalled_step> stalled(stall_limits const& limits)
    {
        auto const now = clock::now();
        auto const passed = std::min<duration>(now - asked_, duration(1));
        asked_ = now;
        std::optional<stalled_step> found;
        for (auto const where : {stage::reading, stage::computing}) {
            auto const limit = where == stage::reading ? limits.reading : limits.computing;
            auto& idle = idle_[number(where)];
            auto const done = done_[number(where)].load();
            activity const* oldest = nullptr;
            for (auto const& each : threads_) {
                if (each.doing == where && (oldest == nullptr || each.begun < oldest->begun)) oldest = &each;
            }
            bool const gets_on = std::exchange(seen_[number(where)], done) != done;
            if (gets_on || oldest == nullptr) {
                idle = duration(0);
                continue;
            }
            auto const begun = clock::time_point(clock::duration(oldest->begun));
            idle = std::clamp<duration>(now - begun, duration(0), idle + passed);
            if (limit > duration(0) && idle > limit && !found) found = {where, oldest->index, oldest->part, limit};
        }
        return found;
    }

    /// Threads in steps of the stages that have stalled, as of the last question.
    [[nodiscard]] std::size_t stalled_threads(stall_limits const& limits) const
    {
        auto const over = [&](stage where) {
            auto const limit = where == stage::reading ? limits.reading : limits.computing;
            return where != stage::none && limit > duration(0) && idle_[number(where)] > limit;
        };
        return static_cast<std::size_t>(
            std::count_if(threads_.begin(), threads_.end(), [&](auto const& each) { return over(each.doing); }));
    }

  private:
    using clock = std::chrono::steady_clock;
    using duration = std::chrono::duration<double>;

    struct activity {
        std::atomic<stage> doing = stage::none;
        std::atomic<std::size_t> index = 0;
        std::atomic<std::size_t> part = 0;
        std::atomic<clock::rep> begun = 0;
    };

    static std::size_t number(stage where) { return where == stage::reading ? 0 : 1; }

    std::deque<activity> threads_;
    std::array<std::atomic<std::size_t>, 2> done_{};
    std::array<std::size_t, 2> seen_{};
    std::array<duration, 2> idle_{};
    clock::time_point asked_ = clock::now();
};

} // namespace rios::detail
