// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/format.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/environment.hpp"
#include "support/message_of.hpp"

using rios::driver_for;
using rios::pixel_type;
using test::message_of;

namespace {

std::string error_of_format(std::string const& format)
{
    return message_of<rios::options_error>([&] { static_cast<void>(rios::writable_driver("out.x", format)); });
}

// The options as one text, in alphabetical order.
std::string options_of(char const* format, pixel_type type, std::vector<std::string> const& user, int threads = 1)
{
    auto& driver = rios::output_driver("out.x", format);
    auto list = rios::detail::creation_options("out.x", driver, type, threads, user);
    list.Sort();
    std::string text;
    for (int i = 0; i < list.Count(); ++i) text += std::string(i == 0 ? "" : " ") + list[i];
    return text;
}

std::string error_of_options(std::vector<std::string> const& user)
{
    return message_of<rios::options_error>([&] { static_cast<void>(options_of("GTiff", pixel_type::uint8, user)); });
}

} // namespace

TEST_CASE("the extension tells the format")
{
    CHECK(driver_for("a.tif") == "GTiff");
    CHECK(driver_for("dir.img/a.b.TIFF") == "GTiff");
    CHECK(driver_for("/x/a.Img") == "HFA");
    CHECK(driver_for("a.kea") == "KEA");
    auto const error = [](char const* path) {
        return message_of<rios::options_error>([&] { static_cast<void>(driver_for(path)); });
    };
    CHECK(error("out/a.xyz") == "out/a.xyz: the extension '.xyz' no format is known"
                                " (.tif and .tiff: GTiff, .img: HFA, .kea: KEA); give the format explicitly");
    CHECK(error("dir.tif/a").starts_with("dir.tif/a: without an extension no format is known ("));
    CHECK(error(".tif").starts_with(".tif: without an extension"));
}

TEST_CASE("a format that does not exist or cannot be written block by block is refused in words")
{
    CHECK(error_of_format("FOO") ==
          std::string("out.x: unknown format 'FOO'; gdalinfo --formats lists those of this GDAL (") +
              GDALVersionInfo("RELEASE_NAME") + ")");
    for (char const* const format : {"PNG", "COG", "MEM"}) {
        CHECK(error_of_format(format).starts_with("out.x: format '" + std::string(format) +
                                                  "' cannot be written block by block"));
    }
    CHECK(error_of_format("GeoJSON").starts_with("out.x: format 'GeoJSON' cannot be written"));
    CHECK(std::string(rios::writable_driver("out.x", "gtiff").GetDescription()) == "GTiff");
    if (GDALGetDriverByName("KEA") == nullptr)
        CHECK(error_of_format("KEA").starts_with("out.x: unknown format 'KEA'; "));
}

TEST_CASE("without a format the environment tells it, else the extension, else it is HFA")
{
    CHECK(rios::default_format("a.tif") == "GTiff");
    CHECK(rios::default_format("dir.tif/A.IMG") == "HFA");
    CHECK(rios::default_format("a.kea") == "KEA"); // whether this GDAL has it or not
    CHECK(rios::default_format("a.png") == "PNG");
    CHECK(rios::default_format("a.bmp") == "BMP");
    CHECK(rios::default_format("a.BMP") == "BMP");
    for (auto const* path : {"a", "dir.tif/a", ".tif", "a.", "a.no_such_extension", "a.mem"}) {
        CAPTURE(path);
        CHECK(rios::default_format(path) == "HFA");
    }
    {
        test::environment_variable const variable("RIOS_DFLT_DRIVER", "GTiff");
        CHECK(rios::default_format("a.img") == "GTiff"); // as in RIOS
        CHECK(rios::default_format("a") == "GTiff");
    }
    {
        test::environment_variable const variable("RIOS_DFLT_DRIVER", "");
        CHECK(rios::default_format("a") == "HFA");
    }
    test::environment_variable const variable("RIOS_DFLT_DRIVER", "FOO");
    CHECK(message_of<rios::options_error>([] { static_cast<void>(rios::default_format("a.tif")); }) ==
          "environment variable RIOS_DFLT_DRIVER='FOO': allowed: short names of formats that gdalinfo --formats lists");
}

TEST_CASE("outputs may be of formats that only copy, but not of those that only read, or of memory")
{
    auto const error = [](std::string const& format) {
        return message_of<rios::options_error>([&] { static_cast<void>(rios::output_driver("out.x", format)); });
    };
    CHECK(std::string(rios::output_driver("out.x", "png").GetDescription()) == "PNG");
    CHECK(std::string(rios::output_driver("out.x", "GTiff").GetDescription()) == "GTiff");
    for (auto const* format : {"MEM", "GeoJSON", "DIMAP"}) {
        CHECK(error(format) == "out.x: format '" + std::string(format) +
                                   "' cannot be written; those of gdalinfo --formats with 'rw' and 'rw+' can");
    }
    CHECK(error("FOO") == error_of_format("FOO"));
}

TEST_CASE("the environment replaces the defaults of a driver, and a user's option those of the environment")
{
    using enum pixel_type;
    {
        test::environment_variable const variable("RIOS_DFLT_CREOPT_GTiff", "COMPRESS=LZW  TILED=NO");
        CHECK(options_of("GTiff", uint16, {}) == "COMPRESS=LZW TILED=NO");
        CHECK(options_of("GTiff", uint16, {"TILED=YES", "BLOCKXSIZE=64"}) == "BLOCKXSIZE=64 COMPRESS=LZW TILED=YES");
        CHECK(options_of("HFA", uint16, {}) == "COMPRESSED=YES");
    }
    {
        test::environment_variable const variable("RIOS_DFLT_CREOPT_GTiff", "TILED");
        CHECK(error_of_options({}) ==
              "out.x: environment variable RIOS_DFLT_CREOPT_GTiff: creation option 'TILED': must be "
              "KEY=VALUE");
    }
    {
        test::environment_variable const variable("RIOS_DFLT_CREOPT_GTiff", "FOO=1");
        CHECK(error_of_options({}).starts_with("out.x: driver GTiff does not support"));
    }
    test::environment_variable const variable("RIOS_DFLT_CREOPT_GTiff", "COMPRESS=JPEG");
    CHECK(options_of("GTiff", uint8, {}) == "COMPRESS=JPEG");
    CHECK(message_of<rios::options_error>([] { static_cast<void>(options_of("GTiff", int16, {})); }) ==
          "out.x: COMPRESS=JPEG cannot hold pixels of type int16; DEFLATE, ZSTD and LZW can");
}

TEST_CASE("the old variable for options counts for the default driver, unless there is the newer one")
{
    using enum pixel_type;
    test::environment_variable const old("RIOS_DFLT_DRIVEROPTIONS", "COMPRESSED=NO");
    CHECK(options_of("HFA", uint16, {}) == "COMPRESSED=NO");
    CHECK(options_of("GTiff", float32, {}) == "BIGTIFF=IF_SAFER COMPRESS=DEFLATE TILED=YES ZLEVEL=1");
    {
        test::environment_variable const newer("RIOS_DFLT_CREOPT_HFA", "COMPRESSED=YES");
        CHECK(options_of("HFA", uint16, {}) == "COMPRESSED=YES");
    }
    test::environment_variable const driver("RIOS_DFLT_DRIVER", "GTiff");
    CHECK(options_of("HFA", uint16, {}) == "COMPRESSED=YES");
    test::environment_variable const none("RIOS_DFLT_DRIVEROPTIONS", "None");
    CHECK(options_of("GTiff", float32, {}).empty());
}

TEST_CASE("outputs are tiled and compressed, and a user's option replaces a single default")
{
    using enum pixel_type;
    CHECK(options_of("GTiff", uint16, {}) == "BIGTIFF=IF_SAFER COMPRESS=DEFLATE PREDICTOR=2 TILED=YES ZLEVEL=1");
    CHECK(options_of("GTiff", float32, {}) == "BIGTIFF=IF_SAFER COMPRESS=DEFLATE TILED=YES ZLEVEL=1");
    CHECK(options_of("GTiff", float32, {}, 3) == "BIGTIFF=IF_SAFER COMPRESS=DEFLATE NUM_THREADS=3 TILED=YES ZLEVEL=1");
    CHECK(options_of("GTiff", uint16, {"zlevel=9", "BLOCKXSIZE=512"}) ==
          "BIGTIFF=IF_SAFER BLOCKXSIZE=512 COMPRESS=DEFLATE PREDICTOR=2 TILED=YES zlevel=9");
    CHECK(options_of("GTiff", uint16, {"COMPRESS=LZW"}) == "BIGTIFF=IF_SAFER COMPRESS=LZW PREDICTOR=2 TILED=YES");
    CHECK(options_of("GTiff", uint16, {"COMPRESS=NONE", "TILED=NO"}) == "BIGTIFF=IF_SAFER COMPRESS=NONE TILED=NO");
    CHECK(options_of("HFA", uint16, {}) == "COMPRESSED=YES");
    CHECK(options_of("HFA", uint16, {"COMPRESSED=NO"}) == "COMPRESSED=NO");
    CHECK(options_of("COG", uint16, {}) == "BIGTIFF=IF_SAFER COMPRESS=DEFLATE PREDICTOR=STANDARD");
    CHECK(options_of("COG", float32, {}) == "BIGTIFF=IF_SAFER COMPRESS=DEFLATE");
    CHECK(options_of("COG", uint16, {"compress=lzw"}) == "BIGTIFF=IF_SAFER compress=lzw PREDICTOR=STANDARD");
    CHECK(options_of("COG", uint16, {"COMPRESS=NONE"}) == "BIGTIFF=IF_SAFER COMPRESS=NONE");
    CHECK(options_of("ENVI", uint16, {"INTERLEAVE=BIP"}) == "INTERLEAVE=BIP");
}

TEST_CASE("a bad creation option is refused with GDAL's reason")
{
    CHECK(error_of_options({"FOO"}) == "out.x: creation option 'FOO': must be KEY=VALUE");
    CHECK(error_of_options({"=FOO"}) == "out.x: creation option '=FOO': must be KEY=VALUE");
    CHECK(error_of_options({""}) == "out.x: creation option '': must be KEY=VALUE");
    auto const unknown = error_of_options({"FOO=1"});
    CHECK(unknown.starts_with("out.x: driver GTiff does not support"));
    CHECK(unknown.find("FOO") != std::string::npos);
    CHECK(unknown.ends_with("; gdalinfo --format GTiff lists what is allowed"));
    CHECK(error_of_options({"COMPRESS=ABC"}).starts_with("out.x: 'ABC' is an unexpected value for COMPRESS"));
    CHECK(error_of_options({"BLOCKXSIZE=big"}).starts_with("out.x: 'big' is an unexpected value for BLOCKXSIZE"));
}

TEST_CASE("a format without the pixel type is refused")
{
    auto const error = [](char const* format, pixel_type type) {
        return message_of<rios::options_error>(
            [&] { rios::detail::require_type("out.x", rios::writable_driver("out.x", format), type); });
    };
    CHECK(error("GTiff", pixel_type::uint32) == "(nothing was thrown)");
    CHECK(error("GTiff", pixel_type::int8) == "(nothing was thrown)");
    CHECK(error("HFA", pixel_type::int8) == "(nothing was thrown)");
    CHECK(error("BMP", pixel_type::uint32) == "out.x: format 'BMP' has no uint32 pixels (it has: Byte)");
    CHECK(error("BMP", pixel_type::int8).starts_with("out.x: format 'BMP' has no int8 pixels"));
}
