// SPDX-License-Identifier: BSL-1.0
//
// Global phase: small segments merge into the neighbour with the nearest mean spectrum, the smallest first. Works on the
// region graph alone; knows no pixels.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/large_vector.hpp>
#include <rios/memory.hpp>
#include <rios/progress.hpp>

#include "detail/exact.hpp"
#include "region_graph.hpp"

namespace shepseg {

namespace detail {

/// The segments of a graph while they merge.
///
/// Small segments are asked in passes over the whole raster, so nearly all that is looked at comes from main memory: what
/// belongs to a segment lies together, and what will be asked next is fetched ahead.
template <rios::Pixel T>
class merging_segments {
  public:
    static constexpr auto none = std::numeric_limits<std::uint32_t>::max();

    merging_segments(region_graph<T>& graph, double max_spectral_diff)
        : graph_(graph), bands_(graph.bands), limit_(exact_product(max_spectral_diff, max_spectral_diff)),
          means_(graph.segments() * graph.bands)
    {
        segments_.reserve(graph.segments());
        for (std::uint32_t segment = 0; segment < graph.segments(); ++segment) {
            auto const begin = graph.first_met[segment];
            segments_.push_back({.size = graph.sizes[segment],
                                 .list_begin = begin,
                                 .list_count = static_cast<std::uint32_t>(graph.first_met[segment + 1] - begin),
                                 .absorber = segment,
                                 .next_list = none,
                                 .last_list = segment});
            update_mean(segment);
        }
        rios::release(graph.sizes);
        rios::release(graph.first_met);
    }

    /// The segment that `segment` belongs to by now. Shortens the way there, which several threads may do at once: whatever
    /// they store is a segment on that way.
    [[nodiscard]] std::uint32_t find(std::uint32_t segment) noexcept
    {
        for (;;) {
            std::atomic_ref<std::uint32_t> const own(segments_[segment].absorber);
            auto const next = own.load(std::memory_order_relaxed);
            if (next == segment) return segment;
            auto const after = std::atomic_ref(segments_[next].absorber).load(std::memory_order_relaxed);
            if (after == next) return next;
            own.store(after, std::memory_order_relaxed);
            segment = after;
        }
    }

    [[nodiscard]] bool alive(std::uint32_t segment) const noexcept { return segments_[segment].absorber == segment; }
    [[nodiscard]] std::uint64_t size(std::uint32_t segment) const noexcept { return segments_[segment].size; }

    /// Begins to fetch what choose_partner() will look at first.
    void fetch(std::uint32_t segment) const noexcept
    {
        __builtin_prefetch(&segments_[segment]);
        __builtin_prefetch(&means_[segment * bands_]);
    }
    /// Then its list of neighbours, once it has come itself.
    void fetch_list(std::uint32_t segment) const noexcept
    {
        auto const& own = segments_[segment];
        __builtin_prefetch(graph_.neighbours.data() + own.list_begin);
        if (own.next_list != none) __builtin_prefetch(&segments_[own.next_list]);
    }
    /// And then what they are.
    void fetch_neighbours(std::uint32_t segment) const noexcept
    {
        constexpr std::uint32_t most = 16;
        auto const* const list = graph_.neighbours.data() + segments_[segment].list_begin;
        auto const count = std::min(most, segments_[segment].list_count);
        for (std::uint32_t i = 0; i < count; ++i) fetch(list[i]);
        if (auto const next = segments_[segment].next_list; next != none) {
            __builtin_prefetch(graph_.neighbours.data() + segments_[next].list_begin);
        }
    }

    /// The neighbour that `segment` would merge into as things stand, or none. Several segments may ask at once: apart
    /// from its own lists, which it shortens on the way, nothing is changed.
    [[nodiscard]] std::uint32_t choose_partner(std::uint32_t segment) noexcept
    {
        auto const own_size = size(segment);
        double const* const own_mean = means_.data() + segment * bands_;
        auto best = none;
        double least = 0;
        for (auto list = segment; list != none; list = segments_[list].next_list) {
            auto& of_list = segments_[list];
            auto* const neighbours = graph_.neighbours.data() + of_list.list_begin;
            std::uint32_t kept = 0;
            for (std::uint32_t at = 0; at < of_list.list_count; ++at) {
                auto const other = find(neighbours[at]);
                // Dropping what has become part of this segment, and what repeats the entry before, changes no order.
                if (other == segment || (kept > 0 && neighbours[kept - 1] == other)) continue;
                neighbours[kept++] = other;
                if (size(other) <= own_size) continue;
                auto const distance = mean_distance(own_mean, means_.data() + other * bands_);
                if (best == none || distance < least) {
                    best = other;
                    least = distance;
                }
            }
            of_list.list_count = kept;
        }
        return best != none && least <= limit_ ? best : none;
    }

    /// Makes `segment` part of `into`, which keeps its number and key.
    void merge(std::uint32_t segment, std::uint32_t into) noexcept
    {
        auto& small = segments_[segment];
        auto& large = segments_[into];
        small.absorber = into;
        large.size += small.size;
        for (std::size_t band = 0; band < bands_; ++band) {
            graph_.sums[into * bands_ + band].add(graph_.sums[segment * bands_ + band]);
        }
        segments_[large.last_list].next_list = segment;
        large.last_list = small.last_list;
        update_mean(into);
    }

    /// Gives the sizes back to the graph.
    void keep_sizes()
    {
        graph_.sizes.reserve(segments_.size());
        for (auto const& segment : segments_) graph_.sizes.push_back(segment.size);
    }

  private:
    struct merging_segment {
        std::uint64_t size = 0;
        // Its neighbours are its own list, then those of the segments that it took in, in that order.
        std::uint64_t list_begin = 0;
        std::uint32_t list_count = 0;
        std::uint32_t absorber = 0;  // the segment that took this one in; itself while it is alive
        std::uint32_t next_list = 0; // the segment whose list is the next one, or none
        std::uint32_t last_list = 0;
    };

    void update_mean(std::uint32_t segment) noexcept
    {
        auto const size = static_cast<double>(segments_[segment].size);
        for (auto i = segment * bands_; i < (segment + 1) * bands_; ++i) means_[i] = graph_.sums[i].value() / size;
    }

    [[nodiscard]] double mean_distance(double const* a, double const* b) const noexcept
    {
        double sum = 0;
        for (std::size_t band = 0; band < bands_; ++band) {
            auto const difference = a[band] - b[band];
            sum += exact_product(difference, difference);
        }
        return sum;
    }

    region_graph<T>& graph_;
    std::size_t bands_;
    double limit_;
    rios::large_vector<merging_segment> segments_;
    rios::large_vector<double> means_; // segment-major
};

/// Small segments by size. A segment that grows stays where it is until those of its former size are taken, and moves on
/// then.
class segments_by_size {
  public:
    /// @param end of the sizes that count
    explicit segments_by_size(std::uint64_t end) : end_(end) {}

    void put(std::uint32_t segment, std::uint64_t size)
    {
        if (size < end_) segments_[size].push_back(segment);
    }

    /// The least size of which there may be segments; `end` if there are none left.
    [[nodiscard]] std::uint64_t least() const noexcept { return segments_.empty() ? end_ : segments_.begin()->first; }

    /// The segments that are of exactly that size now, in ascending order.
    template <typename Segments>
    [[nodiscard]] std::vector<std::uint32_t> take(std::uint64_t size, Segments const& segments)
    {
        constexpr std::size_t ahead = 8;
        auto taken = std::move(segments_[size]);
        segments_.erase(size);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < taken.size(); ++i) {
            if (i + ahead < taken.size()) segments.fetch(taken[i + ahead]);
            auto const segment = taken[i];
            if (!segments.alive(segment)) continue;
            if (segments.size(segment) == size) taken[kept++] = segment;
            else put(segment, segments.size(segment));
        }
        taken.resize(kept);
        std::sort(taken.begin(), taken.end());
        return taken;
    }

  private:
    std::uint64_t end_;
    std::map<std::uint64_t, std::vector<std::uint32_t>> segments_;
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
/// The graph's sums and neighbours are used up; its sizes are those of the survivors then.
/// @throws rios::cancelled
template <rios::Pixel T, rios::AnyExecutor E>
[[nodiscard]] elimination eliminate_small_segments(region_graph<T>& graph, std::uint64_t min_segment_size,
                                                   double max_spectral_diff, E& executor,
                                                   rios::progress_function const& progress = {})
{
    constexpr int passes = 10;
    constexpr std::size_t asked_at_once = 1024;
    auto const count = static_cast<std::uint32_t>(graph.segments());
    auto const pixels = std::accumulate(graph.sizes.begin(), graph.sizes.end(), std::uint64_t{0});
    auto const end_size = std::min(min_segment_size, pixels + 1);
    detail::merging_segments<T> segments(graph, max_spectral_diff);
    detail::segments_by_size by_size(end_size);
    for (std::uint32_t segment = 0; segment < count; ++segment) {
        if (segments.size(segment) > 1) by_size.put(segment, segments.size(segment));
    }

    elimination result;
    std::vector<std::uint32_t> partner;
    while (by_size.least() < end_size) {
        auto const size = by_size.least();
        auto small = by_size.take(size, segments);
        rios::report(progress, "small segments", static_cast<double>(size) / static_cast<double>(end_size));
        for (int pass = 0; pass < passes && !small.empty(); ++pass) {
            partner.resize(small.size());
            auto const ask = [&](std::size_t begin, std::size_t end) {
                for (auto i = begin; i < end; ++i) {
                    if (i + 9 < end) segments.fetch(small[i + 9]);
                    if (i + 6 < end) segments.fetch_list(small[i + 6]);
                    if (i + 3 < end) segments.fetch_neighbours(small[i + 3]);
                    partner[i] = segments.choose_partner(small[i]);
                }
            };
            // A few segments are asked sooner than other threads are woken.
            if (small.size() <= asked_at_once) ask(0, small.size());
            else rios::for_each_chunk(executor, small.size(), asked_at_once, ask);

            std::size_t left = 0;
            for (std::size_t i = 0; i < small.size(); ++i) {
                if (partner[i] == segments.none) {
                    small[left++] = small[i];
                    continue;
                }
                segments.merge(small[i], partner[i]);
            }
            if (left == small.size()) break;
            result.eliminated += small.size() - left;
            small.resize(left);
        }
    }
    segments.keep_sizes();
    result.survivor.resize(count);
    for (std::uint32_t segment = 0; segment < count; ++segment) {
        result.survivor[segment] = segments.find(segment);
    }
    return result;
}

} // namespace shepseg
