// SPDX-License-Identifier: BSL-1.0
//
// What is left of a raster once its pixels have been looked at: segments with their sizes and sums, and who touches whom.
// Put together from tiles by region_graph_builder.hpp; the elimination of small segments (eliminate.hpp) works on this
// alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include <rios/band_sum.hpp>
#include <rios/large_vector.hpp>

namespace shepseg {

/// Segments and their neighbours. Segments are numbered from 0 in the order of their keys, the scan indexes of the first
/// pixels of the clumps that they grew from. Single pixels that found nothing to join are not among them: they take part
/// in nothing.
template <rios::Pixel T>
struct region_graph {
    std::size_t bands = 0;
    rios::large_vector<std::uint64_t> sizes;     ///< pixels of each segment
    rios::large_vector<rios::band_sum<T>> sums;  ///< segment-major: a sum for each band
    rios::large_vector<std::uint64_t> first_met; ///< where each segment's neighbours begin; one more than segments
    /// The neighbours of each segment that is small enough to be eliminated, in the order in which its pixels meet them.
    rios::large_vector<std::uint32_t> neighbours;
    rios::large_vector<std::uint8_t> turns;        ///< of each segment (turn); empty if all have the first
    std::map<std::uint64_t, std::uint64_t> passes; ///< by size: in how many segments have merged within tiles
    std::uint64_t merged = 0;                      ///< segments that are part of others by now

    [[nodiscard]] std::size_t segments() const noexcept { return sizes.size(); }
};

} // namespace shepseg
