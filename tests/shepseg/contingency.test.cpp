// SPDX-License-Identifier: BSL-1.0
#include <shepseg/contingency.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/random_numbers.hpp"

using shepseg::contingency;
using shepseg::label_pair;

namespace {

using counts = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>;

std::vector<label_pair> list_of(counts const& expected)
{
    std::vector<label_pair> result;
    for (auto const& [pair, pixels] : expected) result.push_back({pair.first, pair.second, pixels});
    return result;
}

} // namespace

TEST_CASE("an empty table has no pairs")
{
    contingency table;
    table.merge(contingency());
    table.add(label_pair{1, 2, 0});
    CHECK(table.size() == 0);
    CHECK(table.take_pairs().empty());
}

TEST_CASE("pairs of a few pixels, worked by hand")
{
    rios::image<std::uint8_t> a(1, 2, 4);
    rios::image<std::int32_t> b(1, 2, 4);
    std::vector<std::uint8_t> const first{1, 1, 0, 0, 2, 1, 1, 0};
    std::vector<std::int32_t> const second{9, 9, 0, 7, 7, 7, 9, 0};
    std::copy(first.begin(), first.end(), a.data());
    std::copy(second.begin(), second.end(), b.data());
    contingency table;
    table.add(std::as_const(a).view(), std::as_const(b).view());
    CHECK(table.size() == 5);
    CHECK(table.take_pairs() == std::vector<label_pair>{{0, 0, 2}, {0, 7, 1}, {1, 7, 1}, {1, 9, 3}, {2, 7, 1}});
    CHECK(table.size() == 0);
    table.add(label_pair{4294967295, 4294967295, 5});
    CHECK(table.take_pairs() == std::vector<label_pair>{{4294967295, 4294967295, 5}});
}

TEST_CASE("many pairs, in blocks and merged, are those of a map")
{
    test::random_numbers random(3);
    for (std::uint32_t const labels : {3U, 300U, 4'000'000'000U}) {
        counts expected;
        contingency all;
        for (int part = 0; part < 9; ++part) {
            contingency table;
            for (int i = 0; i < 3000; ++i) {
                auto const a = random.below(labels);
                auto const b = random.one_in(2) ? a : random.below(labels);
                auto const pixels = random.between<std::uint64_t>(1, 9);
                expected[{a, b}] += pixels;
                table.add(label_pair{a, b, pixels});
            }
            all.merge(table);
        }
        CHECK(all.size() == expected.size());
        CHECK(all.take_pairs() == list_of(expected));
    }
}
