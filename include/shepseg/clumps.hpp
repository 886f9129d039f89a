// SPDX-License-Identifier: BSL-1.0
//
// Tile phase, second step: connected components of equal cluster.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <rios/image.hpp>
#include <rios/large_vector.hpp>

#include "options.hpp"

namespace shepseg {

/// The clumps of a tile, found in one pass over the pixels.
///
/// A clump has as many numbers as the pass began it in different places; the lowest, its root, was given at its first
/// pixel in scan order. Ascending roots are clumps in scan order of their first pixels.
struct clump_map {
    rios::image<std::uint32_t> labels;       ///< for each pixel a number of its clump + 1, or 0 where the pixel is null
    rios::large_vector<std::uint32_t> root;  ///< for each number its root
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

/// Labels row after row. What neighbours in noisy images are cannot be predicted: so there are no branches, but where
/// clumps meet; and what does not depend on the pixel before is found for many pixels at once, so that compilers
/// vectorise it.
template <bool Diagonal>
class clump_finder {
  public:
    clump_finder(clump_map& map, std::ptrdiff_t cols)
        : map_(map), cols_(cols), here_(static_cast<std::size_t>(cols) + 2), above_(here_), labels_(here_.size()),
          labels_above_(here_.size())
    {
    }

    /// @param clusters of the next row @param at scan index of its first pixel @param labels out
    void add_row(std::uint16_t const* clusters, std::uint32_t at, std::uint32_t* labels)
    {
        std::copy_n(clusters, cols_, here_.begin() + 1);
        auto const count = map_.root.size();
        // Room for whatever comes.
        for (auto* const numbers : {&map_.root, &map_.first}) numbers->resize(count + here_.size());
        state now{.root = map_.root.data(), .count = static_cast<std::uint32_t>(count), .label = 0};
        surroundings around;
        for (std::ptrdiff_t begin = 0; begin < cols_; begin += run) {
            auto const pixels = std::min(run, cols_ - begin);
            look_around(here_.data() + begin, above_.data() + begin, labels_above_.data() + begin, pixels, around);
            label_run(around, pixels, at + static_cast<std::uint32_t>(begin), now, map_.first.data(),
                      labels_.data() + 1 + begin);
        }
        for (auto* const numbers : {&map_.root, &map_.first}) numbers->resize(now.count);
        std::copy_n(labels_.begin() + 1, cols_, labels);
        std::swap(here_, above_);
        std::swap(labels_, labels_above_);
    }

  private:
    static constexpr std::ptrdiff_t run = 256; // pixels at a time

    /// Of each pixel of a run. Masks are of all bits, or none.
    struct surroundings {
        std::uint32_t left[run];   // is the pixel to the left of this one's cluster?
        std::uint32_t above[run];  // label of a pixel above, or to the right of that, of this one's cluster; or 0
        std::uint32_t corner[run]; // that of the pixel to the left above, if nothing has joined it to this one's
        std::uint32_t is_new[run]; // is nothing around of this one's cluster?
        std::uint32_t meet[run];   // do two pixels that have labels, and have not been joined yet, meet at this one?
    };

    struct state {
        std::uint32_t* root;
        std::uint32_t count; // of numbers
        std::uint32_t label; // of the last pixel
    };

    /// @param here,above,labels of the pixel before the first, in the row and above
    static void look_around(std::uint16_t const* here, std::uint16_t const* above, std::uint32_t const* labels,
                            std::ptrdiff_t pixels, surroundings& around) noexcept
    {
        auto const mask = [](bool is) { return is ? ~std::uint32_t{0} : std::uint32_t{0}; };
        for (std::ptrdiff_t i = 0; i < pixels; ++i) {
            auto const cluster = here[i + 1];
            auto const left = mask(cluster == here[i]);
            auto const up = mask(cluster == above[i + 1]);
            auto label = labels[i + 1] & up;
            auto known = left | up;
            auto before = left;
            if constexpr (Diagonal) {
                // What is above is beside both of its neighbours, and what is to the left below one of them.
                auto const left_up = mask(cluster == above[i]);
                auto const right_up = mask(cluster == above[i + 2]);
                around.corner[i] = labels[i] & left_up & ~left;
                label |= labels[i + 2] & right_up & ~up;
                known |= left_up | right_up;
                before |= left_up;
            }
            around.left[i] = left;
            around.above[i] = label;
            around.is_new[i] = ~known & mask(cluster != 0);
            around.meet[i] = before & mask(label != 0);
        }
    }

    static void label_run(surroundings const& around, std::ptrdiff_t pixels, std::uint32_t at, state& now,
                          std::uint32_t* first, std::uint32_t* labels) noexcept
    {
        auto* const root = now.root;
        auto count = now.count;
        auto label = now.label;
        for (std::ptrdiff_t i = 0; i < pixels; ++i) {
            root[count] = count;
            first[count] = at + static_cast<std::uint32_t>(i);
            count -= around.is_new[i];
            auto before = label & around.left[i];
            if constexpr (Diagonal) before |= around.corner[i];
            auto const above = around.above[i];
            label = (count & around.is_new[i]) | before | above;
            if (((before ^ above) & around.meet[i]) != 0) label = unite(root, before - 1, above - 1) + 1;
            labels[i] = label;
        }
        now.count = count;
        now.label = label;
    }

    clump_map& map_;
    std::ptrdiff_t cols_;
    // Each with a pixel of null, whose label is 0, at either end.
    std::vector<std::uint16_t> here_;
    std::vector<std::uint16_t> above_;
    std::vector<std::uint32_t> labels_;
    std::vector<std::uint32_t> labels_above_;
};

} // namespace detail

/// Connected components of equal cluster, 0 (null) left out. @pre fewer than 2^32 - 1 pixels
///
/// Two-pass labelling with union-find (Rosenfeld and Pfaltz, 1966); the second pass, from numbers to roots, is left to
/// whoever goes over the pixels next.
[[nodiscard]] inline clump_map find_clumps(rios::image_view<std::uint16_t const> clusters, connectivity neighbours)
{
    auto const cols = clusters.cols();
    clump_map map{.labels = {1, clusters.rows(), cols}, .root = {}, .first = {}};
    // As many as there are in a very noisy scene, so that they hardly ever have to move.
    auto const expected = static_cast<std::size_t>(clusters.pixel_count() / 2 + cols + 2);
    for (auto* const numbers : {&map.root, &map.first}) numbers->reserve(expected);
    auto const find = [&](auto finder) {
        for (std::ptrdiff_t row = 0; row < clusters.rows(); ++row) {
            finder.add_row(clusters.row(0, row).data(), static_cast<std::uint32_t>(row * cols),
                           map.labels.row(0, row).data());
        }
    };
    if (neighbours == connectivity::eight) find(detail::clump_finder<true>(map, cols));
    else find(detail::clump_finder<false>(map, cols));
    // Roots are lower than what hangs on them, so theirs are final.
    for (auto& root : map.root) root = map.root[root];
    return map;
}

} // namespace shepseg
