// SPDX-License-Identifier: BSL-1.0
//
// Where the time went: named intervals from any thread, summed into a report or exported as a trace (trace.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
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

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.name, self.thread, self.start, self.duration);
    }
};

/// How the intervals of one timer are distributed, in seconds. Quantiles are interpolated linearly between the order
/// statistics, at rank p · (n - 1), as numpy does.
struct timing_summary {
    std::size_t count = 0;
    double total = 0; ///< summed over all threads, so it may exceed the wall time
    double minimum = 0;
    double lower = 0; ///< the 25 % quantile
    double median = 0;
    double upper = 0; ///< the 75 % quantile
    double maximum = 0;
};

/// What timings::report shows of each timer.
enum class report_detail {
    totals,    ///< its seconds
    quantiles, ///< these, and how they are distributed over its intervals
};

/// The timers of RIOS in the order of its reports. docs/timings.md says what they measure.
[[nodiscard]] inline std::vector<std::string> rios_timer_order()
{
    return {"reading",
            "startcomputeworkers",
            "userfunction",
            "writing",
            "pyramids",
            "basicstats",
            "histogram",
            "beforeclose",
            "insert_readbuffer",
            "pop_readbuffer",
            "insert_computebuffer",
            "pop_computebuffer"};
}

namespace detail {

/// Whether the timer `now` measures what `before` did in RIOS 2.0.0, or a part of that.
[[nodiscard]] inline bool was_called(std::string_view now, std::string_view before)
{
    using renaming = std::pair<std::string_view, std::string_view>;
    constexpr std::array<renaming, 8> renamed{{{"insert_readbuffer", "add_inbuffer"},
                                               {"pop_readbuffer", "pop_inbuffer"},
                                               {"insert_computebuffer", "add_outbuffer"},
                                               {"pop_computebuffer", "pop_outbuffer"},
                                               {"pyramids", "closing"},
                                               {"basicstats", "closing"},
                                               {"histogram", "closing"},
                                               {"beforeclose", "closing"}}};
    return std::find(renamed.begin(), renamed.end(), renaming(now, before)) != renamed.end();
}

} // namespace detail

/// The recorded times of a run, as a value that can travel as bytes.
///
/// A run of very many blocks has more intervals than are worth keeping: `intervals` are the first of each name, from which
/// come quantiles and traces, and `uncounted` says how many more there were of each name, and what they add up to.
///
/// A timer that is asked for, or listed in `order`, is the one that was recorded under just that name. If there is none,
/// its name may be one of RIOS 2.0.0: add_inbuffer is insert_readbuffer, pop_inbuffer is pop_readbuffer, add_outbuffer is
/// insert_computebuffer, pop_outbuffer is pop_computebuffer, and closing is pyramids, basicstats, histogram and
/// beforeclose together.
struct timings {
    double walltime = 0; ///< seconds from the log's making to its snapshot
    std::vector<timed_interval> intervals{};
    std::vector<std::string> order{}; ///< the timers that come first in totals and reports

    /// The intervals of one name that are not kept. Seconds.
    struct rest {
        std::string name;
        std::size_t count = 0;
        double seconds = 0;
        double minimum = 0;
        double maximum = 0;

        void add(rest const& more)
        {
            minimum = count == 0 ? more.minimum : std::min(minimum, more.minimum);
            maximum = std::max(maximum, more.maximum);
            count += more.count;
            seconds += more.seconds;
        }

        template <typename Self, typename A>
        static void members(Self& self, A& archive)
        {
            archive(self.name, self.count, self.seconds, self.minimum, self.maximum);
        }
    };
    std::vector<rest> uncounted{};

    /// All intervals of one name.
    struct total {
        std::string name;
        std::size_t count = 0;
        double seconds = 0; ///< summed over all threads, so it may exceed the wall time
    };

    /// Totals by name: those in `order` come first, as they stand there, then the others in the order in which they first
    /// started.
    [[nodiscard]] std::vector<total> totals() const
    {
        std::vector<timed_interval const*> by_start;
        by_start.reserve(intervals.size());
        for (auto const& interval : intervals) by_start.push_back(&interval);
        std::stable_sort(by_start.begin(), by_start.end(),
                         [](auto const* a, auto const* b) { return a->start < b->start; });
        std::vector<total> result;
        auto const find = [&result](std::string_view name) {
            return std::find_if(result.begin(), result.end(), [&](total const& t) { return t.name == name; });
        };
        for (auto const* const interval : by_start) {
            auto found = find(interval->name);
            if (found == result.end()) found = result.insert(result.end(), {interval->name, 0, 0.0});
            ++found->count;
            found->seconds += interval->duration;
        }
        for (auto const& more : uncounted) {
            auto found = find(more.name);
            if (found == result.end()) found = result.insert(result.end(), {more.name, 0, 0.0});
            found->count += more.count;
            found->seconds += more.seconds;
        }
        std::vector<std::string> first;
        for (auto const& name : order) {
            bool const recorded = find(name) != result.end();
            for (auto const& each : result) {
                if (each.name == name || (!recorded && detail::was_called(each.name, name))) first.push_back(each.name);
            }
        }
        auto const place = [&first](total const& t) { return std::find(first.begin(), first.end(), t.name); };
        std::stable_sort(result.begin(), result.end(),
                         [&](total const& a, total const& b) { return place(a) < place(b); });
        return result;
    }

    /// The seconds that each interval of a timer took, in the order of recording; of those that are kept.
    [[nodiscard]] std::vector<double> durations(std::string_view name) const
    {
        std::vector<double> result;
        auto const take = [&](auto const& wanted) {
            for (auto const& interval : intervals) {
                if (wanted(interval.name)) result.push_back(interval.duration);
            }
        };
        take([&](auto const& recorded) { return recorded == name; });
        if (result.empty()) take([&](auto const& recorded) { return detail::was_called(recorded, name); });
        return result;
    }

    /// The distribution of a timer's durations; none if nothing was recorded. "walltime" is the wall time, unless that
    /// was recorded.
    [[nodiscard]] std::optional<timing_summary> summary(std::string_view name) const
    {
        auto sorted = durations(name);
        if (sorted.empty() && name == "walltime") sorted.push_back(walltime);
        if (sorted.empty()) return std::nullopt;
        std::sort(sorted.begin(), sorted.end());
        auto const quantile = [&](double part) {
            auto const rank = part * static_cast<double>(sorted.size() - 1);
            auto const below = static_cast<std::size_t>(rank);
            auto const above = std::min(below + 1, sorted.size() - 1);
            return std::lerp(sorted[below], sorted[above], rank - static_cast<double>(below));
        };
        rest all{.name = {}, // as it was recorded, or under its name of today
                 .count = sorted.size(),
                 .seconds = std::accumulate(sorted.begin(), sorted.end(), 0.0),
                 .minimum = sorted.front(),
                 .maximum = sorted.back()};
        bool const renamed =
            std::none_of(intervals.begin(), intervals.end(), [&](auto const& i) { return i.name == name; });
        for (auto const& more : uncounted) {
            if (more.name == name || (renamed && detail::was_called(more.name, name))) all.add(more);
        }
        return timing_summary{.count = all.count,
                              .total = all.seconds,
                              .minimum = all.minimum,
                              .lower = quantile(0.25),
                              .median = quantile(0.5),
                              .upper = quantile(0.75),
                              .maximum = all.maximum};
    }

    /// Takes over the intervals of another run or process, whose threads get the numbers after those that exist. The wall
    /// time becomes the larger of both. Starts still count from the making of the log that they were recorded in.
    void merge(timings const& other)
    {
        std::size_t first_thread = 0;
        for (auto const& interval : intervals) first_thread = std::max(first_thread, interval.thread + 1);
        auto const count = other.intervals.size(); // that of before, should this be merged with itself
        for (std::size_t i = 0; i < count; ++i) {
            auto taken = other.intervals[i];
            taken.thread += first_thread;
            intervals.push_back(std::move(taken));
        }
        walltime = std::max(walltime, other.walltime);
        for (auto const& more : std::vector(other.uncounted)) add_uncounted(uncounted, more);
    }

    /// Adds to the entry of that name, which is made if there is none.
    static void add_uncounted(std::vector<rest>& list, rest const& more)
    {
        auto const found =
            std::find_if(list.begin(), list.end(), [&](auto const& each) { return each.name == more.name; });
        if (found == list.end()) list.push_back(more);
        else found->add(more);
    }

    /// A table in the layout of RIOS: the wall time, then a line for each name with its summed seconds. With quantiles, a
    /// second table has the number of intervals and minimum, quartiles and maximum of their seconds.
    [[nodiscard]] std::string report(report_detail shown = report_detail::totals) const
    {
        auto const format = [](char const* layout, auto... values) {
            char text[160];
            std::snprintf(text, sizeof text, layout, values...);
            return std::string(text);
        };
        auto const line = [](std::string name, std::string const& text_after) {
            constexpr std::size_t width = 20;
            if (name.size() < width) name.resize(width, ' ');
            return name + "    " + text_after + '\n';
        };
        constexpr auto const* rule = "--------------------------------\n";
        auto const all = totals();
        auto text =
            format("Wall clock elapsed time: %.3f seconds\n\n", walltime) + line("Timer", "   Total (sec)") + rule;
        for (auto const& each : all) text += line(each.name, format("%8.3f", each.seconds));
        if (shown == report_detail::totals) return text;
        text += "\n\n" + line("Timer", "N,Min,Lower,Median,Upper,Max") + rule;
        for (auto const& each : all) {
            auto const of = summary(each.name).value();
            text += line(each.name, format("%zu,%.4f,%.4f,%.4f,%.4f,%.4f", of.count, of.minimum, of.lower, of.median,
                                           of.upper, of.maximum));
        }
        return text;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.walltime, self.intervals, self.order, self.uncounted);
    }
};

/// Collects intervals from any number of threads.
class timing_log {
  public:
    using clock = std::chrono::steady_clock;

    static constexpr std::size_t default_capacity = 200'000;

    /// @param order the timers that come first in totals and reports
    /// @param capacity most intervals of each name that are kept, about 70 bytes each; of those that come later, only sums
    explicit timing_log(std::vector<std::string> order = {}, std::size_t capacity = default_capacity)
        : order_(std::move(order)), capacity_(capacity)
    {
    }

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
        timed_interval interval{std::string(name), 0, seconds(start - origin_), seconds(end - start)};
        std::lock_guard lock(mutex_);
        auto& kept = kept_.try_emplace(interval.name, 0).first->second;
        if (kept >= capacity_) {
            timings::add_uncounted(uncounted_, {.name = std::move(interval.name),
                                                .count = 1,
                                                .seconds = interval.duration,
                                                .minimum = interval.duration,
                                                .maximum = interval.duration});
            return;
        }
        auto const [thread, is_new] = threads_.try_emplace(std::this_thread::get_id(), next_thread_);
        if (is_new) ++next_thread_;
        interval.thread = thread->second;
        intervals_.push_back(std::move(interval));
        ++kept;
    } catch (...) {
    }

    /// Takes over what another process recorded (timings::merge).
    void merge(timings const& other)
    {
        std::lock_guard lock(mutex_);
        auto const first_thread = next_thread_;
        for (auto const& each : other.intervals) {
            next_thread_ = std::max(next_thread_, first_thread + each.thread + 1);
            auto& kept = kept_.try_emplace(each.name, 0).first->second;
            if (kept >= capacity_) {
                timings::add_uncounted(uncounted_, {.name = each.name,
                                                    .count = 1,
                                                    .seconds = each.duration,
                                                    .minimum = each.duration,
                                                    .maximum = each.duration});
                continue;
            }
            intervals_.push_back(each);
            intervals_.back().thread += first_thread;
            ++kept;
        }
        for (auto const& more : other.uncounted) timings::add_uncounted(uncounted_, more);
    }

    /// All that was recorded up to now.
    [[nodiscard]] timings snapshot() const
    {
        std::lock_guard lock(mutex_);
        return {.walltime = seconds(clock::now() - origin_),
                .intervals = intervals_,
                .order = order_,
                .uncounted = uncounted_};
    }

  private:
    static double seconds(clock::duration time) { return std::chrono::duration<double>(time).count(); }

    mutable std::mutex mutex_;
    clock::time_point const origin_ = clock::now();
    std::vector<std::string> const order_;
    std::size_t const capacity_;
    std::map<std::thread::id, std::size_t> threads_; // of this process
    std::size_t next_thread_ = 0;                    // behind those, and those of others
    std::map<std::string, std::size_t> kept_;        // intervals of each name
    std::vector<timed_interval> intervals_;
    std::vector<timings::rest> uncounted_;
};

} // namespace rios
