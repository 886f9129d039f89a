// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/label_output.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/dataset.hpp>

#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

namespace {

using size = std::pair<std::ptrdiff_t, std::ptrdiff_t>;

/// An empty file.
rios::gdal_dataset file(test::temporary_directory const& folder, std::vector<std::string> options, int rows = 3000,
                        int cols = 5000)
{
    auto const path = folder / "a.tif";
    options.emplace_back("SPARSE_OK=TRUE");
    return {test::create_raster(path, "GTiff", rows, cols, 1, GDT_UInt32, options).release(), path};
}

size blocks(rios::gdal_dataset const& of, std::ptrdiff_t least_cols = 1)
{
    auto const shape = shepseg::detail::whole_blocks(of, least_cols);
    return {shape.rows, shape.cols};
}

} // namespace

TEST_CASE("what is read or written at once are whole blocks of the file, of about a quarter of a million pixels")
{
    test::temporary_directory const folder;
    auto const tiled = [&](std::string const& cols, std::string const& rows) {
        return file(folder, {"TILED=YES", "BLOCKXSIZE=" + cols, "BLOCKYSIZE=" + rows});
    };
    CHECK(blocks(tiled("256", "256")) == size{512, 512});
    CHECK(blocks(tiled("64", "16")) == size{512, 512});
    CHECK(blocks(tiled("112", "48")) == size{576, 448});
    CHECK(blocks(tiled("1024", "1024")) == size{1024, 1024});
    CHECK(blocks(file(folder, {"BLOCKYSIZE=1"})) == size{52, 5000});
    CHECK(blocks(file(folder, {"BLOCKYSIZE=100"})) == size{100, 5000});
}

TEST_CASE("strips of another file are taken whole")
{
    test::temporary_directory const folder;
    auto const tiled = file(folder, {"TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256"});
    CHECK(blocks(tiled, 512) == size{512, 512});
    CHECK(blocks(tiled, 1000) == size{256, 1024});
    CHECK(blocks(tiled, 5000) == size{256, 5000});
    CHECK(blocks(tiled, 90000) == size{256, 5000});
}

TEST_CASE("what is only read at once has a bounded number of pixels, however the files are stored")
{
    test::temporary_directory const folder;
    using shepseg::detail::most_pixels_at_once;
    auto const read = [](rios::gdal_dataset const& of, std::ptrdiff_t least_cols = 1) {
        auto const shape = shepseg::detail::reading_blocks(of, least_cols);
        CHECK(shape.rows * shape.cols <= most_pixels_at_once);
        return size{shape.rows, shape.cols};
    };
    auto const tiles = std::vector<std::string>{"TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=512"};
    CHECK(read(file(folder, tiles)) == size{512, 512});
    CHECK(read(file(folder, tiles), 5000) == size{512, 5000});
    CHECK(read(file(folder, tiles, 3000, 100'000), 100'000) == size{512, 16384});
    CHECK(blocks(file(folder, tiles, 3000, 100'000), 100'000) == size{512, 16384});
    CHECK(read(file(folder, {"BLOCKYSIZE=1"}, 3000, 1'000'000)) == size{1, 1'000'000});
    CHECK(read(file(folder, {"BLOCKYSIZE=3000"})) == size{1677, 5000});
    CHECK(read(file(folder, {"BLOCKYSIZE=3000"}, 3000, 100'000), 512) == size{83, 100'000});
    CHECK(read(file(folder, {"BLOCKYSIZE=1"}, 2, 20'000'000)) == size{1, most_pixels_at_once});
    CHECK(blocks(file(folder, {"BLOCKYSIZE=3000"})) == size{3000, 5000}); // what is written has whole blocks
}

TEST_CASE("blocks that are written cover the file, each block of which is in one of them")
{
    test::temporary_directory const folder;
    auto const tiled = file(folder, {"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=256"});
    auto const all = shepseg::detail::writing_blocks(tiled);
    CHECK(all.size() == 6 * 10);
    std::ptrdiff_t pixels = 0;
    for (auto const& each : all) {
        CHECK(each.row % 256 == 0);
        CHECK(each.col % 512 == 0);
        pixels += each.rows * each.cols;
    }
    CHECK(pixels == 3000 * 5000);
}
