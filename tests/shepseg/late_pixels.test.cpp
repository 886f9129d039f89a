// SPDX-License-Identifier: BSL-1.0
#include <shepseg/late_pixels.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "support/pixel_types.hpp"

using shepseg::connectivity;
using shepseg::late_joining;
using shepseg::tiling;
using numbers = std::vector<std::uint32_t>;

namespace {

constexpr auto nowhere = std::numeric_limits<std::uint32_t>::max();

/// A late pixel of a tile: where, its region there + 1 or 0 where it is undecided, its value.
struct late_pixel {
    std::uint32_t pixel;
    std::uint32_t label;
    int value;
};

template <typename T = std::uint8_t>
shepseg::late_pixels<T> late(std::vector<late_pixel> const& pixels)
{
    shepseg::late_pixels<T> result;
    for (auto const& each : pixels) {
        result.pixels.push_back(each.pixel);
        result.labels.push_back(each.label);
        result.values.push_back(static_cast<T>(each.value));
    }
    return result;
}

/// Of each tile's pixels that it could not decide: (tile, pixel, region), or nowhere if it is alone.
template <typename T>
std::vector<numbers> undecided(late_joining<T> const& joining, std::size_t tiles)
{
    std::vector<numbers> result;
    for (std::uint32_t tile = 0; tile < tiles; ++tile) {
        joining.for_each_undecided(tile, [&](std::uint32_t pixel, bool alone, std::uint32_t region) {
            result.push_back({tile, pixel, alone ? nowhere : region});
        });
    }
    return result;
}

/// Meetings as (scan index of the pixel, number of the neighbour, region, other).
template <typename T>
std::vector<numbers> meetings_of(late_joining<T> const& joining)
{
    std::vector<numbers> result;
    joining.for_each_meeting([&](std::uint64_t position, std::uint32_t region, std::uint32_t other) {
        result.push_back(
            {static_cast<std::uint32_t>(position / 8), static_cast<std::uint32_t>(position % 8), region, other});
    });
    return result;
}

/// A row of three tiles of three pixels.
constexpr tiling three_tiles{.rows = 1, .cols = 9, .tile_size = 3, .halo = 2};

/// For the pixels 3 to 5, all of the tile in the middle, the regions that they join: 0 from the left, 7 from the right.
template <typename T = std::uint8_t>
numbers middle_tile(int left, int a, int b, int c, int right)
{
    late_joining<T> joining(three_tiles, connectivity::four);
    joining.add(0, late<T>({{2, 1, left}}), 0);
    joining.add(1, late<T>({{0, 0, a}, {1, 0, b}, {2, 0, c}}), 1);
    joining.add(2, late<T>({{0, 1, right}}), 7);
    joining.join();
    numbers regions;
    for (auto const& each : undecided(joining, 3)) regions.push_back(each.at(2));
    return regions;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("a wave goes on from tile to tile, one pixel a round", T, wave)
{
    for (bool const backwards : {false, true}) {
        late_joining<T> joining(three_tiles, connectivity::four);
        if (!backwards) joining.add(0, late<T>({{2, 2, 10}}), 4);
        joining.add(1, late<T>({{0, 0, 20}, {1, 0, 30}, {2, 0, 40}}), 0);
        joining.add(2, late<T>({{0, 0, 50}, {1, 0, 60}, {2, 0, 70}}), 0);
        if (backwards) joining.add(0, late<T>({{2, 2, 10}}), 4);
        joining.join();
        // Its second region, the first being number 4, is number 5.
        CHECK(undecided(joining, 3) ==
              std::vector<numbers>{{1, 0, 5}, {1, 1, 5}, {1, 2, 5}, {2, 0, 5}, {2, 1, 5}, {2, 2, 5}});
        std::vector<numbers> joined;
        joining.take_joined([&](std::uint32_t region, T const* values) {
            joined.push_back({region, static_cast<std::uint32_t>(*values)});
        });
        CHECK(joined == std::vector<numbers>{{5, 20}, {5, 30}, {5, 40}, {5, 50}, {5, 60}, {5, 70}});
    }
}
TEST_CASE_TEMPLATE_APPLY(wave, test::pixel_types);

TEST_CASE("waves from both sides meet where the pixels are nearest, and the first met wins ties")
{
    CHECK(middle_tile(10, 26, 30, 35, 90) == numbers{0, 0, 7});
    CHECK(middle_tile(10, 25, 30, 34, 90) == numbers{0, 7, 7});
    CHECK(middle_tile(10, 25, 30, 35, 90) == numbers{0, 0, 7});
}

TEST_CASE("a late pixel that joins in a round is no neighbour to join in the same round")
{
    // The 21 would be nearest to the 20, which joins the 10 in the same round.
    late_joining<std::uint8_t> joining(three_tiles, connectivity::four);
    joining.add(0, late({{2, 1, 10}}), 0);
    joining.add(1, late({{0, 0, 20}, {1, 0, 21}, {2, 1, 90}}), 7);
    joining.add(2, {}, 9);
    joining.join();
    CHECK(undecided(joining, 3) == std::vector<numbers>{{1, 0, 0}, {1, 1, 7}});
}

TEST_CASE("all bands of late pixels count")
{
    // From 10, 20: to 5, 50 it is 25 + 900, to 12, 90 it is 4 + 4900.
    late_joining<std::uint8_t> joining({.rows = 1, .cols = 3, .tile_size = 1, .halo = 2}, connectivity::four);
    joining.add(0, {.pixels = {0}, .labels = {1}, .values = {5, 50}}, 0);
    joining.add(1, {.pixels = {0}, .labels = {0}, .values = {10, 20}}, 1);
    joining.add(2, {.pixels = {0}, .labels = {1}, .values = {12, 90}}, 2);
    joining.join();
    CHECK(undecided(joining, 3) == std::vector<numbers>{{1, 0, 0}});
    joining.take_joined([](std::uint32_t region, std::uint8_t const* values) {
        CHECK(region == 0);
        CHECK(values[0] == 10);
        CHECK(values[1] == 20);
    });
}

TEST_CASE("pixels that no wave reaches stay alone, and are numbered by who asks")
{
    // Between the first two tiles, and in the third, something else parts them.
    late_joining<std::uint8_t> joining(three_tiles, connectivity::four);
    joining.add(0, late({{1, 1, 10}}), 0);
    joining.add(1, late({{0, 0, 20}, {2, 0, 30}}), 1);
    joining.add(2, late({{0, 0, 40}, {2, 1, 50}}), 1);
    joining.join();
    CHECK(undecided(joining, 3) == std::vector<numbers>{{1, 0, nowhere}, {1, 2, nowhere}, {2, 0, nowhere}});
    CHECK(meetings_of(joining).empty());
    joining.take_joined([](std::uint32_t, std::uint8_t const*) { FAIL("nothing has joined"); });

    CHECK(joining.next_alone(0, 0) == 1); // there is none
    CHECK(joining.pixel(0, 1) == nowhere);
    CHECK(joining.next_alone(1, 0) == 0);
    CHECK(joining.pixel(1, 0) == 0);
    CHECK(joining.next_alone(1, 1) == 1);
    CHECK(joining.pixel(1, 1) == 2);
    CHECK(joining.next_alone(1, 2) == 2);
    CHECK(joining.next_alone(2, 0) == 0);
    CHECK(joining.next_alone(2, 1) == 2); // the last is not alone
    joining.number_alone(1, 0, 70);
    joining.number_alone(1, 1, 71);
    joining.number_alone(2, 0, 72);
    std::vector<numbers> numbered;
    for (std::uint32_t tile = 0; tile < 3; ++tile) {
        joining.for_each_undecided(tile, [&](std::uint32_t pixel, bool alone, std::uint32_t number) {
            CHECK(alone);
            numbered.push_back({tile, pixel, number});
        });
    }
    CHECK(numbered == std::vector<numbers>{{1, 0, 70}, {1, 2, 71}, {2, 0, 72}});
}

TEST_CASE("a pixel that joined is not alone, next to one that is")
{
    late_joining<std::uint8_t> joining(three_tiles, connectivity::four);
    joining.add(0, late({{0, 0, 5}, {2, 1, 10}}), 0);
    joining.add(1, late({{0, 0, 20}, {2, 0, 30}}), 1);
    joining.add(2, {}, 1);
    joining.join();
    CHECK(joining.next_alone(0, 0) == 0);
    CHECK(joining.next_alone(0, 1) == 2);
    CHECK(joining.next_alone(1, 0) == 1);
    CHECK(undecided(joining, 3) == std::vector<numbers>{{0, 0, nowhere}, {1, 0, 0}, {1, 2, nowhere}});
}

TEST_CASE("meetings are told of all pairs of which one has joined here, from both sides")
{
    late_joining<std::uint8_t> joining(three_tiles, connectivity::four);
    joining.add(0, late({{1, 1, 10}, {2, 2, 10}}), 0); // they met in their tile
    joining.add(1, late({{0, 0, 20}, {1, 0, 80}, {2, 1, 90}}), 2);
    joining.add(2, late({{0, 1, 90}, {2, 0, 90}}), 3); // across this seam they have met, too; the last is alone
    joining.join();
    // Left is number 1, right number 2. Pairs of one region are for others to leave out.
    CHECK(meetings_of(joining) ==
          std::vector<numbers>{{2, 2, 1, 1}, {3, 1, 1, 1}, {3, 2, 1, 2}, {4, 1, 2, 1}, {4, 2, 2, 2}, {5, 1, 2, 2}});
}

TEST_CASE("waves cross corners of tiles when 8-connected only")
{
    // Only the corners in the middle of four tiles of 2 × 2 are single.
    constexpr tiling four_tiles{.rows = 4, .cols = 4, .tile_size = 2, .halo = 2};
    for (auto const neighbours : {connectivity::four, connectivity::eight}) {
        late_joining<std::uint8_t> joining(four_tiles, neighbours);
        joining.add(0, late({{3, 1, 10}}), 0);
        joining.add(1, {}, 1);
        joining.add(2, {}, 1);
        joining.add(3, late({{0, 0, 20}}), 1);
        joining.join();
        if (neighbours == connectivity::four) {
            CHECK(undecided(joining, 4) == std::vector<numbers>{{3, 0, nowhere}});
            CHECK(meetings_of(joining).empty());
        } else {
            CHECK(undecided(joining, 4) == std::vector<numbers>{{3, 0, 0}});
            CHECK(meetings_of(joining) == std::vector<numbers>{{5, 7, 0, 0}, {10, 0, 0, 0}});
        }
    }
}

TEST_CASE("of the neighbours in four tiles the nearest wins, and of equally near ones the first in scan order")
{
    // Tiles of one pixel; the one in the middle is asked.
    constexpr tiling single_tiles{.rows = 3, .cols = 3, .tile_size = 1, .halo = 2};
    auto const joined = [&](std::vector<int> const& values, connectivity neighbours) {
        late_joining<std::uint8_t> joining(single_tiles, neighbours);
        for (std::uint32_t tile = 9; tile-- > 0;) {
            joining.add(tile, late({{0, tile == 4 ? 0U : 1U, values.at(tile)}}), tile);
        }
        joining.join();
        return undecided(joining, 9).at(0).at(2);
    };
    CHECK(joined({0, 9, 0, 9, 10, 11, 0, 11, 0}, connectivity::four) == 1);
    CHECK(joined({0, 8, 0, 9, 10, 11, 0, 11, 0}, connectivity::four) == 3);
    CHECK(joined({0, 8, 0, 8, 10, 11, 0, 11, 0}, connectivity::four) == 5);
    CHECK(joined({0, 8, 0, 8, 10, 12, 0, 11, 0}, connectivity::four) == 7);
    CHECK(joined({10, 9, 10, 9, 10, 11, 10, 11, 10}, connectivity::four) == 1);
    CHECK(joined({10, 9, 10, 9, 10, 11, 10, 11, 10}, connectivity::eight) == 0);
    CHECK(joined({0, 9, 0, 9, 10, 11, 0, 11, 10}, connectivity::eight) == 8);
}

TEST_CASE("without late pixels there is nothing to do")
{
    late_joining<float> joining(three_tiles, connectivity::eight);
    for (std::size_t tile = 0; tile < 3; ++tile) joining.add(tile, {}, 0);
    CHECK(joining.bytes() == 0);
    joining.join();
    CHECK(undecided(joining, 3).empty());
    CHECK(meetings_of(joining).empty());
    CHECK(joining.next_alone(1, 0) == 0);
    CHECK(joining.pixel(1, 0) == nowhere);
}

TEST_CASE("memory grows with the late pixels and their bands")
{
    late_joining<double> joining(three_tiles, connectivity::four);
    joining.add(0, {.pixels = {1, 2}, .labels = {0, 1}, .values = {1, 2, 3, 4, 5, 6}}, 0);
    auto const first = joining.bytes();
    CHECK(first >= 2 * (4 + 4 + 1) + 6 * sizeof(double));
    joining.add(1, {.pixels = {1, 2}, .labels = {0, 1}, .values = {1, 2, 3, 4, 5, 6}}, 1);
    CHECK(joining.bytes() == 2 * first);
}
