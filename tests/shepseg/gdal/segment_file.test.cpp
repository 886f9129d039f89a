// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <shepseg/gdal/segment_file.hpp>

#include "support/bytes_executor.hpp"
#include "support/captured_stderr.hpp"
#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/shuffled_executor.hpp"
#include "support/temporary_directory.hpp"

namespace {

/// Few values, so that there are clumps, and a null corner.
rios::image<std::uint8_t> blocks(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    auto image = test::noise<std::uint8_t>(bands, rows, cols);
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto [row, col] : image.pixels()) {
            auto& value = image(band, row, col);
            value = static_cast<std::uint8_t>(row < 2 && col < 2 ? 0 : 1 + (row / 7 + col / 5) % 3 * 40 + value % 4);
        }
    }
    return image;
}

shepseg::file_options small_options()
{
    shepseg::file_options request;
    request.segmentation.kmeans.clusters = 5;
    request.segmentation.min_segment_size = 4;
    return request;
}

} // namespace

TEST_CASE("segmenting a file gives the labels of segmenting its pixels, on the grid of the file")
{
    test::temporary_directory const folder;
    auto const image = blocks(3, 40, 50);
    test::make_raster(folder / "in.tif", "GTiff", image);
    std::array<double, 6> geotransform{500000, 10, 0, 6900000, 0, -10};
    {
        auto const file = test::open_raster(folder / "in.tif", GDAL_OF_UPDATE);
        file->SetGeoTransform(geotransform.data());
        file->GetRasterBand(1)->SetNoDataValue(0);
    }
    auto request = small_options();
    request.bands = {3, 1};
    request.null = 0.0;

    rios::image<std::uint8_t> selected(2, 40, 50);
    for (auto [row, col] : image.pixels()) {
        selected(0, row, col) = image(2, row, col);
        selected(1, row, col) = image(0, row, col);
    }
    auto options = request.segmentation;
    options.null_value = 0;
    auto const expected = shepseg::segment(selected, options);

    test::captured_stderr const noise;
    for (std::string const name : {"out.tif", "out.img"}) {
        auto const result =
            shepseg::segment_file(folder / "in.tif", folder / name, request, rios::thread_executor({.workers = 3}));
        CHECK((test::read_pixels<std::uint32_t>(folder / name) == expected.labels));
        CHECK(result.counts == expected.counts);
        CHECK(result.bands == std::vector{3, 1});
        CHECK(result.model.bands == std::vector{3, 1});
        CHECK(result.model.centres == expected.model.centres);
        CHECK(result.null_value == 0.0);
        CHECK(result.type == rios::pixel_type::uint8);
        auto const file = test::open_raster(folder / name);
        std::array<double, 6> written{};
        CHECK(file->GetGeoTransform(written.data()) == CE_None);
        CHECK(written == geotransform);
        auto* const band = file->GetRasterBand(1);
        CHECK(band->GetRasterDataType() == GDT_UInt32);
        CHECK(band->GetNoDataValue() == 0);
        CHECK(std::string(band->GetMetadataItem("LAYER_TYPE")) == "thematic");
        CHECK(std::stod(band->GetMetadataItem("STATISTICS_MAXIMUM")) == static_cast<double>(result.counts.segments));
        if (name == "out.img") {
            auto const* const table = band->GetDefaultRAT();
            REQUIRE(table != nullptr);
            CHECK(static_cast<std::uint64_t>(table->GetRowCount()) == result.counts.segments + 1);
            auto const column = table->GetColOfUsage(GFU_PixelCount);
            CHECK(table->GetValueAsDouble(0, column) == static_cast<double>(result.counts.null_pixels));
        }
    }
    CHECK(noise.text().empty());
}

TEST_CASE_TEMPLATE_DEFINE("the tiles, their order, threads and the way over bytes change nothing", T, any_tiles)
{
    test::temporary_directory const folder;
    rios::image<T> image(2, 41, 53);
    test::random_numbers random(3);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : image.pixels()) {
            image(band, row, col) = static_cast<T>((row / 9 + col / 6) % 4 * 20 + random.below(9));
        }
    }
    test::make_raster(folder / "in.tif", "GTiff", image, {"TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"});
    auto request = small_options();
    request.null = 7.0;
    request.segmentation.sample.pixels = 900; // every third row and column
    auto const tile_count = [](std::ptrdiff_t size) {
        return static_cast<std::uint64_t>(((41 + size - 1) / size) * ((53 + size - 1) / size));
    };
    auto const run = [&](auto&& executor, char const* name) {
        auto const result = shepseg::segment_file(folder / "in.tif", folder / name, request, executor);
        CHECK(result.tile_size == request.segmentation.tile_size);
        CHECK(result.tiles == tile_count(result.tile_size));
        return std::pair(result.counts, test::read_pixels<std::uint32_t>(folder / name));
    };
    auto const whole = run(rios::inline_executor{}, "whole.tif");
    CHECK(whole.first.segments > 10);
    for (std::ptrdiff_t const tile_size : {4, 16, 37}) {
        CAPTURE(tile_size);
        request.segmentation.tile_size = tile_size;
        test::bytes_executor bytes;
        CHECK((run(bytes, "bytes.tif") == whole));
        // All tiles, and the one strip of the sample.
        CHECK(bytes.steps_through_bytes() == tile_count(tile_size) + 1);
        CHECK((run(test::shuffled_executor(static_cast<std::uint64_t>(tile_size)), "shuffled.tif") == whole));
        for (std::size_t const workers : {1U, 2U, 5U}) {
            CHECK((run(rios::thread_executor({.workers = workers}), "threads.tif") == whole));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(any_tiles, test::pixel_types);

TEST_CASE("the null value of the bands in use counts, then that of the model")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "in.tif", "GTiff", blocks(1, 20, 20));
    auto request = small_options();
    auto const run = [&] {
        return shepseg::segment_file(folder / "in.tif", folder / "out.tif", request, rios::inline_executor{});
    };
    auto const plain = run();
    CHECK_FALSE(plain.null_value);
    CHECK(plain.counts.null_pixels == 0);

    request.segmentation.model = plain.model;
    request.segmentation.model->null_value = 0;
    CHECK(run().counts.null_pixels == 4);
    request.null = shepseg::no_null{};
    CHECK(run().counts.null_pixels == 0);
    request.null = shepseg::null_of_file{};
    test::open_raster(folder / "in.tif", GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(250);
    CHECK(run().counts.null_pixels == 0);
}

TEST_CASE("an image of null pixels gives a file of zeros")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "in.tif", "GTiff", rios::image<std::int16_t>(2, 9, 9));
    auto request = small_options();
    request.null = 0.0;
    auto const result = shepseg::segment_file(folder / "in.tif", folder / "out.img", request, rios::inline_executor{});
    CHECK(result.counts.segments == 0);
    CHECK(result.counts.null_pixels == 81);
    CHECK((test::read_pixels<std::uint32_t>(folder / "out.img") == rios::image<std::uint32_t>(1, 9, 9)));
}

TEST_CASE("a site's defaults for other outputs do not change segmentations")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "in.tif", "GTiff", blocks(2, 40, 40));
    auto const bytes_of = [&](char const* name) {
        shepseg::segment_file(folder / "in.tif", folder / name, small_options(), rios::inline_executor{});
        std::ifstream file(folder / name, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    auto const expected = bytes_of("a.tif");
    test::environment_variable const driver("RIOS_DFLT_DRIVER", "HFA");
    test::environment_variable const options("RIOS_DFLT_CREOPT_GTiff", "COMPRESS=LZW");
    CHECK(bytes_of("b.tif") == expected);
}

TEST_CASE("what does not fit together is refused before anything is written")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "in.tif", "GTiff", blocks(3, 10, 10));
    auto request = small_options();
    auto const complaint = [&](std::string const& output) {
        return test::message_of<rios::options_error>(
            [&] { shepseg::segment_file(folder / "in.tif", output, request, rios::inline_executor{}); });
    };
    CHECK(complaint(folder / "in.tif") == (folder / "in.tif") + ": is the input " + (folder / "in.tif") +
                                              ", which must not be written over; give it another name");
    request.segmentation.kmeans.clusters = 101;
    CHECK(complaint(folder / "out.tif") ==
          (folder / "in.tif") +
              ": number of clusters 101 is not allowed: must be at most the number of sample pixels that "
              "are not null, 100");
    request.segmentation.model = shepseg::cluster_model{
        .bands = {1}, .null_value = {}, .centres = shepseg::cluster_centres(std::vector<std::vector<double>>{{5}})};
    request.bands = {1, 2};
    CHECK(complaint(folder / "out.tif") ==
          (folder / "in.tif") + ": 2 bands are selected, but the cluster model has 1: both must have the same number");
    CHECK(folder.names() == std::set<std::string>{"in.tif"});
}

TEST_CASE("a cancelled segmentation leaves nothing, and an older result as it was")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "in.tif", "GTiff", blocks(3, 40, 40));
    auto request = small_options();
    rios::thread_executor executor({.workers = 2});
    shepseg::segment_file(folder / "in.tif", folder / "out.tif", request, executor);
    auto const before = test::read_pixels<std::uint32_t>(folder / "out.tif");

    std::vector<std::string> phases;
    request.segmentation.progress = [&](std::string_view phase, double done) {
        CHECK(done >= 0);
        CHECK(done <= 1);
        if (phases.empty() || phases.back() != phase) phases.emplace_back(phase);
        return true;
    };
    shepseg::segment_file(folder / "in.tif", folder / "out.tif", request, executor);
    CHECK(phases ==
          std::vector<std::string>{"sampling", "k-means", "tiles", "graph", "small segments", "writing", "closing"});
    for (auto const& stop : phases) {
        CAPTURE(stop);
        request.segmentation.progress = [&](std::string_view phase, double) { return phase != stop; };
        CHECK_THROWS_AS(shepseg::segment_file(folder / "in.tif", folder / "out.tif", request, executor),
                        rios::cancelled);
        CHECK((test::read_pixels<std::uint32_t>(folder / "out.tif") == before));
        CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tif"});
    }
}
