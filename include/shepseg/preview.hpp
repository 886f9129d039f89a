// SPDX-License-Identifier: BSL-1.0
//
// A picture of a segmentation: its boundaries over a composite of the image, to judge the parameters by.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <rios/image.hpp>
#include <rios/null_test.hpp>

namespace shepseg {

/// How a preview looks.
struct preview_options {
    std::ptrdiff_t scale = 1;  ///< width of a pixel of the image in the picture; from 2 up boundaries are thinner than
                               ///< a pixel and hide none
    double low_percentile = 2; ///< of the values of a band, which becomes black
    double high_percentile = 98;                          ///< of the values of a band, which becomes fully bright
    std::array<std::uint8_t, 3> boundary = {255, 255, 0}; ///< red, green, blue
    std::array<std::uint8_t, 3> null = {48, 48, 48};      ///< of pixels without a segment
};

namespace detail {

/// A linear map of a band's values to 0 … 255 that clips the same share at both ends of every band.
class percentile_stretch {
  public:
    percentile_stretch(rios::image_view<float const> image, std::ptrdiff_t band,
                       rios::image_view<std::uint32_t const> labels, preview_options const& options)
    {
        constexpr std::ptrdiff_t enough = 1'000'000;
        auto const step = 1 + image.pixel_count() / enough;
        std::vector<float> values;
        for (std::ptrdiff_t at = 0; at < image.pixel_count(); at += step) {
            auto const row = at / image.cols();
            auto const col = at % image.cols();
            if (labels(0, row, col) != 0 && rios::is_finite(image(band, row, col)))
                values.push_back(image(band, row, col));
        }
        if (values.empty()) return;
        auto const percentile = [&](double p) {
            auto const rank = static_cast<std::ptrdiff_t>(p / 100 * static_cast<double>(values.size() - 1));
            std::nth_element(values.begin(), values.begin() + rank, values.end());
            return values[static_cast<std::size_t>(rank)];
        };
        low_ = percentile(options.low_percentile);
        auto const high = percentile(options.high_percentile);
        gain_ = high > low_ ? 255.0F / (high - low_) : 0.0F;
    }

    [[nodiscard]] std::uint8_t operator()(float value) const noexcept
    {
        if (gain_ == 0.0F) return 128; // a band of one value
        return static_cast<std::uint8_t>(std::clamp((value - low_) * gain_, 0.0F, 255.0F));
    }

  private:
    float low_ = 0;
    float gain_ = 0;
};

} // namespace detail

/// Draws the composite of the image's first three bands as red, green and blue (of the first alone in grey, if there are
/// fewer), and on it the boundaries between segments.
/// @param labels the segmentation of that image; 0 is null
/// @return three bands, options.scale times as high and as wide as the image
/// @pre image and labels are of the same size, image has at least one band
[[nodiscard]] inline rios::image<std::uint8_t> draw_preview(rios::image_view<float const> image,
                                                            rios::image_view<std::uint32_t const> labels,
                                                            preview_options const& options = {})
{
    auto const scale = options.scale;
    rios::image<std::uint8_t> picture(3, image.rows() * scale, image.cols() * scale);
    for (std::ptrdiff_t colour = 0; colour < 3; ++colour) {
        auto const band = image.bands() >= 3 ? colour : 0;
        detail::percentile_stretch const stretch(image, band, labels, options);
        auto const channel = static_cast<std::size_t>(colour);
        for (auto [row, col] : image.pixels()) {
            auto const label = labels(0, row, col);
            auto const value = image(band, row, col);
            auto const fill = label == 0 || !rios::is_finite(value) ? options.null[channel] : stretch(value);
            bool const top = row > 0 && labels(0, row - 1, col) != label;
            bool const left = col > 0 && labels(0, row, col - 1) != label;
            for (std::ptrdiff_t y = 0; y < scale; ++y) {
                for (std::ptrdiff_t x = 0; x < scale; ++x) {
                    bool const edge = (top && y == 0) || (left && x == 0);
                    picture(colour, row * scale + y, col * scale + x) = edge ? options.boundary[channel] : fill;
                }
            }
        }
    }
    return picture;
}

} // namespace shepseg
