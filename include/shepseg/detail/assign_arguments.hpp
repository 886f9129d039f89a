// SPDX-License-Identifier: BSL-1.0
//
// What the assignment kernels (assign_kernel.hpp) take.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shepseg::detail {

struct assign_arguments {
    /// Centres of which a score says whose it is, in as many of its lowest bits as that takes.
    static constexpr std::ptrdiff_t block_size = 8;

    float const* values;        ///< band b of pixel i is values[b * band_stride + i], minus the origin
    std::ptrdiff_t band_stride; ///< in floats
    std::ptrdiff_t count;       ///< pixels; a multiple of 64 is read and written, so there must be room for that
    std::ptrdiff_t bands;
    /// Centre after centre: minus half its squared length, then its values, minus the origin; rounded up to an even
    /// number.
    float const* centres;
    std::ptrdiff_t clusters;
    float pixel_error;      ///< what a unit of a pixel's length adds to the error of a score
    float longest;          ///< all pixels whose values add up to more are doubtful
    float centre_error;     ///< error of a score whatever the pixel
    std::int32_t* nearest;  ///< out: index of the centre with the highest score
    std::int32_t* doubtful; ///< out: not 0 if the score of another centre is so close that rounding may have decided
};

} // namespace shepseg::detail
