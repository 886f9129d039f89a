// SPDX-License-Identifier: BSL-1.0
// Running the example programs, and files for them. For the tests that are compiled with RIOS_EXAMPLE_DIR.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <gdal_priv.h>

#include <rios/image.hpp>

#include "example_twins.hpp"
#include "process.hpp"
#include "random_numbers.hpp"
#include "raster_files.hpp"
#include "segment_tool.hpp"
#include "temporary_directory.hpp"

namespace test::examples {

using rios::image;

inline constexpr float lowest = std::numeric_limits<float>::lowest();
inline constexpr float no_number = std::numeric_limits<float>::quiet_NaN();
inline constexpr float infinity = std::numeric_limits<float>::infinity();

inline process_result example(strings const& command)
{
    auto program = command;
    program[0] = std::string(RIOS_EXAMPLE_DIR) + '/' + command[0];
    return run(program);
}

/// Runs an example, which must succeed. @returns what it prints
inline std::string printed(strings const& command)
{
    auto const result = example(command);
    std::string line;
    for (auto const& word : command) line += word + ' ';
    INFO(line, ": ", result.text());
    REQUIRE(result.status == 0);
    CHECK(result.err.empty());
    return result.out;
}

/// Runs an example, which must fail with one line that contains `says`, and leave the folder as it is.
inline void refuses(temporary_directory const& folder, strings const& command, int status, strings const& says)
{
    auto const before = contents_of(folder.path());
    auto const result = example(command);
    std::string line;
    for (auto const& word : command) line += word + ' ';
    INFO(line, ": ", result.text());
    CHECK(result.status == status);
    CHECK(result.out.empty());
    CHECK(result.err.starts_with(command[0] + ": error: "));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    for (auto const& part : says) CHECK_MESSAGE(contains(result.err, part), "does not say: ", part);
    CHECK(difference(before, contents_of(folder.path())) == "");
}

/// All the ways in which a pipeline can run.
inline std::vector<strings> ways()
{
    std::vector<strings> result{{}, {"--window", "1"}};
    for (auto const* const window : {"5", "256"}) {
        for (auto const& executor :
             std::vector<strings>{{"--executor", "inline"},
                                  {"--executor", "read-ahead", "--readers", "2"},
                                  {"--executor", "threads", "--readers", "0", "--workers", "3"},
                                  {"--executor", "threads", "--readers", "2", "--workers", "2"},
                                  {"--executor", "subprocess", "--readers", "1", "--workers", "2"}}) {
            result.push_back(with({"--window", window}, executor));
        }
    }
    return result;
}

template <typename T>
image<T> from(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<T> const& values)
{
    image<T> result(bands, rows, cols);
    REQUIRE(static_cast<std::ptrdiff_t>(values.size()) == bands * rows * cols);
    std::copy(values.begin(), values.end(), result.data());
    return result;
}

inline constexpr std::array<double, 6> place{500000, 10, 0, 6900000, 0, -20};

template <typename T>
void make_file(std::string const& path, image<T> const& pixels, null_value null = {})
{
    make_raster(path, "GTiff", pixels);
    auto const file = open_raster(path, GDAL_OF_UPDATE);
    auto geotransform = place;
    REQUIRE(file->SetGeoTransform(geotransform.data()) == CE_None);
    for (int band = 1; null && band <= file->GetRasterCount(); ++band) {
        REQUIRE(file->GetRasterBand(band)->SetNoDataValue(*null) == CE_None);
    }
}

/// Few values, so that nulls (0), equal values and sums of 0 are frequent; with floats, a few that are no numbers.
template <typename T>
image<T> values(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, std::uint64_t seed)
{
    image<T> pixels(bands, rows, cols);
    random_numbers random(seed);
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            auto const value = random.below(6) * 50;
            pixels(band, row, col) = static_cast<T>(value);
            if constexpr (std::is_floating_point_v<T>) {
                pixels(band, row, col) += static_cast<T>(random.unit()) * static_cast<T>(value != 0);
                if (random.one_in(20)) pixels(band, row, col) = random.one_in(2) ? no_number : -infinity;
            }
        }
    }
    return pixels;
}

/// Bit for bit.
template <typename T>
void check_equal(image<T> const& found, image<T> const& expected)
{
    REQUIRE(found.bands() == expected.bands());
    REQUIRE(found.rows() == expected.rows());
    REQUIRE(found.cols() == expected.cols());
    for (std::ptrdiff_t band = 0; band < found.bands(); ++band) {
        for (auto const [row, col] : found.pixels()) {
            auto const is = found(band, row, col);
            auto const must_be = expected(band, row, col);
            if (is == must_be) continue;
            FAIL("band ", band, ", row ", row, ", col ", col, ": ", is, " instead of ", must_be);
        }
    }
}

template <typename T>
void check_file(std::string const& path, image<T> const& expected, double null)
{
    check_equal(read_pixels<T>(path), expected);
    auto const file = open_raster(path);
    std::array<double, 6> geotransform{};
    CHECK(file->GetGeoTransform(geotransform.data()) == CE_None);
    CHECK(geotransform == place);
    for (int band = 1; band <= file->GetRasterCount(); ++band) {
        CHECK(file->GetRasterBand(band)->GetRasterDataType() == raw_type<T>());
        CHECK(file->GetRasterBand(band)->GetNoDataValue() == null);
    }
}

} // namespace test::examples
