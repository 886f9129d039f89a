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

/// An empty file of 3000 rows and 5000 columns.
rios::gdal_dataset file(test::temporary_directory const& folder, std::vector<std::string> options)
{
    auto const path = folder / "a.tif";
    options.emplace_back("SPARSE_OK=TRUE");
    return {test::create_raster(path, "GTiff", 3000, 5000, 1, GDT_UInt32, options).release(), path};
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
