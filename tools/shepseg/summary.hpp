// SPDX-License-Identifier: BSL-1.0
//
// What a run of `shepseg segment` came to: for people on standard output, for scripts as JSON.
#pragma once

#include <cstddef>
#include <string>

#include <shepseg/gdal/segment_file.hpp>

#include "segment_command.hpp"

namespace tools {

/// A few lines for people.
std::string summary_text(segment_arguments const& arguments, shepseg::file_options const& options,
                         shepseg::file_segmentation const& result);

/// All counts, the parameters that were used, and the timings in seconds.
std::string summary_json(segment_arguments const& arguments, shepseg::file_options const& options,
                         shepseg::file_segmentation const& result, std::size_t threads);

} // namespace tools
