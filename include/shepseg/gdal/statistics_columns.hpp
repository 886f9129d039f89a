// SPDX-License-Identifier: BSL-1.0
//
// A table of segments as columns of the raster attribute table of their file. As a file of its own: gdal/table_file.hpp.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>
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
/// @throws rios::options_error if it must not be, or cannot hold the numbers
inline std::optional<std::size_t> existing_column(rios::attribute_table const& table, std::string const& file,
                                                  statistics_column const& wanted, rios::existing columns)
{
    auto const found = table.find(wanted.name);
    if (!found) return {};
    auto const name = file + ": column '" + wanted.name + "'";
    if (columns == rios::existing::refused) {
        throw rios::options_error(
            name + " of the attribute table is there already; have it replaced (--overwrite), or give another "
                   "column format");
    }
    auto const type = table.columns()[*found].type;
    if (type == rios::column_type::text ||
        (type == rios::column_type::integer && wanted.values != column_values::integer)) {
        throw rios::options_error(name + " of the attribute table is of type " + std::string(rios::name_of(type)) +
                                  ", which cannot hold the new numbers; give another column format");
    }
    return found;
}

} // namespace detail

/// The raster attribute table of a file of segments, whose row numbers are the labels, as the place where a table of segments
/// goes. The file is open for changes from the beginning, so that what cannot be written is found out before any work.
///
/// Attribute tables are changed in place: after an error that only shows while writing, such as a full disk, columns may be
/// there in part.
class statistics_columns {
  public:
    /// @throws rios::io_error if the file cannot be changed
    statistics_columns(std::string const& labels, rios::existing present)
        : path_(labels), file_(rios::gdal_dataset::open_for_update(labels)), table_(file_, 1), present_(present)
    {
    }

    [[nodiscard]] rios::gdal_dataset const& dataset() const noexcept { return file_; }

    /// Refuses columns that cannot be written.
    /// @throws rios::options_error if one is there already and is not to be replaced, or has another type
    void check(std::vector<statistics_column> const& columns) const
    {
        for (auto const& each : columns) static_cast<void>(detail::existing_column(table_, path_, each, present_));
    }

    /// Writes a table, and closes the file. Rows are added where there are fewer; other columns and the pixels stay as they are.
    /// Columns are Integer or Real, as in pyshepseg; numbers beyond 32 bits are Real.
    /// @param progress told "attribute table" and the part done
    /// @throws as check(); rios::io_error; rios::cancelled
    void write(statistics_table const& table, rios::progress_function const& progress = {})
    {
        std::vector<std::optional<std::size_t>> found;
        for (auto const& each : table.columns()) {
            found.push_back(detail::existing_column(table_, path_, each, present_));
        }
        auto const rows = static_cast<std::ptrdiff_t>(table.rows());
        if (rows > table_.rows()) table_.resize(rows);
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < found.size(); ++i) {
            auto const& column = table.columns()[i];
            places.push_back(found[i] ? *found[i]
                                      : table_.create_column(
                                            {.name = column.name, .type = detail::attribute_type_of(column.values)}));
        }
        rios::report(progress, "attribute table", 0.0);
        std::vector<double> numbers;
        auto const width = table.columns().size();
        table.for_each_page(0, [&](std::size_t first, std::size_t count, std::span<double const> page) {
            numbers.resize(count);
            for (std::size_t column = 0; column < width; ++column) {
                for (std::size_t row = 0; row < count; ++row) numbers[row] = page[row * width + column];
                table_.write(places[column], static_cast<std::ptrdiff_t>(first), std::span<double const>(numbers));
            }
            rios::report(progress, "attribute table",
                         static_cast<double>(first + count) / static_cast<double>(table.rows()));
        });
        table_.close();
        file_.close();
    }

  private:
    std::string path_;
    rios::gdal_dataset file_;
    rios::attribute_table table_;
    rios::existing present_;
};

/// Writes a table of segments to the attribute table of their file. @throws as statistics_columns
inline void write_statistics_columns(std::string const& labels, statistics_table const& table, rios::existing present,
                                     rios::progress_function const& progress = {})
{
    statistics_columns(labels, present).write(table, progress);
}

} // namespace shepseg
