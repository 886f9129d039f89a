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
#include <vector>

#include <rios/image_view.hpp>

namespace shepseg {

/// Which pixels of a block belong to which segment. Segments are numbered in the order in which they first occur in the block.
/// An object may be used again for another block; it keeps its memory.
class block_segments {
  public:
    /// @param labels one band of fewer than 2^32 pixels; 0 is no segment
    /// Complexity: O(pixels).
    void group(rios::image_view<std::uint32_t const> labels)
    {
        rows_ = labels.rows();
        cols_ = labels.cols();
        find_numbers(labels);
        begins_.assign(labels_.size() + 1, 0);
        for (auto const number : numbers_) {
            if (number != none) ++begins_[number + 1];
        }
        put_in_order();
    }

    [[nodiscard]] std::size_t size() const noexcept { return labels_.size(); }
    /// Label of a segment, from its number in the block.
    [[nodiscard]] std::uint32_t label(std::size_t number) const noexcept { return labels_[number]; }
    /// Positions of a segment's pixels in the block, row · cols + col, ascending.
    [[nodiscard]] std::span<std::uint32_t const> positions(std::size_t number) const noexcept
    {
        return std::span(order_).subspan(begins_[number], begins_[number + 1] - begins_[number]);
    }
    /// All positions, segment by segment.
    [[nodiscard]] std::span<std::uint32_t const> positions() const noexcept { return order_; }
    /// Where a segment begins in positions().
    [[nodiscard]] std::size_t begin(std::size_t number) const noexcept { return begins_[number]; }
    /// Number of the segment of a position, or `none`.
    [[nodiscard]] std::uint32_t number_at(std::size_t position) const noexcept { return numbers_[position]; }

    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  private:
    /// Gives each pixel the number of its segment.
    void find_numbers(rios::image_view<std::uint32_t const> labels)
    {
        labels_.clear();
        slots_.assign(std::max<std::size_t>(slots_.size(), 1024), none);
        numbers_.resize(static_cast<std::size_t>(rows_ * cols_));
        std::size_t position = 0;
        for (std::ptrdiff_t row = 0; row < rows_; ++row) {
            auto const pixels = labels.row(0, row);
            std::span<std::uint32_t const> const above = row == 0 ? pixels : labels.row(0, row - 1);
            auto const width = row == 0 ? 0 : pixels.size();
            std::uint32_t last_label = 0;
            auto number = none;
            for (std::size_t col = 0; col < pixels.size(); ++col, ++position) {
                auto const label = pixels[col];
                // Most pixels have the segment of the pixel before or above, so few have to be looked up.
                if (label != last_label) {
                    last_label = label;
                    if (label == 0) number = none;
                    else if (width != 0 && above[col] == label) number = numbers_[position - width];
                    else number = number_of(label);
                }
                numbers_[position] = number;
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
        while (slots_[slot] != none && labels_[slots_[slot]] != label) slot = (slot + 1) & mask;
        if (slots_[slot] != none) return slots_[slot];
        auto const number = static_cast<std::uint32_t>(labels_.size());
        slots_[slot] = number;
        labels_.push_back(label);
        if (labels_.size() * 2 > slots_.size()) grow();
        return number;
    }

    void grow()
    {
        slots_.assign(slots_.size() * 2, none);
        auto const mask = slots_.size() - 1;
        for (std::size_t number = 0; number < labels_.size(); ++number) {
            auto slot = slot_of(labels_[number]);
            while (slots_[slot] != none) slot = (slot + 1) & mask;
            slots_[slot] = static_cast<std::uint32_t>(number);
        }
    }

    /// Counting sort. @pre begins_[n + 1] is the number of pixels of segment n
    void put_in_order()
    {
        for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
        order_.resize(begins_.back());
        next_.assign(begins_.begin(), begins_.end() - 1);
        for (std::size_t position = 0; position < numbers_.size(); ++position) {
            auto const number = numbers_[position];
            if (number != none) order_[next_[number]++] = static_cast<std::uint32_t>(position);
        }
    }

    std::ptrdiff_t rows_ = 0;
    std::ptrdiff_t cols_ = 0;
    std::vector<std::uint32_t> labels_;  // by number
    std::vector<std::uint32_t> slots_;   // numbers by label: a hash table with a power of two of slots
    std::vector<std::uint32_t> numbers_; // of each pixel
    std::vector<std::uint32_t> begins_;  // in order_, of each segment; and the end
    std::vector<std::uint32_t> next_;
    std::vector<std::uint32_t> order_;
};

} // namespace shepseg
