// SPDX-License-Identifier: BSL-1.0
#include <shepseg/relabel.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "support/random_numbers.hpp"

using numbers = rios::large_vector<std::uint32_t>;
using shepseg::number_survivors;

TEST_CASE("survivors are numbered from 1 in ascending order, and the others follow them")
{
    auto const labels = [](numbers const& survivor) { return number_survivors(survivor).of_segment; };
    CHECK(labels({}).empty());
    CHECK(labels({0}) == numbers{1});
    CHECK(labels({0, 1, 2}) == numbers{1, 2, 3});
    CHECK(labels({2, 1, 2}) == numbers{2, 1, 2});
    CHECK(labels({3, 3, 5, 3, 5, 5}) == numbers{1, 1, 2, 1, 2, 2});
    CHECK(labels({4, 4, 4, 4, 4}) == numbers{1, 1, 1, 1, 1});
    CHECK(number_survivors({}).count == 0);
    CHECK(number_survivors({2, 1, 2}).count == 2);
    CHECK(number_survivors({2, 1, 2}).of_alone.empty());
}

TEST_CASE("single pixels that stayed alone are numbered between the segments, each at its place")
{
    auto const labels = number_survivors({0, 1, 2}, {0, 0, 2, 3, 3});
    CHECK(labels.count == 8);
    CHECK(labels.of_segment == numbers{3, 4, 6});
    CHECK(labels.of_alone == numbers{1, 2, 5, 7, 8});
    // Segments that are gone leave no gap, wherever the one that took them in stands.
    auto const gone = number_survivors({2, 1, 2, 1}, {0, 1, 2, 3, 4});
    CHECK(gone.count == 7);
    CHECK(gone.of_segment == numbers{5, 3, 5, 3});
    CHECK(gone.of_alone == numbers{1, 2, 4, 6, 7});
}

TEST_CASE("where there are only single pixels, they alone are numbered")
{
    auto const labels = number_survivors({}, {0, 0, 0});
    CHECK(labels.count == 3);
    CHECK(labels.of_segment.empty());
    CHECK(labels.of_alone == numbers{1, 2, 3});
}

TEST_CASE("labels go up with the keys, without gaps, whoever survives")
{
    test::random_numbers random(1);
    for (int round = 0; round < 500; ++round) {
        auto const segments = random.below(20U);
        numbers survivors;
        for (std::uint32_t segment = 0; segment < segments; ++segment) {
            if (random.one_in(2)) survivors.push_back(segment);
        }
        if (survivors.empty() && segments > 0) survivors.push_back(random.below(segments));
        numbers survivor(segments);
        for (auto& each : survivor) each = survivors[random.below(survivors.size())];
        for (auto const each : survivors) survivor[each] = each;
        numbers before(random.below(std::size_t{10}));
        for (auto& each : before) each = random.between(0U, segments);
        std::sort(before.begin(), before.end());

        auto const labels = number_survivors(survivor, before);
        numbers expected_segment(segments);
        numbers expected_alone;
        std::uint32_t label = 0;
        for (std::uint32_t segment = 0; segment <= segments; ++segment) {
            for (auto const each : before) {
                if (each == segment) expected_alone.push_back(++label);
            }
            if (segment < segments && survivor[segment] == segment) expected_segment[segment] = ++label;
        }
        for (std::uint32_t i = 0; i < segments; ++i) expected_segment[i] = expected_segment[survivor[i]];
        REQUIRE(labels.count == label);
        REQUIRE(labels.of_segment == expected_segment);
        REQUIRE(labels.of_alone == expected_alone);
    }
}
