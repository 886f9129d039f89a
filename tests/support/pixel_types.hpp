// SPDX-License-Identifier: BSL-1.0
// The pixel types that typed tests run over, with readable names in the names of the test cases.
#pragma once

#include <cstdint>
#include <tuple>

#include <doctest/doctest.h>

#include <rios/pixel_type.hpp>

TYPE_TO_STRING_AS("uint8", std::uint8_t);
TYPE_TO_STRING_AS("int8", std::int8_t);
TYPE_TO_STRING_AS("uint16", std::uint16_t);
TYPE_TO_STRING_AS("int16", std::int16_t);
TYPE_TO_STRING_AS("uint32", std::uint32_t);
TYPE_TO_STRING_AS("int32", std::int32_t);
TYPE_TO_STRING_AS("float32", float);
TYPE_TO_STRING_AS("float64", double);

namespace test {

/// For TEST_CASE_TEMPLATE_APPLY.
using pixel_types =
    std::tuple<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, float, double>;

/// Those of whole numbers.
using integer_types = std::tuple<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t>;

/// A seed of its own for each pixel type and purpose.
template <typename T>
std::uint64_t seed_of(std::uint64_t what)
{
    return 100 * what + static_cast<std::uint64_t>(rios::pixel_type_of<T>);
}

} // namespace test
