// SPDX-License-Identifier: BSL-1.0
//
// Global phase: the segments of a region graph while small ones merge into others, one by one. Which, and when, is the
// business of eliminate.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <rios/concepts.hpp>
#include <rios/executor/for_each_index.hpp>
#include <rios/large_vector.hpp>

#include "detail/exact.hpp"
#include "region_graph.hpp"
#include "tile_regions.hpp"

namespace shepseg::detail {

/// The segments of a graph while they merge.
///
/// Small segments are asked in passes over the whole raster, so nearly all that is looked at comes from main memory: what
/// belongs to a segment lies together, and what will be asked next is fetched ahead.
template <rios::Pixel T>
class merging_segments {
  public:
    static constexpr auto none = std::numeric_limits<std::uint32_t>::max();
    static constexpr auto undecided = none - 1;

    template <rios::AnyExecutor E>
    merging_segments(region_graph<T>& graph, double max_spectral_diff, E& executor)
        : graph_(graph), bands_(graph.bands), limit_(exact_product(max_spectral_diff, max_spectral_diff)),
          record_bytes_(sizeof(record) + bands_ * sizeof(double)), records_(graph.segments() * record_bytes_),
          lists_(graph.segments() * sizeof(neighbour_lists))
    {
        rios::for_each_chunk(executor, graph.segments(), 65536, [&](std::size_t begin, std::size_t end) {
            for (auto segment = static_cast<std::uint32_t>(begin); segment < end; ++segment) {
                auto const neighbours = graph.first_met[segment + 1] - graph.first_met[segment];
                of(segment).absorber = segment;
                lists_of(segment) = {.count = static_cast<std::uint32_t>(neighbours),
                                     .next = none,
                                     .last = segment,
                                     .turn = graph.turns.empty() ? turn::first : graph.turns[segment]};
                update(segment);
            }
        });
    }

    /// The segment that `segment` belongs to by now. Shortens the way there, which several threads may do at once: whatever
    /// they store is a segment on that way.
    [[nodiscard]] std::uint32_t find(std::uint32_t segment) noexcept { return find_record(segment).segment; }

    [[nodiscard]] bool alive(std::uint32_t segment) const noexcept { return of(segment).absorber == segment; }
    [[nodiscard]] std::uint64_t size(std::uint32_t segment) const noexcept { return size({segment, &of(segment)}); }

    /// Begins to fetch what others look at in a segment.
    void fetch(std::uint32_t segment) const noexcept
    {
        auto const* const first = reinterpret_cast<char const*>(&of(segment));
        __builtin_prefetch(first);
        __builtin_prefetch(first + record_bytes_ - 1);
    }
    /// What choose_partner() will look at: the segment itself,
    void fetch_asking(std::uint32_t segment) const noexcept
    {
        fetch(segment);
        __builtin_prefetch(&lists_of(segment));
        __builtin_prefetch(&graph_.first_met[segment]);
    }
    /// what is known about its lists of neighbours,
    void fetch_lists(std::uint32_t segment) const noexcept
    {
        if (auto const next = lists_of(segment).next; next != none) {
            __builtin_prefetch(&lists_of(next));
            __builtin_prefetch(&graph_.first_met[next]);
        }
    }
    /// then the lists,
    void fetch_entries(std::uint32_t segment) const noexcept
    {
        for (auto list = segment; list != none; list = lists_of(list).next) {
            __builtin_prefetch(neighbours(list));
        }
    }
    /// then what they name,
    void fetch_neighbours(std::uint32_t segment) const noexcept
    {
        for_each_entry(segment, [&](std::uint32_t other) { fetch(other); });
    }
    /// and what that has become part of.
    void fetch_absorbers(std::uint32_t segment) noexcept
    {
        for_each_entry(segment, [&](std::uint32_t other) {
            auto const absorber = std::atomic_ref(of(other).absorber).load(std::memory_order_relaxed);
            if (absorber != other) fetch(absorber);
        });
    }

    /// When `segment` is to be asked.
    [[nodiscard]] std::uint8_t turn_of(std::uint32_t segment) const noexcept { return lists_of(segment).turn; }

    /// The neighbour that `segment` would merge into as things stand, or none. Several segments may ask at once: apart
    /// from its own lists, which it shortens on the way, nothing is changed.
    /// @param pass of its size, from 1
    [[nodiscard]] std::uint32_t choose_partner(std::uint32_t segment, int pass) noexcept
    {
        if (auto const own = turn_of(segment); own != turn::first) {
            if (pass < turn::pass(own)) return none; // its tile has asked it already
            if (own >= turn::decided) return find(*neighbours(segment));
        }
        return choose_partner(segment, [](std::uint32_t) { return true; });
    }

    /// As above, whatever its turn; `undecided` if there is a neighbour for which `is_known` is false.
    template <typename F>
        requires std::predicate<F&, std::uint32_t>
    [[nodiscard]] std::uint32_t choose_partner(std::uint32_t segment, F is_known) noexcept
    {
        auto const own_size = size(segment);
        double const* const own_mean = mean(&of(segment));
        auto best = none;
        double least = 0;
        bool all_known = true;
        std::array<std::uint32_t, 64> met;
        met.fill(none);
        for (auto list = segment; list != none; list = lists_of(list).next) {
            auto& of_list = lists_of(list);
            auto* const entries = neighbours(list);
            std::uint32_t kept = 0;
            for (std::uint32_t at = 0; at < of_list.count; ++at) {
                auto const found = find_record(entries[at]);
                auto const other = found.segment;
                // What has become part of this segment, and what it has met before, can be dropped: it changes no choice.
                auto& last = met[other % met.size()];
                if (other == segment || last == other) continue;
                last = other;
                entries[kept++] = other;
                all_known = all_known && is_known(other);
                if (size(found) <= own_size) continue;
                auto const distance = mean_distance(own_mean, mean(found.own));
                if (best == none || distance < least) {
                    best = other;
                    least = distance;
                }
            }
            of_list.count = kept;
        }
        if (!all_known) return undecided;
        return best != none && least <= limit_ ? best : none;
    }

    /// Calls `ask(i)`, which has `small[i]` choose its partner, for each i from `begin` to before `end`; what the next ones will look
    /// at is fetched meanwhile.
    /// @tparam Raster are the segments those of a whole raster, of which most is in main memory? Those of a tile are
    /// near.
    template <bool Raster, typename F>
    void ask_each(std::vector<std::uint32_t> const& small, std::size_t begin, std::size_t end, F ask)
    {
        for (auto i = begin; i < end; ++i) {
            if constexpr (Raster) {
                if (i + 15 < end) fetch_asking(small[i + 15]);
                if (i + 12 < end) fetch_lists(small[i + 12]);
                if (i + 9 < end) fetch_entries(small[i + 9]);
                if (i + 6 < end) fetch_neighbours(small[i + 6]);
                if (i + 3 < end) fetch_absorbers(small[i + 3]);
            } else {
                if (i + 8 < end) fetch_asking(small[i + 8]);
                if (i + 4 < end) fetch_entries(small[i + 4]);
            }
            ask(i);
        }
    }

    /// Calls `f` with each neighbour of `segment`, as they are by now; with some several times, and with itself.
    template <typename F>
    void for_each_neighbour(std::uint32_t segment, F f)
    {
        for_each_entry(segment, [&](std::uint32_t other) { f(find(other)); });
    }

    /// As above, but as the lists name them: what is part of another segment by now as that part.
    template <typename F>
    void for_each_entry(std::uint32_t segment, F f) const
    {
        for (auto list = segment; list != none; list = lists_of(list).next) {
            auto const* const entries = neighbours(list);
            for (std::uint32_t at = 0; at < lists_of(list).count; ++at) f(entries[at]);
        }
    }

    /// Begins to fetch what merge() will change.
    void fetch_for_merge(std::uint32_t segment, std::uint32_t into) const noexcept
    {
        if (into == none) return;
        for (auto const each : {segment, into}) {
            fetch(each);
            __builtin_prefetch(&lists_of(each));
            __builtin_prefetch(&graph_.sizes[each]);
            __builtin_prefetch(&graph_.sums[each * bands_]);
        }
    }
    /// And then the end of the lists that it will be appended to.
    void fetch_last_list(std::uint32_t into) const noexcept
    {
        if (into != none) __builtin_prefetch(&lists_of(lists_of(into).last));
    }

    /// Makes `segment` part of `into`, which keeps its number and key.
    void merge(std::uint32_t segment, std::uint32_t into) noexcept
    {
        of(segment).absorber = into;
        graph_.sizes[into] += graph_.sizes[segment];
        for (std::size_t band = 0; band < bands_; ++band) {
            graph_.sums[into * bands_ + band].add(graph_.sums[segment * bands_ + band]);
        }
        auto& lists = lists_of(into);
        lists_of(lists.last).next = segment;
        lists.last = lists_of(segment).last;
        update(into);
    }

  private:
    static constexpr std::uint32_t huge = std::numeric_limits<std::uint32_t>::max();

    /// What others look at in a segment, followed by its means.
    struct record {
        std::uint32_t size = 0;     // huge if it has that many pixels, or more
        std::uint32_t absorber = 0; // the segment that took this one in; itself while it is alive
    };
    /// The neighbours of a segment: its own list, then those of the segments that it took in, in that order.
    struct neighbour_lists {
        std::uint32_t count = 0; // of its own list
        std::uint32_t next = 0;  // the segment whose list is the next one, or none
        std::uint32_t last = 0;
        std::uint8_t turn = 0;
    };

    [[nodiscard]] record& of(std::uint32_t segment) noexcept
    {
        return *reinterpret_cast<record*>(records_.data() + segment * record_bytes_);
    }
    [[nodiscard]] record const& of(std::uint32_t segment) const noexcept
    {
        return *reinterpret_cast<record const*>(records_.data() + segment * record_bytes_);
    }
    /// A segment and its record, as it takes a multiplication to find this.
    struct segment_record {
        std::uint32_t segment;
        record const* own;
    };

    /// As find().
    [[nodiscard]] segment_record find_record(std::uint32_t segment) noexcept
    {
        for (;;) {
            auto& own = of(segment);
            std::atomic_ref const absorber(own.absorber);
            auto const next = absorber.load(std::memory_order_relaxed);
            if (next == segment) return {segment, &own};
            auto& next_own = of(next);
            auto const after = std::atomic_ref(next_own.absorber).load(std::memory_order_relaxed);
            if (after == next) return {next, &next_own};
            absorber.store(after, std::memory_order_relaxed);
            segment = after;
        }
    }

    [[nodiscard]] std::uint64_t size(segment_record const& segment) const noexcept
    {
        return segment.own->size < huge ? segment.own->size : graph_.sizes[segment.segment];
    }

    [[nodiscard]] neighbour_lists& lists_of(std::uint32_t segment) noexcept
    {
        return reinterpret_cast<neighbour_lists*>(lists_.data())[segment];
    }
    [[nodiscard]] neighbour_lists const& lists_of(std::uint32_t segment) const noexcept
    {
        return reinterpret_cast<neighbour_lists const*>(lists_.data())[segment];
    }
    [[nodiscard]] static double* mean(record* own) noexcept { return reinterpret_cast<double*>(own + 1); }
    [[nodiscard]] static double const* mean(record const* own) noexcept
    {
        return reinterpret_cast<double const*>(own + 1);
    }
    [[nodiscard]] std::uint32_t* neighbours(std::uint32_t list) const noexcept
    {
        return graph_.neighbours.data() + graph_.first_met[list];
    }

    /// The record's size and means, after those of the graph.
    void update(std::uint32_t segment) noexcept
    {
        of(segment).size = static_cast<std::uint32_t>(std::min<std::uint64_t>(graph_.sizes[segment], huge));
        auto const size = static_cast<double>(graph_.sizes[segment]);
        double* const means = mean(&of(segment));
        auto const* const sums = graph_.sums.data() + segment * bands_;
        for (std::size_t band = 0; band < bands_; ++band) means[band] = sums[band].value() / size;
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
    std::size_t record_bytes_;
    rios::large_buffer records_; // for each segment what others look at
    rios::large_buffer lists_;   // for each segment its neighbour_lists
};

} // namespace shepseg::detail
