// SPDX-License-Identifier: BSL-1.0
//
// What the nearest-centre kernels (nearest_kernel.hpp) take.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../cluster_model.hpp"

namespace shepseg::detail {

/// How clear it is which centre is the nearest, for all pixels together; of squared distances.
struct nearest_lead {
    double least_difference; ///< to the nearest other centre, from the nearest
    double greatest_second;  ///< to the nearest other centre
};

struct nearest_arguments {
    double const* values;       ///< band b of pixel i is values[b * band_stride + i]
    std::ptrdiff_t band_stride; ///< in doubles
    std::ptrdiff_t count;       ///< pixels
    cluster_centres const& centres;
    std::uint32_t* nearest;                 ///< out: index of the centre, or its number, for each pixel
    double* distance;                       ///< out: squared distance to it, for each pixel
    nearest_lead* lead = nullptr;           ///< out, unless null
    std::uint32_t const* numbers = nullptr; ///< of the centres, to be given instead of their indexes, unless null
};

} // namespace shepseg::detail
