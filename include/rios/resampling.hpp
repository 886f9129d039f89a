// SPDX-License-Identifier: BSL-1.0
//
// How pixels are made from others that do not coincide with them: an option of readers. The names are gdalwarp's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "error.hpp"

namespace rios {

/// The way to resample. Null pixels of the source count in none of them.
enum class resampling : std::uint8_t {
    near,        ///< the pixel that holds the centre of the new one
    bilinear,    ///< weighted mean of 2 × 2 pixels; more where the new pixels are larger, as in the next three
    cubic,       ///< cubic convolution of 4 × 4 pixels
    cubicspline, ///< cubic B-spline of 4 × 4 pixels
    lanczos,     ///< windowed sinc of 6 × 6 pixels
    average,     ///< weighted mean of all pixels that the new one covers
    rms,         ///< their weighted root mean square
    mode,        ///< the most frequent of them
    max,
    min,
    med, ///< the median of them
    q1,  ///< the first quartile
    q3,  ///< the third quartile
    sum  ///< the weighted sum
};

namespace detail {

inline constexpr std::array<std::string_view, 14> resampling_names{
    "near", "bilinear", "cubic", "cubicspline", "lanczos", "average", "rms",
    "mode", "max",      "min",   "med",         "q1",      "q3",      "sum"};

} // namespace detail

/// The name that gdalwarp has for it.
[[nodiscard]] constexpr std::string_view name_of(resampling method) noexcept
{
    return detail::resampling_names[static_cast<std::size_t>(method)];
}

/// The way that has this name.
/// @throws options_error listing all names
[[nodiscard]] inline resampling parse_resampling(std::string_view name)
{
    std::string allowed;
    for (std::size_t i = 0; i < detail::resampling_names.size(); ++i) {
        if (name == detail::resampling_names[i]) return static_cast<resampling>(i);
        allowed += (i == 0 ? "" : i + 1 == detail::resampling_names.size() ? " and " : ", ");
        allowed += detail::resampling_names[i];
    }
    throw options_error("resampling '" + std::string(name) + "': allowed: " + allowed);
}

} // namespace rios
