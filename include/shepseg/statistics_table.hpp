// SPDX-License-Identifier: BSL-1.0
//
// Where the rows of complete segments wait until they are written: in memory as long as there is room, else in a scratch file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rios/error.hpp>
#include <rios/memory.hpp>
#include <rios/scratch_file.hpp>

#include "statistic.hpp"

namespace shepseg {

/// Numbers by segment and column, one row for each label from 0 on.
///
/// Thread rule: one thread at a time.
class statistics_table {
  public:
    /// No rows, no columns.
    statistics_table() : statistics_table({}, {}, 0, {}, 0) {}

    /// @param missing what rows hold that are never set
    /// @param folder for the scratch file, which is made when it is needed
    /// @param memory bytes that may be kept in memory, besides pages that are still incomplete
    statistics_table(std::vector<statistics_column> columns, std::vector<double> missing, std::size_t rows,
                     std::filesystem::path folder, std::size_t memory)
        : columns_(std::move(columns)), missing_(std::move(missing)), rows_(rows), file_(std::move(folder)),
          memory_(memory)
    {
    }

    [[nodiscard]] std::vector<statistics_column> const& columns() const noexcept { return columns_; }
    /// What rows hold that are never set.
    [[nodiscard]] std::vector<double> const& missing_row() const noexcept { return missing_; }
    /// One more than the largest label.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

    /// Rows of a page: page n has those from n · page_rows on.
    static constexpr std::size_t page_rows = 16384;
    [[nodiscard]] static constexpr std::size_t page_of(std::uint32_t label) noexcept { return label / page_rows; }

    /// Sets a row, of as many numbers as there are columns.
    void set(std::uint32_t label, std::span<double const> row)
    {
        auto& page = pages_.try_emplace(page_of(label)).first->second;
        if (page.values.empty()) {
            page.values.reserve(page_rows * columns_.size());
            for (std::size_t i = 0; i < page_rows; ++i) {
                page.values.insert(page.values.end(), missing_.begin(), missing_.end());
            }
        }
        auto const begin = (label % page_rows) * columns_.size();
        std::copy(row.begin(), row.end(), page.values.begin() + static_cast<std::ptrdiff_t>(begin));
    }

    /// All rows of a page that are going to be set have been set: it may go to the scratch file.
    /// @throws rios::io_error naming the folder if the scratch file cannot be made or is full
    void complete(std::size_t number)
    {
        auto& page = pages_.at(number);
        auto const values = std::span<double const>(page.values);
        if (kept_ + values.size_bytes() <= memory_) {
            kept_ += values.size_bytes();
            return;
        }
        page.place = file_.append(std::as_bytes(values));
        rios::release(page.values);
    }

    /// Finds out early that there can be no scratch file, if one may be needed. @throws rios::io_error naming the folder
    void require_room()
    {
        if (rows_ * columns_.size() * sizeof(double) > memory_) file_.open();
    }

    /// Bytes in the scratch file.
    [[nodiscard]] std::size_t in_file() const noexcept { return file_.size(); }

    /// Numbers of consecutive rows, row by row.
    /// @param rows that lie in one page
    /// @throws rios::io_error
    void read(std::size_t first_row, std::size_t rows, std::vector<double>& into) const
    {
        auto const width = columns_.size();
        into.resize(rows * width);
        auto const found = pages_.find(first_row / page_rows);
        if (found == pages_.end()) {
            for (std::size_t row = 0; row < rows; ++row) {
                std::copy(missing_.begin(), missing_.end(), into.begin() + static_cast<std::ptrdiff_t>(row * width));
            }
            return;
        }
        auto const begin = (first_row % page_rows) * width;
        if (found->second.place) {
            file_.read(*found->second.place + begin * sizeof(double), std::as_writable_bytes(std::span(into)));
        } else {
            std::copy_n(found->second.values.begin() + static_cast<std::ptrdiff_t>(begin), into.size(), into.begin());
        }
    }

    /// Calls `f(first row, rows, numbers)` for all rows from `first` on, a page at a time.
    template <typename F>
    void for_each_page(std::size_t first, F f) const
    {
        std::vector<double> numbers;
        while (first < rows_) {
            auto const end = std::min(rows_, (first / page_rows + 1) * page_rows);
            read(first, end - first, numbers);
            f(first, end - first, std::span<double const>(numbers));
            first = end;
        }
    }

    /// A row by itself: for looking up a few. @throws rios::options_error if there is no such row
    [[nodiscard]] std::vector<double> row(std::uint32_t label) const
    {
        if (label >= rows_) {
            throw rios::options_error("segment " + std::to_string(label) + ": allowed: 0 to " +
                                      std::to_string(rows_ == 0 ? 0 : rows_ - 1));
        }
        std::vector<double> numbers;
        read(label, 1, numbers);
        return numbers;
    }

    /// There are counts that take more than 32 bits.
    void widen()
    {
        for (auto& each : columns_) {
            if (each.values == column_values::integer) each.values = column_values::large_integer;
        }
    }

  private:
    struct stored_page {
        std::vector<double> values;       // row by row; empty when they are in the file
        std::optional<std::size_t> place; // in the file
    };

    std::vector<statistics_column> columns_;
    std::vector<double> missing_; // a row
    std::size_t rows_;
    std::map<std::size_t, stored_page> pages_; // by number; those that are not here have no row that was set
    rios::scratch_file file_;
    std::size_t memory_;
    std::size_t kept_ = 0;
};

} // namespace shepseg
