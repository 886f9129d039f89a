// SPDX-License-Identifier: BSL-1.0
//
// make_scene FILE.tif [ROWS COLS BANDS [FIELD_SIZE NOISE]]: writes a synthetic landscape of uint16 pixels, null value 0.
// FIELD_SIZE is the mean width of a field in pixels, NOISE the amplitude of the noise of a pixel.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <rios/gdal/writer.hpp>

#include "support/scene.hpp"

int main(int argc, char** argv)
try {
    if (argc != 2 && argc != 5 && argc != 7) {
        std::fprintf(stderr, "usage: make_scene FILE.tif [ROWS COLS BANDS [FIELD_SIZE NOISE]]\n");
        return 2;
    }
    scene::options options;
    if (argc >= 5) {
        options.rows = std::atol(argv[2]);
        options.cols = std::atol(argv[3]);
        options.bands = std::atol(argv[4]);
    }
    if (argc == 7) {
        options.field_size = std::atof(argv[5]);
        options.noise = std::atof(argv[6]);
    }
    rios::pixel_grid grid{.rows = options.rows, .cols = options.cols, .geotransform = {}, .projection = {}};
    grid.geotransform = std::array<double, 6>{500000, 10, 0, 6900000, 0, -10};
    rios::gdal_writer<std::uint16_t> writer(argv[1], {.bands = static_cast<int>(options.bands), .null_value = 0.0});
    writer.open(grid);
    writer.write(grid.whole(), scene::draw(options));
    writer.close();
    return 0;
} catch (std::exception const& error) {
    std::fprintf(stderr, "make_scene: error: %s\n", error.what());
    return 1;
}
