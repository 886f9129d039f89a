// SPDX-License-Identifier: BSL-1.0
//
// What the candidate kernels (candidate_kernel.hpp) take.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shepseg::detail {

struct candidate_arguments {
    double const* low;  ///< of the box, for each band
    double const* high; ///< of the box, for each band
    std::size_t bands;
    double const* centres; ///< band b of centre k is centres[b * stride + k]
    std::size_t count;     ///< centres, at least 1
    std::size_t stride;    ///< count, rounded up to a multiple of 8; what lies between holds numbers
    double margin;         ///< by how much a squared distance must be larger to count as larger
    /// out, in ascending order: all centres but those that are farther from every point of the box than the one nearest to
    /// its middle. Room for `count`.
    std::uint32_t* candidates;
    /// out, unless null: by how much all others are farther from every point of the box than that one, at least.
    double* lead = nullptr;
};

} // namespace shepseg::detail
