// SPDX-License-Identifier: BSL-1.0
//
// Floats as doubles: values that are kept as the ones, and compared as the others.
#pragma once

#include <cstddef>

#include "instruction_set.hpp"

#include "widen_kernel.hpp"
#if defined(__x86_64__)
#define SHEPSEG_KERNEL avx2_widening
#define SHEPSEG_LANES 4
#define SHEPSEG_TARGET [[gnu::target("avx2")]]
#include "widen_kernel.hpp"
#define SHEPSEG_KERNEL avx512_widening
#define SHEPSEG_LANES 8
#define SHEPSEG_TARGET [[gnu::target("avx512f")]]
#include "widen_kernel.hpp"
#endif

namespace shepseg::detail {

/// The kernel of a given instruction set. @pre supported(set)
inline void widen(float const* from, std::size_t count, double* to, instruction_set set = best_instruction_set())
{
#if defined(__x86_64__)
    if (set == instruction_set::avx512) return avx512_widening::widen(from, count, to);
    if (set == instruction_set::avx2) return avx2_widening::widen(from, count, to);
#endif
    static_cast<void>(set);
    baseline_widening::widen(from, count, to);
}

} // namespace shepseg::detail
