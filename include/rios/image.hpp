// SPDX-License-Identifier: BSL-1.0
//
// The owner of pixels: what a reader returns, what a worker returns, what a writer takes. View: image_view.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "error.hpp"
#include "image_view.hpp"
#include "large_vector.hpp"

namespace rios {

/// bands × rows × cols pixels in memory, planar (band after band), zero at first. A regular value: copying copies the
/// pixels, moving does not.
template <Pixel T>
class image {
  public:
    using value_type = T;

    image() = default;

    /// @throws options_error if a dimension is negative
    image(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols) { reshape(bands, rows, cols); }

    /// Makes it bands × rows × cols, in the memory that it has if that is enough. Pixels may then have any value: for
    /// those who are going to set them all.
    /// @throws options_error if a dimension is negative
    void reshape(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols)
    {
        if (bands < 0 || rows < 0 || cols < 0) {
            throw options_error("image of " + std::to_string(bands) + " bands, " + std::to_string(rows) + " rows, " +
                                std::to_string(cols) + " cols: no dimension may be negative");
        }
        pixels_.resize(static_cast<std::size_t>(bands) * static_cast<std::size_t>(rows) *
                       static_cast<std::size_t>(cols));
        bands_ = bands;
        rows_ = rows;
        cols_ = cols;
    }

    [[nodiscard]] std::ptrdiff_t bands() const noexcept { return bands_; }
    [[nodiscard]] std::ptrdiff_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::ptrdiff_t cols() const noexcept { return cols_; }
    /// Pixels of one band.
    [[nodiscard]] std::ptrdiff_t pixel_count() const noexcept { return rows_ * cols_; }
    [[nodiscard]] T* data() noexcept { return pixels_.data(); }
    [[nodiscard]] T const* data() const noexcept { return pixels_.data(); }

    [[nodiscard]] image_view<T> view() noexcept { return {pixels_.data(), bands_, rows_, cols_}; }
    [[nodiscard]] image_view<T const> view() const noexcept { return {pixels_.data(), bands_, rows_, cols_}; }

    /// @pre 0 ≤ band < bands(), 0 ≤ row < rows(), 0 ≤ col < cols()
    [[nodiscard]] T& operator()(std::ptrdiff_t band, std::ptrdiff_t row, std::ptrdiff_t col) noexcept
    {
        return view()(band, row, col);
    }
    [[nodiscard]] T const& operator()(std::ptrdiff_t band, std::ptrdiff_t row, std::ptrdiff_t col) const noexcept
    {
        return view()(band, row, col);
    }

    /// One row of one band.
    [[nodiscard]] std::span<T> row(std::ptrdiff_t band, std::ptrdiff_t row) noexcept { return view().row(band, row); }
    [[nodiscard]] std::span<T const> row(std::ptrdiff_t band, std::ptrdiff_t row) const noexcept
    {
        return view().row(band, row);
    }

    /// All pixel positions in scan order, for structured bindings: `for (auto [row, col] : image.pixels())`.
    [[nodiscard]] pixel_range pixels() const noexcept { return {rows_, cols_}; }

    /// False only for an image that was made of damaged bytes (archive.hpp).
    [[nodiscard]] bool valid() const noexcept
    {
        if (bands_ < 0 || rows_ < 0 || cols_ < 0) return false;
        if (bands_ == 0 || rows_ == 0 || cols_ == 0) return pixels_.empty();
        auto const pixels = static_cast<std::ptrdiff_t>(pixels_.size());
        return pixels % bands_ == 0 && pixels / bands_ % rows_ == 0 && pixels / bands_ / rows_ == cols_;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.bands_, self.rows_, self.cols_, self.pixels_);
    }

    friend bool operator==(image const&, image const&) = default;

  private:
    std::ptrdiff_t bands_ = 0;
    std::ptrdiff_t rows_ = 0;
    std::ptrdiff_t cols_ = 0;
    large_vector<T> pixels_;
};

} // namespace rios
