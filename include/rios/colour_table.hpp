// SPDX-License-Identifier: BSL-1.0
//
// Colours for the values of thematic bands, and how lists of them are made. gdal/colour_table.hpp puts them into files;
// colour_ramps.hpp has ramps by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "error.hpp"

namespace rios {

/// Red, green, blue and opacity, 0 to 255. Alpha 255 is opaque.
struct colour {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;
    std::uint8_t alpha = 255;

    friend bool operator==(colour const&, colour const&) = default;
};

/// What null values look like: nothing.
inline constexpr colour transparent{.red = 0, .green = 0, .blue = 0, .alpha = 0};

/// The colour of the pixel value that is the index.
using colour_table = std::vector<colour>;

/// A place in a ramp where the colour is given.
struct colour_point {
    std::ptrdiff_t position = 0; ///< in any unit: what counts is where it lies between the first and the last point
    rios::colour colour{};
};

/// A table of so many entries between the first point (entry 0) and the last one, interpolated linearly between two
/// neighbours and rounded to the nearest, halves up; the same bits on every machine. One entry has the first point's colour.
/// @throws options_error if there are no points, or their positions do not rise or span more than 2^31
[[nodiscard]] inline colour_table interpolated_colours(std::size_t entries, std::vector<colour_point> const& points)
{
    if (points.empty()) throw options_error("a colour ramp must have at least one point");
    for (std::size_t i = 1; i < points.size(); ++i) {
        constexpr std::ptrdiff_t widest = std::ptrdiff_t{1} << 31;
        auto const position = points[i].position;
        if (position > points[i - 1].position && position - points[0].position <= widest) continue;
        throw options_error("a colour ramp with position " + std::to_string(position) + " after " +
                            std::to_string(points[i - 1].position) +
                            ": allowed: positions that rise, by 2147483648 at most");
    }
    colour_table table(entries, points.front().colour);
    if (entries < 2 || points.size() < 2) return table;
    // All positions times entries - 1, so that everything is a whole number.
    auto const steps = static_cast<std::ptrdiff_t>(entries) - 1;
    auto const span = points.back().position - points.front().position;
    std::size_t before = 0;
    for (std::ptrdiff_t entry = 0; entry <= steps; ++entry) {
        auto const offset_of = [&](std::size_t point) { return (points[point].position - points[0].position) * steps; };
        while (before + 2 < points.size() && entry * span >= offset_of(before + 1)) ++before;
        auto const width = offset_of(before + 1) - offset_of(before);
        auto const part = entry * span - offset_of(before);
        auto const& a = points[before].colour;
        auto const& b = points[before + 1].colour;
        auto const between = [&](std::uint8_t low, std::uint8_t high) {
            // Shortened where the products would not fit into 64 bits.
            auto const scale = width >> 40;
            auto const whole = scale > 0 ? width / scale : width;
            auto const share = scale > 0 ? part / scale : part;
            return static_cast<std::uint8_t>((2 * (low * (whole - share) + high * share) + whole) / (2 * whole));
        };
        table[static_cast<std::size_t>(entry)] = {.red = between(a.red, b.red),
                                                  .green = between(a.green, b.green),
                                                  .blue = between(a.blue, b.blue),
                                                  .alpha = between(a.alpha, b.alpha)};
    }
    return table;
}

/// Opaque colours at random. Equal seeds give equal colours, on every machine; a longer table begins as a shorter one.
[[nodiscard]] inline colour_table random_colours(std::size_t entries, std::uint64_t seed = 0)
{
    std::mt19937_64 bits(seed);
    colour_table table(entries);
    for (auto& each : table) {
        auto const random = bits();
        each = {.red = static_cast<std::uint8_t>(random >> 56),
                .green = static_cast<std::uint8_t>(random >> 48),
                .blue = static_cast<std::uint8_t>(random >> 40)};
    }
    return table;
}

/// Makes the entry of the null value transparent, if the table has it.
inline void clear_null(colour_table& table, double null_value)
{
    if (!(null_value >= 0 && null_value < static_cast<double>(table.size()))) return;
    auto const entry = static_cast<std::size_t>(null_value);
    if (static_cast<double>(entry) == null_value) table[entry] = transparent;
}

} // namespace rios
