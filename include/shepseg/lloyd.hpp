// SPDX-License-Identifier: BSL-1.0
//
// One start of Lloyd's algorithm (kmeans.hpp), without the distances that cannot matter: pixels are looked at in groups
// of similar ones, for which most centres are out of the question together. What comes out is what the plain algorithm
// gives, bit for bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <rios/concepts.hpp>
#include <rios/executor/for_each_index.hpp>
#include <rios/large_vector.hpp>
#include <rios/progress.hpp>

#include "cluster_model.hpp"
#include "detail/candidate_centres.hpp"
#include "detail/exact.hpp"
#include "detail/spectra.hpp"
#include "detail/spectra_tree.hpp"
#include "nearest_centre.hpp"

namespace shepseg {

/// What a fit came to.
struct kmeans_fit {
    cluster_centres centres;
    double inertia = 0;     ///< sum of the squared distances of the sample's pixels to their centres
    int iterations = 0;     ///< of the start that was kept
    bool converged = false; ///< false when the limit of iterations ended the start that was kept
};

namespace detail {

/// One start of Lloyd's algorithm, from given centres to the end.
///
/// A cluster that lost all its pixels moves to the pixel that is farthest from its own centre (the first such pixel on
/// ties), as in scikit-learn. Ends when no pixel changes its cluster, or when the squared movement of all centres
/// together is at most `tolerance`.
///
/// Every branch of the tree, and then every leaf, leaves out the centres that are farther from all of its box than the one
/// nearest to its middle. Squared distances have relative errors of at most (bands + 2) 2^-53, so with a margin of a few times that much
/// of the largest squared distance in the sample, those that are left out would not have won nor tied.
///
/// A leaf that has been looked at is left alone until two of its centres may have moved so far, together, that a pixel may change:
/// the least by which any other centre is farther from a pixel than the one that it has (its *lead*). That is the bound of
/// Hamerly (2010) for many pixels together, and for the centres that are near to them instead of all.
class lloyd {
  public:
    lloyd(spectra const& data, spectra_tree const& tree, cluster_centres start)
        : data_(data), tree_(tree), fit_{std::move(start), 0, 0, false}, nearest_(tree.places(), unassigned_),
          parts_(data.exact_sums() ? tree.branches() : data.chunks()),
          part_sums_(parts_ * fit_.centres.clusters() * width()), branch_changed_(tree.branches()),
          watched_(tree.branches()), leads_(tree.leaves()), steps_(fit_.centres.clusters()),
          margin_(16 * static_cast<double>(data.bands() + 4) * 0x1p-53 * data.squared_diagonal() + 1e-300)
    {
    }

    template <rios::AnyExecutor E>
    kmeans_fit run(int max_iterations, double tolerance, E& executor, rios::progress_function const& progress,
                   double progress_from, double progress_to)
    {
        while (!fit_.converged && fit_.iterations < max_iterations) {
            rios::report(progress, "k-means",
                         progress_from + (progress_to - progress_from) * fit_.iterations / max_iterations);
            auto const changed = assign(executor);
            ++fit_.iterations;
            auto const moved = move_centres(executor);
            fit_.converged = !changed || moved <= tolerance;
        }
        assign(executor);
        put_in_order(executor);
        fit_.inertia = data_.sum(executor, [this](std::size_t begin, std::size_t end) {
            std::vector<double> values(data_.bands() * (end - begin));
            data_.copy_values(begin, end, values.data());
            double sum = 0;
            for (auto i = begin; i < end; ++i)
                sum += squared_distance(values.data() + (i - begin), end - begin, in_order_[i]);
            return sum;
        });
        return std::move(fit_);
    }

  private:
    static constexpr std::uint32_t unassigned_ = 0xffff'ffff;
    static constexpr std::size_t together_ = 8; // branches in one step of the executor

    /// Numbers that make up the sum of a cluster's pixels: of each band, and how many there are.
    [[nodiscard]] std::size_t width() const noexcept { return data_.bands() + 1; }

    /// Gives every pixel its nearest centre and adds up the pixels of each; returns whether any pixel changed.
    template <rios::AnyExecutor E>
    bool assign(E& executor)
    {
        candidate_centres all;
        all.take_all(fit_.centres);
        rios::for_each_chunk(executor, tree_.branches(), together_, [&](std::size_t begin, std::size_t end) {
            room own{.values = std::vector<double>(data_.bands() * tree_.leaf)};
            for (auto branch = begin; branch < end; ++branch) branch_changed_[branch] = assign_branch(branch, all, own);
        });
        bool const changed =
            std::any_of(branch_changed_.begin(), branch_changed_.end(), [](char each) { return each != 0; });
        if (changed && !data_.exact_sums()) add_up_in_order(executor);
        return changed;
    }

    /// Memory of a thread.
    struct room {
        candidate_centres of_branch{};
        candidate_centres of_leaf{};
        cluster_centres compared{};
        std::vector<double> values{};
    };

    bool assign_branch(std::size_t branch, candidate_centres const& all, room& own)
    {
        auto const* const box = tree_.branch_box(branch);
        own.of_branch.take(all, box, box + data_.bands(), margin_);
        auto& watched = watched_[branch];
        auto const* const candidates = own.of_branch.clusters();
        bool const as_before =
            std::includes(watched.begin(), watched.end(), candidates, candidates + own.of_branch.count());
        if (as_before) own.of_branch.take(all, watched);
        else watched.assign(candidates, candidates + own.of_branch.count());
        double longest = 0; // of two different centres, the one that a pixel has and another
        double second = 0;
        for (auto const k : watched) {
            second = std::max(second, std::min(longest, steps_[k]));
            longest = std::max(longest, steps_[k]);
        }
        bool changed = false;
        for (auto leaf = tree_.branch_begin(branch); leaf < tree_.branch_end(branch); ++leaf) {
            leads_[leaf] = as_before ? leads_[leaf] - (longest + second) : 0;
            if (!(leads_[leaf] > 0)) changed |= assign_leaf(leaf, branch, own);
        }
        return changed;
    }

    bool assign_leaf(std::size_t leaf, std::size_t branch, room& own)
    {
        auto const* const box = tree_.leaf_box(leaf);
        auto lead = 0.0;
        own.of_leaf.take(own.of_branch, box, box + data_.bands(), margin_, &lead);
        auto const begin = tree_.leaf_begin(leaf);
        auto const count = tree_.leaf_end(leaf) - begin;
        std::uint32_t winner[spectra_tree::leaf];
        double const* values = nullptr;
        if (own.of_leaf.count() > 1) {
            double unused[spectra_tree::leaf];
            nearest_lead clear{};
            own.of_leaf.copy_to(own.compared);
            values = tree_.values(leaf, own.values.data());
            find_nearest_centres({.values = values,
                                  .band_stride = spectra_tree::leaf,
                                  .count = static_cast<std::ptrdiff_t>(count),
                                  .centres = own.compared,
                                  .nearest = winner,
                                  .distance = unused,
                                  .lead = &clear,
                                  .numbers = own.of_leaf.clusters()},
                                 best_instruction_set());
            // Distances differ by the difference of their squares, by their sum.
            lead = std::min(lead, clear.least_difference / (2 * std::sqrt(clear.greatest_second) + 1e-100));
        } else {
            std::fill_n(winner, count, *own.of_leaf.clusters());
        }
        // As much less as distances that can be told apart may be off.
        leads_[leaf] = lead - 8 * std::sqrt(margin_);
        if (std::equal(winner, winner + count, nearest_.data() + begin)) return false;
        for (std::size_t i = 0; i < count; ++i) {
            auto const k = winner[i];
            if (nearest_[begin + i] == k) continue;
            if (data_.exact_sums()) {
                if (values == nullptr) values = tree_.values(leaf, own.values.data());
                move_pixel(values + i, nearest_[begin + i], k, branch);
            }
            nearest_[begin + i] = k;
        }
        return true;
    }

    /// @param values of the pixel: band b at b * spectra_tree::leaf
    void move_pixel(double const* values, std::uint32_t from, std::uint32_t to, std::size_t branch) noexcept
    {
        auto const bands = data_.bands();
        double* const sums = part_sums_.data() + branch * fit_.centres.clusters() * width();
        if (from != unassigned_) {
            for (std::size_t b = 0; b < bands; ++b) sums[from * width() + b] -= values[b * spectra_tree::leaf];
            sums[from * width() + bands] -= 1;
        }
        for (std::size_t b = 0; b < bands; ++b) sums[to * width() + b] += values[b * spectra_tree::leaf];
        sums[to * width() + bands] += 1;
    }

    /// Puts the clusters in the order of the sample.
    template <rios::AnyExecutor E>
    void put_in_order(E& executor)
    {
        in_order_.resize(data_.count());
        rios::for_each_chunk(executor, tree_.branches(), together_, [this](std::size_t begin, std::size_t end) {
            for (auto leaf = tree_.branch_begin(begin); leaf < tree_.branch_end(end - 1); ++leaf) {
                for (auto i = tree_.leaf_begin(leaf); i < tree_.leaf_end(leaf); ++i)
                    in_order_[tree_.order()[i]] = nearest_[i];
            }
        });
    }

    /// Sums of pixels that are not exact are made in the order of the sample, whatever the tree.
    template <rios::AnyExecutor E>
    void add_up_in_order(E& executor)
    {
        put_in_order(executor);
        data_.for_each_chunk(executor, [&](std::size_t begin, std::size_t end) {
            auto const size = fit_.centres.clusters() * width();
            double* const sums = part_sums_.data() + begin / spectra::chunk * size;
            std::fill_n(sums, size, 0.0);
            for (auto i = begin; i < end; ++i) {
                double* const sum = sums + in_order_[i] * width();
                for (std::size_t b = 0; b < data_.bands(); ++b) sum[b] += data_(b, i);
                sum[data_.bands()] += 1;
            }
        });
    }

    /// Moves every centre to the mean of its pixels; returns the sum of the squared movements.
    template <rios::AnyExecutor E>
    double move_centres(E& executor)
    {
        auto const bands = data_.bands();
        auto const clusters = fit_.centres.clusters();
        std::vector<double> sums(clusters * width());
        for (std::size_t part = 0; part < parts_; ++part) {
            for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += part_sums_[part * sums.size() + i];
        }
        refill_empty_clusters(sums, executor);
        double moved = 0;
        for (std::size_t k = 0; k < clusters; ++k) {
            double const* const sum = sums.data() + k * width();
            steps_[k] = 0;
            if (sum[bands] == 0) continue;
            double step = 0;
            for (std::size_t b = 0; b < bands; ++b) {
                auto const mean = sum[b] / sum[bands];
                auto const movement = mean - fit_.centres[k][b];
                moved += exact_product(movement, movement);
                step += movement * movement;
                fit_.centres[k][b] = mean;
            }
            steps_[k] = std::sqrt(step) * (1 + 1e-12);
        }
        return moved;
    }

    template <rios::AnyExecutor E>
    void refill_empty_clusters(std::vector<double>& sums, E& executor) const
    {
        auto const bands = data_.bands();
        std::vector<std::size_t> empty;
        for (std::size_t k = 0; k < fit_.centres.clusters(); ++k) {
            if (sums[k * width() + bands] == 0) empty.push_back(k);
        }
        if (empty.empty()) return;
        auto const farthest = find_farthest(empty.size(), executor);
        for (std::size_t i = 0; i < empty.size(); ++i) {
            double* const from = sums.data() + farthest[i].cluster * width();
            double* const to = sums.data() + empty[i] * width();
            for (std::size_t b = 0; b < bands; ++b) {
                from[b] -= data_(b, farthest[i].pixel);
                to[b] = data_(b, farthest[i].pixel);
            }
            from[bands] -= 1;
            to[bands] = 1;
        }
    }

    struct far_pixel {
        double distance; // squared
        std::uint32_t pixel;
        std::uint32_t cluster;

        /// Whether this one comes first: the farther, and of equal ones that with the lower number.
        friend bool operator<(far_pixel const& a, far_pixel const& b) noexcept
        {
            return a.distance != b.distance ? a.distance > b.distance : a.pixel < b.pixel;
        }
    };

    /// The pixels that are farthest from their centres, in order. @pre there are as many
    template <rios::AnyExecutor E>
    [[nodiscard]] std::vector<far_pixel> find_farthest(std::size_t count, E& executor) const
    {
        std::vector<std::vector<far_pixel>> parts((tree_.branches() + together_ - 1) / together_);
        rios::for_each_chunk(executor, tree_.branches(), together_, [&](std::size_t begin, std::size_t end) {
            std::vector<double> memory(data_.bands() * tree_.leaf);
            auto& found = parts[begin / together_];
            for (auto leaf = tree_.branch_begin(begin); leaf < tree_.branch_end(end - 1); ++leaf)
                add_farthest(leaf, count, memory, found);
        });
        std::vector<far_pixel> all;
        for (auto const& part : parts) all.insert(all.end(), part.begin(), part.end());
        std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end());
        all.resize(count);
        return all;
    }

    /// @param found up to `count` pixels, a heap with the last one on top
    void add_farthest(std::size_t leaf, std::size_t count, std::vector<double>& memory,
                      std::vector<far_pixel>& found) const
    {
        auto const* const values = tree_.values(leaf, memory.data());
        auto const begin = tree_.leaf_begin(leaf);
        for (auto i = begin; i < tree_.leaf_end(leaf); ++i) {
            auto const cluster = nearest_[i];
            far_pixel const each{squared_distance(values + (i - begin), spectra_tree::leaf, cluster), tree_.order()[i],
                                 cluster};
            if (found.size() == count && !(each < found.front())) continue;
            found.push_back(each);
            std::push_heap(found.begin(), found.end());
            if (found.size() <= count) continue;
            std::pop_heap(found.begin(), found.end());
            found.pop_back();
        }
    }

    /// Of a pixel to a centre; the bits of find_nearest_centres().
    /// @param values of the pixel: band b at b * stride
    [[nodiscard]] double squared_distance(double const* values, std::size_t stride, std::size_t cluster) const noexcept
    {
        auto const centre = fit_.centres[cluster];
        double sum = 0;
        for (std::size_t b = 0; b < data_.bands(); ++b) {
            auto const difference = values[b * stride] - centre[b];
            sum += exact_product(difference, difference);
        }
        return sum;
    }

    spectra const& data_;
    spectra_tree const& tree_;
    kmeans_fit fit_;
    rios::large_vector<std::uint32_t> nearest_; // in the order of the tree
    rios::raw_vector<std::uint32_t> in_order_;  // that in the order of the sample, as it was when it was last needed
    std::size_t parts_;                         // of which sums are kept: branches if sums are exact, or else chunks
    rios::large_vector<double> part_sums_;      // part × cluster × (bands, number of pixels)
    std::vector<char> branch_changed_;
    std::vector<std::vector<std::uint32_t>> watched_; // by branch: the centres that its leaves were compared with
    std::vector<double>
        leads_; // by leaf: how far two of these may move together, all movements added up, until a pixel may change
    std::vector<double> steps_; // by cluster: how far its centre moved the last time
    double margin_;
};

} // namespace detail

} // namespace shepseg
