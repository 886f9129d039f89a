// SPDX-License-Identifier: BSL-1.0
#include <shepseg/best_matching.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/random_numbers.hpp"

using shepseg::best_matching;
using shepseg::label_pair;
using shepseg::overlap_graph;

namespace {

std::uint64_t exact(std::vector<label_pair> const& pairs)
{
    auto const found = best_matching(overlap_graph::of(pairs));
    CHECK(found.exact());
    return found.at_least;
}

/// The best of all ways to give each label of the first raster a label of the second, or none, and no two the same.
std::uint64_t tried(std::vector<label_pair> const& pairs)
{
    std::map<std::uint32_t, std::map<std::uint32_t, std::uint64_t>> rows;
    for (auto const& each : pairs) {
        if (each.a != 0 && each.b != 0) rows[each.a][each.b] = each.pixels;
    }
    std::vector<std::uint32_t> taken;
    auto const best = [&](auto const& self, auto row) -> std::uint64_t {
        if (row == rows.end()) return 0;
        auto const next = std::next(row);
        auto most = self(self, next);
        for (auto const& [col, pixels] : row->second) {
            if (std::find(taken.begin(), taken.end(), col) != taken.end()) continue;
            taken.push_back(col);
            most = std::max(most, pixels + self(self, next));
            taken.pop_back();
        }
        return most;
    };
    return best(best, rows.begin());
}

std::vector<label_pair> random_pairs(test::random_numbers& random, std::uint32_t rows, std::uint32_t cols,
                                     std::uint64_t most, std::uint64_t one_in)
{
    std::vector<label_pair> pairs;
    for (std::uint32_t a = 0; a <= rows; ++a) {
        for (std::uint32_t b = 0; b <= cols; ++b) {
            if (random.one_in(one_in)) pairs.push_back({7 * a, 5 * b, random.between<std::uint64_t>(1, most)});
        }
    }
    return pairs;
}

} // namespace

TEST_CASE("a graph has rows and columns for labels that have pixels in common, but not for null")
{
    auto const graph =
        overlap_graph::of(std::vector<label_pair>{{0, 0, 9}, {0, 4, 1}, {3, 0, 1}, {5, 4, 2}, {5, 8, 3}, {9, 4, 4}});
    CHECK(graph.rows() == 2);
    CHECK(graph.cols == 2);
    CHECK(graph.row(0).size() == 2);
    CHECK(graph.row(1)[0].col == 0);
    CHECK(graph.row(1)[0].pixels == 4);
    CHECK(overlap_graph::of({}).rows() == 0);
    CHECK(exact({}) == 0);
    CHECK(exact({{0, 0, 9}, {0, 1, 9}, {1, 0, 9}}) == 0);
}

TEST_CASE("matchings worked by hand")
{
    CHECK(exact({{1, 1, 5}, {2, 2, 6}}) == 11);
    CHECK(exact({{1, 1, 5}, {1, 2, 6}}) == 6);
    CHECK(exact({{1, 1, 5}, {2, 1, 6}}) == 6);
    // The heaviest edge is not in the best matching.
    CHECK(exact({{1, 1, 9}, {1, 2, 10}, {2, 2, 9}}) == 18);
    // It is, although two lighter ones make more pairs.
    CHECK(exact({{1, 1, 4}, {1, 2, 10}, {2, 2, 5}}) == 10);
    // A chain in which all must give way.
    CHECK(exact({{1, 1, 5}, {1, 2, 6}, {2, 2, 5}, {2, 3, 6}, {3, 3, 5}, {3, 4, 6}, {4, 4, 5}}) == 20);
}

TEST_CASE("random small graphs have the matching that trying all finds")
{
    test::random_numbers random(11);
    for (int i = 0; i < 3000; ++i) {
        auto const pairs = random_pairs(random, random.between(1U, 6U), random.between(1U, 6U),
                                        random.one_in(2) ? 3 : 100, random.between<std::uint64_t>(1, 4));
        CHECK(exact(pairs) == tried(pairs));
    }
}

TEST_CASE("which of the two comes first does not matter")
{
    test::random_numbers random(12);
    for (int i = 0; i < 30; ++i) {
        auto const pairs = random_pairs(random, 60, 90, i % 2 == 0 ? 5 : 1000, 9);
        auto turned = pairs;
        for (auto& each : turned) std::swap(each.a, each.b);
        std::sort(turned.begin(), turned.end(),
                  [](auto const& x, auto const& y) { return std::pair(x.a, x.b) < std::pair(y.a, y.b); });
        CHECK(exact(pairs) == exact(turned));
    }
}

TEST_CASE("with too few steps there are bounds around the matching, which meet as soon as there are enough")
{
    test::random_numbers random(13);
    for (int i = 0; i < 20; ++i) {
        auto const pairs = random_pairs(random, 40, 40, 50, 3);
        auto const graph = overlap_graph::of(pairs);
        auto const all = best_matching(graph);
        REQUIRE(all.exact());
        for (std::uint64_t const steps : {std::uint64_t{0}, all.steps / 10, all.steps / 2, all.steps + 1}) {
            auto const found = best_matching(graph, {.most_steps = steps});
            CHECK(found.at_least <= all.at_least);
            CHECK(found.at_most >= all.at_least);
            CHECK(found.at_least > 0);
            if (steps > all.steps) CHECK(found.exact());
            if (steps == 0) CHECK(!found.exact());
        }
    }
}

TEST_CASE("long chains take few steps, and can be cancelled")
{
    constexpr std::uint32_t links = 300'000;
    std::vector<label_pair> chain;
    test::random_numbers random(14);
    for (std::uint32_t i = 1; i <= links; ++i) {
        chain.push_back({i, i, random.between<std::uint64_t>(40, 60)});
        chain.push_back({i, i + 1, random.between<std::uint64_t>(1, 60)});
    }
    auto const graph = overlap_graph::of(chain);
    double last = 0;
    shepseg::matching_options options;
    options.progress = [&](std::string_view phase, double done) {
        CHECK(phase == "matching");
        CHECK(done >= last);
        last = done;
        return true;
    };
    auto const found = best_matching(graph, options);
    CHECK(found.exact());
    CHECK(found.steps < 40 * std::uint64_t{links});
    CHECK(last > 0.9);
    // By dynamic programming: the best of the links so far, with and without the last column taken.
    std::uint64_t taken = 0;
    std::uint64_t free = 0;
    for (std::size_t i = 0; i < chain.size(); i += 2) {
        auto const best = std::max(taken, free);
        auto const own = free + chain[i].pixels; // column i, if row i - 1 did not take it
        taken = best + chain[i + 1].pixels;
        free = std::max(own, best);
    }
    CHECK(found.at_least == std::max(taken, free));
    options.progress = [](std::string_view, double done) { return done < 0.5; };
    CHECK_THROWS_AS(static_cast<void>(best_matching(graph, options)), rios::cancelled);
}
