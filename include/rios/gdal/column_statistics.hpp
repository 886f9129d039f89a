// SPDX-License-Identifier: BSL-1.0
//
// Statistics of the columns of an attribute table: of the pixels that have the values, or of the rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../error.hpp"
#include "../weighted_statistics.hpp"
#include "attribute_table.hpp"
#include "dataset.hpp"
#include "table_column.hpp"

namespace rios {

/// What counts, and how often.
struct column_statistics_options {
    enum class weights {
        histogram, ///< each row as often as it has pixels: the column of usage PixelCount
        rows,      ///< each row once
    };
    weights weighted_by = weights::histogram;

    enum class null_row {
        skipped, ///< the row of the band's null value does not count
        counted,
    };
    null_row null = null_row::skipped;

    /// Are median and mode wanted? They take 16 bytes for each row.
    weighted_statistics::extent extent = weighted_statistics::extent::moments;
    /// The band, from 1.
    int band = 1;
    /// Rows in memory at a time.
    std::ptrdiff_t page = 65536;
};

/// Statistics of a column of numbers. None if nothing counts: an empty table, no pixels, only nulls. NaN does not count.
/// @throws options_error if there is no such band or column, it holds text, or there is no column of usage PixelCount to
///         weight by
/// @throws io_error
[[nodiscard]] inline std::optional<number_statistics>
column_statistics(gdal_dataset const& file, std::string const& name, column_statistics_options const& options = {})
{
    using choice = column_statistics_options;
    if (options.page < 1) {
        throw options_error("column_statistics: page " + std::to_string(options.page) + ": must be at least 1");
    }
    attribute_table const table(file, options.band);
    auto const column = table.index_of(name);
    std::optional<std::size_t> pixels;
    if (options.weighted_by == choice::weights::histogram) {
        pixels = table.find(column_usage::pixel_count);
        if (!pixels) {
            throw options_error(table.where() +
                                ": there is no column of usage PixelCount to weight by; statistics of rows need none");
        }
    }
    auto const null = options.null == choice::null_row::skipped ? file.null_value(options.band) : std::nullopt;
    weighted_statistics statistics(options.extent);
    std::vector<double> values;
    std::vector<double> weights;
    for (std::ptrdiff_t first = 0; first < table.rows(); first += options.page) {
        auto const count = static_cast<std::size_t>(std::min(options.page, table.rows() - first));
        values.resize(count);
        table.read(column, first, std::span(values));
        weights.assign(count, 1.0);
        if (pixels) table.read(*pixels, first, std::span(weights));
        for (std::size_t i = 0; i < count; ++i) {
            if (null && *null == static_cast<double>(first) + static_cast<double>(i)) continue;
            statistics.add(values[i], weights[i]);
        }
    }
    return statistics.result();
}
[[nodiscard]] inline std::optional<number_statistics>
column_statistics(std::string const& path, std::string const& name, column_statistics_options const& options = {})
{
    return column_statistics(gdal_dataset::open(path), name, options);
}

} // namespace rios
