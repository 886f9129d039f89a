// SPDX-License-Identifier: BSL-1.0
#include <rios/block_info.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include <rios/archive.hpp>

#include <rios/block.hpp>
#include <rios/pixel_grid.hpp>

using rios::block_info;
using rios::map_position;
using rios::pixel_position;
using rios::run_info;

namespace {

/// 10 × 7 pixels in blocks of 4 × 3 with a margin of 2; two files in the second input.
run_info a_run()
{
    return {.grid = {.rows = 10, .cols = 7, .geotransform = {{1000, 10, 0, 2000, 0, -20}}, .projection = "LOCAL"},
            .window_rows = 4,
            .window_cols = 3,
            .overlap = 2,
            .inputs = {{{.filename = "a.tif", .null_values = {-1.0, std::nullopt, 300.0}}},
                       {{.filename = "b.tif", .null_values = {}}, {.filename = "c.tif", .null_values = {0.5}}}}};
}

} // namespace

TEST_CASE("a run knows its blocks, which are those of its grid")
{
    auto const run = a_run();
    CHECK(run.blocks_down() == 3);
    CHECK(run.blocks_across() == 3);
    CHECK(run.blocks() == 9);
    auto const blocks = run.grid.blocks(4, 3);
    for (std::size_t i = 0; i < 9; ++i) CHECK(run.block_at(i) == blocks[static_cast<std::ptrdiff_t>(i)]);
}

TEST_CASE("a block knows its place among the blocks")
{
    auto const run = a_run();
    block_info const first(run.block_at(0), run);
    CHECK(first.is_first());
    CHECK(!first.is_last());
    CHECK(first.total() == 9);
    block_info const inner(run.block_at(5), run);
    CHECK(inner.row == 4);
    CHECK(inner.col == 6);
    CHECK(inner.rows == 4);
    CHECK(inner.cols == 1);
    CHECK(inner.block_row() == 1);
    CHECK(inner.block_col() == 2);
    CHECK(inner.blocks_down() == 3);
    CHECK(inner.blocks_across() == 3);
    CHECK(inner.window_rows() == 4);
    CHECK(inner.window_cols() == 3);
    CHECK(!inner.is_first());
    CHECK(!inner.is_last());
    CHECK(inner.grid() == run.grid);
    block_info const last(run.block_at(8), run);
    CHECK(last.is_last());
    CHECK(last.rows == 2);
    run_info const single{
        .grid = {.rows = 1, .cols = 1, .geotransform = {}, .projection = {}}, .window_rows = 5, .window_cols = 5};
    block_info const only(single.block_at(0), single);
    CHECK(only.is_first());
    CHECK(only.is_last());
}

TEST_CASE("positions in an image count from the corner of the margin")
{
    auto const run = a_run();
    block_info const where(run.block_at(4), run); // rows 4 to 7, cols 3 to 5
    CHECK(where.overlap() == 2);
    CHECK(where.padded_rows() == 8);
    CHECK(where.padded_cols() == 7);
    CHECK(where.centre(2, 2) == map_position{1035, 1910});
    CHECK(where.centre(0, 0) == map_position{1015, 1950});
    CHECK(where.top_left() == map_position{1030, 1920});
    CHECK(where.bottom_right() == map_position{1060, 1840});
    auto const coordinates = where.coordinates();
    REQUIRE(coordinates.bands() == 2);
    REQUIRE(coordinates.rows() == 8);
    REQUIRE(coordinates.cols() == 7);
    bool all_right = true;
    for (auto const [row, col] : coordinates.pixels()) {
        auto const centre = where.centre(row, col);
        all_right = all_right && coordinates(0, row, col) == centre.x && coordinates(1, row, col) == centre.y &&
                    where.pixel_at(centre) == pixel_position{row, col};
    }
    CHECK(all_right);
}

TEST_CASE("a place belongs to the pixel that holds it, and a border to the lower right one")
{
    auto const run = a_run();
    block_info const where(run.block_at(4), run); // with its margin rows 2 to 9, cols 1 to 7
    CHECK(where.pixel_at({1010, 1960}) == pixel_position{0, 0});
    CHECK(where.pixel_at({1019.999, 1940.001}) == pixel_position{0, 0});
    CHECK(where.pixel_at({1020, 1940}) == pixel_position{1, 1});
    CHECK(where.pixel_at({1079.999, 1800.001}) == pixel_position{7, 6});
    CHECK(!where.pixel_at({1009.999, 1950}));
    CHECK(!where.pixel_at({1015, 1960.001}));
    CHECK(!where.pixel_at({1080, 1950}));
    CHECK(!where.pixel_at({1015, 1800}));
    CHECK(!where.pixel_at({std::nan(""), 1950}));
    CHECK(!where.pixel_at({1015, std::nan("")}));
    CHECK(!where.pixel_at({std::numeric_limits<double>::infinity(), 1950}));
    CHECK(!where.pixel_at({1e300, -1e300}));
}

TEST_CASE("a grid may be turned, or have no place on the map")
{
    run_info turned = a_run();
    turned.grid.geotransform = {{500, 3, 4, 700, 4, -3}};
    block_info const where(turned.block_at(4), turned);
    for (std::ptrdiff_t row = 0; row < where.padded_rows(); ++row) {
        for (std::ptrdiff_t col = 0; col < where.padded_cols(); ++col) {
            CHECK(where.pixel_at(where.centre(row, col)) == pixel_position{row, col});
        }
    }
    CHECK(where.top_left() == map_position{500 + 3 * 3 + 4 * 4, 700 + 3 * 4 - 4 * 3});
    run_info nowhere = a_run();
    nowhere.grid.geotransform.reset();
    block_info const pixel_numbers(nowhere.block_at(4), nowhere);
    CHECK(pixel_numbers.geotransform() == std::array<double, 6>{0, 1, 0, 0, 0, 1});
    CHECK(pixel_numbers.top_left() == map_position{3, 4});
    CHECK(pixel_numbers.pixel_at({3.5, 4.5}) == pixel_position{2, 2});
    run_info flat = a_run();
    flat.grid.geotransform = {{0, 0, 0, 0, 0, 0}};
    CHECK(!block_info(flat.block_at(4), flat).pixel_at({0, 0}));
}

TEST_CASE("a block knows the files of each input and their null values")
{
    auto const run = a_run();
    block_info const where(run.block_at(0), run);
    CHECK(where.filename(0) == "a.tif");
    CHECK(where.filename(1) == "b.tif");
    CHECK(where.filename(1, 1) == "c.tif");
    CHECK(where.null_value(0) == -1.0);
    CHECK(!where.null_value(0, 1));
    CHECK(where.null_value(0, 2) == 300.0);
    CHECK(!where.null_value(0, 3));
    CHECK(!where.null_value(1));
    CHECK(where.null_value(1, 0, 1) == 0.5);
    CHECK_THROWS_AS(static_cast<void>(where.filename(2)), std::out_of_range);
    CHECK_THROWS_AS(static_cast<void>(where.filename(0, 1)), std::out_of_range);
    CHECK_THROWS_AS(static_cast<void>(where.null_value(2)), std::out_of_range);
    CHECK(where.null_pixel<std::int16_t>(0) == -1);
    CHECK(!where.null_pixel<std::uint8_t>(0));       // there is no such pixel
    CHECK(!where.null_pixel<std::uint8_t>(0, 2));    // nor such
    CHECK(!where.null_pixel<std::uint8_t>(1, 0, 1)); // nor such
    CHECK(where.null_pixel<float>(1, 0, 1) == 0.5F);
    CHECK(!where.null_pixel<float>(0, 1));
}

TEST_CASE("a run that cannot be is not taken from another process")
{
    run_info const good{.window_rows = 2, .window_cols = 3, .overlap = 1};
    CHECK(rios::from_bytes<run_info>(rios::to_bytes(good)).window_cols == 3);
    for (auto const& bad : {run_info{.window_rows = 0, .window_cols = 3}, run_info{.window_rows = 2, .window_cols = -1},
                            run_info{.window_rows = 2, .window_cols = 3, .overlap = -1}}) {
        CHECK_THROWS_AS(static_cast<void>(rios::from_bytes<run_info>(rios::to_bytes(bad))), rios::damaged_data);
    }
}
