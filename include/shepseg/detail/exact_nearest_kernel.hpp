// SPDX-License-Identifier: BSL-1.0
//
// The nearest centre of one pixel in double precision, several centres at a time (vector_lanes.hpp): for the few pixels
// of which single precision leaves a doubt (assignment.hpp), which would not fill the registers of nearest_kernel.hpp.
// Included once for each instruction set, hence without an include guard, with the macros of nearest_kernel.hpp.

#include <cstddef>
#include <cstdint>
#include <limits>

#include "exact.hpp"
#include "exact_nearest_arguments.hpp"
#include "vector_lanes.hpp"

#if !defined(SHEPSEG_KERNEL)
#define SHEPSEG_KERNEL baseline_exact_nearest
#define SHEPSEG_LANES 2
#define SHEPSEG_TARGET
#endif

namespace shepseg::detail::SHEPSEG_KERNEL {

/// The centre that find_nearest_centres() finds, by the same distances.
SHEPSEG_TARGET inline std::int32_t find_exact_nearest(exact_nearest_arguments const& in)
{
    using lanes = vector_of<double, SHEPSEG_LANES>::values;
    using index_lanes = vector_of<double, SHEPSEG_LANES>::indexes;
    using unaligned_lanes = vector_of<double, SHEPSEG_LANES>::values_in_memory;
    constexpr int groups = 4;
    static_assert(exact_nearest_arguments::block_size % (groups * SHEPSEG_LANES) == 0);
    lanes least = lanes{} + std::numeric_limits<double>::infinity();
    index_lanes nearest{}; // of each lane: the first centre of the group that has its least distance
    for (std::ptrdiff_t first = 0; first < in.stride; first += groups * SHEPSEG_LANES) {
        lanes distance[groups] = {};
        double const* centres = in.centres + first;
        for (std::ptrdiff_t b = 0; b < in.bands; ++b, centres += in.stride) {
#pragma GCC unroll 4
            for (int g = 0; g < groups; ++g) {
                lanes const difference =
                    in.values[b] - *reinterpret_cast<unaligned_lanes const*>(centres + g * SHEPSEG_LANES);
                lanes square = difference * difference;
                SHEPSEG_CONCEAL(square);
                distance[g] += square;
            }
        }
#pragma GCC unroll 4
        for (int g = 0; g < groups; ++g) {
            index_lanes const nearer = distance[g] < least;
            least = nearer ? distance[g] : least;
            nearest = nearer ? index_lanes{} + static_cast<std::int64_t>(first + g * SHEPSEG_LANES) : nearest;
        }
    }
    auto best = least[0];
    auto result = nearest[0];
    for (int lane = 1; lane < SHEPSEG_LANES; ++lane) {
        auto const centre = nearest[lane] + lane;
        if (least[lane] < best || (least[lane] == best && centre < result)) {
            best = least[lane];
            result = centre;
        }
    }
    // Nothing is less than infinity: so it is for a pixel that is no number, too.
    return best < std::numeric_limits<double>::infinity() ? static_cast<std::int32_t>(result) : 0;
}

} // namespace shepseg::detail::SHEPSEG_KERNEL

#undef SHEPSEG_KERNEL
#undef SHEPSEG_LANES
#undef SHEPSEG_TARGET
