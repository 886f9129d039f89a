// SPDX-License-Identifier: BSL-1.0
//
// What formats make of the columns of an attribute table, found by trying: GDAL's drivers do not say it, and where they
// cannot do what was asked they spoil the table without a word. For attribute_table.hpp.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../error.hpp"
#include "table_column.hpp"

namespace rios {

/// Does a format (short name of its GDAL driver) keep attribute tables inside its files, column by column, so that a
/// table of millions of rows is no burden? Other formats put them into an XML file beside the raster.
[[nodiscard]] inline bool keeps_attribute_tables(std::string_view format)
{
    return format == "HFA" || format == "KEA";
}

namespace detail {

/// Can rows be cut off a table?
[[nodiscard]] inline bool cuts_rows(std::string_view format)
{
    return format != "KEA";
}

/// The name under which a format keeps a column. HFA knows the usage of a column by its name alone.
[[nodiscard]] inline std::string stored_name(std::string_view format, table_column const& column)
{
    if (format != "HFA") return column.name;
    switch (column.usage) {
    case column_usage::pixel_count: return "Histogram";
    case column_usage::name: return "Class_Names";
    case column_usage::red: return "Red";
    case column_usage::green: return "Green";
    case column_usage::blue: return "Blue";
    case column_usage::alpha: return "Opacity";
    default: return column.name;
    }
}

/// @param where "FILE: band 1"
/// @throws options_error if the name does not come out of the file as it went in, or is there already
inline void require_name(std::string const& where, std::string_view format, std::vector<table_column> const& present,
                         table_column const& wanted)
{
    auto const name = stored_name(format, wanted);
    bool const printable = std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::iscntrl(c) != 0; });
    if (name.empty() || !printable) {
        throw options_error(where + ": column '" + (printable ? name : std::string("?")) +
                            "': a name must not be empty, nor have control characters");
    }
    constexpr std::size_t longest = 63;
    if (format == "HFA" && name.size() > longest) {
        throw options_error(std::string(where).append(": column '").append(name).append("': the name has ") +
                            std::to_string(name.size()) + " bytes; HFA files have room for " + std::to_string(longest));
    }
    auto const same = [&](std::string const& a, std::string const& b) {
        if (format != "HFA") return a == b;
        // To HFA, "A" is the column "a", whose values it would then share.
        return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                          [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
    };
    for (auto const& each : present) {
        if (!same(each.name, name)) continue;
        throw options_error(std::string(where).append(": column '").append(name).append("': there is a column '") +
                            each.name + "' already");
    }
}

/// HFA counts the bytes before a column in 31 bits; what begins further on is written over other data.
/// @param columns that come before the last one
/// @throws options_error
inline void require_room(std::string const& where, std::string_view format, std::ptrdiff_t rows, std::size_t columns)
{
    constexpr std::ptrdiff_t largest = (std::ptrdiff_t{1} << 31) - 1;
    constexpr std::ptrdiff_t value_size = 8;
    if (format != "HFA" || columns == 0 || rows <= largest / value_size / static_cast<std::ptrdiff_t>(columns)) return;
    throw options_error(where + ": an attribute table of " + std::to_string(rows) + " rows and " +
                        std::to_string(columns + 1) +
                        " columns; HFA files have room for 2 GiB before the last column (KEA has no such limit)");
}

} // namespace detail

} // namespace rios
