// SPDX-License-Identifier: BSL-1.0
//
// Global phase: small segments merge into the neighbour with the nearest mean spectrum, the smallest first. Works on the
// region graph alone; knows no pixels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/executor/reserve_pages.hpp>
#include <rios/large_vector.hpp>
#include <rios/progress.hpp>

#include "merging_segments.hpp"
#include "region_graph.hpp"

namespace shepseg {

namespace detail {

/// Most passes of a size.
inline constexpr int elimination_passes = 10;

/// Small segments by size. A segment that grows stays where it is until those of its former size are taken, and moves on
/// then.
class segments_by_size {
  public:
    /// @param end of the sizes that count
    explicit segments_by_size(std::uint64_t end) : end_(end), few_pixels_(std::min<std::uint64_t>(end, 4096)) {}

    void put(std::uint32_t segment, std::uint64_t size)
    {
        if (size < few_pixels_.size()) few_pixels_[size].push_back(segment);
        else if (size < end_) many_pixels_[size].push_back(segment);
    }

    /// The least size of which there may be segments; `end` if there are none left.
    [[nodiscard]] std::uint64_t least() noexcept
    {
        while (least_ < few_pixels_.size() && few_pixels_[least_].empty()) ++least_;
        if (least_ < few_pixels_.size()) return least_;
        return many_pixels_.empty() ? end_ : many_pixels_.begin()->first;
    }

    /// The segments that are of exactly that size now, in ascending order.
    /// @pre no smaller ones are put in any more
    template <typename Segments>
    [[nodiscard]] std::vector<std::uint32_t> take(std::uint64_t size, Segments const& segments)
    {
        constexpr std::size_t ahead = 8;
        auto taken = size < few_pixels_.size() ? std::exchange(few_pixels_[size], {})
                                               : std::move(many_pixels_.extract(size).mapped());
        std::size_t kept = 0;
        for (std::size_t i = 0; i < taken.size(); ++i) {
            if (i + ahead < taken.size()) segments.fetch(taken[i + ahead]);
            auto const segment = taken[i];
            if (!segments.alive(segment)) continue;
            if (segments.size(segment) == size) taken[kept++] = segment;
            else put(segment, segments.size(segment));
        }
        taken.resize(kept);
        // Of small sizes nearly all have been here from the start, in order.
        if (!std::is_sorted(taken.begin(), taken.end())) std::sort(taken.begin(), taken.end());
        return taken;
    }

  private:
    std::uint64_t end_;
    std::uint64_t least_ = 0;
    std::vector<std::vector<std::uint32_t>> few_pixels_; // by size: all segments go through here, or most of them
    std::map<std::uint64_t, std::vector<std::uint32_t>> many_pixels_;
};

} // namespace detail

/// What is left of the segments of a graph.
struct elimination {
    std::uint64_t eliminated = 0;
    rios::large_vector<std::uint32_t> survivor; ///< for each segment of the graph the one that it has become part of
};

/// Eliminates the segments of the graph that are smaller than `min_segment_size` pixels, as far as `max_spectral_diff`
/// (in the units of the pixels) allows. For each size t from 2 upwards: up to ten passes, in each of which every segment
/// of exactly t pixels picks, among its larger neighbours, the one whose mean spectrum is nearest (the first met wins
/// ties) and merges into it unless it is too far. All picks of a pass see the state at its start; merges take effect in
/// the order of the segments that are absorbed. Single pixels have been dealt with before (single_pixels.hpp).
///
/// What has merged within tiles already (tile_elimination.hpp) counts as merged in its pass.
///
/// The graph's sums and neighbours are used up; its sizes are those of the survivors then.
/// @throws rios::cancelled
template <rios::Pixel T, rios::AnyExecutor E>
[[nodiscard]] elimination eliminate_small_segments(region_graph<T>& graph, std::uint64_t min_segment_size,
                                                   double max_spectral_diff, E& executor,
                                                   rios::progress_function const& progress = {})
{
    constexpr std::size_t asked_at_once = 1024;
    auto const count = static_cast<std::uint32_t>(graph.segments());
    auto const pixels = std::accumulate(graph.sizes.begin(), graph.sizes.end(), std::uint64_t{0});
    auto const end_size = std::min(min_segment_size, pixels + 1);
    detail::merging_segments<T> segments(graph, max_spectral_diff, executor);
    detail::segments_by_size by_size(end_size);
    for (std::uint32_t segment = 0; segment < count; ++segment) {
        if (segments.size(segment) > 1 && segments.turn_of(segment) != turn::never) {
            by_size.put(segment, segments.size(segment));
        }
    }

    elimination result;
    std::vector<std::uint32_t> partner;
    while (by_size.least() < end_size) {
        auto const size = by_size.least();
        auto small = by_size.take(size, segments);
        rios::report(progress, "small segments", static_cast<double>(size) / static_cast<double>(end_size));
        auto const within_tiles = graph.passes.find(size);
        auto const merged_elsewhere = within_tiles == graph.passes.end() ? 0 : within_tiles->second;
        for (int pass = 1; pass <= detail::elimination_passes && !small.empty(); ++pass) {
            partner.resize(small.size());
            auto const ask = [&](std::size_t begin, std::size_t end) {
                segments.template ask_each<true>(
                    small, begin, end, [&](std::size_t i) { partner[i] = segments.choose_partner(small[i], pass); });
            };
            // A few segments are asked sooner than other threads are woken.
            if (small.size() <= asked_at_once) ask(0, small.size());
            else rios::for_each_chunk(executor, small.size(), asked_at_once, ask);

            std::size_t left = 0;
            for (std::size_t i = 0; i < small.size(); ++i) {
                if (i + 16 < small.size()) segments.fetch_for_merge(small[i + 16], partner[i + 16]);
                if (i + 8 < small.size()) segments.fetch_last_list(partner[i + 8]);
                if (partner[i] == segments.none) {
                    small[left++] = small[i];
                    continue;
                }
                segments.merge(small[i], partner[i]);
            }
            if (left == small.size() && static_cast<std::uint64_t>(pass) > merged_elsewhere) break;
            result.eliminated += small.size() - left;
            small.resize(left);
        }
    }
    rios::reserve_pages(result.survivor, count, executor);
    result.survivor.resize(count);
    rios::for_each_chunk(executor, count, 65536, [&](std::size_t begin, std::size_t end) {
        for (auto segment = static_cast<std::uint32_t>(begin); segment < end; ++segment) {
            result.survivor[segment] = segments.find(segment);
        }
    });
    return result;
}

} // namespace shepseg
