// SPDX-License-Identifier: BSL-1.0
#include <shepseg/clumps.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/random_numbers.hpp"

using rios::image;
using shepseg::clump_map;
using shepseg::connectivity;
using shepseg::find_clumps;

namespace {

image<std::uint16_t> clusters_of(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<std::uint16_t> const& values)
{
    image<std::uint16_t> result(1, rows, cols);
    std::copy(values.begin(), values.end(), result.data());
    return result;
}

/// Roots + 1, or 0 for null.
std::vector<std::uint32_t> labels_of(clump_map const& map)
{
    std::vector<std::uint32_t> result(map.labels.data(), map.labels.data() + map.labels.pixel_count());
    for (auto& label : result) label = label == 0 ? 0 : map.root.at(label - 1) + 1;
    return result;
}

/// Spreads from pixel to pixel until no neighbour has a larger number of the same cluster: for each pixel 1 + the scan
/// index of the first pixel of its clump, 0 for null.
std::vector<std::uint32_t> flood(image<std::uint16_t> const& clusters, connectivity neighbours)
{
    std::vector<std::uint32_t> first(static_cast<std::size_t>(clusters.pixel_count()));
    auto const at = [&](std::ptrdiff_t row, std::ptrdiff_t col) -> std::uint32_t& {
        return first[static_cast<std::size_t>(row * clusters.cols() + col)];
    };
    for (std::size_t i = 0; i < first.size(); ++i)
        first[i] = clusters.data()[i] == 0 ? 0 : static_cast<std::uint32_t>(i + 1);
    for (bool changed = true; changed;) {
        changed = false;
        for (auto const [row, col] : clusters.pixels()) {
            for (std::ptrdiff_t r = std::max<std::ptrdiff_t>(0, row - 1); r <= std::min(clusters.rows() - 1, row + 1);
                 ++r) {
                for (std::ptrdiff_t c = std::max<std::ptrdiff_t>(0, col - 1);
                     c <= std::min(clusters.cols() - 1, col + 1); ++c) {
                    if (neighbours == connectivity::four && r != row && c != col) continue;
                    if (clusters(0, r, c) != clusters(0, row, col) || at(r, c) >= at(row, col)) continue;
                    at(row, col) = at(r, c);
                    changed = true;
                }
            }
        }
    }
    return first;
}

/// What the header promises of a map, next to the flood fill.
void check(image<std::uint16_t> const& clusters, connectivity neighbours)
{
    auto const map = find_clumps(clusters.view(), neighbours);
    auto const first = flood(clusters, neighbours);
    REQUIRE(map.labels.rows() == clusters.rows());
    REQUIRE(map.labels.cols() == clusters.cols());
    REQUIRE(map.labels.bands() == 1);
    auto const labels = labels_of(map);
    std::set<std::uint32_t> firsts; // + 1
    bool same = true;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (first[i] != 0) firsts.insert(first[i]);
        if (labels[i] == 0 || first[i] == 0) same = same && labels[i] == first[i];
        else same = same && map.is_root(labels[i] - 1) && map.first.at(labels[i] - 1) + 1 == first[i];
    }
    REQUIRE(same);
    REQUIRE(map.root.size() == map.first.size());
    REQUIRE(std::is_sorted(map.first.begin(), map.first.end()));
    auto expected = firsts.begin();
    for (std::uint32_t number = 0; number < map.root.size(); ++number) {
        if (!map.is_root(number)) {
            same = same && map.root[number] < number && map.is_root(map.root[number]);
            continue;
        }
        // Ascending roots are the clumps in the order of their first pixels.
        REQUIRE(expected != firsts.end());
        same = same && map.first[number] + 1 == *expected;
        ++expected;
    }
    REQUIRE(same);
    REQUIRE(expected == firsts.end());
}

} // namespace

TEST_CASE("clumps of a hand-worked image, 4- and 8-connected")
{
    auto const clusters = clusters_of(4, 5, {1, 1, 2, 0, 1, //
                                             2, 1, 2, 1, 1, //
                                             1, 2, 2, 0, 1, //
                                             1, 1, 2, 1, 3});
    auto const four = find_clumps(clusters.view(), connectivity::four);
    auto const first_of = [](clump_map const& map) {
        auto firsts = labels_of(map);
        for (auto& label : firsts) label = label == 0 ? 99 : map.first[label - 1];
        return firsts;
    };
    CHECK(first_of(four) == std::vector<std::uint32_t>{0,  0,  2, 99, 4, //
                                                       5,  0,  2, 4,  4, //
                                                       10, 2,  2, 99, 4, //
                                                       10, 10, 2, 18, 19});
    auto const eight = find_clumps(clusters.view(), connectivity::eight);
    CHECK(first_of(eight) == std::vector<std::uint32_t>{0, 0, 2, 99, 4, //
                                                        2, 0, 2, 4,  4, //
                                                        0, 2, 2, 99, 4, //
                                                        0, 0, 2, 4,  19});
}

TEST_CASE("arms that meet further down are one clump from their first pixel on")
{
    auto const clusters = clusters_of(3, 7, {1, 2, 1, 2, 1, 2, 1, //
                                             1, 2, 1, 2, 1, 2, 1, //
                                             1, 1, 1, 1, 1, 1, 1});
    auto const map = find_clumps(clusters.view(), connectivity::four);
    CHECK(std::ranges::equal(map.root, std::vector<std::uint32_t>{0, 1, 0, 3, 0, 5, 0}));
    CHECK(std::ranges::equal(map.first, std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST_CASE("clumps are the flood fill's on any image")
{
    test::random_numbers random(1);
    for (int round = 0; round < 4000; ++round) {
        image<std::uint16_t> clusters(1, random.between(1, 14), random.between(1, 14));
        auto const kinds = random.between(1, 4);
        bool const nulls = random.one_in(2);
        for (std::ptrdiff_t i = 0; i < clusters.pixel_count(); ++i) {
            clusters.data()[i] = static_cast<std::uint16_t>(random.below(kinds) + (nulls ? 0 : 1));
        }
        check(clusters, connectivity::four);
        check(clusters, connectivity::eight);
    }
}

TEST_CASE("clumps of wide images, which are done in parts, are the flood fill's")
{
    test::random_numbers random(4);
    for (std::ptrdiff_t const cols : {255, 256, 257, 700}) {
        image<std::uint16_t> clusters(1, 6, cols);
        for (std::ptrdiff_t i = 0; i < clusters.pixel_count(); ++i) clusters.data()[i] = random.below<std::uint16_t>(3);
        check(clusters, connectivity::four);
        check(clusters, connectivity::eight);
    }
}

TEST_CASE("clumps that wind are the flood fill's")
{
    // Spirals, combs and mazes: walls of another cluster with random gaps.
    test::random_numbers random(2);
    for (int round = 0; round < 60; ++round) {
        image<std::uint16_t> clusters(1, 21, 33);
        for (auto const [row, col] : clusters.pixels()) {
            bool const wall = row % 2 == 1 || col % 2 == 1;
            bool const corner = row % 2 == 1 && col % 2 == 1;
            clusters(0, row, col) = corner || (wall && random.one_in(2)) ? 2 : 1;
        }
        check(clusters, connectivity::four);
        check(clusters, connectivity::eight);
    }
}

TEST_CASE("an image of one cluster is one clump, one of null has none, an empty one neither")
{
    image<std::uint16_t> clusters(1, 100, 200);
    CHECK(find_clumps(clusters.view(), connectivity::four).root.empty());
    std::fill_n(clusters.data(), 20000, std::uint16_t{65535});
    auto const map = find_clumps(clusters.view(), connectivity::eight);
    CHECK(std::ranges::equal(map.root, std::vector<std::uint32_t>{0}));
    CHECK(find_clumps(image<std::uint16_t>(1, 0, 0).view(), connectivity::four).root.empty());
}

TEST_CASE("clumps of a window are those of its copy")
{
    test::random_numbers random(3);
    for (int round = 0; round < 300; ++round) {
        image<std::uint16_t> large(1, random.between(3, 12), random.between(3, 12));
        for (std::ptrdiff_t i = 0; i < large.pixel_count(); ++i) large.data()[i] = random.below<std::uint16_t>(3);
        auto const row = random.below(large.rows());
        auto const col = random.below(large.cols());
        auto const rows = random.between<std::ptrdiff_t>(1, large.rows() - row);
        auto const cols = random.between<std::ptrdiff_t>(1, large.cols() - col);
        auto const window = std::as_const(large).view().window(row, col, rows, cols);
        image<std::uint16_t> copy(1, rows, cols);
        for (auto const [r, c] : copy.pixels()) copy(0, r, c) = window(0, r, c);
        for (auto const neighbours : {connectivity::four, connectivity::eight}) {
            auto const of_window = find_clumps(window, neighbours);
            auto const of_copy = find_clumps(copy.view(), neighbours);
            REQUIRE(of_window.labels == of_copy.labels);
            REQUIRE(of_window.root == of_copy.root);
            REQUIRE(of_window.first == of_copy.first);
        }
    }
}
