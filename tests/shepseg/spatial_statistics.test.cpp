// SPDX-License-Identifier: BSL-1.0
#include <shepseg/spatial_statistics.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/segment_shapes.hpp"

using shepseg::chosen_spatial_statistics;
using shepseg::connectivity;
using shepseg::edge_pixel_count;
using shepseg::pixel_point;
using shepseg::spatial_statistic_from;
using shepseg::variogram;
using test::drawn;
using test::random_numbers;
using test::segment_shape;

namespace {

using numbers = std::vector<double>;
using affine = std::array<double, 6>;

constexpr affine north_up{500'000, 30, 0, 4'000'000, 0, -30};
constexpr affine oblong{10, 2, 0, 20, 0, -5};
constexpr affine turned{100, 3, 4, 200, 4, -3}; // pixels of 5 × 5
constexpr affine sheared{-7, 2, 1, 3, 0, -1};

std::vector<std::optional<affine>> const geotransforms{{}, north_up, oblong, turned, sheared};

constexpr edge_pixel_count four{connectivity::four};
constexpr edge_pixel_count eight{connectivity::eight};

affine of(std::optional<affine> const& geotransform)
{
    return geotransform.value_or(affine{0, 1, 0, 0, 0, 1});
}

template <typename T>
std::set<std::pair<std::int64_t, std::int64_t>> places_of(segment_shape<T> const& shape)
{
    std::set<std::pair<std::int64_t, std::int64_t>> places;
    for (std::size_t i = 0; i < shape.rows.size(); ++i) places.emplace(shape.rows[i], shape.cols[i]);
    return places;
}

/// Pixels that do not have all neighbours.
template <typename T>
double plain_edge_pixels(segment_shape<T> const& shape, bool diagonals)
{
    auto const places = places_of(shape);
    int edge = 0;
    for (auto const& [row, col] : places) {
        bool inside = true;
        for (int down = -1; down <= 1; ++down) {
            for (int right = -1; right <= 1; ++right) {
                if (down != 0 && right != 0 && !diagonals) continue;
                inside = inside && places.contains({row + down, col + right});
            }
        }
        edge += inside ? 0 : 1;
    }
    return edge;
}

template <typename T>
double plain_perimeter(segment_shape<T> const& shape)
{
    auto const g = of(shape.geotransform);
    auto const places = places_of(shape);
    double length = 0;
    for (auto const& [row, col] : places) {
        for (int const step : {-1, 1}) {
            if (!places.contains({row + step, col})) length += std::hypot(g[1], g[4]);
            if (!places.contains({row, col + step})) length += std::hypot(g[2], g[5]);
        }
    }
    return length;
}

/// The least rectangle that holds all corners of all pixels.
template <typename T>
numbers plain_box(segment_shape<T> const& shape)
{
    auto const g = of(shape.geotransform);
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    numbers box{infinity, infinity, -infinity, -infinity};
    for (std::size_t i = 0; i < shape.rows.size(); ++i) {
        for (double const row : {shape.rows[i] + 0.0, shape.rows[i] + 1.0}) {
            for (double const col : {shape.cols[i] + 0.0, shape.cols[i] + 1.0}) {
                auto const x = g[0] + g[1] * col + g[2] * row;
                auto const y = g[3] + g[4] * col + g[5] * row;
                box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x), std::max(box[3], y)};
            }
        }
    }
    return box;
}

/// All pairs, by their distance.
template <typename T>
numbers plain_variogram(segment_shape<T> const& shape, std::size_t distance)
{
    numbers result;
    rios::null_test<T> const is_null(shape.null);
    for (auto const& values : shape.bands) {
        std::vector<double> squares(distance);
        std::vector<double> pairs(distance);
        for (std::size_t a = 0; a < values.size(); ++a) {
            for (std::size_t b = 0; b < values.size(); ++b) {
                auto const down = static_cast<double>(shape.rows[b]) - shape.rows[a];
                auto const right = static_cast<double>(shape.cols[b]) - shape.cols[a];
                if (down < 1 || right < 1 || is_null(values[a]) || is_null(values[b])) continue;
                auto const bin = static_cast<std::size_t>(std::hypot(down, right));
                if (bin > distance) continue;
                ++pairs[bin - 1];
                squares[bin - 1] += std::pow(static_cast<double>(values[a]) - static_cast<double>(values[b]), 2);
            }
        }
        for (std::size_t bin = 0; bin < distance; ++bin) {
            result.push_back(pairs[bin] == 0 ? -1 : std::sqrt(squares[bin] / pairs[bin]));
        }
    }
    return result;
}

bool near(numbers const& a, numbers const& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return std::abs(x - y) <= 1e-12 * std::max(std::abs(x), std::abs(y)); });
}

segment_shape<std::uint8_t> on_map(segment_shape<std::uint8_t> shape, affine const& geotransform)
{
    shape.geotransform = geotransform;
    return shape;
}

} // namespace

TEST_CASE("a single pixel is all edge, and as long around as it has sides")
{
    for (auto const& place : {std::pair{0U, 0U}, std::pair{4U, 9U}}) {
        auto const pixel = drawn({"#"}, place.first, place.second);
        CHECK(pixel(four) == numbers{1});
        CHECK(pixel(eight) == numbers{1});
        CHECK(pixel(shepseg::perimeter{}) == numbers{4});
        CHECK(near(pixel(shepseg::compactness{}), {std::numbers::pi / 4}));
        double const row = place.first;
        double const col = place.second;
        CHECK(pixel(shepseg::bounding_box{}) == numbers{col, row, col + 1, row + 1});
        CHECK(pixel(shepseg::mean_coordinate{}) == numbers{col, row});
        CHECK(pixel(shepseg::mean_coordinate{pixel_point::centre}) == numbers{col + 0.5, row + 0.5});
    }
    auto const pixel = on_map(drawn({"#"}, 2, 3), north_up);
    CHECK(pixel(shepseg::perimeter{}) == numbers{120});
    CHECK(pixel(shepseg::bounding_box{}) == numbers{500'090, 3'999'910, 500'120, 3'999'940});
    CHECK(pixel(shepseg::mean_coordinate{}) == numbers{500'090, 3'999'940});
    CHECK(pixel(shepseg::mean_coordinate{pixel_point::centre}) == numbers{500'105, 3'999'925});
}

TEST_CASE("a square has an inside")
{
    for (std::uint32_t const first : {0U, 5U}) { // at the corner of the raster or not
        auto const square = drawn({"###", "###", "###"}, first, first);
        CHECK(square(four) == numbers{8});
        CHECK(square(eight) == numbers{8});
        CHECK(square(shepseg::perimeter{}) == numbers{12});
        CHECK(near(square(shepseg::compactness{}), {std::numbers::pi / 4}));
    }
    auto const wide = drawn({"#####", "#####", "#####", "#####"});
    CHECK(wide(four) == numbers{14});
    CHECK(wide(eight) == numbers{14});
    // Sides of 2 along rows, of 5 along columns.
    CHECK(on_map(wide, oblong)(shepseg::perimeter{}) == numbers{10 * 2 + 8 * 5});
    CHECK(on_map(wide, oblong)(shepseg::bounding_box{}) == numbers{10, 0, 20, 20});
    CHECK(near(on_map(wide, oblong)(shepseg::compactness{}), {4 * std::numbers::pi * 200 / 3600}));
}

TEST_CASE("a hole counts around, and makes edge pixels")
{
    auto const ring = drawn({"###", "#.#", "###"});
    CHECK(ring(four) == numbers{8});
    CHECK(ring(shepseg::perimeter{}) == numbers{16});
    auto const thick = drawn({"#####", "#####", "##.##", "#####", "#####"});
    CHECK(thick(four) == numbers{20});
    CHECK(thick(eight) == numbers{24});
    CHECK(thick(shepseg::perimeter{}) == numbers{24});
    CHECK(near(thick(shepseg::compactness{}), {4 * std::numbers::pi * 24 / (24 * 24)}));
    CHECK(thick(shepseg::mean_coordinate{}) == numbers{2, 2});
}

TEST_CASE("the inner corner of an L has all neighbours but a diagonal one")
{
    auto const corner = drawn({"###..", "###..", "#####", "#####", "#####"});
    CHECK(corner(four) == numbers{21 - 6}); // inside: (1,1), (2,1), (2,2) and (3,1) to (3,3)
    CHECK(corner(shepseg::perimeter{}) == numbers{20});
    CHECK(corner(four)[0] == plain_edge_pixels(corner, false));
    CHECK(corner(eight)[0] == plain_edge_pixels(corner, true));
    CHECK(corner(eight)[0] == corner(four)[0] + 1); // (2,2)
    auto const thin = drawn({"#.", "#.", "##"});
    CHECK(thin(four) == numbers{4});
    CHECK(thin(shepseg::perimeter{}) == numbers{10});
    CHECK(near(thin(shepseg::mean_coordinate{}), {0.25, 1.25}));
}

TEST_CASE("parts that do not touch by a side are as long around as one by one")
{
    auto const diagonal = drawn({"#.", ".#"});
    CHECK(diagonal(shepseg::perimeter{}) == numbers{8});
    CHECK(diagonal(four) == numbers{2});
    CHECK(diagonal(shepseg::bounding_box{}) == numbers{0, 0, 2, 2});
    auto const apart = drawn({"##......", "##......", "........", "........", ".......#"}, 10, 20);
    CHECK(apart(shepseg::perimeter{}) == numbers{12});
    CHECK(apart(eight) == numbers{5});
    CHECK(apart(shepseg::bounding_box{}) == numbers{20, 10, 28, 15});
    CHECK(near(apart(shepseg::mean_coordinate{}), {20 + 9.0 / 5, 10 + 6.0 / 5}));
}

TEST_CASE("the box of a segment on a grid that is turned is that of its pixels, not of their rows and columns")
{
    constexpr affine by_45_degrees{0, 1, -1, 0, 1, 1};
    CHECK(on_map(drawn({"#.", ".#"}), by_45_degrees)(shepseg::bounding_box{}) == numbers{-1, 0, 1, 4});
    CHECK(on_map(drawn({".#", "#."}), by_45_degrees)(shepseg::bounding_box{}) == numbers{-2, 1, 2, 3});
    CHECK(on_map(drawn({"#"}), turned)(shepseg::bounding_box{}) == numbers{100, 197, 107, 204});
    CHECK(on_map(drawn({"#"}), turned)(shepseg::perimeter{}) == numbers{20});
    CHECK(near(on_map(drawn({"##", "##"}), turned)(shepseg::compactness{}), {std::numbers::pi / 4}));
    // A parallelogram.
    CHECK(near(on_map(drawn({"#"}), sheared)(shepseg::perimeter{}), {2 * (2 + std::sqrt(2.0))}));
    CHECK(near(on_map(drawn({"#"}), sheared)(shepseg::compactness{}),
               {4 * std::numbers::pi * 2 / std::pow(2 * (2 + std::sqrt(2.0)), 2)}));
}

TEST_CASE("shapes are measured as by plain loops")
{
    random_numbers random(70);
    for (int round = 0; round < 300; ++round) {
        auto shape = test::random_shape<std::int16_t>(random, 1);
        shape.geotransform = random.pick(geotransforms);
        auto const g = of(shape.geotransform);
        CHECK(shape(four) == numbers{plain_edge_pixels(shape, false)});
        CHECK(shape(eight) == numbers{plain_edge_pixels(shape, true)});
        auto const length = plain_perimeter(shape);
        CHECK(near(shape(shepseg::perimeter{}), {length}));
        auto const area = static_cast<double>(shape.rows.size()) * std::abs(g[1] * g[5] - g[2] * g[4]);
        CHECK(near(shape(shepseg::compactness{}), {4 * std::numbers::pi * area / (length * length)}));
        CHECK(near(shape(shepseg::bounding_box{}), plain_box(shape)));
        for (double const offset : {0.0, 0.5}) {
            numbers mean(2);
            auto const n = static_cast<double>(shape.rows.size());
            for (std::size_t i = 0; i < shape.rows.size(); ++i) {
                auto const row = shape.rows[i] + offset;
                auto const col = shape.cols[i] + offset;
                mean[0] += (g[0] + g[1] * col + g[2] * row) / n;
                mean[1] += (g[3] + g[4] * col + g[5] * row) / n;
            }
            auto const point = offset == 0 ? pixel_point::corner : pixel_point::centre;
            auto const found = shape(shepseg::mean_coordinate{point});
            for (int i : {0, 1}) {
                auto const place = static_cast<std::size_t>(i);
                CHECK(std::abs(found[place] - mean[place]) <= 1e-9 * std::max(1.0, std::abs(mean[place])));
            }
        }
    }
}

TEST_CASE("the variogram of a few pixels is known by hand")
{
    auto pixels = drawn({"##", "##"});
    pixels.bands = {{10, 99, 99, 13}}; // only the diagonal downwards to the right is a pair
    CHECK(pixels(variogram{1}) == numbers{3});
    CHECK(pixels(variogram{2}) == numbers{3, -1});
    pixels.null = 13;
    CHECK(pixels(variogram{1}) == numbers{-1});
    // (1, 2) and (2, 1) are at √5, (2, 2) at √8: all of distance 2.
    auto square = drawn({"###", "###", "###"});
    square.bands = {{0, 0, 0, 0, 0, 2, 0, 4, 8}, {1, 1, 1, 1, 1, 1, 1, 1, 1}};
    CHECK(near(square(variogram{2}), {std::sqrt((4.0 + 16 + 64) / 4), std::sqrt((4.0 + 64 + 16 + 64 + 64) / 5), 0, 0}));
    CHECK(drawn({"#"})(variogram{3}).empty()); // no bands
}

TEST_CASE("variograms are those of all pairs")
{
    random_numbers random(71);
    for (int round = 0; round < 200; ++round) {
        auto const distance = random.between(1, 12);
        auto const bins = static_cast<std::size_t>(distance);
        auto const integers = test::random_shape<std::uint32_t>(random, random.between<std::size_t>(1, 3));
        CHECK(near(integers(variogram{distance}), plain_variogram(integers, bins)));
        auto reals = test::random_shape<float>(random, 2);
        for (auto& value : reals.bands[1]) {
            if (random.one_in(4)) value = std::numeric_limits<float>::quiet_NaN();
            else value = static_cast<float>(random.unit()) - 0.5F;
        }
        CHECK(near(reals(variogram{distance}), plain_variogram(reals, bins)));
    }
}

TEST_CASE("differences of numbers of 32 bits do not wrap")
{
    segment_shape<std::uint32_t> pixels{.rows = {0, 1},
                                        .cols = {0, 1},
                                        .bands = {{4'294'967'295U, 0}},
                                        .neighbours = {},
                                        .geotransform = {},
                                        .null = {}};
    CHECK(pixels(variogram{1}) == numbers{4'294'967'295.0});
    std::swap(pixels.bands[0][0], pixels.bands[0][1]);
    CHECK(pixels(variogram{1}) == numbers{4'294'967'295.0});
}

TEST_CASE("null pixels belong to the shape")
{
    auto shape = drawn({"##", "##"});
    shape.bands = {{3, 3, 3, 3}};
    shape.null = 3;
    CHECK(shape(shepseg::mean_coordinate{}) == numbers{0.5, 0.5});
    CHECK(shape(four) == numbers{4});
    CHECK(shape(shepseg::perimeter{}) == numbers{8});
    CHECK(shape(variogram{1}) == numbers{-1});
}

TEST_CASE("columns have names, and counts are whole numbers")
{
    using enum shepseg::column_values;
    shepseg::spatial_names const names{.bands = {4, 2}, .column_format = "b{band}.{stat}"};
    using columns = std::vector<shepseg::statistics_column>;
    CHECK(shepseg::mean_coordinate{}.columns(names) == columns{{"centroid_x", real}, {"centroid_y", real}});
    CHECK(four.columns(names) == columns{{"edge_pixels", integer}});
    CHECK(shepseg::perimeter{}.columns(names) == columns{{"perimeter", real}});
    CHECK(shepseg::compactness{}.columns(names) == columns{{"compactness", real}});
    CHECK(shepseg::neighbour_count{}.columns(names) == columns{{"neighbours", integer}});
    CHECK(shepseg::bounding_box{}.columns(names) ==
          columns{{"bbox_xmin", real}, {"bbox_ymin", real}, {"bbox_xmax", real}, {"bbox_ymax", real}});
    CHECK(variogram{2}.columns(names) ==
          columns{
              {"b4.variogram_1", real}, {"b4.variogram_2", real}, {"b2.variogram_1", real}, {"b2.variogram_2", real}});
}

TEST_CASE("statistics that are chosen at run time give their columns one after the other")
{
    random_numbers random(72);
    chosen_spatial_statistics const all({variogram{3}, shepseg::mean_coordinate{}, four, shepseg::bounding_box{},
                                         shepseg::neighbour_count{}, shepseg::perimeter{}, variogram{1},
                                         shepseg::compactness{}});
    CHECK(all.wants_pixels());
    CHECK(all.needs_neighbours());
    for (std::size_t const bands : {0, 1, 3}) {
        auto shape = test::random_shape<std::int32_t>(random, bands);
        shape.neighbours = {2, 9};
        numbers expected;
        auto const append = [&](auto const& function) {
            auto const more = shape(function);
            expected.insert(expected.end(), more.begin(), more.end());
        };
        append(variogram{3});
        append(shepseg::mean_coordinate{});
        append(four);
        append(shepseg::bounding_box{});
        append(shepseg::neighbour_count{});
        append(shepseg::perimeter{});
        append(variogram{1});
        append(shepseg::compactness{});
        CHECK(shape(all) == expected);
        CHECK(std::count(expected.begin(), expected.end(), 2) >= 1); // neighbours
    }
    chosen_spatial_statistics const nothing;
    CHECK(!nothing.wants_pixels());
    CHECK(!nothing.needs_neighbours());
    CHECK(drawn({"#"})(nothing).empty());
    CHECK(!chosen_spatial_statistics({shepseg::perimeter{}}).needs_neighbours());
}

TEST_CASE("spatial statistics are known by their words")
{
    CHECK(std::get<shepseg::mean_coordinate>(spatial_statistic_from("centroid")).point == pixel_point::corner);
    CHECK(std::get<shepseg::mean_coordinate>(spatial_statistic_from("centroid:centre")).point == pixel_point::centre);
    CHECK(std::get<edge_pixel_count>(spatial_statistic_from("edge-pixels")).neighbours == connectivity::four);
    CHECK(std::get<edge_pixel_count>(spatial_statistic_from("edge-pixels:8")).neighbours == connectivity::eight);
    CHECK(std::holds_alternative<shepseg::perimeter>(spatial_statistic_from("perimeter")));
    CHECK(std::holds_alternative<shepseg::bounding_box>(spatial_statistic_from("bbox")));
    CHECK(std::holds_alternative<shepseg::compactness>(spatial_statistic_from("compactness")));
    CHECK(std::holds_alternative<shepseg::neighbour_count>(spatial_statistic_from("neighbours")));
    CHECK(std::get<variogram>(spatial_statistic_from("variogram:1")).distance == 1);
    CHECK(std::get<variogram>(spatial_statistic_from("variogram:100")).distance == 100);
    for (std::string const text :
         {"", "Centroid", "centroid:", "edge-pixels:4x", "variogram", "variogram:", "variogram:0", "variogram:101",
          "variogram:-1", "variogram:2.5", "variogram:x", "bbox "}) {
        CHECK(test::message_of<rios::options_error>([&] { static_cast<void>(spatial_statistic_from(text)); }) ==
              "spatial statistic '" + text +
                  "': allowed: centroid, centroid:centre, edge-pixels, edge-pixels:8, perimeter, bbox, compactness, "
                  "neighbours, and variogram:D with D from 1 to 100");
    }
}

TEST_CASE("a variogram of no distance, or of too large a one, is refused when its columns are asked for")
{
    for (int const distance : {-1, 0, 101}) {
        CHECK(test::message_of<rios::options_error>([&] {
                  static_cast<void>(shepseg::variogram{.distance = distance}.columns({.bands = {1}}));
              }) == "variogram up to a distance of " + std::to_string(distance) + ": allowed: 1 to 100 pixels");
    }
}
