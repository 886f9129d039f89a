// SPDX-License-Identifier: BSL-1.0
// The twin's (twin.hpp) limit of the spectral difference, and how it eliminates small segments.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

#include "twin_scene.hpp"

namespace twin {

// ---------------------------------------------------------------------------------------------------------------------
// max_spectral_diff

/// "The K(K−1)/2 distances between pairs of centres, each computed in double and rounded to float32", ascending.
inline std::vector<float> distances_of_centres(std::vector<std::vector<double>> const& centres)
{
    std::vector<float> distances;
    for (std::size_t i = 0; i < centres.size(); ++i) {
        for (std::size_t j = i + 1; j < centres.size(); ++j) {
            double sum = 0.0;
            for (std::size_t band = 0; band < centres[i].size(); ++band) {
                double const difference = centres[i][band] - centres[j][band];
                sum += exact_product(difference, difference);
            }
            distances.push_back(static_cast<float>(std::sqrt(sum)));
        }
    }
    std::sort(distances.begin(), distances.end());
    return distances;
}

/// "Percentile: linear interpolation at rank p/100 · (n−1), computed in double and not rounded again."
inline double percentile(std::vector<float> const& sorted, double p)
{
    if (!(p >= 0.0 && p <= 100.0)) throw std::invalid_argument("twin: a percentile is from 0 to 100");
    double const rank = exact_product(p / 100.0, static_cast<double>(sorted.size() - 1));
    auto const below = static_cast<std::size_t>(rank);
    auto const above = std::min(below + 1, sorted.size() - 1);
    auto const low = static_cast<double>(sorted[below]);
    auto const high = static_cast<double>(sorted[above]);
    return low + exact_product(high - low, rank - static_cast<double>(below));
}

/// "A number; or auto; or none = float32(10 × the largest float32 distance). With one centre there is no limit."
inline double find_max_spectral_diff(parameters const& params)
{
    if (params.limit_kind == parameters::limit::number) return params.limit_value;
    if (params.centres.size() == 1) return std::numeric_limits<double>::infinity();
    auto const distances = distances_of_centres(params.centres);
    if (params.limit_kind == parameters::limit::none) {
        return static_cast<double>(static_cast<float>(10.0F * distances.back()));
    }
    return percentile(distances, params.limit_value);
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 5. Small segments

struct pixels_and_sums {
    std::vector<scan_index> pixels; // "lists are never sorted again"
    std::vector<exact_sum> sums;    // per band
};

/// In the order of the keys, because a std::map is.
using segment_map = std::map<segment_key, pixels_and_sums>;

/// "At the start, each segment has a pixel list: all its pixels, those absorbed in step 4 included, in scan order."
template <typename T>
segment_map make_pixel_lists(scene<T> const& image, std::vector<segment_key> const& segment_of)
{
    segment_map segments;
    for (scan_index pixel = 0; pixel < segment_of.size(); ++pixel) {
        if (segment_of[pixel] == no_segment) continue;
        auto& segment = segments[segment_of[pixel]];
        segment.pixels.push_back(pixel);
        segment.sums.resize(static_cast<std::size_t>(image.bands), 0);
        for (int band = 0; band < image.bands; ++band) {
            segment.sums[static_cast<std::size_t>(band)] += to_units(sample(image, band, pixel));
        }
    }
    return segments;
}

/// "Mean spectrum of a band = sum / size, one double division."
template <typename T>
double mean_of_band(pixels_and_sums const& segment, std::size_t band)
{
    return to_double<T>(segment.sums[band]) / static_cast<double>(segment.pixels.size());
}

template <typename T>
double squared_distance_of_means(pixels_and_sums const& a, pixels_and_sums const& b)
{
    double sum = 0.0;
    for (std::size_t band = 0; band < a.sums.size(); ++band) {
        double const difference = mean_of_band<T>(a, band) - mean_of_band<T>(b, band);
        sum += exact_product(difference, difference);
    }
    return sum;
}

struct partner {
    segment_key key;
    double squared_distance;
};

/// "Picks among its neighbouring segments larger than t the one with the nearest mean spectrum (the first met wins
/// ties)"; "a segment meets its neighbours in the order of its pixel list, and for each pixel in the neighbour order".
template <typename T>
std::optional<partner> nearest_larger_neighbour(pixels_and_sums const& segment, segment_map const& segments,
                                                std::vector<segment_key> const& segment_of,
                                                neighbour_lists const& neighbours)
{
    std::size_t const t = segment.pixels.size();
    std::optional<partner> nearest;
    for (scan_index const pixel : segment.pixels) {
        for (scan_index const neighbour : neighbours[pixel]) {
            segment_key const key = segment_of[neighbour];
            if (key == no_segment || key == segment_of[pixel]) continue;
            auto const& candidate = segments.at(key);
            if (candidate.pixels.size() <= t) continue;
            double const distance = squared_distance_of_means<T>(segment, candidate);
            if (!nearest || distance < nearest->squared_distance) nearest = partner{key, distance};
        }
    }
    return nearest;
}

struct merge {
    segment_key absorbed;
    segment_key absorbing;
};

/// What "every segment of exactly t pixels, judged on sizes, means and memberships at the start of the pass" does,
/// "in the order of the keys of the segments being absorbed". It merges "if d² ≤ max_spectral_diff² (one double
/// product)".
template <typename T>
std::vector<merge> decide_merges(std::size_t t, segment_map const& segments, std::vector<segment_key> const& segment_of,
                                 neighbour_lists const& neighbours, double max_spectral_diff)
{
    double const limit = exact_product(max_spectral_diff, max_spectral_diff);
    std::vector<merge> merges;
    for (auto const& [key, segment] : segments) {
        if (segment.pixels.size() != t) continue;
        auto const nearest = nearest_larger_neighbour<T>(segment, segments, segment_of, neighbours);
        if (nearest && nearest->squared_distance <= limit) merges.push_back({key, nearest->key});
    }
    return merges;
}

/// "A merge appends the absorbed segment's list to the absorbing one's." "The absorbing segment keeps its own key, even
/// where the absorbed one's is smaller."
inline void apply_merge(merge const& m, segment_map& segments, std::vector<segment_key>& segment_of)
{
    auto const& absorbed = segments.at(m.absorbed);
    auto& absorbing = segments.at(m.absorbing);
    for (scan_index const pixel : absorbed.pixels) {
        absorbing.pixels.push_back(pixel);
        segment_of[pixel] = m.absorbing;
    }
    for (std::size_t band = 0; band < absorbing.sums.size(); ++band) {
        absorbing.sums[band] += absorbed.sums[band];
    }
    segments.erase(m.absorbed);
}

/// "For t = 1, 2, …, min_segment_size − 1: up to 10 passes (the count restarts for each t; a pass that merges nothing
/// ends this t)."
template <typename T>
std::vector<segment_key> eliminate_small_segments(scene<T> const& image, neighbour_lists const& neighbours,
                                                  std::vector<segment_key> segment_of, int min_segment_size,
                                                  double max_spectral_diff)
{
    auto segments = make_pixel_lists(image, segment_of);
    for (int t = 1; t <= min_segment_size - 1; ++t) {
        for (int pass = 1; pass <= 10; ++pass) {
            auto const merges =
                decide_merges<T>(static_cast<std::size_t>(t), segments, segment_of, neighbours, max_spectral_diff);
            if (merges.empty()) break;
            for (auto const& m : merges) apply_merge(m, segments, segment_of);
        }
    }
    return segment_of;
}

} // namespace twin
