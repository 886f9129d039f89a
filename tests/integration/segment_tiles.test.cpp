// SPDX-License-Identifier: BSL-1.0
// `shepseg segment` tile by tile: whatever the tiles, the threads and the memory, the segments are the same.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "support/files.hpp"
#include "support/raster_files.hpp"
#include "support/resident_memory.hpp"
#include "support/sanitizers.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using namespace std::chrono_literals;
using test::first_difference;
using test::hills;
using test::labels;
using test::make_raster;
using test::open_raster;
using test::quilt;
using test::read_json;
using test::segmented;
using test::strings;
using test::temporary_directory;
using test::with;

namespace {

std::vector<std::pair<std::string, std::string>> metadata_of(std::string const& path)
{
    std::vector<std::pair<std::string, std::string>> result;
    auto const file = open_raster(path);
    auto** const list = file->GetRasterBand(1)->GetMetadata();
    for (int i = 0; list != nullptr && list[i] != nullptr; ++i) result.emplace_back(path, list[i]);
    for (auto& each : result) each.first.clear();
    return result;
}

labels overview_of(std::string const& path, int level)
{
    auto const file = open_raster(path);
    auto& overview = *file->GetRasterBand(1)->GetOverview(level);
    labels result(1, overview.GetYSize(), overview.GetXSize());
    REQUIRE(overview.RasterIO(GF_Read, 0, 0, overview.GetXSize(), overview.GetYSize(), &result(0, 0, 0),
                              overview.GetXSize(), overview.GetYSize(), GDT_UInt32, 0, 0, nullptr) == CE_None);
    return result;
}

labels labels_of_one(std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    labels result(1, rows, cols);
    std::fill_n(result.data(), result.pixel_count(), 1U);
    return result;
}

} // namespace

TEST_CASE("the tile size and the number of threads change no segment, no count and no statistics")
{
    temporary_directory const folder;
    for (std::string const connectivity : {"4", "8"}) {
        make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 151, 173, connectivity == "8" ? 2 : 1));
        strings const same{"--clusters",     "9",          "--min-segment-size", "12",
                           "--connectivity", connectivity, "--summary",          folder / "s.json"};
        auto const whole = segmented(folder / "in.tif", folder / "whole.tif", with(same, {"--tile-size", "16384"}));
        auto const counts = read_json(folder / "s.json").at("counts");
        CHECK(counts.at("segments") > 50);
        for (std::string const size : {"7", "37", "64", "151", "1024"}) {
            for (std::string const threads : {"1", "2", "5"}) {
                INFO("tiles of ", size, ", ", threads, " threads, ", connectivity, "-connected");
                auto const tiled = segmented(folder / "in.tif", folder / "tiled.tif",
                                             with(same, {"--tile-size", size, "--threads", threads}));
                CHECK(first_difference(tiled, whole) == "");
                CHECK(read_json(folder / "s.json").at("counts") == counts);
                CHECK(metadata_of(folder / "tiled.tif") == metadata_of(folder / "whole.tif"));
            }
        }
    }
}

TEST_CASE("threads that read tiles ahead change no segment, no count and no statistics")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 151, 173));
    strings const same{"--clusters", "9", "--min-segment-size", "12", "--summary", folder / "s.json"};
    auto const whole = segmented(folder / "in.tif", folder / "whole.tif", with(same, {"--tile-size", "16384"}));
    auto const counts = read_json(folder / "s.json").at("counts");
    for (std::string const readers : {"0", "1", "3"}) {
        for (std::string const threads : {"1", "2"}) {
            INFO(readers, " readers, ", threads, " threads");
            auto const tiled = segmented(folder / "in.tif", folder / "tiled.tif",
                                         with(same, {"--tile-size", "37", "--readers", readers, "--threads", threads}));
            CHECK(first_difference(tiled, whole) == "");
            CHECK(read_json(folder / "s.json").at("counts") == counts);
            CHECK(metadata_of(folder / "tiled.tif") == metadata_of(folder / "whole.tif"));
        }
    }
}

TEST_CASE("tiles may be of one pixel")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 31, 42));
    strings const same{"--clusters", "9", "--min-segment-size", "12"};
    auto const whole = segmented(folder / "in.tif", folder / "whole.tif", same);
    for (std::string const size : {"1", "2"}) {
        CHECK(first_difference(segmented(folder / "in.tif", folder / "t.tif", with(same, {"--tile-size", size})),
                               whole) == "");
    }
}

TEST_CASE("an image of one row and one of one column are segmented with tiles of any size")
{
    temporary_directory const folder;
    for (bool const row : {true, false}) {
        make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(2, row ? 1 : 700, row ? 700 : 1));
        strings const same{"--clusters", "6", "--min-segment-size", "5"};
        auto const whole = segmented(folder / "in.tif", folder / "whole.tif", same);
        for (std::string const size : {"1", "3", "64"}) {
            CHECK(first_difference(segmented(folder / "in.tif", folder / "t.tif", with(same, {"--tile-size", size})),
                                   whole) == "");
        }
    }
}

TEST_CASE("labels that do not fit into the memory limit wait in a scratch file of which nothing is left")
{
    temporary_directory const folder;
    quilt const scene{.rows = 4500, .cols = 4500, .patch = 300};
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>(), {"COMPRESS=LZW"});
    REQUIRE(::mkdir((folder / "scratch").c_str(), 0700) == 0);
    for (auto const& where : {strings{}, strings{"--scratch-dir", folder / "scratch"}}) {
        auto const found = segmented(folder / "in.tif", folder / "out.tif",
                                     with(with(test::exact(), where), {"--memory-limit", "100M", "--summary",
                                                                       folder / "s.json", "--threads", "2"}));
        CHECK(first_difference(found, scene.segments()) == "");
        auto const summary = read_json(folder / "s.json");
        CHECK(summary.at("scratch_bytes") > 20'000'000); // of 81 MB of labels
        CHECK(summary.at("parameters").at("tile_size") < 640);
        CHECK(summary.at("parameters").at("memory_limit") == 104'857'600);
        CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tif", "s.json", "scratch"});
    }
}

TEST_CASE("a wave of single pixels across all tiles keeps within the memory limit")
{
    if (test::sanitized) return; // a sanitizer's memory comes on top
    temporary_directory const folder;
    constexpr std::ptrdiff_t side = 2000;
    rios::image<std::uint16_t> board(3, side, side);
    for (std::ptrdiff_t band = 0; band < 3; ++band) {
        for (auto const [row, col] : board.pixels()) board(band, row, col) = (row + col) % 2 == 0 ? 10 : 200;
        // The only pixels that are not single, in the far corner: thousands of rounds.
        board(band, side - 1, side - 1) = board(band, side - 1, side - 2);
    }
    make_raster(folder / "in.tif", "GTiff", board, {"COMPRESS=LZW"});
    auto const found = segmented(folder / "in.tif", folder / "out.tif",
                                 {"--clusters", "2", "--sample-pixels", "100000", "--memory-limit", "240M", "--threads",
                                  "2", "--summary", folder / "s.json"});
    CHECK(test::peak_bytes_of_children() < std::size_t{240} << 20);
    CHECK(first_difference(found, labels_of_one(side, side)) == "");
    auto const counts = read_json(folder / "s.json").at("counts");
    CHECK(counts.at("single_pixels_eliminated") == side * side - 3);
    CHECK(counts.at("segments") == 1);
    // Nothing to begin with: they all stay alone.
    for (std::ptrdiff_t band = 0; band < 3; ++band) board(band, side - 1, side - 1) = 10;
    make_raster(folder / "in.tif", "GTiff", board, {"COMPRESS=LZW"});
    auto const alone =
        segmented(folder / "in.tif", folder / "out.tif",
                  {"--clusters", "2", "--sample-pixels", "100000", "--memory-limit", "300M", "--threads", "2"});
    std::uint32_t next = 0;
    std::size_t wrong = 0;
    for (auto const [row, col] : alone.pixels()) wrong += alone(0, row, col) == ++next ? 0 : 1;
    CHECK(wrong == 0);
}

TEST_CASE("what the sample took is free for the tiles: both keep within the memory limit")
{
    if (test::sanitized) return; // a sanitizer's memory comes on top
    temporary_directory const folder;
    constexpr std::ptrdiff_t side = 1000;
    rios::image<std::uint16_t> fields(3, side, side);
    for (std::ptrdiff_t band = 0; band < 3; ++band) {
        for (auto const [row, col] : fields.pixels()) {
            auto const field = (row / 25 * 7919 + col / 25 * 104729 + 31 * band) % 1000;
            fields(band, row, col) = static_cast<std::uint16_t>(field + (31 * row + 17 * col + band) % 5);
        }
    }
    make_raster(folder / "part.tif", "GTiff", fields);
    // Four times four of them, so that this process, whose memory counts, too, need not have them all.
    std::string vrt = R"(<VRTDataset rasterXSize="4000" rasterYSize="4000">)";
    for (int band = 1; band <= 3; ++band) {
        vrt += R"(<VRTRasterBand dataType="UInt16">)";
        for (int part = 0; part < 16; ++part) {
            vrt += R"(<SimpleSource><SourceFilename relativeToVRT="1">part.tif</SourceFilename><SourceBand>)" +
                   std::to_string(band) +
                   R"(</SourceBand><SrcRect xOff="0" yOff="0" xSize="1000" ySize="1000"/><DstRect xOff=")" +
                   std::to_string(part % 4 * side) + R"(" yOff=")" + std::to_string(part / 4 * side) +
                   R"(" xSize="1000" ySize="1000"/></SimpleSource>)";
        }
        vrt += "</VRTRasterBand>";
    }
    test::write_file(folder / "in.vrt", vrt + "</VRTDataset>");
    auto const found = segmented(folder / "in.vrt", folder / "out.tif", {"--memory-limit", "145M", "--threads", "2"});
    auto const peak = test::peak_bytes_of_children();
    CHECK(peak > std::size_t{40} << 20); // or it was not measured
    CHECK(peak < std::size_t{145} << 20);
    CHECK(test::largest_label(found) > 10000);
}

TEST_CASE("a window is segmented as an image of its own, in its place on the map")
{
    temporary_directory const folder;
    auto const image = hills<std::uint8_t>(2, 90, 110);
    make_raster(folder / "in.tif", "GTiff", image);
    std::array<double, 6> place{300'000, 20, 1, 5'000'000, -2, -20};
    REQUIRE(open_raster(folder / "in.tif", GDAL_OF_UPDATE)->SetGeoTransform(place.data()) == CE_None);
    rios::image<std::uint8_t> part(2, 41, 52);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : part.pixels()) part(band, row, col) = image(band, row + 13, col + 31);
    }
    make_raster(folder / "part.tif", "GTiff", part);
    strings const options{"--clusters",  "6",  "--min-segment-size", "5",
                          "--tile-size", "16", "--preview",          folder / "p.png"};
    auto const alone = segmented(folder / "part.tif", folder / "alone.tif", options);
    auto const picture = test::read_pixels<std::uint8_t>(folder / "p.png");
    auto const window = segmented(folder / "in.tif", folder / "window.tif",
                                  with(options, {"--window", "31,13,52,41", "--summary", folder / "s.json"}));
    CHECK(first_difference(window, alone) == "");
    CHECK(read_json(folder / "s.json").at("parameters").at("window") == nlohmann::json({31, 13, 52, 41}));
    CHECK((test::read_pixels<std::uint8_t>(folder / "p.png") == picture));
    auto const told = test::shepseg(
        {"segment", folder / "in.tif", folder / "told.tif", "--clusters", "6", "--window", "31,13,52,41"});
    CHECK(test::contains(told.out, "52 columns x 41 rows"));
    CHECK(test::contains(told.out, "from column 31, row 13 of the file on"));
    std::array<double, 6> found{};
    REQUIRE(open_raster(folder / "window.tif")->GetGeoTransform(found.data()) == CE_None);
    CHECK(found == std::array<double, 6>{300'000 + 31 * 20 + 13, 20, 1, 5'000'000 - 2 * 31 - 13 * 20, -2, -20});
}

TEST_CASE("overviews are the pixels in the middle of their squares, with any tiles and ragged edges")
{
    temporary_directory const folder;
    quilt const scene{.rows = 2051, .cols = 8203, .patch = 37};
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    for (std::string const output : {"out.tif", "out.img"}) {
        for (std::string const size : {"600", "1024", "5000"}) {
            auto const found = segmented(folder / "in.tif", folder / output,
                                         with(test::exact(), {"--tile-size", size, "--threads", "2"}));
            CHECK(first_difference(found, scene.segments()) == "");
            CHECK(open_raster(folder / output)->GetRasterBand(1)->GetOverviewCount() == 2);
            for (int const level : {0, 1}) {
                auto const factor = level == 0 ? 4 : 8;
                auto const overview = overview_of(folder / output, level);
                CHECK(overview.rows() == (scene.rows + factor - 1) / factor);
                CHECK(overview.cols() == (scene.cols + factor - 1) / factor);
                std::size_t wrong = 0;
                for (auto const [row, col] : overview.pixels()) {
                    auto const from_row = std::min(row * factor + factor / 2, scene.rows - 1);
                    auto const from_col = std::min(col * factor + factor / 2, scene.cols - 1);
                    wrong += overview(0, row, col) == found(0, from_row, from_col) ? 0 : 1;
                }
                CHECK(wrong == 0);
            }
        }
    }
}

TEST_CASE("no more reads are under way than allowed")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 600, 600), {"COMPRESS=DEFLATE", "TILED=YES"});
    static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                {"--clusters", "5", "--tile-size", "64", "--threads", "5", "--max-concurrent-reads",
                                 "1", "--trace", folder / "t.json"}));
    auto const reads = test::reads_in_trace(folder / "t.json");
    CHECK(reads.size() == 100);
    CHECK(test::one_after_another(reads));
}

TEST_CASE("more than 2^32 pixels are segmented, and counted")
{
    temporary_directory const folder;
    auto const part = hills<std::uint8_t>(1, 300, 400);
    make_raster(folder / "part.tif", "GTiff", part);
    test::write_file(folder / "huge.vrt", R"(<VRTDataset rasterXSize="70000" rasterYSize="70000">
  <VRTRasterBand dataType="Byte" band="1"><NoDataValue>0</NoDataValue>
    <SimpleSource><SourceFilename relativeToVRT="1">part.tif</SourceFilename><SourceBand>1</SourceBand>
      <SrcRect xOff="0" yOff="0" xSize="400" ySize="300"/><DstRect xOff="67300" yOff="66400" xSize="400" ySize="300"/>
    </SimpleSource>
  </VRTRasterBand>
</VRTDataset>)");
    strings const options{"--min-segment-size", "8", "--summary", folder / "s.json"};
    auto const alone = segmented(folder / "part.tif", folder / "alone.tif",
                                 with(options, {"--clusters", "7", "--save-cluster-model", folder / "m.json"}));
    auto const counts = read_json(folder / "s.json").at("counts");
    auto const result = test::shepseg(with({"segment", folder / "huge.vrt", folder / "huge.tif", "--quiet"},
                                           with(options, {"--cluster-model", folder / "m.json", "--null-value", "0"})),
                                      {.timeout = 300s});
    INFO(result.text());
    REQUIRE(result.status == 0);
    auto const huge_counts = read_json(folder / "s.json").at("counts");
    CHECK(huge_counts.at("pixels") == 4'900'000'000);
    CHECK(huge_counts.at("null_pixels") == 4'900'000'000 - 300 * 400);
    for (auto const* const count : {"clumps", "single_pixels_eliminated", "small_segments_eliminated", "segments"}) {
        INFO(count);
        CHECK(huge_counts.at(count) == counts.at(count));
    }
    labels found(1, 300, 400);
    auto const file = open_raster(folder / "huge.tif");
    REQUIRE(file->GetRasterBand(1)->RasterIO(GF_Read, 67300, 66400, 400, 300, &found(0, 0, 0), 400, 300, GDT_UInt32, 0,
                                             0, nullptr) == CE_None);
    CHECK(first_difference(found, alone) == "");
    CHECK(std::stoull(file->GetRasterBand(1)->GetMetadataItem("STATISTICS_MAXIMUM")) == counts.at("segments"));
}

TEST_CASE("a run stops within a tile when it is interrupted")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", test::noise<std::uint8_t>(1, 1, 1));
    strings const sparse{"SPARSE_OK=YES", "TILED=YES"};
    static_cast<void>(test::create_raster(folder / "in.tif", "GTiff", 16000, 16000, 1, GDT_Byte, sparse));
    strings const one_tile{"--tile-size", "16384", "--sample-pixels", "1000", "--memory-limit", "40G"};
    for (std::string const threads : {"1", "2"}) {
        test::process run(test::shepseg_command(with(
            {"segment", folder / "in.tif", folder / "out.tif", "--clusters", "60", "--quiet", "--threads", threads},
            one_tile)));
        std::this_thread::sleep_for(700ms); // reading takes about 0.3 s, what follows many seconds
        REQUIRE_FALSE(run.ended());
        run.send(SIGINT);
        auto const sent = std::chrono::steady_clock::now();
        auto const result = run.wait();
        INFO(result.text());
        CHECK(result.status == 128 + SIGINT);
        CHECK(std::chrono::steady_clock::now() - sent < 5s);
        CHECK(folder.names() == std::set<std::string>{"in.tif"});
    }
}
