// SPDX-License-Identifier: BSL-1.0
//
// Statistics of pixel values out of their histogram. Written to files by gdal/statistics.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace rios {

/// What a histogram of non-negative whole values says about them.
struct histogram_statistics {
    std::uint64_t count = 0;       ///< number of pixels with data
    std::uint64_t minimum = 0;     ///< smallest value that occurs
    std::uint64_t maximum = 0;     ///< largest value that occurs
    double mean = 0;               ///< in the unit of the values
    double standard_deviation = 0; ///< of the population, in the unit of the values
    std::uint64_t mode = 0;        ///< most frequent value, the smallest of several
    std::uint64_t median = 0;      ///< smallest value that at least half of the pixels do not exceed

    friend bool operator==(histogram_statistics const&, histogram_statistics const&) = default;
};

/// Statistics of the values that are counted: counts[v] pixels have the value v. Value 0 is null and left out. None if
/// there are no other pixels.
/// @pre fewer than 2^64 pixels altogether
[[nodiscard]] inline std::optional<histogram_statistics> statistics_of(std::span<std::uint64_t const> counts)
{
    // Adds what rounding lost to the next term (Neumaier, 1974): a raster may have a billion values.
    class exact_sum {
      public:
        void add(double term)
        {
            auto const next = sum_ + term;
            lost_ += std::abs(sum_) >= std::abs(term) ? (sum_ - next) + term : (term - next) + sum_;
            sum_ = next;
        }
        [[nodiscard]] double value() const { return sum_ + lost_; }

      private:
        double sum_ = 0;
        double lost_ = 0;
    };

    histogram_statistics result;
    exact_sum sum;
    for (std::size_t value = 1; value < counts.size(); ++value) {
        if (counts[value] == 0) continue;
        if (result.count == 0) result.minimum = value;
        result.maximum = value;
        result.count += counts[value];
        if (result.mode == 0 || counts[value] > counts[result.mode]) result.mode = value;
        sum.add(static_cast<double>(value) * static_cast<double>(counts[value]));
    }
    if (result.count == 0) return std::nullopt;

    auto const pixels = static_cast<double>(result.count);
    result.mean = sum.value() / pixels;
    exact_sum squares;
    std::uint64_t seen = 0;
    for (auto value = static_cast<std::size_t>(result.minimum); value <= result.maximum; ++value) {
        auto const difference = static_cast<double>(value) - result.mean;
        squares.add(difference * difference * static_cast<double>(counts[value]));
        seen += counts[value];
        if (result.median == 0 && seen >= result.count - result.count / 2) result.median = value;
    }
    result.standard_deviation = std::sqrt(squares.value() / pixels);
    return result;
}

} // namespace rios
