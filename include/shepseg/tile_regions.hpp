// SPDX-License-Identifier: BSL-1.0
//
// What the tile phase (tile.hpp) makes of a tile, and all that the global phase (region_graph.hpp) gets to know of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <rios/band_sum.hpp>
#include <rios/block.hpp>
#include <rios/image.hpp>
#include <rios/large_vector.hpp>

namespace shepseg {

/// A pixel on the edge of a tile, as its neighbours across the seam see it.
struct ring_pixel {
    static constexpr std::uint16_t nowhere = 8;
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    std::uint32_t label = 0;   ///< region + 1; 0 where null, and where the tile could not decide
    std::uint16_t cluster = 0; ///< 0 where null
    /// The number of the neighbour in another tile whose segment this single pixel joined (neighbourhood), or nowhere.
    std::uint16_t joined = nowhere;
};

/// A region meets another: where, in the order of meeting, and who.
struct meeting {
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    std::uint64_t position; ///< 8 × scan index in the raster of the pixel that meets + number of the neighbour
    std::uint32_t region;
    std::uint32_t other;
};

/// When a segment that is small enough to be eliminated is asked for a partner, once its size has its turn.
struct turn {
    static constexpr std::uint8_t never = 0;
    static constexpr std::uint8_t first = 1;    ///< from the first pass on, as all that nothing is known of
    static constexpr std::uint8_t decided = 16; ///< added: its partner is known, the first of its neighbours

    [[nodiscard]] static constexpr int pass(std::uint8_t turn) noexcept { return turn % decided; }
};

/// Passes of a size in which segments have merged within a tile.
struct passes_of_size {
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    std::uint64_t size;
    std::uint64_t passes;
};

/// Single pixels that a tile could not decide, for what they join depends on pixels beyond its halo; and the pixels of the
/// tile that joined in the last round that it could decide, as these are the only ones that the former may touch.
template <rios::Pixel T>
struct late_pixels {
    std::vector<std::uint32_t> pixels; ///< scan indexes in the tile, ascending
    std::vector<std::uint32_t> labels; ///< region + 1, or 0 where it is undecided
    std::vector<T> values;             ///< pixel after pixel, all bands of each

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.pixels, self.labels, self.values);
    }
};

/// The regions of a tile: pieces of segments as they are when single pixels have been joined, numbered from 0.
template <rios::Pixel T>
struct tile_regions {
    static constexpr auto no_pixel = std::numeric_limits<std::uint32_t>::max();

    rios::block where;
    std::size_t bands = 0;
    /// Region + 1 of each pixel, or 0 where it is null or undecided. Of size 0 if that is so everywhere.
    rios::image<std::uint32_t> labels;
    rios::large_vector<std::uint32_t> sizes;    ///< pixels of each region
    rios::large_vector<rios::band_sum<T>> sums; ///< region-major: a sum for each band
    /// Scan index in the tile of each region's first pixel that is not a joined single one, ascending; no_pixel, at the
    /// end, for regions that consist of joined ones alone, whose segment begins in another tile.
    rios::large_vector<std::uint32_t> first_pixels;
    /// The neighbours of each region that is small enough to be eliminated and is closed: it neither reaches a seam nor
    /// has late pixels, so it is the whole of its segment. Each once, in the order in which its pixels meet them;
    /// first_met says where each region's begin (one more than regions).
    rios::large_vector<std::uint32_t> first_met;
    rios::large_vector<std::uint32_t> neighbours;
    /// The same for the small regions that are not closed and may be pieces of something larger.
    rios::large_vector<meeting> meetings;
    /// The turn of each region (tile_elimination.hpp); empty if all have the first.
    rios::large_vector<std::uint8_t> turns;
    std::vector<passes_of_size> passes;               ///< in which regions have merged already, sizes ascending
    std::uint64_t merged_regions = 0;                 ///< that are part of others by now
    std::vector<ring_pixel> top, bottom, left, right; ///< the pixels along the edges, those of the corners twice
    late_pixels<T> late;
    std::uint64_t null_pixels = 0;
    std::uint64_t joined_pixels = 0; ///< single pixels of the tile that joined a segment

    [[nodiscard]] std::size_t regions() const noexcept { return sizes.size(); }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.where, self.bands, self.labels, self.sizes, self.sums, self.first_pixels, self.first_met,
                self.neighbours, self.meetings, self.turns, self.passes, self.merged_regions, self.top, self.bottom,
                self.left, self.right, self.late, self.null_pixels, self.joined_pixels);
    }
};

} // namespace shepseg
