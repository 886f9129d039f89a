// SPDX-License-Identifier: BSL-1.0
//
// The pixels of a block, put in order by segment: how statistics begin (statistics_worker.hpp).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <rios/image_view.hpp>

namespace shepseg {

/// Pixels of one segment beside each other in a row, by their positions in the block.
struct position_run {
    std::uint32_t begin;  ///< position of the first: row · cols of the block + col
    std::uint32_t length; ///< at least 1

    bool operator==(position_run const&) const = default;
};

/// Which pixels of a block belong to which segment. Segments are numbered in the order in which they first occur in the block.
/// An object may be used again for another block; it keeps its memory.
class block_segments {
  public:
    /// @param labels one band of fewer than 2^32 pixels; 0 is no segment
    /// Complexity: O(pixels).
    void group(rios::image_view<std::uint32_t const> labels)
    {
        find_runs(labels);
        put_in_order();
    }

    [[nodiscard]] std::size_t size() const noexcept { return segments_.size(); }
    /// Label of a segment, from its number in the block.
    [[nodiscard]] std::uint32_t label(std::size_t number) const noexcept { return segments_[number].label; }
    /// Number of pixels of a segment.
    [[nodiscard]] std::size_t pixels(std::size_t number) const noexcept { return segments_[number].pixels; }
    /// All pixels of a segment, positions ascending.
    [[nodiscard]] std::span<position_run const> runs(std::size_t number) const noexcept
    {
        auto const begin = number == 0 ? 0 : segments_[number - 1].runs_end;
        return std::span(order_).subspan(begin, segments_[number].runs_end - begin);
    }
    /// Number of the segment of a position, or `none`.
    [[nodiscard]] std::uint32_t number_at(std::size_t position) const noexcept { return numbers_[position]; }

    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  private:
    struct segment {
        std::uint32_t label;
        std::uint32_t pixels;
        std::uint32_t runs_end; // in order_; their number until they are put in order
    };
    struct numbered_run {
        position_run run;
        std::uint32_t number;
    };

    /// Gives each pixel the number of its segment, and lists runs row by row.
    void find_runs(rios::image_view<std::uint32_t const> labels)
    {
        segments_.clear();
        runs_.clear();
        slots_.assign(std::max<std::size_t>(slots_.size(), 1024), none);
        auto const cols = static_cast<std::size_t>(labels.cols());
        numbers_.resize(static_cast<std::size_t>(labels.rows()) * cols);
        for (std::ptrdiff_t row = 0; row < labels.rows(); ++row) {
            auto const pixels = labels.row(0, row);
            auto const above = row == 0 ? std::span<std::uint32_t const>() : labels.row(0, row - 1);
            auto const first = static_cast<std::size_t>(row) * cols;
            for (std::size_t begin = 0; begin < cols;) {
                auto const label = pixels[begin];
                auto end = begin + 1;
                while (end < cols && pixels[end] == label) ++end;
                // Most pixels have the segment of the pixel above, so few have to be looked up.
                auto const number = label == 0                                ? none
                                    : !above.empty() && above[begin] == label ? numbers_[first + begin - cols]
                                                                              : number_of(label);
                std::fill(numbers_.data() + first + begin, numbers_.data() + first + end, number);
                if (number != none) {
                    auto const length = static_cast<std::uint32_t>(end - begin);
                    runs_.push_back({{static_cast<std::uint32_t>(first + begin), length}, number});
                    segments_[number].pixels += length;
                    ++segments_[number].runs_end;
                }
                begin = end;
            }
        }
    }

    [[nodiscard]] std::size_t slot_of(std::uint32_t label) const noexcept
    {
        auto const bits = std::bit_width(slots_.size()) - 1;
        return (label * 0x9e37'79b9U) >> (32 - bits); // Fibonacci hashing
    }

    std::uint32_t number_of(std::uint32_t label)
    {
        auto const mask = slots_.size() - 1;
        auto slot = slot_of(label);
        while (slots_[slot] != none && segments_[slots_[slot]].label != label) slot = (slot + 1) & mask;
        if (slots_[slot] != none) return slots_[slot];
        auto const number = static_cast<std::uint32_t>(segments_.size());
        slots_[slot] = number;
        segments_.push_back({label, 0, 0});
        if (segments_.size() * 2 > slots_.size()) grow();
        return number;
    }

    void grow()
    {
        slots_.assign(slots_.size() * 2, none);
        auto const mask = slots_.size() - 1;
        for (std::size_t number = 0; number < segments_.size(); ++number) {
            auto slot = slot_of(segments_[number].label);
            while (slots_[slot] != none) slot = (slot + 1) & mask;
            slots_[slot] = static_cast<std::uint32_t>(number);
        }
    }

    /// Counting sort.
    void put_in_order()
    {
        std::uint32_t begin = 0;
        for (auto& each : segments_) begin += std::exchange(each.runs_end, begin);
        order_.resize(runs_.size());
        for (auto const& [run, number] : runs_) order_[segments_[number].runs_end++] = run;
    }

    std::vector<segment> segments_;      // by number
    std::vector<std::uint32_t> slots_;   // numbers by label: a hash table with a power of two of slots
    std::vector<std::uint32_t> numbers_; // of each pixel
    std::vector<numbered_run> runs_;     // row by row
    std::vector<position_run> order_;    // segment by segment
};

} // namespace shepseg
