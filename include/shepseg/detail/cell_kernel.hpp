// SPDX-License-Identifier: BSL-1.0
//
// The cells of pixels, and the nearest centre among those of a pixel's cell (centre_cells.hpp), in vectors
// (vector_lanes.hpp). A part of assign_kernel.hpp, which includes it once for each instruction set that has registers of
// four or eight floats.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "cell_arguments.hpp"
#include "vector_lanes.hpp"

#if !defined(SHEPSEG_KERNEL)
#include "assign_kernel.hpp"
#else

namespace shepseg::detail::SHEPSEG_KERNEL {

/// The number of each pixel's cell, and how much its best score must lead by. A value that is no number counts as one that
/// lies before all buckets; its scores are no numbers either, so that none will be the best.
/// @tparam Bands how many there are
template <int Bands>
SHEPSEG_TARGET inline void locate(locate_arguments const& in)
{
    constexpr std::ptrdiff_t most = 256;
    constexpr float last = cell_axis::buckets + 1;
    alignas(32) std::int32_t bucket[Bands][most];
    for (std::ptrdiff_t at = 0; at < in.count; at += SHEPSEG_LANES) {
        lanes length{}; // of a pixel: at most the sum of the amounts of its values
#pragma GCC unroll 4
        for (int b = 0; b < Bands; ++b) {
            lanes const value = *reinterpret_cast<unaligned_lanes const*>(in.values + b * in.band_stride + at);
            // The larger one of a number and no number is the second of them, whatever that is.
            lanes const position = SHEPSEG_MAX((value - in.axes[b].low) * in.axes[b].buckets_per_unit + 1, lanes{});
            *reinterpret_cast<index_lanes*>(bucket[b] + at) =
                __builtin_convertvector(SHEPSEG_MIN(position, lanes{} + last), index_lanes);
            length += value < 0 ? -value : value;
        }
        *reinterpret_cast<unaligned_lanes*>(in.lead + at) = length < in.longest
                                                                ? length * in.pixel_error + in.centre_error
                                                                : lanes{} + std::numeric_limits<float>::infinity();
    }
    for (std::ptrdiff_t i = 0; i < in.count; ++i) {
        std::int32_t cell = 0;
#pragma GCC unroll 4
        for (int b = 0; b < Bands; ++b) cell += in.axes[b].step[static_cast<std::size_t>(bucket[b][i])];
        in.cell[i] = cell < in.outside ? cell : in.outside;
    }
}

SHEPSEG_TARGET inline void locate(locate_arguments const& in)
{
    switch (in.bands) {
    case 1: return locate<1>(in);
    case 2: return locate<2>(in);
    case 3: return locate<3>(in);
    default: return locate<4>(in);
    }
}

/// The highest of all lanes, in every lane.
SHEPSEG_TARGET inline lanes highest_of(lanes values)
{
#if SHEPSEG_LANES == 8
    values = SHEPSEG_MAX(values, __builtin_shufflevector(values, values, 4, 5, 6, 7, 0, 1, 2, 3));
    values = SHEPSEG_MAX(values, __builtin_shufflevector(values, values, 2, 3, 0, 1, 6, 7, 4, 5));
    return SHEPSEG_MAX(values, __builtin_shufflevector(values, values, 1, 0, 3, 2, 5, 4, 7, 6));
#else
    values = SHEPSEG_MAX(values, __builtin_shufflevector(values, values, 2, 3, 0, 1));
    return SHEPSEG_MAX(values, __builtin_shufflevector(values, values, 1, 0, 3, 2));
#endif
}

/// Bit i is set if all bits of lane i are.
SHEPSEG_TARGET inline unsigned bits_of(index_lanes mask)
{
#if defined(__x86_64__) && SHEPSEG_LANES == 8
    return static_cast<unsigned>(_mm256_movemask_ps(reinterpret_cast<lanes>(mask)));
#elif defined(__x86_64__)
    return static_cast<unsigned>(_mm_movemask_ps(reinterpret_cast<lanes>(mask)));
#else
    unsigned bits = 0;
    for (int i = 0; i < SHEPSEG_LANES; ++i) bits |= mask[i] != 0 ? 1U << i : 0U;
    return bits;
#endif
}

/// The scores of a part of a group of centres (assign_kernel.hpp) for one pixel.
template <int Bands>
SHEPSEG_TARGET inline lanes scores_of(cell_row const* group, int part, float const* values, std::ptrdiff_t band_stride)
{
    lanes score = reinterpret_cast<lanes const*>(group)[part];
#pragma GCC unroll 4
    for (int b = 0; b < Bands; ++b) {
        score += reinterpret_cast<lanes const*>(group + 1 + b)[part] * values[b * band_stride];
    }
    return score;
}

/// Which centres of a group have at least a given score.
template <int Bands>
SHEPSEG_TARGET inline unsigned reaching(cell_row const* group, lanes least, float const* values,
                                        std::ptrdiff_t band_stride)
{
    unsigned result = 0;
#pragma GCC unroll 2
    for (int part = 0; part < 8 / SHEPSEG_LANES; ++part) {
        auto const score = scores_of<Bands>(group, part, values, band_stride);
        result |= bits_of(score >= least) << (part * SHEPSEG_LANES);
    }
    return result;
}

/// As assign() of assign_kernel.hpp, among the centres of the pixels' cells: for all pixels from `at` on, but not for those
/// after the first one whose cell has no centres yet.
/// @tparam Bands how many there are
/// @returns the pixel where it ended
template <int Bands>
SHEPSEG_TARGET inline std::ptrdiff_t assign_in_cells(cell_arguments const& in, std::ptrdiff_t at)
{
    constexpr int parts = 8 / SHEPSEG_LANES;
    constexpr int rows = Bands + 2;
    auto doubtful = *in.doubtful_count;
    for (; at < in.count; ++at) {
        auto const entry = in.entries[in.cell[at]];
        if (entry.groups == 0) break;
        float const* const values = in.values + at;
        cell_row const* group = in.rows + entry.place;
        lanes best = scores_of<Bands>(group, 0, values, in.band_stride);
        if constexpr (parts == 2) best = SHEPSEG_MAX(best, scores_of<Bands>(group, 1, values, in.band_stride));
        for (std::int32_t g = 1; g < entry.groups; ++g) {
#pragma GCC unroll 2
            for (int part = 0; part < parts; ++part) {
                best = SHEPSEG_MAX(best, scores_of<Bands>(group + g * rows, part, values, in.band_stride));
            }
        }
        lanes const least = highest_of(best) - in.lead[at];
        auto found = reaching<Bands>(group, least, values, in.band_stride);
        bool several = (found & (found - 1)) != 0;
        cell_row const* winner = group;
        for (std::int32_t g = 1; g < entry.groups; ++g) {
            auto const next = reaching<Bands>(group + g * rows, least, values, in.band_stride);
            if (next == 0) continue;
            several = several || found != 0 || (next & (next - 1)) != 0;
            found = next;
            winner = group + g * rows;
        }
        // None is found if the pixel is no number.
        in.nearest[at] = std::bit_cast<std::int32_t>(winner[rows - 1].numbers[std::countr_zero(found | 0x80)]);
        in.doubtful[doubtful] = static_cast<std::int32_t>(at);
        doubtful += several || found == 0 ? 1 : 0;
    }
    *in.doubtful_count = doubtful;
    return at;
}

SHEPSEG_TARGET inline std::ptrdiff_t assign_in_cells(cell_arguments const& in, std::ptrdiff_t at)
{
    switch (in.bands) {
    case 1: return assign_in_cells<1>(in, at);
    case 2: return assign_in_cells<2>(in, at);
    case 3: return assign_in_cells<3>(in, at);
    default: return assign_in_cells<4>(in, at);
    }
}

} // namespace shepseg::detail::SHEPSEG_KERNEL

#endif
