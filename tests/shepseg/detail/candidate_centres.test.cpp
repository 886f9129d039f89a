// SPDX-License-Identifier: BSL-1.0
#include <shepseg/detail/candidate_centres.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <shepseg/nearest_centre.hpp>

#include "support/hard_values.hpp"
#include "support/random_numbers.hpp"

using shepseg::cluster_centres;
using shepseg::detail::candidate_centres;
using shepseg::detail::instruction_set;

namespace {

struct box {
    std::vector<double> low;
    std::vector<double> high;
};

cluster_centres random_centres(test::random_numbers& random, std::size_t clusters, std::size_t bands,
                               std::uint64_t kind)
{
    cluster_centres centres(clusters, bands);
    for (std::size_t k = 0; k < clusters; ++k) {
        for (std::size_t band = 0; band < bands; ++band) {
            centres[k][band] = k > 0 && random.one_in(8) ? centres[k - 1][band] : test::hard_value(random, kind);
        }
    }
    return centres;
}

box random_box(test::random_numbers& random, std::size_t bands, std::uint64_t kind)
{
    box result;
    for (std::size_t band = 0; band < bands; ++band) {
        auto const a = test::hard_value(random, kind);
        auto const b = random.one_in(3) ? a : a + (test::hard_value(random, kind) - a) * random.unit();
        result.low.push_back(std::min(a, b));
        result.high.push_back(std::max(a, b));
    }
    return result;
}

/// As shepseg::detail::lloyd has it, for a sample that fills the box of all centres and of the box.
double margin_for(cluster_centres const& centres, box const& around)
{
    double squares = 0;
    for (std::size_t band = 0; band < centres.bands(); ++band) {
        auto low = around.low[band];
        auto high = around.high[band];
        for (std::size_t k = 0; k < centres.clusters(); ++k) {
            low = std::min(low, centres[k][band]);
            high = std::max(high, centres[k][band]);
        }
        squares += (high - low) * (high - low);
    }
    return 16 * static_cast<double>(centres.bands() + 4) * 0x1p-53 * squares + 1e-300;
}

std::uint32_t nearest_to(std::vector<double> const& point, cluster_centres const& centres)
{
    std::uint32_t nearest = 0;
    double distance = 0;
    shepseg::find_nearest_centres(point.data(), 1, 1, centres, &nearest, &distance);
    return nearest;
}

/// Centres as the kernels take them.
struct packed_centres {
    packed_centres(test::random_numbers& random, std::size_t how_many, std::size_t of_bands)
        : bands(of_bands), count(how_many), stride((how_many + 7) / 8 * 8), values(stride * bands)
    {
        for (auto& value : values) value = random.between(0, 50);
    }

    [[nodiscard]] std::vector<std::uint32_t> candidates(box const& around, double margin, instruction_set set,
                                                        double* lead = nullptr) const
    {
        std::vector<std::uint32_t> found(stride + 1);
        found.resize(find_candidates({.low = around.low.data(),
                                      .high = around.high.data(),
                                      .bands = bands,
                                      .centres = values.data(),
                                      .count = count,
                                      .stride = stride,
                                      .margin = margin,
                                      .candidates = found.data(),
                                      .lead = lead},
                                     set));
        return found;
    }

    [[nodiscard]] double squared_distance(std::vector<double> const& point, std::size_t centre) const
    {
        double sum = 0;
        for (std::size_t band = 0; band < bands; ++band) {
            auto const difference = point[band] - values[band * stride + centre];
            sum += difference * difference;
        }
        return sum;
    }

    std::size_t bands;
    std::size_t count;
    std::size_t stride;
    std::vector<double> values;
};

} // namespace

TEST_CASE("the nearest centre of every point of a box is among its candidates")
{
    test::random_numbers random(1);
    std::size_t left = 0;
    std::size_t all_in_all = 0;
    for (int round = 0; round < 4000; ++round) {
        auto const kind = random.below<std::uint64_t>(4);
        auto const bands = random.between<std::size_t>(1, 7);
        auto const centres = random_centres(random, random.between<std::size_t>(1, 40), bands, kind);
        auto const around = random_box(random, bands, kind);
        candidate_centres all;
        all.take_all(centres);
        candidate_centres some;
        some.take(all, around.low.data(), around.high.data(), margin_for(centres, around));
        std::vector<std::uint32_t> const candidates(some.clusters(), some.clusters() + some.count());
        REQUIRE(!candidates.empty());
        REQUIRE(std::ranges::is_sorted(candidates));
        if (kind < 3) {
            left += candidates.size();
            all_in_all += centres.clusters();
        }
        for (int point = 0; point < 30; ++point) {
            std::vector<double> at;
            for (std::size_t band = 0; band < bands; ++band) {
                auto const way = random.pick<double>({0, 1, random.unit()});
                auto const value = around.low[band] + way * (around.high[band] - around.low[band]);
                at.push_back(std::clamp(value, around.low[band], around.high[band]));
            }
            REQUIRE(std::ranges::binary_search(candidates, nearest_to(at, centres)));
        }
    }
    CHECK(left < all_in_all / 2); // and most of the others are not
}

TEST_CASE("centres that are left out are farther from every point of the box by the lead that is told")
{
    test::random_numbers random(3);
    int worth_telling = 0;
    for (auto const set : {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512}) {
        if (!supported(set)) continue;
        for (int round = 0; round < 600; ++round) {
            auto const bands = random.between<std::size_t>(1, 4);
            packed_centres const centres(random, random.between<std::size_t>(1, 40), bands);
            auto const around = random_box(random, bands, 0);
            double lead = -1;
            auto const candidates = centres.candidates(around, 1e-9, set, &lead);
            bool const some_are_left_out = candidates.size() < centres.count;
            CHECK(some_are_left_out == (lead < std::numeric_limits<double>::infinity()));
            worth_telling += some_are_left_out && lead > 1;
            for (int point = 0; point < 20; ++point) {
                std::vector<double> at;
                for (std::size_t band = 0; band < bands; ++band) {
                    auto const way = random.pick<double>({0, 1, random.unit()});
                    at.push_back(around.low[band] + way * (around.high[band] - around.low[band]));
                }
                auto const distance = [&](std::size_t k) { return std::sqrt(centres.squared_distance(at, k)); };
                auto nearest = std::numeric_limits<double>::infinity();
                for (auto const k : candidates) nearest = std::min(nearest, distance(k));
                for (std::uint32_t k = 0; k < centres.count; ++k) {
                    if (std::ranges::binary_search(candidates, k)) continue;
                    REQUIRE(distance(k) - nearest >= lead * (1 - 1e-9) - 1e-9);
                }
            }
        }
    }
    CHECK(worth_telling > 100);
}

TEST_CASE("candidates of candidates are the centres with their own numbers and values")
{
    cluster_centres const centres({{0, 0}, {10, 0}, {20, 0}, {30, 0}, {40, 0}, {41, 1}});
    candidate_centres all;
    all.take_all(centres);
    CHECK(all.count() == 6);
    candidate_centres right;
    std::vector<double> const low{28, -1};
    std::vector<double> const high{45, 1};
    right.take(all, low.data(), high.data(), 0);
    CHECK(
        std::vector<std::uint32_t>(right.clusters(), right.clusters() + right.count()) ==
        std::vector<std::uint32_t>{2, 3, 4, 5}); // the third is nearer to x = 28 than the fifth, which is in the middle
    candidate_centres far_right;
    std::vector<double> const from{44, 0};
    far_right.take(right, from.data(), high.data(), 0);
    REQUIRE(far_right.count() == 1);
    CHECK(far_right.clusters()[0] == 5);
    cluster_centres copy;
    far_right.copy_to(copy);
    CHECK(copy == cluster_centres({{41, 1}}));
    far_right.take(all, std::vector<std::uint32_t>{1, 4});
    REQUIRE(far_right.count() == 2);
    CHECK(far_right.clusters()[1] == 4);
    far_right.copy_to(copy);
    CHECK(copy == cluster_centres({{10, 0}, {40, 0}}));
}

TEST_CASE("with every instruction set the nearest centre of a corner is among the candidates")
{
    test::random_numbers random(2);
    for (auto const set : {instruction_set::avx2, instruction_set::avx512}) {
        if (!supported(set)) {
            MESSAGE("this processor has no " << std::string(name_of(set)));
            continue;
        }
        for (int round = 0; round < 500; ++round) {
            auto const bands = random.between<std::size_t>(1, 5);
            packed_centres const centres(random, random.between<std::size_t>(1, 40), bands);
            auto const around = random_box(random, bands, 0);
            // Which of several centres in the same distance from the middle is compared with may differ.
            auto const a = centres.candidates(around, 0, set);
            auto const b = centres.candidates(around, 0, instruction_set::baseline);
            REQUIRE(std::ranges::all_of(a, [&](auto k) { return k < centres.count; }));
            for (int point = 0; point < 10; ++point) {
                std::vector<double> at;
                for (std::size_t band = 0; band < bands; ++band) {
                    at.push_back(random.one_in(2) ? around.low[band] : around.high[band]);
                }
                std::uint32_t nearest = 0;
                for (std::uint32_t k = 1; k < centres.count; ++k) {
                    if (centres.squared_distance(at, k) < centres.squared_distance(at, nearest)) nearest = k;
                }
                REQUIRE(std::ranges::find(a, nearest) != a.end());
                REQUIRE(std::ranges::find(b, nearest) != b.end());
            }
        }
    }
}
