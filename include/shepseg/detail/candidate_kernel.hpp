// SPDX-License-Identifier: BSL-1.0
//
// Which centres can be the nearest to a point of a box, in vectors (vector_lanes.hpp). Included once for each instruction
// set, hence without an include guard, with the macros of nearest_kernel.hpp.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "candidate_arguments.hpp"
#include "vector_lanes.hpp"

#if !defined(SHEPSEG_KERNEL)
#define SHEPSEG_KERNEL baseline_candidates
#define SHEPSEG_LANES 2
#define SHEPSEG_TARGET
#endif

namespace shepseg::detail::SHEPSEG_KERNEL {

using lanes = vector_of<double, SHEPSEG_LANES>::values;
using unaligned_lanes = vector_of<double, SHEPSEG_LANES>::values_in_memory;
using index_lanes = vector_of<double, SHEPSEG_LANES>::indexes;

/// The centre that is nearest to the middle of the box, or about so: the choice changes how many candidates are left,
/// not which one wins.
SHEPSEG_TARGET inline std::size_t find_nearest_to_middle(candidate_arguments const& in)
{
    lanes best = lanes{} + std::numeric_limits<double>::infinity();
    index_lanes index{};
    for (std::size_t k = 0; k < in.stride; k += SHEPSEG_LANES) {
        lanes distance{};
        for (std::size_t b = 0; b < in.bands; ++b) {
            lanes const value = *reinterpret_cast<unaligned_lanes const*>(in.centres + b * in.stride + k);
            lanes const difference = value - (in.low[b] + in.high[b]) * 0.5;
            distance += difference * difference;
        }
        index_lanes const nearer = distance < best;
        best = nearer ? distance : best;
        index = nearer ? index_lanes{} + static_cast<std::int64_t>(k) : index;
    }
    int lane = 0;
    for (int i = 1; i < SHEPSEG_LANES; ++i) {
        if (best[i] < best[lane]) lane = i;
    }
    auto const found = static_cast<std::size_t>(index[lane]) + static_cast<std::size_t>(lane);
    return found < in.count ? found : 0;
}

/// How far the points of the box may be from a centre, at most.
SHEPSEG_TARGET inline double greatest_distance(candidate_arguments const& in, std::size_t centre)
{
    double sum = 0;
    for (std::size_t b = 0; b < in.bands; ++b) {
        double const own = in.centres[b * in.stride + centre];
        double const below = own - in.low[b];
        double const above = in.high[b] - own;
        double const farthest = below > above ? below : above;
        sum += farthest * farthest;
    }
    return __builtin_sqrt(sum);
}

/// Bit i is set if all bits of lane i are.
SHEPSEG_TARGET inline unsigned bits_of(index_lanes mask)
{
#if defined(__x86_64__) && SHEPSEG_LANES == 8
    return _mm512_cmplt_epi64_mask(reinterpret_cast<__m512i>(mask), __m512i{});
#elif defined(__x86_64__) && SHEPSEG_LANES == 4
    return static_cast<unsigned>(_mm256_movemask_pd(reinterpret_cast<lanes>(mask)));
#elif defined(__x86_64__)
    return static_cast<unsigned>(_mm_movemask_pd(reinterpret_cast<lanes>(mask)));
#else
    unsigned bits = 0;
    for (int i = 0; i < SHEPSEG_LANES; ++i) bits |= mask[i] != 0 ? 1U << i : 0U;
    return bits;
#endif
}

SHEPSEG_TARGET inline std::size_t find_candidates(candidate_arguments const& in)
{
    auto const favourite = find_nearest_to_middle(in);
    // Not 0, by which is divided.
    double const reach = in.lead == nullptr ? 1 : 2 * greatest_distance(in, favourite) + 1e-100;
    lanes lead = lanes{} + std::numeric_limits<double>::infinity();
    index_lanes left = index_lanes{} + static_cast<std::int64_t>(in.count); // centres from each lane on
    for (int i = 0; i < SHEPSEG_LANES; ++i) left[i] -= i;
    std::size_t found = 0;
    for (std::size_t k = 0; k < in.stride; k += SHEPSEG_LANES) {
        lanes farther{};
        lanes apart{};
        for (std::size_t b = 0; b < in.bands; ++b) {
            double const own = in.centres[b * in.stride + favourite];
            lanes const away = *reinterpret_cast<unaligned_lanes const*>(in.centres + b * in.stride + k) - own;
            // The corner of the box that lies farthest in the direction of the other centre.
            lanes const corner = away > 0 ? lanes{} + 2 * (in.high[b] - own) : lanes{} + 2 * (in.low[b] - own);
            farther += away * (away - corner);
            apart += away * away;
        }
        index_lanes const beaten = farther > in.margin;
        index_lanes const there = left > static_cast<std::int64_t>(k);
        for (auto bits = bits_of(~beaten & there); bits != 0; bits &= bits - 1)
            in.candidates[found++] = static_cast<std::uint32_t>(k) + static_cast<std::uint32_t>(std::countr_zero(bits));
        if (in.lead == nullptr) continue;
        // A difference of squared distances, by the largest sum of the distances: w <= (w² / reach + reach) / 2.
        lanes const own = farther / (1.5 * reach + apart / (2 * reach));
        index_lanes const least = beaten & there & (own < lead);
        lead = least ? own : lead;
    }
    if (in.lead != nullptr) {
        *in.lead = lead[0];
        for (int i = 1; i < SHEPSEG_LANES; ++i) *in.lead = lead[i] < *in.lead ? lead[i] : *in.lead;
    }
    return found;
}

} // namespace shepseg::detail::SHEPSEG_KERNEL

#undef SHEPSEG_KERNEL
#undef SHEPSEG_LANES
#undef SHEPSEG_TARGET
