// SPDX-License-Identifier: BSL-1.0
//
// The parameters of AWS's Query API, as a form.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rios::aws::detail {

/// All but letters, digits and "-_.~" as %XX, as RFC 3986 has it.
[[nodiscard]] inline std::string percent_encoded(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            std::string_view("-_.~").find(c) != std::string_view::npos) {
            result += c;
        } else {
            result += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return result;
}

/// "name=value&...", by name; empty values keep their "=".
[[nodiscard]] inline std::string query_text(std::vector<std::pair<std::string, std::string>> parameters)
{
    std::stable_sort(parameters.begin(), parameters.end(),
                     [](auto const& a, auto const& b) { return a.first < b.first; });
    std::string result;
    for (auto const& [name, value] : parameters) {
        result += (result.empty() ? "" : "&") + percent_encoded(name) + '=' + percent_encoded(value);
    }
    return result;
}

} // namespace rios::aws::detail
