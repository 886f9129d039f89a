// SPDX-License-Identifier: BSL-1.0
#include <shepseg/segment_pixels.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/null_test.hpp>

#include <shepseg/statistic.hpp>

using shepseg::segment_pixels;
using shepseg::segment_setting;
using shepseg::spatial_names;
using shepseg::SpatialStatistic;

namespace {

using column_list = std::vector<shepseg::statistics_column>;

struct good {
    column_list columns(spatial_names const& /*names*/) const { return {{.name = "size"}}; }
    void operator()(segment_pixels<float> const& segment, std::span<double> result)
    {
        result[0] = static_cast<double>(segment.size());
    }
};
struct without_columns {
    void operator()(segment_pixels<float> const& /*segment*/, std::span<double> /*result*/) const {}
};
struct without_a_call {
    column_list columns(spatial_names const& /*names*/) const { return {}; }
};
struct without_copies : good {
    std::unique_ptr<int> owned;
};
struct with_other_columns {
    std::vector<std::string> columns(spatial_names const& /*names*/) const { return {}; }
    void operator()(segment_pixels<float> const& /*segment*/, std::span<double> /*result*/) const {}
};

static_assert(SpatialStatistic<good, float>);
static_assert(!SpatialStatistic<good, std::uint8_t>);
static_assert(!SpatialStatistic<good, int64_t>);
static_assert(!SpatialStatistic<without_columns, float>);
static_assert(!SpatialStatistic<without_a_call, float>);
static_assert(!SpatialStatistic<without_copies, float>);
static_assert(!SpatialStatistic<with_other_columns, float>);

} // namespace

TEST_CASE("the pixels of a segment have places, values of each band, and neighbours")
{
    segment_setting<std::int16_t> const setting{
        .grid = {.rows = 7, .cols = 9, .geotransform = {}, .projection = "somewhere"},
        .nulls = {rios::null_test<std::int16_t>(5.0), rios::null_test<std::int16_t>({})}};
    std::vector<std::uint32_t> const rows{2, 2, 3};
    std::vector<std::uint32_t> const cols{4, 5, 4};
    std::vector<std::int16_t> const values{1, 5, -3, 7, 8, 5};
    std::vector<std::uint32_t> const neighbours{1, 4'000'000'000U};
    segment_pixels<std::int16_t> const segment(42, rows, cols, values, neighbours, setting);
    CHECK(segment.label() == 42);
    CHECK(segment.size() == 3);
    CHECK(segment.bands() == 2);
    CHECK(std::ranges::equal(segment.rows(), rows));
    CHECK(std::ranges::equal(segment.cols(), cols));
    CHECK(std::ranges::equal(segment.values(0), std::vector{1, 5, -3}));
    CHECK(std::ranges::equal(segment.values(1), std::vector{7, 8, 5}));
    CHECK(segment.null_test(0)(5));
    CHECK(!segment.null_test(1)(5));
    CHECK(std::ranges::equal(segment.neighbours(), neighbours));
    CHECK(segment.grid().rows == 7);
    CHECK(segment.grid().projection == "somewhere");
}

TEST_CASE("columns of one band have its number in their names")
{
    CHECK(spatial_names{.bands = {4, 2}}.of(1, "roughness") == "Band_2_roughness");
    CHECK(spatial_names{.bands = {4, 2}, .column_format = "{stat}.{band}"}.of(0, "roughness") == "roughness.4");
    CHECK_THROWS_AS(static_cast<void>(spatial_names{.bands = {4}, .column_format = "{band}"}.of(0, "roughness")),
                    rios::options_error);
}
