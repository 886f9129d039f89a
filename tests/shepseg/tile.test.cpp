// SPDX-License-Identifier: BSL-1.0
#include <shepseg/tile.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/block.hpp>
#include <rios/image.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/tile_phase.hpp"

using rios::block;
using rios::image;
using shepseg::connectivity;
using shepseg::tiling;
using test::image_of;
using test::tiled_raster;
using numbers = rios::large_vector<std::uint32_t>;

namespace {

template <typename T>
constexpr auto no_pixel = shepseg::tile_regions<T>::no_pixel;

/// Neighbours are told by their clusters: the value of a pixel is ten times its cluster, unless it says otherwise.
image<std::uint8_t> tens(image<std::uint16_t> const& clusters)
{
    image<std::uint8_t> pixels(1, clusters.rows(), clusters.cols());
    for (auto const [row, col] : clusters.pixels()) {
        pixels(0, row, col) = static_cast<std::uint8_t>(10 * clusters(0, row, col));
    }
    return pixels;
}

tiled_raster<std::uint8_t> cut(image<std::uint8_t> const& pixels, image<std::uint16_t> const& clusters,
                               std::ptrdiff_t tile_size, std::ptrdiff_t halo = 2,
                               connectivity neighbours = connectivity::four)
{
    return {.pixels = pixels.view(),
            .clusters = clusters.view(),
            .tiles = {.rows = pixels.rows(), .cols = pixels.cols(), .tile_size = tile_size, .halo = halo},
            .neighbours = neighbours};
}

numbers values(image<std::uint32_t> const& image)
{
    return {image.data(), image.data() + image.pixel_count()};
}

template <typename T>
std::vector<double> sums_of(shepseg::tile_regions<T> const& regions)
{
    std::vector<double> result;
    for (auto const& sum : regions.sums) result.push_back(sum.value());
    return result;
}

/// Pixels of a ring as (label, cluster, joined).
std::vector<numbers> ring(std::vector<shepseg::ring_pixel> const& side)
{
    std::vector<numbers> result;
    for (auto const& each : side) result.push_back({each.label, each.cluster, each.joined});
    return result;
}

/// Meetings as (scan index of the pixel, number of the neighbour, region, other).
std::vector<numbers> meetings_of(rios::large_vector<shepseg::meeting> const& meetings)
{
    std::vector<numbers> result;
    for (auto const& each : meetings) {
        auto const position = static_cast<std::uint32_t>(each.position);
        result.push_back({position / 8, position % 8, each.region, each.other});
    }
    return result;
}

constexpr std::uint32_t nowhere = shepseg::ring_pixel::nowhere;

} // namespace

// ---------------------------------------------------------------------------------------------------------------------
// Where tiles lie

TEST_CASE("tiles and windows of a raster that is no multiple of the tile are cut at its edges")
{
    tiling const tiles{.rows = 10, .cols = 7, .tile_size = 4, .halo = 2};
    CHECK(tiles.down() == 3);
    CHECK(tiles.across() == 2);
    CHECK(tiles.tiles() == 6);
    CHECK(tiles.tile(0) == block{0, 0, 0, 4, 4});
    CHECK(tiles.tile(1) == block{1, 0, 4, 4, 3});
    CHECK(tiles.tile(4) == block{4, 8, 0, 2, 4});
    CHECK(tiles.tile(5) == block{5, 8, 4, 2, 3});
    CHECK(tiles.window(tiles.tile(0)) == block{0, 0, 0, 6, 6});
    CHECK(tiles.window(tiles.tile(1)) == block{1, 0, 2, 6, 5});
    CHECK(tiles.window(tiles.tile(3)) == block{3, 2, 2, 8, 5});
    CHECK(tiles.window(tiles.tile(5)) == block{5, 6, 2, 4, 5});
    CHECK(tiles.tile_at(0, 0) == 0);
    CHECK(tiles.tile_at(3, 4) == 1);
    CHECK(tiles.tile_at(4, 3) == 2);
    CHECK(tiles.tile_at(9, 6) == 5);
}

TEST_CASE("every pixel lies in one tile, and that is where it is looked for")
{
    for (std::ptrdiff_t rows = 1; rows <= 9; ++rows) {
        for (std::ptrdiff_t cols = 1; cols <= 9; ++cols) {
            for (std::ptrdiff_t size = 1; size <= 10; ++size) {
                tiling const tiles{.rows = rows, .cols = cols, .tile_size = size, .halo = 3};
                image<std::uint8_t> covered(1, rows, cols);
                for (std::size_t number = 0; number < tiles.tiles(); ++number) {
                    auto const tile = tiles.tile(number);
                    REQUIRE(tile.index == number);
                    REQUIRE((tile.rows >= 1 && tile.rows <= size && tile.cols >= 1 && tile.cols <= size));
                    for (auto row = tile.row; row < tile.row + tile.rows; ++row) {
                        for (auto col = tile.col; col < tile.col + tile.cols; ++col) {
                            ++covered(0, row, col);
                            REQUIRE(tiles.tile_at(row, col) == number);
                        }
                    }
                    auto const window = tiles.window(tile);
                    REQUIRE(window.index == number);
                    REQUIRE(window.row == std::max<std::ptrdiff_t>(0, tile.row - 3));
                    REQUIRE(window.col == std::max<std::ptrdiff_t>(0, tile.col - 3));
                    REQUIRE(window.row + window.rows == std::min(rows, tile.row + tile.rows + 3));
                    REQUIRE(window.col + window.cols == std::min(cols, tile.col + tile.cols + 3));
                }
                REQUIRE(std::all_of(covered.data(), covered.data() + covered.pixel_count(),
                                    [](auto times) { return times == 1; }));
            }
        }
    }
}

TEST_CASE("a raster without pixels has no tiles")
{
    CHECK(tiling{.rows = 0, .cols = 0, .tile_size = 4, .halo = 2}.tiles() == 0);
    CHECK(tiling{.rows = 0, .cols = 9, .tile_size = 4, .halo = 2}.tiles() == 0);
    CHECK(tiling{.rows = 9, .cols = 0, .tile_size = 4, .halo = 2}.tiles() == 0);
}

TEST_CASE("the halo decides how many rounds a tile may make, unless it is the only one")
{
    CHECK(tiling{.rows = 9, .cols = 9, .tile_size = 4, .halo = 2}.rounds() == 1);
    CHECK(tiling{.rows = 9, .cols = 9, .tile_size = 8, .halo = 16}.rounds() == 15);
    CHECK(tiling{.rows = 9, .cols = 9, .tile_size = 9, .halo = 2}.rounds() == std::numeric_limits<std::size_t>::max());
}

// ---------------------------------------------------------------------------------------------------------------------
// What is made of them

TEST_CASE("the regions of a hand-worked raster of two tiles")
{
    // The 7 is alone and joins the 4 on its right, in the other tile.
    auto const clusters = image_of<std::uint16_t>(3, 8, {1, 1, 2, 2, /**/ 2, 2, 3, 3, //
                                                         1, 1, 2, 7, /**/ 4, 4, 3, 3, //
                                                         1, 1, 5, 5, /**/ 4, 4, 3, 3});
    auto pixels = tens(clusters);
    pixels(0, 1, 3) = 41;
    auto const raster = cut(pixels, clusters, 4);

    auto const left = raster.regions(0);
    CHECK(left.where == block{0, 0, 0, 3, 4});
    CHECK(left.bands == 1);
    CHECK(left.regions() == 4);
    CHECK(values(left.labels) == numbers{1, 1, 2, 2, //
                                         1, 1, 2, 4, //
                                         1, 1, 3, 3});
    CHECK(left.sizes == numbers{6, 3, 2, 1});
    CHECK(sums_of(left) == std::vector<double>{60, 60, 100, 41});
    // The segment of the last region begins in another tile.
    CHECK(left.first_pixels == numbers{0, 2, 10, no_pixel<std::uint8_t>});
    CHECK(left.joined_pixels == 1);
    CHECK(left.null_pixels == 0);
    // The first region is all there is of its segment; the others reach the seam.
    CHECK(left.first_met == numbers{0, 2, 2, 2, 2});
    CHECK(left.neighbours == numbers{1, 2});
    CHECK(meetings_of(left.meetings) == std::vector<numbers>{{2, 1, 1, 0},
                                                             {3, 3, 1, 3},
                                                             {10, 3, 1, 2},
                                                             {18, 0, 2, 1},
                                                             {18, 1, 2, 0},
                                                             {19, 0, 2, 3},
                                                             {11, 0, 3, 1},
                                                             {11, 3, 3, 2}});
    CHECK(ring(left.top) == std::vector<numbers>{{1, 1, nowhere}, {1, 1, nowhere}, {2, 2, nowhere}, {2, 2, nowhere}});
    CHECK(ring(left.bottom) ==
          std::vector<numbers>{{1, 1, nowhere}, {1, 1, nowhere}, {3, 5, nowhere}, {3, 5, nowhere}});
    CHECK(ring(left.left) == std::vector<numbers>{{1, 1, nowhere}, {1, 1, nowhere}, {1, 1, nowhere}});
    CHECK(ring(left.right) == std::vector<numbers>{{2, 2, nowhere}, {4, 7, 2}, {3, 5, nowhere}});
    CHECK(left.late.labels ==
          std::vector<std::uint32_t>(left.late.pixels.size(), 4)); // it joined in the last round of a halo of 2

    auto const right = raster.regions(1);
    CHECK(right.where == block{1, 0, 4, 3, 4});
    CHECK(values(right.labels) == numbers{1, 1, 2, 2, //
                                          3, 3, 2, 2, //
                                          3, 3, 2, 2});
    CHECK(right.sizes == numbers{2, 6, 4});
    CHECK(right.first_pixels == numbers{0, 2, 4});
    CHECK(right.joined_pixels == 0); // the 7 is not of this tile
    CHECK(right.first_met == numbers{0, 0, 2, 2});
    CHECK(right.neighbours == numbers{0, 2});
    CHECK(ring(right.left) == std::vector<numbers>{{1, 2, nowhere}, {3, 4, nowhere}, {3, 4, nowhere}});
    CHECK(right.late.pixels.empty());
}

TEST_CASE("neighbours are listed for regions smaller than the minimum, met in scan order")
{
    auto const clusters = image_of<std::uint16_t>(3, 8, {1, 1, 2, 2, /**/ 2, 2, 3, 3, //
                                                         1, 1, 2, 5, /**/ 4, 4, 3, 3, //
                                                         1, 1, 5, 5, /**/ 4, 4, 3, 3});
    auto const pixels = tens(clusters);
    auto raster = cut(pixels, clusters, 4);
    raster.min_segment_size = 6;
    auto const left = raster.regions(0);
    CHECK(left.sizes == numbers{6, 3, 3});
    CHECK(left.neighbours.empty());
    CHECK(left.first_met == numbers{0, 0, 0, 0});
    CHECK(left.meetings.size() == 4);
    raster.min_segment_size = 7;
    CHECK(raster.regions(0).neighbours == numbers{1, 2});
    raster.min_segment_size = 3;
    CHECK(raster.regions(0).meetings.empty());
    raster.min_segment_size = 1;
    CHECK(raster.regions(1).neighbours.empty());
    CHECK(raster.regions(1).meetings.empty());
}

TEST_CASE("the edges of the raster are no seams")
{
    image<std::uint16_t> clusters(1, 6, 6);
    for (auto const [row, col] : clusters.pixels()) clusters(0, row, col) = static_cast<std::uint16_t>(1 + col / 2);
    auto const pixels = tens(clusters);
    auto const only = cut(pixels, clusters, 6).regions(0);
    CHECK(only.meetings.empty());
    CHECK(only.first_met == numbers{0, 1, 3, 4});
    CHECK(only.neighbours == numbers{1, 0, 2, 1});
    for (auto const& regions : cut(pixels, clusters, 3).all_regions()) {
        CHECK(regions.neighbours.empty());
        CHECK(meetings_of(regions.meetings).size() == 2);
    }
}

TEST_CASE("a region that meets a seam on any one side is open, one that meets none is closed")
{
    // A pair in the middle tile, in turn away from the seams and next to each of them.
    for (auto const& [row, col, open] : std::vector<std::tuple<std::ptrdiff_t, std::ptrdiff_t, bool>>{
             {6, 6, false}, {4, 6, true}, {7, 6, true}, {6, 4, true}, {6, 7, true}}) {
        image<std::uint16_t> clusters(1, 12, 12);
        std::fill_n(clusters.data(), clusters.pixel_count(), std::uint16_t{1});
        bool const upright = col == 4 || col == 7;
        clusters(0, row, col) = 2;
        clusters(0, upright ? row - 1 : row, upright ? col : col - 1) = 2;
        auto const pixels = tens(clusters);
        auto const regions = cut(pixels, clusters, 4).regions(4);
        REQUIRE(regions.where == block{4, 4, 4, 4, 4});
        REQUIRE(regions.regions() == 2);
        auto const pair = static_cast<std::size_t>(regions.sizes.at(0) == 2 ? 0 : 1);
        CHECK(regions.sizes.at(pair) == 2);
        CHECK(regions.first_met.at(pair + 1) - regions.first_met.at(pair) == (open ? 0 : 1));
        CHECK(std::any_of(regions.meetings.begin(), regions.meetings.end(),
                          [&](auto const& each) { return each.region == pair; }) == open);
    }
}

TEST_CASE("a pixel that is alone in its tile but not in the raster is a region like any other")
{
    auto const clusters = image_of<std::uint16_t>(1, 6, {1, 1, 2, /**/ 2, 3, 3});
    auto const pixels = tens(clusters);
    auto const left = cut(pixels, clusters, 3).regions(0);
    CHECK(values(left.labels) == numbers{1, 1, 2});
    CHECK(left.sizes == numbers{2, 1});
    CHECK(left.first_pixels == numbers{0, 2});
    CHECK(left.joined_pixels == 0);
    CHECK(left.late.pixels.empty());
}

TEST_CASE("a chain of joined pixels that leaves the tile is one region without a key")
{
    auto const clusters = image_of<std::uint16_t>(1, 6, {1, 2, 3, /**/ 4, 4, 4});
    auto const pixels = tens(clusters);
    auto const left = cut(pixels, clusters, 3, 5).regions(0);
    CHECK(values(left.labels) == numbers{1, 1, 1});
    CHECK(left.sizes == numbers{3});
    CHECK(sums_of(left) == std::vector<double>{60});
    CHECK(left.first_pixels == numbers{no_pixel<std::uint8_t>});
    CHECK(left.joined_pixels == 3);
    CHECK(ring(left.right) == std::vector<numbers>{{1, 3, 2}});
    // A tile of one row: its pixels lie at the top and at the bottom.
    CHECK(ring(left.top) == std::vector<numbers>{{1, 1, nowhere}, {1, 2, nowhere}, {1, 3, 2}});
    CHECK(ring(left.bottom) == ring(left.top));
    CHECK(left.late.pixels.empty());
    CHECK(cut(pixels, clusters, 3, 5).regions(1).sizes == numbers{3});
}

TEST_CASE("regions without a key come last, although their pixels come first")
{
    auto const clusters = image_of<std::uint16_t>(3, 4,
                                                  {7, 1, /**/ 1, 1, //
                                                   5, 5, /**/ 5, 5, //
                                                   9, 9, /**/ 9, 9});
    auto pixels = tens(clusters);
    auto const raster = cut(pixels, clusters, 2, 3);
    pixels(0, 0, 0) = 50; // joins the 5 below, in its own tile
    CHECK(values(raster.regions(0).labels) == numbers{2, 1, 2, 2});
    CHECK(raster.regions(0).first_pixels == numbers{1, 2});

    auto const across = image_of<std::uint16_t>(2, 4, {7, 5, /**/ 4, 4, 3, 3, /**/ 3, 3});
    auto values_across = tens(across);
    values_across(0, 0, 0) = 49; // joins the 5 on its right once that has joined the 4 on its own
    values_across(0, 1, 0) = 200;
    values_across(0, 1, 1) = 200;
    auto const joined = cut(values_across, across, 2, 4).regions(0);
    // In the first round the 7 sees only the 3s below it.
    CHECK(values(joined.labels) == numbers{1, 2, 1, 1});
    CHECK(joined.first_pixels == numbers{2, no_pixel<std::uint8_t>});
    CHECK(joined.sizes == numbers{3, 1});
}

TEST_CASE("diagonal neighbours across a corner are joined when 8-connected")
{
    auto const clusters = image_of<std::uint16_t>(4, 4,
                                                  {1, 1, /**/ 6, 6, //
                                                   1, 9, /**/ 6, 6, //
                                                   7, 7, /**/ 5, 5, //
                                                   7, 7, /**/ 5, 5});
    auto pixels = tens(clusters);
    pixels(0, 1, 1) = 51;
    auto const eight = cut(pixels, clusters, 2, 2, connectivity::eight).regions(0);
    CHECK(values(eight.labels) == numbers{1, 1, 1, 2});
    CHECK(eight.first_pixels == numbers{0, no_pixel<std::uint8_t>});
    CHECK(ring(eight.bottom) == std::vector<numbers>{{1, 1, nowhere}, {2, 9, 7}});
    CHECK(ring(eight.right) == std::vector<numbers>{{1, 1, nowhere}, {2, 9, 7}});
    auto const four = cut(pixels, clusters, 2, 2).regions(0);
    CHECK(ring(four.right) == std::vector<numbers>{{1, 1, nowhere}, {2, 9, 2}});
}

TEST_CASE("pixels that the rounds of a tile cannot decide are left, with those that they may join")
{
    // Singles 2 to 9; a halo of 2 allows one round.
    auto const clusters = image_of<std::uint16_t>(1, 12, {1, 1, 2, /**/ 3, 4, 5, /**/ 6, 7, 8, /**/ 9, 10, 10});
    auto const pixels = tens(clusters);
    auto const raster = cut(pixels, clusters, 3);
    auto const first = raster.regions(0);
    CHECK(values(first.labels) == numbers{1, 1, 1});
    CHECK(first.late.pixels == std::vector<std::uint32_t>{2});
    CHECK(first.late.labels == std::vector<std::uint32_t>{1});
    CHECK(first.late.values == std::vector<std::uint8_t>{20});
    CHECK(first.joined_pixels == 1);

    auto const second = raster.regions(1);
    CHECK(second.regions() == 0);
    CHECK(second.labels.pixel_count() == 0); // none has a region
    CHECK(second.late.pixels == std::vector<std::uint32_t>{0, 1, 2});
    CHECK(second.late.labels == std::vector<std::uint32_t>{0, 0, 0});
    CHECK(second.late.values == std::vector<std::uint8_t>{30, 40, 50});
    CHECK(second.null_pixels == 0);
    CHECK(second.joined_pixels == 0);
    CHECK(ring(second.left) == std::vector<numbers>{{0, 3, nowhere}});

    auto const last = raster.regions(3);
    CHECK(last.late.pixels == std::vector<std::uint32_t>{0});
    CHECK(last.late.labels == std::vector<std::uint32_t>{1});
    CHECK(last.first_pixels == numbers{1}); // of its clump, not of the pixel before that joined

    // A halo of 6 allows five rounds, which is one more than any pixel needs.
    for (auto const& regions : cut(pixels, clusters, 3, 6).all_regions()) CHECK(regions.late.pixels.empty());
}

TEST_CASE("a closed region that others may join later is open")
{
    // In the first tile the pair and the pixel that joined it touch no seam; what comes after is undecided.
    auto const clusters = image_of<std::uint16_t>(1, 10, {1, 1, 2, 3, 4, /**/ 5, 6, 7, 8, 9});
    auto const pixels = tens(clusters);
    auto const regions = cut(pixels, clusters, 5).regions(0);
    CHECK(values(regions.labels) == numbers{1, 1, 1, 0, 0});
    CHECK(regions.late.pixels == std::vector<std::uint32_t>{2, 3, 4});
    CHECK(regions.late.labels == std::vector<std::uint32_t>{1, 0, 0});
    CHECK(regions.neighbours.empty());
    CHECK(regions.meetings.empty());

    auto const beside = image_of<std::uint16_t>(1, 10, {4, 4, 1, 1, 2, /**/ 3, 5, 6, 7, 8});
    auto const beside_pixels = tens(beside);
    auto const two = cut(beside_pixels, beside, 5).regions(0);
    CHECK(two.sizes == numbers{2, 3});
    CHECK(two.neighbours == numbers{1});
    CHECK(meetings_of(two.meetings) == std::vector<numbers>{{2, 1, 1, 0}});
}

TEST_CASE("undecided pixels and null ones are told apart")
{
    auto const clusters = image_of<std::uint16_t>(1, 9, {1, 0, 2, /**/ 3, 4, 0, /**/ 0, 5, 5});
    auto const pixels = tens(clusters);
    auto const raster = cut(pixels, clusters, 3);
    CHECK(raster.regions(0).null_pixels == 1);
    CHECK(raster.regions(0).late.pixels == std::vector<std::uint32_t>{0, 2});
    CHECK(raster.regions(1).null_pixels == 1);
    CHECK(raster.regions(1).late.pixels == std::vector<std::uint32_t>{0, 1});
    CHECK(raster.regions(2).null_pixels == 1);
    CHECK(raster.regions(2).late.pixels.empty());
}

TEST_CASE_TEMPLATE_DEFINE("a tile of nothing but null has no regions, and a ring of nulls", T, nothing)
{
    image<T> const pixels(3, 5, 7);
    image<std::uint16_t> const clusters(1, 5, 7);
    for (std::ptrdiff_t const size : {2, 7}) {
        tiled_raster<T> const raster{.pixels = pixels.view(),
                                     .clusters = clusters.view(),
                                     .tiles = {.rows = 5, .cols = 7, .tile_size = size, .halo = 2}};
        for (auto const& regions : raster.all_regions()) {
            CHECK(regions.regions() == 0);
            CHECK(regions.bands == 3);
            CHECK(regions.labels.pixel_count() == 0);
            CHECK(regions.sums.empty());
            CHECK(regions.neighbours.empty());
            CHECK(regions.meetings.empty());
            CHECK(regions.late.pixels.empty());
            CHECK(regions.joined_pixels == 0);
            CHECK(regions.null_pixels == static_cast<std::uint64_t>(regions.where.rows * regions.where.cols));
            CHECK(ring(regions.top) ==
                  std::vector<numbers>(static_cast<std::size_t>(regions.where.cols), {0, 0, nowhere}));
            CHECK(ring(regions.bottom) == ring(regions.top));
            CHECK(ring(regions.left) ==
                  std::vector<numbers>(static_cast<std::size_t>(regions.where.rows), {0, 0, nowhere}));
            CHECK(ring(regions.right) == ring(regions.left));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(nothing, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("sums are those of all bands of the pixels of a region", T, all_bands)
{
    auto const clusters = image_of<std::uint16_t>(2, 4, {1, 1, 2, 2, 1, 0, 3, 2});
    image<T> pixels(3, 2, 4);
    for (std::ptrdiff_t i = 0; i < 24; ++i) pixels.data()[i] = static_cast<T>(i + 1);
    auto const regions = test::in_one_tile(pixels, clusters).regions(0);
    // The 3 joins the 2 on its right, one away and not four.
    CHECK(values(regions.labels) == numbers{1, 1, 2, 2, 1, 0, 2, 2});
    CHECK(sums_of(regions) == std::vector<double>{8, 32, 56, 22, 54, 86});
}
TEST_CASE_TEMPLATE_APPLY(all_bands, test::pixel_types);

TEST_CASE("the regions of a tile come through as bytes")
{
    test::random_numbers random(1);
    image<float> pixels(2, 20, 20);
    image<std::uint16_t> clusters(1, 20, 20);
    for (std::ptrdiff_t i = 0; i < 400; ++i) {
        clusters.data()[i] = random.below<std::uint16_t>(5);
        pixels.data()[i] = static_cast<float>(random.unit());
        pixels.data()[400 + i] = static_cast<float>(random.unit());
    }
    tiled_raster<float> const raster{.pixels = pixels.view(),
                                     .clusters = clusters.view(),
                                     .tiles = {.rows = 20, .cols = 20, .tile_size = 8, .halo = 2}};
    bool late = false;
    for (auto const& regions : raster.all_regions()) {
        auto const again = rios::from_bytes<shepseg::tile_regions<float>>(rios::to_bytes(regions));
        CHECK(again.where == regions.where);
        CHECK(again.bands == regions.bands);
        CHECK(again.labels == regions.labels);
        CHECK(again.sizes == regions.sizes);
        CHECK(again.sums == regions.sums);
        CHECK(again.first_pixels == regions.first_pixels);
        CHECK(again.first_met == regions.first_met);
        CHECK(again.neighbours == regions.neighbours);
        CHECK(meetings_of(again.meetings) == meetings_of(regions.meetings));
        CHECK(ring(again.top) == ring(regions.top));
        CHECK(ring(again.bottom) == ring(regions.bottom));
        CHECK(ring(again.left) == ring(regions.left));
        CHECK(ring(again.right) == ring(regions.right));
        CHECK(again.late.pixels == regions.late.pixels);
        CHECK(again.late.labels == regions.late.labels);
        CHECK(again.late.values == regions.late.values);
        CHECK(again.null_pixels == regions.null_pixels);
        CHECK(again.joined_pixels == regions.joined_pixels);
        late = late || !regions.late.pixels.empty();
    }
    CHECK(late);
}
