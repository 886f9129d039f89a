// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/vector_format.hpp>

#include <string>

#include <doctest/doctest.h>

#include "support/message_of.hpp"

namespace {

std::string driver(std::string const& path, std::string const& format = {})
{
    return rios::vector_driver(path, format).GetDescription();
}

std::string refusal(std::string const& path, std::string const& format = {})
{
    return test::message_of<rios::options_error>([&] { driver(path, format); });
}

} // namespace

TEST_CASE("the extension of a vector file says its format, in any case of its letters")
{
    CHECK(driver("a.gpkg") == "GPKG");
    CHECK(driver("there/b.c.GeoJSON") == "GeoJSON");
    CHECK(driver("a.json") == "GeoJSON");
    CHECK(driver("a.fgb") == "FlatGeobuf");
    CHECK(driver("a.Shp") == "ESRI Shapefile");
    CHECK(driver("a.sqlite") == "SQLite");
}

TEST_CASE("a format that is given counts, whatever the extension")
{
    CHECK(driver("a.gpkg", "FlatGeobuf") == "FlatGeobuf");
    CHECK(driver("a", "gpkg") == "GPKG");
}

TEST_CASE("what no vector format is known for is refused with what is allowed")
{
    CHECK(refusal("dir.gpkg/a").starts_with("dir.gpkg/a: without an extension no vector format is known (.gpkg, "));
    CHECK(refusal("a.tif").starts_with("a.tif: for the extension '.tif' no vector format is known (.gpkg, "));
    CHECK(refusal(".gpkg").starts_with(".gpkg: without an extension no vector format is known"));
    CHECK(refusal("a.gpkg", "nonsense").starts_with("a.gpkg: unknown format 'nonsense'; ogrinfo --formats lists"));
    CHECK(refusal("a.gpkg", "GTiff") ==
          "a.gpkg: format 'GTiff' cannot be written; those of ogrinfo --formats with 'rw+' can");
    CHECK(refusal("a.gpkg", "Memory").starts_with("a.gpkg: format 'Memory' cannot be written"));
}
