// SPDX-License-Identifier: BSL-1.0
//
// Colour tables of bands in files: as columns of the attribute table, or as what GDAL calls a colour table.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gdal_priv.h>

#include "../colour_table.hpp"
#include "../error.hpp"
#include "../pixel_type.hpp"
#include "attribute_table.hpp"
#include "call.hpp"
#include "dataset.hpp"
#include "table_change.hpp"
#include "table_column.hpp"
#include "table_rules.hpp"

namespace rios {

/// Where a file has its colours.
enum class colour_store {
    automatic, ///< where the format has them: columns in HFA and KEA, else the palette of bands of uint8 and uint16
    attribute_table, ///< the columns Red, Green, Blue and Alpha (in HFA Opacity), or those of that usage
    palette,         ///< GDAL's colour table. For uint8 and uint16 only; in GTiff without alpha, filled up with black
};

namespace detail {

struct colour_column {
    column_usage usage;
    char const* name;
    std::uint8_t colour::*channel;
};
inline constexpr std::array<colour_column, 4> colour_columns{{{column_usage::red, "Red", &colour::red},
                                                              {column_usage::green, "Green", &colour::green},
                                                              {column_usage::blue, "Blue", &colour::blue},
                                                              {column_usage::alpha, "Alpha", &colour::alpha}}};

/// The place of a colour's column, by usage, or else by name.
inline std::optional<std::size_t> find_colour(attribute_table const& table, colour_column const& wanted)
{
    auto const by_usage = table.find(wanted.usage);
    return by_usage ? by_usage : table.find(wanted.name);
}

/// How many colours a palette has at most: one for each pixel value. None if the type cannot have one.
inline std::optional<std::size_t> palette_size(GDALRasterBand& band)
{
    if (band.GetRasterDataType() == GDT_Byte) return 256;
    if (band.GetRasterDataType() == GDT_UInt16) return 65536;
    return {};
}

inline bool has_colour_columns(attribute_table const& table)
{
    bool all = true; // alpha may be missing
    for (auto const& each : std::span(colour_columns).first(3)) all = all && find_colour(table, each).has_value();
    return all;
}

inline colour_table read_colour_columns(attribute_table const& table)
{
    colour_table result(static_cast<std::size_t>(table.rows()));
    auto const columns = table.columns();
    for (auto const& wanted : colour_columns) {
        auto const place = find_colour(table, wanted);
        if (!place) continue;
        bool const is_real = columns[*place].type == column_type::real;
        std::vector<double> values(result.size());
        table.read(*place, 0, std::span(values));
        for (std::size_t row = 0; row < values.size(); ++row) {
            auto const value = is_real ? std::round(values[row] * 255) : values[row];
            if (!(value >= 0 && value <= 255)) {
                throw options_error(table.where() + ": column '" + columns[*place].name + "', row " +
                                    std::to_string(row) + ": " + number_text(values[row]) +
                                    " is no colour; allowed: " + (is_real ? "0 to 1" : "0 to 255"));
            }
            result[row].*wanted.channel = static_cast<std::uint8_t>(value);
        }
    }
    return result;
}

inline void write_colour_columns(attribute_table& table, colour_table const& colours)
{
    if (std::ssize(colours) > table.rows()) table.resize(std::ssize(colours));
    for (auto const& wanted : colour_columns) {
        auto const found = find_colour(table, wanted);
        auto const place =
            found ? *found
                  : table.create_column({.name = wanted.name, .type = column_type::integer, .usage = wanted.usage});
        bool const is_real = table.columns()[place].type == column_type::real;
        std::vector<double> values;
        values.reserve(colours.size());
        for (auto const& each : colours) {
            auto const value = static_cast<double>(each.*wanted.channel);
            values.push_back(is_real ? value / 255 : value);
        }
        table.write(place, 0, std::span<double const>(values));
    }
    table.close();
}

inline colour_table read_palette(GDALRasterBand& band)
{
    gdal_errors const quiet;
    colour_table result;
    auto* const palette = band.GetColorTable();
    for (int index = 0; palette != nullptr && index < palette->GetColorEntryCount(); ++index) {
        GDALColorEntry entry{};
        palette->GetColorEntryAsRGB(index, &entry);
        result.push_back({.red = static_cast<std::uint8_t>(entry.c1),
                          .green = static_cast<std::uint8_t>(entry.c2),
                          .blue = static_cast<std::uint8_t>(entry.c3),
                          .alpha = static_cast<std::uint8_t>(entry.c4)});
    }
    return result;
}

inline void write_palette(gdal_dataset& file, int band_number, colour_table const& colours)
{
    auto& band = file.band(band_number);
    auto const where = file.path() + ": band " + std::to_string(band_number);
    auto const most = palette_size(band);
    if (!most) {
        throw options_error(where + ": a palette is for pixels of type uint8 and uint16, not " +
                            GDALGetDataTypeName(band.GetRasterDataType()) +
                            "; colours can be columns of the attribute table");
    }
    if (colours.size() > *most) {
        throw options_error(where + ": " + std::to_string(colours.size()) + " colours; a palette has room for " +
                            std::to_string(*most));
    }
    if (file.raw()->GetAccess() != GA_Update) {
        throw io_error(file.path(), "band " + std::to_string(band_number) +
                                        ": the colour table cannot be changed: the file is open for reading only");
    }
    GDALColorTable palette;
    for (std::size_t index = 0; index < colours.size(); ++index) {
        auto const& from = colours[index];
        GDALColorEntry const entry{from.red, from.green, from.blue, from.alpha};
        palette.SetColorEntry(static_cast<int>(index), &entry);
    }
    gdal_errors const errors;
    errors.check(band.SetColorTable(&palette) == CE_None, file.path(),
                 "band " + std::to_string(band_number) + ": cannot write the colour table",
                 file.raw()->GetDescription());
}

} // namespace detail

/// The colours of a band's values; empty if it has none. Without a column for alpha they are opaque. Integers are 0 to 255,
/// reals 0 to 1.
/// @param store automatic: the columns if there are any, else the palette
/// @throws options_error if there is no such band, or a column holds other numbers
/// @throws io_error
[[nodiscard]] inline colour_table read_colour_table(gdal_dataset const& file, int band_number = 1,
                                                    colour_store store = colour_store::automatic)
{
    auto& band = file.band(band_number);
    if (store != colour_store::palette) {
        attribute_table const table(file, band_number);
        if (detail::has_colour_columns(table)) return detail::read_colour_columns(table);
        if (store == colour_store::attribute_table) return {};
    }
    return detail::read_palette(band);
}
[[nodiscard]] inline colour_table read_colour_table(std::string const& path, int band_number = 1,
                                                    colour_store store = colour_store::automatic)
{
    return read_colour_table(gdal_dataset::open(path), band_number, store);
}

/// Gives the values of a band their colours, from 0 on. Columns that are missing are created; an attribute table that is
/// shorter grows, and the rows of a longer one keep what they hold.
/// @param file open for writing; closing it is what writes the last bytes
/// @throws options_error if there is no such band, or there are more colours than the format has room for
/// @throws io_error
inline void write_colour_table(gdal_dataset& file, colour_table const& colours, int band_number = 1,
                               colour_store store = colour_store::automatic)
{
    if (store == colour_store::automatic) {
        bool const has_palette =
            !keeps_attribute_tables(file.format()) && detail::palette_size(file.band(band_number)).has_value();
        store = has_palette ? colour_store::palette : colour_store::attribute_table;
    }
    if (store == colour_store::palette) return detail::write_palette(file, band_number, colours);
    attribute_table table(file, band_number);
    detail::write_colour_columns(table, colours);
}
inline void write_colour_table(std::string const& path, colour_table const& colours, int band_number = 1,
                               colour_store store = colour_store::automatic)
{
    auto file = gdal_dataset::open_for_update(path);
    table_change change(file);
    write_colour_table(file, colours, band_number, store);
    change.finish();
}

} // namespace rios
