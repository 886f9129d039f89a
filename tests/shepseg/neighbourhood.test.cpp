// SPDX-License-Identifier: BSL-1.0
#include <shepseg/neighbourhood.hpp>

#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

using shepseg::connectivity;
using shepseg::neighbourhood;

namespace {

std::vector<std::ptrdiff_t> met(std::ptrdiff_t rows, std::ptrdiff_t cols, connectivity neighbours, std::ptrdiff_t at)
{
    std::vector<std::ptrdiff_t> result;
    neighbourhood(rows, cols, neighbours).for_each(at, [&](std::ptrdiff_t next) { result.push_back(next); });
    return result;
}

std::vector<std::ptrdiff_t> brute_force(std::ptrdiff_t rows, std::ptrdiff_t cols, bool diagonal, std::ptrdiff_t at)
{
    std::vector<std::ptrdiff_t> result;
    for (std::ptrdiff_t next = 0; next < rows * cols; ++next) {
        auto const down = next / cols - at / cols;
        auto const right = next % cols - at % cols;
        auto const distance = down * down + right * right;
        if (distance == 1 || (diagonal && distance == 2)) result.push_back(next);
    }
    return result;
}

} // namespace

TEST_CASE("neighbours of a hand-worked 3 × 4 raster are met in scan order")
{
    //  0 1  2  3
    //  4 5  6  7
    //  8 9 10 11
    using indexes = std::vector<std::ptrdiff_t>;
    CHECK(met(3, 4, connectivity::four, 5) == indexes{1, 4, 6, 9});
    CHECK(met(3, 4, connectivity::eight, 5) == indexes{0, 1, 2, 4, 6, 8, 9, 10});
    CHECK(met(3, 4, connectivity::four, 0) == indexes{1, 4});
    CHECK(met(3, 4, connectivity::eight, 0) == indexes{1, 4, 5});
    CHECK(met(3, 4, connectivity::four, 11) == indexes{7, 10});
    CHECK(met(3, 4, connectivity::eight, 7) == indexes{2, 3, 6, 10, 11});
    CHECK(met(3, 4, connectivity::eight, 8) == indexes{4, 5, 9});
}

TEST_CASE("neighbours in rasters of any size are all pixels at the right distance, in scan order")
{
    for (std::ptrdiff_t rows = 1; rows <= 6; ++rows) {
        for (std::ptrdiff_t cols = 1; cols <= 6; ++cols) {
            for (std::ptrdiff_t at = 0; at < rows * cols; ++at) {
                REQUIRE(met(rows, cols, connectivity::four, at) == brute_force(rows, cols, false, at));
                REQUIRE(met(rows, cols, connectivity::eight, at) == brute_force(rows, cols, true, at));
            }
        }
    }
}
