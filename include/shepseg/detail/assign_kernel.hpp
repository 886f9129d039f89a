// SPDX-License-Identifier: BSL-1.0
//
// The nearest centre of many pixels in single precision, and where that is not precise enough (assignment.hpp), in
// vectors (vector_lanes.hpp). Included once for each instruction set, hence without an include guard: SHEPSEG_KERNEL
// names the namespace, SHEPSEG_LANES the floats in a register, SHEPSEG_MIN and SHEPSEG_MAX instructions (GCC makes
// three of a choice between two vectors) and SHEPSEG_TARGET the attribute of its functions.

#include <cstddef>
#include <cstdint>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "assign_arguments.hpp"
#include "exact.hpp"
#include "vector_lanes.hpp"

#if !defined(SHEPSEG_KERNEL)
#define SHEPSEG_KERNEL baseline_assignment
#define SHEPSEG_LANES 4
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

/// The score of a centre c for a pixel x is x·c - |c|²/2: the higher, the nearer. Its lowest bits give way to the
/// number of the centre among those of its block, so that the highest score says whose it is. A product and a sum may
/// be fused or not; what that changes counts as doubtful.
///
/// Two centres and four registers of pixels at a time: what comes from the cache, a value or a coordinate, then serves
/// more than one product, as processors can multiply as often as they can load.
/// @tparam Bands how many there are, or 0 if that is not known
template <int Bands>
SHEPSEG_TARGET inline void assign(assign_arguments const& in)
{
    constexpr int groups = 4;
    constexpr std::ptrdiff_t step = groups * SHEPSEG_LANES;
    constexpr auto block_size = assign_arguments::block_size;
    auto const bands = Bands > 0 ? Bands : in.bands;
    auto const row = 1 + bands; // numbers of a centre in the table
    index_lanes const number_bits = index_lanes{} + static_cast<std::int32_t>(block_size - 1);
    for (std::ptrdiff_t at = 0; at < in.count; at += step) {
        float const* const values = in.values + at;
        lanes best[groups];
        lanes second[groups];
        index_lanes block[groups] = {}; // of the best one: the number of its first centre
#pragma GCC unroll 4
        for (int g = 0; g < groups; ++g) {
            best[g] = lanes{} - std::numeric_limits<float>::infinity();
            second[g] = best[g];
        }
        float const* centre = in.centres;
        for (std::ptrdiff_t first = 0; first < in.clusters; first += block_size) {
            lanes before[groups];
#pragma GCC unroll 4
            for (int g = 0; g < groups; ++g) before[g] = best[g];
            auto const end = in.clusters - first < block_size ? in.clusters - first : block_size;
            for (std::ptrdiff_t k = 0; k < end; k += 2) {
                lanes score[groups];
                lanes other[groups]; // of the centre after that
#pragma GCC unroll 4
                for (int g = 0; g < groups; ++g) {
                    score[g] = centre[0] - lanes{};
                    other[g] = centre[row] - lanes{};
                }
                for (std::ptrdiff_t b = 0; b < bands; ++b) {
                    lanes const coordinate = centre[1 + b] - lanes{};
                    lanes const other_coordinate = centre[row + 1 + b] - lanes{};
#pragma GCC unroll 4
                    for (int g = 0; g < groups; ++g) {
                        lanes value =
                            *reinterpret_cast<unaligned_lanes const*>(values + b * in.band_stride + g * SHEPSEG_LANES);
                        SHEPSEG_CONCEAL(value); // or else GCC loads it for each product
                        score[g] += value * coordinate;
                        other[g] += value * other_coordinate;
                    }
                }
                centre += 2 * row;
                index_lanes const number = index_lanes{} + static_cast<std::int32_t>(k);
#pragma GCC unroll 4
                for (int g = 0; g < groups; ++g) {
                    auto const marked =
                        reinterpret_cast<lanes>((reinterpret_cast<index_lanes>(score[g]) & ~number_bits) | number);
                    auto const other_marked = reinterpret_cast<lanes>(
                        (reinterpret_cast<index_lanes>(other[g]) & ~number_bits) | (number + 1));
                    second[g] = SHEPSEG_MAX(second[g], SHEPSEG_MIN(marked, best[g]));
                    best[g] = SHEPSEG_MAX(best[g], marked);
                    second[g] = SHEPSEG_MAX(second[g], SHEPSEG_MIN(other_marked, best[g]));
                    best[g] = SHEPSEG_MAX(best[g], other_marked);
                }
            }
#pragma GCC unroll 4
            for (int g = 0; g < groups; ++g) {
                block[g] = best[g] != before[g] ? index_lanes{} + static_cast<std::int32_t>(first) : block[g];
            }
        }
#pragma GCC unroll 4
        for (int g = 0; g < groups; ++g) {
            auto const place = at + g * SHEPSEG_LANES;
            *reinterpret_cast<unaligned_index_lanes*>(in.nearest + place) =
                block[g] | (reinterpret_cast<index_lanes>(best[g]) & number_bits);
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
#undef SHEPSEG_MIN
#undef SHEPSEG_MAX
#undef SHEPSEG_TARGET
