// SPDX-License-Identifier: BSL-1.0
// Images with segments, and the plainest way to statistics of these, for tests of segment_statistics.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <rios/image.hpp>
#include <rios/pixel_type.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

namespace test {

/// Labels of round segments, some of them in several parts, with gaps in the numbering and pixels of no segment.
inline rios::image<std::uint32_t> random_segments(std::ptrdiff_t rows, std::ptrdiff_t cols, random_numbers& random)
{
    struct seed {
        std::ptrdiff_t row;
        std::ptrdiff_t col;
        std::uint32_t label;
    };
    std::vector<seed> seeds;
    for (std::uint32_t number = 0; number < 60; ++number) {
        // 0, a label twice, and numbers that are left out.
        auto const label = number % 9 == 0 ? 0 : number % 7 == 0 ? number - 1 : 3 * number + 1;
        seeds.push_back({random.below(rows), random.below(cols), label});
    }
    rios::image<std::uint32_t> result(1, rows, cols);
    for (auto const [row, col] : result.pixels()) {
        auto const& nearest =
            *std::min_element(seeds.begin(), seeds.end(), [row = row, col = col](seed const& a, seed const& b) {
                auto const distance = [&](seed const& s) {
                    return (s.row - row) * (s.row - row) + (s.col - col) * (s.col - col);
                };
                return distance(a) < distance(b);
            });
        result(0, row, col) = nearest.label;
    }
    return result;
}

/// Pixels with many equal values, some that are `null_value`, a segment-sized area of these, and for floating-point types
/// NaN and infinities.
template <rios::Pixel T>
rios::image<T> random_pixels(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, T null_value,
                             random_numbers& random)
{
    rios::image<T> pixels(bands, rows, cols);
    using limits = std::numeric_limits<T>;
    auto const largest = limits::max();
    auto const smallest = limits::lowest();
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            auto& pixel = pixels(band, row, col);
            auto const base = static_cast<T>(20 * (1 + band));
            if (random.one_in(12) || (row < rows / 3 && col < cols / 3)) pixel = null_value;
            else if (random.one_in(40)) pixel = random.one_in(2) ? largest : smallest;
            else if constexpr (std::floating_point<T>) {
                pixel = base + static_cast<T>(random.below(50)) / T{8} - T{3};
                if (random.one_in(30)) pixel = limits::quiet_NaN();
                if (random.one_in(60)) pixel = limits::infinity();
                if (random.one_in(60)) pixel = random.one_in(2) ? T{0} : -T{0};
            } else {
                pixel = static_cast<T>(base + static_cast<T>(random.below(15)));
            }
        }
    }
    return pixels;
}

/// What there is to know of a segment in one band.
struct plain_statistics {
    std::uint64_t pixels = 0;
    std::vector<double> valid; ///< ascending

    [[nodiscard]] double percentile(double percent) const
    {
        for (std::size_t i = 0; i < valid.size(); ++i) {
            if (static_cast<double>(i + 1) * 100 >= static_cast<double>(valid.size()) * percent) return valid[i];
        }
        return valid.back();
    }
    [[nodiscard]] double mode() const
    {
        std::map<double, int> counts;
        for (auto const value : valid) ++counts[value];
        return std::max_element(counts.begin(), counts.end(),
                                [](auto const& a, auto const& b) { return a.second < b.second; })
            ->first;
    }
    [[nodiscard]] double sum() const
    {
        long double result = 0;
        for (auto const value : valid) result += static_cast<long double>(value);
        return static_cast<double>(result);
    }
    [[nodiscard]] double mean() const
    {
        long double result = 0;
        auto const count = static_cast<long double>(valid.size());
        for (auto const value : valid) result += static_cast<long double>(value) / count;
        return static_cast<double>(result);
    }
    [[nodiscard]] double stddev() const
    {
        long double squares = 0;
        auto const count = static_cast<long double>(valid.size());
        long double about = 0;
        for (auto const value : valid) about += static_cast<long double>(value) / count;
        for (auto const value : valid) {
            auto const difference = static_cast<long double>(value) - about;
            squares += difference * difference / count;
        }
        return static_cast<double>(std::sqrt(squares));
    }
};

/// By label.
template <rios::Pixel T>
std::map<std::uint32_t, plain_statistics> statistics_by_segment(rios::image<std::uint32_t> const& segments,
                                                                rios::image<T> const& pixels, std::ptrdiff_t band,
                                                                std::optional<T> null_value)
{
    std::map<std::uint32_t, plain_statistics> result;
    for (auto const [row, col] : segments.pixels()) {
        auto const label = segments(0, row, col);
        if (label == 0) continue;
        auto& segment = result[label];
        ++segment.pixels;
        auto const value = pixels(band, row, col);
        bool const is_null = null_value && value == *null_value;
        if (!is_null && std::isfinite(static_cast<double>(value))) segment.valid.push_back(static_cast<double>(value));
    }
    for (auto& [label, segment] : result) std::sort(segment.valid.begin(), segment.valid.end());
    return result;
}

} // namespace test
