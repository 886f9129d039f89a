// SPDX-License-Identifier: BSL-1.0
//
// The version of rios and shepseg, which are released together. CMake reads it from here.
#pragma once

#include <string_view>

namespace rios {

/// Major, minor and patch version.
inline constexpr std::string_view version = "0.1.0";

} // namespace rios
