// SPDX-License-Identifier: BSL-1.0
//
// Statistics of numbers that count several times, in one pass: values of segments weighted by their pixels, say. Used by
// gdal/column_statistics.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace rios {

/// What is known of numbers with weights.
struct number_statistics {
    double count = 0; ///< sum of the weights
    double sum = 0;   ///< of the numbers, each times its weight
    double mean = 0;
    double standard_deviation = 0; ///< of the population
    double minimum = 0;            ///< of the numbers whose weight is not 0
    double maximum = 0;
    std::optional<double> median{}; ///< smallest number that at least half of the weight does not exceed, if asked for
    std::optional<double> mode{};   ///< number of the largest weight, the smallest of several, if asked for
};

/// Takes numbers one by one. Only for the median and the mode are they kept, 16 bytes each.
///
/// The sum of squares is updated about the running mean (West, 1979), so that a large offset of the numbers costs no
/// digits; the sum carries what rounding lost (Neumaier, 1974).
class weighted_statistics {
  public:
    /// What is to be found out.
    enum class extent {
        moments,   ///< all but the following
        quantiles, ///< median and mode as well
    };

    explicit weighted_statistics(extent wanted = extent::moments) : wanted_(wanted) {}

    /// A number that is NaN, or whose weight is not above 0, does not count.
    void add(double number, double weight = 1)
    {
        if (std::isnan(number) || !(weight > 0)) return;
        minimum_ = count_ == 0 ? number : std::min(minimum_, number);
        maximum_ = count_ == 0 ? number : std::max(maximum_, number);
        count_ += weight;
        auto const difference = number - mean_;
        mean_ += difference * (weight / count_);
        squares_ += weight * difference * (number - mean_);
        auto const term = number * weight;
        auto const next = sum_ + term;
        lost_ += std::abs(sum_) >= std::abs(term) ? (sum_ - next) + term : (term - next) + sum_;
        sum_ = next;
        if (wanted_ == extent::quantiles) kept_.emplace_back(number, weight);
    }

    /// None if nothing counted. Complexity: with quantiles, n log n in the numbers.
    [[nodiscard]] std::optional<number_statistics> result() const
    {
        if (count_ == 0) return {};
        number_statistics found{.count = count_,
                                .sum = sum_ + lost_,
                                .mean = (sum_ + lost_) / count_,
                                .standard_deviation = std::sqrt(std::max(squares_, 0.0) / count_),
                                .minimum = minimum_,
                                .maximum = maximum_};
        if (wanted_ == extent::quantiles) find_quantiles(found);
        return found;
    }

  private:
    void find_quantiles(number_statistics& found) const
    {
        auto sorted = kept_;
        std::sort(sorted.begin(), sorted.end());
        double seen = 0;
        double largest = 0;
        for (std::size_t first = 0, next = 0; first < sorted.size(); first = next) {
            auto const number = sorted[first].first;
            double weight = 0;
            for (; next < sorted.size() && sorted[next].first == number; ++next) weight += sorted[next].second;
            seen += weight;
            if (!found.median && seen >= count_ / 2) found.median = number;
            if (weight > largest) {
                largest = weight;
                found.mode = number;
            }
        }
        if (!found.median) found.median = maximum_; // weights whose sum is rounded
    }

    extent wanted_;
    double count_ = 0;
    double mean_ = 0;
    double squares_ = 0;
    double sum_ = 0;
    double lost_ = 0;
    double minimum_ = 0;
    double maximum_ = 0;
    std::vector<std::pair<double, double>> kept_;
};

} // namespace rios
