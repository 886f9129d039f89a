// SPDX-License-Identifier: BSL-1.0
//
// Tile phase, second step: connected components of equal cluster.
#pragma once

#include <cstddef>
#include <cstdint>
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
    rios::image<std::uint32_t> labels; ///< for each pixel a root + 1, or 0 where the pixel is null
    rios::large_vector<std::uint32_t> root;   ///< for each provisional number its root
    rios::large_vector<std::uint32_t> size;   ///< pixels of each root; 0 for other numbers
    rios::large_vector<std::uint32_t> first;  ///< scan index of the pixel at which each number was given

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
/// Two-pass labelling with union-find (Rosenfeld and Pfaltz, 1966; the order in which neighbours are asked is that of
/// Wu, Otoo and Suzuki, 2009).
[[nodiscard]] inline clump_map find_clumps(rios::image_view<std::uint16_t const> clusters, connectivity neighbours)
{
    auto const rows = clusters.rows();
    auto const cols = clusters.cols();
    clump_map map{.labels = {1, rows, cols}, .root = {}, .size = {}, .first = {}};
    bool const diagonal = neighbours == connectivity::eight;
    auto& root = map.root;
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        std::uint16_t const* const here = clusters.row(0, row).data();
        std::uint16_t const* const above = row > 0 ? clusters.row(0, row - 1).data() : nullptr;
        std::uint32_t* const label = map.labels.row(0, row).data();
        std::uint32_t const* const label_above = row > 0 ? map.labels.row(0, row - 1).data() : nullptr;
        for (std::ptrdiff_t col = 0; col < cols; ++col) {
            auto const cluster = here[col];
            if (cluster == 0) continue;
            bool const left = col > 0 && here[col - 1] == cluster;
            std::uint32_t number = 0;
            if (above != nullptr && above[col] == cluster) {
                // The diagonal neighbours and, when 8-connected, the left one touch the pixel above: united already.
                number = label_above[col] - 1;
                if (left && !diagonal && label[col - 1] - 1 != number) {
                    number = detail::unite(root, number, label[col - 1] - 1);
                }
            } else {
                bool const up_left = diagonal && above != nullptr && col > 0 && above[col - 1] == cluster;
                bool const up_right = diagonal && above != nullptr && col + 1 < cols && above[col + 1] == cluster;
                if (left) number = label[col - 1] - 1;
                else if (up_left) number = label_above[col - 1] - 1;
                else if (up_right) number = label_above[col + 1] - 1;
                else {
                    number = static_cast<std::uint32_t>(root.size());
                    root.push_back(number);
                    map.size.push_back(0);
                    map.first.push_back(static_cast<std::uint32_t>(row * cols + col));
                }
                if (up_right && label_above[col + 1] - 1 != number) {
                    number = detail::unite(root, number, label_above[col + 1] - 1);
                }
            }
            label[col] = number + 1;
            ++map.size[number];
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
