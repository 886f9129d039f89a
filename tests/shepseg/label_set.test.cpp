// SPDX-License-Identifier: BSL-1.0
#include <shepseg/label_set.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/for_each_index.hpp>

#include "support/executors.hpp"
#include "support/random_numbers.hpp"

TEST_CASE("an empty set has no members")
{
    shepseg::label_set set;
    CHECK(set.number() == 0);
    CHECK(set.size() == 0);
    CHECK(set.labels().empty());
    CHECK(set.number_of(0) == 0);
    CHECK(set.number_of(4294967295) == 0);
}

TEST_CASE("members are numbered in ascending order, also at the edges of words and pages, and up to the largest label")
{
    std::vector<std::uint32_t> const members{1, 63, 64, 65535, 65536, 65599, 2147483648, 4294967295};
    shepseg::label_set set;
    for (auto i = members.size(); i-- > 0;) set.insert(members[i]);
    set.insert(64);
    CHECK(set.number() == members.size());
    CHECK(set.labels() == members);
    for (std::size_t i = 0; i < members.size(); ++i) CHECK(set.number_of(members[i]) == i + 1);
    for (std::uint32_t const other : {0U, 2U, 62U, 65U, 65537U, 131072U, 4294967294U}) CHECK(set.number_of(other) == 0);
}

TEST_CASE_TEMPLATE("what several threads insert is what one inserts", E, rios::inline_executor, test::threads<2>,
                   test::threads<5>)
{
    E executor;
    test::random_numbers random(7);
    std::vector<std::uint32_t> labels(20000);
    for (auto& each : labels) {
        each = random.one_in(3) ? random.below(300U) : static_cast<std::uint32_t>(random.bits()) % 1000000;
    }
    shepseg::label_set set;
    rios::for_each_chunk(executor, labels.size(), 100, [&](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i) set.insert(labels[i]);
    });
    std::set<std::uint32_t> const expected(labels.begin(), labels.end());
    CHECK(set.number() == expected.size());
    CHECK(set.labels() == std::vector<std::uint32_t>(expected.begin(), expected.end()));
    std::uint32_t number = 0;
    for (auto const label : expected) CHECK(set.number_of(label) == ++number);
}
