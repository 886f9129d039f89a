// SPDX-License-Identifier: BSL-1.0
//
// The statistics of one segment in one band, out of its values. The result depends on the values, not on their order. Segments
// that come in pieces: growing_values.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <rios/null_test.hpp>
#include <rios/percentile_rank.hpp>
#include <rios/pixel_moments.hpp>
#include <rios/pixel_type.hpp>

#include "statistic.hpp"

namespace shepseg {

/// What is wanted of a band, and in which columns of a row it goes.
class band_plan {
  public:
    /// @param first_column of the statistics, which follow each other
    band_plan(std::vector<statistic> const& statistics, std::size_t first_column)
    {
        auto column = first_column;
        for (auto const& each : statistics) {
            if (each.kind == statistic_kind::median) percentiles_.push_back({50, column});
            else if (each.kind == statistic_kind::percentile) percentiles_.push_back({each.percent, column});
            else if (each.kind == statistic_kind::mode) modes_.push_back(column);
            else plain_.push_back({each.kind, column});
            ++column;
        }
        std::sort(percentiles_.begin(), percentiles_.end(),
                  [](auto const& a, auto const& b) { return a.percent < b.percent; });
    }

    struct percentile {
        double percent;
        std::size_t column;
    };
    struct plain {
        statistic_kind kind;
        std::size_t column;
    };

    /// Ascending.
    [[nodiscard]] std::vector<percentile> const& percentiles() const noexcept { return percentiles_; }
    [[nodiscard]] std::vector<std::size_t> const& modes() const noexcept { return modes_; } ///< columns
    [[nodiscard]] std::vector<plain> const& others() const noexcept { return plain_; }

    /// Is there anything for which moments do not do?
    [[nodiscard]] bool needs_order() const noexcept { return !percentiles_.empty() || !modes_.empty(); }

    /// Sets the columns of a segment without valid pixels.
    void set_missing(std::uint64_t pixels, double missing, std::span<double> row) const
    {
        for (auto const& each : percentiles_) row[each.column] = missing;
        for (auto const column : modes_) row[column] = missing;
        for (auto const& each : plain_) {
            row[each.column] = each.kind == statistic_kind::count         ? static_cast<double>(pixels)
                               : each.kind == statistic_kind::valid_count ? 0
                                                                          : missing;
        }
    }

  private:
    std::vector<percentile> percentiles_;
    std::vector<std::size_t> modes_;
    std::vector<plain> plain_;
};

namespace detail {

/// Values of an integer band that are equal.
template <typename T>
struct value_run {
    T value;
    std::uint64_t times;
};

template <rios::Pixel T>
void set_moments(rios::pixel_moments<T> const& moments, std::uint64_t pixels, band_plan const& plan,
                 std::span<double> row)
{
    for (auto const& each : plan.others()) {
        auto& place = row[each.column];
        switch (each.kind) {
        case statistic_kind::count: place = static_cast<double>(pixels); break;
        case statistic_kind::valid_count: place = static_cast<double>(moments.count()); break;
        case statistic_kind::minimum: place = moments.minimum(); break;
        case statistic_kind::maximum: place = moments.maximum(); break;
        case statistic_kind::mean: place = moments.mean(); break;
        case statistic_kind::stddev: place = moments.standard_deviation(); break;
        case statistic_kind::sum: place = moments.sum(); break;
        default: break;
        }
    }
}

/// Mean and sum of floating-point values. What rounding takes from the sum is summed, too (Ogita, Rump and Oishi, 2005): as if
/// with twice the digits.
template <typename T>
void set_sums(std::span<T const> values, band_plan const& plan, std::span<double> row)
{
    double sum = 0;
    double lost = 0;
    for (double const value : values) {
        auto const before = sum;
        sum += value;
        auto const added = sum - before;
        lost += (before - (sum - added)) + (value - added);
    }
    if (!rios::is_finite(sum) || !rios::is_finite(lost)) return; // the sum of differences may have been
    auto const n = static_cast<double>(values.size());
    auto const quotient = sum / n;
    for (auto const& each : plan.others()) {
        if (each.kind == statistic_kind::sum) row[each.column] = sum + lost;
        if (each.kind == statistic_kind::mean) {
            row[each.column] = quotient + (std::fma(-quotient, n, sum) + lost) / n;
        }
    }
}

/// Percentiles and modes of values in ascending order.
template <typename T>
void set_order(std::span<T const> sorted, band_plan const& plan, std::span<double> row)
{
    for (auto const& each : plan.percentiles()) {
        row[each.column] = static_cast<double>(sorted[rios::percentile_rank(each.percent, sorted.size()) - 1]);
    }
    if (plan.modes().empty()) return;
    T mode{};
    std::size_t most = 0;
    for (std::size_t first = 0; first < sorted.size();) {
        auto last = first;
        while (last < sorted.size() && sorted[last] == sorted[first]) ++last;
        if (last - first > most) {
            most = last - first;
            mode = sorted[first];
        }
        first = last;
    }
    for (auto const column : plan.modes()) row[column] = static_cast<double>(mode);
}

/// The same of runs in ascending order.
template <typename T>
void set_order(std::span<value_run<T> const> runs, std::uint64_t count, band_plan const& plan, std::span<double> row)
{
    std::uint64_t seen = 0;
    std::size_t next = 0;
    for (auto const& each : plan.percentiles()) {
        auto const rank = rios::percentile_rank(each.percent, count);
        while (seen < rank) seen += runs[next++].times;
        row[each.column] = static_cast<double>(runs[next - 1].value);
    }
    if (plan.modes().empty()) return;
    auto const mode =
        std::max_element(runs.begin(), runs.end(), [](auto const& a, auto const& b) { return a.times < b.times; });
    for (auto const column : plan.modes()) row[column] = static_cast<double>(mode->value);
}

/// Whether to count values or to sort them. Counting takes little for each value that is possible, sorting much for each that
/// there is; but counts shall not take more memory than the values, or a few megabytes.
[[nodiscard]] constexpr bool counting_pays(std::size_t range, std::size_t values) noexcept
{
    constexpr std::size_t always_room = 1 << 20;
    return range <= 64 * values + 64 && range <= std::max(always_room, values) &&
           values <= std::numeric_limits<std::uint32_t>::max();
}

/// How often values occur that lie in a small range; with sums of 64 values each, so that a rank is found in few steps.
template <typename T>
class counted_range {
  public:
    /// @param values of which none is less than lowest, nor as large as lowest + range. They must stay until clear().
    void count(std::span<T const> values, std::int64_t lowest, std::size_t range)
    {
        values_ = values;
        lowest_ = lowest;
        range_ = range;
        if (counts_.size() < range) {
            counts_.resize(range);
            sums_.resize(range / 64 + 1);
        }
        for (auto const value : values) {
            ++counts_[number_of(value)];
            ++sums_[number_of(value) / 64];
        }
    }

    /// To be called before the next count(). Few values are quicker taken back than a whole range is set to 0.
    void clear() noexcept
    {
        if (values_.size() > range_ / 8) {
            std::fill_n(counts_.begin(), range_, 0U);
            std::fill_n(sums_.begin(), range_ / 64 + 1, 0U);
            return;
        }
        for (auto const value : values_) counts_[number_of(value)] = sums_[number_of(value) / 64] = 0;
    }

    /// Finds ranks that do not descend.
    class search {
      public:
        explicit search(counted_range const& of) : of_(&of) {}
        /// The value at a rank, from 1 to the number of values.
        [[nodiscard]] double value_at(std::uint64_t rank) noexcept
        {
            while (before_ + of_->sums_[group_] < rank) before_ += of_->sums_[group_++];
            auto seen = before_;
            auto number = group_ * 64;
            while ((seen += of_->counts_[number]) < rank) ++number;
            return of_->value_of(number);
        }

      private:
        counted_range const* of_;
        std::size_t group_ = 0;
        std::uint64_t before_ = 0; // values before the group
    };

    /// The most frequent value, the smallest of several.
    [[nodiscard]] double mode() const noexcept
    {
        auto const end = counts_.begin() + static_cast<std::ptrdiff_t>(range_);
        return value_of(static_cast<std::size_t>(std::max_element(counts_.begin(), end) - counts_.begin()));
    }

  private:
    [[nodiscard]] std::size_t number_of(T value) const noexcept
    {
        return static_cast<std::size_t>(static_cast<std::int64_t>(value) - lowest_);
    }
    [[nodiscard]] double value_of(std::size_t number) const noexcept
    {
        return static_cast<double>(lowest_ + static_cast<std::int64_t>(number));
    }

    std::span<T const> values_;
    std::int64_t lowest_ = 0;
    std::size_t range_ = 0;
    std::vector<std::uint32_t> counts_; // all 0 between clear() and count()
    std::vector<std::uint32_t> sums_;
};

} // namespace detail

/// Computes what a band_plan wants. Has scratch memory: one object for each thread.
template <rios::Pixel T>
class value_statistics {
  public:
    /// @param values of the segment's valid pixels, in any order, in which they need not stay
    /// @param pixels of the segment, null or not
    /// @param missing for what is not known of a segment without valid pixels
    /// @param row of the segment; the plan's columns are set
    /// Complexity: n log n of the values in the worst case.
    void operator()(std::span<T> values, std::uint64_t pixels, band_plan const& plan, double missing,
                    std::span<double> row)
    {
        if (values.empty()) return plan.set_missing(pixels, missing, row);
        rios::pixel_moments<T> moments;
        if constexpr (std::floating_point<T>) {
            // -0 and 0 are equal, so sorting would leave them in any order.
            for (auto& value : values) value = value == T{0} ? T{0} : value;
            // Sums of floating-point numbers depend on their order: this one is that of nobody's windows.
            std::sort(values.begin(), values.end());
            moments.add(values);
            detail::set_order(std::span<T const>(values), plan, row);
            detail::set_moments(moments, pixels, plan, row);
            detail::set_sums(std::span<T const>(values), plan, row);
        } else {
            moments.add(values);
            if (plan.needs_order()) set_integer_order(values, moments, plan, row);
            detail::set_moments(moments, pixels, plan, row);
        }
    }

  private:
    void set_integer_order(std::span<T> values, rios::pixel_moments<T> const& moments, band_plan const& plan,
                           std::span<double> row)
    {
        auto const lowest = static_cast<std::int64_t>(moments.minimum());
        auto const range = static_cast<std::size_t>(static_cast<std::int64_t>(moments.maximum()) - lowest) + 1;
        if (!detail::counting_pays(range, values.size())) {
            std::sort(values.begin(), values.end());
            return detail::set_order(std::span<T const>(values), plan, row);
        }
        counts_.count(values, lowest, range);
        typename detail::counted_range<T>::search search(counts_);
        for (auto const& each : plan.percentiles()) {
            row[each.column] = search.value_at(rios::percentile_rank(each.percent, values.size()));
        }
        if (!plan.modes().empty()) {
            auto const mode = counts_.mode();
            for (auto const column : plan.modes()) row[column] = mode;
        }
        counts_.clear();
    }

    detail::counted_range<T> counts_;
};

} // namespace shepseg
