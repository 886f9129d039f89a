// SPDX-License-Identifier: BSL-1.0
//
// The segmentation of Shepherd, Bunting and Dymond (2019), "Operational large-scale segmentation of imagery based on
// iterative elimination", Remote Sensing 11(6), 658, of an image in memory: its phases in order, with the whole image as
// the one tile. Needs neither GDAL nor Boost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>

#include "clumps.hpp"
#include "cluster_model.hpp"
#include "clusters.hpp"
#include "eliminate.hpp"
#include "kmeans.hpp"
#include "options.hpp"
#include "region_graph.hpp"
#include "relabel.hpp"
#include "sample.hpp"
#include "single_pixels.hpp"
#include "spectral_difference.hpp"

namespace shepseg {

/// What happened on the way to a segmentation. segments = clumps - single pixels eliminated - small segments eliminated.
struct segmentation_counts {
    std::uint64_t pixels = 0; ///< all, null ones included
    std::uint64_t null_pixels = 0;
    std::uint64_t clumps = 0; ///< connected components of equal cluster, those of one pixel included
    std::uint64_t single_pixels_eliminated = 0;
    std::uint64_t small_segments_eliminated = 0;
    std::uint64_t segments = 0;

    friend bool operator==(segmentation_counts const&, segmentation_counts const&) = default;
};

/// How the clusters were fitted.
struct fit_report {
    std::ptrdiff_t sample_step = 1;   ///< every n-th row and column was sampled
    std::ptrdiff_t sample_pixels = 0; ///< that were not null
    int iterations = 0;               ///< of the start that was kept
    bool converged = false;           ///< false when the limit of iterations ended that start
    double inertia = 0;               ///< sum of the squared distances of the sample's pixels to their centres
};

/// A segmented image.
struct segmentation {
    rios::image<std::uint32_t> labels; ///< one band: 1 to counts.segments in scan order of first pixels, 0 where null
    cluster_model model;               ///< the clusters that were used; no centres if all pixels are null
    std::optional<fit_report> fit;     ///< none if the model was given
    double max_spectral_diff = 0;      ///< the limit that was used, in the units of the pixels; infinite for none
    segmentation_counts counts;
    rios::timings timings;
};

namespace detail {

/// Checks that the given model goes with the image. @throws rios::options_error
inline void check_model(cluster_model const& model, std::ptrdiff_t bands)
{
    auto const own = model.centres.bands();
    if (static_cast<std::ptrdiff_t>(own) != bands) {
        throw rios::options_error("the cluster model has " + std::to_string(own) + " bands, the image has " +
                                  std::to_string(bands) + ": both must have the same number");
    }
    require(model.centres.clusters() <= 65535, "number of clusters in the model", model.centres.clusters(),
            "must be 1 to 65535");
}

/// Fits clusters to a sample of the image. There are none if every pixel is null.
template <rios::Pixel T, rios::AnyExecutor E>
void fit_model(rios::image_view<T const> image, options const& options, E& executor, rios::timing_log& log,
               segmentation& result)
{
    result.model.null_value = options.null_value;
    result.model.bands.resize(static_cast<std::size_t>(image.bands()));
    std::iota(result.model.bands.begin(), result.model.bands.end(), 1);
    auto step = sample_step(image.rows(), image.cols(), options.sample);
    auto const sample = [&] {
        auto const timed = log.measure("sampling");
        auto taken = take_sample<T>(image, options.null_value, step);
        if (taken.cols() > 0 || step == 1) return taken;
        // A sparse sample can miss what little data there is.
        step = 1;
        return take_sample<T>(image, options.null_value, step);
    }();
    auto const timed = log.measure("kmeans");
    auto fit = fit_kmeans<T>(sample.view(), options.kmeans, executor, options.progress);
    result.fit = {.sample_step = step,
                  .sample_pixels = sample.cols(),
                  .iterations = fit.iterations,
                  .converged = fit.converged,
                  .inertia = fit.inertia};
    result.model.centres = std::move(fit.centres);
}

} // namespace detail

/// Segments an image.
///
/// The labels depend on the pixels and the options alone: not on the executor, the number of threads, the processor or
/// the flags of the compiler. An image without any data gives labels that are all 0.
/// @param image the bands to use; at least 1 band, fewer than 2^32 - 1 pixels
/// @param log receives the times of the phases, for callers that time more than this call
/// @throws rios::options_error if an option is not allowed or does not go with the image; rios::cancelled
/// Complexity: O(pixels × bands × clusters) to assign clusters, near O(pixels × bands) for the rest.
/// Memory: about 12 (fields) to 30 (very noisy scenes) bytes for each pixel, besides the image.
template <typename T, rios::AnyExecutor E>
[[nodiscard]] segmentation segment(rios::image_view<T> image, options const& options, E&& executor,
                                   rios::timing_log& log)
{
    using pixel = std::remove_const_t<T>;
    rios::image_view<pixel const> const pixels = image;
    check(options);
    detail::require(pixels.bands() >= 1, "number of bands", pixels.bands(), "must be at least 1");
    detail::require(pixels.pixel_count() < std::numeric_limits<std::uint32_t>::max(), "number of pixels",
                    pixels.pixel_count(), "an image in memory must have fewer than 4294967295");
    auto const phase = [&](std::string_view name, double done) { rios::report(options.progress, name, done); };

    segmentation result;
    result.counts.pixels = static_cast<std::uint64_t>(pixels.pixel_count());
    if (options.model) {
        detail::check_model(*options.model, pixels.bands());
        result.model = *options.model;
    } else {
        detail::fit_model<pixel>(pixels, options, executor, log, result);
    }
    result.max_spectral_diff = max_spectral_difference(options.max_spectral_diff, result.model.centres);
    if (result.model.centres.empty()) {
        result.counts.null_pixels = result.counts.pixels;
        result.labels = rios::image<std::uint32_t>(1, pixels.rows(), pixels.cols());
        result.timings = log.snapshot();
        return result;
    }

    auto map = [&] {
        phase("clusters", 0);
        auto const clusters = [&] {
            auto const timed = log.measure("clusters");
            return assign_clusters<pixel>(pixels, options.null_value, result.model.centres, executor);
        }();
        phase("clumps", 0);
        auto const timed = log.measure("clumps");
        return find_clumps(clusters, options.neighbours);
    }();
    for (auto const size : map.size) {
        result.counts.clumps += size > 0 ? 1 : 0;
        result.counts.null_pixels += size;
    }
    result.counts.null_pixels = result.counts.pixels - result.counts.null_pixels;

    phase("single pixels", 0);
    {
        auto const timed = log.measure("single pixels");
        result.counts.single_pixels_eliminated = absorb_single_pixels<pixel>(pixels, map, options.neighbours);
    }
    auto const min_segment_size = static_cast<std::uint64_t>(options.min_segment_size);
    phase("graph", 0);
    auto graph = [&] {
        auto const timed = log.measure("graph");
        return make_region_graph<pixel>(pixels, map, options.neighbours, min_segment_size);
    }();
    phase("small segments", 0);
    auto const left = [&] {
        auto const timed = log.measure("elimination");
        return eliminate_small_segments(graph, min_segment_size, result.max_spectral_diff, executor, options.progress);
    }();
    result.counts.small_segments_eliminated = left.eliminated;
    result.counts.segments = graph.segments() - left.eliminated;

    phase("labels", 0);
    {
        auto const timed = log.measure("labels");
        relabel(map.labels, final_labels(left.survivor), executor);
    }
    result.labels = std::move(map.labels);
    result.timings = log.snapshot();
    return result;
}

/// As above, timed by itself.
template <typename T, rios::AnyExecutor E = rios::inline_executor>
[[nodiscard]] segmentation segment(rios::image_view<T> image, options const& options = {}, E&& executor = E{})
{
    rios::timing_log log;
    return segment(image, options, executor, log);
}

/// As above, of an image that is owned by the caller.
template <rios::Pixel T, rios::AnyExecutor E = rios::inline_executor>
[[nodiscard]] segmentation segment(rios::image<T> const& image, options const& options = {}, E&& executor = E{})
{
    return segment(image.view(), options, executor);
}

} // namespace shepseg
