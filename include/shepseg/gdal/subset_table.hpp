// SPDX-License-Identifier: BSL-1.0
//
// The attribute table of a subset: the rows of the segments that remain, in pages. For subset.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rios/error.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/table_column.hpp>
#include <rios/gdal/table_rules.hpp>
#include <rios/progress.hpp>

namespace shepseg::detail {

/// Copies rows of an attribute table, one page of one column at a time.
class table_subset {
  public:
    /// @param from the segmentation; must stay open
    /// @param original_column what the original numbers are called; empty if they are not wanted
    table_subset(rios::gdal_dataset const& from, std::string original_column)
        : table_(from, 1), columns_(table_.columns()), original_column_(std::move(original_column))
    {
    }

    /// Columns that the output gets, before what its format adds.
    [[nodiscard]] std::vector<rios::table_column> columns() const
    {
        auto result = columns_;
        if (!original_column_.empty()) {
            result.push_back(
                {.name = original_column_, .type = rios::column_type::integer, .usage = rios::column_usage::generic});
        }
        return result;
    }

    /// Finds out early whether a format can have all columns under their names.
    /// @throws rios::options_error naming the output, the column and the reason
    void require_names(std::string const& output, std::string const& format) const
    {
        std::vector<rios::table_column> present;
        for (auto column : columns()) {
            rios::detail::require_name(output, format, present, column);
            column.name = rios::detail::stored_name(format, column);
            present.push_back(std::move(column));
        }
    }

    /// Would the original numbers fit into their column? @throws rios::options_error
    void require_range(std::vector<std::uint32_t> const& original) const
    {
        constexpr auto most = static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max());
        if (original_column_.empty() || original.back() <= most) return;
        throw rios::options_error(table_.where() + ": segment " + std::to_string(original.back()) +
                                  " remains; a column of integers, such as '" + original_column_ + "', holds up to " +
                                  std::to_string(most));
    }

    /// Finds out early whether the output has room for so many rows. @throws rios::options_error, rios::io_error
    void require_room(rios::gdal_dataset const& output, std::size_t rows) const
    {
        rios::attribute_table const to(output, 1);
        auto wanted = columns();
        auto const is_count = [](auto const& each) { return each.usage == rios::column_usage::pixel_count; };
        if (rios::keeps_attribute_tables(output.format()) && std::none_of(wanted.begin(), wanted.end(), is_count)) {
            wanted.push_back(rios::histogram_column);
        }
        if (!wanted.empty()) to.require_possible(wanted, static_cast<std::ptrdiff_t>(rows));
    }

    /// Writes the rows. What the table does not have of them holds 0 or empty text; of the usage PixelCount it is the counts.
    /// @param original for each row of the output the row of the table, ascending
    /// @param counts for each row of the output its pixels
    /// @throws rios::io_error, rios::options_error if the format has no room for them; rios::cancelled
    void write(rios::gdal_dataset& output, std::vector<std::uint32_t> const& original,
               std::vector<std::uint64_t> const& counts, rios::progress_function const& progress) const
    {
        auto const wanted = columns();
        bool counted = false;
        if (!wanted.empty()) {
            rios::attribute_table to(output, 1);
            to.resize(std::ssize(original));
            for (std::size_t column = 0; column < wanted.size(); ++column) {
                auto const place = to.create_column(wanted[column]);
                bool const is_count = wanted[column].usage == rios::column_usage::pixel_count;
                counted = counted || is_count;
                for (std::size_t begin = 0; begin < original.size(); begin += page) {
                    auto const rows = std::span(original).subspan(begin, std::min(page, original.size() - begin));
                    auto const done =
                        static_cast<double>(column) + static_cast<double>(begin) / static_cast<double>(original.size());
                    rios::report(progress, "table", done / static_cast<double>(wanted.size()));
                    if (is_count) {
                        write_numbers(to, place, begin, std::span(counts).subspan(begin, rows.size()));
                    } else if (column == columns_.size()) {
                        write_numbers(to, place, begin, rows);
                    } else if (wanted[column].type == rios::column_type::integer) {
                        copy<std::int32_t>(column, rows, to, place, begin);
                    } else if (wanted[column].type == rios::column_type::real) {
                        copy<double>(column, rows, to, place, begin);
                    } else {
                        copy<std::string>(column, rows, to, place, begin);
                    }
                }
            }
            to.close();
        }
        if (!counted && rios::keeps_attribute_tables(output.format())) rios::write_histogram(output, 1, counts);
    }

  private:
    static constexpr std::size_t page = 65536; // rows in memory

    template <typename N>
    static void write_numbers(rios::attribute_table& to, std::size_t place, std::size_t first,
                              std::span<N const> numbers)
    {
        std::vector<double> const values(numbers.begin(), numbers.end());
        to.write(place, static_cast<std::ptrdiff_t>(first), std::span<double const>(values));
    }

    template <rios::TableValue T>
    void copy(std::size_t column, std::span<std::uint32_t const> rows, rios::attribute_table& to, std::size_t place,
              std::size_t first) const
    {
        std::vector<T> values(rows.size());
        std::vector<T> read;
        // Rows that lie close together are read at once.
        for (std::size_t begin = 0, end = 0; begin < rows.size() && rows[begin] < table_.rows(); begin = end) {
            auto const last_row = std::min<std::ptrdiff_t>(table_.rows(), rows[begin] + std::ptrdiff_t{page});
            while (end < rows.size() && rows[end] < last_row) ++end;
            read.resize(rows[end - 1] - rows[begin] + 1);
            table_.read(column, rows[begin], std::span<T>(read));
            for (auto i = begin; i < end; ++i) values[i] = read[rows[i] - rows[begin]];
        }
        to.write(place, static_cast<std::ptrdiff_t>(first), std::span<T const>(values));
    }

    rios::attribute_table table_;
    std::vector<rios::table_column> columns_;
    std::string original_column_;
};

} // namespace shepseg::detail
