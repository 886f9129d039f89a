// SPDX-License-Identifier: BSL-1.0
#include <rios/colour_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include <rios/colour_ramps.hpp>

#include "support/message_of.hpp"

using rios::colour;
using rios::colour_table;
using test::message_of;

TEST_CASE("colours between points are interpolated, both ends included")
{
    std::vector<rios::colour_point> const points{{.position = 10, .colour = {0, 100, 255, 255}},
                                                 {.position = 20, .colour = {100, 100, 0, 155}},
                                                 {.position = 40, .colour = {100, 0, 0, 255}}};
    auto const table = rios::interpolated_colours(31, points); // an entry for each position
    CHECK(table[0] == points[0].colour);
    CHECK(table[1] == colour{10, 100, 230, 245}); // 229.5
    CHECK(table[5] == colour{50, 100, 128, 205}); // 127.5
    CHECK(table[10] == points[1].colour);
    CHECK(table[11] == colour{100, 95, 0, 160});
    CHECK(table[30] == points[2].colour);
    CHECK(rios::interpolated_colours(0, points).empty());
    CHECK(rios::interpolated_colours(1, points) == colour_table{points[0].colour});
    CHECK(rios::interpolated_colours(2, points) == colour_table{points[0].colour, points[2].colour});
    CHECK(rios::interpolated_colours(3, {points[1]}) == colour_table(3, points[1].colour));
    // As far as positions go.
    auto const wide = rios::interpolated_colours(3, {{.position = -(std::ptrdiff_t{1} << 30), .colour = {0, 0, 0}},
                                                     {.position = std::ptrdiff_t{1} << 30, .colour = {200, 100, 50}}});
    CHECK(wide[1] == colour{100, 50, 25});
}

TEST_CASE("points of a ramp that do not rise are refused")
{
    CHECK(message_of<rios::options_error>([] { static_cast<void>(rios::interpolated_colours(3, {})); }) ==
          "a colour ramp must have at least one point");
    CHECK(message_of<rios::options_error>([] {
              static_cast<void>(rios::interpolated_colours(3, {{.position = 4}, {.position = 4}}));
          }) == "a colour ramp with position 4 after 4: allowed: positions that rise, by 2147483648 at most");
    CHECK(message_of<rios::options_error>([] {
              static_cast<void>(
                  rios::interpolated_colours(3, {{.position = 0}, {.position = (std::ptrdiff_t{1} << 31) + 1}}));
          }) == "a colour ramp with position 2147483649 after 0: allowed: positions that rise, by 2147483648 at most");
}

TEST_CASE("a ramp is what floating-point interpolation makes of its points")
{
    for (auto const& name : rios::ramp_names()) {
        CAPTURE(name);
        auto const points = rios::ramp_points(name);
        for (std::size_t const entries : {std::size_t{2}, std::size_t{7}, std::size_t{256}, std::size_t{1001}}) {
            auto const table = rios::ramp_colours(entries, name);
            REQUIRE(table.size() == entries);
            CHECK(table.front() == points.front().colour);
            CHECK(table.back() == points.back().colour);
            for (std::size_t i = 0; i < entries; ++i) {
                auto const at =
                    static_cast<double>(i) * static_cast<double>(points.size() - 1) / static_cast<double>(entries - 1);
                auto const before = std::min(static_cast<std::size_t>(at), points.size() - 2);
                auto const check = [&](std::uint8_t found, std::uint8_t a, std::uint8_t b) {
                    auto const exact =
                        std::lerp(static_cast<double>(a), static_cast<double>(b), at - static_cast<double>(before));
                    REQUIRE(std::abs(found - exact) < 0.5 + 1e-9);
                };
                check(table[i].red, points[before].colour.red, points[before + 1].colour.red);
                check(table[i].green, points[before].colour.green, points[before + 1].colour.green);
                check(table[i].blue, points[before].colour.blue, points[before + 1].colour.blue);
                REQUIRE(table[i].alpha == 255);
            }
        }
    }
}

TEST_CASE("ramps are known by their ends and middles")
{
    CHECK(rios::ramp_colours(256, "gray")[77] == colour{77, 77, 77});
    CHECK(rios::ramp_colours(6, "rainbow")[2] == colour{0, 255, 0});
    // Of matplotlib's 256 entries; between the 17 points it is off by 11 at most.
    CHECK(rios::ramp_colours(256, "viridis")[0] == colour{68, 1, 84});
    CHECK(rios::ramp_colours(256, "viridis")[255] == colour{253, 231, 37});
    auto const middle = rios::ramp_colours(257, "inferno")[128];
    CHECK(middle == colour{0xbb, 0x37, 0x55});
    CHECK(rios::ramp_colours(11, "spectral")[5] == colour{255, 255, 191});
    CHECK(message_of<rios::options_error>([] { static_cast<void>(rios::ramp_points("Viridis")); }) ==
          "no colour ramp 'Viridis'; allowed: gray, rainbow, viridis, magma, plasma, inferno, cividis, blues, greens, "
          "reds, "
          "ylgnbu, ylorrd, spectral, rdylgn, rdbu, brbg");
}

TEST_CASE("random colours are the same everywhere, and a longer table begins as a shorter one")
{
    auto const table = rios::random_colours(1000);
    // The numbers of the standard's 64-bit Mersenne twister, from its highest byte down.
    std::mt19937_64 bits(0);
    for (auto const& each : table) {
        auto const number = bits();
        REQUIRE(each == colour{static_cast<std::uint8_t>(number >> 56), static_cast<std::uint8_t>(number >> 48 & 255),
                               static_cast<std::uint8_t>(number >> 40 & 255)});
    }
    CHECK(table[0] == colour{0x28, 0xe8, 0x37});
    CHECK(std::equal(table.begin(), table.begin() + 10, rios::random_colours(10).begin()));
    CHECK(rios::random_colours(10, 1) != rios::random_colours(10, 2));
}

TEST_CASE("the entry of the null value is transparent")
{
    auto const full = rios::ramp_colours(5, "gray");
    auto table = full;
    for (double const none : {-1.0, 5.0, 2.5, std::nan(""), 1e300}) rios::clear_null(table, none);
    CHECK(table == full);
    rios::clear_null(table, 4);
    CHECK(table[4] == colour{0, 0, 0, 0});
    table[4] = full[4];
    CHECK(table == full);
}
