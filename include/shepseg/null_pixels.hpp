// SPDX-License-Identifier: BSL-1.0
//
// Which pixels hold data. A pixel is null when any of its bands holds the null value or is not a finite number.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>

#include <rios/image_view.hpp>
#include <rios/pixel_type.hpp>

#include "detail/exact.hpp"

namespace shepseg {

/// Tells null values of one pixel type. A null value that the type cannot hold matches nothing.
template <rios::Pixel T>
class null_test {
  public:
    explicit null_test(std::optional<double> null_value)
    {
        if (!null_value || !detail::is_finite(*null_value)) return;
        if (auto const value = rios::to_pixel<T>(*null_value)) {
            value_ = *value;
            has_value_ = true;
        }
    }

    /// Whether the value of one band makes the pixel null.
    [[nodiscard]] bool operator()(T value) const noexcept
    {
        return (has_value_ && value == value_) || !detail::is_finite(value);
    }

    /// Whether the pixel at (row, col) is null.
    template <typename U>
    [[nodiscard]] bool operator()(rios::image_view<U> const& image, std::ptrdiff_t row,
                                  std::ptrdiff_t col) const noexcept
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

} // namespace shepseg
