// SPDX-License-Identifier: BSL-1.0
#include <shepseg/spectral_difference.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "support/random_numbers.hpp"

using shepseg::automatic_limit;
using shepseg::cluster_centres;
using shepseg::max_spectral_difference;
using shepseg::no_limit;
using rows = std::vector<std::vector<double>>;

TEST_CASE("distances of centres are those of all pairs in ascending order")
{
    CHECK(centre_distances(cluster_centres(rows{{0, 0}, {3, 4}, {0, 8}})) == std::vector<float>{5, 5, 8});
    CHECK(centre_distances(cluster_centres(rows{{1, 1}, {1, 1}})) == std::vector<float>{0});
    CHECK(centre_distances(cluster_centres(rows{{1}})).empty());
    CHECK(centre_distances(cluster_centres()).empty());
}

TEST_CASE("distances of centres are rounded to float")
{
    auto const distances = centre_distances(cluster_centres(rows{{0, 0}, {1, 1}}));
    CHECK(distances == std::vector<float>{static_cast<float>(std::sqrt(2.0))});
    CHECK(max_spectral_difference(automatic_limit{}, cluster_centres(rows{{0, 0}, {1, 1}})) ==
          static_cast<double>(static_cast<float>(std::sqrt(2.0))));
}

TEST_CASE("the automatic limit is the percentile, interpolated linearly")
{
    // distances 1, 2, 3, 4, 6, 7 at ranks 0 to 5
    cluster_centres const centres(rows{{0}, {1}, {3}, {7}});
    auto const percentile = [&](double p) { return max_spectral_difference(automatic_limit{p}, centres); };
    CHECK(percentile(0) == 1);
    CHECK(percentile(20) == 2);
    CHECK(percentile(50) == 3.5);
    CHECK(percentile(80) == 6);
    CHECK(percentile(90) == 6.5);
    CHECK(percentile(100) == 7);
    CHECK(percentile(10) == 1.5);
    CHECK(percentile(70) == doctest::Approx(5).epsilon(1e-15));
}

TEST_CASE("the automatic limit is computed in double and not rounded again")
{
    cluster_centres const centres(rows{{0}, {1}, {3}}); // distances 1, 2, 3
    CHECK(max_spectral_difference(automatic_limit{12.34}, centres) == 1 + 0.1234 * 2);
    CHECK(max_spectral_difference(automatic_limit{12.34}, centres) !=
          static_cast<double>(static_cast<float>(1 + 0.1234 * 2)));
}

TEST_CASE("the automatic limit is the percentile of the sorted distances for any centres")
{
    test::random_numbers random(1);
    for (int round = 0; round < 300; ++round) {
        cluster_centres centres(random.between<std::size_t>(2, 12), random.between<std::size_t>(1, 4));
        for (std::size_t k = 0; k < centres.clusters(); ++k) {
            for (auto& value : centres[k]) value = 1000 * random.unit();
        }
        auto const distances = centre_distances(centres);
        REQUIRE(distances.size() == centres.clusters() * (centres.clusters() - 1) / 2);
        REQUIRE(std::is_sorted(distances.begin(), distances.end()));
        auto const p = random.one_in(10) ? 100 : 100 * random.unit();
        auto const rank = p / 100 * static_cast<double>(distances.size() - 1);
        auto const low = static_cast<double>(distances[static_cast<std::size_t>(std::floor(rank))]);
        auto const high = static_cast<double>(distances[static_cast<std::size_t>(std::ceil(rank))]);
        auto const expected = low + (high - low) * (rank - std::floor(rank));
        CHECK(max_spectral_difference(automatic_limit{p}, centres) == doctest::Approx(expected).epsilon(1e-12));
    }
}

TEST_CASE("without a limit ten times the largest distance is used, in float")
{
    CHECK(max_spectral_difference(no_limit{}, cluster_centres(rows{{0}, {1}, {3}})) == 30);
    auto const largest = static_cast<float>(std::sqrt(2.0));
    auto const used = max_spectral_difference(no_limit{}, cluster_centres(rows{{0, 0}, {1, 1}}));
    CHECK(used == static_cast<double>(10.0F * largest));
    CHECK(used != 10.0 * static_cast<double>(largest));
}

TEST_CASE("a rule has nothing to go by with fewer than two centres")
{
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    for (auto const& centres : {cluster_centres(), cluster_centres(rows{{5, 5}})}) {
        CHECK(max_spectral_difference(automatic_limit{}, centres) == infinity);
        CHECK(max_spectral_difference(no_limit{}, centres) == infinity);
    }
}

TEST_CASE("a number is used as it is, whatever the centres")
{
    CHECK(max_spectral_difference(0.1, cluster_centres(rows{{0}, {1}, {3}})) == 0.1);
    CHECK(max_spectral_difference(0.1, cluster_centres(rows{{0, 1}})) == 0.1);
    CHECK(max_spectral_difference(0.0, cluster_centres()) == 0);
}
