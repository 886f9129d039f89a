// SPDX-License-Identifier: BSL-1.0
//
// A scene whose right segmentation is known: the cells of a Voronoi diagram, each of its own colour, in a margin without
// data. After the acceptance test of pyshepseg.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include <rios/image.hpp>

namespace scene {

struct voronoi_options {
    std::ptrdiff_t size = 8000; ///< rows and columns
    std::ptrdiff_t cells = 103; ///< fewer than 109
    std::ptrdiff_t margin = 10; ///< pixels along each edge that are null
};

inline constexpr std::uint16_t voronoi_null = 65535;

/// The cell of each pixel, from 1; 0 in the margin.
[[nodiscard]] inline rios::image<std::uint8_t> voronoi_cells(voronoi_options const& options)
{
    std::mt19937 random(1);
    std::vector<std::pair<std::int64_t, std::int64_t>> centres;
    auto const inner = static_cast<std::uint32_t>(options.size - 2 * options.margin);
    for (std::ptrdiff_t cell = 0; cell < options.cells; ++cell) {
        auto const row = options.margin + static_cast<std::ptrdiff_t>(random() % inner);
        auto const col = options.margin + static_cast<std::ptrdiff_t>(random() % inner);
        centres.emplace_back(row, col);
    }
    rios::image<std::uint8_t> cells(1, options.size, options.size);
    auto const end = options.size - options.margin;
    std::vector<std::int64_t> least(static_cast<std::size_t>(options.size));
    for (auto row = options.margin; row < end; ++row) {
        least.assign(least.size(), std::numeric_limits<std::int64_t>::max());
        for (std::size_t cell = 0; cell < centres.size(); ++cell) {
            auto const down = row - centres[cell].first;
            for (auto col = options.margin; col < end; ++col) {
                auto const right = col - centres[cell].second;
                auto const distance = down * down + right * right;
                if (distance >= least[static_cast<std::size_t>(col)]) continue;
                least[static_cast<std::size_t>(col)] = distance;
                cells(0, row, col) = static_cast<std::uint8_t>(cell + 1);
            }
        }
    }
    return cells;
}

/// Three bands; no two cells have the same value in any of them.
[[nodiscard]] inline rios::image<std::uint16_t> voronoi_colours(rios::image<std::uint8_t> const& cells)
{
    rios::image<std::uint16_t> image(3, cells.rows(), cells.cols());
    for (std::ptrdiff_t band = 0; band < 3; ++band) {
        constexpr int prime = 109;
        int const factor = band == 0 ? 1 : band == 1 ? 31 : 57;
        for (auto const [row, col] : cells.pixels()) {
            int const cell = cells(0, row, col);
            image(band, row, col) =
                cell == 0 ? voronoi_null : static_cast<std::uint16_t>(200 + 500 * (cell * factor % prime));
        }
    }
    return image;
}

/// Pixels whose label stands for their cell: the part of those with data, 0 to 1. A label stands for the cell of its first
/// pixel, and two labels for one cell count as wrong.
[[nodiscard]] inline double recovered(rios::image<std::uint8_t> const& cells, rios::image<std::uint32_t> const& labels)
{
    std::vector<std::uint8_t> cell_of(1);
    std::vector<bool> taken(256);
    std::uint64_t right = 0;
    std::uint64_t all = 0;
    for (auto const [row, col] : cells.pixels()) {
        auto const cell = cells(0, row, col);
        auto const label = labels(0, row, col);
        if (cell == 0 && label == 0) continue;
        ++all;
        if (label >= cell_of.size()) {
            cell_of.resize(label + 1);
            if (!taken[cell]) cell_of[label] = cell;
            taken[cell] = true;
        }
        right += cell != 0 && cell_of[label] == cell ? 1U : 0U;
    }
    return static_cast<double>(right) / static_cast<double>(all);
}

} // namespace scene
