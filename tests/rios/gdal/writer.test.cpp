// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/writer.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/concepts.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/overviews.hpp>
#include <rios/gdal/statistics.hpp>

#include "support/captured_stderr.hpp"
#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/pixel_types.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using rios::block;
using rios::gdal_dataset;
using rios::gdal_writer;
using rios::image;
using rios::pixel_grid;
using test::message_of;
using test::temporary_directory;

static_assert(rios::Writer<gdal_writer<std::uint8_t>, image<std::uint8_t>>);
static_assert(rios::Writer<gdal_writer<float>, image<float>>);
static_assert(rios::Writer<gdal_writer<float>, rios::image_view<float const>>);

namespace {

using names = std::set<std::string>;

pixel_grid plain_grid(std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    return {.rows = rows, .cols = cols, .geotransform = {}, .projection = {}};
}

// A segmentation with everything that one has; pixels in noise, so that compression does not make it small.
void write_everything(std::string const& path, int size, std::vector<std::string> const& options = {})
{
    gdal_writer<std::uint32_t> writer(path, {.creation_options = options, .null_value = 0, .thematic = true});
    auto const grid = plain_grid(size, size);
    writer.open(grid);
    std::vector<std::uint64_t> counts(5000, 3);
    rios::create_overviews(writer.dataset(), {2, 4});
    for (block const where : grid.blocks(100)) {
        auto const pixels = test::noise<std::uint32_t>(1, where.rows, where.cols, static_cast<unsigned>(where.index));
        writer.write(where, pixels);
        rios::write_overviews(writer.dataset(), {2, 4}, where, pixels.view());
    }
    rios::write_statistics(writer.dataset(), 1, rios::statistics_of(counts));
    rios::write_histogram(writer.dataset(), 1, counts);
    writer.close();
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("what is written in blocks of any order is read back by plain GDAL", T,
                          written_blocks_read_back)
{
    temporary_directory const folder;
    auto const whole = test::noise<T>(3, 70, 90);
    auto const grid = plain_grid(70, 90);
    for (auto const* name : {"a.tif", "a.img"}) {
        CAPTURE(name);
        gdal_writer<T> writer(folder / name, {.bands = 3, .null_value = 7});
        CHECK(writer.path() == folder / name);
        writer.open(grid);
        std::vector<block> blocks;
        for (block const where : grid.blocks(32, 25)) blocks.push_back(where);
        std::shuffle(blocks.begin(), blocks.end(), std::mt19937(1));
        for (auto const& where : blocks) {
            image<T> pixels(3, where.rows, where.cols);
            for (std::ptrdiff_t band = 0; band < 3; ++band) {
                for (auto const [row, col] : pixels.pixels()) {
                    pixels(band, row, col) = whole(band, where.row + row, where.col + col);
                }
            }
            if (where.index % 2 == 0) writer.write(where, pixels);
            else writer.write(where, whole.view().window(where.row, where.col, where.rows, where.cols));
        }
        writer.close();
        CHECK(test::read_pixels<T>(folder / name) == whole);
        auto const file = gdal_dataset::open(folder / name);
        CHECK(file.band_type(3) == rios::pixel_type_of<T>);
        CHECK(file.null_value(3) == 7.0);
    }
    CHECK(folder.names() == names{"a.tif", "a.img"});
}
TEST_CASE_TEMPLATE_APPLY(written_blocks_read_back, test::pixel_types);

TEST_CASE("negative null values of signed bytes are kept")
{
    temporary_directory const folder;
    for (auto const* name : {"a.tif", "a.img"}) {
        gdal_writer<std::int8_t> writer(folder / name, {.null_value = -128});
        writer.open(plain_grid(3, 5));
        writer.close();
        CHECK(gdal_dataset::open(folder / name).null_value(1) == -128.0);
    }
}

TEST_CASE("place, null value, layer type and band names are written")
{
    temporary_directory const folder;
    OGRSpatialReference system;
    system.SetFromUserInput("EPSG:32632");
    pixel_grid const grid{.rows = 30,
                          .cols = 50,
                          .geotransform = std::array<double, 6>{500000, 30, 0, 7000000, 0, -30},
                          .projection = rios::detail::wkt_of(&system)};
    for (auto const* name : {"a.tif", "a.img"}) {
        CAPTURE(name);
        gdal_writer<float> writer(folder / name,
                                  {.bands = 2, .null_value = 0.1, .thematic = true, .band_names = {"first"}});
        writer.open(grid);
        writer.close();
        auto const file = gdal_dataset::open(folder / name);
        CHECK(file.grid().rows == 30);
        CHECK(file.grid().cols == 50);
        CHECK(file.grid().geotransform == grid.geotransform);
        CHECK(file.grid().projection.find("UTM") != std::string::npos);
        for (int const band : {1, 2}) {
            CHECK(file.null_value(band) == static_cast<double>(0.1F));
            CHECK(std::string(file.band(band).GetMetadataItem("LAYER_TYPE")) == "thematic");
        }
        CHECK(std::string(file.band(1).GetDescription()) == "first");
    }
}

TEST_CASE("nothing is written that was not asked for")
{
    temporary_directory const folder;
    for (auto const* name : {"a.tif", "a.img"}) {
        gdal_writer<float> writer(folder / name);
        writer.open(plain_grid(3, 5));
        writer.close();
        auto const file = gdal_dataset::open(folder / name);
        CHECK_FALSE(file.null_value(1));
        CHECK_FALSE(file.grid().geotransform);
        CHECK(file.grid().projection.empty());
        auto const* const layer_type = file.band(1).GetMetadataItem("LAYER_TYPE");
        CHECK((layer_type == nullptr || std::string(layer_type) == "athematic"));
    }
}

TEST_CASE("ground control points stand in for a geotransform")
{
    temporary_directory const folder;
    rios::ground_control_points const gcps{
        .points = {{.id = "1", .info = "", .col = 0, .row = 0, .x = 10, .y = 50, .z = 0},
                   {.id = "2", .info = "", .col = 5, .row = 0, .x = 11, .y = 50, .z = 0},
                   {.id = "3", .info = "", .col = 0, .row = 3, .x = 10, .y = 49, .z = 0}},
        .projection = {}};
    for (auto const* name : {"a.tif", "a.img"}) {
        CAPTURE(name);
        gdal_writer<float> writer(folder / name, {.gcps = gcps});
        writer.open(plain_grid(3, 5));
        writer.close();
        CHECK(gdal_dataset::open(folder / name).gcps().points == gcps.points);

        auto placed = plain_grid(3, 5);
        placed.geotransform = {1, 1, 0, 1, 0, -1};
        gdal_writer<float> other(folder / name, {.gcps = gcps});
        other.open(placed);
        other.close();
        auto const file = gdal_dataset::open(folder / name);
        CHECK(file.gcps().points.empty());
        CHECK(file.grid().geotransform == placed.geotransform);
    }
}

TEST_CASE("GTiff and HFA are tiled and compressed unless told otherwise")
{
    temporary_directory const folder;
    auto const write = [&](char const* name, std::vector<std::string> const& options) {
        gdal_writer<std::uint16_t> writer(folder / name, {.creation_options = options, .compression_threads = 2});
        writer.open(plain_grid(600, 600));
        writer.write({.index = 0, .row = 0, .col = 0, .rows = 600, .cols = 600}, image<std::uint16_t>(1, 600, 600));
        writer.close();
        return gdal_dataset::open(folder / name);
    };
    auto const item = [](gdal_dataset const& file, char const* name) {
        auto const* text = file.raw()->GetMetadataItem(name, "IMAGE_STRUCTURE");
        if (text == nullptr) text = file.band(1).GetMetadataItem(name, "IMAGE_STRUCTURE");
        return std::string(text == nullptr ? "" : text);
    };
    auto const block_cols = [](gdal_dataset const& file) {
        int cols = 0;
        int rows = 0;
        file.band(1).GetBlockSize(&cols, &rows);
        return cols;
    };
    auto const tif = write("a.tif", {});
    CHECK(item(tif, "COMPRESSION") == "DEFLATE");
    CHECK(block_cols(tif) == 256);
    auto const plain = write("b.tif", {"COMPRESS=NONE", "TILED=NO"});
    CHECK(item(plain, "COMPRESSION").empty());
    CHECK(block_cols(plain) == 600);
    CHECK(item(write("a.img", {}), "COMPRESSION") == "RLE");
    CHECK(item(write("b.img", {"COMPRESSED=NO"}), "COMPRESSION").empty());
}

TEST_CASE("a writer that is not closed leaves nothing, and the older result as it was")
{
    temporary_directory const folder;
    std::ofstream(folder / "a.tif") << "old";
    std::ofstream(folder / "a.tif.aux.xml") << "old";
    test::captured_stderr const output;
    {
        gdal_writer<std::uint8_t> writer(folder / "a.tif");
        CHECK(folder.names().size() == 2);
        writer.open(plain_grid(300, 300));
        writer.write({.index = 0, .row = 0, .col = 0, .rows = 300, .cols = 300},
                     test::noise<std::uint8_t>(1, 300, 300));
        CHECK(folder.names().size() == 3);
        CHECK(test::read_file(folder / "a.tif") == "old");
        auto moved = std::move(writer);
        moved = gdal_writer<std::uint8_t>(folder / "a.tif");
        CHECK(folder.names().size() == 2);
        moved.open(plain_grid(300, 300));
    }
    CHECK(folder.names() == names{"a.tif", "a.tif.aux.xml"});
    CHECK(test::read_file(folder / "a.tif") == "old");
    CHECK(output.text().empty());
}

TEST_CASE("a finished output replaces the older one and its sidecars at once")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", test::noise<float>(2, 50, 50));
    std::ofstream(path + ".ovr") << "old";
    std::ofstream(path + ".aux.xml") << "<PAMDataset/>";
    gdal_writer<std::uint8_t> writer(path);
    writer.open(plain_grid(3, 5));
    CHECK(gdal_dataset::open(path).rows() == 50);
    writer.close();
    CHECK(gdal_dataset::open(path).rows() == 3);
    CHECK(folder.names() == names{"a.tif"});
}

TEST_CASE("an output may replace the input that it is made from")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    auto const whole = test::noise<std::uint8_t>(1, 50, 50);
    test::make_raster(path, "GTiff", whole);
    auto const input = gdal_dataset::open(path);
    gdal_writer<std::uint8_t> writer(path);
    writer.open(input.grid());
    writer.write(input.grid().whole(), whole);
    writer.close();
    std::uint8_t last = 0;
    CHECK(input.raw()->GetRasterBand(1)->RasterIO(GF_Read, 49, 49, 1, 1, &last, 1, 1, GDT_Byte, 0, 0, nullptr) ==
          CE_None);
    CHECK(last == 255);
    CHECK(test::read_pixels<std::uint8_t>(path) == whole);
}

TEST_CASE("a format that keeps its metadata in a second file keeps both")
{
    temporary_directory const folder;
    gdal_writer<float> writer(folder / "a.bin", {.format = "ENVI", .null_value = -1});
    writer.open(plain_grid(3, 5));
    writer.close();
    CHECK(folder.names().contains("a.hdr"));
    CHECK(gdal_dataset::open(folder / "a.bin").null_value(1) == -1.0);
}

TEST_CASE("options that cannot be carried out are refused before anything is created")
{
    temporary_directory const folder;
    auto const error = [&](std::string const& path, rios::gdal_writer_options const& options = {}) {
        return message_of<rios::options_error>([&] { gdal_writer<std::int8_t> const writer(path, options); });
    };
    CHECK(error("a.bmp").starts_with("a.bmp: format 'BMP' has no int8 pixels"));
    CHECK(error("a.tif", {.format = "FOO"}).starts_with("a.tif: unknown format 'FOO'"));
    CHECK(error("a.mem", {.format = "MEM"}).starts_with("a.mem: format 'MEM' cannot be written"));
    CHECK(error("a.tif", {.format = "PNG"}).starts_with("a.tif: format 'PNG' has no int8 pixels"));
    CHECK(error("a.tif", {.creation_options = {"FOO=BAR"}}).starts_with("a.tif: driver GTiff does not support"));
    CHECK(error("a.tif", {.creation_options = {"TILED"}}) == "a.tif: creation option 'TILED': must be KEY=VALUE");
    CHECK(error("a.tif", {.null_value = 128}) == "a.tif: null value 128 is not a int8 value");
    CHECK(error("a.tif", {.null_value = 0.5}) == "a.tif: null value 0.5 is not a int8 value");
    CHECK(error("a.tif", {.bands = 0}) == "a.tif: 0 bands: must be at least 1");
    CHECK(error("/vsimem/a.tif").starts_with("/vsimem/a.tif: outputs must be real files"));
    CHECK(folder.names().empty());
}

TEST_CASE("an output that cannot be created is reported when it is opened, with nothing left behind")
{
    temporary_directory const folder;
    fs::create_directory(folder / "directory.tif");
    auto const error = [&](std::string const& name, rios::gdal_writer_options const& options = {}) {
        return message_of<rios::io_error>(
            [&] { gdal_writer<std::uint32_t>(folder / name, options).open(plain_grid(30, 30)); });
    };
    test::captured_stderr const output;
    CHECK(error("missing/a.tif") ==
          folder / "missing/a.tif: cannot create a file in '" + folder / "missing" + "': no such file or directory");
    CHECK(error("directory.tif") == folder / "directory.tif: cannot be created: is a directory");
    auto const odd_tiles = error("a.tif", {.creation_options = {"BLOCKXSIZE=17"}});
    CHECK(odd_tiles.starts_with(folder / "a.tif: cannot create: "));
    CHECK(odd_tiles.find(".tmp") == std::string::npos);
    auto const lost = plain_grid(30, 0);
    CHECK(message_of<rios::grid_error>([&] { gdal_writer<float>(folder / "a.tif").open(lost); }) ==
          folder / "a.tif: cannot write a raster of 30 rows, 0 cols; each must be 1 to 2147483647");
    auto garbled = plain_grid(30, 30);
    garbled.geotransform = {0, 1, 0, 0, 0, 1};
    garbled.projection = "garbage";
    CHECK(message_of<rios::io_error>([&] {
              gdal_writer<float>(folder / "a.tif").open(garbled);
          }).starts_with(folder / "a.tif: cannot set the projection: "));
    CHECK(folder.names() == names{"directory.tif"});
    CHECK(output.text().empty());
}

TEST_CASE("blocks that do not fit are refused")
{
    temporary_directory const folder;
    gdal_writer<float> writer(folder / "a.tif", {.bands = 2});
    writer.open(plain_grid(10, 20));
    auto const write = [&](block const& where, image<float> const& pixels) {
        return [&writer, where, pixels] { writer.write(where, pixels); };
    };
    CHECK_THROWS_AS(write({0, 0, 0, 11, 20}, image<float>(2, 11, 20))(), rios::grid_error);
    CHECK_THROWS_AS(write({0, 5, 0, 6, 20}, image<float>(2, 6, 20))(), rios::grid_error);
    CHECK(message_of<rios::grid_error>(write({4, 0, 0, 5, 20}, image<float>(1, 5, 20))) ==
          folder / "a.tif: block 4 has 2 × 5 × 20 pixels (bands × rows × cols); those given for it are 1 × 5 × 20");
}

TEST_CASE("a writer that is not open says so")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    gdal_writer<float> writer(path);
    CHECK(message_of<rios::io_error>([&] { writer.close(); }) == path + ": is not open for writing");
    CHECK(message_of<rios::io_error>([&] { writer.write({}, image<float>()); }) == path + ": is not open for writing");
    CHECK(message_of<rios::io_error>([&] { static_cast<void>(writer.dataset()); }) ==
          path + ": is not open for writing");
    writer.open(plain_grid(3, 5));
    CHECK(message_of<rios::io_error>([&] { writer.open(plain_grid(3, 5)); }) == path + ": is already open for writing");
    writer.close();
    CHECK_THROWS_AS(writer.close(), rios::io_error);
    writer.open(plain_grid(4, 5)); // once more
    writer.close();
    CHECK(gdal_dataset::open(path).rows() == 4);
}

TEST_CASE("a full disk is an error at any point, and leaves neither a file nor a word of GDAL")
{
    // The operating system refuses to let a file of the child grow over a limit, as a full disk does.
    temporary_directory const folder;
    struct variant {
        std::string name;
        std::vector<std::string> options;
    };
    for (auto const& each : {variant{"a.tif", {}}, variant{"b.tif", {"COMPRESS=NONE", "TILED=NO"}},
                             variant{"a.img", {}}, variant{"b.img", {"COMPRESSED=NO"}}}) {
        auto const path = folder / each.name;
        auto const& options = each.options;
        CAPTURE(path);
        write_everything(path, 250, options);
        auto const size = fs::file_size(path);
        auto const complete = test::read_file(path);
        auto const before = folder.names(); // with GTiff's attribute table in a file beside it
        REQUIRE(size > 200'000);
        std::vector<std::uintmax_t> limits{0, 1, 8, 50, 100, 120, 150, 200, 400, 1000};
        for (std::uintmax_t part = 1; part < 16; ++part) limits.push_back(size * part / 16);
        for (std::uintmax_t const missing : {5000U, 4097U, 1000U, 100U, 8U, 1U}) limits.push_back(size - missing);
        for (auto const limit : limits) {
            CAPTURE(limit);
            test::captured_stderr const output;
            auto const child = ::fork();
            if (child == 0) {
                std::signal(SIGXFSZ, SIG_IGN);
                rlimit const bound{limit, limit};
                ::setrlimit(RLIMIT_FSIZE, &bound);
                int result = 1;
                try {
                    write_everything(path, 250, options);
                } catch (rios::io_error const& e) {
                    std::string const message = e.what();
                    bool const named = message.starts_with(path + ": ");
                    result = named && message.find(".tmp") == std::string::npos ? 42 : 2;
                } catch (...) {
                    result = 3;
                }
                ::_exit(result);
            }
            int status = 0;
            REQUIRE(::waitpid(child, &status, 0) == child);
            CHECK(WIFEXITED(status));
            CHECK(WEXITSTATUS(status) == 42);
            CHECK(output.text().empty());
            CHECK(test::read_file(path) == complete); // the older result
            CHECK(folder.names() == before);
        }
    }
}
