// SPDX-License-Identifier: BSL-1.0
//
// Segments that lie in several blocks: what a block has of them, and how that is put together until they are complete.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include <rios/pixel_moments.hpp>
#include <rios/pixel_type.hpp>

#include "growing_values.hpp"
#include "segment_pixels.hpp"
#include "statistics_plan.hpp"
#include "value_statistics.hpp"

namespace shepseg {

/// What a block has of segments of which it does not have all pixels. Arrays run over the segments, one after the other.
template <rios::Pixel T>
struct segment_pieces {
    /// Of one entry of the selection: the values of valid pixels, or moments if those do.
    struct band_values {
        std::vector<std::uint32_t> counts;
        std::vector<T> values;
        std::vector<rios::pixel_moments<T>> moments;

        template <typename Self, typename A>
        static void members(Self& self, A& archive)
        {
            archive(self.counts, self.values, self.moments);
        }
    };

    std::vector<std::uint32_t> labels;
    std::vector<std::uint32_t> pixels; ///< how many, null or not
    std::vector<band_values> bands;    ///< of each entry of the selection
    // If the plan wants pixels:
    std::vector<std::uint32_t> rows; ///< in the raster
    std::vector<std::uint32_t> cols;
    std::vector<std::vector<T>> values; ///< of each spatial band, null ones included
    // If it wants neighbours:
    std::vector<std::uint32_t> neighbour_counts;
    std::vector<std::uint32_t> neighbours;

    /// Do the lists fit together? They may come from another process.
    [[nodiscard]] bool valid() const
    {
        auto const segments = labels.size();
        auto const adds_up = [](std::vector<std::uint32_t> const& counts, std::size_t size) {
            return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) == size;
        };
        auto const has_all = [&](band_values const& band) {
            if (band.counts.empty()) return band.values.empty() && band.moments.size() == segments;
            return band.counts.size() == segments && adds_up(band.counts, band.values.size());
        };
        auto const has_places = [&](std::vector<T> const& band) { return band.size() == rows.size(); };
        return pixels.size() == segments && std::all_of(bands.begin(), bands.end(), has_all) &&
               rows.size() == cols.size() && (rows.empty() || adds_up(pixels, rows.size())) &&
               std::all_of(values.begin(), values.end(), has_places) &&
               (neighbour_counts.empty()
                    ? neighbours.empty()
                    : neighbour_counts.size() == segments && adds_up(neighbour_counts, neighbours.size()));
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.labels, self.pixels, self.bands, self.rows, self.cols, self.values, self.neighbour_counts,
                self.neighbours);
    }
};

/// A segment of which some blocks have come.
template <rios::Pixel T>
struct open_segment {
    std::uint32_t label = 0;
    std::uint64_t pixels = 0;
    std::vector<growing_values<T>> bands;
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> cols;
    std::vector<std::vector<T>> values;
    std::vector<std::uint32_t> neighbours;
};

/// Segments that are not complete.
template <rios::Pixel T>
class open_segments {
  public:
    /// Takes in what a block has.
    /// @param size_of called with a label: the number of pixels of the segment
    /// @param done called with each open_segment that is complete now, as an rvalue
    /// @throws what size_of throws
    template <typename F, typename G>
    void add(segment_pieces<T> const& pieces, F size_of, G done)
    {
        std::size_t place = 0;
        std::size_t neighbour = 0;
        std::vector<std::size_t> value(pieces.bands.size());
        for (std::size_t i = 0; i < pieces.labels.size(); ++i) {
            auto const label = pieces.labels[i];
            auto const pixels = pieces.pixels[i];
            auto const size = size_of(label);
            auto const at = segments_.try_emplace(label).first;
            auto& segment = at->second;
            segment.label = label;
            segment.pixels += pixels;
            segment.bands.resize(pieces.bands.size());
            for (std::size_t band = 0; band < pieces.bands.size(); ++band) {
                auto const& from = pieces.bands[band];
                if (from.counts.empty()) {
                    segment.bands[band].add(from.moments[i]);
                } else {
                    segment.bands[band].add(std::span(from.values).subspan(value[band], from.counts[i]));
                    value[band] += from.counts[i];
                }
            }
            auto const append = [](auto& to, auto const& from, std::size_t first, std::size_t count) {
                auto const begin = from.begin() + static_cast<std::ptrdiff_t>(first);
                to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
            };
            if (!pieces.rows.empty()) {
                append(segment.rows, pieces.rows, place, pixels);
                append(segment.cols, pieces.cols, place, pixels);
                segment.values.resize(pieces.values.size());
                for (std::size_t band = 0; band < pieces.values.size(); ++band) {
                    append(segment.values[band], pieces.values[band], place, pixels);
                }
                place += pixels;
            }
            if (!pieces.neighbour_counts.empty()) {
                append(segment.neighbours, pieces.neighbours, neighbour, pieces.neighbour_counts[i]);
                neighbour += pieces.neighbour_counts[i];
            }
            if (segment.pixels < size) continue;
            done(std::move(segment));
            segments_.erase(at);
        }
    }

    [[nodiscard]] bool empty() const noexcept { return segments_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return segments_.size(); }
    /// One of them. @pre not empty()
    [[nodiscard]] open_segment<T> const& any() const { return segments_.begin()->second; }

  private:
    std::unordered_map<std::uint32_t, open_segment<T>> segments_;
};

/// Makes the row of a segment that came in pieces. One object for each thread.
template <rios::Pixel T, typename... Functions>
class segment_finisher {
  public:
    explicit segment_finisher(statistics_plan<T, Functions...> const& plan) : functions_(plan.functions()) {}

    /// @param row as many numbers as the plan has columns; those of spatial statistics hold the missing value
    void operator()(open_segment<T> segment, statistics_plan<T, Functions...> const& plan, std::span<double> row)
    {
        for (std::size_t i = 0; i < plan.plans().size(); ++i) {
            segment.bands[i].finish(segment.pixels, plan.plans()[i].plan, plan.missing(), row, statistics_);
        }
        if (!plan.wants_pixels()) return;
        auto const count = segment.rows.size();
        std::vector<std::size_t> order(count);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&](auto a, auto b) {
            return std::pair(segment.rows[a], segment.cols[a]) < std::pair(segment.rows[b], segment.cols[b]);
        });
        auto const in_order = [&](auto const& from, auto* to) {
            for (auto const place : order) *to++ = from[place];
        };
        std::vector<std::uint32_t> rows(count);
        std::vector<std::uint32_t> cols(count);
        std::vector<T> values(count * segment.values.size());
        in_order(segment.rows, rows.data());
        in_order(segment.cols, cols.data());
        for (std::size_t band = 0; band < segment.values.size(); ++band) {
            in_order(segment.values[band], values.data() + band * count);
        }
        auto& neighbours = segment.neighbours;
        std::sort(neighbours.begin(), neighbours.end());
        neighbours.erase(std::unique(neighbours.begin(), neighbours.end()), neighbours.end());
        plan.set_spatial(segment_pixels<T>(segment.label, rows, cols, values, neighbours, plan.setting()), row,
                         functions_);
    }

  private:
    value_statistics<T> statistics_;
    std::tuple<Functions...> functions_;
};

} // namespace shepseg
