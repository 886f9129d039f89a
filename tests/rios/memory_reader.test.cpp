// SPDX-License-Identifier: BSL-1.0
#include <rios/memory_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

#include <doctest/doctest.h>

#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/image_view.hpp>
#include <rios/pixel_grid.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"

using rios::image;
using rios::memory_reader;

static_assert(rios::Reader<memory_reader<float>>);
static_assert(rios::Reader<memory_reader<std::uint8_t>>);

TEST_CASE("a block of an image in memory has its pixels")
{
    auto const pixels = test::random_image<std::int32_t>(2, 7, 9, 1);
    memory_reader const reader(pixels, 5.0);
    CHECK(reader.grid().rows == 7);
    CHECK(reader.grid().cols == 9);
    CHECK(!reader.grid().geotransform);
    CHECK(reader.band_count() == 2);
    CHECK(reader.null_value(0) == 5.0);
    CHECK(reader.null_value(1) == 5.0);
    CHECK(reader.read(reader.grid().whole()) == pixels);
    for (auto const& where : reader.grid().blocks(3, 4)) {
        auto const part = reader.read(where);
        REQUIRE(part.bands() == 2);
        REQUIRE(part.rows() == where.rows);
        REQUIRE(part.cols() == where.cols);
        bool right = true;
        for (auto const [row, col] : part.pixels()) {
            right = right && part(1, row, col) == pixels(1, where.row + row, where.col + col);
        }
        CHECK(right);
    }
}

TEST_CASE("an image that is taken over lives as long as the last copy of its reader")
{
    std::optional<memory_reader<float>> first(memory_reader(test::random_image<float>(1, 3, 3, 1)));
    auto const second = *first;
    auto const expected = first->read(first->grid().whole());
    first.reset();
    CHECK(second.read(second.grid().whole()) == expected);
    CHECK(!second.null_value(0));
}

TEST_CASE("a view is read where it lies, also a part of a larger image")
{
    auto pixels = test::random_image<float>(2, 6, 6, 1);
    memory_reader const reader(std::as_const(pixels).view().window(1, 2, 3, 4), -1.0);
    CHECK(reader.grid().rows == 3);
    CHECK(reader.grid().cols == 4);
    pixels(1, 2, 3) = 77;
    auto const part = reader.read({.index = 0, .row = 1, .col = 1, .rows = 2, .cols = 3});
    CHECK(part(1, 0, 0) == 77);
    CHECK(part(0, 1, 2) == pixels(0, 3, 5));
}

TEST_CASE("a place on the map must have the size of the image")
{
    memory_reader const reader(image<float>(1, 3, 4));
    rios::pixel_grid const grid{.rows = 3, .cols = 4, .geotransform = {{1, 2, 0, 3, 0, -2}}, .projection = "X"};
    CHECK(reader.at(grid).grid() == grid);
    CHECK(!reader.grid().geotransform);
    CHECK(test::message_of<rios::grid_error>([&] {
              static_cast<void>(reader.at({.rows = 4, .cols = 3, .geotransform = {}, .projection = {}}));
          }) == "an image of 3 rows, 4 cols cannot lie on a grid of 4 rows, 3 cols");
}
