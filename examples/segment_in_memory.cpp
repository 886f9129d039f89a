// SPDX-License-Identifier: BSL-1.0
//
// Segments an image that the program already holds, on all cores. Needs no GDAL: link shepseg::core.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>

#include <rios/executor/threads.hpp>
#include <shepseg/segment.hpp>

int main()
try {
    // Three fields, side by side; two bands.
    rios::image<std::uint16_t> image(2, 60, 90);
    for (auto [row, col] : image.pixels()) {
        image(0, row, col) = static_cast<std::uint16_t>(1000 + col / 30 * 500 + row * col % 7);
        image(1, row, col) = static_cast<std::uint16_t>(3000 - col / 30 * 800 + row * col % 5);
    }

    shepseg::options options;
    options.kmeans.clusters = 4;
    options.min_segment_size = 100; // pixels
    auto const result = shepseg::segment(image, options, rios::thread_executor{});

    std::printf("%llu segments out of %llu clumps; the middle pixel is in segment %u\n",
                static_cast<unsigned long long>(result.counts.segments),
                static_cast<unsigned long long>(result.counts.clumps), result.labels(0, 30, 45));
    std::printf("%s", result.timings.report().c_str());
    return result.counts.segments == 3 ? 0 : 1;
} catch (std::exception const& error) {
    std::fprintf(stderr, "segment_in_memory: error: %s\n", error.what());
    return 1;
}
