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

#include <rios/block.hpp>
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

/// Every n-th pixel of an image that comes in parts, in any order, as the values that each band is stretched by.
class stretch_sample {
  public:
    /// @param rows of the whole image @param cols of the whole image
    stretch_sample(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols)
        : step_(1 + rows * cols / enough), cols_(cols), values_(static_cast<std::size_t>(bands))
    {
    }

    /// @param part of the image @pre both are of its size
    void add(rios::block const& part, rios::image_view<float const> image, rios::image_view<std::uint32_t const> labels)
    {
        for (std::ptrdiff_t row = 0; row < part.rows; ++row) {
            auto const before = ((part.row + row) * cols_ + part.col + step_ - 1) / step_; // so many have been taken
            auto const first = before * step_ - (part.row + row) * cols_ - part.col;
            for (auto col = first; col < part.cols; col += step_) take(image, labels, row, col);
        }
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

    void take(rios::image_view<float const> image, rios::image_view<std::uint32_t const> labels, std::ptrdiff_t row,
              std::ptrdiff_t col)
    {
        if (labels(0, row, col) == 0) return;
        for (std::size_t band = 0; band < values_.size(); ++band) {
            auto const value = image(static_cast<std::ptrdiff_t>(band), row, col);
            if (rios::is_finite(value)) values_[band].push_back(value);
        }
    }

    std::ptrdiff_t step_;
    std::ptrdiff_t cols_;
    std::vector<std::vector<float>> values_;
};

/// One colour of some rows of a reduced picture, while the pixels that it is the mean of are drawn.
class reduced_rows {
  public:
    /// @param rows of the image @param cols of the image
    reduced_rows(std::ptrdiff_t rows, std::ptrdiff_t cols, std::ptrdiff_t reduction)
        : rows_(rows), cols_(cols), reduction_(reduction), width_((cols + reduction - 1) / reduction)
    {
    }

    /// The sums that pixels of a row of the image are added to. @pre it is not finished
    [[nodiscard]] std::span<std::uint64_t> sums_of(std::ptrdiff_t row)
    {
        auto const end = static_cast<std::size_t>((row / reduction_ + 1 - first_) * width_);
        if (sums_.size() < end) sums_.resize(end);
        return std::span(sums_).first(end).last(static_cast<std::size_t>(width_));
    }

    /// All rows of the image above that one have been added: those of the picture that are complete become means, rounded to
    /// the nearest.
    void finish(std::ptrdiff_t end, rios::image_view<std::uint8_t> picture, std::ptrdiff_t colour)
    {
        auto const complete = end == rows_ ? (rows_ + reduction_ - 1) / reduction_ : end / reduction_;
        for (auto row = first_; row < complete; ++row) {
            auto const down = std::min(reduction_, rows_ - row * reduction_);
            for (std::ptrdiff_t col = 0; col < width_; ++col) {
                auto const across = std::min(reduction_, cols_ - col * reduction_);
                auto const pixels = static_cast<std::uint64_t>(down * across);
                auto const sum = sums_[static_cast<std::size_t>((row - first_) * width_ + col)];
                picture(colour, row, col) = static_cast<std::uint8_t>((sum + pixels / 2) / pixels);
            }
        }
        sums_.erase(sums_.begin(), sums_.begin() + (complete - first_) * width_);
        first_ = complete;
    }

  private:
    std::ptrdiff_t rows_;
    std::ptrdiff_t cols_;
    std::ptrdiff_t reduction_;
    std::ptrdiff_t width_;            // of the picture
    std::ptrdiff_t first_ = 0;        // row of the picture that is not finished
    std::vector<std::uint64_t> sums_; // from there on; 255 times 4104 × 4104 pixels do not fit into 32 bits
};

/// Pixels of the picture that show so many of the image.
[[nodiscard]] inline std::ptrdiff_t picture_size(std::ptrdiff_t pixels, preview_options const& options)
{
    return (pixels * options.scale + options.reduction - 1) / options.reduction;
}

/// The picture of an image that comes in parts: in rows of parts from top to bottom, in each of equal height and from left to
/// right.
class drawing {
  public:
    /// @param rows of the image @param cols of the image
    drawing(std::ptrdiff_t rows, std::ptrdiff_t cols, preview_options const& options)
        : options_(options), cols_(cols), above_(static_cast<std::size_t>(cols)),
          means_(3, reduced_rows(rows, cols, options.reduction)),
          picture_(3, picture_size(rows, options), picture_size(cols, options))
    {
    }

    /// Draws the next part.
    /// @param labels of that part
    /// @param fill `fill(colour, row, col)` is what a pixel of the part that has a segment shows: 0 to 255 of red, green or blue
    template <typename F>
    void add(rios::block const& part, rios::image_view<std::uint32_t const> labels, F fill)
    {
        auto const above =
            std::span(above_).subspan(static_cast<std::size_t>(part.col)).first(static_cast<std::size_t>(part.cols));
        for (std::ptrdiff_t colour = 0; colour < 3; ++colour) {
            for (std::ptrdiff_t row = 0; row < part.rows; ++row) {
                std::span<std::uint32_t const> const own = labels.row(0, row);
                auto upper = own; // at the upper edge of the image
                if (row > 0) upper = labels.row(0, row - 1);
                else if (part.row > 0) upper = above;
                auto const before = part.col > 0 ? left_[static_cast<std::size_t>(row)] : own.front();
                draw_row(part, colour, row, {.own = own, .upper = upper, .before = before}, fill);
            }
            if (options_.reduction > 1 && part.col + part.cols == cols_) {
                means_[static_cast<std::size_t>(colour)].finish(part.row + part.rows, picture_.view(), colour);
            }
        }
        std::ranges::copy(labels.row(0, part.rows - 1), above.begin());
        left_.resize(static_cast<std::size_t>(part.rows));
        for (std::ptrdiff_t row = 0; row < part.rows; ++row) {
            left_[static_cast<std::size_t>(row)] = labels(0, row, part.cols - 1);
        }
    }

    /// @pre all parts have been added
    [[nodiscard]] rios::image<std::uint8_t> take() { return std::move(picture_); }

  private:
    struct row_of_labels {
        std::span<std::uint32_t const> own;
        std::span<std::uint32_t const> upper;
        std::uint32_t before; // left of the first
    };

    template <typename F>
    void draw_row(rios::block const& part, std::ptrdiff_t colour, std::ptrdiff_t row, row_of_labels const& labels,
                  F& fill)
    {
        auto const channel = static_cast<std::size_t>(colour);
        auto const reduction = options_.reduction;
        std::span<std::uint64_t> sums;
        if (reduction > 1) sums = means_[channel].sums_of(part.row + row);
        auto before = labels.before;
        for (std::ptrdiff_t col = 0; col < part.cols; ++col) {
            auto const label = labels.own[static_cast<std::size_t>(col)];
            auto const inside = label == 0 ? options_.null[channel] : fill(colour, row, col);
            bool const top = options_.boundaries && labels.upper[static_cast<std::size_t>(col)] != label;
            bool const left = options_.boundaries && before != label;
            before = label;
            if (reduction == 1) put(colour, part.row + row, part.col + col, inside, top, left);
            else
                sums[static_cast<std::size_t>((part.col + col) / reduction)] +=
                    top || left ? options_.boundary[channel] : inside;
        }
    }

    /// @param top is there a boundary along the upper side of the pixel? @param left as top
    void put(std::ptrdiff_t colour, std::ptrdiff_t row, std::ptrdiff_t col, std::uint8_t inside, bool top, bool left)
    {
        auto const scale = options_.scale;
        auto const boundary = options_.boundary[static_cast<std::size_t>(colour)];
        for (std::ptrdiff_t y = 0; y < scale; ++y) {
            for (std::ptrdiff_t x = 0; x < scale; ++x) {
                bool const edge = (top && y == 0) || (left && x == 0);
                picture_(colour, row * scale + y, col * scale + x) = edge ? boundary : inside;
            }
        }
    }

    preview_options options_;
    std::ptrdiff_t cols_;
    std::vector<std::uint32_t> above_; // labels of the row above the next parts
    std::vector<std::uint32_t> left_;  // labels of the column before the next part
    std::vector<reduced_rows> means_;
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
    rios::block const all{.index = 0, .row = 0, .col = 0, .rows = image.rows(), .cols = image.cols()};
    detail::stretch_sample sample(image.bands(), image.rows(), image.cols());
    sample.add(all, image, labels);
    auto const stretches = sample.stretches(options);
    detail::drawing picture(image.rows(), image.cols(), options);
    picture.add(all, labels, detail::composite_of(image, stretches, options));
    return picture.take();
}

} // namespace shepseg
