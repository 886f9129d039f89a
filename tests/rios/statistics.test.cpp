// SPDX-License-Identifier: BSL-1.0
#include <rios/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using counts = std::vector<std::uint64_t>;
using rios::statistics_of;

TEST_CASE("a histogram without pixels but null has no statistics")
{
    CHECK_FALSE(statistics_of(counts{}));
    CHECK_FALSE(statistics_of(counts{7}));
    CHECK_FALSE(statistics_of(counts{7, 0, 0}));
}

TEST_CASE("statistics of hand-worked histograms leave out null")
{
    // 1 1 2 4, and five null pixels
    auto const four = statistics_of(counts{5, 2, 1, 0, 1, 0});
    REQUIRE(four);
    CHECK(*four == rios::histogram_statistics{.count = 4,
                                              .minimum = 1,
                                              .maximum = 4,
                                              .mean = 2,
                                              .standard_deviation = std::sqrt(1.5),
                                              .mode = 1,
                                              .median = 1});
    // 2 3 3
    auto const odd = statistics_of(counts{0, 0, 1, 2});
    REQUIRE(odd);
    CHECK(odd->median == 3);
    CHECK(odd->mode == 3);
    CHECK(odd->minimum == 2);

    auto const constant = statistics_of(counts{0, 0, 0, 9});
    REQUIRE(constant);
    CHECK(constant->mean == 3);
    CHECK(constant->standard_deviation == 0);
    CHECK(constant->median == 3);
}

TEST_CASE("of several most frequent values the mode is the smallest")
{
    CHECK(statistics_of(counts{9, 1, 3, 2, 3})->mode == 2);
}

TEST_CASE("statistics equal those of the single values")
{
    std::mt19937 random(4);
    for (int round = 0; round < 200; ++round) {
        counts histogram(1 + random() % 40);
        std::vector<double> values;
        for (auto& count : histogram) count = random() % 3 == 0 ? random() % 9 : 0;
        for (std::size_t value = 1; value < histogram.size(); ++value) {
            values.insert(values.end(), histogram[value], static_cast<double>(value));
        }
        auto const result = statistics_of(histogram);
        REQUIRE(result.has_value() == !values.empty());
        if (values.empty()) continue;
        double sum = 0;
        for (auto const value : values) sum += value;
        auto const mean = sum / static_cast<double>(values.size());
        double squares = 0;
        for (auto const value : values) squares += (value - mean) * (value - mean);
        CHECK(result->count == values.size());
        CHECK(static_cast<double>(result->minimum) == values.front());
        CHECK(static_cast<double>(result->maximum) == values.back());
        CHECK(result->mean == doctest::Approx(mean).epsilon(1e-14));
        CHECK(result->standard_deviation ==
              doctest::Approx(std::sqrt(squares / static_cast<double>(values.size()))).epsilon(1e-13));
        CHECK(static_cast<double>(result->median) == values[(values.size() - 1) / 2]);
        auto const most = std::max_element(histogram.begin() + 1, histogram.end());
        CHECK(result->mode == static_cast<std::uint64_t>(most - histogram.begin()));
    }
}

TEST_CASE("statistics of huge counts and values lose no digits")
{
    counts histogram(2'000'001);
    histogram[2'000'000] = 3'000'000'000'000;
    histogram[1'999'998] = 3'000'000'000'000;
    auto const result = statistics_of(histogram);
    REQUIRE(result);
    CHECK(result->mean == 1'999'999);
    CHECK(result->standard_deviation == 1);

    std::fill(histogram.begin(), histogram.end(), 1000);
    auto const all = statistics_of(histogram);
    CHECK(all->mean == 1'000'000.5);
    CHECK(all->median == 1'000'000);
    CHECK(all->mode == 1);
}
