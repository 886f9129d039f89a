// SPDX-License-Identifier: BSL-1.0
//
// Where the time went: named intervals from any thread, summed into a report or exported as a trace (trace.hpp).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rios {

/// One stretch of work on one thread. Times are seconds since the log was made.
struct timed_interval {
    std::string name;
    std::size_t thread = 0; ///< 0 for the first thread that recorded anything, then 1, 2, …
    double start = 0;
    double duration = 0;
};

/// The recorded times of a run, as a value.
struct timings {
    double walltime = 0; ///< seconds from the log's making to its snapshot
    std::vector<timed_interval> intervals;

    /// All intervals of one name.
    struct total {
        std::string name;
        std::size_t count = 0;
        double seconds = 0; ///< summed over all threads, so it may exceed the wall time
    };

    /// Totals by name, in the order in which the names first started.
    [[nodiscard]] std::vector<total> totals() const
    {
        auto ordered = intervals;
        std::stable_sort(ordered.begin(), ordered.end(),
                         [](auto const& a, auto const& b) { return a.start < b.start; });
        std::vector<total> result;
        for (auto const& interval : ordered) {
            auto const same_name = [&](total const& t) { return t.name == interval.name; };
            auto found = std::find_if(result.begin(), result.end(), same_name);
            if (found == result.end()) found = result.insert(result.end(), {interval.name, 0, 0.0});
            ++found->count;
            found->seconds += interval.duration;
        }
        return result;
    }

    /// A table in the layout of RIOS: the wall time, then one line for each name with its summed seconds.
    [[nodiscard]] std::string report() const
    {
        auto const format = [](char const* layout, auto... values) {
            char line[160];
            std::snprintf(line, sizeof line, layout, values...);
            return std::string(line);
        };
        auto text = format("Wall clock elapsed time: %.3f seconds\n\n%-20s       %s\n%s\n", walltime, "Timer",
                           "Total (sec)", std::string(38, '-').c_str());
        for (auto const& each : totals()) text += format("%-20s    %14.3f\n", each.name.c_str(), each.seconds);
        return text;
    }
};

/// Collects intervals from any number of threads.
class timing_log {
  public:
    using clock = std::chrono::steady_clock;

    /// Records the time from its making to its end under a name. An interval that ends by an exception is recorded too.
    class scope {
      public:
        scope(timing_log& log, std::string_view name) : log_(log), name_(name), start_(clock::now()) {}
        scope(scope const&) = delete;
        scope& operator=(scope const&) = delete;
        ~scope() { log_.record(name_, start_, clock::now()); }

      private:
        timing_log& log_;
        std::string_view name_;
        clock::time_point start_;
    };

    /// `auto const timed = log.measure("reading");`
    /// @pre the characters of name outlive the returned object
    [[nodiscard]] scope measure(std::string_view name) { return {*this, name}; }

    /// Adds an interval for the calling thread. An interval that finds no memory is dropped: times are not worth an
    /// error.
    void record(std::string_view name, clock::time_point start, clock::time_point end) noexcept
    try {
        std::lock_guard lock(mutex_);
        auto const thread = threads_.try_emplace(std::this_thread::get_id(), threads_.size()).first->second;
        intervals_.push_back({std::string(name), thread, seconds(start - origin_), seconds(end - start)});
    } catch (...) {
    }

    /// All that was recorded up to now.
    [[nodiscard]] timings snapshot() const
    {
        std::lock_guard lock(mutex_);
        return {seconds(clock::now() - origin_), intervals_};
    }

  private:
    static double seconds(clock::duration time) { return std::chrono::duration<double>(time).count(); }

    mutable std::mutex mutex_;
    clock::time_point origin_ = clock::now();
    std::map<std::thread::id, std::size_t> threads_;
    std::vector<timed_interval> intervals_;
};

} // namespace rios
