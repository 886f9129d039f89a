// SPDX-License-Identifier: BSL-1.0
//
// The kernel under k-means and under the tile phase: the nearest cluster centre of each pixel, and how far it is.
// Works on doubles, several pixels at a time; every instruction set gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cluster_model.hpp"
#include "detail/instruction_set.hpp"
#include "detail/nearest_arguments.hpp"

#include "detail/nearest_kernel.hpp"
#if defined(__x86_64__)
#define SHEPSEG_KERNEL avx2_kernel
#define SHEPSEG_LANES 4
#define SHEPSEG_TARGET [[gnu::target("avx2")]]
#include "detail/nearest_kernel.hpp"
#define SHEPSEG_KERNEL avx512_kernel
#define SHEPSEG_LANES 8
#define SHEPSEG_TARGET [[gnu::target("avx512f")]]
#include "detail/nearest_kernel.hpp"
#endif

namespace shepseg {

namespace detail {

/// The kernel of a given instruction set. @pre supported(set)
inline void find_nearest_centres(nearest_arguments const& in, instruction_set set)
{
#if defined(__x86_64__)
    if (set == instruction_set::avx512) return avx512_kernel::find_nearest_centres(in);
    if (set == instruction_set::avx2) return avx2_kernel::find_nearest_centres(in);
#endif
    static_cast<void>(set);
    baseline_kernel::find_nearest_centres(in);
}

} // namespace detail

/// For each of `count` pixels the index of the nearest centre by squared Euclidean distance, and that distance.
///
/// Distances are sums over the bands, in order from the first, of the squares of the differences themselves, each
/// operation rounded to double; the lowest index wins ties. A pixel with a NaN gets index 0 and an infinite distance.
/// @param values planar: band b of pixel i is values[b * band_stride + i]
/// @pre centres is not empty; values holds centres.bands() bands; nearest and distance hold `count` elements
inline void find_nearest_centres(double const* values, std::ptrdiff_t band_stride, std::ptrdiff_t count,
                                 cluster_centres const& centres, std::uint32_t* nearest, double* distance)
{
    detail::find_nearest_centres({values, band_stride, count, centres, nearest, distance},
                                 detail::best_instruction_set());
}

} // namespace shepseg
