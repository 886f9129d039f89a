// SPDX-License-Identifier: BSL-1.0
//
// The part of segment statistics that runs on every thread: a block in, rows of the segments that it holds whole and pieces of the
// others out. A rios::ComputeWorker; what comes out goes to statistics_merger.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <rios/block_info.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/image_view.hpp>
#include <rios/pixel_moments.hpp>
#include <rios/pixel_type.hpp>

#include "block_segments.hpp"
#include "segment_pieces.hpp"
#include "segment_pixels.hpp"
#include "segment_sizes.hpp"
#include "statistics_plan.hpp"
#include "value_statistics.hpp"

namespace shepseg {

/// Rows of complete segments.
struct segment_table_rows {
    std::vector<std::uint32_t> labels;
    std::vector<std::uint64_t> pixels; ///< of each
    std::vector<double> numbers;       ///< row by row

    /// Do the lists fit together? They may come from another process.
    [[nodiscard]] bool valid() const noexcept
    {
        return pixels.size() == labels.size() &&
               (labels.empty() ? numbers.empty() : numbers.size() % labels.size() == 0);
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.labels, self.pixels, self.numbers);
    }
};

/// What comes of a block.
template <rios::Pixel T>
struct block_statistics {
    segment_table_rows complete;
    segment_pieces<T> pieces;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.complete, self.pieces);
    }
};

/// Segments whose last piece has come, until some thread makes their rows.
///
/// Thread rule: everything from any thread.
template <rios::Pixel T>
class complete_segments {
  public:
    void add(open_segment<T> segment)
    {
        std::lock_guard lock(mutex_);
        pixels_ += segment.pixels;
        waiting_.push_back(std::move(segment));
    }

    /// Pixels of those that wait.
    [[nodiscard]] std::uint64_t pixels() const
    {
        std::lock_guard lock(mutex_);
        return pixels_;
    }

    /// Some of them, with about so many pixels; nothing if there are none.
    [[nodiscard]] std::vector<open_segment<T>> take(std::uint64_t pixels = std::numeric_limits<std::uint64_t>::max())
    {
        std::vector<open_segment<T>> taken;
        std::lock_guard lock(mutex_);
        for (std::uint64_t sum = 0; sum < pixels && !waiting_.empty(); waiting_.pop_front()) {
            sum += waiting_.front().pixels;
            pixels_ -= waiting_.front().pixels;
            taken.push_back(std::move(waiting_.front()));
        }
        return taken;
    }

  private:
    mutable std::mutex mutex_;
    std::deque<open_segment<T>> waiting_;
    std::uint64_t pixels_ = 0;
};

namespace detail {

/// There are other pixels of a segment than its size says. @throws rios::error always
[[noreturn]] inline void refuse_sizes(segment_sizes const& sizes, std::uint32_t label, std::uint64_t expected,
                                      std::string const& found)
{
    throw rios::error((sizes.file().empty() ? "" : sizes.file() + ": ") + "segment " + std::to_string(label) + " has " +
                      found + " pixels, but the histogram says " + std::to_string(expected) +
                      ": it does not belong to these pixels; have them counted again (--recount)");
}

} // namespace detail

/// Called with the labels and the pixels of a block. Copies share the plan, the sizes and the complete segments.
template <rios::Pixel T, typename... Functions>
class statistics_worker {
  public:
    using plan_type = statistics_plan<T, Functions...>;

    statistics_worker(std::shared_ptr<plan_type const> plan, segment_sizes sizes,
                      std::shared_ptr<complete_segments<T>> complete)
        : plan_(std::move(plan)), size_of_(std::move(sizes)), complete_(std::move(complete)),
          functions_(plan_->functions()), finish_(*plan_)
    {
    }

    /// @param labels one band
    /// @param pixels the bands of the plan
    /// @throws rios::error if the sizes are not those of these labels
    [[nodiscard]] block_statistics<T> operator()(rios::block_info const& where,
                                                 rios::image<std::uint32_t> const& labels, rios::image<T> const& pixels)
    {
        block_statistics<T> result;
        size_of_.clear();
        // As many as a block can complete, at least, so that they do not pile up.
        finish_complete(result.complete, std::max(pixels_at_once, static_cast<std::uint64_t>(where.rows * where.cols)));
        auto const margin = where.overlap();
        auto const inner = labels.view().window(margin, margin, where.rows, where.cols);
        segments_.group(inner);
        if (plan_->wants_neighbours()) find_neighbours(labels.view(), margin);
        auto const window = pixels.view().window(margin, margin, where.rows, where.cols);
        result.complete.numbers.reserve(result.complete.numbers.size() + segments_.size() * plan_->columns().size());
        result.pieces.bands.resize(plan_->plans().size());
        result.pieces.values.resize(plan_->spatial_bands().size());
        for (std::size_t number = 0; number < segments_.size(); ++number) {
            auto const label = segments_.label(number);
            auto const found = segments_.pixels(number);
            auto const size = size_of_(label);
            if (found > size) detail::refuse_sizes(size_of_.sizes(), label, size, "more");
            if (found == size) add_row(where, number, window, result.complete);
            else add_piece(where, number, window, result.pieces);
        }
        return result;
    }

  private:
    static constexpr std::uint64_t pixels_at_once = 1 << 20; // of complete segments, besides those of a small block

    void finish_complete(segment_table_rows& rows, std::uint64_t pixels_to_take)
    {
        auto segments = complete_->take(pixels_to_take);
        for (auto& segment : segments) {
            auto const label = segment.label;
            auto const pixels = segment.pixels;
            finish_(std::move(segment), *plan_, new_row(label, pixels, rows));
        }
    }

    std::span<double> new_row(std::uint32_t label, std::uint64_t pixels, segment_table_rows& rows) const
    {
        auto const width = plan_->columns().size();
        rows.labels.push_back(label);
        rows.pixels.push_back(pixels);
        rows.numbers.resize(rows.numbers.size() + width, plan_->missing());
        return std::span(rows.numbers).last(width);
    }

    /// Calls `f` with the values of each run of pixels of a segment in a band: a pointer, and how many.
    template <typename F>
    void each_run(rios::image_view<T const> const& window, std::size_t band, std::size_t number, F f) const
    {
        auto const cols = static_cast<std::uint32_t>(window.cols());
        auto const* const from = &window(static_cast<std::ptrdiff_t>(band), 0, 0);
        if (window.row_stride() == window.cols()) {
            for (auto const& run : segments_.runs(number)) f(from + run.begin, run.length);
        } else {
            for (auto const& run : segments_.runs(number)) {
                f(from + window.row_stride() * (run.begin / cols) + run.begin % cols, run.length);
            }
        }
    }

    /// Copies the values of a segment's pixels in a band.
    void gather(rios::image_view<T const> const& window, std::size_t band, std::size_t number, T* to) const
    {
        each_run(window, band, number,
                 [&](T const* values, std::uint32_t count) { to = std::copy_n(values, count, to); });
    }

    /// The values of a segment's valid pixels in a band; they stay valid until the next call.
    std::span<T> valid_values(rios::image_view<T const> const& window, std::size_t band, std::size_t number)
    {
        values_.resize(std::max(values_.size(), segments_.pixels(number)));
        auto* to = values_.data();
        auto const is_null = plan_->null_test(band);
        each_run(window, band, number, [&](T const* values, std::uint32_t count) {
            for (std::uint32_t i = 0; i < count; ++i) {
                *to = values[i];
                to += is_null(values[i]) ? 0 : 1;
            }
        });
        return {values_.data(), to};
    }

    void add_row(rios::block_info const& where, std::size_t number, rios::image_view<T const> const& window,
                 segment_table_rows& rows)
    {
        auto const label = segments_.label(number);
        auto const count = segments_.pixels(number);
        auto const row = new_row(label, count, rows);
        for (auto const& [band, plan] : plan_->plans()) {
            statistics_(valid_values(window, band, number), count, plan, plan_->missing(), row);
        }
        if (!plan_->wants_pixels()) return;
        rows_.clear();
        cols_.clear();
        append_places(where, number, rows_, cols_);
        auto const bands = plan_->spatial_bands();
        pixels_.resize(bands.size() * count);
        for (std::size_t i = 0; i < bands.size(); ++i) gather(window, bands[i], number, pixels_.data() + i * count);
        plan_->set_spatial(segment_pixels<T>(label, rows_, cols_, pixels_, neighbours_of(number), plan_->setting()),
                           row, functions_);
    }

    void add_piece(rios::block_info const& where, std::size_t number, rios::image_view<T const> const& window,
                   segment_pieces<T>& pieces)
    {
        auto const count = segments_.pixels(number);
        pieces.labels.push_back(segments_.label(number));
        pieces.pixels.push_back(static_cast<std::uint32_t>(count));
        for (std::size_t i = 0; i < plan_->plans().size(); ++i) {
            auto const& [band, plan] = plan_->plans()[i];
            auto& to = pieces.bands[i];
            auto const values = valid_values(window, band, number);
            if (growing_values<T>::keeps_values(plan)) {
                to.counts.push_back(static_cast<std::uint32_t>(values.size()));
                to.values.insert(to.values.end(), values.begin(), values.end());
            } else {
                to.moments.emplace_back().add(std::span<T const>(values));
            }
        }
        if (!plan_->wants_pixels()) return;
        append_places(where, number, pieces.rows, pieces.cols);
        for (std::size_t i = 0; i < pieces.values.size(); ++i) {
            auto& to = pieces.values[i];
            to.resize(to.size() + count);
            gather(window, plan_->spatial_bands()[i], number, to.data() + to.size() - count);
        }
        if (!plan_->wants_neighbours()) return;
        auto const neighbours = neighbours_of(number);
        pieces.neighbour_counts.push_back(static_cast<std::uint32_t>(neighbours.size()));
        pieces.neighbours.insert(pieces.neighbours.end(), neighbours.begin(), neighbours.end());
    }

    /// Adds the rows and columns in the raster of a segment's pixels.
    void append_places(rios::block_info const& where, std::size_t number, std::vector<std::uint32_t>& rows,
                       std::vector<std::uint32_t>& cols) const
    {
        auto const width = static_cast<std::uint32_t>(where.cols);
        for (auto const& run : segments_.runs(number)) {
            auto const row = static_cast<std::uint32_t>(where.row) + run.begin / width;
            auto const col = static_cast<std::uint32_t>(where.col) + run.begin % width;
            rows.insert(rows.end(), run.length, row);
            for (std::uint32_t i = 0; i < run.length; ++i) cols.push_back(col + i);
        }
    }

    /// Finds the labels that touch each segment by a side of a pixel. @param labels with a margin of at least one pixel
    void find_neighbours(rios::image_view<std::uint32_t const> const& labels, std::ptrdiff_t margin)
    {
        touching_.clear();
        auto const cols = labels.cols() - 2 * margin;
        std::size_t position = 0;
        for (auto row = margin; row < labels.rows() - margin; ++row) {
            for (auto col = margin; col < margin + cols; ++col, ++position) {
                auto const label = labels(0, row, col);
                if (label == 0) continue;
                for (auto const other : {labels(0, row - 1, col), labels(0, row, col - 1), labels(0, row, col + 1),
                                         labels(0, row + 1, col)}) {
                    if (other != label && other != 0) touching_.emplace_back(segments_.number_at(position), other);
                }
            }
        }
        std::sort(touching_.begin(), touching_.end());
        touching_.erase(std::unique(touching_.begin(), touching_.end()), touching_.end());
        neighbours_.clear();
        neighbour_begins_.assign(segments_.size() + 1, 0);
        for (auto const& [number, label] : touching_) {
            neighbours_.push_back(label);
            ++neighbour_begins_[number + 1];
        }
        std::partial_sum(neighbour_begins_.begin(), neighbour_begins_.end(), neighbour_begins_.begin());
    }

    [[nodiscard]] std::span<std::uint32_t const> neighbours_of(std::size_t number) const
    {
        if (!plan_->wants_neighbours()) return {};
        auto const begin = neighbour_begins_[number];
        return std::span(neighbours_).subspan(begin, neighbour_begins_[number + 1] - begin);
    }

    std::shared_ptr<plan_type const> plan_;
    size_lookup size_of_;
    std::shared_ptr<complete_segments<T>> complete_;
    std::tuple<Functions...> functions_;
    segment_finisher<T, Functions...> finish_;
    value_statistics<T> statistics_;
    block_segments segments_;
    std::vector<T> values_;
    std::vector<std::uint32_t> rows_;
    std::vector<std::uint32_t> cols_;
    std::vector<T> pixels_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> touching_; // numbers of segments and labels
    std::vector<std::uint32_t> neighbours_;
    std::vector<std::size_t> neighbour_begins_;
};

} // namespace shepseg
