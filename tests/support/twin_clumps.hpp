// SPDX-License-Identifier: BSL-1.0
// The twin's (twin.hpp) clusters, clumps and what becomes of single pixels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "twin_scene.hpp"

namespace twin {

// ---------------------------------------------------------------------------------------------------------------------
// Step 2. Clusters

/// "Squared Euclidean distance in double from the differences themselves", "bands summed in order from the first".
template <typename T>
double squared_distance_to_centre(scene<T> const& image, scan_index pixel, std::vector<double> const& centre)
{
    double sum = 0.0;
    for (int band = 0; band < image.bands; ++band) {
        double const difference =
            static_cast<double>(sample(image, band, pixel)) - centre[static_cast<std::size_t>(band)];
        sum += exact_product(difference, difference);
    }
    return sum;
}

/// "Every other pixel takes the nearest centre; the lowest index wins ties." Null pixels have no cluster.
template <typename T>
std::vector<std::optional<std::size_t>> assign_clusters(scene<T> const& image, std::vector<bool> const& is_null,
                                                        std::vector<std::vector<double>> const& centres)
{
    std::vector<std::optional<std::size_t>> clusters(pixel_count(image));
    for (scan_index pixel = 0; pixel < pixel_count(image); ++pixel) {
        if (is_null[pixel]) continue;
        std::size_t nearest = 0;
        double nearest_distance = squared_distance_to_centre(image, pixel, centres[0]);
        for (std::size_t k = 1; k < centres.size(); ++k) {
            double const distance = squared_distance_to_centre(image, pixel, centres[k]);
            if (distance < nearest_distance) {
                nearest = k;
                nearest_distance = distance;
            }
        }
        clusters[pixel] = nearest;
    }
    return clusters;
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 3. Clumps

/// "Connected components of equal cluster. No limit on their size. A clump's key is the scan index of its first pixel."
/// Returns the key of each pixel's clump, no_segment for null pixels.
inline std::vector<segment_key> find_clumps(std::vector<std::optional<std::size_t>> const& clusters,
                                            neighbour_lists const& neighbours)
{
    std::vector<segment_key> clump_of(clusters.size(), no_segment);
    for (scan_index first = 0; first < clusters.size(); ++first) {
        if (!clusters[first] || clump_of[first] != no_segment) continue;
        clump_of[first] = first;
        std::vector<scan_index> to_visit{first};
        while (!to_visit.empty()) {
            scan_index const pixel = to_visit.back();
            to_visit.pop_back();
            for (scan_index const neighbour : neighbours[pixel]) {
                if (clusters[neighbour] == clusters[pixel] && clump_of[neighbour] == no_segment) {
                    clump_of[neighbour] = first;
                    to_visit.push_back(neighbour);
                }
            }
        }
    }
    return clump_of;
}

/// Sizes in pixels, indexed by key.
inline std::vector<std::size_t> segment_sizes(std::vector<segment_key> const& segment_of)
{
    std::vector<std::size_t> sizes(segment_of.size(), 0);
    for (segment_key const key : segment_of) {
        if (key != no_segment) ++sizes[key];
    }
    return sizes;
}

inline std::uint64_t count_segments(std::vector<segment_key> const& segment_of)
{
    auto const sizes = segment_sizes(segment_of);
    return static_cast<std::uint64_t>(
        std::count_if(sizes.begin(), sizes.end(), [](std::size_t size) { return size > 0; }));
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 4. Single pixels

/// "Squared distance between the two pixels: exact integers for pixel types up to 16 bits, double for the others."
template <typename T>
auto squared_distance_of_pixels(scene<T> const& image, scan_index a, scan_index b)
{
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 2) {
        std::int64_t sum = 0;
        for (int band = 0; band < image.bands; ++band) {
            std::int64_t const difference = std::int64_t{sample(image, band, a)} - std::int64_t{sample(image, band, b)};
            sum += difference * difference;
        }
        return sum;
    } else {
        double sum = 0.0;
        for (int band = 0; band < image.bands; ++band) {
            double const difference =
                static_cast<double>(sample(image, band, a)) - static_cast<double>(sample(image, band, b));
            sum += exact_product(difference, difference);
        }
        return sum;
    }
}

/// "Its neighbouring pixels that belong to a segment of more than one pixel at the start of the round": the
/// "spectrally nearest such pixel", "the first met wins ties", or nothing.
template <typename T>
std::optional<scan_index>
nearest_pixel_of_larger_segment(scene<T> const& image, scan_index single, neighbour_lists const& neighbours,
                                std::vector<segment_key> const& segment_of, std::vector<std::size_t> const& sizes)
{
    std::optional<scan_index> nearest;
    for (scan_index const neighbour : neighbours[single]) {
        if (segment_of[neighbour] == no_segment || sizes[segment_of[neighbour]] <= 1) continue;
        if (!nearest || squared_distance_of_pixels(image, single, neighbour) <
                            squared_distance_of_pixels(image, single, *nearest)) {
            nearest = neighbour;
        }
    }
    return nearest;
}

/// One synchronous round: everything is judged on `before`, the state at its start. Returns the state at its end.
template <typename T>
std::vector<segment_key> single_pixels_round(scene<T> const& image, neighbour_lists const& neighbours,
                                             std::vector<segment_key> const& before)
{
    auto const sizes = segment_sizes(before);
    auto after = before;
    for (scan_index pixel = 0; pixel < before.size(); ++pixel) {
        if (before[pixel] == no_segment || sizes[before[pixel]] != 1) continue;
        auto const nearest = nearest_pixel_of_larger_segment(image, pixel, neighbours, before, sizes);
        if (nearest) after[pixel] = before[*nearest];
    }
    return after;
}

/// "Always, whatever min_segment_size. In synchronous rounds, until nothing changes."
template <typename T>
std::vector<segment_key> eliminate_single_pixels(scene<T> const& image, neighbour_lists const& neighbours,
                                                 std::vector<segment_key> segment_of)
{
    while (true) {
        auto after = single_pixels_round(image, neighbours, segment_of);
        if (after == segment_of) return segment_of;
        segment_of = std::move(after);
    }
}

} // namespace twin
