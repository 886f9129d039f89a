// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/label_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/concepts.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/window_reader.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

static_assert(rios::Reader<shepseg::label_reader>);

namespace {

template <typename T>
rios::image<T> image_of(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<T> const& values)
{
    rios::image<T> pixels(1, rows, cols);
    std::copy(values.begin(), values.end(), pixels.data());
    return pixels;
}

template <typename T>
std::vector<T> values_of(rios::image<T> const& pixels)
{
    return {pixels.data(), pixels.data() + pixels.pixel_count()};
}

} // namespace

TEST_CASE_TEMPLATE("labels of all integer types are read as they are", T, std::uint8_t, std::int8_t, std::uint16_t,
                   std::int16_t, std::uint32_t, std::int32_t)
{
    test::temporary_directory const folder;
    auto const most = std::numeric_limits<T>::max();
    test::make_raster(folder / "a.tif", "GTiff", image_of<T>(2, 3, {0, 1, most, 5, 0, 7}));
    shepseg::label_reader reader(folder / "a.tif");
    CHECK(reader.path() == folder / "a.tif");
    CHECK(values_of(reader.read(reader.grid().whole())) ==
          std::vector<std::uint32_t>{0, 1, static_cast<std::uint32_t>(most), 5, 0, 7});

    auto file = rios::gdal_dataset::open(folder / "a.tif");
    shepseg::label_reader other(file);
    file.close();
    CHECK(other.path() == reader.path());
    CHECK(other.read(other.grid().whole()) == reader.read(reader.grid().whole()));
}

TEST_CASE("the null value of the file is null, even if it is negative")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "a.tif", "GTiff", image_of<std::int32_t>(1, 4, {-9999, 1, 0, 4}));
    test::open_raster(folder / "a.tif", GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(-9999);
    shepseg::label_reader reader(folder / "a.tif");
    CHECK(values_of(reader.read(reader.grid().whole())) == std::vector<std::uint32_t>{0, 1, 0, 4});

    test::make_raster(folder / "b.tif", "GTiff", image_of<std::uint8_t>(1, 4, {255, 1, 0, 4}));
    test::open_raster(folder / "b.tif", GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(255);
    shepseg::label_reader bytes(folder / "b.tif");
    CHECK(values_of(bytes.read(bytes.grid().whole())) == std::vector<std::uint32_t>{0, 1, 0, 4});
}

TEST_CASE("a window of it is read as if there were nothing else")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "a.tif", "GTiff", image_of<std::uint16_t>(3, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
    shepseg::label_reader const all(folder / "a.tif");
    rios::window_reader part(all, {.row = 1, .col = 0, .rows = 2, .cols = 3});
    CHECK(part.grid().rows == 2);
    CHECK(values_of(part.read({.row = 0, .col = 1, .rows = 2, .cols = 1})) == std::vector<std::uint32_t>{5, 8});
    rios::window_reader corner(part, {.row = 1, .col = 1, .rows = 1, .cols = 2});
    CHECK(values_of(corner.read(corner.grid().whole())) == std::vector<std::uint32_t>{8, 9});
    rios::block const outside{.row = 0, .col = 1, .rows = 2, .cols = 3};
    CHECK(test::message_of<rios::grid_error>([&] { rios::window_reader(part, outside); }) ==
          folder / "a.tif: the window at row 0, col 1 of 2 rows, 3 cols is not inside the raster of 2 rows, 3 cols");
}

TEST_CASE("what are no numbers of segments is refused, with file, place and value")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "a.tif", "GTiff", image_of<std::int16_t>(2, 3, {1, 2, 3, 4, -5, 6}));
    shepseg::label_reader const all(folder / "a.tif");
    rios::window_reader part(all, {.row = 1, .col = 0, .rows = 1, .cols = 3});
    CHECK(test::message_of<rios::grid_error>([&] { static_cast<void>(part.read(part.grid().whole())); }) ==
          folder / "a.tif: row 1, col 1 holds -5; numbers of segments are 1 or more, and 0 is null");
    test::make_raster(folder / "f.tif", "GTiff", rios::image<float>(1, 2, 3));
    CHECK(test::message_of<rios::grid_error>([&] { shepseg::label_reader const refused(folder / "f.tif"); }) ==
          folder / "f.tif: has pixels of type float32; numbers of segments are integers: uint8, int8, uint16, int16, "
                   "uint32 or int32");
    test::make_raster(folder / "m.tif", "GTiff", rios::image<std::uint8_t>(3, 2, 3));
    CHECK(test::message_of<rios::grid_error>([&] { shepseg::label_reader const refused(folder / "m.tif"); }) ==
          folder / "m.tif: has 3 bands; a file of segments has one");
    CHECK(test::message_of<rios::io_error>([&] {
              shepseg::label_reader const refused(folder / "no.tif");
          }).starts_with(folder / "no.tif"));
}

TEST_CASE("pixels of types that no image has either are refused with what numbers of segments may be")
{
    test::temporary_directory const folder;
    auto const path = folder / "a.tif";
    for (auto const type : {GDT_Int64, GDT_UInt64, GDT_CFloat32}) {
        test::create_raster(path, "GTiff", 3, 4, 1, type);
        CHECK(test::message_of<rios::grid_error>([&] { shepseg::label_reader const reader(path); }) ==
              path + ": has pixels of type " + GDALGetDataTypeName(type) +
                  "; numbers of segments are integers: uint8, int8, uint16, int16, uint32 or int32");
    }
}
