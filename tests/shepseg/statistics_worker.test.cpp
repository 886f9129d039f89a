// SPDX-License-Identifier: BSL-1.0
#include <shepseg/statistics_worker.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block_info.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <shepseg/statistic.hpp>

#include "support/message_of.hpp"

using shepseg::statistic_from;

namespace {

using plan_type = shepseg::statistics_plan<std::uint8_t>;
using worker_type = shepseg::statistics_worker<std::uint8_t>;

/// Mean and median of band 1, in which 9 is null.
std::shared_ptr<plan_type const> small_plan()
{
    std::vector<shepseg::band_statistics_selection> const selection{
        {.band = 1, .statistics = {statistic_from("mean"), statistic_from("median")}}};
    auto const null_value = [](int) { return std::optional<double>(9); };
    return std::make_shared<plan_type const>(
        selection, std::vector<int>{}, null_value, -1, "{stat}",
        rios::pixel_grid{.rows = 2, .cols = 4, .geotransform = {}, .projection = {}});
}

template <typename T>
rios::image<T> row_of_two(std::vector<T> const& pixels)
{
    rios::image<T> result(1, 2, 2);
    std::copy(pixels.begin(), pixels.end(), result.data());
    return result;
}

rios::run_info const run{
    .grid = {.rows = 2, .cols = 4, .geotransform = {}, .projection = {}}, .window_rows = 2, .window_cols = 2};

} // namespace

TEST_CASE("a block gives rows of the segments that it holds whole, and pieces of the others")
{
    auto const complete = std::make_shared<shepseg::complete_segments<std::uint8_t>>();
    worker_type worker(small_plan(), shepseg::segment_sizes(std::vector<std::uint64_t>{0, 2, 3, 1}), complete);
    auto const found =
        worker({run.block_at(0), run}, row_of_two<std::uint32_t>({1, 2, 1, 2}), row_of_two<std::uint8_t>({4, 9, 8, 3}));
    CHECK(found.complete.labels == std::vector<std::uint32_t>{1});
    CHECK(found.complete.pixels == std::vector<std::uint64_t>{2});
    CHECK(found.complete.numbers == std::vector<double>{6, 4});
    CHECK(found.pieces.labels == std::vector<std::uint32_t>{2});
    CHECK(found.pieces.pixels == std::vector<std::uint32_t>{2});
    REQUIRE(found.pieces.bands.size() == 1);
    CHECK(found.pieces.bands[0].counts == std::vector<std::uint32_t>{1});
    CHECK(found.pieces.bands[0].values == std::vector<std::uint8_t>{3});
    CHECK(found.pieces.rows.empty());
}

TEST_CASE("segments that were completed elsewhere get their rows from whoever computes next")
{
    auto const complete = std::make_shared<shepseg::complete_segments<std::uint8_t>>();
    auto const plan = small_plan();
    worker_type worker(plan, shepseg::segment_sizes(std::vector<std::uint64_t>{0, 4, 2}), complete);
    shepseg::open_segment<std::uint8_t> segment;
    segment.label = 2;
    segment.pixels = 2;
    segment.bands.resize(1);
    segment.bands[0].add(std::vector<std::uint8_t>{7, 5});
    complete->add(std::move(segment));
    auto const found =
        worker({run.block_at(1), run}, row_of_two<std::uint32_t>({1, 1, 1, 1}), row_of_two<std::uint8_t>({9, 9, 9, 9}));
    CHECK(found.complete.labels == std::vector<std::uint32_t>{2, 1});
    CHECK(found.complete.numbers == std::vector<double>{6, 5, -1, -1});
    CHECK(complete->take().empty());
}

TEST_CASE("more pixels than a segment should have are an error")
{
    auto const complete = std::make_shared<shepseg::complete_segments<std::uint8_t>>();
    worker_type worker(small_plan(), shepseg::segment_sizes(std::vector<std::uint64_t>{0, 3}), complete);
    auto const refused = [&](std::vector<std::uint32_t> const& labels) {
        return test::message_of<rios::error>([&] {
            static_cast<void>(
                worker({run.block_at(0), run}, row_of_two(labels), row_of_two<std::uint8_t>({1, 2, 3, 4})));
        });
    };
    CHECK(refused({1, 1, 1, 1}) == "segment 1 has more pixels, but the histogram says 3: it does not belong to these "
                                   "pixels; have them counted again (--recount)");
    CHECK(refused({1, 1, 1, 5}).starts_with("segment 5 has more pixels, but the histogram says 0"));
}

TEST_CASE("complete segments are handed out by their number of pixels")
{
    shepseg::complete_segments<std::uint8_t> complete;
    for (std::uint32_t label = 1; label <= 4; ++label) {
        shepseg::open_segment<std::uint8_t> segment;
        segment.label = label;
        segment.pixels = 10;
        complete.add(std::move(segment));
    }
    CHECK(complete.take(15).size() == 2);
    CHECK(complete.take().size() == 2);
    CHECK(complete.take().empty());
}

TEST_CASE("complete segments do not pile up, however large the blocks")
{
    auto const complete = std::make_shared<shepseg::complete_segments<std::uint8_t>>();
    worker_type worker(small_plan(), shepseg::segment_sizes(std::vector<std::uint64_t>{0}), complete);
    for (std::uint32_t label = 1; label <= 6; ++label) {
        shepseg::open_segment<std::uint8_t> segment;
        segment.label = label;
        segment.pixels = 1 << 20;
        segment.bands.resize(1);
        complete->add(std::move(segment));
    }
    rios::run_info const large{.grid = {.rows = 2048, .cols = 2048, .geotransform = {}, .projection = {}},
                               .window_rows = 2048,
                               .window_cols = 2048};
    auto const found = worker({large.block_at(0), large}, rios::image<std::uint32_t>(1, 2048, 2048),
                              rios::image<std::uint8_t>(1, 2048, 2048));
    CHECK(found.complete.labels.size() == 4); // as many pixels as the block has
}
