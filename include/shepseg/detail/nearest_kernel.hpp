// SPDX-License-Identifier: BSL-1.0
//
// The nearest-centre kernel, in vectors (vector_lanes.hpp). Included once for each instruction
// set, hence without an include guard: SHEPSEG_KERNEL names the namespace, SHEPSEG_LANES the doubles in a register and
// SHEPSEG_TARGET the attribute of its functions. (Inlining a common template into target functions will not do: GCC
// takes vectors that are too wide for the template's own target to pieces before it inlines.)

#include <cstddef>
#include <cstdint>
#include <limits>

#include "exact.hpp"
#include "nearest_arguments.hpp"
#include "vector_lanes.hpp"

#if !defined(SHEPSEG_KERNEL)
#define SHEPSEG_KERNEL baseline_kernel
#define SHEPSEG_LANES 2
#define SHEPSEG_TARGET
#endif

namespace shepseg::detail::SHEPSEG_KERNEL {

using lanes = vector_of<double, SHEPSEG_LANES>::values;
using unaligned_lanes = vector_of<double, SHEPSEG_LANES>::values_in_memory;
using index_lanes = vector_of<double, SHEPSEG_LANES>::indexes;
typedef std::uint32_t number_lanes __attribute__((vector_size(SHEPSEG_LANES * 4)));

SHEPSEG_TARGET inline void take_lead(nearest_lead& lead, double difference, double second)
{
    lead.least_difference = difference < lead.least_difference ? difference : lead.least_difference;
    lead.greatest_second = second > lead.greatest_second ? second : lead.greatest_second;
}

/// The pixels from `begin` on in groups of Groups × SHEPSEG_LANES; returns the first pixel that is left.
///
/// The distances of a group stay in registers while all centres go by; the values come from the level-1 cache.
template <int Groups, bool WithLead>
SHEPSEG_TARGET inline std::ptrdiff_t nearest_in_groups(nearest_arguments const& in, std::ptrdiff_t begin)
{
    auto const bands = static_cast<std::ptrdiff_t>(in.centres.bands());
    auto const clusters = static_cast<std::ptrdiff_t>(in.centres.clusters());
    double const* const centres = in.centres[0].data();
    std::int64_t const first = in.numbers == nullptr ? 0 : in.numbers[0];
    lanes least_difference = lanes{} + std::numeric_limits<double>::infinity();
    lanes greatest_second{};
    auto at = begin;
    for (; at + Groups * SHEPSEG_LANES <= in.count; at += Groups * SHEPSEG_LANES) {
        lanes best[Groups];
        lanes second[Groups];
        index_lanes index[Groups];
#pragma GCC unroll 4
        for (int g = 0; g < Groups; ++g) {
            best[g] = lanes{} + std::numeric_limits<double>::infinity();
            second[g] = best[g];
            index[g] = index_lanes{} + first;
        }
        for (std::ptrdiff_t k = 0; k < clusters; ++k) {
            std::int64_t const number = in.numbers == nullptr ? k : in.numbers[k];
            lanes distance[Groups] = {};
            for (std::ptrdiff_t b = 0; b < bands; ++b) {
                double const* const values = in.values + b * in.band_stride + at;
                double const centre = centres[k * bands + b];
#pragma GCC unroll 4
                for (int g = 0; g < Groups; ++g) {
                    lanes const difference =
                        *reinterpret_cast<unaligned_lanes const*>(values + g * SHEPSEG_LANES) - centre;
                    lanes square = difference * difference;
                    SHEPSEG_CONCEAL(square);
                    distance[g] += square;
                }
            }
#pragma GCC unroll 4
            for (int g = 0; g < Groups; ++g) {
                index_lanes const nearer = distance[g] < best[g];
                if constexpr (WithLead) {
                    lanes const other = nearer ? best[g] : distance[g];
                    second[g] = other < second[g] ? other : second[g];
                }
                best[g] = nearer ? distance[g] : best[g];
                index[g] = nearer ? index_lanes{} + number : index[g];
            }
        }
#pragma GCC unroll 4
        for (int g = 0; g < Groups; ++g) {
            number_lanes const numbers = __builtin_convertvector(index[g], number_lanes);
            __builtin_memcpy(in.distance + at + g * SHEPSEG_LANES, &best[g], sizeof(lanes));
            __builtin_memcpy(in.nearest + at + g * SHEPSEG_LANES, &numbers, sizeof(number_lanes));
            if constexpr (WithLead) {
                lanes const difference = second[g] - best[g];
                least_difference = difference < least_difference ? difference : least_difference;
                greatest_second = second[g] > greatest_second ? second[g] : greatest_second;
            }
        }
    }
    if constexpr (WithLead) {
        for (int i = 0; i < SHEPSEG_LANES; ++i) take_lead(*in.lead, least_difference[i], greatest_second[i]);
    }
    return at;
}

/// All pixels: most in groups, the last few one by one.
SHEPSEG_TARGET inline void find_nearest_centres(nearest_arguments const& in)
{
    auto const bands = static_cast<std::ptrdiff_t>(in.centres.bands());
    if (in.lead != nullptr)
        *in.lead = {.least_difference = std::numeric_limits<double>::infinity(), .greatest_second = 0};
    auto const rest = in.lead == nullptr ? nearest_in_groups<1, false>(in, nearest_in_groups<4, false>(in, 0))
                                         : nearest_in_groups<1, true>(in, nearest_in_groups<4, true>(in, 0));
    for (auto i = rest; i < in.count; ++i) {
        auto second = std::numeric_limits<double>::infinity();
        in.distance[i] = second;
        std::size_t nearest = 0;
        for (std::size_t k = 0; k < in.centres.clusters(); ++k) {
            double const* const centre = in.centres[k].data();
            double distance = 0;
            for (std::ptrdiff_t b = 0; b < bands; ++b) {
                double const difference = in.values[b * in.band_stride + i] - centre[b];
                double square = difference * difference;
                SHEPSEG_CONCEAL(square);
                distance += square;
            }
            if (distance < in.distance[i]) {
                second = in.distance[i];
                in.distance[i] = distance;
                nearest = k;
            } else if (distance < second) {
                second = distance;
            }
        }
        in.nearest[i] = in.numbers == nullptr ? static_cast<std::uint32_t>(nearest) : in.numbers[nearest];
        if (in.lead != nullptr) take_lead(*in.lead, second - in.distance[i], second);
    }
}

} // namespace shepseg::detail::SHEPSEG_KERNEL

#undef SHEPSEG_KERNEL
#undef SHEPSEG_LANES
#undef SHEPSEG_TARGET
