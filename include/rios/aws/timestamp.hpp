// SPDX-License-Identifier: BSL-1.0
//
// Points in time as AWS writes them, for the end of credentials.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rios::aws::detail {

/// Takes the numbers and signs of a pattern off the beginning of a text: a digit for each "0", other characters as they are.
/// @param numbers are set, one for each group of digits
/// @returns whether the text begins so
template <std::size_t N>
[[nodiscard]] bool take_numbers(std::string_view& text, std::string_view pattern, int (&numbers)[N])
{
    if (text.size() < pattern.size()) return false;
    std::size_t number = 0;
    bool within = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '0') {
            if (text[i] < '0' || text[i] > '9') return false;
            numbers[number] = 10 * numbers[number] + (text[i] - '0');
            within = true;
        } else {
            if (text[i] != pattern[i]) return false;
            if (within) ++number;
            within = false;
        }
    }
    text.remove_prefix(pattern.size());
    return true;
}

/// "2026-11-28T12:00:00Z", also with a fraction, which is dropped, and with an offset such as "+01:00".
[[nodiscard]] inline std::optional<std::chrono::system_clock::time_point> parsed_timestamp(std::string_view text)
{
    namespace ch = std::chrono;
    int parts[6] = {}; // year to second
    if (!take_numbers(text, "0000-00-00T00:00:00", parts)) return std::nullopt;
    auto const [year, month, day, hour, minute, second] = parts;
    ch::year_month_day const date{ch::year(year), ch::month(static_cast<unsigned>(month)),
                                  ch::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    if (text.starts_with('.')) {
        auto const end = text.find_first_not_of("0123456789", 1);
        if (end == std::string_view::npos) return std::nullopt;
        text.remove_prefix(end);
    }
    int offset[2] = {}; // hours and minutes
    bool const is_west = text.starts_with('-');
    if (text != "Z" && (!take_numbers(text, is_west ? "-00:00" : "+00:00", offset) || !text.empty()))
        return std::nullopt;
    auto const ahead = ch::minutes(60 * offset[0] + offset[1]);
    return ch::sys_days(date) + ch::hours(hour) + ch::minutes(minute) + ch::seconds(second) -
           (is_west ? -ahead : ahead);
}

} // namespace rios::aws::detail
