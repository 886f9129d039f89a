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
    neighbourhood const around(rows, cols, neighbours);
    around.for_each(at, [&](std::ptrdiff_t next, std::size_t) { result.push_back(next); });
    // The same by row and column, and each under the number of the step that leads to it.
    std::vector<std::ptrdiff_t> again;
    around.for_each(at / cols, at % cols, [&](std::ptrdiff_t next, std::size_t number) {
        again.push_back(next);
        auto const& step = around.step(number);
        REQUIRE(next == (at / cols + step.down) * cols + at % cols + step.right);
    });
    REQUIRE(again == result);
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

TEST_CASE("steps are numbered in the order of meeting, whether or not all of them stay in the raster")
{
    using steps = std::vector<std::vector<std::ptrdiff_t>>;
    auto const steps_of = [](connectivity neighbours) {
        neighbourhood const around(3, 3, neighbours);
        steps result;
        for (std::size_t number = 0; number < around.count(); ++number) {
            result.push_back({around.step(number).down, around.step(number).right});
        }
        return result;
    };
    CHECK(steps_of(connectivity::four) == steps{{-1, 0}, {0, -1}, {0, 1}, {1, 0}});
    CHECK(steps_of(connectivity::eight) == steps{{-1, -1}, {-1, 0}, {-1, 1}, {0, -1}, {0, 1}, {1, -1}, {1, 0}, {1, 1}});
    std::vector<std::size_t> numbers;
    neighbourhood(3, 3, connectivity::four).for_each(8, [&](std::ptrdiff_t, std::size_t number) {
        numbers.push_back(number);
    });
    CHECK(numbers == std::vector<std::size_t>{0, 1});
    numbers.clear();
    neighbourhood(3, 3, connectivity::eight).for_each(2, 0, [&](std::ptrdiff_t, std::size_t number) {
        numbers.push_back(number);
    });
    CHECK(numbers == std::vector<std::size_t>{1, 2, 4});
}

TEST_CASE("the opposite step leads back")
{
    for (auto const neighbours : {connectivity::four, connectivity::eight}) {
        neighbourhood const around(5, 5, neighbours);
        CHECK(around.count() == static_cast<std::size_t>(neighbours));
        for (std::size_t number = 0; number < around.count(); ++number) {
            auto const& step = around.step(number);
            auto const& back = around.step(around.opposite(number));
            CHECK(step.down + back.down == 0);
            CHECK(step.right + back.right == 0);
        }
    }
}
