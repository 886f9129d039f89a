// SPDX-License-Identifier: BSL-1.0
//
// What kind of machine this program was compiled for.
#pragma once

#include <bit>
#include <string>

namespace rios::remote {

/// What this program was compiled for: "x86-64", "aarch64", ...
[[nodiscard]] inline std::string architecture()
{
#if defined(__x86_64__)
    std::string name = "x86-64";
#elif defined(__aarch64__)
    std::string name = "aarch64";
#elif defined(__powerpc64__)
    std::string name = "ppc64";
#elif defined(__riscv)
    std::string name = "riscv64";
#else
    std::string name = "another architecture of " + std::to_string(8 * sizeof(void*)) + " bits";
#endif
    if constexpr (std::endian::native == std::endian::big) name += ", highest byte first";
    return name;
}

} // namespace rios::remote
