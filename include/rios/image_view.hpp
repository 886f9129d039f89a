// SPDX-License-Identifier: BSL-1.0
//
// A window onto pixels that somebody else owns: what readers fill and what every kernel takes. Owner: image.hpp.
#pragma once

#include <cassert>
#include <compare>
#include <cstddef>
#include <span>
#include <type_traits>

#include <range/v3/iterator/basic_iterator.hpp>
#include <range/v3/view/facade.hpp>

#include "pixel_type.hpp"

namespace rios {

/// Position of a pixel: row counts downwards, col to the right, both from 0.
struct pixel_position {
    std::ptrdiff_t row = 0;
    std::ptrdiff_t col = 0;

    friend constexpr auto operator<=>(pixel_position const&, pixel_position const&) = default;
};

/// All positions of a rows × cols raster in scan order, as a range-v3 view: `for (auto [row, col] : image.pixels())`.
///
/// Steps by addition and comparison, without a division, so that a loop over it costs what two nested loops cost.
class pixel_range : public ranges::view_facade<pixel_range, ranges::finite> {
  public:
    pixel_range() = default;
    constexpr pixel_range(std::ptrdiff_t rows, std::ptrdiff_t cols) noexcept : rows_(cols > 0 ? rows : 0), cols_(cols)
    {
    }

  private:
    friend ranges::range_access;

    class cursor {
      public:
        cursor() = default;
        constexpr cursor(pixel_position at, std::ptrdiff_t cols) noexcept : at_(at), cols_(cols) {}
        [[nodiscard]] constexpr pixel_position read() const noexcept { return at_; }
        constexpr void next() noexcept
        {
            if (++at_.col == cols_) {
                at_.col = 0;
                ++at_.row;
            }
        }
        [[nodiscard]] constexpr bool equal(cursor const& other) const noexcept { return at_ == other.at_; }

      private:
        pixel_position at_{};
        std::ptrdiff_t cols_ = 0;
    };

    [[nodiscard]] constexpr cursor begin_cursor() const noexcept { return {{0, 0}, cols_}; }
    [[nodiscard]] constexpr cursor end_cursor() const noexcept { return {{rows_, 0}, cols_}; }

    std::ptrdiff_t rows_ = 0;
    std::ptrdiff_t cols_ = 0;
};

/// A non-owning view of bands × rows × cols pixels in memory. Columns are contiguous; rows and bands lie at any stride,
/// so that a window of a larger image is a view too. Copying copies the view. T may be const.
///
/// Thread rule: as for a pointer.
template <typename T>
    requires Pixel<std::remove_const_t<T>>
class image_view {
  public:
    using value_type = std::remove_const_t<T>;

    image_view() = default;

    /// A view of contiguous planes: band after band, row after row.
    /// @pre data points to at least bands · rows · cols pixels
    image_view(T* data, std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols) noexcept
        : image_view(data, bands, rows, cols, rows * cols, cols)
    {
    }

    /// A view with explicit strides, in pixels.
    image_view(T* data, std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, std::ptrdiff_t band_stride,
               std::ptrdiff_t row_stride) noexcept
        : data_(data), bands_(bands), rows_(rows), cols_(cols), band_stride_(band_stride), row_stride_(row_stride)
    {
    }

    /// A view of mutable pixels converts to one of const pixels.
    operator image_view<T const>() const noexcept
        requires(!std::is_const_v<T>)
    {
        return {data_, bands_, rows_, cols_, band_stride_, row_stride_};
    }

    [[nodiscard]] std::ptrdiff_t bands() const noexcept { return bands_; }
    [[nodiscard]] std::ptrdiff_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::ptrdiff_t cols() const noexcept { return cols_; }
    /// Distance between the same pixel of neighbouring bands, in pixels.
    [[nodiscard]] std::ptrdiff_t band_stride() const noexcept { return band_stride_; }
    /// Distance between the same column of neighbouring rows, in pixels.
    [[nodiscard]] std::ptrdiff_t row_stride() const noexcept { return row_stride_; }
    /// Pixels of one band.
    [[nodiscard]] std::ptrdiff_t pixel_count() const noexcept { return rows_ * cols_; }
    [[nodiscard]] T* data() const noexcept { return data_; }

    /// @pre 0 ≤ band < bands(), 0 ≤ row < rows(), 0 ≤ col < cols()
    [[nodiscard]] T& operator()(std::ptrdiff_t band, std::ptrdiff_t row, std::ptrdiff_t col) const noexcept
    {
        assert(band >= 0 && band < bands_ && row >= 0 && row < rows_ && col >= 0 && col < cols_);
        return data_[band * band_stride_ + row * row_stride_ + col];
    }

    /// One row of one band.
    [[nodiscard]] std::span<T> row(std::ptrdiff_t band, std::ptrdiff_t row) const noexcept
    {
        assert(band >= 0 && band < bands_ && row >= 0 && row < rows_);
        return {data_ + band * band_stride_ + row * row_stride_, static_cast<std::size_t>(cols_)};
    }

    /// The part of all bands that starts at (row, col).
    /// @pre the window lies inside the view
    [[nodiscard]] image_view window(std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows,
                                    std::ptrdiff_t cols) const noexcept
    {
        assert(row >= 0 && col >= 0 && rows >= 0 && cols >= 0 && row + rows <= rows_ && col + cols <= cols_);
        return {data_ + row * row_stride_ + col, bands_, rows, cols, band_stride_, row_stride_};
    }

    /// All pixel positions in scan order.
    [[nodiscard]] pixel_range pixels() const noexcept { return {rows_, cols_}; }

  private:
    T* data_ = nullptr;
    std::ptrdiff_t bands_ = 0;
    std::ptrdiff_t rows_ = 0;
    std::ptrdiff_t cols_ = 0;
    std::ptrdiff_t band_stride_ = 0;
    std::ptrdiff_t row_stride_ = 0;
};

} // namespace rios
