// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/dataset.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/captured_stderr.hpp"
#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/scratch_disk.hpp"
#include "support/temporary_directory.hpp"

using rios::gdal_dataset;
using test::message_of;
using test::temporary_directory;

static_assert(std::is_nothrow_move_constructible_v<gdal_dataset>);
static_assert(!std::is_copy_constructible_v<gdal_dataset>);

namespace {

std::string error_of(std::string const& path)
{
    return message_of<rios::io_error>([&] { static_cast<void>(gdal_dataset::open(path)); });
}

char const* const utm = "EPSG:32632";

std::string wkt(char const* name)
{
    OGRSpatialReference system;
    system.SetFromUserInput(name);
    return rios::detail::wkt_of(&system);
}

} // namespace

TEST_CASE("a file that cannot be opened is reported in one line that begins with its path")
{
    temporary_directory const folder;
    std::ofstream(folder / "a.txt") << "hello";
    std::ofstream(folder / "empty.tif") << "";
    std::ofstream(folder / "corrupt.tif").write("II*\0\x08\0\0\0\xff\xff", 10);
    std::filesystem::create_directory(folder / "directory");
    test::captured_stderr const output;

    CHECK(error_of(folder / "missing.tif") == folder / "missing.tif: no such file or directory");
    CHECK(error_of(folder / "missing/a.tif") == folder / "missing/a.tif: no such file or directory");
    CHECK(error_of("missing.tif") == "missing.tif: no such file or directory");
    CHECK(error_of("/vsimem/missing.tif") == "/vsimem/missing.tif: no such file or directory");
    CHECK(error_of("") == ": no such file or directory");
    CHECK(error_of(folder / "a.txt") == folder / "a.txt: not recognised as a raster by GDAL");
    CHECK(error_of(folder / "empty.tif") == folder / "empty.tif: not recognised as a raster by GDAL");
    CHECK(error_of(folder / "directory") == folder / "directory: not recognised as a raster by GDAL");
    auto const corrupt = error_of(folder / "corrupt.tif");
    CHECK(corrupt.starts_with(folder / "corrupt.tif: TIFFFetchDirectory:"));
    CHECK(corrupt.find('\n') == std::string::npos);
    CHECK(output.text().empty());
}

TEST_CASE("a container without bands of its own says how to name the rasters in it")
{
    temporary_directory const folder;
    auto const path = folder / "a.gpkg";
    std::array<double, 6> geotransform{0, 1, 0, 5, 0, -1};
    for (std::vector<std::string> const& options :
         {std::vector<std::string>{"RASTER_TABLE=one"}, {"RASTER_TABLE=two", "APPEND_SUBDATASET=YES"}}) {
        test::create_raster(path, "GPKG", 5, 5, 1, GDT_Byte, options)->SetGeoTransform(geotransform.data());
    }
    CHECK(error_of(path) ==
          path + ": has no raster bands of its own; name one of the rasters in it, such as GPKG:" + path + ":one");
}

TEST_CASE("a dataset tells size, place, bands and format")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    std::array<double, 6> geotransform{500000, 30, 0, 7000000, 0, -30};
    {
        auto const file = test::create_raster(path, "GTiff", 3, 5, 2, GDT_Int16);
        file->SetGeoTransform(geotransform.data());
        file->SetProjection(wkt(utm).c_str());
    }
    auto const before = folder.names();
    {
        auto const file = gdal_dataset::open(path);
        CHECK(file.path() == path);
        CHECK(file.rows() == 3);
        CHECK(file.cols() == 5);
        CHECK(file.band_count() == 2);
        CHECK(file.format() == "GTiff");
        CHECK(file.band_type(2) == rios::pixel_type::int16);
        CHECK(file.describe() == path + ": GTiff, 3 rows, 5 cols, 2 bands of int16");
        auto const grid = file.grid();
        CHECK(grid.rows == 3);
        CHECK(grid.cols == 5);
        CHECK(grid.geotransform == geotransform);
        CHECK(grid.projection.find("UTM zone 32N") != std::string::npos);
        CHECK(file.gcps() == rios::ground_control_points{});
        for (int const number : {0, 3, -1}) {
            auto const expected = path + ": no band " + std::to_string(number) + "; allowed: 1 to 2";
            CHECK(message_of<rios::options_error>([&] { static_cast<void>(file.band_type(number)); }) == expected);
            CHECK(message_of<rios::options_error>([&] { static_cast<void>(file.null_value(number)); }) == expected);
        }
    }
    CHECK(folder.names() == before);
}

TEST_CASE("a dataset tells the blocks that it is stored in")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    auto const stored = [&](std::vector<std::string> const& options) {
        static_cast<void>(test::create_raster(path, "GTiff", 300, 500, 2, GDT_Int16, options));
        auto const blocks = gdal_dataset::open(path).stored_blocks(2);
        return std::pair(blocks.rows, blocks.cols);
    };
    CHECK(stored({"TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=128"}) ==
          std::pair<std::ptrdiff_t, std::ptrdiff_t>(128, 256));
    CHECK(stored({"BLOCKYSIZE=7"}) == std::pair<std::ptrdiff_t, std::ptrdiff_t>(7, 500));
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(gdal_dataset::open(path).stored_blocks(3)); }) ==
          path + ": no band 3; allowed: 1 to 2");
}

TEST_CASE("a raster without a place on the map has no geotransform and no projection")
{
    temporary_directory const folder;
    for (auto const* name : {"a.tif", "a.img"}) {
        test::create_raster(folder / name, name[2] == 't' ? "GTiff" : "HFA", 3, 5, 1, GDT_Byte);
        auto const grid = gdal_dataset::open(folder / name).grid();
        CHECK_FALSE(grid.geotransform);
        CHECK(grid.projection.empty());
    }
}

TEST_CASE("a coordinate system that only WKT 2 can express is kept")
{
    temporary_directory const folder;
    test::create_raster(folder / "a.vrt", "VRT", 3, 5, 1, GDT_Byte)->SetProjection(wkt("EPSG:4979").c_str());
    CHECK_FALSE(wkt("EPSG:4979").empty());
    CHECK_FALSE(gdal_dataset::open(folder / "a.vrt").grid().projection.empty());
}

TEST_CASE("pixels of a type that rios does not have are refused with file, band, type and what is allowed")
{
    temporary_directory const folder;
    test::create_raster(folder / "a.tif", "GTiff", 3, 5, 1, GDT_CFloat32);
    auto const file = gdal_dataset::open(folder / "a.tif");
    CHECK(message_of<rios::grid_error>([&] { static_cast<void>(file.band_type(1)); }) ==
          folder /
              "a.tif: band 1 has pixels of type CFloat32; allowed: uint8, int8, uint16, int16, uint32, int32, float32 "
              "and float64");
    CHECK(file.describe() == folder / "a.tif: GTiff, 3 rows, 5 cols, 1 band of CFloat32");
}

TEST_CASE("null values are those of the file")
{
    temporary_directory const folder;
    auto const null_in = [&](GDALDataType type, std::optional<double> null) {
        {
            auto const file = test::create_raster(folder / "a.tif", "GTiff", 3, 5, 1, type);
            if (null) file->GetRasterBand(1)->SetNoDataValue(*null);
        }
        return gdal_dataset::open(folder / "a.tif").null_value(1);
    };
    CHECK_FALSE(null_in(GDT_Byte, {}));
    CHECK(null_in(GDT_Byte, 0) == 0.0);
    CHECK(null_in(GDT_Int16, -32768) == -32768.0);
    CHECK(null_in(GDT_Byte, -9999) == -9999.0); // which no pixel has
    CHECK(null_in(GDT_Float32, 0.1) == static_cast<double>(0.1F));
    CHECK(null_in(GDT_Float64, 0.1) == 0.1);
    CHECK(null_in(GDT_Float32, std::numeric_limits<float>::lowest()) ==
          static_cast<double>(std::numeric_limits<float>::lowest()));
    CHECK(std::isnan(null_in(GDT_Float32, std::nan("")).value()));
}

TEST_CASE("bands have a null value in common, or the difference is spelled out")
{
    temporary_directory const folder;
    auto const path = folder / "a.vrt";
    {
        auto const file = test::create_raster(path, "VRT", 3, 5, 5, GDT_Float32);
        file->GetRasterBand(1)->SetNoDataValue(0);
        file->GetRasterBand(3)->SetNoDataValue(0);
        file->GetRasterBand(4)->SetNoDataValue(std::nan(""));
        file->GetRasterBand(5)->SetNoDataValue(std::nan(""));
    }
    auto const file = gdal_dataset::open(path);
    CHECK(rios::common_null_value(file, {1, 3}) == 0.0);
    CHECK_FALSE(rios::common_null_value(file, {2}));
    CHECK(std::isnan(rios::common_null_value(file, {4, 5}).value()));
    auto const error = [&](std::vector<int> const& bands) {
        return message_of<rios::options_error>([&] { static_cast<void>(rios::common_null_value(file, bands)); });
    };
    CHECK(error({1, 2}) ==
          path + ": the bands have different null values (band 1: 0, band 2: none); select bands with the "
                 "same one, or give the null value");
    CHECK(error({}).find("(band 1: 0, band 2: none, band 3: 0, band 4: nan, band 5: nan)") != std::string::npos);
    CHECK(error({6}) == path + ": no band 6; allowed: 1 to 5");
    CHECK(rios::selected_bands(file, {}) == std::vector{1, 2, 3, 4, 5});
    CHECK(rios::selected_bands(file, {3, 1}) == std::vector{3, 1});
}

TEST_CASE("ground control points go from file to file")
{
    temporary_directory const folder;
    rios::ground_control_points const gcps{
        .points = {{.id = "1", .info = "bridge", .col = 0.5, .row = 0.5, .x = 10, .y = 50, .z = 100},
                   {.id = "2", .info = "", .col = 4.5, .row = 0.5, .x = 11, .y = 50, .z = 0},
                   {.id = "3", .info = "", .col = 0.5, .row = 2.5, .x = 10, .y = 49, .z = 0}},
        .projection = wkt("EPSG:4326")};
    {
        auto const file = test::create_raster(folder / "a.img", "HFA", 3, 5, 1, GDT_Byte);
        CHECK(gcps.write_to(*file) == CE_None);
    }
    auto const file = gdal_dataset::open(folder / "a.img");
    CHECK_FALSE(file.grid().geotransform);
    CHECK(file.gcps().points == gcps.points);
    CHECK(file.gcps().projection.find("WGS 84") != std::string::npos);
}

TEST_CASE("closing reports nothing for a file that was only read")
{
    temporary_directory const folder;
    test::create_raster(folder / "a.tif", "GTiff", 3, 5, 1, GDT_Byte);
    auto file = gdal_dataset::open(folder / "a.tif");
    file.close();
    CHECK(file.raw() == nullptr);
    file.close();
}

TEST_CASE("a file is opened to be changed in place, unless it is read-only or its format is")
{
    temporary_directory const folder;
    test::create_raster(folder / "a.tif", "GTiff", 3, 5, 1, GDT_Byte);
    {
        auto file = gdal_dataset::open_for_update(folder / "a.tif");
        file.band(1).SetDescription("changed");
        file.close();
    }
    CHECK(std::string(test::open_raster(folder / "a.tif")->GetRasterBand(1)->GetDescription()) == "changed");

    std::filesystem::permissions(folder / "a.tif", std::filesystem::perms::owner_read);
    auto const refusal = [&](std::string const& name) {
        return message_of<rios::io_error>([&] { static_cast<void>(gdal_dataset::open_for_update(folder / name)); });
    };
    CHECK(refusal("a.tif") == folder / "a.tif: cannot be changed: is read-only");
    CHECK_NOTHROW(static_cast<void>(gdal_dataset::open(folder / "a.tif")));
    CHECK(refusal("b.tif") == folder / "b.tif: no such file or directory");
    auto* const png = GetGDALDriverManager()->GetDriverByName("PNG"); // pictures are made whole
    if (png == nullptr) return;
    test::gdal_handle(png->CreateCopy((folder / "c.png").c_str(), test::open_raster(folder / "a.tif").get(), FALSE,
                                      nullptr, nullptr, nullptr));
    CHECK_NOTHROW(static_cast<void>(gdal_dataset::open(folder / "c.png")));
    CHECK(refusal("c.png") == folder / "c.png: the PNG driver does not support update access to existing datasets");
}

TEST_CASE("a band that is flushed is in the file, before it is closed, and what cannot be written is an error")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    rios::image<std::uint16_t> const zeros(1, 512, 512);
    test::make_raster(path, "GTiff", zeros, {"COMPRESS=DEFLATE", "TILED=YES"});
    auto noise = test::noise<std::uint16_t>(1, 512, 512);
    auto const change = [&](gdal_dataset& file) {
        REQUIRE(file.band(1).RasterIO(GF_Write, 0, 0, 512, 512, noise.data(), 512, 512, GDT_UInt16, 0, 0, nullptr) ==
                CE_None);
        file.flush_band(1);
    };
    auto const size = std::filesystem::file_size(path);
    CHECK(test::status_on_full_disk(size + 1000, [&] {
              auto file = gdal_dataset::open_for_update(path);
              return message_of<rios::io_error>([&] { change(file); }).starts_with(path) ? 42 : 1;
          }) == 42);
    auto file = gdal_dataset::open_for_update(path);
    change(file);
    CHECK(std::filesystem::file_size(path) > 400'000);
    file.close();
    CHECK(test::read_pixels<std::uint16_t>(path) == noise);
}
