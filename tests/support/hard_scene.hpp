// SPDX-License-Identifier: BSL-1.0
// Scenes that are hard on seams: checkerboards, stripes, large areas, noise, with few larger clumps or none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "random_numbers.hpp"
#include "random_scene.hpp"
#include "twin.hpp"

namespace test {

/// A pattern in which no pixel touches one of its own kind: 2 and 3 kinds 4-connected, 4 and 5 also 8-connected.
inline std::size_t unequal_kind(std::size_t kinds, std::ptrdiff_t row, std::ptrdiff_t col)
{
    auto const r = static_cast<std::size_t>(row);
    auto const c = static_cast<std::size_t>(col);
    switch (kinds) {
    case 2: return (r + c) % 2;
    case 3: return (r + c) % 3;
    case 4: return r % 2 * 2 + c % 2;
    default: return (2 * r + c) % 5;
    }
}

/// The kind of each pixel of a raster, while it is painted.
struct kind_map {
    std::ptrdiff_t rows;
    std::ptrdiff_t cols;
    std::vector<std::size_t> kinds = std::vector<std::size_t>(static_cast<std::size_t>(rows * cols));

    [[nodiscard]] std::size_t& operator()(std::ptrdiff_t row, std::ptrdiff_t col)
    {
        return kinds[static_cast<std::size_t>(row * cols + col)];
    }

    /// A clump of two pixels at a place, as far as there is room.
    void plant(std::ptrdiff_t row, std::ptrdiff_t col, bool upright)
    {
        if (upright && row + 1 < rows) (*this)(row + 1, col) = (*this)(row, col);
        if (!upright && col + 1 < cols) (*this)(row, col + 1) = (*this)(row, col);
    }
};

/// Where something is painted.
struct area {
    std::ptrdiff_t row;
    std::ptrdiff_t col;
    std::ptrdiff_t end_row;
    std::ptrdiff_t end_col;
};

inline area random_area(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    auto const row = random.below(rows);
    auto const col = random.below(cols);
    return {row, col, random.between(row + 1, rows), random.between(col + 1, cols)};
}

/// Paints an area with one of many patterns, of kinds 0 to 5.
inline void paint(random_numbers& random, kind_map& map, area const& where, int connectivity)
{
    auto const pattern = random.below(12);
    auto const a = random.below<std::size_t>(6);
    auto const b = random.one_in(6) ? a : random.below<std::size_t>(6);
    auto const fewest = connectivity == 4 ? 2U : 4U;
    auto const kinds = random.between<std::size_t>(fewest, 5);
    auto const width = random.between<std::ptrdiff_t>(1, 2);
    auto const slope = random.between<std::ptrdiff_t>(-2, 2);
    auto const begin = random.below(map.cols + 1);
    for (auto row = where.row; row < where.end_row; ++row) {
        for (auto col = where.col; col < where.end_col; ++col) {
            auto& kind = map(row, col);
            switch (pattern) {
            case 0: kind = a; break;
            case 1: kind = col + slope * row < begin ? a : b; break; // two areas
            case 2: kind = row / width % 2 == 0 ? a : b; break;      // stripes
            case 3: kind = col / width % 2 == 0 ? a : b; break;
            case 4: { // one long line that winds through all of it, and between its turns
                bool const turn = row % 4 == 1 ? col + 1 == where.end_col : row % 4 == 3 && col == where.col;
                kind = row % 2 == 0 || turn ? a : b;
                break;
            }
            case 5: { // a comb: teeth that meet at one end only
                kind = col % 2 == 0 || row + 1 == where.end_row ? a : b;
                break;
            }
            case 6: kind = random.below(kinds); break;
            default: kind = unequal_kind(kinds, row, col);
            }
        }
    }
    // A few larger clumps, far away by preference.
    auto const clumps = pattern < 7 ? 0 : random.pick<int>({0, 1, 1, 2, 5, 20});
    for (int i = 0; i < clumps; ++i) {
        auto const far_row = random.one_in(2) ? where.end_row - 1 : where.row;
        auto const far_col = random.one_in(2) ? where.end_col - 1 : where.col;
        bool const far = !random.one_in(4);
        auto const row = far ? far_row : random.between(where.row, where.end_row - 1);
        auto const col = far ? far_col : random.between(where.col, where.end_col - 1);
        bool const upright = random.one_in(2);
        map.plant(std::max<std::ptrdiff_t>(0, row - (upright && row + 1 == map.rows)),
                  std::max<std::ptrdiff_t>(0, col - (!upright && col + 1 == map.cols)), upright);
    }
}

/// Null pixels: here and there, or as a wall with one gap, which waves of joining pixels have to find.
inline std::vector<bool> random_nulls(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    std::vector<bool> null(static_cast<std::size_t>(rows * cols));
    auto const kind = random.below(6);
    auto const density = random.pick<std::uint64_t>({2, 5, 20, 60});
    auto const every = random.between<std::ptrdiff_t>(2, 9);
    auto const gap = random.below(std::max(rows, cols));
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        for (std::ptrdiff_t col = 0; col < cols; ++col) {
            auto const at = static_cast<std::size_t>(row * cols + col);
            if (kind == 0) null[at] = random.one_in(density);
            else if (kind == 1) null[at] = row % every == every - 1 && col != (row / every % 2 == 0 ? cols - 1 : 0);
            else if (kind == 2) null[at] = col % every == every - 1 && row != gap % rows;
            else if (kind == 3) null[at] = (row + col) % (2 * every) == every && row != gap % rows;
        }
    }
    return null;
}

/// A spectrum for each kind.
template <typename T>
std::vector<std::vector<T>> random_spectra(random_numbers& random, std::size_t kinds, std::size_t bands, bool spaced)
{
    auto const values = detail::random_values<T>(random, 40);
    std::vector<std::vector<T>> spectra;
    std::vector<std::vector<T>> places(bands, std::vector<T>(kinds));
    for (auto& band : places) {
        for (std::size_t kind = 0; kind < kinds; ++kind) band[kind] = static_cast<T>(12 * kind);
        random.shuffle(band);
    }
    for (int tries = 0; spectra.size() < kinds; ++tries) {
        std::vector<T> spectrum(bands);
        for (std::size_t band = 0; band < bands; ++band) {
            spectrum[band] = spaced ? places[band][spectra.size()] : random.pick(values);
        }
        if (tries > 100 || std::ranges::find(spectra, spectrum) == spectra.end()) spectra.push_back(spectrum);
    }
    return spectra;
}

/// Any of all that, of the given size.
template <typename T>
random_scene<T> make_hard_scene(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    constexpr std::size_t kinds = 6;
    auto const bands = random.one_in(2) ? random.between<std::size_t>(1, 2) : random.between<std::size_t>(1, 10);
    int const connectivity = random.one_in(2) ? 4 : 8;
    kind_map map{.rows = rows, .cols = cols};
    paint(random, map, {0, 0, rows, cols}, connectivity);
    while (random.one_in(3)) paint(random, map, random_area(random, rows, cols), connectivity);

    // Spaced spectra leave room for pixels of one cluster that differ, between which single pixels have to choose.
    bool const spaced = random.one_in(2);
    auto const spectra = random_spectra<T>(random, kinds, bands, spaced);
    auto const spread = spaced ? random.between(1, 4) : 1;
    random_scene<T> result{
        .scene = {static_cast<int>(bands), static_cast<int>(rows), static_cast<int>(cols), {}, std::nullopt},
        .parameters = {}};
    auto& pixels = result.scene.pixels;
    for (std::size_t band = 0; band < bands; ++band) {
        for (auto const kind : map.kinds) {
            pixels.push_back(static_cast<T>(spectra[kind][band] + static_cast<T>(random.below(spread))));
        }
    }
    if (random.one_in(3)) {
        auto const null = random.pick<T>({T{0}, std::numeric_limits<T>::max(), T{99}});
        result.scene.null_value = static_cast<double>(null);
        auto const is_null = random_nulls(random, rows, cols);
        for (std::size_t at = 0; at < is_null.size(); ++at) {
            if (is_null[at]) pixels[random.below(bands) * is_null.size() + at] = null;
        }
    }

    std::vector<std::vector<double>> centres;
    for (auto const& spectrum : spectra) centres.emplace_back(spectrum.begin(), spectrum.end());
    result.parameters.centres = centres;
    random.shuffle(result.parameters.centres);
    if (random.one_in(5)) result.parameters.centres = detail::random_centres(random, centres);
    result.parameters.connectivity = connectivity;
    result.parameters.min_segment_size = random.one_in(3) ? 1000 : random.between(1, 30);
    detail::random_limit(random, centres, result.parameters);
    return result;
}

inline std::pair<std::ptrdiff_t, std::ptrdiff_t> random_size(random_numbers& random)
{
    switch (random.below(8)) {
    case 0: return {1, random.between(1, 90)};
    case 1: return {random.between(1, 90), 1};
    case 2: return {random.between(1, 8), random.between(1, 8)};
    case 3: return {random.between(30, 50), random.between(30, 70)};
    default: return {random.between(2, 25), random.between(2, 25)};
    }
}

/// A checkerboard of 2 or more kinds that has one larger clump, in the corner that is looked at last.
inline random_scene<std::uint8_t> make_checkerboard(int rows, int cols, std::size_t kinds, int connectivity)
{
    kind_map map{.rows = rows, .cols = cols};
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        for (std::ptrdiff_t col = 0; col < cols; ++col) map(row, col) = unequal_kind(kinds, row, col);
    }
    map(rows - 1, cols - 1) = map(rows - 1, cols - 2);
    random_numbers random(kinds);
    random_scene<std::uint8_t> result{.scene = {2, rows, cols, {}, {}}, .parameters = {}};
    for (auto const kind : map.kinds) {
        result.scene.pixels.push_back(static_cast<std::uint8_t>(10 * kind + random.below<std::size_t>(3)));
    }
    for (std::size_t i = 0; i < map.kinds.size(); ++i) {
        result.scene.pixels.push_back(random.below<std::uint8_t>(3));
    }
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        result.parameters.centres.push_back({1.0 + 10.0 * static_cast<double>(kind), 1.0});
    }
    result.parameters.connectivity = connectivity;
    result.parameters.limit_kind = twin::parameters::limit::none;
    return result;
}

} // namespace test
