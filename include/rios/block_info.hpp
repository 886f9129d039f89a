// SPDX-License-Identifier: BSL-1.0
//
// What a worker is told about the block that it computes: the first argument of every call that apply.hpp makes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "block.hpp"
#include "image.hpp"
#include "image_view.hpp"
#include "null_test.hpp"
#include "pixel_grid.hpp"
#include "pixel_type.hpp"

namespace rios {

/// A place on the map, in map units.
struct map_position {
    double x = 0;
    double y = 0;

    friend bool operator==(map_position const&, map_position const&) = default;
};

/// What is known about one file (or other source) that blocks are read from.
struct input_info {
    std::string filename{}; ///< empty for a source without a name
    std::vector<std::optional<double>>
        null_values{}; ///< of each band that is read; empty where the reader does not tell

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.filename, self.null_values);
    }
};

/// What all blocks of a run have in common.
struct run_info {
    pixel_grid grid{};              ///< the working grid
    std::ptrdiff_t window_rows = 0; ///< size of a block away from the lower and right edges, in pixels
    std::ptrdiff_t window_cols = 0;
    std::ptrdiff_t overlap = 0; ///< margin of the inputs on all four sides, in pixels
    /// One entry for each input, and in it one for each of its files: a list has several.
    std::vector<std::vector<input_info>> inputs{};

    /// Can there be such a run? It may come from another process.
    [[nodiscard]] bool valid() const noexcept
    {
        return window_rows > 0 && window_cols > 0 && overlap >= 0 && grid.rows >= 0 && grid.cols >= 0;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.grid, self.window_rows, self.window_cols, self.overlap, self.inputs);
    }

    [[nodiscard]] std::ptrdiff_t blocks_down() const noexcept { return (grid.rows + window_rows - 1) / window_rows; }
    [[nodiscard]] std::ptrdiff_t blocks_across() const noexcept { return (grid.cols + window_cols - 1) / window_cols; }
    [[nodiscard]] std::size_t blocks() const noexcept
    {
        return static_cast<std::size_t>(blocks_down()) * static_cast<std::size_t>(blocks_across());
    }
    [[nodiscard]] block block_at(std::size_t index) const
    {
        return grid.blocks(window_rows, window_cols)[static_cast<std::ptrdiff_t>(index)];
    }
};

/// A block of a run and what goes with it. Its own row, col, rows and cols are without the margin; the images that a
/// worker gets have the margin, and positions in them count from the margin's corner.
///
/// Valid as long as the call that it is given to.
class block_info : public block {
  public:
    block_info(block const& where, run_info const& run) : block(where), run_(&run) {}

    [[nodiscard]] pixel_grid const& grid() const noexcept { return run_->grid; }

    /// Number of blocks of the run.
    [[nodiscard]] std::size_t total() const noexcept { return run_->blocks(); }
    [[nodiscard]] std::ptrdiff_t blocks_down() const noexcept { return run_->blocks_down(); }
    [[nodiscard]] std::ptrdiff_t blocks_across() const noexcept { return run_->blocks_across(); }
    /// Position in the grid of blocks, from 0.
    [[nodiscard]] std::ptrdiff_t block_row() const noexcept { return row / run_->window_rows; }
    [[nodiscard]] std::ptrdiff_t block_col() const noexcept { return col / run_->window_cols; }
    /// Is it the first or the last in scan order? (Not: of those that are computed, which may be in any order.)
    [[nodiscard]] bool is_first() const noexcept { return index == 0; }
    [[nodiscard]] bool is_last() const noexcept { return index + 1 == total(); }
    /// Rows and columns of a block away from the lower and right edges.
    [[nodiscard]] std::ptrdiff_t window_rows() const noexcept { return run_->window_rows; }
    [[nodiscard]] std::ptrdiff_t window_cols() const noexcept { return run_->window_cols; }

    /// Width of the margin on each of the four sides, in pixels.
    [[nodiscard]] std::ptrdiff_t overlap() const noexcept { return run_->overlap; }
    /// Shape of the input images: the block and its margin.
    [[nodiscard]] std::ptrdiff_t padded_rows() const noexcept { return rows + 2 * overlap(); }
    [[nodiscard]] std::ptrdiff_t padded_cols() const noexcept { return cols + 2 * overlap(); }

    /// GDAL's geotransform of the working grid; that of pixel numbers (x = col, y = row) if it has no place on the map.
    [[nodiscard]] std::array<double, 6> geotransform() const noexcept
    {
        return grid().geotransform.value_or(std::array<double, 6>{0, 1, 0, 0, 0, 1});
    }

    /// The place of the middle of a pixel of the input images; (0, 0) is the first pixel of the margin.
    [[nodiscard]] map_position centre(std::ptrdiff_t image_row, std::ptrdiff_t image_col) const noexcept
    {
        return on_map(static_cast<double>(row - overlap() + image_row) + 0.5,
                      static_cast<double>(col - overlap() + image_col) + 0.5);
    }

    /// centre() of all pixels of the input images: band 0 is x, band 1 is y.
    [[nodiscard]] image<double> coordinates() const
    {
        image<double> result(2, padded_rows(), padded_cols());
        for (auto const [r, c] : result.pixels()) {
            auto const position = centre(r, c);
            result(0, r, c) = position.x;
            result(1, r, c) = position.y;
        }
        return result;
    }

    /// The outer corners of the block without its margin.
    [[nodiscard]] map_position top_left() const noexcept
    {
        return on_map(static_cast<double>(row), static_cast<double>(col));
    }
    [[nodiscard]] map_position bottom_right() const noexcept
    {
        return on_map(static_cast<double>(row + rows), static_cast<double>(col + cols));
    }

    /// The pixel of the input images, margin included, that holds a place; none if it lies outside. A place on the border
    /// of two pixels belongs to the lower right one.
    [[nodiscard]] std::optional<pixel_position> pixel_at(map_position place) const noexcept
    {
        auto const g = geotransform();
        auto const determinant = g[1] * g[5] - g[2] * g[4];
        auto const dx = place.x - g[0];
        auto const dy = place.y - g[3];
        auto const image_col = std::floor((g[5] * dx - g[2] * dy) / determinant) - static_cast<double>(col - overlap());
        auto const image_row = std::floor((g[1] * dy - g[4] * dx) / determinant) - static_cast<double>(row - overlap());
        // Written so that NaN is outside.
        bool const inside = image_row >= 0 && image_row < static_cast<double>(padded_rows()) && image_col >= 0 &&
                            image_col < static_cast<double>(padded_cols());
        if (!inside) return std::nullopt;
        return pixel_position{static_cast<std::ptrdiff_t>(image_row), static_cast<std::ptrdiff_t>(image_col)};
    }

    /// Where an input comes from.
    /// @param input its number, from 0
    /// @param member its number in the input, from 0, if that is a list
    /// @throws std::out_of_range if there is no such input
    [[nodiscard]] std::string const& filename(std::size_t input, std::size_t member = 0) const
    {
        return run_->inputs.at(input).at(member).filename;
    }

    /// The null value of a band of an input, counted from 0 among those that are read; none if it has none.
    /// @throws std::out_of_range if there is no such input
    [[nodiscard]] std::optional<double> null_value(std::size_t input, std::ptrdiff_t band = 0,
                                                   std::size_t member = 0) const
    {
        auto const& values = run_->inputs.at(input).at(member).null_values;
        auto const number = static_cast<std::size_t>(band);
        return number < values.size() ? values[number] : std::nullopt;
    }

    /// As null_value(), as a pixel; none, too, if no T has that value.
    template <Pixel T>
    [[nodiscard]] std::optional<T> null_pixel(std::size_t input, std::ptrdiff_t band = 0, std::size_t member = 0) const
    {
        auto const value = null_value(input, band, member);
        return value ? to_pixel<T>(*value) : std::nullopt;
    }

    /// Tells the null pixels of a band of an input: those of its null value, and those that are not finite.
    template <Pixel T>
    [[nodiscard]] rios::null_test<T> null_test(std::size_t input, std::ptrdiff_t band = 0, std::size_t member = 0) const
    {
        return rios::null_test<T>(null_value(input, band, member));
    }

    /// The part of the input images that lies on the working grid: all but what a margin has beyond its edges. In pixels of the
    /// images.
    [[nodiscard]] block inside() const noexcept
    {
        auto const first_row = std::max<std::ptrdiff_t>(0, overlap() - row);
        auto const first_col = std::max<std::ptrdiff_t>(0, overlap() - col);
        return {.index = index,
                .row = first_row,
                .col = first_col,
                .rows = std::min(padded_rows(), grid().rows - row + overlap()) - first_row,
                .cols = std::min(padded_cols(), grid().cols - col + overlap()) - first_col};
    }

  private:
    [[nodiscard]] map_position on_map(double grid_row, double grid_col) const noexcept
    {
        auto const g = geotransform();
        return {g[0] + grid_col * g[1] + grid_row * g[2], g[3] + grid_col * g[4] + grid_row * g[5]};
    }

    run_info const* run_;
};

} // namespace rios
