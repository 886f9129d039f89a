// SPDX-License-Identifier: BSL-1.0
//
// Global phase: small segments merge into the neighbour with the nearest mean spectrum, the smallest first. Works on the
// region graph alone; knows no pixels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/progress.hpp>

#include "detail/exact.hpp"
#include "region_graph.hpp"

namespace shepseg {

namespace detail {

/// The segments of a graph while they merge.
template <rios::Pixel T>
class merging_segments {
  public:
    static constexpr auto none = std::numeric_limits<std::uint32_t>::max();

    merging_segments(region_graph<T>& graph, double max_spectral_diff)
        : graph_(graph), limit_(exact_product(max_spectral_diff, max_spectral_diff)), absorber_(graph.segments()),
          list_end_(graph.segments()), next_list_(graph.segments(), none), last_list_(graph.segments()),
          means_(graph.segments() * graph.bands)
    {
        std::iota(absorber_.begin(), absorber_.end(), 0U);
        std::iota(last_list_.begin(), last_list_.end(), 0U);
        for (std::uint32_t segment = 0; segment < graph.segments(); ++segment) {
            list_end_[segment] = graph.first_met[segment + 1];
            update_mean(segment);
        }
    }

    /// The segment that `segment` belongs to by now.
    [[nodiscard]] std::uint32_t find(std::uint32_t segment) const noexcept
    {
        while (absorber_[segment] != segment) segment = absorber_[segment];
        return segment;
    }

    [[nodiscard]] bool alive(std::uint32_t segment) const noexcept { return absorber_[segment] == segment; }
    [[nodiscard]] std::uint64_t size(std::uint32_t segment) const noexcept { return graph_.sizes[segment]; }

    /// The neighbour that `segment` would merge into as things stand, or none. Several segments may ask at once: apart
    /// from its own lists, which it shortens on the way, nothing is changed.
    [[nodiscard]] std::uint32_t choose_partner(std::uint32_t segment) noexcept
    {
        auto const own_size = graph_.sizes[segment];
        double const* const own_mean = means_.data() + segment * graph_.bands;
        auto best = none;
        double least = 0;
        for (auto list = segment; list != none; list = next_list_[list]) {
            auto const begin = graph_.first_met[list];
            auto kept = begin;
            for (auto at = begin; at < list_end_[list]; ++at) {
                auto const other = find(graph_.neighbours[at]);
                // Dropping what has become part of this segment, and what repeats the entry before, changes no order.
                if (other == segment || (kept > begin && graph_.neighbours[kept - 1] == other)) continue;
                graph_.neighbours[kept++] = other;
                if (graph_.sizes[other] <= own_size) continue;
                auto const distance = mean_distance(own_mean, means_.data() + other * graph_.bands);
                if (best == none || distance < least) {
                    best = other;
                    least = distance;
                }
            }
            list_end_[list] = kept;
        }
        return best != none && least <= limit_ ? best : none;
    }

    /// Makes `segment` part of `into`, which keeps its number and key.
    void merge(std::uint32_t segment, std::uint32_t into) noexcept
    {
        absorber_[segment] = into;
        graph_.sizes[into] += graph_.sizes[segment];
        for (std::size_t band = 0; band < graph_.bands; ++band) {
            graph_.sums[into * graph_.bands + band].add(graph_.sums[segment * graph_.bands + band]);
        }
        next_list_[last_list_[into]] = segment;
        last_list_[into] = last_list_[segment];
        update_mean(into);
    }

  private:
    void update_mean(std::uint32_t segment) noexcept
    {
        auto const size = static_cast<double>(graph_.sizes[segment]);
        for (auto i = segment * graph_.bands; i < (segment + 1) * graph_.bands; ++i) {
            means_[i] = graph_.sums[i].value() / size;
        }
    }

    [[nodiscard]] double mean_distance(double const* a, double const* b) const noexcept
    {
        double sum = 0;
        for (std::size_t band = 0; band < graph_.bands; ++band) {
            auto const difference = a[band] - b[band];
            sum += exact_product(difference, difference);
        }
        return sum;
    }

    region_graph<T>& graph_;
    double limit_;
    std::vector<std::uint32_t> absorber_; // the segment that took this one in; itself while it is alive
    // A segment's neighbours are its own list, then those of the segments that it took in, in that order.
    std::vector<std::uint64_t> list_end_;
    std::vector<std::uint32_t> next_list_;
    std::vector<std::uint32_t> last_list_;
    std::vector<double> means_; // segment-major
};

/// Small segments by size: those of each size in a linked list. A segment that grows stays where it is until its list is
/// taken, and moves on then.
class size_lists {
  public:
    static constexpr auto none = std::numeric_limits<std::uint32_t>::max();

    size_lists(std::uint64_t sizes, std::size_t segments) : head_(sizes, none), next_(segments, none) {}

    void put(std::uint32_t segment, std::uint64_t size) noexcept
    {
        if (size >= head_.size()) return;
        next_[segment] = head_[size];
        head_[size] = segment;
    }

    /// The segments that are of exactly that size now, in ascending order.
    template <typename Segments>
    [[nodiscard]] std::vector<std::uint32_t> take(std::uint64_t size, Segments const& segments)
    {
        std::vector<std::uint32_t> taken;
        for (auto segment = head_[size]; segment != none;) {
            auto const next = next_[segment];
            if (segments.alive(segment)) {
                if (segments.size(segment) == size) taken.push_back(segment);
                else put(segment, segments.size(segment));
            }
            segment = next;
        }
        std::sort(taken.begin(), taken.end());
        return taken;
    }

  private:
    std::vector<std::uint32_t> head_;
    std::vector<std::uint32_t> next_;
};

} // namespace detail

/// What is left of the segments of a graph.
struct elimination {
    std::uint64_t eliminated = 0;
    std::vector<std::uint32_t> survivor; ///< for each segment of the graph the one that it has become part of
};

/// Eliminates the segments of the graph that are smaller than `min_segment_size` pixels, as far as `max_spectral_diff`
/// (in the units of the pixels) allows. For each size t from 2 upwards: up to ten passes, in each of which every segment
/// of exactly t pixels picks, among its larger neighbours, the one whose mean spectrum is nearest (the first met wins
/// ties) and merges into it unless it is too far. All picks of a pass see the state at its start; merges take effect in
/// the order of the segments that are absorbed. Single pixels have been dealt with before (single_pixels.hpp).
///
/// The graph's sizes, sums and neighbours are used up.
/// @throws rios::cancelled
template <rios::Pixel T, rios::AnyExecutor E>
[[nodiscard]] elimination eliminate_small_segments(region_graph<T>& graph, std::uint64_t min_segment_size,
                                                   double max_spectral_diff, E& executor,
                                                   rios::progress_function const& progress = {})
{
    constexpr int passes = 10;
    constexpr std::size_t asked_at_once = 1024;
    detail::merging_segments<T> segments(graph, max_spectral_diff);
    elimination result{.eliminated = 0, .survivor = std::vector<std::uint32_t>(graph.segments())};

    auto const pixels = std::accumulate(graph.sizes.begin(), graph.sizes.end(), std::uint64_t{0});
    auto const end_size = std::min(min_segment_size, pixels + 1);
    detail::size_lists by_size(end_size, graph.segments());
    for (std::uint32_t segment = 0; segment < graph.segments(); ++segment) by_size.put(segment, graph.sizes[segment]);

    std::vector<std::uint32_t> partner;
    for (std::uint64_t size = 2; size < end_size; ++size) {
        auto small = by_size.take(size, segments);
        if (!small.empty()) {
            rios::report(progress, "small segments", static_cast<double>(size) / static_cast<double>(end_size));
        }
        for (int pass = 0; pass < passes && !small.empty(); ++pass) {
            partner.resize(small.size());
            auto const ask = [&](std::size_t begin, std::size_t end) {
                for (auto i = begin; i < end; ++i) partner[i] = segments.choose_partner(small[i]);
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
    for (std::uint32_t segment = 0; segment < graph.segments(); ++segment) {
        result.survivor[segment] = segments.find(segment);
    }
    return result;
}

} // namespace shepseg
