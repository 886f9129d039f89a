// SPDX-License-Identifier: BSL-1.0
#include <rios/window_reader.hpp>

#include <array>
#include <cstdint>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>
#include <rios/pixel_grid.hpp>

#include "support/message_of.hpp"

using rios::memory_reader;
using rios::window_reader;

static_assert(rios::Reader<window_reader<memory_reader<float>>>);

namespace {

memory_reader<std::uint16_t> numbered()
{
    rios::image<std::uint16_t> pixels(2, 5, 7);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            pixels(band, row, col) = static_cast<std::uint16_t>(100 * band + 10 * row + col);
        }
    }
    return memory_reader<std::uint16_t>(pixels, 9.0)
        .at({.rows = 5, .cols = 7, .geotransform = std::array<double, 6>{100, 10, 0, 200, 0, -10}, .projection = {}});
}

} // namespace

TEST_CASE("a window has its own grid, at its place on the map")
{
    window_reader const reader(numbered(), {.index = 0, .row = 1, .col = 2, .rows = 3, .cols = 4});
    CHECK(reader.grid().rows == 3);
    CHECK(reader.grid().cols == 4);
    CHECK(*reader.grid().geotransform == std::array<double, 6>{120, 10, 0, 190, 0, -10});
    CHECK(reader.band_count() == 2);
    CHECK(reader.null_value(1) == 9.0);
}

TEST_CASE("blocks count from the window's corner, read whole or into memory of the caller")
{
    window_reader reader(numbered(), {.index = 0, .row = 1, .col = 2, .rows = 3, .cols = 4});
    rios::block const where{.index = 0, .row = 1, .col = 1, .rows = 2, .cols = 2};
    auto const pixels = reader.read(where);
    CHECK(pixels(0, 0, 0) == 23);
    CHECK(pixels(1, 1, 1) == 134);
    rios::image<std::uint16_t> own(2, 2, 2);
    reader.read_into(where, own.view());
    CHECK(own == pixels);
}

TEST_CASE("a window that is not in the raster is refused")
{
    CHECK(test::message_of<rios::grid_error>([] {
              window_reader(numbered(), {.index = 0, .row = 3, .col = 0, .rows = 3, .cols = 7});
          }) == "the window at row 3, col 0 of 3 rows, 7 cols is not inside the raster of 5 rows, 7 cols");
}
