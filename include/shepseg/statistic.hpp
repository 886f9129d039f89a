// SPDX-License-Identifier: BSL-1.0
//
// What can be known of the pixels of a segment in one band: the words, and the columns that they make in a table. Computed by
// value_statistics.hpp.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <rios/error.hpp>
#include <rios/pixel_type.hpp>

namespace shepseg {

/// A quantity of a segment's pixels in one band. Null pixels (the null value, NaN, infinities) are left out of all but `count`.
enum class statistic_kind : std::uint8_t {
    count,       ///< number of pixels, null or not
    valid_count, ///< number of pixels that are not null
    minimum,
    maximum,
    mean,
    stddev,    ///< standard deviation of the population
    median,    ///< the 50 % percentile
    mode,      ///< most frequent value, the smallest of several
    sum,       ///< of the values
    percentile ///< smallest value that at least so many percent of the pixels do not exceed
};

/// A statistic with its parameter.
struct statistic {
    statistic_kind kind = statistic_kind::mean;
    double percent = 50; ///< of a percentile, 0 to 100

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.kind, self.percent);
    }

    friend bool operator==(statistic const&, statistic const&) = default;
};

/// What is wanted of one band.
struct band_statistics_selection {
    int band = 1; ///< of the image, from 1
    std::vector<statistic> statistics{};

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.band, self.statistics);
    }
};

/// What kind of numbers a column holds.
enum class column_values : std::uint8_t {
    integer,       ///< whole numbers of 32 bits
    large_integer, ///< whole numbers up to 2^53
    real
};

/// A column of a table of segments.
struct statistics_column {
    std::string name;
    column_values values = column_values::real;

    friend bool operator==(statistics_column const&, statistics_column const&) = default;
};

namespace detail {

struct statistic_word {
    statistic_kind kind;
    std::string_view word; // on command lines and in names of columns
};

inline constexpr std::array<statistic_word, 9> statistic_words{{
    {statistic_kind::count, "count"},
    {statistic_kind::valid_count, "validcount"},
    {statistic_kind::minimum, "min"},
    {statistic_kind::maximum, "max"},
    {statistic_kind::mean, "mean"},
    {statistic_kind::stddev, "stddev"},
    {statistic_kind::median, "median"},
    {statistic_kind::mode, "mode"},
    {statistic_kind::sum, "sum"},
}};

/// The shortest text that reads back as the same number.
inline std::string shortest_text(double number)
{
    std::array<char, 32> text{};
    auto const [end, failure] = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), end};
}

} // namespace detail

/// A statistic from its word: count, validcount, min, max, mean, stddev, median, mode, sum, percentile:P with P from 0 to 100.
/// @throws rios::options_error naming the word and what is allowed
[[nodiscard]] inline statistic statistic_from(std::string_view text)
{
    for (auto const& [kind, word] : detail::statistic_words) {
        if (text == word) return {.kind = kind};
    }
    constexpr std::string_view percentile = "percentile:";
    if (text.starts_with(percentile)) {
        double percent = 0;
        auto const* const end = text.data() + text.size();
        auto const [next, failure] = std::from_chars(text.data() + percentile.size(), end, percent);
        if (failure == std::errc{} && next == end && percent >= 0 && percent <= 100) {
            return {.kind = statistic_kind::percentile, .percent = percent == 0 ? 0 : percent}; // not -0
        }
    }
    throw rios::options_error(
        "statistic '" + std::string(text) +
        "': allowed: count, validcount, min, max, mean, stddev, median, mode, sum, and percentile:P "
        "with P from 0 to 100");
}

/// The statistic as it stands in names of columns: mean, pcnt25, ...
[[nodiscard]] inline std::string name_of(statistic const& what)
{
    for (auto const& [kind, word] : detail::statistic_words) {
        if (what.kind == kind) return std::string(word);
    }
    return "pcnt" + detail::shortest_text(what.percent);
}

/// The kind of numbers that a statistic of pixels of a type is. Values of integer pixels are whole numbers but for mean,
/// standard deviation and sum, as in pyshepseg.
[[nodiscard]] constexpr column_values values_of(statistic_kind kind, rios::pixel_type type) noexcept
{
    using enum statistic_kind;
    if (kind == count || kind == valid_count) return column_values::integer;
    if (kind == mean || kind == stddev || kind == sum) return column_values::real;
    if (type == rios::pixel_type::float32 || type == rios::pixel_type::float64) return column_values::real;
    return type == rios::pixel_type::uint32 ? column_values::large_integer : column_values::integer;
}

/// The name of a column by a format in which {band} stands for the band's number and {stat} for name_of().
/// @throws rios::options_error if there is no {stat} in it
[[nodiscard]] inline std::string column_name(std::string_view format, int band, std::string const& what)
{
    std::string name(format);
    bool has_statistic = false;
    for (auto const& [field, text] :
         {std::pair{std::string_view("{band}"), std::to_string(band)}, std::pair{std::string_view("{stat}"), what}}) {
        for (auto at = name.find(field); at != std::string::npos; at = name.find(field, at + text.size())) {
            name.replace(at, field.size(), text);
            has_statistic = has_statistic || field == "{stat}";
        }
    }
    if (has_statistic) return name;
    throw rios::options_error("column format '" + std::string(format) +
                              "': it must contain {stat}, and usually {band}, such as Band_{band}_{stat}");
}

/// The same statistics of each of several bands.
[[nodiscard]] inline std::vector<band_statistics_selection> of_each_band(std::vector<int> const& bands,
                                                                         std::vector<statistic> const& statistics)
{
    std::vector<band_statistics_selection> result;
    result.reserve(bands.size());
    for (int const band : bands) result.push_back({.band = band, .statistics = statistics});
    return result;
}

} // namespace shepseg
