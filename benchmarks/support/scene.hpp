// SPDX-License-Identifier: BSL-1.0
//
// Synthetic landscapes, the same on every machine: fields with noise, as a stand-in for real images.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <rios/image.hpp>

namespace scene {

/// What a landscape looks like. Lengths are in pixels, values in units of reflectance × 10000.
struct options {
    std::ptrdiff_t bands = 6;
    std::ptrdiff_t rows = 1000;
    std::ptrdiff_t cols = 1000;
    double field_size = 30; ///< mean width of a field
    double noise = 120;     ///< amplitude of the noise of a pixel
    int crops = 24;         ///< different spectra of fields
    std::uint64_t seed = 1;
};

/// A pseudo-random number that depends on its arguments alone (SplitMix64, Steele et al., 2014).
inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b, std::uint64_t c)
{
    auto z = a * 0x9e3779b97f4a7c15U + b * 0xbf58476d1ce4e5b9U + c * 0x94d049bb133111ebU + 0x632be59bd9b4e019U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

/// The same, uniform in [0, 1).
inline double uniform(std::uint64_t a, std::uint64_t b, std::uint64_t c)
{
    return static_cast<double>(mixed(a, b, c) >> 11) * 0x1p-53;
}

/// Fields around jittered points of a lattice, each with the spectrum of its crop, a gain of its own and noise on every
/// pixel; a wedge of null pixels (0) in the upper left corner.
inline rios::image<std::uint16_t> draw(options const& wanted)
{
    rios::image<std::uint16_t> image(wanted.bands, wanted.rows, wanted.cols);
    auto const size = wanted.field_size;
    auto const seed = wanted.seed;
    auto const number = [](std::ptrdiff_t i) { return static_cast<std::uint64_t>(i); };
    for (auto [row, col] : image.pixels()) {
        if (row + col < std::min(wanted.rows, wanted.cols) / 8) continue;
        auto const y = static_cast<double>(row) + 2 * std::sin(static_cast<double>(col) / 9);
        auto const x = static_cast<double>(col) + 2 * std::sin(static_cast<double>(row) / 7);
        auto const cell_row = static_cast<std::ptrdiff_t>(std::floor(y / size));
        auto const cell_col = static_cast<std::ptrdiff_t>(std::floor(x / size));
        double nearest = std::numeric_limits<double>::infinity();
        std::uint64_t field = 0;
        for (auto r = cell_row - 1; r <= cell_row + 1; ++r) {
            for (auto c = cell_col - 1; c <= cell_col + 1; ++c) {
                auto const name = mixed(seed, number(r), number(c));
                auto const down = (static_cast<double>(r) + uniform(name, 1, 0)) * size - y;
                auto const right = (static_cast<double>(c) + uniform(name, 2, 0)) * size - x;
                if (auto const distance = down * down + right * right; distance < nearest) {
                    nearest = distance;
                    field = name;
                }
            }
        }
        auto const crop = mixed(field, 3, 0) % static_cast<std::uint64_t>(wanted.crops);
        auto const gain = 0.9 + 0.2 * uniform(field, 4, 0);
        auto const pixel = mixed(seed, number(row), number(col));
        for (std::ptrdiff_t band = 0; band < wanted.bands; ++band) {
            auto const spectrum = 400 + 2000 * (uniform(crop, seed, 5) + uniform(crop, seed, 6 + number(band)));
            auto const noise = wanted.noise * (uniform(pixel, number(band), 7) + uniform(pixel, number(band), 8) - 1);
            image(band, row, col) = static_cast<std::uint16_t>(std::clamp(spectrum * gain + noise, 1.0, 65535.0));
        }
    }
    return image;
}

} // namespace scene
