// SPDX-License-Identifier: BSL-1.0
//
// Parting many numbers into the lesser and the greater ones, without a branch that depends on them: where these come in no
// order, a processor guesses half of such branches wrongly.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shepseg::detail {

/// A number that is the greater, the greater the float is. @pre value is a number
[[nodiscard]] constexpr std::uint32_t ascending_bits(float value) noexcept
{
    auto const bits = std::bit_cast<std::uint32_t>(value);
    return bits ^ (bits >> 31 != 0 ? 0xffff'ffffU : 0x8000'0000U);
}

/// Puts the `count` least keys before the others. What the order is on either side depends on the keys alone.
/// @pre no two keys are equal
/// Source: Hoare (1961), "Algorithm 65: find", with Lomuto's way to part
inline void put_least_first(std::span<std::uint64_t> keys, std::size_t count)
{
    constexpr std::size_t few = 256;
    constexpr int most_rounds = 64; // more happen only to keys made for that
    std::array<std::uint64_t, 31> drawn;
    for (int round = 0; keys.size() > few && count > 0 && count < keys.size() && round < most_rounds; ++round) {
        for (std::size_t i = 0; i < drawn.size(); ++i) drawn[i] = keys[i * (keys.size() - 1) / (drawn.size() - 1)];
        auto* const middle = drawn.begin() + count * (drawn.size() - 1) / keys.size();
        std::nth_element(drawn.begin(), middle, drawn.end());
        auto const pivot = *middle;
        std::size_t less = 0;
        for (auto& key : keys) {
            auto const own = key;
            key = keys[less];
            keys[less] = own;
            less += own < pivot ? 1 : 0;
        }
        if (less == 0) break; // the pivot is the least key
        if (less <= count) {
            keys = keys.subspan(less);
            count -= less;
        } else {
            keys = keys.first(less);
        }
    }
    if (count > 0 && count < keys.size())
        std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(count), keys.end());
}

} // namespace shepseg::detail
