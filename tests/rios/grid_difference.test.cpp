// SPDX-License-Identifier: BSL-1.0
#include <rios/grid_difference.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include <doctest/doctest.h>

#include <rios/pixel_grid.hpp>

using rios::pixel_grid;

namespace {

auto const literally = [](std::string const& one, std::string const& other) { return one == other; };

pixel_grid a_grid()
{
    return {.rows = 100,
            .cols = 200,
            .geotransform = {{300000, 30, 0, 6000000, 0, -30}},
            .projection = "PROJCRS[\"WGS 84 / UTM zone 55S\",BASEGEOGCRS[\"WGS 84\"]]"};
}

std::string difference(pixel_grid const& one, pixel_grid const& other)
{
    return rios::grid_difference(one, other, "a.tif", literally);
}

pixel_grid with_place(std::array<double, 6> const& geotransform)
{
    auto result = a_grid();
    result.geotransform = geotransform;
    return result;
}

pixel_grid with_crs(std::string const& projection)
{
    auto result = a_grid();
    result.projection = projection;
    return result;
}

} // namespace

TEST_CASE("equal grids do not differ")
{
    CHECK(difference(a_grid(), a_grid()) == "");
    CHECK(difference(pixel_grid{}, pixel_grid{}) == "");
}

TEST_CASE("sizes that differ are told")
{
    auto other = a_grid();
    other.cols = 300;
    CHECK(difference(other, a_grid()) == "has 100 rows, 300 cols; a.tif has 100 rows, 200 cols");
    other.rows = 99;
    CHECK(difference(a_grid(), other) == "has 100 rows, 200 cols; a.tif has 99 rows, 300 cols");
}

TEST_CASE("places that differ by more than a thousandth of a pixel are told")
{
    CHECK(difference(with_place({300000.02, 30, 0, 6000000, 0, -30}), a_grid()) == "");
    CHECK(difference(with_place({300000, 30, 0, 6000000.02, 0, -30}), a_grid()) == "");
    CHECK(difference(with_place({300000.04, 30, 0, 6000000, 0, -30}), a_grid()) ==
          "has geotransform (300000.04, 30, 0, 6000000, 0, -30); a.tif has geotransform (300000, 30, 0, 6000000, 0, "
          "-30)");
    CHECK(difference(with_place({300015, 30, 0, 6000000, 0, -30}), a_grid()) != "");
    CHECK(difference(with_place({300000, 30, 0, 6000000, 0, 30}), a_grid()) != "");
}

TEST_CASE("pixels of another size differ if that adds up to more than a thousandth over the raster")
{
    // 200 columns: 1e-3 pixels in all are 5e-6 of each.
    CHECK(difference(with_place({300000, 30 * (1 + 4e-6), 0, 6000000, 0, -30}), a_grid()) == "");
    CHECK(difference(with_place({300000, 30 * (1 + 6e-6), 0, 6000000, 0, -30}), a_grid()) != "");
    CHECK(difference(with_place({300000, 30, 0, 6000000, 0, -30 * (1 + 9e-6)}), a_grid()) == "");
    CHECK(difference(with_place({300000, 30, 0, 6000000, 0, -30 * (1 + 11e-6)}), a_grid()) != "");
}

TEST_CASE("numbers that are none, and turned grids, differ")
{
    CHECK(difference(with_place({std::nan(""), 30, 0, 6000000, 0, -30}), a_grid()) != "");
    CHECK(difference(a_grid(), with_place({300000, std::nan(""), 0, 6000000, 0, -30})) != "");
    CHECK(difference(with_place({300000, 30, 1, 6000000, 0, -30}), a_grid()) != "");
    auto const flat = with_place({0, 0, 0, 0, 0, 0});
    CHECK(difference(a_grid(), flat) != "");
    CHECK(difference(flat, a_grid()) != "");
    CHECK(difference(flat, flat) == "");
}

TEST_CASE("a grid without a place goes with any of its size")
{
    auto nowhere = a_grid();
    nowhere.geotransform.reset();
    CHECK(difference(nowhere, a_grid()) == "");
    CHECK(difference(a_grid(), nowhere) == "");
    nowhere.rows = 1;
    CHECK(difference(nowhere, a_grid()) == "has 1 rows, 200 cols; a.tif has 100 rows, 200 cols");
}

TEST_CASE("coordinate reference systems that differ are told by their names")
{
    CHECK(difference(with_crs("GEOGCRS[\"GDA94\"]"), a_grid()) == "has \"GDA94\"; a.tif has \"WGS 84 / UTM zone 55S\"");
    CHECK(difference(with_crs("EPSG:4283"), a_grid()) == "has EPSG:4283; a.tif has \"WGS 84 / UTM zone 55S\"");
    CHECK(difference(with_crs("half \"open"), a_grid()).starts_with("has half \"open; "));
    CHECK(difference(with_crs(""), a_grid()) == "");
    CHECK(difference(a_grid(), with_crs("")) == "");
}

TEST_CASE("coordinate reference systems of the same name are told by the first element that differs")
{
    auto const text = [](std::string const& datum, std::string const& method, std::string const& meridian) {
        return with_crs("PROJCRS[\"unknown\",BASEGEOGCRS[\"unknown\",DATUM[\"" + datum +
                        "\",ELLIPSOID[\"E [1]\",6378137]]],CONVERSION[\"unknown\"," + method +
                        "[\"Mercator\",ID[\"EPSG\",9807]],PARAMETER[\"Longitude\"," + meridian +
                        ",ANGLEUNIT[\"degree\",0.017]]],CS[Cartesian,2]]");
    };
    auto const one = text("D", "METHOD", "147");
    CHECK(difference(text("D", "METHOD", "149"), one) ==
          "has \"unknown\" with PARAMETER[\"Longitude\",149]; a.tif has \"unknown\" with PARAMETER[\"Longitude\",147]");
    CHECK(difference(text("D, [2]", "METHOD", "149"), one) ==
          "has \"unknown\" with DATUM[\"D, [2]\"]; a.tif has \"unknown\" with DATUM[\"D\"]");
    CHECK(difference(text("D", "MODE", "147"), one) ==
          "has \"unknown\" with MODE[\"Mercator\"]; a.tif has \"unknown\" with METHOD[\"Mercator\"]");
    CHECK(difference(with_crs("CRS[\"a\"]"), with_crs("CRS[\"a\",2]")) ==
          "has \"a\" with CRS[\"a\"]; a.tif has \"a\" with CRS[\"a\",2]");
    CHECK(difference(with_crs("[\"a\"]"), with_crs("\"a\"")) == "has \"a\" with [\"a\"]; a.tif has \"a\"");
}

TEST_CASE("two texts of one reference system are the same if whoever knows says so")
{
    int asked = 0;
    auto const all_the_same = [&](std::string const& one, std::string const& other) {
        CHECK(one == "EPSG:32755");
        CHECK(other == a_grid().projection);
        ++asked;
        return true;
    };
    CHECK(rios::grid_difference(with_crs("EPSG:32755"), a_grid(), "a.tif", all_the_same) == "");
    CHECK(asked == 1);
    CHECK(rios::grid_difference(a_grid(), a_grid(), "a.tif", all_the_same) == "");
    CHECK(asked == 1);
}
