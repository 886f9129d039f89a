// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/label_rows.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using shepseg::detail::each_label_row;
using test::temporary_directory;

namespace {

rios::image<std::uint32_t> ramp(std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    rios::image<std::uint32_t> result(1, rows, cols);
    for (auto const [row, col] : result.pixels()) result(0, row, col) = static_cast<std::uint32_t>(row * cols + col);
    return result;
}

} // namespace

TEST_CASE("each row comes once, from top to bottom, whatever blocks the file has")
{
    temporary_directory const folder;
    auto const all = ramp(2500, 3000); // more than is read at once
    for (auto const& options : {std::vector<std::string>{"BLOCKYSIZE=1"},
                                {"BLOCKYSIZE=2500"},
                                {"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=128"}}) {
        CAPTURE(options.back());
        test::make_raster(folder / "a.tif", "GTiff", all, options);
        auto const file = rios::gdal_dataset::open(folder / "a.tif");
        std::int32_t next = 0;
        double last = -1;
        auto const progress = [&](std::string_view phase, double done) {
            CHECK(phase == "looking");
            CHECK(done >= last);
            last = done;
            return true;
        };
        each_label_row(file, progress, "looking", [&](std::int32_t row, std::span<std::uint32_t const> labels) {
            bool const same = row == next++ && std::ranges::equal(labels, all.row(0, row));
            if (!same) FAIL("row ", row);
        });
        CHECK(next == 2500);
        CHECK(last == 1);
    }
}

TEST_CASE("null is 0, and rows end with the first that is wrong or where progress says so")
{
    temporary_directory const folder;
    rios::image<std::int16_t> pixels(1, 40, 3);
    pixels(0, 0, 1) = -9;
    pixels(0, 0, 2) = 7;
    test::make_raster(folder / "a.tif", "GTiff", pixels);
    test::open_raster(folder / "a.tif", GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(-9);
    std::int32_t rows = 0;
    auto const read = [&](rios::progress_function const& progress) {
        rows = 0;
        each_label_row(rios::gdal_dataset::open(folder / "a.tif"), progress, "looking",
                       [&](std::int32_t row, std::span<std::uint32_t const> labels) {
                           ++rows;
                           if (row == 0) CHECK(std::ranges::equal(labels, std::vector<std::uint32_t>{0, 0, 7}));
                       });
    };
    read({});
    CHECK(rows == 40);
    CHECK_THROWS_AS(read([](std::string_view, double done) { return done == 0; }), rios::cancelled);
    CHECK(rows == 16);
    pixels(0, 39, 0) = -1;
    test::make_raster(folder / "a.tif", "GTiff", pixels);
    CHECK(test::message_of<rios::grid_error>([&] { read({}); }).find("row 0, col 1 holds -9") != std::string::npos);
}
