// SPDX-License-Identifier: BSL-1.0
#include <rios/image.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>
#include <range/v3/algorithm/equal.hpp>
#include <range/v3/range/primitives.hpp>

#include "support/message_of.hpp"
#include "support/pixel_types.hpp"

using rios::image;

static_assert(std::regular<image<float>>);
static_assert(std::is_nothrow_move_constructible_v<image<float>>);

TEST_CASE_TEMPLATE_DEFINE("a new image has its shape and is zero everywhere", T, shape)
{
    image<T> const pixels(3, 4, 5);
    CHECK(pixels.bands() == 3);
    CHECK(pixels.rows() == 4);
    CHECK(pixels.cols() == 5);
    CHECK(pixels.pixel_count() == 20);
    CHECK(std::all_of(pixels.data(), pixels.data() + 60, [](T value) { return value == 0; }));
    CHECK(ranges::equal(pixels.pixels(), pixels.view().pixels()));
    CHECK(ranges::distance(pixels.pixels()) == 20);
}
TEST_CASE_TEMPLATE_APPLY(shape, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("a pixel is the same one through the image, its view, its rows and its data", T, access)
{
    image<T> pixels(3, 4, 5);
    T value = 0;
    for (std::ptrdiff_t band = 0; band < 3; ++band) {
        for (auto const [row, col] : pixels.pixels()) pixels(band, row, col) = value++;
    }
    auto const& constant = pixels;
    CHECK(constant(1, 2, 3) == 33);
    CHECK(&constant(1, 2, 3) == pixels.data() + 33);
    CHECK(&constant.view()(1, 2, 3) == pixels.data() + 33);
    CHECK(&constant.row(1, 2)[3] == pixels.data() + 33);
    CHECK(constant.row(1, 2).size() == 5);
    pixels.view()(1, 2, 3) = 100;
    CHECK(constant(1, 2, 3) == 100);
    pixels.row(2, 3)[4] = 101;
    CHECK(constant.data()[59] == 101);
    static_assert(std::same_as<decltype(pixels.view()), rios::image_view<T>>);
    static_assert(std::same_as<decltype(constant.view()), rios::image_view<T const>>);
}
TEST_CASE_TEMPLATE_APPLY(access, test::pixel_types);

TEST_CASE("copies of an image have pixels of their own, moves take them along")
{
    image<std::int16_t> original(1, 2, 2);
    original(0, 1, 1) = -5;
    auto copy = original;
    CHECK(copy == original);
    copy(0, 1, 1) = 6;
    CHECK(copy != original);
    CHECK(original(0, 1, 1) == -5);
    auto const* const data = copy.data();
    auto const moved = std::move(copy);
    CHECK(moved.data() == data);
    CHECK(moved(0, 1, 1) == 6);
}

TEST_CASE("images of different shapes differ even when their pixels do not")
{
    CHECK(image<float>(1, 2, 3) != image<float>(1, 3, 2));
    CHECK(image<float>(1, 2, 3) != image<float>(2, 1, 3));
    CHECK(image<float>(1, 0, 3) != image<float>(1, 0, 4));
    CHECK(image<float>(1, 2, 3) == image<float>(1, 2, 3));
}

TEST_CASE("an image may be empty in any dimension")
{
    image<double> const nothing;
    CHECK(nothing.pixel_count() == 0);
    CHECK(ranges::empty(nothing.pixels()));
    CHECK(image<double>(0, 3, 4).pixel_count() == 12);
    CHECK(ranges::empty(image<double>(2, 0, 4).pixels()));
    CHECK(ranges::empty(image<double>(2, 4, 0).pixels()));
}

TEST_CASE("a negative dimension of an image is refused in words")
{
    auto const message = [](std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols) {
        return test::message_of<rios::options_error>([&] { image<float> const refused(bands, rows, cols); });
    };
    CHECK(message(-1, 2, 3) == "image of -1 bands, 2 rows, 3 cols: no dimension may be negative");
    CHECK(message(1, -2, 3) == "image of 1 bands, -2 rows, 3 cols: no dimension may be negative");
    CHECK(message(1, 2, -3) == "image of 1 bands, 2 rows, -3 cols: no dimension may be negative");
}
