// SPDX-License-Identifier: BSL-1.0
//
// The raster attribute table of a thematic band: one row for each pixel value, from 0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gdal_priv.h>
#include <gdal_rat.h>

#include "../error.hpp"
#include "call.hpp"
#include "dataset.hpp"

namespace rios {

/// Does a format (short name of its GDAL driver) keep attribute tables inside its files, column by column, so that a
/// table of millions of rows is no burden? Other formats put them into an XML file beside the raster.
[[nodiscard]] inline bool keeps_attribute_tables(std::string_view format)
{
    return format == "HFA" || format == "KEA";
}

/// Writes the number of pixels of each value as the attribute table's column "Histogram" (real numbers, usage
/// PixelCount). The table then has counts.size() rows.
/// @param counts pixels of the value that is the index
/// @throws options_error if there is no such band, or more values than a table can have rows
/// @throws io_error
inline void write_histogram(gdal_dataset& file, int band_number, std::span<std::uint64_t const> counts)
{
    auto& band = file.band(band_number);
    if (counts.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        throw options_error(file.path() + ": an attribute table of " + std::to_string(counts.size()) +
                            " rows; GDAL allows " + std::to_string(std::numeric_limits<int>::max()));
    }
    gdal_errors const errors;
    auto const require = [&](bool succeeded) {
        errors.check(succeeded, file.path(), "cannot write the attribute table", file.raw()->GetDescription());
    };
    // Formats that keep tables offer theirs, which writes through; the others take a finished copy at the end.
    auto* const own = band.GetDefaultRAT();
    bool const writes_through = own != nullptr && own->ChangesAreWrittenToFile() != FALSE;
    std::unique_ptr<GDALRasterAttributeTable> detached;
    if (!writes_through) detached.reset(own == nullptr ? new GDALDefaultRasterAttributeTable : own->Clone());
    GDALRasterAttributeTable& table = writes_through ? *own : *detached;
    table.SetRowCount(static_cast<int>(counts.size()));
    int column = table.GetColOfUsage(GFU_PixelCount);
    if (column < 0) {
        require(table.CreateColumn("Histogram", GFT_Real, GFU_PixelCount) == CE_None);
        column = table.GetColumnCount() - 1;
    }
    std::vector<double> values(std::min<std::size_t>(counts.size(), 65536));
    for (std::size_t first = 0; first < counts.size(); first += values.size()) {
        auto const part = counts.subspan(first, std::min(values.size(), counts.size() - first));
        std::transform(part.begin(), part.end(), values.begin(), [](auto count) { return static_cast<double>(count); });
        require(table.ValuesIO(GF_Write, column, static_cast<int>(first), static_cast<int>(part.size()),
                               values.data()) == CE_None);
    }
    if (!writes_through) require(band.SetDefaultRAT(&table) == CE_None);
    require(true);
}

} // namespace rios
