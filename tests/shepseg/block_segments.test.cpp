// SPDX-License-Identifier: BSL-1.0
#include <shepseg/block_segments.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>
#include <rios/image_view.hpp>

#include "support/random_numbers.hpp"

using rios::image;
using rios::image_view;
using shepseg::block_segments;
using shepseg::position_run;
using test::random_numbers;

namespace {

using labels = image<std::uint32_t>;
constexpr auto largest = std::numeric_limits<std::uint32_t>::max();

std::vector<std::uint32_t> positions_of(block_segments const& segments, std::size_t number)
{
    std::vector<std::uint32_t> positions;
    for (auto const& run : segments.runs(number)) {
        for (std::uint32_t i = 0; i < run.length; ++i) positions.push_back(run.begin + i);
    }
    return positions;
}

/// Does each run lie in one row, and no two beside each other?
bool runs_are_whole(std::span<position_run const> runs, std::uint32_t cols)
{
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (runs[i].length == 0 || runs[i].begin % cols + runs[i].length > cols) return false;
        auto const end = runs[i].begin + runs[i].length;
        if (i + 1 < runs.size() && runs[i + 1].begin == end && end % cols != 0) return false;
    }
    return true;
}

void check_against_twin(block_segments const& segments, image_view<std::uint32_t const> const& block)
{
    std::vector<std::uint32_t> order; // labels as they first occur
    std::map<std::uint32_t, std::vector<std::uint32_t>> positions;
    std::vector<std::uint32_t> flat;
    for (std::ptrdiff_t row = 0; row < block.rows(); ++row) {
        for (std::ptrdiff_t col = 0; col < block.cols(); ++col) {
            auto const label = block(0, row, col);
            auto const position = static_cast<std::uint32_t>(flat.size());
            flat.push_back(label);
            if (label == 0) continue;
            auto& found = positions[label];
            if (found.empty()) order.push_back(label);
            found.push_back(position);
        }
    }
    REQUIRE(segments.size() == order.size());
    bool right = true;
    for (std::size_t number = 0; number < order.size(); ++number) {
        auto const& expected = positions[order[number]];
        right = right && segments.label(number) == order[number];
        right = right && segments.pixels(number) == expected.size();
        right = right && positions_of(segments, number) == expected;
        right = right && runs_are_whole(segments.runs(number), static_cast<std::uint32_t>(block.cols()));
        for (auto const position : expected) right = right && segments.number_at(position) == number;
    }
    for (std::size_t position = 0; position < flat.size(); ++position) {
        right = right && (segments.number_at(position) == block_segments::none) == (flat[position] == 0);
    }
    CHECK(right);
}

labels filled(std::ptrdiff_t rows, std::ptrdiff_t cols, std::vector<std::uint32_t> const& pixels)
{
    labels result(1, rows, cols);
    std::copy(pixels.begin(), pixels.end(), result.data());
    return result;
}

} // namespace

TEST_CASE("segments have numbers in the order in which they occur, and runs of pixels that ascend")
{
    // clang-format off
    auto const block = filled(3, 4, {0, 7, 7, 2,
                                     2, 0, 7, 7,
                                     9, 0, 0, 2});
    // clang-format on
    block_segments segments;
    CHECK(segments.size() == 0);
    segments.group(block.view());
    REQUIRE(segments.size() == 3);
    CHECK(segments.label(0) == 7);
    CHECK(segments.label(1) == 2);
    CHECK(segments.label(2) == 9);
    CHECK(std::ranges::equal(segments.runs(0), std::vector<position_run>{{1, 2}, {6, 2}}));
    CHECK(std::ranges::equal(segments.runs(1), std::vector<position_run>{{3, 1}, {4, 1}, {11, 1}}));
    CHECK(std::ranges::equal(segments.runs(2), std::vector<position_run>{{8, 1}}));
    CHECK(segments.pixels(0) == 4);
    CHECK(segments.number_at(11) == 1);
    CHECK(segments.number_at(0) == block_segments::none);
    check_against_twin(segments, block.view());
}

TEST_CASE("blocks of any size and any labels are those of plain loops, one after the other in one object")
{
    random_numbers random(30);
    block_segments segments;
    for (int round = 0; round < 300; ++round) {
        auto const rows = random.between<std::ptrdiff_t>(1, 30);
        auto const cols = random.between<std::ptrdiff_t>(1, 30);
        auto const kinds = random.pick<std::uint32_t>({1, 2, 5, 40, 2000});
        auto const offset = random.pick<std::uint32_t>({0, 1, 1000, 1U << 31, largest - 2000});
        auto const step = random.pick<std::uint32_t>({1, 1, 3, 1024, 1U << 20, 0x8000'0000U});
        labels block(1, rows, cols);
        for (auto const [row, col] : block.pixels()) {
            block(0, row, col) = random.one_in(6) ? 0 : offset + step * random.below(kinds);
            // Segments that hang together.
            if (col > 0 && random.one_in(2)) block(0, row, col) = block(0, row, col - 1);
            if (row > 0 && random.one_in(2)) block(0, row, col) = block(0, row - 1, col);
        }
        segments.group(block.view());
        check_against_twin(segments, block.view());
    }
}

TEST_CASE("a block may have more segments than the table of labels has room for at first")
{
    random_numbers random(31);
    block_segments segments;
    for (auto const& [rows, cols] : {std::pair{32, 16}, std::pair{33, 16}, std::pair{40, 30}, std::pair{300, 301},
                                     std::pair{3, 5}, std::pair{400, 400}}) {
        for (std::uint32_t const step : {1U, 4096U, 26'843U, 0x9e37'79b1U}) {
            labels block(1, rows, cols);
            auto label = largest; // each pixel has another, from the largest down
            for (auto const [row, col] : block.pixels()) {
                block(0, row, col) = label;
                label -= step;
                if (label == 0) label = largest - 1;
            }
            segments.group(block.view());
            check_against_twin(segments, block.view());
        }
        labels block(1, rows, cols);
        for (auto const [row, col] : block.pixels()) block(0, row, col) = static_cast<std::uint32_t>(random.bits());
        segments.group(block.view());
        check_against_twin(segments, block.view());
    }
}

TEST_CASE("all that is 0 is no segment, and one label is one")
{
    block_segments segments;
    segments.group(filled(1, 1, {5}).view());
    CHECK(segments.size() == 1);
    segments.group(labels(1, 4, 5).view());
    CHECK(segments.size() == 0);
    CHECK(segments.number_at(19) == block_segments::none);
    segments.group(labels(1, 0, 0).view());
    CHECK(segments.size() == 0);
    segments.group(filled(2, 2, {largest, largest, largest, largest}).view());
    REQUIRE(segments.size() == 1);
    CHECK(segments.label(0) == largest);
    CHECK(std::ranges::equal(segments.runs(0), std::vector<position_run>{{0, 2}, {2, 2}}));
    CHECK(segments.number_at(3) == 0);
}

TEST_CASE("a window of a larger image is a block, too")
{
    random_numbers random(32);
    labels whole(1, 40, 50);
    for (auto const [row, col] : whole.pixels()) whole(0, row, col) = random.below(9U);
    block_segments segments;
    for (int round = 0; round < 50; ++round) {
        auto const row = random.below<std::ptrdiff_t>(40);
        auto const col = random.below<std::ptrdiff_t>(50);
        auto const window = std::as_const(whole).view().window(row, col, random.between<std::ptrdiff_t>(1, 40 - row),
                                                               random.between<std::ptrdiff_t>(1, 50 - col));
        segments.group(window);
        check_against_twin(segments, window);
    }
}
