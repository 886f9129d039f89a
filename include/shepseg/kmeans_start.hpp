// SPDX-License-Identifier: BSL-1.0
//
// Where k-means starts from (kmeans.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include <rios/image_view.hpp>

#include "cluster_model.hpp"
#include "detail/exact.hpp"
#include "detail/sample_distances.hpp"
#include "detail/spectra.hpp"
#include "detail/spectra_tree.hpp"
#include "detail/tree_distances.hpp"
#include "detail/value_range.hpp"

namespace shepseg {

/// Evenly spaced centres along the diagonal of the sample's bounding box, one step in from its corners, cut to the
/// pixel type (pyshepseg's fixedKMeansInit).
/// @param sample an image of one row, without null pixels, at least one pixel
template <rios::Pixel T>
[[nodiscard]] cluster_centres diagonal_start(rios::image_view<T const> sample, std::size_t clusters)
{
    cluster_centres centres(clusters, static_cast<std::size_t>(sample.bands()));
    for (std::size_t band = 0; band < centres.bands(); ++band) {
        auto const range = detail::find_value_range(sample.row(static_cast<std::ptrdiff_t>(band), 0));
        auto const low = static_cast<double>(range.least);
        auto const high = static_cast<double>(range.greatest);
        auto const margin = (high - low) / static_cast<double>(clusters + 1);
        auto const first = low + margin;
        auto const last = high - margin;
        for (std::size_t k = 0; k < clusters; ++k) {
            auto const step = clusters == 1 ? 0.0 : (last - first) / static_cast<double>(clusters - 1);
            auto const value =
                k > 0 && k + 1 == clusters ? last : first + detail::exact_product(static_cast<double>(k), step);
            centres[k][band] = static_cast<double>(static_cast<T>(value));
        }
    }
    return centres;
}

namespace detail {

/// Random numbers that are the same on every platform (the distributions of <random> are not).
class random_source {
  public:
    explicit random_source(std::uint64_t seed, std::uint64_t stream)
    {
        std::seed_seq mixed{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                            static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
        engine_.seed(mixed);
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    [[nodiscard]] double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

    /// Uniform in [0, n), n > 0.
    [[nodiscard]] std::size_t below(std::size_t n)
    {
        return std::min(n - 1, static_cast<std::size_t>(uniform() * static_cast<double>(n)));
    }

  private:
    std::mt19937_64 engine_;
};

/// The number of the pixel at which the sum of the distances of all pixels before it and its own exceeds `target`.
template <typename Distances>
[[nodiscard]] std::size_t pixel_at(double target, Distances const& distances, std::size_t count)
{
    auto const& chunk_sums = distances.chunk_sums();
    std::size_t c = 0;
    while (c + 1 < chunk_sums.size() && target >= chunk_sums[c]) target -= chunk_sums[c++];
    auto i = c * spectra::chunk;
    auto const end = std::min(count, i + spectra::chunk);
    while (i + 1 < end && (target >= distances[i] || distances[i] == 0)) target -= distances[i++];
    return i;
}

/// The pixels of a k-means++ start.
/// @param distances to the first of them, which has been added @param total their sum
template <typename Distances, rios::AnyExecutor E>
[[nodiscard]] cluster_centres choose_centres(spectra const& data, std::size_t clusters, std::size_t first,
                                             Distances& distances, double total, random_source& random, E& executor)
{
    std::vector<std::size_t> chosen{first};
    std::vector<std::size_t> drawn(2 + static_cast<std::size_t>(std::log(static_cast<double>(clusters))));
    while (chosen.size() < clusters) {
        for (auto& pixel : drawn) pixel = pixel_at(random.uniform() * total, distances, data.count());
        auto const sums = distances.sums_with(drawn, executor);
        chosen.push_back(drawn[static_cast<std::size_t>(std::ranges::min_element(sums) - sums.begin())]);
        if (chosen.size() < clusters) total = distances.add(chosen.back(), executor);
    }
    cluster_centres centres(clusters, data.bands());
    for (std::size_t k = 0; k < clusters; ++k) {
        for (std::size_t b = 0; b < data.bands(); ++b) centres[k][b] = data(b, chosen[k]);
    }
    return centres;
}

/// Greedy k-means++: every further centre is, of a few pixels drawn with probability proportional to their squared
/// distance from the centres so far, the one that lowers the sum of those distances most. Arthur and Vassilvitskii
/// (2007), "k-means++: the advantages of careful seeding"; 2 + ln K candidates each.
template <rios::AnyExecutor E>
[[nodiscard]] cluster_centres plus_plus_start(spectra const& data, spectra_tree const& tree, std::size_t clusters,
                                              random_source& random, E& executor)
{
    auto const first = random.below(data.count());
    if (data.whole_numbers()) {
        tree_distances distances(data, tree);
        auto const total = distances.add(first, executor);
        if (total < tree_distances::most)
            return choose_centres(data, clusters, first, distances, total, random, executor);
    }
    sample_distances distances(data);
    auto const total = distances.add(first, executor);
    return choose_centres(data, clusters, first, distances, total, random, executor);
}

/// The different spectra of the sample in ascending order, if there are at most `limit` of them; else nothing.
[[nodiscard]] inline std::vector<std::vector<double>> distinct_spectra(spectra const& data, std::size_t limit)
{
    std::set<std::vector<double>> found;
    std::vector<double> spectrum(data.bands());
    for (std::size_t i = 0; i < data.count(); ++i) {
        for (std::size_t b = 0; b < data.bands(); ++b) spectrum[b] = data(b, i);
        found.insert(spectrum);
        if (found.size() > limit) return {};
    }
    return {found.begin(), found.end()};
}

} // namespace detail

} // namespace shepseg
