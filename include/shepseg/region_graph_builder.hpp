// SPDX-License-Identifier: BSL-1.0
//
// Global phase, second step: the segments of the whole raster before small ones are eliminated, put together from the
// regions of its tiles in whatever order they come. Knows no pixels, but for those along the seams.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <rios/band_sum.hpp>
#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/executor/for_each_index.hpp>
#include <rios/executor/reserve_pages.hpp>
#include <rios/image_view.hpp>
#include <rios/large_vector.hpp>
#include <rios/memory.hpp>

#include "clumps.hpp"
#include "late_pixels.hpp"
#include "neighbourhood.hpp"
#include "region_graph.hpp"
#include "tile.hpp"
#include "tile_regions.hpp"

namespace shepseg {

/// Takes in the regions of tiles, in any order, and makes the graph when all are there.
///
/// Thread rule: one thread at a time.
template <rios::Pixel T>
class region_graph_builder {
  public:
    static constexpr std::uint64_t most_regions = std::numeric_limits<std::uint32_t>::max() - 1;

    /// @param min_segment_size neighbours are listed for segments that are smaller
    /// @param region_limit for tests
    region_graph_builder(tiling const& tiles, connectivity neighbours, std::uint64_t min_segment_size,
                         std::uint64_t region_limit = most_regions)
        : tiles_(tiles), around_(tiles.rows, tiles.cols, neighbours), min_segment_size_(min_segment_size),
          region_limit_(region_limit), parts_(tiles.tiles()), late_(tiles, neighbours)
    {
    }

    /// Takes in all of a tile but its labels, and unites its regions with those across the seams that are there already.
    /// @throws rios::error if there are more regions than 32 bits can number
    void add(std::size_t tile, tile_regions<T> regions)
    {
        auto const count = regions.regions();
        auto const undecided = static_cast<std::uint64_t>(std::ranges::count(regions.late.labels, std::uint32_t{0}));
        if (segment_.size() + count + undecided_ + undecided > region_limit_) {
            throw rios::error("more than " + std::to_string(region_limit_) +
                              " segments before small ones are eliminated: too many to number; segment the raster in "
                              "parts, or use fewer clusters");
        }
        undecided_ += undecided;
        regions.labels = {};
        bands_ = regions.bands;
        auto& own = parts_[tile];
        own.first_region = static_cast<std::uint32_t>(segment_.size());
        own.present = true;
        own.regions = std::move(regions);
        late_.add(tile, std::move(own.regions.late), own.first_region);
        grow(segment_, count);
        segment_.resize(segment_.size() + count);
        std::iota(segment_.begin() + own.first_region, segment_.end(), own.first_region);
        bytes_ += bytes_of(own.regions);
        join_seams(own);
        forget_rings(tile);
    }

    /// Bytes in use.
    [[nodiscard]] std::size_t bytes() const noexcept
    {
        // Twice, as they are copied when they grow.
        return bytes_ + late_.bytes() +
               2 * (segment_.capacity() * sizeof(segment_[0]) + meetings_.capacity() * sizeof(meeting));
    }

    /// Bytes that finish() and the elimination of small segments will need, these included, as far as tiles have come.
    [[nodiscard]] std::size_t bytes_needed() const noexcept
    {
        constexpr std::size_t elimination = 28; // for each segment, and a mean for each band
        auto const each = sizeof(std::uint64_t) * 2 + sizeof(std::uint32_t) + sizeof(std::uint8_t) + elimination +
                          bands_ * (sizeof(rios::band_sum<T>) + sizeof(double));
        constexpr std::size_t alone = 16; // for each single pixel that may stay alone: its number, label and count
        return bytes() + undecided_ * alone + segment_.size() * each + meetings_.size() * sizeof(meeting) +
               neighbours_ * sizeof(std::uint32_t);
    }

    /// The graph of all segments. To be called once, when all tiles have been added.
    template <rios::AnyExecutor E>
    [[nodiscard]] region_graph<T> finish(E& executor)
    {
        late_.join();
        region_graph<T> graph;
        graph.bands = bands_;
        auto const segments = number_segments(executor);
        rios::reserve_pages(graph.sizes, segments, executor);
        rios::reserve_pages(graph.sums, segments * bands_, executor);
        graph.sizes.resize(segments);
        graph.sums.resize(segments * bands_);
        for (auto& part : parts_) {
            for (std::uint32_t region = 0; region < part.regions.regions(); ++region) {
                auto const segment = segment_[part.first_region + region];
                graph.sizes[segment] += part.regions.sizes[region];
                for (std::size_t band = 0; band < bands_; ++band) {
                    graph.sums[segment * bands_ + band].add(part.regions.sums[region * bands_ + band]);
                }
            }
            rios::release(part.regions.sums);
        }
        take_turns(graph, executor);
        late_.take_joined([&](std::uint32_t region, T const* values) {
            auto const segment = segment_[region];
            ++late_joined_;
            ++graph.sizes[segment];
            for (std::size_t band = 0; band < bands_; ++band) graph.sums[segment * bands_ + band].add(values[band]);
        });
        list_neighbours(graph, executor);
        return graph;
    }

    /// Single pixels of which finish() found out that they join a segment.
    [[nodiscard]] std::uint64_t late_joined() const noexcept { return late_joined_; }

    /// For each single pixel that stays alone, in the order of their keys, how many segments have smaller keys.
    [[nodiscard]] rios::large_vector<std::uint32_t> const& segments_before_alone() const noexcept
    {
        return before_alone_;
    }

    /// Replaces the labels that the tile phase gave to (a part of) a tile by final ones. To be called after finish(), by
    /// any threads for different pixels.
    /// @param labels of that part
    /// @param row,col of its first pixel in the tile
    /// @param of_segment,of_alone the labels of segments and of single pixels that stay alone
    void relabel(std::size_t tile, rios::image_view<std::uint32_t> labels, std::ptrdiff_t row, std::ptrdiff_t col,
                 rios::large_vector<std::uint32_t> const& of_segment,
                 rios::large_vector<std::uint32_t> const& of_alone) const
    {
        auto const* const segment = segment_.data() + parts_[tile].first_region;
        for (std::ptrdiff_t i = 0; i < labels.rows(); ++i) {
            for (auto& label : labels.row(0, i)) {
                if (label != 0) label = of_segment[segment[label - 1]];
            }
        }
        auto const cols = tiles_.tile(tile).cols;
        late_.for_each_undecided(tile, [&](std::uint32_t pixel, bool alone, std::uint32_t number) {
            auto const to_row = static_cast<std::ptrdiff_t>(pixel) / cols - row;
            auto const to_col = static_cast<std::ptrdiff_t>(pixel) % cols - col;
            if (to_row < 0 || to_row >= labels.rows() || to_col < 0 || to_col >= labels.cols()) return;
            labels(0, to_row, to_col) = alone ? of_alone[number] : of_segment[segment_[number]];
        });
    }

  private:
    struct tile_part {
        bool present = false;
        std::uint32_t first_region = 0;
        tile_regions<T> regions;

        /// A pixel on the edge of the tile, by its place in the raster.
        [[nodiscard]] ring_pixel const& ring(std::ptrdiff_t raster_row, std::ptrdiff_t raster_col) const noexcept
        {
            auto const row = raster_row - regions.where.row;
            auto const col = raster_col - regions.where.col;
            if (row == 0) return regions.top[static_cast<std::size_t>(col)];
            if (row == regions.where.rows - 1) return regions.bottom[static_cast<std::size_t>(col)];
            return (col == 0 ? regions.left : regions.right)[static_cast<std::size_t>(row)];
        }
    };

    static std::size_t bytes_of(tile_regions<T> const& regions) noexcept
    {
        auto const bytes = [](auto const& v) { return v.capacity() * sizeof(v[0]); };
        return bytes(regions.sizes) + bytes(regions.sums) + bytes(regions.first_pixels) + bytes(regions.first_met) +
               bytes(regions.neighbours) + bytes(regions.turns) + bytes(regions.passes) + sizeof regions;
    }

    /// Makes room for more elements: by a quarter, as doubling might break a limit of memory.
    template <typename V>
    static void grow(V& vector, std::size_t more)
    {
        auto const size = vector.size() + more;
        if (size > vector.capacity()) vector.reserve(std::max(size, vector.capacity() + vector.capacity() / 4));
    }

    /// All pairs of neighbouring pixels of which one lies in `own` and the other in a tile that is there.
    void join_seams(tile_part& own)
    {
        auto const& where = own.regions.where;
        auto& regions = own.regions;
        grow(meetings_, regions.meetings.size());
        for (auto const& each : regions.meetings) {
            meetings_.push_back({each.position, each.region + own.first_region, each.other + own.first_region});
        }
        rios::release(regions.meetings);
        neighbours_ += regions.neighbours.size();
        auto const visit = [&](std::ptrdiff_t row, std::ptrdiff_t col) {
            if (own.ring(row, col).label == 0) return;
            for (std::size_t number = 0; number < around_.count(); ++number) {
                auto const to_row = row + around_.step(number).down;
                auto const to_col = col + around_.step(number).right;
                bool const inside = to_row >= where.row && to_row < where.row + where.rows && to_col >= where.col &&
                                    to_col < where.col + where.cols;
                if (inside || to_row < 0 || to_row >= tiles_.rows || to_col < 0 || to_col >= tiles_.cols) continue;
                auto const& other = parts_[tiles_.tile_at(to_row, to_col)];
                if (other.present) join_pixels(own, row, col, number, other, to_row, to_col);
            }
        };
        auto const last_row = where.row + where.rows - 1;
        auto const last_col = where.col + where.cols - 1;
        for (auto col = where.col; col <= last_col; ++col) {
            visit(where.row, col);
            if (last_row != where.row) visit(last_row, col);
        }
        for (auto row = where.row + 1; row < last_row; ++row) {
            visit(row, where.col);
            if (last_col != where.col) visit(row, last_col);
        }
    }

    /// One pair of pixels across a seam: one segment, if they are of one clump or one of them joined the other; else their
    /// regions meet.
    void join_pixels(tile_part const& a_tile, std::ptrdiff_t a_row, std::ptrdiff_t a_col, std::size_t number,
                     tile_part const& b_tile, std::ptrdiff_t b_row, std::ptrdiff_t b_col)
    {
        auto const& a = a_tile.ring(a_row, a_col);
        auto const& b = b_tile.ring(b_row, b_col);
        if (b.label == 0) return;
        auto const back = around_.opposite(number);
        auto const a_region = a_tile.first_region + a.label - 1;
        auto const b_region = b_tile.first_region + b.label - 1;
        if (a.cluster == b.cluster || a.joined == number || b.joined == back) {
            detail::unite(segment_, a_region, b_region);
            return;
        }
        auto const meet = [&](tile_part const& tile, std::uint32_t label, std::ptrdiff_t row, std::ptrdiff_t col,
                              std::size_t neighbour, std::uint32_t region, std::uint32_t other) {
            if (tile.regions.sizes[label - 1] >= min_segment_size_) return; // never asks for its neighbours
            auto const scan_index = static_cast<std::uint64_t>(row * tiles_.cols + col);
            meetings_.push_back({8 * scan_index + neighbour, region, other});
        };
        meet(a_tile, a.label, a_row, a_col, number, a_region, b_region);
        meet(b_tile, b.label, b_row, b_col, back, b_region, a_region);
    }

    /// Drops the rings that nobody will ask for any more, now that `tile` is there.
    void forget_rings(std::size_t tile)
    {
        auto const row = static_cast<std::ptrdiff_t>(tile) / tiles_.across();
        auto const col = static_cast<std::ptrdiff_t>(tile) % tiles_.across();
        auto const around = [&](std::ptrdiff_t at_row, std::ptrdiff_t at_col, auto f) {
            for (auto r = std::max<std::ptrdiff_t>(0, at_row - 1); r <= std::min(tiles_.down() - 1, at_row + 1); ++r) {
                for (auto c = std::max<std::ptrdiff_t>(0, at_col - 1); c <= std::min(tiles_.across() - 1, at_col + 1);
                     ++c) {
                    f(r, c, parts_[static_cast<std::size_t>(r * tiles_.across() + c)]);
                }
            }
        };
        around(row, col, [&](std::ptrdiff_t r, std::ptrdiff_t c, tile_part& each) {
            bool complete = true;
            around(r, c, [&](std::ptrdiff_t, std::ptrdiff_t, tile_part const& other) { complete &= other.present; });
            if (!complete) return;
            for (auto* const ring :
                 {&each.regions.top, &each.regions.bottom, &each.regions.left, &each.regions.right}) {
                rios::release(*ring);
            }
        });
    }

    /// Turns the roots of regions into segment numbers in the order of the keys; returns how many there are.
    ///
    /// Regions are visited in the order of their first pixels: a segment gets its number at the first of its regions.
    template <rios::AnyExecutor E>
    std::size_t number_segments(E& executor)
    {
        constexpr auto none = std::numeric_limits<std::uint32_t>::max();
        // Roots are lower than what hangs on them, so theirs are final.
        for (auto& root : segment_) root = segment_[root];
        rios::large_vector<std::uint32_t> number_of; // of roots
        rios::reserve_pages(number_of, segment_.size(), executor);
        number_of.resize(segment_.size(), none);
        before_alone_.reserve(static_cast<std::size_t>(undecided_));
        std::uint32_t segments = 0;
        struct cursor {
            std::uint32_t region = 0;
            std::uint32_t alone = 0; // index among the tile's late pixels
        };
        std::vector<cursor> cursors(static_cast<std::size_t>(tiles_.across()));
        for (std::size_t first = 0; first < parts_.size(); first += cursors.size()) {
            for (std::size_t i = 0; i < cursors.size(); ++i) cursors[i] = {0, late_.next_alone(first + i, 0)};
            for (std::ptrdiff_t row = 0; row < tiles_.tile(first).rows; ++row) {
                for (std::size_t i = 0; i < cursors.size(); ++i) {
                    auto const& own = parts_[first + i];
                    auto const row_end = (row + 1) * tiles_.tile(first + i).cols;
                    auto& next = cursors[i];
                    for (;;) {
                        auto const region_at =
                            next.region < own.regions.regions() ? own.regions.first_pixels[next.region] : none;
                        auto const alone_at = late_.pixel(first + i, next.alone);
                        if (static_cast<std::ptrdiff_t>(std::min(region_at, alone_at)) >= row_end) break;
                        if (region_at < alone_at) {
                            auto& number = number_of[segment_[own.first_region + next.region++]];
                            if (number == none) number = segments++;
                        } else {
                            late_.number_alone(first + i, next.alone, static_cast<std::uint32_t>(before_alone_.size()));
                            before_alone_.push_back(segments);
                            next.alone = late_.next_alone(first + i, next.alone + 1);
                        }
                    }
                }
            }
        }
        for (auto& region : segment_) region = number_of[region];
        return segments;
    }

    /// What tiles say of the merging that they have begun.
    template <rios::AnyExecutor E>
    void take_turns(region_graph<T>& graph, E& executor)
    {
        auto const say_something = [](tile_part const& part) { return !part.regions.turns.empty(); };
        if (std::none_of(parts_.begin(), parts_.end(), say_something)) return;
        rios::reserve_pages(graph.turns, graph.segments(), executor);
        graph.turns.resize(graph.segments(), turn::first);
        for (auto const& part : parts_) {
            auto const& own = part.regions;
            // Regions that are not all of their segment have the first turn, as all of it.
            for (std::size_t region = 0; region < own.turns.size(); ++region) {
                graph.turns[segment_[part.first_region + region]] = own.turns[region];
            }
            for (auto const& [size, passes] : own.passes) {
                auto& most = graph.passes[size];
                most = std::max(most, passes);
            }
            graph.merged += own.merged_regions;
        }
    }

    template <rios::AnyExecutor E>
    void list_neighbours(region_graph<T>& graph, E& executor)
    {
        // Meetings at seams and of pieces: those of small segments, in the order of segments and then of meeting.
        late_.for_each_meeting([&](std::uint64_t position, std::uint32_t region, std::uint32_t other) {
            if (graph.sizes[segment_[region]] < min_segment_size_) meetings_.push_back({position, region, other});
        });
        for (auto& each : meetings_) each = {each.position, segment_[each.region], segment_[each.other]};
        std::erase_if(meetings_, [&](meeting const& each) {
            return each.region == each.other || graph.sizes[each.region] >= min_segment_size_;
        });
        std::sort(meetings_.begin(), meetings_.end(), [](meeting const& a, meeting const& b) {
            return a.region != b.region ? a.region < b.region : a.position < b.position;
        });
        auto const segments = graph.segments();
        rios::reserve_pages(graph.first_met, segments + 1, executor);
        graph.first_met.resize(segments + 1);
        for (auto const& each : meetings_) ++graph.first_met[each.region + 1];
        for (auto const& part : parts_) {
            for (std::uint32_t region = 0; region < part.regions.regions(); ++region) {
                graph.first_met[segment_[part.first_region + region] + 1] +=
                    part.regions.first_met[region + 1] - part.regions.first_met[region];
            }
        }
        for (std::size_t segment = 0; segment < segments; ++segment) {
            graph.first_met[segment + 1] += graph.first_met[segment];
        }
        rios::reserve_pages(graph.neighbours, graph.first_met.back(), executor);
        graph.neighbours.resize(graph.first_met.back());
        // A segment has either meetings or, if it is one closed region, a list.
        auto const* previous = meetings_.data();
        std::uint64_t to = 0;
        for (auto const& each : meetings_) {
            if (&each == meetings_.data() || each.region != previous->region) to = graph.first_met[each.region];
            graph.neighbours[to++] = each.other;
            previous = &each;
        }
        rios::release(meetings_);
        rios::for_each_index(executor, parts_.size(), [&](std::size_t tile) {
            auto& part = parts_[tile];
            auto const& own = part.regions;
            for (std::uint32_t region = 0; region < own.regions(); ++region) {
                auto next = graph.first_met[segment_[part.first_region + region]];
                for (auto i = own.first_met[region]; i < own.first_met[region + 1]; ++i) {
                    graph.neighbours[next++] = segment_[part.first_region + own.neighbours[i]];
                }
            }
            part.regions = {};
        });
    }

    tiling tiles_;
    neighbourhood around_;
    std::uint64_t min_segment_size_;
    std::uint64_t region_limit_;
    std::vector<tile_part> parts_;
    late_joining<T> late_;
    std::size_t bands_ = 0;
    std::size_t bytes_ = 0;
    std::size_t neighbours_ = 0;
    std::uint64_t undecided_ = 0; // single pixels that no tile could decide
    rios::large_vector<std::uint32_t>
        segment_; // for each region another of its segment, a root itself; then its segment
    rios::large_vector<meeting> meetings_;
    std::uint64_t late_joined_ = 0;
    rios::large_vector<std::uint32_t> before_alone_;
};

} // namespace shepseg
