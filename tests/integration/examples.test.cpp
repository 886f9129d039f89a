// SPDX-License-Identifier: BSL-1.0
// The example programs around rios::apply, run as a user runs them: with every executor and several windows they give what
// a loop over the whole image gives, and they refuse in one line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gdal_priv.h>

#include <doctest/doctest.h>

#include <rios/image.hpp>
#include <rios/image_view.hpp>

#include "support/example_programs.hpp"
#include "support/example_twins.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

#if defined(RIOS_EXAMPLE_DIR)

using namespace test::examples;
using rios::image;
using test::contents_of;
using test::difference;
using test::make_raster;
using test::null_value;
using test::read_pixels;
using test::strings;
using test::temporary_directory;
using test::whole_focal_mean;
using test::whole_mean;
using test::whole_median;
using test::whole_ndvi;
using test::with;

TEST_CASE_TEMPLATE("the examples give what a loop over the whole image gives, by every executor", T, std::uint8_t,
                   std::uint16_t, float)
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const out = d / "out.tif";
    constexpr null_value null = 0;
    std::vector<image<T>> stack;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) stack.push_back(values<T>(3, 13, 18, seed));
    auto const& pixels = stack[0];
    make_file(in, pixels, null);
    for (std::size_t i = 1; i < stack.size(); ++i) {
        make_file(d / (std::to_string(i) + ".tif"), stack[i], i == 2 ? null_value() : null);
    }
    auto const index = whole_ndvi(pixels, 2, 0, null);
    auto const smooth = whole_focal_mean(pixels, 5, null);
    auto const median = whole_median<T, float>(stack, {null, null, std::nullopt, null});
    auto const mean = whole_mean(pixels, null);
    for (auto const& way : ways()) {
        std::string text;
        for (auto const& word : way) text += word + ' ';
        INFO(text);
        CHECK(printed(with({"ndvi", in, out, "--red", "3", "--nir", "1"}, way)) == "");
        check_file(out, index, -9);
        CHECK(printed(with({"focal_mean", in, out, "--size", "5"}, way)) == "");
        check_file(out, smooth, static_cast<double>(lowest));
        CHECK(printed(with({"stack_median", out, in, d / "1.tif", d / "2.tif", d / "3.tif"}, way)) == "");
        check_file(out, median, static_cast<double>(lowest));
        CHECK(printed(with({"block_mean", in}, way)) == mean);
    }
    CHECK(d.names() == std::set<std::string>{"in.tif", "1.tif", "2.tif", "3.tif", "out.tif"});
}

TEST_CASE("the examples work on rasters of one row, one column and one pixel")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const out = d / "out.tif";
    for (rios::pixel_position const size : {rios::pixel_position{1, 9}, {9, 1}, {1, 1}, {2, 2}}) {
        auto const pixels = values<std::uint16_t>(2, size.row, size.col, 5);
        make_file(in, pixels);
        for (auto const* const window : {"1", "4", "256"}) {
            INFO(size.row, " rows, ", size.col, " cols, window ", window);
            CHECK(printed({"ndvi", in, out, "--red", "1", "--nir", "2", "--window", window}) == "");
            check_file(out, whole_ndvi(pixels, 0, 1, {}), -9);
            CHECK(printed({"focal_mean", in, out, "--size", "7", "--window", window}) == "");
            check_file(out, whole_focal_mean(pixels, 7, {}), static_cast<double>(lowest));
            CHECK(printed({"stack_median", out, in, "--window", window}) == "");
            check_file(out, whole_median<std::uint16_t, float>({pixels}, {{}}), static_cast<double>(lowest));
            CHECK(printed({"block_mean", in, "--window", window}) == whole_mean(pixels, {}));
        }
    }
}

TEST_CASE("ndvi is (nir - red) / (nir + red), and -9 where that does not exist")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const out = d / "out.tif";
    // red, then near infrared
    make_file(in, from<std::uint8_t>(2, 1, 5, {10, 30, 0, 0, 255, 30, 10, 0, 7, 255}));
    CHECK(printed({"ndvi", in, out, "--red", "1", "--nir", "2"}) == "");
    check_file(out, from<float>(1, 1, 5, {0.5F, -0.5F, -9, 1, 0}), -9);
    make_file(in, from<std::uint8_t>(2, 1, 5, {10, 30, 0, 0, 255, 30, 10, 0, 7, 255}), 255);
    CHECK(printed({"ndvi", in, out, "--red", "1", "--nir", "2"}) == "");
    check_file(out, from<float>(1, 1, 5, {0.5F, -0.5F, -9, 1, -9}), -9);
    // One band twice.
    CHECK(printed({"ndvi", in, out, "--red", "2", "--nir", "2"}) == "");
    check_file(out, from<float>(1, 1, 5, {0, 0, -9, 0, -9}), -9);
    // The sum is 0 although neither band is.
    make_file(in, from<float>(2, 1, 4, {2, 1, no_number, 1, -2, 3, 1, infinity}));
    CHECK(printed({"ndvi", in, out, "--red", "1", "--nir", "2"}) == "");
    check_file(out, from<float>(1, 1, 4, {-9, 0.5F, -9, -9}), -9);
}

TEST_CASE("focal_mean leaves out nulls and what lies beyond the edge")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const out = d / "out.tif";
    auto const pixels = from<std::uint8_t>(1, 3, 3, {1, 2, 3, 4, 5, 6, 7, 8, 0});
    make_file(in, pixels);
    CHECK(printed({"focal_mean", in, out}) == "");
    auto const of = [](double sum, double count) { return static_cast<float>(sum / count); };
    check_file(out,
               from<float>(
                   1, 3, 3,
                   {of(12, 4), of(21, 6), of(16, 4), of(27, 6), of(36, 9), of(24, 6), of(24, 4), of(30, 6), of(19, 4)}),
               static_cast<double>(lowest));
    make_file(in, pixels, 0);
    CHECK(printed({"focal_mean", in, out, "--size", "3"}) == "");
    check_file(
        out,
        from<float>(1, 3, 3,
                    {of(12, 4), of(21, 6), of(16, 4), of(27, 6), of(36, 8), of(24, 5), of(24, 4), of(30, 5), lowest}),
        static_cast<double>(lowest));
    CHECK(printed({"focal_mean", in, out, "--size", "1"}) == "");
    check_file(out, from<float>(1, 3, 3, {1, 2, 3, 4, 5, 6, 7, 8, lowest}), static_cast<double>(lowest));
    CHECK(printed({"focal_mean", in, out, "--size", "999", "--window", "2"}) == "");
    check_file(out, from<float>(1, 3, 3, {4.5F, 4.5F, 4.5F, 4.5F, 4.5F, 4.5F, 4.5F, 4.5F, lowest}),
               static_cast<double>(lowest));
}

TEST_CASE("stack_median takes the middle value, or the mean of two, without nulls")
{
    temporary_directory const d;
    auto const out = d / "out.tif";
    // Every file has a null value of its own; the third has none.
    make_file(d / "a.tif", from<std::uint8_t>(1, 1, 5, {1, 0, 0, 9, 0}), 0);
    make_file(d / "b.tif", from<std::uint16_t>(1, 1, 5, {300, 4, 1, 1, 1}), 1);
    make_file(d / "c.tif", from<std::uint8_t>(1, 1, 5, {2, 7, 6, 0, 0}));
    CHECK(printed({"stack_median", out, d / "a.tif", d / "b.tif", d / "c.tif"}) == "");
    check_file(out, from<float>(1, 1, 5, {2, 5.5F, 6, 4.5F, 0}), static_cast<double>(lowest));
    CHECK(printed({"stack_median", out, d / "a.tif", d / "b.tif"}) == "");
    check_file(out, from<float>(1, 1, 5, {150.5F, 4, lowest, 9, lowest}), static_cast<double>(lowest));

    constexpr std::uint32_t large = 4000000000;
    make_file(d / "l.tif", from<std::uint32_t>(1, 1, 2, {large + 1, 5}), 5);
    make_file(d / "m.tif", from<std::uint32_t>(1, 1, 2, {large + 2, 5}), 5);
    CHECK(printed({"stack_median", out, d / "l.tif", d / "m.tif"}) == "");
    constexpr auto null = std::numeric_limits<double>::lowest();
    check_file(out, from<double>(1, 1, 2, {4000000001.5, null}), null);
}

TEST_CASE("block_mean prints count and mean of each band, the same to the last digit however it is run")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    make_file(in, from<std::uint8_t>(3, 1, 4, {1, 2, 4, 0, 0, 0, 0, 0, 255, 254, 0, 0}), 0);
    CHECK(printed({"block_mean", in}) == "band 1: 3 pixels, mean 2.33333333333\n"
                                         "band 2: 0 pixels, no mean\n"
                                         "band 3: 2 pixels, mean 254.5\n");

    // A sum of doubles would depend on the order: 1e16 + 1 is 1e16.
    image<double> wide(1, 12, 12);
    test::random_numbers random(7);
    for (auto const [row, col] : wide.pixels()) wide(0, row, col) = random.unit();
    wide(0, 2, 3) = 1e16;
    wide(0, 9, 9) = -1e16;
    make_file(in, wide);
    auto const first = printed({"block_mean", in, "--executor", "inline"});
    for (auto const& way : ways()) CHECK(printed(with({"block_mean", in}, way)) == first);
}

TEST_CASE("the examples print timings and help when asked")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    make_file(in, values<std::uint8_t>(2, 20, 20, 1));
    for (auto const& command : std::vector<strings>{{"ndvi", in, d / "out.tif", "--red", "1", "--nir", "2"},
                                                    {"focal_mean", in, d / "out.tif"},
                                                    {"stack_median", d / "out.tif", in},
                                                    {"class_table", in, d / "out.tif", "--breaks", "100"},
                                                    {"block_mean", in}}) {
        auto const text = printed(with(command, {"--timings"}));
        for (auto const* const timer : {"Wall clock elapsed time", "reading", "userfunction"}) {
            CHECK(test::contains(text, timer));
        }
        auto const help = printed({command[0], "--help"});
        for (auto const* const word :
             {"--executor", "--readers", "--workers", "--window N=256", "pixels", "exit status"}) {
            CHECK_MESSAGE(test::contains(help, word), command[0], " --help: ", word);
        }
    }
}

TEST_CASE("the examples refuse wrong usage with exit status 2")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const out = d / "out.tif";
    make_file(in, values<std::uint8_t>(2, 4, 4, 1));
    test::write_file(out, "an older result");
    for (auto const& command : std::vector<strings>{{"ndvi", in, out, "--red", "1", "--nir", "2"},
                                                    {"focal_mean", in, out},
                                                    {"stack_median", out, in},
                                                    {"class_table", in, out, "--breaks", "100"},
                                                    {"block_mean", in}}) {
        refuses(d, {command[0]}, 2, {"required"});
        refuses(d, with(command, {"--window", "0"}), 2, {"--window", "0", "1 to"});
        refuses(d, with(command, {"--window", "-5"}), 2, {"--window", "-5"});
        refuses(d, with(command, {"--window", "big"}), 2, {"--window", "big"});
        refuses(d, with(command, {"--workers", "-1"}), 2, {"--workers", "-1"});
        refuses(d, with(command, {"--workers", "99999"}), 2, {"--workers", "99999"});
        refuses(d, with(command, {"--readers", "-1"}), 2, {"--readers", "-1"});
        refuses(d, with(command, {"--readers", ""}), 2, {"--readers"});
        refuses(d, with(command, {"--executor", "cluster"}), 2, {"--executor", "cluster", "read-ahead"});
        refuses(d, with(command, {"--unknown"}), 2, {"--unknown"});
    }
    refuses(d, {"focal_mean", in, out, "--size", "4"}, 2, {"--size", "4 is not odd"});
    refuses(d, {"focal_mean", in, out, "--size", "-3"}, 2, {"--size", "-3"});
    refuses(d, {"focal_mean", in, out, "--size", "1001"}, 2, {"--size", "1001"});
    refuses(d, {"ndvi", in, out, "--red", "1"}, 2, {"--nir", "required"});
    refuses(d, {"ndvi", in, out, "--red", "one", "--nir", "2"}, 2, {"--red", "one"});
    refuses(d, {"block_mean", in, out}, 2, {out});
    refuses(d, {"class_table", in, out}, 2, {"--breaks", "required"});
    for (auto const* const breaks : {"20,10", "5,5", "1,nan", "inf"}) {
        refuses(d, {"class_table", in, out, "--breaks", breaks}, 2, {"--breaks", "finite numbers that rise"});
    }
    refuses(d, {"class_table", in, out, "--breaks", "1,x"}, 2, {"--breaks", "x"});
    refuses(d, {"class_table", in, out, "--breaks", "1", "--ramp", "mud"}, 2, {"--ramp", "mud", "viridis"});
}

TEST_CASE("the examples name the file that is wrong, and leave nothing behind")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const out = d / "out.tif";
    auto const missing = d / "missing.tif";
    make_file(in, values<std::uint8_t>(2, 4, 5, 1));
    make_file(d / "small.tif", values<std::uint8_t>(2, 4, 4, 1));
    make_file(d / "bands.tif", values<std::uint8_t>(3, 4, 5, 1));
    make_raster(d / "elsewhere.tif", "GTiff", values<std::uint8_t>(2, 4, 5, 1));
    {
        auto moved = place;
        moved[0] += 10;
        REQUIRE(test::open_raster(d / "elsewhere.tif", GDAL_OF_UPDATE)->SetGeoTransform(moved.data()) == CE_None);
    }
    test::write_file(d / "text.tif", "not a picture");
    test::write_file(out, "an older result");
    strings const red_nir{"--red", "1", "--nir", "2"};

    refuses(d, with({"ndvi", missing, out}, red_nir), 1, {missing + ": no such file"});
    refuses(d, {"focal_mean", missing, out}, 1, {missing + ": no such file"});
    refuses(d, {"stack_median", out, in, missing}, 1, {missing + ": no such file"});
    refuses(d, {"class_table", missing, out, "--breaks", "1"}, 1, {missing + ": no such file"});
    refuses(d, {"block_mean", missing}, 1, {missing + ": no such file"});
    refuses(d, {"block_mean", d / "text.tif"}, 1, {d / "text.tif: not recognised"});

    refuses(d, with({"ndvi", in, in}, red_nir), 1, {in, "which must not be written over"});
    refuses(d, {"focal_mean", in, in}, 1, {in, "which must not be written over"});
    refuses(d, {"stack_median", d / "./in.tif", in}, 1, {d / "./in.tif", "which must not be written over"});
    refuses(d, {"stack_median", in, in, in}, 1, {in, "which must not be written over"});
    refuses(d, {"class_table", in, in, "--breaks", "1"}, 1, {in, "which must not be written over"});
    refuses(d, {"focal_mean", in, d / "nowhere/out.tif"}, 1, {d / "nowhere/out.tif", "no such file"});
    refuses(d, {"focal_mean", in, d / "out.png"}, 1, {d / "out.png"});

    refuses(d, {"stack_median", out, in, d / "small.tif"}, 1, {in, d / "small.tif", "5 cols", "4 cols"});
    refuses(d, {"stack_median", out, in, d / "bands.tif"}, 1, {in, d / "bands.tif", "2", "3 bands"});
    refuses(d, {"stack_median", out, in, d / "elsewhere.tif"}, 1, {in, d / "elsewhere.tif", "500010"});
    refuses(d, {"ndvi", in, out, "--red", "1", "--nir", "3"}, 1, {in, "band 3", "1 to 2"});
    refuses(d, {"ndvi", in, out, "--red", "0", "--nir", "1"}, 1, {in, "band 0", "1 to 2"});
    refuses(d, {"block_mean", in, "--executor", "read-ahead", "--readers", "0"}, 1, {"readers 0"});
}

TEST_CASE("an option that has no effect with the executor of an example is refused")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    make_raster(in, "GTiff", test::noise<std::uint8_t>(2, 8, 6));
    auto const refused = [&](strings const& how, std::string const& expected) {
        auto const result = example(with({"block_mean", in}, how));
        CHECK(result.status == 2);
        CHECK(result.err == "block_mean: error: " + expected + " (see --help)\n");
        CHECK(result.out.empty());
    };
    refused({"--threads", "2"},
            "--threads: has no effect with --executor threads; it goes with subprocess, slurm, pbs, ecs and aws-batch");
    refused({"--executor-config", "none.json"}, "--executor-config: has no effect with --executor threads; it goes "
                                                "with subprocess, slurm, pbs, ecs and aws-batch");
    refused({"--executor", "inline", "--readers", "2"},
            "--readers: has no effect with --executor inline; it goes with all but inline");
    for (std::string const kind : {"inline", "read-ahead"}) {
        refused({"--executor", kind, "--workers", "2"},
                "--workers: has no effect with --executor " + kind +
                    "; it goes with threads, subprocess, slurm, pbs, ecs and aws-batch");
    }
    for (auto const& how :
         {strings{"--executor", "read-ahead", "--readers", "2"}, strings{"--workers", "2"},
          strings{"--executor", "subprocess", "--workers", "1", "--threads", "2", "--readers", "0"}}) {
        CHECK(printed(with({"block_mean", in}, how)) == printed({"block_mean", in}));
    }
}

TEST_CASE("an example that fails in the middle leaves the older result alone")
{
    temporary_directory const d;
    auto const in = d / "in.tif";
    auto const out = d / "out.tif";
    make_raster(in, "GTiff", test::noise<std::uint8_t>(2, 64, 64), {"TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"});
    auto const whole = test::read_file(in);
    test::write_file(in, whole.substr(0, whole.size() - 16 * 16 * 6)); // the last tiles are gone
    test::write_file(out, "an older result");
    for (auto const& executor : {"inline", "read-ahead", "threads"}) {
        strings const how{"--executor", executor, "--window", "16"};
        refuses(d, with({"ndvi", in, out, "--red", "1", "--nir", "2"}, how), 1, {in});
        refuses(d, with({"focal_mean", in, out}, how), 1, {in, "rows"});
        refuses(d, with({"stack_median", out, in, in}, how), 1, {in, "rows"});
        refuses(d, with({"class_table", in, out, "--breaks", "1"}, how), 1, {in, "rows"});
        refuses(d, with({"block_mean", in}, how), 1, {in, "rows"});
    }
}

TEST_CASE("segment_table writes the mean of each segment, and how rough it is")
{
    temporary_directory const d;
    test::make_raster(d / "image.tif", "GTiff", from<std::uint16_t>(1, 2, 4, {10, 12, 500, 500, 10, 900, 500, 700}));
    test::make_raster(d / "segments.tif", "GTiff", from<std::uint32_t>(1, 2, 4, {1, 1, 3, 3, 1, 1, 3, 3}));
    CHECK(printed({"segment_table", d / "image.tif", d / "segments.tif", d / "t.csv"}) == "");
    // Each segment has two pairs side by side, of which one differs by more than 100.
    CHECK(test::read_file(d / "t.csv") == "id,Band_1_mean,Band_1_rough\n1,233,0.5\n2,-9999,-9999\n3,550,0.5\n");
    CHECK(printed({"segment_table", d / "image.tif", d / "segments.tif", d / "t.csv", "--step", "1"}) == "");
    CHECK(test::read_file(d / "t.csv") == "id,Band_1_mean,Band_1_rough\n1,233,1\n2,-9999,-9999\n3,550,0.5\n");
    refuses(d, {"segment_table", d / "image.tif", d / "none.tif", d / "t.csv"}, 1, {"none.tif: no such file"});
}

#else

TEST_CASE("the examples give what a loop over the whole image gives")
{
    MESSAGE("the examples are not built");
    std::puts("SKIPPED: the examples are not built");
}

#endif
