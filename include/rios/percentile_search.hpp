// SPDX-License-Identifier: BSL-1.0
//
// Percentiles of more numbers than memory should hold: exact, by reading them several times. Used for columns of attribute
// tables.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "error.hpp"
#include "percentile_rank.hpp"

namespace rios {

/// Finds percentiles of numbers that are added anew in each pass, the same ones in any order: the percentile p is the
/// smallest number that at least p percent of them do not exceed (percentile_rank()), and the smallest of all for 0.
///
///     percentile_search search({5, 95});
///     for (; !search.finished(); search.next_pass()) { for (double each : numbers) search.add(each); }
///
/// Memory: half a megabyte for each percentile, whatever the numbers.
class percentile_search {
  public:
    /// @param percentiles 0 to 100 each
    /// @throws options_error naming one that is not
    explicit percentile_search(std::vector<double> const& percentiles)
    {
        for (double const percentile : percentiles) {
            if (!(percentile >= 0 && percentile <= 100)) {
                throw options_error("percentile " + std::to_string(percentile) + ": allowed: 0 to 100");
            }
            wanted_.push_back({.percentile = percentile, .counts = std::vector<std::uint64_t>(bins)});
        }
    }

    /// NaN does not count.
    void add(double number)
    {
        if (std::isnan(number)) return;
        ++count_;
        auto const key = key_of(number);
        for (auto& each : wanted_) {
            // What is known of the percentile are the highest bits of its key.
            if (pass_ == 0 || key >> (64 - digit_bits * pass_) == each.key) ++each.counts[key >> shift() & (bins - 1)];
        }
    }

    /// All numbers have been added once more.
    void next_pass()
    {
        for (auto& each : wanted_) {
            if (pass_ == 0) each.rank = count_ == 0 ? 1 : percentile_rank(each.percentile, count_);
            std::uint64_t digit = 0;
            while (digit + 1 < bins && each.rank > each.counts[digit]) each.rank -= each.counts[digit++];
            each.key = each.key << digit_bits | digit;
            std::fill(each.counts.begin(), each.counts.end(), 0);
        }
        ++pass_;
        if (!finished()) count_ = 0;
    }

    [[nodiscard]] bool finished() const noexcept { return pass_ == passes || (pass_ > 0 && wanted_.empty()); }

    /// How many numbers there are. @pre finished()
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// The percentiles, in the order in which they were asked for; NaN if there are no numbers. @pre finished()
    [[nodiscard]] std::vector<double> result() const
    {
        std::vector<double> found;
        for (auto const& each : wanted_) {
            found.push_back(count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : number_of(each.key));
        }
        return found;
    }

  private:
    static constexpr unsigned digit_bits = 16;
    static constexpr unsigned passes = 64 / digit_bits;
    static constexpr std::uint64_t bins = std::uint64_t{1} << digit_bits;
    static constexpr std::uint64_t sign = std::uint64_t{1} << 63;

    struct search {
        double percentile = 0;
        std::uint64_t rank = 0; // among the numbers with the same highest bits, from 1
        std::uint64_t key = 0;  // its highest bits
        std::vector<std::uint64_t> counts;
    };

    [[nodiscard]] unsigned shift() const noexcept { return 64 - digit_bits * (pass_ + 1); }

    /// Bits that are in the order of the numbers.
    [[nodiscard]] static std::uint64_t key_of(double number) noexcept
    {
        auto const bits = std::bit_cast<std::uint64_t>(number);
        return (bits & sign) != 0 ? ~bits : bits | sign;
    }
    [[nodiscard]] static double number_of(std::uint64_t key) noexcept
    {
        return std::bit_cast<double>((key & sign) != 0 ? key & ~sign : ~key);
    }

    std::vector<search> wanted_;
    unsigned pass_ = 0;
    std::uint64_t count_ = 0;
};

} // namespace rios
