// SPDX-License-Identifier: BSL-1.0
//
// What all percentiles mean: one of the values, found by its place among them. Used by percentile_search.hpp and by the
// statistics of segments.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace rios {

/// The place, from 1, of a percentile among `count` values in ascending order: the first that is at least count · percent / 100.
/// @pre percent is 0 to 100, and count is 1 or more
[[nodiscard]] inline std::uint64_t percentile_rank(double percent, std::uint64_t count) noexcept
{
    auto const place = static_cast<double>(count) * percent / 100;
    auto const whole = std::round(place);
    // 0.035 is a little more than 35 thousandths, but means them: what three roundings can make of a whole number is one.
    bool const is_whole = std::abs(place - whole) <= 1.5 * std::numeric_limits<double>::epsilon() * place;
    return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(is_whole ? whole : std::ceil(place)), 1, count);
}

} // namespace rios
