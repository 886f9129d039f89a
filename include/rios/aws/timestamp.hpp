// SPDX-License-Identifier: BSL-1.0
//
// Points in time as AWS writes them, for the end of credentials.
#pragma once

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace rios::aws::detail {

/// "2026-11-28T12:00:00Z", also with a fraction, which is dropped, and with an offset such as "+01:00".
[[nodiscard]] inline std::optional<std::chrono::system_clock::time_point> parsed_timestamp(std::string const& text)
{
    namespace ch = std::chrono;
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    int read = 0;
    std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u%n", &year, &month, &day, &hour, &minute, &second, &read);
    ch::year_month_day const date{ch::year(year), ch::month(month), ch::day(day)};
    if (read != 19 || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    std::string_view rest(text);
    rest.remove_prefix(19);
    if (rest.starts_with('.')) {
        auto const end = rest.find_first_not_of("0123456789", 1);
        if (end == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(end);
    }
    ch::minutes offset{0};
    if (rest != "Z") {
        unsigned hours = 0;
        unsigned minutes = 0;
        int used = 0;
        std::sscanf(std::string(rest).c_str(), "%*1[+-]%2u:%2u%n", &hours, &minutes, &used);
        if (used != 6 || rest.size() != 6) return std::nullopt;
        offset = (rest.front() == '-' ? -1 : 1) * ch::minutes(60 * hours + minutes);
    }
    return ch::sys_days(date) + ch::hours(hour) + ch::minutes(minute) + ch::seconds(second) - offset;
}

} // namespace rios::aws::detail
