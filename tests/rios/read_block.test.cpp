// SPDX-License-Identifier: BSL-1.0
#include <rios/read_block.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block.hpp>
#include <rios/block_info.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>
#include <rios/pixel_grid.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"

using rios::block;
using rios::image;
using rios::input_info;
using rios::memory_reader;
using rios::detail::read_block;

namespace {

using plain_reader = test::hooked_reader<std::int16_t>; // one that cannot read into memory which it is given
static_assert(rios::detail::ViewReader<memory_reader<std::int16_t>>);
static_assert(!rios::detail::ViewReader<plain_reader>);

/// What a block with its margin must hold.
image<std::int16_t> expected(image<std::int16_t> const& whole, block const& where, std::ptrdiff_t overlap,
                             std::vector<std::int16_t> const& fill)
{
    image<std::int16_t> result(whole.bands(), where.rows + 2 * overlap, where.cols + 2 * overlap);
    for (std::ptrdiff_t band = 0; band < result.bands(); ++band) {
        for (auto const [r, c] : result.pixels()) {
            auto const row = where.row - overlap + r;
            auto const col = where.col - overlap + c;
            bool const inside = row >= 0 && row < whole.rows() && col >= 0 && col < whole.cols();
            result(band, r, c) = inside ? whole(band, row, col) : fill.at(static_cast<std::size_t>(band));
        }
    }
    return result;
}

struct text_reader {
    using value_type = std::string;
    rios::pixel_grid place{.rows = 4, .cols = 4, .geotransform = {}, .projection = {}};
    [[nodiscard]] rios::pixel_grid const& grid() const { return place; }
    static std::string read(block const& where) { return std::to_string(where.index); }
};

struct wrong_reader {
    using value_type = image<float>;
    rios::pixel_grid place{.rows = 4, .cols = 4, .geotransform = {}, .projection = {}};
    std::ptrdiff_t more_rows = 0;
    std::ptrdiff_t more_cols = 0;
    [[nodiscard]] rios::pixel_grid const& grid() const { return place; }
    [[nodiscard]] image<float> read(block const& where) const
    {
        return {1, where.rows + more_rows, where.cols + more_cols};
    }
};

} // namespace

TEST_CASE("a margin is cut to the grid before it is read")
{
    rios::pixel_grid const grid{.rows = 10, .cols = 8, .geotransform = {}, .projection = {}};
    using rios::detail::padded_block;
    CHECK(padded_block({3, 4, 3, 2, 2}, grid, 0) == block{3, 4, 3, 2, 2});
    CHECK(padded_block({3, 4, 3, 2, 2}, grid, 2) == block{3, 2, 1, 6, 6});
    CHECK(padded_block({0, 0, 0, 4, 4}, grid, 2) == block{0, 0, 0, 6, 6});
    CHECK(padded_block({9, 8, 6, 2, 2}, grid, 3) == block{9, 5, 3, 5, 5});
    CHECK(padded_block({3, 4, 3, 2, 2}, grid, 1000) == block{3, 0, 0, 10, 8});
    // Some pixels beyond the grid can be read, too.
    CHECK(padded_block({0, 0, 0, 4, 4}, grid, 2, 3) == block{0, -2, -2, 8, 8});
    CHECK(padded_block({9, 8, 6, 2, 2}, grid, 3, 1) == block{9, 5, 3, 6, 6});
    CHECK(padded_block({3, 4, 3, 2, 2}, grid, 1000, 5) == block{3, -5, -5, 20, 18});
}

TEST_CASE("every block with every margin holds its pixels and what is filled in, whichever way the reader reads")
{
    auto const whole = test::random_image<std::int16_t>(2, 7, 9, 1);
    input_info const input{.filename = "a.tif", .null_values = {-5.0, std::nullopt}};
    memory_reader const by_view(whole);
    plain_reader const by_image("a.tif", whole);
    image<std::int16_t> from_view;
    image<std::int16_t> from_image;
    for (std::ptrdiff_t const size : {1, 3, 20}) {
        for (auto const& where : by_view.grid().blocks(size)) {
            for (std::ptrdiff_t const overlap : {0, 1, 2, 12}) {
                auto reading_view = by_view;
                auto reading_image = by_image;
                read_block(reading_view, where, overlap, input, from_view);
                read_block(reading_image, where, overlap, input, from_image);
                auto const want = expected(whole, where, overlap, {-5, 0});
                CHECK(from_view == want);
                CHECK(from_image == want);
            }
        }
    }
}

TEST_CASE("a null value that no pixel can have fills nothing in but 0")
{
    memory_reader reader(image<std::uint8_t>(1, 1, 1));
    image<std::uint8_t> result;
    read_block(reader, {0, 0, 0, 1, 1}, 1, {.filename = {}, .null_values = {-1.0}}, result);
    CHECK(std::all_of(result.data(), result.data() + 9, [](auto value) { return value == 0; }));
    read_block(reader, {0, 0, 0, 1, 1}, 1, {.filename = {}, .null_values = {255.0}}, result);
    CHECK(std::count(result.data(), result.data() + 9, 255) == 8);
    CHECK(result(0, 1, 1) == 0);
}

TEST_CASE("what a block is read into is used again")
{
    memory_reader reader(test::random_image<std::int16_t>(1, 20, 20, 1));
    image<std::int16_t> into;
    read_block(reader, {0, 0, 0, 10, 10}, 0, {}, into);
    auto const* const memory = into.data();
    read_block(reader, {1, 10, 10, 10, 10}, 0, {}, into);
    CHECK(into.data() == memory);
    read_block(reader, {1, 10, 10, 4, 4}, 2, {}, into);
    CHECK(into.data() == memory);
    CHECK(into.rows() == 8);
}

TEST_CASE("a reader of something else is read as it is, and has no margin")
{
    text_reader reader;
    std::string text;
    read_block(reader, {7, 0, 0, 4, 4}, 0, {}, text);
    CHECK(text == "7");
    CHECK(test::message_of<rios::options_error>([&] {
              read_block(reader, {7, 0, 0, 4, 4}, 1, {}, text);
          }) == "overlap: only readers of images can read a margin");
}

TEST_CASE("an image of another shape than was asked for is refused")
{
    image<float> into;
    for (auto const& [more_rows, more_cols] : {std::pair{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
        wrong_reader reader{.more_rows = more_rows, .more_cols = more_cols};
        for (std::ptrdiff_t const overlap : {0, 1}) {
            CHECK_THROWS_AS(read_block(reader, {0, 0, 0, 2, 2}, overlap, {}, into), rios::grid_error);
        }
    }
    wrong_reader reader{.more_rows = 1};
    CHECK(test::message_of<rios::grid_error>([&] {
              read_block(reader, {7, 1, 1, 2, 2}, 0, {.filename = "a.tif", .null_values = {}}, into);
          }) == "a.tif: block 7 (rows 1 to 2, cols 1 to 2): the reader returned an image of 3 rows, 2 cols");
}
