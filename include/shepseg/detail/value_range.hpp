// SPDX-License-Identifier: BSL-1.0
//
// The least and the greatest of many values, found without a branch for each.
#pragma once

#include <span>

namespace shepseg::detail {

template <typename T>
struct value_range {
    T least;
    T greatest;
};

/// @param values at least one, none of them not a number
template <typename T>
[[nodiscard]] value_range<T> find_value_range(std::span<T const> values) noexcept
{
    value_range<T> range{values.front(), values.front()};
    for (auto const value : values) {
        range.least = value < range.least ? value : range.least;
        range.greatest = value < range.greatest ? range.greatest : value;
    }
    return range;
}

} // namespace shepseg::detail
