// SPDX-License-Identifier: BSL-1.0
//
// How a segmentation of a file keeps within a limit of memory: the size of its tiles, and how many labels may wait in
// memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <rios/error.hpp>

#include "tile.hpp"

namespace shepseg {

namespace detail {

inline std::string megabytes(std::uint64_t bytes)
{
    if (bytes < 1'000'000) return std::to_string(bytes) + " bytes";
    return std::to_string((bytes + 999'999) / 1'000'000) + " MB";
}

} // namespace detail

/// What may be in memory at the same time. Estimates, on the safe side.
class memory_plan {
  public:
    /// @param limit bytes for everything
    /// @param fixed bytes that are taken whatever happens: caches, the program
    /// @param threads that may work on tiles at the same time
    /// @param pixel_bytes of all bands
    /// @param read_ahead tiles whose pixels may wait to be worked on
    /// @param wanted tiles; smaller ones are taken, down to 128 pixels, if these would take half of what there is; larger
    /// ones, up to 128 pixels, if there would be so many that their administration does
    /// @throws rios::options_error saying what is needed if even those do not fit
    memory_plan(std::uint64_t limit, std::uint64_t fixed, std::size_t threads, std::size_t pixel_bytes,
                tiling const& wanted, std::size_t read_ahead = 0)
        : limit_(limit), fixed_(fixed), chosen_(wanted)
    {
        constexpr std::ptrdiff_t smallest = 128;
        constexpr std::uint64_t each_tile = 1000; // bytes that every tile takes, however small
        while (fixed_ + 2 * each_tile * chosen_.tiles() > limit_ && chosen_.tile_size * 2 <= smallest) {
            chosen_.tile_size *= 2;
        }
        auto busy = threads;
        auto const needed = [&] {
            busy = std::min(threads, chosen_.tiles());
            auto const across = chosen_.tile_size + 2 * chosen_.halo;
            auto const window = std::min(across, chosen_.rows) * std::min(across, chosen_.cols);
            // Pixels, clusters, states, labels and lists of the window; and results that wait to be taken in.
            return each_tile * chosen_.tiles() +
                   busy * static_cast<std::uint64_t>(window) * (pixel_bytes + 28 + 2 * 14) +
                   std::min(read_ahead, chosen_.tiles()) * static_cast<std::uint64_t>(window) * pixel_bytes;
        };
        tiles_ = needed();
        while (fixed_ + 2 * tiles_ > limit_ && chosen_.tile_size / 2 >= smallest) {
            auto const larger = std::exchange(chosen_.tile_size, chosen_.tile_size / 2);
            auto const less = needed();
            if (less >= tiles_) { // so many tiles that each of them counts
                chosen_.tile_size = larger;
                break;
            }
            tiles_ = less;
        }
        if (fixed_ + tiles_ > limit_) {
            throw rios::options_error("memory limit " + detail::megabytes(limit_) +
                                      " is not allowed: " + std::to_string(busy) +
                                      (busy == 1 ? " thread needs" : " threads need") + " at least " +
                                      detail::megabytes(fixed_ + tiles_) + ", of which " + detail::megabytes(fixed_) +
                                      " are for the program and GDAL's block cache "
                                      "(GDAL_CACHEMAX); allow more, or use fewer threads");
        }
    }

    /// Checks that there is room for what k-means needs before there are any tiles.
    /// @param sample_pixels of bands × value_bytes each
    /// @throws rios::options_error saying what is needed
    void require_room_for_sample(std::uint64_t sample_pixels, std::size_t bands, std::size_t value_bytes) const
    {
        // The sample in blocks, as they were read, and as a whole; as k-means keeps it, and its tree; its order and clusters.
        auto const kept = value_bytes <= 2 ? sizeof(float) : sizeof(double);
        auto const needed = fixed_ + sample_pixels * (bands * (2 * value_bytes + 2 * kept) + 16);
        if (needed <= limit_) return;
        throw rios::options_error("memory limit " + detail::megabytes(limit_) + " is not allowed: a sample of " +
                                  std::to_string(sample_pixels) + " pixels for k-means needs at least " +
                                  detail::megabytes(needed) + "; allow more, or sample fewer pixels");
    }

    /// The tiles to use.
    [[nodiscard]] tiling const& tiles() const noexcept { return chosen_; }

    /// Bytes of labels that may wait in memory.
    /// @param graph bytes that the graph takes now
    /// @param finished bytes that the graph and the elimination of segments will need, as far as tiles are done
    /// @param tiles_done part of the tiles that are, above 0 to 1
    /// @throws rios::error saying what is needed if there is no room for those
    [[nodiscard]] std::uint64_t room_for_labels(std::uint64_t graph, std::uint64_t finished, double tiles_done) const
    {
        auto const taken = fixed_ + std::max(tiles_ + graph, finished);
        if (taken <= limit_) return limit_ - taken;
        auto const when_done = [&](std::uint64_t bytes) {
            return static_cast<std::uint64_t>(static_cast<double>(bytes) / tiles_done);
        };
        auto const all = fixed_ + std::max(tiles_ + when_done(graph), when_done(finished));
        throw rios::error("the segments before elimination need about " + detail::megabytes(all) +
                          " of memory, as far as " + std::to_string(static_cast<int>(100 * tiles_done)) +
                          " % of the tiles tell; the limit is " + detail::megabytes(limit_) +
                          ": allow more, or segment the raster in parts");
    }

  private:
    std::uint64_t limit_;
    std::uint64_t fixed_;
    tiling chosen_;
    std::uint64_t tiles_ = 0; // bytes for tiles that are worked on
};

} // namespace shepseg
