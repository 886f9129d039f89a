// SPDX-License-Identifier: BSL-1.0
// Ready-made spatial statistics (spatial_statistics.hpp) beside those of pyshepseg.
//
// The numbers are what pyshepseg 2.0.3 makes of this scene: its userFuncVariogram(), userFuncMeanCoord() and
// userFuncNumEdgePixels(), each called with the SegPoints of one segment, null value 0. Like its own loop over tiles that list
// leaves out null pixels. Scene, in NumPy:
//
//     row, col = numpy.mgrid[0:24, 0:32]
//     labels = 1 + row // 8 * 2 + (row + col) // 28
//     labels[(row - 12)**2 + (col - 16)**2 <= 36] = 7
//     labels[row + col < 9] = 0
//     values = 1 + (3 * row * row + 7 * col + row * col) % 251
//     nulls = numpy.where((5 * row + 3 * col) % 17 == 0, 0, values)
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <shepseg/neighbourhood.hpp>
#include <shepseg/spatial_statistics.hpp>

#include "support/segment_shapes.hpp"

using shepseg::connectivity;
using shepseg::edge_pixel_count;
using test::segment_shape;

namespace {

using numbers = std::vector<double>;

constexpr std::size_t segments = 7;

std::uint32_t label_at(int row, int col)
{
    if (row + col < 9) return 0;
    if ((row - 12) * (row - 12) + (col - 16) * (col - 16) <= 36) return 7;
    return static_cast<std::uint32_t>(1 + row / 8 * 2 + (row + col) / 28);
}

std::uint16_t value_at(int row, int col)
{
    return static_cast<std::uint16_t>(1 + (3 * row * row + 7 * col + row * col) % 251);
}

std::uint16_t value_or_null_at(int row, int col)
{
    return (5 * row + 3 * col) % 17 == 0 ? std::uint16_t{0} : value_at(row, col);
}

/// The segments of the scene, in the order of their labels, with the pixels of one band; 0 is null.
std::vector<segment_shape<std::uint16_t>> scene(std::uint16_t (*value)(int, int))
{
    std::vector<segment_shape<std::uint16_t>> shapes(segments);
    for (auto& shape : shapes) {
        shape.bands.resize(1);
        shape.geotransform = {500'000, 30, 0, 4'000'000, 0, -30};
        shape.null = 0;
    }
    for (int row = 0; row < 24; ++row) {
        for (int col = 0; col < 32; ++col) {
            auto const label = label_at(row, col);
            if (label == 0) continue;
            auto& shape = shapes[label - 1];
            shape.rows.push_back(static_cast<std::uint32_t>(row));
            shape.cols.push_back(static_cast<std::uint32_t>(col));
            shape.bands[0].push_back(value(row, col));
        }
    }
    return shapes;
}

/// Pixels of a segment of which every neighbour but that above to the right is in it, too.
double open_above_right_only(segment_shape<std::uint16_t> const& shape)
{
    std::set<std::pair<int, int>> places;
    for (std::size_t i = 0; i < shape.rows.size(); ++i) {
        places.emplace(static_cast<int>(shape.rows[i]), static_cast<int>(shape.cols[i]));
    }
    double count = 0;
    for (auto const& [row, col] : places) {
        std::set<std::pair<int, int>> missing;
        for (int down = -1; down <= 1; ++down) {
            for (int right = -1; right <= 1; ++right) {
                if (!places.contains({row + down, col + right})) missing.emplace(down, right);
            }
        }
        if (missing == std::set<std::pair<int, int>>{{-1, 1}}) ++count;
    }
    return count;
}

} // namespace

TEST_CASE("variograms are those of pyshepseg, with null pixels and without")
{
    std::vector<numbers> const of_values{
        {93.64337179470355, 103.78414924754404, 107.01769984198968, 106.06044588732495},
        {117.15374513859982, 125.7422175053307, 125.53799119805348, 112.90693470117085},
        {118.64820714542437, 118.33822574516917, 101.69544410043815, 102.83597900871175},
        {121.10358939799995, 103.15608181387016, 100.58906049322208, 110.98361427419202},
        {123.45328786919482, 92.18607232019683, 108.07946585809415, 93.7253943245074},
        {118.12216860237737, 107.5351720061432, 95.23911931404939, 96.11663112937852},
        {122.68918215012548, 102.1875277940189, 96.73247248404597, 108.39141441068439}};
    std::vector<numbers> const of_nulls{
        {93.12130432713896, 103.6089768489295, 107.01892177704188, 106.06742281123918},
        {119.68302731393047, 125.56634056287912, 125.59669347464808, 116.61655565412477},
        {117.41673498770272, 117.23526819224712, 103.2333044686411, 103.27604851334985},
        {119.9978422425051, 101.29691153097555, 98.71317198115278, 110.70062027465134},
        {122.7718625441438, 91.32990482394864, 107.7671451591698, 94.21407361252705},
        {117.35336158546903, 102.974965163768, 90.6541356827375, 94.6011989464471},
        {123.34409068083625, 101.24820096277365, 95.26640783370843, 110.25872217472337}};
    auto const values = scene(value_at);
    auto const nulls = scene(value_or_null_at);
    for (std::size_t i = 0; i < segments; ++i) {
        CAPTURE(i);
        CHECK(values[i](shepseg::variogram{4}) == of_values[i]);
        CHECK(nulls[i](shepseg::variogram{4}) == of_nulls[i]);
    }
}

TEST_CASE("mean coordinates are those of pyshepseg where there are no null pixels")
{
    // With null pixels ours stay what they are, as these belong to the segment; those of pyshepseg move.
    std::vector<numbers> const means{{500432.5, 3999900.625},
                                     {500822.0, 3999874.0},
                                     {500152.0689655172, 3999655.172413793},
                                     {500794.625, 3999656.5},
                                     {500121.76470588235, 3999433.529411765},
                                     {500600.0, 3999398.7719298247},
                                     {500480.0, 3999640.0}};
    auto const shapes = scene(value_at);
    auto const nulls = scene(value_or_null_at);
    for (std::size_t i = 0; i < segments; ++i) {
        CAPTURE(i);
        auto const mean = shapes[i](shepseg::mean_coordinate{});
        CHECK(std::abs(mean[0] - means[i][0]) <= 1e-8);
        CHECK(std::abs(mean[1] - means[i][1]) <= 1e-8);
        CHECK(nulls[i](shepseg::mean_coordinate{}) == mean);
    }
}

TEST_CASE("edge pixels are as many as those of pyshepseg, which forgets one of eight neighbours")
{
    // Of the eight it counts that below to the right twice and that above to the right never. Null pixels, of which there are
    // none here, would be outside there and are inside here.
    numbers const with_four{50, 27, 34, 33, 29, 59, 32};
    numbers const with_eight{65, 33, 36, 35, 35, 67, 42};
    auto const shapes = scene(value_at);
    double forgotten = 0;
    for (std::size_t i = 0; i < segments; ++i) {
        CAPTURE(i);
        CHECK(shapes[i](edge_pixel_count{connectivity::four}) == numbers{with_four[i]});
        auto const more = open_above_right_only(shapes[i]);
        CHECK(shapes[i](edge_pixel_count{connectivity::eight}) == numbers{with_eight[i] + more});
        forgotten += more;
    }
    CHECK(forgotten > 0);
}
