// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/mask_reader.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <ogr_spatialref.h>

#include <rios/concepts.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

static_assert(rios::Reader<shepseg::mask_reader>);

using rios::pixel_grid;
using place = std::optional<std::array<double, 6>>;

namespace {

/// Segments of 8 rows and 10 columns of 10 × 10, and a window of 3 rows and 4 columns in them.
pixel_grid segments(place const& where = {{1000, 10, 0, 2000, 0, -10}}, std::string const& crs = "EPSG:32755")
{
    return {.rows = 8, .cols = 10, .geotransform = where, .projection = crs.empty() ? "" : test::wkt_of(crs)};
}
constexpr rios::block window{.index = 0, .row = 2, .col = 5, .rows = 3, .cols = 4};

/// Pixels that are 10 · row + col, but for a 0 at the first pixel.
void make_mask(std::string const& path, int rows, int cols, place const& where, std::string const& crs = "EPSG:32755")
{
    rios::image<std::uint8_t> pixels(1, rows, cols);
    for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = static_cast<std::uint8_t>(10 * row + col);
    test::make_raster(path, "GTiff", pixels);
    auto const file = test::open_raster(path, GDAL_OF_UPDATE);
    if (auto geotransform = where) file->SetGeoTransform(geotransform->data());
    if (!crs.empty()) file->SetProjection(test::wkt_of(crs).c_str());
}

/// The places of pixels that do not count.
std::string nulls(shepseg::mask_reader reader)
{
    auto const mask = reader.read(reader.grid().whole());
    std::string text;
    for (auto const [row, col] : mask.pixels()) {
        if (mask(0, row, col) == 0) text += std::to_string(row) + ',' + std::to_string(col) + ' ';
    }
    return text;
}

std::string refused(std::string const& path, pixel_grid const& raster = segments())
{
    return test::message_of<rios::grid_error>(
        [&] { shepseg::mask_reader const reader(path, "segments.tif", raster, window); });
}

} // namespace

TEST_CASE("a mask may have the pixels of the subset, of the segmentation, or more")
{
    test::temporary_directory const folder;
    auto const path = folder / "m.tif";
    make_mask(path, 3, 4, {{1050, 10, 0, 1980, 0, -10}});
    CHECK(nulls({path, "s", segments(), window}) == "0,0 ");
    make_mask(path, 8, 10, {{1000, 10, 0, 2000, 0, -10}});
    CHECK(nulls({path, "s", segments(), window}) == "");
    make_mask(path, 8, 10, {{1060, 10, 0, 1990, 0, -10}}); // begins in the second column of the subset
    CHECK(refused(path) == path + ": covers the subset but for 1 col at its left; it must cover all of it");
    make_mask(path, 9, 12, {{990, 10, 0, 2010, 0, -10}});
    shepseg::mask_reader reader(path, "s", segments(), window);
    CHECK(reader.grid() == segments().window(window));
    CHECK(nulls(reader) == "");
    make_mask(path, 9, 12, {{1000, 10, 0, 1970, 0, -10}}, ""); // without a reference system it goes with any
    CHECK(refused(path) == path + ": covers the subset but for 1 row at its top; it must cover all of it");
    make_mask(path, 4, 6, {{1040, 10, 0, 1990, 0, -10}}, "");
    CHECK(nulls({path, "s", segments(), window}) == "");
}

TEST_CASE("pixels that hold 0, the null value or no finite number do not count")
{
    test::temporary_directory const folder;
    auto const path = folder / "m.tif";
    rios::image<float> values(1, 3, 4);
    for (auto const [row, col] : values.pixels()) values(0, row, col) = 1;
    values(0, 0, 1) = 0;
    values(0, 1, 2) = -9999.25F;
    values(0, 1, 3) = std::numeric_limits<float>::quiet_NaN();
    values(0, 2, 0) = -std::numeric_limits<float>::infinity();
    values(0, 2, 1) = -1;
    test::make_raster(path, "GTiff", values);
    test::open_raster(path, GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(-9999.25);
    CHECK(nulls({path, "s", segments(), window}) == "0,1 1,2 1,3 2,0 ");
}

TEST_CASE("without a place on the map a mask is as large as the subset or the segmentation")
{
    test::temporary_directory const folder;
    auto const path = folder / "m.tif";
    auto const nowhere = segments({}, "");
    for (auto const& raster : {segments(), nowhere}) {
        make_mask(path, 3, 4, {}, "");
        CHECK(nulls({path, "s", raster, window}) == "0,0 ");
        make_mask(path, 8, 10, {}, "");
        CHECK(nulls({path, "s", raster, window}) == "");
        make_mask(path, 9, 10, {}, "");
        CHECK(refused(path, raster) == path + ": has 9 rows, 10 cols; the subset has 3 rows, 4 cols, and one of the "
                                              "two files has no place on the map; "
                                              "a mask must have the same pixels");
    }
}

TEST_CASE("rotated pixels must be the same")
{
    test::temporary_directory const folder;
    auto const path = folder / "m.tif";
    auto const rotated = segments({{1000, 8, 6, 2000, 6, -8}});
    make_mask(path, 8, 10, rotated.geotransform);
    CHECK(nulls({path, "s", rotated, window}) == "");
    make_mask(path, 3, 4, rotated.window(window).geotransform);
    CHECK(nulls({path, "s", rotated, window}) == "0,0 ");
    make_mask(path, 3, 4, {{1050, 10, 0, 1980, 0, -10}});
    CHECK(refused(path, rotated).find("one of the two files is rotated; a mask must have the same pixels") !=
          std::string::npos);
}

TEST_CASE("a mask with other pixels is refused, and the message says how they differ")
{
    test::temporary_directory const folder;
    auto const path = folder / "m.tif";
    make_mask(path, 8, 10, {{1003, 10, 0, 1999, 0, -10}});
    CHECK(refused(path) ==
          path + ": its pixels lie 0.3 cols and 0.1 rows beside those of segments.tif; a mask must have the same "
                 "pixels");
    make_mask(path, 8, 10, {{1000, 20, 0, 2000, 0, -20}});
    CHECK(refused(path) ==
          path + ": has pixels of 20 x -20 map units; those of segments.tif are 10 x -10; a mask must have the "
                 "same pixels");
    make_mask(path, 8, 10, {{1000, 10, 0, 1920, 0, 10}});
    CHECK(refused(path).find("a mask must have the same pixels") != std::string::npos);
    make_mask(path, 8, 10, {{1000, 10, 0, 2000, 0, -10}}, "EPSG:32756");
    CHECK(refused(path) ==
          path + ": has \"WGS 84 / UTM zone 56S\"; segments.tif has \"WGS 84 / UTM zone 55S\"; a mask must have "
                 "the same pixels");
    make_mask(path, 2, 3, {{1060, 10, 0, 1980, 0, -10}});
    CHECK(refused(path) ==
          path + ": covers the subset but for 1 row at its bottom, 1 col at its left; it must cover all of it");
    make_mask(path, 2, 3, {{5060, 10, 0, 1980, 0, -10}});
    CHECK(refused(path) ==
          path + ": covers the subset but for 1 row at its bottom, 4 cols at its left; it must cover all of it");
    test::make_raster(path, "GTiff", rios::image<std::uint8_t>(2, 3, 4));
    CHECK(refused(path) == path + ": has 2 bands; a mask has one");
}
