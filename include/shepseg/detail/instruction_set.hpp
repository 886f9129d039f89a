// SPDX-License-Identifier: BSL-1.0
//
// The choice of instruction set at run time, for kernels that are compiled several times in one program.
#pragma once

#include <cstdint>
#include <string_view>

namespace shepseg::detail {

/// What the processor offers, as far as the kernels make a difference.
enum class instruction_set : std::uint8_t { baseline, avx2, avx512 };

[[nodiscard]] constexpr std::string_view name_of(instruction_set set) noexcept
{
    return set == instruction_set::avx512 ? "avx512" : set == instruction_set::avx2 ? "avx2" : "baseline";
}

/// Whether this processor can run kernels of that instruction set.
[[nodiscard]] inline bool supported(instruction_set set) noexcept
{
#if defined(__x86_64__)
    if (set == instruction_set::avx512) return __builtin_cpu_supports("avx512f") != 0;
    if (set == instruction_set::avx2) {
        return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    }
#endif
    return set == instruction_set::baseline;
}

/// The widest instruction set of this processor.
[[nodiscard]] inline instruction_set best_instruction_set() noexcept
{
    static instruction_set const best = supported(instruction_set::avx512) ? instruction_set::avx512
                                        : supported(instruction_set::avx2) ? instruction_set::avx2
                                                                           : instruction_set::baseline;
    return best;
}

} // namespace shepseg::detail
