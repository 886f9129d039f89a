// SPDX-License-Identifier: BSL-1.0
#include <shepseg/segment_pieces.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>

#include <rios/null_test.hpp>
#include <rios/pixel_grid.hpp>

#include <shepseg/growing_values.hpp>
#include <shepseg/segment_pixels.hpp>
#include <shepseg/spatial_statistics.hpp>
#include <shepseg/statistic.hpp>
#include <shepseg/statistics_plan.hpp>
#include <shepseg/value_statistics.hpp>

#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/segment_statistics.hpp"

using shepseg::growing_values;
using shepseg::open_segment;
using shepseg::open_segments;
using shepseg::segment_finisher;
using shepseg::segment_pieces;
using shepseg::segment_pixels;
using shepseg::statistics_plan;
using test::random_numbers;
using test::same_bits;

namespace {

constexpr double missing = -9999;
constexpr std::size_t bands = 3;

/// Pixels of a segment, in scan order, with values of each band.
template <typename T>
struct whole_segment {
    std::uint32_t label = 0;
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> cols;
    std::vector<std::vector<T>> values;
    std::vector<std::uint32_t> neighbours; // of each pixel one
};

template <typename T>
whole_segment<T> random_segment(random_numbers& random, std::uint32_t label)
{
    whole_segment<T> segment{.label = label, .rows = {}, .cols = {}, .values = {}, .neighbours = {}};
    auto const width = random.pick<std::uint32_t>({1, 3, 30});
    auto const height = random.pick<std::uint32_t>({1, 3, 30});
    while (segment.rows.empty()) {
        for (std::uint32_t row = 0; row < height; ++row) {
            for (std::uint32_t col = 0; col < width; ++col) {
                if (random.one_in(3)) continue;
                segment.rows.push_back(100 + row);
                segment.cols.push_back(200 + col);
                segment.neighbours.push_back(label + 1 + random.below(4U));
            }
        }
    }
    bool const all_null = random.one_in(5);
    for (std::size_t band = 0; band < bands; ++band) {
        segment.values.push_back(test::segment_values<T>(random, segment.rows.size(), random.below(5)));
        for (auto& value : segment.values.back()) {
            if (all_null || random.one_in(4)) value = T{5};
        }
    }
    return segment;
}

/// Takes pixels of segments, each alone or with others, and makes pieces of them.
template <typename T, typename Plan>
void add_piece(segment_pieces<T>& pieces, whole_segment<T> const& segment, std::span<std::size_t const> places,
               Plan const& plan)
{
    pieces.bands.resize(plan.plans().size());
    pieces.values.resize(plan.spatial_bands().size());
    pieces.labels.push_back(segment.label);
    pieces.pixels.push_back(static_cast<std::uint32_t>(places.size()));
    for (std::size_t i = 0; i < plan.plans().size(); ++i) {
        auto const& [place, band_plan] = plan.plans()[i];
        auto const band = static_cast<std::size_t>(plan.bands()[place]) - 1;
        std::vector<T> valid;
        for (auto const pixel : places) {
            auto const value = segment.values[band][pixel];
            if (!plan.null_test(place)(value)) valid.push_back(value);
        }
        auto& to = pieces.bands[i];
        if (growing_values<T>::keeps_values(band_plan)) {
            to.counts.push_back(static_cast<std::uint32_t>(valid.size()));
            to.values.insert(to.values.end(), valid.begin(), valid.end());
        } else {
            to.moments.emplace_back().add(std::span<T const>(valid));
        }
    }
    if (!plan.wants_pixels()) return;
    for (auto const pixel : places) {
        pieces.rows.push_back(segment.rows[pixel]);
        pieces.cols.push_back(segment.cols[pixel]);
        for (std::size_t i = 0; i < pieces.values.size(); ++i) {
            auto const band = static_cast<std::size_t>(plan.bands()[plan.spatial_bands()[i]]) - 1;
            pieces.values[i].push_back(segment.values[band][pixel]);
        }
        if (plan.wants_neighbours()) pieces.neighbours.push_back(segment.neighbours[pixel]);
    }
    if (plan.wants_neighbours()) pieces.neighbour_counts.push_back(static_cast<std::uint32_t>(places.size()));
}

/// The row of all pixels at once.
template <typename T, typename... Functions>
std::vector<double> row_of(whole_segment<T> const& segment, statistics_plan<T, Functions...> const& plan)
{
    std::vector<double> row(plan.columns().size(), missing);
    shepseg::value_statistics<T> statistics;
    for (auto const& [place, band_plan] : plan.plans()) {
        std::vector<T> valid;
        for (auto const value : segment.values[static_cast<std::size_t>(plan.bands()[place]) - 1]) {
            if (!plan.null_test(place)(value)) valid.push_back(value);
        }
        statistics(valid, segment.rows.size(), band_plan, missing, row);
    }
    if (!plan.wants_pixels()) return row;
    std::vector<T> values;
    for (auto const place : plan.spatial_bands()) {
        auto const& own = segment.values[static_cast<std::size_t>(plan.bands()[place]) - 1];
        values.insert(values.end(), own.begin(), own.end());
    }
    auto neighbours = plan.wants_neighbours() ? segment.neighbours : std::vector<std::uint32_t>{};
    std::ranges::sort(neighbours);
    neighbours.erase(std::unique(neighbours.begin(), neighbours.end()), neighbours.end());
    auto functions = plan.functions();
    plan.set_spatial(segment_pixels<T>(segment.label, segment.rows, segment.cols, values, neighbours, plan.setting()),
                     row, functions);
    return row;
}

/// Splits segments at random over blocks that come in any order, and compares their rows.
template <typename T, typename... Functions>
void check_splits(random_numbers& random, statistics_plan<T, Functions...> const& plan)
{
    for (int round = 0; round < 10; ++round) {
        std::map<std::uint32_t, whole_segment<T>> segments;
        for (auto left = random.between(1, 12); left > 0; --left) {
            auto const label = random.pick<std::uint32_t>({0U, 0xffff'fff0U}) + random.between(1U, 15U);
            segments.insert_or_assign(label, random_segment<T>(random, label));
        }
        std::vector<segment_pieces<T>> blocks(random.between<std::size_t>(1, 6));
        for (auto const& [label, segment] : segments) {
            std::vector<std::vector<std::size_t>> places(blocks.size());
            for (std::size_t pixel = 0; pixel < segment.rows.size(); ++pixel) {
                places[random.below(blocks.size())].push_back(pixel);
            }
            for (std::size_t block = 0; block < blocks.size(); ++block) {
                if (places[block].empty()) continue;
                random.shuffle(places[block]);
                add_piece(blocks[block], segment, places[block], plan);
            }
        }
        for (auto& block : blocks) {
            if (!block.labels.empty()) continue;
            block.bands.resize(plan.plans().size());
            block.values.resize(plan.spatial_bands().size());
        }
        open_segments<T> open;
        segment_finisher<T, Functions...> finish(plan);
        std::map<std::uint32_t, std::uint64_t> left;
        for (auto const& [label, segment] : segments) left[label] = segment.rows.size();
        std::size_t done = 0;
        for (auto const& block : blocks) {
            for (std::size_t i = 0; i < block.labels.size(); ++i) left[block.labels[i]] -= block.pixels[i];
            open.add(
                block, [&](std::uint32_t label) { return segments.at(label).rows.size(); },
                [&](open_segment<T>&& segment) {
                    ++done;
                    CHECK(left.at(segment.label) == 0);
                    auto const& whole = segments.at(segment.label);
                    CHECK(segment.pixels == whole.rows.size());
                    std::vector<double> row(plan.columns().size(), missing);
                    finish(std::move(segment), plan, row);
                    CHECK(same_bits(row, row_of(whole, plan)));
                });
            auto const incomplete = std::ranges::count_if(left, [&](auto const& each) {
                return each.second > 0 && each.second < segments.at(each.first).rows.size();
            });
            CHECK(open.size() == static_cast<std::size_t>(incomplete));
            CHECK(open.empty() == (incomplete == 0));
            if (!open.empty()) CHECK(left.at(open.any().label) > 0);
        }
        CHECK(done == segments.size());
        CHECK(open.empty());
    }
}

std::optional<double> five(int band)
{
    return band == 2 ? std::optional<double>{} : 5.0;
}

rios::pixel_grid grid()
{
    return {.rows = 500, .cols = 500, .geotransform = {{10, 2, 0, 20, 0, -2}}, .projection = {}};
}

/// One band with an order and sums, one with sums alone, twice one.
std::vector<shepseg::band_statistics_selection> selection()
{
    using enum shepseg::statistic_kind;
    return {{.band = 3, .statistics = test::all_statistics()},
            {.band = 1, .statistics = {{.kind = mean}, {.kind = maximum}, {.kind = valid_count}}},
            {.band = 1, .statistics = {{.kind = median}}},
            {.band = 2, .statistics = {{.kind = stddev}}}};
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("a segment that comes in pieces has the row of the whole", T, pieces_as_whole)
{
    random_numbers random(test::seed_of<T>(90));
    check_splits(random, statistics_plan<T>(selection(), {}, five, missing, "{stat}{band}", grid()));
    check_splits(random, statistics_plan<T>({}, {}, five, missing, "{stat}{band}", grid()));
}
TEST_CASE_TEMPLATE_APPLY(pieces_as_whole, test::pixel_types);

TEST_CASE_TEMPLATE("spatial statistics of a segment in pieces are those of the whole", T, std::uint8_t, float)
{
    using namespace shepseg;
    random_numbers random(test::seed_of<T>(91));
    check_splits(random, statistics_plan<T, mean_coordinate, variogram, neighbour_count, perimeter>(
                             selection(), {2, 3}, five, missing, "{stat}{band}", grid(), mean_coordinate{},
                             variogram{4}, neighbour_count{}, perimeter{}));
    check_splits(random, statistics_plan<T, edge_pixel_count>({}, {}, five, missing, "{stat}{band}", grid(),
                                                              edge_pixel_count{}));
}

TEST_CASE("an error about a size passes through")
{
    segment_pieces<std::uint8_t> pieces;
    pieces.labels = {4};
    pieces.pixels = {1};
    open_segments<std::uint8_t> open;
    CHECK_THROWS_AS(open.add(
                        pieces, [](std::uint32_t /*label*/) -> std::uint64_t { throw std::runtime_error("sizes"); },
                        [](open_segment<std::uint8_t>&& /*segment*/) {}),
                    std::runtime_error);
    CHECK(open.empty());
}

TEST_CASE("a segment that has more pixels than it should is handed over with all of them")
{
    segment_pieces<std::uint8_t> pieces;
    pieces.labels = {4};
    pieces.pixels = {7};
    open_segments<std::uint8_t> open;
    std::uint64_t pixels = 0;
    open.add(
        pieces, [](std::uint32_t /*label*/) { return 5U; },
        [&](open_segment<std::uint8_t>&& segment) { pixels = segment.pixels; });
    CHECK(pixels == 7);
    CHECK(open.empty());
}

TEST_CASE("pieces whose lists do not fit together are not taken from another process")
{
    using pieces = segment_pieces<std::uint8_t>;
    pieces good;
    good.labels = {3, 7};
    good.pixels = {2, 1};
    good.bands.resize(1);
    good.bands[0].counts = {2, 1};
    good.bands[0].values = {1, 2, 3};
    good.rows = {0, 0, 1};
    good.cols = {4, 5, 5};
    good.values = {{1, 2, 3}};
    good.neighbour_counts = {1, 0};
    good.neighbours = {7};
    auto const taken = [](pieces const& sent) {
        try {
            static_cast<void>(rios::from_bytes<pieces>(rios::to_bytes(sent)));
            return true;
        } catch (rios::damaged_data const&) {
            return false;
        }
    };
    CHECK(taken(good));
    auto const spoilt = [&](auto change) {
        auto bad = good;
        change(bad);
        return !taken(bad);
    };
    CHECK(spoilt([](pieces& bad) { bad.pixels.pop_back(); }));
    CHECK(spoilt([](pieces& bad) { bad.bands[0].counts[1] = 2; }));
    CHECK(spoilt([](pieces& bad) { bad.bands[0].counts.push_back(0); }));
    CHECK(spoilt([](pieces& bad) { bad.bands[0].counts.clear(); }));
    CHECK(spoilt([](pieces& bad) { bad.cols.pop_back(); }));
    CHECK(spoilt([](pieces& bad) { bad.pixels[0] = 3; }));
    CHECK(spoilt([](pieces& bad) { bad.values[0].push_back(1); }));
    CHECK(spoilt([](pieces& bad) { bad.neighbour_counts[1] = 1; }));
    CHECK(spoilt([](pieces& bad) { bad.neighbour_counts.clear(); }));
}
