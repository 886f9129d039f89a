// SPDX-License-Identifier: BSL-1.0
// What merges within tiles must not show in the labels: against the elimination that waits for all tiles. tiled.test.cpp and
// tiled_exhaustive.test.cpp have the twin.
#include <shepseg/tile_elimination.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/cancellation.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>
#include <shepseg/clusters.hpp>
#include <shepseg/eliminate.hpp>
#include <shepseg/region_graph_builder.hpp>
#include <shepseg/relabel.hpp>

#include "support/random_numbers.hpp"
#include "support/sanitizers.hpp"
#include "support/tile_phase.hpp"

using rios::image;
using test::random_numbers;
using test::tiled_raster;

namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();

struct outcome {
    image<std::uint32_t> labels;
    std::uint64_t eliminated = 0;
    std::uint64_t within_tiles = 0; ///< of those
};

/// All phases after the clusters. @param within_tiles merge in tiles what can merge there
template <typename T>
outcome segments_of(tiled_raster<T> const& raster, double max_spectral_diff, bool within_tiles)
{
    auto const& tiles = raster.tiles;
    outcome result{.labels = image<std::uint32_t>(1, tiles.rows, tiles.cols)};
    auto const place_of = [&](std::size_t number) {
        auto const tile = tiles.tile(number);
        return result.labels.view().window(tile.row, tile.col, tile.rows, tile.cols);
    };
    shepseg::region_graph_builder<T> builder(tiles, raster.neighbours, raster.min_segment_size);
    for (std::size_t number = 0; number < tiles.tiles(); ++number) {
        auto regions = raster.regions(number);
        if (within_tiles) {
            shepseg::eliminate_within_tile(regions, tiles, raster.min_segment_size, max_spectral_diff);
        }
        for (auto const [row, col] : regions.labels.pixels())
            place_of(number)(0, row, col) = regions.labels(0, row, col);
        result.within_tiles += regions.merged_regions;
        builder.add(number, std::move(regions));
    }
    rios::inline_executor executor;
    auto graph = builder.finish(executor);
    CHECK(graph.merged == result.within_tiles);
    auto const left = shepseg::eliminate_small_segments(graph, raster.min_segment_size, max_spectral_diff, executor);
    result.eliminated = graph.merged + left.eliminated;
    auto const numbers = shepseg::number_survivors(left.survivor, builder.segments_before_alone());
    for (std::size_t number = 0; number < tiles.tiles(); ++number) {
        builder.relabel(number, place_of(number), 0, 0, numbers.of_segment, numbers.of_alone);
    }
    return result;
}

/// Pixels of a few kinds, each of which is a cluster of its own, in patches; with values that are near to each other in many ways.
struct patchwork {
    patchwork(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
        : pixels(1, rows, cols), clusters(1, rows, cols)
    {
        auto const kinds = random.between(2, 12);
        auto const copied = random.between(0, 6); // in 8, from the left or from above
        auto const spread = random.pick<int>({1, 1, 3, 40});
        auto const nulls = random.pick<std::uint64_t>({7, 200, 1'000'000});
        for (auto const [row, col] : pixels.pixels()) {
            auto const from = random.one_in(2) ? std::pair{row - 1, col} : std::pair{row, col - 1};
            auto cluster = static_cast<std::uint16_t>(1 + random.below(kinds));
            if (from.first >= 0 && from.second >= 0 && random.below(8) < copied) {
                cluster = clusters(0, from.first, from.second);
            }
            if (random.one_in(nulls)) cluster = 0;
            clusters(0, row, col) = cluster;
            pixels(0, row, col) = static_cast<std::int16_t>(40 * cluster + random.below(spread));
        }
    }

    [[nodiscard]] tiled_raster<std::int16_t> in_tiles(std::ptrdiff_t size, std::ptrdiff_t halo, std::uint64_t smallest,
                                                      shepseg::connectivity neighbours) const
    {
        return {.pixels = pixels.view(),
                .clusters = clusters.view(),
                .tiles = {.rows = pixels.rows(), .cols = pixels.cols(), .tile_size = size, .halo = halo},
                .neighbours = neighbours,
                .min_segment_size = smallest};
    }

    image<std::int16_t> pixels;
    image<std::uint16_t> clusters;
};

/// A row of pixels whose values are clusters of their own.
image<std::int16_t> row_of(std::vector<std::pair<int, std::int16_t>> const& runs)
{
    std::vector<std::int16_t> values;
    for (auto const& [count, value] : runs) values.insert(values.end(), static_cast<std::size_t>(count), value);
    return test::image_of<std::int16_t>(1, std::ssize(values), values);
}

image<std::uint16_t> own_clusters(image<std::int16_t> const& pixels)
{
    image<std::uint16_t> clusters(1, pixels.rows(), pixels.cols());
    std::copy_n(pixels.data(), pixels.pixel_count(), clusters.data());
    return clusters;
}

} // namespace

TEST_CASE("labels are those of an elimination that waits for all tiles, for any patchwork, tiles and limits")
{
    random_numbers random(41);
    std::uint64_t within_tiles = 0;
    std::uint64_t afterwards = 0;
    constexpr int rounds = test::sanitized ? 60 : 700;
    for (int round = 0; round < rounds; ++round) {
        auto const rows = random.between<std::ptrdiff_t>(1, 120);
        auto const cols = random.between<std::ptrdiff_t>(1, 120);
        patchwork const scene(random, rows, cols);
        auto const smallest = random.pick<std::uint64_t>({2, 3, 4, 6, 10, 25, 60, 400, 5000, 1ULL << 40});
        auto const limit = random.pick<double>({0, 20, 40, 90, 300, no_limit});
        auto const connectivity = random.one_in(2) ? shepseg::connectivity::four : shepseg::connectivity::eight;
        auto const size = random.pick<std::ptrdiff_t>({5, 13, 32, 50, 64, 120});
        auto const halo = random.between<std::ptrdiff_t>(2, 6);
        auto const raster = scene.in_tiles(size, halo, smallest, connectivity);
        auto const expected = segments_of(raster, limit, false);
        auto const actual = segments_of(raster, limit, true);
        within_tiles += actual.within_tiles;
        afterwards += actual.eliminated - actual.within_tiles;
        INFO("round ", round, ": ", rows, " x ", cols, ", tiles of ", size, ", halo ", halo, ", min ", smallest,
             ", limit ", limit, ", connectivity ", static_cast<int>(connectivity));
        CHECK(actual.eliminated == expected.eliminated);
        REQUIRE(actual.labels == expected.labels);
    }
    // Both had much to do.
    CHECK(within_tiles > rounds * 40);
    CHECK(afterwards > rounds * 40);
}

TEST_CASE("a tile that is the whole raster leaves nothing to do")
{
    random_numbers random(42);
    patchwork const scene(random, 90, 110);
    auto const raster = scene.in_tiles(110, 2, 30, shepseg::connectivity::four);
    auto regions = raster.regions(0);
    auto const before = regions.regions();
    shepseg::eliminate_within_tile(regions, raster.tiles, 30, no_limit);
    CHECK(regions.merged_regions == before - regions.regions());
    CHECK(regions.merged_regions > 0);
    CHECK(regions.neighbours.empty());
    for (std::size_t region = 0; region < regions.regions(); ++region) {
        CHECK((regions.sizes[region] >= 30 || regions.turns[region] == shepseg::turn::never));
    }
    auto const all = segments_of(raster, no_limit, true);
    CHECK(all.eliminated == all.within_tiles);
}

TEST_CASE("what may change because of a segment at a seam waits, and the rest does not")
{
    // The 12s may be part of something larger; as they are, they join the 20s. If the 8s had joined the 3s by then, they would
    // join those. The 50s are behind a segment that is large enough.
    auto const pixels = row_of({{40, 20}, {3, 12}, {6, 3}, {5, 8}, {9, 100}, {2, 50}, {15, 60}});
    auto const clusters = own_clusters(pixels);
    tiled_raster<std::int16_t> const raster{.pixels = pixels.view(),
                                            .clusters = clusters.view(),
                                            .tiles = {.rows = 1, .cols = pixels.cols(), .tile_size = 40, .halo = 2},
                                            .min_segment_size = 6};
    auto const result = segments_of(raster, no_limit, true);
    CHECK(result.within_tiles == 1);
    CHECK(result.eliminated == 3);
    auto const expected = row_of({{43, 1}, {11, 2}, {9, 3}, {17, 4}});
    CHECK(std::equal(expected.data(), expected.data() + expected.pixel_count(), result.labels.data()));
    CHECK(segments_of(raster, no_limit, false).labels == result.labels);
}

TEST_CASE("labels that a tile begins with fit to its regions when some have merged")
{
    random_numbers random(43);
    patchwork const scene(random, 80, 80);
    auto const raster = scene.in_tiles(40, 3, 20, shepseg::connectivity::eight);
    for (std::size_t number = 0; number < raster.tiles.tiles(); ++number) {
        auto regions = raster.regions(number);
        shepseg::eliminate_within_tile(regions, raster.tiles, 20, no_limit);
        std::vector<std::uint32_t> sizes(regions.regions());
        for (std::ptrdiff_t at = 0; at < regions.labels.pixel_count(); ++at) {
            auto const label = regions.labels.data()[at];
            REQUIRE(label <= regions.regions());
            if (label != 0) ++sizes[label - 1];
        }
        CHECK(std::ranges::equal(sizes, regions.sizes));
        CHECK(std::ranges::is_sorted(regions.first_pixels));
        CHECK(regions.sums.size() == regions.regions());
        CHECK(regions.turns.size() == regions.regions());
        CHECK(regions.first_met.size() == regions.regions() + 1);
        CHECK(regions.first_met.back() == regions.neighbours.size());
        for (std::ptrdiff_t col = 0; col < 40; ++col) {
            CHECK(regions.top[static_cast<std::size_t>(col)].label == regions.labels(0, 0, col));
            CHECK(regions.bottom[static_cast<std::size_t>(col)].label == regions.labels(0, 39, col));
        }
    }
}
