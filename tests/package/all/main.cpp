// SPDX-License-Identifier: BSL-1.0
#include <rios/rios.hpp>
#include <shepseg/shepseg.hpp>

#include <cstdint>
#include <iostream>

int main()
{
    rios::image<std::uint16_t> image(1, 4, 4);
    for (auto [row, col] : image.pixels()) image(0, row, col) = col < 2 ? 100 : 200;
    shepseg::options options;
    options.kmeans.clusters = 2;
    auto const result = shepseg::segment(image, options, rios::thread_executor{});
    std::cout << shepseg::to_json(result.model).dump() << ' ' << rios::driver_for("segments.tif") << '\n';
    return result.counts.segments == 2 ? 0 : 1;
}
