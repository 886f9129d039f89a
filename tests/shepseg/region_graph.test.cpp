// SPDX-License-Identifier: BSL-1.0
// The graph of a raster that is one tile. That any tiling gives the same: region_graph_builder.test.cpp.
#include <shepseg/region_graph.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/tile_phase.hpp"

using rios::image;
using shepseg::connectivity;
using test::build_graph;
using test::image_of;
using test::in_one_tile;
using test::neighbours_of;
using numbers = rios::large_vector<std::uint32_t>;

TEST_CASE_TEMPLATE_DEFINE("the graph of a hand-worked image", T, hand_worked)
{
    // Segment by segment:  0 0 0 1    clusters, with a null pixel in the middle
    //                      2 3 - 1
    //                      2 3 3 1
    auto const clusters = image_of<std::uint16_t>(3, 4, {1, 1, 1, 2, 3, 4, 0, 2, 3, 4, 4, 2});
    image<T> pixels(2, 3, 4);
    std::iota(pixels.data(), pixels.data() + 24, T{1});
    auto const built = build_graph(in_one_tile(pixels, clusters));
    auto const& graph = built.graph;
    CHECK(graph.bands == 2);
    CHECK(graph.segments() == 4);
    CHECK(graph.sizes == rios::large_vector<std::uint64_t>{3, 3, 2, 3});
    std::vector<double> sums;
    for (auto const& sum : graph.sums) sums.push_back(sum.value());
    CHECK(sums == std::vector<double>{6, 42, 24, 60, 14, 38, 27, 63});
    CHECK(graph.first_met == rios::large_vector<std::uint64_t>{0, 3, 5, 7, 10});
    CHECK(neighbours_of(graph, 0) == numbers{2, 3, 1});
    CHECK(neighbours_of(graph, 1) == numbers{0, 3});
    CHECK(neighbours_of(graph, 2) == numbers{0, 3});
    CHECK(neighbours_of(graph, 3) == numbers{0, 2, 1});
    CHECK(numbers(built.labels.data(), built.labels.data() + 12) == numbers{1, 1, 1, 2, 3, 4, 0, 2, 3, 4, 4, 2});
}
TEST_CASE_TEMPLATE_APPLY(hand_worked, test::pixel_types);

TEST_CASE("diagonal neighbours are met when 8-connected, in scan order")
{
    auto const clusters = image_of<std::uint16_t>(3, 3, {1, 1, 2, 3, 1, 2, 3, 4, 4});
    image<std::uint8_t> const pixels(1, 3, 3);
    auto const graph = build_graph(in_one_tile(pixels, clusters, connectivity::eight)).graph;
    CHECK(neighbours_of(graph, 0) == numbers{2, 1, 3});
    CHECK(neighbours_of(graph, 1) == numbers{0, 3});
    CHECK(neighbours_of(graph, 2) == numbers{0, 3});
    CHECK(neighbours_of(graph, 3) == numbers{2, 0, 1});
}

TEST_CASE("neighbours are listed for segments that may be eliminated, not for others")
{
    auto const clusters = image_of<std::uint16_t>(1, 7, {1, 1, 1, 2, 2, 3, 3});
    image<std::uint8_t> const pixels(1, 1, 7);
    auto const graph_for = [&](std::uint64_t min_segment_size) {
        return build_graph(in_one_tile(pixels, clusters, connectivity::four, min_segment_size)).graph;
    };
    CHECK(graph_for(1).neighbours.empty());
    CHECK(graph_for(2).neighbours.empty());
    auto const three = graph_for(3);
    CHECK(neighbours_of(three, 0).empty());
    CHECK(neighbours_of(three, 1) == numbers{0, 2});
    CHECK(neighbours_of(three, 2) == numbers{1});
    CHECK(neighbours_of(graph_for(4), 0) == numbers{1});
}

TEST_CASE("single pixels that stay alone are no segments, but have their place among these")
{
    // Two alone, a pair, two more, a pair, one more.
    auto const clusters = image_of<std::uint16_t>(1, 13, {1, 2, 0, 3, 3, 0, 1, 2, 0, 4, 4, 0, 5});
    image<std::uint8_t> const pixels(1, 1, 13);
    auto const built = build_graph(in_one_tile(pixels, clusters));
    CHECK(built.graph.sizes == rios::large_vector<std::uint64_t>{2, 2});
    CHECK(built.graph.neighbours.empty());
    CHECK(built.before_alone == numbers{0, 0, 1, 1, 2});
    CHECK(numbers(built.labels.data(), built.labels.data() + 13) == numbers{3, 4, 0, 1, 1, 0, 5, 6, 0, 2, 2, 0, 7});
}

TEST_CASE("segments are numbered by their clumps although single pixels before them joined")
{
    auto const clusters = image_of<std::uint16_t>(2, 4, {5, 1, 1, 2, 3, 3, 2, 2});
    image<std::uint8_t> pixels(1, 2, 4);
    std::iota(pixels.data(), pixels.data() + 8, std::uint8_t{0});
    auto const built = build_graph(in_one_tile(pixels, clusters));
    auto const& graph = built.graph;
    // The first pixel, alone, joins the 1s on its right.
    REQUIRE(built.joined == 1);
    CHECK(numbers(built.labels.data(), built.labels.data() + 8) == numbers{1, 1, 1, 2, 3, 3, 2, 2});
    CHECK(graph.sizes == rios::large_vector<std::uint64_t>{3, 3, 2});
    CHECK(graph.sums.at(0).value() == 3);
    // The absorbed pixel is the first in scan order, so it is the first to look around.
    CHECK(neighbours_of(graph, 0) == numbers{2, 1});
}

TEST_CASE_TEMPLATE_DEFINE("the graph of any image is what looking at each pixel finds", T, brute_force)
{
    test::random_numbers random(5);
    for (int round = 0; round < 150; ++round) {
        image<std::uint16_t> clusters(1, random.between(1, 9), random.between(1, 9));
        image<T> pixels(random.between(1, 3), clusters.rows(), clusters.cols());
        for (std::ptrdiff_t i = 0; i < clusters.pixel_count(); ++i) clusters.data()[i] = random.below<std::uint16_t>(4);
        for (std::ptrdiff_t i = 0; i < pixels.bands() * pixels.pixel_count(); ++i)
            pixels.data()[i] = random.below(T{100});
        auto const neighbours = random.one_in(2) ? connectivity::four : connectivity::eight;
        auto const built = build_graph(in_one_tile(pixels, clusters, neighbours, 1000));
        auto const& graph = built.graph;
        auto const* const label = built.labels.data();
        auto const count = built.labels.pixel_count();
        REQUIRE(graph.sums.size() == graph.segments() * graph.bands);
        for (std::uint32_t segment = 0; segment < graph.segments(); ++segment) {
            std::uint64_t size = 0;
            std::vector<double> sums(graph.bands);
            numbers met;
            for (std::ptrdiff_t at = 0; at < count; ++at) {
                if (label[at] != segment + 1) continue;
                ++size;
                for (std::size_t b = 0; b < graph.bands; ++b) {
                    sums[b] += static_cast<double>(pixels.data()[static_cast<std::ptrdiff_t>(b) * count + at]);
                }
                for (std::ptrdiff_t next = 0; next < count; ++next) {
                    auto const down = next / clusters.cols() - at / clusters.cols();
                    auto const right = next % clusters.cols() - at % clusters.cols();
                    auto const far = down * down + right * right;
                    bool const touches = far == 1 || (far == 2 && neighbours == connectivity::eight);
                    if (!touches || label[next] == 0 || label[next] == segment + 1) continue;
                    if (std::find(met.begin(), met.end(), label[next] - 1) == met.end()) met.push_back(label[next] - 1);
                }
            }
            REQUIRE(graph.sizes[segment] == size);
            // Nothing touches a single pixel that stays alone.
            REQUIRE(std::all_of(met.begin(), met.end(), [&](auto other) { return other < graph.segments(); }));
            for (std::size_t b = 0; b < graph.bands; ++b) {
                REQUIRE(graph.sums[segment * graph.bands + b].value() == sums[b]);
            }
            REQUIRE(size > 1);
            REQUIRE(neighbours_of(graph, segment) == met);
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(brute_force, test::pixel_types);
