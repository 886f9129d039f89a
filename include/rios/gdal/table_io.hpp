// SPDX-License-Identifier: BSL-1.0
//
// Whole columns of attribute tables, in one call.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "attribute_table.hpp"
#include "dataset.hpp"
#include "table_change.hpp"
#include "table_column.hpp"

namespace rios {

/// All rows of a column of a band's attribute table.
/// @throws options_error if there is no such band or column, or it holds text and T is a number
/// @throws io_error
template <TableValue T>
[[nodiscard]] std::vector<T> read_column(gdal_dataset const& file, std::string const& name, int band_number = 1)
{
    return attribute_table(file, band_number).read<T>(name);
}
template <TableValue T>
[[nodiscard]] std::vector<T> read_column(std::string const& path, std::string const& name, int band_number = 1)
{
    return read_column<T>(gdal_dataset::open(path), name, band_number);
}

/// What write_column may be told.
struct write_column_options {
    /// The band, from 1.
    int band = 1;
    /// What a column that is created is for.
    column_usage usage = column_usage::generic;
};

/// Writes values to the rows of a column from 0 on. If there is no column of that name, it is created: integer, real or
/// text, as the values are. A table with fewer rows grows. Rows beyond the values keep what they hold.
/// @param file open for writing; closing it is what writes the last bytes
/// @throws options_error if there is no such band; see attribute_table::write and create_column
/// @throws io_error
template <TableValue T>
void write_column(gdal_dataset& file, std::string const& name, std::vector<T> const& values,
                  write_column_options const& options = {})
{
    attribute_table table(file, options.band);
    auto const count = std::ssize(values);
    if (count > table.rows()) table.resize(count);
    table_column const wanted{.name = name, .type = column_type_of<T>, .usage = options.usage};
    auto const found = table.find(name);
    auto const column = found ? *found : table.create_column(wanted);
    table.write(column, 0, std::span<T const>(values));
    table.close();
}

/// Writes a column of a file that exists. Formats that keep tables in their files are changed in place, so an interrupted
/// call leaves a part of the values.
template <TableValue T>
void write_column(std::string const& path, std::string const& name, std::vector<T> const& values,
                  write_column_options const& options = {})
{
    auto file = gdal_dataset::open_for_update(path);
    table_change change(file);
    write_column(file, name, values, options);
    change.finish();
}

} // namespace rios
