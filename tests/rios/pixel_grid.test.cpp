// SPDX-License-Identifier: BSL-1.0
#include <rios/pixel_grid.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
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
