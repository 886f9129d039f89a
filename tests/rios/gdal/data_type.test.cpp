// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/data_type.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <type_traits>

#include <doctest/doctest.h>

#include "support/pixel_types.hpp"
#include "support/raster_files.hpp"

using rios::common_pixel_type;
using rios::holds;
using rios::pixel_type;
using rios::to_pixel;
using enum rios::pixel_type;

namespace {

constexpr std::array all_types{uint8, int8, uint16, int16, uint32, int32, float32, float64};

constexpr pixel_type common(pixel_type a, pixel_type b)
{
    return common_pixel_type(std::array{a, b});
}

static_assert(common(uint8, uint8) == uint8);
static_assert(common(uint8, int8) == int16);
static_assert(common(uint8, int16) == int16);
static_assert(common(uint16, int8) == int32);
static_assert(common(uint16, int16) == int32);
static_assert(common(uint8, uint32) == uint32);
static_assert(common(uint32, int8) == float64);
static_assert(common(uint32, int32) == float64);
static_assert(common(uint16, float32) == float32);
static_assert(common(int16, float32) == float32);
static_assert(common(int32, float32) == float64);
static_assert(common(uint32, float32) == float64);
static_assert(common(float32, float64) == float64);

} // namespace

TEST_CASE("the common type of two is the smallest that holds both, whatever their order")
{
    for (auto const a : all_types) {
        CHECK(common(a, a) == a);
        for (auto const b : all_types) {
            auto const both = common(a, b);
            CHECK(holds(both, a));
            CHECK(holds(both, b));
            CHECK(both == common(b, a));
        }
    }
    CHECK(common_pixel_type(std::array{uint8, int8, uint16}) == int32);
    CHECK_THROWS_AS(static_cast<void>(common_pixel_type({})), rios::options_error);
}

TEST_CASE_TEMPLATE_DEFINE("a type holds another exactly when its values survive the way there and back", T, type_holds)
{
    using limits = std::numeric_limits<T>;
    // The ends, and the largest odd number: what a too narrow or too coarse type loses first.
    auto const odd = limits::is_integer ? static_cast<double>(limits::max()) : std::ldexp(1.0, limits::digits) - 1;
    for (auto const to : all_types) {
        bool const survives = rios::dispatch(to, [&]<typename U>(std::type_identity<U>) {
            if (!limits::is_integer && std::numeric_limits<U>::is_integer) return false;
            std::array const values{static_cast<double>(limits::lowest()), static_cast<double>(limits::max()), odd};
            return std::all_of(values.begin(), values.end(), [](double value) {
                auto const there = to_pixel<U>(value);
                return there && static_cast<double>(*there) == value;
            });
        });
        CHECK(holds(to, rios::pixel_type_of<T>) == survives);
    }
}
TEST_CASE_TEMPLATE_APPLY(type_holds, test::pixel_types);

TEST_CASE("a null value becomes a pixel only if a pixel can have it")
{
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    auto const infinity = std::numeric_limits<double>::infinity();
    CHECK(to_pixel<std::uint8_t>(255) == std::uint8_t{255});
    CHECK(to_pixel<std::uint8_t>(-0.0) == std::uint8_t{0});
    CHECK_FALSE(to_pixel<std::uint8_t>(256));
    CHECK_FALSE(to_pixel<std::uint8_t>(-1));
    CHECK_FALSE(to_pixel<std::uint8_t>(0.5));
    CHECK_FALSE(to_pixel<std::uint8_t>(nan));
    CHECK_FALSE(to_pixel<std::int32_t>(infinity));
    CHECK_FALSE(to_pixel<std::int32_t>(2147483648.0));
    CHECK(to_pixel<std::int32_t>(-2147483648.0) == std::numeric_limits<std::int32_t>::min());
    CHECK(to_pixel<std::uint32_t>(4294967295.0) == 4294967295U);
    CHECK(to_pixel<float>(0.1) == 0.1F);
    CHECK(std::isnan(to_pixel<float>(nan).value()));
    CHECK(to_pixel<float>(-infinity) == -std::numeric_limits<float>::infinity());
    CHECK_FALSE(to_pixel<float>(-1.7976931348623157e308));
    CHECK(to_pixel<double>(-1.7976931348623157e308) == -1.7976931348623157e308);
}

TEST_CASE("the pixel type of a band is found for every type that rios has, and for no other")
{
    auto const type_in = [](GDALDataType type, char const* mark = nullptr) {
        auto const file = test::create_raster("", "MEM", 1, 1, 1, type);
        file->GetRasterBand(1)->SetMetadataItem("PIXELTYPE", mark, "IMAGE_STRUCTURE");
        return rios::type_of_band(*file->GetRasterBand(1));
    };
    for (auto const type : all_types) {
        if (type == int8 && !rios::gdal_has_int8) continue;
        CHECK(type_in(rios::gdal_type_of(type)) == type);
    }
    if constexpr (!rios::gdal_has_int8) CHECK(type_in(GDT_Byte, "SIGNEDBYTE") == int8);
    CHECK(type_in(GDT_Byte, "DEFAULT") == uint8);
    for (auto const type : {GDT_CInt16, GDT_CInt32, GDT_CFloat32, GDT_CFloat64, GDT_Int64, GDT_UInt64}) {
        CHECK_FALSE(type_in(type));
    }
}

TEST_CASE("numbers are written short and read back as the same")
{
    using rios::detail::number_text;
    CHECK(number_text(0) == "0");
    CHECK(number_text(-9999) == "-9999");
    CHECK(number_text(100000) == "100000");
    CHECK(number_text(0.1) == "0.1");
    CHECK(number_text(std::numeric_limits<double>::quiet_NaN()) == "nan");
    for (double const value : {1.0 / 3, -1.7976931348623157e308, 4.9e-324, 1e15, 123456789.125, 2.0e22}) {
        CHECK(std::strtod(number_text(value).c_str(), nullptr) == value);
    }
}
