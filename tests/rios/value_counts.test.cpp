// SPDX-License-Identifier: BSL-1.0
#include <rios/value_counts.hpp>

#include <concepts>
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

namespace {

template <typename T>
std::vector<T> random_pixels(random_numbers& random, std::size_t count)
{
    using limits = std::numeric_limits<T>;
    std::vector<T> values{limits::lowest(), limits::max(), T{0}, T{1}, static_cast<T>(100)};
    if constexpr (std::floating_point<T>) {
        values.insert(values.end(), {limits::quiet_NaN(), limits::infinity(), -limits::infinity(), T{-0.0},
                                     limits::denorm_min(), T{-1}, T{0.1F}});
    }
    std::vector<T> pixels;
    while (pixels.size() < count) {
        if (random.one_in(2)) pixels.push_back(random.pick(values));
        else if constexpr (std::integral<T>) pixels.push_back(static_cast<T>(random.bits()));
        else pixels.push_back(static_cast<T>(random.between(-3000, 3000)) / 8);
    }
    return pixels;
}

// Values and their numbers by the book.
template <typename T>
std::vector<value_count> counted(std::vector<T> const& pixels, std::optional<double> null)
{
    std::map<double, std::uint64_t> counts;
    for (auto const pixel : pixels) {
        auto const value = static_cast<double>(pixel);
        if (value - value != 0) continue; // NaN or infinite
        if (null && *null == value) continue;
        ++counts[value]; // -0 and 0 are one key
    }
    std::vector<value_count> result;
    for (auto const& [value, count] : counts) result.push_back({value, count});
    return result;
}

template <typename T>
value_counts<T> count_of(std::span<T const> pixels, std::optional<double> null = {})
{
    value_counts<T> counts{null_test<T>(null)};
    counts.add(pixels);
    return counts;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("values are counted as by a map, in parts that are merged in any order", T, counting)
{
    random_numbers random(test::seed_of<T>(1));
    std::vector<std::optional<double>> const nulls{
        {}, 0.0, 100.0, -1.0, 9'999'999.0, std::numeric_limits<double>::quiet_NaN(), 0.5};
    for (auto const& null : nulls) {
        CAPTURE(null.value_or(-77));
        auto const pixels = random_pixels<T>(random, 3000);
        auto const expected = counted(pixels, null);
        CHECK(count_of<T>(pixels, null).values() == expected);

        std::vector<value_counts<T>> threads(4, value_counts<T>{null_test<T>(null)}); // the last one stays empty
        std::span<T const> rest = pixels;
        while (!rest.empty()) {
            auto const run = rest.first(random.between<std::size_t>(1, std::min<std::size_t>(rest.size(), 70)));
            threads[random.below(3)].add(run);
            rest = rest.subspan(run.size());
        }
        random.shuffle(threads);
        for (std::size_t i = 1; i < threads.size(); ++i) threads[0].merge(threads[i]);
        CHECK(threads[0].complete());
        CHECK(threads[0].values() == expected);
    }
}
TEST_CASE_TEMPLATE_APPLY(counting, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("nothing counted is no values", T, counting_nothing)
{
    value_counts<T> counts{null_test<T>(7.0)};
    CHECK(counts.values().empty());
    counts.add(std::vector<T>{T{7}, T{7}});
    CHECK(counts.values().empty());
    CHECK(counts.complete());
}
TEST_CASE_TEMPLATE_APPLY(counting_nothing, test::pixel_types);

TEST_CASE_TEMPLATE("65536 different values are counted and one more is too many", T, std::int32_t, std::uint32_t, float,
                   double)
{
    std::vector<T> pixels;
    for (int i = 0; i < 65536; ++i) pixels.push_back(static_cast<T>(i) * static_cast<T>(3));
    auto counts = count_of<T>(pixels);
    counts.add(pixels); // again, in tables that do not grow any more
    REQUIRE(counts.complete());
    auto const values = counts.values();
    REQUIRE(values.size() == 65536);
    for (std::size_t i = 0; i < values.size(); ++i) REQUIRE(values[i] == value_count{static_cast<double>(3 * i), 2});

    counts.add(std::vector<T>{T{1}});
    CHECK_FALSE(counts.complete());
    CHECK(counts.values().empty());
    counts.add(pixels);
    CHECK_FALSE(counts.complete());
}

TEST_CASE("threads that have seen more different values together than can be counted have seen too many")
{
    std::vector<float> low;
    std::vector<float> high;
    for (int i = 0; i < 40'000; ++i) {
        low.push_back(static_cast<float>(i));
        high.push_back(static_cast<float>(i) + 0.5F);
    }
    for (bool const swapped : {false, true}) {
        auto one = count_of<float>(swapped ? high : low);
        auto const other = count_of<float>(swapped ? low : high);
        one.merge(count_of<float>(std::vector(low.begin(), low.begin() + 100)));
        CHECK(one.complete());
        one.merge(other);
        CHECK_FALSE(one.complete());
        // What is not complete makes others incomplete.
        value_counts<float> empty{null_test<float>({})};
        empty.merge(one);
        CHECK_FALSE(empty.complete());
        one.merge(value_counts<float>{null_test<float>({})});
        CHECK_FALSE(one.complete());
    }
}

TEST_CASE("a copy counts for itself")
{
    auto counts = count_of<double>(std::vector{1.5, 2.5, 2.5});
    auto copy = counts;
    copy.add(std::vector{2.5, 2.5});
    CHECK(counts.values() == std::vector<value_count>{{1.5, 1}, {2.5, 2}});
    CHECK(copy.values() == std::vector<value_count>{{1.5, 1}, {2.5, 4}});
    auto const moved = std::move(copy);
    CHECK(moved.values() == std::vector<value_count>{{1.5, 1}, {2.5, 4}});
}

TEST_CASE("a huge number takes no more memory than a small one")
{
    // An array with a counter for each value would not fit into the memory.
    auto const counts = count_of<std::int32_t>(std::vector<std::int32_t>{2'000'000'000, -2'000'000'000, 5, 5});
    CHECK(counts.values() == std::vector<value_count>{{-2e9, 1}, {5, 2}, {2e9, 1}});
}
