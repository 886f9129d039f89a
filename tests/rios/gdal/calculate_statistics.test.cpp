// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/calculate_statistics.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/summary_files.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using rios::calculation_options;
using rios::counted_pixels;
using rios::image;
using rios::overview_method;
using test::bins_of;
using test::expect;
using test::items_of;
using test::message_of;
using test::number;
using test::temporary_directory;

namespace {

void calculate(std::string const& path, calculation_options const& options = {})
{
    rios::inline_executor executor;
    rios::calculate_statistics(path, options, executor);
}

rios::summary_options without_overviews()
{
    return {.overviews = overview_method::none};
}

image<std::uint16_t> numbers(std::ptrdiff_t bands = 1)
{
    image<std::uint16_t> pixels(bands, 400, 300);
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            pixels(band, row, col) = static_cast<std::uint16_t>((row * 37 + col * 11) % 1000 * (band + 1));
        }
    }
    return pixels;
}

/// Two bands of one file as a raster whose bands have types of their own.
void make_mixed(temporary_directory const& folder)
{
    image<std::int16_t> pixels(2, 60, 60);
    for (auto const [row, col] : pixels.pixels()) {
        pixels(0, row, col) = static_cast<std::int16_t>(50 + (row + col) % 7);
        pixels(1, row, col) = static_cast<std::int16_t>((row * 60 + col) % 500);
    }
    test::make_raster(folder / "a.tif", "GTiff", pixels);
    std::ofstream vrt(folder / "a.vrt");
    vrt << "<VRTDataset rasterXSize='60' rasterYSize='60'>";
    for (int band : {1, 2}) {
        vrt << "<VRTRasterBand dataType='" << (band == 1 ? "Byte" : "Int16") << "' band='" << band
            << "'><SimpleSource><SourceFilename relativeToVRT='1'>a.tif</SourceFilename><SourceBand>" << band
            << "</SourceBand></SimpleSource></VRTRasterBand>";
    }
    vrt << "</VRTDataset>";
}

} // namespace

TEST_CASE("a file gets the statistics, histogram and overviews that it would have got when it was written")
{
    temporary_directory const folder;
    auto const pixels = numbers(2);
    rios::summary_options const summaries{.overview_levels = {2, 4}, .overview_min_size = 10};
    for (std::string const extension : {".tif", ".img"}) {
        CAPTURE(extension);
        auto const fresh = folder / ("fresh" + extension);
        test::copy_to(fresh, pixels, {.null_value = 7, .summaries = summaries}, 128, rios::inline_executor());
        for (std::size_t const workers : {0U, 2U}) {
            auto const path = folder / ("a" + extension);
            test::make_raster(path, extension == ".tif" ? "GTiff" : "HFA", pixels);
            calculation_options const options{.null_value = 7, .summaries = summaries};
            if (workers == 0) calculate(path, options);
            else {
                rios::thread_executor executor({.workers = workers});
                rios::calculate_statistics(path, options, executor);
            }
            for (int band : {1, 2}) {
                auto const all = items_of(path, band);
                auto const expected = items_of(fresh, band);
                for (auto const* name : {"MINIMUM", "MAXIMUM", "MEAN", "STDDEV", "MEDIAN", "MODE", "HISTOMAX"}) {
                    CHECK(test::same(number(all, name), number(expected, name), path));
                }
                CHECK(bins_of(all) == bins_of(expected));
                CHECK(all.at("HISTOBINFUNCTION") == expected.at("HISTOBINFUNCTION"));
                CHECK(all.at("SKIPFACTORX") == "1");
            }
            for (int i : {0, 1}) {
                CHECK(test::overview_of<std::uint16_t>(path, i) == test::overview_of<std::uint16_t>(fresh, i));
            }
            CHECK(test::open_raster(path)->GetRasterBand(2)->GetNoDataValue() == 7);
            CHECK(test::read_pixels<std::uint16_t>(path) == pixels);
        }
    }
}

TEST_CASE("overviews of the same sizes are made anew, and statistics are those of the pixels as they are")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    auto pixels = numbers();
    test::make_raster(path, "GTiff", pixels);
    rios::summary_options const summaries{.overview_levels = {2}, .overview_min_size = 10};
    calculate(path, {.summaries = summaries});
    for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = static_cast<std::uint16_t>(row + 2);
    {
        auto const file = test::open_raster(path, GDAL_OF_UPDATE);
        test::write_pixels(*file, pixels);
    }
    calculate(path, {.summaries = summaries});
    CHECK(number(items_of(path), "MAXIMUM") == 401);
    CHECK(test::open_raster(path)->GetRasterBand(1)->GetOverviewCount() == 1);
    auto const overview = test::overview_of<std::uint16_t>(path, 0);
    for (auto const [row, col] : overview.pixels()) REQUIRE(overview(0, row, col) == row * 2 + 1 + 2);
}

TEST_CASE("approximate statistics are those of the smallest overview with 2500 pixels")
{
    temporary_directory const folder;
    auto const pixels = numbers();
    for (std::string const name : {"a.tif", "a.img"}) {
        CAPTURE(name);
        test::make_raster(folder / name, name == "a.tif" ? "GTiff" : "HFA", pixels);
        calculate(folder / name, {.null_value = 5,
                                  .counted = counted_pixels::some,
                                  .summaries = {.overview_levels = {2, 4, 16},
                                                .overview_min_size = 1}}); // 200 x 150, 100 x 75, 25 x 19
        image<std::uint16_t> sample(1, 100, 75);
        for (auto const [row, col] : sample.pixels()) sample(0, row, col) = pixels(0, row * 4 + 2, col * 4 + 2);
        auto const truth = expect(sample, 5.0);
        auto const all = items_of(folder / name);
        CHECK(number(all, "MINIMUM") == truth.values.front());
        CHECK(number(all, "MAXIMUM") == truth.values.back());
        CHECK(number(all, "MEAN") == doctest::Approx(truth.mean).epsilon(1e-12));
        CHECK(number(all, "STDDEV") == doctest::Approx(truth.standard_deviation).epsilon(1e-12));
        CHECK(number(all, "MEDIAN") == truth.values[(truth.values.size() + 1) / 2 - 1]);
        CHECK(bins_of(all) == test::numpy_histogram(truth.values, truth.values.front(), truth.values.back(), 256));
        CHECK(number(all, "MEAN") != doctest::Approx(expect(pixels, 5.0).mean).epsilon(1e-12));
        if (name == "a.img") continue; // has no word for it
        CHECK_FALSE(all.contains("SKIPFACTORX"));
        CHECK(all.at("APPROXIMATE") == "YES");
    }
}

TEST_CASE("HFA gets all numbers of its one record if any of them are wanted, from a sample too")
{
    temporary_directory const folder;
    for (auto const counted : {counted_pixels::all, counted_pixels::some}) {
        for (bool const statistics : {true, false}) {
            test::make_raster(folder / "a.img", "HFA", numbers());
            calculate(folder / "a.img",
                      {.counted = counted,
                       .summaries = {
                           .statistics = statistics, .histogram = !statistics, .overviews = overview_method::none}});
            auto const all = items_of(folder / "a.img");
            CHECK(number(all, "MAXIMUM") == 999);
            CHECK(number(all, "MEDIAN") > 400);
            CHECK(bins_of(all).size() == 256);
        }
    }
}

TEST_CASE("each band has the histogram of its own pixel type and layer type")
{
    for (auto const counted : {counted_pixels::all, counted_pixels::some}) {
        temporary_directory const folder;
        make_mixed(folder);
        auto const path = folder / "a.vrt";
        calculation_options const options{.counted = counted, .summaries = without_overviews()};
        calculate(path, options);
        CHECK(items_of(path, 1).at("HISTOMIN") == "0"); // as bytes have it
        CHECK(bins_of(items_of(path, 1)).size() == 57);
        CHECK(items_of(path, 2).at("HISTOBINFUNCTION") == "linear");
        test::open_raster(path, GDAL_OF_UPDATE)->GetRasterBand(2)->SetMetadataItem("LAYER_TYPE", "thematic");
        calculate(path, options);
        CHECK(items_of(path, 2).at("HISTOBINFUNCTION") == "direct");
        CHECK(bins_of(items_of(path, 2)).size() == 500);
    }
}

TEST_CASE("a thematic band of an .img keeps the rows of its attribute table")
{
    temporary_directory const folder;
    auto const path = folder / "a.img";
    for (auto const counted : {counted_pixels::all, counted_pixels::some}) {
        test::make_raster(path, "HFA", image<std::uint8_t>(1, 60, 60));
        test::open_raster(path, GDAL_OF_UPDATE)->GetRasterBand(1)->SetMetadataItem("LAYER_TYPE", "thematic");
        test::add_plain_column(path, "name", std::vector<std::string>{"water", "wood", "field"});
        calculate(path, {.counted = counted, .summaries = without_overviews()});
        CHECK(test::plain_values<std::string>(path, "name") == std::vector<std::string>{"water", "wood", "field"});
        CHECK(test::plain_values<double>(path, "Histogram") == std::vector<double>{3600, 0, 0});
        CHECK(items_of(path).at("HISTONUMBINS") == "3");
        CHECK(items_of(path).at("HISTOMAX") == "2");
    }
}

TEST_CASE("no block is read if nothing is wanted of it")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", test::noise<std::uint8_t>(1, 300, 300), {"COMPRESS=DEFLATE"});
    auto const size = static_cast<std::streamoff>(std::filesystem::file_size(path));
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(size / 2);
        file << std::string(500, 'x');
    }
    for (auto const counted : {counted_pixels::all, counted_pixels::some}) {
        calculation_options options{.null_value = 9, .counted = counted, .summaries = without_overviews()};
        CHECK(message_of<rios::io_error>([&] { calculate(path, options); }).starts_with(path + ": "));
        options.summaries.statistics = options.summaries.histogram = false;
        CHECK_NOTHROW(calculate(path, options));
        CHECK(test::open_raster(path)->GetRasterBand(1)->GetNoDataValue() == 9);
    }
}

TEST_CASE("a null value that no pixel can have is refused before anything is changed")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", numbers());
    auto const before = test::read_file(path);
    struct refused {
        double value;
        std::string text;
    };
    for (auto const& each : {refused{70000, "70000"}, refused{-1, "-1"}, refused{0.5, "0.5"}}) {
        CHECK(message_of<rios::options_error>([&] { calculate(path, {.null_value = each.value}); }) ==
              path + ": null value " + each.text + " is not a uint16 value");
    }
    CHECK(test::read_file(path) == before);
    temporary_directory const other;
    make_mixed(other); // of two types
    CHECK(message_of<rios::options_error>([&] { calculate(other / "a.vrt", {.null_value = 300}); }) ==
          other / "a.vrt: null value 300 is not a uint8 value");
    CHECK(items_of(other / "a.vrt", 2).empty());
    int has_null = FALSE;
    test::open_raster(other / "a.vrt")->GetRasterBand(2)->GetNoDataValue(&has_null);
    CHECK(has_null == FALSE);
}

TEST_CASE("what cannot be changed, or not in this way, is refused in one line")
{
    temporary_directory const folder;
    CHECK(message_of<rios::io_error>([&] { calculate(folder / "none.tif"); }) ==
          folder / "none.tif: no such file or directory");
    CHECK(message_of<rios::options_error>([&] {
              calculate("a.tif", {.summaries = {.overview_levels = {4, 2}}});
          }) == "a.tif: overview level 2: levels must be 2 to 32767, and ascend");
    auto const path = folder / "a.vrt";
    make_mixed(folder);
    {
        auto const file = test::open_raster(path, GDAL_OF_UPDATE);
        file->GetRasterBand(1)->SetNoDataValue(1);
        file->GetRasterBand(2)->SetNoDataValue(2);
    }
    CHECK(message_of<rios::options_error>([&] {
              calculate(path, {.summaries = without_overviews()});
          }).starts_with(path + ": the bands have different null values (band 1: 1, band 2: 2)"));
}

TEST_CASE("progress is told block by block, and may cancel")
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    test::make_raster(path, "GTiff", numbers());
    double last = 0;
    calculate(path, {.summaries = without_overviews(), .progress = [&](std::string_view phase, double done) {
                         CHECK(phase == "blocks");
                         CHECK(done >= last);
                         last = done;
                         return true;
                     }});
    CHECK(last == 1);
    CHECK_THROWS_AS(calculate(path, {.progress = [](auto, double) { return false; }}), rios::cancelled);
}
