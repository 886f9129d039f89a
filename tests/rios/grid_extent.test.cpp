// SPDX-License-Identifier: BSL-1.0
#include <rios/grid_extent.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/pixel_grid.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"

using rios::map_extent;
using rios::pixel_grid;
using rios::pixel_shift;
using rios::pixel_window;

namespace {

pixel_grid grid(std::array<double, 6> const& place, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    return {.rows = rows, .cols = cols, .geotransform = place, .projection = "LOCAL[\"a\"]"};
}

constexpr double tolerance = 1e-3;

/// The place on the map of the middle of a pixel.
std::array<double, 2> centre(pixel_grid const& of, double row, double col)
{
    auto const& place = *of.geotransform;
    return {place[0] + (col + 0.5) * place[1], place[3] + (row + 0.5) * place[5]};
}

} // namespace

TEST_CASE("an extent is the same whichever way rows and columns run")
{
    map_extent const expected{.left = 100, .bottom = 380, .right = 160, .top = 500};
    CHECK(rios::extent_of(grid({100, 10, 0, 500, 0, -20}, 6, 6)) == expected);
    CHECK(rios::extent_of(grid({100, 10, 0, 380, 0, 20}, 6, 6)) == expected);
    CHECK(rios::extent_of(grid({160, -10, 0, 500, 0, -20}, 6, 6)) == expected);
    CHECK(rios::extent_of({.rows = 4, .cols = 5, .geotransform = {}, .projection = {}}) == map_extent{0, 0, 5, 4});
    for (auto const& place : std::vector<std::array<double, 6>>{{100, 10, 0, 380, 0, 20}, {160, -10, 0, 500, 0, -20}}) {
        CHECK(rios::north_up(grid(place, 6, 6)) == grid({100, 10, 0, 500, 0, -20}, 6, 6));
    }
    CHECK_FALSE(rios::is_rotated(grid({100, 10, 0, 380, 0, 20}, 6, 6)));
    CHECK(rios::is_rotated(grid({100, 10, 0.1, 380, 0, 20}, 6, 6)));
    CHECK(rios::is_rotated(grid({100, 10, 0, 380, -0.1, 20}, 6, 6)));
    CHECK_FALSE(rios::is_rotated({.rows = 4, .cols = 5, .geotransform = {}, .projection = {}}));
}

TEST_CASE("an extent is snapped to the nearest whole pixels, halves away from zero")
{
    auto const reference = grid({500, 10, 0, 1000, 0, -10}, 10, 10);
    CHECK(rios::snapped({504, 896, 596, 1004}, reference) == pixel_window{0, 0, 10, 10});
    CHECK(rios::snapped({506, 894, 594, 994}, reference) == pixel_window{1, 1, 11, 9});
    CHECK(rios::snapped({505, 895, 595, 1005}, reference) == pixel_window{-1, 1, 11, 10});
    CHECK(rios::snapped({495, 905, 585, 995}, reference) == pixel_window{1, -1, 10, 9});
    CHECK(rios::grid_of({-1, 2, 4, 8}, reference) == grid({520, 10, 0, 1010, 0, -10}, 5, 6));
}

TEST_CASE("extents beyond all pixels and grids that no file can hold are refused")
{
    auto const reference = grid({500, 10, 0, 1000, 0, -10}, 10, 10);
    auto const inf = std::numeric_limits<double>::infinity();
    for (auto const bad : {inf, -inf, std::numeric_limits<double>::quiet_NaN(), 1e300}) {
        CHECK(test::message_of<rios::grid_error>([&] {
                  static_cast<void>(rios::snapped({bad, 0, 1, 1}, reference));
              }) == "an extent lies beyond what can be counted in pixels of the working grid");
    }
    CHECK(rios::grid_of({0, 0, 2'147'483'647, 1}, reference).rows == 2'147'483'647);
    CHECK(test::message_of<rios::grid_error>([&] {
              static_cast<void>(rios::grid_of({0, -1, 5, 2'147'483'647}, reference));
          }) == "the working grid would have 5 rows, 2147483648 cols; allowed: up to 2147483647 of each");
}

TEST_CASE("windows are intersected and joined")
{
    pixel_window const a{0, 0, 10, 10};
    pixel_window const b{5, -5, 15, 5};
    CHECK(intersection(a, b) == pixel_window{5, 0, 10, 5});
    CHECK(bounding_window(a, b) == pixel_window{0, -5, 15, 10});
    CHECK(intersection(a, {10, 0, 12, 5}).empty());
    CHECK(intersection(a, {0, 20, 5, 22}).empty());
    CHECK_FALSE(intersection(a, {9, 9, 12, 12}).empty());
}

TEST_CASE("grids that surround all others are dropped, as long as there is another")
{
    map_extent const world{-180, -90, 180, 90};
    map_extent const scene{140, -30, 150, -20};
    map_extent const offset{145, -35, 155, -25};
    map_extent const small{146, -28, 147, -27};
    using numbers = std::vector<std::size_t>;
    CHECK(rios::without_surrounding({world, scene, offset}) == numbers{1, 2});
    CHECK(rios::without_surrounding({world, small, scene, offset}) == numbers{1, 2, 3});
    CHECK(rios::without_surrounding({scene, offset}) == numbers{0, 1});
    CHECK(rios::without_surrounding({world, scene}) == numbers{1});
    CHECK(rios::without_surrounding({world}) == numbers{0});
    CHECK(rios::without_surrounding({scene, world, small}) == numbers{2});
    CHECK(rios::without_surrounding({scene, scene}).size() == 1);
    CHECK(rios::without_surrounding({}).empty());
}

TEST_CASE("a grid is aligned with another if its pixels are that one's, continued")
{
    auto const reference = grid({500, 10, 0, 1000, 0, -10}, 10, 10);
    auto const aligned = [&](std::array<double, 6> const& place, std::ptrdiff_t rows = 100, std::ptrdiff_t cols = 200) {
        return rios::is_aligned(grid(place, rows, cols), reference, tolerance);
    };
    CHECK(aligned({-4500, 10, 0, 77'000, 0, -10}));
    CHECK(aligned({-4500, 10, 0, 77'000, 0, 10}));
    CHECK(aligned({-4500, -10, 0, 77'000, 0, -10}));
    CHECK(aligned({500.009, 10, 0, 1000, 0, -10}));
    CHECK_FALSE(aligned({500.011, 10, 0, 1000, 0, -10}));
    CHECK_FALSE(aligned({500, 10, 0, 1005, 0, -10}));
    CHECK_FALSE(aligned({500, 20, 0, 1000, 0, -20}));
    CHECK_FALSE(aligned({500, 5, 0, 1000, 0, -10}));
    CHECK(aligned({500, 10 + 1e-9, 0, 1000, 0, -10 - 1e-9}));
    CHECK(aligned({500, 10 + 1e-5, 0, 1000, 0, -10}));       // 0.0002 pixels at the far corner
    CHECK_FALSE(aligned({500, 10 + 1e-4, 0, 1000, 0, -10})); // 0.002 pixels
}

TEST_CASE("coinciding pixels are found at their rows and columns, whichever way these run")
{
    test::random_numbers random(5);
    auto const any = [&](int below) { return static_cast<std::ptrdiff_t>(random.below(static_cast<unsigned>(below))); };
    for (int round = 0; round < 400; ++round) {
        auto const sign = [&] { return random.one_in(2) ? -1.0 : 1.0; };
        auto const rows = any(20) + 1;
        auto const cols = any(20) + 1;
        auto const place = [&](double down, double across) {
            return std::array<double, 6>{static_cast<double>(any(40)) * 0.3 + 7,
                                         0.3 * across,
                                         0,
                                         static_cast<double>(any(40)) * 0.7 - 3,
                                         0,
                                         0.7 * down};
        };
        auto const source = grid(place(sign(), sign()), rows, cols);
        auto const target = grid(place(sign(), sign()), any(20) + 1, any(20) + 1);
        auto const shift = rios::shift_between(source, target, tolerance);
        REQUIRE(shift);
        for (std::ptrdiff_t r = 0; r < target.rows; ++r) {
            for (std::ptrdiff_t c = 0; c < target.cols; ++c) {
                auto const row = shift->rows_reversed ? shift->row - r : shift->row + r;
                auto const col = shift->cols_reversed ? shift->col - c : shift->col + c;
                auto const there = centre(source, static_cast<double>(row), static_cast<double>(col));
                auto const here = centre(target, static_cast<double>(r), static_cast<double>(c));
                REQUIRE(std::abs(there[0] - here[0]) < 1e-9);
                REQUIRE(std::abs(there[1] - here[1]) < 1e-9);
            }
        }
    }
}

TEST_CASE("pixels coincide up to the tolerance over what both grids cover, and nowhere else")
{
    auto const source = grid({0, 10, 0, 0, 0, -10}, 1000, 1000);
    auto const between = [&](std::array<double, 6> const& place, std::ptrdiff_t size = 1000) {
        return rios::shift_between(source, grid(place, size, size), tolerance);
    };
    CHECK(between({30, 10, 0, -20, 0, -10}) == pixel_shift{2, 3, false, false});
    CHECK(between({-30, 10, 0, 20, 0, -10}) == pixel_shift{-2, -3, false, false});
    CHECK(between({0, 10, 0, -9990, 0, 10}) == pixel_shift{998, 0, true, false});
    CHECK(between({0.009, 10, 0, 0, 0, -10}) == pixel_shift{0, 0, false, false});
    CHECK_FALSE(between({0.011, 10, 0, 0, 0, -10}));
    CHECK_FALSE(between({0, 10, 0, 5, 0, -10}));
    CHECK_FALSE(between({0, 20, 0, 0, 0, -20}));
    // A pixel size that is off by 1e-6 of itself: 0.001 pixels after 1000 pixels.
    CHECK(between({0, 10 + 0.9e-5, 0, 0, 0, -10}));
    CHECK_FALSE(between({0, 10 + 1.2e-5, 0, 0, 0, -10}));
    CHECK(between({0, 10 + 1.2e-5, 0, 0, 0, -10}, 500)); // of which 500 are common
    CHECK(between({-100'000, 10, 0, 0, 0, -10}, 10) == pixel_shift{0, -10'000, false, false});
    CHECK_FALSE(between({std::nan(""), 10, 0, 0, 0, -10}));
}
