// SPDX-License-Identifier: BSL-1.0
#include <shepseg/nearest_centre.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/hard_values.hpp"
#include "support/random_numbers.hpp"

using shepseg::cluster_centres;
using shepseg::detail::instruction_set;

namespace {

struct assignment {
    std::vector<std::uint32_t> nearest;
    std::vector<double> distance;
};

/// Each product is rounded before it is added, whatever the compiler flags.
assignment plain_loop(std::vector<double> const& values, std::size_t stride, std::size_t count,
                      cluster_centres const& centres)
{
    assignment result;
    for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t nearest = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < centres.clusters(); ++k) {
            double distance = 0;
            for (std::size_t band = 0; band < centres.bands(); ++band) {
                double const difference = values[band * stride + i] - centres[k][band];
                double const volatile square = difference * difference;
                distance += square;
            }
            if (distance < least) {
                least = distance;
                nearest = static_cast<std::uint32_t>(k);
            }
        }
        result.nearest.push_back(nearest);
        result.distance.push_back(least);
    }
    return result;
}

/// Runs a kernel over arrays with guards on both sides.
assignment with_kernel(instruction_set set, std::vector<double> const& values, std::size_t stride, std::size_t count,
                       cluster_centres const& centres)
{
    constexpr std::uint32_t guard = 0xdeadbeef;
    std::vector<std::uint32_t> nearest(count + 2, guard);
    std::vector<double> distance(count + 2, -1.0);
    shepseg::detail::find_nearest_centres({.values = values.data(),
                                           .band_stride = static_cast<std::ptrdiff_t>(stride),
                                           .count = static_cast<std::ptrdiff_t>(count),
                                           .centres = centres,
                                           .nearest = nearest.data() + 1,
                                           .distance = distance.data() + 1},
                                          set);
    REQUIRE(nearest.front() == guard);
    REQUIRE(nearest.back() == guard);
    REQUIRE(distance.front() == -1);
    REQUIRE(distance.back() == -1);
    return {.nearest = {nearest.begin() + 1, nearest.end() - 1},
            .distance = {distance.begin() + 1, distance.end() - 1}};
}

bool same_bits(assignment const& a, assignment const& b)
{
    if (a.nearest != b.nearest || a.distance.size() != b.distance.size()) return false;
    for (std::size_t i = 0; i < a.distance.size(); ++i) {
        if (std::bit_cast<std::uint64_t>(a.distance[i]) != std::bit_cast<std::uint64_t>(b.distance[i])) return false;
    }
    return true;
}

void compare_with_plain_loop(instruction_set set)
{
    if (!supported(set)) {
        MESSAGE("this processor has no " << std::string(name_of(set)));
        return;
    }
    test::random_numbers random(1);
    for (std::size_t count = 0; count <= 70; ++count) {
        for (std::size_t bands = 1; bands <= 12; ++bands) {
            for (int round = 0; round < 4; ++round) {
                auto const kind = random.below<std::uint64_t>(4);
                auto const clusters = round == 0 ? 1 + (count * 12 + bands) % 70 : random.between<std::size_t>(1, 70);
                auto const stride = count + random.below<std::size_t>(3);
                std::vector<double> values(stride * bands + 1);
                for (auto& value : values) value = test::hard_value(random, kind);
                cluster_centres centres(clusters, bands);
                for (std::size_t k = 0; k < clusters; ++k) {
                    // Some centres stand in the same place.
                    for (std::size_t band = 0; band < bands; ++band) {
                        centres[k][band] =
                            k > 0 && random.one_in(8) ? centres[k - 1][band] : test::hard_value(random, kind);
                    }
                }
                if (!same_bits(with_kernel(set, values, stride, count, centres),
                               plain_loop(values, stride, count, centres))) {
                    FAIL(count << " pixels, " << bands << " bands, " << clusters << " clusters, kind " << kind);
                }
            }
        }
    }
}

} // namespace

TEST_CASE("the baseline kernel gives the bits of a plain loop")
{
    compare_with_plain_loop(instruction_set::baseline);
}

TEST_CASE("the AVX2 kernel gives the bits of a plain loop")
{
    compare_with_plain_loop(instruction_set::avx2);
}

TEST_CASE("the AVX-512 kernel gives the bits of a plain loop")
{
    compare_with_plain_loop(instruction_set::avx512);
}

TEST_CASE("every kernel tells the smallest difference to the second nearest centre, and how far that may be")
{
    test::random_numbers random(2);
    for (auto const set : {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512}) {
        if (!supported(set)) continue;
        for (int round = 0; round < 300; ++round) {
            auto const count = random.between<std::size_t>(1, 70);
            auto const clusters = random.between<std::size_t>(1, 20);
            std::vector<double> values(count * 2);
            for (auto& value : values) value = random.between(0, 1000);
            cluster_centres centres(clusters, 2);
            for (std::size_t k = 0; k < clusters; ++k) {
                for (auto& value : centres[k]) value = random.between(0, 1000);
            }
            std::vector<std::uint32_t> nearest(count);
            std::vector<double> distance(count);
            shepseg::detail::nearest_lead lead{};
            shepseg::detail::find_nearest_centres({.values = values.data(),
                                                   .band_stride = static_cast<std::ptrdiff_t>(count),
                                                   .count = static_cast<std::ptrdiff_t>(count),
                                                   .centres = centres,
                                                   .nearest = nearest.data(),
                                                   .distance = distance.data(),
                                                   .lead = &lead},
                                                  set);
            REQUIRE(same_bits({nearest, distance}, plain_loop(values, count, count, centres)));
            auto least_difference = std::numeric_limits<double>::infinity();
            double greatest_second = 0;
            for (std::size_t i = 0; i < count; ++i) {
                auto second = std::numeric_limits<double>::infinity();
                for (std::size_t k = 0; k < clusters; ++k) {
                    auto const x = values[i] - centres[k][0];
                    auto const y = values[count + i] - centres[k][1];
                    if (k != nearest[i]) second = std::min(second, x * x + y * y);
                }
                least_difference = std::min(least_difference, second - distance[i]);
                greatest_second = std::max(greatest_second, second);
            }
            REQUIRE(lead.least_difference == least_difference);
            REQUIRE(lead.greatest_second == greatest_second);
        }
    }
}

TEST_CASE("every kernel gives the numbers of centres, where they have numbers, instead of their indexes")
{
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    test::random_numbers random(3);
    for (auto const set : {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512}) {
        if (!supported(set)) continue;
        for (std::size_t count = 0; count <= 70; ++count) {
            auto const clusters = random.between<std::size_t>(1, 20);
            std::vector<double> values(count * 2);
            for (auto& value : values) value = random.one_in(50) ? not_a_number : random.between(0, 1000);
            cluster_centres centres(clusters, 2);
            std::vector<std::uint32_t> numbers(clusters);
            for (std::size_t k = 0; k < clusters; ++k) {
                for (auto& value : centres[k]) value = random.between(0, 1000);
                numbers[k] = random.between<std::uint32_t>(0, 0xffff'ffff);
            }
            auto expected = plain_loop(values, count, count, centres);
            for (auto& nearest : expected.nearest) nearest = numbers[nearest];
            assignment result{.nearest = std::vector<std::uint32_t>(count), .distance = std::vector<double>(count)};
            shepseg::detail::find_nearest_centres({.values = values.data(),
                                                   .band_stride = static_cast<std::ptrdiff_t>(count),
                                                   .count = static_cast<std::ptrdiff_t>(count),
                                                   .centres = centres,
                                                   .nearest = result.nearest.data(),
                                                   .distance = result.distance.data(),
                                                   .numbers = numbers.data()},
                                                  set);
            REQUIRE(same_bits(result, expected));
        }
    }
}

TEST_CASE("the best instruction set is the widest that is supported")
{
    using shepseg::detail::best_instruction_set;
    CHECK(supported(instruction_set::baseline));
    CHECK(supported(best_instruction_set()));
    for (auto const set : {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512}) {
        if (supported(set)) CHECK(best_instruction_set() >= set);
    }
    CHECK(std::string(name_of(instruction_set::baseline)) == "baseline");
    CHECK(std::string(name_of(instruction_set::avx2)) == "avx2");
    CHECK(std::string(name_of(instruction_set::avx512)) == "avx512");
    MESSAGE("kernels run with " << std::string(name_of(best_instruction_set())));
}

TEST_CASE("the nearest centres of hand-worked pixels")
{
    cluster_centres const centres(std::vector<std::vector<double>>{{0, 0}, {3, 4}, {3, 4}, {-1, 0}});
    // Pixels (0, 0), (3, 4), (-0.5, 0): between the first centre and the last, and (1.5, 2): halfway to the second.
    std::vector<double> const values{0, 3, -0.5, 1.5, /**/ 0, 4, 0, 2};
    std::vector<std::uint32_t> nearest(4);
    std::vector<double> distance(4);
    shepseg::find_nearest_centres(values.data(), 4, 4, centres, nearest.data(), distance.data());
    CHECK(nearest == std::vector<std::uint32_t>{0, 1, 0, 0});
    CHECK(distance == std::vector<double>{0, 0, 0.25, 6.25});
}

TEST_CASE("a pixel with a NaN, and one that is infinitely far from all, gets the first centre at an infinite distance")
{
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    cluster_centres const centres(std::vector<std::vector<double>>{{1, 1}, {0, 0}});
    for (auto const set : {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512}) {
        if (!supported(set)) continue;
        for (std::size_t const count : {1U, 7U, 40U}) {
            std::vector<double> values(2 * count, 0.0);
            values[0] = not_a_number;
            values[2 * count - 1] = 1e300;
            auto const result = with_kernel(set, values, count, count, centres);
            CHECK(result.nearest.front() == 0);
            CHECK(result.distance.front() == infinity);
            CHECK(result.nearest.back() == 0);
            CHECK(result.distance.back() == infinity);
            if (count > 2) CHECK(result.nearest[1] == 1);
        }
    }
}
