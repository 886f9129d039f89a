// SPDX-License-Identifier: BSL-1.0
// Statistics of the values of a segment by their definitions, one after the other, and values that tempt to get them wrong.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <vector>

#include <rios/pixel_type.hpp>

#include <shepseg/statistic.hpp>

#include "random_numbers.hpp"

namespace test {

[[nodiscard]] inline bool same_bits(double a, double b)
{
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

[[nodiscard]] inline bool same_bits(std::span<double const> a, std::span<double const> b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return same_bits(x, y); });
}

/// Every kind of statistic, and percentiles in no order.
[[nodiscard]] inline std::vector<shepseg::statistic> all_statistics()
{
    using enum shepseg::statistic_kind;
    return {{.kind = count},   {percentile, 75},  {.kind = valid_count}, {.kind = minimum}, {.kind = mode},
            {percentile, 100}, {.kind = maximum}, {.kind = mean},        {percentile, 0},   {.kind = median},
            {.kind = stddev},  {.kind = sum},     {percentile, 2.5},     {percentile, 99.9}};
}

/// A statistic of valid values, by its definition. 0 and -0 are the same value, 0.
template <rios::Pixel T>
[[nodiscard]] long double plain_statistic(std::vector<T> const& values, std::uint64_t pixels,
                                          shepseg::statistic const& what, double missing)
{
    using enum shepseg::statistic_kind;
    if (what.kind == count) return static_cast<long double>(pixels);
    if (what.kind == valid_count) return static_cast<long double>(values.size());
    if (values.empty()) return missing;
    std::map<T, std::uint64_t> times;
    for (auto const value : values) ++times[value == T{0} ? T{0} : value];
    auto const n = static_cast<long double>(values.size());
    switch (what.kind) {
    case minimum: return static_cast<long double>(times.begin()->first);
    case maximum: return static_cast<long double>(times.rbegin()->first);
    case mode: {
        auto best = times.begin();
        for (auto at = times.begin(); at != times.end(); ++at) {
            if (at->second > best->second) best = at;
        }
        return static_cast<long double>(best->first);
    }
    case median:
    case percentile: {
        auto const percent = static_cast<long double>(what.kind == median ? 50 : what.percent);
        std::uint64_t seen = 0;
        for (auto const& [value, number] : times) {
            seen += number;
            if (static_cast<long double>(seen) * 100 >= n * percent * (1 - 1e-15L))
                return static_cast<long double>(value);
        }
        return static_cast<long double>(times.rbegin()->first);
    }
    default: break;
    }
    if (what.kind == sum) return std::accumulate(values.begin(), values.end(), 0.0L);
    // About the smallest value, so that nothing cancels.
    auto const least = static_cast<long double>(times.begin()->first);
    long double sum_above = 0;
    for (auto const& [value, number] : times) {
        sum_above += (static_cast<long double>(value) - least) * static_cast<long double>(number);
    }
    if (what.kind == mean) return least + sum_above / n;
    long double squares = 0;
    for (auto const& [value, number] : times) {
        auto const far = static_cast<long double>(value) - least - sum_above / n;
        squares += far * far * static_cast<long double>(number);
    }
    return std::sqrt(squares / n);
}

/// Values of a segment. Of kind 0 few different ones, 1 all that the type has, 2 its ends, 3 near each other and far from 0, 4
/// equal ones.
template <rios::Pixel T>
[[nodiscard]] std::vector<T> segment_values(random_numbers& random, std::size_t count, int kind)
{
    using limits = std::numeric_limits<T>;
    std::vector<T> result;
    auto const same = random.below(100);
    while (result.size() < count) {
        T value{};
        if constexpr (std::integral<T>) {
            switch (kind) {
            case 0: value = static_cast<T>(limits::min() + static_cast<T>(random.below(7))); break;
            case 1: value = static_cast<T>(random.bits()); break;
            case 2: value = random.one_in(2) ? limits::min() : limits::max(); break;
            case 3: value = static_cast<T>(limits::max() - static_cast<T>(random.below(90))); break;
            default: value = static_cast<T>(same); break;
            }
        } else {
            switch (kind) {
            case 0: value = static_cast<T>(random.pick<double>({-1.5, -0.0, 0.0, 0.1, 3})); break;
            case 1: value = static_cast<T>(random.unit() * 1000 - 300); break;
            case 2: value = static_cast<T>(std::ldexp(random.unit() - 0.5, random.between(-60, 60))); break;
            case 3: value = static_cast<T>(1e9 + random.unit()); break;
            default: value = static_cast<T>(0.1 * static_cast<double>(same)); break;
            }
        }
        result.push_back(value);
    }
    return result;
}

/// How far a statistic may be from its definition in long double.
template <rios::Pixel T>
[[nodiscard]] bool near_statistic(double value, long double expected, shepseg::statistic_kind kind,
                                  std::vector<T> const& values)
{
    using enum shepseg::statistic_kind;
    if (kind != mean && kind != stddev && kind != sum) return same_bits(value, static_cast<double>(expected));
    long double size = 0; // of the values: what cancels in their sum is not less wrong for that
    for (auto const each : values) size += std::abs(static_cast<long double>(each));
    constexpr auto epsilon = static_cast<long double>(std::numeric_limits<double>::epsilon());
    auto const wrong = std::abs(static_cast<long double>(value) - expected);
    if constexpr (std::integral<T>) {
        return wrong <= epsilon * std::abs(expected);
    } else {
        // Values that cancel leave the oracle fewer digits, too.
        return wrong <= (kind == stddev ? 1e-12L : epsilon) * std::abs(expected) + 1e-16L * size;
    }
}

} // namespace test
