// SPDX-License-Identifier: BSL-1.0
#include <shepseg/kmeans.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>

#include "support/pixel_types.hpp"
#include "support/plain_lloyd.hpp"
#include "support/random_numbers.hpp"

using rios::image;
using shepseg::cluster_centres;
using shepseg::fit_kmeans;
using shepseg::kmeans_fit;
using shepseg::kmeans_options;
using shepseg::kmeans_start;
using rows = std::vector<std::vector<double>>;

namespace {

/// One row: a list of values for each band.
template <typename T>
image<T> sample_of(std::vector<std::vector<T>> const& bands)
{
    image<T> sample(static_cast<std::ptrdiff_t>(bands.size()), 1, static_cast<std::ptrdiff_t>(bands.front().size()));
    for (std::size_t b = 0; b < bands.size(); ++b) {
        std::copy(bands[b].begin(), bands[b].end(), sample.row(static_cast<std::ptrdiff_t>(b), 0).begin());
    }
    return sample;
}

/// Integers below `range` in groups, as land covers are.
template <typename T>
image<T> random_sample(test::random_numbers& random, std::ptrdiff_t bands, std::ptrdiff_t count, int range = 100)
{
    image<T> sample(bands, 1, count);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        auto const group = random.below(4);
        for (std::ptrdiff_t band = 0; band < bands; ++band) {
            auto const centre = (group * 31 + band * 17) % range;
            sample(band, 0, i) = static_cast<T>((centre + random.below(std::max(1, range / 3))) % range);
        }
    }
    return sample;
}

template <typename T>
kmeans_fit fit(image<T> const& sample, kmeans_options const& options)
{
    return fit_kmeans<T>(sample.view(), options);
}

kmeans_options diagonal(int clusters)
{
    return {.clusters = clusters, .start = kmeans_start::diagonal};
}
kmeans_options plus_plus(int clusters)
{
    return {.clusters = clusters};
}

/// The pixels' spectra.
template <typename T>
rows pixels_of(image<T> const& sample)
{
    rows pixels(static_cast<std::size_t>(sample.cols()));
    for (std::ptrdiff_t band = 0; band < sample.bands(); ++band) {
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            pixels[i].push_back(static_cast<double>(sample(band, 0, static_cast<std::ptrdiff_t>(i))));
        }
    }
    return pixels;
}

double squared(std::vector<double> const& a, std::vector<double> const& b)
{
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        double const volatile square = (a[i] - b[i]) * (a[i] - b[i]);
        sum += square;
    }
    return sum;
}

rows rows_of(cluster_centres const& centres)
{
    rows result;
    for (std::size_t k = 0; k < centres.clusters(); ++k) result.emplace_back(centres[k].begin(), centres[k].end());
    return result;
}

std::size_t nearest(std::vector<double> const& pixel, rows const& centres)
{
    std::size_t best = 0;
    for (std::size_t k = 1; k < centres.size(); ++k) {
        if (squared(pixel, centres[k]) < squared(pixel, centres[best])) best = k;
    }
    return best;
}

double inertia_of(rows const& pixels, rows const& centres)
{
    double sum = 0;
    for (auto const& pixel : pixels) sum += squared(pixel, centres[nearest(pixel, centres)]);
    return sum;
}

/// Population variance, averaged over the bands.
double mean_variance(rows const& pixels)
{
    auto const count = static_cast<double>(pixels.size());
    double total = 0;
    for (std::size_t band = 0; band < pixels.front().size(); ++band) {
        double sum = 0;
        for (auto const& pixel : pixels) sum += pixel[band];
        double squares = 0;
        for (auto const& pixel : pixels) squares += std::pow(pixel[band] - sum / count, 2);
        total += squares / count;
    }
    return total / static_cast<double>(pixels.front().size());
}

bool nearly_equal(double a, double b)
{
    return std::abs(a - b) <= 1e-12 * std::max({1.0, std::abs(a), std::abs(b)});
}

bool same(kmeans_fit const& a, kmeans_fit const& b)
{
    return a.centres == b.centres && a.inertia == b.inertia && a.iterations == b.iterations &&
           a.converged == b.converged;
}

} // namespace

// ---------------------------------------------------------------------------------------------------------------------
// By hand

TEST_CASE_TEMPLATE_DEFINE("two clear clusters have their means as centres", T, two_clear)
{
    auto const sample = sample_of<T>({{1, 100, 3, 104, 2}, {10, 50, 10, 54, 16}});
    for (auto const& options : {diagonal(2), plus_plus(2)}) {
        auto const result = fit(sample, options);
        auto centres = rows_of(result.centres);
        std::sort(centres.begin(), centres.end());
        CHECK(centres == rows{{2, 12}, {102, 52}});
        CHECK(result.inertia == 1 + 4 + 1 + 4 + 16 + 4 + 4 + 4 + 4);
        CHECK(result.converged);
    }
}
TEST_CASE_TEMPLATE_APPLY(two_clear, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("the centre of one cluster is the mean", T, one_cluster)
{
    auto const sample = sample_of<T>({{1, 2, 6}, {0, 0, 9}});
    for (auto const& options : {diagonal(1), plus_plus(1)}) {
        auto const result = fit(sample, options);
        CHECK(result.centres == cluster_centres(rows{{3, 3}}));
        CHECK(result.inertia == 4 + 1 + 9 + 9 + 9 + 36);
    }
}
TEST_CASE_TEMPLATE_APPLY(one_cluster, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("as many clusters as different pixels, or more, are exactly those in ascending order", T,
                          distinct)
{
    auto const sample = sample_of<T>({{9, 1, 5, 1, 9}, {2, 8, 3, 7, 2}});
    for (int const clusters : {4, 5}) {
        for (auto const& options : {diagonal(clusters), plus_plus(clusters)}) {
            auto const result = fit(sample, options);
            CHECK(result.centres == cluster_centres(rows{{1, 7}, {1, 8}, {5, 3}, {9, 2}}));
            CHECK(result.inertia == 0);
            CHECK(result.converged);
        }
    }
    CHECK(fit(sample, diagonal(3)).centres.clusters() == 3);
    CHECK(fit(sample_of<T>({{7, 7, 7}}), plus_plus(3)).centres == cluster_centres(rows{{7}}));
    CHECK(fit(sample_of<T>({{7}}), plus_plus(1)).centres == cluster_centres(rows{{7}}));
}
TEST_CASE_TEMPLATE_APPLY(distinct, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("an empty cluster takes the pixel that is farthest from its centre, the first of several", T,
                          refill)
{
    // Starts 25, 50, 75. Nothing is nearest to 50; 0 and 100 are as far from theirs, and 0 comes first.
    auto const result = fit(sample_of<T>({{0, 1, 2, 100}}), diagonal(3));
    CHECK(result.centres == cluster_centres(rows{{1.5}, {0}, {100}}));
    CHECK(result.inertia == 0.5);
    CHECK(result.iterations == 2);
    CHECK(result.converged);
    // In the other order 100 comes first: its own cluster is left without a pixel and stays where it is for a step,
    // until it takes the farthest pixel in its turn.
    auto const reversed = fit(sample_of<T>({{100, 2, 1, 0}}), diagonal(3));
    CHECK(reversed.centres == cluster_centres(rows{{0.5}, {100}, {2}}));
    CHECK(reversed.iterations == 3);
    // Starts 20, 40, 60, 80. Two are empty: the lower takes the first of the farthest pixels, 0, the other 100.
    auto const two = fit(sample_of<T>({{0, 1, 2, 97, 100}}), diagonal(4));
    CHECK(two.centres == cluster_centres(rows{{1.5}, {0}, {100}, {97}}));
    CHECK(two.inertia == 0.5);
}
TEST_CASE_TEMPLATE_APPLY(refill, test::pixel_types);

TEST_CASE("an empty sample has no centres")
{
    for (auto const& options : {diagonal(60), plus_plus(60)}) {
        auto const result = fit_kmeans<float>(image<float>(3, 1, 0).view(), options);
        CHECK(result.centres.empty());
        CHECK(result.inertia == 0);
        CHECK(result.converged);
        CHECK(fit_kmeans<float>(image<float>(3, 0, 0).view(), options).centres.empty());
    }
}

TEST_CASE("a fit ends at the limit of iterations, when nothing changes, or when centres hardly move")
{
    test::random_numbers random(1);
    auto const sample = random_sample<std::uint8_t>(random, 3, 2000, 250);
    auto options = diagonal(12);
    options.tolerance = 0;
    auto const whole = fit(sample, options);
    CHECK(whole.converged);
    CHECK(whole.iterations > 5);
    CHECK(whole.iterations < 300);
    double last = std::numeric_limits<double>::infinity();
    for (int limit = 1; limit <= whole.iterations + 1; ++limit) {
        options.max_iterations = limit;
        auto const result = fit(sample, options);
        CHECK(result.iterations == std::min(limit, whole.iterations));
        CHECK(result.converged == (limit >= whole.iterations));
        CHECK(result.inertia <= last);
        last = result.inertia;
    }
    CHECK(last == whole.inertia);
    options = diagonal(12);
    options.tolerance = 1e9;
    CHECK(fit(sample, options).iterations == 1);
    CHECK(fit(sample, options).converged);
    options.tolerance = 0.01;
    CHECK(fit(sample, options).iterations < whole.iterations);
}

TEST_CASE("when a fit has ended because nothing changed, every centre is the mean of its pixels")
{
    test::random_numbers random(2);
    auto const sample = random_sample<double>(random, 2, 1500, 90);
    auto options = plus_plus(9);
    options.tolerance = 0;
    auto const result = fit(sample, options);
    REQUIRE(result.converged);
    auto const pixels = pixels_of(sample);
    auto const centres = rows_of(result.centres);
    rows sums(centres.size(), std::vector<double>(3));
    for (auto const& pixel : pixels) {
        auto& sum = sums[nearest(pixel, centres)];
        sum[0] += pixel[0];
        sum[1] += pixel[1];
        ++sum[2];
    }
    for (std::size_t k = 0; k < centres.size(); ++k) {
        CHECK(centres[k][0] == doctest::Approx(sums[k][0] / sums[k][2]).epsilon(1e-12));
        CHECK(centres[k][1] == doctest::Approx(sums[k][1] / sums[k][2]).epsilon(1e-12));
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Against a plain loop

TEST_CASE_TEMPLATE_DEFINE("from the diagonal, a fit is that of the plain algorithm", T, as_plain)
{
    test::random_numbers random(3);
    for (int round = 0; round < 60; ++round) {
        auto const sample =
            random_sample<T>(random, random.between(1, 5), random.between(20, 400), random.pick<int>({4, 20, 100}));
        auto options = diagonal(random.between(1, 15));
        options.max_iterations = random.pick<int>({1, 3, 300});
        options.tolerance = random.pick<double>({0, 1e-4, 1e-2});
        auto const result = fit(sample, options);
        auto const pixels = pixels_of(sample);
        CHECK(nearly_equal(result.inertia, inertia_of(pixels, rows_of(result.centres))));
        if (result.iterations == 0) continue; // not more different spectra than clusters
        auto const start = shepseg::diagonal_start<T>(sample.view(), static_cast<std::size_t>(options.clusters));
        CHECK(same(result, test::plain_lloyd(shepseg::detail::spectra(sample.view()), start, options.max_iterations,
                                             options.tolerance * mean_variance(pixels))));
    }
}
TEST_CASE_TEMPLATE_APPLY(as_plain, test::pixel_types);

TEST_CASE("of several k-means++ starts the one with the least inertia is kept, the first of equal ones")
{
    test::random_numbers random(4);
    rios::inline_executor executor;
    for (int round = 0; round < 30; ++round) {
        auto const sample = random_sample<std::uint16_t>(random, 2, 300, 60);
        auto options = plus_plus(random.between(2, 12));
        options.seed = random.bits();
        options.starts = 4;
        auto const result = fit(sample, options);
        auto const pixels = pixels_of(sample);
        shepseg::detail::spectra const data(sample.view());
        shepseg::detail::spectra_tree const tree(data, executor);
        kmeans_fit best;
        for (int start = 0; start < options.starts; ++start) {
            shepseg::detail::random_source source(options.seed, static_cast<std::uint64_t>(start));
            auto const centres = shepseg::detail::plus_plus_start(
                data, tree, static_cast<std::size_t>(options.clusters), source, executor);
            auto plain =
                test::plain_lloyd(data, centres, options.max_iterations, options.tolerance * mean_variance(pixels));
            if (start == 0 || plain.inertia < best.inertia) best = std::move(plain);
        }
        CHECK(same(result, best));
    }
}

TEST_CASE("a sample of several chunks is fitted as the plain algorithm does")
{
    test::random_numbers random(5);
    auto const sample = random_sample<std::uint16_t>(random, 3, 20000, 5000);
    auto options = diagonal(7);
    options.max_iterations = 12;
    auto const result = fit(sample, options);
    auto const start = shepseg::diagonal_start<std::uint16_t>(sample.view(), 7);
    CHECK(same(result, test::plain_lloyd(shepseg::detail::spectra(sample.view()), start, options.max_iterations,
                                         options.tolerance * mean_variance(pixels_of(sample)))));
}

TEST_CASE("k-means++ is hardly worse than the diagonal start, and often better")
{
    test::random_numbers random(6);
    int better = 0;
    for (int round = 0; round < 20; ++round) {
        auto const sample = random_sample<std::uint8_t>(random, 3, 1000, 200);
        auto const clusters = random.between(3, 20);
        auto const from_diagonal = fit(sample, diagonal(clusters)).inertia;
        auto const from_sample = fit(sample, plus_plus(clusters)).inertia;
        CHECK(from_sample <= 1.1 * from_diagonal);
        better += from_sample < from_diagonal ? 1 : 0;
    }
    CHECK(better >= 12);
}

// ---------------------------------------------------------------------------------------------------------------------
// Reproducible

TEST_CASE_TEMPLATE_DEFINE("a fit is the same bits inline and on any number of threads", T, same_bits)
{
    test::random_numbers random(7);
    image<T> sample(3, 1, 20000); // several chunks
    for (std::ptrdiff_t band = 0; band < 3; ++band) {
        for (auto& value : sample.row(band, 0)) {
            if constexpr (std::floating_point<T>) value = static_cast<T>(random.unit());
            else value = static_cast<T>(random.bits());
        }
    }
    for (auto options : {diagonal(9), plus_plus(9)}) {
        options.starts = 2;
        options.max_iterations = 15;
        auto const expected = fit(sample, options);
        for (std::size_t const workers : {1U, 2U, 3U, 5U}) {
            rios::thread_executor executor({.workers = workers});
            CHECK(same(fit_kmeans<T>(std::as_const(sample).view(), options, executor), expected));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(same_bits, test::pixel_types);

TEST_CASE("equal pixel values of any type give the same fit")
{
    test::random_numbers random(8);
    auto const bytes = random_sample<std::uint8_t>(random, 2, 500);
    auto const expected = fit(bytes, plus_plus(6));
    auto const check_type = [&]<typename T>(T) {
        image<T> sample(2, 1, 500);
        std::copy(bytes.data(), bytes.data() + 1000, sample.data());
        CHECK(same(fit(sample, plus_plus(6)), expected));
    };
    check_type(std::int8_t{});
    check_type(std::int32_t{});
    check_type(float{});
    check_type(double{});
}

TEST_CASE("the same seed gives the same bits, other seeds mostly give other centres")
{
    test::random_numbers random(9);
    image<float> sample(2, 1, 400);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto& value : sample.row(band, 0)) value = static_cast<float>(random.unit());
    }
    auto options = plus_plus(15);
    options.starts = 1;
    std::vector<kmeans_fit> fits;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        options.seed = seed;
        fits.push_back(fit(sample, options));
        CHECK(same(fit(sample, options), fits.back()));
    }
    int alike = 0;
    for (std::size_t i = 0; i < fits.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) alike += fits[i].centres == fits[j].centres ? 1 : 0;
    }
    CHECK(alike <= 2);
    options.seed = std::uint64_t{1} << 40;
    CHECK(fit(sample, options).centres != fits[0].centres);
}

TEST_CASE("more starts never make a fit worse")
{
    test::random_numbers random(10);
    auto const sample = random_sample<std::uint8_t>(random, 2, 400, 200);
    auto options = plus_plus(14);
    double last = std::numeric_limits<double>::infinity();
    for (options.starts = 1; options.starts <= 8; ++options.starts) {
        auto const inertia = fit(sample, options).inertia;
        CHECK(inertia <= last);
        last = inertia;
    }
}

TEST_CASE("a sample may be a view with any distance between its bands")
{
    test::random_numbers random(11);
    auto const sample = random_sample<std::int16_t>(random, 3, 200);
    image<std::int16_t> larger(3, 5, 300);
    for (std::ptrdiff_t band = 0; band < 3; ++band) {
        std::copy(sample.row(band, 0).begin(), sample.row(band, 0).end(), larger.row(band, 2).begin() + 50);
    }
    auto const window = std::as_const(larger).view().window(2, 50, 1, 200);
    for (auto const& options : {diagonal(5), plus_plus(5)}) {
        CHECK(same(fit_kmeans<std::int16_t>(window, options), fit(sample, options)));
    }
}

TEST_CASE("progress is told on the caller's thread and may cancel at any time")
{
    test::random_numbers random(12);
    auto const sample = random_sample<std::uint8_t>(random, 2, 500, 200);
    auto options = plus_plus(8);
    options.starts = 3;
    auto const here = std::this_thread::get_id();
    rios::thread_executor executor({.workers = 2});
    int calls = 0;
    double last = 0;
    static_cast<void>(
        fit_kmeans<std::uint8_t>(sample.view(), options, executor, [&](std::string_view phase, double done) {
            CHECK(phase == "k-means");
            CHECK(std::this_thread::get_id() == here);
            CHECK(done >= last);
            CHECK(done <= 1);
            last = done;
            return ++calls > 0;
        }));
    CHECK(last == 1);
    CHECK(calls > 6);
    for (int limit = 0; limit < calls; ++limit) {
        int call = 0;
        CHECK_THROWS_AS(
            static_cast<void>(fit_kmeans<std::uint8_t>(sample.view(), options, executor,
                                                       [&](std::string_view, double) { return call++ < limit; })),
            rios::cancelled);
        CHECK(call == limit + 1);
    }
}
