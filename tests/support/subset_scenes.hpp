// SPDX-License-Identifier: BSL-1.0
// Segmentations of which subsets are taken.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <rios/block.hpp>
#include <rios/image.hpp>

#include "random_numbers.hpp"
#include "raster_files.hpp"

namespace test {

/// Patches of random labels, 0 among them.
template <typename T = std::uint32_t>
rios::image<T> patches(std::uint64_t seed, std::ptrdiff_t rows, std::ptrdiff_t cols, std::uint64_t most = 60)
{
    random_numbers random(seed);
    std::map<std::pair<std::ptrdiff_t, std::ptrdiff_t>, T> values;
    rios::image<T> result(1, rows, cols);
    for (auto const [row, col] : result.pixels()) {
        auto const [found, fresh] = values.try_emplace({row / 3, (col + row) / 4});
        if (fresh) found->second = static_cast<T>(random.below(most + 1));
        result(0, row, col) = found->second;
    }
    return result;
}

template <typename T>
void make_segments(std::string const& path, rios::image<T> const& pixels, std::string const& format = "GTiff",
                   std::vector<std::string> const& options = {})
{
    make_raster(path, format, pixels, options);
    auto const file = open_raster(path, GDAL_OF_UPDATE);
    std::array<double, 6> place{1000, 10, 0, 2000, 0, -10};
    file->SetGeoTransform(place.data());
    file->GetRasterBand(1)->SetNoDataValue(0);
}

inline rios::block block_at(std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    return {.index = 0, .row = row, .col = col, .rows = rows, .cols = cols};
}

} // namespace test
