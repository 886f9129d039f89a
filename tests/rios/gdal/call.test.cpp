// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/call.hpp>

#include <cerrno>
#include <string>
#include <thread>

#include <cpl_error.h>

#include <doctest/doctest.h>

#include "support/captured_stderr.hpp"
#include "support/message_of.hpp"

using rios::gdal_errors;
using rios::detail::gdal_reason;
using test::message_of;

TEST_CASE("a scope catches what GDAL reports and keeps the first failure")
{
    test::captured_stderr const output;
    gdal_errors const errors;
    CHECK(errors.message().empty());
    CPLError(CE_Warning, CPLE_AppDefined, "careful");
    CHECK_FALSE(errors.failed());
    CHECK(errors.message() == "careful");
    errors.check(true, "a.tif");
    CPLError(CE_Failure, CPLE_AppDefined, "the cause");
    CPLError(CE_Failure, CPLE_AppDefined, "a consequence");
    CHECK(errors.failed());
    CHECK(errors.message() == "the cause");
    CHECK(message_of<rios::io_error>([&] { errors.check(true, "a.tif"); }) == "a.tif: the cause");
    CHECK(message_of<rios::io_error>([&] { errors.fail("a.tif", "cannot do it"); }) ==
          "a.tif: cannot do it: the cause");
    CHECK(output.text().empty());
}

TEST_CASE("a failed call without a message of GDAL is an error too")
{
    gdal_errors const errors;
    CHECK(message_of<rios::io_error>([&] { errors.check(false, "a.tif", "cannot do it"); }) ==
          "a.tif: cannot do it: failed; GDAL gives no reason");
}

TEST_CASE("scopes nest, and the handler of before is back at the end")
{
    static int seen = 0;
    CPLPushErrorHandler([](CPLErr, CPLErrorNum, char const*) { ++seen; });
    {
        gdal_errors const outer;
        {
            gdal_errors const inner;
            CPLError(CE_Failure, CPLE_AppDefined, "inside");
            CHECK(inner.message() == "inside");
        }
        CHECK_FALSE(outer.failed());
        CPLError(CE_Failure, CPLE_AppDefined, "outside");
        CHECK(outer.message() == "outside");
    }
    CHECK(seen == 0);
    CPLError(CE_Failure, CPLE_AppDefined, "after");
    CHECK(seen == 1);
    CPLPopErrorHandler();
}

TEST_CASE("each thread has its own scopes")
{
    gdal_errors const errors;
    std::thread([] {
        gdal_errors const others;
        CPLError(CE_Failure, CPLE_AppDefined, "elsewhere");
        CHECK(others.failed());
    }).join();
    CHECK_FALSE(errors.failed());
}

TEST_CASE("a failure by a full disk names it, even where GDAL does not")
{
    gdal_errors const errors;
    errno = ENOSPC;
    CPLError(CE_Failure, CPLE_FileIO, "TIFFAppendToStrip:Write error at scanline 0");
    CHECK(message_of<rios::io_error>([&] { errors.check(true, "a.tif"); }) ==
          "a.tif: TIFFAppendToStrip:Write error at scanline 0 (No space left on device)");
}

TEST_CASE("GDAL's texts become the end of one line that begins with the path")
{
    auto const reason = [](char const* text) { return gdal_reason(text, "data/a.tif", "/tmp/.x.tmp/a.tif"); };
    CHECK(reason("data/a.tif: No such file or directory") == "no such file or directory");
    CHECK(reason("No such file or directory") == "no such file or directory");
    CHECK(
        reason("`data/a.tif' does not exist in the file system, and is not recognized as a supported dataset name.") ==
        "no such file or directory");
    CHECK(reason("`data/a.tif' not recognized as a supported file format.") == "not recognised as a raster by GDAL");
    CHECK(reason("`data/a.tif' not recognized as being in a supported file format. It could have been recognized by "
                 "driver KEA, but plugin gdal_KEA.so is not available in your installation.") ==
          "not recognised as a raster by GDAL; it could have been recognized by driver KEA, but plugin gdal_KEA.so is "
          "not "
          "available in your installation");
    CHECK(reason("a.tif, band 1: IReadBlock failed at X offset 0, Y offset 0: TIFFReadEncodedTile() failed.") ==
          "band 1: IReadBlock failed at X offset 0, Y offset 0: TIFFReadEncodedTile() failed");
    CHECK(reason("a.tif: TIFFReadDirectory:Failed to read\n directory\tat offset 8\n") ==
          "TIFFReadDirectory:Failed to read directory at offset 8");
    CHECK(reason("Attempt to create new tiff file `/tmp/.x.tmp/a.tif' failed: Not a directory") ==
          "attempt to create new tiff file `data/a.tif' failed: Not a directory");
    CHECK(reason("a.tiff: other file") == "a.tiff: other file");
    CHECK(reason("data/a.tif") == "data/a.tif");
    CHECK(reason("") == "failed; GDAL gives no reason");
    CHECK(gdal_reason("Is a directory", "") == "is a directory");
    CHECK(gdal_reason(": No such file or directory", "") == "no such file or directory");
}

TEST_CASE("what the HFA driver says of large histograms, which it has as columns, is no failure")
{
    gdal_errors const errors;
    CPLError(CE_Failure, CPLE_FileIO, "Unreasonably large histogram: %d", 1000001);
    CHECK_FALSE(errors.failed());
}

TEST_CASE("what the HFA driver says of large statistics, which it keeps, is no failure")
{
    gdal_errors const errors;
    CPLError(CE_Failure, CPLE_AppDefined, "Too large for int: %f", 4294967295.0);
    CHECK_FALSE(errors.failed());
    errors.check(true, "a.img");
    CHECK(errors.message() == "Too large for int: 4294967295.000000");
}

TEST_CASE("a file beside a raster that is lost is a failure, not a warning")
{
    gdal_errors const errors;
    errno = ENOSPC;
    CPLError(CE_Warning, CPLE_AppDefined, "Unable to save auxiliary information in %s.", "a.tif.aux.xml");
    CHECK(message_of<rios::io_error>([&] { errors.check(true, "a.tif", "cannot write"); }) ==
          "a.tif: cannot write: unable to save auxiliary information in a.tif.aux.xml (No space left on device)");
}

TEST_CASE("of a long statement of SQL only the beginning is told")
{
    CHECK(gdal_reason("sqlite3_exec(COMMIT) failed: disk I/O error", "a.gpkg") ==
          "sqlite3_exec(COMMIT) failed: disk I/O error");
    CHECK(gdal_reason(
              "sqlite3_exec(CREATE TABLE \"segments\" ( \"fid\" INTEGER PRIMARY KEY, \"a (b) failed\" REAL)) failed: "
              "database or disk is full",
              "a.gpkg") ==
          "sqlite3_exec(CREATE TABLE \"segments\" ( \"fid\" INTEGER ...) failed: database or disk is full");
}
