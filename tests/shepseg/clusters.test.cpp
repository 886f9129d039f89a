// SPDX-License-Identifier: BSL-1.0
#include <shepseg/clusters.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/image.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using rios::image;
using shepseg::assign_clusters;
using shepseg::cluster_centres;
using rows = std::vector<std::vector<double>>;

TEST_CASE_TEMPLATE_DEFINE("pixels take the nearest centre, the lowest index wins ties, null is 0", T, hand_worked)
{
    image<T> pixels(2, 1, 5);
    std::vector<T> const values{10, 20, 15, 0, 11, /**/ 10, 20, 15, 7, 11};
    std::copy(values.begin(), values.end(), pixels.data());
    cluster_centres const centres(rows{{20, 20}, {10, 10}, {11, 11}, {11, 11}});
    auto const clusters = assign_clusters<T>(pixels.view(), 0, centres);
    CHECK(clusters.bands() == 1);
    CHECK(clusters.cols() == 5);
    CHECK(std::vector<std::uint16_t>(clusters.data(), clusters.data() + 5) ==
          std::vector<std::uint16_t>{2, 1, 3, 0, 3});
    auto const no_null = assign_clusters<T>(pixels.view(), {}, centres);
    CHECK(no_null(0, 0, 3) == 2);
    auto const ties =
        assign_clusters<T>(pixels.view(), {}, cluster_centres(rows{{12, 12}, {8, 8}, {22, 22}, {18, 18}}));
    CHECK(ties(0, 0, 0) == 1);
    CHECK(ties(0, 0, 1) == 3);
    auto const ties_reversed =
        assign_clusters<T>(pixels.view(), {}, cluster_centres(rows{{18, 18}, {22, 22}, {8, 8}, {12, 12}}));
    CHECK(ties_reversed(0, 0, 0) == 3);
    CHECK(ties_reversed(0, 0, 1) == 1);
}
TEST_CASE_TEMPLATE_APPLY(hand_worked, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("clusters are those of a plain loop, in rows of any length", T, plain_loop)
{
    test::random_numbers random(1);
    for (std::ptrdiff_t const cols : {0, 1, 3, 255, 256, 257, 511, 512, 700}) {
        auto const height = random.between<std::ptrdiff_t>(1, 40);
        auto const bands = random.between<std::ptrdiff_t>(1, 5);
        image<T> large(bands, height + 1, cols + 2);
        std::generate_n(large.data(), bands * large.pixel_count(), [&] { return static_cast<T>(random.below(12)); });
        auto const pixels = std::as_const(large).view().window(1, 2, height, cols);
        cluster_centres centres(random.between<std::size_t>(1, 9), static_cast<std::size_t>(bands));
        for (std::size_t k = 0; k < centres.clusters(); ++k) {
            for (auto& value : centres[k]) value = static_cast<double>(random.below(24)) / 2;
        }
        image<std::uint16_t> expected(1, height, cols);
        for (auto const [row, col] : pixels.pixels()) {
            double least = std::numeric_limits<double>::infinity();
            for (std::size_t k = 0; k < centres.clusters(); ++k) {
                double distance = 0;
                for (std::ptrdiff_t band = 0; band < bands; ++band) {
                    distance += std::pow(
                        static_cast<double>(pixels(band, row, col)) - centres[k][static_cast<std::size_t>(band)], 2);
                }
                if (distance < least) {
                    least = distance;
                    expected(0, row, col) = static_cast<std::uint16_t>(k + 1);
                }
            }
            for (std::ptrdiff_t band = 0; band < bands; ++band) {
                if (pixels(band, row, col) == 3) expected(0, row, col) = 0;
            }
        }
        CHECK(assign_clusters<T>(pixels, 3, centres) == expected);
    }
}
TEST_CASE_TEMPLATE_APPLY(plain_loop, test::pixel_types);

TEST_CASE_TEMPLATE("pixels that are not finite in any band are null", T, float, double)
{
    using limits = std::numeric_limits<T>;
    image<T> pixels(2, 1, 5);
    pixels(0, 0, 0) = limits::quiet_NaN();
    pixels(1, 0, 1) = limits::infinity();
    pixels(1, 0, 2) = -limits::infinity();
    pixels(0, 0, 3) = limits::max();
    auto const clusters = assign_clusters<T>(pixels.view(), {}, cluster_centres(rows{{5, 5}, {0, 0}}));
    auto const largest =
        std::same_as<T, double> ? 1 : clusters(0, 0, 3); // as doubles all distances are infinite: first
    CHECK(std::vector<std::uint16_t>(clusters.data(), clusters.data() + 5) ==
          std::vector<std::uint16_t>{0, 0, 0, static_cast<std::uint16_t>(largest), 2});
    CHECK(largest == 1);
}

TEST_CASE("there may be 65535 clusters")
{
    cluster_centres centres(65535, 1);
    for (std::size_t k = 0; k < 65535; ++k) centres[k][0] = static_cast<double>(k);
    image<std::uint16_t> pixels(1, 1, 3);
    pixels(0, 0, 1) = 65534;
    pixels(0, 0, 2) = 65535;
    auto const clusters = assign_clusters<std::uint16_t>(pixels.view(), {}, centres);
    CHECK(clusters(0, 0, 0) == 1);
    CHECK(clusters(0, 0, 1) == 65535);
    CHECK(clusters(0, 0, 2) == 65535);
}

TEST_CASE("before each row the work says where it is, and may be ended")
{
    image<float> pixels(1, 7, 3);
    cluster_centres const centres(rows{{0}, {1}});
    int begun = 0;
    auto const clusters = assign_clusters<float>(pixels.view(), {}, centres, [&] { ++begun; });
    CHECK(begun == 7);
    CHECK(clusters == assign_clusters<float>(pixels.view(), {}, centres));
    auto const ended = [&] {
        static_cast<void>(assign_clusters<float>(pixels.view(), {}, centres, [&] {
            if (--begun == 3) throw rios::cancelled();
        }));
    };
    CHECK_THROWS_AS(ended(), rios::cancelled);
    CHECK(begun == 3);
}
