// SPDX-License-Identifier: BSL-1.0
//
// Where pixels lie on the ground, and how a raster is cut into blocks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include <range/v3/view/iota.hpp>
#include <range/v3/view/transform.hpp>

#include "block.hpp"
#include "error.hpp"

namespace rios {

/// The size of a raster in pixels and its place on the map.
struct pixel_grid {
    std::ptrdiff_t rows = 0;
    std::ptrdiff_t cols = 0;
    /// GDAL's affine geotransform from (col, row) to map units, or none for a raster without a place on the map.
    std::optional<std::array<double, 6>> geotransform;
    /// Coordinate reference system as WKT; empty when unknown.
    std::string projection;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.rows, self.cols, self.geotransform, self.projection);
    }

    /// Blocks of `block_rows` × `block_cols` pixels that cover the grid, in scan order, as a random-access range-v3
    /// view; those at the right and bottom edges are cut to the grid.
    ///
    /// The view holds copies: it may outlive the grid.
    /// @throws options_error if a size is not positive
    [[nodiscard]] auto blocks(std::ptrdiff_t block_rows, std::ptrdiff_t block_cols) const
    {
        if (block_rows < 1 || block_cols < 1) {
            throw options_error("block size " + std::to_string(block_rows) + " rows × " + std::to_string(block_cols) +
                                " cols: both must be at least 1 pixel");
        }
        auto const down = (rows + block_rows - 1) / block_rows;
        auto const across = (cols + block_cols - 1) / block_cols;
        return ranges::views::iota(std::size_t{0}, static_cast<std::size_t>(down * across)) |
               ranges::views::transform([=, grid_rows = rows, grid_cols = cols](std::size_t index) {
                   auto const row = static_cast<std::ptrdiff_t>(index) / across * block_rows;
                   auto const col = static_cast<std::ptrdiff_t>(index) % across * block_cols;
                   return block{.index = index,
                                .row = row,
                                .col = col,
                                .rows = std::min(block_rows, grid_rows - row),
                                .cols = std::min(block_cols, grid_cols - col)};
               });
    }

    /// Square blocks of `size` × `size` pixels.
    [[nodiscard]] auto blocks(std::ptrdiff_t size) const { return blocks(size, size); }

    /// The whole grid as one block.
    [[nodiscard]] block whole() const noexcept { return {.index = 0, .row = 0, .col = 0, .rows = rows, .cols = cols}; }

    /// A part of the grid as a grid of its own, at its place on the map.
    /// @param file that the grid is of, for the message; may be empty
    /// @throws grid_error if the part is empty or does not lie inside
    [[nodiscard]] pixel_grid window(block const& part, std::string const& file = {}) const
    {
        if (part.row < 0 || part.col < 0 || part.rows < 1 || part.cols < 1 || part.rows > rows - part.row ||
            part.cols > cols - part.col) {
            throw grid_error(file + (file.empty() ? "" : ": ") + "the window at row " + std::to_string(part.row) +
                             ", col " + std::to_string(part.col) + " of " + std::to_string(part.rows) + " rows, " +
                             std::to_string(part.cols) + " cols is not inside the raster of " + std::to_string(rows) +
                             " rows, " + std::to_string(cols) + " cols");
        }
        pixel_grid result{.rows = part.rows, .cols = part.cols, .geotransform = geotransform, .projection = projection};
        if (auto& place = result.geotransform) {
            auto const row = static_cast<double>(part.row);
            auto const col = static_cast<double>(part.col);
            (*place)[0] += col * (*place)[1] + row * (*place)[2];
            (*place)[3] += col * (*place)[4] + row * (*place)[5];
        }
        return result;
    }

    friend bool operator==(pixel_grid const&, pixel_grid const&) = default;
};

} // namespace rios
