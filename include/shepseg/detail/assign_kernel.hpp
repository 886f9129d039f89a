// SPDX-License-Identifier: BSL-1.0
//
// The nearest centre of many pixels in single precision, and where that is not precise enough (assignment.hpp), in vectors
// (vector_lanes.hpp). Included once for each instruction set, hence without an include guard: SHEPSEG_KERNEL names the namespace, SHEPSEG_LANES the floats in a register, SHEPSEG_GROUPS the registers of pixels that
// are worked on together, SHEPSEG_MIN and SHEPSEG_MAX instructions (GCC makes three of a choice between two vectors) and
// SHEPSEG_TARGET the attribute of its functions.

#include <cstddef>
#include <cstdint>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "assign_arguments.hpp"
#include "vector_lanes.hpp"

#if !defined(SHEPSEG_KERNEL)
#define SHEPSEG_KERNEL baseline_assignment
#define SHEPSEG_LANES 4
#define SHEPSEG_GROUPS 4
#define SHEPSEG_TARGET
#if defined(__x86_64__)
#define SHEPSEG_MIN(a, b) _mm_min_ps(a, b)
#define SHEPSEG_MAX(a, b) _mm_max_ps(a, b)
#else
#define SHEPSEG_MIN(a, b) ((a) < (b) ? (a) : (b))
#define SHEPSEG_MAX(a, b) ((a) > (b) ? (a) : (b))
#endif
#endif

namespace shepseg::detail::SHEPSEG_KERNEL {

using lanes = vector_of<float, SHEPSEG_LANES>::values;
using unaligned_lanes = vector_of<float, SHEPSEG_LANES>::values_in_memory;
using index_lanes = vector_of<float, SHEPSEG_LANES>::indexes;
using unaligned_index_lanes = vector_of<float, SHEPSEG_LANES>::indexes_in_memory;

/// Which of the pixels from `at` on have a second score that comes so close to the best that rounding may have decided.
SHEPSEG_TARGET inline index_lanes doubts(assign_arguments const& in, std::ptrdiff_t at, lanes best, lanes second)
{
    // The length of a pixel is at most the sum of the amounts of its values.
    lanes length{};
    for (std::ptrdiff_t b = 0; b < in.bands; ++b) {
        lanes const value = *reinterpret_cast<unaligned_lanes const*>(in.values + b * in.band_stride + at);
        length += value < 0 ? -value : value;
    }
    return ~((best - second > length * in.pixel_error + in.centre_error) & (length < in.longest));
}

/// The score of a centre c for a pixel x is x·c - |c|²/2: the higher, the nearer. Its lowest bits give way to the number of
/// the centre, so that the highest score says whose it is. A product and a sum may be fused or not; what that changes
/// counts as doubtful.
/// @tparam Bands how many there are, or 0 if that is not known
template <int Bands>
SHEPSEG_TARGET inline void assign(assign_arguments const& in)
{
    constexpr int groups = SHEPSEG_GROUPS;
    constexpr int step = groups * SHEPSEG_LANES;
    auto const bands = Bands > 0 ? Bands : in.bands;
    for (std::ptrdiff_t at = 0; at < in.count; at += step) {
        float const* const values = in.values + at;
        lanes best[groups];
        lanes second[groups];
#pragma GCC unroll 4
        for (int g = 0; g < groups; ++g) {
            best[g] = lanes{} - std::numeric_limits<float>::infinity();
            second[g] = best[g];
        }
        float const* centre = in.centres;
        for (std::ptrdiff_t k = 0; k < in.clusters; ++k) {
            lanes score[groups];
#pragma GCC unroll 4
            for (int g = 0; g < groups; ++g) score[g] = lanes{} + centre[0];
            for (std::ptrdiff_t b = 0; b < bands; ++b) {
                lanes const coordinate = lanes{} + centre[1 + b];
#pragma GCC unroll 4
                for (int g = 0; g < groups; ++g) {
                    score[g] +=
                        *reinterpret_cast<unaligned_lanes const*>(values + b * in.band_stride + g * SHEPSEG_LANES) *
                        coordinate;
                }
            }
            centre += 1 + bands;
            index_lanes const number = index_lanes{} + static_cast<std::int32_t>(k);
#pragma GCC unroll 4
            for (int g = 0; g < groups; ++g) {
                auto const marked =
                    reinterpret_cast<lanes>((reinterpret_cast<index_lanes>(score[g]) & ~in.number_bits) | number);
                second[g] = SHEPSEG_MAX(second[g], SHEPSEG_MIN(marked, best[g]));
                best[g] = SHEPSEG_MAX(best[g], marked);
            }
        }
#pragma GCC unroll 4
        for (int g = 0; g < groups; ++g) {
            auto const place = at + g * SHEPSEG_LANES;
            *reinterpret_cast<unaligned_index_lanes*>(in.nearest + place) =
                reinterpret_cast<index_lanes>(best[g]) & in.number_bits;
            *reinterpret_cast<unaligned_index_lanes*>(in.doubtful + place) = doubts(in, place, best[g], second[g]);
        }
    }
}

SHEPSEG_TARGET inline void assign(assign_arguments const& in)
{
    switch (in.bands) {
    case 1: return assign<1>(in);
    case 2: return assign<2>(in);
    case 3: return assign<3>(in);
    case 4: return assign<4>(in);
    default: return assign<0>(in);
    }
}

} // namespace shepseg::detail::SHEPSEG_KERNEL

#if SHEPSEG_LANES <= 8
#include "cell_kernel.hpp"
#endif

#undef SHEPSEG_KERNEL
#undef SHEPSEG_LANES
#undef SHEPSEG_GROUPS
#undef SHEPSEG_MIN
#undef SHEPSEG_MAX
#undef SHEPSEG_TARGET
