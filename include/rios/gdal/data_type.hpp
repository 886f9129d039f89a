// SPDX-License-Identifier: BSL-1.0
//
// GDAL's pixel types and ours. Signed bytes are a type of their own from GDAL 3.7 on; before that they are bytes with a
// mark on the band, whose bits are read and written as they are.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include <gdal_priv.h>

#include "../error.hpp"
#include "../pixel_type.hpp"

namespace rios {

/// Does GDAL know signed bytes as a type of its own? And the type that it keeps them in.
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
inline constexpr bool gdal_has_int8 = true;
inline constexpr GDALDataType gdal_signed_byte = GDT_Int8;
#else
inline constexpr bool gdal_has_int8 = false;
inline constexpr GDALDataType gdal_signed_byte = GDT_Byte;
#endif

/// The pixel types as words in messages.
inline constexpr std::string_view pixel_type_names = "uint8, int8, uint16, int16, uint32, int32, float32 and float64";

/// GDAL's type for pixels in memory; GDT_Byte for int8 where GDAL has no signed bytes.
[[nodiscard]] constexpr GDALDataType gdal_type_of(pixel_type type) noexcept
{
    switch (type) {
    case pixel_type::uint8: return GDT_Byte;
    case pixel_type::int8: return gdal_signed_byte;
    case pixel_type::uint16: return GDT_UInt16;
    case pixel_type::int16: return GDT_Int16;
    case pixel_type::uint32: return GDT_UInt32;
    case pixel_type::int32: return GDT_Int32;
    case pixel_type::float32: return GDT_Float32;
    case pixel_type::float64: return GDT_Float64;
    }
    return GDT_Unknown;
}

/// The pixel type of a band, or none if rios has no such type (complex numbers, 64-bit integers).
[[nodiscard]] inline std::optional<pixel_type> type_of_band(GDALRasterBand& band)
{
    auto const type = band.GetRasterDataType();
    if (gdal_has_int8 && type == gdal_signed_byte) return pixel_type::int8;
    switch (type) {
    case GDT_Byte:
        if constexpr (!gdal_has_int8) {
            auto const* const mark = band.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE");
            if (mark != nullptr && std::string_view(mark) == "SIGNEDBYTE") return pixel_type::int8;
        }
        return pixel_type::uint8;
    case GDT_UInt16: return pixel_type::uint16;
    case GDT_Int16: return pixel_type::int16;
    case GDT_UInt32: return pixel_type::uint32;
    case GDT_Int32: return pixel_type::int32;
    case GDT_Float32: return pixel_type::float32;
    case GDT_Float64: return pixel_type::float64;
    default: return std::nullopt;
    }
}

/// Can `to` represent every value of `from` exactly?
[[nodiscard]] constexpr bool holds(pixel_type to, pixel_type from)
{
    struct properties {
        int digits;
        bool is_signed;
        bool is_integer;
    };
    auto const of = [](pixel_type type) {
        return dispatch(type, []<typename T>(std::type_identity<T>) {
            using limits = std::numeric_limits<T>;
            return properties{limits::digits, limits::is_signed, limits::is_integer};
        });
    };
    auto const target = of(to);
    auto const source = of(from);
    return target.digits >= source.digits && (target.is_signed || !source.is_signed) &&
           (!target.is_integer || source.is_integer);
}

/// The smallest pixel type that represents the values of all `types` exactly; integers where there are only integers and
/// one of 32 bits suffices: uint8 and int16 give int16, uint16 and int16 give int32, uint32 and int32 give float64.
/// @throws options_error if there are no types
[[nodiscard]] constexpr pixel_type common_pixel_type(std::span<pixel_type const> types)
{
    if (types.empty()) throw options_error("no bands, so no pixel type");
    for (auto const candidate : {pixel_type::uint8, pixel_type::int8, pixel_type::uint16, pixel_type::int16,
                                 pixel_type::uint32, pixel_type::int32, pixel_type::float32}) {
        bool all = true;
        for (auto const type : types) all = all && holds(candidate, type);
        if (all) return candidate;
    }
    return pixel_type::float64;
}

namespace detail {

/// A number as short as it can be and still be read back as the same; whole numbers without an exponent.
inline std::string number_text(double value)
{
    char text[32];
    bool const whole = value == std::trunc(value) && std::abs(value) < 1e15; // false for NaN
    auto* const end = whole ? std::to_chars(text, text + sizeof text, static_cast<long long>(value)).ptr
                            : std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

} // namespace detail

} // namespace rios
