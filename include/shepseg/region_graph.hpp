// SPDX-License-Identifier: BSL-1.0
//
// What a tile leaves behind once its pixels have been looked at: segments with their sizes and sums, and who touches
// whom. The elimination of small segments (eliminate.hpp) works on this alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <rios/image.hpp>

#include "band_sum.hpp"
#include "clumps.hpp"
#include "neighbourhood.hpp"

namespace shepseg {

/// Segments and their neighbours. Segments are numbered from 0 in the order of their keys, the scan indexes of the first
/// pixels of the clumps that they grew from.
template <rios::Pixel T>
struct region_graph {
    std::size_t bands = 0;
    std::vector<std::uint64_t> sizes;     ///< pixels of each segment
    std::vector<band_sum<T>> sums;        ///< segment-major: a sum for each band
    std::vector<std::uint64_t> first_met; ///< where each segment's neighbours begin; one more than segments
    /// The neighbours of each segment that is small enough to be eliminated, each once, in the order in which its
    /// pixels meet them.
    std::vector<std::uint32_t> neighbours;

    [[nodiscard]] std::size_t segments() const noexcept { return sizes.size(); }
};

namespace detail {

/// Numbers the clumps that are left, in scan order of their first pixels, and relabels the pixels: number + 1.
inline std::vector<std::uint64_t> number_segments(clump_map& map)
{
    std::vector<std::uint64_t> sizes;
    auto& number_of = map.root; // what a number's root is matters no longer: all pixels carry roots
    for (std::uint32_t number = 0; number < map.root.size(); ++number) {
        if (map.size[number] == 0) continue;
        number_of[number] = static_cast<std::uint32_t>(sizes.size());
        sizes.push_back(map.size[number]);
    }
    for (std::ptrdiff_t row = 0; row < map.labels.rows(); ++row) {
        for (auto& label : map.labels.row(0, row)) {
            if (label != 0) label = number_of[label - 1] + 1;
        }
    }
    return sizes;
}

/// Pixels of the segments that may be eliminated, segment after segment, each segment's in scan order.
struct pixel_lists {
    std::vector<std::uint64_t> begin; // of each segment, one more than segments
    std::vector<std::uint32_t> pixels;
};

inline pixel_lists list_pixels(rios::image<std::uint32_t> const& labels, std::vector<std::uint64_t> const& sizes,
                               std::uint64_t min_segment_size)
{
    pixel_lists lists{.begin = std::vector<std::uint64_t>(sizes.size() + 1), .pixels = {}};
    // A single pixel that is still there touches nothing larger than itself, so it has no one to ask for.
    auto const listed = [&](std::size_t s) { return sizes[s] > 1 && sizes[s] < min_segment_size; };
    for (std::size_t s = 0; s < sizes.size(); ++s) lists.begin[s + 1] = lists.begin[s] + (listed(s) ? sizes[s] : 0);
    lists.pixels.resize(lists.begin.back());
    if (lists.pixels.empty()) return lists;
    auto next = lists.begin;
    std::uint32_t const* const label = labels.data();
    for (std::uint32_t at = 0; at < static_cast<std::uint32_t>(labels.pixel_count()); ++at) {
        if (label[at] != 0 && listed(label[at] - 1)) lists.pixels[next[label[at] - 1]++] = at;
    }
    return lists;
}

} // namespace detail

/// Makes the graph of a tile, and turns the clumps' labels into segment numbers + 1.
///
/// @param min_segment_size neighbours are listed for the segments that are smaller
template <rios::Pixel T>
[[nodiscard]] region_graph<T> make_region_graph(rios::image_view<T const> image, clump_map& map,
                                                connectivity neighbours, std::uint64_t min_segment_size)
{
    region_graph<T> graph;
    graph.bands = static_cast<std::size_t>(image.bands());
    graph.sizes = detail::number_segments(map);
    graph.sums.resize(graph.segments() * graph.bands);
    for (std::ptrdiff_t band = 0; band < image.bands(); ++band) {
        for (std::ptrdiff_t row = 0; row < image.rows(); ++row) {
            auto const pixels = image.row(band, row);
            auto const labels = map.labels.row(0, row);
            for (std::size_t col = 0; col < pixels.size(); ++col) {
                if (labels[col] == 0) continue;
                graph.sums[(labels[col] - 1) * graph.bands + static_cast<std::size_t>(band)].add(pixels[col]);
            }
        }
    }

    auto const lists = detail::list_pixels(map.labels, graph.sizes, min_segment_size);
    neighbourhood const around(image.rows(), image.cols(), neighbours);
    std::uint32_t const* const label = map.labels.data();
    constexpr auto nobody = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> last_met_by(graph.segments(), nobody);
    graph.first_met.resize(graph.segments() + 1);
    for (std::uint32_t segment = 0; segment < graph.segments(); ++segment) {
        last_met_by[segment] = segment;
        for (auto at = lists.begin[segment]; at < lists.begin[segment + 1]; ++at) {
            around.for_each(lists.pixels[at], [&](std::ptrdiff_t next) {
                if (label[next] == 0) return;
                auto const other = label[next] - 1;
                if (last_met_by[other] == segment) return;
                last_met_by[other] = segment;
                graph.neighbours.push_back(other);
            });
        }
        graph.first_met[segment + 1] = graph.neighbours.size();
    }
    return graph;
}

} // namespace shepseg
