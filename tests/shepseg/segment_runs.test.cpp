// SPDX-License-Identifier: BSL-1.0
#include <shepseg/segment_runs.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/random_numbers.hpp"

using shepseg::pixel_run;

namespace {

using rows = std::vector<std::vector<std::uint32_t>>;

shepseg::last_rows last_of(rows const& raster)
{
    shepseg::last_rows last;
    for (std::size_t row = 0; row < raster.size(); ++row) last.add(static_cast<std::int32_t>(row), raster[row]);
    return last;
}

} // namespace

TEST_CASE("the last row of a segment is that of its last pixel, whatever its number")
{
    auto const last = last_of({{1, 1, 0, 4294967295}, {2, 1, 0, 0}, {2, 2, 70, 1}, {0, 0, 0, 0}});
    CHECK(last.of(1) == 2);
    CHECK(last.of(2) == 2);
    CHECK(last.of(70) == 2);
    CHECK(last.of(4294967295) == 0);
    CHECK(last.of(3) == -1);
    CHECK(last.of(1000) == -1);
    CHECK(last.of(0) == -1);
    CHECK(last.segments() == 4);
}

TEST_CASE("segments are handed over in the row in which they end, from left to right, and null never")
{
    rows const raster{{5, 5, 0, 3}, {5, 0, 9, 9}, {7, 5, 0, 9}, {7, 0, 0, 0}};
    auto const last = last_of(raster);
    shepseg::segment_runs runs(last);
    std::vector<std::string> handed;
    for (std::size_t row = 0; row < raster.size(); ++row) {
        runs.add(static_cast<std::int32_t>(row), raster[row], [&](std::uint32_t label, std::span<pixel_run const> all) {
            auto text = std::to_string(row) + ": " + std::to_string(label);
            for (auto const& each : all) {
                text += " (" + std::to_string(each.row) + ", " + std::to_string(each.begin) + ", " +
                        std::to_string(each.end) + ')';
            }
            handed.push_back(text);
        });
    }
    CHECK(handed == std::vector<std::string>{"0: 3 (0, 3, 4)", "2: 5 (0, 0, 2) (1, 0, 1) (2, 1, 2)",
                                             "2: 9 (1, 2, 4) (2, 3, 4)", "3: 7 (2, 0, 1) (3, 0, 1)"});
    CHECK(runs.open() == 0);
}

TEST_CASE("the runs of all segments are the pixels, and those of complete segments are forgotten")
{
    test::random_numbers random(2);
    rows raster(60, std::vector<std::uint32_t>(50));
    for (std::size_t row = 0; row < raster.size(); ++row) {
        for (auto& label : raster[row]) label = static_cast<std::uint32_t>(row / 6 * 5 + random.below(std::size_t{5}));
    }
    auto const last = last_of(raster);
    shepseg::segment_runs runs(last);
    std::map<std::uint32_t, int> times;
    rows seen(60, std::vector<std::uint32_t>(50));
    for (std::size_t row = 0; row < raster.size(); ++row) {
        runs.add(static_cast<std::int32_t>(row), raster[row], [&](std::uint32_t label, std::span<pixel_run const> all) {
            ++times[label];
            for (auto const& each : all) {
                for (auto col = each.begin; col < each.end; ++col) {
                    seen[static_cast<std::size_t>(each.row)][static_cast<std::size_t>(col)] = label;
                }
            }
        });
        CHECK(runs.open() <= 5);
    }
    CHECK(seen == raster);
    CHECK(times.size() == last.segments());
    for (auto const& [label, count] : times) CHECK(count == 1);
}
