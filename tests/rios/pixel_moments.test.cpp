// SPDX-License-Identifier: BSL-1.0
#include <rios/pixel_moments.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using rios::null_test;
using rios::ordered_merge;
using rios::pixel_moments;
using test::random_numbers;

namespace {

struct truth {
    std::size_t count = 0;
    double minimum = 0;
    double maximum = 0;
    long double mean = 0;
    long double deviation = 0;
};

// In two passes of long double.
template <typename T>
truth truth_of(std::vector<T> const& pixels, std::optional<double> null = {})
{
    std::vector<long double> data;
    for (auto const pixel : pixels) {
        auto const value = static_cast<double>(pixel);
        if (value - value == 0 && !(null && value == *null)) data.push_back(static_cast<long double>(pixel));
    }
    if (data.empty()) return {};
    auto const n = static_cast<long double>(data.size());
    truth result{.count = data.size(),
                 .minimum = static_cast<double>(*std::min_element(data.begin(), data.end())),
                 .maximum = static_cast<double>(*std::max_element(data.begin(), data.end()))};
    // About the first value, so that the oracle does not cancel either.
    for (auto const value : data) result.mean += (value - data[0]) / n;
    result.mean += data[0];
    for (auto const value : data) result.deviation += (value - result.mean) * (value - result.mean) / n;
    result.deviation = std::sqrt(result.deviation);
    return result;
}

bool near(double value, long double expected, long double relative, long double absolute = 0)
{
    return std::abs(static_cast<long double>(value) - expected) <= relative * std::abs(expected) + absolute;
}

template <typename T>
pixel_moments<T> moments_of(std::span<T const> pixels, std::optional<double> null = {})
{
    pixel_moments<T> moments;
    moments.add(pixels, null_test<T>(null));
    return moments;
}

template <typename T>
void check_against_truth(pixel_moments<T> const& moments, truth const& expected)
{
    REQUIRE(moments.count() == expected.count);
    if (expected.count == 0) return;
    CHECK(moments.minimum() == expected.minimum);
    CHECK(moments.maximum() == expected.maximum);
    // The mean of numbers that cancel is as good as the numbers are large.
    auto const largest = std::max(std::abs(expected.minimum), std::abs(expected.maximum));
    CHECK(near(moments.mean(), expected.mean, 1e-12L, 1e-14L * static_cast<long double>(largest)));
    CHECK(near(moments.standard_deviation(), expected.deviation, 1e-9L));
}

bool same_bits(double a, double b)
{
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// Runs of pixels, as rows of blocks are, merged in order.
template <typename T>
pixel_moments<T> by_runs(std::vector<T> const& pixels, std::optional<double> null, std::size_t length)
{
    ordered_merge<pixel_moments<T>> merged;
    std::size_t number = 0;
    for (std::span<T const> rest = pixels; !rest.empty(); ++number) {
        auto const run = rest.first(std::min(length, rest.size()));
        merged.add(number, moments_of<T>(run, null));
        rest = rest.subspan(run.size());
    }
    return merged.total();
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("moments are those of two passes of long double, nulls left out", T, moments_are_right)
{
    random_numbers random(test::seed_of<T>(2));
    using limits = std::numeric_limits<T>;
    for (auto const& null : std::vector<std::optional<double>>{
             {}, 5.0, 0.0, -1.0, 9'999'999.0, 0.5, std::numeric_limits<double>::quiet_NaN()}) {
        for (std::size_t const count : {0, 1, 2, 3, 500, 3001}) {
            CAPTURE(null.value_or(-77));
            CAPTURE(count);
            std::vector<T> pixels;
            while (pixels.size() < count) {
                auto const kind = random.below(20);
                if (kind < 4) pixels.push_back(T{5});
                else if (kind == 4) pixels.push_back(T{0});
                else if constexpr (std::integral<T>) {
                    pixels.push_back(static_cast<T>(random.bits()));
                    if (kind == 5) pixels.back() = limits::max();
                    if (kind == 6) pixels.back() = limits::min();
                } else {
                    pixels.push_back(static_cast<T>(random.unit() * 1000 - 300));
                    if (kind == 5) pixels.back() = limits::quiet_NaN();
                    if (kind == 6) pixels.back() = -limits::infinity();
                    if (kind == 7) pixels.back() = T{-0.0};
                }
            }
            auto const expected = truth_of(pixels, null);
            check_against_truth(moments_of<T>(pixels, null), expected);
            check_against_truth(by_runs(pixels, null, 7), expected);
            check_against_truth(by_runs(pixels, null, 256), expected);
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(moments_are_right, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("nulls alone, and nothing, have no moments", T, no_moments)
{
    CHECK(pixel_moments<T>().count() == 0);
    auto moments = moments_of<T>(std::vector<T>{T{3}, T{3}}, 3.0);
    CHECK(moments.count() == 0);
    moments.merge(pixel_moments<T>());
    CHECK(moments.count() == 0);
    moments.merge(moments_of<T>(std::vector<T>{T{2}, T{4}}));
    moments.merge(pixel_moments<T>());
    CHECK(moments.count() == 2);
    CHECK(moments.mean() == 3);
    CHECK(moments.standard_deviation() == 1);
    CHECK(moments.minimum() == 2);
    CHECK(moments.maximum() == 4);
}
TEST_CASE_TEMPLATE_APPLY(no_moments, test::pixel_types);

TEST_CASE_TEMPLATE("the spread of numbers that are large and near each other is not lost", T, float, double)
{
    random_numbers random(test::seed_of<T>(3));
    auto const check = [&](auto make) {
        std::vector<T> pixels;
        for (int i = 0; i < 20'000; ++i) pixels.push_back(static_cast<T>(make(i)));
        auto const expected = truth_of(pixels);
        CAPTURE(static_cast<double>(expected.deviation));
        for (std::size_t const length : {1, 100, 256, 20'000})
            check_against_truth(by_runs(pixels, {}, length), expected);
    };
    check([&](int) { return 1e9 + 0.1 * random.unit(); });
    check([&](int) { return -1e9 + 1000 * random.unit(); });
    check([&](int i) { return 1e15 + i; });
    check([&](int i) { return std::ldexp(random.unit() - 0.5, i % 60); });
    check([&](int i) { return i == 10'000 ? 1e20 : random.unit(); });
    check([&](int i) { return i == 0 ? -1e12 : 3.0; });
    check([&](int) { return 0.1; });
    check([&](int i) { return i < 10'000 ? 1e-30 * random.unit() : 2e-30; });
}

TEST_CASE("equal pixels have no spread at all")
{
    for (double const value : {0.1, 1e300, -7.7, 1e-310}) {
        std::vector<double> const pixels(1000, value);
        CHECK(by_runs(pixels, {}, 30).standard_deviation() == 0);
        CHECK(by_runs(pixels, {}, 30).mean() == value);
    }
    CHECK(by_runs(std::vector<std::uint32_t>(1000, 4'294'967'295U), {}, 30).standard_deviation() == 0);
}

TEST_CASE_TEMPLATE("integers are exact however they are put together", T, std::uint8_t, std::int8_t, std::uint16_t,
                   std::int16_t, std::uint32_t, std::int32_t)
{
    random_numbers random(test::seed_of<T>(4));
    std::vector<T> pixels;
    for (int i = 0; i < 5000; ++i) pixels.push_back(static_cast<T>(random.bits()));
    auto const all = moments_of<T>(pixels);
    for (int round = 0; round < 5; ++round) {
        random.shuffle(pixels);
        std::vector<pixel_moments<T>> parts(7);
        for (auto const pixel : pixels) parts[random.below(7)].add(std::vector{pixel}, null_test<T>({}));
        for (std::size_t i = 1; i < parts.size(); ++i) parts[0].merge(parts[i]);
        CHECK(same_bits(parts[0].mean(), all.mean()));
        CHECK(same_bits(parts[0].standard_deviation(), all.standard_deviation()));
    }
    // As many as a large raster has, at both ends of the type: 2^40 pixels.
    auto many = moments_of<T>(std::vector<T>{std::numeric_limits<T>::min(), std::numeric_limits<T>::max()});
    for (int times = 0; times < 39; ++times) many.merge(pixel_moments<T>(many));
    auto const least = static_cast<double>(std::numeric_limits<T>::min());
    auto const most = static_cast<double>(std::numeric_limits<T>::max());
    CHECK(many.count() == std::uint64_t{1} << 40);
    CHECK(many.mean() == least / 2 + most / 2);
    CHECK(many.standard_deviation() == (most - least) / 2);
}

TEST_CASE("values of blocks merge to the same bits in any order, whatever their number and whichever are missing")
{
    random_numbers random(5);
    for (std::size_t const blocks : {1, 2, 3, 5, 8, 13, 64, 100, 131}) {
        CAPTURE(blocks);
        std::vector<std::pair<std::size_t, pixel_moments<double>>> all;
        std::vector<double> pixels;
        for (std::size_t number = 0; number < blocks; ++number) {
            std::vector<double> own;
            for (auto left = random.between(1, 40); left > 0; --left) own.push_back(random.unit() * 1e6 - 3e5);
            if (number > 0 && random.one_in(5)) continue;
            // Some have numbers as those of blocks that are written by hand.
            auto const named = random.one_in(6) ? std::numeric_limits<std::size_t>::max() - number * 37 : number;
            all.emplace_back(named, moments_of<double>(own));
            pixels.insert(pixels.end(), own.begin(), own.end());
        }
        std::optional<pixel_moments<double>> first;
        for (int round = 0; round < 8; ++round) {
            ordered_merge<pixel_moments<double>> merged;
            for (auto const& [number, moments] : all) merged.add(number, moments);
            auto const total = merged.total();
            if (!first) {
                check_against_truth(total, truth_of(pixels));
                first = total;
            }
            REQUIRE(total.count() == pixels.size());
            REQUIRE(same_bits(total.mean(), first->mean()));
            REQUIRE(same_bits(total.standard_deviation(), first->standard_deviation()));
            random.shuffle(all);
        }
    }
    CHECK(ordered_merge<pixel_moments<float>>().total().count() == 0);
}
