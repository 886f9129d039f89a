// SPDX-License-Identifier: BSL-1.0
//
// segment_files [IMAGE OUTPUT]: segments a file with clusters that are fitted once and used again for a second file, with
// a line of progress. Without arguments it makes an image of its own.
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include <rios/executor/threads.hpp>
#include <rios/gdal/writer.hpp>
#include <shepseg/gdal/segment_file.hpp>

namespace {

std::string make_image(std::filesystem::path const& folder)
{
    rios::image<std::uint8_t> image(3, 200, 200);
    for (auto [row, col] : image.pixels()) {
        for (int band = 0; band < 3; ++band) {
            image(band, row, col) = static_cast<std::uint8_t>(40 + 50 * band + 20 * (row / 40) + 3 * (col / 50));
        }
    }
    auto const path = folder / "image.tif";
    rios::pixel_grid const grid{.rows = 200,
                                .cols = 200,
                                .geotransform = std::array<double, 6>{500000, 10, 0, 6900000, 0, -10},
                                .projection = {}};
    rios::gdal_writer<std::uint8_t> writer(path, {.bands = 3});
    writer.open(grid);
    writer.write(grid.whole(), image);
    writer.close();
    return path;
}

} // namespace

int main(int argc, char** argv)
try {
    auto const folder = std::filesystem::temp_directory_path() / ("segment_files_" + std::to_string(argc));
    std::filesystem::create_directories(folder);
    auto const input = argc > 2 ? std::string(argv[1]) : make_image(folder);
    auto const output = argc > 2 ? std::string(argv[2]) : (folder / "segments.tif").string();

    rios::thread_executor executor;
    shepseg::file_options request;
    request.segmentation.kmeans.clusters = 20;
    request.segmentation.progress = [](std::string_view phase, double done) {
        std::fprintf(stderr, "\r%-20s %3.0f %%", std::string(phase).c_str(), 100 * done);
        return true; // false cancels
    };
    auto const first = shepseg::segment_file(input, output, request, executor);
    std::fprintf(stderr, "\n");
    std::printf("%s: %llu segments\n", output.c_str(), static_cast<unsigned long long>(first.counts.segments));

    request.segmentation.model = first.model; // no second fit
    auto const again = (folder / "again.img").string();
    auto const second = shepseg::segment_file(input, again, request, executor);
    std::fprintf(stderr, "\n");
    std::printf("%s: %llu segments\n", again.c_str(), static_cast<unsigned long long>(second.counts.segments));
    std::filesystem::remove_all(folder);
    return first.counts == second.counts ? 0 : 1;
} catch (std::exception const& error) {
    std::fprintf(stderr, "segment_files: error: %s\n", error.what());
    return 1;
}
