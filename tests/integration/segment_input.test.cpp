// SPDX-License-Identifier: BSL-1.0
// What `shepseg segment` reads: every pixel type, null values of all kinds, odd shapes, other formats.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gdal_priv.h>

#include <doctest/doctest.h>

#include "support/pixel_types.hpp"
#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using test::exact;
using test::first_difference;
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

/// The least value of a spectrum and the step to the next: nearly the whole range of the type.
template <typename T>
constexpr std::pair<T, T> span_of_values()
{
    if constexpr (std::is_same_v<T, std::uint8_t>) return {55, 50};
    else if constexpr (std::is_same_v<T, std::int8_t>) return {-128, 60};
    else if constexpr (std::is_same_v<T, std::uint16_t>) return {1535, 16000};
    else if constexpr (std::is_same_v<T, std::int16_t>) return {-32768, 16000};
    else if constexpr (std::is_same_v<T, std::uint32_t>) return {294'967'295, 1'000'000'000};
    else if constexpr (std::is_same_v<T, std::int32_t>) return {-2'147'483'647 - 1, 1'000'000'000};
    else if constexpr (std::is_same_v<T, float>) return {-3.4e38F, 1.7e38F};
    else return {-1e100, 0.5e100};
}

template <typename T>
std::string name_of_type()
{
    if constexpr (std::is_same_v<T, std::uint8_t>) return "uint8";
    else if constexpr (std::is_same_v<T, std::int8_t>) return "int8";
    else if constexpr (std::is_same_v<T, std::uint16_t>) return "uint16";
    else if constexpr (std::is_same_v<T, std::int16_t>) return "int16";
    else if constexpr (std::is_same_v<T, std::uint32_t>) return "uint32";
    else if constexpr (std::is_same_v<T, std::int32_t>) return "int32";
    else if constexpr (std::is_same_v<T, float>) return "float32";
    else return "float64";
}

struct vrt_band {
    std::string type;
    std::string source;
    std::string extra; ///< further elements
};

void write_vrt(std::string const& path, quilt const& scene, std::vector<vrt_band> const& bands)
{
    std::string text = "<VRTDataset rasterXSize=\"" + std::to_string(scene.cols) + "\" rasterYSize=\"" +
                       std::to_string(scene.rows) + "\">\n";
    for (std::size_t i = 0; i < bands.size(); ++i) {
        text += "<VRTRasterBand dataType=\"" + bands[i].type + "\" band=\"" + std::to_string(i + 1) + "\">" +
                bands[i].extra + "<SimpleSource><SourceFilename relativeToVRT=\"1\">" + bands[i].source +
                "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>\n";
    }
    test::write_file(path, text + "</VRTDataset>\n");
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("pixels of every type are segmented, and those with the file's null value left out", T,
                          input_types)
{
    temporary_directory const folder;
    quilt const scene;
    auto const [first, step] = span_of_values<T>();
    make_raster(folder / "in.tif", "GTiff", scene.image<T>(3, first, step));
    auto const options = with(exact(), {"--summary", folder / "s.json"});
    CHECK(first_difference(segmented(folder / "in.tif", folder / "out.tif", options), scene.segments()) == "");
    CHECK(read_json(folder / "s.json").at("input").at("pixel_type") == name_of_type<T>());
    for (int const spectrum : {0, 2, 4}) {
        auto const null = static_cast<double>(quilt::value(spectrum, first, step));
        CAPTURE(null);
        test::set_null(folder / "in.tif", null);
        CHECK(first_difference(segmented(folder / "in.tif", folder / "out.tif", options), scene.segments(spectrum)) ==
              "");
        CHECK(read_json(folder / "s.json").at("parameters").at("null_value") == doctest::Approx(null));
    }
    // A value that the type may not even have.
    test::set_null(folder / "in.tif", -12345.5);
    CHECK(first_difference(segmented(folder / "in.tif", folder / "out.tif", options), scene.segments()) == "");
}
TEST_CASE_TEMPLATE_APPLY(input_types, test::pixel_types);

TEST_CASE("neighbouring values of wide types are told apart")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "u.tif", "GTiff", scene.image<std::uint32_t>(1, 4'294'967'291U, 1U));
    CHECK(first_difference(segmented(folder / "u.tif", folder / "out.tif", exact()), scene.segments()) == "");
    make_raster(folder / "d.tif", "GTiff", scene.image<double>(1, 1e15, 0.125));
    CHECK(first_difference(segmented(folder / "d.tif", folder / "out.tif", exact()), scene.segments()) == "");
    make_raster(folder / "f.tif", "GTiff", scene.image<float>(1, 1.0F, 0x1p-23F));
    CHECK(first_difference(segmented(folder / "f.tif", folder / "out.tif", exact()), scene.segments()) == "");
}

TEST_CASE("pixels that are NaN or infinite are null in any image")
{
    temporary_directory const folder;
    quilt const scene;
    for (double const special : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity()}) {
        CAPTURE(special);
        auto pixels = scene.image<float>(2);
        auto wide = scene.image<double>(2);
        for (auto const [row, col] : pixels.pixels()) {
            if (scene.spectrum(row, col) != 3) continue;
            pixels(1, row, col) = static_cast<float>(special); // in one band only
            wide(0, row, col) = special;
        }
        make_raster(folder / "f.tif", "GTiff", pixels);
        make_raster(folder / "d.tif", "GTiff", wide);
        for (auto const& name : strings{"f.tif", "d.tif"}) {
            INFO(name);
            CHECK(first_difference(segmented(folder / name, folder / "out.tif", exact()), scene.segments(3)) == "");
            CHECK(
                first_difference(segmented(folder / name, folder / "out.tif", with(exact(), {"--null-value", "none"})),
                                 scene.segments(3)) == "");
            CHECK(first_difference(segmented(folder / name, folder / "out.tif", with(exact(), {"--null-value", "nan"})),
                                   scene.segments(3)) == "");
        }
    }
}

TEST_CASE("a file whose null value is NaN has its NaN pixels left out")
{
    temporary_directory const folder;
    quilt const scene;
    auto pixels = scene.image<float>(2);
    for (auto const [row, col] : pixels.pixels()) {
        if (scene.spectrum(row, col) == 1) pixels(0, row, col) = pixels(1, row, col) = std::nanf("");
    }
    make_raster(folder / "in.tif", "GTiff", pixels);
    test::set_null(folder / "in.tif", std::nan(""));
    auto const found =
        segmented(folder / "in.tif", folder / "out.tif",
                  with(exact(), {"--save-cluster-model", folder / "m.json", "--summary", folder / "s.json"}));
    CHECK(first_difference(found, scene.segments(1)) == "");
    auto const again = segmented(folder / "in.tif", folder / "out.tif",
                                 {"--cluster-model", folder / "m.json", "--min-segment-size", "1"});
    CHECK(first_difference(again, scene.segments(1)) == "");
}

TEST_CASE("the least float is a null value however many digits the file gives it")
{
    temporary_directory const folder;
    quilt const scene;
    auto pixels = scene.image<float>();
    for (auto const [row, col] : pixels.pixels()) {
        if (scene.spectrum(row, col) == 0) pixels(0, row, col) = std::numeric_limits<float>::lowest();
        if (scene.spectrum(row, col) == 2) pixels(0, row, col) = -3.4e38F;
    }
    make_raster(folder / "in.tif", "GTiff", pixels);
    for (double const null : {-3.4028234663852886e+38, -3.40282346638529e+38, -3.40282306073709653e+38}) {
        CAPTURE(null);
        test::set_null(folder / "in.tif", null);
        auto const found = segmented(folder / "in.tif", folder / "out.tif", exact());
        // The last is the float before: not the value of any pixel.
        CHECK(first_difference(found, null == -3.40282306073709653e+38 ? scene.segments() : scene.segments(0)) == "");
    }
    test::set_null(folder / "in.tif", -3.4e38);
    CHECK(first_difference(segmented(folder / "in.tif", folder / "out.tif", exact()), scene.segments(2)) == "");
    CHECK(first_difference(segmented(folder / "in.tif", folder / "out.tif", with(exact(), {"--null-value", "-3.4e38"})),
                           scene.segments(2)) == "");
    // The least double is the value of no float.
    test::set_null(folder / "in.tif", std::numeric_limits<double>::lowest());
    CHECK(first_difference(segmented(folder / "in.tif", folder / "out.tif", exact()), scene.segments()) == "");
}

TEST_CASE("a decimal fraction is a null value of float pixels")
{
    temporary_directory const folder;
    quilt const scene;
    auto pixels = scene.image<float>();
    for (auto const [row, col] : pixels.pixels()) {
        if (scene.spectrum(row, col) == 4) pixels(0, row, col) = 0.1F;
    }
    make_raster(folder / "in.tif", "GTiff", pixels);
    CHECK(first_difference(segmented(folder / "in.tif", folder / "out.tif", with(exact(), {"--null-value", "0.1"})),
                           scene.segments(4)) == "");
    test::set_null(folder / "in.tif", 0.1);
    CHECK(first_difference(segmented(folder / "in.tif", folder / "out.tif", exact()), scene.segments(4)) == "");
}

TEST_CASE("bands of different types are compared as a type that holds them all")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "byte.tif", "GTiff", scene.image<std::uint8_t>(1, 0, 60));
    make_raster(folder / "int8.tif", "GTiff", scene.image<std::int8_t>(1, -100, 50));
    make_raster(folder / "int16.tif", "GTiff", scene.image<std::int16_t>(1, -30000, 15000));
    make_raster(folder / "uint16.tif", "GTiff", scene.image<std::uint16_t>(1, 5, 16000));
    make_raster(folder / "uint32.tif", "GTiff", scene.image<std::uint32_t>(1, 5, 1'000'000'000));
    make_raster(folder / "float.tif", "GTiff", scene.image<float>(1, -0.5F, 0.25F));
    make_raster(folder / "double.tif", "GTiff", scene.image<double>(1, -0.5, 1e-9));
    vrt_band const byte{"Byte", "byte.tif", ""};
    vrt_band const int16{"Int16", "int16.tif", ""};
    vrt_band const uint16{"UInt16", "uint16.tif", ""};
    vrt_band const uint32{"UInt32", "uint32.tif", ""};
    vrt_band const float32{"Float32", "float.tif", ""};
    vrt_band const float64{"Float64", "double.tif", ""};
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
    vrt_band const int8{"Int8", "int8.tif", ""};
#else
    vrt_band const int8{"Byte", "int8.tif",
                        R"(<Metadata domain="IMAGE_STRUCTURE"><MDI key="PIXELTYPE">SIGNEDBYTE</MDI></Metadata>)"};
#endif
    struct expectation {
        std::vector<vrt_band> bands;
        std::string type;
        nlohmann::json least; ///< of the centres: the first spectrum
    };
    for (auto const& [bands, type, least] :
         std::vector<expectation>{{{byte, int16}, "int16", {0, -30000}},
                                  {{byte, uint16}, "uint16", {0, 5}},
                                  {{uint16, int16}, "int32", {5, -30000}},
                                  {{int8}, "int8", {-100}},
                                  {{int8, byte}, "int16", {-100, 0}},
                                  {{uint32, int8}, "float64", {5, -100}},
                                  {{byte, float32}, "float32", {0, -0.5}},
                                  {{int8, float32}, "float32", {-100, -0.5}},
                                  {{uint32, float32}, "float64", {5, -0.5}},
                                  {{float32, float64}, "float64", {-0.5, -0.5}},
                                  {{byte, int16, uint32, float32, float64}, "float64", {0, -30000, 5, -0.5, -0.5}}}) {
        write_vrt(folder / "in.vrt", scene, bands);
        INFO(test::read_file(folder / "in.vrt"));
        auto const found =
            segmented(folder / "in.vrt", folder / "out.tif",
                      with(exact(), {"--summary", folder / "s.json", "--save-cluster-model", folder / "m.json"}));
        CHECK(first_difference(found, scene.segments()) == "");
        CHECK(read_json(folder / "s.json").at("input").at("pixel_type") == type);
        CHECK(read_json(folder / "m.json").at("centres")[0] == least);
    }
    // The type is that of the bands used, not of the file.
    write_vrt(folder / "in.vrt", scene, {byte, float64});
    static_cast<void>(segmented(folder / "in.vrt", folder / "out.tif",
                                with(exact(), {"--bands", "1", "--summary", folder / "s.json"})));
    CHECK(read_json(folder / "s.json").at("input").at("pixel_type") == "uint8");
}

TEST_CASE("a band that is not used may be of any type and have any null value")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "byte.tif", "GTiff", scene.image<std::uint8_t>());
    write_vrt(folder / "in.vrt", scene,
              {{"CFloat32", "byte.tif", ""},
               {"Byte", "byte.tif", "<NoDataValue>50</NoDataValue>"},
               {"Byte", "byte.tif", "<NoDataValue>50</NoDataValue>"},
               {"Byte", "byte.tif", "<NoDataValue>30</NoDataValue>"}});
    CHECK(first_difference(segmented(folder / "in.vrt", folder / "out.tif", with(exact(), {"--bands", "2,3"})),
                           scene.segments(2)) == "");
    CHECK(first_difference(segmented(folder / "in.vrt", folder / "out.tif", with(exact(), {"--bands", "4"})),
                           scene.segments(1)) == "");
    CHECK(first_difference(segmented(folder / "in.vrt", folder / "out.tif",
                                     with(exact(), {"--bands", "2,3,4", "--null-value", "10"})),
                           scene.segments(0)) == "");
}

TEST_CASE("an image may have any shape, down to one pixel")
{
    temporary_directory const folder;
    struct shape {
        std::ptrdiff_t rows;
        std::ptrdiff_t cols;
    };
    for (auto const& size : {shape{1, 1}, {1, 2}, {2, 1}, {1, 700}, {700, 1}, {2, 2}, {3, 513}}) {
        CAPTURE(size.rows);
        CAPTURE(size.cols);
        quilt const scene{.rows = size.rows, .cols = size.cols, .patch = 7};
        make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>(2));
        auto const clusters = std::min<std::ptrdiff_t>(5, size.rows * size.cols);
        auto const found = segmented(folder / "in.tif", folder / "out.tif",
                                     {"--clusters", std::to_string(clusters), "--min-segment-size", "1", "--preview",
                                      folder / "p.png", "--summary", folder / "s.json"});
        CHECK(first_difference(found, scene.segments()) == "");
        for (auto const& connectivity : strings{"4", "8"}) {
            static_cast<void>(segmented(folder / "in.tif", folder / "out.img",
                                        {"--clusters", "1", "--connectivity", connectivity, "--threads", "5"}));
        }
    }
}

TEST_CASE("other formats than GeoTIFF are read, and nothing is written beside them")
{
    temporary_directory const folder;
    quilt const scene;
    std::filesystem::create_directory(folder / "out");
    make_raster(folder / "a.img", "HFA", scene.image<std::int16_t>(3), {"COMPRESSED=YES"});
    make_raster(folder / "b.bil", "ENVI", scene.image<float>(3), {"INTERLEAVE=BIL"});
    make_raster(folder / "c.tif", "GTiff", scene.image<std::uint16_t>(3),
                {"INTERLEAVE=PIXEL", "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"});
    make_raster(folder / "d.tif", "GTiff", scene.image<std::uint8_t>(3), {"PHOTOMETRIC=RGB"});
    {
        auto const source = open_raster(folder / "d.tif");
        auto* const png = GetGDALDriverManager()->GetDriverByName("PNG");
        REQUIRE(png != nullptr);
        test::gdal_handle const copy(
            png->CreateCopy((folder / "e.png").c_str(), source.get(), FALSE, nullptr, nullptr, nullptr));
        REQUIRE(copy);
    }
    std::filesystem::remove(folder / "e.png.aux.xml");
    write_vrt(folder / "f.vrt", scene, {{"Byte", "d.tif", ""}});
    auto const before = test::contents_of(folder.path());
    for (auto const& name : strings{"a.img", "b.bil", "c.tif", "d.tif", "e.png", "f.vrt"}) {
        INFO(name);
        CHECK(first_difference(segmented(folder / name, folder / "out/out.tif", exact()), scene.segments()) == "");
    }
    auto const virtual_file = "/vsisubfile/0," + (folder / "c.tif");
    CHECK(first_difference(segmented(virtual_file, folder / "out/out.tif", exact()), scene.segments()) == "");
    std::filesystem::remove(folder / "out/out.tif");
    CHECK(test::difference(before, test::contents_of(folder.path())) == "");
}

TEST_CASE("a file name may hold anything that the system allows")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "plain.tif", "GTiff", scene.image<std::uint8_t>());
    for (std::string const name : {"with space",
                                   "quo\"te'",
                                   "back\\slash",
                                   "new\nline",
                                   "tab\tand \033 escape",
                                   "$HOME `x` ${y}",
                                   "semi;colon & (more)",
                                   "per%cent%s%n",
                                   "\xc3\xbcnicode \xe2\x82\xac",
                                   "not utf-8 \xe9\xff",
                                   "comma,s",
                                   "[1]",
                                   "{a}",
                                   "a:b",
                                   "~",
                                   "*?",
                                   "=",
                                   "GTIFF_DIR:1:x",
                                   "segment",
                                   "--quiet",
                                   "...",
                                   "-"}) {
        CAPTURE(name);
        auto const in = folder / name;
        auto const out = folder / (name + ".tif");
        std::filesystem::copy_file(folder / "plain.tif", in);
        auto const result =
            test::shepseg({"segment", "--clusters", "5", "--min-segment-size", "1", "--summary",
                           folder / (name + ".json"), "--trace", folder / (name + ".trace"), "--preview",
                           folder / (name + ".png"), "--save-cluster-model", folder / (name + ".model"), in, out});
        INFO(result.text());
        CHECK(result.status == 0);
        CHECK(result.err.empty());
        if (result.status == 0) {
            CHECK(first_difference(test::read_pixels<std::uint32_t>(out), scene.segments()) == "");
            auto const summary = read_json(folder / (name + ".json"));
            if (name.find('\xff') == std::string::npos) CHECK(summary.at("input").at("file") == in);
            CHECK_FALSE(
                nlohmann::json::parse(test::read_file(folder / (name + ".trace")), nullptr, false).is_discarded());
            CHECK(folder.names().size() == 7);
        }
        for (auto const& entry : folder.names()) {
            if (entry != "plain.tif") std::filesystem::remove_all(folder.path() / entry);
        }
    }
}

TEST_CASE("relative names that look like something else are names")
{
    temporary_directory const folder;
    quilt const scene;
    auto const run = [&](std::string const& in, std::string const& out) {
        make_raster(folder / "x.tif", "GTiff", scene.image<std::uint8_t>());
        std::filesystem::rename(folder / "x.tif", folder / in);
        CHECK(first_difference(segmented(in, out, exact(), {.directory = folder.path().string()}), scene.segments()) ==
              "");
    };
    run("segment", "segment.tif");
    run("4", "5.tif");
    run("[x]", "[y].tif");
    run("in.tif", "%(z)s.img");
}

TEST_CASE("the longest name that the system allows is allowed")
{
    temporary_directory const folder;
    quilt const scene;
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    auto const name = std::string(251, 'n');
    CHECK(first_difference(segmented(folder / "in.tif", folder / (name + ".tif"), exact()), scene.segments()) == "");
    auto const again = segmented(folder / (name + ".tif"), folder / (name + ".img"), {"--clusters", "15"});
    CHECK(again.rows() == scene.rows);
    CHECK(folder.names() == std::set<std::string>{"in.tif", name + ".img", name + ".tif"});
    // A deep path.
    auto deep = folder.path();
    while (deep.string().size() < 3000) deep /= std::string(200, 'd');
    std::filesystem::create_directories(deep);
    CHECK(first_difference(segmented(folder / "in.tif", (deep / "out.tif").string(), exact()), scene.segments()) == "");
}
