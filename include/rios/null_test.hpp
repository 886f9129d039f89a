// SPDX-License-Identifier: BSL-1.0
//
// Which pixels hold data. A pixel is null when any of its bands holds the null value or is not a finite number.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "image_view.hpp"
#include "pixel_type.hpp"

namespace rios {

/// Whether a pixel is a number: neither infinite nor NaN. Always true for integers. Looks at the bits, so that no compiler
/// flag about finite numbers can remove it.
template <typename T>
[[nodiscard]] constexpr bool is_finite(T value) noexcept
{
    if constexpr (std::same_as<T, float>) {
        return (std::bit_cast<std::uint32_t>(value) & 0x7f80'0000U) != 0x7f80'0000U;
    } else if constexpr (std::same_as<T, double>) {
        return (std::bit_cast<std::uint64_t>(value) & 0x7ff0'0000'0000'0000U) != 0x7ff0'0000'0000'0000U;
    } else {
        static_assert(std::is_integral_v<T>);
        return true;
    }
}

/// Tells null values of one pixel type. A null value that the type cannot hold matches nothing.
template <Pixel T>
class null_test {
  public:
    explicit null_test(std::optional<double> null_value)
    {
        if (!null_value || !is_finite(*null_value)) return;
        if (auto const value = to_pixel<T>(*null_value)) {
            value_ = *value;
            has_value_ = true;
        }
    }

    /// Whether the value of one band makes the pixel null.
    [[nodiscard]] bool operator()(T value) const noexcept
    {
        return (has_value_ && value == value_) || !is_finite(value);
    }

    /// Whether the pixel at (row, col) is null.
    template <typename U>
    [[nodiscard]] bool operator()(image_view<U> const& image, std::ptrdiff_t row, std::ptrdiff_t col) const noexcept
    {
        for (std::ptrdiff_t band = 0; band < image.bands(); ++band) {
            if ((*this)(image(band, row, col))) return true;
        }
        return false;
    }

    /// Whether no pixel can be null, so that tests may be left out.
    [[nodiscard]] bool never() const noexcept { return !has_value_ && !std::floating_point<T>; }

  private:
    T value_{};
    bool has_value_ = false;
};

} // namespace rios
