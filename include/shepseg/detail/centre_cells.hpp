// SPDX-License-Identifier: BSL-1.0
//
// The space of spectra cut into cells, each with the few centres that can be nearest to a pixel in it. Used by
// assignment.hpp for pixels of up to four bands, most of which then are compared with less than eight centres.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../cluster_model.hpp"
#include "candidate_centres.hpp"
#include "cell_arguments.hpp"

namespace shepseg::detail {

/// Cells over the range of the centres and as much again on either side; they are narrow where the centres are close
/// together. What lies beyond belongs to one more cell, which has all centres. The centres of a cell are looked for when a
/// pixel first falls into it.
class centre_cells {
  public:
    static constexpr std::size_t most_bands = 4;

    /// @param origin what the values of pixels are relative to in axes(), for each band
    centre_cells(cluster_centres const& centres, std::vector<double> const& origin) : edges_(centres.bands())
    {
        auto const bands = centres.bands();
        if (bands > most_bands) return;
        axes_.resize(bands);
        double diagonal = 0;
        std::int32_t total = 1;
        for (std::size_t b = 0; b < bands; ++b) {
            std::vector<double> values;
            for (std::size_t k = 0; k < centres.clusters(); ++k) values.push_back(centres[k][b]);
            std::sort(values.begin(), values.end());
            auto const range = values.back() - values.front();
            auto const width = 3 * range / cell_axis::buckets;
            auto const low = values.front() - range;
            // Positions are computed in single precision: far from the origin they would be off by too much.
            auto const farthest = std::max(std::abs(low - origin[b]), std::abs(values.back() + range - origin[b]));
            if (!(width > 1e-30 && width < 1e18 && farthest * 0x1p-22 < width * slack)) return;
            edges_[b] = cut(values, cells_along[bands], low, width);
            auto& axis = axes_[b];
            axis.low = static_cast<float>(low - origin[b]);
            axis.buckets_per_unit = static_cast<float>(1 / width);
            axis.step.fill(cell_axis::outside);
            for (std::size_t cell = 0; cell + 1 < edges_[b].size(); ++cell) {
                std::fill(axis.step.begin() + 1 + edges_[b][cell], axis.step.begin() + 1 + edges_[b][cell + 1],
                          static_cast<std::uint16_t>(static_cast<std::int32_t>(cell) * total));
            }
            low_.push_back(low);
            width_.push_back(width);
            total *= static_cast<std::int32_t>(edges_[b].size()) - 1;
            diagonal += 9 * range * range;
        }
        margin_ = 16 * static_cast<double>(bands + 4) * 0x1p-53 * diagonal + 1e-300;
        all_.take_all(centres);
        entries_.resize(static_cast<std::size_t>(total) + 1);
        outside_ = total;
    }

    /// Can the cells be used?
    [[nodiscard]] bool ready() const noexcept { return !entries_.empty(); }
    [[nodiscard]] cell_axis const* axes() const noexcept { return axes_.data(); }
    /// The cell of everything that lies far away.
    [[nodiscard]] std::int32_t outside() const noexcept { return outside_; }

    /// Finds the centres of a cell.
    /// @param table for each centre minus half its squared length, then its values, relative to the origin
    void fill(std::int32_t cell, float const* table)
    {
        auto const* found = &all_;
        if (cell != outside_) {
            double low[most_bands];
            double high[most_bands];
            auto rest = static_cast<std::size_t>(cell);
            for (std::size_t b = 0; b < axes_.size(); ++b) {
                auto const cells = edges_[b].size() - 1;
                auto const number = rest % cells;
                rest /= cells;
                low[b] = low_[b] + (edges_[b][number] - slack) * width_[b];
                high[b] = low_[b] + (edges_[b][number + 1] + slack) * width_[b];
            }
            of_cell_.take(all_, low, high, margin_);
            found = &of_cell_;
        }
        append(*found, table, entries_[static_cast<std::size_t>(cell)]);
    }

    [[nodiscard]] cell_entry const* entries() const noexcept { return entries_.data(); }
    [[nodiscard]] cell_row const* rows() const noexcept { return rows_.data(); }

  private:
    static constexpr std::size_t cells_along[] = {0, 256, 64, 24, 10}; ///< each band at most, by the number of bands
    static constexpr double slack = 1e-2; ///< by how much the box of a cell is larger than the cell, in buckets

    /// The buckets where cells begin, and where the last one ends: as many centres in one cell as in another, or about so.
    /// @param values of the centres, ascending
    static std::vector<int> cut(std::vector<double> const& values, std::size_t cells, double low, double width)
    {
        std::vector<int> edges{0};
        for (std::size_t cell = 1; cell < cells; ++cell) {
            auto const place = static_cast<double>(cell * (values.size() - 1)) / static_cast<double>(cells);
            auto const before = static_cast<std::size_t>(place);
            auto const value = std::lerp(values[before], values[before + 1], place - static_cast<double>(before));
            auto const bucket = static_cast<int>((value - low) / width + 0.5);
            if (bucket > edges.back()) edges.push_back(bucket);
        }
        edges.push_back(cell_axis::buckets);
        return edges;
    }

    void append(candidate_centres const& centres, float const* table, cell_entry& entry)
    {
        constexpr std::size_t lanes = 8;
        auto const numbers = axes_.size() + 1; // of each centre in the table
        auto const groups = (centres.count() + lanes - 1) / lanes;
        entry = {.place = static_cast<std::int32_t>(rows_.size()), .groups = static_cast<std::int32_t>(groups)};
        for (std::size_t first = 0; first < groups * lanes; first += lanes) {
            auto const group = rows_.size();
            rows_.resize(group + numbers + 1);
            for (std::size_t i = 0; i < lanes; ++i) {
                bool const none = first + i >= centres.count();
                auto const centre = none ? 0 : centres.clusters()[first + i];
                for (std::size_t n = 0; n < numbers; ++n) {
                    rows_[group + n].numbers[i] = none ? (n == 0 ? -1e38F : 0) : table[centre * numbers + n];
                }
                rows_[group + numbers].numbers[i] = std::bit_cast<float>(centre);
            }
        }
    }

    std::vector<double> low_;             // where the buckets begin, for each band
    std::vector<double> width_;           // of a bucket
    std::vector<std::vector<int>> edges_; // see cut()
    std::vector<cell_axis> axes_;
    double margin_ = 0;
    candidate_centres all_;
    candidate_centres of_cell_;
    std::vector<cell_entry> entries_;
    std::vector<cell_row> rows_;
    std::int32_t outside_ = 0;
};

} // namespace shepseg::detail
