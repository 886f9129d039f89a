// SPDX-License-Identifier: BSL-1.0
//
// How far apart two segments' spectra may be for them to merge, derived from the cluster centres.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <variant>
#include <vector>

#include "cluster_model.hpp"
#include "detail/exact.hpp"
#include "options.hpp"

namespace shepseg {

/// The Euclidean distance of every pair of centres, rounded to float, in ascending order.
[[nodiscard]] inline std::vector<float> centre_distances(cluster_centres const& centres)
{
    std::vector<float> distances;
    for (std::size_t i = 0; i < centres.clusters(); ++i) {
        for (std::size_t j = i + 1; j < centres.clusters(); ++j) {
            double sum = 0;
            for (std::size_t band = 0; band < centres.bands(); ++band) {
                auto const difference = centres[i][band] - centres[j][band];
                sum += detail::exact_product(difference, difference);
            }
            distances.push_back(static_cast<float>(std::sqrt(sum)));
        }
    }
    std::sort(distances.begin(), distances.end());
    return distances;
}

/// The limit that a rule gives for these centres, in the units of the pixels; infinite where a rule has fewer than two
/// centres to go by.
///
/// Percentiles are interpolated linearly at rank p / 100 · (n - 1).
[[nodiscard]] inline double max_spectral_difference(spectral_limit const& rule, cluster_centres const& centres)
{
    if (auto const* number = std::get_if<double>(&rule)) return *number;
    auto const distances = centre_distances(centres);
    if (distances.empty()) return std::numeric_limits<double>::infinity();
    if (std::holds_alternative<no_limit>(rule)) return static_cast<double>(10.0F * distances.back());
    auto const rank = detail::exact_product(std::get<automatic_limit>(rule).percentile / 100,
                                            static_cast<double>(distances.size() - 1));
    auto const below = std::min(static_cast<std::size_t>(rank), distances.size() - 1);
    auto const above = std::min(below + 1, distances.size() - 1);
    auto const low = static_cast<double>(distances[below]);
    auto const high = static_cast<double>(distances[above]);
    return low + detail::exact_product(high - low, rank - static_cast<double>(below));
}

} // namespace shepseg
