// SPDX-License-Identifier: BSL-1.0
//
// What a column of a raster attribute table is: name, type, usage. The words of attribute_table.hpp and of everything
// built on it.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <gdal_priv.h>
#include <gdal_rat.h>

namespace rios {

/// What the values of a column are.
enum class column_type {
    integer, ///< std::int32_t
    real,    ///< double
    text,    ///< std::string, by convention UTF-8; what newer GDAL has besides (dates, shapes) reads as text too
};

/// What a column is for. Of the special usages a table has one column each.
enum class column_usage {
    generic,     ///< anything
    pixel_count, ///< number of pixels with the row's value: the histogram
    name,        ///< name of the class
    minimum,     ///< lower bound of the class
    maximum,     ///< upper bound of the class
    value,       ///< the pixel value itself (minimum and maximum in one)
    red,         ///< colour, 0 to 255; as real numbers 0 to 1
    green,
    blue,
    alpha, ///< 255, or 1, is opaque
    red_minimum,
    green_minimum,
    blue_minimum,
    alpha_minimum,
    red_maximum,
    green_maximum,
    blue_maximum,
    alpha_maximum,
};

/// A column as the file has it.
struct table_column {
    std::string name;
    column_type type = column_type::real;
    column_usage usage = column_usage::generic;

    friend bool operator==(table_column const&, table_column const&) = default;
};

/// The types that values of a table have in memory.
template <typename T>
concept TableValue = std::same_as<T, std::int32_t> || std::same_as<T, double> || std::same_as<T, std::string>;

/// The type of the column that holds every T.
template <TableValue T>
inline constexpr column_type column_type_of = std::is_same_v<T, std::int32_t> ? column_type::integer
                                              : std::is_same_v<T, double>     ? column_type::real
                                                                              : column_type::text;

/// A column that a program asks for: what values it wants, under which name. `rios::column<double>("hectares")`.
template <TableValue T>
struct column {
    using value_type = T;

    /// @param usage of a column that is created
    explicit column(std::string column_name, column_usage column_use = column_usage::generic)
        : name(std::move(column_name)), usage(column_use)
    {
    }

    std::string name;
    column_usage usage;
};

/// The type as a word in messages.
[[nodiscard]] constexpr std::string_view name_of(column_type type) noexcept
{
    switch (type) {
    case column_type::integer: return "integer";
    case column_type::real: return "real";
    case column_type::text: return "text";
    }
    return "unknown";
}

namespace detail {

struct usage_entry {
    column_usage usage;
    GDALRATFieldUsage gdal;
    std::string_view name;
};

inline constexpr std::array<usage_entry, 18> usage_entries{{
    {column_usage::generic, GFU_Generic, "Generic"},
    {column_usage::pixel_count, GFU_PixelCount, "PixelCount"},
    {column_usage::name, GFU_Name, "Name"},
    {column_usage::minimum, GFU_Min, "Min"},
    {column_usage::maximum, GFU_Max, "Max"},
    {column_usage::value, GFU_MinMax, "MinMax"},
    {column_usage::red, GFU_Red, "Red"},
    {column_usage::green, GFU_Green, "Green"},
    {column_usage::blue, GFU_Blue, "Blue"},
    {column_usage::alpha, GFU_Alpha, "Alpha"},
    {column_usage::red_minimum, GFU_RedMin, "RedMin"},
    {column_usage::green_minimum, GFU_GreenMin, "GreenMin"},
    {column_usage::blue_minimum, GFU_BlueMin, "BlueMin"},
    {column_usage::alpha_minimum, GFU_AlphaMin, "AlphaMin"},
    {column_usage::red_maximum, GFU_RedMax, "RedMax"},
    {column_usage::green_maximum, GFU_GreenMax, "GreenMax"},
    {column_usage::blue_maximum, GFU_BlueMax, "BlueMax"},
    {column_usage::alpha_maximum, GFU_AlphaMax, "AlphaMax"},
}};

} // namespace detail

/// The usage as GDAL and RIOS call it: Generic, PixelCount, Name, Min, Red, ...
[[nodiscard]] inline std::string_view name_of(column_usage usage) noexcept
{
    return detail::usage_entries[static_cast<std::size_t>(usage)].name;
}

/// The usage for GDAL.
[[nodiscard]] inline GDALRATFieldUsage gdal_usage_of(column_usage usage) noexcept
{
    return detail::usage_entries[static_cast<std::size_t>(usage)].gdal;
}

/// The usage that GDAL means; one that rios does not know counts as generic.
[[nodiscard]] inline column_usage usage_of(GDALRATFieldUsage usage) noexcept
{
    for (auto const& each : detail::usage_entries) {
        if (each.gdal == usage) return each.usage;
    }
    return column_usage::generic;
}

/// The type for GDAL.
[[nodiscard]] constexpr GDALRATFieldType gdal_type_of(column_type type) noexcept
{
    switch (type) {
    case column_type::integer: return GFT_Integer;
    case column_type::real: return GFT_Real;
    case column_type::text: return GFT_String;
    }
    return GFT_String;
}

/// The type that GDAL means.
[[nodiscard]] constexpr column_type column_type_of_gdal(GDALRATFieldType type) noexcept
{
    if (type == GFT_Integer) return column_type::integer;
    return type == GFT_Real ? column_type::real : column_type::text;
}

} // namespace rios
