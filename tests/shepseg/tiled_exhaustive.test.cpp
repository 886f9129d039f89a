// SPDX-License-Identifier: BSL-1.0
// Every small image, cut into tiles of every size, against the same in one tile, which exhaustive.test.cpp compares with
// the twin. Where there are too many images, every n-th is looked at; with the environment variable SHEPSEG_EXHAUSTIVE=1
// all are (days, for the largest). Several test cases, so that CTest can run them side by side.
#include <shepseg/segment.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/sanitizers.hpp"
#include "support/shuffled_executor.hpp"

namespace {

/// What is done with every image of a family.
struct plan {
    shepseg::connectivity neighbours = shepseg::connectivity::four;
    std::int64_t min_segment_size = 4;
    shepseg::spectral_limit limit = shepseg::no_limit{};
    std::optional<double> null_value = std::nullopt;
};

/// All images of one size whose pixels are 0 to values - 1, or every n-th of them.
struct family {
    std::ptrdiff_t rows;
    std::ptrdiff_t cols;
    std::uint64_t values = 3;
    std::uint64_t step = 1;
};

std::string to_text(rios::image<std::uint8_t> const& image, shepseg::options const& options)
{
    std::ostringstream text;
    text << "tile_size " << options.tile_size << ", halo " << options.halo << ", connectivity "
         << static_cast<int>(options.neighbours) << ", min_segment_size " << options.min_segment_size << ", pixels";
    for (auto const [row, col] : image.pixels()) text << (col == 0 ? "\n" : " ") << int{image(0, row, col)};
    return text.str();
}

bool all_are_asked_for()
{
    auto const* const all = std::getenv("SHEPSEG_EXHAUSTIVE");
    return all != nullptr && std::string(all) == "1";
}

/// Compares the images of a family in tiles of every size with those in one tile; returns how many images. Stops at the
/// first that differs.
std::uint64_t compare_all(family const& images, plan const& how)
{
    std::vector<std::vector<double>> centres;
    for (std::uint64_t value = 0; value < images.values; ++value) centres.push_back({static_cast<double>(value)});
    shepseg::options options;
    options.model = {.bands = {1}, .null_value = {}, .centres = shepseg::cluster_centres(centres)};
    options.min_segment_size = how.min_segment_size;
    options.max_spectral_diff = how.limit;
    options.neighbours = how.neighbours;
    options.null_value = how.null_value;

    rios::image<std::uint8_t> image(1, images.rows, images.cols);
    std::uint64_t count = 1;
    for (auto left = image.pixel_count(); left > 0; --left) count *= images.values;
    auto const step = all_are_asked_for() ? 1 : images.step * (test::sanitized ? 97 : 1);
    auto const largest_tile = std::max(images.rows, images.cols);
    test::shuffled_executor executor(1); // each image in another order of tiles
    std::uint64_t compared = 0;
    for (std::uint64_t number = 0; number < count; number += step) {
        auto digits = number;
        for (auto const [row, col] : image.pixels()) {
            image(0, row, col) = static_cast<std::uint8_t>(digits % images.values);
            digits /= images.values;
        }
        options.tile_size = largest_tile;
        auto const expected = shepseg::segment(image, options);
        for (options.tile_size = 1; options.tile_size < largest_tile; ++options.tile_size) {
            for (options.halo = 2; options.halo <= 3; ++options.halo) {
                auto const actual = shepseg::segment(image.view(), options, executor);
                if (actual.labels == expected.labels && actual.counts == expected.counts) continue;
                FAIL("image " << number << ": " << to_text(image, options));
            }
        }
        ++compared;
    }
    return compared;
}

std::uint64_t compare_all(std::vector<family> const& families, plan const& how)
{
    std::uint64_t compared = 0;
    for (auto const& each : families) compared += compare_all(each, how);
    return compared;
}

/// All sizes of at most `pixels` pixels, of two rows and columns or more.
std::vector<family> sizes_up_to(std::ptrdiff_t pixels, std::uint64_t values)
{
    std::vector<family> sizes;
    for (std::ptrdiff_t rows = 2; rows <= pixels; ++rows) {
        for (std::ptrdiff_t cols = 2; rows * cols <= pixels; ++cols) {
            sizes.push_back({.rows = rows, .cols = cols, .values = values});
        }
    }
    return sizes;
}

/// How many images a test must have compared.
constexpr std::uint64_t enough = test::sanitized ? 10 : 1000;

// The limit of 1 is exactly the distance of neighbouring values.
constexpr auto eight_neighbours = shepseg::connectivity::eight;
plan const four{};
plan const eight{.neighbours = eight_neighbours};
plan const four_limited{.min_segment_size = 5, .limit = 1.0};
plan const eight_limited{.neighbours = eight_neighbours, .min_segment_size = 5, .limit = 1.0};
plan const four_null{.null_value = 0};
plan const eight_null{.neighbours = eight_neighbours, .null_value = 0};

} // namespace

// In one row or column, 8-connected is 4-connected.
TEST_CASE("one row of up to 12 pixels and 3 values in tiles of every size")
{
    std::vector<family> rows;
    for (std::ptrdiff_t cols = 2; cols <= 8; ++cols) rows.push_back({.rows = 1, .cols = cols});
    rows.push_back({.rows = 1, .cols = 10, .step = 19});
    rows.push_back({.rows = 1, .cols = 12, .step = 331});
    CHECK(compare_all(rows, four) > enough);
    CHECK(compare_all({.rows = 1, .cols = 12, .step = 337}, four_limited) > enough);
    CHECK(compare_all({.rows = 12, .cols = 1, .step = 347}, four_null) > enough);
}

TEST_CASE("every image of up to 9 pixels and 3 values in tiles of every size, 4-connected")
{
    CHECK(compare_all(sizes_up_to(9, 3), four) > enough);
}

TEST_CASE("every image of up to 9 pixels and 3 values in tiles of every size, 8-connected")
{
    CHECK(compare_all(sizes_up_to(9, 3), eight) > enough);
}

TEST_CASE("images of 3 × 4 and 4 × 3 pixels and 3 values in tiles of every size")
{
    for (auto const& how : {four, eight, four_limited, eight_limited, four_null, eight_null}) {
        CHECK(compare_all({{.rows = 3, .cols = 4, .step = 211}, {.rows = 4, .cols = 3, .step = 223}}, how) > enough);
    }
}

TEST_CASE("images of 4 × 4 pixels and 2 values in tiles of every size")
{
    for (auto const& how : {four, eight}) {
        CHECK(compare_all({.rows = 4, .cols = 4, .values = 2, .step = 17}, how) > enough);
    }
}

// 8-connected, four values are what it takes for no two neighbours to be equal.
TEST_CASE("images of 4 × 4, 4 × 5 and 2 × 7 pixels and 3 to 5 values in tiles of every size")
{
    for (auto const& how : {four, eight, four_limited, eight_limited, four_null, eight_null}) {
        CHECK(compare_all({{.rows = 4, .cols = 4, .step = 50'021},
                           {.rows = 4, .cols = 5, .step = 7'000'003},
                           {.rows = 4, .cols = 4, .values = 4, .step = 7'000'003},
                           {.rows = 2, .cols = 7, .values = 5, .step = 9'000'011}},
                          how) > enough);
    }
}
