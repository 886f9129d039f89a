// SPDX-License-Identifier: BSL-1.0
//
// Sums of pixels, in a representation that does not depend on the order of addition: neither the blocks nor the order in
// which they arrive can change a mean.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "pixel_type.hpp"

namespace rios {

namespace detail {

__extension__ typedef __int128 int128;

} // namespace detail

/// Exact sum of integers: 64 bits for pixels of up to 16 bits (room for 2^47 of them), 128 bits for those of 32.
template <std::integral T>
class integer_sum {
  public:
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    void add(T value) noexcept { sum_ += value; }
    void add(integer_sum const& other) noexcept { sum_ += other.sum_; }
    /// The sum, rounded once.
    [[nodiscard]] double value() const noexcept { return static_cast<double>(sum_); }

    friend bool operator==(integer_sum const&, integer_sum const&) = default;

  private:
    std::conditional_t<(sizeof(T) <= 2), std::int64_t, detail::int128> sum_ = 0;
};

/// Sum of finite floating-point numbers that is independent of the order of addition.
///
/// Every number is cut at fixed binary places, multiples of 28 bits, into slices; slices at the same place are added up
/// as integers. The three places from the one of the largest number downwards are kept, and what lies below is left out:
/// at least 56 bits under the leading bit of the largest number. So the sum is exact for float pixels whose magnitudes
/// are within a factor of 2^32 of each other, and otherwise each number is off by less than 2^-56 of the largest. Room
/// for 2^35 numbers. The idea of fixed places: Demmel and Nguyen (2015), "Parallel reproducible summation".
class binned_sum {
  public:
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    void add(double number) noexcept
    {
        auto const bits = std::bit_cast<std::uint64_t>(number);
        auto const exponent_field = static_cast<int>(bits >> 52 & 0x7ff);
        auto const fraction = bits & ((std::uint64_t{1} << 52) - 1);
        if (exponent_field == 0 && fraction == 0) return;
        // |number| = significand · 2^(place - 1074), with place ≥ 0
        auto const significand = exponent_field == 0 ? fraction : fraction | std::uint64_t{1} << 52;
        auto const place = exponent_field == 0 ? 0 : exponent_field - 1;
        auto const leading = (place + static_cast<int>(std::bit_width(significand)) - 1) / width;
        raise_to(leading);
        for (int slice = 0; slice < slices; ++slice) {
            auto const bin = top_ - slice;
            if (bin < 0) break;
            auto const shift = bin * width - place;
            auto const part = static_cast<std::int64_t>(cut(significand, shift));
            bins_[static_cast<std::size_t>(slice)] += bits >> 63 ? -part : part;
        }
    }

    void add(binned_sum const& other) noexcept
    {
        if (other.top_ < 0) return;
        raise_to(other.top_);
        for (int slice = top_ - other.top_; slice < slices; ++slice) {
            bins_[static_cast<std::size_t>(slice)] +=
                other.bins_[static_cast<std::size_t>(slice - (top_ - other.top_))];
        }
    }

    /// The sum, rounded once.
    [[nodiscard]] double value() const noexcept
    {
        if (top_ < 0) return 0;
        detail::int128 total = 0;
        for (auto const bin : bins_) total = total * (std::int64_t{1} << width) + bin;
        return std::ldexp(static_cast<double>(total), (top_ - slices + 1) * width - 1074);
    }

    friend bool operator==(binned_sum const&, binned_sum const&) = default;

  private:
    static constexpr int width = 28;
    static constexpr int slices = 3;

    /// Bits [shift, shift + width) of the significand; shift may be negative.
    static std::uint64_t cut(std::uint64_t significand, int shift) noexcept
    {
        constexpr std::uint64_t mask = (std::uint64_t{1} << width) - 1;
        if (shift >= 64 || shift <= -width) return 0;
        return shift >= 0 ? significand >> shift & mask : significand << -shift & mask;
    }

    void raise_to(int top) noexcept
    {
        if (top <= top_) return;
        auto const lost = top_ < 0 ? slices : std::min(top - top_, slices);
        std::move_backward(bins_.begin(), bins_.end() - lost, bins_.end());
        std::fill_n(bins_.begin(), lost, 0);
        top_ = top;
    }

    std::array<std::int64_t, slices> bins_{}; // from the highest place down
    int top_ = -1;                            // the highest place, -1 while the sum is zero
};

/// The sum of T pixels of one band: `add(T)`, `add(band_sum<T> const&)`, `value()`.
template <Pixel T>
using band_sum =
    std::conditional_t<std::integral<T>, integer_sum<std::conditional_t<std::integral<T>, T, int>>, binned_sum>;

} // namespace rios
