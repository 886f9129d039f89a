// SPDX-License-Identifier: BSL-1.0
//
// Statistics of a band as the metadata that GDAL, QGIS and RIOS look for, so that nobody needs to read the pixels again.
#pragma once

#include <optional>
#include <string>

#include <gdal_priv.h>

#include "../error.hpp"
#include "../statistics.hpp"
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

} // namespace rios
