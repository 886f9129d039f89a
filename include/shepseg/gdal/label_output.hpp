// SPDX-License-Identifier: BSL-1.0
//
// What all outputs that hold numbers of segments have in common: what is asked before they are made, and in which blocks they
// are written.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <cpl_conv.h>
#include <cpl_string.h>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/pixel_grid.hpp>

namespace shepseg::detail {

/// Creation options that make the output differ from the labels. @throws rios::options_error
inline void refuse_lossy(std::string const& output, std::vector<std::string> const& creation_options)
{
    for (auto const& option : creation_options) {
        CPLStringList pair;
        pair.AddString(option.c_str());
        auto const is_set = [&](char const* key) { return CPLAtof(pair.FetchNameValueDef(key, "0")) > 0; };
        if (!is_set("MAX_Z_ERROR") && !is_set("DISCARD_LSB") &&
            CPLTestBool(pair.FetchNameValueDef("JXL_LOSSLESS", "YES")))
            continue;
        throw rios::options_error(output + ": creation option '" + option +
                                  "' is not allowed: it would change the numbers of segments");
    }
}

/// Segment numbers above what the output's creation options leave room for would be cut off in silence.
inline void require_room(rios::gdal_dataset const& file, std::uint64_t segments)
{
    auto const* const bits = file.band(1).GetMetadataItem("NBITS", "IMAGE_STRUCTURE");
    auto const needed = static_cast<int>(std::bit_width(segments));
    if (bits == nullptr || needed <= std::atoi(bits)) return;
    throw rios::options_error(file.path() + ": " + std::to_string(segments) + " segments do not fit into NBITS=" +
                              bits + "; allowed: " + std::to_string(needed) + " or more");
}

/// No more are read at once (32 MiB of labels), unless a file is written in larger blocks.
inline constexpr std::ptrdiff_t most_pixels_at_once = std::ptrdiff_t{1} << 23;

/// About a quarter of a million pixels that make up whole blocks of the file.
/// @param least_cols as many columns at least, and more pixels if need be (most_pixels_at_once at most): those of the blocks of another
///        file that is read at the same time, so that its strips are not decoded for each part of their width
inline rios::block_shape whole_blocks(rios::gdal_dataset const& file, std::ptrdiff_t least_cols = 1)
{
    constexpr std::ptrdiff_t side = 512;
    auto const [block_rows, block_cols] = file.stored_blocks();
    auto const whole = [](std::ptrdiff_t wanted, std::ptrdiff_t block) {
        return std::max<std::ptrdiff_t>(1, wanted / block) * block;
    };
    auto wanted_cols = side;
    if (least_cols > side) {
        auto const rounded_up = least_cols + block_cols - 1;
        wanted_cols = std::max(side, std::min(rounded_up, most_pixels_at_once / block_rows));
    }
    auto const cols = std::min(file.cols(), whole(wanted_cols, block_cols));
    auto const rows = whole(std::max<std::ptrdiff_t>(1, side * side / cols), block_rows);
    return {rows, cols};
}

/// As whole_blocks(), for files that are only read: parts of the blocks of a file that is stored in larger ones than
/// most_pixels_at_once, such as one strip of all rows.
inline rios::block_shape reading_blocks(rios::gdal_dataset const& file, std::ptrdiff_t least_cols = 1)
{
    auto shape = whole_blocks(file, least_cols);
    shape.cols = std::min(shape.cols, most_pixels_at_once);
    shape.rows = std::min(shape.rows, most_pixels_at_once / shape.cols);
    return shape;
}

/// What is written at once, so that no block of the file is written twice.
inline std::vector<rios::block> writing_blocks(rios::gdal_dataset const& file)
{
    auto const shape = whole_blocks(file);
    rios::pixel_grid const grid{.rows = file.rows(), .cols = file.cols(), .geotransform = {}, .projection = {}};
    std::vector<rios::block> blocks;
    for (rios::block const each : grid.blocks(shape.rows, shape.cols)) blocks.push_back(each);
    return blocks;
}

} // namespace shepseg::detail
