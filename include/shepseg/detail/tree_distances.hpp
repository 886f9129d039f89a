// SPDX-License-Identifier: BSL-1.0
//
// Under the start of k-means: how far the pixels of the sample are from the nearest of some of them, for whole numbers. What a
// further pixel is too far away from to change anything is left out: leaves and branches of a tree, at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/large_vector.hpp>

#include "../cluster_model.hpp"
#include "../nearest_centre.hpp"
#include "exact.hpp"
#include "sample_distances.hpp"
#include "spectra.hpp"
#include "spectra_tree.hpp"

namespace shepseg::detail {

/// As sample_distances, of values that are whole numbers, as long as the sum of all squared distances is less than 2^53. Such sums
/// are exact in whatever order they are made, so they are the same bits.
class tree_distances {
  public:
    static constexpr double most = 0x1p53; ///< sums as large as this may have been rounded

    /// @pre data.whole_numbers()
    tree_distances(spectra const& data, spectra_tree const& tree)
        : data_(data), tree_(tree), places_(data.count()), closest_(tree.places()), leaves_(tree.leaves()),
          branches_(tree.branches()), chunk_sums_(data.chunks())
    {
        for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) {
            for (auto place = tree.leaf_begin(leaf); place < tree.leaf_end(leaf); ++place) {
                closest_[place] = infinity;
                places_[tree.order()[place]] = static_cast<std::uint32_t>(place);
            }
        }
    }

    /// Adds a pixel that others may be near to; returns the sum of all distances. It must be less than `most` the first time; it is
    /// from then on.
    template <rios::AnyExecutor E>
    double add(std::size_t pixel, E& executor)
    {
        auto const centre = pixel_as_centre(data_, pixel);
        auto const chunks = data_.chunks();
        std::vector<double> changes((tree_.branches() + together - 1) / together * chunks);
        rios::for_each_chunk(executor, tree_.branches(), together, [&](std::size_t begin, std::size_t end) {
            room own(data_.bands());
            for (auto branch = begin; branch < end; ++branch)
                update_branch(branch, centre, own, changes.data() + begin / together * chunks);
        });
        for (std::size_t i = 0; i < changes.size(); ++i) chunk_sums_[i % chunks] += changes[i];
        return std::accumulate(chunk_sums_.begin(), chunk_sums_.end(), 0.0);
    }

    /// For each of those pixels the sum that there would be if it was added.
    template <rios::AnyExecutor E>
    [[nodiscard]] std::vector<double> sums_with(std::vector<std::size_t> const& pixels, E& executor) const
    {
        std::vector<cluster_centres> centres;
        for (auto const pixel : pixels) centres.push_back(pixel_as_centre(data_, pixel));
        std::vector<double> parts((tree_.branches() + together - 1) / together * pixels.size());
        rios::for_each_chunk(executor, tree_.branches(), together, [&](std::size_t begin, std::size_t end) {
            room own(data_.bands());
            for (auto branch = begin; branch < end; ++branch)
                add_sums_of_branch(branch, centres, own, parts.data() + begin / together * pixels.size());
        });
        std::vector<double> sums(pixels.size());
        for (std::size_t i = 0; i < parts.size(); ++i) sums[i % sums.size()] += parts[i];
        return sums;
    }

    [[nodiscard]] double operator[](std::size_t pixel) const noexcept { return closest_[places_[pixel]]; }
    /// Of the chunks of the sample.
    [[nodiscard]] std::vector<double> const& chunk_sums() const noexcept { return chunk_sums_; }

  private:
    static constexpr std::size_t together = 8; // branches in one step of the executor
    static constexpr auto infinity = std::numeric_limits<double>::infinity();

    /// Of the distances of some pixels.
    struct summary {
        double sum = 0;
        double greatest = infinity;
    };

    /// Memory of a thread.
    struct room {
        explicit room(std::size_t bands) : values(bands * spectra_tree::leaf) {}

        std::vector<double> values;
        std::uint32_t unused[spectra_tree::leaf];
        double distances[spectra_tree::leaf] = {}; // not less than 0, also those of earlier leaves
        std::vector<std::size_t> near;             // numbers of centres
    };

    /// The squared distance of a point to a box.
    [[nodiscard]] static double distance_to(double const* box, std::span<double const> point) noexcept
    {
        double sum = 0;
        for (std::size_t b = 0; b < point.size(); ++b) {
            auto const outside = std::max({box[b] - point[b], 0.0, point[b] - box[point.size() + b]});
            sum += exact_product(outside, outside);
        }
        return sum;
    }

    void measure(double const* values, std::size_t leaf, cluster_centres const& centre, room& own) const
    {
        find_nearest_centres(values, spectra_tree::leaf,
                             static_cast<std::ptrdiff_t>(tree_.leaf_end(leaf) - tree_.leaf_begin(leaf)), centre,
                             own.unused, own.distances);
    }

    void update_branch(std::size_t branch, cluster_centres const& centre, room& own, double* changes)
    {
        if (distance_to(tree_.branch_box(branch), centre[0]) >= branches_[branch].greatest) return;
        branches_[branch] = {.sum = 0, .greatest = 0};
        for (auto leaf = tree_.branch_begin(branch); leaf < tree_.branch_end(branch); ++leaf) {
            if (distance_to(tree_.leaf_box(leaf), centre[0]) < leaves_[leaf].greatest)
                update_leaf(leaf, centre, own, changes);
            branches_[branch].sum += leaves_[leaf].sum;
            branches_[branch].greatest = std::max(branches_[branch].greatest, leaves_[leaf].greatest);
        }
    }

    void update_leaf(std::size_t leaf, cluster_centres const& centre, room& own, double* changes)
    {
        measure(tree_.values(leaf, own.values.data()), leaf, centre, own);
        leaves_[leaf] = {.sum = 0, .greatest = 0};
        auto const begin = tree_.leaf_begin(leaf);
        for (auto i = begin; i < tree_.leaf_end(leaf); ++i) {
            if (auto const distance = own.distances[i - begin]; distance < closest_[i]) {
                changes[tree_.order()[i] / spectra::chunk] +=
                    closest_[i] == infinity ? distance : distance - closest_[i];
                closest_[i] = distance;
            }
            leaves_[leaf].sum += closest_[i];
            leaves_[leaf].greatest = std::max(leaves_[leaf].greatest, closest_[i]);
        }
    }

    void add_sums_of_branch(std::size_t branch, std::vector<cluster_centres> const& centres, room& own,
                            double* sums) const
    {
        own.near.clear();
        for (std::size_t c = 0; c < centres.size(); ++c) {
            if (distance_to(tree_.branch_box(branch), centres[c][0]) < branches_[branch].greatest)
                own.near.push_back(c);
            else sums[c] += branches_[branch].sum;
        }
        if (own.near.empty()) return;
        for (auto leaf = tree_.branch_begin(branch); leaf < tree_.branch_end(branch); ++leaf) {
            double const* values = nullptr;
            for (auto const c : own.near) {
                if (distance_to(tree_.leaf_box(leaf), centres[c][0]) >= leaves_[leaf].greatest) {
                    sums[c] += leaves_[leaf].sum;
                    continue;
                }
                if (values == nullptr) values = tree_.values(leaf, own.values.data());
                measure(values, leaf, centres[c], own);
                sums[c] += sum_of_closer(closest_.data() + tree_.leaf_begin(leaf), own.distances);
            }
        }
    }

    /// The sum of what is less of each two; of a whole leaf, as those that are missing in the last one are 0 and more.
    [[nodiscard]] static double sum_of_closer(double const* closest, double const* distances) noexcept
    {
        constexpr std::size_t lanes = 8;
        double sums[lanes] = {};
        for (std::size_t i = 0; i < spectra_tree::leaf; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane)
                sums[lane] += std::min(closest[i + lane], distances[i + lane]);
        }
        return std::accumulate(sums, sums + lanes, 0.0);
    }

    spectra const& data_;
    spectra_tree const& tree_;
    rios::large_vector<std::uint32_t> places_; // of the sample's pixels in the order of the tree
    rios::large_vector<double> closest_;       // in that order, 0 where there is none
    std::vector<summary> leaves_;
    std::vector<summary> branches_;
    std::vector<double> chunk_sums_;
};

} // namespace shepseg::detail
