// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/picture_file.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include <rios/text_file.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

TEST_CASE("the extension of a picture says its format")
{
    CHECK(shepseg::picture_format("a.png") == "PNG");
    CHECK(shepseg::picture_format("a.JPG") == "JPEG");
    CHECK(shepseg::picture_format("a.b/c.jpeg") == "JPEG");
    CHECK(shepseg::picture_format("a.tif") == "GTiff");
    CHECK(shepseg::picture_format("a.tiff") == "GTiff");
    for (std::string const bad : {"a.gif", "a", "png", "a.png/b"}) {
        CHECK(test::message_of<rios::options_error>([&] { static_cast<void>(shepseg::picture_format(bad)); }) ==
              bad + ": a picture must be a .png, .jpg, .jpeg, .tif or .tiff");
    }
}

TEST_CASE("pictures hold their pixels, JPEG nearly, and GTiff its place")
{
    test::temporary_directory const folder;
    rios::image<std::uint8_t> picture(3, 20, 30);
    for (auto [row, col] : picture.pixels()) {
        for (int band = 0; band < 3; ++band)
            picture(band, row, col) = static_cast<std::uint8_t>(40 * band + 2 * row + col);
    }
    rios::pixel_grid const place{.rows = 20,
                                 .cols = 30,
                                 .geotransform = std::array<double, 6>{500000, 20, 0, 6000000, 0, -20},
                                 .projection = test::wkt_of("EPSG:32755")};
    for (std::string const format : {"PNG", "JPEG", "GTiff"}) {
        CAPTURE(format);
        auto const path = folder / format;
        rios::write_text_file(path, shepseg::picture_bytes(picture, format, place));
        auto const read = test::read_pixels<std::uint8_t>(path);
        REQUIRE(read.bands() == 3);
        int farthest = 0;
        for (auto [row, col] : picture.pixels()) {
            for (int band = 0; band < 3; ++band) {
                farthest = std::max(farthest, std::abs(read(band, row, col) - picture(band, row, col)));
            }
        }
        CHECK(farthest <= (format == "JPEG" ? 8 : 0));
        auto const file = test::open_raster(path);
        CHECK(std::string(file->GetDriver()->GetDescription()) == format);
        std::array<double, 6> geotransform{};
        bool const placed = file->GetGeoTransform(geotransform.data()) == CE_None;
        CHECK(placed == (format == "GTiff"));
        if (placed) CHECK(geotransform == *place.geotransform);
    }
    CHECK(test::message_of<rios::error>([&] { static_cast<void>(shepseg::picture_bytes(picture, "Nonsense")); }) ==
          "this GDAL cannot write Nonsense");
}
