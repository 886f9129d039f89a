// SPDX-License-Identifier: BSL-1.0
#include <rios/band_sum.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using rios::band_sum;
using rios::binned_sum;
using rios::detail::int128;
using test::random_numbers;

static_assert(std::regular<binned_sum>);
static_assert(std::same_as<band_sum<float>, binned_sum>);
static_assert(std::same_as<band_sum<double>, binned_sum>);
static_assert(std::same_as<band_sum<std::int16_t>, rios::integer_sum<std::int16_t>>);

namespace {

template <typename T>
band_sum<T> sum_of(std::vector<T> const& numbers)
{
    band_sum<T> sum;
    for (auto const number : numbers) sum.add(number);
    return sum;
}

/// The parts of a random partition, added up in random order.
template <typename T>
band_sum<T> sum_of_parts(std::vector<T> const& numbers, random_numbers& random)
{
    std::vector<band_sum<T>> parts(random.between<std::size_t>(1, 6)); // some may stay empty
    for (auto const number : numbers) parts[random.below(parts.size())].add(number);
    while (parts.size() > 1) {
        random.shuffle(parts);
        auto const last = parts.back();
        parts.pop_back();
        parts[random.below(parts.size())].add(last);
    }
    return parts.front();
}

bool same_bits(double a, double b)
{
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// Numbers of one kind: alike, of all magnitudes, at the ends of the range, cancelling.
template <typename T>
std::vector<T> random_list(random_numbers& random)
{
    using limits = std::numeric_limits<T>;
    auto const kind = random.below(6);
    std::vector<T> numbers;
    auto const count = random.between<std::size_t>(0, 40);
    while (numbers.size() < count) {
        auto const sign = random.one_in(2) ? T{1} : T{-1};
        auto const fraction = static_cast<T>(random.unit());
        auto const exponent = random.between(limits::min_exponent - limits::digits, limits::max_exponent - 1);
        switch (kind) {
        case 0: numbers.push_back(1000 * fraction); break;
        case 1: numbers.push_back(sign * std::ldexp(1 + fraction, exponent) / 2); break;
        case 2: numbers.push_back(sign * limits::denorm_min() * static_cast<T>(random.between(0, 1000))); break;
        case 3: numbers.push_back(sign * (1 + fraction) * std::ldexp(T{1}, random.between(-40, 40))); break;
        case 4:
            numbers.push_back(random.pick<T>({limits::max() / 64, -limits::max() / 64, limits::min(), 0, T{-0.0}, 1,
                                              limits::epsilon(), -limits::denorm_min()}));
            break;
        default: // pairs that cancel, and something small
            numbers.push_back(std::ldexp(1 + fraction, exponent) / 4);
            numbers.push_back(-numbers.back());
            numbers.push_back(sign * fraction);
        }
    }
    return numbers;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("a sum of nothing is zero and of hand-worked numbers right", T, small)
{
    CHECK(band_sum<T>().value() == 0);
    CHECK(sum_of<T>({1, 2, 3, 100}).value() == 106);
    auto sum = sum_of<T>({1, 2});
    sum.add(sum_of<T>({10, 20}));
    CHECK(sum.value() == 33);
    sum.add(band_sum<T>());
    CHECK(sum.value() == 33);
    band_sum<T> empty;
    empty.add(sum);
    CHECK(empty == sum);
    if constexpr (std::is_signed_v<T>) CHECK(sum_of<T>({-7, 2, -100}).value() == -105);
}
TEST_CASE_TEMPLATE_APPLY(small, test::pixel_types);

TEST_CASE_TEMPLATE("integer sums are exact at the ends of the type", T, std::uint8_t, std::int8_t, std::uint16_t,
                   std::int16_t, std::uint32_t, std::int32_t)
{
    using limits = std::numeric_limits<T>;
    // Doubling a sum 40 times stands for 2^40 pixels.
    for (T const value : {limits::min(), limits::max()}) {
        auto sum = sum_of<T>({value});
        for (int times = 0; times < 40; ++times) sum.add(band_sum<T>(sum));
        CHECK(sum.value() == std::ldexp(static_cast<double>(value), 40));
        sum.add(T{1});
        auto const exact = static_cast<int128>(value) * (static_cast<int128>(1) << 40) + 1;
        CHECK(sum.value() == static_cast<double>(exact));
    }
    // A small rest survives a large sum that cancels.
    if constexpr (std::is_signed_v<T>) {
        auto sum = sum_of<T>({limits::max()});
        for (int times = 0; times < 45; ++times) sum.add(band_sum<T>(sum));
        auto negative = sum_of<T>({static_cast<T>(-limits::max())});
        for (int times = 0; times < 45; ++times) negative.add(band_sum<T>(negative));
        sum.add(T{3});
        sum.add(negative);
        CHECK(sum.value() == 3);
    }
}

TEST_CASE("integer sums beyond 2^53 are rounded once, to even")
{
    auto const rounded = [](std::uint32_t rest) {
        auto sum = sum_of<std::uint32_t>({1U << 31});
        for (int times = 0; times < 22; ++times) sum.add(band_sum<std::uint32_t>(sum)); // 2^53
        sum.add(rest);
        return sum.value() - 0x1p53;
    };
    CHECK(rounded(0) == 0);
    CHECK(rounded(1) == 0);
    CHECK(rounded(2) == 2);
    CHECK(rounded(3) == 4);
}

TEST_CASE_TEMPLATE("sums of floating-point numbers are the same bits in any order and any partition", T, float, double)
{
    random_numbers random(1);
    for (int round = 0; round < 3000; ++round) {
        auto numbers = random_list<T>(random);
        auto const sum = sum_of(numbers);
        for (int times = 0; times < 4; ++times) {
            random.shuffle(numbers);
            REQUIRE(sum_of(numbers) == sum);
            auto const parts = sum_of_parts(numbers, random);
            REQUIRE(parts == sum);
            REQUIRE(same_bits(parts.value(), sum.value()));
        }
        std::sort(numbers.begin(), numbers.end());
        REQUIRE(sum_of(numbers) == sum);
        std::reverse(numbers.begin(), numbers.end());
        REQUIRE(sum_of(numbers) == sum);
    }
}

TEST_CASE("sums of floats whose magnitudes are within a factor of 2^32 are exact and rounded once")
{
    random_numbers random(2);
    for (int round = 0; round < 5000; ++round) {
        // significand · 2^(base + shift), the leading bits of all within 32 places
        auto const base = random.between(-149, 127 - 23 - 32);
        band_sum<float> sum;
        int128 exact = 0;
        for (auto count = random.between(1, 50); count > 0; --count) {
            auto const significand = random.between<std::int64_t>(1 << 23, (1 << 24) - 1) * (random.one_in(2) ? 1 : -1);
            auto const shift = random.pick<int>({0, 32, 31, 1, random.between(0, 32)});
            sum.add(std::ldexp(static_cast<float>(significand), base + shift));
            exact += static_cast<int128>(significand) * (static_cast<int128>(1) << shift);
        }
        REQUIRE(same_bits(sum.value(), std::ldexp(static_cast<double>(exact), base)));
    }
}

TEST_CASE("every number is off by less than 2^-56 of the largest")
{
    random_numbers random(3);
    for (int round = 0; round < 5000; ++round) {
        // 53-bit significands within 60 places: the exact sum fits 128 bits
        auto const base = random.between(-1022 - 52, 1023 - 52 - 60 - 7);
        binned_sum sum;
        int128 exact = 0;
        double largest = 0;
        auto const count = random.between(1, 50);
        for (int i = 0; i < count; ++i) {
            auto const significand = random.between<std::int64_t>(std::int64_t{1} << 52, (std::int64_t{1} << 53) - 1) *
                                     (random.one_in(2) ? 1 : -1);
            auto const shift = random.one_in(3) ? 60 : random.between(0, 60);
            sum.add(std::ldexp(static_cast<double>(significand), base + shift));
            exact += static_cast<int128>(significand) * (static_cast<int128>(1) << shift);
            largest = std::max(largest, std::ldexp(std::abs(static_cast<double>(significand)), shift));
        }
        // In units of 2^base, in which nothing overflows; the difference of near numbers is nearly exact.
        auto const off = std::abs(std::ldexp(sum.value(), -base) - static_cast<double>(exact));
        auto const rounding = 2 * std::abs(static_cast<double>(exact)) * 0x1p-53;
        REQUIRE(off <= count * largest * 0x1p-56 + rounding);
    }
}

TEST_CASE("equal numbers of either sign cancel to zero, at any magnitude")
{
    for (double const number : {1.0, 0.1, std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
                                std::numeric_limits<double>::denorm_min(), 3e-320, 1e-300, 12345.678}) {
        CAPTURE(number);
        CHECK(same_bits(sum_of<double>({number, -number}).value(), 0.0));
        CHECK(same_bits(sum_of<double>({-number, number}).value(), 0.0));
        CHECK(sum_of<double>({number, number, -number}).value() == number);
    }
}

TEST_CASE_TEMPLATE("one number is its own sum, whatever its magnitude", T, float, double)
{
    random_numbers random(4);
    using limits = std::numeric_limits<T>;
    for (T const number :
         {limits::max(), limits::lowest(), limits::min(), limits::denorm_min(), T{1}, limits::epsilon()}) {
        CHECK(sum_of<T>({number}).value() == static_cast<double>(number));
    }
    for (int round = 0; round < 5000; ++round) {
        auto const exponent = random.between(limits::min_exponent - limits::digits, limits::max_exponent - 2);
        auto const number = std::ldexp(1 + static_cast<T>(random.unit()), exponent);
        REQUIRE(sum_of<T>({number}).value() == static_cast<double>(number));
        REQUIRE(sum_of<T>({-number}).value() == -static_cast<double>(number));
    }
}

TEST_CASE("subnormal numbers add up exactly")
{
    constexpr double least = std::numeric_limits<double>::denorm_min();
    random_numbers random(5);
    for (int round = 0; round < 1000; ++round) {
        std::int64_t exact = 0;
        binned_sum sum;
        for (int i = 0; i < 30; ++i) {
            auto const number = random.between<std::int64_t>(-(std::int64_t{1} << 51), std::int64_t{1} << 51);
            exact += number;
            sum.add(static_cast<double>(number) * least);
        }
        REQUIRE(sum.value() == static_cast<double>(exact) * least);
    }
}

TEST_CASE("a large number that is added later pushes out what it would have pushed out earlier")
{
    auto const early = sum_of<double>({1e200, 1, 1e-200, -1e200});
    auto const late = sum_of<double>({1, 1e-200, 1e200, -1e200});
    CHECK(early == late);
    CHECK(early.value() == 0);
    CHECK(sum_of<double>({0x1p60, 1, -0x1p60}).value() == 1);
}

TEST_CASE("more numbers than a bin's 28 bits are wide add up exactly")
{
    auto sum = sum_of<double>({1 - 0x1p-53});
    for (int times = 0; times < 34; ++times) sum.add(binned_sum(sum));
    CHECK(sum.value() == std::ldexp(1 - 0x1p-53, 34));
    sum.add(0x1p-20);
    CHECK(sum.value() == std::ldexp(1 - 0x1p-53, 34) + 0x1p-20);
}

TEST_CASE("zeros of either sign change nothing")
{
    auto const sum = sum_of<double>({0.0, -0.0, 5.0, -0.0});
    CHECK(sum == sum_of<double>({5.0}));
    CHECK(same_bits(sum_of<double>({-0.0}).value(), 0.0));
}
