// SPDX-License-Identifier: BSL-1.0
// Small images of uint8 that can be segmented by hand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>
#include <shepseg/segment.hpp>

namespace test {

/// Every value is its own cluster, there is no spectral limit.
inline shepseg::options every_value(int min_segment_size,
                                    shepseg::connectivity neighbours = shepseg::connectivity::four)
{
    std::vector<std::vector<double>> centres;
    for (int value = 0; value < 256; ++value) centres.push_back({static_cast<double>(value)});
    shepseg::options options;
    options.model = {.bands = {1}, .null_value = {}, .centres = shepseg::cluster_centres(centres)};
    options.min_segment_size = min_segment_size;
    options.max_spectral_diff = shepseg::no_limit{};
    options.neighbours = neighbours;
    return options;
}

/// One band, its pixels in scan order.
inline rios::image<std::uint8_t> image_of(std::ptrdiff_t rows, std::ptrdiff_t cols,
                                          std::vector<std::uint8_t> const& pixels)
{
    rios::image<std::uint8_t> result(1, rows, cols);
    REQUIRE(pixels.size() == static_cast<std::size_t>(rows * cols));
    std::copy(pixels.begin(), pixels.end(), result.data());
    return result;
}

/// In scan order.
inline std::vector<std::uint32_t> labels_of(shepseg::segmentation const& result)
{
    return {result.labels.data(), result.labels.data() + result.labels.pixel_count()};
}

} // namespace test
