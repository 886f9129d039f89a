// SPDX-License-Identifier: BSL-1.0
// What the example programs around rios::apply compute, as loops over the whole image.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <rios/image.hpp>

namespace test {

using null_value = std::optional<double>;

template <typename T>
bool is_null(T pixel, null_value null)
{
    return !std::isfinite(static_cast<double>(pixel)) || (null && static_cast<double>(pixel) == *null);
}

template <typename T>
rios::image<float> whole_ndvi(rios::image<T> const& pixels, std::ptrdiff_t red, std::ptrdiff_t nir, null_value null)
{
    rios::image<float> result(1, pixels.rows(), pixels.cols());
    for (auto const [row, col] : pixels.pixels()) {
        auto const r = static_cast<double>(pixels(red, row, col));
        auto const n = static_cast<double>(pixels(nir, row, col));
        bool const none = is_null(r, null) || is_null(n, null) || r + n == 0;
        result(0, row, col) = none ? -9.0F : static_cast<float>((n - r) / (n + r));
    }
    return result;
}

template <typename T>
rios::image<float> whole_focal_mean(rios::image<T> const& pixels, std::ptrdiff_t size, null_value null)
{
    rios::image<float> result(pixels.bands(), pixels.rows(), pixels.cols());
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            double sum = 0;
            int count = 0;
            for (auto const [r, c] : pixels.pixels()) {
                if (std::abs(r - row) > size / 2 || std::abs(c - col) > size / 2) continue;
                if (is_null(pixels(band, r, c), null)) continue;
                sum += static_cast<double>(pixels(band, r, c));
                ++count;
            }
            result(band, row, col) = is_null(pixels(band, row, col), null) ? std::numeric_limits<float>::lowest()
                                                                           : static_cast<float>(sum / count);
        }
    }
    return result;
}

template <typename T, typename Out>
rios::image<Out> whole_median(std::vector<rios::image<T>> const& stack, std::vector<null_value> const& nulls)
{
    rios::image<Out> result(stack[0].bands(), stack[0].rows(), stack[0].cols());
    for (std::ptrdiff_t band = 0; band < result.bands(); ++band) {
        for (auto const [row, col] : result.pixels()) {
            std::vector<double> sorted;
            for (std::size_t i = 0; i < stack.size(); ++i) {
                auto const pixel = stack[i](band, row, col);
                if (!is_null(pixel, nulls[i])) sorted.push_back(static_cast<double>(pixel));
            }
            std::sort(sorted.begin(), sorted.end());
            auto const n = sorted.size();
            result(band, row, col) = n == 0 ? std::numeric_limits<Out>::lowest()
                                            : static_cast<Out>((sorted[(n - 1) / 2] + sorted[n / 2]) / 2);
        }
    }
    return result;
}

template <typename T>
std::string whole_mean(rios::image<T> const& pixels, null_value null)
{
    std::string result;
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        long double sum = 0;
        unsigned long long count = 0;
        for (auto const [row, col] : pixels.pixels()) {
            if (is_null(pixels(band, row, col), null)) continue;
            sum += static_cast<long double>(pixels(band, row, col));
            ++count;
        }
        char line[100];
        std::snprintf(line, sizeof line, "band %d: %llu pixels, mean %.12g\n", static_cast<int>(band + 1), count,
                      static_cast<double>(sum / static_cast<long double>(count)));
        result += line;
    }
    return result;
}

template <typename T>
std::string whole_masked_mean(rios::image<T> const& pixels, rios::image<std::uint8_t> const& mask, null_value null)
{
    auto inside = pixels;
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        for (auto const [row, col] : mask.pixels()) {
            if (mask(0, row, col) == 0) inside(band, row, col) = static_cast<T>(null.value());
        }
    }
    auto const count = std::count(mask.data(), mask.data() + mask.pixel_count(), 1);
    return "inside: " + std::to_string(count) + " pixels\n" + whole_mean(inside, null);
}

} // namespace test
