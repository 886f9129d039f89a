// SPDX-License-Identifier: BSL-1.0
#include <shepseg/statistic.hpp>

#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/pixel_type.hpp>

#include "support/message_of.hpp"

using rios::pixel_type;
using shepseg::column_name;
using shepseg::column_values;
using shepseg::statistic;
using shepseg::statistic_from;
using shepseg::statistic_kind;
using shepseg::values_of;

TEST_CASE("statistics are known by their words, by which their columns are named")
{
    using enum statistic_kind;
    for (auto const& [word, kind] :
         {std::pair{"count", count}, std::pair{"validcount", valid_count}, std::pair{"min", minimum},
          std::pair{"max", maximum}, std::pair{"mean", mean}, std::pair{"stddev", stddev}, std::pair{"median", median},
          std::pair{"mode", mode}, std::pair{"sum", sum}}) {
        CHECK(statistic_from(word).kind == kind);
        CHECK(name_of(statistic{.kind = kind}) == word);
    }
}

TEST_CASE("a percentile has any percentage from 0 to 100, which its name holds")
{
    for (auto const& [text, percent, name] :
         {std::tuple{"percentile:0", 0.0, "pcnt0"}, std::tuple{"percentile:25", 25.0, "pcnt25"},
          std::tuple{"percentile:100", 100.0, "pcnt100"}, std::tuple{"percentile:2.5", 2.5, "pcnt2.5"},
          std::tuple{"percentile:50.0", 50.0, "pcnt50"}, std::tuple{"percentile:0.1", 0.1, "pcnt0.1"},
          std::tuple{"percentile:99.99", 99.99, "pcnt99.99"}, std::tuple{"percentile:1e1", 10.0, "pcnt10"}}) {
        CHECK(statistic_from(text) == statistic{statistic_kind::percentile, percent});
        CHECK(name_of(statistic_from(text)) == name);
    }
    auto const zero = statistic_from("percentile:-0");
    CHECK(!std::signbit(zero.percent));
    CHECK(name_of(zero) == "pcnt0");
}

TEST_CASE("an unknown statistic is refused with all that are allowed")
{
    for (std::string const text : {"",
                                   "Mean",
                                   "mean ",
                                   " mean",
                                   "average",
                                   "pixcount",
                                   "pcnt25",
                                   "percentile",
                                   "percentile:",
                                   "percentile:x",
                                   "percentile:-1",
                                   "percentile:-0.001",
                                   "percentile:100.001",
                                   "percentile:101",
                                   "percentile:nan",
                                   "percentile:inf",
                                   "percentile:25%",
                                   "percentile: 25",
                                   "percentile:25 ",
                                   "percentile:1e400",
                                   "mean:1"}) {
        CHECK(test::message_of<rios::options_error>([&] { static_cast<void>(statistic_from(text)); }) ==
              "statistic '" + text +
                  "': allowed: count, validcount, min, max, mean, stddev, median, mode, sum, and percentile:P with P "
                  "from 0 to 100");
    }
}

TEST_CASE("values of integer pixels are whole numbers, but for mean, spread and sum")
{
    using enum statistic_kind;
    using enum column_values;
    for (auto const type : {pixel_type::uint8, pixel_type::int8, pixel_type::uint16, pixel_type::int16,
                            pixel_type::uint32, pixel_type::int32, pixel_type::float32, pixel_type::float64}) {
        CAPTURE(name_of(type));
        for (auto const kind : {count, valid_count}) CHECK(values_of(kind, type) == integer);
        for (auto const kind : {mean, stddev, sum}) CHECK(values_of(kind, type) == real);
        auto const expected = type == pixel_type::float32 || type == pixel_type::float64 ? real
                              : type == pixel_type::uint32                               ? large_integer
                                                                                         : integer;
        for (auto const kind : {minimum, maximum, median, mode, percentile}) CHECK(values_of(kind, type) == expected);
    }
}

TEST_CASE("a column's name has the band and the statistic where the format says")
{
    CHECK(column_name("Band_{band}_{stat}", 3, "mean") == "Band_3_mean");
    CHECK(column_name("{stat}", 3, "mean") == "mean");
    CHECK(column_name("{stat}{band}{stat}{band}", 12, "sum") == "sum12sum12");
    CHECK(column_name("{band {stat}} of {BAND}", 1, "min") == "{band min} of {BAND}");
    CHECK(column_name("{{stat}}", 1, "min") == "{min}");
    // What is filled in is text and not format.
    CHECK(column_name("{stat}", 1, "a{band}b{stat}c") == "a{band}b{stat}c");
    for (std::string const format : {"", "Band_{band}", "{Stat}", "{ stat }", "stat"}) {
        CHECK(test::message_of<rios::options_error>([&] { static_cast<void>(column_name(format, 1, "mean")); }) ==
              "column format '" + format + "': it must contain {stat}, and usually {band}, such as Band_{band}_{stat}");
    }
}

TEST_CASE("several bands can have the same statistics")
{
    std::vector<statistic> const wanted{{.kind = statistic_kind::mean}, {statistic_kind::percentile, 25}};
    auto const selection = shepseg::of_each_band({4, 2}, wanted);
    REQUIRE(selection.size() == 2);
    CHECK(selection[0].band == 4);
    CHECK(selection[1].band == 2);
    CHECK(selection[0].statistics == wanted);
    CHECK(selection[1].statistics == wanted);
    CHECK(shepseg::of_each_band({}, wanted).empty());
}
