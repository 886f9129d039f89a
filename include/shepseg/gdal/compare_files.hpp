// SPDX-License-Identifier: BSL-1.0
//
// The difference between two files of segments: compare.hpp over rios::apply.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <rios/apply.hpp>
#include <rios/block.hpp>
#include <rios/block_info.hpp>
#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/function_writer.hpp>
#include <rios/gdal/crs.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/grid_difference.hpp>
#include <rios/image.hpp>
#include <rios/progress.hpp>

#include "../compare.hpp"
#include "../contingency.hpp"
#include "label_output.hpp"
#include "label_reader.hpp"

namespace shepseg {

namespace detail {

/// What is read of two files at once, so that neither their tiles nor their strips are decoded time and again; as far as
/// reading_blocks() allows.
inline rios::block_shape blocks_of_both(rios::gdal_dataset const& a, rios::gdal_dataset const& b)
{
    bool const a_is_higher = a.stored_blocks().rows >= b.stored_blocks().rows;
    return a_is_higher ? reading_blocks(a, b.stored_blocks().cols) : reading_blocks(b, a.stored_blocks().cols);
}

} // namespace detail

/// Compares two files of segments, block by block. 0 and the null value of the file are null.
/// @param options its progress is told "reading", then "matching"
/// @param executor reads and counts blocks, as rios::apply uses it
/// @throws rios::grid_error naming the files and how they differ, unless they have the same pixels (rios::grid_difference());
///         for several bands, pixels that are no integers, and negative labels
/// @throws rios::io_error, rios::cancelled
/// Memory: some blocks of both files for each thread, of 32 MiB at most, and up to 100 bytes for each pair of segments that have
/// pixels in common.
template <rios::AnyExecutor E>
segmentation_difference compare_files(std::string const& a, std::string const& b, matching_options const& options,
                                      E&& executor)
{
    label_reader const first(a);
    label_reader const second(b);
    auto const same_crs = [](auto const& one, auto const& other) { return rios::same_crs(one, other); };
    if (auto const how = rios::grid_difference(second.grid(), first.grid(), a, same_crs); !how.empty()) {
        throw rios::grid_error(b + ": " + how + "; segmentations must have the same pixels to be compared");
    }
    auto const shape = detail::blocks_of_both(rios::gdal_dataset::open(a), rios::gdal_dataset::open(b));
    auto const count = [](rios::block_info const&, rios::image<std::uint32_t> const& labels_a,
                          rios::image<std::uint32_t> const& labels_b) {
        contingency counted;
        counted.add(labels_a.view(), labels_b.view());
        return counted;
    };
    contingency all;
    rios::progress_function progress;
    if (options.progress) {
        progress = [&](std::string_view, double done) { return options.progress("reading", done); };
    }
    rios::apply(std::tuple(first, second), count,
                rios::function_writer([&](rios::block const&, contingency const& part) { all.merge(part); }), executor,
                {.window = {shape.rows, shape.cols}, .overlap = 0, .progress = progress});
    return compare(all.take_pairs(), options);
}

} // namespace shepseg
