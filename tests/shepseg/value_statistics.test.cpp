// SPDX-License-Identifier: BSL-1.0
#include <shepseg/value_statistics.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <shepseg/statistic.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/segment_statistics.hpp"

using shepseg::band_plan;
using shepseg::statistic;
using shepseg::statistic_kind;
using shepseg::value_statistics;
using test::random_numbers;
using test::same_bits;

namespace {

constexpr double missing = -9999;

template <typename T>
std::vector<double> row_of(std::vector<T> values, std::vector<statistic> const& wanted, std::uint64_t pixels,
                           value_statistics<T>& statistics)
{
    std::vector<double> row(wanted.size(), -1);
    statistics(values, pixels, band_plan(wanted, 0), missing, row);
    return row;
}

template <typename T>
std::vector<double> row_of(std::vector<T> const& values, std::vector<statistic> const& wanted)
{
    value_statistics<T> statistics;
    return row_of(values, wanted, values.size(), statistics);
}

template <typename T>
double one(std::vector<T> const& values, statistic const& wanted)
{
    return row_of(values, {wanted})[0];
}

} // namespace

TEST_CASE("a plan tells what it needs, and what a segment without valid pixels has")
{
    using enum statistic_kind;
    CHECK(!band_plan({}, 3).needs_order());
    CHECK(!band_plan({{.kind = count},
                      {.kind = valid_count},
                      {.kind = minimum},
                      {.kind = maximum},
                      {.kind = mean},
                      {.kind = stddev},
                      {.kind = sum}},
                     0)
               .needs_order());
    CHECK(band_plan({{.kind = mode}}, 0).needs_order());
    CHECK(band_plan({{.kind = median}}, 0).needs_order());
    CHECK(band_plan({{.kind = mean}, {percentile, 0}}, 0).needs_order());
    band_plan const plan(test::all_statistics(), 2);
    std::vector<double> row(test::all_statistics().size() + 3, 7);
    plan.set_missing(12, missing, row);
    CHECK(row.front() == 7);
    CHECK(row[1] == 7);
    CHECK(row.back() == 7);
    for (std::size_t i = 0; i < test::all_statistics().size(); ++i) {
        auto const kind = test::all_statistics()[i].kind;
        CHECK(row[i + 2] == (kind == count ? 12 : kind == valid_count ? 0 : missing));
    }
}

TEST_CASE_TEMPLATE_DEFINE("statistics are those of their definitions", T, as_defined)
{
    random_numbers random(test::seed_of<T>(20));
    auto const wanted = test::all_statistics();
    value_statistics<T> statistics; // the same for all segments
    for (int kind = 0; kind < 5; ++kind) {
        for (std::size_t const count : {0, 1, 2, 3, 4, 5, 10, 63, 64, 65, 100, 999, 1000, 1001, 20'000}) {
            CAPTURE(kind);
            CAPTURE(count);
            auto values = test::segment_values<T>(random, count, kind);
            auto const pixels = count + random.below(std::size_t{3});
            auto const row = row_of(values, wanted, pixels, statistics);
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                CAPTURE(name_of(wanted[i]));
                CAPTURE(row[i]);
                auto const expected = test::plain_statistic(values, pixels, wanted[i], missing);
                CAPTURE(static_cast<double>(expected));
                CHECK(test::near_statistic(row[i], expected, wanted[i].kind, values));
                // By itself it is the same.
                if (count < 100) CHECK(same_bits(one(values, wanted[i]), i == 0 ? static_cast<double>(count) : row[i]));
            }
            for (int round = 0; round < 4; ++round) {
                random.shuffle(values);
                CHECK(same_bits(row_of(values, wanted, pixels, statistics), row));
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(as_defined, test::pixel_types);

TEST_CASE_TEMPLATE("zeros have no sign, whichever come first", T, float, double)
{
    using enum statistic_kind;
    std::vector<statistic> const wanted{{.kind = minimum}, {.kind = maximum}, {.kind = median}, {.kind = mode},
                                        {percentile, 0},   {percentile, 100}, {.kind = mean},   {.kind = sum}};
    std::vector<double> const zeros(wanted.size(), 0.0);
    T const minus = -T{0};
    CHECK(same_bits(row_of<T>({minus}, wanted), zeros));
    CHECK(same_bits(row_of<T>({minus, T{0}}, wanted), zeros));
    CHECK(same_bits(row_of<T>({T{0}, minus}, wanted), zeros));
    CHECK(same_bits(row_of<T>({minus, minus, T{0}, minus, minus, T{0}, T{0}}, wanted), zeros));
    CHECK(same_bits(one<T>({minus, T{1}, T{0}, T{2}}, {.kind = minimum}), 0.0));
    CHECK(same_bits(one<T>({T{-1}, T{0}, T{-2}, minus}, {.kind = maximum}), 0.0));
    // Both together are more than two ones.
    CHECK(same_bits(one<T>({T{1}, minus, T{1}, T{0}, minus}, {.kind = mode}), 0.0));
}

TEST_CASE("all values of 8 bits have the statistics that are known of them")
{
    using enum statistic_kind;
    std::vector<std::uint8_t> values(256);
    std::iota(values.begin(), values.end(), std::uint8_t{0});
    CHECK(row_of<std::uint8_t>(values, {{.kind = minimum},
                                        {.kind = maximum},
                                        {.kind = mean},
                                        {.kind = sum},
                                        {.kind = median},
                                        {.kind = mode},
                                        {percentile, 25},
                                        {percentile, 25.1}}) ==
          std::vector<double>{0, 255, 127.5, 32640, 127, 0, 63, 64});
    CHECK(one(values, {.kind = stddev}) == std::sqrt(65535.0 / 12));
}

TEST_CASE("numbers of 32 bits are exact at both ends of their range")
{
    using enum statistic_kind;
    std::vector<statistic> const wanted{{.kind = minimum}, {.kind = maximum}, {.kind = mean}, {.kind = stddev},
                                        {.kind = sum},     {.kind = median},  {.kind = mode}};
    auto const low = std::numeric_limits<std::int32_t>::min();
    auto const high = std::numeric_limits<std::int32_t>::max();
    CHECK(row_of<std::int32_t>({low, high}, wanted) ==
          std::vector<double>{-2147483648.0, 2147483647.0, -0.5, 2147483647.5, -1, -2147483648.0, -2147483648.0});
    CHECK(row_of<std::int32_t>({low, low}, wanted) == std::vector<double>{-2147483648.0, -2147483648.0, -2147483648.0,
                                                                          0, -4294967296.0, -2147483648.0,
                                                                          -2147483648.0});
    auto const most = std::numeric_limits<std::uint32_t>::max();
    CHECK(row_of<std::uint32_t>({most, 0, most}, wanted) ==
          std::vector<double>{0, 4294967295.0, 2863311530.0, static_cast<double>(std::sqrt(2.0L) * 4294967295.0L / 3),
                              8589934590.0, 4294967295.0, 4294967295.0});
    // Counted one by one, not sorted: as many as there are values in between.
    std::vector<std::uint32_t> many(1000, most);
    for (std::uint32_t i = 0; i < 1000; ++i) many.push_back(most - i);
    CHECK(row_of<std::uint32_t>(many, {{.kind = minimum}, {.kind = median}, {.kind = mode}, {percentile, 49.95}}) ==
          std::vector<double>{4294966296.0, 4294967295.0, 4294967295.0, 4294967294.0});
}

TEST_CASE("the most frequent value is the smallest of several, and not the first")
{
    CHECK(one<std::int16_t>({5, -3, 5, 7, -3, 7}, {.kind = statistic_kind::mode}) == -3);
    CHECK(one<std::int16_t>({5, -3, 7}, {.kind = statistic_kind::mode}) == -3);
    CHECK(one<double>({5, -3, 5, 7, -3, 7}, {.kind = statistic_kind::mode}) == -3);
    CHECK(one<std::int32_t>({2'000'000'000, -2'000'000'000, 2'000'000'000}, {.kind = statistic_kind::mode}) == 2e9);
}

TEST_CASE("values that are large and near each other keep their spread")
{
    random_numbers random(21);
    using enum statistic_kind;
    for (double const offset : {1e9, -1e9, 1e12}) {
        std::vector<double> values;
        for (int i = 0; i < 50'000; ++i) values.push_back(offset + random.unit());
        for (auto const kind : {mean, stddev}) {
            auto const expected = test::plain_statistic(values, values.size(), {.kind = kind}, missing);
            CHECK(one(values, {.kind = kind}) == doctest::Approx(static_cast<double>(expected)).epsilon(1e-14));
        }
    }
}

TEST_CASE("no columns but those of the plan are set")
{
    using enum statistic_kind;
    for (std::vector<std::uint16_t> values : {std::vector<std::uint16_t>{}, {3, 1, 2}}) {
        value_statistics<std::uint16_t> statistics;
        std::vector<double> row(9, 42);
        statistics(values, 3, band_plan({{.kind = median}, {.kind = mean}, {.kind = count}}, 4), missing, row);
        CHECK(row == (values.empty() ? std::vector<double>{42, 42, 42, 42, missing, missing, 3, 42, 42}
                                     : std::vector<double>{42, 42, 42, 42, 2, 2, 3, 42, 42}));
        statistics(values, 3, band_plan({}, 4), missing, row);
        CHECK(row.back() == 42);
    }
}

TEST_CASE("counts of values never take much more memory than the values")
{
    using shepseg::detail::counting_pays;
    CHECK(counting_pays(1, 1));
    CHECK(counting_pays(128, 1));
    CHECK(!counting_pays(129, 1));
    CHECK(counting_pays(65'536, 1024)); // all of 16 bits
    CHECK(counting_pays(std::size_t{1} << 20, std::size_t{1} << 19));
    CHECK(!counting_pays((std::size_t{1} << 20) + 1, std::size_t{1} << 19));
    CHECK(counting_pays(std::size_t{1} << 25, std::size_t{1} << 25));
    CHECK(!counting_pays(std::size_t{1} << 32, std::size_t{1} << 28));
    CHECK(!counting_pays(256, (std::size_t{1} << 32)));
}

TEST_CASE_TEMPLATE("whole numbers have the same statistics in pixels of any type", T, std::int16_t, float, double)
{
    random_numbers random(test::seed_of<T>(22));
    using enum statistic_kind;
    std::vector<statistic> const wanted{
        {.kind = mean}, {.kind = sum}, {.kind = minimum}, {.kind = median}, {.kind = mode}};
    for (int round = 0; round < 300; ++round) {
        std::vector<std::int32_t> whole;
        std::vector<T> values;
        for (auto left = random.between(1, 300); left > 0; --left) {
            whole.push_back(random.between(-1000, 20'000));
            values.push_back(static_cast<T>(whole.back()));
        }
        CHECK(same_bits(row_of(values, wanted), row_of(whole, wanted)));
    }
}

TEST_CASE("sums that no number holds do not spoil the mean of equal values")
{
    using enum statistic_kind;
    auto const lowest = std::numeric_limits<double>::lowest();
    CHECK(row_of<double>({lowest, lowest, lowest},
                         {{.kind = minimum}, {.kind = mean}, {.kind = stddev}, {.kind = mode}}) ==
          std::vector<double>{lowest, lowest, 0, lowest});
}
