// SPDX-License-Identifier: BSL-1.0
//
// Bytes as text of letters, digits, + and /: what the user data of machines are sent as.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rios::aws {

[[nodiscard]] inline std::string base64(std::string_view bytes)
{
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        auto const group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            result += i <= group.size() ? letters[bits >> (18U - 6U * i) & 63U] : '=';
        }
    }
    return result;
}

} // namespace rios::aws
