// SPDX-License-Identifier: BSL-1.0
//
// The segmentation of Shepherd, Bunting and Dymond (2019), "Operational large-scale segmentation of imagery based on
// iterative elimination", Remote Sensing 11(6), 658, of an image in memory. Needs neither GDAL nor Boost.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/executor/for_each_index.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>

#include "cluster_model.hpp"
#include "kmeans.hpp"
#include "options.hpp"
#include "sample.hpp"
#include "spectral_difference.hpp"
#include "tiled.hpp"

namespace shepseg {

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

/// Fits clusters to a sample of an image of that size. There are none if every pixel is null.
/// @param take called with a step: the pixels in every step-th row and column that are not null (take_sample)
template <rios::Pixel T, rios::AnyExecutor E, typename F>
std::pair<cluster_model, fit_report> fit_model(std::ptrdiff_t rows, std::ptrdiff_t cols, std::ptrdiff_t bands,
                                               options const& options, E& executor, rios::timing_log& log, F take)
{
    auto step = sample_step(rows, cols, options.sample);
    rios::image<T> sample = take(step);
    // A sparse sample can miss what little data there is.
    while (sample.cols() == 0 && step > 1) sample = take(step /= 2);
    auto const timed = log.measure("kmeans");
    auto fit = fit_kmeans<T>(std::as_const(sample).view(), options.kmeans, executor, options.progress);
    cluster_model model{
        .bands = std::vector<int>(static_cast<std::size_t>(bands)), .null_value = options.null_value, .centres = {}};
    std::iota(model.bands.begin(), model.bands.end(), 1);
    model.centres = std::move(fit.centres);
    return {std::move(model),
            {.sample_step = step,
             .sample_pixels = sample.cols(),
             .iterations = fit.iterations,
             .converged = fit.converged,
             .inertia = fit.inertia}};
}

/// What every tile needs to know.
template <rios::Pixel T, typename Source>
tile_worker<T, Source> make_tile_worker(Source source, std::ptrdiff_t rows, std::ptrdiff_t cols, options const& options,
                                        cluster_centres centres, double max_spectral_diff)
{
    return {.source = std::move(source),
            .tiles = {.rows = rows, .cols = cols, .tile_size = options.tile_size, .halo = options.halo},
            .centres = std::move(centres),
            .null_value = options.null_value,
            .neighbours = options.neighbours,
            .min_segment_size = static_cast<std::uint64_t>(options.min_segment_size),
            .max_spectral_diff = max_spectral_diff};
}

/// An image in memory as the source of tiles.
template <rios::Pixel T>
struct view_source {
    rios::image_view<T const> image;

    [[nodiscard]] rios::image_view<T const> pixels(rios::block const& where, rios::timing_log&) const noexcept
    {
        return image.window(where.row, where.col, where.rows, where.cols);
    }
};

} // namespace detail

/// Segments an image.
///
/// The labels depend on the pixels and the options alone: not on the executor, the number of threads, the tiles, the
/// processor or the flags of the compiler. An image without any data gives labels that are all 0.
/// @param image the bands to use; at least 1 band, fewer than 2^32 - 1 pixels
/// @param log receives the times of the phases, for callers that time more than this call
/// @throws rios::options_error if an option is not allowed or does not go with the image; rios::cancelled
/// Complexity: O(pixels × bands × clusters) to assign clusters, near O(pixels × bands) for the rest.
/// Memory: besides the image 4 bytes for each pixel and about 180 (three bands) for each clump of more than one, and for
/// each thread about 40 for each pixel of a tile.
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
    segmentation result;
    result.counts.pixels = static_cast<std::uint64_t>(pixels.pixel_count());
    if (options.model) {
        detail::check_model(*options.model, pixels.bands());
        result.model = *options.model;
    } else {
        auto const take = [&](std::ptrdiff_t step) {
            rios::report(options.progress, "sampling", 0);
            auto const timed = log.measure("sampling");
            return take_sample<pixel>(pixels, options.null_value, step);
        };
        std::tie(result.model, result.fit) =
            detail::fit_model<pixel>(pixels.rows(), pixels.cols(), pixels.bands(), options, executor, log, take);
    }
    result.max_spectral_diff = max_spectral_difference(options.max_spectral_diff, result.model.centres);
    result.labels = rios::image<std::uint32_t>(1, pixels.rows(), pixels.cols());
    if (result.model.centres.empty()) {
        result.counts.null_pixels = result.counts.pixels;
        result.timings = log.snapshot();
        return result;
    }

    tiled_segmentation<pixel, detail::view_source<pixel>> tiled(
        detail::make_tile_worker<pixel>(detail::view_source<pixel>{pixels}, pixels.rows(), pixels.cols(), options,
                                        result.model.centres, result.max_spectral_diff),
        options.progress, log);
    auto const place_of = [&](std::size_t number) {
        auto const tile = tiled.tiles().tile(number);
        return result.labels.view().window(tile.row, tile.col, tile.rows, tile.cols);
    };
    tiled.find_regions(executor, [&](std::size_t number, rios::image<std::uint32_t> labels) {
        auto const place = place_of(number);
        for (std::ptrdiff_t row = 0; row < labels.rows(); ++row) {
            std::ranges::copy(labels.row(0, row), place.row(0, row).begin());
        }
    });
    tiled.find_segments(result.max_spectral_diff, executor);
    result.counts = tiled.counts();
    rios::report(options.progress, "labels", 0);
    {
        auto const timed = log.measure("labels");
        rios::for_each_index(executor, tiled.tiles().tiles(),
                             [&](std::size_t number) { tiled.relabel(number, place_of(number)); });
    }
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
