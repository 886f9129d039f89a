// SPDX-License-Identifier: BSL-1.0
//
// A picture of a segmentation, to judge the parameters by: its boundaries over a composite of the image, or the segments in
// their mean colours (mean_colours.hpp). gdal/preview_file.hpp draws files.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <rios/image.hpp>
#include <rios/null_test.hpp>
#include <rios/percentile_rank.hpp>

namespace shepseg {

/// How a preview looks.
struct preview_options {
    std::ptrdiff_t scale = 1; ///< width of a pixel of the image in the picture; from 2 up boundaries are thinner than
                              ///< a pixel and hide none
    /// Percentile (rios::percentile_rank()) of the values of a band, which becomes black. Of a sample, if there are a million pixels or more: every second,
    /// third, ... of them. What has no segment does not count.
    double low_percentile = 2;
    double high_percentile = 98;                          ///< the same, which becomes fully bright
    std::array<std::uint8_t, 3> boundary = {255, 255, 0}; ///< red, green, blue
    std::array<std::uint8_t, 3> null = {48, 48, 48};      ///< of pixels without a segment
    /// Pixels of the image, across and down, that one of the picture shows; if not 1, scale must be 1. Its colour is the mean
    /// of what these would be at full size, so that boundaries become fainter, not thicker.
    std::ptrdiff_t reduction = 1;
    bool boundaries = true; ///< are they drawn?
};

namespace detail {

/// A linear map of a band's values to 0 … 255 that clips the same share at both ends of every band.
class percentile_stretch {
  public:
    /// @param values of the band, or a sample of them
    percentile_stretch(std::vector<float> values, preview_options const& options)
    {
        if (values.empty()) return;
        auto const percentile = [&](double p) {
            auto const place = static_cast<std::ptrdiff_t>(rios::percentile_rank(p, values.size())) - 1;
            std::nth_element(values.begin(), values.begin() + place, values.end());
            return values[static_cast<std::size_t>(place)];
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

/// Every n-th pixel of an image that comes in parts, as the values that each band is stretched by.
class stretch_sample {
  public:
    /// @param pixels of the whole image
    stretch_sample(std::ptrdiff_t bands, std::ptrdiff_t pixels)
        : step_(1 + pixels / enough), values_(static_cast<std::size_t>(bands))
    {
    }

    /// Takes the next rows. @pre both are of the same size
    void add(rios::image_view<float const> image, rios::image_view<std::uint32_t const> labels)
    {
        for (; next_ < image.pixel_count(); next_ += step_) {
            auto const row = next_ / image.cols();
            auto const col = next_ % image.cols();
            if (labels(0, row, col) == 0) continue;
            for (std::size_t band = 0; band < values_.size(); ++band) {
                auto const value = image(static_cast<std::ptrdiff_t>(band), row, col);
                if (rios::is_finite(value)) values_[band].push_back(value);
            }
        }
        next_ -= image.pixel_count();
    }

    /// The maps for red, green and blue; that of the first band thrice if there are fewer than three. Takes the values.
    [[nodiscard]] std::vector<percentile_stretch> stretches(preview_options const& options)
    {
        if (values_.size() < 3) values_ = {values_.front(), values_.front(), values_.front()};
        std::vector<percentile_stretch> result;
        for (std::size_t band = 0; band < 3; ++band) result.emplace_back(std::move(values_[band]), options);
        return result;
    }

  private:
    static constexpr std::ptrdiff_t enough = 1'000'000;
    std::ptrdiff_t step_;
    std::ptrdiff_t next_ = 0; // position of the next pixel, from the first of the rows to come
    std::vector<std::vector<float>> values_;
};

/// One colour of a row of a reduced picture, while the pixels that it is the mean of are drawn.
class reduced_row {
  public:
    reduced_row(std::ptrdiff_t cols, std::ptrdiff_t reduction)
        : cols_(cols), reduction_(reduction), sums_(static_cast<std::size_t>((cols + reduction - 1) / reduction))
    {
    }

    void add(std::ptrdiff_t col, std::uint8_t value) { sums_[static_cast<std::size_t>(col / reduction_)] += value; }

    /// Writes the means, of so many rows, rounded to the nearest, and begins anew.
    void finish(std::ptrdiff_t rows, std::span<std::uint8_t> into)
    {
        for (std::size_t i = 0; i < sums_.size(); ++i) {
            auto const across = std::min(reduction_, cols_ - static_cast<std::ptrdiff_t>(i) * reduction_);
            auto const pixels = static_cast<std::uint64_t>(rows * across);
            into[i] = static_cast<std::uint8_t>((std::exchange(sums_[i], 0) + pixels / 2) / pixels);
        }
    }

  private:
    std::ptrdiff_t cols_;
    std::ptrdiff_t reduction_;
    std::vector<std::uint64_t> sums_; // 255 times 4104 × 4104 pixels do not fit into 32 bits
};

/// Pixels of the picture that show so many of the image.
[[nodiscard]] inline std::ptrdiff_t picture_size(std::ptrdiff_t pixels, preview_options const& options)
{
    return (pixels * options.scale + options.reduction - 1) / options.reduction;
}

/// The picture of an image that comes in parts, from top to bottom, of any heights.
class drawing {
  public:
    /// @param rows of the image @param cols of the image
    drawing(std::ptrdiff_t rows, std::ptrdiff_t cols, preview_options const& options)
        : options_(options), rows_(rows), means_(3, reduced_row(cols, options.reduction)),
          picture_(3, picture_size(rows, options), picture_size(cols, options))
    {
    }

    /// Draws the next rows.
    /// @param labels of these rows, and of the one above, if there is one
    /// @param above is there one?
    /// @param fill `fill(colour, row, col)` is what a pixel that has a segment shows: 0 to 255 of red, green or blue
    template <typename F>
    void add(rios::image_view<std::uint32_t const> labels, bool above, F fill)
    {
        std::ptrdiff_t const first = above ? 1 : 0;
        auto const rows = labels.rows() - first;
        for (std::ptrdiff_t colour = 0; colour < 3; ++colour) {
            auto const channel = static_cast<std::size_t>(colour);
            for (std::ptrdiff_t row = 0; row < rows; ++row) {
                for (std::ptrdiff_t col = 0; col < labels.cols(); ++col) {
                    auto const label = labels(0, row + first, col);
                    auto const inside = label == 0 ? options_.null[channel] : fill(colour, row, col);
                    bool const top = options_.boundaries && row + first > 0 && labels(0, row + first - 1, col) != label;
                    bool const left = options_.boundaries && col > 0 && labels(0, row + first, col - 1) != label;
                    put(colour, next_ + row, col, inside, top, left);
                }
                if (options_.reduction > 1) finish_row(colour, next_ + row);
            }
        }
        next_ += rows;
    }

    /// @pre all rows have been added
    [[nodiscard]] rios::image<std::uint8_t> take() { return std::move(picture_); }

  private:
    /// @param top is there a boundary along the upper side of the pixel? @param left as top
    void put(std::ptrdiff_t colour, std::ptrdiff_t row, std::ptrdiff_t col, std::uint8_t inside, bool top, bool left)
    {
        auto const channel = static_cast<std::size_t>(colour);
        if (options_.reduction > 1) {
            means_[channel].add(col, top || left ? options_.boundary[channel] : inside);
            return;
        }
        auto const scale = options_.scale;
        for (std::ptrdiff_t y = 0; y < scale; ++y) {
            for (std::ptrdiff_t x = 0; x < scale; ++x) {
                bool const edge = (top && y == 0) || (left && x == 0);
                picture_(colour, row * scale + y, col * scale + x) = edge ? options_.boundary[channel] : inside;
            }
        }
    }

    void finish_row(std::ptrdiff_t colour, std::ptrdiff_t row)
    {
        auto const reduction = options_.reduction;
        if (row + 1 != rows_ && (row + 1) % reduction != 0) return;
        means_[static_cast<std::size_t>(colour)].finish(row % reduction + 1,
                                                        picture_.view().row(colour, row / reduction));
    }

    preview_options options_;
    std::ptrdiff_t rows_;
    std::ptrdiff_t next_ = 0; // of the image
    std::vector<reduced_row> means_;
    rios::image<std::uint8_t> picture_;
};

/// What pixels of the image show by themselves, for drawing::add().
inline auto composite_of(rios::image_view<float const> image, std::vector<percentile_stretch> const& stretches,
                         preview_options const& options)
{
    return [=, &stretches, &options](std::ptrdiff_t colour, std::ptrdiff_t row, std::ptrdiff_t col) {
        auto const value = image(image.bands() >= 3 ? colour : 0, row, col);
        auto const channel = static_cast<std::size_t>(colour);
        return rios::is_finite(value) ? stretches[channel](value) : options.null[channel];
    };
}

} // namespace detail

/// Draws the composite of the image's first three bands as red, green and blue (of the first alone in grey, if there are
/// fewer), and on it the boundaries between segments.
/// @param labels the segmentation of that image; 0 is null
/// @return three bands, options.scale times as high and as wide as the image, or by options.reduction smaller
/// @pre image and labels are of the same size, image has at least one band
[[nodiscard]] inline rios::image<std::uint8_t> draw_preview(rios::image_view<float const> image,
                                                            rios::image_view<std::uint32_t const> labels,
                                                            preview_options const& options = {})
{
    detail::stretch_sample sample(image.bands(), image.pixel_count());
    sample.add(image, labels);
    auto const stretches = sample.stretches(options);
    detail::drawing picture(image.rows(), image.cols(), options);
    picture.add(labels, false, detail::composite_of(image, stretches, options));
    return picture.take();
}

} // namespace shepseg
