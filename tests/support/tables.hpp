// SPDX-License-Identifier: BSL-1.0
// Attribute tables made and read with plain GDAL, so that the tests of our layer do not rest on that layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <gdal_priv.h>
#include <gdal_rat.h>

#include "raster_files.hpp"
#include "temporary_directory.hpp"

namespace test {

/// The formats that tests of tables go through, with an extension each; KEA only where GDAL has it.
struct table_format {
    std::string driver;
    std::string extension;
};
inline std::vector<table_format> table_formats()
{
    GDALAllRegister();
    std::vector<table_format> result{{"HFA", ".img"}, {"GTiff", ".tif"}};
    if (GetGDALDriverManager()->GetDriverByName("KEA") != nullptr) result.push_back({"KEA", ".kea"});
    return result;
}

/// A small raster without a table. @returns its path
inline std::string make_tableless(temporary_directory const& folder, table_format const& format,
                                  std::string const& name = "a", GDALDataType type = GDT_Byte, int bands = 1)
{
    auto const path = folder / (name + format.extension);
    create_raster(path, format.driver, 4, 4, bands, type);
    return path;
}

/// A column of a table as plain GDAL gives it, value by value.
inline int plain_column(GDALRasterAttributeTable const& table, std::string_view name)
{
    for (int column = 0; column < table.GetColumnCount(); ++column) {
        if (name == table.GetNameOfCol(column)) return column;
    }
    throw std::runtime_error("no column " + std::string(name));
}

template <typename T>
std::vector<T> plain_values(std::string const& path, std::string_view name, int band = 1)
{
    auto const file = open_raster(path);
    auto const* const table = file->GetRasterBand(band)->GetDefaultRAT();
    if (table == nullptr) throw std::runtime_error("no table in " + path);
    auto const column = plain_column(*table, name);
    std::vector<T> values;
    for (int row = 0; row < table->GetRowCount(); ++row) {
        if constexpr (std::is_same_v<T, std::string>) values.emplace_back(table->GetValueAsString(row, column));
        else if constexpr (std::is_same_v<T, double>) values.push_back(table->GetValueAsDouble(row, column));
        else values.push_back(table->GetValueAsInt(row, column));
    }
    return values;
}

/// A file's table in one line: "5 rows: Histogram(real, PixelCount) name(text, Generic)"; "none".
inline std::string plain_table(std::string const& path, int band = 1)
{
    auto const file = open_raster(path);
    auto const* const table = file->GetRasterBand(band)->GetDefaultRAT();
    if (table == nullptr) return "none";
    std::string text = std::to_string(table->GetRowCount()) + " rows:";
    for (int column = 0; column < table->GetColumnCount(); ++column) {
        text += std::string(" ") + table->GetNameOfCol(column) + '(' + std::to_string(table->GetTypeOfCol(column)) +
                ',' + std::to_string(table->GetUsageOfCol(column)) + ')';
    }
    return text;
}

/// Gives a band a table with plain GDAL, one column at a time; it grows as needed.
template <typename T>
void add_plain_column(std::string const& path, std::string const& name, std::vector<T> const& values,
                      GDALRATFieldUsage usage = GFU_Generic, int band = 1)
{
    auto const file = open_raster(path, GDAL_OF_UPDATE);
    auto& raster = *file->GetRasterBand(band);
    auto* table = raster.GetDefaultRAT();
    GDALDefaultRasterAttributeTable fresh;
    bool const through = table != nullptr && table->ChangesAreWrittenToFile() != FALSE;
    if (!through) {
        if (table != nullptr) fresh = dynamic_cast<GDALDefaultRasterAttributeTable&>(*table);
        table = &fresh;
    }
    auto const rows = static_cast<int>(values.size());
    if (rows > table->GetRowCount()) table->SetRowCount(rows);
    auto const type = std::is_same_v<T, std::string> ? GFT_String : std::is_same_v<T, double> ? GFT_Real : GFT_Integer;
    if (table->CreateColumn(name.c_str(), type, usage) != CE_None) throw std::runtime_error("no column " + name);
    auto const column = table->GetColumnCount() - 1;
    for (int row = 0; row < rows; ++row) {
        if constexpr (std::is_same_v<T, std::string>) {
            table->SetValue(row, column, values[static_cast<std::size_t>(row)].c_str());
        } else {
            table->SetValue(row, column, values[static_cast<std::size_t>(row)]);
        }
    }
    if (!through && raster.SetDefaultRAT(table) != CE_None) throw std::runtime_error("cannot set the table of " + path);
}

/// Gives a file's table a column of each type: "mean", half of the number of the row; "code", that number below 0; "kind".
inline void add_columns_of_all_types(std::string const& path, int rows)
{
    std::vector<double> means;
    std::vector<std::int32_t> codes;
    std::vector<std::string> kinds;
    for (int row = 0; row < rows; ++row) {
        means.push_back(row / 2.0);
        codes.push_back(-row);
        kinds.push_back("kind " + std::to_string(row));
    }
    add_plain_column(path, "mean", means);
    add_plain_column(path, "code", codes);
    add_plain_column(path, "kind", kinds);
}

} // namespace test
