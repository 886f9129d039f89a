// SPDX-License-Identifier: BSL-1.0
//
// A rios::Reader of pixels that the program already holds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "block.hpp"
#include "error.hpp"
#include "image.hpp"
#include "image_view.hpp"
#include "pixel_grid.hpp"

namespace rios {

/// Reads blocks of an image in memory.
///
/// Thread rule: copies may be used at once; they share the pixels.
template <Pixel T>
class memory_reader {
  public:
    using value_type = image<T>;

    /// Takes the image over.
    /// @param null_value of all bands, if there is one
    explicit memory_reader(image<T> pixels, std::optional<double> null_value = {})
        : owned_(std::make_shared<image<T> const>(std::move(pixels))), pixels_(owned_->view()), null_value_(null_value)
    {
        grid_.rows = pixels_.rows();
        grid_.cols = pixels_.cols();
    }

    /// Refers to pixels that somebody else keeps, for as long as the reader and its copies exist.
    explicit memory_reader(image_view<T const> pixels, std::optional<double> null_value = {})
        : pixels_(pixels), null_value_(null_value)
    {
        grid_.rows = pixels_.rows();
        grid_.cols = pixels_.cols();
    }

    /// How it travels to another process: with all its pixels.
    using description_type = std::tuple<image<T>, std::optional<double>, pixel_grid>;
    [[nodiscard]] description_type description() const
    {
        image<T> all(pixels_.bands(), pixels_.rows(), pixels_.cols());
        read_into({.rows = pixels_.rows(), .cols = pixels_.cols()}, all.view());
        return {std::move(all), null_value_, grid_};
    }
    explicit memory_reader(description_type what) : memory_reader(std::move(std::get<0>(what)), std::get<1>(what))
    {
        grid_ = std::move(std::get<2>(what));
    }

    /// Gives the pixels a place on the map. @throws grid_error if the grid has another size
    [[nodiscard]] memory_reader at(pixel_grid grid) const
    {
        if (grid.rows != grid_.rows || grid.cols != grid_.cols) {
            throw grid_error("an image of " + std::to_string(grid_.rows) + " rows, " + std::to_string(grid_.cols) +
                             " cols cannot lie on a grid of " + std::to_string(grid.rows) + " rows, " +
                             std::to_string(grid.cols) + " cols");
        }
        auto result = *this;
        result.grid_ = std::move(grid);
        return result;
    }

    [[nodiscard]] pixel_grid const& grid() const noexcept { return grid_; }
    [[nodiscard]] std::ptrdiff_t band_count() const noexcept { return pixels_.bands(); }
    /// @param band from 0
    [[nodiscard]] std::optional<double> null_value(std::size_t /*band*/) const noexcept { return null_value_; }

    /// @pre the block lies inside the grid
    [[nodiscard]] image<T> read(block const& where) const
    {
        image<T> result(pixels_.bands(), where.rows, where.cols);
        read_into(where, result.view());
        return result;
    }

    /// As read(), into memory of the caller. @pre that is bands × rows × cols of the block
    void read_into(block const& where, image_view<T> into) const
    {
        auto const from = pixels_.window(where.row, where.col, where.rows, where.cols);
        for (std::ptrdiff_t band = 0; band < from.bands(); ++band) {
            for (std::ptrdiff_t row = 0; row < from.rows(); ++row) {
                std::ranges::copy(from.row(band, row), into.row(band, row).begin());
            }
        }
    }

  private:
    std::shared_ptr<image<T> const> owned_;
    image_view<T const> pixels_;
    std::optional<double> null_value_;
    pixel_grid grid_;
};

} // namespace rios
