// SPDX-License-Identifier: BSL-1.0
//
// Everything that decides what a segmentation looks like, with the defaults of Shepherd, Bunting and Dymond (2019).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>

#include <rios/error.hpp>
#include <rios/progress.hpp>

#include "cluster_model.hpp"

namespace shepseg {

/// Where k-means starts.
enum class kmeans_start : std::uint8_t {
    plus_plus, ///< seeded: greedy k-means++ (Arthur and Vassilvitskii, 2007), several times; the best fit is kept
    diagonal   ///< fixed: evenly along the diagonal of the sample's bounding box
};

/// How the spectral clusters are fitted (kmeans.hpp).
struct kmeans_options {
    int clusters = 60; ///< 1 to 65535
    kmeans_start start = kmeans_start::plus_plus;
    int starts = 5;           ///< how often to start with plus_plus, at least 1
    std::uint64_t seed = 0;   ///< of plus_plus; the same seed gives the same centres
    int max_iterations = 300; ///< of each start, at least 1
    double tolerance = 1e-4;  ///< a fit ends when the centres move less than this × the mean variance of the bands
};

/// Which pixels the clusters are fitted to: those in every n-th row and column, for the smallest n that keeps within
/// the limit. Null pixels among them are left out.
struct sample_options {
    std::int64_t pixels = 1'000'000; ///< at most so many pixels, nulls included
    std::optional<double> percent;   ///< at most so many percent of the pixels instead; above 0, to 100
};

/// The limit is this percentile (0 to 100) of the distances between pairs of cluster centres.
struct automatic_limit {
    double percentile = 50;
};

/// The limit is ten times the largest distance between two cluster centres.
struct no_limit {};

/// How far apart, in the units of the pixels, the mean spectra of two segments may be for them to merge: a rule, or a
/// number of at least 0.
using spectral_limit = std::variant<automatic_limit, no_limit, double>;

/// What counts as a neighbour of a pixel.
enum class connectivity : std::uint8_t {
    four = 4, ///< the pixels above, left, right and below
    eight = 8 ///< those and the diagonal ones
};

/// All parameters of a segmentation.
struct options {
    /// Fitted to a sample of the image, unless a model is given.
    kmeans_options kmeans;
    sample_options sample;
    /// Clusters to use instead of fitting any. Its centres' bands are the image's, in order.
    std::optional<cluster_model> model;
    /// Segments smaller than this, in pixels, are merged into a neighbour where the limit allows it; at least 1.
    std::int64_t min_segment_size = 50;
    spectral_limit max_spectral_diff = automatic_limit{};
    connectivity neighbours = connectivity::four;
    /// Pixels with this value in any band belong to no segment; compared in the pixel's type. Pixels of floating-point
    /// images that are NaN or infinite never do.
    std::optional<double> null_value;
    /// Rows and columns of the tiles that are worked on side by side, 1 to 16384. The labels do not depend on it.
    std::ptrdiff_t tile_size = 640;
    /// Pixels around a tile that are looked at with it, 2 to 1024. The labels do not depend on it: it only decides how many
    /// single pixels are left to the global phase.
    std::ptrdiff_t halo = 16;
    rios::progress_function progress;
};

namespace detail {

template <typename T>
void require(bool allowed, std::string_view what, T const& value, std::string_view range)
{
    if (allowed) return;
    std::ostringstream text;
    text.precision(std::numeric_limits<double>::max_digits10);
    text << what << ' ' << value << " is not allowed: " << range;
    throw rios::options_error(text.str());
}

} // namespace detail

/// Checks the parameters of k-means. @throws rios::options_error naming the first that is not allowed
inline void check(kmeans_options const& options)
{
    detail::require(options.clusters >= 1 && options.clusters <= 65535, "number of clusters", options.clusters,
                    "must be 1 to 65535");
    detail::require(options.starts >= 1, "number of k-means starts", options.starts, "must be at least 1");
    detail::require(options.max_iterations >= 1, "number of k-means iterations", options.max_iterations,
                    "must be at least 1");
    detail::require(options.tolerance >= 0, "k-means tolerance", options.tolerance, "must be at least 0");
}

/// Checks the parameters of the sample. @throws rios::options_error naming the first that is not allowed
inline void check(sample_options const& options)
{
    detail::require(options.pixels >= 1, "number of sample pixels", options.pixels, "must be at least 1");
    if (options.percent) {
        detail::require(*options.percent > 0 && *options.percent <= 100, "sample percentage", *options.percent,
                        "must be above 0 and at most 100");
    }
}

/// Checks all parameters. @throws rios::options_error naming the first that is not allowed
inline void check(options const& options)
{
    check(options.kmeans);
    check(options.sample);
    detail::require(options.min_segment_size >= 1, "minimum segment size", options.min_segment_size,
                    "must be at least 1 pixel");
    detail::require(options.neighbours == connectivity::four || options.neighbours == connectivity::eight,
                    "connectivity", static_cast<int>(options.neighbours), "must be 4 or 8");
    detail::require(options.tile_size >= 1 && options.tile_size <= 16384, "tile size", options.tile_size,
                    "must be 1 to 16384 pixels");
    detail::require(options.halo >= 2 && options.halo <= 1024, "halo", options.halo, "must be 2 to 1024 pixels");
    if (auto const* rule = std::get_if<automatic_limit>(&options.max_spectral_diff)) {
        detail::require(rule->percentile >= 0 && rule->percentile <= 100, "percentile of the spectral differences",
                        rule->percentile, "must be 0 to 100");
    }
    if (auto const* limit = std::get_if<double>(&options.max_spectral_diff)) {
        detail::require(*limit >= 0 && std::isfinite(*limit), "maximum spectral difference", *limit,
                        "must be a number of at least 0");
    }
    if (options.model && options.model->centres.empty()) {
        throw rios::options_error("the cluster model has no centres: at least 1 is needed");
    }
}

} // namespace shepseg
