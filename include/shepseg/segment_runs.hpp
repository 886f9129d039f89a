// SPDX-License-Identifier: BSL-1.0
//
// Gathers the pixels of each segment from a raster that is read row by row, and hands them over as soon as the segment is
// complete: what outlines (outline.hpp) are made of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "outline.hpp"

namespace shepseg {

namespace detail {

/// Calls `f(label, begin, end)` for each run of equal labels of a row that is not null.
template <typename F>
void each_run(std::span<std::uint32_t const> labels, F f)
{
    for (std::size_t begin = 0, end = 0; begin < labels.size(); begin = end) {
        while (end < labels.size() && labels[end] == labels[begin]) ++end;
        if (labels[begin] != 0) f(labels[begin], static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end));
    }
}

} // namespace detail

/// The last row of each segment. Takes about 5 bytes for each where the numbers are dense.
class last_rows {
  public:
    /// Takes the next row. @param row at least that of the call before
    void add(std::int32_t row, std::span<std::uint32_t const> labels)
    {
        detail::each_run(labels, [&](std::uint32_t label, auto, auto) {
            auto& last = pages_[label / page_size].rows[label % page_size];
            if (last == none) ++segments_;
            last = row;
        });
    }

    /// -1 for a label that does not occur.
    [[nodiscard]] std::int32_t of(std::uint32_t label) const
    {
        auto const found = pages_.find(label / page_size);
        return found == pages_.end() ? none : found->second.rows[label % page_size];
    }

    /// Number of different labels.
    [[nodiscard]] std::uint64_t segments() const noexcept { return segments_; }

  private:
    static constexpr std::uint32_t page_size = 64;
    static constexpr std::int32_t none = -1;
    struct page {
        page() noexcept { rows.fill(none); }
        std::array<std::int32_t, page_size> rows{};
    };

    std::unordered_map<std::uint32_t, page> pages_;
    std::uint64_t segments_ = 0;
};

/// The runs of the segments that are not complete. Takes 12 bytes for each run.
class segment_runs {
  public:
    /// @param last of the same rows; must outlive this object
    explicit segment_runs(last_rows const& last) : last_(&last) {}

    /// Takes the next row, then calls `f(label, runs)` for each segment that ends in it, from left to right. The runs are in
    /// scan order.
    template <typename F>
    void add(std::int32_t row, std::span<std::uint32_t const> labels, F f)
    {
        ending_.clear();
        detail::each_run(labels, [&](std::uint32_t label, std::int32_t begin, std::int32_t end) {
            auto& runs = runs_[label];
            bool const first_here = runs.empty() || runs.back().row != row;
            if (first_here && last_->of(label) == row) ending_.push_back(label);
            runs.push_back({.row = row, .begin = begin, .end = end});
        });
        for (auto const label : ending_) {
            auto const node = runs_.extract(label);
            f(label, std::span<pixel_run const>(node.mapped()));
        }
    }

    /// How many segments have begun and not ended.
    [[nodiscard]] std::size_t open() const noexcept { return runs_.size(); }

  private:
    last_rows const* last_;
    std::unordered_map<std::uint32_t, std::vector<pixel_run>> runs_;
    std::vector<std::uint32_t> ending_; // in the row that is being added
};

} // namespace shepseg
