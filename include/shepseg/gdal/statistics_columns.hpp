// SPDX-License-Identifier: BSL-1.0
//
// A table of segments as columns of the raster attribute table of their file. As a file of its own: gdal/table_file.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/table_change.hpp>
#include <rios/progress.hpp>

#include "../statistic.hpp"
#include "../statistics_table.hpp"

namespace shepseg {

namespace detail {

/// The column of an attribute table that holds numbers of that kind.
inline rios::column_type attribute_type_of(column_values values) noexcept
{
    return values == column_values::integer ? rios::column_type::integer : rios::column_type::real;
}

/// The place of a column that is there already and may be written over; none if it has to be made.
/// @throws rios::io_error if it must not be @throws rios::options_error if it cannot hold the numbers
inline std::optional<std::size_t> existing_column(rios::attribute_table const& table, std::string const& file,
                                                  statistics_column const& wanted, rios::existing columns)
{
    auto const found = table.find(wanted.name);
    if (!found) return {};
    auto const name = "column '" + wanted.name + "' of the attribute table";
    if (columns == rios::existing::refused) {
        throw rios::io_error(file,
                             name + " exists already; have it replaced (--overwrite), or give another column format");
    }
    auto const type = table.columns()[*found].type;
    if (type == rios::column_type::text ||
        (type == rios::column_type::integer && wanted.values != column_values::integer)) {
        throw rios::options_error(file + ": " + name + " is of type " + std::string(rios::name_of(type)) +
                                  ", which cannot hold the new numbers; give another column format");
    }
    return found;
}

} // namespace detail

/// The raster attribute table of a file of segments, whose row numbers are the labels, as the place where a table of segments
/// goes. Made before the work, so that what cannot be written is found out early.
///
/// Attribute tables are changed in place. Where they are text beside the file, the older text stays after an error. In HFA and KEA
/// files an error that only shows while writing may leave columns in part: a disk without room for them is refused first.
class statistics_columns {
  public:
    /// @param shown what messages call the file; empty for its own path
    /// @throws rios::io_error if the file, or the text beside it, cannot be changed
    statistics_columns(std::string const& labels, rios::existing present, std::string const& shown = {})
        : path_(labels), shown_(shown.empty() ? labels : shown), file_(opened()), opened_(state_of(labels)),
          present_(present)
    {
        check({});
    }

    /// The file, which is open for changes. @pre write() has not been called
    [[nodiscard]] rios::gdal_dataset const& dataset() const noexcept { return file_; }

    /// Refuses columns that cannot be written.
    /// @param rows that the table would have at least
    /// @throws rios::options_error if one is there already and has another type; if the format has no room for it, or not for its
    ///         name
    /// @throws rios::io_error if one is there already and is not to be replaced; if the file cannot be changed, or the disk has no
    ///         room
    void check(std::vector<statistics_column> const& columns, std::size_t rows = 0) const
    {
        static_cast<void>(places_in(rios::attribute_table(file_, 1), columns, rows));
    }

    /// Writes a table, and closes the file. Rows are added where there are fewer; where there are more, they get the missing
    /// values. Other columns and the pixels stay as they are. Columns are Integer or Real, as in pyshepseg; numbers beyond 32 bits
    /// are Real. What others have written to the file in the meantime stays.
    /// @param progress told "attribute table" and the part done
    /// @throws as check(); rios::io_error; rios::cancelled
    void write(statistics_table const& table, rios::progress_function const& progress = {})
    {
        // What GDAL knows of the table dates from the opening.
        if (!rios::keeps_attribute_tables(file_.format()) || state_of(path_) != opened_) {
            file_.close();
            file_ = opened();
        }
        rios::attribute_table attributes(file_, 1);
        auto const found = places_in(attributes, table.columns(), table.rows());
        rios::table_change change(file_);
        auto const rows = static_cast<std::ptrdiff_t>(table.rows());
        if (rows > attributes.rows()) attributes.resize(rows);
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < found.size(); ++i) {
            places.push_back(found[i] ? *found[i] : attributes.create_column(column_for(table.columns()[i])));
        }
        auto const all = static_cast<std::size_t>(attributes.rows());
        rios::report(progress, "attribute table", 0.0);
        std::vector<double> numbers;
        auto const width = table.columns().size();
        auto const write_page = [&](std::size_t first, std::size_t count, auto number_at) {
            numbers.resize(count);
            for (std::size_t column = 0; column < width; ++column) {
                for (std::size_t row = 0; row < count; ++row) numbers[row] = number_at(row, column);
                attributes.write(places[column], static_cast<std::ptrdiff_t>(first), std::span<double const>(numbers));
            }
            rios::report(progress, "attribute table", static_cast<double>(first + count) / static_cast<double>(all));
        };
        table.for_each_page(0, [&](std::size_t first, std::size_t count, std::span<double const> page) {
            write_page(first, count, [&](std::size_t row, std::size_t column) { return page[row * width + column]; });
        });
        for (auto first = table.rows(); first < all; first += statistics_table::page_rows) {
            write_page(first, std::min(statistics_table::page_rows, all - first),
                       [&](std::size_t, std::size_t column) { return table.missing_row()[column]; });
        }
        attributes.close();
        change.finish();
    }

  private:
    [[nodiscard]] rios::gdal_dataset opened() const
    {
        return rios::gdal_dataset::open_for_update(path_).shown_as(shown_);
    }

    /// Something that changes when somebody writes to a file.
    static std::pair<std::uintmax_t, std::filesystem::file_time_type> state_of(std::string const& path)
    {
        std::error_code ignored;
        return {std::filesystem::file_size(path, ignored), std::filesystem::last_write_time(path, ignored)};
    }

    static rios::table_column column_for(statistics_column const& column)
    {
        return {.name = column.name, .type = detail::attribute_type_of(column.values)};
    }

    /// Where columns are that are there already. @throws as check()
    [[nodiscard]] std::vector<std::optional<std::size_t>>
    places_in(rios::attribute_table const& table, std::vector<statistics_column> const& columns, std::size_t rows) const
    {
        std::vector<std::optional<std::size_t>> places;
        std::vector<rios::table_column> fresh;
        for (auto const& each : columns) {
            places.push_back(detail::existing_column(table, file_.path(), each, present_));
            if (!places.back()) fresh.push_back(column_for(each));
        }
        table.require_possible(fresh, static_cast<std::ptrdiff_t>(rows));
        return places;
    }

    std::string path_;
    std::string shown_;
    rios::gdal_dataset file_;
    std::pair<std::uintmax_t, std::filesystem::file_time_type> opened_;
    rios::existing present_;
};

/// Writes a table of segments to the attribute table of their file. @throws as statistics_columns
inline void write_statistics_columns(std::string const& labels, statistics_table const& table, rios::existing present,
                                     rios::progress_function const& progress = {})
{
    statistics_columns(labels, present).write(table, progress);
}

} // namespace shepseg
