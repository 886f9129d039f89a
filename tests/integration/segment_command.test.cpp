// SPDX-License-Identifier: BSL-1.0
// `shepseg segment`: each option does what its help says.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include <sys/stat.h>
#include <sys/types.h>

#include <doctest/doctest.h>

#include <gdal_priv.h>

#include <rios/version.hpp>

#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using test::contains;
using test::exact;
using test::first_difference;
using test::hills;
using test::labels;
using test::make_raster;
using test::quilt;
using test::read_file;
using test::read_json;
using test::segmented;
using test::shepseg;
using test::strings;
using test::temporary_directory;
using test::with;
using test::write_file;

namespace {

/// Background of value 10, and in it a clump of three pixels of value 30.
rios::image<std::uint8_t> clump_of_three()
{
    rios::image<std::uint8_t> pixels(1, 8, 9);
    for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = row == 3 && col >= 2 && col <= 4 ? 30 : 10;
    return pixels;
}

} // namespace

TEST_CASE("the help names every option with its default and leaves standard error empty")
{
    for (auto const& arguments : {strings{"--help"}, strings{"-h"}}) {
        auto const result = shepseg(arguments);
        CHECK(result.status == 0);
        CHECK(result.err.empty());
        CHECK(contains(result.out, "segment"));
        CHECK(contains(result.out, "--version"));
    }
    auto const result = shepseg({"segment", "--help"});
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    std::istringstream words(
        "IMAGE OUTPUT --bands --clusters 60 --min-segment-size 50 --max-spectral-diff auto none "
        "--spectral-diff-percentile "
        "--connectivity 4|8 --null-value nodata --kmeans-init kmeans++ diagonal --kmeans-starts --seed --sample-pixels "
        "1000000 --sample-percent --cluster-model --save-cluster-model --threads cores --format GTiff HFA KEA "
        "--creation-option --preview --preview-bands --summary --timings --trace --quiet seconds pixels % Exit "
        "Example");
    for (std::string each; words >> each;) {
        INFO(each);
        CHECK(contains(result.out, each));
    }
    // Groups, and no line too long for a terminal.
    for (auto const& group : strings{"\nInput:", "\nClusters:", "\nSegments:", "\nOutput:", "\nRunning:"}) {
        INFO(group);
        CHECK(contains(result.out, group));
    }
}

TEST_CASE("every command tells its exit status")
{
    for (std::string const command : {"segment", "stats", "subset", "polygons", "preview", "colours"}) {
        CHECK(contains(
            test::printed({command, "--help"}),
            "\nExit status: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n; messages go to standard "
            "error.\n"));
    }
    CHECK(contains(test::printed({"compare", "--help"}), "2 failed or wrong usage, 128 + n ended by\nsignal n"));
}

TEST_CASE("the version is one line with the versions of the project and of GDAL")
{
    auto const result = shepseg({"--version"});
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(result.out == "shepseg " + std::string(rios::version) + " (GDAL " + GDALVersionInfo("RELEASE_NAME") + ")\n");
}

TEST_CASE("with a cluster for each spectrum the segments are the patches of a quilt")
{
    temporary_directory const folder;
    for (quilt const scene : {quilt{.rows = 12, .cols = 20, .patch = 4}, quilt{.rows = 11, .cols = 18, .patch = 4},
                              quilt{.rows = 6, .cols = 300, .patch = 3}, quilt{.rows = 300, .cols = 7, .patch = 2}}) {
        make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>(3));
        auto const before = read_file(folder / "in.tif");
        auto const found = segmented(folder / "in.tif", folder / "out.tif", exact());
        CHECK(first_difference(found, scene.segments()) == "");
        CHECK(read_file(folder / "in.tif") == before);
        CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tif"});
    }
}

TEST_CASE("options may stand anywhere and be written with an equals sign")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    auto const in = folder / "in.tif";
    auto const out = folder / "out.tif";
    for (auto const& arguments :
         {strings{"segment", "--clusters=5", "--quiet", "--min-segment-size=1", in, out},
          strings{"segment", in, "--clusters", "5", "--quiet", out, "--min-segment-size", "1"},
          strings{"segment", "--quiet", "--min-segment-size", "1", "--clusters=5", "--", in, out}}) {
        auto const result = shepseg(arguments);
        INFO(result.text());
        CHECK(result.status == 0);
        CHECK(first_difference(test::read_pixels<std::uint32_t>(out), scene.segments()) == "");
        fs::remove(out);
    }
}

TEST_CASE("a relative path is taken from the working directory, a leading dash is a name after two dashes")
{
    temporary_directory const folder;
    quilt const scene;
    fs::create_directory(folder / "sub");
    make_raster(folder / "sub/-in.tif", "GTiff", scene.image<std::uint8_t>());
    auto const result = shepseg({"segment", "--clusters", "5", "--quiet", "--min-segment-size", "1",
                                 "--summary=-s.json", "--", "-in.tif", "-out.tif"},
                                {.directory = folder / "sub"});
    INFO(result.text());
    CHECK(result.status == 0);
    CHECK(first_difference(test::read_pixels<std::uint32_t>(folder / "sub/-out.tif"), scene.segments()) == "");
    CHECK(read_json(folder / "sub/-s.json").at("input").at("file") == "-in.tif");
    auto const found = segmented("./-in.tif", "../out.tif", exact(), {.directory = folder / "sub"});
    CHECK(first_difference(found, scene.segments()) == "");
}

TEST_CASE("segments smaller than the minimum size are eliminated and others are not")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", clump_of_three());
    strings const options{"--clusters", "2", "--max-spectral-diff", "none", "--summary", folder / "s.json"};
    auto const kept = segmented(folder / "in.tif", folder / "3.tif", with(options, {"--min-segment-size", "3"}));
    CHECK(test::largest_label(kept) == 2);
    CHECK(kept(0, 3, 3) == 2);
    CHECK(read_json(folder / "s.json").at("counts").at("small_segments_eliminated") == 0);
    auto const gone = segmented(folder / "in.tif", folder / "4.tif", with(options, {"--min-segment-size", "4"}));
    CHECK(test::largest_label(gone) == 1);
    CHECK(read_json(folder / "s.json").at("counts").at("small_segments_eliminated") == 1);
    CHECK(read_json(folder / "s.json").at("parameters").at("min_segment_size") == 4);
    // As large as a number can be: nothing is left to merge with in the end.
    auto const one =
        segmented(folder / "in.tif", folder / "5.tif", with(options, {"--min-segment-size", "9223372036854775807"}));
    CHECK(test::largest_label(one) == 1);
}

TEST_CASE("segments merge only when their spectra are no farther apart than the maximum difference")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", clump_of_three());
    auto const count = [&](std::string const& limit) {
        return test::largest_label(
            segmented(folder / "in.tif", folder / "out.tif",
                      {"--clusters", "2", "--min-segment-size", "9", "--max-spectral-diff", limit}));
    };
    CHECK(count("0") == 2);
    CHECK(count("19.9") == 2);
    CHECK(count("20.1") == 1);
    CHECK(count("2.01e1") == 1);
    CHECK(count("none") == 1);
}

TEST_CASE("the maximum difference is a percentile of the distances between clusters, or ten times the largest")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff",
                quilt{}.image<std::uint8_t>(4)); // distances: 40 × 1, 1, 1, 1, 2, 2, 2, 3, 3, 4
    auto const used = [&](strings const& options) {
        static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                    with(with(exact(), {"--summary", folder / "s.json"}), options)));
        return read_json(folder / "s.json").at("max_spectral_diff_used").get<double>();
    };
    CHECK(used({}) == 80);
    CHECK(used({"--max-spectral-diff", "auto"}) == 80);
    CHECK(used({"--spectral-diff-percentile", "0"}) == 40);
    CHECK(used({"--spectral-diff-percentile", "25"}) == 40);
    CHECK(used({"--spectral-diff-percentile", "75"}) == doctest::Approx(110)); // rank 6.75, between 2 and 3
    CHECK(used({"--spectral-diff-percentile", "100"}) == 160);
    CHECK(used({"--max-spectral-diff", "none"}) == 1600);
    CHECK(used({"--max-spectral-diff", "12.5"}) == 12.5);
    // With one cluster there is no distance, and nothing to limit.
    auto const alone =
        segmented(folder / "in.tif", folder / "out.tif", {"--clusters", "1", "--summary", folder / "s.json"});
    CHECK(test::largest_label(alone) == 1);
}

TEST_CASE("pixels that touch at a corner are neighbours with connectivity 8 only")
{
    temporary_directory const folder;
    rios::image<std::uint16_t> pixels(1, 8, 12);
    for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = (row / 2 + col / 2) % 2 == 0 ? 500 : 900;
    make_raster(folder / "in.tif", "GTiff", pixels);
    strings const options{"--clusters", "2", "--min-segment-size", "1", "--connectivity"};
    auto const four = segmented(folder / "in.tif", folder / "4.tif", with(options, {"4"}));
    auto const eight = segmented(folder / "in.tif", folder / "8.tif", with(options, {"8"}));
    for (auto const [row, col] : pixels.pixels()) {
        CHECK(four(0, row, col) == static_cast<std::uint32_t>(row / 2 * 6 + col / 2 + 1));
        CHECK(eight(0, row, col) == (pixels(0, row, col) == 500 ? 1U : 2U));
    }
    auto const by_default =
        segmented(folder / "in.tif", folder / "d.tif", {"--clusters", "2", "--min-segment-size", "1"});
    CHECK(first_difference(by_default, four) == "");
}

TEST_CASE("only the selected bands are looked at, in the order in which they are given")
{
    temporary_directory const folder;
    quilt const scene;
    rios::image<std::uint8_t> pixels(3, scene.rows, scene.cols); // the second band alone shows the patches
    auto const patches = scene.image<std::uint8_t>();
    for (auto const [row, col] : pixels.pixels()) {
        pixels(0, row, col) = 7;
        pixels(1, row, col) = patches(0, row, col);
        pixels(2, row, col) = col < 10 ? 50 : 100;
    }
    make_raster(folder / "in.tif", "GTiff", pixels);
    auto const run = [&](std::string const& bands) {
        return segmented(folder / "in.tif", folder / "out.tif",
                         with(exact(), {"--bands", bands, "--save-cluster-model", folder / "m.json"}));
    };
    CHECK(test::largest_label(run("1")) == 1);
    CHECK(read_json(folder / "m.json").at("centres") == nlohmann::json::parse("[[7]]"));
    CHECK(first_difference(run("2"), scene.segments()) == "");
    CHECK(test::largest_label(run("3")) == 2);
    CHECK(test::largest_label(run("3,1")) == 2);
    CHECK(read_json(folder / "m.json").at("bands") == nlohmann::json::parse("[3, 1]"));
    CHECK(read_json(folder / "m.json").at("centres") == nlohmann::json::parse("[[50, 7], [100, 7]]"));
    CHECK(first_difference(run("1,2"), scene.segments()) == "");
}

TEST_CASE("the null value is that of the file, of the option, or none")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>(2)); // 10, 30, 50, 70, 90
    test::open_raster(folder / "in.tif", GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(50);
    test::open_raster(folder / "in.tif", GDAL_OF_UPDATE)->GetRasterBand(2)->SetNoDataValue(50);
    auto const run = [&](strings const& options) {
        return segmented(folder / "in.tif", folder / "out.tif",
                         with(with(exact(), {"--summary", folder / "s.json"}), options));
    };
    CHECK(first_difference(run({}), scene.segments(2)) == "");
    CHECK(read_json(folder / "s.json").at("parameters").at("null_value") == 50);
    CHECK(read_json(folder / "s.json").at("counts").at("null_pixels") == 48);
    CHECK(first_difference(run({"--null-value", "70"}), scene.segments(3)) == "");
    CHECK(read_json(folder / "s.json").at("parameters").at("null_value") == 70);
    CHECK(first_difference(run({"--null-value", "none"}), scene.segments()) == "");
    CHECK(read_json(folder / "s.json").at("parameters").at("null_value").is_null());
    CHECK(read_json(folder / "s.json").at("counts").at("null_pixels") == 0);
    // Values that no byte has are the value of no pixel.
    for (auto const& value : strings{"-9999", "256", "50.5", "nan", "1e300"}) {
        INFO(value);
        CHECK(first_difference(run({"--null-value", value}), scene.segments()) == "");
    }
    CHECK(first_difference(run({"--null-value", "9e1"}), scene.segments(4)) == "");
}

TEST_CASE("the default parameters are those that the help gives")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(2, 50, 60));
    auto const implied = segmented(folder / "in.tif", folder / "out.tif", {"--summary", folder / "s.json"});
    auto const parameters = read_json(folder / "s.json").at("parameters");
    CHECK(parameters.at("bands") == nlohmann::json::parse("[1, 2]"));
    CHECK(parameters.at("null_value").is_null());
    CHECK(parameters.at("clusters") == 60);
    CHECK(parameters.at("cluster_model").is_null());
    CHECK(parameters.at("kmeans_init") == "kmeans++");
    CHECK(parameters.at("kmeans_starts") == 5);
    CHECK(parameters.at("seed") == 0);
    CHECK(parameters.at("sample_pixels") == 1000000);
    CHECK(parameters.at("sample_percent").is_null());
    CHECK(parameters.at("min_segment_size") == 50);
    CHECK(parameters.at("max_spectral_diff") == "auto");
    CHECK(parameters.at("spectral_diff_percentile") == 50);
    CHECK(parameters.at("connectivity") == 4);
    auto const given = segmented(folder / "in.tif", folder / "given.tif",
                                 {"--bands",
                                  "1,2",
                                  "--clusters",
                                  "60",
                                  "--min-segment-size",
                                  "50",
                                  "--max-spectral-diff",
                                  "auto",
                                  "--spectral-diff-percentile",
                                  "50",
                                  "--connectivity",
                                  "4",
                                  "--kmeans-init",
                                  "kmeans++",
                                  "--kmeans-starts",
                                  "5",
                                  "--seed",
                                  "0",
                                  "--sample-pixels",
                                  "1000000",
                                  "--null-value",
                                  "none",
                                  "--format",
                                  "GTiff"});
    CHECK(first_difference(implied, given) == "");
    CHECK(read_file(folder / "out.tif") == read_file(folder / "given.tif"));
}

TEST_CASE("any number of threads and any size of GDAL's cache give the same file")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 700, 300), {"TILED=YES", "COMPRESS=DEFLATE"});
    strings const options{"--clusters",      "9", "--min-segment-size", "6",
                          "--kmeans-starts", "2", "--sample-pixels",    "20000"};
    auto const reference = segmented(folder / "in.tif", folder / "1.tif", with(options, {"--threads", "1"}));
    CHECK(test::largest_label(reference) > 1000);
    for (auto const& threads : strings{"2", "5", "64"}) {
        auto const output = folder / (threads + ".tif");
        CHECK(first_difference(reference,
                               segmented(folder / "in.tif", output, with(options, {"--threads", threads}))) == "");
        CHECK(read_file(output) == read_file(folder / "1.tif"));
    }
    auto const small_cache = segmented(folder / "in.tif", folder / "c.tif", with(options, {"--threads", "3"}),
                                       {.environment = {"GDAL_CACHEMAX=1"}});
    CHECK(first_difference(reference, small_cache) == "");
    CHECK(first_difference(reference, segmented(folder / "in.tif", folder / "all.tif", options)) == "");
}

TEST_CASE("a finished run replaces an older result and the files that belonged to it")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    write_file(folder / "out.tif", "an older result");
    write_file(folder / "out.tif.aux.xml", "its notes");
    write_file(folder / "out.tif.ovr", "its overviews");
    write_file(folder / "s.json", "an older summary");
    auto const found =
        segmented(folder / "in.tif", folder / "out.tif", with(exact(), {"--summary", folder / "s.json"}));
    CHECK(first_difference(found, scene.segments()) == "");
    CHECK(read_json(folder / "s.json").at("counts").at("segments") == scene.patches());
    CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tif", "s.json"});
}

TEST_CASE("what is written has the permissions of any new file")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", quilt{}.image<std::uint8_t>());
    auto const mask = ::umask(027);
    static_cast<void>(
        segmented(folder / "in.tif", folder / "out.img",
                  with(exact(), {"--summary", folder / "s.json", "--trace", folder / "t.json", "--preview",
                                 folder / "p.png", "--save-cluster-model", folder / "m.json"})));
    ::umask(mask);
    for (auto const& name : strings{"out.img", "s.json", "t.json", "p.png", "m.json"}) {
        struct stat status {};
        REQUIRE(::stat((folder / name).c_str(), &status) == 0);
        INFO(name);
        CHECK((status.st_mode & 0777U) == 0640U);
    }
}

TEST_CASE("two runs that write the same file at the same time both end well")
{
    temporary_directory const folder;
    quilt const scene{.rows = 120, .cols = 200, .patch = 4};
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    auto const command =
        test::shepseg_command(with({"segment", folder / "in.tif", folder / "out.tif", "--quiet"}, exact()));
    test::process first(command);
    test::process second(command);
    CHECK(first.wait().status == 0);
    CHECK(second.wait().status == 0);
    CHECK(first_difference(test::read_pixels<std::uint32_t>(folder / "out.tif"), scene.segments()) == "");
    CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tif"});
}
