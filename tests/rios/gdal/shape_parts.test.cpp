// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/shape_parts.hpp>

#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace {

/// All parts of a shape, a line each.
std::string parts_of(std::string const& wkt)
{
    OGRGeometry* shape = nullptr;
    REQUIRE(OGRGeometryFactory::createFromWkt(wkt.c_str(), nullptr, &shape) == OGRERR_NONE);
    std::unique_ptr<OGRGeometry> const owner(shape);
    std::string text;
    rios::detail::each_part(*shape, [&](auto const& part) { text += part.exportToWkt() + '\n'; });
    return text;
}

} // namespace

TEST_CASE("points, lines and polygons are their own only part")
{
    for (std::string const wkt :
         {"POINT (1 2)", "POINT EMPTY", "LINESTRING (0 0,1 1)", "POLYGON ((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))"}) {
        CHECK(parts_of(wkt) == wkt + '\n');
    }
}

TEST_CASE("collections fall into their parts, in their order, and so do those within them")
{
    CHECK(parts_of("MULTIPOINT (1 2,3 4)") == "POINT (1 2)\nPOINT (3 4)\n");
    CHECK(parts_of("MULTILINESTRING ((0 0,1 1),(2 2,3 3))") == "LINESTRING (0 0,1 1)\nLINESTRING (2 2,3 3)\n");
    CHECK(parts_of("GEOMETRYCOLLECTION (POINT (1 2),GEOMETRYCOLLECTION (MULTIPOLYGON (((0 0,1 0,1 1,0 0))),"
                   "LINESTRING (0 0,1 1)),POINT (5 6))") ==
          "POINT (1 2)\nPOLYGON ((0 0,1 0,1 1,0 0))\nLINESTRING (0 0,1 1)\nPOINT (5 6)\n");
    CHECK(parts_of("GEOMETRYCOLLECTION EMPTY").empty());
}

TEST_CASE("what GDAL's rasteriser does not know is left out")
{
    CHECK(parts_of("CIRCULARSTRING (0 0,1 1,2 0)").empty());
    CHECK(parts_of("GEOMETRYCOLLECTION (TRIANGLE ((0 0,1 0,1 1,0 0)),POINT (1 2))") == "POINT (1 2)\n");
}
