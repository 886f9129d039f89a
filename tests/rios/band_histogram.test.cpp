// SPDX-License-Identifier: BSL-1.0
#include <rios/band_histogram.hpp>

#include <algorithm>
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

#include <rios/value_counts.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using rios::band_histogram;
using rios::band_statistics;
using rios::null_test;
using rios::pixel_type;
using rios::value_count;
using rios::value_counts;
using test::random_numbers;
using counts = std::vector<std::uint64_t>;

namespace {

/// numpy.histogram over (minimum, maximum): edges by linspace, each bin without its upper end, but for the last.
counts numpy_histogram(std::vector<double> const& values, double minimum, double maximum, std::size_t bins)
{
    counts result(bins);
    auto const step = (maximum - minimum) / static_cast<double>(bins);
    for (auto const value : values) {
        std::size_t bin = bins - 1;
        while (bin > 0 && value < static_cast<double>(bin) * step + minimum) --bin;
        ++result[bin];
    }
    return result;
}

template <typename T>
band_histogram histogram_of(std::vector<T> const& pixels, std::optional<double> null, bool thematic)
{
    value_counts<T> counted{null_test<T>(null)};
    counted.add(pixels);
    REQUIRE(counted.complete());
    auto const values = counted.values();
    std::uint64_t count = 0;
    for (auto const& each : values) count += each.count;
    return rios::histogram_of(rios::pixel_type_of<T>, thematic,
                              {.count = count, .minimum = values.front().value, .maximum = values.back().value},
                              values);
}

band_statistics range(double minimum, double maximum)
{
    return {.count = 1, .minimum = minimum, .maximum = maximum};
}

} // namespace

TEST_CASE("bins are chosen as RIOS does")
{
    using enum pixel_type;
    auto const expect = [](band_histogram const& histogram, bool direct, double minimum, double maximum,
                           std::size_t bins) {
        CHECK(histogram.direct == direct);
        CHECK(histogram.minimum == minimum);
        CHECK(histogram.maximum == maximum);
        CHECK(histogram.counts.size() == bins);
    };
    expect(rios::empty_histogram(uint8, false, range(3, 200)), true, 0, 200, 201);
    expect(rios::empty_histogram(uint8, false, range(0, 0)), true, 0, 0, 1);
    expect(rios::empty_histogram(int8, false, range(-128, 127)), true, -128, 127, 256);
    expect(rios::empty_histogram(int16, false, range(-20, 235)), true, -20, 235, 256);
    expect(rios::empty_histogram(int16, false, range(-20, 236)), false, -20, 236, 256);
    expect(rios::empty_histogram(uint16, true, range(7, 65535)), true, 0, 65535, 65536);
    expect(rios::empty_histogram(int32, true, range(-5, 3)), true, -5, 3, 9);
    expect(rios::empty_histogram(uint32, true, range(3, 65536)), false, 3, 65536, 256);
    expect(rios::empty_histogram(uint32, true, range(3, 65536), rios::most_direct_rows), true, 0, 65536, 65537);
    expect(rios::empty_histogram(float32, false, range(0, 1)), false, 0, 1, 256);
    expect(rios::empty_histogram(int32, false, range(-2147483648.0, 2147483647)), false, -2147483648.0, 2147483647,
           256);
}

TEST_CASE("one huge segment number does not need a bin for each below it")
{
    for (auto const most : {rios::most_direct_bins, rios::most_direct_rows}) {
        auto const histogram = rios::empty_histogram(pixel_type::int32, true, range(0, 2e8), most);
        CHECK_FALSE(histogram.direct);
        CHECK(histogram.counts.size() == 256);
    }
}

TEST_CASE("a histogram that begins below 0 has no more bins than fit into text, as a table begins at 0")
{
    for (auto const most : {rios::most_direct_bins, rios::most_direct_rows}) {
        CHECK(rios::empty_histogram(pixel_type::int32, true, range(-1, 65534), most).counts.size() == 65536);
        auto const histogram = rios::empty_histogram(pixel_type::int32, true, range(-1, 65535), most);
        CHECK_FALSE(histogram.direct);
        CHECK(histogram.counts.size() == 256);
    }
    CHECK(rios::empty_histogram(pixel_type::int32, true, range(-1, 8), 9).counts.size() == 256);
}

TEST_CASE("a constant floating-point band has one bin, whose ends are written as its value")
{
    auto const histogram = histogram_of(std::vector<float>(5, 2.5F), {}, false);
    CHECK(histogram.counts == counts{5});
    CHECK(histogram.minimum == 2.5);
    CHECK(histogram.maximum == 2.5);
    CHECK(histogram.median == 2.5);
    CHECK(histogram.mode == 2.5);
}

TEST_CASE_TEMPLATE_DEFINE("every bin counts what numpy counts", T, bins_as_numpy)
{
    random_numbers random(test::seed_of<T>(1));
    for (int round = 0; round < 30; ++round) {
        auto const values = random.between<int>(1, 120); // different ones
        std::vector<T> pixels(2000);
        for (auto& pixel : pixels) {
            auto const raw = static_cast<double>(random.below(values)) - (std::is_signed_v<T> ? 60 : 0);
            auto const scale = std::is_integral_v<T> ? (sizeof(T) == 1 ? 1.0 : 37.0) : 0.1;
            pixel = static_cast<T>(raw * scale);
            if (std::is_floating_point_v<T> && random.one_in(20)) pixel = std::numeric_limits<T>::quiet_NaN();
        }
        auto const null = random.one_in(2) ? std::optional<double>() : std::optional(static_cast<double>(pixels[0]));
        std::vector<double> data;
        for (auto const pixel : pixels) {
            if (!null_test<T>(null)(pixel)) data.push_back(static_cast<double>(pixel));
        }
        if (data.empty()) continue;
        std::sort(data.begin(), data.end());
        for (bool const thematic : {false, true}) {
            if (thematic && std::is_floating_point_v<T>) continue;
            auto const histogram = histogram_of(pixels, null, thematic);
            auto const bins = histogram.counts.size();
            auto const constant = bins == 1 && !histogram.direct;
            CHECK(histogram.counts ==
                  (constant ? counts{data.size()} : numpy_histogram(data, histogram.minimum, histogram.maximum, bins)));
            CHECK(histogram.median == data[(data.size() + 1) / 2 - 1]);
            std::map<double, int> times;
            for (auto const value : data) ++times[value];
            auto const most = std::max_element(times.begin(), times.end(),
                                               [](auto const& a, auto const& b) { return a.second < b.second; });
            CHECK(histogram.mode == most->first);
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(bins_as_numpy, test::pixel_types);

TEST_CASE("values beyond the range, which lossy compression makes, belong to the outer bins")
{
    for (auto const type : {pixel_type::float32, pixel_type::int16}) {
        rios::histogram_bins const bins(rios::empty_histogram(type, false, range(10, 20)));
        auto const last = rios::empty_histogram(type, false, range(10, 20)).counts.size() - 1;
        CHECK(bins.bin_of(9.99) == 0);
        CHECK(bins.bin_of(-1e30) == 0);
        CHECK(bins.bin_of(20.5) == last);
        CHECK(bins.bin_of(1e30) == last);
    }
}

TEST_CASE("ranges that no double can hold have bins")
{
    auto const most = std::numeric_limits<double>::max();
    rios::histogram_bins const bins(rios::empty_histogram(pixel_type::float64, false, range(-most, most)));
    CHECK(bins.bin_of(-most) == 0);
    CHECK(bins.bin_of(1) == 128);
    CHECK(bins.bin_of(most) == 255);
}

TEST_CASE("without counts of values, median and mode are the beginnings of bins")
{
    band_histogram histogram{.direct = false, .minimum = 0, .maximum = 512, .counts = counts(256)};
    histogram.counts[3] = 5;
    histogram.counts[9] = 5;
    rios::set_centre_by_bins(histogram, pixel_type::float32);
    CHECK(histogram.median == 6);
    CHECK(histogram.mode == 6);
}
