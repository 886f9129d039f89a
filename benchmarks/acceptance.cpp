// SPDX-License-Identifier: BSL-1.0
//
// acceptance FOLDER: an image of 8000 × 8000 pixels with 103 Voronoi cells, written to the folder, must be segmented into
// just these cells. Fails (exit status 1) if a single pixel is wrong. After the acceptance test of pyshepseg.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include <rios/executor/threads.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/writer.hpp>
#include <shepseg/gdal/segment_file.hpp>

#include "support/voronoi.hpp"

int main(int argc, char** argv)
try {
    if (argc != 2) {
        std::fputs("usage: acceptance FOLDER\n", stderr);
        return 2;
    }
    std::string const input = std::string(argv[1]) + "/voronoi_8000.tif";
    std::string const output = std::string(argv[1]) + "/voronoi_8000_segments.tif";
    auto const cells = scene::voronoi_cells({});
    {
        auto const image = scene::voronoi_colours(cells);
        rios::gdal_writer<std::uint16_t> writer(input, {.bands = 3, .null_value = scene::voronoi_null});
        rios::pixel_grid const grid{.rows = image.rows(), .cols = image.cols(), .geotransform = {}, .projection = {}};
        writer.open(grid);
        for (rios::block const block : grid.blocks(256, grid.cols)) {
            writer.write(block, image.view().window(block.row, block.col, block.rows, block.cols));
        }
        writer.close();
    }
    shepseg::file_options request;
    request.segmentation.kmeans.clusters = 103;
    request.segmentation.kmeans.start = shepseg::kmeans_start::diagonal;
    request.segmentation.neighbours = shepseg::connectivity::eight;
    rios::thread_executor executor;
    auto const begun = std::chrono::steady_clock::now();
    auto const result = shepseg::segment_file(input, output, request, executor);
    std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - begun;
    rios::gdal_reader<std::uint32_t> labels(output);
    auto const part = scene::recovered(cells, labels.read(labels.grid().whole()));
    std::printf("%llu segments in %.1f s, %.6f %% of the pixels recovered\n",
                static_cast<unsigned long long>(result.counts.segments), seconds.count(), 100 * part);
    return part == 1 && result.counts.segments == 103 ? 0 : 1;
} catch (std::exception const& error) {
    std::fprintf(stderr, "acceptance: %s\n", error.what());
    return 1;
}
