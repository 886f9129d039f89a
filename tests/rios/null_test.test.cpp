// SPDX-License-Identifier: BSL-1.0
#include <rios/null_test.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/pixel_types.hpp"

using rios::null_test;

TEST_CASE_TEMPLATE_DEFINE("without a null value every number is data", T, no_null)
{
    null_test<T> const is_null(std::nullopt);
    CHECK_FALSE(is_null(T{0}));
    CHECK_FALSE(is_null(std::numeric_limits<T>::max()));
    CHECK_FALSE(is_null(std::numeric_limits<T>::lowest()));
    CHECK(is_null.never() == std::integral<T>);
}
TEST_CASE_TEMPLATE_APPLY(no_null, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("the null value is null and its neighbours are data, up to the ends of the type", T, ends)
{
    using limits = std::numeric_limits<T>;
    for (T const value : {T{0}, T{1}, T{100}, limits::lowest(), limits::max()}) {
        null_test<T> const is_null(static_cast<double>(value));
        CHECK(is_null(value));
        CHECK_FALSE(is_null.never());
        if constexpr (std::integral<T>) {
            if (value < limits::max()) CHECK_FALSE(is_null(static_cast<T>(value + 1)));
            if (value > limits::min()) CHECK_FALSE(is_null(static_cast<T>(value - 1)));
        } else {
            if (value < limits::max()) CHECK_FALSE(is_null(std::nextafter(value, limits::max())));
            if (value > limits::lowest()) CHECK_FALSE(is_null(std::nextafter(value, limits::lowest())));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(ends, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("a null value that an integer type cannot hold matches nothing", T, not_held)
{
    if constexpr (std::integral<T>) {
        using limits = std::numeric_limits<T>;
        for (double const value :
             {0.5, -0.5, 127.5, static_cast<double>(limits::max()) + 1, static_cast<double>(limits::min()) - 1, 1e10,
              -1e10, 1e300, -1e300, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
              std::numeric_limits<double>::quiet_NaN()}) {
            CAPTURE(value);
            null_test<T> const is_null(value);
            CHECK(is_null.never());
            CHECK_FALSE(is_null(T{0}));
            CHECK_FALSE(is_null(T{127}));
            CHECK_FALSE(is_null(limits::max()));
            CHECK_FALSE(is_null(limits::min()));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(not_held, test::pixel_types);

TEST_CASE_TEMPLATE("pixels that are not finite are null, whatever the null value", T, float, double)
{
    using limits = std::numeric_limits<T>;
    for (auto const& value : {std::optional<double>{}, std::optional<double>(0), std::optional<double>(-9999),
                              std::optional<double>(limits::quiet_NaN()), std::optional<double>(limits::infinity())}) {
        null_test<T> const is_null(value);
        CHECK(is_null(limits::quiet_NaN()));
        CHECK(is_null(-limits::quiet_NaN()));
        CHECK(is_null(limits::signaling_NaN()));
        CHECK(is_null(limits::infinity()));
        CHECK(is_null(-limits::infinity()));
        CHECK_FALSE(is_null(limits::max()));
        CHECK_FALSE(is_null(limits::lowest()));
        CHECK_FALSE(is_null(limits::denorm_min()));
        CHECK_FALSE(is_null(T{1}));
        CHECK_FALSE(is_null.never());
        CHECK(is_null(T{0}) == (value == 0.0));
        CHECK(is_null(T{-0.0}) == (value == 0.0));
    }
}

TEST_CASE("a null value is compared in the pixel's type")
{
    CHECK(null_test<float>(0.1)(0.1F));
    CHECK_FALSE(null_test<double>(0.1)(static_cast<double>(0.1F)));
    CHECK(null_test<double>(0.1)(0.1));
    CHECK(null_test<float>(16777217.0)(16777216.0F));
    CHECK(null_test<std::uint8_t>(255.0)(255));
    CHECK_FALSE(null_test<float>(1e300)(std::numeric_limits<float>::max()));
    CHECK_FALSE(null_test<float>(1e39)(std::numeric_limits<float>::max()));
}

TEST_CASE("the usual ways to write the least float down mean the least float")
{
    // Rounded to 8 or 9 digits, as in many files' metadata, these lie a little beyond the range; in float they are its
    // end.
    constexpr auto lowest = std::numeric_limits<float>::lowest();
    CHECK(null_test<float>(-3.40282346638528859e+38)(lowest));
    CHECK(null_test<float>(-3.4028235e+38)(lowest));
    CHECK(null_test<float>(-3.40282347e+38)(lowest));
    CHECK(null_test<float>(3.4028235e+38)(-lowest));
}

TEST_CASE("a pixel is null when any of its bands is")
{
    rios::image<std::int16_t> pixels(3, 1, 3);
    pixels(0, 0, 0) = -1;
    pixels(2, 0, 2) = -1;
    null_test<std::int16_t> const is_null(-1.0);
    CHECK(is_null(pixels.view(), 0, 0));
    CHECK_FALSE(is_null(pixels.view(), 0, 1));
    CHECK(is_null(pixels.view(), 0, 2));
    CHECK_FALSE(null_test<std::int16_t>(std::nullopt)(pixels.view(), 0, 0));
}
