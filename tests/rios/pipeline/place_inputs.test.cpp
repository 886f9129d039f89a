// SPDX-License-Identifier: BSL-1.0
// Inputs on pixels that are not their own, and inputs that have none: readers in memory that can be placed, through apply.
#include <rios/pipeline/place_inputs.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/lazy_reader.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>
#include <rios/pixel_grid.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"

using rios::block;
using rios::block_info;
using rios::image;
using rios::pixel_grid;
using test::message_of;

namespace {

std::int32_t value_at(std::ptrdiff_t x, std::ptrdiff_t y)
{
    return static_cast<std::int32_t>(1000 * y + x);
}

/// What value_at() says of the whole map, on pixels of 1 × 1: without pixels of its own as long as it is not placed.
class map_reader {
  public:
    using value_type = image<std::int32_t>;

    explicit map_reader(std::string path, pixel_grid grid = {}) : path_(std::move(path)), grid_(std::move(grid)) {}

    [[nodiscard]] std::string const& path() const { return path_; }
    [[nodiscard]] pixel_grid const& grid() const { return grid_; }
    [[nodiscard]] std::ptrdiff_t margin() const { return margin_; }
    [[nodiscard]] map_reader on(pixel_grid const& grid, std::ptrdiff_t margin) const
    {
        auto result = *this;
        result.grid_ = grid;
        result.margin_ = margin;
        return result;
    }
    [[nodiscard]] value_type read(block const& where) const
    {
        value_type result(1, where.rows, where.cols);
        auto const x = static_cast<std::ptrdiff_t>((*grid_.geotransform)[0]);
        auto const y = static_cast<std::ptrdiff_t>((*grid_.geotransform)[3]);
        for (auto const [r, c] : result.pixels()) result(0, r, c) = value_at(x + where.col + c, y - where.row - r);
        return result;
    }

  private:
    std::string path_;
    pixel_grid grid_;
    std::ptrdiff_t margin_ = 0;
};
static_assert(rios::PlaceableReader<map_reader>);
static_assert(rios::PlaceableReader<rios::lazy_reader<map_reader>>);
static_assert(!rios::PlaceableReader<rios::memory_reader<float>>);
static_assert(!rios::PlaceableReader<rios::lazy_reader<rios::memory_reader<float>>>);

pixel_grid grid_at(double x, double y, std::ptrdiff_t rows = 7, std::ptrdiff_t cols = 9)
{
    return {.rows = rows, .cols = cols, .geotransform = {{x, 1, 0, y, 0, -1}}, .projection = {}};
}

rios::memory_reader<std::int32_t> memory_at(pixel_grid const& grid)
{
    return rios::memory_reader(map_reader("").on(grid, 0).read(grid.whole()), -1).at(grid);
}

constexpr std::ptrdiff_t overlap = 2;

/// Counts pixels that are not those of the map. @param beyond does the image have them beyond the grid, too?
template <typename Image>
int wrong_pixels(block_info const& where, Image const& pixels, bool beyond)
{
    int wrong = pixels.rows() == where.padded_rows() && pixels.cols() == where.padded_cols() ? 0 : 1;
    for (auto const [r, c] : pixels.pixels()) {
        auto const row = where.row - overlap + r;
        auto const col = where.col - overlap + c;
        auto const& grid = where.grid();
        bool const inside = row >= 0 && col >= 0 && row < grid.rows && col < grid.cols;
        auto const x = static_cast<std::ptrdiff_t>((*grid.geotransform)[0]) + col;
        auto const y = static_cast<std::ptrdiff_t>((*grid.geotransform)[3]) - row;
        wrong += pixels(0, r, c) == (inside || beyond ? value_at(x, y) : -1) ? 0 : 1;
    }
    return wrong;
}

template <typename... Rs>
std::string refusal(std::optional<pixel_grid> const& grid, Rs... readers)
{
    return message_of<rios::error>([&] { rios::detail::place_inputs(std::tuple<Rs...>(readers...), grid, 0); });
}

} // namespace

TEST_CASE("inputs that can be placed lie on the working grid, alone, in lists and lazily, and fill margins beyond it")
{
    auto const grid = grid_at(100, 50);
    map_reader const elsewhere("a", grid_at(0, 0, 3, 3));
    map_reader const nowhere("b");
    std::atomic<int> wrong = 0;
    std::atomic<int> calls = 0;
    auto const look = [&](block_info const& where, image<std::int32_t> const& a,
                          std::span<image<std::int32_t> const> list, auto&& lazy, image<std::int32_t> const& memory) {
        ++calls;
        wrong += wrong_pixels(where, a, true) + wrong_pixels(where, list[0], true) +
                 wrong_pixels(where, list[1], true) + wrong_pixels(where, lazy.get(), true) +
                 wrong_pixels(where, memory, false);
        if (where.grid() != grid_at(100, 50)) ++wrong;
    };
    auto const done = rios::apply(std::tuple(elsewhere, rios::reader_list(std::vector{nowhere, elsewhere}),
                                             rios::lazy_reader(elsewhere), memory_at(grid)),
                                  look, rios::no_output{}, rios::inline_executor{},
                                  {.grid = grid, .window = {3, 4}, .overlap = overlap});
    CHECK(done.grid == grid);
    CHECK(calls == 9);
    CHECK(wrong == 0);
}

TEST_CASE("an input without pixels of its own takes those of the others")
{
    auto const grid = grid_at(100, 50);
    std::atomic<int> wrong = 0;
    map_reader const nowhere("roads");
    map_reader const there("there", grid);
    auto readers = rios::detail::place_inputs(
        std::tuple(nowhere, rios::reader_list(std::vector{nowhere, there}), memory_at(grid)), {}, overlap);
    CHECK(std::get<0>(readers.readers).margin() == overlap);
    CHECK(std::get<1>(readers.readers).members()[0].margin() == overlap);
    CHECK(std::get<1>(readers.readers).members()[1].margin() == 0); // has the pixels, so that it stays as it is
    CHECK(readers.grid == grid);
    std::atomic<int> calls = 0;
    rios::apply(std::tuple(nowhere, memory_at(grid)),
                [&](block_info const& where, image<std::int32_t> const& a, image<std::int32_t> const& memory) {
                    ++calls;
                    wrong += wrong_pixels(where, a, true) + wrong_pixels(where, memory, false);
                },
                rios::no_output{}, rios::inline_executor{}, {.window = 4, .overlap = overlap});
    CHECK(calls == 6);
    CHECK(wrong == 0);
}

TEST_CASE("an input with a place on the map decides where the others lie")
{
    auto const grid = grid_at(100, 50);
    rios::memory_reader const placeless(image<std::int32_t>(1, 7, 9));
    auto const found = rios::detail::place_inputs(std::tuple(placeless, map_reader("roads"), memory_at(grid)), {}, 0);
    CHECK(found.grid == grid);
    CHECK(std::get<1>(found.readers).grid() == grid);
    CHECK(
        refusal({}, placeless, memory_at(grid), memory_at(grid_at(101, 50))) ==
        "input 3: has geotransform (101, 1, 0, 50, 0, -1); input 2 has geotransform (100, 1, 0, 50, 0, -1); all inputs "
        "must have the same pixels");
}

TEST_CASE("without pixels there is nothing to work on, and what cannot be placed must have those of the working grid")
{
    CHECK(refusal({}, map_reader("a"), rios::reader_list(std::vector{map_reader("b")})) ==
          "none of the inputs has pixels of its own; options.grid must say what the pixels are");
    test::hooked_reader const fixed("fixed.tif", image<float>(1, 7, 8));
    CHECK(refusal(grid_at(100, 50), map_reader("a"), fixed) ==
          "fixed.tif: has 7 rows, 8 cols; the working grid has 7 rows, 9 cols; inputs of this kind cannot be placed on "
          "other pixels");
    CHECK(refusal(grid_at(100, 50), memory_at(grid_at(100, 51))) ==
          "input 1: has geotransform (100, 1, 0, 51, 0, -1); the working grid has geotransform (100, 1, 0, 50, 0, -1); "
          "inputs of this kind cannot be placed on other pixels");
    CHECK(message_of<rios::options_error>([] {
              rios::apply(map_reader("a"), [](block_info const&, image<std::int32_t> const&) {}, rios::no_output{},
                          rios::inline_executor{}, {.grid = pixel_grid{}});
          }) == "grid of 0 rows, 0 cols: allowed: at least 1 of each");
}
