// SPDX-License-Identifier: BSL-1.0
//
// The tile phase, very last step: small segments merge already, as far as nothing outside of the tile can change that. In a tile
// nearly everything is near, and tiles are done at once, so little is left for the global phase (eliminate.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <rios/executor/inline.hpp>
#include <rios/large_vector.hpp>

#include "eliminate.hpp"
#include "merging_segments.hpp"
#include "region_graph.hpp"
#include "tile.hpp"
#include "tile_regions.hpp"

namespace shepseg {

namespace detail {

/// The elimination (eliminate.hpp) in one tile, of what is known.
///
/// A region is *known* for as long as it is, in every pass, what it is in the elimination of the whole raster: its size, its
/// mean, its neighbours, and whether it is part of another one. Open regions, of which there may be more in other tiles, are
/// doubtful from the start. What is doubtful spreads:
/// - A doubtful region of at least t pixels may be asked when t has its turn, or, if it is larger than is known, later. Then it
///   looks at all its neighbours, and one of them may take it in: they are doubtful from that pass on.
/// - A region that has a doubtful neighbour when it is asked cannot be answered for: it is doubtful itself, and so are its
///   neighbours, as it will look at them again.
/// - A known answer that makes a doubtful region larger, or that a doubtful region is about to look at, is kept for later: it
///   is *decided*, but must not be carried out before its pass.
///
/// In this way a region that is doubtful stays as it was when that began, and so does all that it can see from then on. Merging
/// goes on from there in the global phase as if nothing had happened: each region says with its turn in which pass of its size it
/// is asked for the first time, and each tile says in how many passes of a size something has merged, as a size ends with a pass
/// in which nothing does. Regions that were asked and found no partner stay as they are for good: for all others are larger by
/// then, or stay as they are themselves.
template <rios::Pixel T>
class tile_elimination {
  public:
    tile_elimination(tile_regions<T>& regions, tiling const& tiles, std::uint64_t min_segment_size,
                     double max_spectral_diff)
        : regions_(regions), end_size_(min_segment_size), graph_(graph_of(regions)),
          segments_(graph_, max_spectral_diff, inline_), by_size_(min_segment_size),
          states_(regions.regions(), state::known)
    {
        regions_.turns.resize(regions_.regions(), turn::first);
        auto const open = open_regions(regions_, tiles);
        for (std::uint32_t region = 0; region < open.size(); ++region) {
            if (open[region]) states_[region] = state::doubtful;
            by_size_.put(region, segments_.size(region));
        }
    }

    void run()
    {
        for (size_ = by_size_.least(); size_ < end_size_; size_ = by_size_.least()) {
            std::vector<std::uint32_t> asked;
            std::vector<std::uint32_t> acting; // doubtful ones whose turn it may be
            for (auto const region : by_size_.take(size_, segments_)) {
                (states_[region] == state::known ? asked : acting).push_back(region);
            }
            if (auto const found = later_.find(size_); found != later_.end()) {
                acting.insert(acting.end(), found->second.begin(), found->second.end());
                later_.erase(found);
            }
            for (pass_ = 1; pass_ <= elimination_passes && !(asked.empty() && acting.empty()); ++pass_) {
                make_pass(asked, acting);
            }
        }
        keep_what_is_left();
    }

  private:
    static constexpr auto none = merging_segments<T>::none;
    static constexpr auto undecided = merging_segments<T>::undecided;

    enum class state : std::uint8_t {
        known,
        doubtful_after_pass, // what it was when the pass began is known
        doubtful
    };

    [[nodiscard]] static region_graph<T> graph_of(tile_regions<T>& regions)
    {
        region_graph<T> graph;
        graph.bands = regions.bands;
        graph.sizes.assign(regions.sizes.begin(), regions.sizes.end());
        graph.sums = std::move(regions.sums);
        graph.first_met.resize(regions.regions() + 1);
        graph.neighbours.reserve(regions.neighbours.size() + regions.meetings.size());
        // Those of closed regions are copied together, up to the next region that is open.
        auto copied = regions.neighbours.begin();
        auto met = regions.meetings.begin();
        std::size_t of_open = 0;
        for (std::size_t region = 0; region < regions.regions(); ++region) {
            if (met != regions.meetings.end() && met->region == region) {
                auto const before = regions.neighbours.begin() + regions.first_met[region];
                graph.neighbours.insert(graph.neighbours.end(), copied, before);
                copied = before;
                for (; met != regions.meetings.end() && met->region == region; ++met, ++of_open)
                    graph.neighbours.push_back(met->other);
            }
            graph.first_met[region + 1] = regions.first_met[region + 1] + of_open;
        }
        graph.neighbours.insert(graph.neighbours.end(), copied, regions.neighbours.end());
        return graph;
    }

    /// From now on nothing about a region is changed, unless that is the case anyway: those that were left by their turn stay as
    /// they are.
    void doubt(std::uint32_t region)
    {
        if (states_[region] != state::known || segments_.size(region) < size_) return;
        states_[region] = state::doubtful_after_pass;
        fresh_.push_back(region);
    }

    void doubt_neighbours(std::uint32_t region)
    {
        segments_.for_each_neighbour(region, [&](std::uint32_t other) { doubt(other); });
    }

    /// @param asked known regions of this size; those are left that the next pass has to ask
    /// @param acting doubtful regions that may be asked from this pass on; after it, those of the next
    void make_pass(std::vector<std::uint32_t>& asked, std::vector<std::uint32_t>& acting)
    {
        for (auto const region : acting) doubt_neighbours(region);
        acting.clear();
        partners_.resize(asked.size());
        auto const is_known = [&](std::uint32_t other) { return states_[other] != state::doubtful; };
        segments_.template ask_each<false>(asked, 0, asked.size(), [&](std::size_t i) {
            partners_[i] = segments_.choose_partner(asked[i], is_known);
        });
        for (std::size_t i = 0; i < asked.size(); ++i) {
            if (partners_[i] != undecided) continue;
            doubt(asked[i]);
            regions_.turns[asked[i]] = static_cast<std::uint8_t>(pass_);
            doubt_neighbours(asked[i]);
        }
        for (std::size_t i = 0; i < asked.size(); ++i) {
            bool const has_partner = partners_[i] != undecided && partners_[i] != none;
            if (has_partner && states_[asked[i]] != state::known) doubt(partners_[i]);
        }
        std::size_t left = 0;
        bool has_merged = false;
        auto const fetch_for = [&](std::size_t i, auto fetch) {
            if (i < asked.size() && partners_[i] < undecided) fetch(asked[i], partners_[i]);
        };
        for (std::size_t i = 0; i < asked.size(); ++i) {
            fetch_for(i + 8, [&](auto region, auto partner) { segments_.fetch_for_merge(region, partner); });
            fetch_for(i + 4, [&](auto, auto partner) { segments_.fetch_last_list(partner); });
            auto const region = asked[i];
            auto const partner = partners_[i];
            if (partner == undecided) continue;
            if (partner == none) {
                if (states_[region] == state::known) asked[left++] = region;
                else if (pass_ < elimination_passes) {
                    regions_.turns[region] = static_cast<std::uint8_t>(pass_ + 1);
                    acting.push_back(region);
                } else {
                    states_[region] = state::known; // and nobody asks it any more
                }
            } else if (states_[partner] == state::known) {
                segments_.merge(region, partner);
                ++regions_.merged_regions;
                has_merged = true;
            } else {
                doubt(region);
                regions_.turns[region] = static_cast<std::uint8_t>(turn::decided + pass_);
                decided_.push_back({region, partner});
                // When the larger one has its turn, it looks at the neighbours of this one, too.
                if (auto const size = segments_.size(partner); size < end_size_) later_[size].push_back(region);
            }
        }
        asked.resize(left);
        bool const changes = has_merged || !fresh_.empty();
        for (auto const region : fresh_) {
            if (states_[region] == state::doubtful_after_pass) states_[region] = state::doubtful;
        }
        fresh_.clear();
        if (has_merged) {
            if (regions_.passes.empty() || regions_.passes.back().size != size_) regions_.passes.push_back({size_, 0});
            regions_.passes.back().passes = static_cast<std::uint64_t>(pass_);
        }
        if (!changes) asked.clear();
    }

    /// Makes regions of what the elimination has left, numbered in the same order.
    void keep_what_is_left()
    {
        auto const count = static_cast<std::uint32_t>(regions_.regions());
        auto const bands = regions_.bands;
        rios::large_vector<std::uint32_t> number_of(count +
                                                    1); // of the region that it is part of, from 1; as labels are
        std::uint32_t left = 0;
        for (std::uint32_t region = 0; region < count; ++region) {
            if (segments_.alive(region)) number_of[region + 1] = ++left;
        }
        for (std::uint32_t region = 0; region < count; ++region) {
            if (!segments_.alive(region)) number_of[region + 1] = number_of[segments_.find(region) + 1];
        }
        std::sort(decided_.begin(), decided_.end());
        auto next_decided = decided_.begin();
        rios::large_vector<std::uint32_t> first_met(left + 1);
        rios::large_vector<std::uint32_t> neighbours;
        rios::large_vector<std::uint32_t> last_met_by(left + 1, none);
        auto const closed_lists = [&](std::uint32_t region) {
            return regions_.first_met[region + 1] > regions_.first_met[region];
        };
        for (std::uint32_t region = 0; region < count; ++region) {
            if (!segments_.alive(region)) continue;
            auto const number = number_of[region + 1] - 1;
            auto const is_small = graph_.sizes[region] < end_size_;
            bool const stays = is_small && states_[region] == state::known;
            last_met_by[number + 1] = number;
            auto const meet = [&](std::uint32_t other) { // or a part of it
                auto& last = last_met_by[number_of[other + 1]];
                if (last == number) return;
                last = number;
                neighbours.push_back(number_of[other + 1] - 1);
            };
            if (next_decided != decided_.end() && next_decided->first == region) meet((next_decided++)->second);
            if (is_small && !stays && closed_lists(region)) segments_.for_each_entry(region, meet);
            first_met[number + 1] = static_cast<std::uint32_t>(neighbours.size());
            regions_.turns[number] = stays ? turn::never : regions_.turns[region];
            regions_.sizes[number] = static_cast<std::uint32_t>(graph_.sizes[region]);
            regions_.first_pixels[number] = regions_.first_pixels[region];
            for (std::size_t band = 0; band < bands; ++band) {
                graph_.sums[number * bands + band] = graph_.sums[region * bands + band];
            }
        }
        // They are kept for long.
        for (auto* const list : {&regions_.sizes, &regions_.first_pixels}) {
            list->resize(left);
            list->shrink_to_fit();
        }
        regions_.turns.resize(left);
        regions_.turns.shrink_to_fit();
        regions_.sums = std::move(graph_.sums);
        regions_.sums.resize(left * bands);
        regions_.sums.shrink_to_fit();
        neighbours.shrink_to_fit();
        regions_.first_met = std::move(first_met);
        regions_.neighbours = std::move(neighbours);
        for (auto& each : regions_.meetings) {
            each = {each.position, number_of[each.region + 1] - 1, number_of[each.other + 1] - 1};
        }
        for (auto* const side : {&regions_.top, &regions_.bottom, &regions_.left, &regions_.right}) {
            for (auto& pixel : *side) pixel.label = number_of[pixel.label];
        }
        for (auto& label : regions_.late.labels) label = number_of[label];
        auto* const labels = regions_.labels.data();
        for (std::ptrdiff_t at = 0; at < regions_.labels.pixel_count(); ++at) {
            labels[at] = number_of[labels[at]];
        }
    }

    tile_regions<T>& regions_;
    std::uint64_t end_size_;
    rios::inline_executor inline_;
    region_graph<T> graph_;
    merging_segments<T> segments_;
    segments_by_size by_size_;
    std::vector<state> states_;
    std::uint64_t size_ = 0; // that has its turn
    int pass_ = 0;
    std::vector<std::uint32_t> partners_;                          // of those that are asked
    std::vector<std::uint32_t> fresh_;                             // doubtful since this pass
    std::vector<std::pair<std::uint32_t, std::uint32_t>> decided_; // regions and their partners
    std::map<std::uint64_t, std::vector<std::uint32_t>> later_;    // decided regions by the size of their partner
};

} // namespace detail

/// Has small regions of a tile merge, as far as the elimination of the whole raster is sure to have them merge so; what is left
/// are fewer regions, in the same order, from which it goes on to the same end.
/// @param min_segment_size,max_spectral_diff as eliminate_small_segments() gets them
template <rios::Pixel T>
void eliminate_within_tile(tile_regions<T>& regions, tiling const& tiles, std::uint64_t min_segment_size,
                           double max_spectral_diff)
{
    if (regions.regions() == 0 || min_segment_size <= 2) return;
    detail::tile_elimination<T>(regions, tiles, min_segment_size, max_spectral_diff).run();
}

} // namespace shepseg
