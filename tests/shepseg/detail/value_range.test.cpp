// SPDX-License-Identifier: BSL-1.0
#include <shepseg/detail/value_range.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "support/random_numbers.hpp"

using shepseg::detail::find_value_range;

TEST_CASE_TEMPLATE("the range of values is from their least to their greatest", T, std::uint8_t, std::int16_t,
                   std::int64_t, float, double)
{
    test::random_numbers random(1);
    for (std::size_t count = 1; count < 300; ++count) {
        std::vector<T> values(count);
        for (auto& value : values) value = static_cast<T>(120 * random.unit());
        auto const range = find_value_range(std::span<T const>(values));
        REQUIRE(range.least == *std::ranges::min_element(values));
        REQUIRE(range.greatest == *std::ranges::max_element(values));
    }
}

TEST_CASE("of equal values the first is the least, and the last the greatest")
{
    std::vector const zeros{-0.0, 0.0, -0.0, 0.0};
    auto const range = find_value_range(std::span(zeros));
    CHECK(std::signbit(range.least));
    CHECK(!std::signbit(range.greatest));
}
