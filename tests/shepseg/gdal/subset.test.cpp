// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/subset.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <gdal_utils.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/gdal/table_io.hpp>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/subset_scenes.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using shepseg::subset_file;
using test::block_at;
using test::make_segments;
using test::patches;
using test::temporary_directory;

namespace {

using labels = rios::image<std::uint32_t>;

/// What a subset must be, made pixel by pixel with maps.
struct twin {
    labels pixels;
    std::vector<std::uint32_t> original{0};
    std::vector<double> counts;

    twin(labels const& all, rios::block const& window, labels const* keep = nullptr)
        : pixels(1, window.rows, window.cols)
    {
        std::set<std::uint32_t> remaining;
        for (auto const [row, col] : pixels.pixels()) {
            auto const label = all(0, row + window.row, col + window.col);
            bool const dropped = keep != nullptr && (*keep)(0, row, col) == 0;
            pixels(0, row, col) = dropped ? 0 : label;
            if (!dropped && label != 0) remaining.insert(label);
        }
        std::map<std::uint32_t, std::uint32_t> numbers{{0, 0}};
        for (auto const label : remaining) {
            numbers[label] = static_cast<std::uint32_t>(original.size());
            original.push_back(label);
        }
        counts.resize(original.size());
        for (auto const [row, col] : pixels.pixels()) {
            auto& label = pixels(0, row, col);
            label = numbers[label];
            ++counts[label];
        }
    }
};

std::string item(std::string const& path, char const* name)
{
    auto const file = test::open_raster(path);
    auto const* const text = file->GetRasterBand(1)->GetMetadataItem(name);
    return text == nullptr ? "none" : text;
}

} // namespace

TEST_CASE_TEMPLATE("windows of random segments are what maps make of them, with every executor", E,
                   rios::inline_executor, test::threads<1>, test::threads<5>, test::staged<2, 2>)
{
    E executor;
    temporary_directory const folder;
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        auto const all = patches(seed, 150, 700, seed % 2 == 0 ? 90 : 4'000'000'000);
        // Blocks of other shapes than those of the output, so that they lie across each other.
        make_segments(folder / "in.tif", all, "GTiff", {"TILED=YES", "BLOCKXSIZE=112", "BLOCKYSIZE=48"});
        for (auto const& window : {block_at(0, 0, 150, 700), block_at(13, 11, 101, 603), block_at(149, 699, 1, 1),
                                   block_at(7, 0, 143, 30)}) {
            twin const expected(all, window);
            for (auto const& [name, options] : std::map<std::string, std::vector<std::string>>{
                     {"out.tif", {"BLOCKXSIZE=64", "BLOCKYSIZE=16"}}, {"strips.tif", {"TILED=NO"}}, {"out.img", {}}}) {
                shepseg::subset_options request{.part = window, .creation_options = options};
                auto const result = subset_file(folder / "in.tif", folder / name, request, executor);
                CHECK(test::read_pixels<std::uint32_t>(folder / name) == expected.pixels);
                CHECK(result.segments == expected.original.size() - 1);
                CHECK(static_cast<double>(result.null_pixels) == expected.counts[0]);
                CHECK(result.window == window);
            }
            CHECK(test::plain_values<double>(folder / "out.img", "Histogram") == expected.counts);
        }
    }
}

TEST_CASE("a subset of a file in strips larger than what is read at once is that of its pixels")
{
    temporary_directory const folder;
    auto const all = patches(5, 2900, 3000);
    make_segments(folder / "in.tif", all, "GTiff", {"BLOCKYSIZE=2900"});
    for (auto const& window : {block_at(0, 0, 2900, 3000), block_at(100, 7, 2700, 20)}) {
        subset_file(folder / "in.tif", folder / "out.tif", {.part = window}, rios::inline_executor());
        CHECK(test::read_pixels<std::uint32_t>(folder / "out.tif") == twin(all, window).pixels);
    }
}

TEST_CASE("the output has what a segmentation has: place, null value, layer type, statistics, overviews")
{
    temporary_directory const folder;
    auto const all = patches(3, 160, 4200, 3'000'000);
    make_segments(folder / "in.tif", all);
    auto const window = block_at(3, 50, 120, 4100);
    for (std::string const name : {"out.tif", "out.img"}) {
        auto const result = subset_file(folder / "in.tif", folder / name, {.part = window}, rios::thread_executor());
        CHECK(result.grid.geotransform == std::array<double, 6>{1500, 10, 0, 1970, 0, -10});
        twin const expected(all, window);
        auto const file = test::open_raster(folder / name);
        auto& band = *file->GetRasterBand(1);
        std::array<double, 6> place{};
        file->GetGeoTransform(place.data());
        CHECK(place == *result.grid.geotransform);
        CHECK(band.GetRasterDataType() == GDT_UInt32);
        CHECK(band.GetNoDataValue() == 0);
        CHECK(item(folder / name, "LAYER_TYPE") == "thematic");
        CHECK(item(folder / name, "STATISTICS_MINIMUM") == "1");
        CHECK(item(folder / name, "STATISTICS_MAXIMUM") == std::to_string(expected.original.size() - 1));
        CHECK(item(folder / name, "STATISTICS_SKIPFACTORX") == "1");
        REQUIRE(band.GetOverviewCount() == 1);
        auto& overview = *band.GetOverview(0);
        REQUIRE(overview.GetXSize() == 1025);
        labels small(1, 30, 1025);
        REQUIRE(overview.RasterIO(GF_Read, 0, 0, 1025, 30, small.data(), 1025, 30, GDT_UInt32, 0, 0, nullptr) ==
                CE_None);
        bool same = true;
        for (auto const [row, col] : small.pixels()) {
            same = same && small(0, row, col) == expected.pixels(0, 4 * row + 2, 4 * col + 2);
        }
        CHECK(same);
    }
    CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tif", "out.img"}); // no sidecar without a table
}

TEST_CASE("columns of all types and usages come along, in their order, with the rows of the segments that remain")
{
    for (auto const& from : test::table_formats()) {
        for (auto const& to : test::table_formats()) {
            INFO(from.driver, " to ", to.driver);
            temporary_directory const folder;
            auto const in = folder / ("in" + from.extension);
            auto const out = folder / ("out" + to.extension);
            auto const all = patches(5, 40, 50, 500);
            make_segments(in, all, from.driver);
            std::vector<double> means;
            std::vector<double> counts;
            std::vector<std::int32_t> codes;
            std::vector<std::int32_t> reds;
            std::vector<std::string> names;
            for (int row = 0; row <= 500; ++row) {
                means.push_back(row / 4.0);
                counts.push_back(1000 + row);
                codes.push_back(7 * row - 1000);
                reds.push_back(row % 256);
                names.push_back(row % 7 == 0 ? "" : "class " + std::to_string(row * row));
            }
            test::add_plain_column(in, "mean", means);
            test::add_plain_column(in, "Histogram", counts, GFU_PixelCount);
            test::add_plain_column(in, "code", codes);
            test::add_plain_column(in, "Red", reds, GFU_Red);
            test::add_plain_column(in, "Class_Names", names, GFU_Name);
            auto const before = test::plain_table(in);

            auto const window = block_at(4, 5, 11, 13);
            twin const expected(all, window);
            REQUIRE(expected.original.size() > 4);
            auto const result = subset_file(in, out, {.part = window, .original_id_column = "original"},
                                            rios::thread_executor({.workers = 2}));
            CHECK(result.columns.size() == 6);
            auto const picked = [&]<typename T>(std::vector<T> const& values) {
                std::vector<T> rows;
                for (auto const label : expected.original) rows.push_back(values[label]);
                return rows;
            };
            CHECK(test::plain_values<double>(out, "mean") == picked(means));
            CHECK(test::plain_values<double>(out, "Histogram") == expected.counts);
            CHECK(test::plain_values<std::int32_t>(out, "code") == picked(codes));
            CHECK(test::plain_values<std::int32_t>(out, "Red") == picked(reds));
            CHECK(test::plain_values<std::string>(out, "Class_Names") == picked(names));
            CHECK(test::plain_values<std::int32_t>(out, "original") ==
                  std::vector<std::int32_t>(expected.original.begin(), expected.original.end()));
            auto const rows = std::to_string(expected.original.size()) + before.substr(before.find(' '));
            CHECK(test::plain_table(out) == rows + " original(0,0)");
            CHECK(test::plain_table(in) == before);
        }
    }
}

TEST_CASE("of a table that is too short the missing rows hold 0 and empty text")
{
    temporary_directory const folder;
    rios::image<std::uint16_t> pixels(1, 1, 5);
    for (int i = 0; i < 5; ++i)
        pixels(0, 0, i) = static_cast<std::uint16_t>(std::vector{1, 3, 5, 600, 0}.at(static_cast<std::size_t>(i)));
    for (std::string const name : {"in.tif", "in.img"}) {
        make_segments(folder / name, pixels, name == "in.tif" ? "GTiff" : "HFA");
        test::add_plain_column(folder / name, "text", std::vector<std::string>{"a", "b", "c", "d"});
        test::add_plain_column(folder / name, "value", std::vector<double>{1, 2, 3, 4});
        subset_file(folder / name, folder / "out.img", {}, rios::inline_executor());
        CHECK(test::plain_values<std::string>(folder / "out.img", "text") ==
              std::vector<std::string>{"a", "b", "d", "", ""});
        CHECK(test::plain_values<double>(folder / "out.img", "value") == std::vector<double>{1, 2, 4, 0, 0});
        CHECK(test::plain_values<double>(folder / "out.img", "Histogram") == std::vector<double>(5, 1));
    }
}

TEST_CASE("tables of several pages are copied whole, and rows far apart are found")
{
    temporary_directory const folder;
    constexpr std::ptrdiff_t side = 400;
    labels all(1, side, side);
    test::random_numbers random(9);
    for (auto const [row, col] : all.pixels()) {
        all(0, row, col) = static_cast<std::uint32_t>(row * side + col + 1) + (row > 300 ? 500'000U : 0U);
    }
    make_segments(folder / "in.img", all, "HFA");
    CHECK(test::message_of<rios::options_error>([&] {
              subset_file(folder / "in.img", folder / "out.tif", {.creation_options = {"NBITS=17"}},
                          rios::inline_executor());
          }) == folder / "out.tif: 160000 segments do not fit into NBITS=17; allowed: 18 or more");
    std::vector<std::int32_t> codes(static_cast<std::size_t>(side * side) + 500'001);
    std::vector<std::string> names(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
        codes[i] = random.below(1 << 30);
        names[i] = "n" + std::to_string(codes[i] % 1000);
    }
    rios::write_column(folder / "in.img", "code", codes);
    rios::write_column(folder / "in.img", "name", names);
    for (auto const& window : {block_at(0, 0, side, side), block_at(0, 7, side, 1), block_at(100, 0, 260, side)}) {
        twin const expected(all, window);
        subset_file(folder / "in.img", folder / "out.img", {.part = window}, rios::thread_executor());
        auto const got = rios::read_column<std::int32_t>(folder / "out.img", "code");
        auto const texts = rios::read_column<std::string>(folder / "out.img", "name");
        REQUIRE(got.size() == expected.original.size());
        bool same = true;
        for (std::size_t row = 0; row < got.size(); ++row) {
            auto const original = expected.original[row];
            same = same && got[row] == codes[original] && texts[row] == names[original];
        }
        CHECK(same);
    }
}

TEST_CASE("what a mask drops is null, and segments of which nothing is left are gone")
{
    temporary_directory const folder;
    auto const all = patches(6, 60, 80);
    make_segments(folder / "in.tif", all);
    auto const window = block_at(10, 20, 33, 41);
    labels keep(1, 33, 41);
    rios::image<std::int16_t> mask(1, 70, 90); // begins 5 rows above and 10 columns left of the segments
    test::random_numbers random(1);
    for (auto const [row, col] : mask.pixels()) {
        mask(0, row, col) = static_cast<std::int16_t>(row > 40 ? 1 : random.between(-1, 1));
    }
    for (auto const [row, col] : keep.pixels()) {
        auto const value = mask(0, row + 10 + 5, col + 20 + 10);
        keep(0, row, col) = value != 0 && value != -1 ? 1 : 0;
    }
    test::make_raster(folder / "mask.tif", "GTiff", mask);
    {
        auto const file = test::open_raster(folder / "mask.tif", GDAL_OF_UPDATE);
        std::array<double, 6> place{900, 10, 0, 2050, 0, -10};
        file->SetGeoTransform(place.data());
        file->GetRasterBand(1)->SetNoDataValue(-1);
    }
    twin const expected(all, window, &keep);
    twin const unmasked(all, window);
    auto const result =
        subset_file(folder / "in.tif", folder / "out.img", {.part = window, .mask = folder / "mask.tif"},
                    rios::thread_executor({.workers = 3}));
    CHECK(test::read_pixels<std::uint32_t>(folder / "out.img") == expected.pixels);
    CHECK(test::plain_values<double>(folder / "out.img", "Histogram") == expected.counts);
    CHECK(result.null_pixels - result.masked_pixels == static_cast<std::uint64_t>(unmasked.counts[0]));
}

TEST_CASE("a subset without segments is a file of nulls")
{
    temporary_directory const folder;
    make_segments(folder / "in.tif", rios::image<std::uint8_t>(1, 20, 30));
    auto const result = subset_file(folder / "in.tif", folder / "out.img", {}, rios::inline_executor());
    CHECK(result.segments == 0);
    CHECK(result.null_pixels == 600);
    CHECK(test::read_pixels<std::uint32_t>(folder / "out.img") == labels(1, 20, 30));
    CHECK(item(folder / "out.img", "STATISTICS_MINIMUM") == "none");
    CHECK(test::plain_values<double>(folder / "out.img", "Histogram") == std::vector<double>{600});
}

TEST_CASE_TEMPLATE("labels of any integer type become uint32", T, std::uint8_t, std::int8_t, std::uint16_t,
                   std::int16_t, std::uint32_t, std::int32_t)
{
    temporary_directory const folder;
    auto const typed = patches<T>(2, 20, 30, 100);
    labels all(1, 20, 30);
    for (auto const [row, col] : all.pixels()) all(0, row, col) = static_cast<std::uint32_t>(typed(0, row, col));
    make_segments(folder / "in.tif", typed);
    auto const window = block_at(3, 4, 10, 20);
    subset_file(folder / "in.tif", folder / "out.tif", {.part = window}, rios::inline_executor());
    CHECK(test::read_pixels<std::uint32_t>(folder / "out.tif") == twin(all, window).pixels);
}

TEST_CASE("an extent takes the pixels that gdal_translate -projwin takes")
{
    temporary_directory const folder;
    auto const all = patches(8, 50, 70);
    make_segments(folder / "in.tif", all);
    test::random_numbers random(4);
    for (int i = 0; i < 40; ++i) {
        auto const left = 1000 + 600 * random.unit();
        auto const top = 2000 - 400 * random.unit();
        auto const right = left + 6 + (1690 - left) * random.unit();
        auto const bottom = top - 6 - (top - 1510) * random.unit();
        std::vector<std::string> words{
            "-q", "-projwin", std::to_string(left), std::to_string(top), std::to_string(right), std::to_string(bottom)};
        std::vector<char*> list;
        for (auto& each : words) list.push_back(each.data());
        list.push_back(nullptr);
        auto* const how = GDALTranslateOptionsNew(list.data(), nullptr);
        {
            auto const file = test::open_raster(folder / "in.tif");
            test::gdal_handle const cut(GDALDataset::FromHandle(
                GDALTranslate((folder / "cut.tif").c_str(), GDALDataset::ToHandle(file.get()), how, nullptr)));
            REQUIRE(cut);
        }
        GDALTranslateOptionsFree(how);
        rios::map_extent const extent{.left = std::stod(words[2]),
                                      .bottom = std::stod(words[5]),
                                      .right = std::stod(words[4]),
                                      .top = std::stod(words[3])};
        auto const result =
            subset_file(folder / "in.tif", folder / "out.tif", {.part = extent}, rios::inline_executor());
        auto const cut = test::read_pixels<std::uint32_t>(folder / "cut.tif");
        CHECK(test::read_pixels<std::uint32_t>(folder / "out.tif") ==
              twin(cut, block_at(0, 0, cut.rows(), cut.cols())).pixels);
        CHECK(rios::gdal_dataset::open(folder / "out.tif").grid() ==
              rios::gdal_dataset::open(folder / "cut.tif").grid());
        CHECK(result.grid.rows == cut.rows());
    }
}

TEST_CASE("rotated rasters and those without a place on the map have windows, too")
{
    temporary_directory const folder;
    auto const all = patches(8, 50, 70);
    auto const window = block_at(3, 4, 20, 30);
    for (bool const rotated : {true, false}) {
        test::make_raster(folder / "in.tif", "GTiff", all);
        std::array<double, 6> place{1000, 8, 6, 2000, 6, -8};
        if (rotated) test::open_raster(folder / "in.tif", GDAL_OF_UPDATE)->SetGeoTransform(place.data());
        auto const result =
            subset_file(folder / "in.tif", folder / "out.tif", {.part = window}, rios::inline_executor());
        CHECK(test::read_pixels<std::uint32_t>(folder / "out.tif") == twin(all, window).pixels);
        CHECK(result.grid.geotransform.has_value() == rotated);
        if (rotated) CHECK(*result.grid.geotransform == std::array<double, 6>{1050, 8, 6, 2000, 6, -8});
        auto const message = test::message_of<rios::grid_error>([&] {
            subset_file(folder / "in.tif", folder / "out.tif", {.part = rios::map_extent{0, 0, 5, 5}},
                        rios::inline_executor());
        });
        CHECK(message.starts_with(folder / (rotated ? "in.tif: is rotated" : "in.tif: has no place on the map")));
    }
}
