// SPDX-License-Identifier: BSL-1.0
// `shepseg segment`: its clusters, fitted or out of a model.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <gdal_priv.h>

#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using test::first_difference;
using test::hills;
using test::labels;
using test::make_raster;
using test::quilt;
using test::read_file;
using test::read_json;
using test::segmented;
using test::strings;
using test::temporary_directory;
using test::with;
using test::write_file;

TEST_CASE("there are as many clusters as asked for, and the summary counts them")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 40, 50));
    for (int const clusters : {1, 2, 7, 33}) {
        static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                    {"--clusters", std::to_string(clusters), "--summary", folder / "s.json",
                                     "--save-cluster-model", folder / "m.json"}));
        CHECK(read_json(folder / "m.json").at("centres").size() == static_cast<std::size_t>(clusters));
        CHECK(read_json(folder / "m.json").at("centres")[0].size() == 3);
        CHECK(read_json(folder / "s.json").at("clusters_used") == clusters);
        CHECK(read_json(folder / "s.json").at("parameters").at("clusters") == clusters);
    }
}

TEST_CASE("the same seed gives the same clusters, another one others, and a diagonal start needs none")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 40, 50));
    auto const model = [&](strings const& options) {
        static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                    with({"--clusters", "12", "--save-cluster-model", folder / "m.json"}, options)));
        return read_file(folder / "m.json");
    };
    auto const first = model({"--seed", "7", "--kmeans-starts", "1"});
    CHECK(model({"--seed", "7", "--kmeans-starts", "1"}) == first);
    CHECK(model({"--seed", "18446744073709551615", "--kmeans-starts", "1"}) != first);
    auto const diagonal = model({"--kmeans-init", "diagonal", "--seed", "7"});
    CHECK(diagonal != first);
    CHECK(model({"--kmeans-init", "diagonal", "--seed", "8", "--kmeans-starts", "3"}) == diagonal);
}

TEST_CASE("of several starts the best fit is kept")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 40, 50));
    auto const inertia = [&](std::string const& starts) {
        static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                    {"--clusters", "15", "--kmeans-starts", starts, "--summary", folder / "s.json"}));
        return read_json(folder / "s.json").at("kmeans").at("inertia").get<double>();
    };
    auto const one = inertia("1");
    auto const twelve = inertia("12");
    CHECK(one > 0);
    CHECK(twelve < one); // equal only if the first were the best of twelve
}

TEST_CASE("clusters are fitted to every n-th row and column at full resolution, never to overviews")
{
    temporary_directory const folder;
    rios::image<std::uint8_t> pixels(1, 100, 60);
    for (auto const [row, col] : pixels.pixels()) {
        bool const sampled = row % 10 == 0 && col % 10 == 0;
        pixels(0, row, col) = static_cast<std::uint8_t>(!sampled ? 200 + (row + col) % 7 : col % 20 == 0 ? 20 : 40);
    }
    make_raster(folder / "in.tif", "GTiff", pixels);
    {
        auto const file = test::open_raster(folder / "in.tif", GDAL_OF_UPDATE);
        int levels[] = {2, 5, 10};
        REQUIRE(file->BuildOverviews("NEAREST", 3, levels, 0, nullptr, nullptr, nullptr) == CE_None);
        for (int i = 0; i < 3; ++i) file->GetRasterBand(1)->GetOverview(i)->Fill(111);
    }
    for (auto const& options :
         {strings{"--sample-pixels", "60"}, strings{"--sample-percent", "1"}, strings{"--sample-percent", "1.2"}}) {
        static_cast<void>(segmented(
            folder / "in.tif", folder / "out.tif",
            with({"--clusters", "2", "--save-cluster-model", folder / "m.json", "--summary", folder / "s.json"},
                 options)));
        CHECK(read_json(folder / "m.json").at("centres") == nlohmann::json::parse("[[20], [40]]"));
        CHECK(read_json(folder / "s.json").at("kmeans").at("sample_step") == 10);
        CHECK(read_json(folder / "s.json").at("kmeans").at("sample_pixels") == 60);
    }
    static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                {"--clusters", "2", "--sample-percent", "100", "--summary", folder / "s.json"}));
    CHECK(read_json(folder / "s.json").at("kmeans").at("sample_pixels") == 6000);
    CHECK(read_json(folder / "s.json").at("parameters").at("sample_percent") == 100);
}

TEST_CASE("a saved cluster model gives the same segments again, of this image and of others")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::int16_t>(3, 40, 50));
    auto const fitted = segmented(
        folder / "in.tif", folder / "fitted.tif",
        {"--clusters", "12", "--bands", "3,1", "--min-segment-size", "5", "--save-cluster-model", folder / "m.json"});
    auto const model = read_json(folder / "m.json");
    CHECK(model.at("bands") == nlohmann::json::parse("[3, 1]"));
    CHECK(model.at("null_value").is_null());
    CHECK(model.at("centres").size() == 12);
    auto const again = segmented(folder / "in.tif", folder / "again.tif",
                                 {"--cluster-model", folder / "m.json", "--min-segment-size", "5",
                                  "--save-cluster-model", folder / "copy.json", "--summary", folder / "s.json"});
    CHECK(first_difference(fitted, again) == "");
    CHECK(read_file(folder / "copy.json") == read_file(folder / "m.json"));
    auto const summary = read_json(folder / "s.json");
    CHECK(summary.at("kmeans").is_null());
    CHECK(summary.at("clusters_used") == 12);
    CHECK(summary.at("parameters").at("cluster_model") == folder / "m.json");
    CHECK(summary.at("parameters").at("bands") == nlohmann::json::parse("[3, 1]"));

    make_raster(folder / "other.tif", "GTiff", hills<float>(4, 30, 20, 2));
    static_cast<void>(segmented(folder / "other.tif", folder / "o.tif", {"--cluster-model", folder / "m.json"}));
}

TEST_CASE("the bands and the null value of a cluster model are used unless others are given")
{
    temporary_directory const folder;
    quilt const scene;
    rios::image<std::uint8_t> pixels(2, scene.rows, scene.cols);
    auto const patches = scene.image<std::uint8_t>();
    for (auto const [row, col] : pixels.pixels()) {
        pixels(0, row, col) = col < 10 ? 10 : 90;
        pixels(1, row, col) = patches(0, row, col);
    }
    make_raster(folder / "in.tif", "GTiff", pixels);
    write_file(folder / "m.json", R"({"bands": [2], "null_value": 30, "centres": [[10], [30], [50], [70], [90]]})");
    auto const run = [&](strings const& options) {
        return segmented(folder / "in.tif", folder / "out.tif",
                         with({"--cluster-model", folder / "m.json", "--min-segment-size", "1"}, options));
    };
    CHECK(first_difference(run({}), scene.segments(1)) == "");
    CHECK(first_difference(run({"--null-value", "none"}), scene.segments()) == "");
    CHECK(first_difference(run({"--null-value", "70"}), scene.segments(3)) == "");
    CHECK(test::largest_label(run({"--bands", "1"})) == 2);
    test::open_raster(folder / "in.tif", GDAL_OF_UPDATE)->GetRasterBand(2)->SetNoDataValue(90);
    CHECK(first_difference(run({}), scene.segments(4)) == ""); // what the file says goes first
}
