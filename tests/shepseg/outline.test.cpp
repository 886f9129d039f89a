// SPDX-License-Identifier: BSL-1.0
#include <shepseg/outline.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/random_numbers.hpp"

using shepseg::connectivity;
using shepseg::outline;
using shepseg::outline_part;
using shepseg::pixel_ring;
using shepseg::pixel_run;

namespace {

using picture = std::vector<std::string>;

/// The runs of '#'.
std::vector<pixel_run> runs_of(picture const& lines, std::int32_t first_row = 0)
{
    std::vector<pixel_run> runs;
    for (std::size_t row = 0; row < lines.size(); ++row) {
        for (std::size_t col = 0; col < lines[row].size(); ++col) {
            if (lines[row][col] != '#') continue;
            auto const begin = static_cast<std::int32_t>(col);
            while (col < lines[row].size() && lines[row][col] == '#') ++col;
            runs.push_back({static_cast<std::int32_t>(row) + first_row, begin, static_cast<std::int32_t>(col)});
        }
    }
    return runs;
}

/// Twice the area inside a ring, positive if it runs anticlockwise with row 0 at the top.
std::int64_t doubled_area(pixel_ring const& ring)
{
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < ring.size(); ++i) {
        auto const& a = ring[i];
        auto const& b = ring[(i + 1) % ring.size()];
        sum += std::int64_t{a.row} * b.col - std::int64_t{b.row} * a.col;
    }
    return sum;
}

/// Every place on a ring, corner or not, once for each time that it is passed.
std::vector<std::pair<int, int>> places_on(pixel_ring const& ring)
{
    std::vector<std::pair<int, int>> result;
    for (std::size_t i = 0; i < ring.size(); ++i) {
        auto const& to = ring[(i + 1) % ring.size()];
        auto at = ring[i];
        while (at != to) {
            result.emplace_back(at.row, at.col);
            at.row += (to.row > at.row) - (to.row < at.row);
            at.col += (to.col > at.col) - (to.col < at.col);
        }
    }
    return result;
}

/// The pixels inside a ring by counting the vertical edges to their left.
void count_inside(pixel_ring const& ring, int rows, int cols, std::map<std::pair<int, int>, int>& times)
{
    for (std::size_t i = 0; i < ring.size(); ++i) {
        auto const& from = ring[i];
        auto const& to = ring[(i + 1) % ring.size()];
        for (int row = 0; row < rows; ++row) {
            int const crosses = (from.row <= row && to.row > row) - (to.row <= row && from.row > row);
            for (int col = from.col; crosses != 0 && col < cols; ++col) times[{row, col}] += crosses;
        }
    }
}

/// Pieces of a picture, by filling them one after another.
std::size_t pieces(picture lines, connectivity neighbours)
{
    std::size_t found = 0;
    auto const rows = static_cast<int>(lines.size());
    auto const cols = static_cast<int>(lines[0].size());
    std::vector<std::pair<int, int>> todo;
    for (int start = 0; start < rows * cols; ++start) {
        todo.emplace_back(start / cols, start % cols);
        bool any = false;
        while (!todo.empty()) {
            auto const [row, col] = todo.back();
            todo.pop_back();
            if (row < 0 || col < 0 || row >= rows || col >= cols) continue;
            auto& pixel = lines[static_cast<std::size_t>(row)][static_cast<std::size_t>(col)];
            if (pixel != '#') continue;
            pixel = '.';
            any = true;
            for (int down = -1; down <= 1; ++down) {
                for (int right = -1; right <= 1; ++right) {
                    if (down == 0 || right == 0 || neighbours == connectivity::eight) {
                        todo.emplace_back(row + down, col + right);
                    }
                }
            }
        }
        if (any) ++found;
    }
    return found;
}

/// What is not as it must be with the outline of a picture; empty if all is well.
std::string faults(picture const& lines, connectivity neighbours)
{
    auto const rows = static_cast<int>(lines.size());
    auto const cols = static_cast<int>(lines[0].size());
    auto const runs = runs_of(lines);
    auto const parts = outline(runs, neighbours);
    if (parts.size() != pieces(lines, neighbours)) return "as many parts as " + std::to_string(parts.size());
    std::map<std::pair<int, int>, int> times;
    for (auto const& part : parts) {
        if (doubled_area(part.outer) <= 0) return "an outer ring that runs clockwise";
        std::vector<pixel_ring> rings{part.outer};
        for (auto const& hole : part.holes) {
            if (doubled_area(hole) >= 0) return "a hole that runs anticlockwise";
            rings.push_back(hole);
        }
        std::int64_t area = 0;
        for (auto const& ring : rings) {
            auto const places = places_on(ring);
            if (neighbours == connectivity::four && std::set(places.begin(), places.end()).size() != places.size()) {
                return "a ring that touches itself";
            }
            for (std::size_t i = 0; i < ring.size(); ++i) {
                auto const& before = ring[(i + ring.size() - 1) % ring.size()];
                auto const& after = ring[(i + 1) % ring.size()];
                if ((before.row == ring[i].row) == (after.row == ring[i].row)) return "a corner that is none";
            }
            area += doubled_area(ring);
            count_inside(ring, rows, cols, times);
        }
        if (area <= 0) return "a part without pixels";
    }
    for (int row = 0; row < rows; ++row) {
        for (int col = 0; col < cols; ++col) {
            bool const in = lines[static_cast<std::size_t>(row)][static_cast<std::size_t>(col)] == '#';
            if (times[{row, col}] != (in ? 1 : 0)) return "pixel " + std::to_string(row) + ", " + std::to_string(col);
        }
    }
    return "";
}

} // namespace

TEST_CASE("the outline of a pixel is a square that runs anticlockwise")
{
    auto const parts = outline(std::vector<pixel_run>{{7, 4, 5}});
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].holes.empty());
    CHECK(parts[0].outer == pixel_ring{{8, 4}, {8, 5}, {7, 5}, {7, 4}});
    CHECK(outline(std::vector<pixel_run>{}).empty());
}

TEST_CASE("the outline of a frame has a hole that runs clockwise")
{
    auto const parts = outline(runs_of({"###", "#.#", "###"}));
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].outer == pixel_ring{{3, 0}, {3, 3}, {0, 3}, {0, 0}});
    REQUIRE(parts[0].holes.size() == 1);
    CHECK(parts[0].holes[0] == pixel_ring{{1, 1}, {1, 2}, {2, 2}, {2, 1}});
}

TEST_CASE("pieces that meet at a corner are two parts of four-connected outlines and one of eight-connected ones")
{
    picture const diagonal{"#.", ".#"};
    auto const four = outline(runs_of(diagonal), connectivity::four);
    REQUIRE(four.size() == 2);
    CHECK(four[0].outer == pixel_ring{{1, 0}, {1, 1}, {0, 1}, {0, 0}});
    CHECK(four[1].outer == pixel_ring{{2, 1}, {2, 2}, {1, 2}, {1, 1}});
    auto const eight = outline(runs_of(diagonal), connectivity::eight);
    REQUIRE(eight.size() == 1);
    CHECK(eight[0].outer == pixel_ring{{1, 0}, {1, 1}, {2, 1}, {2, 2}, {1, 2}, {1, 1}, {0, 1}, {0, 0}});
}

TEST_CASE("where a piece meets itself at a corner it is a hole that touches the outer ring")
{
    auto const parts = outline(runs_of({"##.", "#.#", "###"}));
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].outer.size() == 6);
    REQUIRE(parts[0].holes.size() == 1);
    CHECK(parts[0].holes[0].size() == 4);
    CHECK(faults({"##.", "#.#", "###"}, connectivity::four) == "");
}

TEST_CASE("rows without pixels part the pieces")
{
    auto const parts = outline(std::vector<pixel_run>{{0, 0, 2}, {1000000, 0, 2}});
    REQUIRE(parts.size() == 2);
    CHECK(parts[1].outer == pixel_ring{{1000001, 0}, {1000001, 2}, {1000000, 2}, {1000000, 0}});
}

TEST_CASE("outlines hold the pixels and nothing else, for all pictures of 4 by 4 pixels")
{
    for (unsigned bits = 0; bits < 1U << 16; ++bits) {
        picture lines(4, std::string(4, '.'));
        for (unsigned i = 0; i < 16; ++i) {
            if ((bits >> i & 1U) != 0) lines[i / 4][i % 4] = '#';
        }
        for (auto const neighbours : {connectivity::four, connectivity::eight}) {
            auto const wrong = faults(lines, neighbours);
            if (wrong.empty()) continue;
            CAPTURE(bits);
            CAPTURE(static_cast<int>(neighbours));
            REQUIRE(wrong == "");
        }
    }
}

TEST_CASE("outlines hold the pixels and nothing else, for random pictures")
{
    test::random_numbers random(5);
    for (int round = 0; round < 300; ++round) {
        auto const rows = 1 + random.below(std::size_t{24});
        auto const cols = 1 + random.below(std::size_t{24});
        auto const density = 1 + random.below(9);
        picture lines(rows, std::string(cols, '.'));
        for (auto& line : lines) {
            for (auto& pixel : line) pixel = random.below(10) < density ? '#' : '.';
        }
        for (auto const neighbours : {connectivity::four, connectivity::eight}) {
            CHECK(faults(lines, neighbours) == "");
        }
    }
}
