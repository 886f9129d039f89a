// SPDX-License-Identifier: BSL-1.0
//
// Statistics that a band's file holds, by whatever wrote them: GDAL, RIOS, rios. Writing: statistics.hpp.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <gdal_priv.h>
#include <gdal_rat.h>

#include "call.hpp"

namespace rios {

/// How often the values of a band occur.
struct stored_histogram {
    /// Pixels in each bin, from the lowest on: the column of pixel counts of the attribute table, or else what the
    /// metadata says. Empty if neither does.
    std::vector<double> counts{};
    std::optional<double> minimum{};       ///< where the first bin begins, or its value
    std::optional<double> maximum{};       ///< where the last bin ends, or its value
    std::optional<std::int64_t> bins{};    ///< their number, as the metadata gives it
    std::optional<std::string> function{}; ///< "direct": a bin for each value, "linear": bins of equal width
};

/// Statistics as they are stored; nothing is computed. What is missing, or is no finite number, is none.
struct stored_statistics {
    std::optional<double> minimum{};
    std::optional<double> maximum{};
    std::optional<double> mean{};
    std::optional<double> standard_deviation{};
    std::optional<double> median{};
    std::optional<double> mode{};
    std::optional<double> skip_factor_x{}; ///< every how many-th column was looked at
    std::optional<double> skip_factor_y{}; ///< every how many-th row was
    bool approximate = false;              ///< do they come from a part of the pixels?
    stored_histogram histogram{};

    /// @pre the band is of an open file
    [[nodiscard]] static stored_statistics of(GDALRasterBand& band);
};

namespace detail {

/// The number that a text is, blanks around it aside; none if it is something else, or not finite.
inline std::optional<double> number_of(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n";
    auto const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    text = text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    auto const parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || !std::isfinite(value)) return {};
    return value;
}

/// "3|0|15|" as numbers; none at all if one of them is not a count.
inline std::vector<double> counts_of(std::string_view text)
{
    std::vector<double> counts;
    while (!text.empty()) {
        auto const end = text.find('|');
        auto const count = number_of(text.substr(0, end));
        if (!count || *count < 0) return {};
        counts.push_back(*count);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    return counts;
}

inline std::vector<double> pixel_counts(GDALRasterAttributeTable& table)
{
    auto const column = table.GetColOfUsage(GFU_PixelCount);
    auto const rows = table.GetRowCount();
    if (column < 0 || rows < 1) return {};
    std::vector<double> counts(static_cast<std::size_t>(rows));
    if (table.ValuesIO(GF_Read, column, 0, rows, counts.data()) != CE_None) return {};
    // All zero where the histogram is none that a table beside the file can have.
    if (std::all_of(counts.begin(), counts.end(), [](double count) { return count == 0; })) return {};
    return counts;
}

} // namespace detail

inline stored_statistics stored_statistics::of(GDALRasterBand& band)
{
    gdal_errors const quiet; // what cannot be read is not there
    auto const text = [&](char const* name) -> std::optional<std::string> {
        auto const* const value = band.GetMetadataItem(name);
        if (value == nullptr) return {};
        return value;
    };
    auto const number = [&](char const* name) { return detail::number_of(text(name).value_or("")); };
    stored_statistics result;
    result.minimum = number("STATISTICS_MINIMUM");
    result.maximum = number("STATISTICS_MAXIMUM");
    result.mean = number("STATISTICS_MEAN");
    result.standard_deviation = number("STATISTICS_STDDEV");
    result.median = number("STATISTICS_MEDIAN");
    result.mode = number("STATISTICS_MODE");
    result.skip_factor_x = number("STATISTICS_SKIPFACTORX");
    result.skip_factor_y = number("STATISTICS_SKIPFACTORY");
    auto const approximate = text("STATISTICS_APPROXIMATE");
    result.approximate = approximate && CPLTestBool(approximate->c_str());
    auto& histogram = result.histogram;
    if (auto* const table = band.GetDefaultRAT()) histogram.counts = detail::pixel_counts(*table);
    if (histogram.counts.empty()) histogram.counts = detail::counts_of(text("STATISTICS_HISTOBINVALUES").value_or(""));
    histogram.minimum = number("STATISTICS_HISTOMIN");
    histogram.maximum = number("STATISTICS_HISTOMAX");
    if (auto const bins = number("STATISTICS_HISTONUMBINS"); bins && *bins >= 0 && *bins < 1e15) {
        histogram.bins = static_cast<std::int64_t>(*bins);
    }
    histogram.function = text("STATISTICS_HISTOBINFUNCTION");
    return result;
}

} // namespace rios
