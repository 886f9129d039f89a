// SPDX-License-Identifier: BSL-1.0
//
// Options that several commands have, from their text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <rios/executor/threads.hpp>
#include <rios/gdal/dataset.hpp>
#include <shepseg/gdal/null_rule.hpp>

#include "values.hpp"

namespace tools {

inline constexpr std::size_t most_threads = 4096;

/// --threads; all cores if it is empty.
inline std::size_t threads_from(std::string const& text)
{
    if (text.empty()) return rios::available_cores();
    return whole_number_from<std::size_t>("--threads", text, 1, most_threads);
}

/// --readers; none if it is empty.
inline std::size_t readers_from(std::string const& text)
{
    if (text.empty()) return 0;
    return whole_number_from<std::size_t>("--readers", text, 0, most_threads);
}

/// --workers; 0 if it is empty.
inline std::size_t workers_from(std::string const& text)
{
    if (text.empty()) return 0;
    return whole_number_from<std::size_t>("--workers", text, 1, most_threads);
}

/// Numbers of bands that the file has, as an option gives them; none if it is empty.
inline std::vector<int> bands_from(std::string_view option, std::string const& text, rios::gdal_dataset const& file)
{
    auto bands = band_list_from(option, text);
    for (int const band : bands) {
        if (band <= file.band_count()) continue;
        refuse(option, text, fmt::format("band numbers from 1 to {}, as {} has them", file.band_count(), file.path()));
    }
    return bands;
}

/// --null-value; the file's if it is empty.
inline shepseg::null_rule null_rule_from(std::string const& text)
{
    if (text.empty()) return shepseg::null_of_file{};
    if (text == "none") return shepseg::no_null{};
    return number_from<double>("--null-value", text, "a number, nan or none");
}

} // namespace tools
