// SPDX-License-Identifier: BSL-1.0
//
// How often each value of a band occurs: what exact histograms and statistics are made from (band_histogram.hpp). One
// counts on each thread; they are merged in the end.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "null_test.hpp"
#include "pixel_type.hpp"

namespace rios {

/// A value and the number of pixels that have it.
struct value_count {
    double value = 0;
    std::uint64_t count = 0;

    friend bool operator==(value_count const&, value_count const&) = default;
};

/// Counts the values of a band of T. Null values and what is not finite do not count. In bounded memory: values of 32 bits
/// and more are counted as long as there are no more than `most_values` different ones.
///
/// Sums do not depend on the order of addition. Thread rule: one thread at a time.
template <Pixel T>
class value_counts {
  public:
    static constexpr std::size_t most_values = 65536;

    explicit value_counts(null_test<T> null) : is_null_(null) {}

    void add(std::span<T const> pixels)
    {
        for (auto const pixel : pixels) {
            if (!complete_) return;
            if (!is_null_(pixel)) add(key_of(pixel), 1);
        }
    }

    void merge(value_counts const& other)
    {
        complete_ = complete_ && other.complete_;
        for (auto const& each : other.slots_) {
            if (complete_ && each.count != 0) add(each.key, each.count);
        }
        if (!complete_) forget();
    }

    /// Is every pixel counted? Otherwise there were too many different values, and nothing is known.
    [[nodiscard]] bool complete() const noexcept { return complete_; }

    /// In ascending order. @pre complete()
    [[nodiscard]] std::vector<value_count> values() const
    {
        std::vector<value_count> result;
        for (auto const& each : slots_) {
            if (each.count != 0) result.push_back({static_cast<double>(std::bit_cast<T>(each.key)), each.count});
        }
        std::sort(result.begin(), result.end(), [](auto const& a, auto const& b) { return a.value < b.value; });
        return result;
    }

  private:
    using key_type = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    struct slot {
        key_type key;
        std::uint64_t count;
    };

    static key_type key_of(T pixel) noexcept { return std::bit_cast<key_type>(pixel == T{} ? T{} : pixel); } // -0 is 0

    void add(key_type which, std::uint64_t count)
    {
        if (last_ < slots_.size() && slots_[last_].key == which && slots_[last_].count != 0) {
            slots_[last_].count += count;
            return;
        }
        if (2 * (used_ + 1) > slots_.size()) grow();
        last_ = find(which);
        auto& found = slots_[last_];
        if (found.count == 0) {
            if (used_ == most_values) return forget();
            ++used_;
            found.key = which;
        }
        found.count += count;
    }

    /// Where the key is, or belongs. @pre there is a free slot
    [[nodiscard]] std::size_t find(key_type which) const noexcept
    {
        auto const mask = slots_.size() - 1;
        // Multiplicative hashing (Knuth): of the product only the uppermost bits depend on all of the key.
        auto const product = static_cast<std::uint64_t>(which) * 0x9e37'79b9'7f4a'7c15U;
        auto at = static_cast<std::size_t>(product >> (64 - std::bit_width(mask)));
        while (slots_[at].count != 0 && slots_[at].key != which) at = (at + 1) & mask;
        return at;
    }

    void grow()
    {
        auto const old = std::exchange(slots_, std::vector<slot>(std::max<std::size_t>(256, 2 * slots_.size())));
        for (auto const& each : old) {
            if (each.count != 0) slots_[find(each.key)] = each;
        }
    }

    void forget()
    {
        complete_ = false;
        release(slots_);
    }

    null_test<T> is_null_;
    bool complete_ = true;
    std::vector<slot> slots_; // a power of two of them, at least half of them free
    std::size_t used_ = 0;
    std::size_t last_ = 0; // the slot of the pixel before: neighbours are often equal
};

/// Values of up to 16 bits have a counter each.
template <Pixel T>
    requires(sizeof(T) <= 2)
class value_counts<T> {
  public:
    explicit value_counts(null_test<T> null) : is_null_(null), counts_(values_of_type), recent_(2 * values_of_type) {}

    void add(std::span<T const> pixels)
    {
        // Two sets of counters: the sum of one need not wait for that of the pixel before. They are small, so that more of
        // them stay in the cache.
        auto* const even = recent_.data();
        auto* const odd = even + values_of_type;
        while (!pixels.empty()) {
            auto const part = pixels.first(std::min(pixels.size(), most_recent - recently_));
            std::size_t i = 0;
            for (; i + 1 < part.size(); i += 2) {
                ++even[index_of(part[i])];
                ++odd[index_of(part[i + 1])];
            }
            if (i < part.size()) ++even[index_of(part[i])];
            recently_ += part.size();
            if (recently_ == most_recent) settle();
            pixels = pixels.subspan(part.size());
        }
    }

    void merge(value_counts& other)
    {
        settle();
        other.settle();
        for (std::size_t i = 0; i < values_of_type; ++i) counts_[i] += other.counts_[i];
    }

    [[nodiscard]] static constexpr bool complete() noexcept { return true; }

    [[nodiscard]] std::vector<value_count> values()
    {
        settle();
        std::vector<value_count> result;
        for (int value = std::numeric_limits<T>::min(); value <= std::numeric_limits<T>::max(); ++value) {
            auto const pixel = static_cast<T>(value);
            auto const count = counts_[index_of(pixel)];
            if (count != 0 && !is_null_(pixel)) result.push_back({static_cast<double>(value), count});
        }
        return result;
    }

  private:
    static constexpr std::size_t values_of_type = std::size_t{1} << (8 * sizeof(T));
    static constexpr std::size_t most_recent = std::size_t{1} << 31;

    static std::size_t index_of(T pixel) noexcept { return static_cast<std::make_unsigned_t<T>>(pixel); }

    void settle()
    {
        if (recently_ == 0) return;
        for (std::size_t i = 0; i < values_of_type; ++i) {
            counts_[i] += std::uint64_t{recent_[i]} + recent_[values_of_type + i];
        }
        std::fill(recent_.begin(), recent_.end(), 0U);
        recently_ = 0;
    }

    null_test<T> is_null_;
    std::vector<std::uint64_t> counts_;
    std::vector<std::uint32_t> recent_;
    std::size_t recently_ = 0;
};

} // namespace rios
