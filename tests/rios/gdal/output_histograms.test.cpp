// SPDX-License-Identifier: BSL-1.0
// Histograms of outputs where their kind depends on the values: output_summaries.test.cpp has the rest.
#include <rios/gdal/output_summaries.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <gdal_rat.h>

#include <rios/gdal/writer.hpp>

#include "support/pipeline_files.hpp"
#include "support/raster_files.hpp"
#include "support/summary_files.hpp"
#include "support/temporary_directory.hpp"

using rios::gdal_writer_options;
using rios::image;
using test::bins_of;
using test::copy_to;
using test::expect;
using test::items_of;
using test::local_executor;
using test::number;
using test::numpy_histogram;
using test::same;
using test::temporary_directory;

TEST_CASE("signed bytes have a bin for each value")
{
    temporary_directory const folder;
    image<std::int8_t> pixels(1, 1, 256);
    for (std::ptrdiff_t col = 0; col < 256; ++col) pixels(0, 0, col) = static_cast<std::int8_t>(col - 128);
    copy_to(folder / "a.tif", pixels, {.summaries = {{}}}, 256, local_executor{});
    auto const all = items_of(folder / "a.tif");
    CHECK(all.at("HISTOMIN") == "-128");
    CHECK(all.at("HISTOMAX") == "127");
    CHECK(bins_of(all) == std::vector<std::uint64_t>(256, 1));
    CHECK(test::read_pixels<std::int8_t>(folder / "a.tif") == pixels);
    CHECK_FALSE(all.contains("EXCLUDEDVALUES"));
}

TEST_CASE("many different values are counted into bins in a second pass, also where the file holds others")
{
    temporary_directory const folder;
    image<float> pixels(2, 400, 300);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            pixels(band, row, col) = 1000.3F + static_cast<float>(row * 300 + col) * 0.01F;
        }
    }
    pixels(0, 5, 5) = -1;
    auto const truth = expect(pixels, -1.0);
    for (std::string const name : {"a.tif", "a.img", "half.tif"}) {
        CAPTURE(name);
        gdal_writer_options options{.null_value = -1, .summaries = {{}}};
        if (name == "half.tif") options.creation_options = {"NBITS=16"};
        copy_to(folder / name, pixels, options, 100, local_executor{1, 2});
        auto const all = items_of(folder / name);
        auto const bins = bins_of(all);
        REQUIRE(bins.size() == 256);
        CHECK(all.at("HISTOBINFUNCTION") == "linear");
        CHECK(same(number(all, "MINIMUM"), truth.values.front(), name));
        std::uint64_t counted = 0;
        for (auto const bin : bins) counted += bin;
        CHECK(counted == truth.values.size());
        if (name == "half.tif") continue;
        CHECK(bins == numpy_histogram(truth.values, number(all, "HISTOMIN"), number(all, "HISTOMAX"), 256));
        auto const step = (number(all, "HISTOMAX") - number(all, "HISTOMIN")) / 256;
        CHECK(std::abs(number(all, "MEDIAN") - truth.values[truth.values.size() / 2]) <= step);
    }
}

TEST_CASE("a byte's null value that no byte has loses no counts")
{
    temporary_directory const folder;
    copy_to(folder / "a.tif", test::ramp(), {.summaries = {{}}}, 256, local_executor{});
    auto const all = bins_of(items_of(folder / "a.tif"));
    std::uint64_t counted = 0;
    for (auto const bin : all) counted += bin;
    CHECK(counted == 250'000);
}

TEST_CASE("a thematic band has a bin for each value, in HFA as the column of the attribute table")
{
    temporary_directory const folder;
    for (std::uint32_t const largest : {300U, 70'000U}) {
        image<std::uint32_t> labels(1, 300, 300);
        for (auto const [row, col] : labels.pixels()) {
            labels(0, row, col) = static_cast<std::uint32_t>(row * 300 + col) % (largest + 1);
        }
        std::vector<std::uint64_t> expected(largest + 1);
        for (auto const [row, col] : labels.pixels()) ++expected[labels(0, row, col)];
        expected[0] = 0;
        copy_to(folder / "a.img", labels, {.null_value = 0, .thematic = true, .summaries = {{}}}, 128,
                local_executor{0, 2});
        auto const file = test::open_raster(folder / "a.img");
        auto* const table = file->GetRasterBand(1)->GetDefaultRAT();
        REQUIRE(table != nullptr);
        REQUIRE(table->GetRowCount() == static_cast<int>(largest) + 1);
        int const column = table->GetColOfUsage(GFU_PixelCount);
        REQUIRE(column >= 0);
        std::vector<std::uint64_t> counts;
        for (int row = 0; row <= static_cast<int>(largest); ++row) {
            counts.push_back(static_cast<std::uint64_t>(table->GetValueAsDouble(row, column)));
        }
        CHECK(counts == expected);
        CHECK(items_of(folder / "a.img").at("HISTOBINFUNCTION") == "direct");
        CHECK(number(items_of(folder / "a.img"), "MEDIAN") > 0);
        CHECK(folder.names() == std::set<std::string>{"a.img"});

        copy_to(folder / "a.tif", labels, {.null_value = 0, .thematic = true, .summaries = {{}}}, 128,
                local_executor{});
        auto const all = items_of(folder / "a.tif");
        if (largest < 65536) CHECK(bins_of(all) == expected);
        else CHECK(bins_of(all).size() == 256);
        std::filesystem::remove(folder / "a.tif");
    }
}

TEST_CASE("one huge value takes no more memory than others")
{
    temporary_directory const folder;
    image<std::int32_t> pixels(1, 100, 100);
    pixels(0, 3, 3) = 2'000'000'000;
    for (bool const thematic : {false, true}) {
        copy_to(folder / "a.img", pixels, {.thematic = thematic, .summaries = {{}}}, 64, local_executor{});
        auto const all = items_of(folder / "a.img");
        CHECK(all.at("HISTONUMBINS") == "256");
        CHECK(number(all, "MAXIMUM") == 2e9);
        CHECK(number(all, "MEDIAN") == 0);
    }
}
