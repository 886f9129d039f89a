// SPDX-License-Identifier: BSL-1.0
// Small random images, with parameters, for comparison with the twin (twin.hpp). They are made to be hard: few
// different spectra, so that ties are everywhere, centres at equal distances, limits that are exactly a distance, values
// at the ends of the pixel type, nulls of every kind.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "random_numbers.hpp"
#include "twin.hpp"

namespace test {

template <typename T>
struct random_scene {
    twin::scene<T> scene;
    twin::parameters parameters;
};

namespace detail {

/// Values that the pixels of one image take: few or many, small, negative, in between or extreme.
template <std::integral T>
std::vector<T> random_values(random_numbers& random, std::size_t count)
{
    using limits = std::numeric_limits<T>;
    std::vector<T> values;
    switch (random.below(5)) {
    case 0: // 0, 1, 2, …
        for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<T>(i % 100));
        break;
    case 1: // around zero, or around the middle of an unsigned type
        for (std::size_t i = 0; i < count; ++i) {
            auto const middle = std::signed_integral<T> ? 0 : static_cast<std::int64_t>(limits::max() / 2);
            values.push_back(static_cast<T>(middle + random.between(-9, 9)));
        }
        break;
    case 2: // both ends of the type
        for (std::size_t i = 0; i < count; ++i) {
            auto const step = random.below<T>(3);
            values.push_back(static_cast<T>(random.one_in(2) ? limits::max() - step : limits::min() + step));
        }
        break;
    case 3: // the upper end
        for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<T>(limits::max() - random.below<T>(9)));
        break;
    default: // anything
        for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<T>(random.bits()));
    }
    return values;
}

/// As above; multiples of 2^-20 below 2^20, as the twin demands.
template <std::floating_point T>
std::vector<T> random_values(random_numbers& random, std::size_t count)
{
    constexpr int digits = std::same_as<T, float> ? 24 : 40;
    auto const kind = random.below(4);
    std::vector<T> values;
    for (std::size_t i = 0; i < count; ++i) {
        auto const whole = std::int64_t{1} << digits;
        auto const any = random.between(1 - whole, whole - 1);
        if (kind == 0) values.push_back(static_cast<T>(random.between(-4, 4)) / 4);
        else if (kind == 1) values.push_back(static_cast<T>(random.between(0, 9)));
        else if (kind == 2) values.push_back(static_cast<T>(any) / static_cast<T>(1 << 20)); // all bits
        else values.push_back((random.one_in(2) ? T{1} : T{-1}) * static_cast<T>((1 << 20) - 1 - random.between(0, 3)));
    }
    return values;
}

/// What stands in the raster's metadata as null, and what stands in the pixels.
template <typename T>
struct null_choice {
    std::optional<double> value;
    std::vector<T> pixels; ///< to sprinkle; empty for none
};

template <typename T>
null_choice<T> random_null(random_numbers& random, std::vector<T> const& values)
{
    using limits = std::numeric_limits<T>;
    null_choice<T> result;
    if constexpr (std::floating_point<T>) {
        if (random.one_in(2)) result.pixels = {limits::quiet_NaN(), limits::infinity(), -limits::infinity()};
    }
    switch (random.below(6)) {
    case 0: return result;
    case 1: // what pixels hold anyway
        result.value = static_cast<double>(random.pick(values));
        return result;
    case 2: // what no integer can hold, and few floats do
        result.value = random.pick<double>(
            {0.5, -0.5, 1e10, -1e10, 255.5, 1e300, -1e300, std::nan(""), std::numeric_limits<double>::infinity()});
        return result;
    case 3: // off by one from the ends
        result.value = random.pick<double>({-1, 256, -129, 128, 65536, 32768, -32769, 4294967296.0, -2147483649.0});
        return result;
    default:
        auto const null = random.pick<T>({T{0}, limits::max(), limits::lowest(), T{99}});
        result.value = static_cast<double>(null);
        result.pixels.push_back(null);
        return result;
    }
}

/// Which of `kinds` spectra each pixel has: noise, patches, stripes, checkerboards, slopes.
inline std::vector<std::size_t> random_pattern(random_numbers& random, int rows, int cols, std::size_t kinds)
{
    auto const shape = random.below(6);
    auto const patch = random.between(1, 5);
    auto const noise = random.pick<std::uint64_t>({3, 8, 30, 1000000});
    std::vector<std::size_t> coarse(static_cast<std::size_t>((rows + 1) * (cols + 1)));
    for (auto& kind : coarse) kind = random.below(kinds);
    std::vector<std::size_t> pattern;
    for (int row = 0; row < rows; ++row) {
        for (int col = 0; col < cols; ++col) {
            auto const any = random.below(kinds);
            auto const at = static_cast<std::size_t>(row / patch * cols + col / patch);
            std::size_t kind = any;
            if (shape == 1 || shape == 2) kind = coarse[at];
            else if (shape == 3) kind = static_cast<std::size_t>(row / patch) % kinds;
            else if (shape == 4) kind = static_cast<std::size_t>(row + col) % std::min<std::size_t>(2, kinds);
            else if (shape == 5) kind = static_cast<std::size_t>((row + 2 * col) / patch) % kinds;
            pattern.push_back(random.one_in(noise) ? any : kind);
        }
    }
    return pattern;
}

inline std::pair<int, int> random_size(random_numbers& random)
{
    switch (random.below(9)) {
    case 0: return {1, random.between(1, 40)};
    case 1: return {random.between(1, 40), 1};
    case 2:
    case 3:
    case 4: return {random.between(8, 30), random.between(8, 30)};
    default: return {random.between(1, 12), random.between(1, 12)};
    }
}

using spectrum = std::vector<double>;

/// Centres on the spectra themselves, on either side of one (a tie), twice in the same place, or anywhere.
inline std::vector<spectrum> random_centres(random_numbers& random, std::vector<spectrum> const& spectra)
{
    auto const mode = random.below(4);
    std::vector<spectrum> centres;
    if (mode == 0) centres = spectra;
    auto const count = random.one_in(12) ? 1 : random.between<std::size_t>(2, 12);
    while (centres.size() < count) {
        auto centre = random.pick(spectra);
        if (mode == 2 || (mode == 3 && random.one_in(2))) {
            auto other = centre;
            auto const band = random.below(centre.size());
            auto const step = random.pick<double>({0, 0.5, 1, 3, 1000});
            centre[band] += step;
            other[band] -= step;
            centres.push_back(other);
        } else if (mode == 3) {
            auto const other = random.pick(spectra);
            for (std::size_t band = 0; band < centre.size(); ++band) centre[band] = (centre[band] + other[band]) / 3;
        }
        centres.push_back(centre);
    }
    random.shuffle(centres);
    return centres;
}

inline void random_limit(random_numbers& random, std::vector<spectrum> const& spectra, twin::parameters& parameters)
{
    using limit = twin::parameters::limit;
    switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
    case 3: parameters.limit_kind = limit::none; return;
    case 4:
    case 5:
        parameters.limit_kind = limit::auto_percentile;
        parameters.limit_value = random.pick<double>({0, 0.1, 10, 37.5, 50, 50, 99, 100, 100 * random.unit()});
        return;
    default: // a number; often exactly the distance of two spectra that differ in one band
        parameters.limit_kind = limit::number;
        parameters.limit_value = random.one_in(2)
                                     ? std::abs(random.pick(spectra).front() - random.pick(spectra).front())
                                     : random.pick<double>({0, 0.25, 1, 1.5, 2, 100, 1e5});
    }
}

} // namespace detail

/// The next image and its parameters.
template <typename T>
random_scene<T> make_random_scene(random_numbers& random)
{
    auto const [rows, cols] = detail::random_size(random);
    int const bands = random.one_in(2) ? random.between(1, 2) : random.between(1, 10);
    auto const values = detail::random_values<T>(random, random.one_in(3) ? 200 : random.between<std::size_t>(2, 5));
    auto const kinds = random.one_in(4) ? 100 : random.between<std::size_t>(2, 6);

    std::vector<std::vector<T>> spectra(kinds, std::vector<T>(static_cast<std::size_t>(bands)));
    std::vector<detail::spectrum> real_spectra;
    for (auto& spectrum : spectra) {
        for (auto& value : spectrum) value = random.pick(values);
        real_spectra.emplace_back(spectrum.begin(), spectrum.end());
    }
    auto const pattern = detail::random_pattern(random, rows, cols, kinds);
    auto const null = detail::random_null<T>(random, values);
    auto const null_density = random.pick<std::uint64_t>({1, 3, 8, 20, 50, 100});

    random_scene<T> result{.scene = {bands, rows, cols, {}, null.value}, .parameters = {}};
    auto& pixels = result.scene.pixels;
    for (int band = 0; band < bands; ++band) {
        for (auto const kind : pattern) pixels.push_back(spectra[kind][static_cast<std::size_t>(band)]);
    }
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        // A null in one band is enough.
        if (null.pixels.empty() || !random.one_in(null_density)) continue;
        pixels[random.below<std::size_t>(static_cast<std::size_t>(bands)) * pattern.size() + at] =
            random.pick(null.pixels);
    }

    result.parameters.centres = detail::random_centres(random, real_spectra);
    result.parameters.connectivity = random.one_in(2) ? 4 : 8;
    result.parameters.min_segment_size = random.between(1, 30);
    detail::random_limit(random, real_spectra, result.parameters);
    return result;
}

/// The image and its parameters, to be typed in again.
template <typename T>
std::string to_text(random_scene<T> const& scene)
{
    auto const& [image, parameters] = scene;
    std::ostringstream text;
    text.precision(std::numeric_limits<double>::max_digits10);
    text << image.bands << " bands, " << image.rows << " rows, " << image.cols << " cols, null value ";
    if (image.null_value) text << *image.null_value;
    else text << "none";
    text << ", connectivity " << parameters.connectivity << ", min_segment_size " << parameters.min_segment_size
         << ", limit kind " << static_cast<int>(parameters.limit_kind) << " value " << parameters.limit_value
         << "\npixels:";
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
        text << (i % static_cast<std::size_t>(image.cols) == 0 ? '\n' : ' ') << static_cast<double>(image.pixels[i]);
    }
    text << "\ncentres:";
    for (auto const& centre : parameters.centres) {
        text << '\n';
        for (auto const value : centre) text << value << ' ';
    }
    text << '\n';
    return text.str();
}

} // namespace test
