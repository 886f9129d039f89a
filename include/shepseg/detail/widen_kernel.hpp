// SPDX-License-Identifier: BSL-1.0
//
// Floats as doubles (widen.hpp), in vectors (vector_lanes.hpp). Included once for each instruction set, hence without an include
// guard, with the macros of nearest_kernel.hpp.

#include <cstddef>

#include "vector_lanes.hpp"

#if !defined(SHEPSEG_KERNEL)
#define SHEPSEG_KERNEL baseline_widening
#define SHEPSEG_LANES 2
#define SHEPSEG_TARGET
#endif

namespace shepseg::detail::SHEPSEG_KERNEL {

SHEPSEG_TARGET inline void widen(float const* from, std::size_t count, double* to)
{
    using wide_lanes = vector_of<double, SHEPSEG_LANES>::values;
    typedef float narrow_lanes __attribute__((vector_size(SHEPSEG_LANES * sizeof(float))));
    std::size_t i = 0;
    for (; i + SHEPSEG_LANES <= count; i += SHEPSEG_LANES) {
        narrow_lanes narrow;
        __builtin_memcpy(&narrow, from + i, sizeof(narrow));
        wide_lanes const wide = __builtin_convertvector(narrow, wide_lanes);
        __builtin_memcpy(to + i, &wide, sizeof(wide));
    }
    for (; i < count; ++i) to[i] = from[i];
}

} // namespace shepseg::detail::SHEPSEG_KERNEL

#undef SHEPSEG_KERNEL
#undef SHEPSEG_LANES
#undef SHEPSEG_TARGET
