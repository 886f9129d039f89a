// SPDX-License-Identifier: BSL-1.0
//
// How many pixels each segment has, so that statistics know when a segment is complete. Out of a file's histogram:
// gdal/segment_sizes.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "statistics_table.hpp"

namespace shepseg {

/// Sizes of consecutive segments: those of a page of statistics_table.
struct size_page {
    std::vector<std::uint64_t> pixels; ///< by label, counted from the page's first
    std::size_t present = 0;           ///< segments that have pixels; label 0 does not count
};

/// Pixel counts by label, in pages that are loaded when they are asked for.
///
/// Thread rule: everything from any thread; copies share the pages.
class segment_sizes {
  public:
    /// @param rows one more than the largest label
    /// @param load called with the first label of a page and a number of labels, one call at a time; returns their sizes, in pixels
    /// @param file that they are from; empty if there is none
    segment_sizes(std::size_t rows,
                  std::function<std::vector<std::uint64_t>(std::size_t first, std::size_t count)> load,
                  std::string file = {})
        : state_(std::make_shared<state>())
    {
        state_->rows = rows;
        state_->load = std::move(load);
        state_->file = std::move(file);
    }

    /// Sizes that are all in memory, by label.
    explicit segment_sizes(std::vector<std::uint64_t> sizes)
        : segment_sizes(std::make_shared<std::vector<std::uint64_t> const>(std::move(sizes)))
    {
    }

    /// One more than the largest label.
    [[nodiscard]] std::size_t rows() const noexcept { return state_->rows; }
    /// The file that they are from; empty if there is none.
    [[nodiscard]] std::string const& file() const noexcept { return state_->file; }

    /// All sizes, by label. Leaves no page in memory. @throws what the loader throws
    [[nodiscard]] std::vector<std::uint64_t> all() const
    {
        std::lock_guard const lock(state_->mutex); // one call of the loader at a time
        std::vector<std::uint64_t> result;
        result.reserve(rows());
        for (std::size_t first = 0; first < rows(); first += statistics_table::page_rows) {
            auto const page = state_->load(first, std::min(rows() - first, statistics_table::page_rows));
            result.insert(result.end(), page.begin(), page.end());
        }
        return result;
    }

    /// The page of that number. @pre it holds rows @throws what the loader throws
    [[nodiscard]] std::shared_ptr<size_page const> page(std::size_t number) const
    {
        std::lock_guard lock(state_->mutex);
        auto& page = state_->pages[number];
        if (!page) {
            auto const first = number * statistics_table::page_rows;
            auto const count = std::min(state_->rows - first, statistics_table::page_rows);
            auto loaded = std::make_shared<size_page>();
            loaded->pixels = state_->load(first, count);
            if (first == 0) loaded->pixels.front() = 0;
            loaded->present = count - static_cast<std::size_t>(std::ranges::count(loaded->pixels, std::uint64_t{0}));
            page = std::move(loaded);
        }
        return page;
    }

    /// A page is not needed any more. If it is asked for all the same, it is loaded again.
    void forget(std::size_t number) const
    {
        std::lock_guard lock(state_->mutex);
        state_->pages.erase(number);
    }

  private:
    explicit segment_sizes(std::shared_ptr<std::vector<std::uint64_t> const> const& all)
        : segment_sizes(all->size(), [all](std::size_t first, std::size_t count) {
              auto const begin = all->begin() + static_cast<std::ptrdiff_t>(first);
              return std::vector<std::uint64_t>(begin, begin + static_cast<std::ptrdiff_t>(count));
          })
    {
    }

    struct state {
        std::size_t rows = 0;
        std::string file;
        std::function<std::vector<std::uint64_t>(std::size_t, std::size_t)> load;
        std::mutex mutex;
        std::map<std::size_t, std::shared_ptr<size_page const>> pages;
    };

    std::shared_ptr<state> state_;
};

/// Sizes that are being counted. Memory: 8 bytes for each label of the pages in which there are any.
class counted_sizes {
  public:
    void add(std::uint32_t label, std::uint64_t pixels)
    {
        auto& page = pages_[statistics_table::page_of(label)];
        page.resize(statistics_table::page_rows);
        page[label % statistics_table::page_rows] += pixels;
        rows_ = std::max(rows_, static_cast<std::size_t>(label) + 1);
    }

    /// What was counted.
    [[nodiscard]] segment_sizes sizes() &&
    {
        auto const pages = std::make_shared<std::map<std::size_t, std::vector<std::uint64_t>> const>(std::move(pages_));
        return {rows_, [pages](std::size_t first, std::size_t count) {
                    auto const found = pages->find(first / statistics_table::page_rows);
                    auto page = found == pages->end() ? std::vector<std::uint64_t>() : found->second;
                    page.resize(count);
                    return page;
                }};
    }

  private:
    std::map<std::size_t, std::vector<std::uint64_t>> pages_;
    std::size_t rows_ = 1; // label 0 is always there
};

/// Looks up sizes for one thread, without a lock for most of them.
class size_lookup {
  public:
    explicit size_lookup(segment_sizes sizes) : sizes_(std::move(sizes)) {}

    /// Number of pixels of a segment; 0 for labels that there are none of.
    [[nodiscard]] std::uint64_t operator()(std::uint32_t label)
    {
        if (label >= sizes_.rows()) return 0;
        auto const number = statistics_table::page_of(label);
        if (!last_ || number != last_number_) {
            auto& page = pages_[number];
            if (!page) page = sizes_.page(number);
            last_ = page.get();
            last_number_ = number;
        }
        return last_->pixels[label % statistics_table::page_rows];
    }

    [[nodiscard]] segment_sizes const& sizes() const noexcept { return sizes_; }

    /// Lets go of all pages. To be called between blocks.
    void clear()
    {
        pages_.clear();
        last_ = nullptr;
    }

  private:
    segment_sizes sizes_;
    std::map<std::size_t, std::shared_ptr<size_page const>> pages_;
    size_page const* last_ = nullptr;
    std::size_t last_number_ = 0;
};

} // namespace shepseg
