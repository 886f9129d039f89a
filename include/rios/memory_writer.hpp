// SPDX-License-Identifier: BSL-1.0
//
// A rios::Writer into memory, for programs that want the result as an image.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "block.hpp"
#include "error.hpp"
#include "image.hpp"
#include "image_view.hpp"
#include "pixel_grid.hpp"

namespace rios {

/// Collects blocks in an image. Its number of bands is that of the first block.
///
/// Thread rule: one thread at a time.
template <Pixel T>
class memory_writer {
  public:
    /// @param target becomes the result when the run is complete, and stays as it is if it fails; must outlive the writer
    /// @param null_value what pixels of skipped blocks hold
    explicit memory_writer(image<T>& target, T null_value = {}) : target_(&target), null_value_(null_value) {}

    void open(pixel_grid const& grid)
    {
        rows_ = grid.rows;
        cols_ = grid.cols;
        pixels_.reset();
    }

    /// @throws grid_error if the block has another number of bands than the first one
    void write(block const& where, image_view<T const> pixels)
    {
        if (!pixels_) pixels_ = filled(pixels.bands());
        if (pixels.bands() != pixels_->bands()) {
            throw grid_error(detail::block_text(where) + ": the result in memory has " +
                             std::to_string(pixels_->bands()) + " bands, those given for the block are " +
                             std::to_string(pixels.bands()));
        }
        auto const into = pixels_->view().window(where.row, where.col, where.rows, where.cols);
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            for (std::ptrdiff_t row = 0; row < pixels.rows(); ++row) {
                std::ranges::copy(pixels.row(band, row), into.row(band, row).begin());
            }
        }
    }

    /// Leaves a block null.
    void skip(block const& /*where*/) {}

    void close()
    {
        *target_ = pixels_ ? std::move(*pixels_) : filled(1);
        pixels_.reset();
    }

    /// Forgets what was written.
    void discard() noexcept { pixels_.reset(); }

  private:
    [[nodiscard]] image<T> filled(std::ptrdiff_t bands) const
    {
        image<T> result(bands, rows_, cols_);
        if (null_value_ != T{}) std::fill_n(result.data(), bands * result.pixel_count(), null_value_);
        return result;
    }

    image<T>* target_;
    T null_value_;
    std::ptrdiff_t rows_ = 0;
    std::ptrdiff_t cols_ = 0;
    std::optional<image<T>> pixels_;
};

} // namespace rios
