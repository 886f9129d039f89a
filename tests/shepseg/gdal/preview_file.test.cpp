// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <shepseg/gdal/preview_file.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

TEST_CASE("a preview is an RGB PNG, enlarged where the image is small")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "image.tif", "GTiff", test::noise<std::uint16_t>(4, 20, 30));
    rios::image<std::uint32_t> labels(1, 20, 30);
    for (auto [row, col] : labels.pixels()) labels(0, row, col) = col < 15 ? 1 : 2;
    test::make_raster(folder / "labels.tif", "GTiff", labels);
    shepseg::write_preview(folder / "image.tif", {4, 3, 2}, folder / "labels.tif", folder / "look.png");

    auto const file = test::open_raster(folder / "look.png");
    CHECK(std::string(file->GetDriver()->GetDescription()) == "PNG");
    auto const picture = test::read_pixels<std::uint8_t>(folder / "look.png");
    REQUIRE(picture.bands() == 3);
    REQUIRE(picture.rows() == 80);
    REQUIRE(picture.cols() == 120);
    for (std::ptrdiff_t row = 0; row < 80; ++row) {
        CHECK(picture(0, row, 60) == 255);
        CHECK(picture(1, row, 60) == 255);
        CHECK(picture(2, row, 60) == 0);
    }
    CHECK(folder.names() == std::set<std::string>{"image.tif", "labels.tif", "look.png"});
}

TEST_CASE("a preview of a large raster shows its middle")
{
    CHECK(shepseg::preview_window({.rows = 3000, .cols = 200, .geotransform = {}, .projection = {}}) ==
          rios::block{.index = 0, .row = 0, .col = 0, .rows = 3000, .cols = 200});
    CHECK(shepseg::preview_window({.rows = 3001, .cols = 200, .geotransform = {}, .projection = {}}) ==
          rios::block{.index = 0, .row = 750, .col = 0, .rows = 1500, .cols = 200});
    CHECK(shepseg::preview_window({.rows = 4000, .cols = 9000, .geotransform = {}, .projection = {}}) ==
          rios::block{.index = 0, .row = 1250, .col = 3750, .rows = 1500, .cols = 1500});
}

TEST_CASE("the bands of a preview are those that the file calls red, green and blue, or a common choice")
{
    test::temporary_directory const folder;
    auto const path = folder / "image.tif";
    {
        auto const file = test::create_raster(path, "GTiff", 2, 2, 5, GDT_Byte, {"PHOTOMETRIC=MINISBLACK"});
    }
    auto const bands = [&](std::vector<int> const& used) {
        return shepseg::composite_bands(rios::gdal_dataset::open(path), used);
    };
    CHECK(bands({1, 2, 3, 4, 5}) == std::vector{4, 3, 2});
    CHECK(bands({5, 3, 1}) == std::vector{1, 3, 5});
    CHECK(bands({2, 5}) == std::vector{2});
    {
        auto const file = test::open_raster(path, GDAL_OF_UPDATE);
        file->GetRasterBand(4)->SetColorInterpretation(GCI_RedBand);
        file->GetRasterBand(1)->SetColorInterpretation(GCI_GreenBand);
        file->GetRasterBand(2)->SetColorInterpretation(GCI_BlueBand);
    }
    CHECK(bands({1, 2, 3, 4, 5}) == std::vector{4, 1, 2});
}

TEST_CASE("a preview of files that do not fit together is refused, and leaves an older picture as it was")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "image.tif", "GTiff", test::noise<std::uint8_t>(1, 4, 4));
    test::make_raster(folder / "labels.tif", "GTiff", rios::image<std::uint32_t>(1, 4, 5));
    auto const path = folder / "look.png";
    rios::write_text_file(path, shepseg::png_of(rios::image<std::uint8_t>(3, 7, 7)));
    CHECK(test::message_of<rios::grid_error>([&] {
              shepseg::write_preview(folder / "image.tif", {1}, folder / "labels.tif", path);
          }) == (folder / "image.tif") + " and " + (folder / "labels.tif") + " differ in size");
    CHECK(test::read_pixels<std::uint8_t>(path).rows() == 7);
    test::make_raster(folder / "labels.tif", "GTiff", rios::image<std::uint32_t>(1, 4, 4));
    CHECK(test::message_of<rios::io_error>([&] {
              shepseg::write_preview(folder / "image.tif", {1}, folder / "labels.tif", folder / "nowhere/look.png");
          }).starts_with(folder / "nowhere/look.png: "));
}
