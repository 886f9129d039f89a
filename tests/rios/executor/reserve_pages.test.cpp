// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/reserve_pages.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>

#include <doctest/doctest.h>

#include "support/executors.hpp"

TEST_CASE_TEMPLATE_DEFINE("pages are reserved for as many elements as will come", E, pages)
{
    E executor;
    for (std::size_t const count : {std::size_t{0}, std::size_t{10}, std::size_t{3'000'000}}) {
        rios::large_vector<std::uint32_t> numbers{7, 8};
        rios::reserve_pages(numbers, count, executor);
        CHECK(numbers.empty());
        REQUIRE(numbers.capacity() >= count);
        auto const* const memory = numbers.data();
        numbers.resize(count);
        CHECK(numbers.data() == memory);
        CHECK(std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0}) == 0);
    }
}
TEST_CASE_TEMPLATE_APPLY(pages, test::executors);
