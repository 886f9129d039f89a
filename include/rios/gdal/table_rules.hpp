// SPDX-License-Identifier: BSL-1.0
//
// What formats make of the columns of an attribute table, found by trying: GDAL's drivers do not say it, and where they
// cannot do what was asked they spoil the table without a word. For attribute_table.hpp.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
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

/// What a table adds to its file when it gets columns, or more rows.
struct table_growth {
    std::ptrdiff_t rows = 0;       ///< of the table then
    std::size_t columns = 0;       ///< of the table then
    std::uintmax_t bytes = 0;      ///< about; text counts as numbers
    std::uintmax_t last_bytes = 0; ///< of these, in the last column
};

/// @param rows_before a table that gets more rows than these is copied behind all else in the file
[[nodiscard]] inline table_growth growth_of(std::string_view format, std::size_t present, std::size_t added,
                                            std::ptrdiff_t rows_before, std::ptrdiff_t rows)
{
    bool const is_text = !keeps_attribute_tables(format); // which is written anew in any case
    std::uintmax_t const value = is_text ? 16 : 8;        // "<F>0</F>" and what is around it
    auto const written = added + (is_text || rows > rows_before ? present : 0);
    auto const column = value * static_cast<std::uintmax_t>(rows);
    return {
        .rows = rows, .columns = present + added, .bytes = written * column, .last_bytes = written > 0 ? column : 0};
}

/// HFA counts the bytes before a column in 31 bits; what begins further on is written over other data.
/// @param end bytes of the file until now
/// @throws options_error
inline void require_room(std::string const& where, std::string_view format, table_growth const& growth,
                         std::uintmax_t end)
{
    constexpr std::uintmax_t largest = (std::uintmax_t{1} << 31) - 1;
    if (format != "HFA" || growth.bytes == 0 || end + growth.bytes - growth.last_bytes <= largest) return;
    throw options_error(where + ": an attribute table of " + std::to_string(growth.rows) + " rows and " +
                        std::to_string(growth.columns) +
                        " columns; HFA files have room for 2 GiB before the last column, with all else that is in them "
                        "(KEA has no such limit)");
}

/// A disk that gets full leaves a table in a file half changed.
/// @param free bytes on the disk
/// @throws io_error
inline void require_space(std::string const& path, table_growth const& growth, std::uintmax_t free)
{
    constexpr std::uintmax_t spare = 65536; // what names and types take
    auto const needed = growth.bytes + spare;
    if (growth.bytes == 0 || free >= needed) return;
    throw io_error(path, "cannot be changed: the attribute table needs " + std::to_string(needed) +
                             " bytes more, and the disk has " + std::to_string(free) + " left");
}

} // namespace detail

} // namespace rios
