// SPDX-License-Identifier: BSL-1.0
// Tiles, executors and the order in which tiles come must not show in the labels. Scenes that are hard on seams, cut in
// many ways, against the twin; where that is too slow, or cannot add up the pixels, against the segmentation in one tile.
#include <shepseg/tiled.hpp>

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

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/block.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>
#include <shepseg/clusters.hpp>
#include <shepseg/segment.hpp>
#include <shepseg/single_pixels.hpp>
#include <shepseg/spectral_difference.hpp>

#include "support/hard_scene.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/random_scene.hpp"
#include "support/sanitizers.hpp"
#include "support/tiled_ways.hpp"
#include "support/twin.hpp"
#include "support/twin_check.hpp"

using rios::image;
using test::every_executor;
using test::in_one_tile;
using test::kind_map;
using test::make_checkerboard;
using test::make_hard_scene;
using test::one_tile;
using test::options_of;
using test::random_numbers;
using test::random_scene;
using test::random_way;
using test::seed_of;
using test::segment_by_phases;
using test::segment_in;
using test::unequal_kind;
using test::view_of;
using test::way;
using limit = twin::parameters::limit;

namespace {

constexpr int scenes_of_each_type = test::sanitized ? 12 : 400;

/// Rounds of joining single pixels that the raster takes.
template <typename T>
std::size_t rounds_of(random_scene<T> const& scene)
{
    auto const pixels = view_of(scene.scene);
    auto const clusters =
        shepseg::assign_clusters<T>(pixels, scene.scene.null_value, shepseg::cluster_centres(scene.parameters.centres));
    return shepseg::join_single_pixels<T>(pixels, clusters.view(),
                                          static_cast<shepseg::connectivity>(scene.parameters.connectivity),
                                          std::numeric_limits<std::size_t>::max())
        .rounds;
}

/// Compares some ways to segment a scene with what is expected; fails with all that is needed to do it again.
template <typename T>
void compare(random_scene<T> const& scene, twin::result const& expected, std::vector<way> const& ways,
             every_executor& executors)
{
    auto const options = options_of(scene.parameters, scene.scene.null_value);
    for (auto const& how : ways) {
        std::string wrong;
        auto const actual = segment_in<T>(how, view_of(scene.scene), options, executors, wrong);
        wrong += test::difference(expected, actual);
        if (wrong.empty()) continue;
        auto const text = scene.scene.pixels.size() < 5000 ? test::to_text(scene) : std::string("a large scene");
        FAIL(how.text() << wrong << text);
    }
}

} // namespace

// ---------------------------------------------------------------------------------------------------------------------
// Against the twin

TEST_CASE_TEMPLATE_DEFINE("labels and counts are the twin's for random tiles, halos and executors", T, random_tiles)
{
    random_numbers random(seed_of<T>(31));
    every_executor executors;
    int late = 0;
    for (int i = 0; i < scenes_of_each_type; ++i) {
        random_scene<T> scene;
        if (i % 3 == 0) scene = test::make_random_scene<T>(random);
        else {
            auto const [rows, cols] = random_size(random);
            scene = make_hard_scene<T>(random, rows, cols);
        }
        auto const expected = twin::segment(scene.scene, scene.parameters);
        auto const rounds = static_cast<std::ptrdiff_t>(rounds_of(scene));
        std::vector<way> ways;
        for (int j = 0; j < 6; ++j) {
            ways.push_back(random_way(random, scene.scene.rows, scene.scene.cols, 60'000));
            late += ways.back().tile_size < std::max(scene.scene.rows, scene.scene.cols) && ways.back().halo <= rounds;
        }
        compare(scene, expected, ways, executors);
    }
    // Often there was something to do that no tile could.
    CHECK(late > scenes_of_each_type / 4);
    CHECK(executors.steps_through_bytes() > 0);
}
TEST_CASE_TEMPLATE_APPLY(random_tiles, test::pixel_types);

TEST_CASE("labels and counts are the twin's for every tile size, halo and executor")
{
    random_numbers random(32);
    every_executor executors;
    std::vector<way> ways;
    for (std::ptrdiff_t const tile_size : {1, 2, 3, 7, 37, 64, 16384}) {
        for (std::ptrdiff_t const halo : {2, 3, 5, 16}) {
            for (std::size_t executor = 0; executor < every_executor::count; ++executor) {
                ways.push_back({tile_size, halo, executor, random.below<std::uint64_t>(1000)});
            }
        }
    }
    for (int i = 0; i < (test::sanitized ? 1 : 8); ++i) {
        auto scene = make_hard_scene<std::uint16_t>(random, random.between(8, 14), random.between(8, 14));
        for (int const connectivity : {4, 8}) {
            scene.parameters.connectivity = connectivity;
            compare(scene, twin::segment(scene.scene, scene.parameters), ways, executors);
        }
    }
    auto const larger = make_hard_scene<std::int16_t>(random, 45, 80);
    std::erase_if(ways, [](way const& how) { return how.tile_size < 7; });
    compare(larger, twin::segment(larger.scene, larger.parameters), ways, executors);
}

TEST_CASE("every checkerboard without a larger clump, or with one in the far corner, has the twin's labels")
{
    every_executor executors;
    for (auto const& [kinds, connectivity] : {std::pair{2U, 4}, {3U, 4}, {5U, 4}, {4U, 8}, {5U, 8}, {2U, 8}}) {
        for (bool const clump : {false, true}) {
            auto scene = make_checkerboard(23, 31, kinds, connectivity);
            if (!clump) { // the pixel in the corner gets its own kind back
                auto& pixels = scene.scene.pixels;
                pixels[23 * 31 - 1] = static_cast<std::uint8_t>(10 * unequal_kind(kinds, 22, 30));
            }
            auto const expected = twin::segment(scene.scene, scene.parameters);
            if (connectivity == 4 || kinds > 2) CHECK(expected.segments == (clump ? 1 : 23 * 31));
            std::vector<way> ways;
            for (std::ptrdiff_t const tile_size : {3, 7, 16}) {
                for (std::ptrdiff_t const halo : {2, 5, 16}) {
                    for (std::size_t const executor : {2U, 4U, 5U}) ways.push_back({tile_size, halo, executor, 7});
                }
            }
            compare(scene, expected, ways, executors);
        }
    }
}

TEST_CASE("segments that grew late, and are small all the same, merge as the twin's do")
{
    // Clumps of two pixels strewn over a checkerboard of few values: ties of pixels and of means wherever waves of joining
    // pixels meet. In half of the scenes the values are those of the kinds, in half there are only two.
    random_numbers random(37);
    every_executor executors;
    std::uint64_t eliminated = 0;
    for (int i = 0; i < (test::sanitized ? 10 : 300); ++i) {
        int const connectivity = random.one_in(2) ? 4 : 8;
        auto const kinds = connectivity == 4 ? 2U : random.between(4U, 5U);
        auto scene = make_checkerboard(random.between(2, 30), random.between(2, 30), kinds, connectivity);
        kind_map map{.rows = scene.scene.rows, .cols = scene.scene.cols};
        for (std::ptrdiff_t row = 0; row < map.rows; ++row) {
            for (std::ptrdiff_t col = 0; col < map.cols; ++col) map(row, col) = unequal_kind(kinds, row, col);
        }
        for (auto left = random.below(map.rows * map.cols / 8 + 1); left > 0; --left) {
            map.plant(random.below(map.rows), random.below(map.cols), random.one_in(2));
        }
        bool const two_values = random.one_in(2);
        auto& pixels = scene.scene.pixels;
        pixels.clear();
        for (int band = 0; band < 2; ++band) {
            for (auto const kind : map.kinds) {
                pixels.push_back(static_cast<std::uint8_t>(band == 0    ? 5 * kind
                                                           : two_values ? random.below<std::size_t>(2)
                                                                        : kind % 2));
            }
        }
        // The second band decides when the first one ties.
        for (auto& centre : scene.parameters.centres) centre = {centre[0] / 2, 0.5};
        scene.parameters.min_segment_size = random.one_in(2) ? 1000 : random.between(3, 60);
        auto const expected = twin::segment(scene.scene, scene.parameters);
        eliminated += expected.small_segments_eliminated;
        std::vector<way> ways;
        for (int j = 0; j < 6; ++j) {
            ways.push_back(random_way(random, map.rows, map.cols, 40'000));
            ways.back().halo = random.between<std::ptrdiff_t>(2, 3);
        }
        compare(scene, expected, ways, executors);

        // All distances are infinite, so nothing counts but who is met first. Too far apart for the twin.
        random_scene<double> tied{.scene = {1, scene.scene.rows, scene.scene.cols, {}, {}},
                                  .parameters = {.centres = {},
                                                 .min_segment_size = scene.parameters.min_segment_size,
                                                 .connectivity = connectivity,
                                                 .limit_kind = limit::number,
                                                 .limit_value = 1e300}};
        for (auto const kind : map.kinds) tied.scene.pixels.push_back(1e200 * static_cast<double>(kind));
        for (unsigned kind = 0; kind < kinds; ++kind) tied.parameters.centres.push_back({1e200 * kind});
        compare(tied, in_one_tile(tied), ways, executors);
    }
    CHECK(eliminated > (test::sanitized ? 10 : 1000));
}

// ---------------------------------------------------------------------------------------------------------------------
// Against the segmentation in one tile, which has the twin's labels (segment.test.cpp, exhaustive.test.cpp)

TEST_CASE("a wave of joining pixels that takes hundreds of rounds through all tiles leaves no seams")
{
    every_executor executors;
    int const shrink = test::sanitized ? 4 : 1;
    for (auto const& [kinds, connectivity] : {std::pair{2U, 4}, {3U, 4}, {5U, 8}}) {
        auto const scene = make_checkerboard(300 / shrink, 400 / shrink, kinds, connectivity);
        auto const expected = in_one_tile(scene);
        CHECK(expected.clumps > scene.scene.pixels.size() / 2 - 3);
        CHECK(expected.single_pixels_eliminated == expected.clumps - 1);
        CHECK(rounds_of(scene) > static_cast<std::size_t>((connectivity == 4 ? 680 : 380) / shrink));
        compare(scene, expected,
                {{7, 2, 4, 1}, {37, 2, 5, 0}, {37, 5, 2, 1}, {64, 16, 3, 2}, {64, 2, 4, 2}, {350, 16, 1, 3}},
                executors);
    }
}

TEST_CASE("thousands of small segments that lie across seams merge alike on any executor")
{
    // Pairs and triples of pixels side by side: more of one size than are asked at once on one thread.
    random_numbers random(33);
    random_scene<std::uint8_t> scene{.scene = {1, 160, 230, {}, {}}, .parameters = {}};
    while (scene.scene.pixels.size() < 160 * 230) {
        scene.scene.pixels.insert(scene.scene.pixels.end(), random.between<std::size_t>(1, 3),
                                  random.below<std::uint8_t>(9));
    }
    scene.scene.pixels.resize(160 * 230);
    for (int kind = 0; kind < 9; ++kind) scene.parameters.centres.push_back({static_cast<double>(kind)});
    scene.parameters.limit_kind = limit::none;
    scene.parameters.min_segment_size = 12;
    every_executor executors;
    for (int const connectivity : {4, 8}) {
        scene.parameters.connectivity = connectivity;
        auto const expected = in_one_tile(scene);
        CHECK(expected.small_segments_eliminated > (test::sanitized ? 0 : 1000));
        compare(scene, expected, {{7, 2, 3, 1}, {37, 3, 2, 2}, {37, 16, 4, 3}, {64, 2, 5, 4}, {100, 5, 3, 6}},
                executors);
    }
}

TEST_CASE_TEMPLATE_DEFINE("large scenes have the labels of one tile in any tiles", T, large_scenes)
{
    random_numbers random(seed_of<T>(34));
    every_executor executors;
    for (int i = 0; i < (test::sanitized ? 1 : 12); ++i) {
        auto const scene = make_hard_scene<T>(random, random.between(80, 160), random.between(80, 160));
        auto const expected = in_one_tile(scene);
        std::vector<way> ways;
        for (int j = 0; j < 4; ++j) ways.push_back(random_way(random, scene.scene.rows, scene.scene.cols, 150'000));
        compare(scene, expected, ways, executors);
    }
}
TEST_CASE_TEMPLATE_APPLY(large_scenes, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("pixels of any magnitude have the labels of one tile in any tiles", T, magnitudes)
{
    random_numbers random(seed_of<T>(35));
    every_executor executors;
    std::uint64_t eliminated = 0;
    for (int i = 0; i < 3 * scenes_of_each_type; ++i) {
        auto const [rows, cols] = random_size(random);
        auto scene = make_hard_scene<T>(random, rows, cols);
        scene.scene.null_value.reset();
        // Values of one kind now differ by what the addition of doubles would lose, or by many magnitudes.
        bool const widest = std::same_as<T, double> && random.one_in(4);
        auto const largest = widest ? 300 : random.pick<int>({1, 10, 30});
        auto const any = [&] {
            auto const magnitude = random.between(-largest, largest);
            return static_cast<T>((random.unit() - 0.5) * std::pow(10.0, magnitude));
        };
        bool const noisy = random.one_in(2);
        std::vector<T> often{T{0}};
        for (int j = 0; j < 8; ++j) often.push_back(any());
        for (auto& pixel : scene.scene.pixels) {
            auto const value = often[static_cast<std::size_t>(std::abs(static_cast<double>(pixel))) % often.size()];
            pixel = noisy && random.one_in(2) ? any() : static_cast<T>(value * (1 + random.unit() / 16));
        }
        for (auto& centre : scene.parameters.centres) {
            for (auto& value : centre) value = static_cast<double>(random.pick(often));
        }
        // Distances of centres beyond the range of float have no percentile.
        if (widest && scene.parameters.limit_kind == limit::auto_percentile) {
            scene.parameters.limit_kind = limit::none;
        }
        if (scene.parameters.limit_kind == limit::number) scene.parameters.limit_value = std::abs(double{any()});
        if (scene.parameters.min_segment_size < 10) scene.parameters.min_segment_size *= 10;
        auto const expected = in_one_tile(scene);
        eliminated += expected.small_segments_eliminated;
        std::vector<way> ways;
        for (int j = 0; j < 4; ++j) ways.push_back(random_way(random, rows, cols, 40'000));
        compare(scene, expected, ways, executors);
    }
    CHECK(eliminated > static_cast<std::uint64_t>(10 * scenes_of_each_type));
}
TEST_CASE_TEMPLATE_INVOKE(magnitudes, float, double);

TEST_CASE_TEMPLATE_DEFINE("areas of the same values in another order have the same mean in any tiles", T, same_mean)
{
    // Between them lies a small segment, which is as near to the one as to the other, to the last bit, and meets the one
    // on the left, or above, first.
    random_numbers random(seed_of<T>(36));
    every_executor executors;
    for (int i = 0; i < (test::sanitized ? 5 : 150); ++i) {
        auto const size = random.between(8, 24);
        auto const width = random.between(1, 2);
        bool const upright = random.one_in(2);
        std::vector<T> values(static_cast<std::size_t>(size * size));
        std::ranges::generate(values, [&] { return static_cast<T>(random.unit() * random.pick<double>({1, 1e-6})); });
        auto others = values;
        random.shuffle(others);
        auto const length = 2 * size + width;
        random_scene<T> scene{.scene = {1, upright ? length : size, upright ? size : length, {}, {}}, .parameters = {}};
        std::vector<std::uint32_t> labels;
        for (int row = 0; row < scene.scene.rows; ++row) {
            for (int col = 0; col < scene.scene.cols; ++col) {
                auto const along = upright ? row : col;
                auto const across = upright ? col : row;
                auto const at = [&](int begin) { return static_cast<std::size_t>((along - begin) * size + across); };
                labels.push_back(along < size + width ? 1 : 2);
                scene.scene.pixels.push_back(along < size           ? values[at(0)]
                                             : along < size + width ? T{50}
                                                                    : others[at(size + width)]);
            }
        }
        scene.parameters.centres = {{0.5}, {50}};
        scene.parameters.limit_kind = limit::none;
        auto const expected = in_one_tile(scene);
        CHECK(expected.labels == labels);
        std::vector<way> ways;
        for (int j = 0; j < 6; ++j) ways.push_back(random_way(random, scene.scene.rows, scene.scene.cols, 10'000));
        compare(scene, expected, ways, executors);
    }
}
TEST_CASE_TEMPLATE_INVOKE(same_mean, float, double);

// ---------------------------------------------------------------------------------------------------------------------
// Edges

TEST_CASE("rasters without pixels and of null alone take every way")
{
    every_executor executors;
    shepseg::options options;
    options.model = {
        .bands = {1}, .null_value = {}, .centres = shepseg::cluster_centres(std::vector<std::vector<double>>{{1}})};
    options.null_value = 0;
    for (std::size_t executor = 0; executor < every_executor::count; ++executor) {
        for (auto const& [rows, cols] : {std::pair{0, 5}, {5, 0}, {0, 0}, {5, 4}, {1, 1}}) {
            image<float> const nothing(1, rows, cols);
            options.tile_size = 2;
            options.halo = 2;
            std::string wrong;
            executors.use({.executor = executor}, [&](auto& each) {
                auto const counts = segment_by_phases<float>(nothing.view(), options, each, 1, wrong).counts;
                auto const pixels = static_cast<std::uint64_t>(nothing.pixel_count());
                CHECK(counts == shepseg::segmentation_counts{.pixels = pixels,
                                                             .null_pixels = pixels,
                                                             .clumps = 0,
                                                             .single_pixels_eliminated = 0,
                                                             .small_segments_eliminated = 0,
                                                             .segments = 0});
            });
            CHECK(wrong.empty());
        }
    }
}
