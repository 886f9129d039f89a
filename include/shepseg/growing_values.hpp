// SPDX-License-Identifier: BSL-1.0
//
// The values of a segment that comes in pieces, of one band: kept until the segment is complete, then made into statistics.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <rios/memory.hpp>
#include <rios/pixel_moments.hpp>
#include <rios/pixel_type.hpp>

#include "statistic.hpp"
#include "value_statistics.hpp"

namespace shepseg {

/// What has to be kept of a band for a plan, so that it does not matter in which pieces the values come.
///
/// Memory: of integers of which no order is wanted a few sums; of other integers at most a run for each different value; of
/// floating-point pixels all values.
template <rios::Pixel T>
class growing_values {
  public:
    /// Does the plan need values one by one? If not, moments are all that has to be brought here.
    [[nodiscard]] static bool keeps_values(band_plan const& plan) noexcept
    {
        return std::floating_point<T> || plan.needs_order();
    }

    /// Takes in values of valid pixels. @pre keeps_values()
    void add(std::span<T const> values)
    {
        values_.insert(values_.end(), values.begin(), values.end());
        if constexpr (!std::floating_point<T>) {
            if (values_.size() >= std::max(least_to_count, 2 * runs_.size())) count();
        }
    }
    /// Takes in moments of valid pixels. @pre not keeps_values()
    void add(rios::pixel_moments<T> const& moments) { moments_.merge(moments); }

    /// Sets the plan's columns of a row. Afterwards there are no values any more.
    void finish(std::uint64_t pixels, band_plan const& plan, double missing, std::span<double> row,
                value_statistics<T>& statistics)
    {
        if (runs_.empty() && keeps_values(plan)) {
            statistics(values_, pixels, plan, missing, row);
            rios::release(values_);
            return;
        }
        if constexpr (!std::floating_point<T>) {
            if (!runs_.empty()) {
                count();
                for (auto const& run : runs_) moments_.add(run.value, run.times);
                detail::set_order(std::span<detail::value_run<T> const>(runs_), moments_.count(), plan, row);
                rios::release(runs_);
            }
        }
        auto const moments = std::exchange(moments_, {});
        if (moments.count() == 0) return plan.set_missing(pixels, missing, row);
        detail::set_moments(moments, pixels, plan, row);
    }

  private:
    static constexpr std::size_t least_to_count = 1 << 16;

    /// Makes runs of the values.
    void count()
    {
        std::sort(values_.begin(), values_.end());
        std::vector<detail::value_run<T>> all;
        auto old = runs_.begin();
        for (std::size_t first = 0; first < values_.size();) {
            auto last = first;
            while (last < values_.size() && values_[last] == values_[first]) ++last;
            for (; old != runs_.end() && old->value < values_[first]; ++old) all.push_back(*old);
            all.push_back({.value = values_[first], .times = last - first});
            if (old != runs_.end() && old->value == values_[first]) all.back().times += (old++)->times;
            first = last;
        }
        all.insert(all.end(), old, runs_.end());
        runs_ = std::move(all);
        values_.clear();
    }

    std::vector<T> values_;
    std::vector<detail::value_run<T>> runs_; // ascending
    rios::pixel_moments<T> moments_;
};

} // namespace shepseg
