// SPDX-License-Identifier: BSL-1.0
#include <rios/percentile_search.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"

namespace {

std::vector<double> found(std::vector<double> const& numbers, std::vector<double> const& percentiles)
{
    rios::percentile_search search(percentiles);
    for (; !search.finished(); search.next_pass()) {
        for (double const each : numbers) search.add(each);
    }
    return search.result();
}

/// The same by sorting.
std::vector<double> sorted(std::vector<double> numbers, std::vector<double> const& percentiles)
{
    std::erase_if(numbers, [](double number) { return std::isnan(number); });
    std::sort(numbers.begin(), numbers.end());
    std::vector<double> result;
    for (double const percentile : percentiles) {
        std::size_t at = 0;
        while (static_cast<double>(at + 1) * 100 < percentile * static_cast<double>(numbers.size())) ++at;
        result.push_back(numbers[at]);
    }
    return result;
}

} // namespace

TEST_CASE("a percentile is the smallest number that so many percent of them do not exceed")
{
    std::vector<double> numbers(100);
    for (std::size_t i = 0; i < 100; ++i) numbers[i] = static_cast<double>(100 - i);
    CHECK(found(numbers, {0, 1, 5, 5.5, 50, 95, 100}) == std::vector<double>{1, 1, 5, 6, 50, 95, 100});
    CHECK(found({7}, {0, 50, 100}) == std::vector<double>{7, 7, 7});
    CHECK(found({2, 1}, {50, 50.1}) == std::vector<double>{1, 2});
    for (std::size_t i = 100; i < 1000; ++i) numbers.push_back(static_cast<double>(i + 1));
    CHECK(found(numbers, {16.1, 32.7}) == std::vector<double>{161, 327}); // in doubles a little more than that
}

TEST_CASE("percentiles are exact for numbers of all sizes and signs, and NaN does not count")
{
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    std::vector<double> const percentiles{0, 5, 10, 33.3, 50, 66.7, 95, 100};
    std::vector<double> const rare{-infinity, -1e300,    -1,    -1e-310,  0,           5e-324,
                                   1,         1 + 1e-15, 1e300, infinity, std::nan("")};
    CHECK(found(rare, percentiles) == sorted(rare, percentiles));
    test::random_numbers random(3);
    for (std::size_t const count : {1U, 2U, 3U, 10U, 1000U}) {
        std::vector<double> numbers(count);
        for (auto& each : numbers) each = (random.unit() - 0.5) * std::pow(10.0, random.between(-3, 3));
        CHECK(found(numbers, percentiles) == sorted(numbers, percentiles));
        for (auto& each : numbers) each = std::round(each); // many equal ones
        CHECK(found(numbers, percentiles) == sorted(numbers, percentiles));
    }
}

TEST_CASE("percentiles of nothing are NaN, and there are none beyond 100")
{
    CHECK(std::isnan(found({}, {50})[0]));
    CHECK(std::isnan(found({std::nan("")}, {50})[0]));
    CHECK(found({1, 2}, {}).empty());
    for (double const bad : {-0.1, 100.1, std::nan("")}) {
        CHECK(test::message_of<rios::options_error>([&] {
                  rios::percentile_search({50, bad});
              }).ends_with("allowed: 0 to 100"));
    }
}
