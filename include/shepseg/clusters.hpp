// SPDX-License-Identifier: BSL-1.0
//
// Tile phase, first step: every pixel takes its nearest cluster centre.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <rios/image.hpp>

#include "cluster_model.hpp"
#include "nearest_centre.hpp"
#include "null_pixels.hpp"

namespace shepseg {

namespace detail {

/// One row of clusters, in runs that fit the level-1 cache.
template <rios::Pixel T>
void assign_row(rios::image_view<T const> const& image, std::ptrdiff_t row, null_test<T> const& is_null,
                cluster_centres const& centres, std::vector<double>& values, std::uint16_t* clusters)
{
    constexpr std::ptrdiff_t run = 256;
    values.resize(static_cast<std::size_t>(image.bands() * run));
    std::uint32_t nearest[run];
    double distance[run];
    bool null[run];
    for (std::ptrdiff_t begin = 0; begin < image.cols(); begin += run) {
        auto const count = std::min(run, image.cols() - begin);
        std::fill_n(null, count, false);
        for (std::ptrdiff_t band = 0; band < image.bands(); ++band) {
            T const* const pixels = &image(band, row, begin);
            double* const converted = values.data() + band * run;
            for (std::ptrdiff_t i = 0; i < count; ++i) converted[i] = static_cast<double>(pixels[i]);
            if (is_null.never()) continue;
            for (std::ptrdiff_t i = 0; i < count; ++i) null[i] |= is_null(pixels[i]);
        }
        // Large parts of many rasters hold no data.
        if (std::all_of(null, null + count, [](bool each) { return each; })) continue;
        find_nearest_centres(values.data(), run, count, centres, nearest, distance);
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            clusters[begin + i] = static_cast<std::uint16_t>(null[i] ? 0 : nearest[i] + 1);
        }
    }
}

} // namespace detail

/// The cluster of each pixel: 1 + the index of its nearest centre, or 0 where the pixel is null.
///
/// @param before_row called with no arguments before each row; may throw to end the work
/// @pre centres.bands() == image.bands(), centres.clusters() is 1 to 65535
template <rios::Pixel T, typename F>
[[nodiscard]] rios::image<std::uint16_t> assign_clusters(rios::image_view<T const> image,
                                                         std::optional<double> null_value,
                                                         cluster_centres const& centres, F before_row)
{
    rios::image<std::uint16_t> clusters(1, image.rows(), image.cols());
    null_test<T> const is_null(null_value);
    std::vector<double> values;
    for (std::ptrdiff_t row = 0; row < image.rows(); ++row) {
        before_row();
        detail::assign_row(image, row, is_null, centres, values, clusters.row(0, row).data());
    }
    return clusters;
}

/// As above.
template <rios::Pixel T>
[[nodiscard]] rios::image<std::uint16_t>
assign_clusters(rios::image_view<T const> image, std::optional<double> null_value, cluster_centres const& centres)
{
    return assign_clusters(image, null_value, centres, [] {});
}

} // namespace shepseg
