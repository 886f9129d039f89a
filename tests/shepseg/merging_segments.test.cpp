// SPDX-License-Identifier: BSL-1.0
// That whole eliminations are right: eliminate.test.cpp.
#include <shepseg/merging_segments.hpp>

#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include "support/executors.hpp"

namespace {

/// A chain of segments of two pixels, each of which touches the one before and the one after, twice.
shepseg::region_graph<std::uint8_t> chain(std::uint32_t count)
{
    shepseg::region_graph<std::uint8_t> graph;
    graph.bands = 1;
    graph.first_met.push_back(0);
    for (std::uint32_t i = 0; i < count; ++i) {
        graph.sizes.push_back(2);
        graph.sums.emplace_back();
        graph.sums.back().add(static_cast<std::uint8_t>(i));
        for (int time = 0; time < 2; ++time) {
            if (i > 0) graph.neighbours.push_back(i - 1);
            if (i + 1 < count) graph.neighbours.push_back(i + 1);
        }
        graph.first_met.push_back(graph.neighbours.size());
    }
    return graph;
}

using segments = shepseg::detail::merging_segments<std::uint8_t>;
constexpr double no_limit = std::numeric_limits<double>::infinity();

} // namespace

TEST_CASE_TEMPLATE_DEFINE("segments begin alive, and merging makes one of two", E, merging)
{
    E executor;
    auto graph = chain(200'000);
    segments merging(graph, no_limit, executor);
    for (std::uint32_t i = 0; i < 200'000; ++i) REQUIRE((merging.alive(i) && merging.size(i) == 2));
    for (std::uint32_t i = 199'999; i > 0; --i) merging.merge(i, i - 1);
    CHECK(merging.size(0) == 400'000);
    CHECK(merging.alive(0));
    for (std::uint32_t i = 1; i < 200'000; ++i) REQUIRE((!merging.alive(i) && merging.find(i) == 0));
}
TEST_CASE_TEMPLATE_APPLY(merging, test::executors);

TEST_CASE("a segment chooses among the neighbours of all that it took in, once those are larger")
{
    rios::inline_executor executor;
    auto graph = chain(6);
    segments merging(graph, no_limit, executor);
    CHECK(merging.choose_partner(2, 1) == segments::none);
    merging.merge(1, 0);
    merging.merge(4, 5);
    CHECK(merging.choose_partner(2, 1) == 0);
    CHECK(merging.choose_partner(3, 1) == 5);
    merging.merge(3, 2);
    CHECK(merging.choose_partner(2, 1) == segments::none); // both are of four pixels
    merging.merge(0, 5);
    CHECK(merging.choose_partner(2, 1) == 5);
    CHECK(merging.choose_partner(2, 1) == 5); // lists that were shortened say the same
    CHECK(merging.choose_partner(5, 1) == segments::none);
}

TEST_CASE("sizes are told apart where 32 bits cannot hold them")
{
    rios::inline_executor executor;
    auto graph = chain(3);
    std::uint64_t const large = std::uint64_t{1} << 40;
    graph.sizes[0] = large + 1;
    graph.sizes[1] = large;
    graph.sizes[2] = large - 1;
    segments merging(graph, no_limit, executor);
    CHECK(merging.size(0) == large + 1);
    CHECK(merging.choose_partner(0, 1) == segments::none);
    CHECK(merging.choose_partner(1, 1) == 0);
    CHECK(merging.choose_partner(2, 1) == 1);
    merging.merge(1, 0);
    CHECK(merging.size(0) == 2 * large + 1);
    CHECK(merging.choose_partner(2, 1) == 0);
}
