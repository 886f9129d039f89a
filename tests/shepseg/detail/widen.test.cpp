// SPDX-License-Identifier: BSL-1.0
#include <shepseg/detail/widen.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include "support/hard_values.hpp"
#include "support/random_numbers.hpp"

using shepseg::detail::instruction_set;
using shepseg::detail::widen;

TEST_CASE("every kernel makes doubles of floats, and no more of them than asked")
{
    test::random_numbers random(1);
    for (auto const set : {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512}) {
        if (!supported(set)) continue;
        for (std::size_t count = 0; count <= 40; ++count) {
            std::vector<float> floats(count);
            for (auto& value : floats) value = static_cast<float>(test::hard_value(random, 1));
            std::vector<double> doubles(count + 1, -7.0);
            widen(floats.data(), count, doubles.data(), set);
            REQUIRE(std::equal(floats.begin(), floats.end(), doubles.begin()));
            REQUIRE(doubles.back() == -7);
        }
    }
}
