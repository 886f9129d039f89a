// SPDX-License-Identifier: BSL-1.0
//
// The neighbours of a pixel, in the order in which the algorithm meets them: scan order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "options.hpp"

namespace shepseg {

/// A step from a pixel to one of its neighbours.
struct neighbour_step {
    std::ptrdiff_t down = 0;
    std::ptrdiff_t right = 0;
};

/// Steps to the neighbours of a pixel in a raster of given size. Neighbours are numbered from 0 in the order in which
/// they are met; 4-connected ones are up, left, right and down.
class neighbourhood {
  public:
    neighbourhood(std::ptrdiff_t rows, std::ptrdiff_t cols, connectivity neighbours) noexcept : rows_(rows), cols_(cols)
    {
        for (std::ptrdiff_t down = -1; down <= 1; ++down) {
            for (std::ptrdiff_t right = -1; right <= 1; ++right) {
                bool const diagonal = down != 0 && right != 0;
                if ((down == 0 && right == 0) || (diagonal && neighbours == connectivity::four)) continue;
                steps_[count_] = {down, right};
                offsets_[count_] = down * cols + right;
                ++count_;
            }
        }
    }

    /// 4 or 8.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] neighbour_step const& step(std::size_t number) const noexcept { return steps_[number]; }
    /// The number of the step back.
    [[nodiscard]] std::size_t opposite(std::size_t number) const noexcept { return count_ - 1 - number; }

    /// Calls `f(index of the neighbour, its number)` for each neighbour of the pixel at scan index `at` that lies in the
    /// raster.
    template <typename F>
    void for_each(std::ptrdiff_t at, F&& f) const
    {
        auto const row = at / cols_;
        for_each(row, at - row * cols_, f);
    }

    /// As above, of the pixel at (row, col).
    template <typename F>
    void for_each(std::ptrdiff_t row, std::ptrdiff_t col, F&& f) const
    {
        auto const at = row * cols_ + col;
        if (row > 0 && row + 1 < rows_ && col > 0 && col + 1 < cols_) {
            for (std::size_t n = 0; n < count_; ++n) f(at + offsets_[n], n);
            return;
        }
        for (std::size_t n = 0; n < count_; ++n) {
            auto const to_row = row + steps_[n].down;
            auto const to_col = col + steps_[n].right;
            if (to_row >= 0 && to_row < rows_ && to_col >= 0 && to_col < cols_) f(at + offsets_[n], n);
        }
    }

  private:
    std::ptrdiff_t rows_;
    std::ptrdiff_t cols_;
    std::size_t count_ = 0;
    std::array<neighbour_step, 8> steps_{};
    std::array<std::ptrdiff_t, 8> offsets_{};
};

} // namespace shepseg
