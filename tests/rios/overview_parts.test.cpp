// SPDX-License-Identifier: BSL-1.0
#include <rios/overview_parts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"

using rios::block;
using rios::image;
using rios::overview_maker;
using rios::overview_method;
using test::random_numbers;

namespace {

template <typename T>
T null_pixel(std::optional<double> null)
{
    if (null) return static_cast<T>(*null);
    return std::is_floating_point_v<T> ? std::numeric_limits<T>::quiet_NaN() : T{};
}

/// An overview, pixel by pixel from the whole raster.
template <typename T>
image<T> twin(image<T> const& pixels, std::ptrdiff_t level, overview_method method, std::optional<double> null)
{
    image<T> result(pixels.bands(), (pixels.rows() + level - 1) / level, (pixels.cols() + level - 1) / level);
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        for (auto const [row, col] : result.pixels()) {
            if (method == overview_method::nearest) {
                result(band, row, col) = pixels(band, std::min(row * level + level / 2, pixels.rows() - 1),
                                                std::min(col * level + level / 2, pixels.cols() - 1));
                continue;
            }
            long double sum = 0;
            long double count = 0;
            for (auto r = row * level; r < std::min((row + 1) * level, pixels.rows()); ++r) {
                for (auto c = col * level; c < std::min((col + 1) * level, pixels.cols()); ++c) {
                    auto const value = pixels(band, r, c);
                    if (rios::null_test<T>(null)(value)) continue;
                    sum += static_cast<long double>(value);
                    ++count;
                }
            }
            auto const mean = sum / count;
            if (count == 0) result(band, row, col) = null_pixel<T>(null);
            else result(band, row, col) = static_cast<T>(std::is_integral_v<T> ? std::round(mean) : mean);
        }
    }
    return result;
}

/// Overviews put together from the digests of blocks in any order.
template <typename T>
std::vector<image<T>> assembled(image<T> const& pixels, std::vector<int> const& levels, overview_method method,
                                std::optional<double> null, std::ptrdiff_t rows, std::ptrdiff_t cols,
                                random_numbers& random)
{
    overview_maker<T> const maker(pixels.rows(), pixels.cols(), levels, method, null);
    rios::overview_joiner<T> joiner;
    std::vector<image<T>> result;
    std::vector<image<std::int32_t>> times;
    for (auto const level : levels) {
        auto const& made = result.emplace_back(pixels.bands(), (pixels.rows() + level - 1) / level,
                                               (pixels.cols() + level - 1) / level);
        times.emplace_back(made.bands(), made.rows(), made.cols());
    }
    rios::pixel_grid const grid{.rows = pixels.rows(), .cols = pixels.cols(), .geotransform = {}, .projection = {}};
    std::vector<block> blocks;
    for (block const where : grid.blocks(rows, cols)) blocks.push_back(where);
    random.shuffle(blocks);
    auto const put = [&](rios::overview_part<T> const& part) {
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            for (auto const [row, col] : part.pixels.pixels()) {
                result[part.level](band, part.where.row + row, part.where.col + col) = part.pixels(band, row, col);
                ++times[part.level](band, part.where.row + row, part.where.col + col);
            }
        }
    };
    for (auto const& where : blocks) {
        auto const digest = maker(where, pixels.view().window(where.row, where.col, where.rows, where.cols));
        for (auto const& part : digest.parts) put(part);
        for (auto const& part : joiner.add(digest.shares, maker, pixels.bands())) put(part);
    }
    for (auto const& each : times) {
        CHECK(std::all_of(each.data(), each.data() + each.bands() * each.pixel_count(), [](int n) { return n == 1; }));
    }
    return result;
}

template <typename T>
bool near(image<T> const& a, image<T> const& b)
{
    if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
    for (std::ptrdiff_t i = 0; i < a.bands() * a.pixel_count(); ++i) {
        auto const x = static_cast<double>(a.data()[i]);
        auto const y = static_cast<double>(b.data()[i]);
        if (std::isnan(x) != std::isnan(y)) return false;
        auto const tolerance = std::is_integral_v<T> ? 0 : 1e-6 * std::max(1.0, std::abs(y));
        if (!std::isnan(x) && std::abs(x - y) > tolerance) return false;
    }
    return true;
}

template <typename T>
image<T> random_pixels(std::ptrdiff_t rows, std::ptrdiff_t cols, random_numbers& random)
{
    image<T> pixels(2, rows, cols);
    auto const all_null = random.one_in(3);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            auto& pixel = pixels(band, row, col);
            if constexpr (std::is_integral_v<T>) {
                pixel = random.one_in(8) ? std::numeric_limits<T>::max() : static_cast<T>(random.bits());
            } else {
                pixel = static_cast<T>(random.unit() * 200 - 100);
                if (random.one_in(9)) pixel = std::numeric_limits<T>::quiet_NaN();
            }
            if (random.one_in(4) || (all_null && row < rows / 2)) {
                pixel = std::is_floating_point_v<T> && all_null ? std::numeric_limits<T>::quiet_NaN() : T{7};
            }
        }
    }
    return pixels;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("overviews are those of the whole raster at every window, level and size", T,
                          overviews_of_all)
{
    random_numbers random(test::seed_of<T>(1));
    for (int round = 0; round < 60; ++round) {
        auto const rows = random.between<std::ptrdiff_t>(1, 70);
        auto const cols = random.between<std::ptrdiff_t>(1, 70);
        auto const pixels = random_pixels<T>(rows, cols, random);
        auto const levels = random.pick(std::vector<std::vector<int>>{
            {2, 4, 8, 16}, {4, 8, 16, 32, 64}, {3, 5, 6, 15}, {7}, {2, 3, 4, 9, 12, 100}, {4, 512}});
        auto const null = random.one_in(2) ? std::optional<double>() : std::optional(7.0);
        auto const window_rows = random.between<std::ptrdiff_t>(1, 75);
        auto const window_cols = random.between<std::ptrdiff_t>(1, 75);
        for (auto const method : {overview_method::nearest, overview_method::average}) {
            CAPTURE(rows);
            CAPTURE(cols);
            CAPTURE(window_rows);
            CAPTURE(window_cols);
            CAPTURE(levels[0]);
            auto const made = assembled(pixels, levels, method, null, window_rows, window_cols, random);
            for (std::size_t i = 0; i < levels.size(); ++i) {
                CHECK(near(made[i], twin(pixels, levels[i], method, null)));
            }
            // Once more in another order: the same bits.
            auto const again = assembled(pixels, levels, method, null, window_rows, window_cols, random);
            for (std::size_t i = 0; i < levels.size(); ++i) {
                auto const count = made[i].bands() * made[i].pixel_count();
                CHECK(std::memcmp(made[i].data(), again[i].data(), static_cast<std::size_t>(count) * sizeof(T)) == 0);
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(overviews_of_all, test::pixel_types);

TEST_CASE("halves are rounded away from zero")
{
    random_numbers random(1);
    image<std::int16_t> pixels(1, 2, 4);
    std::vector<std::int16_t> const values{1, 2, -1, -2, 1, 2, -1, -2};
    std::copy(values.begin(), values.end(), pixels.data());
    auto const made = assembled(pixels, {2}, overview_method::average, {}, 1, 3, random);
    CHECK(made[0](0, 0, 0) == 2);
    CHECK(made[0](0, 0, 1) == -2);
}

TEST_CASE("large squares of large values do not overflow")
{
    random_numbers random(1);
    for (int const level : {100, 40'000}) {
        image<std::uint16_t> pixels(1, 40'000, 2);
        std::fill_n(pixels.data(), 80'000, std::uint16_t{65535});
        auto const made = assembled(pixels, {level}, overview_method::average, {}, 40'000, 2, random);
        CHECK(made[0](0, 0, 0) == 65535);
    }
}
