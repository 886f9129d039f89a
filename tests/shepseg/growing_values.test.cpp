// SPDX-License-Identifier: BSL-1.0
#include <shepseg/growing_values.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <rios/pixel_moments.hpp>

#include <shepseg/statistic.hpp>
#include <shepseg/value_statistics.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/segment_statistics.hpp"

using shepseg::band_plan;
using shepseg::growing_values;
using shepseg::statistic;
using shepseg::statistic_kind;
using shepseg::value_statistics;
using test::random_numbers;
using test::same_bits;

namespace {

constexpr double missing = -1;

/// Statistics for which moments are enough.
std::vector<statistic> unordered()
{
    using enum statistic_kind;
    return {{.kind = count}, {.kind = valid_count}, {.kind = minimum}, {.kind = maximum},
            {.kind = mean},  {.kind = stddev},      {.kind = sum}};
}

template <typename T>
std::vector<double> at_once(std::vector<T> values, std::uint64_t pixels, band_plan const& plan, std::size_t columns)
{
    std::vector<double> row(columns);
    value_statistics<T>()(values, pixels, plan, missing, row);
    return row;
}

template <typename T>
std::vector<double> in_pieces(std::span<T const> values, std::size_t longest, std::uint64_t pixels,
                              band_plan const& plan, std::size_t columns, random_numbers& random)
{
    growing_values<T> growing;
    while (!values.empty()) {
        auto const piece = values.first(std::min(random.below(longest + 1), values.size()));
        if (growing_values<T>::keeps_values(plan)) {
            growing.add(piece);
        } else {
            rios::pixel_moments<T> moments;
            moments.add(piece);
            growing.add(moments);
        }
        values = values.subspan(piece.size());
    }
    std::vector<double> row(columns);
    value_statistics<T> statistics;
    growing.finish(pixels, plan, missing, row, statistics);
    return row;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("values in pieces have the statistics of all together", T, pieces_as_whole)
{
    random_numbers random(test::seed_of<T>(80));
    for (auto const& wanted :
         {test::all_statistics(), unordered(), std::vector<statistic>{{.kind = statistic_kind::mode}}}) {
        band_plan const plan(wanted, 0);
        for (int kind = 0; kind < 5; ++kind) {
            for (std::size_t const count : {0, 1, 2, 10, 1000}) {
                auto const values = test::segment_values<T>(random, count, kind);
                auto const expected = at_once(values, count + 2, plan, wanted.size());
                for (std::size_t const longest : {std::size_t{1}, std::size_t{7}, count + 1}) {
                    CHECK(same_bits(
                        in_pieces(std::span<T const>(values), longest, count + 2, plan, wanted.size(), random),
                        expected));
                }
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(pieces_as_whole, test::pixel_types);

TEST_CASE_TEMPLATE("a segment may have more values than are kept one by one", T, std::uint8_t, std::int16_t,
                   std::uint32_t, std::int32_t, float)
{
    random_numbers random(test::seed_of<T>(81));
    auto const wanted = test::all_statistics();
    band_plan const plan(wanted, 0);
    for (int kind = 0; kind < 5; ++kind) {
        // About as many as are counted for the first time, and many times more.
        for (std::size_t const count : {(std::size_t{1} << 16) - 1, std::size_t{1} << 16, std::size_t{300'000}}) {
            auto values = test::segment_values<T>(random, count, kind);
            auto const expected = at_once(values, count, plan, wanted.size());
            for (std::size_t const longest : {std::size_t{1000}, std::size_t{100'000}, count}) {
                CHECK(same_bits(in_pieces(std::span<T const>(values), longest, count, plan, wanted.size(), random),
                                expected));
            }
            std::ranges::sort(values, std::ranges::greater());
            CHECK(same_bits(in_pieces(std::span<T const>(values), 5000, count, plan, wanted.size(), random), expected));
        }
    }
}

TEST_CASE("values are kept if they have an order to be found, or a fraction")
{
    band_plan const moments(unordered(), 0);
    band_plan const ordered({{.kind = statistic_kind::median}}, 0);
    CHECK(!growing_values<std::uint8_t>::keeps_values(moments));
    CHECK(!growing_values<std::int32_t>::keeps_values(moments));
    CHECK(growing_values<std::uint8_t>::keeps_values(ordered));
    CHECK(growing_values<float>::keeps_values(moments));
    CHECK(growing_values<double>::keeps_values(ordered));
}

TEST_CASE_TEMPLATE_DEFINE("what was finished has no values any more", T, finished)
{
    value_statistics<T> statistics;
    std::vector<double> row(2);
    for (std::size_t const count : {3, 70'000}) {
        for (auto const kind : {statistic_kind::median, statistic_kind::mean}) {
            band_plan const plan({{.kind = kind}, {.kind = statistic_kind::valid_count}}, 0);
            growing_values<T> growing;
            std::vector<T> const values(count, T{9});
            rios::pixel_moments<T> moments;
            moments.add(std::span<T const>(values));
            bool const keeps = growing_values<T>::keeps_values(plan);
            for (int round = 0; round < 2; ++round) {
                if (keeps) growing.add(std::span<T const>(values));
                else growing.add(moments);
                growing.finish(count, plan, missing, row, statistics);
                CHECK(row == std::vector<double>{9, static_cast<double>(count)});
                growing.finish(5, plan, missing, row, statistics);
                CHECK(row == std::vector<double>{missing, 0});
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(finished, test::pixel_types);
