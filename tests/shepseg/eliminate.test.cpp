// SPDX-License-Identifier: BSL-1.0
#include <shepseg/eliminate.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>

#include "support/executors.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using shepseg::eliminate_small_segments;
using shepseg::region_graph;

namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();

/// A segment of one band, all of its pixels alike.
struct node {
    std::uint64_t size;
    int value;
    rios::large_vector<std::uint32_t> neighbours;
};

template <typename T>
region_graph<T> graph_of(std::vector<node> const& nodes)
{
    region_graph<T> graph;
    graph.bands = 1;
    graph.first_met.push_back(0);
    for (auto const& each : nodes) {
        graph.sizes.push_back(each.size);
        graph.sums.emplace_back();
        for (std::uint64_t pixel = 0; pixel < each.size; ++pixel) graph.sums.back().add(static_cast<T>(each.value));
        graph.neighbours.insert(graph.neighbours.end(), each.neighbours.begin(), each.neighbours.end());
        graph.first_met.push_back(graph.neighbours.size());
    }
    return graph;
}

/// For each segment its survivor.
template <typename T = std::uint8_t>
rios::large_vector<std::uint32_t> survivors(std::vector<node> const& nodes, std::uint64_t min_segment_size,
                                            double max_spectral_diff = no_limit)
{
    auto graph = graph_of<T>(nodes);
    rios::inline_executor executor;
    auto const left = eliminate_small_segments(graph, min_segment_size, max_spectral_diff, executor);
    std::uint64_t gone = 0;
    for (std::uint32_t segment = 0; segment < left.survivor.size(); ++segment) {
        gone += left.survivor[segment] == segment ? 0 : 1;
        CHECK(left.survivor[left.survivor[segment]] == left.survivor[segment]);
    }
    CHECK(left.eliminated == gone);
    return left.survivor;
}

using numbers = rios::large_vector<std::uint32_t>;

/// A large segment, then a chain of pairs, each touching the one before and the one after.
std::vector<node> chain(std::uint32_t pairs)
{
    std::vector<node> nodes{{100, 5, {1}}};
    for (std::uint32_t i = 1; i <= pairs; ++i) {
        nodes.push_back({2, static_cast<int>(i % 7), {i - 1}});
        if (i < pairs) nodes.back().neighbours.push_back(i + 1);
    }
    return nodes;
}

/// The rules once more, without lists that are cut short, tables of sizes or threads.
numbers brute_force(std::vector<node> const& nodes, std::uint64_t min_segment_size, double max_spectral_diff)
{
    struct segment {
        std::uint64_t size;
        std::int64_t sum;
        numbers met; // original numbers
    };
    std::vector<segment> segments;
    numbers now(nodes.size());
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        segments.push_back(
            {nodes[i].size, static_cast<std::int64_t>(nodes[i].size) * nodes[i].value, nodes[i].neighbours});
        now[i] = i;
    }
    auto const mean = [&](std::uint32_t i) {
        return static_cast<double>(segments[i].sum) / static_cast<double>(segments[i].size);
    };
    for (std::uint64_t size = 2; size < min_segment_size; ++size) {
        for (int pass = 0; pass < 10; ++pass) {
            std::vector<std::pair<std::uint32_t, std::uint32_t>> merges;
            for (std::uint32_t i = 0; i < nodes.size(); ++i) {
                if (now[i] != i || segments[i].size != size) continue;
                std::uint32_t best = i;
                double least = 0;
                for (auto const met : segments[i].met) {
                    auto const other = now[met];
                    if (other == i || segments[other].size <= size) continue;
                    auto const distance = std::abs(mean(other) - mean(i));
                    double const volatile squared = distance * distance;
                    if (best == i || squared < least) {
                        best = other;
                        least = squared;
                    }
                }
                if (best != i && least <= max_spectral_diff * max_spectral_diff) merges.emplace_back(i, best);
            }
            for (auto const& [from, into] : merges) {
                segments[into].size += segments[from].size;
                segments[into].sum += segments[from].sum;
                segments[into].met.insert(segments[into].met.end(), segments[from].met.begin(),
                                          segments[from].met.end());
                std::replace(now.begin(), now.end(), from, into);
            }
            if (merges.empty()) break;
        }
    }
    return now;
}

std::vector<node> random_nodes(test::random_numbers& random, std::uint32_t count, int values)
{
    std::vector<node> nodes;
    for (std::uint32_t i = 0; i < count; ++i)
        nodes.push_back({random.between<std::uint64_t>(2, 6), random.below(values), {}});
    for (std::uint32_t links = 2 * count; links > 0; --links) {
        auto const a = random.below(count);
        auto const b = random.one_in(2) ? random.below(count) : std::min(count - 1, a + 1);
        if (a == b || std::count(nodes[a].neighbours.begin(), nodes[a].neighbours.end(), b) > 0) continue;
        nodes[a].neighbours.push_back(b);
        nodes[b].neighbours.push_back(a);
    }
    return nodes;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("a small segment merges into the neighbour with the nearest mean", T, nearest)
{
    std::vector<node> const nodes{{9, 40, {1}}, {2, 50, {0, 2, 3}}, {9, 58, {1}}, {9, 70, {1}}};
    CHECK(survivors<T>(nodes, 3) == numbers{0, 2, 2, 3});
    CHECK(survivors<T>(nodes, 2) == numbers{0, 1, 2, 3});
    CHECK(survivors<T>(nodes, 1) == numbers{0, 1, 2, 3});
}
TEST_CASE_TEMPLATE_APPLY(nearest, test::pixel_types);

TEST_CASE("of equally near neighbours the one met first wins")
{
    CHECK(survivors({{9, 4, {1}}, {2, 5, {0, 2}}, {9, 6, {1}}}, 3) == numbers{0, 0, 2});
    CHECK(survivors({{9, 4, {1}}, {2, 5, {2, 0}}, {9, 6, {1}}}, 3) == numbers{0, 2, 2});
}

TEST_CASE("only neighbours that are larger take part, however near others are")
{
    CHECK(survivors({{2, 5, {1, 2}}, {2, 5, {0}}, {3, 99, {0}}}, 3) == numbers{2, 2, 2});
    CHECK(survivors({{2, 5, {1}}, {2, 5, {0}}}, 100) == numbers{0, 1});
    CHECK(survivors({{3, 5, {1, 2}}, {3, 5, {0}}, {9, 99, {0}}}, 4) == numbers{2, 2, 2});
}

TEST_CASE("a distance that is the limit is allowed")
{
    std::vector<node> const nodes{{9, 10, {1}}, {2, 13, {0}}};
    CHECK(survivors(nodes, 3, 3.0) == numbers{0, 0});
    CHECK(survivors(nodes, 3, std::nextafter(3.0, 0.0)) == numbers{0, 1});
    CHECK(survivors({{9, 10, {1}}, {2, 10, {0}}}, 3, 0.0) == numbers{0, 0});
    CHECK(survivors(nodes, 3, 0.0) == numbers{0, 1});
}

TEST_CASE("a neighbour that is near enough does not replace the nearest that is too far")
{
    // There is none nearer than the nearest: when it is too far, all are.
    CHECK(survivors({{9, 0, {1}}, {2, 50, {0, 2}}, {9, 90, {1}}}, 3, 30.0) == numbers{0, 1, 2});
}

TEST_CASE("a segment that grew is small until it reaches the minimum")
{
    CHECK(survivors({{2, 1, {1}}, {3, 2, {0, 2}}, {10, 9, {1}}}, 6) == numbers{2, 2, 2});
    CHECK(survivors({{2, 1, {1}}, {3, 2, {0, 2}}, {10, 9, {1}}}, 5) == numbers{1, 1, 2});
}

TEST_CASE("all of a pass judge by the means at its start")
{
    // 0 makes 1 darker in the pass in which 2 chooses; 2 is nearer to 3 than 1 was.
    CHECK(survivors({{2, 40, {1}}, {5, 0, {0, 2}}, {2, 10, {1, 3}}, {5, 19, {2}}}, 3) == numbers{1, 1, 3, 3});
    // Larger, 2 chooses later and the other way.
    CHECK(survivors({{2, 40, {1}}, {5, 0, {0, 2}}, {6, 10, {1, 3}}, {7, 19, {2}}}, 7) == numbers{1, 1, 1, 3});
}

TEST_CASE("all of a pass judge by the sizes at its start")
{
    // 1 grows larger than 2 in the pass, yet at its start both are pairs.
    CHECK(survivors({{2, 5, {1}}, {2, 6, {0, 2, 3}}, {2, 6, {1}}, {9, 90, {1}}}, 3) == numbers{3, 3, 3, 3});
}

TEST_CASE("what was absorbed is asked after a segment's own neighbours, in the order of the absorbed segments")
{
    // 2 takes in 1 and 3, then is as far from 0 as from 4; its own list is used up.
    std::vector<node> const nodes{{8, 15, {1}}, {2, 4, {0, 2}}, {3, 5, {1, 3}}, {2, 6, {2, 4}}, {8, 15, {3}}};
    CHECK(survivors(nodes, 8) == numbers{0, 0, 0, 0, 4});
    std::vector<node> const own_first{{8, 15, {1}}, {2, 4, {0, 2}}, {3, 5, {1, 3}}, {8, 15, {2}}};
    CHECK(survivors(own_first, 6) == numbers{0, 3, 3, 3});
}

TEST_CASE("there are ten passes for each size and no more")
{
    auto const eliminated = [](std::uint32_t pairs, std::uint64_t min_segment_size) {
        auto graph = graph_of<std::uint8_t>(chain(pairs));
        rios::inline_executor executor;
        return eliminate_small_segments(graph, min_segment_size, no_limit, executor).eliminated;
    };
    CHECK(eliminated(9, 3) == 9);
    CHECK(eliminated(10, 3) == 10);
    CHECK(eliminated(11, 3) == 10);
    CHECK(eliminated(40, 3) == 10);
    CHECK(eliminated(40, 90) == 10);
}

TEST_CASE("the count of passes starts again for each size")
{
    // A chain of pairs, and apart from it one of triples.
    auto nodes = chain(12);
    for (auto each : chain(12)) {
        if (each.size == 2) each.size = 3;
        for (auto& met : each.neighbours) met += 13;
        nodes.push_back(each);
    }
    auto const left = survivors(nodes, 4);
    CHECK(std::count(left.begin(), left.end(), 0U) == 11);
    CHECK(std::count(left.begin(), left.end(), 13U) == 11);
}

TEST_CASE("a minimum beyond all sizes is taken as it is meant")
{
    CHECK(survivors(chain(5), std::numeric_limits<std::uint64_t>::max()) == numbers(6, 0));
    CHECK(survivors({}, 5).empty());
    CHECK(survivors({{7, 1, {}}}, 100) == numbers{0});
}

TEST_CASE("all bands count")
{
    region_graph<std::int16_t> graph;
    graph.bands = 2;
    graph.sizes = {9, 2, 9};
    graph.sums.resize(6);
    for (std::size_t i = 0; i < 2; ++i) graph.sums[2 + i].add(std::int16_t{20}); // mean (10, 10)
    graph.sums[0].add(std::int16_t{9 * 10});                                     // mean (10, 14)
    graph.sums[1].add(std::int16_t{9 * 14});
    graph.sums[4].add(std::int16_t{9 * 13}); // mean (13, 12)
    graph.sums[5].add(std::int16_t{9 * 12});
    graph.first_met = {0, 1, 3, 4};
    graph.neighbours = {1, 0, 2, 1};
    rios::inline_executor executor;
    CHECK(eliminate_small_segments(graph, 3, 3.7, executor).survivor == numbers{0, 2, 2});
}

TEST_CASE("the survivors of any graph are those of the rules followed one by one")
{
    test::random_numbers random(1);
    for (int round = 0; round < 3000; ++round) {
        auto const nodes = random_nodes(random, random.between(2U, 40U), random.between(1, 9));
        auto const min_segment_size = random.between<std::uint64_t>(1, 40);
        auto const limit = random.pick<double>({0, 1, 2.5, no_limit, no_limit});
        REQUIRE(survivors(nodes, min_segment_size, limit) == brute_force(nodes, min_segment_size, limit));
    }
}

TEST_CASE("segments of thousands of pixels merge as small ones do")
{
    test::random_numbers random(3);
    for (int round = 0; round < 40; ++round) {
        auto nodes = random_nodes(random, random.between(2U, 40U), random.between(1, 9));
        for (auto& each : nodes) each.size += random.between<std::uint64_t>(0, 1) * 4090; // on both sides of 4096
        auto const min_segment_size = random.between<std::uint64_t>(4090, 4110) * random.between<std::uint64_t>(1, 2);
        REQUIRE(survivors(nodes, min_segment_size) == brute_force(nodes, min_segment_size, no_limit));
    }
}

TEST_CASE_TEMPLATE_DEFINE("thousands of segments of a size merge alike on every executor", E, many)
{
    test::random_numbers random(2);
    auto const nodes = random_nodes(random, 20000, 9);
    auto graph = graph_of<std::uint16_t>(nodes);
    E executor;
    auto const result = eliminate_small_segments(graph, 12, 3.0, executor);
    CHECK(result.eliminated > 5000);
    CHECK(result.survivor == survivors<std::uint16_t>(nodes, 12, 3.0));
}
TEST_CASE_TEMPLATE_APPLY(many, test::thread_executors);

TEST_CASE("progress goes up from 0 to 1 and may cancel")
{
    test::random_numbers random(3);
    auto const nodes = random_nodes(random, 200, 9);
    rios::inline_executor executor;
    double last = 0;
    int calls = 0;
    auto graph = graph_of<float>(nodes);
    static_cast<void>(eliminate_small_segments(graph, 20, no_limit, executor, [&](std::string_view phase, double done) {
        CHECK(phase == "small segments");
        CHECK(done >= last);
        CHECK(done <= 1);
        last = done;
        return ++calls > 0;
    }));
    CHECK(calls > 3);
    auto cancelled = graph_of<float>(nodes);
    CHECK_THROWS_AS(static_cast<void>(eliminate_small_segments(cancelled, 20, no_limit, executor,
                                                               [&](std::string_view, double) { return --calls > 1; })),
                    rios::cancelled);
}
