// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/ground_control_points.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <rios/gdal/dataset.hpp>

#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::ground_control_points;
using test::temporary_directory;

static_assert(std::regular<ground_control_points>);
static_assert(std::regular<rios::ground_control_point>);

namespace {

ground_control_points three_points()
{
    return {.points = {{.id = "a", .info = "a mill", .col = 0.5, .row = 10.25, .x = 7, .y = 50, .z = 120},
                       {.id = "b", .info = "", .col = 100, .row = 0, .x = 8, .y = 51, .z = 0},
                       {.id = "", .info = "a bridge", .col = 3, .row = 90.75, .x = 7.5, .y = 49, .z = -3}},
            .projection = "a system"};
}

std::string wgs84()
{
    OGRSpatialReference system;
    system.SetWellKnownGeogCS("WGS84");
    return rios::detail::wkt_of(&system);
}

} // namespace

TEST_CASE("points of a part of the raster are counted from its first pixel, and all else stays")
{
    auto const part = three_points().from(10, 3);
    auto expected = three_points();
    expected.points[0].col = -2.5;
    expected.points[0].row = 0.25;
    expected.points[1].col = 97;
    expected.points[1].row = -10; // a point outside ties the part to the map as well as one inside
    expected.points[2].col = 0;
    expected.points[2].row = 80.75;
    CHECK(part == expected);
}

TEST_CASE("rows and columns of points are not mixed up")
{
    CHECK(three_points().from(0, 0) == three_points());
    auto const down = three_points().from(7, 0);
    auto const across = three_points().from(0, 7);
    for (std::size_t i = 0; i < 3; ++i) {
        auto const& point = three_points().points[i];
        CHECK(down.points[i].row == point.row - 7);
        CHECK(down.points[i].col == point.col);
        CHECK(across.points[i].row == point.row);
        CHECK(across.points[i].col == point.col - 7);
    }
    CHECK(three_points().from(4, 5).from(6, -2) == three_points().from(10, 3));
    CHECK(ground_control_points().from(10, 3) == ground_control_points());
}

TEST_CASE("the points of a part come back from a file")
{
    temporary_directory const folder;
    auto const path = folder / "part.tif";
    auto points = three_points();
    points.projection = wgs84();
    for (auto& point : points.points) {
        point.id = std::to_string(&point - points.points.data() + 1); // the format keeps neither names nor notes
        point.info.clear();
    }
    auto const part = points.from(10, 3);
    {
        auto const file = test::create_raster(path, "GTiff", 20, 30, 1, GDT_Byte);
        CHECK(part.write_to(*file) == CE_None);
    }
    CHECK(rios::gdal_dataset::open(path).gcps() == part);
}

TEST_CASE("a file without points has none, and no system for them")
{
    temporary_directory const folder;
    test::make_raster(folder / "a.tif", "GTiff", rios::image<std::uint8_t>(1, 2, 2));
    CHECK(rios::gdal_dataset::open(folder / "a.tif").gcps() == ground_control_points());
}
