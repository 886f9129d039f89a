// SPDX-License-Identifier: BSL-1.0
//
// What the kernels for one pixel in double precision (exact_nearest_kernel.hpp) take.
#pragma once

#include <cstddef>

namespace shepseg::detail {

struct exact_nearest_arguments {
    /// The number of centres is rounded up to a multiple of this, by centres at infinity.
    static constexpr std::ptrdiff_t block_size = 16;

    double const* values; ///< of the pixel, for each band
    std::ptrdiff_t bands;
    double const* centres; ///< planar: band b of centre k is centres[b * stride + k]
    std::ptrdiff_t stride; ///< a multiple of block_size
};

} // namespace shepseg::detail
