// SPDX-License-Identifier: BSL-1.0
//
// What `shepseg stats` and `shepseg segment --stats` compute, apart from where it goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rios/executor/chosen.hpp>
#include <rios/gdal/dataset.hpp>
#include <shepseg/gdal/segment_statistics.hpp>
#include <shepseg/spatial_statistics.hpp>
#include <shepseg/statistic.hpp>

namespace tools {

/// Statistics of bands, and of shapes.
struct statistics_request {
    std::vector<int> bands{};
    std::vector<shepseg::statistic> statistics{}; ///< of each of the bands
    std::vector<shepseg::chosen_spatial_statistics::choice> spatial{};
};

/// The bands that an option asks statistics of; none if it is empty.
/// @throws rios::options_error for one that the image does not have, or that is there twice
std::vector<int> statistics_bands_from(std::string_view option, std::string const& text,
                                       rios::gdal_dataset const& image);

/// @param bands of the image that were asked for
/// @param statistics,spatial words with commas between them; mean and stddev if there are none at all
/// @throws rios::options_error for a word that is none, or something that is there twice
statistics_request statistics_request_from(std::vector<int> bands, std::string const& statistics,
                                           std::string const& spatial);

/// What computing needs apart from the files: shepseg::segment_statistics, compiled once.
shepseg::segment_statistics_result compute_statistics(std::string const& image, std::string const& segments,
                                                      statistics_request const& request,
                                                      shepseg::segment_statistics_options options,
                                                      rios::chosen_executor& executor);

/// Warns, on standard error, of a large attribute table in a format that has no place for it.
/// @param segments the file as messages name it
/// @param format short name of its driver
void warn_of_size(std::string const& segments, std::string const& format, shepseg::statistics_table const& table);

} // namespace tools
