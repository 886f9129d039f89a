// SPDX-License-Identifier: BSL-1.0
// The tile phase and the graph without the rest: from pixels and clusters that are given to regions, graphs and labels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include <rios/executor/inline.hpp>
#include <rios/image.hpp>
#include <shepseg/region_graph_builder.hpp>
#include <shepseg/single_pixels.hpp>
#include <shepseg/tile.hpp>

namespace test {

/// An image of one band, its values row after row.
template <rios::Pixel T>
rios::image<T> image_of(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<T> const& values)
{
    rios::image<T> image(1, rows, cols);
    if (values.size() != static_cast<std::size_t>(rows * cols)) throw std::invalid_argument("not rows × cols values");
    std::copy(values.begin(), values.end(), image.data());
    return image;
}

/// A raster with its clusters, and how it is cut. The pixels outlive this.
template <rios::Pixel T>
struct tiled_raster {
    rios::image_view<T const> pixels;
    rios::image_view<std::uint16_t const> clusters;
    shepseg::tiling tiles;
    shepseg::connectivity neighbours = shepseg::connectivity::four;
    std::uint64_t min_segment_size = 100;

    [[nodiscard]] shepseg::tile_regions<T> regions(std::size_t number) const
    {
        auto const tile = tiles.tile(number);
        auto const where = tiles.window(tile);
        auto const window_pixels = pixels.window(where.row, where.col, where.rows, where.cols);
        auto const window_clusters = clusters.window(where.row, where.col, where.rows, where.cols);
        auto const singles = shepseg::join_single_pixels<T>(window_pixels, window_clusters, neighbours, tiles.rounds());
        return shepseg::make_tile_regions<T>(window_pixels, window_clusters, singles, tiles, tile, neighbours,
                                             min_segment_size);
    }

    [[nodiscard]] std::vector<shepseg::tile_regions<T>> all_regions() const
    {
        std::vector<shepseg::tile_regions<T>> result;
        for (std::size_t number = 0; number < tiles.tiles(); ++number) result.push_back(regions(number));
        return result;
    }
};

/// One tile for all of the raster.
template <rios::Pixel T>
tiled_raster<T> in_one_tile(rios::image<T> const& pixels, rios::image<std::uint16_t> const& clusters,
                            shepseg::connectivity neighbours = shepseg::connectivity::four,
                            std::uint64_t min_segment_size = 100)
{
    auto const side = std::max({pixels.rows(), pixels.cols(), std::ptrdiff_t{1}});
    return {.pixels = pixels.view(),
            .clusters = clusters.view(),
            .tiles = {.rows = pixels.rows(), .cols = pixels.cols(), .tile_size = side, .halo = 2},
            .neighbours = neighbours,
            .min_segment_size = min_segment_size};
}

/// What is known once all tiles are there.
template <rios::Pixel T>
struct built_graph {
    shepseg::region_graph<T> graph;
    rios::large_vector<std::uint32_t> before_alone;
    std::uint64_t joined = 0;      ///< single pixels, by tiles and by the graph
    std::uint64_t late_joined = 0; ///< those by the graph
    std::uint64_t null_pixels = 0;
    /// For each pixel 1 + its segment, or beyond the segments 1 + the number of a pixel that stays alone; 0 for null.
    rios::image<std::uint32_t> labels;
};

/// Adds the tiles in that order, or in their own.
template <rios::Pixel T, rios::AnyExecutor E = rios::inline_executor>
built_graph<T> build_graph(tiled_raster<T> const& raster, std::vector<shepseg::tile_regions<T>> regions,
                           std::vector<std::size_t> order = {}, E&& executor = {})
{
    if (order.empty()) {
        order.resize(regions.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
    }
    auto const& tiles = raster.tiles;
    built_graph<T> result;
    result.labels = rios::image<std::uint32_t>(1, tiles.rows, tiles.cols);
    auto const place_of = [&](std::size_t number) {
        auto const tile = tiles.tile(number);
        return result.labels.view().window(tile.row, tile.col, tile.rows, tile.cols);
    };
    shepseg::region_graph_builder<T> builder(tiles, raster.neighbours, raster.min_segment_size);
    for (auto const number : order) {
        auto& own = regions[number];
        for (auto const [row, col] : own.labels.pixels()) place_of(number)(0, row, col) = own.labels(0, row, col);
        result.joined += own.joined_pixels;
        result.null_pixels += own.null_pixels;
        builder.add(number, std::move(own));
    }
    result.graph = builder.finish(executor);
    result.before_alone = builder.segments_before_alone();
    result.late_joined = builder.late_joined();
    result.joined += result.late_joined;
    rios::large_vector<std::uint32_t> of_segment(result.graph.segments());
    std::iota(of_segment.begin(), of_segment.end(), 1U);
    rios::large_vector<std::uint32_t> of_alone(result.before_alone.size());
    std::iota(of_alone.begin(), of_alone.end(), static_cast<std::uint32_t>(of_segment.size()) + 1);
    for (auto const number : order) builder.relabel(number, place_of(number), 0, 0, of_segment, of_alone);
    return result;
}

template <rios::Pixel T>
built_graph<T> build_graph(tiled_raster<T> const& raster)
{
    return build_graph(raster, raster.all_regions());
}

/// The neighbours that a graph lists for a segment.
template <rios::Pixel T>
rios::large_vector<std::uint32_t> neighbours_of(shepseg::region_graph<T> const& graph, std::size_t segment)
{
    auto const at = [&](std::uint64_t index) { return graph.neighbours.begin() + static_cast<std::ptrdiff_t>(index); };
    return {at(graph.first_met.at(segment)), at(graph.first_met.at(segment + 1))};
}

/// Each number once, where it comes first.
inline rios::large_vector<std::uint32_t> without_repeats(rios::large_vector<std::uint32_t> const& numbers)
{
    rios::large_vector<std::uint32_t> result;
    for (auto const number : numbers) {
        if (std::find(result.begin(), result.end(), number) == result.end()) result.push_back(number);
    }
    return result;
}

} // namespace test
