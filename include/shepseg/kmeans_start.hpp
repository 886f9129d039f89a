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
#include "detail/spectra.hpp"
#include "nearest_centre.hpp"

namespace shepseg {

/// Evenly spaced centres along the diagonal of the sample's bounding box, one step in from its corners, cut to the
/// pixel type (pyshepseg's fixedKMeansInit).
/// @param sample an image of one row, without null pixels, at least one pixel
template <rios::Pixel T>
[[nodiscard]] cluster_centres diagonal_start(rios::image_view<T const> sample, std::size_t clusters)
{
    cluster_centres centres(clusters, static_cast<std::size_t>(sample.bands()));
    for (std::size_t band = 0; band < centres.bands(); ++band) {
        auto const values = sample.row(static_cast<std::ptrdiff_t>(band), 0);
        auto const [least, greatest] = std::minmax_element(values.begin(), values.end());
        auto const low = static_cast<double>(*least);
        auto const high = static_cast<double>(*greatest);
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

/// A pixel of the sample as a centre.
[[nodiscard]] inline cluster_centres pixel_as_centre(spectra const& data, std::size_t pixel)
{
    cluster_centres centre(1, data.bands());
    for (std::size_t b = 0; b < data.bands(); ++b) centre[0][b] = data(b, pixel);
    return centre;
}

/// Calls `use(i, distances)` for each pixel i of [begin, end), in order: its squared distances to some centres.
/// @param centres one centre each
template <typename F>
void for_each_distances(spectra const& data, std::vector<cluster_centres> const& centres, std::size_t begin,
                        std::size_t end, F use)
{
    constexpr std::size_t run = 256;
    std::uint32_t unused[run];
    double planar[run];
    std::vector<double> distances(centres.size() * run);
    for (auto from = begin; from < end; from += run) {
        auto const to = std::min(end, from + run);
        for (std::size_t c = 0; c < centres.size(); ++c) {
            find_nearest_centres(data.band(0) + from, static_cast<std::ptrdiff_t>(data.count()),
                                 static_cast<std::ptrdiff_t>(to - from), centres[c], unused, planar);
            for (auto i = from; i < to; ++i) distances[(i - from) * centres.size() + c] = planar[i - from];
        }
        for (auto i = from; i < to; ++i) use(i, distances.data() + (i - from) * centres.size());
    }
}

/// Greedy k-means++: every further centre is, of a few pixels drawn with probability proportional to their squared
/// distance from the centres so far, the one that lowers the sum of those distances most. Arthur and Vassilvitskii
/// (2007), "k-means++: the advantages of careful seeding"; 2 + ln K candidates each.
template <rios::AnyExecutor E>
[[nodiscard]] cluster_centres plus_plus_start(spectra const& data, std::size_t clusters, random_source& random,
                                              E& executor)
{
    auto const candidates = 2 + static_cast<std::size_t>(std::log(static_cast<double>(clusters)));
    std::vector<double> closest(data.count());
    std::vector<double> chunk_sums(data.chunks());

    auto const draw = [&](double total) {
        auto target = random.uniform() * total;
        std::size_t c = 0;
        while (c + 1 < chunk_sums.size() && target >= chunk_sums[c]) target -= chunk_sums[c++];
        auto i = c * spectra::chunk;
        auto const end = std::min(data.count(), i + spectra::chunk);
        while (i + 1 < end && (target >= closest[i] || closest[i] == 0)) target -= closest[i++];
        return i;
    };
    std::vector<std::size_t> chosen{random.below(data.count())};
    std::fill(closest.begin(), closest.end(), std::numeric_limits<double>::infinity());
    for (;;) {
        double total = 0;
        std::vector const newest{pixel_as_centre(data, chosen.back())};
        data.for_each_chunk(executor, [&](std::size_t begin, std::size_t end) {
            double sum = 0;
            for_each_distances(data, newest, begin, end, [&](std::size_t i, double const* distance) {
                closest[i] = std::min(closest[i], *distance);
                sum += closest[i];
            });
            chunk_sums[begin / spectra::chunk] = sum;
        });
        for (double const sum : chunk_sums) total += sum;
        if (chosen.size() == clusters) break;

        std::vector<std::size_t> drawn(candidates);
        for (auto& pixel : drawn) pixel = draw(total);
        std::vector<cluster_centres> centres;
        for (auto const pixel : drawn) centres.push_back(pixel_as_centre(data, pixel));
        std::vector<double> left(candidates * data.chunks());
        data.for_each_chunk(executor, [&](std::size_t begin, std::size_t end) {
            // All candidates at once: each of these sums waits for itself only.
            std::vector<double> sums(candidates);
            for_each_distances(data, centres, begin, end, [&](std::size_t i, double const* distance) {
                for (std::size_t c = 0; c < candidates; ++c) sums[c] += std::min(closest[i], distance[c]);
            });
            for (std::size_t c = 0; c < candidates; ++c) left[c * data.chunks() + begin / spectra::chunk] = sums[c];
        });
        std::size_t best = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < candidates; ++c) {
            double sum = 0;
            for (std::size_t part = 0; part < data.chunks(); ++part) sum += left[c * data.chunks() + part];
            if (sum < least) {
                least = sum;
                best = c;
            }
        }
        chosen.push_back(drawn[best]);
    }

    cluster_centres centres(clusters, data.bands());
    for (std::size_t k = 0; k < clusters; ++k) {
        for (std::size_t b = 0; b < data.bands(); ++b) centres[k][b] = data(b, chosen[k]);
    }
    return centres;
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
