// SPDX-License-Identifier: BSL-1.0
//
// The tile phase, last step: from the pixels of a tile, and of a halo around it, to regions and who touches whom. What
// leaves a tile (tile_regions.hpp) knows no pixels, but for the ring along its edges. Tiles may be done anywhere, in any
// order; region_graph_builder.hpp puts them together so that no seam shows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <rios/block.hpp>
#include <rios/image.hpp>
#include <rios/large_vector.hpp>
#include <rios/memory.hpp>

#include "clumps.hpp"
#include "neighbourhood.hpp"
#include "single_pixels.hpp"
#include "tile_regions.hpp"

namespace shepseg {

/// The tiles of a raster: all of one size, but for those at the right and bottom edges; numbered in scan order.
struct tiling {
    std::ptrdiff_t rows = 0; ///< of the raster
    std::ptrdiff_t cols = 0;
    std::ptrdiff_t tile_size = 0; ///< rows and columns of a tile
    std::ptrdiff_t halo = 0;      ///< pixels around a tile that are looked at with it, as far as the raster goes

    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;

    [[nodiscard]] std::ptrdiff_t down() const noexcept { return (rows + tile_size - 1) / tile_size; }
    [[nodiscard]] std::ptrdiff_t across() const noexcept { return (cols + tile_size - 1) / tile_size; }
    [[nodiscard]] std::size_t tiles() const noexcept { return static_cast<std::size_t>(down() * across()); }

    [[nodiscard]] rios::block tile(std::size_t number) const noexcept
    {
        auto const row = static_cast<std::ptrdiff_t>(number) / across() * tile_size;
        auto const col = static_cast<std::ptrdiff_t>(number) % across() * tile_size;
        return {number, row, col, std::min(tile_size, rows - row), std::min(tile_size, cols - col)};
    }

    /// The tile and its halo, cut to the raster.
    [[nodiscard]] rios::block window(rios::block const& tile) const noexcept
    {
        auto const row = std::max<std::ptrdiff_t>(0, tile.row - halo);
        auto const col = std::max<std::ptrdiff_t>(0, tile.col - halo);
        return {tile.index, row, col, std::min(rows, tile.row + tile.rows + halo) - row,
                std::min(cols, tile.col + tile.cols + halo) - col};
    }

    /// The tile of a pixel.
    [[nodiscard]] std::size_t tile_at(std::ptrdiff_t row, std::ptrdiff_t col) const noexcept
    {
        return static_cast<std::size_t>(row / tile_size * across() + col / tile_size);
    }

    /// The rounds of joining single pixels that a tile and its halo decide.
    ///
    /// A single pixel joins in round r if the nearest pixel of a larger clump is r steps away. All that decides what it
    /// joins lies within r + 1 steps: r to that clump, and one more to see that it is one. So a window that reaches
    /// `halo` pixels beyond the tile shows the first halo - 1 rounds of the tile's pixels as the whole raster does, and
    /// every pixel that has not joined by then joins later, or never. A raster of one tile needs no limit.
    [[nodiscard]] std::size_t rounds() const noexcept
    {
        return tiles() == 1 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(halo - 1);
    }
};

namespace detail {

/// Regions that may be pieces: those that reach a seam, where the rest may lie in another tile, and those with late
/// pixels, which others may join.
template <rios::Pixel T>
[[nodiscard]] std::vector<bool> open_regions(tile_regions<T> const& regions, tiling const& tiles)
{
    std::vector<bool> open(regions.regions());
    auto const mark = [&](std::vector<ring_pixel> const& side) {
        for (auto const& pixel : side) {
            if (pixel.label != 0) open[pixel.label - 1] = true;
        }
    };
    auto const& where = regions.where;
    if (where.row > 0) mark(regions.top);
    if (where.row + where.rows < tiles.rows) mark(regions.bottom);
    if (where.col > 0) mark(regions.left);
    if (where.col + where.cols < tiles.cols) mark(regions.right);
    for (auto const label : regions.late.labels) {
        if (label != 0) open[label - 1] = true;
    }
    return open;
}

/// One tile while its regions are made.
template <rios::Pixel T>
class tile_maker {
  public:
    tile_maker(rios::image_view<T const> pixels, rios::image_view<std::uint16_t const> clusters, tiling const& tiles,
               rios::block const& tile, connectivity neighbours)
        : tiles_(tiles), tile_(tile), window_(tiles.window(tile)), top_(tile.row - window_.row),
          left_(tile.col - window_.col), pixels_(pixels.window(top_, left_, tile.rows, tile.cols)),
          clusters_(clusters.window(top_, left_, tile.rows, tile.cols)), around_(tile.rows, tile.cols, neighbours),
          map_(find_clumps(clusters_, neighbours))
    {
        regions_.where = tile;
        regions_.bands = static_cast<std::size_t>(pixels.bands());
    }

    tile_regions<T> make(single_pixels const& singles, std::uint64_t min_segment_size) &&
    {
        join(singles);
        keep_undecided(singles);
        number_regions();
        add_up_pixels();
        keep_late(singles);
        keep_ring();
        for (auto* const numbers : {&map_.root, &map_.first, &region_label_}) rios::release(*numbers);
        find_neighbours(min_segment_size);
        if (regions_.regions() > 0) regions_.labels = std::move(map_.labels);
        // They are kept for long.
        regions_.sizes.shrink_to_fit();
        regions_.first_pixels.shrink_to_fit();
        return std::move(regions_);
    }

  private:
    static constexpr std::ptrdiff_t outside_ = -1;
    static constexpr auto nobody = std::numeric_limits<std::uint32_t>::max(); // no number of a clump or region

    [[nodiscard]] std::ptrdiff_t rows() const noexcept { return tile_.rows; }
    [[nodiscard]] std::ptrdiff_t cols() const noexcept { return tile_.cols; }

    /// Scan index in the tile of a pixel that is given by that in the window, or outside_.
    [[nodiscard]] std::ptrdiff_t in_tile(std::uint32_t pixel) const noexcept
    {
        auto const row = static_cast<std::ptrdiff_t>(pixel) / window_.cols - top_;
        auto const col = static_cast<std::ptrdiff_t>(pixel) % window_.cols - left_;
        bool const inside = row >= 0 && row < rows() && col >= 0 && col < cols();
        return inside ? row * cols() + col : outside_;
    }

    [[nodiscard]] std::uint64_t scan_index(std::ptrdiff_t at) const noexcept
    {
        return static_cast<std::uint64_t>((tile_.row + at / cols()) * tiles_.cols + tile_.col + at % cols());
    }

    /// Single pixels take the label of the pixel that they joined; in the order of the rounds, so that it is known.
    void join(single_pixels const& singles)
    {
        auto* const label = map_.labels.data();
        for (auto const& each : singles.joined) {
            auto const at = in_tile(each.pixel);
            if (at == outside_) continue;
            ++regions_.joined_pixels;
            auto const& step = around_.step(each.neighbour);
            auto const to_row = at / cols() + step.down;
            auto const to_col = at % cols() + step.right;
            if (to_row < 0 || to_row >= rows() || to_col < 0 || to_col >= cols()) {
                leaving_.push_back({static_cast<std::uint32_t>(at), each.neighbour});
                continue;
            }
            map_.root[label[at] - 1] = nobody;
            label[at] = label[to_row * cols() + to_col];
        }
    }

    /// Undecided pixels belong to no region.
    void keep_undecided(single_pixels const& singles)
    {
        auto* const label = map_.labels.data();
        for (auto const pixel : singles.left) {
            auto const at = in_tile(pixel);
            if (at == outside_) continue;
            map_.root[label[at] - 1] = nobody;
            label[at] = 0;
            undecided_.push_back(static_cast<std::uint32_t>(at));
        }
    }

    /// Numbers the regions: the clumps that are left, in order, then single pixels whose segment begins in another tile.
    /// region_label_ tells a region's label by any number of its clump.
    void number_regions()
    {
        auto const numbers = static_cast<std::uint32_t>(map_.root.size());
        std::vector<std::uint32_t> begin_elsewhere;
        for (auto const& each : leaving_) {
            auto const number = map_.labels.data()[each.pixel] - 1;
            if (map_.root[number] == nobody) continue;
            map_.root[number] = nobody; // they come last
            begin_elsewhere.push_back(number);
        }
        std::sort(begin_elsewhere.begin(), begin_elsewhere.end());
        region_label_.resize(numbers + 1); // of null, too
        regions_.first_pixels.resize(numbers);
        std::uint32_t count = 0;
        for (std::uint32_t number = 0; number < numbers; ++number) {
            auto const root = map_.root[number];
            regions_.first_pixels[count] = map_.first[number];
            count += root == number ? 1 : 0;
            region_label_[number + 1] = root == number ? count : region_label_[root < number ? root + 1 : 0];
        }
        regions_.first_pixels.resize(count);
        for (auto const number : begin_elsewhere) {
            region_label_[number + 1] = ++count;
            regions_.first_pixels.push_back(regions_.no_pixel);
        }
        regions_.sizes.resize(count);
        regions_.sums.resize(count * regions_.bands);
    }

    void keep_late(single_pixels const& singles)
    {
        auto& pixels = regions_.late.pixels;
        pixels = std::move(undecided_);
        if (singles.rounds == tiles_.rounds()) {
            auto const undecided = static_cast<std::ptrdiff_t>(pixels.size());
            for (auto i = singles.last_round; i < singles.joined.size(); ++i) {
                if (auto const at = in_tile(singles.joined[i].pixel); at != outside_) {
                    pixels.push_back(static_cast<std::uint32_t>(at));
                }
            }
            std::sort(pixels.begin() + undecided, pixels.end());
            std::inplace_merge(pixels.begin(), pixels.begin() + undecided, pixels.end());
        }
        pixels.shrink_to_fit();
        regions_.late.labels.reserve(pixels.size());
        regions_.late.values.reserve(pixels.size() * regions_.bands);
        for (auto const pixel : pixels) {
            regions_.late.labels.push_back(map_.labels.data()[pixel]);
            auto const row = static_cast<std::ptrdiff_t>(pixel) / cols();
            auto const col = static_cast<std::ptrdiff_t>(pixel) % cols();
            for (std::ptrdiff_t band = 0; band < pixels_.bands(); ++band) {
                regions_.late.values.push_back(pixels_(band, row, col));
            }
        }
    }

    /// Puts the labels of regions in the place of those of clumps, and adds up what they have.
    void add_up_pixels()
    {
        auto const bands = regions_.bands;
        auto unlabelled = std::uint64_t{0};
        std::vector<T const*> values(bands);
        for (std::ptrdiff_t row = 0; row < rows(); ++row) {
            for (std::size_t band = 0; band < bands; ++band) {
                values[band] = pixels_.row(static_cast<std::ptrdiff_t>(band), row).data();
            }
            auto const labels = map_.labels.row(0, row);
            for (std::size_t col = 0; col < labels.size(); ++col) {
                auto const label = labels[col] = region_label_[labels[col]];
                if (label == 0) {
                    ++unlabelled;
                    continue;
                }
                ++regions_.sizes[label - 1];
                auto* const sums = regions_.sums.data() + (label - 1) * bands;
                for (std::size_t band = 0; band < bands; ++band) sums[band].add(values[band][col]);
            }
        }
        regions_.null_pixels = unlabelled - undecided_.size();
    }

    void keep_ring()
    {
        auto const ring = [&](std::ptrdiff_t row, std::ptrdiff_t col) {
            return ring_pixel{.label = map_.labels(0, row, col), .cluster = clusters_(0, row, col)};
        };
        for (std::ptrdiff_t col = 0; col < cols(); ++col) {
            regions_.top.push_back(ring(0, col));
            regions_.bottom.push_back(ring(rows() - 1, col));
        }
        for (std::ptrdiff_t row = 0; row < rows(); ++row) {
            regions_.left.push_back(ring(row, 0));
            regions_.right.push_back(ring(row, cols() - 1));
        }
        for (auto const& each : leaving_) {
            auto const row = static_cast<std::ptrdiff_t>(each.pixel) / cols();
            auto const col = static_cast<std::ptrdiff_t>(each.pixel) % cols();
            auto const joined = static_cast<std::uint16_t>(each.neighbour);
            if (row == 0) regions_.top[static_cast<std::size_t>(col)].joined = joined;
            if (row == rows() - 1) regions_.bottom[static_cast<std::size_t>(col)].joined = joined;
            if (col == 0) regions_.left[static_cast<std::size_t>(row)].joined = joined;
            if (col == cols() - 1) regions_.right[static_cast<std::size_t>(row)].joined = joined;
        }
    }

    void find_neighbours(std::uint64_t min_segment_size)
    {
        auto const count = static_cast<std::uint32_t>(regions_.regions());
        auto const open = open_regions(regions_, tiles_);
        auto const listed = [&](std::uint32_t region) { return regions_.sizes[region] < min_segment_size; };
        rios::large_vector<std::uint32_t> next(count + 1);
        // The first of n pixels has c neighbours, each further one beside it (c/2 + 1) new ones, and was one itself.
        std::size_t most_met = 0; // c/2 (n + 1) by each region
        for (std::uint32_t region = 0; region < count; ++region) {
            auto const size = listed(region) ? regions_.sizes[region] : 0;
            next[region + 1] = next[region] + size;
            if (!open[region] && size > 0) most_met += around_.count() / 2 * (std::size_t{size} + 1);
        }
        rios::large_vector<std::uint32_t> pixels_of(next.back()); // region after region, each in scan order
        std::uint32_t const* const label = map_.labels.data();
        if (!pixels_of.empty()) {
            auto const size = static_cast<std::uint32_t>(map_.labels.pixel_count());
            for (std::uint32_t at = 0; at < size; ++at) {
                if (label[at] != 0 && listed(label[at] - 1)) pixels_of[next[label[at] - 1]++] = at;
            }
        }
        // Indexed by labels, so that what is no region can count as met, too.
        rios::large_vector<std::uint32_t> last_meetings(count + 1, nobody);
        auto* const last_met_by = last_meetings.data();
        regions_.first_met.resize(count + 1);
        rios::large_buffer found((most_met + 1) * sizeof(std::uint32_t));
        auto* const first_found = reinterpret_cast<std::uint32_t*>(found.data());
        auto* met = first_found;
        std::uint32_t begin = 0;
        for (std::uint32_t region = 0; region < count; ++region) {
            last_met_by[0] = region;
            last_met_by[region + 1] = region;
            auto const end = next[region]; // filling moved it from its region's begin to its end
            if (open[region]) {
                for (auto i = begin; i < end; ++i) {
                    auto const pixel = static_cast<std::ptrdiff_t>(pixels_of[i]);
                    around_.for_each(pixel, [&](std::ptrdiff_t at, std::size_t number) {
                        auto& last = last_met_by[label[at]];
                        if (last == region) return;
                        last = region;
                        regions_.meetings.push_back({8 * scan_index(pixel) + number, region, label[at] - 1});
                    });
                }
            } else {
                // Whether a neighbour has been met before cannot be predicted: so there is no branch.
                for (auto i = begin; i < end; ++i) {
                    around_.for_each(static_cast<std::ptrdiff_t>(pixels_of[i]), [&](std::ptrdiff_t at, std::size_t) {
                        auto const other = label[at];
                        *met = other - 1;
                        met += last_met_by[other] != region ? 1 : 0;
                        last_met_by[other] = region;
                    });
                }
            }
            begin = end;
            regions_.first_met[region + 1] = static_cast<std::uint32_t>(met - first_found);
        }
        regions_.neighbours.assign(first_found, met);
    }

    tiling tiles_;
    rios::block tile_;
    rios::block window_;
    std::ptrdiff_t top_;
    std::ptrdiff_t left_;
    rios::image_view<T const> pixels_;
    rios::image_view<std::uint16_t const> clusters_;
    neighbourhood around_;
    clump_map map_;
    std::vector<single_pixels::joining> leaving_; // those that joined a segment across a seam
    std::vector<std::uint32_t> undecided_;
    rios::large_vector<std::uint32_t> region_label_; // by the label that find_clumps() gave a pixel
    tile_regions<T> regions_;
};

} // namespace detail

/// Makes the regions of a tile from the single pixels of its window.
/// @param pixels,clusters of tiles.window(tile)
/// @param singles of that window, after at most tiles.rounds() rounds
/// @param min_segment_size neighbours are listed for regions that are smaller
/// @pre fewer than 2^29 pixels
template <rios::Pixel T>
[[nodiscard]] tile_regions<T>
make_tile_regions(rios::image_view<T const> pixels, rios::image_view<std::uint16_t const> clusters,
                  single_pixels const& singles, tiling const& tiles, rios::block const& tile, connectivity neighbours,
                  std::uint64_t min_segment_size)
{
    return detail::tile_maker<T>(pixels, clusters, tiles, tile, neighbours).make(singles, min_segment_size);
}

} // namespace shepseg
