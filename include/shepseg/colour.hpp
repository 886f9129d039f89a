// SPDX-License-Identifier: BSL-1.0
//
// Colours of segments, one by one: at random, or out of their attributes. gdal/colour_columns.hpp writes them into attribute
// tables.
#pragma once

#include <cmath>
#include <cstdint>

#include <rios/colour_table.hpp>

namespace shepseg {

/// The colour of a segment by its number: opaque, transparent for 0. Equal seeds give equal colours, on every machine and in
/// any order of the segments. Mixes the bits as SplitMix64 does (Steele, Lea and Flood, 2014).
[[nodiscard]] constexpr rios::colour random_colour(std::uint32_t segment, std::uint64_t seed = 0) noexcept
{
    if (segment == 0) return rios::transparent;
    auto const mixed = [](std::uint64_t bits) {
        bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
        bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
        return bits ^ bits >> 31;
    };
    auto const random = mixed(mixed(seed + 0x9e3779b97f4a7c15) + segment);
    return {.red = static_cast<std::uint8_t>(random >> 56),
            .green = static_cast<std::uint8_t>(random >> 48),
            .blue = static_cast<std::uint8_t>(random >> 40)};
}

/// The values that become 0 and 255, and all between them in proportion.
struct colour_range {
    double low = 0;
    double high = 0;

    /// 0 to 255, rounded to the nearest, halves up; what lies outside of the range becomes 0 or 255. 128 for all values if the
    /// range is a single one, 0 for NaN.
    [[nodiscard]] std::uint8_t operator()(double value) const noexcept
    {
        if (std::isnan(value)) return 0;
        if (!(high > low)) return 128;
        if (value <= low) return 0;
        if (value >= high) return 255;
        return static_cast<std::uint8_t>(std::floor((value - low) / (high - low) * 255 + 0.5));
    }

    friend bool operator==(colour_range const&, colour_range const&) = default;
};

} // namespace shepseg
