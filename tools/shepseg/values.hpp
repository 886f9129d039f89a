// SPDX-License-Identifier: BSL-1.0
//
// Values of options, taken apart strictly: decimal numbers and nothing around them.
#pragma once

#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <rios/error.hpp>

namespace tools {

[[noreturn]] inline void refuse(std::string_view option, std::string_view value, std::string_view allowed)
{
    throw rios::options_error(fmt::format("{} '{}' is not allowed: must be {}", option, value, allowed));
}

/// The number that the text is: all of it, with a plus sign at most. @throws rios::options_error
template <typename T>
T number_from(std::string_view option, std::string const& text, std::string_view allowed)
{
    T value{};
    bool const plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
    auto const* const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data() + (plus ? 1 : 0), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) refuse(option, text, allowed);
    return value;
}

/// As above, if it lies in [least, most].
template <typename T>
T number_from(std::string_view option, std::string const& text, T least, T most, std::string_view allowed)
{
    auto const value = number_from<T>(option, text, allowed);
    if (!(value >= least && value <= most)) refuse(option, text, allowed); // NaN is not
    return value;
}

/// A whole number from `least` up to `most`.
template <typename T>
T whole_number_from(std::string_view option, std::string const& text, T least, T most = std::numeric_limits<T>::max())
{
    return number_from<T>(option, text, least, most, fmt::format("a whole number from {} to {}", least, most));
}

/// "3,4,5"; nothing for an empty text.
inline std::vector<int> band_list_from(std::string_view option, std::string const& text)
{
    std::vector<int> bands;
    for (auto const *at = text.data(), *const end = at + text.size(); at != end;) {
        auto const parsed = std::from_chars(at, end, bands.emplace_back());
        bool const more = parsed.ptr != end && *parsed.ptr == ',' && parsed.ptr + 1 != end;
        if (parsed.ec != std::errc{} || bands.back() < 1 || (parsed.ptr != end && !more)) {
            refuse(option, text, "band numbers from 1, such as 3,4,5");
        }
        at = more ? parsed.ptr + 1 : parsed.ptr;
    }
    return bands;
}

} // namespace tools
