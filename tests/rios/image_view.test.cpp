// SPDX-License-Identifier: BSL-1.0
#include <rios/image_view.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>
#include <range/v3/algorithm/equal.hpp>
#include <range/v3/range/concepts.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/range/primitives.hpp>
#include <range/v3/view/filter.hpp>
#include <range/v3/view/transform.hpp>

#include "support/pixel_types.hpp"

using rios::image_view;
using rios::pixel_position;
using rios::pixel_range;

static_assert(std::regular<pixel_position>);
static_assert(ranges::forward_range<pixel_range>);
static_assert(ranges::view_<pixel_range>);
static_assert(ranges::common_range<pixel_range>);
static_assert(std::is_trivially_copyable_v<image_view<float>>);
static_assert(std::convertible_to<image_view<float>, image_view<float const>>);
static_assert(!std::convertible_to<image_view<float const>, image_view<float>>);
static_assert(!std::convertible_to<image_view<float>, image_view<double const>>);
static_assert(std::same_as<image_view<float const>::value_type, float>);

namespace {

std::vector<pixel_position> nested_loops(std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    std::vector<pixel_position> positions;
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        for (std::ptrdiff_t col = 0; col < cols; ++col) positions.push_back({row, col});
    }
    return positions;
}

template <typename T>
std::vector<T> counted(std::size_t size)
{
    std::vector<T> values(size);
    std::iota(values.begin(), values.end(), T{0});
    return values;
}

} // namespace

TEST_CASE("pixels come in scan order, whatever the size")
{
    for (std::ptrdiff_t rows = 0; rows <= 5; ++rows) {
        for (std::ptrdiff_t cols = 0; cols <= 5; ++cols) {
            CAPTURE(rows);
            CAPTURE(cols);
            pixel_range const range(rows, cols);
            CHECK((range | ranges::to<std::vector>()) == nested_loops(rows, cols));
            std::vector<pixel_position> looped;
            for (auto const [row, col] : range) looped.push_back({row, col});
            CHECK(looped == nested_loops(rows, cols));
        }
    }
    CHECK(ranges::empty(pixel_range{}));
    CHECK(ranges::empty(pixel_range{7, 0}));
    CHECK(ranges::empty(pixel_range{0, 7}));
}

TEST_CASE("pixels go through range adaptors and can be walked twice")
{
    pixel_range const range(3, 4);
    auto const on_diagonal = [](pixel_position at) { return at.row == at.col; };
    auto const column = [](pixel_position at) { return at.col; };
    auto columns = range | ranges::views::filter(on_diagonal) | ranges::views::transform(column);
    CHECK((columns | ranges::to<std::vector>()) == std::vector<std::ptrdiff_t>{0, 1, 2});
    CHECK(ranges::equal(range, range));
    CHECK(ranges::distance(range) == 12);
}

TEST_CASE("positions are ordered by row and then by column")
{
    CHECK(pixel_position{1, 9} < pixel_position{2, 0});
    CHECK(pixel_position{2, 0} < pixel_position{2, 1});
    CHECK(pixel_position{2, 1} == pixel_position{2, 1});
}

TEST_CASE("a view that was not given anything is empty")
{
    image_view<int> const view;
    CHECK(view.bands() == 0);
    CHECK(view.rows() == 0);
    CHECK(view.cols() == 0);
    CHECK(view.pixel_count() == 0);
    CHECK(view.data() == nullptr);
    CHECK(ranges::empty(view.pixels()));
}

TEST_CASE_TEMPLATE_DEFINE("a view of contiguous planes counts bands, then rows, then columns", T, contiguous)
{
    auto pixels = counted<T>(2 * 3 * 5);
    image_view<T> const view(pixels.data(), 2, 3, 5);
    CHECK(view.bands() == 2);
    CHECK(view.rows() == 3);
    CHECK(view.cols() == 5);
    CHECK(view.band_stride() == 15);
    CHECK(view.row_stride() == 5);
    CHECK(view.pixel_count() == 15);
    CHECK(view.data() == pixels.data());
    CHECK((view.pixels() | ranges::to<std::vector>()) == nested_loops(3, 5));
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : view.pixels())
            CHECK(view(band, row, col) == static_cast<T>(15 * band + 5 * row + col));
    }
    view(1, 2, 4) = 99;
    CHECK(pixels.back() == 99);
    image_view<T const> const constant = view;
    CHECK(&constant(1, 2, 4) == &pixels.back());
    CHECK(constant.band_stride() == 15);
}
TEST_CASE_TEMPLATE_APPLY(contiguous, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("a row is the contiguous pixels of one row of one band", T, row)
{
    auto pixels = counted<T>(2 * 3 * 5);
    image_view<T> const view(pixels.data(), 2, 3, 5);
    auto const last = view.row(1, 2);
    CHECK(last.size() == 5);
    CHECK(last.data() == &view(1, 2, 0));
    CHECK(last[4] == 29);
    static_assert(std::is_const_v<std::remove_reference_t<decltype(image_view<T const>(view).row(0, 0)[0])>>);
}
TEST_CASE_TEMPLATE_APPLY(row, test::pixel_types);

TEST_CASE("a window shares the pixels and the strides of its view")
{
    auto pixels = counted<std::int32_t>(2 * 4 * 6);
    image_view<std::int32_t> const view(pixels.data(), 2, 4, 6);
    auto const window = view.window(1, 2, 3, 4);
    CHECK(window.bands() == 2);
    CHECK(window.rows() == 3);
    CHECK(window.cols() == 4);
    CHECK(window.pixel_count() == 12);
    CHECK(window.row_stride() == 6);
    CHECK(window.band_stride() == 24);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : window.pixels()) CHECK(&window(band, row, col) == &view(band, row + 1, col + 2));
    }
    auto const inner = window.window(2, 3, 1, 1);
    CHECK(&inner(1, 0, 0) == &view(1, 3, 5));
    CHECK(view.window(4, 6, 0, 0).pixel_count() == 0);
    CHECK(window.row(1, 2).data() == &view(1, 3, 2));
    CHECK(window.row(1, 2).size() == 4);
}

TEST_CASE("bands may be interleaved by line, and rows may be seen from the bottom up")
{
    auto pixels = counted<std::int32_t>(3 * 2 * 4); // row, band, col
    image_view<std::int32_t const> const by_line(pixels.data(), 2, 3, 4, 4, 8);
    CHECK(by_line(0, 0, 0) == 0);
    CHECK(by_line(1, 0, 0) == 4);
    CHECK(by_line(0, 1, 0) == 8);
    CHECK(by_line(1, 2, 3) == 23);
    image_view<std::int32_t const> const upside_down(pixels.data() + 20, 1, 6, 4, 0, -4);
    CHECK(upside_down(0, 0, 0) == 20);
    CHECK(upside_down(0, 5, 3) == 3);
}
