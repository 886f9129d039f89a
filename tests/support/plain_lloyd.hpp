// SPDX-License-Identifier: BSL-1.0
// Lloyd's algorithm as it stands in the comment of shepseg::detail::lloyd, with all distances: the oracle of its tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <shepseg/lloyd.hpp>

namespace test {

/// Every product is rounded before it is added, whatever the compiler flags.
inline double square(double value)
{
    double const volatile product = value * value;
    return product;
}

/// Lloyd's algorithm with all distances, with sums in the order of the sample, chunk by chunk.
inline shepseg::kmeans_fit plain_lloyd(shepseg::detail::spectra const& data, shepseg::cluster_centres centres,
                                       int max_iterations, double tolerance)
{
    auto const bands = data.bands();
    shepseg::kmeans_fit fit{.centres = std::move(centres)};
    auto const clusters = fit.centres.clusters();
    std::vector<std::size_t> nearest(data.count(), clusters);
    std::vector<double> distance(data.count());
    auto const assign = [&] {
        bool changed = false;
        for (std::size_t i = 0; i < data.count(); ++i) {
            std::size_t best = 0;
            double least = std::numeric_limits<double>::infinity();
            for (std::size_t k = 0; k < clusters; ++k) {
                double sum = 0;
                for (std::size_t b = 0; b < bands; ++b) sum += square(data(b, i) - fit.centres[k][b]);
                if (sum < least) {
                    least = sum;
                    best = k;
                }
            }
            changed |= best != nearest[i];
            nearest[i] = best;
            distance[i] = least;
        }
        return changed;
    };
    while (!fit.converged && fit.iterations < max_iterations) {
        auto const changed = assign();
        ++fit.iterations;
        std::vector<double> sums(clusters * (bands + 1));
        for (std::size_t begin = 0; begin < data.count(); begin += shepseg::detail::spectra::chunk) {
            std::vector<double> of_chunk(sums.size());
            for (auto i = begin; i < std::min(data.count(), begin + shepseg::detail::spectra::chunk); ++i) {
                for (std::size_t b = 0; b < bands; ++b) of_chunk[nearest[i] * (bands + 1) + b] += data(b, i);
                of_chunk[nearest[i] * (bands + 1) + bands] += 1;
            }
            for (std::size_t s = 0; s < sums.size(); ++s) sums[s] += of_chunk[s];
        }
        auto far = distance;
        for (std::size_t k = 0; k < clusters; ++k) {
            if (sums[k * (bands + 1) + bands] != 0 || std::ranges::count(nearest, k) > 0) continue;
            auto const farthest = static_cast<std::size_t>(std::ranges::max_element(far) - far.begin());
            far[farthest] = -1;
            for (std::size_t b = 0; b < bands; ++b) {
                sums[nearest[farthest] * (bands + 1) + b] -= data(b, farthest);
                sums[k * (bands + 1) + b] = data(b, farthest);
            }
            sums[nearest[farthest] * (bands + 1) + bands] -= 1;
            sums[k * (bands + 1) + bands] = 1;
        }
        double moved = 0;
        for (std::size_t k = 0; k < clusters; ++k) {
            double const* const sum = sums.data() + k * (bands + 1);
            if (sum[bands] == 0) continue;
            for (std::size_t b = 0; b < bands; ++b) {
                auto const mean = sum[b] / sum[bands];
                moved += square(mean - fit.centres[k][b]);
                fit.centres[k][b] = mean;
            }
        }
        fit.converged = !changed || moved <= tolerance;
    }
    assign();
    for (std::size_t begin = 0; begin < data.count(); begin += shepseg::detail::spectra::chunk) {
        double sum = 0;
        for (auto i = begin; i < std::min(data.count(), begin + shepseg::detail::spectra::chunk); ++i)
            sum += distance[i];
        fit.inertia += sum;
    }
    return fit;
}

} // namespace test
