// SPDX-License-Identifier: BSL-1.0
// Segments drawn by hand or at random, as spatial statistics see them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <rios/null_test.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>

#include <shepseg/segment_pixels.hpp>

#include "random_numbers.hpp"

namespace test {

/// The pixels of a segment, and all that they refer to.
template <rios::Pixel T>
struct segment_shape {
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> cols;
    std::vector<std::vector<T>> bands; // values of each band
    std::vector<std::uint32_t> neighbours;
    std::optional<std::array<double, 6>> geotransform;
    std::optional<double> null;

    /// What a function makes of it. What it does not set is -1.
    template <typename F>
    [[nodiscard]] std::vector<double> operator()(F function) const
    {
        shepseg::segment_setting<T> const setting{
            .grid = {.rows = 1000, .cols = 1000, .geotransform = geotransform, .projection = {}},
            .nulls = std::vector(bands.size(), rios::null_test<T>(null))};
        std::vector<T> values;
        shepseg::spatial_names names;
        for (auto const& each : bands) {
            values.insert(values.end(), each.begin(), each.end());
            names.bands.push_back(static_cast<int>(names.bands.size()) + 1);
        }
        std::vector<double> result(function.columns(names).size(), -1);
        function(shepseg::segment_pixels<T>(7, rows, cols, values, neighbours, setting), std::span(result));
        return result;
    }
};

/// The pixels that are not '.', with no values.
[[nodiscard]] inline segment_shape<std::uint8_t> drawn(std::vector<std::string> const& lines,
                                                       std::uint32_t first_row = 0, std::uint32_t first_col = 0)
{
    segment_shape<std::uint8_t> shape;
    for (std::uint32_t row = 0; row < lines.size(); ++row) {
        for (std::uint32_t col = 0; col < lines[row].size(); ++col) {
            if (lines[row][col] == '.') continue;
            shape.rows.push_back(first_row + row);
            shape.cols.push_back(first_col + col);
        }
    }
    return shape;
}

/// Any pixels of a small rectangle, in one part or in many, with values that are often the null value, 3.
template <rios::Pixel T>
[[nodiscard]] segment_shape<T> random_shape(random_numbers& random, std::size_t bands)
{
    segment_shape<T> shape;
    shape.null = 3;
    auto const rows = random.between<std::uint32_t>(1, 20);
    auto const cols = random.between<std::uint32_t>(1, 20);
    auto const first_row = random.pick<std::uint32_t>({0, 0, 5, 900});
    auto const first_col = random.pick<std::uint32_t>({0, 0, 7, 900});
    auto const gaps = random.pick<std::uint64_t>({2, 5, 50});
    while (shape.rows.empty()) {
        for (std::uint32_t row = 0; row < rows; ++row) {
            for (std::uint32_t col = 0; col < cols; ++col) {
                if (random.one_in(gaps)) continue;
                shape.rows.push_back(first_row + row);
                shape.cols.push_back(first_col + col);
            }
        }
    }
    for (std::size_t band = 0; band < bands; ++band) {
        auto& values = shape.bands.emplace_back();
        for (std::size_t i = 0; i < shape.rows.size(); ++i) values.push_back(static_cast<T>(random.below(20)));
    }
    return shape;
}

} // namespace test
