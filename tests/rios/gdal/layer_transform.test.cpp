// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/layer_transform.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/vector_files.hpp"

using rios::pixel_grid;
using rios::detail::layer_transform;

namespace {

/// 100 by 100 pixels of 30 m around 147° E, 36° S.
pixel_grid grid(std::string const& crs = "EPSG:32755")
{
    return {.rows = 100,
            .cols = 100,
            .geotransform = {{498500, 30, 0, 6017000, 0, -30}},
            .projection = crs.empty() ? "" : test::wkt_of(crs)};
}

layer_transform from(std::string const& crs, pixel_grid const& to)
{
    OGRSpatialReference reference;
    if (crs.empty()) return {"a.gpkg", nullptr, to};
    reference.SetFromUserInput(crs.c_str());
    reference.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    return {"a.gpkg", &reference, to};
}

std::unique_ptr<OGRGeometry> shape(std::string const& wkt)
{
    OGRGeometry* made = nullptr;
    REQUIRE(OGRGeometryFactory::createFromWkt(wkt.c_str(), nullptr, &made) == OGRERR_NONE);
    return std::unique_ptr<OGRGeometry>(made);
}

} // namespace

TEST_CASE("there is nothing to do where the systems are the same or one is missing")
{
    CHECK(from("EPSG:32755", grid()).is_identity());
    CHECK(from("", grid()).is_identity());
    CHECK(from("EPSG:4326", grid("")).is_identity());
    CHECK_FALSE(from("EPSG:4326", grid()).is_identity());
}

TEST_CASE("points go to where PROJ puts them, x first")
{
    auto to_grid = from("EPSG:4326", grid());
    auto const result = to_grid(shape("MULTIPOINT (147 -36,147.01 -36.01)"));
    auto const& points = *result->toGeometryCollection();
    REQUIRE(points.getNumGeometries() == 2);
    OGRSpatialReference degrees;
    OGRSpatialReference zone;
    degrees.importFromEPSG(4326);
    zone.importFromEPSG(32755);
    degrees.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    std::unique_ptr<OGRCoordinateTransformation> const proj(OGRCreateCoordinateTransformation(&degrees, &zone));
    double x = 147.01;
    double y = -36.01;
    REQUIRE(proj->Transform(1, &x, &y));
    CHECK(points.getGeometryRef(0)->toPoint()->getX() == doctest::Approx(500000));
    CHECK(points.getGeometryRef(1)->toPoint()->getX() == x);
    CHECK(points.getGeometryRef(1)->toPoint()->getY() == y);
}

TEST_CASE("long edges get points in between, so that they are bent")
{
    auto to_grid = from("EPSG:4326", grid());
    auto const result = to_grid(shape("LINESTRING (146 -36,148 -36)"));
    REQUIRE(result->toGeometryCollection()->getNumGeometries() == 1);
    auto const& line = *result->toGeometryCollection()->getGeometryRef(0)->toLineString();
    CHECK(line.getNumPoints() > 1000);
    double highest = line.getY(0); // the parallel bends towards the pole on both sides of the zone's middle
    for (int i = 0; i < line.getNumPoints(); ++i) highest = std::max(highest, line.getY(i));
    CHECK(highest - line.getY(0) > 400);
    for (int i = 0; i + 1 < line.getNumPoints(); ++i) {
        if (std::abs(line.getX(i + 1) - line.getX(i)) > 4 * 30 * 1.5) FAIL("a gap at ", line.getX(i));
    }
}

TEST_CASE("what has no place in the system of the grid is left out")
{
    // One side of the Earth, seen from far above.
    auto to_grid = from("EPSG:4326", grid("+proj=ortho +lat_0=-36 +lon_0=147 +datum=WGS84"));
    CHECK(to_grid(shape("POINT (-33 36)"))->IsEmpty());
    CHECK_FALSE(to_grid(shape("POINT (147 -36)"))->IsEmpty());
    CHECK(to_grid(shape("POLYGON ((-33 36,-32 36,-32 37,-33 36))"))->IsEmpty());
    auto const cut = to_grid(shape("LINESTRING (147 -36,147 80)")); // beyond the horizon from 54° N on
    REQUIRE(cut->toGeometryCollection()->getNumGeometries() == 1);
    OGREnvelope extent;
    cut->getEnvelope(&extent);
    CHECK(extent.MinY == doctest::Approx(0).epsilon(1));
    CHECK(extent.MaxY > 6.3e6);
    CHECK(extent.MaxY < 6.4e6);
}

TEST_CASE("systems without a way from one to the other are told by name")
{
    auto const message = test::message_of<rios::grid_error>(
        [] { static_cast<void>(from("LOCAL_CS[\"my field\",UNIT[\"metre\",1]]", grid())); });
    CHECK(message == "a.gpkg: cannot be transformed from its coordinate reference system \"my field\" to that of the "
                     "grid, \"WGS 84 / UTM zone 55S\"");
}
