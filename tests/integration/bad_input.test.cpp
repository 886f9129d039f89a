// SPDX-License-Identifier: BSL-1.0
// Images, outputs and other files that `shepseg segment` must refuse (refusals.hpp).
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <gdal_priv.h>

#include <doctest/doctest.h>

#include "support/raster_files.hpp"
#include "support/refusals.hpp"
#include "support/sanitizers.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using test::contents_of;
using test::desk;
using test::difference;
using test::hills;
using test::make_raster;
using test::quilt;
using test::set_null;
using test::shepseg;
using test::status;
using test::strings;
using test::with;
using test::write_file;

TEST_CASE("an image that is missing or no raster is named")
{
    desk const d;
    write_file(d / "text.tif", "not a picture, just words\n");
    write_file(d / "empty.tif", "");
    write_file(d / "magic.tif", std::string("II*\0", 4));
    write_file(d / "vector.geojson", R"({"type": "FeatureCollection", "features": []})");
    fs::create_directory(d / "folder.tif");
    fs::create_symlink("nowhere.tif", d / "dangling.tif");
    fs::create_symlink("loop.tif", d / "loop.tif");
    for (auto const& name : strings{"missing.tif", "text.tif", "empty.tif", "magic.tif", "vector.geojson", "folder.tif",
                                    "dangling.tif", "loop.tif", "in.tif/deeper.tif"}) {
        d.refuses_files(d / name, d.out(), {}, status::failed, {d / name + ": "});
    }
    d.refuses_files("missing.tif", "out.tif", {}, status::failed, {" missing.tif: no such file"},
                    {.directory = d.path()});
    d.refuses_files("/dev/null", d.out(), {}, status::failed, {"/dev/null: "});
    d.refuses_files(d / std::string(300, 'n') + ".tif", d.out(), {}, status::failed, {std::string(300, 'n')});
    d.refuses_files(d / "new\nline.tif", d.out(), {}, status::failed, {"line.tif: "});
    d.refuses_files("/vsizip/" + d.in() + "/x.tif", d.out(), {}, status::failed, {"/vsizip/"});
}

TEST_CASE("a raster that is cut off anywhere is an error or no loss, and never a crash")
{
    desk const d;
    make_raster(d / "whole.tif", "GTiff", hills<std::uint16_t>(2, 40, 50),
                {"COMPRESS=DEFLATE", "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"});
    make_raster(d / "whole.img", "HFA", hills<std::uint16_t>(2, 40, 50));
    for (auto const& name : strings{"whole.tif", "whole.img"}) {
        auto const whole = test::read_file(d / name);
        static_cast<void>(
            test::segmented(d / name, d / "reference.tif", {"--clusters", "5", "--min-segment-size", "9"}));
        auto const reference = test::read_file(d / "reference.tif");
        fs::remove(d / "reference.tif");
        for (std::size_t part = 0; part < 16; ++part) {
            auto const size = part == 15 ? whole.size() - 1 : (part + 1) * whole.size() / 17;
            auto const cut = d / ("cut" + fs::path(name).extension().string());
            write_file(cut, whole.substr(0, size));
            auto const before = contents_of(d.path());
            auto const result =
                shepseg({"segment", cut, d / "new.tif", "--quiet", "--clusters", "5", "--min-segment-size", "9"});
            INFO(name, " cut to ", size, " of ", whole.size(), " bytes: ", result.text());
            if (result.status == 0) {
                CHECK(test::read_file(d / "new.tif") == reference);
                fs::remove(d / "new.tif");
            } else {
                CHECK(complaints(result, status::failed, {"error: " + cut + ": "}) == "");
            }
            CHECK(difference(before, contents_of(d.path())) == "");
        }
    }
}

TEST_CASE("a raster with damaged bytes never crashes the tool")
{
    desk const d;
    make_raster(d / "whole.tif", "GTiff", hills<std::uint8_t>(2, 30, 40), {"COMPRESS=LZW"});
    auto const whole = test::read_file(d / "whole.tif");
    test::random_numbers random(4);
    for (int round = 0; round < 25; ++round) {
        auto damaged = whole;
        for (int i = 0; i < 6; ++i)
            damaged[random.below(i < 3 ? 400 : whole.size())] = static_cast<char>(random.below(256));
        write_file(d / "damaged.tif", damaged);
        auto const before = contents_of(d.path());
        auto const result =
            shepseg({"segment", d / "damaged.tif", d / "new.tif", "--quiet", "--clusters", "5", "--null-value", "0"},
                    {.memory = test::sanitized ? std::optional<rlim_t>() : rlim_t{2} << 30});
        INFO("round ", round, ": ", result.text());
        if (result.status == 0) {
            CHECK(result.err.empty());
            fs::remove(d / "new.tif");
        } else {
            CHECK(complaints(result, status::failed, {}) == "");
        }
        CHECK(difference(before, contents_of(d.path())) == "");
    }
}

TEST_CASE("a band that the file does not have is named with those that it has")
{
    desk const d;
    for (std::string const bands : {"4", "1,2,99", "2147483647"}) {
        d.refuses(
            {"--bands", bands}, status::usage,
            {"--bands '" + bands + "' is not allowed: must be band numbers from 1 to 3, as " + d.in() + " has them\n"});
    }
    write_file(d / "m.json", R"({"bands": [1, 7], "null_value": null, "centres": [[10, 20], [30, 40]]})");
    d.refuses({"--cluster-model", d / "m.json"}, status::usage, {"7", "1 to 3"});
}

TEST_CASE("bands of different null values are refused with their values, unless one is given")
{
    desk const d;
    std::string vrt = R"(<VRTDataset rasterXSize="30" rasterYSize="20">)";
    for (auto const& null : strings{"<NoDataValue>10</NoDataValue>", "<NoDataValue>30</NoDataValue>", ""}) {
        vrt +=
            std::string("<VRTRasterBand dataType=\"Byte\">") + null +
            "<SimpleSource><SourceFilename relativeToVRT=\"1\">in.tif</SourceFilename></SimpleSource></VRTRasterBand>";
    }
    write_file(d / "in.vrt", vrt + "</VRTDataset>");
    d.refuses_files(d / "in.vrt", d.out(), {}, status::usage, {d / "in.vrt", "null", "10", "30", "none"});
    d.refuses_files(d / "in.vrt", d.out(), {"--bands", "1,3"}, status::usage, {d / "in.vrt", "null", "10", "none"});
    for (auto const& options :
         {strings{"--bands", "1"}, strings{"--null-value", "50"}, strings{"--null-value", "none"}}) {
        static_cast<void>(test::segmented(d / "in.vrt", d / "fine.tif", with({"--clusters", "5"}, options)));
    }
}

TEST_CASE("pixel types that are not supported are named with those that are")
{
    desk const d;
    for (auto const type : {GDT_CInt16, GDT_CInt32, GDT_CFloat32, GDT_CFloat64}) {
        std::string const name = GDALGetDataTypeName(type);
        static_cast<void>(test::create_raster(d / name, "GTiff", 8, 9, 2, type));
        d.refuses_files(d / name, d.out(), {}, status::failed, {d / name, "band 1", name, "uint8", "float64"});
    }
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 5, 0)
    for (auto const type : {GDT_Int64, GDT_UInt64}) {
        std::string const name = GDALGetDataTypeName(type);
        static_cast<void>(test::create_raster(d / name, "GTiff", 8, 9, 2, type));
        d.refuses_files(d / name, d.out(), {}, status::failed, {d / name, "band 1", name, "uint8", "float64"});
    }
#endif
}

TEST_CASE("an output that cannot be written is named, and the reason given")
{
    desk const d;
    fs::create_directory(d / "folder.tif");
    d.refuses_files(d.in(), d / "missing/out.tif", {}, status::failed,
                    {d / "missing/out.tif", "no such file or directory"});
    d.refuses_files(d.in(), d.in() + "/out.tif", {}, status::failed, {d.in() + "/out.tif", "not a directory"});
    d.refuses_files(d.in(), "/proc/out.tif", {}, status::failed, {"/proc/out.tif"});
    d.refuses_files(d.in(), d / "folder.tif", {}, status::failed, {d / "folder.tif", "is a directory"});
    d.refuses_files(d.in(), d.path().string(), {"--format", "GTiff"}, status::failed,
                    {d.path().string(), "is a directory"});
    d.refuses_files(d.in(), d / "new.tif/", {"--format", "GTiff"}, status::failed, {d / "new.tif/"});
    d.refuses_files(d.in(), "/dev/full", {"--format", "GTiff"}, status::failed, {"/dev/full"});
    d.refuses_files(d.in(), "/dev/null", {"--format", "GTiff"}, status::failed, {"/dev/null"});
    d.refuses_files(d.in(), d / std::string(252, 'n') + ".tif", {}, status::failed,
                    {std::string(252, 'n'), "too long"});
    d.refuses_files(d.in(), "/vsimem/out.tif", {}, status::usage, {"/vsimem/out.tif"});
    fs::permissions(d.out(), fs::perms{0444});
    d.refuses({}, status::failed, {d.out(), "read-only"});
    fs::permissions(d.out(), fs::perms{0644});
    REQUIRE(::mkfifo((d / "pipe.tif").c_str(), 0600) == 0);
    d.refuses_files(d.in(), d / "pipe.tif", {}, status::failed, {d / "pipe.tif"});
}

TEST_CASE("an output that is the input is refused, by whatever name")
{
    desk const d;
    fs::create_directory(d / "sub");
    fs::create_symlink("in.tif", d / "link.tif");
    fs::create_directory_symlink(".", d / "here");
    fs::create_hard_link(d.in(), d / "hard.tif");
    for (auto const& name : {d.in(), d / "./in.tif", d / "sub/../in.tif", d / "link.tif", d / "here/in.tif",
                             d / "hard.tif", d.path().string() + "//in.tif"}) {
        d.refuses_files(d.in(), name, {}, status::usage, {name});
    }
    d.refuses_files(d / "link.tif", d.in(), {}, status::usage, {d.in()});
    d.refuses_files("in.tif", "./in.tif", {}, status::usage, {"./in.tif"}, {.directory = d.path()});
}

TEST_CASE("no file that is written besides the output may be the image")
{
    desk const d;
    fs::create_symlink("in.tif", d / "link.tif");
    for (auto const& option : strings{"--preview", "--summary", "--trace", "--save-cluster-model"}) {
        for (auto const& name : {d.in(), d / "link.tif"}) d.refuses({option, name}, status::either, {name});
    }
}

TEST_CASE("no two of the files that are written may be the same")
{
    desk const d;
    for (auto const& option : strings{"--preview", "--summary", "--trace", "--save-cluster-model"}) {
        d.refuses({option, d.out()}, status::either, {d.out()});
        d.refuses({option, d / "./out.tif"}, status::either, {"out.tif"});
    }
    d.refuses({"--summary", d / "x.json", "--trace", d / "x.json"}, status::either, {d / "x.json"});
    d.refuses({"--summary", d / "x.json", "--save-cluster-model", d / "./x.json"}, status::either, {"x.json"});
    d.refuses({"--preview", d / "x.json", "--trace", d / "x.json"}, status::either, {d / "x.json"});
    fs::create_directory(d / "sub");
    fs::create_directory_symlink(".", d / "here");
    d.refuses({"--summary", d / "x.json", "--trace", d / "here/x.json"}, status::either, {"x.json"});
    d.refuses({"--summary", d / "sub/../x.json", "--preview", d / "x.json"}, status::either, {"x.json"});
    d.refuses_files(d.in(), d / "new.tif", {"--preview", d / "here/new.tif"}, status::either, {"new.tif"});
    d.refuses_files("in.tif", "new.tif", {"--preview", d / "new.tif"}, status::either, {"new.tif"},
                    {.directory = d.path()});
}

TEST_CASE("formats that are unknown or cannot be created are refused with those that can")
{
    desk const d;
    for (auto const& name : strings{"out", "out.png", "out.xyz", "out.tif.gz", ".tif", "out."}) {
        d.refuses_files(d.in(), d / name, {}, status::usage, {d / name, ".tif", ".img", ".kea", "format"});
    }
    d.refuses({"--format", "FROB"}, status::usage, {d.out(), "FROB"});
    d.refuses({"--format", "GTiff,HFA"}, status::usage, {d.out(), "GTiff,HFA"});
    for (auto const& format : strings{"PNG", "COG", "AAIGrid", "MEM"}) {
        d.refuses({"--format", format}, status::usage, {d.out(), format, "GTiff"});
    }
    d.refuses({"--format", "ESRI Shapefile"}, status::usage, {d.out(), "ESRI Shapefile"});
    d.refuses({"--format", "VRT"}, status::failed, {d.out()});
    GDALAllRegister();
    if (GetGDALDriverManager()->GetDriverByName("PCIDSK") != nullptr) {
        d.refuses({"--format", "PCIDSK"}, status::usage, {d.out(), "PCIDSK", "uint32"});
    }
    if (GetGDALDriverManager()->GetDriverByName("KEA") == nullptr) {
        d.refuses_files(d.in(), d / "out.kea", {}, status::usage, {d / "out.kea", "KEA"});
    }
}

TEST_CASE("creation options that the driver does not know are refused before any work")
{
    desk const d;
    d.refuses({"--co", "FROB=1"}, status::usage, {d.out(), "FROB", "GTiff"});
    d.refuses({"--creation-option", "COMPRESS=FROB"}, status::usage, {d.out(), "COMPRESS", "FROB"});
    d.refuses({"--co", "BIGTIFF=MAYBE"}, status::usage, {d.out(), "BIGTIFF", "MAYBE"});
    d.refuses({"--co", "BLOCKXSIZE=x"}, status::usage, {d.out(), "BLOCKXSIZE", "x"});
    d.refuses({"--co", "BLOCKXSIZE=17"}, status::failed, {d.out(), "17"});
    d.refuses({"--co", "PREDICTOR=3"}, status::failed, {d.out(), "PREDICTOR"});
    d.refuses({"--co", "FROB"}, status::usage, {"FROB", "KEY=VALUE"});
    d.refuses({"--co", "=1"}, status::usage, {"=1", "KEY=VALUE"});
    d.refuses({"--co", "="}, status::usage, {"=", "KEY=VALUE"});
    d.refuses({"--co", ""}, status::either, {});
    d.refuses({"--co"}, status::usage, {"--c"});
    d.refuses_files(d.in(), d / "out.img", {"--co", "COMPRESS=LZW"}, status::usage, {d / "out.img", "COMPRESS", "HFA"});
}

TEST_CASE("a compression that cannot hold segment numbers is refused with any number of threads")
{
    desk const d;
    for (auto const& compression : strings{"JPEG", "WEBP", "CCITTFAX4"}) {
        GDALAllRegister();
        auto const* const known =
            GetGDALDriverManager()->GetDriverByName("GTiff")->GetMetadataItem(GDAL_DMD_CREATIONOPTIONLIST);
        if (std::string(known).find(">" + compression + "<") == std::string::npos) continue;
        for (auto const& threads : strings{"1", "2", "5"}) {
            d.refuses({"--co", "COMPRESS=" + compression, "--threads", threads}, status::usage, {d.out()});
        }
        d.refuses({"--co", "COMPRESS=" + compression, "--threads", "1"}, status::usage, {d.out()},
                  {.environment = {"GDAL_NUM_THREADS=2"}});
        d.refuses({"--co", "COMPRESS=" + compression, "--co", "NUM_THREADS=2"}, status::usage, {d.out()});
    }
}

TEST_CASE("bits that cannot hold the number of segments are refused")
{
    desk const d;
    // 160 000 segments of two pixels; 17 bits hold 131 071.
    quilt const many{.rows = 800, .cols = 400, .patch = 2};
    rios::image<std::uint8_t> pixels(1, many.rows, many.cols);
    for (auto const [row, col] : pixels.pixels())
        pixels(0, row, col) = static_cast<std::uint8_t>((row / 2 + 2 * col) % 5);
    make_raster(d / "many.tif", "GTiff", pixels, {"COMPRESS=LZW"});
    auto const result = shepseg({"segment", d / "many.tif", d / "17.tif", "--clusters", "5", "--min-segment-size", "1",
                                 "--quiet", "--co", "NBITS=17"});
    INFO(result.text());
    if (result.status == 0) {
        auto const whole =
            test::segmented(d / "many.tif", d / "32.tif", {"--clusters", "5", "--min-segment-size", "1"});
        CHECK(test::first_difference(test::read_pixels<std::uint32_t>(d / "17.tif"), whole) == "");
    } else {
        CHECK(result.status == 2);
    }
}

TEST_CASE("a cluster model that is none is refused, and the file named")
{
    desk const d;
    fs::create_directory(d / "folder.json");
    d.refuses({"--cluster-model", d / "missing.json"}, status::failed, {d / "missing.json"});
    d.refuses({"--cluster-model", d / "folder.json"}, status::failed, {d / "folder.json"});
    d.refuses({"--cluster-model", d.in()}, status::failed, {d.in(), "JSON"});
    d.refuses({"--cluster-model", "/dev/null"}, status::failed, {"/dev/null", "JSON"});
    struct refusal {
        std::string text;
        std::string says;
    };
    for (auto const& [text, says] :
         std::vector<refusal>{{"", "JSON"},
                              {"{", "JSON"},
                              {"hello", "JSON"},
                              {R"({"bands": [1], "centres": [[1]]} trailing)", "JSON"},
                              {R"({"bands": [1], "centres": [[NaN]]})", "JSON"},
                              {R"({"bands": [1], "centres": [[1e999]]})", ""},
                              {std::string(100000, '['), "JSON"},
                              {"\xff\xfe{}", "JSON"},
                              {"null", "object"},
                              {"42", "object"},
                              {"[[1, 2, 3]]", "object"},
                              {"{}", "centres"},
                              {R"({"bands": [1]})", "centres"},
                              {R"({"centres": [[1]]})", "bands"},
                              {R"({"bands": [1], "centres": []})", "centres"},
                              {R"({"bands": [1], "centres": {}})", "centres"},
                              {R"({"bands": [1], "centres": [1]})", "centres"},
                              {R"({"bands": [1], "centres": [[]]})", ""},
                              {R"({"bands": [], "centres": [[]]})", ""},
                              {R"({"bands": [1], "centres": [["1"]]})", "centres"},
                              {R"({"bands": [1], "centres": [[null]]})", "centres"},
                              {R"({"bands": [1], "centres": [[1], [1, 2]]})", ""},
                              {R"({"bands": [1, 2], "centres": [[1]]})", "bands"},
                              {R"({"bands": 1, "centres": [[1]]})", "bands"},
                              {R"({"bands": ["1"], "centres": [[1]]})", "bands"},
                              {R"({"bands": [0], "centres": [[1]]})", "bands"},
                              {R"({"bands": [-1], "centres": [[1]]})", "bands"},
                              {R"({"bands": [1.5], "centres": [[1]]})", "bands"},
                              {R"({"bands": [4294967297], "centres": [[1]]})", "bands"},
                              {R"({"bands": [18446744073709551617], "centres": [[1]]})", "bands"},
                              {R"({"bands": [true], "centres": [[1]]})", "bands"},
                              {R"({"bands": [1], "null_value": "0", "centres": [[1]]})", "null_value"},
                              {R"({"bands": [1], "null_value": [0], "centres": [[1]]})", "null_value"}}) {
        write_file(d / "m.json", text);
        d.refuses({"--cluster-model", d / "m.json"}, status::failed, {d / "m.json", says});
    }
    std::string many = R"({"bands": [1], "null_value": null, "centres": [[0])";
    for (int i = 0; i < 65535; ++i) many += ",[1]";
    write_file(d / "m.json", many + "]}");
    d.refuses({"--cluster-model", d / "m.json"}, status::failed, {d / "m.json", "65535"});
}

TEST_CASE("a cluster model with another number of bands is refused")
{
    desk const d;
    write_file(d / "m.json", R"({"bands": [1, 2], "null_value": null, "centres": [[10, 20], [30, 40]]})");
    d.refuses({"--cluster-model", d / "m.json", "--bands", "1,2,3"}, status::usage, {"cluster model", "2", "3"});
    d.refuses({"--cluster-model", d / "m.json", "--bands", "3"}, status::usage, {"cluster model", "2", "1"});
}

TEST_CASE("centres beyond all measure are no reason to crash or to hang")
{
    desk const d;
    for (auto const& centres :
         strings{"[[1e308], [-1e308]]", "[[1e308], [1e308]]", "[[5e-324], [0]]", "[[10], [10], [10]]"}) {
        write_file(d / "m.json", R"({"bands": [1], "null_value": null, "centres": )" + centres + "}");
        auto const result =
            shepseg({"segment", d.in(), d / "new.tif", "--cluster-model", d / "m.json", "--summary", d / "s.json"});
        INFO(centres, ": ", result.text());
        CHECK((result.status == 0 || result.status == 1));
        CHECK(result.err.empty() == (result.status == 0));
        if (result.status == 0) CHECK(test::read_json(d / "s.json").at("counts").at("segments").get<int>() >= 1);
    }
}

TEST_CASE("more clusters than the sample has pixels are refused with the number of those")
{
    desk const d;
    d.refuses_options({"--clusters", "601"}, status::usage, {d.in(), "601", "600"});
    d.refuses_options({"--clusters", "60", "--sample-pixels", "59"}, status::usage, {d.in(), "60"});
    d.refuses_options({"--clusters", "2", "--sample-percent", "1e-9"}, status::usage, {d.in(), "2", "1"});
    set_null(d.in(), 10);
    d.refuses_options({"--clusters", "600"}, status::usage, {d.in(), "600", "475"});
    make_raster(d / "one.tif", "GTiff", rios::image<std::uint8_t>(1, 1, 1));
    d.refuses_files(d / "one.tif", d.out(), {}, status::usage, {d / "one.tif", "5", "1"});
}

TEST_CASE("a preview of bands that do not exist is refused before the output is replaced")
{
    desk const d;
    for (auto const& bands : strings{"4", "1,2,4", "4,4,4", "2147483647"}) {
        d.refuses({"--preview", d / "p.png", "--preview-bands", bands}, status::usage,
                  {"--preview-bands '" + bands + "' is not allowed: must be band numbers from 1 to 3, as " + d.in() +
                   " has them\n"});
    }
}

TEST_CASE("an extra file that cannot be written is found out before the work")
{
    desk const d;
    fs::create_directory(d / "folder");
    for (auto const& option : strings{"--summary", "--trace", "--preview", "--save-cluster-model"}) {
        d.refuses({option, d / "missing/x"}, status::failed, {d / "missing/x", "no such file or directory"});
        d.refuses({option, d.in() + "/x"}, status::failed, {d.in() + "/x", "not a directory"});
        d.refuses({option, d / "folder"}, status::failed, {d / "folder", "is a directory"});
        d.refuses({option, "/dev/full"}, status::failed, {"/dev/full"});
        d.refuses({option, d / std::string(256, 'x')}, status::failed, {std::string(256, 'x')});
    }
}

TEST_CASE("a pipe as an image is refused instead of waited for")
{
    desk const d;
    REQUIRE(::mkfifo((d / "pipe.tif").c_str(), 0600) == 0);
    auto const result = shepseg({"segment", d / "pipe.tif", d / "new.tif"}, {.timeout = std::chrono::seconds(10)});
    CHECK_FALSE(result.timed_out);
    CHECK(result.status == 1);
    CHECK(result.err == "shepseg: error: " + (d / "pipe.tif") +
                            ": is a pipe or a device; rasters must be files, as they are read in any order\n");
}

TEST_CASE("compression that would change the numbers of segments is refused")
{
    desk const d;
    for (std::string const option : {"MAX_Z_ERROR=3", "DISCARD_LSB=2", "JXL_LOSSLESS=NO"}) {
        d.refuses({"--co", option}, status::usage, {d.out(), option, "change the numbers"});
    }
}
