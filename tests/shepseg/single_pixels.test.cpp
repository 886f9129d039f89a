// SPDX-License-Identifier: BSL-1.0
#include <shepseg/single_pixels.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image_view.hpp>
#include <shepseg/clumps.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/tile_phase.hpp"

using shepseg::connectivity;

namespace {

constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

/// Clusters and pixels go in, for each pixel 1 + the first pixel of its segment's clump comes out (0 for null).
template <typename T>
struct outcome {
    shepseg::single_pixels singles;
    std::size_t absorbed = 0;
    std::vector<std::uint32_t> segment;
    std::vector<std::uint32_t> sizes; ///< of the segments that are left, in the order of their clumps
};

template <typename T>
outcome<T> absorb(rios::image_view<T const> pixels, std::vector<std::uint16_t> const& clusters, connectivity neighbours,
                  std::size_t max_rounds = no_limit)
{
    auto const cluster_image = test::image_of(pixels.rows(), pixels.cols(), clusters);
    auto map = shepseg::find_clumps(cluster_image.view(), neighbours);
    outcome<T> result;
    result.singles = shepseg::join_single_pixels<T>(pixels, cluster_image.view(), neighbours, max_rounds);
    result.absorbed = result.singles.joined.size();
    shepseg::neighbourhood const around(pixels.rows(), pixels.cols(), neighbours);
    auto* const label = map.labels.data();
    std::vector<std::uint32_t> left_of(map.root.size()); // pixels of each root
    for (std::ptrdiff_t i = 0; i < map.labels.pixel_count(); ++i) {
        if (label[i] == 0) continue;
        label[i] = map.root.at(label[i] - 1) + 1;
        ++left_of.at(label[i] - 1);
    }
    for (auto const& each : result.singles.joined) {
        // In the order of the rounds: what it joined is known by now, and is not alone.
        auto const& step = around.step(each.neighbour);
        auto const into = label[each.pixel + step.down * pixels.cols() + step.right];
        REQUIRE(into != 0);
        CHECK(left_of.at(into - 1) > 1);
        CHECK(left_of.at(label[each.pixel] - 1) == 1);
        --left_of.at(label[each.pixel] - 1);
        ++left_of.at(into - 1);
        label[each.pixel] = into;
    }
    std::vector<std::uint32_t> alone;
    for (std::uint32_t i = 0; i < clusters.size(); ++i) {
        result.segment.push_back(label[i] == 0 ? 0 : map.first.at(label[i] - 1) + 1);
        if (label[i] != 0 && left_of.at(label[i] - 1) == 1) alone.push_back(i);
    }
    CHECK(result.singles.left == alone);
    std::copy_if(left_of.begin(), left_of.end(), std::back_inserter(result.sizes),
                 [](auto size) { return size > 0; });
    return result;
}

template <typename T>
outcome<T> absorb(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<T> const& pixels,
                  std::vector<std::uint16_t> const& clusters, connectivity neighbours = connectivity::four,
                  std::size_t max_rounds = no_limit)
{
    REQUIRE(pixels.size() == static_cast<std::size_t>(rows * cols));
    return absorb<T>(rios::image_view<T const>(pixels.data(), 1, rows, cols), clusters, neighbours, max_rounds);
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

namespace {

/// Pixel and the number of the neighbour that it joined, in the order of joining.
std::vector<std::uint32_t> in_order(shepseg::single_pixels const& singles)
{
    std::vector<std::uint32_t> result;
    for (auto const& each : singles.joined) {
        result.push_back(each.pixel);
        result.push_back(each.neighbour);
    }
    return result;
}

} // namespace

TEST_CASE("who joined whom is told round after round, with the number of the neighbour")
{
    // Up is 0, left 1, right 2, down 3. In the first round the pixels next to the pairs join, in the second the middle.
    auto const line = absorb<std::uint8_t>(1, 7, {5, 5, 25, 30, 34, 90, 90}, {1, 1, 2, 3, 4, 5, 5}).singles;
    CHECK(in_order(line) == std::vector<std::uint32_t>{2, 1, 4, 2, 3, 2});
    CHECK(line.rounds == 2);
    CHECK(line.last_round == 2);
    auto const column = absorb<std::uint8_t>(7, 1, {5, 5, 25, 30, 34, 90, 90}, {1, 1, 2, 3, 4, 5, 5}).singles;
    CHECK(in_order(column) == std::vector<std::uint32_t>{2, 0, 4, 3, 3, 3});
    // Diagonally: up and left is 0, down and right 7.
    std::vector<std::uint8_t> const pixels{0, 9, 9, //
                                           9, 7, 9, //
                                           9, 9, 8};
    std::vector<std::uint16_t> const clusters{1, 0, 0, //
                                              0, 2, 0, //
                                              0, 0, 2};
    auto const diagonal = absorb<std::uint8_t>(3, 3, pixels, clusters, connectivity::eight).singles;
    CHECK(in_order(diagonal) == std::vector<std::uint32_t>{0, 7});
}

TEST_CASE("without single pixels, or with none that can join, there are no rounds")
{
    auto const none = absorb<std::uint8_t>(1, 4, {5, 5, 6, 6}, {1, 1, 2, 2}).singles;
    CHECK(none.rounds == 0);
    CHECK(none.left.empty());
    auto const still = absorb<std::uint8_t>(1, 4, {5, 6, 7, 8}, {1, 2, 3, 0}).singles;
    CHECK(still.rounds == 0);
    CHECK(still.last_round == 0);
    CHECK(still.left == std::vector<std::uint32_t>{0, 1, 2});
}

TEST_CASE("a limit ends the rounds, and those that have not joined are left")
{
    auto const after = [](std::size_t rounds) {
        return absorb<std::uint8_t>(1, 7, {5, 5, 20, 30, 40, 50, 60}, {1, 1, 2, 3, 4, 5, 6}, connectivity::four, rounds)
            .singles;
    };
    CHECK(in_order(after(1)) == std::vector<std::uint32_t>{2, 1});
    CHECK(after(1).left == std::vector<std::uint32_t>{3, 4, 5, 6});
    CHECK(after(3).joined.size() == 3);
    CHECK(after(3).rounds == 3);
    CHECK(after(3).last_round == 2);
    CHECK(after(3).left == std::vector<std::uint32_t>{5, 6});
    // The last to join does so in the round that is the limit; one more makes no difference.
    CHECK(after(5).left.empty());
    CHECK(after(5).rounds == 5);
    CHECK(after(6).rounds == 5);
    CHECK(after(6).last_round == 4);
}

TEST_CASE("the rounds under any limit are the first ones of all rounds")
{
    test::random_numbers random(1);
    for (int image = 0; image < 200; ++image) {
        auto const rows = random.between<std::ptrdiff_t>(1, 12);
        auto const cols = random.between<std::ptrdiff_t>(1, 12);
        std::vector<std::uint8_t> pixels;
        std::vector<std::uint16_t> clusters;
        for (std::ptrdiff_t at = 0; at < rows * cols; ++at) {
            auto const kind =
                random.one_in(30) ? random.below<std::uint16_t>(6) : (at / cols + 2 * (at % cols)) % 5 + 1;
            pixels.push_back(random.below<std::uint8_t>(9));
            clusters.push_back(static_cast<std::uint16_t>(kind));
        }
        auto const neighbours = random.one_in(2) ? connectivity::four : connectivity::eight;
        auto const all = absorb<std::uint8_t>(rows, cols, pixels, clusters, neighbours).singles;
        for (std::size_t limit = 1; limit <= all.rounds + 1; ++limit) {
            auto const some = absorb<std::uint8_t>(rows, cols, pixels, clusters, neighbours, limit).singles;
            REQUIRE(some.rounds == std::min(limit, all.rounds));
            auto const joined = in_order(some);
            auto const all_joined = in_order(all);
            REQUIRE(joined.size() <= all_joined.size());
            REQUIRE(std::equal(joined.begin(), joined.end(), all_joined.begin()));
            REQUIRE(some.joined.size() + some.left.size() == all.joined.size() + all.left.size());
            if (limit < all.rounds) continue;
            REQUIRE(some.last_round == all.last_round);
            REQUIRE(joined == all_joined);
        }
    }
}

TEST_CASE("clusters may be a window of larger ones")
{
    auto const clusters = test::image_of<std::uint16_t>(3, 6,
                                                        {3, 3, 3, 3, 3, 3, //
                                                         2, 1, 1, 2, 3, 3, //
                                                         2, 3, 3, 3, 3, 3});
    auto const pixels = test::image_of<std::uint8_t>(1, 4, {5, 5, 6, 9});
    auto const singles = shepseg::join_single_pixels<std::uint8_t>(pixels.view(), clusters.view().window(1, 1, 1, 4),
                                                                   connectivity::four, no_limit);
    CHECK(in_order(singles) == std::vector<std::uint32_t>{2, 1, 3, 1});
}

TEST_CASE("an image without rows or without columns has no single pixels")
{
    for (auto const& [rows, cols] : {std::pair<std::ptrdiff_t, std::ptrdiff_t>{0, 0}, {0, 5}, {5, 0}}) {
        rios::image<std::uint8_t> const pixels(1, rows, cols);
        rios::image<std::uint16_t> const clusters(1, rows, cols);
        auto const none =
            shepseg::join_single_pixels<std::uint8_t>(pixels.view(), clusters.view(), shepseg::connectivity::eight, 3);
        CHECK(none.joined.empty());
        CHECK(none.left.empty());
    }
}
