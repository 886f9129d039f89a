// SPDX-License-Identifier: BSL-1.0
//
// The pixel types that the libraries are instantiated for, and the one place where a type that is known only at run
// time (a file's) becomes a template argument: at the door, once, never inside a pixel loop.
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "error.hpp"

namespace rios {

namespace detail {

template <typename T, typename... Ts>
concept one_of = (std::same_as<T, Ts> || ...);

} // namespace detail

/// A type that a pixel of one band may have.
template <typename T>
concept Pixel = detail::one_of<T, std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t,
                               float, double>;

/// The run-time name of a Pixel type.
enum class pixel_type : std::uint8_t { uint8, int8, uint16, int16, uint32, int32, float32, float64 };

/// The pixel_type of a Pixel.
template <Pixel T>
inline constexpr pixel_type pixel_type_of = [] {
    if constexpr (std::same_as<T, std::uint8_t>) return pixel_type::uint8;
    else if constexpr (std::same_as<T, std::int8_t>) return pixel_type::int8;
    else if constexpr (std::same_as<T, std::uint16_t>) return pixel_type::uint16;
    else if constexpr (std::same_as<T, std::int16_t>) return pixel_type::int16;
    else if constexpr (std::same_as<T, std::uint32_t>) return pixel_type::uint32;
    else if constexpr (std::same_as<T, std::int32_t>) return pixel_type::int32;
    else if constexpr (std::same_as<T, float>) return pixel_type::float32;
    else return pixel_type::float64;
}();

/// The name of a pixel type as it stands in messages and summaries.
[[nodiscard]] constexpr std::string_view name_of(pixel_type type) noexcept
{
    constexpr std::array<std::string_view, 8> names{"uint8",  "int8",  "uint16",  "int16",
                                                    "uint32", "int32", "float32", "float64"};
    return names[static_cast<std::size_t>(type)];
}

/// Calls `f(std::type_identity<T>{})` for the T that `type` names, and returns what it returns.
///
/// `f` is instantiated for all eight types and must return the same type for each.
template <typename F>
constexpr decltype(auto) dispatch(pixel_type type, F&& f)
{
    switch (type) {
    case pixel_type::uint8: return f(std::type_identity<std::uint8_t>{});
    case pixel_type::int8: return f(std::type_identity<std::int8_t>{});
    case pixel_type::uint16: return f(std::type_identity<std::uint16_t>{});
    case pixel_type::int16: return f(std::type_identity<std::int16_t>{});
    case pixel_type::uint32: return f(std::type_identity<std::uint32_t>{});
    case pixel_type::int32: return f(std::type_identity<std::int32_t>{});
    case pixel_type::float32: return f(std::type_identity<float>{});
    case pixel_type::float64: return f(std::type_identity<double>{});
    }
    throw error("pixel type out of range");
}

/// `value` (a null value from a file or a user) as a pixel of type T, or none if T has no such value and no pixel can
/// equal it. For float it is the nearest float, so that the largest one is recognised however its digits were rounded.
template <Pixel T>
[[nodiscard]] std::optional<T> to_pixel(double value)
{
    using limits = std::numeric_limits<T>;
    if constexpr (limits::is_integer) {
        if (!(value >= static_cast<double>(limits::min()) && value <= static_cast<double>(limits::max()))) return {};
        if (value != std::trunc(value)) return {};
    } else if constexpr (std::same_as<T, float>) {
        constexpr double beyond = 0x1.ffffffp127; // half-way from the largest float to where the next one would be
        if (std::isfinite(value) && std::abs(value) > static_cast<double>(limits::max())) {
            if (std::abs(value) >= beyond) return {};
            return value > 0 ? limits::max() : limits::lowest();
        }
    }
    return static_cast<T>(value);
}

} // namespace rios
