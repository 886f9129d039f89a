// SPDX-License-Identifier: BSL-1.0
// That the graph of a raster in one tile is right: region_graph.test.cpp. Here: that tiles and their order change nothing.
#include <shepseg/region_graph_builder.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image.hpp>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/sanitizers.hpp"
#include "support/tile_phase.hpp"

using rios::image;
using shepseg::connectivity;
using shepseg::region_graph_builder;
using test::build_graph;
using test::built_graph;
using test::image_of;
using test::in_one_tile;
using test::neighbours_of;
using test::random_numbers;
using test::tiled_raster;
using test::without_repeats;
using numbers = rios::large_vector<std::uint32_t>;

namespace {

constexpr int rasters_of_each_type = test::sanitized ? 8 : 60;

/// Noise, or stripes in which every pixel is alone with some pairs among them from which waves start; nulls now and then.
image<std::uint16_t> random_clusters(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    image<std::uint16_t> clusters(1, rows, cols);
    bool const alone = random.one_in(2);
    auto const kinds = random.between<std::uint16_t>(2, 6);
    auto const noise = random.pick<std::uint64_t>({5, 20, 60, 1000});
    auto const nulls = random.pick<std::uint64_t>({4, 20, 1'000'000});
    for (auto const [row, col] : clusters.pixels()) {
        auto const striped = static_cast<std::uint16_t>((row + 2 * col) % 5 + 1);
        bool const any = !alone || random.one_in(noise);
        clusters(0, row, col) = any ? static_cast<std::uint16_t>(1 + random.below(kinds)) : striped;
        if (random.one_in(nulls)) clusters(0, row, col) = 0;
    }
    return clusters;
}

template <typename T>
image<T> random_pixels(random_numbers& random, std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    image<T> pixels(bands, rows, cols);
    auto const values = random.pick<int>({3, 100});
    for (std::ptrdiff_t i = 0; i < bands * pixels.pixel_count(); ++i) {
        pixels.data()[i] = static_cast<T>(random.below(values));
    }
    return pixels;
}

/// What differs, in words; empty if nothing does. A list of neighbours may name one again after the first time.
template <typename T>
std::string difference(built_graph<T> const& expected, built_graph<T> const& actual)
{
    if (expected.graph.bands != actual.graph.bands) return "bands";
    if (expected.graph.sizes != actual.graph.sizes) return "sizes";
    if (expected.graph.sums != actual.graph.sums) return "sums";
    if (expected.before_alone != actual.before_alone) return "pixels that stay alone";
    if (expected.joined != actual.joined) return "single pixels that joined";
    if (expected.null_pixels != actual.null_pixels) return "null pixels";
    if (expected.labels != actual.labels) return "labels";
    if (actual.graph.first_met.size() != actual.graph.segments() + 1) return "length of first_met";
    if (actual.graph.first_met.back() != actual.graph.neighbours.size()) return "end of first_met";
    for (std::size_t segment = 0; segment < expected.graph.segments(); ++segment) {
        if (neighbours_of(expected.graph, segment) != without_repeats(neighbours_of(actual.graph, segment))) {
            return "neighbours of segment " + std::to_string(segment);
        }
    }
    return {};
}

std::string to_text(image<std::uint16_t> const& clusters)
{
    std::ostringstream text;
    for (auto const [row, col] : clusters.pixels()) text << (col == 0 ? '\n' : ' ') << clusters(0, row, col);
    return text.str();
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("the graph of 3 × 3 tiles is that of the raster, in whatever order the tiles come", T,
                          nine_tiles)
{
    random_numbers random(1);
    std::uint64_t late = 0;
    std::size_t alone = 0;
    for (int round = 0; round < rasters_of_each_type; ++round) {
        auto const size = random.between<std::ptrdiff_t>(1, 9);
        auto const rows = 2 * size + random.between<std::ptrdiff_t>(1, size);
        auto const cols = 2 * size + random.between<std::ptrdiff_t>(1, size);
        auto const clusters = random_clusters(random, rows, cols);
        auto const pixels = random_pixels<T>(random, random.between<std::ptrdiff_t>(1, 3), rows, cols);
        auto const neighbours = random.one_in(2) ? connectivity::four : connectivity::eight;
        auto const min_segment_size = random.pick<std::uint64_t>({1, 3, 6, 20, 1000});
        auto const expected = build_graph(in_one_tile(pixels, clusters, neighbours, min_segment_size));
        CHECK(expected.late_joined == 0);
        tiled_raster<T> const raster{
            .pixels = pixels.view(),
            .clusters = clusters.view(),
            .tiles = {.rows = rows, .cols = cols, .tile_size = size, .halo = random.between<std::ptrdiff_t>(2, 5)},
            .neighbours = neighbours,
            .min_segment_size = min_segment_size};
        REQUIRE(raster.tiles.tiles() == 9);
        auto const regions = raster.all_regions();
        std::vector<std::size_t> order(9);
        std::iota(order.begin(), order.end(), std::size_t{0});
        for (int permutation = 0; permutation < 12; ++permutation) {
            if (permutation == 1) std::reverse(order.begin(), order.end());
            if (permutation > 1) random.shuffle(order);
            auto const actual = build_graph(raster, regions, order);
            auto const wrong = difference(expected, actual);
            if (!wrong.empty()) {
                FAIL(wrong << " differ: raster " << round << ", order " << permutation << ", tiles of " << size
                           << ", halo " << raster.tiles.halo << to_text(clusters));
            }
            late += actual.late_joined;
        }
        alone += expected.before_alone.size();
    }
    // The rasters were worth the trouble.
    CHECK(late > 100);
    CHECK(alone > 20);
}
TEST_CASE_TEMPLATE_APPLY(nine_tiles, test::pixel_types);

TEST_CASE("the graph of 2 × 2 tiles is the same in each of the 24 orders")
{
    random_numbers random(2);
    for (int round = 0; round < rasters_of_each_type / 2; ++round) {
        auto const rows = random.between<std::ptrdiff_t>(5, 8);
        auto const cols = random.between<std::ptrdiff_t>(5, 8);
        auto const clusters = random_clusters(random, rows, cols);
        auto const pixels = random_pixels<std::int16_t>(random, 2, rows, cols);
        for (auto const neighbours : {connectivity::four, connectivity::eight}) {
            auto const expected = build_graph(in_one_tile(pixels, clusters, neighbours));
            tiled_raster<std::int16_t> const raster{.pixels = pixels.view(),
                                                    .clusters = clusters.view(),
                                                    .tiles = {.rows = rows, .cols = cols, .tile_size = 4, .halo = 2},
                                                    .neighbours = neighbours};
            auto const regions = raster.all_regions();
            std::vector<std::size_t> order{0, 1, 2, 3};
            do {
                REQUIRE(difference(expected, build_graph(raster, regions, order)).empty());
            } while (std::next_permutation(order.begin(), order.end()));
        }
    }
}

TEST_CASE("tiles of any size give the graph of the raster")
{
    random_numbers random(3);
    for (int round = 0; round < rasters_of_each_type; ++round) {
        auto const rows = random.between<std::ptrdiff_t>(1, 20);
        auto const cols = random.between<std::ptrdiff_t>(1, 20);
        auto const clusters = random_clusters(random, rows, cols);
        auto const pixels = random_pixels<std::uint8_t>(random, 1, rows, cols);
        for (auto const neighbours : {connectivity::four, connectivity::eight}) {
            auto const expected = build_graph(in_one_tile(pixels, clusters, neighbours));
            for (std::ptrdiff_t const size : {1, 2, 3, 5, 8, 13, 21}) {
                for (std::ptrdiff_t const halo : {2, 3, 7}) {
                    tiled_raster<std::uint8_t> const raster{
                        .pixels = pixels.view(),
                        .clusters = clusters.view(),
                        .tiles = {.rows = rows, .cols = cols, .tile_size = size, .halo = halo},
                        .neighbours = neighbours};
                    auto const wrong = difference(expected, build_graph(raster));
                    if (!wrong.empty()) {
                        FAIL(wrong << " differ: tiles of " << size << ", halo " << halo << to_text(clusters));
                    }
                }
            }
        }
    }
}

TEST_CASE("the pieces of a hand-worked segment are one, with the key of the first")
{
    // The 1s wind through all four tiles; the 9 is alone and joins the 2s across the seam.
    auto const clusters = image_of<std::uint16_t>(4, 4,
                                                  {3, 3, /**/ 1, 1, //
                                                   1, 9, /**/ 2, 1, //
                                                   1, 1, /**/ 2, 1, //
                                                   4, 1, /**/ 1, 1});
    image<std::uint8_t> pixels(1, 4, 4);
    std::transform(clusters.data(), clusters.data() + 16, pixels.data(),
                   [](auto cluster) { return static_cast<std::uint8_t>(10 * cluster); });
    pixels(0, 1, 1) = 21;
    pixels(0, 3, 0) = 12;
    tiled_raster<std::uint8_t> const raster{.pixels = pixels.view(),
                                            .clusters = clusters.view(),
                                            .tiles = {.rows = 4, .cols = 4, .tile_size = 2, .halo = 2}};
    auto const built = build_graph(raster);
    CHECK(built.graph.sizes == rios::large_vector<std::uint64_t>{2, 11, 3});
    CHECK(built.graph.sums.at(0).value() == 60);
    CHECK(built.graph.sums.at(1).value() == 112);
    CHECK(built.graph.sums.at(2).value() == 61);
    CHECK(built.joined == 2);
    CHECK(numbers(built.labels.data(), built.labels.data() + 16) == numbers{1, 1, 2, 2, //
                                                                            2, 3, 3, 2, //
                                                                            2, 2, 3, 2, //
                                                                            2, 2, 2, 2});
    CHECK(without_repeats(neighbours_of(built.graph, 0)) == numbers{1, 2});
    CHECK(without_repeats(neighbours_of(built.graph, 1)) == numbers{0, 2});
    CHECK(without_repeats(neighbours_of(built.graph, 2)) == numbers{0, 1});
}

TEST_CASE("neighbours are listed for segments smaller than the minimum, not for small pieces of larger ones")
{
    auto const clusters = image_of<std::uint16_t>(1, 9, {1, 1, 2, /**/ 2, 2, 3, /**/ 3, 4, 4});
    image<std::uint8_t> const pixels(1, 1, 9);
    auto const graph_for = [&](std::uint64_t min_segment_size) {
        tiled_raster<std::uint8_t> const raster{.pixels = pixels.view(),
                                                .clusters = clusters.view(),
                                                .tiles = {.rows = 1, .cols = 9, .tile_size = 3, .halo = 2},
                                                .min_segment_size = min_segment_size};
        return build_graph(raster).graph;
    };
    CHECK(graph_for(1).neighbours.empty());
    CHECK(graph_for(2).neighbours.empty());
    auto const three = graph_for(3);
    CHECK(neighbours_of(three, 0) == numbers{1});
    CHECK(neighbours_of(three, 1).empty());
    CHECK(neighbours_of(three, 2) == numbers{1, 3});
    CHECK(neighbours_of(three, 3) == numbers{2});
    CHECK(neighbours_of(graph_for(4), 1) == numbers{0, 2});
}

TEST_CASE("every pixel gets the label of its segment, in any part of a tile, and null stays")
{
    // A wave crosses the seams, and the last three pixels but one stay alone.
    auto const clusters =
        image_of<std::uint16_t>(1, 16, {1, 1, 2, 3, /**/ 4, 5, 6, 7, /**/ 8, 0, 2, 2, /**/ 0, 1, 2, 3});
    image<std::uint8_t> const pixels(1, 1, 16);
    tiled_raster<std::uint8_t> const raster{.pixels = pixels.view(),
                                            .clusters = clusters.view(),
                                            .tiles = {.rows = 1, .cols = 16, .tile_size = 4, .halo = 2}};
    auto regions = raster.all_regions();
    std::vector<image<std::uint32_t>> labels;
    region_graph_builder<std::uint8_t> builder(raster.tiles, raster.neighbours, 100);
    for (std::size_t tile = 0; tile < 4; ++tile) {
        labels.emplace_back(1, 1, 4);
        if (regions[tile].labels.pixel_count() > 0) labels.back() = regions[tile].labels;
        builder.add(tile, std::move(regions[tile]));
    }
    rios::inline_executor executor;
    CHECK(builder.finish(executor).sizes == rios::large_vector<std::uint64_t>{9, 2});
    CHECK(builder.late_joined() == 6);
    CHECK(builder.segments_before_alone() == numbers{2, 2, 2});
    auto const all = [&](std::ptrdiff_t part) {
        numbers result;
        for (std::size_t tile = 0; tile < 4; ++tile) {
            auto parts = labels[tile];
            for (std::ptrdiff_t col = 0; col < 4; col += part) {
                builder.relabel(tile, parts.view().window(0, col, 1, part), 0, col, {5, 4'000'000'000}, {8, 9, 7});
            }
            result.insert(result.end(), parts.data(), parts.data() + 4);
        }
        return result;
    };
    numbers const expected{5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 4'000'000'000, 4'000'000'000, 0, 8, 9, 7};
    CHECK(all(4) == expected);
    CHECK(all(2) == expected);
    CHECK(all(1) == expected);
}

TEST_CASE("rows of a tile may be relabelled in parts")
{
    random_numbers random(4);
    auto const clusters = random_clusters(random, 12, 12);
    auto const pixels = random_pixels<std::uint8_t>(random, 1, 12, 12);
    tiled_raster<std::uint8_t> const raster{.pixels = pixels.view(),
                                            .clusters = clusters.view(),
                                            .tiles = {.rows = 12, .cols = 12, .tile_size = 7, .halo = 2}};
    auto const expected = build_graph(raster);
    numbers of_segment(expected.graph.segments());
    std::iota(of_segment.begin(), of_segment.end(), 1U);
    numbers of_alone(expected.before_alone.size());
    std::iota(of_alone.begin(), of_alone.end(), static_cast<std::uint32_t>(of_segment.size()) + 1);
    auto regions = raster.all_regions();
    std::vector<image<std::uint32_t>> labels;
    region_graph_builder<std::uint8_t> builder(raster.tiles, raster.neighbours, raster.min_segment_size);
    for (std::size_t tile = 0; tile < regions.size(); ++tile) {
        labels.push_back(regions[tile].labels);
        builder.add(tile, std::move(regions[tile]));
    }
    rios::inline_executor executor;
    static_cast<void>(builder.finish(executor));
    for (std::size_t tile = 0; tile < regions.size(); ++tile) {
        auto const where = raster.tiles.tile(tile);
        auto view = labels[tile].view();
        if (view.pixel_count() == 0) continue;
        for (std::ptrdiff_t row = 0; row < where.rows; row += 2) {
            for (std::ptrdiff_t col = 0; col < where.cols; col += 3) {
                auto const rows = std::min<std::ptrdiff_t>(2, where.rows - row);
                auto const cols = std::min<std::ptrdiff_t>(3, where.cols - col);
                builder.relabel(tile, view.window(row, col, rows, cols), row, col, of_segment, of_alone);
            }
        }
        for (auto const [row, col] : view.pixels()) {
            CHECK(view(0, row, col) == expected.labels(0, where.row + row, where.col + col));
        }
    }
}

TEST_CASE_TEMPLATE_DEFINE("every executor finishes the same graph", E, any_executor)
{
    random_numbers random(17);
    auto const clusters = random_clusters(random, 40, 50);
    auto const pixels = random_pixels<std::uint16_t>(random, 3, 40, 50);
    tiled_raster<std::uint16_t> const raster{.pixels = pixels.view(),
                                             .clusters = clusters.view(),
                                             .tiles = {.rows = 40, .cols = 50, .tile_size = 7, .halo = 3}};
    E executor;
    CHECK(difference(build_graph(in_one_tile(pixels, clusters)),
                     build_graph(raster, raster.all_regions(), {}, executor)) == "");
}
TEST_CASE_TEMPLATE_APPLY(any_executor, test::executors);

TEST_CASE("more regions than can be numbered are an error that says what to do")
{
    // Three tiles of two regions each; the middle two pairs are pieces of one segment.
    auto const clusters = image_of<std::uint16_t>(1, 12, {1, 1, 2, 2, /**/ 3, 3, 4, 4, /**/ 4, 4, 5, 5});
    image<std::uint8_t> const pixels(1, 1, 12);
    tiled_raster<std::uint8_t> const raster{.pixels = pixels.view(),
                                            .clusters = clusters.view(),
                                            .tiles = {.rows = 1, .cols = 12, .tile_size = 4, .halo = 2}};
    auto const build = [&](std::uint64_t region_limit) {
        region_graph_builder<std::uint8_t> builder(raster.tiles, raster.neighbours, 100, region_limit);
        for (std::size_t tile = 0; tile < 3; ++tile) builder.add(tile, raster.regions(tile));
        rios::inline_executor executor;
        return builder.finish(executor).segments();
    };
    CHECK(build(6) == 5);
    CHECK(test::message_of<rios::error>([&] { static_cast<void>(build(5)); }) ==
          "more than 5 segments before small ones are eliminated: too many to number; segment the raster in parts, or "
          "use fewer clusters");
    CHECK_THROWS_AS(static_cast<void>(build(0)), rios::error);
    CHECK(region_graph_builder<std::uint8_t>::most_regions == 4'294'967'294);
}

TEST_CASE("single pixels that a tile could not decide count towards the limit")
{
    auto const clusters = image_of<std::uint16_t>(1, 8, {1, 2, 3, 4, /**/ 5, 6, 7, 8});
    image<std::uint8_t> const pixels(1, 1, 8);
    tiled_raster<std::uint8_t> const raster{.pixels = pixels.view(),
                                            .clusters = clusters.view(),
                                            .tiles = {.rows = 1, .cols = 8, .tile_size = 4, .halo = 2}};
    region_graph_builder<std::uint8_t> builder(raster.tiles, raster.neighbours, 100, 3);
    CHECK_THROWS_AS(builder.add(0, raster.regions(0)), rios::error);
    // Those of all tiles together.
    region_graph_builder<std::uint8_t> too_few(raster.tiles, raster.neighbours, 100, 6);
    too_few.add(0, raster.regions(0));
    CHECK_THROWS_AS(too_few.add(1, raster.regions(1)), rios::error);
    region_graph_builder<std::uint8_t> enough(raster.tiles, raster.neighbours, 100, 8);
    enough.add(1, raster.regions(1));
    CHECK_NOTHROW(enough.add(0, raster.regions(0)));
}

TEST_CASE("the memory that the rest will need grows with the tiles that have come")
{
    random_numbers random(5);
    auto const clusters = random_clusters(random, 30, 30);
    auto const pixels = random_pixels<float>(random, 2, 30, 30);
    tiled_raster<float> const raster{.pixels = pixels.view(),
                                     .clusters = clusters.view(),
                                     .tiles = {.rows = 30, .cols = 30, .tile_size = 10, .halo = 2}};
    region_graph_builder<float> builder(raster.tiles, raster.neighbours, 100);
    auto before = builder.bytes_needed();
    CHECK(before == 0);
    for (std::size_t tile = 0; tile < 9; ++tile) {
        builder.add(tile, raster.regions(tile));
        CHECK(builder.bytes_needed() > before);
        before = builder.bytes_needed();
    }
}

TEST_CASE("a raster of nothing but null, and one without pixels, have a graph of no segments")
{
    image<std::uint8_t> const pixels(2, 5, 5);
    image<std::uint16_t> const clusters(1, 5, 5);
    tiled_raster<std::uint8_t> const raster{.pixels = pixels.view(),
                                            .clusters = clusters.view(),
                                            .tiles = {.rows = 5, .cols = 5, .tile_size = 2, .halo = 2}};
    auto const built = build_graph(raster);
    CHECK(built.graph.segments() == 0);
    CHECK(built.graph.first_met == rios::large_vector<std::uint64_t>{0});
    CHECK(built.null_pixels == 25);
    CHECK(built.before_alone.empty());
    region_graph_builder<float> builder({.rows = 0, .cols = 0, .tile_size = 8, .halo = 2}, connectivity::four, 100);
    rios::inline_executor executor;
    CHECK(builder.finish(executor).segments() == 0);
}
