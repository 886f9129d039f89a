// SPDX-License-Identifier: BSL-1.0
// What the twin (twin.hpp) is given: an image and parameters, the arithmetic on its pixels, and its null pixels.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace twin {

/// An image: `pixels` is planar, (band, row, col). Only the selected bands are in it.
/// `null_value` is compared in the pixel's type: an integer type that cannot hold it has no such pixel, a
/// floating-point type rounds it first.
/// @pre Valid floating-point pixels are multiples of 2^-20 of magnitude < 2^20 (else std::invalid_argument).
template <typename T>
struct scene {
    int bands;
    int rows;
    int cols;
    std::vector<T> pixels;
    std::optional<double> null_value;
};

struct parameters {
    enum class limit { auto_percentile, none, number };

    std::vector<std::vector<double>> centres;  ///< one vector of `bands` values per cluster
    int min_segment_size = 50;                 ///< pixels
    int connectivity = 4;                      ///< 4 or 8
    limit limit_kind = limit::auto_percentile; ///< how max_spectral_diff is found
    double limit_value = 50.0;                 ///< auto_percentile: 0 to 100; number: pixel units; none: ignored
};

/// A pixel is known by its scan index, row * cols + col.
using scan_index = std::size_t;

/// A segment is known by its key, "the scan index of its first pixel", and keeps it for ever.
using segment_key = scan_index;

/// In place of a key: the pixel is null and has no segment; or the pixel has not been reached yet.
constexpr segment_key no_segment = std::numeric_limits<segment_key>::max();

// ---------------------------------------------------------------------------------------------------------------------
// Arithmetic

/// "No fused multiply-add": the product is rounded before anything can be added to it, whatever the compiler flags.
inline double exact_product(double a, double b)
{
    double const volatile product = a * b;
    return product;
}

/// Sums are exact: integers, or whole numbers of 2^-20 for floating-point pixels.
using exact_sum = std::int64_t;

constexpr double units_per_one = 1048576.0; // 2^20: times and divided by this is exact

template <typename T>
exact_sum to_units(T value)
{
    if constexpr (std::is_integral_v<T>) {
        return static_cast<exact_sum>(value);
    } else {
        double const units = static_cast<double>(value) * units_per_one;
        if (!(std::abs(units) < units_per_one * units_per_one) || units != std::trunc(units)) {
            throw std::invalid_argument("twin: a floating-point pixel is no multiple of 2^-20 of magnitude < 2^20");
        }
        return static_cast<exact_sum>(units);
    }
}

/// "Converted to double once": the only rounding is that of the conversion.
template <typename T>
double to_double(exact_sum sum)
{
    return std::is_integral_v<T> ? static_cast<double>(sum) : static_cast<double>(sum) / units_per_one;
}

// ---------------------------------------------------------------------------------------------------------------------
// The image

template <typename T>
std::size_t pixel_count(scene<T> const& image)
{
    return static_cast<std::size_t>(image.rows) * static_cast<std::size_t>(image.cols);
}

template <typename T>
T sample(scene<T> const& image, int band, scan_index pixel)
{
    return image.pixels[static_cast<std::size_t>(band) * pixel_count(image) + pixel];
}

template <typename T>
void check_input(scene<T> const& image, parameters const& params)
{
    if (image.bands < 1 || image.rows < 0 || image.cols < 0) {
        throw std::invalid_argument("twin: an image needs a band, and no size may be negative");
    }
    if (image.pixels.size() != static_cast<std::size_t>(image.bands) * pixel_count(image)) {
        throw std::invalid_argument("twin: the number of samples is not bands * rows * cols");
    }
    if (params.connectivity != 4 && params.connectivity != 8) {
        throw std::invalid_argument("twin: connectivity is neither 4 nor 8");
    }
    if (params.centres.empty()) {
        throw std::invalid_argument("twin: no cluster centres");
    }
    for (auto const& centre : params.centres) {
        if (centre.size() != static_cast<std::size_t>(image.bands)) {
            throw std::invalid_argument("twin: a cluster centre does not have one value per band");
        }
    }
}

/// The neighbours of every pixel, "in scan order too (4-connected: up, left, right, down; 8-connected: the ring of 8,
/// row by row)".
inline std::vector<std::vector<scan_index>> neighbours_of_pixels(int rows, int cols, int connectivity)
{
    std::vector<std::vector<scan_index>> neighbours;
    for (int row = 0; row < rows; ++row) {
        for (int col = 0; col < cols; ++col) {
            std::vector<scan_index> met;
            for (int r = row - 1; r <= row + 1; ++r) {
                for (int c = col - 1; c <= col + 1; ++c) {
                    bool const inside = r >= 0 && r < rows && c >= 0 && c < cols;
                    bool const itself = r == row && c == col;
                    bool const diagonal = r != row && c != col;
                    if (inside && !itself && (connectivity == 8 || !diagonal)) {
                        met.push_back(static_cast<scan_index>(r) * static_cast<scan_index>(cols) +
                                      static_cast<scan_index>(c));
                    }
                }
            }
            neighbours.push_back(std::move(met));
        }
    }
    return neighbours;
}

using neighbour_lists = std::vector<std::vector<scan_index>>;

// ---------------------------------------------------------------------------------------------------------------------
// Step 1. Null

/// "Compared in the pixel's type": the null value in that type, or nothing.
template <typename T>
std::optional<T> null_value_in_pixel_type(std::optional<double> null_value)
{
    if (!null_value) return std::nullopt;
    if constexpr (std::is_integral_v<T>) {
        bool const in_range = *null_value >= static_cast<double>(std::numeric_limits<T>::min()) &&
                              *null_value <= static_cast<double>(std::numeric_limits<T>::max());
        if (!in_range || *null_value != std::trunc(*null_value)) return std::nullopt;
    }
    return static_cast<T>(*null_value);
}

/// "A pixel is null when any selected band holds the null value or is not finite."
template <typename T>
std::vector<bool> find_null_pixels(scene<T> const& image)
{
    auto const null_value = null_value_in_pixel_type<T>(image.null_value);
    std::vector<bool> is_null(pixel_count(image), false);
    for (scan_index pixel = 0; pixel < pixel_count(image); ++pixel) {
        for (int band = 0; band < image.bands; ++band) {
            T const value = sample(image, band, pixel);
            if (null_value && value == *null_value) is_null[pixel] = true;
            if (!std::isfinite(static_cast<double>(value))) is_null[pixel] = true;
        }
    }
    return is_null;
}

} // namespace twin
