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

/// Is there no double between the value and what is expected, as long double has it?
bool within_an_ulp(double value, long double expected)
{
    auto const nearest = static_cast<double>(expected);
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    return value == nearest || value == std::nextafter(nearest, infinity) ||
           value == std::nextafter(nearest, -infinity);
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

TEST_CASE_TEMPLATE_DEFINE("pixels of which none is null may be added without a test", T, without_a_test)
{
    random_numbers random(test::seed_of<T>(6));
    pixel_moments<T> nothing;
    nothing.add(std::span<T const>());
    CHECK(nothing.count() == 0);
    for (std::size_t const count : {1, 2, 3, 17, 1000}) {
        std::vector<T> pixels;
        while (pixels.size() < count) {
            if constexpr (std::integral<T>) {
                using limits = std::numeric_limits<T>;
                auto const any = static_cast<T>(random.bits());
                pixels.push_back(random.pick<T>({any, any, limits::min(), limits::max(), T{0}}));
            } else {
                pixels.push_back(static_cast<T>(random.unit() * 1000 - 300));
            }
        }
        auto const expected = moments_of<T>(pixels);
        for (std::size_t const first : {std::size_t{0}, count / 2, count}) {
            pixel_moments<T> moments;
            if (first == 0) {
                moments.add(std::span<T const>(pixels));
            } else {
                moments.add(std::span<T const>(pixels).first(first));
                moments.add(std::span<T const>(pixels).subspan(first));
                if (std::floating_point<T> && first != count) continue; // the last bits are those of the order
            }
            CHECK(moments.count() == count);
            CHECK(same_bits(moments.minimum(), expected.minimum()));
            CHECK(same_bits(moments.maximum(), expected.maximum()));
            CHECK(same_bits(moments.sum(), expected.sum()));
            CHECK(same_bits(moments.mean(), expected.mean()));
            CHECK(same_bits(moments.standard_deviation(), expected.standard_deviation()));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(without_a_test, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("a value that is added so many times counts as so many pixels", T, so_many_times)
{
    random_numbers random(test::seed_of<T>(7));
    using limits = std::numeric_limits<T>;
    std::vector<T> pixels;
    pixel_moments<T> moments;
    for (int round = 0; round < 40; ++round) {
        auto const value = random.pick<T>({static_cast<T>(random.bits()), limits::min(), limits::max(), T{0}, T{1}});
        auto const times = random.below(std::uint64_t{30});
        pixels.insert(pixels.end(), times, value);
        moments.add(value, times);
        if (pixels.empty()) continue;
        auto const expected = moments_of<T>(pixels);
        REQUIRE(moments.count() == pixels.size());
        CHECK(moments.minimum() == expected.minimum());
        CHECK(moments.maximum() == expected.maximum());
        CHECK(same_bits(moments.sum(), expected.sum()));
        CHECK(same_bits(moments.mean(), expected.mean()));
        CHECK(same_bits(moments.standard_deviation(), expected.standard_deviation()));
    }
    pixel_moments<T> never;
    never.add(T{7}, 0);
    CHECK(never.count() == 0);
}
TEST_CASE_TEMPLATE_APPLY(so_many_times, test::integer_types);

TEST_CASE_TEMPLATE_DEFINE("mean and spread of integers are right to the last bit but one", T, to_the_last_bit)
{
    random_numbers random(test::seed_of<T>(8));
    using limits = std::numeric_limits<T>;
    for (int round = 0; round < 200; ++round) {
        auto const low = random.pick<T>({limits::min(), T{0}, T{100}, static_cast<T>(limits::max() - 27)});
        auto const width = random.pick<std::uint64_t>({1, 2, 4, 28});
        std::vector<T> pixels;
        for (auto left = random.between(1, 3000); left > 0; --left) {
            pixels.push_back(round % 4 == 0 ? static_cast<T>(random.bits())
                                            : static_cast<T>(low + static_cast<T>(random.below(width))));
        }
        rios::detail::int128 sum = 0;
        rios::detail::int128 squares = 0;
        for (auto const pixel : pixels) {
            sum += pixel;
            squares += rios::detail::int128{pixel} * pixel;
        }
        auto const n = static_cast<long double>(pixels.size());
        auto const scaled =
            static_cast<long double>(static_cast<rios::detail::int128>(pixels.size()) * squares - sum * sum);
        pixel_moments<T> moments;
        moments.add(std::span<T const>(pixels));
        CHECK(moments.sum() == static_cast<double>(sum));
        CHECK(within_an_ulp(moments.mean(), static_cast<long double>(sum) / n));
        CHECK(within_an_ulp(moments.standard_deviation(), std::sqrt(scaled) / n));
    }
}
TEST_CASE_TEMPLATE_APPLY(to_the_last_bit, test::integer_types);

TEST_CASE_TEMPLATE_DEFINE("a pixel that differs from all others gives a spread, however many they are", T, odd_one_out)
{
    using limits = std::numeric_limits<T>;
    // Of two values a and b, k and n times: |b - a| · sqrt(k n) / (k + n).
    for (auto const& values :
         {std::pair{T{0}, T{1}}, std::pair{T{1}, T{0}}, std::pair{limits::min(), limits::max()},
          std::pair{limits::max(), limits::min()}, std::pair{limits::min(), static_cast<T>(limits::min() + 1)}}) {
        auto const a = values.first;
        auto const b = values.second;
        CAPTURE(a);
        CAPTURE(b);
        for (std::uint64_t const n : {1ULL, 2ULL, 3ULL, 1000ULL, 1'000'000ULL, 1ULL << 33, (1ULL << 45) + 1}) {
            CAPTURE(n);
            for (std::uint64_t const k : {1ULL, 2ULL, 1000ULL, 1ULL << 31}) {
                CAPTURE(k);
                pixel_moments<T> moments;
                moments.add(a, k);
                moments.add(b, n);
                auto const all = static_cast<long double>(k + n);
                auto const far = std::abs(static_cast<long double>(b) - static_cast<long double>(a));
                auto const spread =
                    far * std::sqrt(static_cast<long double>(k)) * std::sqrt(static_cast<long double>(n)) / all;
                auto const mean = (static_cast<long double>(a) * static_cast<long double>(k) +
                                   static_cast<long double>(b) * static_cast<long double>(n)) /
                                  all;
                CHECK(moments.count() == k + n);
                CHECK(within_an_ulp(moments.standard_deviation(), spread));
                CHECK(within_an_ulp(moments.mean(), mean));
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(odd_one_out, test::integer_types);

TEST_CASE_TEMPLATE("the sum of floating-point pixels is as good as their mean", T, float, double)
{
    random_numbers random(test::seed_of<T>(9));
    CHECK(pixel_moments<T>().sum() == 0);
    for (double const offset : {0.0, 1e9, -1e9, 0.1}) {
        std::vector<T> pixels;
        long double sum = 0;
        long double sizes = 0;
        for (int i = 0; i < 10'000; ++i) {
            pixels.push_back(static_cast<T>(offset + 0.01 * (random.unit() - 0.5)));
            sum += static_cast<long double>(pixels.back());
            sizes += std::abs(static_cast<long double>(pixels.back()));
        }
        pixel_moments<T> moments;
        moments.add(std::span<T const>(pixels));
        CHECK(near(moments.sum(), sum, 0, 1e-15L * sizes));
    }
}

TEST_CASE("the spread of values whose squares no double holds")
{
    auto const check = [](std::vector<double> const& values, double expected) {
        CAPTURE(values.front());
        pixel_moments<double> all;
        all.add(std::span<double const>(values));
        CHECK(all.standard_deviation() == doctest::Approx(expected).epsilon(1e-14));
        CHECK(all.mean() == doctest::Approx(static_cast<double>(truth_of(values).mean)).epsilon(1e-14));
        pixel_moments<double> merged;
        for (auto const value : values) {
            pixel_moments<double> one;
            one.add(std::span(&value, 1));
            merged.merge(one);
        }
        CHECK(merged.standard_deviation() == doctest::Approx(expected).epsilon(1e-14));
        CHECK(merged.mean() == doctest::Approx(all.mean()).epsilon(1e-14));
        CHECK(merged.minimum() == all.minimum());
        CHECK(merged.count() == all.count());
    };
    check({1e200, 2e200, 3e200, -1e200}, std::sqrt(2.1875) * 1e200);
    check({1e-200, 3e-200}, 1e-200);
    check({3e304, 3.5e304, 4e304}, std::sqrt(1.0 / 6) * 1e304);
    check({1e155, -1e155}, 1e155);
    constexpr auto largest = std::numeric_limits<double>::max();
    check({largest, -largest}, largest);
    check({largest, largest, largest}, 0);
    constexpr auto least = std::numeric_limits<double>::denorm_min();
    check({0, 2 * least}, least);
    check({1, 2, 3, 1e300}, std::sqrt(3.0) / 4 * 1e300);
    check({1e-300, 1, 3}, std::sqrt(14.0) / 3);
    check({-5e-250, 1e300, 2e-300}, std::sqrt(2.0) / 3 * 1e300);
}
