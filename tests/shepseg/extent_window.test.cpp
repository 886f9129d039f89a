// SPDX-License-Identifier: BSL-1.0
#include <shepseg/extent_window.hpp>

#include <cstddef>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "support/message_of.hpp"

using rios::map_extent;
using shepseg::extent_window;

namespace {

/// 80 rows and 100 columns of 10 × 10 from x 1000, y 2000 on.
rios::pixel_grid grid()
{
    return {.rows = 80, .cols = 100, .geotransform = {{1000, 10, 0, 2000, 0, -10}}, .projection = {}};
}

map_extent extent(double left, double top, double right, double bottom)
{
    return {.left = left, .bottom = bottom, .right = right, .top = top};
}

std::string window(map_extent const& part, rios::pixel_grid const& of = grid())
{
    return rios::detail::extent_text(extent_window(of, part));
}

} // namespace

TEST_CASE("an extent of whole pixels is those")
{
    CHECK(window(extent(1000, 2000, 2000, 1200)) == "rows 0 to 79, cols 0 to 99");
    CHECK(window(extent(1010, 1980, 1040, 1970)) == "rows 2 to 2, cols 1 to 3");
}

// What gdal_translate 3.6.2 -projwin makes of the same numbers.
TEST_CASE("other extents are rounded as gdal_translate rounds them")
{
    CHECK(window(extent(1006, 1994, 1024, 1976)) == "rows 0 to 1, cols 0 to 1");
    CHECK(window(extent(1004, 1996, 1026, 1974)) == "rows 0 to 1, cols 0 to 1");
    CHECK(window(extent(1005, 1995, 1035, 1965)) == "rows 0 to 2, cols 0 to 2");
    CHECK(window(extent(1004.9, 1996, 1019.9, 1976)) == "rows 0 to 1, cols 0 to 1");
    CHECK(window(extent(1009.99, 1990.01, 1030.01, 1970)) == "rows 1 to 2, cols 1 to 2");
}

TEST_CASE("what lies outside of the raster is cut off")
{
    CHECK(window(extent(900, 2100, 1020, 1900)) == "rows 0 to 9, cols 0 to 1");
    CHECK(window(extent(1991, 1209, 2010, 1190)) == "rows 79 to 79, cols 99 to 99");
    CHECK(window(extent(-1e300, 1e300, 1e300, -1e300)) == "rows 0 to 79, cols 0 to 99");
}

TEST_CASE("rows may run north and columns west")
{
    auto turned = grid();
    turned.geotransform = {{2000, -10, 0, 1200, 0, 10}};
    CHECK(window(extent(1010, 1980, 1040, 1970), turned) == "rows 77 to 77, cols 96 to 98");
}

TEST_CASE("an extent without pixels is refused, with what is allowed")
{
    using test::message_of;
    auto const refused = [](map_extent const& part) {
        return message_of<rios::options_error>([&] { static_cast<void>(extent_window(grid(), part)); });
    };
    CHECK(refused(extent(1010, 1980, 1010, 1970)) == "the extent x 1010 to 1010, y 1970 to 1980: allowed: finite "
                                                     "numbers, of which the first is less than the second");
    CHECK(refused(extent(1010, 1970, 1020, 1980)).find("allowed: finite numbers") != std::string::npos);
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    constexpr auto infinite = std::numeric_limits<double>::infinity();
    CHECK(refused(extent(nan, 1980, 1020, 1970)).find("allowed: finite numbers") != std::string::npos);
    CHECK(refused(extent(-infinite, 1980, 1020, 1970)).find("allowed: finite numbers") != std::string::npos);
    CHECK(refused(extent(1010, 1980, 1014, 1970)) ==
          "the extent x 1010 to 1014, y 1970 to 1980 is less than half a pixel wide or high");
    auto const outside = [](map_extent const& part) {
        return message_of<rios::grid_error>([&] { static_cast<void>(extent_window(grid(), part)); });
    };
    for (auto const& each : {extent(2000, 1980, 2010, 1970), extent(900, 1980, 1000, 1970),
                             extent(1010, 2100, 1020, 2000), extent(1010, 1200, 1020, 1100)}) {
        CHECK(outside(each).find("lies outside the raster, which covers x 1000 to 2000, y 1200 to 2000") !=
              std::string::npos);
    }
}

TEST_CASE("a raster without a place on the map, or a rotated one, has no extents")
{
    auto const refused = [](rios::pixel_grid const& of) {
        return test::message_of<rios::grid_error>(
            [&] { static_cast<void>(extent_window(of, extent(1010, 1980, 1040, 1970))); });
    };
    CHECK(refused({.rows = 80, .cols = 100, .geotransform = {}, .projection = {}}) ==
          "has no place on the map, so that the extent x 1010 to 1040, y 1970 to 1980 means nothing; give a window in "
          "pixels");
    auto rotated = grid();
    rotated.geotransform = {{1000, 10, 1, 2000, 0, -10}};
    CHECK(refused(rotated) == "is rotated (geotransform (1000, 10, 1, 2000, 0, -10)), so that its rows and columns are "
                              "not the extent x 1010 to "
                              "1040, y 1970 to 1980; give a window in pixels");
}
