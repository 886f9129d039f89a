// SPDX-License-Identifier: BSL-1.0
// Statistics of the segments of files, on threads, and their numbers as bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <rios/executor/threads.hpp>
#include <shepseg/gdal/segment_statistics.hpp>
#include <shepseg/spatial_statistics.hpp>

#include "temporary_directory.hpp"

namespace test {

/// Names of two files in a folder of their own.
struct image_and_segments {
    temporary_directory folder;
    std::string image = folder / "image.tif";
    std::string segments = folder / "segments.tif";
};

/// Compiled once: executors differ in their numbers only.
inline shepseg::segment_statistics_result
statistics(std::string const& image, std::string const& segments,
           std::vector<shepseg::band_statistics_selection> const& selection,
           shepseg::segment_statistics_options const& options = {},
           rios::thread_options threads = {.readers = 0, .workers = 2},
           std::vector<shepseg::chosen_spatial_statistics::choice> const& spatial = {})
{
    rios::thread_executor executor(threads);
    return shepseg::segment_statistics(image, segments, selection, options, executor,
                                       shepseg::chosen_spatial_statistics(spatial));
}

/// All numbers of a table, as bits.
inline std::vector<std::uint64_t> bits_of(shepseg::statistics_table const& table)
{
    std::vector<std::uint64_t> bits;
    table.for_each_page(0, [&](std::size_t, std::size_t, std::span<double const> numbers) {
        auto const before = bits.size();
        bits.resize(before + numbers.size());
        std::memcpy(bits.data() + before, numbers.data(), numbers.size_bytes());
    });
    return bits;
}

} // namespace test
