// SPDX-License-Identifier: BSL-1.0
#include <shepseg/kmeans_start.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/image.hpp>

#include "support/executors.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using rios::image;
using shepseg::cluster_centres;
using shepseg::diagonal_start;
using shepseg::detail::plus_plus_start;
using shepseg::detail::random_source;
using shepseg::detail::spectra;
using shepseg::detail::spectra_tree;
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

template <typename T>
cluster_centres diagonal(std::vector<std::vector<T>> const& bands, std::size_t clusters)
{
    auto const sample = sample_of(bands);
    return diagonal_start<T>(sample.view(), clusters);
}

double squared_distance(spectra const& data, std::size_t a, std::size_t b)
{
    double sum = 0;
    for (std::size_t band = 0; band < data.bands(); ++band) {
        sum += (data(band, a) - data(band, b)) * (data(band, a) - data(band, b));
    }
    return sum;
}

/// Greedy k-means++ as its comment says, from the same random numbers. For samples of one chunk of integers.
cluster_centres plain_plus_plus(spectra const& data, std::size_t clusters, random_source& random)
{
    std::vector<double> closest(data.count(), std::numeric_limits<double>::infinity());
    std::vector<std::size_t> chosen{random.below(data.count())};
    auto const left_with = [&](std::size_t pixel) {
        double sum = 0;
        for (std::size_t i = 0; i < data.count(); ++i) sum += std::min(closest[i], squared_distance(data, i, pixel));
        return sum;
    };
    for (;;) {
        double const total = left_with(chosen.back());
        for (std::size_t i = 0; i < data.count(); ++i) {
            closest[i] = std::min(closest[i], squared_distance(data, i, chosen.back()));
        }
        if (chosen.size() == clusters) break;
        std::vector<std::size_t> drawn;
        while (drawn.size() < 2 + static_cast<std::size_t>(std::log(static_cast<double>(clusters)))) {
            double volatile target = random.uniform() * total;
            std::size_t i = 0;
            while (target >= closest[i]) target = target - closest[i++];
            drawn.push_back(i);
        }
        chosen.push_back(*std::min_element(drawn.begin(), drawn.end(),
                                           [&](std::size_t a, std::size_t b) { return left_with(a) < left_with(b); }));
    }
    cluster_centres centres(clusters, data.bands());
    for (std::size_t k = 0; k < clusters; ++k) {
        for (std::size_t band = 0; band < data.bands(); ++band) centres[k][band] = data(band, chosen[k]);
    }
    return centres;
}

std::vector<double> spectrum(cluster_centres const& centres, std::size_t k)
{
    return {centres[k].begin(), centres[k].end()};
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("the diagonal start is evenly spaced, one step in from the ends", T, even)
{
    CHECK(diagonal<T>({{0, 100}}, 3) == cluster_centres(rows{{25}, {50}, {75}}));
    CHECK(diagonal<T>({{7, 100, 0, 3}, {0, 20, 40, 9}}, 3) == cluster_centres(rows{{25, 10}, {50, 20}, {75, 30}}));
    CHECK(diagonal<T>({{5, 5, 5}}, 2) == cluster_centres(rows{{5}, {5}}));
}
TEST_CASE_TEMPLATE_APPLY(even, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("the diagonal start of one cluster is the middle", T, middle)
{
    CHECK(diagonal<T>({{0, 10, 1}, {20, 20, 20}}, 1) == cluster_centres(rows{{5, 20}}));
}
TEST_CASE_TEMPLATE_APPLY(middle, test::pixel_types);

TEST_CASE("the diagonal start is cut to the pixel type, towards zero")
{
    CHECK(diagonal<std::uint8_t>({{0, 10}}, 3) == cluster_centres(rows{{2}, {5}, {7}}));
    CHECK(diagonal<std::int16_t>({{0, -10}}, 3) == cluster_centres(rows{{-7}, {-5}, {-2}}));
    CHECK(diagonal<std::int8_t>({{-3, 3}}, 2) == cluster_centres(rows{{-1}, {1}}));
    CHECK(diagonal<double>({{0, 10}}, 3) == cluster_centres(rows{{2.5}, {5}, {7.5}}));
    CHECK(diagonal<float>({{0, 1}}, 2) ==
          cluster_centres(rows{{static_cast<double>(static_cast<float>(1.0 / 3))},
                               {static_cast<double>(static_cast<float>(1 - 1.0 / 3))}}));
    CHECK(diagonal<std::uint8_t>({{0, 5}}, 1) == cluster_centres(rows{{2}}));
}

TEST_CASE("the diagonal start reaches over the whole range of a type")
{
    using wide = std::numeric_limits<std::int32_t>;
    CHECK(diagonal<std::int32_t>({{wide::min(), wide::max()}}, 1) == cluster_centres(rows{{0}})); // of -0.5
    CHECK(diagonal<std::int32_t>({{wide::min(), wide::max()}}, 3) ==
          cluster_centres(rows{{-1073741824}, {0}, {1073741823}}));
    CHECK(diagonal<std::uint32_t>({{0, std::numeric_limits<std::uint32_t>::max()}}, 2) ==
          cluster_centres(rows{{1431655765}, {2863311530}}));
}

TEST_CASE_TEMPLATE_DEFINE("a k-means++ start consists of different pixels of the sample", T, from_sample)
{
    test::random_numbers random(1);
    rios::inline_executor executor;
    for (int round = 0; round < 60; ++round) {
        auto const count = random.between<std::ptrdiff_t>(1, 300);
        image<T> sample(random.between<std::ptrdiff_t>(1, 4), 1, count);
        for (std::ptrdiff_t band = 0; band < sample.bands(); ++band) {
            for (auto& value : sample.row(band, 0)) value = static_cast<T>(random.below(100));
        }
        std::set<std::vector<double>> pixels;
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            std::vector<double> pixel;
            for (std::ptrdiff_t band = 0; band < sample.bands(); ++band) {
                pixel.push_back(static_cast<double>(sample(band, 0, i)));
            }
            pixels.insert(pixel);
        }
        auto const clusters = random.between<std::size_t>(1, pixels.size());
        random_source source(random.bits(), 0);
        spectra const data(std::as_const(sample).view());
        spectra_tree const tree(data, executor);
        auto const start = plus_plus_start(data, tree, clusters, source, executor);
        REQUIRE(start.clusters() == clusters);
        std::set<std::vector<double>> chosen;
        for (std::size_t k = 0; k < clusters; ++k) {
            REQUIRE(pixels.count(spectrum(start, k)) == 1);
            REQUIRE(chosen.insert(spectrum(start, k)).second);
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(from_sample, test::pixel_types);

TEST_CASE("a k-means++ start takes the best of the pixels that it draws, as the plain algorithm does")
{
    test::random_numbers random(4);
    rios::inline_executor executor;
    for (int round = 0; round < 300; ++round) {
        image<std::uint16_t> sample(random.between<std::ptrdiff_t>(1, 3), 1, random.between<std::ptrdiff_t>(30, 200));
        for (std::ptrdiff_t band = 0; band < sample.bands(); ++band) {
            for (auto& value : sample.row(band, 0)) value = random.below<std::uint16_t>(1000);
        }
        spectra const data(std::as_const(sample).view());
        auto const clusters = random.between<std::size_t>(1, 25);
        auto const seed = random.bits();
        random_source one(seed, 0);
        random_source other(seed, 0);
        spectra_tree const tree(data, executor);
        CHECK(plus_plus_start(data, tree, clusters, one, executor) == plain_plus_plus(data, clusters, other));
    }
}

TEST_CASE("a k-means++ start has one centre in each of a few groups that lie far apart")
{
    test::random_numbers random(2);
    rios::inline_executor executor;
    image<double> sample(1, 1, 500);
    for (auto& value : sample.row(0, 0)) value = 1e6 * random.below(5) + random.below(3);
    spectra const data(std::as_const(sample).view());
    spectra_tree const tree(data, executor);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        random_source source(seed, 0);
        auto const start = plus_plus_start(data, tree, 5, source, executor);
        std::set<int> groups;
        for (std::size_t k = 0; k < 5; ++k) groups.insert(static_cast<int>(start[k][0] / 1e6));
        CHECK(groups.size() == 5);
    }
}

TEST_CASE_TEMPLATE_DEFINE("a k-means++ start is the same bits on every executor, over several chunks", E, on_executors)
{
    test::random_numbers random(3);
    image<float> floats(3, 1, 2 * static_cast<std::ptrdiff_t>(spectra::chunk) + 777);
    image<std::uint16_t> whole_numbers(3, 1, floats.cols());
    for (std::ptrdiff_t band = 0; band < 3; ++band) {
        for (auto& value : floats.row(band, 0)) value = static_cast<float>(random.unit());
        for (auto& value : whole_numbers.row(band, 0)) value = random.below<std::uint16_t>(3000);
    }
    rios::inline_executor oracle;
    E executor;
    for (auto const& data : {spectra(std::as_const(floats).view()), spectra(std::as_const(whole_numbers).view())}) {
        spectra_tree const tree(data, oracle);
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            random_source one(seed, 1);
            random_source other(seed, 1);
            CHECK(plus_plus_start(data, tree, 12, one, executor) == plus_plus_start(data, tree, 12, other, oracle));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(on_executors, test::thread_executors);

TEST_CASE_TEMPLATE_DEFINE("a k-means++ start looks at pixels one by one where sums of distances are not exact", T,
                          exact)
{
    test::random_numbers random(5);
    rios::inline_executor executor;
    // Of squares of up to 2^62, or of 100.
    for (auto const range : {static_cast<T>(std::numeric_limits<T>::max() / 2), static_cast<T>(10)}) {
        image<T> sample(2, 1, 3 * static_cast<std::ptrdiff_t>(spectra::chunk) - 5);
        for (std::ptrdiff_t band = 0; band < 2; ++band) {
            for (auto& value : sample.row(band, 0)) value = static_cast<T>(random.unit() * static_cast<double>(range));
        }
        spectra const data(std::as_const(sample).view());
        spectra_tree const tree(data, executor);
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            random_source one(seed, 1);
            random_source other(seed, 1);
            auto const first = other.below(data.count());
            shepseg::detail::sample_distances distances(data);
            auto const total = distances.add(first, executor);
            CHECK(plus_plus_start(data, tree, 12, one, executor) ==
                  shepseg::detail::choose_centres(data, 12, first, distances, total, other, executor));
        }
    }
}
TEST_CASE_TEMPLATE_INVOKE(exact, std::int32_t, std::uint32_t, std::uint16_t, float, double);

TEST_CASE("random numbers are the same everywhere, and others for every seed and stream")
{
    random_source random(0, 0);
    random_source same(0, 0);
    random_source other_seed(1, 0);
    random_source other_stream(0, 1);
    random_source high_seed(std::uint64_t{1} << 32, 0);
    auto const first = random.uniform();
    CHECK(first == same.uniform());
    std::set<double> const different{first, other_seed.uniform(), other_stream.uniform(), high_seed.uniform()};
    CHECK(different.size() == 4);
    double least = 1;
    double greatest = 0;
    double sum = 0;
    for (int i = 0; i < 10000; ++i) {
        auto const value = random.uniform();
        least = std::min(least, value);
        greatest = std::max(greatest, value);
        sum += value;
        REQUIRE(random.below(7) < 7);
    }
    CHECK(least >= 0);
    CHECK(least < 0.01);
    CHECK(greatest < 1);
    CHECK(greatest > 0.99);
    CHECK(sum / 10000 == doctest::Approx(0.5).epsilon(0.02));
    CHECK(random.below(1) == 0);
}

TEST_CASE("different spectra are found in ascending order, unless there are too many")
{
    auto const sample = sample_of<std::int16_t>({{3, -1, 3, -1, 3, -1}, {0, 2, 1, 1, 0, 2}});
    spectra const data(sample.view());
    rows const all{{-1, 1}, {-1, 2}, {3, 0}, {3, 1}};
    CHECK(shepseg::detail::distinct_spectra(data, 4) == all);
    CHECK(shepseg::detail::distinct_spectra(data, 100) == all);
    CHECK(shepseg::detail::distinct_spectra(data, 3).empty());
}
