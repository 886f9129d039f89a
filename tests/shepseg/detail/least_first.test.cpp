// SPDX-License-Identifier: BSL-1.0
#include <shepseg/detail/least_first.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include "support/random_numbers.hpp"

using shepseg::detail::ascending_bits;
using shepseg::detail::put_least_first;

namespace {

bool parts_well(std::vector<std::uint64_t> keys, std::size_t count)
{
    auto sorted = keys;
    std::ranges::sort(sorted);
    put_least_first(keys, count);
    auto const middle = keys.begin() + static_cast<std::ptrdiff_t>(count);
    std::sort(keys.begin(), middle);
    std::sort(middle, keys.end());
    return keys == sorted;
}

} // namespace

TEST_CASE("the least keys come first, however many there are and whatever their order was")
{
    test::random_numbers random(1);
    for (std::size_t const size : {0U, 1U, 2U, 255U, 256U, 257U, 258U, 1000U, 20'000U}) {
        std::vector<std::uint64_t> rising(size);
        std::iota(rising.begin(), rising.end(), std::uint64_t{1} << 63);
        auto shuffled = rising;
        for (std::size_t i = size; i > 1; --i) std::swap(shuffled[i - 1], shuffled[random.below(i)]);
        auto scattered = shuffled;
        for (auto& key : scattered) key *= key;
        std::vector<std::uint64_t> const falling(rising.rbegin(), rising.rend());
        auto pipes = rising;
        for (std::size_t i = 0; i < size; ++i) pipes[i] = i % 2 == 0 ? rising[i / 2] : rising[size - 1 - i / 2];
        for (std::size_t const count : {std::size_t{0}, std::size_t{1}, size / 3, size / 2, size - size / 64, size}) {
            if (count > size) continue;
            CAPTURE(size);
            CAPTURE(count);
            CHECK(parts_well(rising, count));
            CHECK(parts_well(falling, count));
            CHECK(parts_well(shuffled, count));
            CHECK(parts_well(scattered, count));
            CHECK(parts_well(pipes, count));
        }
    }
}

TEST_CASE("bits of floats ascend as the floats do")
{
    std::vector<float> const floats{-std::numeric_limits<float>::infinity(),
                                    std::numeric_limits<float>::lowest(),
                                    -2.5F,
                                    -1.0F,
                                    -std::numeric_limits<float>::denorm_min(),
                                    -0.0F,
                                    0.0F,
                                    std::numeric_limits<float>::denorm_min(),
                                    1.0F,
                                    65'535.0F,
                                    std::numeric_limits<float>::max(),
                                    std::numeric_limits<float>::infinity()};
    for (std::size_t i = 1; i < floats.size(); ++i) CHECK(ascending_bits(floats[i - 1]) < ascending_bits(floats[i]));
}
