// SPDX-License-Identifier: BSL-1.0
//
// Number, range, mean and spread of pixels, put together from blocks. Numerically stable: the spread is never the difference
// of two large numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <type_traits>
#include <utility>

#include "band_sum.hpp"
#include "null_test.hpp"
#include "pixel_type.hpp"

namespace rios {

/// Pixels of one band of one or more blocks, those that are null left out. Integers: exact.
template <Pixel T>
class pixel_moments {
  public:
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    void add(std::span<T const> pixels, null_test<T> const& is_null)
    {
        for (auto const pixel : pixels) {
            if (is_null(pixel)) continue;
            minimum_ = count_ == 0 ? pixel : std::min(minimum_, pixel);
            maximum_ = count_ == 0 ? pixel : std::max(maximum_, pixel);
            ++count_;
            auto const value = static_cast<std::int64_t>(pixel);
            sum_ += value;
            squares_ += static_cast<detail::int128>(value) * value;
        }
    }

    /// Pixels of which none is null.
    void add(std::span<T const> pixels)
    {
        if (pixels.empty()) return;
        // Sums of so many pixels fit into 64 bits, in loops that become vector instructions.
        constexpr std::size_t most = std::size_t{1} << 31;
        for (std::size_t begin = 0; begin < pixels.size(); begin += most) {
            auto const part = pixels.subspan(begin, std::min(most, pixels.size() - begin));
            auto minimum = part.front();
            auto maximum = part.front();
            std::int64_t sum = 0;
            square_sum squares = 0;
            for (auto const pixel : part) {
                minimum = std::min(minimum, pixel);
                maximum = std::max(maximum, pixel);
                auto const value = static_cast<std::int64_t>(pixel);
                sum += value;
                squares += static_cast<std::uint64_t>(value) * static_cast<std::uint64_t>(value);
            }
            pixel_moments all;
            all.count_ = part.size();
            all.minimum_ = minimum;
            all.maximum_ = maximum;
            all.sum_ = sum;
            all.squares_ = static_cast<detail::int128>(squares);
            merge(all);
        }
    }

    /// So many pixels of one value that is not null.
    void add(T pixel, std::uint64_t times)
    {
        if (times == 0) return;
        minimum_ = count_ == 0 ? pixel : std::min(minimum_, pixel);
        maximum_ = count_ == 0 ? pixel : std::max(maximum_, pixel);
        count_ += times;
        auto const product = static_cast<detail::int128>(pixel) * static_cast<detail::int128>(times);
        sum_ += product;
        squares_ += product * pixel;
    }

    void merge(pixel_moments const& other)
    {
        if (other.count_ == 0) return;
        minimum_ = count_ == 0 ? other.minimum_ : std::min(minimum_, other.minimum_);
        maximum_ = count_ == 0 ? other.maximum_ : std::max(maximum_, other.maximum_);
        count_ += other.count_;
        sum_ += other.sum_;
        squares_ += other.squares_;
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    /// @pre count() is not 0, as below
    [[nodiscard]] double minimum() const noexcept { return static_cast<double>(minimum_); }
    [[nodiscard]] double maximum() const noexcept { return static_cast<double>(maximum_); }
    [[nodiscard]] double sum() const noexcept { return static_cast<double>(sum_); }
    [[nodiscard]] double mean() const noexcept
    {
        return static_cast<double>(static_cast<long double>(sum_) / static_cast<long double>(count_));
    }
    /// Of the population.
    [[nodiscard]] double standard_deviation() const noexcept
    {
        // About the whole number next to the mean, q, all sums are whole, and small ones: with the remainder r of the sum,
        // sum (x - mean)² = sum (x - q)² - r²/n, of which r²/n is at most half of the first sum.
        auto const count = static_cast<detail::int128>(count_);
        auto const small_sum = static_cast<std::int64_t>(sum_);
        auto const small_count = static_cast<std::int64_t>(count_);
        bool const small = small_sum == sum_ && small_count == count; // whose division takes a tenth of the time
        auto whole = small ? small_sum / small_count : sum_ / count;
        auto left = sum_ - whole * count;
        if (2 * left > count) {
            ++whole;
            left -= count;
        } else if (2 * left < -count) {
            --whole;
            left += count;
        }
        auto const rest = static_cast<long double>(left);
        auto const about = squares_ - 2 * whole * sum_ + count * whole * whole;
        auto const n = static_cast<long double>(count_);
        return static_cast<double>(std::sqrt((static_cast<long double>(about) - rest * rest / n) / n));
    }

  private:
    /// Holds the squares of 2^31 pixels.
    using square_sum = std::conditional_t<sizeof(T) <= 2, std::uint64_t, detail::int128>;

    std::uint64_t count_ = 0;
    T minimum_{};
    T maximum_{};
    detail::int128 sum_ = 0;
    detail::int128 squares_ = 0;
};

/// Floating-point pixels: two passes over what is added at once, in a fixed order; sums are merged by the formula of Chan,
/// Golub and LeVeque (1979), whose last bits depend on the order of merging: see ordered_merge. Values whose squares a double
/// cannot hold are scaled by a power of two. The mean is kept with twice
/// the digits of a double: the difference of two means is then exact even where they are large and nearly equal.
template <Pixel T>
    requires std::floating_point<T>
class pixel_moments<T> {
  public:
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    void add(std::span<T const> pixels, null_test<T> const& is_null)
    {
        pixel_moments all;
        double sum = 0;
        double shift = 0; // the first pixel: sums are those of differences
        for (auto const pixel : pixels) {
            if (is_null(pixel)) continue;
            auto const value = static_cast<double>(pixel);
            if (all.count_ == 0) shift = all.minimum_ = all.maximum_ = value;
            all.minimum_ = std::min(all.minimum_, value);
            all.maximum_ = std::max(all.maximum_, value);
            sum += value - shift;
            ++all.count_;
        }
        if (all.count_ == 0) return;
        if (all.is_extreme()) return add_scaled(pixels, is_null, all);
        auto const centre = shift + sum / static_cast<double>(all.count_);
        all.add_squares(pixels, is_null, centre, [](double value) { return value; });
        merge(all);
    }

    /// Pixels of which none is null.
    void add(std::span<T const> pixels) { add(pixels, null_test<T>({})); }

    void merge(pixel_moments const& other)
    {
        if (other.count_ == 0) return;
        if (count_ == 0) {
            *this = other;
            return;
        }
        minimum_ = std::min(minimum_, other.minimum_);
        maximum_ = std::max(maximum_, other.maximum_);
        if (!is_extreme() && exponent_ == 0 && other.exponent_ == 0) return merge_plainly(other);
        // In units in which all is about 1; those of a part that is far smaller make no difference.
        auto const exponent = scale_exponent();
        auto part = other;
        rescale(exponent);
        part.rescale(exponent);
        merge_plainly(part);
        mean_ = std::ldexp(mean_, static_cast<int>(exponent));
        mean_rest_ = std::ldexp(mean_rest_, static_cast<int>(exponent));
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] double minimum() const noexcept { return minimum_; }
    [[nodiscard]] double maximum() const noexcept { return maximum_; }
    [[nodiscard]] double sum() const noexcept
    {
        return mean_ * static_cast<double>(count_) + mean_rest_ * static_cast<double>(count_);
    }
    [[nodiscard]] double mean() const noexcept { return mean_; }
    [[nodiscard]] double standard_deviation() const noexcept
    {
        return std::ldexp(std::sqrt(std::max(0.0, squares_) / static_cast<double>(count_)),
                          static_cast<int>(exponent_));
    }

  private:
    /// Are there values whose squares, or those of their differences, a double may not hold?
    [[nodiscard]] bool is_extreme() const noexcept
    {
        auto const largest = std::max(std::abs(minimum_), std::abs(maximum_));
        return largest > 0x1p+480 || (largest < 0x1p-400 && largest > 0);
    }

    /// The power of two next to the largest value.
    [[nodiscard]] std::int64_t scale_exponent() const noexcept
    {
        auto const largest = std::max(std::abs(minimum_), std::abs(maximum_));
        return largest > 0 ? std::ilogb(largest) : 0;
    }

    /// @param all count, minimum and maximum of the pixels
    void add_scaled(std::span<T const> pixels, null_test<T> const& is_null, pixel_moments all)
    {
        all.exponent_ = all.scale_exponent();
        auto const exponent = static_cast<int>(all.exponent_);
        double sum = 0;
        for (auto const pixel : pixels) {
            if (!is_null(pixel)) sum += std::ldexp(static_cast<double>(pixel), -exponent);
        }
        all.add_squares(pixels, is_null, sum / static_cast<double>(all.count_),
                        [exponent](double value) { return std::ldexp(value, -exponent); });
        all.mean_ = std::ldexp(all.mean_, exponent);
        all.mean_rest_ = std::ldexp(all.mean_rest_, exponent);
        merge(all);
    }

    /// Sets mean and squares. @param centre close to the mean of the pixels @param scaled what is done to each of them first
    template <typename F>
    void add_squares(std::span<T const> pixels, null_test<T> const& is_null, double centre, F scaled)
    {
        double squares = 0;
        double rest = 0; // what rounding of the centre leaves
        for (auto const pixel : pixels) {
            if (is_null(pixel)) continue;
            auto const difference = scaled(static_cast<double>(pixel)) - centre;
            squares += difference * difference;
            rest += difference;
        }
        set_mean(centre, rest / static_cast<double>(count_));
        squares_ = squares - rest * rest / static_cast<double>(count_);
    }

    void merge_plainly(pixel_moments const& other)
    {
        auto const own = static_cast<double>(count_);
        auto const others = static_cast<double>(other.count_);
        auto const difference = (other.mean_ - mean_) + (other.mean_rest_ - mean_rest_);
        count_ += other.count_;
        set_mean(mean_, mean_rest_ + difference * (others / (own + others)));
        squares_ += other.squares_ + difference * difference * (own * (others / (own + others)));
    }

    /// Turns mean and squares into those of values that were divided by 2^exponent.
    void rescale(std::int64_t exponent)
    {
        mean_ = std::ldexp(mean_, static_cast<int>(-exponent));
        mean_rest_ = std::ldexp(mean_rest_, static_cast<int>(-exponent));
        squares_ = std::ldexp(squares_, static_cast<int>(2 * (exponent_ - exponent)));
        exponent_ = exponent;
    }

    /// The sum of both, as a double and what that lacks (Knuth's sum of two).
    void set_mean(double mean, double rest) noexcept
    {
        mean_ = mean + rest;
        auto const added = mean_ - mean;
        mean_rest_ = (mean - (mean_ - added)) + (rest - added);
    }

    std::uint64_t count_ = 0;
    double minimum_ = 0;
    double maximum_ = 0;
    double mean_ = 0;
    double mean_rest_ = 0;
    double squares_ = 0;        // of differences from the mean, divided by 2^exponent, summed
    std::int64_t exponent_ = 0; // not 0 where a double could not hold the squares
};

/// Merges values of blocks pairwise by their numbers, 0 with 1, 2 with 3, then these pairs, so that the result does not
/// depend on the order in which blocks come. Holds the values that wait for their partner.
template <typename Value>
class ordered_merge {
  public:
    /// Takes in the value of a block; each number once.
    void add(std::size_t number, Value value)
    {
        for (int level = 0;; ++level, number /= 2) {
            auto const partner = waiting_.find({number ^ 1, level});
            if (partner == waiting_.end()) {
                waiting_.emplace(std::pair{number, level}, std::move(value));
                return;
            }
            if (number % 2 == 0) {
                value.merge(partner->second);
            } else {
                partner->second.merge(value);
                value = std::move(partner->second);
            }
            waiting_.erase(partner);
        }
    }

    /// All that were added.
    [[nodiscard]] Value total() const
    {
        std::map<std::size_t, Value const*> in_order; // by the first block
        for (auto const& [place, value] : waiting_) in_order.emplace(place.first << place.second, &value);
        Value result{};
        for (auto const& [first, value] : in_order) result.merge(*value);
        return result;
    }

  private:
    std::map<std::pair<std::size_t, int>, Value> waiting_; // by number and level
};

} // namespace rios
