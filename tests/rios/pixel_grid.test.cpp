// SPDX-License-Identifier: BSL-1.0
#include <rios/pixel_grid.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <range/v3/range/concepts.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/range/primitives.hpp>

#include "support/message_of.hpp"

using rios::block;
using rios::pixel_grid;

static_assert(std::regular<block>);
static_assert(std::regular<pixel_grid>);
static_assert(ranges::random_access_range<decltype(pixel_grid{}.blocks(1))>);
static_assert(ranges::sized_range<decltype(pixel_grid{}.blocks(1))>);

namespace {

pixel_grid grid_of(std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    return {.rows = rows, .cols = cols, .geotransform = {}, .projection = {}};
}

} // namespace

TEST_CASE("blocks of a hand-worked grid are in scan order and cut at the right and at the bottom")
{
    auto const blocks = grid_of(5, 7).blocks(2, 3) | ranges::to<std::vector>();
    CHECK(blocks == std::vector<block>{{.index = 0, .row = 0, .col = 0, .rows = 2, .cols = 3},
                                       {.index = 1, .row = 0, .col = 3, .rows = 2, .cols = 3},
                                       {.index = 2, .row = 0, .col = 6, .rows = 2, .cols = 1},
                                       {.index = 3, .row = 2, .col = 0, .rows = 2, .cols = 3},
                                       {.index = 4, .row = 2, .col = 3, .rows = 2, .cols = 3},
                                       {.index = 5, .row = 2, .col = 6, .rows = 2, .cols = 1},
                                       {.index = 6, .row = 4, .col = 0, .rows = 1, .cols = 3},
                                       {.index = 7, .row = 4, .col = 3, .rows = 1, .cols = 3},
                                       {.index = 8, .row = 4, .col = 6, .rows = 1, .cols = 1}});
}

TEST_CASE("blocks of any size cover every pixel of any grid exactly once")
{
    for (std::ptrdiff_t rows = 0; rows <= 6; ++rows) {
        for (std::ptrdiff_t cols = 0; cols <= 6; ++cols) {
            for (std::ptrdiff_t block_rows = 1; block_rows <= 7; ++block_rows) {
                for (std::ptrdiff_t block_cols = 1; block_cols <= 7; ++block_cols) {
                    std::vector<int> covered(static_cast<std::size_t>(rows * cols));
                    std::size_t index = 0;
                    bool well_formed = true;
                    for (auto const& each : grid_of(rows, cols).blocks(block_rows, block_cols)) {
                        well_formed = well_formed && each.index == index++ && each.rows > 0 && each.cols > 0 &&
                                      each.rows <= block_rows && each.cols <= block_cols &&
                                      each.row + each.rows <= rows && each.col + each.cols <= cols;
                        REQUIRE(well_formed);
                        for (auto row = each.row; row < each.row + each.rows; ++row) {
                            for (auto col = each.col; col < each.col + each.cols; ++col) {
                                ++covered[static_cast<std::size_t>(row * cols + col)];
                            }
                        }
                    }
                    REQUIRE(std::all_of(covered.begin(), covered.end(), [](int times) { return times == 1; }));
                }
            }
        }
    }
}

TEST_CASE("blocks can be asked for by number and outlive their grid")
{
    auto const blocks = [] { return grid_of(100, 100).blocks(30); }();
    CHECK(ranges::size(blocks) == 16);
    CHECK(blocks[15] == block{.index = 15, .row = 90, .col = 90, .rows = 10, .cols = 10});
    CHECK(blocks[4] == block{.index = 4, .row = 30, .col = 0, .rows = 30, .cols = 30});
}

TEST_CASE("a block that is larger than the grid is the whole grid")
{
    auto const grid = grid_of(3, 4);
    auto const blocks = grid.blocks(1000) | ranges::to<std::vector>();
    CHECK(blocks == std::vector<block>{grid.whole()});
    CHECK(grid.whole() == block{.index = 0, .row = 0, .col = 0, .rows = 3, .cols = 4});
}

TEST_CASE("blocks without a size are refused in words")
{
    auto const message = [](std::ptrdiff_t rows, std::ptrdiff_t cols) {
        return test::message_of<rios::options_error>([&] { static_cast<void>(grid_of(9, 9).blocks(rows, cols)); });
    };
    CHECK(message(0, 3) == "block size 0 rows × 3 cols: both must be at least 1 pixel");
    CHECK(message(3, -1) == "block size 3 rows × -1 cols: both must be at least 1 pixel");
    CHECK_THROWS_AS(static_cast<void>(grid_of(9, 9).blocks(0)), rios::options_error);
}

TEST_CASE("a window lies where its pixels were on the map")
{
    auto const north_up = pixel_grid{.rows = 100,
                                     .cols = 200,
                                     .geotransform = std::array<double, 6>{500'000, 30, 0, 6'000'000, 0, -30},
                                     .projection = "somewhere"};
    auto const part = north_up.window({.index = 7, .row = 10, .col = 20, .rows = 30, .cols = 40});
    CHECK(part == pixel_grid{.rows = 30,
                             .cols = 40,
                             .geotransform = std::array<double, 6>{500'600, 30, 0, 5'999'700, 0, -30},
                             .projection = "somewhere"});
    auto const rotated = pixel_grid{
        .rows = 9, .cols = 9, .geotransform = std::array<double, 6>{1000, 2, 0.5, 2000, 0.25, -4}, .projection = {}};
    auto const turned = rotated.window({.index = 0, .row = 3, .col = 5, .rows = 6, .cols = 4});
    CHECK(turned.geotransform == std::array<double, 6>{1011.5, 2, 0.5, 1989.25, 0.25, -4});
    CHECK(turned.projection.empty());
}

TEST_CASE("every pixel of every window of a rotated grid keeps its place")
{
    auto const all = pixel_grid{.rows = 5,
                                .cols = 6,
                                // Fractions of two, so that the sums are exact.
                                .geotransform = std::array<double, 6>{-1024.5, 0.5, -0.125, 2048.25, 0.0625, 2},
                                .projection = "a system"};
    auto const place = [](pixel_grid const& grid, std::ptrdiff_t row, std::ptrdiff_t col) {
        auto const& g = *grid.geotransform;
        auto const x = static_cast<double>(col);
        auto const y = static_cast<double>(row);
        return std::array<double, 2>{g[0] + x * g[1] + y * g[2], g[3] + x * g[4] + y * g[5]};
    };
    for (std::ptrdiff_t row = 0; row < all.rows; ++row) {
        for (std::ptrdiff_t col = 0; col < all.cols; ++col) {
            for (std::ptrdiff_t rows = 1; rows <= all.rows - row; ++rows) {
                for (std::ptrdiff_t cols = 1; cols <= all.cols - col; ++cols) {
                    auto const part = all.window({.index = 0, .row = row, .col = col, .rows = rows, .cols = cols});
                    REQUIRE(part.rows == rows);
                    REQUIRE(part.cols == cols);
                    REQUIRE(part.projection == all.projection);
                    REQUIRE(place(part, 0, 0) == place(all, row, col));
                    REQUIRE(place(part, rows, cols) == place(all, row + rows, col + cols));
                }
            }
        }
    }
    CHECK(all.window(all.whole()) == all);
}

TEST_CASE("windows of a window are windows")
{
    auto const all =
        pixel_grid{.rows = 50, .cols = 60, .geotransform = std::array<double, 6>{8, 2, 1, 16, 4, -2}, .projection = {}};
    auto const outer = all.window({.index = 0, .row = 10, .col = 12, .rows = 30, .cols = 40});
    CHECK(outer.window({.index = 0, .row = 5, .col = 7, .rows = 3, .cols = 4}) ==
          all.window({.index = 0, .row = 15, .col = 19, .rows = 3, .cols = 4}));
}

TEST_CASE("a window of a grid without a place has none, but the same projection")
{
    auto without = grid_of(10, 10);
    without.projection = "a system";
    auto const part = without.window({.index = 3, .row = 9, .col = 0, .rows = 1, .cols = 10});
    CHECK(part == pixel_grid{.rows = 1, .cols = 10, .geotransform = {}, .projection = "a system"});
}

TEST_CASE("windows that are empty or reach out of the grid are refused in words")
{
    auto const grid = grid_of(10, 20);
    auto const message = [&](std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows, std::ptrdiff_t cols) {
        return test::message_of<rios::grid_error>(
            [&] { static_cast<void>(grid.window({.index = 0, .row = row, .col = col, .rows = rows, .cols = cols})); });
    };
    CHECK(message(8, 15, 3, 5) == "the window at row 8, col 15 of 3 rows, 5 cols is not inside the raster of 10 rows, "
                                  "20 cols");
    CHECK(message(0, -1, 10, 20) == "the window at row 0, col -1 of 10 rows, 20 cols is not inside the raster of 10 "
                                    "rows, 20 cols");
    CHECK(test::message_of<rios::grid_error>([&] {
              static_cast<void>(grid.window({.index = 0, .row = 9, .col = 0, .rows = 2, .cols = 3}, "a.tif"));
          }) == "a.tif: the window at row 9, col 0 of 2 rows, 3 cols is not inside the raster of 10 rows, 20 cols");
    std::string const refused = "the window at ";
    constexpr auto most = std::numeric_limits<std::ptrdiff_t>::max();
    for (auto const& each : std::vector<block>{{0, -1, 0, 5, 5},
                                               {0, 0, 0, 0, 5},
                                               {0, 0, 0, 5, 0},
                                               {0, 0, 0, -1, 5},
                                               {0, 0, 0, 5, -1},
                                               {0, 0, 0, 11, 20},
                                               {0, 0, 0, 10, 21},
                                               {0, 10, 0, 1, 1},
                                               {0, 0, 20, 1, 1},
                                               {0, 5, 0, most, 1}, // row + rows is too large a number
                                               {0, 0, 5, 1, most},
                                               {0, most, 0, 1, 1},
                                               {0, 0, most, most, most}}) {
        CHECK(message(each.row, each.col, each.rows, each.cols).starts_with(refused));
    }
    CHECK_NOTHROW(static_cast<void>(grid.window({0, 9, 19, 1, 1})));
    CHECK_THROWS_AS(static_cast<void>(grid_of(0, 0).window({0, 0, 0, 1, 1})), rios::grid_error);
}

TEST_CASE("grids are equal when size and place are")
{
    auto const here = pixel_grid{
        .rows = 2, .cols = 3, .geotransform = std::array<double, 6>{10, 1, 0, 20, 0, -1}, .projection = "somewhere"};
    auto other = here;
    CHECK(other == here);
    other.geotransform.reset();
    CHECK(other != here);
    other = here;
    other.projection = "elsewhere";
    CHECK(other != here);
    other = here;
    ++other.cols;
    CHECK(other != here);
}
