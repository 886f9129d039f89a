// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/reader.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/gdal/dataset.hpp>

#include "support/captured_stderr.hpp"
#include "support/message_of.hpp"
#include "support/pixel_types.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::block;
using rios::gdal_reader;
using rios::image;
using test::message_of;
using test::temporary_directory;

static_assert(rios::Reader<gdal_reader<std::uint8_t>>);
static_assert(rios::Reader<gdal_reader<std::int8_t>>);
static_assert(rios::Reader<gdal_reader<double>>);
static_assert(std::is_same_v<gdal_reader<float>::value_type, image<float>>);

namespace {

// A window of an image, by the plainest loop.
template <typename T>
image<T> cut(image<T> const& whole, block const& where)
{
    image<T> part(whole.bands(), where.rows, where.cols);
    for (std::ptrdiff_t band = 0; band < whole.bands(); ++band) {
        for (auto const [row, col] : part.pixels())
            part(band, row, col) = whole(band, where.row + row, where.col + col);
    }
    return part;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("blocks of every size equal the same windows of the whole file", T, blocks_equal_windows)
{
    temporary_directory const folder;
    auto const whole = test::noise<T>(3, 37, 53);
    struct file {
        std::string name;
        std::string format;
        std::vector<std::string> options;
    };
    for (auto const& each :
         {file{"strips.tif", "GTiff", {}}, file{"pixels.tif", "GTiff", {"INTERLEAVE=PIXEL", "BLOCKYSIZE=5"}},
          file{"tiles.tif",
               "GTiff",
               {"TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16", "INTERLEAVE=BAND", "COMPRESS=DEFLATE"}},
          file{"a.img", "HFA", {}}}) {
        auto const path = folder / each.name;
        CAPTURE(path);
        test::make_raster(path, each.format, whole, each.options);
        gdal_reader<T> reader(path);
        CHECK(reader.path() == path);
        CHECK(reader.bands() == std::vector{1, 2, 3});
        CHECK(reader.read(reader.grid().whole()) == whole);
        for (std::ptrdiff_t const size : {1, 7, 16, 40, 100}) {
            for (block const where : reader.grid().blocks(size)) {
                if (size == 1 && where.index % 50 != 0) continue;
                REQUIRE(reader.read(where) == cut(whole, where));
            }
        }
        CHECK(reader.read({.index = 0, .row = 37, .col = 0, .rows = 0, .cols = 53}) == image<T>(3, 0, 53));
    }
}
TEST_CASE_TEMPLATE_APPLY(blocks_equal_windows, test::pixel_types);

TEST_CASE("bands are read in the order in which they are asked for")
{
    temporary_directory const folder;
    auto const whole = test::noise<std::uint16_t>(4, 9, 11);
    test::make_raster(folder / "a.tif", "GTiff", whole);
    gdal_reader<std::uint16_t> reader(folder / "a.tif", {.bands = {4, 1, 4}});
    auto const pixels = reader.read(reader.grid().whole());
    REQUIRE(pixels.bands() == 3);
    for (auto const [row, col] : pixels.pixels()) {
        REQUIRE(pixels(0, row, col) == whole(3, row, col));
        REQUIRE(pixels(1, row, col) == whole(0, row, col));
        REQUIRE(pixels(2, row, col) == whole(3, row, col));
    }
}

TEST_CASE("read_into fills exactly the pixels of the view, whatever its strides")
{
    temporary_directory const folder;
    auto const whole = test::noise<std::int32_t>(2, 20, 30);
    test::make_raster(folder / "a.tif", "GTiff", whole, {"INTERLEAVE=PIXEL"});
    image<std::int32_t> canvas(2, 25, 40);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : canvas.pixels()) canvas(band, row, col) = -7;
    }
    gdal_reader<std::int32_t> reader(folder / "a.tif");
    block const where{.index = 3, .row = 4, .col = 6, .rows = 10, .cols = 20};
    reader.read_into(where, canvas.view().window(5, 8, 10, 20));
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : canvas.pixels()) {
            bool const inside = row >= 5 && row < 15 && col >= 8 && col < 28;
            REQUIRE(canvas(band, row, col) == (inside ? whole(band, row - 5 + 4, col - 8 + 6) : -7));
        }
    }
}

TEST_CASE_TEMPLATE("a narrower type reads rounded and clamped values", T, std::uint8_t, std::int8_t, std::uint16_t,
                   std::int16_t, std::uint32_t, std::int32_t)
{
    temporary_directory const folder;
    image<double> values(1, 1, 7);
    std::vector const given{-1e12, -129.0, -2.0, 2.4, 2.6, 300.0, 1e12};
    std::copy(given.begin(), given.end(), values.data());
    test::make_raster(folder / "a.tif", "GTiff", values);
    gdal_reader<T> reader(folder / "a.tif");
    auto const pixels = reader.read(reader.grid().whole());
    for (std::ptrdiff_t col = 0; col < 7; ++col) {
        using limits = std::numeric_limits<T>;
        auto const expected = std::clamp(std::round(given[static_cast<std::size_t>(col)]),
                                         static_cast<double>(limits::min()), static_cast<double>(limits::max()));
        CHECK(pixels(0, 0, col) == static_cast<T>(expected));
    }
}

TEST_CASE_TEMPLATE("signed bytes keep their sign in every type that has one", T, std::int16_t, std::int32_t, float,
                   double)
{
    temporary_directory const folder;
    auto const whole = test::noise<std::int8_t>(2, 9, 11);
    test::make_raster(folder / "a.tif", "GTiff", whole);
    gdal_reader<T> reader(folder / "a.tif");
    auto const pixels = reader.read(reader.grid().whole());
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : pixels.pixels())
            REQUIRE(pixels(band, row, col) == static_cast<T>(whole(band, row, col)));
    }
    gdal_reader<std::uint8_t> clamped(folder / "a.tif");
    CHECK(clamped.read({.index = 0, .row = 0, .col = 0, .rows = 1, .cols = 1})(0, 0, 0) == 0);
}

TEST_CASE("signed bytes beside wider bands are read as signed bytes")
{
    temporary_directory const folder;
    image<std::int8_t> narrow(1, 1, 3);
    image<std::int16_t> wide(1, 1, 3);
    std::copy_n(std::vector{-128, -1, 127}.begin(), 3, narrow.data());
    std::copy_n(std::vector{-1000, -1, 1000}.begin(), 3, wide.data());
    test::make_raster(folder / "narrow.tif", "GTiff", narrow);
    test::make_raster(folder / "wide.tif", "GTiff", wide);
    {
        auto const both = test::create_raster(folder / "both.vrt", "VRT", 1, 3, 0, GDT_Byte);
        for (auto const* name : {"narrow.tif", "wide.tif"}) {
            auto const source = test::open_raster(folder / name);
            auto* const band = source->GetRasterBand(1);
            both->AddBand(band->GetRasterDataType());
            auto* const added = both->GetRasterBand(both->GetRasterCount());
            if (auto const* const mark = band->GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE")) {
                added->SetMetadataItem("PIXELTYPE", mark, "IMAGE_STRUCTURE");
            }
            auto const xml = "<SimpleSource><SourceFilename>" + folder / name +
                             "</SourceFilename><SourceBand>1</SourceBand></SimpleSource>";
            added->SetMetadataItem("source_0", xml.c_str(), "new_vrt_sources");
        }
    }
    gdal_reader<std::int8_t> reader(folder / "both.vrt");
    auto const pixels = reader.read(reader.grid().whole());
    std::vector<int> const expected{-128, -1, 127, -128, -1, 127};
    CHECK(std::equal(expected.begin(), expected.end(), pixels.data()));
}

TEST_CASE("a reader made of a file that is open reads when that is closed")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    auto const whole = test::noise<std::uint16_t>(3, 20, 30);
    test::make_raster(path, "GTiff", whole);
    auto file = rios::gdal_dataset::open(path);
    gdal_reader<std::uint16_t> reader(file);
    CHECK(message_of<rios::options_error>([&] { gdal_reader<std::uint16_t>(file, {.bands = {4}}); }) ==
          message_of<rios::options_error>([&] { gdal_reader<std::uint16_t>(path, {.bands = {4}}); }));
    file.close();
    CHECK(reader.path() == path);
    CHECK(reader.read(reader.grid().whole()) == whole);
}

TEST_CASE("copies read the same pixels in several threads")
{
    temporary_directory const folder;
    auto const whole = test::noise<std::uint8_t>(3, 200, 300);
    test::make_raster(folder / "a.tif", "GTiff", whole,
                      {"TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32", "COMPRESS=DEFLATE"});
    gdal_reader<std::uint8_t> original(folder / "a.tif");
    static_cast<void>(original.read({.index = 0, .row = 0, .col = 0, .rows = 1, .cols = 1})); // has a handle now
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&wrong, &whole, reader = original]() mutable {
            for (block const where : reader.grid().blocks(50)) wrong += reader.read(where) != cut(whole, where);
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wrong == 0);

    gdal_reader<std::uint8_t> assigned(folder / "a.tif", {.bands = {2}});
    assigned = original;
    CHECK(assigned.read(assigned.grid().whole()) == whole);
    auto const moved = std::move(assigned);
    CHECK(moved.bands() == std::vector{1, 2, 3});
}

TEST_CASE("pixels come from the full resolution even where overviews say something else")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    auto const whole = test::noise<std::uint16_t>(2, 64, 75);
    {
        auto const file = test::create_raster(path, "GTiff", 64, 75, 2, GDT_UInt16); // zeros
        int const levels[] = {2, 4, 8};
        REQUIRE(GDALBuildOverviews(file.get(), "NEAREST", 3, levels, 0, nullptr, nullptr, nullptr) == CE_None);
        test::write_pixels(*file, whole);
    }
    REQUIRE(test::open_raster(path)->GetRasterBand(1)->GetOverviewCount() == 3);
    gdal_reader<std::uint16_t> reader(path);
    CHECK(reader.read(reader.grid().whole()) == whole);
}

TEST_CASE("a block larger than one request is read whole")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    constexpr int rows = 1201;
    constexpr int cols = 35000; // two bands: 84 MB
    test::create_raster(path, "GTiff", rows, cols, 2, GDT_Byte, {"SPARSE_OK=YES", "TILED=YES", "INTERLEAVE=PIXEL"});
    std::vector<std::pair<int, int>> const marks{{0, 0}, {255, 1}, {256, 2}, {957, 9}, {958, 10}, {1200, cols - 1}};
    {
        auto const file = test::open_raster(path, GDAL_OF_UPDATE);
        std::uint8_t one = 1;
        for (auto const& [row, col] : marks) {
            REQUIRE(file->GetRasterBand(2)->RasterIO(GF_Write, col, row, 1, 1, &one, 1, 1, GDT_Byte, 0, 0, nullptr) ==
                    CE_None);
        }
    }
    gdal_reader<std::uint8_t> reader(path);
    auto const pixels = reader.read(reader.grid().whole());
    for (auto const& [row, col] : marks) CHECK(pixels(1, row, col) == 1);
    auto const band_pixels = static_cast<std::ptrdiff_t>(rows) * cols;
    CHECK(std::count(pixels.data(), pixels.data() + 2 * band_pixels, 1) == static_cast<std::ptrdiff_t>(marks.size()));
}

TEST_CASE("what is wrong with a file shows when the reader is made")
{
    temporary_directory const folder;
    test::create_raster(folder / "a.tif", "GTiff", 5, 5, 2, GDT_Byte);
    test::create_raster(folder / "complex.tif", "GTiff", 5, 5, 2, GDT_CInt16);
    using reader = gdal_reader<float>;
    CHECK(message_of<rios::io_error>([&] { reader(folder / "missing.tif"); }) ==
          folder / "missing.tif: no such file or directory");
    CHECK(message_of<rios::options_error>([&] {
              reader(folder / "a.tif", {.bands = {1, 3}});
          }) == folder / "a.tif: no band 3; allowed: 1 to 2");
    CHECK(message_of<rios::grid_error>([&] { reader(folder / "complex.tif", {.bands = {2}}); }) ==
          folder / "complex.tif: band 2 has pixels of type CInt16; allowed: uint8, int8, uint16, int16, uint32, int32, "
                   "float32 and float64");
}

TEST_CASE("a block outside the raster or a view of another shape is refused")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::create_raster(path, "GTiff", 10, 20, 2, GDT_Byte);
    gdal_reader<std::uint8_t> reader(path);
    CHECK(message_of<rios::grid_error>([&] {
              static_cast<void>(reader.read({.index = 5, .row = 8, .col = 0, .rows = 4, .cols = 20}));
          }) == path + ": block 5 (at row 8, col 0: 4 rows, 20 cols) is not inside the raster of 10 rows, 20 cols");
    auto const most = std::numeric_limits<std::ptrdiff_t>::max();
    for (block const& where : {block{0, -1, 0, 2, 2}, block{0, 0, -1, 2, 2}, block{0, 0, 19, 1, 2},
                               block{0, 0, 0, -1, 2}, block{0, 1, 1, most, most}, block{0, most, 0, 1, 1}}) {
        CHECK_THROWS_AS(static_cast<void>(reader.read(where)), rios::grid_error);
    }
    image<std::uint8_t> other(1, 4, 20);
    CHECK(message_of<rios::grid_error>([&] {
              reader.read_into({.index = 5, .row = 0, .col = 0, .rows = 4, .cols = 20}, other.view());
          }) == path + ": block 5 has 2 × 4 × 20 pixels (bands × rows × cols); those given for it are 1 × 4 × 20");
}

TEST_CASE("damage to a file is reported with the block where it shows, and nothing is printed")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", test::noise<std::uint8_t>(1, 100, 100), {"BLOCKYSIZE=10"});
    std::filesystem::resize_file(path, 5000);
    test::captured_stderr const output;
    // The directory of a small file lies before the pixels.
    gdal_reader<std::uint8_t> reader(path);
    CHECK_NOTHROW(static_cast<void>(reader.read({.index = 0, .row = 0, .col = 0, .rows = 10, .cols = 100})));
    auto const error = message_of<rios::io_error>(
        [&] { static_cast<void>(reader.read({.index = 9, .row = 90, .col = 0, .rows = 10, .cols = 50})); });
    CHECK(error.starts_with(path + ": cannot read rows 90 to 99, cols 0 to 49: "));
    CHECK(error.find('\n') == std::string::npos);
    CHECK(output.text().empty());
}

TEST_CASE("a file that is replaced by one of another size while being read is an error")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::create_raster(path, "GTiff", 10, 20, 1, GDT_Byte);
    gdal_reader<std::uint8_t> reader(path);
    test::create_raster(path, "GTiff", 11, 20, 1, GDT_Byte);
    CHECK(message_of<rios::io_error>([&] { static_cast<void>(reader.read(reader.grid().whole())); }) ==
          path + ": is not the raster any more that it was when reading began");
}

TEST_CASE("reading leaves nothing beside the file and changes nothing in it")
{
    temporary_directory const folder;
    for (auto const* name : {"a.tif", "a.img"}) {
        auto const path = folder / name;
        test::make_raster(path, name[2] == 't' ? "GTiff" : "HFA", test::noise<std::uint8_t>(1, 30, 30));
        auto const before = folder.names();
        auto const written = std::filesystem::last_write_time(path);
        {
            gdal_reader<float> reader(path);
            static_cast<void>(reader.read(reader.grid().whole()));
        }
        CHECK(folder.names() == before);
        CHECK(std::filesystem::last_write_time(path) == written);
    }
}
