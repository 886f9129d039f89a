// SPDX-License-Identifier: BSL-1.0
//
// Tile phase, second step: connected components of equal cluster.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <rios/image.hpp>
#include <rios/large_vector.hpp>

#include "options.hpp"

namespace shepseg {

/// The clumps of a tile, found in one pass over the pixels.
///
/// A clump has as many provisional numbers as the pass began it in different places; the lowest, its root, was given at
/// its first pixel in scan order. Ascending roots are clumps in scan order of their first pixels.
struct clump_map {
    rios::image<std::uint32_t> labels;       ///< for each pixel a root + 1, or 0 where the pixel is null
    rios::large_vector<std::uint32_t> root;  ///< for each provisional number its root
    rios::large_vector<std::uint32_t> size;  ///< pixels of each root; 0 for other numbers
    rios::large_vector<std::uint32_t> first; ///< scan index of the pixel at which each number was given

    [[nodiscard]] bool is_root(std::uint32_t number) const noexcept { return root[number] == number; }
};

namespace detail {

template <typename V>
std::uint32_t find_root(V& root, std::uint32_t number) noexcept
{
    while (root[number] != number) {
        root[number] = root[root[number]];
        number = root[number];
    }
    return number;
}

/// Makes the two numbers one clump; returns its root, the lower one of theirs.
template <typename V>
std::uint32_t unite(V& root, std::uint32_t a, std::uint32_t b) noexcept
{
    a = find_root(root, a);
    b = find_root(root, b);
    if (a < b) {
        root[b] = a;
        return a;
    }
    root[a] = b;
    return b;
}

} // namespace detail

/// Connected components of equal cluster, 0 (null) left out. @pre fewer than 2^32 - 1 pixels
///
/// Two-pass labelling with union-find (Rosenfeld and Pfaltz, 1966), by runs (He, Chao and Suzuki, 2008).
[[nodiscard]] inline clump_map find_clumps(rios::image_view<std::uint16_t const> clusters, connectivity neighbours)
{
    auto const rows = clusters.rows();
    auto const cols = clusters.cols();
    clump_map map{.labels = {1, rows, cols}, .root = {}, .size = {}, .first = {}};
    constexpr auto none = std::numeric_limits<std::uint32_t>::max();
    bool const diagonal = neighbours == connectivity::eight;
    auto& root = map.root;
    // As many as there are in a very noisy scene, so that they hardly ever have to move.
    auto const expected = static_cast<std::size_t>(clusters.pixel_count()) / 2;
    for (auto* const numbers : {&map.root, &map.size, &map.first}) numbers->reserve(expected);
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        std::uint16_t const* const here = clusters.row(0, row).data();
        std::uint16_t const* const above = row > 0 ? clusters.row(0, row - 1).data() : nullptr;
        std::uint32_t* const label = map.labels.row(0, row).data();
        std::uint32_t const* const label_above = row > 0 ? map.labels.row(0, row - 1).data() : nullptr;
        // Run by run of equal clusters. Above a run, one of a row before with the same cluster is met as often as the two
        // share columns, or corners; once is enough.
        for (std::ptrdiff_t begin = 0, end = 0; begin < cols; begin = end) {
            auto const cluster = here[begin];
            for (end = begin + 1; end < cols && here[end] == cluster;) ++end;
            if (cluster == 0) continue;
            auto number = none;
            if (above != nullptr) {
                auto const from = diagonal && begin > 0 ? begin - 1 : begin;
                auto const to = diagonal && end < cols ? end + 1 : end;
                auto met = none;
                for (auto col = from; col < to; ++col) {
                    if (above[col] != cluster) continue;
                    auto const other = label_above[col] - 1;
                    if (other == met) continue;
                    met = other;
                    number = number == none ? other : detail::unite(root, number, other);
                }
            }
            if (number == none) {
                number = static_cast<std::uint32_t>(root.size());
                root.push_back(number);
                map.size.push_back(0);
                map.first.push_back(static_cast<std::uint32_t>(row * cols + begin));
            }
            std::fill(label + begin, label + end, number + 1);
            map.size[number] += static_cast<std::uint32_t>(end - begin);
        }
    }
    for (std::uint32_t number = 0; number < root.size(); ++number) {
        root[number] = root[root[number]]; // roots are lower than what hangs on them, so theirs are final
        if (root[number] != number) {
            map.size[root[number]] += map.size[number];
            map.size[number] = 0;
        }
    }
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        for (auto& label : map.labels.row(0, row)) {
            if (label != 0) label = root[label - 1] + 1;
        }
    }
    return map;
}

} // namespace shepseg
