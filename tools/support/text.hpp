// SPDX-License-Identifier: BSL-1.0
//
// Numbers as tools print them for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace tools {

/// 1234567 as "1 234 567".
inline std::string grouped(std::uint64_t number)
{
    auto text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), " ");
    }
    return text;
}

/// " (12.3 %)"; nothing if there is no whole.
inline std::string share(std::uint64_t part, std::uint64_t whole)
{
    if (whole == 0) return "";
    return fmt::format(" ({:.1f} %)", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

} // namespace tools
