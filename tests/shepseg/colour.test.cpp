// SPDX-License-Identifier: BSL-1.0
#include <shepseg/colour.hpp>

#include <cmath>
#include <cstdint>
#include <set>
#include <tuple>

#include <doctest/doctest.h>

using shepseg::colour_range;
using shepseg::random_colour;

TEST_CASE("random colours depend on the number and the seed alone, and null is transparent")
{
    static_assert(random_colour(0) == rios::transparent);
    static_assert(random_colour(7, 3) == random_colour(7, 3));
    // On every machine.
    CHECK(random_colour(1) == rios::colour{.red = 234, .green = 133, .blue = 104});
    CHECK(random_colour(2) == rios::colour{.red = 165, .green = 89, .blue = 101});
    CHECK(random_colour(4294967295, 12345) == rios::colour{.red = 242, .green = 218, .blue = 200});
    std::set<std::tuple<int, int, int>> different;
    double red = 0;
    for (std::uint32_t segment = 1; segment <= 10000; ++segment) {
        auto const colour = random_colour(segment, segment % 2);
        CHECK(colour.alpha == 255);
        red += colour.red;
        different.emplace(colour.red, colour.green, colour.blue);
    }
    CHECK(different.size() > 9900);
    CHECK(red / 10000 == doctest::Approx(127.5).epsilon(0.03));
}

TEST_CASE("a range stretches its values linearly to 0 to 255 and cuts off the others")
{
    colour_range const range{10, 20};
    CHECK(range(9) == 0);
    CHECK(range(10) == 0);
    CHECK(range(15) == 128); // 127.5
    CHECK(range(14.9) == 125);
    CHECK(range(20) == 255);
    CHECK(range(1e300) == 255);
    CHECK(range(-INFINITY) == 0);
    CHECK(range(std::nan("")) == 0);
    colour_range const single{5, 5};
    CHECK(single(5) == 128);
    CHECK(single(9) == 128);
    CHECK(single(std::nan("")) == 0);
}
