// SPDX-License-Identifier: BSL-1.0
// Formats, creation options and overviews of outputs, and the last word before they are closed.
#include <rios/gdal/output_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <gdal_utils.h>

#include <rios/apply.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/memory_reader.hpp>

#include "support/captured_stderr.hpp"
#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/pipeline_files.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::block;
using rios::gdal_dataset;
using rios::gdal_writer;
using rios::gdal_writer_options;
using rios::image;
using rios::overview_method;
using test::environment_variable;
using test::local_executor;
using test::message_of;
using test::temporary_directory;
using test::with_each_executor;
using names = std::set<std::string>;

namespace {

using bytes = image<std::uint8_t>;

rios::pixel_grid plain_grid(bytes const& pixels)
{
    return {.rows = pixels.rows(), .cols = pixels.cols(), .geotransform = {}, .projection = {}};
}

/// By hand: no pipeline.
void write(std::string const& path, bytes const& pixels, gdal_writer_options options, std::ptrdiff_t window = 256)
{
    options.bands = static_cast<int>(pixels.bands());
    gdal_writer<std::uint8_t> writer(path, options);
    writer.open(plain_grid(pixels));
    for (block const where : plain_grid(pixels).blocks(window)) {
        writer.write(where, pixels.view().window(where.row, where.col, where.rows, where.cols));
    }
    writer.close();
}

void copy_to(std::string const& path, bytes const& pixels, gdal_writer_options options, std::ptrdiff_t window,
             local_executor executor)
{
    auto const copy = [](rios::block_info const&, bytes in) { return in; };
    options.bands = static_cast<int>(pixels.bands());
    apply(rios::memory_reader<std::uint8_t>(pixels.view()), copy, gdal_writer<std::uint8_t>(path, options), executor,
          {.window = window});
}

std::string item_of(std::string const& path, char const* name, char const* domain = "")
{
    auto const file = test::open_raster(path);
    auto const* text = file->GetMetadataItem(name, domain);
    if (text == nullptr) text = file->GetRasterBand(1)->GetMetadataItem(name, domain);
    return text == nullptr ? "" : text;
}

std::string format_of(std::string const& path)
{
    return test::open_raster(path)->GetDriver()->GetDescription();
}

bytes overview_of(std::string const& path, int index)
{
    auto const file = test::open_raster(path);
    auto* const overview = file->GetRasterBand(1)->GetOverview(index);
    REQUIRE(overview != nullptr);
    bytes pixels(1, overview->GetYSize(), overview->GetXSize());
    REQUIRE(overview->RasterIO(GF_Read, 0, 0, overview->GetXSize(), overview->GetYSize(), pixels.data(),
                               overview->GetXSize(), overview->GetYSize(), GDT_Byte, 0, 0, nullptr) == CE_None);
    return pixels;
}

std::vector<std::ptrdiff_t> overview_cols(std::string const& path)
{
    std::vector<std::ptrdiff_t> result;
    auto const file = test::open_raster(path);
    for (int i = 0; i < file->GetRasterBand(1)->GetOverviewCount(); ++i) {
        result.push_back(file->GetRasterBand(1)->GetOverview(i)->GetXSize());
    }
    return result;
}

bytes sampled(bytes const& pixels, std::ptrdiff_t level)
{
    bytes result(1, (pixels.rows() + level - 1) / level, (pixels.cols() + level - 1) / level);
    for (auto const [row, col] : result.pixels()) {
        result(0, row, col) = pixels(0, std::min(row * level + level / 2, pixels.rows() - 1),
                                     std::min(col * level + level / 2, pixels.cols() - 1));
    }
    return result;
}

} // namespace

TEST_CASE("a file of 2048 pixels a side gets two overviews of the middle pixels, with every executor")
{
    temporary_directory const folder;
    auto const pixels = test::noise<std::uint8_t>(1, 2048, 2048);
    for (std::string const name : {"a.tif", "a.img"}) {
        for (auto const& executor : {local_executor{0, 0}, local_executor{1, 2}}) {
            copy_to(folder / name, pixels, {.summaries = {{}}}, 300, executor);
            REQUIRE(overview_cols(folder / name) == std::vector<std::ptrdiff_t>{512, 256});
            CHECK(overview_of(folder / name, 0) == sampled(pixels, 4));
            CHECK(overview_of(folder / name, 1) == sampled(pixels, 8));
        }
        CHECK(folder.names() == names{name});
        std::filesystem::remove(folder / name);
    }
}

TEST_CASE("overviews begin where their smaller side has more pixels than the least")
{
    temporary_directory const folder;
    auto const levels = [&](std::ptrdiff_t rows, std::ptrdiff_t cols, rios::summary_options const& summaries) {
        write(folder / "a.tif", bytes(1, rows, cols), {.summaries = summaries});
        return overview_cols(folder / "a.tif").size();
    };
    CHECK(levels(512, 600, {}) == 0);
    CHECK(levels(515, 600, {}) == 0);
    CHECK(levels(516, 600, {}) == 1);
    CHECK(levels(100, 90, {.overview_min_size = 20}) == 1);
    CHECK(levels(100, 90, {.overview_levels = {2, 3, 10}, .overview_min_size = 8}) == 3);
    CHECK(levels(100, 90, {.overviews = overview_method::none, .overview_min_size = 8}) == 0);
    // Of levels that give the same size the first counts.
    CHECK(levels(100, 100, {.overview_levels = {40, 45, 50}, .overview_min_size = 0}) == 2);
}

TEST_CASE("means of squares are what GDAL makes, where GDAL makes them exactly")
{
    temporary_directory const folder;
    // Each square of 4 x 4 pixels holds one value, so that GDAL's means of means are exact. No square is cut by an edge: GDAL
    // would stretch them all a little.
    bytes pixels(1, 200, 328);
    auto const noise = test::noise<std::uint8_t>(1, 60, 90);
    for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = noise(0, row / 4, col / 4);
    for (std::ptrdiff_t const window : {50, 64, 333}) {
        write(
            folder / "a.tif", pixels,
            {.summaries = {{.overviews = overview_method::average, .overview_levels = {2, 4}, .overview_min_size = 1}}},
            window);
        test::make_raster(folder / "b.tif", "GTiff", pixels);
        {
            auto const file = test::open_raster(folder / "b.tif", GDAL_OF_UPDATE);
            std::vector<int> levels{2, 4};
            REQUIRE(GDALBuildOverviews(file.get(), "AVERAGE", 2, levels.data(), 0, nullptr, nullptr, nullptr) ==
                    CE_None);
        }
        CHECK(overview_of(folder / "a.tif", 0) == overview_of(folder / "b.tif", 0));
        CHECK(overview_of(folder / "a.tif", 1) == overview_of(folder / "b.tif", 1));
        std::filesystem::remove(folder / "b.tif");
    }
}

TEST_CASE("a cloud optimized GeoTIFF keeps statistics, histogram and overviews")
{
    temporary_directory const folder;
    auto const pixels = test::ramp(1100, 1200);
    with_each_executor([&](local_executor executor) {
        copy_to(folder / "a.tif", pixels,
                {.format = "COG",
                 .creation_options = {"BLOCKSIZE=256"},
                 .null_value = 0,
                 .summaries = {{}},
                 .before_close = [](gdal_dataset& file) { file.raw()->SetMetadataItem("SOURCE", "ramp"); },
                 .compression_threads = 2},
                256, executor);
        CHECK(folder.names() == names{"a.tif"});
        CHECK(item_of(folder / "a.tif", "LAYOUT", "IMAGE_STRUCTURE") == "COG");
        CHECK(item_of(folder / "a.tif", "COMPRESSION", "IMAGE_STRUCTURE") == "DEFLATE");
        CHECK(item_of(folder / "a.tif", "SOURCE") == "ramp");
        CHECK(item_of(folder / "a.tif", "STATISTICS_MAXIMUM") == "100");
        CHECK(item_of(folder / "a.tif", "STATISTICS_HISTONUMBINS") == "101");
        CHECK(test::read_pixels<std::uint8_t>(folder / "a.tif") == pixels);
        REQUIRE(overview_cols(folder / "a.tif") == std::vector<std::ptrdiff_t>{300, 150});
        CHECK(overview_of(folder / "a.tif", 0) == sampled(pixels, 4));
    });
}

TEST_CASE("a cloud optimized GeoTIFF has GDAL's overviews, unless there shall be none")
{
    temporary_directory const folder;
    auto const overviews = [&](gdal_writer_options options) {
        options.format = "COG";
        write(folder / "a.tif", bytes(1, 1100, 1100), options);
        return overview_cols(folder / "a.tif").size();
    };
    CHECK(overviews({}) == 2);
    CHECK(overviews({.creation_options = {"OVERVIEWS=NONE"}}) == 0);
    CHECK(overviews({.summaries = {{.overviews = overview_method::none}}}) == 0);
    CHECK(overviews({.summaries = {{.overview_levels = {2}, .overview_min_size = 2000}}}) == 0); // none is large enough
    CHECK(overviews({.creation_options = {"OVERVIEWS=AUTO"}, .summaries = {{.overviews = overview_method::none}}}) ==
          2);
    CHECK(overviews({.summaries = {{.overviews = overview_method::none}},
                     .before_close = [](gdal_dataset& file) { rios::create_overviews(file, {2}); }}) == 1);
}

TEST_CASE("overviews of a thematic cloud optimized GeoTIFF hold values of its pixels only, also those that GDAL makes")
{
    temporary_directory const folder;
    bytes pixels(1, 600, 1100);
    for (auto const [row, col] : pixels.pixels()) {
        pixels(0, row, col) = static_cast<std::uint8_t>((row * 7 + col * 3) % 2 == 0 ? 10 : 200);
    }
    auto const values = [&](gdal_writer_options options) {
        options.format = "COG";
        write(folder / "a.tif", pixels, options);
        REQUIRE(overview_cols(folder / "a.tif") == std::vector<std::ptrdiff_t>{550, 275});
        auto const overview = overview_of(folder / "a.tif", 0);
        return std::set<std::uint8_t>(overview.data(), overview.data() + overview.pixel_count());
    };
    std::set<std::uint8_t> const own{10, 200};
    auto const is_subset = [&](std::set<std::uint8_t> const& some) {
        return std::includes(own.begin(), own.end(), some.begin(), some.end());
    };
    CHECK(is_subset(values({.thematic = true})));
    CHECK_FALSE(is_subset(values({})));
    CHECK_FALSE(is_subset(values({.creation_options = {"OVERVIEW_RESAMPLING=AVERAGE"}, .thematic = true})));
    // Our own are kept as they are.
    rios::summary_options const summaries{.overview_levels = {2, 4}};
    CHECK(is_subset(values({.thematic = true, .summaries = summaries})));
    CHECK(overview_of(folder / "a.tif", 0) == sampled(pixels, 2));
    CHECK(overview_of(folder / "a.tif", 1) == sampled(pixels, 4));
}

TEST_CASE("formats that only copy are written through a file that does not stay")
{
    temporary_directory const folder;
    auto const pixels = test::noise<std::uint8_t>(3, 60, 70);
    write(folder / "a.png", pixels, {.summaries = {{}}}, 32);
    CHECK(format_of(folder / "a.png") == "PNG");
    CHECK(test::read_pixels<std::uint8_t>(folder / "a.png") == pixels);
    CHECK(item_of(folder / "a.png", "STATISTICS_MAXIMUM") == "255");
    CHECK(folder.names() == names{"a.png", "a.png.aux.xml"});
    test::captured_stderr const output;
    CHECK(message_of<rios::io_error>([&] {
              write(folder / "b.png", bytes(7, 60, 70), {});
          }).starts_with(folder / "b.png: cannot create: PNG driver doesn't support 7 bands"));
    CHECK(folder.names() == names{"a.png", "a.png.aux.xml"});
    CHECK(output.text().empty());
}

TEST_CASE("a striped GeoTIFF takes windows of any size")
{
    temporary_directory const folder;
    auto const pixels = test::noise<std::uint8_t>(1, 400, 500);
    for (std::ptrdiff_t const window : {512, 100, 7}) {
        write(folder / "a.tif", pixels, {.creation_options = {"TILED=NO"}, .summaries = {{}}}, window);
        CHECK(test::read_pixels<std::uint8_t>(folder / "a.tif") == pixels);
        int rows = 0;
        int cols = 0;
        test::open_raster(folder / "a.tif")->GetRasterBand(1)->GetBlockSize(&cols, &rows);
        CHECK(cols == 500);
    }
}

TEST_CASE("a site sets the format and its options by environment variables, unless they are ignored")
{
    temporary_directory const folder;
    auto const compression = [&](gdal_writer_options const& options) {
        write(folder / "a.tif", bytes(1, 40, 40), options);
        return item_of(folder / "a.tif", "COMPRESSION", "IMAGE_STRUCTURE");
    };
    CHECK(compression({}) == "DEFLATE");
    {
        environment_variable const set("RIOS_DFLT_CREOPT_GTiff", "COMPRESS=LZW TILED=NO");
        CHECK(compression({}) == "LZW");
        CHECK(compression({.creation_options = {"COMPRESS=NONE"}}).empty());
        CHECK(compression({.site = rios::site_defaults::ignored}) == "DEFLATE");
    }
    {
        environment_variable const set("RIOS_DFLT_CREOPT_GTiff", "COMPRESS");
        CHECK(message_of<rios::options_error>([&] { gdal_writer<float>("a.tif"); }) ==
              "a.tif: environment variable RIOS_DFLT_CREOPT_GTiff: creation option 'COMPRESS': must be KEY=VALUE");
    }
    {
        environment_variable const set("RIOS_DFLT_DRIVER", "HFA");
        write(folder / "b.tif", bytes(1, 40, 40), {});
        CHECK(format_of(folder / "b.tif") == "HFA");
        write(folder / "b.tif", bytes(1, 40, 40), {.format = "GTiff"});
        CHECK(format_of(folder / "b.tif") == "GTiff");
        write(folder / "b.tif", bytes(1, 40, 40), {.site = rios::site_defaults::ignored});
        CHECK(format_of(folder / "b.tif") == "GTiff");
    }
    write(folder / "c", bytes(1, 40, 40), {});
    CHECK(format_of(folder / "c") == "HFA");
}

TEST_CASE("a site sets overviews by environment variables, which are looked up at each time")
{
    temporary_directory const folder;
    auto const pixels = test::noise<std::uint8_t>(1, 64, 64);
    environment_variable const least("RIOS_DFLT_MINOVERLEVELDIM", "10");
    environment_variable const levels("RIOS_DFLT_OVERVIEWLEVELS", "2,5,8");
    write(folder / "a.tif", pixels, {.summaries = rios::summary_options{}});
    CHECK(overview_cols(folder / "a.tif") == std::vector<std::ptrdiff_t>{32, 13});
    CHECK(overview_of(folder / "a.tif", 0) == sampled(pixels, 2));
    {
        environment_variable const method("RIOS_DFLT_OVERVIEWAGGTYPE", "average");
        CHECK(rios::summary_options{}.overviews == overview_method::average);
    }
    auto const error = [](char const* name, char const* text) {
        environment_variable const set(name, text);
        return message_of<rios::options_error>([] { static_cast<void>(rios::summary_options{}); });
    };
    CHECK(error("RIOS_DFLT_OVERVIEWAGGTYPE", "MODE") ==
          "environment variable RIOS_DFLT_OVERVIEWAGGTYPE='MODE': allowed: NEAREST and AVERAGE");
    {
        environment_variable const set("RIOS_DFLT_OVERVIEWLEVELS", " 4, 8 ,16 ");
        CHECK(rios::summary_options{}.overview_levels == std::vector<int>{4, 8, 16});
    }
    for (auto const* wrong : {"4,", ",4", "4, ", " ", "4 8", "4;8", "four", "4,8x"}) {
        CHECK(error("RIOS_DFLT_OVERVIEWLEVELS", wrong) ==
              "environment variable RIOS_DFLT_OVERVIEWLEVELS='" + std::string(wrong) +
                  "': allowed: whole numbers with commas between them, such as 4,8,16");
    }
    CHECK(error("RIOS_DFLT_MINOVERLEVELDIM", "-1").starts_with("environment variable RIOS_DFLT_MINOVERLEVELDIM='-1'"));
    auto const refused = [](rios::summary_options const& summaries) {
        return message_of<rios::options_error>([&] { gdal_writer<float>("a.tif", {.summaries = summaries}); });
    };
    CHECK(refused({.overview_levels = {4, 4}}) == "a.tif: overview level 4: levels must be 2 to 32767, and ascend");
    CHECK(refused({.overview_levels = {1}}) == "a.tif: overview level 1: levels must be 2 to 32767, and ascend");
    CHECK(refused({.overview_min_size = -1}) == "a.tif: smallest overview of -1 pixels: must be at least 0");
}

TEST_CASE("the last word before closing sees a complete file, and may add to it")
{
    temporary_directory const folder;
    auto const pixels = test::ramp(600, 600);
    for (std::string const name : {"a.tif", "a.img"}) {
        with_each_executor([&](local_executor executor) {
            int calls = 0;
            copy_to(folder / name, pixels,
                    {.summaries = {{}},
                     .before_close =
                         [&](gdal_dataset& file) {
                             ++calls;
                             CHECK(file.band(1).GetMetadataItem("STATISTICS_MEAN") != nullptr);
                             CHECK(file.band(1).GetOverviewCount() == 1);
                             file.raw()->SetMetadataItem("MADE_BY", "test");
                         }},
                    256, executor);
            CHECK(calls == 1);
            CHECK(item_of(folder / name, "MADE_BY") == "test");
        });
    }
}

TEST_CASE("the last word may set what an .img has no place for, which stands beside it then")
{
    temporary_directory const folder;
    write(folder / "a.img", test::ramp(60, 60), {.before_close = [](gdal_dataset& file) {
              file.band(1).SetUnitType("dB");
              file.band(1).SetScale(0.01);
              file.band(1).SetOffset(-5);
          }});
    {
        auto const file = test::open_raster(folder / "a.img");
        auto& band = *file->GetRasterBand(1);
        CHECK(std::string(band.GetUnitType()) == "dB");
        CHECK(band.GetScale() == 0.01);
        CHECK(band.GetOffset() == -5);
    }
    write(folder / "b.img", test::ramp(60, 60), {.thematic = true, .summaries = {{}}});
    CHECK(folder.names() == names{"a.img", "a.img.aux.xml", "b.img"});
}

TEST_CASE("if the last word fails, nothing is left, and all older files are as they were")
{
    temporary_directory const folder;
    std::ofstream(folder / "a.tif") << "old";
    auto const pixels = test::ramp(60, 60);
    with_each_executor([&](local_executor executor) {
        auto const twice = [](rios::block_info const&, bytes const& in) { return std::tuple{in, in}; };
        auto const fail = [&](auto thrown) {
            gdal_writer_options const failing{.summaries = {{}}, .before_close = [=](gdal_dataset&) { throw thrown; }};
            apply(rios::memory_reader<std::uint8_t>(pixels.view()), twice,
                  std::tuple{gdal_writer<std::uint8_t>(folder / "a.tif"),
                             gdal_writer<std::uint8_t>(folder / "b.tif", failing)},
                  executor, {.window = 32});
        };
        CHECK(message_of<rios::options_error>([&] { fail(rios::options_error("no")); }) == "no");
        CHECK(message_of<rios::io_error>([&] { fail(std::runtime_error("no")); }) ==
              folder / "b.tif: cannot finish: no");
        CHECK(folder.names() == names{"a.tif"});
        CHECK(std::filesystem::file_size(folder / "a.tif") == 3);
    });
}

TEST_CASE("a writer with summaries can be used again")
{
    temporary_directory const folder;
    gdal_writer<std::uint8_t> writer(folder / "a.tif", {.summaries = {{}}});
    for (auto const value : {std::uint8_t{3}, std::uint8_t{9}}) {
        bytes pixels(1, 10, 10);
        std::fill_n(pixels.data(), 100, value);
        writer.open(plain_grid(pixels));
        writer.write(plain_grid(pixels).whole(), pixels);
        writer.close();
        CHECK(item_of(folder / "a.tif", "STATISTICS_MEAN") == std::to_string(value));
    }
}
