// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/near_parts.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include <ogr_geometry.h>

#include <rios/gdal/vector_reader.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>

#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using rios::image;
using rios::pixel_grid;
using test::temporary_directory;

namespace {

/// Rows 0 to 19 from y = 20 down, cols 0 to 29 from x = 0.
pixel_grid grid()
{
    return {.rows = 20, .cols = 30, .geotransform = {{0, 1, 0, 20, 0, -1}}, .projection = {}};
}

image<std::uint8_t> burned(std::string const& wkt, bool all_touched = false)
{
    temporary_directory const folder;
    test::make_vectors(folder / "a.gpkg", {{"far", {{wkt}}, ""}});
    // Several strips.
    auto reader = rios::vector_reader<std::uint8_t>(folder / "a.gpkg", {.all_touched = all_touched, .strip_bytes = 90})
                      .on(grid());
    return reader.read(grid().whole());
}

/// Where `inside(x, y)` is true at the centre of a pixel.
template <typename F>
image<std::uint8_t> expected(F inside)
{
    image<std::uint8_t> result(1, 20, 30);
    for (auto const [row, col] : result.pixels()) {
        result(0, row, col) = inside(static_cast<double>(col) + 0.5, 19.5 - static_cast<double>(row)) ? 1 : 0;
    }
    return result;
}

std::string cut(std::string const& wkt)
{
    OGRGeometry* shape = nullptr;
    REQUIRE(OGRGeometryFactory::createFromWkt(wkt.c_str(), nullptr, &shape) == OGRERR_NONE);
    std::unique_ptr<OGRGeometry> const owner(shape);
    return rios::detail::near_parts(grid())(*shape)->exportToWkt();
}

} // namespace

TEST_CASE("polygons that reach further than 32 bits of pixels are burned where they cover the grid")
{
    auto const everywhere = expected([](double, double) { return true; });
    for (std::string const far : {"1e9", "3e9", "1e12", "1e300"}) {
        CAPTURE(far);
        auto const square = "((-" + far + " -" + far + ", " + far + " -" + far + ", " + far + ' ' + far + ", -" + far +
                            ' ' + far + ", -" + far + " -" + far + ')';
        for (bool const all_touched : {false, true}) {
            CHECK(burned("POLYGON" + square + ')', all_touched) == everywhere);
            CHECK(burned("MULTIPOLYGON(((1 1, 2 1, 2 2, 1 1))," + square + "))", all_touched) == everywhere);
        }
        CHECK(burned("POLYGON" + square + ", (5 5, 5 15, 25 15, 25 5, 5 5))") ==
              expected([](double x, double y) { return x < 5 || x > 25 || y < 5 || y > 15; }));
    }
    // An edge through the grid: what lies below y = x - 4.7.
    CHECK(
        burned(
            "POLYGON((-1e12 -1000000000004.7, 1e12 999999999995.3, 1e12 -1000000000004.7, -1e12 -1000000000004.7))") ==
        expected([](double x, double y) { return y < x - 4.7; }));
}

TEST_CASE("lines and points stay where they are near")
{
    image<std::uint8_t> row(1, 20, 30);
    for (std::ptrdiff_t col = 0; col < 30; ++col) row(0, 7, col) = 1;
    CHECK(burned("LINESTRING(-1e12 12.5, 1e12 12.5)") == row);
    CHECK(burned("LINESTRING(-1e12 5e11, -1e12 12.5, 1e12 12.5, 1e13 1e13)", true) == row);
    row(0, 3, 4) = 1;
    CHECK(burned("GEOMETRYCOLLECTION(LINESTRING(-1e12 12.5, 1e12 12.5), MULTIPOINT(4.5 16.5, 1e12 1))") == row);
}

TEST_CASE("shapes are cut at a rectangle around the grid, and those beyond it are gone")
{
    CHECK(cut("POINT(3 4)") == "GEOMETRYCOLLECTION (POINT (3 4))");
    CHECK(cut("POINT(1e12 4)") == "GEOMETRYCOLLECTION EMPTY");
    CHECK(cut("LINESTRING(0 1e12, 30 1e12)") == "GEOMETRYCOLLECTION EMPTY");
    CHECK(cut("POLYGON((1e12 0, 2e12 0, 2e12 1, 1e12 0))") == "GEOMETRYCOLLECTION EMPTY");
    // 2^28 pixels and one size of the grid beyond its centre.
    CHECK(cut("LINESTRING(0 5, 1e12 5)") == "GEOMETRYCOLLECTION (LINESTRING (0 5,268435501 5))");
    CHECK(cut("POLYGON((0 0, 1e12 0, 1e12 1, 0 1, 0 0))") ==
          "GEOMETRYCOLLECTION (POLYGON ((0 0,268435501 0,268435501 1,0 1,0 0)))");
    OGREnvelope extent;
    extent.MinX = extent.MinY = -1e8;
    extent.MaxX = extent.MaxY = 1e8;
    CHECK(rios::detail::near_parts(grid()).holds(extent));
    extent.MaxY = 3e8;
    CHECK_FALSE(rios::detail::near_parts(grid()).holds(extent));
}
