// SPDX-License-Identifier: BSL-1.0
// Every small image against the twin. Where there are too many images, every n-th is looked at; with the environment
// variable SHEPSEG_EXHAUSTIVE=1 all are (hours, for the largest). Several test cases, so that CTest can run them side by
// side.
#include <shepseg/segment.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/sanitizers.hpp"
#include "support/twin.hpp"
#include "support/twin_check.hpp"

namespace {

using limit = twin::parameters::limit;

/// What is done with every image of a test case.
struct plan {
    int connectivity = 4;
    int min_segment_size = 4;
    limit limit_kind = limit::none;
    double limit_value = 0;
};

/// The twin, step by step, with what does not depend on the pixels kept from image to image.
class quick_twin {
  public:
    quick_twin(int rows, int cols, twin::parameters parameters)
        : parameters_(std::move(parameters)), max_spectral_diff_(twin::find_max_spectral_diff(parameters_)),
          neighbours_(twin::neighbours_of_pixels(rows, cols, parameters_.connectivity))
    {
    }

    [[nodiscard]] twin::result segment(twin::scene<std::uint8_t> const& image) const
    {
        auto const is_null = twin::find_null_pixels(image);
        auto const clusters = twin::assign_clusters(image, is_null, parameters_.centres);
        auto const clumps = twin::find_clumps(clusters, neighbours_);
        auto const without_singles = twin::eliminate_single_pixels(image, neighbours_, clumps);
        auto const segments = twin::eliminate_small_segments(image, neighbours_, without_singles,
                                                             parameters_.min_segment_size, max_spectral_diff_);
        twin::result answer{};
        answer.labels = twin::number_segments(segments);
        answer.clumps = twin::count_segments(clumps);
        answer.single_pixels_eliminated = answer.clumps - twin::count_segments(without_singles);
        answer.segments = twin::count_segments(segments);
        answer.small_segments_eliminated = answer.clumps - answer.single_pixels_eliminated - answer.segments;
        answer.null_pixels = static_cast<std::uint64_t>(std::count(is_null.begin(), is_null.end(), true));
        answer.max_spectral_diff = max_spectral_diff_;
        return answer;
    }

  private:
    twin::parameters parameters_;
    double max_spectral_diff_;
    twin::neighbour_lists neighbours_;
};

std::uint64_t power(std::uint64_t base, int exponent)
{
    std::uint64_t result = 1;
    for (; exponent > 0; --exponent) result *= base;
    return result;
}

std::string to_text(twin::scene<std::uint8_t> const& image, plan const& how)
{
    std::ostringstream text;
    text << "connectivity " << how.connectivity << ", min_segment_size " << how.min_segment_size << ", limit kind "
         << static_cast<int>(how.limit_kind) << " value " << how.limit_value << ", pixels";
    for (std::size_t at = 0; at < image.pixels.size(); ++at) {
        text << (at % static_cast<std::size_t>(image.cols) == 0 ? "\n" : " ") << int{image.pixels[at]};
    }
    return text.str();
}

/// Compares the images of one size whose pixels are 0 to values - 1, every `step`-th of them; returns how many. Stops
/// at the first that differs.
std::uint64_t compare_all(int rows, int cols, int values, std::uint64_t step, plan const& how)
{
    twin::parameters parameters;
    for (int value = 0; value < values; ++value) parameters.centres.push_back({static_cast<double>(value)});
    parameters.connectivity = how.connectivity;
    parameters.min_segment_size = how.min_segment_size;
    parameters.limit_kind = how.limit_kind;
    parameters.limit_value = how.limit_value;
    quick_twin const oracle(rows, cols, parameters);
    auto const options = test::options_of(parameters, {});

    twin::scene<std::uint8_t> image{
        1, rows, cols, std::vector<std::uint8_t>(static_cast<std::size_t>(rows * cols)), {}};
    auto const images = power(static_cast<std::uint64_t>(values), rows * cols);
    std::uint64_t compared = 0;
    for (std::uint64_t number = 0; number < images; number += step) {
        auto digits = number;
        for (auto& pixel : image.pixels) {
            pixel = static_cast<std::uint8_t>(digits % static_cast<std::uint64_t>(values));
            digits /= static_cast<std::uint64_t>(values);
        }
        auto const expected = oracle.segment(image);
        auto const actual = shepseg::segment(test::view_of(image), options);
        if (!std::equal(expected.labels.begin(), expected.labels.end(), actual.labels.data()) ||
            expected.clumps != actual.counts.clumps || expected.segments != actual.counts.segments ||
            expected.single_pixels_eliminated != actual.counts.single_pixels_eliminated) {
            FAIL("image " << number << " of " << rows << " × " << cols << ": " << test::difference(expected, actual)
                          << to_text(image, how));
        }
        ++compared;
    }
    return compared;
}

/// n, or 1 where all images are asked for. Greater under a sanitizer.
std::uint64_t every(std::uint64_t n)
{
    auto const* const all = std::getenv("SHEPSEG_EXHAUSTIVE");
    if (all != nullptr && std::string(all) == "1") return 1;
    return test::sanitized ? 97 * n : n;
}

std::uint64_t compare_all(std::vector<std::pair<int, int>> const& sizes, plan const& how)
{
    std::uint64_t compared = 0;
    for (auto const& [rows, cols] : sizes) compared += compare_all(rows, cols, 3, every(1), how);
    return compared;
}

/// All sizes of at most `pixels` pixels; only those of two rows and columns or more if `two_dimensional`.
std::vector<std::pair<int, int>> sizes_up_to(int pixels, bool two_dimensional)
{
    std::vector<std::pair<int, int>> sizes;
    for (int rows = two_dimensional ? 2 : 1; rows <= pixels; ++rows) {
        for (int cols = two_dimensional ? 2 : 1; rows * cols <= pixels; ++cols) sizes.emplace_back(rows, cols);
    }
    return sizes;
}

// In one row or column, 8-connected is 4-connected. The limit of 1 is exactly the distance of neighbouring values.
constexpr plan four{.connectivity = 4, .min_segment_size = 4, .limit_kind = limit::none, .limit_value = 0};
constexpr plan eight{.connectivity = 8, .min_segment_size = 4, .limit_kind = limit::none, .limit_value = 0};
constexpr plan four_limited{.connectivity = 4, .min_segment_size = 5, .limit_kind = limit::number, .limit_value = 1};
constexpr plan eight_limited{.connectivity = 8, .min_segment_size = 5, .limit_kind = limit::number, .limit_value = 1};

} // namespace

TEST_CASE("every image of up to 11 pixels and 3 values, 4-connected")
{
    CHECK(compare_all(sizes_up_to(11, false), four) > 1000);
}

TEST_CASE("every image of up to 11 pixels and 3 values, 8-connected")
{
    CHECK(compare_all(sizes_up_to(11, true), eight) > 1000);
}

TEST_CASE("every image of up to 10 pixels and 3 values, 4- and 8-connected under a limit")
{
    CHECK(compare_all(sizes_up_to(10, false), four_limited) > 1000);
    CHECK(compare_all(sizes_up_to(10, true), eight_limited) > 1000);
}

TEST_CASE("every row and column of 12 pixels and 3 values, without a limit and under one")
{
    CHECK(compare_all({{1, 12}}, four) > 1000);
    CHECK(compare_all({{12, 1}}, four_limited) > 1000);
}

TEST_CASE("every image of 2 × 6 and 6 × 2 pixels and 3 values, 4-connected")
{
    CHECK(compare_all({{2, 6}, {6, 2}}, four) > 1000);
}

TEST_CASE("every image of 2 × 6 and 6 × 2 pixels and 3 values, 8-connected")
{
    CHECK(compare_all({{2, 6}, {6, 2}}, eight) > 1000);
}

TEST_CASE("every image of 3 × 4 and 4 × 3 pixels and 3 values, 4-connected")
{
    CHECK(compare_all({{3, 4}, {4, 3}}, four) > 1000);
}

TEST_CASE("every image of 3 × 4 and 4 × 3 pixels and 3 values, 8-connected")
{
    CHECK(compare_all({{3, 4}, {4, 3}}, eight) > 1000);
}

TEST_CASE("every image of 3 × 4 and 4 × 3 pixels and 3 values, 4- and 8-connected under a limit")
{
    CHECK(compare_all({{3, 4}}, four_limited) > 1000);
    CHECK(compare_all({{4, 3}}, eight_limited) > 1000);
}

TEST_CASE("every image of 4 × 5 pixels and 2 values, 4-connected")
{
    CHECK(compare_all(4, 5, 2, every(1), {.connectivity = 4, .min_segment_size = 6}) > 1000);
}

TEST_CASE("every image of 4 × 5 pixels and 2 values, 8-connected")
{
    CHECK(compare_all(4, 5, 2, every(1), {.connectivity = 8, .min_segment_size = 6}) > 1000);
}

TEST_CASE("every n-th image of 4 × 5 pixels and 3 values, 4-connected")
{
    CHECK(compare_all(4, 5, 3, every(8719), {.connectivity = 4, .min_segment_size = 6}) > 1000);
}

TEST_CASE("every n-th image of 4 × 5 pixels and 3 values, 8-connected")
{
    CHECK(compare_all(4, 5, 3, every(8713), {.connectivity = 8, .min_segment_size = 6}) > 1000);
}
