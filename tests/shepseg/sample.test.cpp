// SPDX-License-Identifier: BSL-1.0
#include <shepseg/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/pixel_types.hpp"

using rios::image;
using shepseg::sample_step;
using shepseg::take_sample;

namespace {

/// Pixels in every step-th row and column, counted one by one.
std::int64_t sampled(std::ptrdiff_t rows, std::ptrdiff_t cols, std::ptrdiff_t step)
{
    std::int64_t down = 0;
    std::int64_t across = 0;
    for (std::ptrdiff_t row = 0; row < rows; row += step) ++down;
    for (std::ptrdiff_t col = 0; col < cols; col += step) ++across;
    return down * across;
}

} // namespace

TEST_CASE("the step is the smallest that keeps within the number of pixels")
{
    for (std::ptrdiff_t rows = 1; rows <= 30; ++rows) {
        for (std::ptrdiff_t cols : {1, 2, 3, 7, 16, 29, 100}) {
            for (std::int64_t const limit : {1, 2, 3, 5, 10, 50, 100, 1000, 100000}) {
                std::ptrdiff_t expected = 1;
                while (sampled(rows, cols, expected) > limit) ++expected;
                REQUIRE(sample_step(rows, cols, {.pixels = limit, .percent = {}}) == expected);
            }
        }
    }
}

TEST_CASE("the step is the smallest that keeps within the percentage, or one pixel")
{
    for (std::ptrdiff_t rows = 1; rows <= 30; ++rows) {
        for (std::ptrdiff_t cols : {1, 2, 3, 7, 16, 29, 100}) {
            for (double const percent : {100.0, 99.9, 50.0, 25.0, 10.0, 1.0, 0.01}) {
                auto const limit = std::max(1.0, percent / 100 * static_cast<double>(rows * cols));
                std::ptrdiff_t expected = 1;
                while (static_cast<double>(sampled(rows, cols, expected)) > limit) ++expected;
                // The number of pixels counts no longer.
                REQUIRE(sample_step(rows, cols, {.pixels = 1, .percent = percent}) == expected);
            }
        }
    }
}

TEST_CASE("steps of large rasters are found at once")
{
    CHECK(sample_step(100'000, 100'000, {.pixels = 1'000'000, .percent = {}}) == 100);
    CHECK(sample_step(1'000'000'000, 1'000'000'000, {.pixels = 1, .percent = {}}) == 1'000'000'000);
    CHECK(sample_step(1, 1'000'000'000'000, {.pixels = 1'000'000, .percent = {}}) == 1'000'000);
    CHECK(sample_step(0, 0, {}) == 1);
    CHECK(sample_step(1000, 1000, {}) == 1);
    CHECK(sample_step(1001, 1000, {}) == 2);
}

TEST_CASE_TEMPLATE_DEFINE("a sample is every n-th row and column in scan order, without nulls", T, hand_worked)
{
    image<T> scene(2, 3, 5);
    std::iota(scene.data(), scene.data() + 30, T{0});
    auto const values = [](image<T> const& sample, std::ptrdiff_t band) {
        return std::vector<T>(sample.row(band, 0).begin(), sample.row(band, 0).end());
    };
    auto const sample = take_sample<T>(scene.view(), 22, 2);
    CHECK(sample.bands() == 2);
    CHECK(sample.rows() == 1);
    CHECK(values(sample, 0) == std::vector<T>{0, 2, 4, 10, 12, 14});
    CHECK(values(sample, 1) == std::vector<T>{15, 17, 19, 25, 27, 29});
    // 25 stands in the second band of the fourth pixel.
    auto const without = take_sample<T>(scene.view(), 25, 2);
    CHECK(values(without, 0) == std::vector<T>{0, 2, 4, 12, 14});
    CHECK(values(without, 1) == std::vector<T>{15, 17, 19, 27, 29});
    CHECK(take_sample<T>(scene.view(), {}, 1).cols() == 15);
    CHECK(take_sample<T>(scene.view(), {}, 100).cols() == 1);
    CHECK(values(take_sample<T>(scene.view().window(1, 1, 2, 4), {}, 3), 1) == std::vector<T>{21, 24});
}
TEST_CASE_TEMPLATE_APPLY(hand_worked, test::pixel_types);

TEST_CASE_TEMPLATE("what is not finite is not sampled", T, float, double)
{
    image<T> scene(1, 1, 4);
    scene(0, 0, 0) = std::numeric_limits<T>::quiet_NaN();
    scene(0, 0, 1) = std::numeric_limits<T>::infinity();
    scene(0, 0, 2) = 7;
    scene(0, 0, 3) = -std::numeric_limits<T>::infinity();
    auto const sample = take_sample<T>(scene.view(), {}, 1);
    REQUIRE(sample.cols() == 1);
    CHECK(sample(0, 0, 0) == 7);
}

TEST_CASE("a sample of nothing but null is empty")
{
    image<std::uint8_t> const nothing(3, 4, 4);
    auto const sample = take_sample<std::uint8_t>(nothing.view(), 0, 1);
    CHECK(sample.bands() == 3);
    CHECK(sample.rows() == 1);
    CHECK(sample.cols() == 0);
    CHECK(take_sample<std::uint8_t>(image<std::uint8_t>(1, 0, 0).view(), {}, 1).cols() == 0);
}
