// SPDX-License-Identifier: BSL-1.0
// What output files carry beside pixels, written by apply over all local executors and by hand, and read back by plain GDAL.
#include <rios/gdal/output_summaries.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <gdal_priv.h>

#include <rios/apply.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_files.hpp"
#include "support/pixel_types.hpp"
#include "support/raster_files.hpp"
#include "support/summary_files.hpp"
#include "support/temporary_directory.hpp"

using rios::block;
using rios::gdal_writer;
using rios::gdal_writer_options;
using rios::image;
using rios::overview_method;
using test::bins_of;
using test::copy_to;
using test::expect;
using test::items;
using test::items_of;
using test::local_executor;
using test::message_of;
using test::number;
using test::numpy_histogram;
using test::overview_of;
using test::plain_grid;
using test::same;
using test::temporary_directory;
using test::with_each_executor;

TEST_CASE_TEMPLATE_DEFINE("statistics and histograms are those of RIOS's test, with every executor", T, as_teststats)
{
    temporary_directory const folder;
    auto const base = test::ramp();
    std::vector<double> const scales = std::is_floating_point_v<T>        ? std::vector<double>{1, 100, 0.01}
                                       : sizeof(T) == 4                   ? std::vector<double>{30000}
                                       : std::is_same_v<T, std::uint16_t> ? std::vector<double>{1, 300}
                                       : std::is_same_v<T, std::int16_t>  ? std::vector<double>{300}
                                                                          : std::vector<double>{1};
    for (auto const scale : scales) {
        CAPTURE(scale);
        image<T> pixels(1, 500, 500);
        for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = static_cast<T>(base(0, row, col) * scale);
        auto const null = static_cast<double>(static_cast<T>(52 * scale));
        auto const truth = expect(pixels, null);
        for (std::string const name : {"a.img", "a.tif"}) {
            for (bool const thematic : {false, true}) {
                if (thematic && sizeof(T) > 2) continue; // as in RIOS's test
                std::optional<items> first;
                with_each_executor([&](local_executor executor) {
                    copy_to(folder / name, pixels, {.null_value = null, .thematic = thematic, .summaries = {{}}}, 256,
                            executor);
                    auto const all = items_of(folder / name);
                    if (first) {
                        CHECK(all == *first);
                        return;
                    }
                    first = all;
                    CAPTURE(name);
                    CAPTURE(thematic);
                    CHECK(number(all, "MEAN") == doctest::Approx(truth.mean).epsilon(1e-12));
                    CHECK(number(all, "STDDEV") == doctest::Approx(truth.standard_deviation).epsilon(1e-12));
                    CHECK(same(number(all, "MINIMUM"), truth.values.front(), name));
                    CHECK(same(number(all, "MAXIMUM"), truth.values.back(), name));
                    auto const median = truth.values[(truth.values.size() + 1) / 2 - 1];
                    CHECK(std::abs(number(all, "MEDIAN") - median) <= 0.3 * scale);
                    std::map<double, int> times;
                    for (auto const value : truth.values) ++times[value];
                    auto const mode = std::max_element(times.begin(), times.end(), [](auto& a, auto& b) {
                                          return a.second < b.second;
                                      })->first;
                    CHECK(std::abs(number(all, "MODE") - mode) <= 0.3 * scale);
                    if (name == "a.tif") CHECK(number(all, "EXCLUDEDVALUES") == null);
                    CHECK(all.at("SKIPFACTORX") == "1");
                    CHECK(all.at("SKIPFACTORY") == "1");
                    auto const bins = bins_of(all);
                    CHECK(number(all, "HISTONUMBINS") == static_cast<double>(bins.size()));
                    CHECK(bins ==
                          numpy_histogram(truth.values, number(all, "HISTOMIN"), number(all, "HISTOMAX"), bins.size()));
                    bool const direct = thematic || sizeof(T) == 1;
                    CHECK(all.at("HISTOBINFUNCTION") ==
                          (direct || (scale == 1 && std::is_integral_v<T>) ? "direct" : "linear"));
                    CHECK(folder.names() == std::set<std::string>{name});
                });
                std::filesystem::remove(folder / name);
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(as_teststats, test::pixel_types);

TEST_CASE("statistics and histogram are those that GDAL computes")
{
    temporary_directory const folder;
    image<std::int16_t> pixels(2, 300, 200);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            pixels(band, row, col) = static_cast<std::int16_t>((row * 7 + col * 11 * (band + 1)) % 251 - 20);
        }
    }
    for (std::string const name : {"a.tif", "a.img"}) {
        copy_to(folder / name, pixels, {.null_value = 5, .summaries = {{}}}, 64, local_executor{1, 2});
        for (int band : {1, 2}) {
            auto const all = items_of(folder / name, band);
            auto const file = test::open_raster(folder / name);
            double minimum = 0;
            double maximum = 0;
            double mean = 0;
            double deviation = 0;
            REQUIRE(file->GetRasterBand(band)->ComputeStatistics(FALSE, &minimum, &maximum, &mean, &deviation, nullptr,
                                                                 nullptr) == CE_None);
            CHECK(number(all, "MINIMUM") == minimum);
            CHECK(number(all, "MAXIMUM") == maximum);
            CHECK(number(all, "MEAN") == doctest::Approx(mean).epsilon(1e-12));
            CHECK(number(all, "STDDEV") == doctest::Approx(deviation).epsilon(1e-12));
            std::vector<GUIntBig> counts(251);
            REQUIRE(file->GetRasterBand(band)->GetHistogram(-20.5, 230.5, 251, counts.data(), FALSE, FALSE, nullptr,
                                                            nullptr) == CE_None);
            CHECK(bins_of(all) == std::vector<std::uint64_t>(counts.begin(), counts.end()));
        }
        std::filesystem::remove(folder / (name + ".aux.xml"));
    }
}

TEST_CASE("a band without data has no statistics, and what is not asked for is not written")
{
    temporary_directory const folder;
    for (std::string const name : {"a.tif", "a.img"}) {
        image<float> const sevens = [] {
            image<float> all(1, 50, 50);
            std::fill_n(all.data(), 2500, 7.0F);
            return all;
        }();
        copy_to(folder / name, sevens, {.null_value = 7, .summaries = {{}}}, 20, local_executor{0, 2});
        CHECK(items_of(folder / name).empty());
        copy_to(folder / name, sevens, {.summaries = {{.statistics = false, .histogram = false}}}, 20,
                local_executor{});
        CHECK(items_of(folder / name).empty());
        copy_to(folder / name, sevens, {}, 20, local_executor{});
        CHECK(items_of(folder / name).empty());
        if (name == "a.img") continue; // has all in one record
        copy_to(folder / name, sevens, {.summaries = {{.histogram = false}}}, 20, local_executor{});
        CHECK(items_of(folder / name).contains("MEAN"));
        CHECK_FALSE(items_of(folder / name).contains("HISTOMIN"));
        copy_to(folder / name, sevens, {.summaries = {{.statistics = false}}}, 20, local_executor{});
        CHECK_FALSE(items_of(folder / name).contains("MEAN"));
        CHECK(items_of(folder / name).contains("HISTOMIN"));
    }
}

TEST_CASE("HFA gets all numbers of its one record if any of them are wanted")
{
    temporary_directory const folder;
    for (bool const statistics : {true, false}) {
        image<float> pixels(1, 30, 30);
        std::fill_n(pixels.data(), 900, 7.0F);
        copy_to(folder / "a.img", pixels, {.summaries = {{.statistics = statistics, .histogram = !statistics}}}, 20,
                local_executor{});
        auto const all = items_of(folder / "a.img");
        for (auto const* name : {"MINIMUM", "MAXIMUM", "MEAN", "MEDIAN", "MODE"}) CHECK(number(all, name) == 7);
        CHECK(bins_of(all) == std::vector<std::uint64_t>{900});
    }
}

TEST_CASE("NaN is null, as the null value or without one, and so is infinity")
{
    temporary_directory const folder;
    auto const nan = std::numeric_limits<float>::quiet_NaN();
    image<float> pixels(1, 2, 3);
    std::vector<float> const values{nan, 1, 2, std::numeric_limits<float>::infinity(), 4, nan};
    std::copy(values.begin(), values.end(), pixels.data());
    for (std::string const name : {"a.tif", "a.img"}) {
        CAPTURE(name);
        copy_to(folder / name, pixels, {.null_value = std::numeric_limits<double>::quiet_NaN(), .summaries = {{}}}, 2,
                local_executor{});
        auto const all = items_of(folder / name);
        CHECK(number(all, "MINIMUM") == 1);
        CHECK(number(all, "MAXIMUM") == 4);
        CHECK(number(all, "MEAN") == doctest::Approx(7.0 / 3).epsilon(1e-14));
        if (name == "a.tif") CHECK(all.at("EXCLUDEDVALUES") == "nan");
        int has_null = FALSE;
        CHECK(std::isnan(test::open_raster(folder / name)->GetRasterBand(1)->GetNoDataValue(&has_null)));
        CHECK(has_null == TRUE);
        copy_to(folder / name, pixels, {.summaries = {{}}}, 2, local_executor{});
        CHECK(number(items_of(folder / name), "MEAN") == doctest::Approx(7.0 / 3).epsilon(1e-14));
    }
    CHECK(message_of<rios::options_error>([] {
              gdal_writer<std::uint8_t>("a.tif", {.null_value = std::numeric_limits<double>::quiet_NaN()});
          }) == "a.tif: null value nan is not a uint8 value");
}

TEST_CASE("blocks that are left out count as null, or as zeros where there is no null value")
{
    temporary_directory const folder;
    image<float> pixels(1, 64, 64);
    for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = static_cast<float>(10 + row % 3);
    for (std::string const name : {"a.tif", "a.img"}) {
        for (auto const null : {std::optional<double>(), std::optional(-9.0)}) {
            auto const work = [](rios::block_info const& where, image<float> in) {
                return where.index % 2 == 0 ? std::optional(std::move(in)) : std::nullopt;
            };
            auto expected = pixels;
            for (auto const [row, col] : pixels.pixels()) {
                if ((row / 16 * 4 + col / 16) % 2 == 1) expected(0, row, col) = static_cast<float>(null.value_or(0));
            }
            auto const truth = expect(expected, null);
            gdal_writer_options const options{
                .null_value = null,
                .summaries = {
                    {.overviews = overview_method::average, .overview_levels = {2, 8, 32}, .overview_min_size = 0}}};
            with_each_executor([&](local_executor executor) {
                apply(rios::memory_reader<float>(pixels.view()), work, gdal_writer<float>(folder / name, options),
                      executor, {.window = 16});
                CHECK(test::read_pixels<float>(folder / name) == expected);
                auto const all = items_of(folder / name);
                CHECK(number(all, "MEAN") == doctest::Approx(truth.mean).epsilon(1e-14));
                CHECK(number(all, "STDDEV") == doctest::Approx(truth.standard_deviation).epsilon(1e-12));
                CHECK(overview_of<float>(folder / name, 0)(0, 0, 9) == static_cast<float>(null.value_or(0)));
            });
            // by hand, in an order of its own, where blocks need not have numbers
            gdal_writer<float> writer(folder / ("hand_" + name), options);
            writer.open(plain_grid(64, 64));
            for (block where : plain_grid(64, 64).blocks(16)) {
                bool const left_out = where.index % 2 == 1;
                where.index = 0;
                if (left_out) writer.skip(where);
                else writer.write(where, pixels.view().window(where.row, where.col, where.rows, where.cols));
            }
            writer.close();
            CHECK(test::read_pixels<float>(folder / ("hand_" + name)) == expected);
            auto const all = items_of(folder / ("hand_" + name));
            CHECK(number(all, "MEAN") == doctest::Approx(truth.mean).epsilon(1e-14));
            CHECK(number(all, "STDDEV") == doctest::Approx(truth.standard_deviation).epsilon(1e-12));
            CHECK(bins_of(all) == bins_of(items_of(folder / name)));
        }
    }
}

TEST_CASE("outputs in tuples and lists, with margins, have their own summaries")
{
    temporary_directory const folder;
    auto const ramp = test::ramp(100, 90);
    with_each_executor([&](local_executor executor) {
        auto const work = [](rios::block_info const&, image<std::uint8_t> const& in) {
            image<float> halves(1, in.rows(), in.cols());
            for (auto const [row, col] : in.pixels()) halves(0, row, col) = static_cast<float>(in(0, row, col)) / 2;
            return std::tuple{in, std::vector{halves, halves}};
        };
        gdal_writer_options const options{.summaries = {{}}};
        std::vector<gdal_writer<float>> list;
        list.emplace_back(folder / "b.tif", options);
        list.emplace_back(folder / "c.img");
        apply(rios::memory_reader<std::uint8_t>(ramp.view()), work,
              std::tuple{gdal_writer<std::uint8_t>(folder / "a.tif", options), rios::writer_list(std::move(list))},
              executor, {.window = 33, .overlap = 3});
        auto const truth = expect(ramp, {});
        CHECK(number(items_of(folder / "a.tif"), "MEAN") == doctest::Approx(truth.mean).epsilon(1e-14));
        CHECK(number(items_of(folder / "b.tif"), "MEAN") == doctest::Approx(truth.mean / 2).epsilon(1e-14));
        CHECK(items_of(folder / "c.img").empty());
        std::uint64_t counted = 0;
        for (auto const bin : bins_of(items_of(folder / "a.tif"))) counted += bin;
        CHECK(counted == 9000);
    });
}

TEST_CASE("times stand under the names of RIOS")
{
    temporary_directory const folder;
    auto const copy = [](rios::block_info const&, image<float> in) { return in; };
    image<float> const pixels(1, 600, 600);
    auto const done = apply(rios::memory_reader<float>(pixels.view()), copy,
                            gdal_writer<float>(folder / "a.tif", {.summaries = {{}}, .before_close = [](auto&) {}}),
                            rios::inline_executor(), {.window = 300});
    for (auto const* name : {"pyramids", "basicstats", "histogram", "beforeclose"}) {
        CAPTURE(name);
        CHECK(done.timings.summary(name).has_value());
    }
    auto const plain = apply(rios::memory_reader<float>(pixels.view()), copy, gdal_writer<float>(folder / "a.tif"),
                             rios::inline_executor(), {.window = 300});
    CHECK_FALSE(plain.timings.summary("pyramids").has_value());
    CHECK_FALSE(plain.timings.summary("histogram").has_value());
}
