// SPDX-License-Identifier: BSL-1.0
#include <rios/weighted_statistics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "support/random_numbers.hpp"

using rios::number_statistics;
using rios::weighted_statistics;

namespace {

/// With every number written out as often as it counts.
number_statistics of_each(std::vector<double> all)
{
    std::sort(all.begin(), all.end());
    number_statistics result{.count = static_cast<double>(all.size()), .minimum = all.front(), .maximum = all.back()};
    long double sum = 0;
    for (auto const each : all) sum += each;
    auto const mean = sum / static_cast<long double>(all.size());
    long double squares = 0;
    std::map<double, int> frequency;
    for (auto const each : all) {
        squares += (each - mean) * (each - mean);
        ++frequency[each];
    }
    result.sum = static_cast<double>(sum);
    result.mean = static_cast<double>(mean);
    result.standard_deviation = static_cast<double>(std::sqrt(squares / static_cast<long double>(all.size())));
    result.median = all[(all.size() - 1) / 2];
    result.mode = std::max_element(frequency.begin(), frequency.end(), [](auto const& a, auto const& b) {
                      return a.second < b.second;
                  })->first;
    return result;
}

} // namespace

TEST_CASE("a number with a weight counts as if it were there so many times")
{
    for (double const offset : {0.0, -3.0, 1e9}) {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            CAPTURE(offset);
            CAPTURE(seed);
            test::random_numbers random(seed);
            weighted_statistics weighted(weighted_statistics::extent::quantiles);
            std::vector<double> all;
            for (std::size_t i = 0, count = 1 + random.below(std::size_t{40}); i < count; ++i) {
                auto const number = offset + static_cast<double>(random.below(8)) / 80;
                auto const weight = i == 0 ? 3 : random.below(std::size_t{5});
                weighted.add(number, static_cast<double>(weight));
                all.insert(all.end(), weight, number);
            }
            auto const expected = of_each(all);
            auto const found = weighted.result().value();
            CHECK(found.count == expected.count);
            CHECK(found.minimum == expected.minimum);
            CHECK(found.maximum == expected.maximum);
            CHECK(found.median == expected.median);
            CHECK(found.mode == expected.mode);
            CHECK(std::abs(found.sum - expected.sum) <= 1e-15 * std::abs(expected.sum));
            CHECK(std::abs(found.mean - expected.mean) <= 1e-15 * std::abs(expected.mean));
            // A sum of squares of such numbers about 0 would give deviations of 16 or so.
            CHECK(std::abs(found.standard_deviation - expected.standard_deviation) <= 1e-7);
        }
    }
}

TEST_CASE("numbers that do not count leave no trace")
{
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    weighted_statistics statistics(weighted_statistics::extent::quantiles);
    statistics.add(nan);
    statistics.add(7, 0);
    statistics.add(8, -1);
    statistics.add(9, nan);
    CHECK_FALSE(statistics.result());
    statistics.add(5, 0.25);
    auto const found = statistics.result().value();
    CHECK(found.count == 0.25);
    CHECK(found.sum == 1.25);
    CHECK(found.mean == 5);
    CHECK(found.standard_deviation == 0);
    CHECK(found.minimum == 5);
    CHECK(found.maximum == 5);
    CHECK(found.median == 5);
    CHECK(found.mode == 5);

    weighted_statistics moments;
    moments.add(1);
    CHECK_FALSE(moments.result()->median);
    CHECK_FALSE(moments.result()->mode);
}
