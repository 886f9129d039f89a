// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/fitting_window.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/dataset.hpp>
#include <rios/image.hpp>

#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

TEST_CASE("blocks are whole tiles where these are not too large, and parts of strips")
{
    test::temporary_directory const folder;
    auto const made = [&](std::string const& name, std::vector<std::string> const& options,
                          std::ptrdiff_t side = 1500) {
        test::make_raster(folder / name, "GTiff", rios::image<std::uint8_t>(1, side, side), options);
        return rios::gdal_dataset::open(folder / name);
    };
    auto const strips = made("strips.tif", {});
    auto const small = made("small.tif", {"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=128"});
    auto const middle = made("middle.tif", {"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=128"});
    auto const large = made("large.tif", {"TILED=YES", "BLOCKXSIZE=1040", "BLOCKYSIZE=1040"});
    auto const tiny = made("tiny.tif", {}, 10);
    CHECK(shepseg::fitting_window(strips, small) == 256);
    CHECK(shepseg::fitting_window(middle, strips) == 512);
    CHECK(shepseg::fitting_window(small, middle) == 512);
    CHECK(shepseg::fitting_window(large, small) == 1024);
    CHECK(shepseg::fitting_window(tiny, tiny) == 256);
}
