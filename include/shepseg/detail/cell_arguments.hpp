// SPDX-License-Identifier: BSL-1.0
//
// What the kernels that look up a pixel's cell (cell_kernel.hpp) take.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace shepseg::detail {

/// How the space of spectra is cut along one band: into equal buckets, some of which together make a cell, so that cells
/// are narrow where centres are close together.
struct cell_axis {
    static constexpr int buckets = 3072;
    static constexpr std::uint16_t outside = 1 << 14; ///< more than there are cells

    float low;              ///< where the buckets begin; minus the origin
    float buckets_per_unit; ///< one over the width of a bucket
    /// What a bucket adds to the number of the cell: for all that lies before the first one, for the buckets, and for all
    /// that lies after the last one.
    std::array<std::uint16_t, buckets + 2> step;
};

/// Eight numbers, of one centre each.
struct alignas(32) cell_row {
    float numbers[8];
};

/// Where the centres are that can be nearest to a pixel of a cell, in groups of eight. A group is a row of minus half their
/// squared lengths, a row of their values in each band, and a row of their numbers, as integers.
struct cell_entry {
    std::int32_t place;  ///< of the first group's first row
    std::int32_t groups; ///< 0 if nobody has asked for them yet
};

/// Where the pixels of a run lie.
struct locate_arguments {
    float const* values; ///< band b of pixel i is values[b * band_stride + i], minus the origin
    std::ptrdiff_t band_stride;
    std::ptrdiff_t count; ///< rounded up to a multiple of 8 there must be room
    std::ptrdiff_t bands;
    cell_axis const* axes;
    std::int32_t outside; ///< the number of the cell of all that lies before or after the buckets
    float pixel_error;    ///< what a unit of a pixel's length adds to the error of a score
    float centre_error;   ///< error of a score whatever the pixel
    float longest;        ///< all pixels whose values add up to more are doubtful
    std::int32_t* cell;   ///< out
    float* lead;          ///< out: by how much the best score must be higher than all others
};

/// The nearest of the centres in a pixel's cell.
struct cell_arguments {
    float const* values; ///< as above
    std::ptrdiff_t band_stride;
    std::ptrdiff_t count;
    std::ptrdiff_t bands;
    std::int32_t const* cell;
    float const* lead;
    cell_entry const* entries;
    cell_row const* rows;
    std::int32_t* nearest;  ///< out: index of the centre with the highest score
    std::int32_t* doubtful; ///< out: the pixels of which the lead is too small; room for one more than there are
    std::ptrdiff_t* doubtful_count; ///< in and out: how many of them there are
};

} // namespace shepseg::detail
