// SPDX-License-Identifier: BSL-1.0
#include <rios/value_counts.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using rios::null_test;
using rios::value_count;
using rios::value_counts;
using test::random_numbers;

TEST_CASE_TEMPLATE_DEFINE("counts of several threads add up to those of all pixels", T, counts_add_up)
{
    random_numbers random(test::seed_of<T>(1));
    for (std::optional<double> const null : {std::optional<double>(), std::optional(7.0), std::optional(-999.5)}) {
        std::vector<value_counts<T>> threads(3, value_counts<T>(null_test<T>(null)));
        std::map<double, std::uint64_t> expected;
        for (int row = 0; row < 40; ++row) {
            std::vector<T> pixels(random.below(300U));
            for (auto& pixel : pixels) {
                pixel = random.one_in(3) ? T{7} : static_cast<T>(random.bits() % 5000);
                if (random.one_in(50)) pixel = std::numeric_limits<T>::lowest();
                if constexpr (std::is_floating_point_v<T>) {
                    if (random.one_in(30)) pixel = -T{0};
                    if (random.one_in(30)) pixel = std::numeric_limits<T>::infinity();
                    if (random.one_in(30)) pixel = std::numeric_limits<T>::quiet_NaN();
                }
                auto const value = static_cast<double>(pixel);
                if (std::isfinite(value) && value != null) ++expected[value == 0 ? 0 : value];
            }
            random.pick(std::vector{&threads[0], &threads[1], &threads[2]})->add(pixels);
        }
        threads[0].merge(threads[2]);
        threads[1].merge(threads[0]);
        REQUIRE(threads[1].complete());
        std::vector<value_count> all;
        for (auto const& [value, count] : expected) all.push_back({value, count});
        CHECK(threads[1].values() == all);
    }
}
TEST_CASE_TEMPLATE_APPLY(counts_add_up, test::pixel_types);

TEST_CASE_TEMPLATE("counting ends at 65 536 different values, in one thread or in several together", T, std::int32_t,
                   std::uint32_t, float, double)
{
    auto const of = [](int first, int end) {
        value_counts<T> result{null_test<T>({})};
        std::vector<T> pixels;
        for (int i = first; i < end; ++i) pixels.push_back(static_cast<T>(i));
        result.add(pixels);
        result.add(pixels);
        return result;
    };
    auto full = of(0, 65536);
    REQUIRE(full.complete());
    CHECK(full.values().size() == 65536);
    CHECK(full.values().back() == value_count{65535, 2});
    full.merge(of(30000, 65536));
    CHECK(full.complete());
    CHECK(full.values().back().count == 4);
    CHECK_FALSE(of(0, 65537).complete());
    full.merge(of(65536, 65537));
    CHECK_FALSE(full.complete());
    auto few = of(0, 3);
    few.merge(of(0, 65537));
    CHECK_FALSE(few.complete());
}
