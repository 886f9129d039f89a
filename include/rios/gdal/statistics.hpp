// SPDX-License-Identifier: BSL-1.0
//
// Statistics of a band as the metadata that GDAL, QGIS and RIOS look for, so that nobody needs to read the pixels again.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gdal_priv.h>

#include "../band_histogram.hpp"
#include "../error.hpp"
#include "../statistics.hpp"
#include "attribute_table.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"

namespace rios {

/// Writes STATISTICS_MINIMUM, _MAXIMUM, _MEAN, _STDDEV, _MODE, _MEDIAN, _SKIPFACTORX and Y (1: every pixel was counted)
/// and _HISTOBINFUNCTION (direct: a bin for each value) to a band of a file that is open for writing. The numbers read
/// back as the same. Nothing is written for a band that is all null.
/// @throws options_error if there is no such band
/// @throws io_error
inline void write_statistics(gdal_dataset& file, int band_number, std::optional<histogram_statistics> const& statistics)
{
    auto& band = file.band(band_number);
    if (!statistics) return;
    gdal_errors const errors;
    auto const write = [&](char const* name, std::string const& value) {
        errors.check(band.SetMetadataItem(name, value.c_str()) == CE_None, file.path(), "cannot write statistics",
                     file.raw()->GetDescription());
    };
    write("STATISTICS_MINIMUM", std::to_string(statistics->minimum));
    write("STATISTICS_MAXIMUM", std::to_string(statistics->maximum));
    write("STATISTICS_MEAN", detail::number_text(statistics->mean));
    write("STATISTICS_STDDEV", detail::number_text(statistics->standard_deviation));
    write("STATISTICS_MODE", std::to_string(statistics->mode));
    write("STATISTICS_MEDIAN", std::to_string(statistics->median));
    write("STATISTICS_SKIPFACTORX", "1");
    write("STATISTICS_SKIPFACTORY", "1");
    write("STATISTICS_HISTOBINFUNCTION", "direct");
}

/// The metadata that statistics and histograms are.
inline constexpr std::array<char const*, 15> statistics_items{
    "STATISTICS_MINIMUM",        "STATISTICS_MAXIMUM",          "STATISTICS_MEAN",
    "STATISTICS_STDDEV",         "STATISTICS_MEDIAN",           "STATISTICS_MODE",
    "STATISTICS_SKIPFACTORX",    "STATISTICS_SKIPFACTORY",      "STATISTICS_APPROXIMATE",
    "STATISTICS_EXCLUDEDVALUES", "STATISTICS_HISTOMIN",         "STATISTICS_HISTOMAX",
    "STATISTICS_HISTONUMBINS",   "STATISTICS_HISTOBINFUNCTION", "STATISTICS_HISTOBINVALUES"};

/// Are statistics those of all pixels, or of a sample?
enum class counted_pixels : std::uint8_t { all, some };

/// Writes what is known about the pixels of a band to a file that is open for writing, as RIOS does: STATISTICS_MINIMUM,
/// _MAXIMUM, _MEAN and _STDDEV; of the histogram _HISTOBINVALUES (numbers, each followed by '|'), _HISTOMIN, _HISTOMAX,
/// _HISTONUMBINS, _HISTOBINFUNCTION (direct or linear), _MEDIAN and _MODE; with either, _EXCLUDEDVALUES (the null value, if
/// there is one; not in HFA) and _SKIPFACTORX and Y (1), or _APPROXIMATE (YES). The numbers read back as the same; in HFA they
/// are kept exactly, but GDAL shows 14 digits of them.
///
/// A direct histogram from 0 goes to the attribute table's column "Histogram" where the format keeps tables (HFA has any
/// histogram there). Tables keep their rows, and there each row is a bin. Where the format keeps none, a column of pixel counts
/// that the band has nevertheless is made anew, with 0 in all rows if the histogram is not a direct one from 0. Nothing else is
/// written for a band that is all null.
/// @throws options_error if there is no such band
/// @throws io_error
inline void write_statistics(gdal_dataset& file, int band_number, std::optional<band_statistics> const& statistics,
                             std::optional<band_histogram> const& histogram, std::optional<double> null_value,
                             counted_pixels counted = counted_pixels::all)
{
    auto& band = file.band(band_number);
    for (char const* const name : statistics_items) {
        // What older pixels had; not touched otherwise, as that alone may make a file beside the raster.
        if (band.GetMetadataItem(name) != nullptr) band.SetMetadataItem(name, nullptr);
    }
    std::size_t rows = 0;
    bool has_column = false;
    {
        attribute_table const table(file, band_number);
        rows = static_cast<std::size_t>(table.rows());
        has_column = table.find(column_usage::pixel_count).has_value();
    }
    // A column that is there must not go on telling what older pixels were.
    if (!histogram && has_column) write_histogram(file, band_number, {});
    if (!statistics && !histogram) return;
    auto const write = [&](char const* name, std::string const& value) {
        gdal_errors const errors;
        errors.check(band.SetMetadataItem(name, value.c_str()) == CE_None, file.path(), "cannot write statistics",
                     file.raw()->GetDescription());
    };
    auto const number = [](double value) { return detail::number_text(value); };
    if (statistics) {
        write("STATISTICS_MINIMUM", number(statistics->minimum));
        write("STATISTICS_MAXIMUM", number(statistics->maximum));
        write("STATISTICS_MEAN", number(statistics->mean));
        write("STATISTICS_STDDEV", number(statistics->standard_deviation));
    }
    // GDAL's HFA driver does not keep this one: it would be read back as an empty text.
    bool const is_hfa = file.format() == "HFA";
    if (null_value && !is_hfa) write("STATISTICS_EXCLUDEDVALUES", number(*null_value));
    if (counted == counted_pixels::some) {
        write("STATISTICS_APPROXIMATE", "YES");
    } else {
        write("STATISTICS_SKIPFACTORX", "1");
        write("STATISTICS_SKIPFACTORY", "1");
    }
    if (!histogram) return;
    bool const keeps = keeps_attribute_tables(file.format());
    bool const fits_table = histogram->direct && histogram->minimum == 0;
    auto counts = histogram->counts;
    auto maximum = histogram->maximum;
    if (keeps && rows > counts.size()) { // which has any histogram in its table
        auto const bins = static_cast<double>(histogram->direct ? rows - 1 : rows);
        maximum = histogram->minimum + histogram->step() * bins;
        counts.resize(rows);
    }
    write("STATISTICS_HISTOMIN", number(histogram->minimum));
    write("STATISTICS_HISTOMAX", number(maximum));
    write("STATISTICS_HISTONUMBINS", std::to_string(counts.size()));
    write("STATISTICS_HISTOBINFUNCTION", histogram->direct ? "direct" : "linear");
    write("STATISTICS_MEDIAN", number(histogram->median));
    write("STATISTICS_MODE", number(histogram->mode));
    // HFA rewrites what it has as text, and does so without regard to other columns.
    constexpr std::size_t most_as_text = 65536;
    bool const as_column = is_hfa ? rows > 0 || counts.size() > most_as_text : keeps && fits_table;
    if (as_column) {
        write_histogram(file, band_number, counts);
        return;
    }
    if (has_column) write_histogram(file, band_number, fits_table ? counts : std::vector<std::uint64_t>{});
    std::string text;
    for (auto const count : counts) text += std::to_string(count) + '|';
    write("STATISTICS_HISTOBINVALUES", text);
}

} // namespace rios
