// SPDX-License-Identifier: BSL-1.0
#include <rios/pixel_moments.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <type_traits>
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
    std::uint64_t count = 0;
    long double minimum = 0;
    long double maximum = 0;
    long double mean = 0;
    long double standard_deviation = 0;
};

/// Two passes in long double.
template <typename T>
truth truth_of(std::vector<T> const& pixels, std::optional<double> null)
{
    std::vector<long double> data;
    for (auto const pixel : pixels) {
        auto const value = static_cast<long double>(pixel);
        if (std::isfinite(static_cast<double>(pixel)) && !(null && value == static_cast<long double>(*null))) {
            data.push_back(value);
        }
    }
    if (data.empty()) return {};
    truth result{.count = data.size(),
                 .minimum = *std::min_element(data.begin(), data.end()),
                 .maximum = *std::max_element(data.begin(), data.end())};
    auto const n = static_cast<long double>(data.size());
    for (auto const value : data) result.mean += (value - data[0]) / n;
    result.mean += data[0];
    long double squares = 0;
    for (auto const value : data) squares += (value - result.mean) * (value - result.mean);
    result.standard_deviation = std::sqrt(squares / n);
    return result;
}

template <typename T>
void check_against(pixel_moments<T> const& moments, truth const& expected, double tolerance)
{
    REQUIRE(moments.count() == expected.count);
    if (expected.count == 0) return;
    CHECK(moments.minimum() == static_cast<double>(expected.minimum));
    CHECK(moments.maximum() == static_cast<double>(expected.maximum));
    CHECK(std::abs(moments.mean() - static_cast<double>(expected.mean)) <=
          tolerance *
              std::max(std::abs(static_cast<double>(expected.mean)), static_cast<double>(expected.standard_deviation)));
    CHECK(std::abs(moments.standard_deviation() - static_cast<double>(expected.standard_deviation)) <=
          tolerance * static_cast<double>(expected.standard_deviation));
}

/// Blocks of a raster by number, in any order, row by row.
template <typename T>
pixel_moments<T> merged(std::vector<T> const& pixels, std::optional<double> null, std::size_t block,
                        random_numbers* random)
{
    std::vector<std::size_t> order((pixels.size() + block - 1) / block);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (random != nullptr) random->shuffle(order);
    ordered_merge<pixel_moments<T>> all;
    constexpr std::size_t row = 256;
    for (auto const number : order) {
        auto rest = std::span<T const>(pixels).subspan(number * block);
        rest = rest.first(std::min(block, rest.size()));
        pixel_moments<T> moments;
        for (; !rest.empty(); rest = rest.subspan(std::min(row, rest.size()))) {
            moments.add(rest.first(std::min(row, rest.size())), null_test<T>(null));
        }
        all.add(number, moments);
    }
    return all.total();
}

template <typename T>
std::vector<T> nasty_pixels(std::size_t count, random_numbers& random)
{
    std::vector<T> pixels(count);
    using limits = std::numeric_limits<T>;
    for (auto& pixel : pixels) {
        if constexpr (std::is_integral_v<T>) {
            pixel = random.one_in(9) ? random.pick(std::vector<T>{limits::min(), limits::max(), T{7}})
                                     : static_cast<T>(random.bits());
        } else {
            pixel =
                random.one_in(9)
                    ? random.pick(std::vector<T>{limits::quiet_NaN(), limits::infinity(), -limits::infinity(), T{7}})
                    : static_cast<T>(std::ldexp(random.unit() - 0.25, static_cast<int>(random.below(40)) - 20));
        }
    }
    return pixels;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("moments are those of two passes over all pixels, null ones left out", T, moments_are_right)
{
    random_numbers random(test::seed_of<T>(1));
    for (std::size_t const count : {1U, 2U, 300U, 5000U}) {
        auto const pixels = nasty_pixels<T>(count, random);
        for (auto const null : {std::optional<double>(), std::optional(7.0)}) {
            CAPTURE(count);
            check_against(merged(pixels, null, 700, &random), truth_of(pixels, null), 1e-13);
        }
    }
    check_against(merged(std::vector<T>(100, T{7}), 7, 30, nullptr), {}, 0);
    check_against(merged(std::vector<T>(100, T{7}), {}, 30, nullptr),
                  {.count = 100, .minimum = 7, .maximum = 7, .mean = 7, .standard_deviation = 0}, 0);
}
TEST_CASE_TEMPLATE_APPLY(moments_are_right, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("moments have the same bits in whatever order blocks come", T, moments_of_any_order)
{
    random_numbers random(test::seed_of<T>(2));
    auto const pixels = nasty_pixels<T>(9000, random);
    for (std::size_t const block : {100U, 777U, 8999U, 10000U}) {
        auto const expected = merged(pixels, 7, block, nullptr);
        for (int round = 0; round < 8; ++round) {
            auto const other = merged(pixels, 7, block, &random);
            CHECK(other.count() == expected.count());
            CHECK(other.mean() == expected.mean());
            CHECK(other.standard_deviation() == expected.standard_deviation());
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(moments_of_any_order, test::pixel_types);

TEST_CASE("a small spread about a large mean is exact to ten digits")
{
    random_numbers random(3);
    std::vector<double> noise(300'000);
    for (auto& value : noise) value = 1e9 + 0.1 * random.unit();
    auto sorted = noise; // block means differ as much as they can
    std::sort(sorted.begin(), sorted.end());
    for (auto const* pixels : {&noise, &sorted}) {
        auto const expected = truth_of(*pixels, {});
        CHECK(static_cast<double>(expected.standard_deviation) == doctest::Approx(0.0289).epsilon(0.01));
        for (std::size_t const block : {256U, 4096U, 65536U, 300'000U}) {
            CAPTURE(block);
            check_against(merged(*pixels, {}, block, nullptr), expected, 1e-10);
        }
    }
}

TEST_CASE("the spread of nearly constant integers loses no digits")
{
    std::vector<std::int32_t> pixels(1'000'000, 2'000'000'000);
    pixels[5] = 1'999'999'999; // the mean is just below a whole number
    check_against(merged(pixels, {}, 65536, nullptr), truth_of(pixels, {}), 1e-13);
}
