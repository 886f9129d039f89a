// SPDX-License-Identifier: BSL-1.0
//
// What kind of machine this program was compiled for.
#pragma once

#include <bit>
#include <cstddef>
#include <string>

namespace rios::remote {

/// What this program was compiled for: "x86-64", "aarch64", ... Two of the same lay out the same structures in the same way.
[[nodiscard]] inline std::string architecture()
{
#if defined(__x86_64__)
    std::string name = "x86-64";
#elif defined(__aarch64__)
    std::string name = "aarch64";
#elif defined(__powerpc64__)
    std::string name = "ppc64";
#elif defined(__riscv) && __riscv_xlen == 64
    std::string name = "riscv64";
#else
    std::string name = "another architecture of " + std::to_string(8 * sizeof(void*)) + " bits";
#endif
    if constexpr (sizeof(std::size_t) != 8)
        name += " with words of " + std::to_string(8 * sizeof(std::size_t)) + " bits";
    if constexpr (std::endian::native == std::endian::big) name += ", highest byte first";
    return name;
}

} // namespace rios::remote
