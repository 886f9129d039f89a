// SPDX-License-Identifier: BSL-1.0
#include <shepseg/statistics_plan.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/pixel_grid.hpp>

#include <shepseg/segment_pixels.hpp>
#include <shepseg/spatial_statistics.hpp>
#include <shepseg/statistic.hpp>

#include "support/message_of.hpp"

using namespace shepseg;

namespace {

using enum column_values;
using enum statistic_kind;
using selection = std::vector<band_statistics_selection>;
using column_list = std::vector<statistics_column>;

constexpr double missing = -9999;

std::optional<double> no_null(int /*band*/)
{
    return {};
}

template <typename T, typename... Functions>
statistics_plan<T, Functions...> plan_of(selection const& wanted, std::vector<int> const& spatial_bands = {},
                                         double missing_value = missing,
                                         std::string const& format = "Band_{band}_{stat}", Functions... functions)
{
    return {wanted, spatial_bands, no_null, missing_value, format, rios::pixel_grid{}, functions...};
}

selection all_of_band(int band)
{
    return {{.band = band,
             .statistics = {{.kind = count},
                            {.kind = valid_count},
                            {.kind = minimum},
                            {.kind = maximum},
                            {.kind = mean},
                            {.kind = stddev},
                            {.kind = median},
                            {.kind = mode},
                            {.kind = sum},
                            {percentile, 12.5}}}};
}

/// The kinds of the columns of all statistics, in order, of pixels whose values are of that kind.
std::vector<column_values> kinds_with(column_values of_values)
{
    return {integer, integer, of_values, of_values, real, real, of_values, of_values, real, of_values};
}

template <typename T>
std::vector<column_values> kinds(double missing_value = missing)
{
    std::vector<column_values> result;
    auto const plan = plan_of<T>(all_of_band(1), {}, missing_value);
    for (auto const& each : plan.columns()) result.push_back(each.values);
    return result;
}

struct columns_of_mine {
    column_list mine;
    bool neighbours = false;

    [[nodiscard]] std::vector<statistics_column> columns(spatial_names const& /*names*/) const { return mine; }
    [[nodiscard]] bool needs_neighbours() const { return neighbours; }
    template <typename T>
    void operator()(segment_pixels<T> const& segment, std::span<double> result)
    {
        CHECK(result.size() == mine.size());
        for (auto& each : result) each = segment.label();
    }
};

} // namespace

TEST_CASE("columns stand in the order in which they are wanted, named by band and statistic")
{
    auto const plan =
        plan_of<std::uint8_t>({{.band = 3, .statistics = {{.kind = mode}, {.kind = mean}, {percentile, 2.5}}},
                               {.band = 1, .statistics = {{.kind = valid_count}}},
                               {.band = 3, .statistics = {{.kind = median}}},
                               {.band = 2, .statistics = {}}});
    CHECK(plan.columns() == column_list{{"Band_3_mode", integer},
                                        {"Band_3_mean", real},
                                        {"Band_3_pcnt2.5", integer},
                                        {"Band_1_validcount", integer},
                                        {"Band_3_median", integer}});
    CHECK(plan.bands() == std::vector{3, 1, 2});
    REQUIRE(plan.plans().size() == 4);
    CHECK(plan.plans()[1].band == 1);
    CHECK(plan.plans()[2].band == 0);
    CHECK(plan_of<float>({{.band = 12, .statistics = {{.kind = sum}}}}, {}, missing, "{stat} of {band}").columns() ==
          column_list{{"sum of 12", real}});
    CHECK(plan_of<float>({}).columns().empty());
}

TEST_CASE("values of pixels have columns that hold their type")
{
    CHECK(kinds<std::uint8_t>() == kinds_with(integer));
    CHECK(kinds<std::int8_t>() == kinds_with(integer));
    CHECK(kinds<std::uint16_t>() == kinds_with(integer));
    CHECK(kinds<std::int16_t>() == kinds_with(integer));
    CHECK(kinds<std::int32_t>() == kinds_with(integer));
    CHECK(kinds<std::uint32_t>() == kinds_with(large_integer));
    CHECK(kinds<float>() == kinds_with(real));
    CHECK(kinds<double>() == kinds_with(real));
}

TEST_CASE("a missing value that is no whole number of 32 bits makes all columns real")
{
    std::vector<column_values> const all_real(10, real);
    for (double const value : {0.0, -0.0, 1.0, 2147483647.0, -2147483648.0}) {
        CHECK(kinds<std::int16_t>(value) == kinds_with(integer));
    }
    for (double const value : {0.5, -9999.25, 2147483648.0, -2147483649.0, 1e300,
                               std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        CAPTURE(value);
        CHECK(kinds<std::int16_t>(value) == all_real);
        CHECK(kinds<std::uint32_t>(value) == all_real);
        auto const edges = plan_of<std::uint8_t>({}, {}, value, "{stat}", edge_pixel_count{});
        CHECK(edges.columns() == column_list{{"edge_pixels", real}});
    }
}

TEST_CASE("two columns of one name are refused")
{
    auto const refused = [](std::string const& name) {
        return "column '" + name +
               "' would be there twice: name each statistic once, and let the column format contain {band}";
    };
    CHECK(test::message_of<rios::options_error>([] {
              plan_of<float>({{.band = 1, .statistics = {{.kind = mean}, {.kind = sum}, {.kind = mean}}}});
          }) == refused("Band_1_mean"));
    CHECK(test::message_of<rios::options_error>([] {
              plan_of<float>(
                  {{.band = 1, .statistics = {{percentile, 50}}}, {.band = 1, .statistics = {{percentile, 50.0}}}});
          }) == refused("Band_1_pcnt50"));
    CHECK(test::message_of<rios::options_error>([] {
              plan_of<float>(of_each_band({1, 2}, {{.kind = mean}}), {}, missing, "{stat}");
          }) == refused("mean"));
    CHECK(test::message_of<rios::options_error>([] {
              plan_of<float>({}, {1, 2}, missing, "{stat}", variogram{1});
          }) == refused("variogram_1"));
    CHECK(test::message_of<rios::options_error>([] {
              plan_of<float>({}, {1}, missing, "{stat}", columns_of_mine{{{"a"}}}, columns_of_mine{{{"b"}, {"a"}}});
          }) == refused("a"));
    // The same number by another name, and the same name in another band, are others.
    CHECK_NOTHROW(plan_of<float>({{.band = 1, .statistics = {{percentile, 50}, {.kind = median}}}}));
    CHECK_NOTHROW(plan_of<float>(of_each_band({1, 11}, {{.kind = mean}})));
}

TEST_CASE("a column format without the statistic is refused")
{
    for (std::string const format : {"", "Band_{band}", "mean"}) {
        CHECK(test::message_of<rios::options_error>(
                  [&] { plan_of<float>(of_each_band({1}, {{.kind = mean}}), {}, missing, format); }) ==
              "column format '" + format + "': it must contain {stat}, and usually {band}, such as Band_{band}_{stat}");
        CHECK_THROWS_AS(plan_of<float>({}, {1}, missing, format, variogram{1}), rios::options_error);
    }
}

TEST_CASE("each band has its null value, by its number")
{
    auto const null_of = [](int band) { return band == 2 ? std::optional<double>{} : std::optional<double>{band}; };
    statistics_plan<std::uint8_t, perimeter> const plan(
        of_each_band({3, 2}, {{.kind = mean}}), {2, 7}, null_of, missing, "{stat}{band}",
        rios::pixel_grid{.rows = 4, .cols = 5, .geotransform = {}, .projection = {}}, perimeter{});
    CHECK(plan.bands() == std::vector{3, 2, 7});
    CHECK(plan.null_test(0)(3));
    CHECK(!plan.null_test(0)(2));
    CHECK(!plan.null_test(1)(2));
    CHECK(plan.null_test(2)(7));
    CHECK(plan.spatial_bands() == std::vector<std::size_t>{1, 2});
    REQUIRE(plan.setting().nulls.size() == 2);
    CHECK(!plan.setting().nulls[0](2));
    CHECK(plan.setting().nulls[1](7));
    CHECK(plan.setting().grid.rows == 4);
}

TEST_CASE("pixels and neighbours are wanted by spatial statistics alone")
{
    auto const none = plan_of<float>(all_of_band(1), {1, 2});
    CHECK(!none.wants_pixels());
    CHECK(!none.wants_neighbours());
    CHECK(none.bands() == std::vector{1}); // nobody looks at band 2
    CHECK(none.spatial_bands().empty());
    auto const empty = plan_of<float>(all_of_band(1), {1, 2}, missing, "{stat}{band}", chosen_spatial_statistics{});
    CHECK(!empty.wants_pixels());
    CHECK(!empty.wants_neighbours());
    CHECK(empty.bands() == std::vector{1});
    auto const shape = plan_of<float>({}, {2}, missing, "{stat}", perimeter{});
    CHECK(shape.wants_pixels());
    CHECK(!shape.wants_neighbours());
    CHECK(shape.bands() == std::vector{2});
    CHECK(plan_of<float>({}, {}, missing, "{stat}", perimeter{}, neighbour_count{}).wants_neighbours());
    CHECK(plan_of<float>({}, {}, missing, "{stat}", columns_of_mine{{{"a"}}, true}).wants_neighbours());
    CHECK(!plan_of<float>({}, {}, missing, "{stat}", columns_of_mine{{{"a"}}, false}).wants_neighbours());
    auto const chosen = plan_of<float>({}, {}, missing, "{stat}", chosen_spatial_statistics({neighbour_count{}}));
    CHECK(chosen.wants_pixels());
    CHECK(chosen.wants_neighbours());
}

TEST_CASE("the row of a segment without pixels has counts of 0, and else what is missing")
{
    auto const plan =
        plan_of<std::uint8_t>({{.band = 1, .statistics = {{.kind = mode}, {.kind = count}, {.kind = mean}}},
                               {.band = 2, .statistics = {{.kind = valid_count}, {percentile, 0}}}},
                              {}, -1, "{stat}{band}", edge_pixel_count{}, bounding_box{});
    CHECK(plan.missing() == -1);
    CHECK(plan.missing_row() == std::vector<double>{-1, 0, -1, 0, -1, -1, -1, -1, -1, -1});
}

TEST_CASE("spatial statistics set the columns behind the others, each its own")
{
    auto const plan = plan_of<std::uint8_t>(of_each_band({1}, {{.kind = mean}}), {}, missing, "{stat}",
                                            columns_of_mine{{{"a"}, {"b"}}}, columns_of_mine{}, perimeter{},
                                            columns_of_mine{{{"c"}}});
    CHECK(plan.columns() == column_list{{"mean", real}, {"a", real}, {"b", real}, {"perimeter", real}, {"c", real}});
    std::vector<std::uint32_t> const zero{0};
    std::vector<double> row(6, 8);
    auto functions = plan.functions();
    plan.set_spatial(segment_pixels<std::uint8_t>(5, zero, zero, {}, {}, plan.setting()), row, functions);
    CHECK(row == std::vector<double>{8, 5, 5, 4, 5, 8});
}
