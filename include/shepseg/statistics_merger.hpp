// SPDX-License-Identifier: BSL-1.0
//
// Puts together what statistics_worker.hpp makes of blocks: pieces become segments, rows go to the table. A rios::Writer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rios/block.hpp>
#include <rios/concepts.hpp>
#include <rios/memory.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>
#include <rios/progress.hpp>

#include "segment_pieces.hpp"
#include "segment_sizes.hpp"
#include "statistics_plan.hpp"
#include "statistics_table.hpp"
#include "statistics_worker.hpp"

namespace shepseg {

/// Takes the results of blocks in any order. Holds segments only until all of their pixels have come.
///
/// Thread rule: one thread at a time.
template <rios::Pixel T>
class statistics_merger {
  public:
    /// @param finish makes rows of complete segments: workers do so while they work, but where they are other processes, some
    ///        must be made here, lest too many wait
    statistics_merger(statistics_table table, segment_sizes sizes, std::shared_ptr<complete_segments<T>> complete,
                      std::function<segment_table_rows(std::vector<open_segment<T>>)> finish)
        : table_(std::move(table)), sizes_(std::move(sizes)), complete_(std::move(complete)), finish_(std::move(finish))
    {
    }

    void open(rios::pixel_grid const& /*grid*/) {}

    /// @throws rios::error if the sizes are not those of the labels @throws rios::io_error of the table's scratch file
    void write(rios::block const& /*where*/, block_statistics<T> result)
    {
        add(result.complete);
        size_lookup size_of(sizes_);
        open_.add(
            result.pieces, [&](std::uint32_t label) { return size_of(label); },
            [&](open_segment<T>&& segment) {
                auto const size = size_of(segment.label);
                if (segment.pixels > size) detail::refuse_sizes(sizes_, segment.label, size, "more");
                complete_->add(std::move(segment));
            });
        while (complete_->pixels() > most_waiting) add(finish_(complete_->take(most_waiting / 4)));
    }

    /// All blocks have come. @throws rios::error if a segment has fewer pixels than its size says
    void close()
    {
        if (open_.empty()) return;
        auto const& segment = open_.any();
        detail::refuse_sizes(sizes_, segment.label, size_lookup(sizes_)(segment.label), std::to_string(segment.pixels));
    }

    /// Takes in rows.
    void add(segment_table_rows const& rows)
    {
        auto const width = table_.columns().size();
        for (std::size_t i = 0; i < rows.labels.size(); ++i) {
            auto const label = rows.labels[i];
            auto const number = statistics_table::page_of(label);
            auto& page = pages_[number];
            if (!page.begun) {
                page.begun = true;
                page.rows_left = sizes_.page(number)->present;
                page.has.resize(statistics_table::page_rows);
            }
            auto const row = label % statistics_table::page_rows;
            if (page.rows_left == 0 || page.has[row]) detail::refuse_sizes(sizes_, label, rows.pixels[i], "more");
            page.has[row] = true;
            largest_ = std::max(largest_, rows.pixels[i]);
            table_.set(label, std::span(rows.numbers).subspan(i * width, width));
            if (--page.rows_left > 0) continue;
            rios::release(page.has);
            table_.complete(number);
            sizes_.forget(number);
        }
    }

    /// All rows have come, also those of the segments that the last blocks completed.
    /// @throws rios::error if there is none of a segment that has pixels as its size says
    void require_all() const
    {
        auto const pages = (sizes_.rows() + statistics_table::page_rows - 1) / statistics_table::page_rows;
        for (std::size_t number = 0; number < pages; ++number) {
            auto const found = pages_.find(number);
            bool const begun = found != pages_.end();
            if (begun && found->second.rows_left == 0) continue;
            auto const page = sizes_.page(number);
            sizes_.forget(number);
            for (std::size_t row = 0; row < page->pixels.size(); ++row) {
                if (page->pixels[row] == 0 || (begun && found->second.has[row])) continue;
                auto const label = static_cast<std::uint32_t>(number * statistics_table::page_rows + row);
                detail::refuse_sizes(sizes_, label, page->pixels[row], "no");
            }
        }
    }

    /// Number of pixels of the largest segment.
    [[nodiscard]] std::uint64_t largest() const noexcept { return largest_; }
    [[nodiscard]] statistics_table& table() noexcept { return table_; }

  private:
    static constexpr std::uint64_t most_waiting = std::uint64_t{1} << 24; // pixels of complete segments

    struct page_state {
        bool begun = false;
        std::size_t rows_left = 0;
        std::vector<bool> has; // rows that have come, until all have
    };

    statistics_table table_;
    segment_sizes sizes_;
    std::shared_ptr<complete_segments<T>> complete_;
    std::function<segment_table_rows(std::vector<open_segment<T>>)> finish_;
    open_segments<T> open_;
    std::map<std::size_t, page_state> pages_; // by number
    std::uint64_t largest_ = 0;
};

/// The rows of complete segments.
template <rios::Pixel T, typename... Functions>
[[nodiscard]] segment_table_rows finished_rows(statistics_plan<T, Functions...> const& plan,
                                               std::vector<open_segment<T>> segments)
{
    segment_finisher<T, Functions...> finish(plan);
    auto const width = plan.columns().size();
    segment_table_rows rows;
    rows.numbers.resize(segments.size() * width, plan.missing());
    for (std::size_t i = 0; i < segments.size(); ++i) {
        rows.labels.push_back(segments[i].label);
        rows.pixels.push_back(segments[i].pixels);
        finish(std::move(segments[i]), plan, std::span(rows.numbers).subspan(i * width, width));
    }
    return rows;
}

/// A job that makes the rows of the segments that were completed by the last blocks.
template <rios::Pixel T, typename... Functions>
class finishing_job {
  public:
    using result = segment_table_rows;
    using plan_type = statistics_plan<T, Functions...>;

    /// @param progress asked whether to go on
    finishing_job(std::shared_ptr<plan_type const> plan, complete_segments<T>& complete, statistics_merger<T>& merger,
                  rios::progress_function progress)
        : plan_(std::move(plan)), merger_(&merger), progress_(std::move(progress))
    {
        for (auto batch = complete.take(pixels_at_once); !batch.empty(); batch = complete.take(pixels_at_once)) {
            batches_.push_back(std::move(batch));
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return batches_.size(); }

    result compute(std::size_t index) { return finished_rows(*plan_, std::move(batches_[index])); }

    void deliver(std::size_t /*index*/, result rows)
    {
        merger_->add(rows);
        poll();
    }

    /// @throws rios::cancelled
    void poll() { rios::report(progress_, "statistics", 1.0); }

  private:
    static constexpr std::uint64_t pixels_at_once = 1 << 17;

    std::shared_ptr<plan_type const> plan_;
    statistics_merger<T>* merger_;
    rios::progress_function progress_;
    std::vector<std::vector<open_segment<T>>> batches_;
};

} // namespace shepseg
