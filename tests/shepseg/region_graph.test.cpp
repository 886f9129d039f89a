// SPDX-License-Identifier: BSL-1.0
#include <shepseg/region_graph.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>
#include <shepseg/single_pixels.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using rios::image;
using shepseg::connectivity;
using shepseg::make_region_graph;
using shepseg::region_graph;

namespace {

image<std::uint16_t> clusters_of(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<std::uint16_t> const& values)
{
    image<std::uint16_t> result(1, rows, cols);
    std::copy(values.begin(), values.end(), result.data());
    return result;
}

template <typename T>
std::vector<std::uint32_t> neighbours_of(region_graph<T> const& graph, std::size_t segment)
{
    auto const at = [&](std::uint64_t index) { return graph.neighbours.begin() + static_cast<std::ptrdiff_t>(index); };
    return {at(graph.first_met.at(segment)), at(graph.first_met.at(segment + 1))};
}

using numbers = std::vector<std::uint32_t>;

} // namespace

TEST_CASE_TEMPLATE_DEFINE("the graph of a hand-worked image", T, hand_worked)
{
    // Segment by segment:  0 0 0 1    clusters, with a null pixel in the middle
    //                      2 3 - 1
    //                      2 3 3 1
    auto const clusters = clusters_of(3, 4, {1, 1, 1, 2, 3, 4, 0, 2, 3, 4, 4, 2});
    image<T> pixels(2, 3, 4);
    std::iota(pixels.data(), pixels.data() + 24, T{1});
    auto map = shepseg::find_clumps(clusters, connectivity::four);
    auto const graph = make_region_graph<T>(pixels.view(), map, connectivity::four, 100);
    CHECK(graph.bands == 2);
    CHECK(graph.segments() == 4);
    CHECK(graph.sizes == std::vector<std::uint64_t>{3, 3, 2, 3});
    std::vector<double> sums;
    for (auto const& sum : graph.sums) sums.push_back(sum.value());
    CHECK(sums == std::vector<double>{6, 42, 24, 60, 14, 38, 27, 63});
    CHECK(graph.first_met == std::vector<std::uint64_t>{0, 3, 5, 7, 10});
    CHECK(neighbours_of(graph, 0) == numbers{2, 3, 1});
    CHECK(neighbours_of(graph, 1) == numbers{0, 3});
    CHECK(neighbours_of(graph, 2) == numbers{0, 3});
    CHECK(neighbours_of(graph, 3) == numbers{0, 2, 1});
    CHECK(numbers(map.labels.data(), map.labels.data() + 12) == numbers{1, 1, 1, 2, 3, 4, 0, 2, 3, 4, 4, 2});
}
TEST_CASE_TEMPLATE_APPLY(hand_worked, test::pixel_types);

TEST_CASE("diagonal neighbours are met when 8-connected, in scan order")
{
    auto const clusters = clusters_of(3, 3, {1, 1, 2, 3, 1, 2, 3, 4, 4});
    image<std::uint8_t> const pixels(1, 3, 3);
    auto map = shepseg::find_clumps(clusters, connectivity::eight);
    auto const graph = make_region_graph<std::uint8_t>(pixels.view(), map, connectivity::eight, 100);
    CHECK(neighbours_of(graph, 0) == numbers{2, 1, 3});
    CHECK(neighbours_of(graph, 1) == numbers{0, 3});
    CHECK(neighbours_of(graph, 2) == numbers{0, 3});
    CHECK(neighbours_of(graph, 3) == numbers{2, 0, 1});
}

TEST_CASE("neighbours are listed for segments that may be eliminated, not for others and not for single pixels")
{
    auto const clusters = clusters_of(1, 8, {1, 1, 1, 2, 2, 3, 4, 4});
    image<std::uint8_t> const pixels(1, 1, 8);
    auto const graph_for = [&](std::uint64_t min_segment_size) {
        auto map = shepseg::find_clumps(clusters, connectivity::four);
        return make_region_graph<std::uint8_t>(pixels.view(), map, connectivity::four, min_segment_size);
    };
    CHECK(graph_for(1).neighbours.empty());
    CHECK(graph_for(2).neighbours.empty());
    auto const three = graph_for(3);
    CHECK(neighbours_of(three, 0).empty());
    CHECK(neighbours_of(three, 1) == numbers{0, 2});
    CHECK(neighbours_of(three, 2).empty());
    CHECK(neighbours_of(three, 3) == numbers{2});
    CHECK(neighbours_of(graph_for(4), 0) == numbers{1});
}

TEST_CASE("segments are numbered by their clumps although single pixels before them joined")
{
    auto const clusters = clusters_of(2, 4, {5, 1, 1, 2, 3, 3, 2, 2});
    image<std::uint8_t> pixels(1, 2, 4);
    std::iota(pixels.data(), pixels.data() + 8, std::uint8_t{0});
    auto map = shepseg::find_clumps(clusters, connectivity::four);
    // The first pixel, alone, joins the 1s on its right.
    REQUIRE(shepseg::absorb_single_pixels<std::uint8_t>(pixels.view(), map, connectivity::four) == 1);
    auto const graph = make_region_graph<std::uint8_t>(pixels.view(), map, connectivity::four, 100);
    CHECK(numbers(map.labels.data(), map.labels.data() + 8) == numbers{1, 1, 1, 2, 3, 3, 2, 2});
    CHECK(graph.sizes == std::vector<std::uint64_t>{3, 3, 2});
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
        auto map = shepseg::find_clumps(clusters, neighbours);
        auto const graph = make_region_graph<T>(pixels.view(), map, neighbours, 1000);
        auto const* const label = map.labels.data();
        auto const count = map.labels.pixel_count();
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
            for (std::size_t b = 0; b < graph.bands; ++b) {
                REQUIRE(graph.sums[segment * graph.bands + b].value() == sums[b]);
            }
            if (size > 1) REQUIRE(neighbours_of(graph, segment) == met);
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(brute_force, test::pixel_types);
