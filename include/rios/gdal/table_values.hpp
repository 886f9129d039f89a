// SPDX-License-Identifier: BSL-1.0
//
// A range of rows of one column, between memory and GDAL's table. For attribute_table.hpp, which checks what is asked for.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <cpl_conv.h>
#include <gdal_priv.h>
#include <gdal_rat.h>

#include "table_column.hpp"

namespace rios::detail {

/// Can a range of values be handed to the table at once? GDAL's tables in memory take ranges, but up to 3.6 and beyond
/// they go wrong, out of bounds, unless the range begins at row 0.
[[nodiscard]] inline bool takes_ranges(GDALRasterAttributeTable& table)
{
    return table.ChangesAreWrittenToFile() != FALSE;
}

/// Reads the rows from `row` on. @pre they exist, and values is not empty
template <TableValue T>
[[nodiscard]] CPLErr read_values(GDALRasterAttributeTable& table, int column, int row, std::span<T> values)
{
    auto const count = static_cast<int>(values.size());
    if (!takes_ranges(table)) {
        for (auto& value : values) {
            if constexpr (std::same_as<T, std::string>) value = table.GetValueAsString(row, column);
            else if constexpr (std::same_as<T, double>) value = table.GetValueAsDouble(row, column);
            else value = table.GetValueAsInt(row, column);
            ++row;
        }
        return CE_None;
    }
    if constexpr (std::same_as<T, std::string>) {
        struct freed_texts {
            std::vector<char*> list;
            explicit freed_texts(std::size_t size) : list(size) {}
            freed_texts(freed_texts const&) = delete;
            freed_texts& operator=(freed_texts const&) = delete;
            ~freed_texts()
            {
                for (auto* const each : list) CPLFree(each);
            }
        } texts(values.size());
        auto const result = table.ValuesIO(GF_Read, column, row, count, texts.list.data());
        std::transform(texts.list.begin(), texts.list.end(), values.begin(),
                       [](char const* text) { return text == nullptr ? std::string() : std::string(text); });
        return result;
    } else {
        return table.ValuesIO(GF_Read, column, row, count, values.data());
    }
}

/// Writes the rows from `row` on. @pre they exist, and values is not empty
template <TableValue T>
[[nodiscard]] CPLErr write_values(GDALRasterAttributeTable& table, int column, int row, std::span<T const> values)
{
    auto const count = static_cast<int>(values.size());
    if (!takes_ranges(table)) {
        for (auto const& value : values) {
            if constexpr (std::same_as<T, std::string>) table.SetValue(row, column, value.c_str());
            else table.SetValue(row, column, value);
            ++row;
        }
        return CE_None;
    }
    // GDAL has one function for both directions, so nothing it takes is const.
    if constexpr (std::same_as<T, std::string>) {
        std::vector<char*> texts;
        texts.reserve(values.size());
        for (auto const& text : values) texts.push_back(const_cast<char*>(text.c_str()));
        return table.ValuesIO(GF_Write, column, row, count, texts.data());
    } else {
        return table.ValuesIO(GF_Write, column, row, count, const_cast<T*>(values.data()));
    }
}

} // namespace rios::detail
