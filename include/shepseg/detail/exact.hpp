// SPDX-License-Identifier: BSL-1.0
//
// Arithmetic that gives the same bits whatever flags the library is compiled with. Every product that is added to
// something is concealed, so that no compiler fuses the two operations into one rounding: GCC contracts a * b + c to a
// fused multiply-add by default where the target has one, and clang does so under -ffp-contract=fast even across a
// pragma that forbids it.
#pragma once

#include <cfloat>

#if (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || defined(__ASSOCIATIVE_MATH__) ||                        \
    defined(__RECIPROCAL_MATH__) || defined(__FAST_MATH__)
#error "shepseg: -ffast-math and -Ofast change the labels; compile this source file with -fno-fast-math"
#endif
#if FLT_EVAL_METHOD != 0
#error "shepseg: extended precision (x87) changes the labels; compile for SSE2 (-msse2 -mfpmath=sse)"
#endif

// Hides from the optimiser how a floating-point number, or a vector of them, was computed; it stays in its register, at
// no cost. A macro because a function would have to be compiled for the instruction set of the vector.
#if defined(__x86_64__)
#define SHEPSEG_CONCEAL(value) asm("" : "+v"(value))
#elif defined(__aarch64__)
#define SHEPSEG_CONCEAL(value) asm("" : "+w"(value))
#else
#define SHEPSEG_CONCEAL(value) asm("" : "+m"(value))
#endif

namespace shepseg::detail {

/// a · b, rounded on its own.
[[nodiscard, gnu::always_inline]] inline double exact_product(double a, double b) noexcept
{
    double product = a * b;
    SHEPSEG_CONCEAL(product);
    return product;
}

} // namespace shepseg::detail
