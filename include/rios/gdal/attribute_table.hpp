// SPDX-License-Identifier: BSL-1.0
//
// The raster attribute table of a thematic band: one row for each pixel value, from 0. Whole columns are more easily read
// and written by table_io.hpp; rat_apply.hpp computes columns out of others.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <gdal_priv.h>
#include <gdal_rat.h>

#include "../error.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "dataset.hpp"
#include "table_column.hpp"
#include "table_rules.hpp"
#include "table_text.hpp"
#include "table_values.hpp"

namespace rios {

/// The attribute table of one band of an open file. A band without one has a table without rows and columns.
///
/// Formats that keep tables in their files (keeps_attribute_tables: HFA, KEA) are changed by each call. For others (GTiff:
/// an .aux.xml beside the file) a copy in memory is changed, which close() hands over; without close() the changes are
/// forgotten. Either way, closing the file is what writes the last bytes: table_change makes sure of them.
///
/// Values. Integers have 32 bits. Integers and reals are converted into each other, the fraction cut off towards zero;
/// numbers are read as text. Text is not converted into numbers, as GDAL makes 0 of whatever is none. In a table
/// beside the file, reals have 16 digits, and text is without blanks at its beginning and without control characters. HFA
/// keeps a column's usage as its name, one of Histogram, Class_Names, Red, Green, Blue, Opacity, and the usage of no other
/// columns; it spends the length of the longest text of a column on each row, and copies the column when that grows.
///
/// Rows. New rows hold 0, or empty text. GDAL does not mind how many rows there are; other programs want 256 for pixels of
/// 8 bits in HFA.
///
/// One object for each band at a time. The file must stay open for as long.
///
/// Thread rule: that of the file, one thread at a time.
class attribute_table {
  public:
    /// @throws options_error if there is no such band
    /// @throws io_error if the table cannot be read
    explicit attribute_table(gdal_dataset const& file, int band_number = 1)
        : band_(&file.band(band_number)), path_(file.path()), actual_(file.raw()->GetDescription()),
          format_(file.format()), text_(detail::table_text_of(file)), number_(band_number),
          writable_(file.raw()->GetAccess() == GA_Update), end_(bytes_of_file())
    {
        gdal_errors const errors;
        table_ = band_->GetDefaultRAT();
        check(errors, true, "cannot read the attribute table");
        if (table_ != nullptr) return;
        copy_ = std::make_unique<GDALDefaultRasterAttributeTable>();
        table_ = copy_.get();
    }

    /// "FILE: band 1", as messages begin.
    [[nodiscard]] std::string where() const { return path_ + ": " + band_text(); }

    [[nodiscard]] std::ptrdiff_t rows() const { return table_->GetRowCount(); }

    /// All columns, in the order of the file. Elsewhere a column is named by its place here.
    [[nodiscard]] std::vector<table_column> columns() const
    {
        std::vector<table_column> result;
        for (int index = 0; index < table_->GetColumnCount(); ++index) {
            result.push_back({.name = table_->GetNameOfCol(index),
                              .type = column_type_of_gdal(table_->GetTypeOfCol(index)),
                              .usage = usage_of(table_->GetUsageOfCol(index))});
        }
        return result;
    }

    /// The first column of that name, or none.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const
    {
        return find_if([&](table_column const& each) { return each.name == name; });
    }

    /// The first column of that usage, or none.
    [[nodiscard]] std::optional<std::size_t> find(column_usage usage) const
    {
        return find_if([&](table_column const& each) { return each.usage == usage; });
    }

    /// The column of that name. @throws options_error listing those that there are
    [[nodiscard]] std::size_t index_of(std::string_view name) const
    {
        if (auto const found = find(name)) return *found;
        std::string list;
        for (auto const& each : columns()) list.append(list.empty() ? "'" : ", '").append(each.name).append("'");
        throw options_error(where().append(": no column '").append(name) +
                            (list.empty() ? "'; the table has no columns" : "'; the columns are " + list));
    }

    /// Reads values.size() rows of a column from first_row on.
    /// @throws options_error if the rows are not in the table, the column holds text and T is a number, or a value is not
    ///         within the range of T
    /// @throws io_error
    template <TableValue T>
    void read(std::size_t column, std::ptrdiff_t first_row, std::span<T> values) const
    {
        auto const subject = require(column, column_type_of<T>, first_row, std::ssize(values), "read");
        for (std::size_t begin = 0; begin < values.size(); begin += page) {
            auto const part = values.subspan(begin, std::min(page, values.size() - begin));
            auto const row = first_row + static_cast<std::ptrdiff_t>(begin);
            if (std::same_as<T, std::int32_t> && subject.type == column_type::real) {
                std::vector<double> reals(part.size());
                read_part(subject, column, row, std::span<double>(reals));
                if constexpr (std::same_as<T, std::int32_t>) cut(subject, row, reals, part);
            } else {
                read_part(subject, column, row, part);
            }
        }
    }

    /// `count` rows of a column from first_row on; by default all. @throws as the other read(), and index_of()
    template <TableValue T>
    [[nodiscard]] std::vector<T> read(std::string_view name, std::ptrdiff_t first_row = 0,
                                      std::optional<std::ptrdiff_t> count = {}) const
    {
        auto const column = index_of(name);
        auto const number = count.value_or(std::max<std::ptrdiff_t>(rows() - first_row, 0));
        require(column, column_type_of<T>, first_row, number, "read");
        std::vector<T> values(static_cast<std::size_t>(number));
        read(column, first_row, std::span<T>(values));
        return values;
    }

    /// Writes values to a column from first_row on. The rows must exist.
    /// @throws options_error if they do not, one of column and values is text and the other is not, a number is not within
    ///         the range of the column, or a text has a zero byte
    /// @throws io_error naming the rows; if the file is open for reading only
    template <TableValue T>
    void write(std::size_t column, std::ptrdiff_t first_row, std::span<T const> values)
    {
        require_writable();
        auto const subject = require(column, column_type_of<T>, first_row, std::ssize(values), "written");
        detach();
        // All at once: HFA copies the whole column whenever a longer text comes.
        if constexpr (std::same_as<T, std::string>) require_no_zero_byte(subject, first_row, values);
        if constexpr (std::same_as<T, double>) {
            if (subject.type == column_type::integer) {
                std::vector<std::int32_t> integers(values.size());
                cut(subject, first_row, values, integers);
                write_part(subject, column, first_row, std::span<std::int32_t const>(integers));
                return;
            }
        }
        write_part(subject, column, first_row, values);
    }
    template <TableValue T>
    void write(std::string_view name, std::ptrdiff_t first_row, std::vector<T> const& values)
    {
        write(index_of(name), first_row, std::span<T const>(values));
    }

    /// Adds a column, with 0 or empty text in all rows.
    /// @returns its place in columns(). HFA files may hold it under another name, and counts as reals; beside a file,
    ///          colours are integers always.
    /// @throws options_error if there is one of that name (in HFA, also if it differs in case only), or the name is empty,
    ///         has control characters or is too long for the format
    /// @throws io_error
    std::size_t create_column(table_column const& wanted)
    {
        require_writable();
        auto const present = columns();
        detail::require_name(where(), format_, present, wanted);
        auto const growth = detail::growth_of(format_, present.size(), 1, rows(), rows());
        detail::require_room(where(), format_, growth, file_end());
        detach();
        gdal_errors const errors;
        auto const result =
            table_->CreateColumn(wanted.name.c_str(), gdal_type_of(wanted.type), gdal_usage_of(wanted.usage));
        check(errors, result == CE_None, "cannot create column '" + wanted.name + "'");
        end_ = file_end() + growth.bytes;
        // A place that the format cannot reach shows in the first write only.
        if (format_ == "HFA" && rows() > 0) {
            write_empty(wanted, present.size(), 0);
            write_empty(wanted, present.size(), rows() - 1);
        }
        return present.size();
    }

    /// Finds out what create_column(), resize() and the closing of the file would fail of, without changing anything.
    /// @param wanted columns that would be created, one after the other
    /// @param count rows that the table would have; fewer than rows() means these
    /// @throws options_error as those do
    /// @throws io_error if the file, or the text beside it, cannot be changed; if the disk has no room
    void require_possible(std::vector<table_column> const& wanted, std::ptrdiff_t count) const
    {
        require_writable();
        detail::require_replaceable(text_);
        auto const most = std::max(count, rows());
        require_count(most);
        auto present = columns();
        auto const growth = detail::growth_of(format_, present.size(), wanted.size(), rows(), most);
        for (auto const& each : wanted) {
            detail::require_name(where(), format_, present, each);
            present.push_back({.name = detail::stored_name(format_, each), .type = each.type, .usage = each.usage});
        }
        detail::require_room(where(), format_, growth, file_end());
        std::error_code unknown;
        auto const space = std::filesystem::space(std::filesystem::absolute(actual_, unknown).parent_path(), unknown);
        if (!unknown && space.capacity > 0) detail::require_space(path_, growth, space.available);
    }

    /// Can resize() make it shorter?
    [[nodiscard]] bool can_shrink() const { return detail::cuts_rows(format_); }

    /// Changes the number of rows. Those that are cut off are gone, from all columns.
    /// @throws options_error if there are more than GDAL or the format can have
    /// @throws io_error also if it cannot shrink (KEA)
    void resize(std::ptrdiff_t count)
    {
        require_writable();
        require_count(count);
        if (count == rows()) return;
        auto const present = columns();
        auto const before = rows();
        auto const growth = detail::growth_of(format_, present.size(), 0, before, count);
        detail::require_room(where(), format_, growth, file_end());
        auto const doing = "cannot change the attribute table from " + std::to_string(before) + " to " +
                           std::to_string(count) + " rows";
        if (count < before && !can_shrink()) {
            throw io_error(path_, band_text() + ": " + doing + ": the format cannot cut off rows");
        }
        detach();
        gdal_errors const errors;
        table_->SetRowCount(static_cast<int>(count));
        check(errors, true, doing);
        if (rows() != count) throw io_error(path_, band_text() + ": " + doing + ": the format cannot do that");
        end_ = file_end() + growth.bytes;
        if (format_ != "HFA" || count < before) return;
        for (std::size_t column = 0; column < present.size(); ++column) write_empty(present[column], column, count - 1);
    }

    /// Gives a changed table to the file, which writes it when it is closed. May be called again after more changes.
    /// @throws io_error
    void close()
    {
        if (!std::exchange(changed_, false) || !copy_) return;
        gdal_errors const errors;
        check(errors, band_->SetDefaultRAT(copy_.get()) == CE_None, "cannot write the attribute table");
    }

  private:
    static constexpr std::size_t page = 65536; // rows of a column in memory twice

    [[nodiscard]] std::string band_text() const { return "band " + std::to_string(number_); }

    void check(gdal_errors const& errors, bool succeeded, std::string const& doing) const
    {
        errors.check(succeeded, path_, band_text() + ": " + doing, actual_);
    }

    template <typename Condition>
    [[nodiscard]] std::optional<std::size_t> find_if(Condition condition) const
    {
        auto const all = columns();
        auto const found = std::find_if(all.begin(), all.end(), condition);
        if (found == all.end()) return {};
        return static_cast<std::size_t>(found - all.begin());
    }

    void require_writable() const
    {
        if (writable_) return;
        throw io_error(path_,
                       band_text() + ": the attribute table cannot be changed: the file is open for reading only");
    }

    void require_count(std::ptrdiff_t count) const
    {
        constexpr std::ptrdiff_t largest = std::numeric_limits<int>::max();
        if (count >= 0 && count <= largest) return;
        throw options_error(where() + ": an attribute table of " + std::to_string(count) + " rows; GDAL allows " +
                            std::to_string(largest));
    }

    [[nodiscard]] std::uintmax_t bytes_of_file() const
    {
        std::error_code failure;
        auto const bytes = std::filesystem::file_size(actual_, failure);
        return failure ? 0 : bytes;
    }

    /// Where the file ends, with what has a place in it but is not written yet.
    [[nodiscard]] std::uintmax_t file_end() const { return std::max(end_, bytes_of_file()); }

    /// The column, if it can take part in what is wanted. @throws options_error
    table_column require(std::size_t column, column_type in_memory, std::ptrdiff_t first_row, std::ptrdiff_t count,
                         char const* done) const
    {
        auto const all = columns();
        if (column >= all.size()) {
            throw options_error(where() + ": no column " + std::to_string(column) + "; the table has " +
                                std::to_string(all.size()) + " columns, from 0");
        }
        auto const& subject = all[column];
        bool const to_text = std::string_view(done) == "read" && in_memory == column_type::text;
        if (!to_text && (subject.type == column_type::text) != (in_memory == column_type::text)) {
            throw options_error(column_text(subject.name) + " is of type " + std::string(name_of(subject.type)) +
                                " and cannot be " + done + " as " + std::string(name_of(in_memory)));
        }
        if (first_row < 0 || count < 0 || first_row > rows() || count > rows() - first_row) {
            throw options_error(column_text(subject.name) + ": no " + std::to_string(count) + " rows from row " +
                                std::to_string(first_row) + "; the table has " + std::to_string(rows()) +
                                " rows, from 0");
        }
        return subject;
    }

    [[nodiscard]] std::string column_text(std::string const& name) const { return where() + ": column '" + name + "'"; }

    /// Makes the copy that is changed instead of the file, if the format wants that.
    void detach()
    {
        changed_ = true;
        if (copy_ || table_->ChangesAreWrittenToFile() != FALSE) return;
        gdal_errors const errors;
        copy_.reset(table_->Clone());
        check(errors, copy_ != nullptr, "cannot change the attribute table");
        table_ = copy_.get();
    }

    template <TableValue T>
    void read_part(table_column const& subject, std::size_t column, std::ptrdiff_t row, std::span<T> values) const
    {
        if (values.empty()) return;
        gdal_errors const errors;
        auto const result = detail::read_values(*table_, static_cast<int>(column), static_cast<int>(row), values);
        if (result != CE_None || errors.failed()) fail(errors, "read", subject, row, std::ssize(values));
    }

    template <TableValue T>
    void write_part(table_column const& subject, std::size_t column, std::ptrdiff_t row, std::span<T const> values)
    {
        if (values.empty()) return;
        gdal_errors const errors;
        auto const result = detail::write_values(*table_, static_cast<int>(column), static_cast<int>(row), values);
        if (result != CE_None || errors.failed()) fail(errors, "write", subject, row, std::ssize(values));
    }

    /// Writes what a new row holds. An HFA file must reach as far as its columns do, or they cannot be read.
    void write_empty(table_column const& subject, std::size_t column, std::ptrdiff_t row)
    {
        std::string const text;
        double const zero = 0;
        if (subject.type == column_type::text) write_part(subject, column, row, std::span(&text, 1));
        else write_part(subject, column, row, std::span(&zero, 1));
    }

    /// @throws io_error always
    void fail(gdal_errors const& errors, std::string const& verb, table_column const& subject, std::ptrdiff_t row,
              std::ptrdiff_t count) const
    {
        check(errors, false,
              "cannot " + verb + " column '" + subject.name + "', rows " + std::to_string(row) + " to " +
                  std::to_string(row + count - 1));
    }

    void require_no_zero_byte(table_column const& subject, std::ptrdiff_t first_row,
                              std::span<std::string const> values) const
    {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (values[i].find('\0') == std::string::npos) continue;
            throw options_error(column_text(subject.name) + ", row " +
                                std::to_string(first_row + static_cast<std::ptrdiff_t>(i)) +
                                ": the text has a zero byte");
        }
    }

    /// Reals as integers, without their fraction. What GDAL would make of those that do not fit depends on the machine.
    void cut(table_column const& subject, std::ptrdiff_t first_row, std::span<double const> reals,
             std::span<std::int32_t> integers) const
    {
        constexpr double limit = 2147483648.0; // 2^31
        for (std::size_t i = 0; i < reals.size(); ++i) {
            auto const whole = std::trunc(reals[i]);
            if (!(whole >= -limit && whole < limit)) {
                throw options_error(column_text(subject.name) + ", row " +
                                    std::to_string(first_row + static_cast<std::ptrdiff_t>(i)) + ": " +
                                    detail::number_text(reals[i]) + " does not fit into 32 bits");
            }
            integers[i] = static_cast<std::int32_t>(whole);
        }
    }

    GDALRasterBand* band_;
    std::string path_;
    std::string actual_; // the path that GDAL knows
    std::string format_;
    std::filesystem::path text_; // which GDAL rewrites
    int number_;
    bool writable_;
    std::uintmax_t end_; // of the file, at least
    bool changed_ = false;
    std::unique_ptr<GDALRasterAttributeTable> copy_; // of formats that are not written through
    GDALRasterAttributeTable* table_ = nullptr;      // the file's, or the copy
};

/// The column of write_histogram().
inline table_column const histogram_column{
    .name = "Histogram", .type = column_type::real, .usage = column_usage::pixel_count};

/// Writes the number of pixels of each value as the attribute table's column "Histogram" (real numbers, usage
/// PixelCount). The table gets counts.size() rows at least; rows beyond get 0.
/// @param counts pixels of the value that is the index
/// @throws options_error if there is no such band, or more values than a table can have rows
/// @throws io_error
inline void write_histogram(gdal_dataset& file, int band_number, std::span<std::uint64_t const> counts)
{
    attribute_table table(file, band_number);
    auto const rows = static_cast<std::ptrdiff_t>(counts.size());
    if (rows > table.rows()) table.resize(rows);
    auto const found = table.find(column_usage::pixel_count);
    auto const column = found ? *found : table.create_column(histogram_column);
    auto const all = static_cast<std::size_t>(table.rows());
    std::vector<double> values(std::min<std::size_t>(all, 65536));
    for (std::size_t first = 0; first < all; first += values.size()) {
        auto const page = std::min(values.size(), all - first);
        for (std::size_t i = 0; i < page; ++i) {
            values[i] = first + i < counts.size() ? static_cast<double>(counts[first + i]) : 0;
        }
        table.write(column, static_cast<std::ptrdiff_t>(first), std::span<double const>(values.data(), page));
    }
    table.close();
}

} // namespace rios
