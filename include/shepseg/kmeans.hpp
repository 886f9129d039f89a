// SPDX-License-Identifier: BSL-1.0
//
// k-means: the spectral clusters that seed the segmentation. The same sample, options and seed give the same
// bits with any executor, any number of threads and any instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image_view.hpp>
#include <rios/progress.hpp>

#include "cluster_model.hpp"
#include "detail/spectra.hpp"
#include "detail/spectra_tree.hpp"
#include "kmeans_start.hpp"
#include "lloyd.hpp"
#include "options.hpp"

namespace shepseg {

/// Pixels of a sample are numbered in 32 bits, as are their places in a tree that leaves some empty.
inline constexpr std::size_t most_sample_pixels = 4'000'000'000;

/// Fits cluster centres to a sample.
///
/// A sample with no more different spectra than clusters gets exactly those spectra, in ascending order, as its centres:
/// then there are fewer centres than asked for. An empty sample gets none.
/// @param sample an image of one row; every column is a pixel, none of them null; fewer than most_sample_pixels
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
    if (count >= most_sample_pixels) {
        throw rios::options_error("a sample of " + std::to_string(count) +
                                  " pixels is not allowed for k-means: must be fewer than " +
                                  std::to_string(most_sample_pixels));
    }
    if (count == 0) return {.centres = {}, .inertia = 0, .iterations = 0, .converged = true};
    if (clusters > count) {
        throw rios::options_error("number of clusters " + std::to_string(clusters) +
                                  " is not allowed: must be at most the number of sample pixels that are not null, " +
                                  std::to_string(count));
    }
    detail::spectra const data(sample, executor);
    if (auto const distinct = detail::distinct_spectra(data, clusters); !distinct.empty()) {
        return {.centres = cluster_centres(distinct), .inertia = 0, .iterations = 0, .converged = true};
    }
    auto const tolerance = options.tolerance * data.mean_variance(executor);
    auto const starts = options.start == kmeans_start::diagonal ? 1 : options.starts;
    detail::spectra_tree const tree(data, executor);
    kmeans_fit best;
    for (int start = 0; start < starts; ++start) {
        detail::random_source random(options.seed, static_cast<std::uint64_t>(start));
        auto const from = static_cast<double>(start) / starts;
        rios::report(progress, "k-means", from);
        detail::lloyd lloyd(data, tree,
                            options.start == kmeans_start::diagonal
                                ? diagonal_start(sample, clusters)
                                : detail::plus_plus_start(data, tree, clusters, random, executor));
        auto fit = lloyd.run(options.max_iterations, tolerance, executor, progress, from,
                             static_cast<double>(start + 1) / starts);
        if (start == 0 || fit.inertia < best.inertia) best = std::move(fit);
    }
    rios::report(progress, "k-means", 1);
    return best;
}

} // namespace shepseg
