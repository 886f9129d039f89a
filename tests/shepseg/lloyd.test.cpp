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
#include "support/plain_lloyd.hpp"
#include "support/random_numbers.hpp"

using shepseg::cluster_centres;
using shepseg::detail::lloyd;
using shepseg::detail::spectra;
using shepseg::detail::spectra_tree;

namespace {

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
    auto const plain = test::plain_lloyd(data, start, max_iterations, 0);
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

TEST_CASE("clusters without pixels move to those that are farthest, the first of equal ones, wherever these lie")
{
    test::random_numbers random(74);
    rios::thread_executor threads({.workers = 3});
    for (std::ptrdiff_t const count : {40'000, 90'000}) {
        // All in one place but for some outliers, many of which are as far away as others.
        rios::image<std::uint16_t> sample(2, 1, count);
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            bool const is_out = random.one_in(1000);
            sample(0, 0, i) = static_cast<std::uint16_t>(is_out ? 1000 * random.below(8) : 3000 + random.below(4));
            sample(1, 0, i) = static_cast<std::uint16_t>(is_out ? 1000 * random.below(8) : 3000 + random.below(4));
        }
        spectra const data(std::as_const(sample).view());
        // Nearly all start far away from any pixel.
        cluster_centres start(30, 2);
        for (std::size_t k = 1; k < start.clusters(); ++k) {
            for (auto& value : start[k]) value = 60'000.0 + static_cast<double>(k);
        }
        compare(data, start, 12, rios::inline_executor{});
        compare(data, start, 12, threads);
    }
}

TEST_CASE("magnitudes and distances of any size make no difference")
{
    test::random_numbers random(72);
    for (double const scale : {1e-310, 1e-200, 1e-160, 1e-30, 1e12, 1e100, 1e152, 1e160}) {
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
