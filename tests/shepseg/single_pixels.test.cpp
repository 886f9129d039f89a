// SPDX-License-Identifier: BSL-1.0
#include <shepseg/single_pixels.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/pixel_types.hpp"

using rios::image;
using shepseg::connectivity;

namespace {

/// Clusters and pixels go in, for each pixel 1 + the first pixel of its segment's clump comes out (0 for null).
template <typename T>
struct outcome {
    std::uint64_t absorbed;
    std::vector<std::uint32_t> segment;
    std::vector<std::uint32_t> sizes; ///< of the segments that are left, in the order of their clumps
};

template <typename T>
outcome<T> absorb(rios::image_view<T const> pixels, std::vector<std::uint16_t> const& clusters, connectivity neighbours)
{
    image<std::uint16_t> cluster_image(1, pixels.rows(), pixels.cols());
    REQUIRE(clusters.size() == static_cast<std::size_t>(pixels.pixel_count()));
    std::copy(clusters.begin(), clusters.end(), cluster_image.data());
    auto map = shepseg::find_clumps(cluster_image, neighbours);
    outcome<T> result{
        .absorbed = shepseg::absorb_single_pixels<T>(pixels, map, neighbours), .segment = {}, .sizes = {}};
    std::vector<std::uint32_t> counted(map.root.size());
    for (std::ptrdiff_t i = 0; i < pixels.pixel_count(); ++i) {
        auto const label = map.labels.data()[i];
        result.segment.push_back(label == 0 ? 0 : map.first.at(label - 1) + 1);
        if (label != 0) ++counted.at(label - 1);
    }
    CHECK(counted == map.size);
    std::copy_if(counted.begin(), counted.end(), std::back_inserter(result.sizes), [](auto size) { return size > 0; });
    return result;
}

template <typename T>
outcome<T> absorb(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<T> const& pixels,
                  std::vector<std::uint16_t> const& clusters, connectivity neighbours = connectivity::four)
{
    REQUIRE(pixels.size() == static_cast<std::size_t>(rows * cols));
    return absorb<T>(rios::image_view<T const>(pixels.data(), 1, rows, cols), clusters, neighbours);
}

using segments = std::vector<std::uint32_t>;
using sizes = std::vector<std::uint32_t>;

} // namespace

TEST_CASE_TEMPLATE_DEFINE("a wave of single pixels moves one pixel a round from the segment it starts at", T, wave)
{
    auto const result = absorb<T>(1, 6, {5, 5, 20, 30, 40, 50}, {1, 1, 2, 3, 4, 5});
    CHECK(result.absorbed == 4);
    CHECK(result.segment == segments{1, 1, 1, 1, 1, 1});
    CHECK(result.sizes == sizes{6});
}
TEST_CASE_TEMPLATE_APPLY(wave, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("waves from both sides meet where the pixels are nearest", T, two_waves)
{
    // The middle pixel, 30, is reached by both waves in the second round: 26 is nearer than 35.
    CHECK(absorb<T>(1, 7, {5, 5, 26, 30, 35, 90, 90}, {1, 1, 2, 3, 4, 5, 5}).segment == segments{1, 1, 1, 1, 6, 6, 6});
    CHECK(absorb<T>(1, 7, {5, 5, 25, 30, 34, 90, 90}, {1, 1, 2, 3, 4, 5, 5}).segment == segments{1, 1, 1, 6, 6, 6, 6});
    // At equal distances the first met, the left one, wins.
    CHECK(absorb<T>(1, 7, {5, 5, 25, 30, 35, 90, 90}, {1, 1, 2, 3, 4, 5, 5}).segment == segments{1, 1, 1, 1, 6, 6, 6});
}
TEST_CASE_TEMPLATE_APPLY(two_waves, test::pixel_types);

TEST_CASE("a pixel that joins in a round is no neighbour to join in the same round")
{
    // In the first round the second single pixel, 21, touches only the 90s on its right; 20, on its left, joins the 5s
    // in the same round and would have been far nearer.
    CHECK(absorb<std::uint8_t>(1, 6, {5, 5, 20, 21, 90, 90}, {1, 1, 2, 3, 4, 4}).segment == segments{1, 1, 1, 5, 5, 5});
}

TEST_CASE("the distance is that of the two pixels, not of segments or clusters")
{
    // All of the left segment but the pixel that touches is far away.
    CHECK(absorb<std::uint8_t>(1, 7, {200, 200, 50, 52, 55, 55, 55}, {1, 1, 1, 2, 3, 3, 3}).segment ==
          segments{1, 1, 1, 1, 5, 5, 5});
}

TEST_CASE("of equally near neighbours the first in scan order wins")
{
    // up, left, right, down of the middle
    std::vector<std::uint16_t> const clusters{1, 1, 1, //
                                              2, 9, 3, //
                                              2, 4, 3, //
                                              2, 4, 3};
    auto const middle = [&](std::vector<std::uint8_t> const& pixels) {
        return absorb<std::uint8_t>(4, 3, pixels, clusters).segment.at(4);
    };
    CHECK(middle({0, 9, 0, 9, 10, 11, 0, 11, 0, 0, 0, 0}) == 1);
    CHECK(middle({0, 8, 0, 9, 10, 11, 0, 11, 0, 0, 0, 0}) == 4);
    CHECK(middle({0, 8, 0, 8, 10, 11, 0, 11, 0, 0, 0, 0}) == 6);
    CHECK(middle({0, 8, 0, 8, 10, 12, 0, 11, 0, 0, 0, 0}) == 8);
}

TEST_CASE("diagonal neighbours count when 8-connected only")
{
    std::vector<std::uint8_t> const pixels{7, 7, 1, //
                                           7, 1, 1, //
                                           0, 9, 8};
    std::vector<std::uint16_t> const clusters{1, 1, 2, //
                                              1, 2, 2, //
                                              0, 3, 4};
    auto const four = absorb<std::uint8_t>(3, 3, pixels, clusters, connectivity::four);
    CHECK(four.segment == segments{1, 1, 3, 1, 3, 3, 0, 3, 3});
    auto const eight = absorb<std::uint8_t>(3, 3, pixels, clusters, connectivity::eight);
    CHECK(eight.segment == segments{1, 1, 3, 1, 3, 3, 0, 1, 3});
}

TEST_CASE("a checkerboard of single pixels stays as it is, with one pair of equal pixels it is one segment")
{
    constexpr std::ptrdiff_t side = 20;
    std::vector<std::uint8_t> pixels;
    std::vector<std::uint16_t> clusters;
    for (std::ptrdiff_t at = 0; at < side * side; ++at) {
        // Three clusters in diagonal stripes: no two neighbours alike, 4- or 8-connected.
        auto const kind = (at / side + 2 * (at % side)) % 5;
        pixels.push_back(static_cast<std::uint8_t>(10 * kind));
        clusters.push_back(static_cast<std::uint16_t>(kind + 1));
    }
    for (auto const neighbours : {connectivity::four, connectivity::eight}) {
        auto const still = absorb<std::uint8_t>(side, side, pixels, clusters, neighbours);
        CHECK(still.absorbed == 0);
        CHECK(still.sizes == sizes(side * side, 1));
        auto seeded = clusters;
        seeded.at(side * side - 1) = seeded.at(side * side - 2);
        auto const moved = absorb<std::uint8_t>(side, side, pixels, seeded, neighbours);
        CHECK(moved.absorbed == side * side - 2);
        CHECK(moved.sizes == sizes{side * side});
        CHECK(moved.segment == segments(side * side, side * side - 1));
    }
}

TEST_CASE("null pixels neither absorb nor are absorbed, and stop waves")
{
    auto const result = absorb<std::uint8_t>(1, 7, {5, 5, 6, 0, 0, 6, 7}, {1, 1, 2, 0, 0, 2, 3});
    CHECK(result.absorbed == 1);
    CHECK(result.segment == segments{1, 1, 1, 0, 0, 6, 7});
}

TEST_CASE("a null pixel is not the nearest, even where it is equal and met first")
{
    CHECK(absorb<std::uint8_t>(1, 4, {5, 5, 6, 6}, {1, 1, 2, 0}).segment == segments{1, 1, 1, 0});
    CHECK(absorb<std::uint8_t>(1, 4, {6, 6, 5, 5}, {0, 2, 1, 1}).segment == segments{0, 3, 3, 3});
}

TEST_CASE("the segment that absorbs keeps its clump's key although a pixel before it joins")
{
    CHECK(absorb<std::uint8_t>(1, 4, {9, 5, 5, 5}, {2, 1, 1, 1}).segment == segments{2, 2, 2, 2});
}

TEST_CASE("distances of integer pixels are exact at the ends of their type")
{
    // The right neighbour is nearer by one part in 2^32 of the squared distance.
    using limits = std::numeric_limits<std::int16_t>;
    auto const far = absorb<std::int16_t>(
        1, 5, {limits::min(), limits::min(), limits::max(), limits::min() + 1, limits::min() + 1}, {1, 1, 2, 3, 3});
    CHECK(far.segment == segments{1, 1, 4, 4, 4});
    using wide = std::numeric_limits<std::uint16_t>;
    CHECK(absorb<std::uint16_t>(1, 5, {0, 0, wide::max(), 1, 1}, {1, 1, 2, 3, 3}).segment == segments{1, 1, 4, 4, 4});
    // Of two bands the second makes a difference of 1 in nearly 2^32.
    std::vector<std::uint16_t> const two_bands{0, 0, wide::max(), 0, 0, /**/ 1, 1, 0, 0, 0};
    CHECK(absorb<std::uint16_t>(rios::image_view<std::uint16_t const>(two_bands.data(), 2, 1, 5), {1, 1, 2, 3, 3},
                                connectivity::four)
              .segment == segments{1, 1, 4, 4, 4});
    using widest = std::numeric_limits<std::int32_t>;
    CHECK(absorb<std::int32_t>(1, 5,
                               {widest::min(), widest::min(), widest::max(), widest::min() + 1, widest::min() + 1},
                               {1, 1, 2, 3, 3})
              .segment == segments{1, 1, 4, 4, 4});
    CHECK(absorb<std::uint32_t>(
              1, 5,
              {0, 0, 1U << 31, std::numeric_limits<std::uint32_t>::max(), std::numeric_limits<std::uint32_t>::max()},
              {1, 1, 2, 3, 3})
              .segment == segments{1, 1, 4, 4, 4});
}

TEST_CASE("all bands count, wherever they lie in memory")
{
    // Bands interleaved by line, so that neither rows nor bands are contiguous.
    std::vector<std::uint8_t> const pixels{5, 5, 10, 12, 12, 50, 50, 20, 90, 90};
    rios::image_view<std::uint8_t const> const view(pixels.data(), 2, 1, 5, 5, 10);
    // From 10, 20: to 5, 50 it is 25 + 900, to 12, 90 it is 4 + 4900.
    CHECK(absorb<std::uint8_t>(view, {1, 1, 2, 3, 3}, connectivity::four).segment == segments{1, 1, 1, 4, 4});
}
