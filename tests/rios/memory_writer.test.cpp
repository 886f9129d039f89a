// SPDX-License-Identifier: BSL-1.0
#include <rios/memory_writer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block.hpp>
#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>
#include <rios/pixel_grid.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"

using rios::image;
using rios::memory_writer;

static_assert(rios::Writer<memory_writer<float>, rios::image_view<float const>>);

namespace {

rios::pixel_grid grid_of(std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    return {.rows = rows, .cols = cols, .geotransform = {}, .projection = {}};
}

} // namespace

TEST_CASE("blocks in any order become an image when the writer is closed")
{
    auto const pixels = test::random_image<std::int16_t>(3, 7, 8, 1);
    rios::memory_reader const reader(pixels);
    image<std::int16_t> result(1, 1, 1);
    memory_writer writer(result);
    writer.open(reader.grid());
    auto const blocks = reader.grid().blocks(3);
    for (auto i = static_cast<std::ptrdiff_t>(blocks.size()); i-- > 0;) {
        writer.write(blocks[i], reader.read(blocks[i]).view());
        CHECK(result == image<std::int16_t>(1, 1, 1));
    }
    writer.close();
    CHECK(result == pixels);
}

TEST_CASE("blocks that are left out hold the null value")
{
    image<std::uint8_t> result;
    memory_writer<std::uint8_t> writer(result, 9);
    writer.open(grid_of(2, 4));
    writer.skip({.index = 0, .row = 0, .col = 0, .rows = 2, .cols = 2});
    image<std::uint8_t> part(2, 2, 2);
    writer.write({.index = 1, .row = 0, .col = 2, .rows = 2, .cols = 2}, part.view());
    writer.close();
    CHECK(result.bands() == 2);
    CHECK(result(0, 0, 0) == 9);
    CHECK(result(1, 1, 1) == 9);
    CHECK(result(1, 1, 2) == 0);
    writer.open(grid_of(2, 3));
    writer.close();
    CHECK(result.bands() == 1);
    CHECK(result.cols() == 3);
    CHECK(std::all_of(result.data(), result.data() + 6, [](auto value) { return value == 9; }));
}

TEST_CASE("another number of bands than in the first block is refused")
{
    image<float> result;
    memory_writer writer(result);
    writer.open(grid_of(2, 2));
    writer.write({.index = 0, .row = 0, .col = 0, .rows = 1, .cols = 2}, image<float>(2, 1, 2).view());
    CHECK(test::message_of<rios::grid_error>([&] {
              writer.write({.index = 1, .row = 1, .col = 0, .rows = 1, .cols = 2}, image<float>(3, 1, 2).view());
          }) ==
          "block 1 (rows 1 to 1, cols 0 to 1): the result in memory has 2 bands, those given for the block are 3");
}

TEST_CASE("what is discarded leaves the target as it was, and a new run begins from nothing")
{
    image<float> result(1, 1, 1);
    result(0, 0, 0) = 5;
    memory_writer writer(result);
    image<float> ones(1, 1, 1);
    ones(0, 0, 0) = 1;
    writer.open(grid_of(1, 2));
    writer.write({.index = 0, .row = 0, .col = 0, .rows = 1, .cols = 1}, ones.view());
    writer.discard();
    CHECK(result(0, 0, 0) == 5);
    writer.open(grid_of(1, 2));
    writer.write({.index = 1, .row = 0, .col = 1, .rows = 1, .cols = 1}, ones.view());
    writer.close();
    CHECK(result(0, 0, 0) == 0);
    CHECK(result(0, 0, 1) == 1);
}
