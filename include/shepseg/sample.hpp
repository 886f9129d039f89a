// SPDX-License-Identifier: BSL-1.0
//
// The pixels that k-means sees: a regular sample at full resolution, the same whatever the tiling.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <rios/image.hpp>
#include <rios/null_test.hpp>

#include "options.hpp"

namespace shepseg {

/// The smallest n so that the pixels in every n-th row and every n-th column, from the first, keep within the limit (or
/// are one pixel, if the limit is less).
[[nodiscard]] inline std::ptrdiff_t sample_step(std::ptrdiff_t rows, std::ptrdiff_t cols, sample_options const& options)
{
    auto const all = static_cast<double>(rows) * static_cast<double>(cols);
    auto const limit = options.percent ? *options.percent / 100 * all : static_cast<double>(options.pixels);
    auto const sampled = [&](std::ptrdiff_t step) {
        auto const every = [step](std::ptrdiff_t n) { return static_cast<double>((n + step - 1) / step); };
        return every(rows) * every(cols);
    };
    auto step = std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(std::sqrt(all / std::max(limit, 1.0))) - 1);
    while (sampled(step) > std::max(limit, 1.0)) ++step;
    return step;
}

/// The pixels in every step-th row and column that are not null, in scan order: an image of one row.
template <rios::Pixel T>
[[nodiscard]] rios::image<T> take_sample(rios::image_view<T const> image, std::optional<double> null_value,
                                         std::ptrdiff_t step)
{
    rios::null_test<T> const is_null(null_value);
    std::ptrdiff_t count = 0;
    for (std::ptrdiff_t row = 0; row < image.rows(); row += step) {
        for (std::ptrdiff_t col = 0; col < image.cols(); col += step) count += is_null(image, row, col) ? 0 : 1;
    }
    rios::image<T> sample(image.bands(), 1, count);
    std::ptrdiff_t at = 0;
    for (std::ptrdiff_t row = 0; row < image.rows(); row += step) {
        for (std::ptrdiff_t col = 0; col < image.cols(); col += step) {
            if (is_null(image, row, col)) continue;
            for (std::ptrdiff_t band = 0; band < image.bands(); ++band) sample(band, 0, at) = image(band, row, col);
            ++at;
        }
    }
    return sample;
}

} // namespace shepseg
