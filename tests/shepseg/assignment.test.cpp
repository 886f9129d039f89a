// SPDX-License-Identifier: BSL-1.0
#include <shepseg/assignment.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using shepseg::assignment;
using shepseg::cluster_centres;
using shepseg::detail::instruction_set;

namespace {

constexpr auto instruction_sets = {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512};

template <typename T>
using planes = std::vector<std::vector<T>>; // band, pixel

template <typename T>
std::vector<std::int32_t> by_plain_loop(planes<T> const& pixels, cluster_centres const& centres)
{
    std::vector<std::int32_t> result;
    for (std::size_t i = 0; i < pixels.front().size(); ++i) {
        std::int32_t nearest = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < centres.clusters(); ++k) {
            double distance = 0;
            for (std::size_t band = 0; band < pixels.size(); ++band) {
                double const difference = static_cast<double>(pixels[band][i]) - centres[k][band];
                double const volatile square = difference * difference;
                distance += square;
            }
            if (distance < least) {
                least = distance;
                nearest = static_cast<std::int32_t>(k);
            }
        }
        result.push_back(nearest);
    }
    return result;
}

template <typename T>
std::vector<std::int32_t> by_assignment(planes<T> const& pixels, cluster_centres const& centres, instruction_set set)
{
    assignment assigning(centres, set);
    std::vector<std::int32_t> result(assignment::run);
    // Twice, for what the first time leaves behind.
    for (int time = 0; time < 2; ++time) {
        std::vector<T const*> bands;
        for (auto const& band : pixels) bands.push_back(band.data());
        assigning.find(bands.data(), static_cast<std::ptrdiff_t>(pixels.front().size()), result.data());
    }
    result.resize(pixels.front().size());
    return result;
}

template <typename T>
T random_pixel(test::random_numbers& random, std::uint64_t kind)
{
    constexpr auto highest = static_cast<double>(std::numeric_limits<T>::max());
    switch (kind) {
    case 0: return static_cast<T>(random.below(8)); // ties everywhere
    case 1: return static_cast<T>(random.unit() * std::min(highest, 30'000.0));
    case 2: return static_cast<T>(random.unit() * highest);
    default:
        if constexpr (std::is_floating_point_v<T>) {
            std::vector<double> const scales{
                1e-44, 1e-30, 1e-3, 1, 1e9, 1e18, 1e25, 1e37, sizeof(T) == 8 ? 1e-310 : 0, sizeof(T) == 8 ? 1e100 : 1};
            return static_cast<T>((random.unit() - 0.5) * random.pick(scales));
        } else {
            return static_cast<T>(random.bits());
        }
    }
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("clusters are those of a plain loop in double precision, with every instruction set", T,
                          plain)
{
    test::random_numbers random(test::seed_of<T>(61));
    for (auto const set : instruction_sets) {
        if (!supported(set)) {
            MESSAGE("this processor has no " << std::string(name_of(set)));
            continue;
        }
        for (int round = 0; round < 600; ++round) {
            auto const kind = random.below<std::uint64_t>(4);
            auto const bands = random.between<std::size_t>(1, 12);
            auto const clusters = random.between<std::size_t>(1, random.one_in(10) ? 300 : 60);
            auto const count = random.between<std::size_t>(1, 256);
            planes<T> pixels(bands);
            for (auto& band : pixels) {
                for (std::size_t i = 0; i < count; ++i) band.push_back(random_pixel<T>(random, kind));
            }
            cluster_centres centres(clusters, bands);
            for (std::size_t k = 0; k < clusters; ++k) {
                auto const near = random.below(count);
                bool const again = k > 0 && random.one_in(6);
                for (std::size_t band = 0; band < bands; ++band) {
                    auto const value = static_cast<double>(pixels[band][near]);
                    // Centres at the same place; half-way between pixels; a last bit beside one; somewhere.
                    if (again) centres[k][band] = centres[k - 1][band];
                    else if (kind == 0 || random.one_in(3)) centres[k][band] = value + 0.5;
                    else if (random.one_in(2)) centres[k][band] = std::nextafter(value, 1e300);
                    else centres[k][band] = static_cast<double>(random_pixel<T>(random, kind));
                }
            }
            CAPTURE(kind);
            CAPTURE(bands);
            CAPTURE(clusters);
            REQUIRE(by_assignment(pixels, centres, set) == by_plain_loop(pixels, centres));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(plain, test::pixel_types);

TEST_CASE("there may be more centres than cells are made for")
{
    test::random_numbers random(62);
    planes<std::uint16_t> pixels(1);
    for (int i = 0; i < 50; ++i) pixels[0].push_back(random.below<std::uint16_t>(65'535));
    for (std::size_t const clusters : std::initializer_list<std::size_t>{4095, 4096, 4097, 65'535}) {
        cluster_centres centres(clusters, 1);
        for (std::size_t k = 0; k < clusters; ++k) centres[k][0] = static_cast<double>(k) + 0.5;
        for (auto const set : instruction_sets) {
            if (!supported(set)) continue;
            CHECK(by_assignment(pixels, centres, set) == by_plain_loop(pixels, centres));
        }
    }
}

TEST_CASE("centres without a difference, at zero or beyond a float are compared all the same")
{
    planes<double> const pixels{{0, 1, -1, 1e-300, 1e300, 1e38, -1e39}, {0, 1, 1, 1e-320, 0, 1e38, 1e39}};
    for (cluster_centres const& centres :
         {cluster_centres({{0, 0}}), cluster_centres({{0, 0}, {0, 0}}), cluster_centres({{1e-200, 0}, {0, 1e-200}}),
          cluster_centres({{1e39, 0}, {0, 1e39}, {-1e39, 0}}), cluster_centres({{1e200, 0}, {0, 0}, {1e20, 1e20}})}) {
        for (auto const set : instruction_sets) {
            if (!supported(set)) continue;
            CHECK(by_assignment(pixels, centres, set) == by_plain_loop(pixels, centres));
        }
    }
}
