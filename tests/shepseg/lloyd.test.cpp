// SPDX-License-Identifier: BSL-1.0
#include <shepseg/lloyd.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using shepseg::cluster_centres;
using shepseg::kmeans_fit;
using shepseg::detail::lloyd;
using shepseg::detail::spectra;
using shepseg::detail::spectra_tree;

namespace {

/// Every product is rounded before it is added, whatever the compiler flags.
double square(double value)
{
    double const volatile product = value * value;
    return product;
}

/// Lloyd's algorithm with all distances, with sums in the order of the sample, chunk by chunk.
kmeans_fit plain_lloyd(spectra const& data, cluster_centres centres, int max_iterations, double tolerance)
{
    auto const bands = data.bands();
    kmeans_fit fit{.centres = std::move(centres)};
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
        for (std::size_t begin = 0; begin < data.count(); begin += spectra::chunk) {
            std::vector<double> of_chunk(sums.size());
            for (auto i = begin; i < std::min(data.count(), begin + spectra::chunk); ++i) {
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
    for (std::size_t begin = 0; begin < data.count(); begin += spectra::chunk) {
        double sum = 0;
        for (auto i = begin; i < std::min(data.count(), begin + spectra::chunk); ++i) sum += distance[i];
        fit.inertia += sum;
    }
    return fit;
}

/// Pixels in groups, some of them equal, all different where the type allows.
template <typename T>
rios::image<T> random_sample(test::random_numbers& random, std::ptrdiff_t bands, std::ptrdiff_t count, double scale)
{
    rios::image<T> sample(bands, 1, count);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        auto const group = random.below(6);
        for (std::ptrdiff_t band = 0; band < bands; ++band) {
            auto const value = (static_cast<double>((group * 37 + band * 11) % 90) + 30 * random.unit()) * scale;
            sample(band, 0, i) = static_cast<T>(value);
        }
    }
    return sample;
}

template <typename E>
void compare(spectra const& data, cluster_centres const& start, int max_iterations, E&& executor)
{
    auto const plain = plain_lloyd(data, start, max_iterations, 0);
    spectra_tree const tree(data, executor);
    auto const fit = lloyd(data, tree, start).run(max_iterations, 0, executor, {}, 0, 1);
    CHECK(fit.centres == plain.centres);
    CHECK(fit.inertia == plain.inertia);
    CHECK(fit.iterations == plain.iterations);
    CHECK(fit.converged == plain.converged);
}

/// Centres that are pixels of the sample.
cluster_centres some_pixels(spectra const& data, std::size_t clusters, test::random_numbers& random)
{
    cluster_centres centres(clusters, data.bands());
    for (std::size_t k = 0; k < clusters; ++k) {
        auto const pixel = random.below(data.count());
        for (std::size_t b = 0; b < data.bands(); ++b) centres[k][b] = data(b, pixel);
    }
    return centres;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("a fit has the bits of one that computes all distances", T, all_distances)
{
    test::random_numbers random(test::seed_of<T>(71));
    rios::thread_executor threads({.workers = 2});
    for (std::ptrdiff_t const bands : {1, 3, 5}) {
        for (std::ptrdiff_t const count : {1, 50, 700, 17'000}) {
            for (std::size_t const clusters : std::initializer_list<std::size_t>{1, 2, 9, 40}) {
                if (clusters > static_cast<std::size_t>(count)) continue;
                auto const sample = random_sample<T>(random, bands, count, 1);
                spectra const data(sample.view());
                auto const start = some_pixels(data, clusters, random);
                CAPTURE(bands);
                CAPTURE(count);
                CAPTURE(clusters);
                compare(data, start, 15, rios::inline_executor{});
                compare(data, start, 15, threads);
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(all_distances, test::pixel_types);

TEST_CASE("magnitudes and distances of any size make no difference")
{
    test::random_numbers random(72);
    for (double const scale : {1e-310, 1e-200, 1e-160, 1e-30, 1e12, 1e100, 1e152}) {
        auto const sample = random_sample<double>(random, 3, 3000, scale);
        spectra const data(sample.view());
        CAPTURE(scale);
        compare(data, some_pixels(data, 20, random), 10, rios::inline_executor{});
    }
    for (double const scale : {1e-30, 1e-5, 1e15}) {
        auto const sample = random_sample<float>(random, 4, 9000, scale);
        spectra const data(sample.view());
        CAPTURE(scale);
        compare(data, some_pixels(data, 20, random), 10, rios::inline_executor{});
    }
    // Pixels that are near to each other and far from zero, and one that is neither.
    rios::image<double> sample(2, 1, 4000);
    for (auto [row, col] : sample.pixels()) {
        sample(0, row, col) = 1e9 + random.unit();
        sample(1, row, col) = -1e9 + random.unit();
    }
    sample(0, 0, 77) = -1e12;
    spectra const data(std::as_const(sample).view());
    compare(data, some_pixels(data, 12, random), 20, rios::inline_executor{});
}

TEST_CASE("integers whose sums need more bits than a double has are added up in the order of the sample")
{
    test::random_numbers random(73);
    rios::image<std::uint32_t> sample(2, 1, 2'200'000);
    for (std::ptrdiff_t i = 0; i < sample.bands() * sample.cols(); ++i) {
        sample.data()[i] = static_cast<std::uint32_t>(random.bits()) | 0x8000'0001U;
    }
    spectra const data(std::as_const(sample).view());
    REQUIRE_FALSE(data.exact_sums());
    compare(data, some_pixels(data, 3, random), 2, rios::inline_executor{});
}
