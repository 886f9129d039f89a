// SPDX-License-Identifier: BSL-1.0
#include <shepseg/detail/centre_cells.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <shepseg/assignment.hpp>
#include <shepseg/nearest_centre.hpp>

#include "support/random_numbers.hpp"

using shepseg::cluster_centres;
using shepseg::detail::cell_entry;
using shepseg::detail::centre_cells;

namespace {

/// The cells of pixels given relative to the origin, planar.
std::vector<std::int32_t> cells_of(centre_cells const& cells, std::vector<float> const& values, std::ptrdiff_t count,
                                   std::ptrdiff_t bands)
{
    std::vector<std::int32_t> result(256);
    std::vector<float> lead(256);
    shepseg::detail::baseline_assignment::locate({.values = values.data(),
                                                  .band_stride = 256,
                                                  .count = count,
                                                  .bands = bands,
                                                  .axes = cells.axes(),
                                                  .outside = cells.outside(),
                                                  .pixel_error = 0,
                                                  .centre_error = 0,
                                                  .longest = 1,
                                                  .cell = result.data(),
                                                  .lead = lead.data()});
    return result;
}

std::vector<std::uint32_t> numbers_in(centre_cells const& cells, std::int32_t cell, std::size_t bands)
{
    auto const entry = cells.entries()[cell];
    std::vector<std::uint32_t> result;
    for (std::int32_t g = 0; g < entry.groups; ++g) {
        auto const* const group = cells.rows() + entry.place + g * static_cast<std::int32_t>(bands + 2);
        for (int i = 0; i < 8; ++i) {
            bool const stands_for_none = group[0].numbers[i] < -1e37F;
            if (!stands_for_none) result.push_back(std::bit_cast<std::uint32_t>(group[bands + 1].numbers[i]));
        }
    }
    return result;
}

} // namespace

TEST_CASE("a cell has the nearest centre of every pixel in it, and few others")
{
    test::random_numbers random(71);
    std::size_t candidates = 0;
    std::size_t all = 0;
    for (int round = 0; round < 200; ++round) {
        auto const bands = random.between<std::size_t>(1, 4);
        auto const clusters = random.between<std::size_t>(2, 100);
        auto const spread = random.pick(std::vector<double>{5, 300, 4000});
        cluster_centres centres(clusters, bands);
        for (std::size_t k = 0; k < clusters; ++k) {
            for (std::size_t b = 0; b < bands; ++b) {
                // Some far away from the others, some at the same place.
                auto const far = random.one_in(20) ? 10.0 : 1.0;
                centres[k][b] = random.one_in(10) ? centres[0][b] : far * spread * random.unit();
            }
        }
        std::vector<double> const origin(bands, std::round(spread / 2));
        centre_cells cells(centres, origin);
        if (!cells.ready()) continue; // all centres in one place along a band
        std::vector<float> const table(clusters * (bands + 1));
        std::vector<float> values(bands * 256);
        std::vector<double> exact(bands * 256);
        for (std::size_t i = 0; i < 256; ++i) {
            for (std::size_t b = 0; b < bands; ++b) {
                auto const value = std::round(spread * 12 * (random.unit() - 0.1));
                exact[b * 256 + i] = random.one_in(3) ? value : std::round(spread * random.unit());
                values[b * 256 + i] = static_cast<float>(exact[b * 256 + i] - origin[b]);
            }
        }
        auto const cell = cells_of(cells, values, 256, static_cast<std::ptrdiff_t>(bands));
        std::vector<std::uint32_t> nearest(256);
        std::vector<double> distance(256);
        shepseg::find_nearest_centres(exact.data(), 256, 256, centres, nearest.data(), distance.data());
        for (std::size_t i = 0; i < 256; ++i) {
            REQUIRE(cell[i] >= 0);
            REQUIRE(cell[i] <= cells.outside());
            if (cells.entries()[cell[i]].groups == 0) cells.fill(cell[i], table.data());
            auto const found = numbers_in(cells, cell[i], bands);
            CAPTURE(round);
            CAPTURE(i);
            REQUIRE(std::find(found.begin(), found.end(), nearest[i]) != found.end());
            if (cell[i] == cells.outside()) continue;
            candidates += found.size();
            all += clusters;
        }
    }
    CHECK(candidates * 2 < all);
}

TEST_CASE("what lies far from all centres belongs to a cell that has all of them")
{
    cluster_centres const centres({{0, 0}, {10, 30}, {20, 10}});
    centre_cells cells(centres, {0, 0});
    REQUIRE(cells.ready());
    auto const not_a_number = std::nanf("");
    std::vector<float> values(2 * 256);
    std::vector<float> const first{0, 1e9F, -1e9F, 41, -21, 5, not_a_number, 5};
    std::vector<float> const second{0, 0, 0, 0, 0, 1e30F, 5, not_a_number};
    std::copy(first.begin(), first.end(), values.begin());
    std::copy(second.begin(), second.end(), values.begin() + 256);
    auto const cell = cells_of(cells, values, 8, 2);
    CHECK(cell[0] != cells.outside());
    for (std::size_t i = 1; i < first.size(); ++i) {
        CAPTURE(i);
        CHECK(cell[i] == cells.outside());
    }
    std::vector<float> const table(9);
    cells.fill(cells.outside(), table.data());
    CHECK(numbers_in(cells, cells.outside(), 2) == std::vector<std::uint32_t>{0, 1, 2});
}

TEST_CASE("there are no cells where positions could not be told apart in single precision, or for many bands")
{
    std::vector<double> const origin{0, 0};
    CHECK(centre_cells(cluster_centres({{0, 0}, {1, 1}}), origin).ready());
    CHECK_FALSE(centre_cells(cluster_centres({{1e9, 0}, {1e9 + 1, 1}}), origin).ready());
    CHECK_FALSE(centre_cells(cluster_centres({{5, 0}, {5, 1}}), origin).ready());
    CHECK_FALSE(centre_cells(cluster_centres({{0, 0}, {1e-35, 1}}), origin).ready());
    CHECK_FALSE(centre_cells(cluster_centres({{0, 0}, {1e30, 1}}), origin).ready());
    CHECK_FALSE(centre_cells(cluster_centres({{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}}), std::vector<double>(5)).ready());
}
