// SPDX-License-Identifier: BSL-1.0
//
// What is known about a file: for people, and for scripts as JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <rios/gdal/file_info.hpp>

namespace tools {

/// Some lines for people.
std::string report_text(rios::file_info const& file);

/// All of it. What is not known is null.
nlohmann::ordered_json report_json(rios::file_info const& file);

} // namespace tools
