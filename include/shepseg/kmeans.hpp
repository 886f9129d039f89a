// SPDX-License-Identifier: BSL-1.0
//
// Lloyd's algorithm: the spectral clusters that seed the segmentation. The same sample, options and seed give the same
// bits with any executor, any number of threads and any instruction set.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <rios/error.hpp>
#include <rios/executor/for_each_index.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image_view.hpp>
#include <rios/progress.hpp>

#include "cluster_model.hpp"
#include "detail/exact.hpp"
#include "detail/spectra.hpp"
#include "kmeans_start.hpp"
#include "nearest_centre.hpp"
#include "options.hpp"

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
class lloyd {
  public:
    lloyd(spectra const& data, cluster_centres start)
        : data_(data), fit_{std::move(start), 0, 0, false}, nearest_(data.count(), unassigned), distance_(data.count()),
          chunk_changed_(data.chunks()), chunk_sums_(data.chunks() * fit_.centres.clusters() * (data.bands() + 1))
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
            auto const moved = move_centres();
            fit_.converged = !changed || moved <= tolerance;
        }
        assign(executor);
        fit_.inertia = data_.sum(executor, [&](std::size_t begin, std::size_t end) {
            return std::accumulate(distance_.begin() + static_cast<std::ptrdiff_t>(begin),
                                   distance_.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
        });
        return std::move(fit_);
    }

  private:
    static constexpr std::uint32_t unassigned = std::numeric_limits<std::uint32_t>::max();

    /// Gives every pixel its nearest centre and adds up the pixels of each; returns whether any pixel changed.
    template <rios::AnyExecutor E>
    bool assign(E& executor)
    {
        auto const bands = data_.bands();
        auto const width = bands + 1;
        rios::for_each_chunk(executor, data_.count(), spectra::chunk, [&](std::size_t begin, std::size_t end) {
            auto const chunk = begin / spectra::chunk;
            std::uint32_t nearest[spectra::chunk];
            find_nearest_centres(data_.band(0) + begin, static_cast<std::ptrdiff_t>(data_.count()),
                                 static_cast<std::ptrdiff_t>(end - begin), fit_.centres, nearest,
                                 distance_.data() + begin);
            chunk_changed_[chunk] =
                !std::equal(nearest, nearest + (end - begin), nearest_.begin() + static_cast<std::ptrdiff_t>(begin));
            std::copy_n(nearest, end - begin, nearest_.begin() + static_cast<std::ptrdiff_t>(begin));
            double* const sums = chunk_sums_.data() + chunk * fit_.centres.clusters() * width;
            std::fill_n(sums, fit_.centres.clusters() * width, 0.0);
            for (auto i = begin; i < end; ++i) {
                double* const sum = sums + nearest[i - begin] * width;
                for (std::size_t b = 0; b < bands; ++b) sum[b] += data_(b, i);
                sum[bands] += 1;
            }
        });
        return std::any_of(chunk_changed_.begin(), chunk_changed_.end(), [](char changed) { return changed != 0; });
    }

    /// Moves every centre to the mean of its pixels; returns the sum of the squared movements.
    double move_centres()
    {
        auto const bands = data_.bands();
        auto const width = bands + 1;
        auto const clusters = fit_.centres.clusters();
        std::vector<double> sums(clusters * width);
        for (std::size_t chunk = 0; chunk < data_.chunks(); ++chunk) {
            for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += chunk_sums_[chunk * sums.size() + i];
        }
        refill_empty_clusters(sums);
        double moved = 0;
        for (std::size_t k = 0; k < clusters; ++k) {
            double* const sum = sums.data() + k * width;
            if (sum[bands] == 0) continue;
            for (std::size_t b = 0; b < bands; ++b) {
                auto const mean = sum[b] / sum[bands];
                auto const movement = mean - fit_.centres[k][b];
                moved += exact_product(movement, movement);
                fit_.centres[k][b] = mean;
            }
        }
        return moved;
    }

    void refill_empty_clusters(std::vector<double>& sums) const
    {
        auto const bands = data_.bands();
        auto const width = bands + 1;
        std::vector<std::size_t> empty;
        for (std::size_t k = 0; k < fit_.centres.clusters(); ++k) {
            if (sums[k * width + bands] == 0) empty.push_back(k);
        }
        if (empty.empty()) return;
        std::vector<std::size_t> farthest(data_.count());
        std::iota(farthest.begin(), farthest.end(), std::size_t{0});
        auto const middle = farthest.begin() + static_cast<std::ptrdiff_t>(empty.size());
        std::partial_sort(farthest.begin(), middle, farthest.end(), [&](std::size_t a, std::size_t b) {
            return distance_[a] != distance_[b] ? distance_[a] > distance_[b] : a < b;
        });
        for (std::size_t i = 0; i < empty.size(); ++i) {
            double* const from = sums.data() + nearest_[farthest[i]] * width;
            double* const to = sums.data() + empty[i] * width;
            for (std::size_t b = 0; b < bands; ++b) {
                from[b] -= data_(b, farthest[i]);
                to[b] = data_(b, farthest[i]);
            }
            from[bands] -= 1;
            to[bands] = 1;
        }
    }

    spectra const& data_;
    kmeans_fit fit_;
    std::vector<std::uint32_t> nearest_;
    std::vector<double> distance_;
    std::vector<char> chunk_changed_;
    std::vector<double> chunk_sums_; // chunk × cluster × (bands, number of pixels)
};

} // namespace detail

/// Fits cluster centres to a sample.
///
/// A sample with no more different spectra than clusters gets exactly those spectra, in ascending order, as its centres:
/// then there are fewer centres than asked for. An empty sample gets none.
/// @param sample an image of one row; every column is a pixel, none of them null
/// @throws rios::options_error if an option is not allowed, or if there are more clusters than pixels (unless there are
///         none); rios::cancelled
/// Complexity: O(pixels × clusters × bands) for each iteration, spread over the executor.
/// Source: Lloyd (1982), "Least squares quantization in PCM"
template <rios::Pixel T, rios::AnyExecutor E = rios::inline_executor>
[[nodiscard]] kmeans_fit fit_kmeans(rios::image_view<T const> sample, kmeans_options const& options = {},
                                    E&& executor = E{}, rios::progress_function const& progress = {})
{
    check(options);
    if (sample.rows() != 1 && sample.cols() > 0) throw rios::options_error("the sample of k-means must have one row");
    auto const clusters = static_cast<std::size_t>(options.clusters);
    auto const count = static_cast<std::size_t>(sample.cols());
    if (count == 0) return {.centres = {}, .inertia = 0, .iterations = 0, .converged = true};
    if (clusters > count) {
        throw rios::options_error("number of clusters " + std::to_string(clusters) +
                                  " is not allowed: must be at most the number of sample pixels that are not null, " +
                                  std::to_string(count));
    }
    detail::spectra const data(sample);
    if (auto const distinct = detail::distinct_spectra(data, clusters); !distinct.empty()) {
        return {.centres = cluster_centres(distinct), .inertia = 0, .iterations = 0, .converged = true};
    }
    auto const tolerance = options.tolerance * data.mean_variance(executor);
    auto const starts = options.start == kmeans_start::diagonal ? 1 : options.starts;
    kmeans_fit best;
    for (int start = 0; start < starts; ++start) {
        detail::random_source random(options.seed, static_cast<std::uint64_t>(start));
        auto const from = static_cast<double>(start) / starts;
        rios::report(progress, "k-means", from);
        detail::lloyd lloyd(data, options.start == kmeans_start::diagonal
                                      ? diagonal_start(sample, clusters)
                                      : detail::plus_plus_start(data, clusters, random, executor));
        auto fit = lloyd.run(options.max_iterations, tolerance, executor, progress, from,
                             static_cast<double>(start + 1) / starts);
        if (start == 0 || fit.inertia < best.inertia) best = std::move(fit);
    }
    rios::report(progress, "k-means", 1);
    return best;
}

} // namespace shepseg
