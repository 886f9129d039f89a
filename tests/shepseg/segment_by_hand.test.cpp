// SPDX-License-Identifier: BSL-1.0
// Images whose segments were worked out by hand: each shows one rule of the algorithm.
#include <shepseg/segment.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/hand_worked.hpp"
#include "support/twin.hpp"
#include "support/twin_check.hpp"

using rios::image;
using test::every_value;
using test::image_of;
using test::labels_of;
using test::options_of;
using test::view_of;

namespace {

/// One row: each value as often as it says.
struct stripe {
    std::uint8_t value;
    int count;
};

twin::scene<std::uint8_t> row_of(std::vector<stripe> const& stripes)
{
    twin::scene<std::uint8_t> scene{1, 1, 0, {}, {}};
    for (auto const& [value, count] : stripes) {
        scene.cols += count;
        scene.pixels.insert(scene.pixels.end(), static_cast<std::size_t>(count), value);
    }
    return scene;
}

/// Labels of one row, each as often as it says.
std::vector<std::uint32_t> repeated(std::vector<std::size_t> const& counts)
{
    std::vector<std::uint32_t> labels;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        labels.insert(labels.end(), counts[i], static_cast<std::uint32_t>(i + 1));
    }
    return labels;
}

} // namespace

TEST_CASE("micro case: of two equally near neighbours the one met first by the first own pixels wins")
{
    auto const scene = row_of({{15, 8}, {6, 2}, {5, 3}, {15, 8}});
    auto const result = shepseg::segment(view_of(scene), every_value(6));
    CHECK(labels_of(result) == repeated({8, 13}));
    CHECK(result.counts == shepseg::segmentation_counts{.pixels = 21,
                                                        .null_pixels = 0,
                                                        .clumps = 4,
                                                        .single_pixels_eliminated = 0,
                                                        .small_segments_eliminated = 2,
                                                        .segments = 2});
    CHECK(result.max_spectral_diff == 2550);
}

TEST_CASE("micro case: pixels that were absorbed are asked after a segment's own, in the order of the merges")
{
    auto const scene = row_of({{15, 8}, {4, 2}, {5, 3}, {6, 2}, {15, 8}});
    auto const result = shepseg::segment(view_of(scene), every_value(8));
    CHECK(labels_of(result) == repeated({15, 8}));
    CHECK(result.counts.small_segments_eliminated == 3);
}

TEST_CASE("micro case: ten passes for each size are the limit")
{
    std::vector<stripe> stripes{{100, 8}};
    for (int i = 0; i < 40; ++i) stripes.push_back({static_cast<std::uint8_t>(10 + i % 2), 2});
    auto const scene = row_of(stripes);
    auto const result = shepseg::segment(view_of(scene), every_value(4));
    CHECK(result.counts.clumps == 41);
    CHECK(result.counts.segments == 31);
    std::vector<std::size_t> expected{28};
    expected.resize(31, 2);
    CHECK(labels_of(result) == repeated(expected));
}

TEST_CASE("a hand-worked image: single pixels go first, then the smallest segments, each to its nearest neighbour")
{
    // 9 is alone and joins the pixel nearest to it, the 5 below. The pair of 2s is nearer to the 1s than to the 5s.
    auto const scene = image_of(4, 4,
                                {1, 1, 1, 1, //
                                 1, 9, 2, 1, //
                                 5, 5, 2, 1, //
                                 5, 5, 5, 1});
    auto const result = shepseg::segment(scene, every_value(3));
    CHECK(labels_of(result) == std::vector<std::uint32_t>{1, 1, 1, 1, //
                                                          1, 2, 1, 1, //
                                                          2, 2, 1, 1, //
                                                          2, 2, 2, 1});
    CHECK(result.counts == shepseg::segmentation_counts{.pixels = 16,
                                                        .null_pixels = 0,
                                                        .clumps = 4,
                                                        .single_pixels_eliminated = 1,
                                                        .small_segments_eliminated = 1,
                                                        .segments = 2});
}

TEST_CASE("a segment keeps the key of its clump, although what it absorbed lies before it")
{
    // The pair of 7s, first of all, joins the 8s; the 1s, whose first pixel is before that of the 8s, come first.
    auto const scene = image_of(3, 4,
                                {7, 7, 1, 1, //
                                 8, 8, 8, 1, //
                                 8, 8, 8, 1});
    CHECK(labels_of(shepseg::segment(scene, every_value(3))) == std::vector<std::uint32_t>{2, 2, 1, 1, //
                                                                                           2, 2, 2, 1, //
                                                                                           2, 2, 2, 1});
}

TEST_CASE("connectivity decides what touches")
{
    auto const scene = image_of(4, 4,
                                {1, 1, 9, 9, //
                                 1, 1, 9, 9, //
                                 9, 9, 1, 1, //
                                 9, 9, 1, 1});
    CHECK(shepseg::segment(scene, every_value(1)).counts.segments == 4);
    CHECK(shepseg::segment(scene, every_value(1, shepseg::connectivity::eight)).counts.segments == 2);
}

TEST_CASE("a limit that is just reached allows the merge, one just below does not")
{
    auto const scene = row_of({{10, 5}, {13, 2}, {20, 5}});
    auto options = every_value(3);
    options.max_spectral_diff = 3.0;
    CHECK(shepseg::segment(view_of(scene), options).counts.segments == 2);
    options.max_spectral_diff = 2.9999;
    CHECK(shepseg::segment(view_of(scene), options).counts.segments == 3);
    // Equal means merge under a limit of 0: the pair in the middle becomes as bright as its neighbours.
    auto const equal = row_of({{10, 5}, {11, 1}, {9, 1}, {10, 5}});
    options.max_spectral_diff = 0.0;
    options.min_segment_size = 30;
    CHECK(shepseg::segment(view_of(equal), options).counts.segments == 2);
}

TEST_CASE("a null pixel takes no part and parts what it lies between")
{
    auto options = every_value(100);
    options.null_value = 0;
    auto const scene = row_of({{5, 3}, {0, 1}, {5, 2}, {6, 1}, {0, 2}, {9, 1}});
    auto const result = shepseg::segment(view_of(scene), options);
    CHECK(labels_of(result) == std::vector<std::uint32_t>{1, 1, 1, 0, 2, 2, 2, 0, 0, 3});
    CHECK(result.counts.null_pixels == 3);
}
