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
#include <rios/null_test.hpp>

#include "assignment.hpp"
#include "cluster_model.hpp"

namespace shepseg {

namespace detail {

/// One row of clusters.
template <rios::Pixel T>
void assign_row(rios::image_view<T const> const& image, std::ptrdiff_t row, rios::null_test<T> const& is_null,
                assignment& centres, std::vector<T const*>& pixels, std::uint16_t* clusters)
{
    constexpr auto run = assignment::run;
    std::int32_t nearest[run];
    std::uint16_t valid[run]; // all bits or none
    for (std::ptrdiff_t begin = 0; begin < image.cols(); begin += run) {
        auto const count = std::min(run, image.cols() - begin);
        std::fill_n(valid, count, std::uint16_t{0xffff});
        for (std::ptrdiff_t band = 0; band < image.bands(); ++band) {
            T const* const values = pixels[static_cast<std::size_t>(band)] = &image(band, row, begin);
            if (is_null.never()) continue;
            for (std::ptrdiff_t i = 0; i < count; ++i) {
                valid[i] = static_cast<std::uint16_t>(is_null(values[i]) ? 0 : valid[i]);
            }
        }
        // Large parts of many rasters hold no data.
        if (std::all_of(valid, valid + count, [](auto each) { return each == 0; })) continue;
        centres.find(pixels.data(), count, nearest);
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            clusters[begin + i] = static_cast<std::uint16_t>((nearest[i] + 1) & valid[i]);
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
    rios::null_test<T> const is_null(null_value);
    assignment nearest(centres);
    std::vector<T const*> pixels(static_cast<std::size_t>(image.bands()));
    for (std::ptrdiff_t row = 0; row < image.rows(); ++row) {
        before_row();
        detail::assign_row(image, row, is_null, nearest, pixels, clusters.row(0, row).data());
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
