// SPDX-License-Identifier: BSL-1.0
#include <rios/pixel_type.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/pixel_types.hpp"

using rios::pixel_type;

static_assert(rios::Pixel<std::uint8_t> && rios::Pixel<float> && rios::Pixel<double>);
static_assert(!rios::Pixel<bool> && !rios::Pixel<char> && !rios::Pixel<long double>);
static_assert(!rios::Pixel<std::int64_t> && !rios::Pixel<std::uint64_t> && !rios::Pixel<void>);
static_assert(!rios::Pixel<float const> && !rios::Pixel<float&>);

TEST_CASE_TEMPLATE_DEFINE("dispatch calls with the type that pixel_type_of names", T, dispatched)
{
    CHECK(dispatch(rios::pixel_type_of<T>, []<typename U>(std::type_identity<U>) { return std::same_as<T, U>; }));
    CHECK(dispatch(rios::pixel_type_of<T>, []<typename U>(std::type_identity<U>) { return sizeof(U); }) == sizeof(T));
    // The names are what the tests go by, so they are spelt out once, in support/pixel_types.hpp.
    CHECK(std::string(name_of(rios::pixel_type_of<T>)) == doctest::toString<T>().c_str());
}
TEST_CASE_TEMPLATE_APPLY(dispatched, test::pixel_types);

TEST_CASE("every run-time type has a name of its own")
{
    std::vector<std::string_view> names;
    for (int type = 0; type < 8; ++type) names.push_back(name_of(static_cast<pixel_type>(type)));
    CHECK(names ==
          std::vector<std::string_view>{"uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"});
}

TEST_CASE("dispatch works at compile time and passes on what the function returns")
{
    static_assert(dispatch(pixel_type::int16, [](auto type) { return sizeof(typename decltype(type)::type); }) == 2);
    int value = 1;
    int& passed_on = dispatch(pixel_type::float32, [&](auto) -> int& { return value; });
    CHECK(&passed_on == &value);
    int calls = 0;
    dispatch(pixel_type::uint32, [&](auto) { ++calls; });
    CHECK(calls == 1);
}

TEST_CASE_TEMPLATE_DEFINE("a number is a pixel of a type that can hold it", T, to_pixel)
{
    using limits = std::numeric_limits<T>;
    CHECK(rios::to_pixel<T>(0.0) == T{0});
    CHECK(rios::to_pixel<T>(100.0) == T{100});
    CHECK(rios::to_pixel<T>(static_cast<double>(limits::max())) == limits::max());
    CHECK(rios::to_pixel<T>(static_cast<double>(limits::lowest())) == limits::lowest());
    if constexpr (std::integral<T>) {
        for (double const value :
             {0.5, -0.5, static_cast<double>(limits::max()) + 1, static_cast<double>(limits::min()) - 1, 1e300, -1e300,
              std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
            CAPTURE(value);
            CHECK_FALSE(rios::to_pixel<T>(value));
        }
    } else {
        CHECK(rios::to_pixel<T>(0.1) == static_cast<T>(0.1));
        CHECK(std::isnan(rios::to_pixel<T>(std::numeric_limits<double>::quiet_NaN()).value()));
        CHECK(rios::to_pixel<T>(-std::numeric_limits<double>::infinity()) == -limits::infinity());
    }
}
TEST_CASE_TEMPLATE_APPLY(to_pixel, test::pixel_types);

TEST_CASE("a number beyond the largest float is that float only if it is nearest to it")
{
    constexpr auto largest = std::numeric_limits<float>::max();
    CHECK(rios::to_pixel<float>(3.40282347e+38) == largest);
    CHECK(rios::to_pixel<float>(-3.4028235e+38) == -largest);
    CHECK(rios::to_pixel<float>(std::nextafter(0x1.ffffffp127, 0.0)) == largest);
    CHECK_FALSE(rios::to_pixel<float>(0x1.ffffffp127));
    CHECK_FALSE(rios::to_pixel<float>(-1e39));
    CHECK(rios::to_pixel<float>(16777217.0) == 16777216.0F);
}

TEST_CASE("dispatch refuses a number that is no pixel type")
{
    auto const message =
        test::message_of<rios::error>([] { dispatch(static_cast<pixel_type>(8), [](auto) { FAIL("called"); }); });
    CHECK(message == "pixel type out of range");
}
