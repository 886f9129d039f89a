// SPDX-License-Identifier: BSL-1.0
//
// Values of options, taken apart strictly: decimal numbers and nothing around them.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/grid_extent.hpp>

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

/// "500M", "1.5G" or a number of bytes; K, M, G and T are powers of 1024.
inline std::uint64_t size_from(std::string_view option, std::string const& text)
{
    constexpr std::string_view allowed = "bytes, or a number with K, M, G or T, such as 500M or 1.5G";
    constexpr std::string_view units = "KMGT";
    auto number = text;
    double factor = 1;
    if (!text.empty()) {
        auto const unit = units.find(static_cast<char>(std::toupper(static_cast<unsigned char>(text.back()))));
        if (unit != std::string_view::npos) {
            factor = std::pow(1024.0, static_cast<double>(unit + 1));
            number.pop_back();
        }
    }
    constexpr double most = 1e18;
    double value = 0;
    auto const* const end = number.data() + number.size();
    auto const parsed = std::from_chars(number.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end || !(value * factor >= 1 && value * factor <= most)) {
        refuse(option, text, allowed);
    }
    return static_cast<std::uint64_t>(value * factor);
}

/// "x,y,width,height" in pixels.
inline rios::block window_from(std::string_view option, std::string const& text)
{
    constexpr std::string_view allowed = "x,y,width,height in pixels, such as 0,0,2000,2000";
    std::array<std::ptrdiff_t, 4> numbers{};
    auto const* at = text.data();
    auto const* const end = at + text.size();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i > 0 && (at == end || *at++ != ',')) refuse(option, text, allowed);
        auto const parsed = std::from_chars(at, end, numbers[i]);
        if (parsed.ec != std::errc{} || numbers[i] < (i < 2 ? 0 : 1)) refuse(option, text, allowed);
        at = parsed.ptr;
    }
    if (at != end) refuse(option, text, allowed);
    return {.index = 0, .row = numbers[1], .col = numbers[0], .rows = numbers[3], .cols = numbers[2]};
}

/// "xmin,ymin,xmax,ymax" in map units.
inline rios::map_extent extent_from(std::string_view option, std::string const& text)
{
    constexpr std::string_view allowed = "xmin,ymin,xmax,ymax in map units, such as 500000,6990000,510000,7000000";
    std::array<double, 4> numbers{};
    std::string_view rest = text;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        auto const end = i + 1 < numbers.size() ? rest.find(',') : rest.size();
        if (end == std::string_view::npos) refuse(option, text, allowed);
        auto const parsed = std::from_chars(rest.data(), rest.data() + end, numbers[i]);
        if (parsed.ec != std::errc{} || parsed.ptr != rest.data() + end || !std::isfinite(numbers[i])) {
            refuse(option, text, allowed);
        }
        rest.remove_prefix(std::min(rest.size(), end + 1));
    }
    if (!(numbers[0] < numbers[2] && numbers[1] < numbers[3])) refuse(option, text, allowed);
    return {.left = numbers[0], .bottom = numbers[1], .right = numbers[2], .top = numbers[3]};
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
