// SPDX-License-Identifier: BSL-1.0
#include <shepseg/statistics_merger.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <shepseg/statistic.hpp>

#include "support/message_of.hpp"

using shepseg::statistic_from;
using test::message_of;

namespace {

using pixel = std::uint16_t;
using merger_type = shepseg::statistics_merger<pixel>;

/// A merger of one column, the median, and the segments that it completes.
struct merging {
    std::shared_ptr<shepseg::complete_segments<pixel>> complete = std::make_shared<shepseg::complete_segments<pixel>>();
    merger_type merger;

    explicit merging(std::vector<std::uint64_t> const& sizes)
        : merger(shepseg::statistics_table({{.name = "median"}}, {-1}, sizes.size(),
                                           std::filesystem::temp_directory_path(), 0),
                 shepseg::segment_sizes(sizes), complete, [this](std::vector<shepseg::open_segment<pixel>> segments) {
                     shepseg::segment_table_rows rows;
                     for (auto const& each : segments) {
                         rows.labels.push_back(each.label);
                         rows.pixels.push_back(each.pixels);
                         rows.numbers.push_back(7);
                     }
                     finished_here += segments.size();
                     return rows;
                 })
    {
    }
    std::size_t finished_here = 0;
};

shepseg::block_statistics<pixel> piece(std::uint32_t label, std::vector<pixel> values)
{
    shepseg::block_statistics<pixel> result;
    result.pieces.labels = {label};
    result.pieces.pixels = {static_cast<std::uint32_t>(values.size())};
    result.pieces.bands.resize(1);
    result.pieces.bands[0].counts = {static_cast<std::uint32_t>(values.size())};
    result.pieces.bands[0].values = std::move(values);
    return result;
}

shepseg::block_statistics<pixel> row(std::uint32_t label, std::uint64_t pixels, double number)
{
    shepseg::block_statistics<pixel> result;
    result.complete = {.labels = {label}, .pixels = {pixels}, .numbers = {number}};
    return result;
}

std::string const advice = ": it does not belong to these pixels; have them counted again (--recount)";

} // namespace

TEST_CASE("rows go to the table, and pieces become segments whose rows a job makes")
{
    merging of({0, 2, 3, 0, 4});
    of.merger.write({}, piece(2, {5}));
    of.merger.write({}, row(4, 4, 8.5));
    of.merger.write({}, piece(1, {7, 9}));
    CHECK(of.complete->take(0).empty());
    of.merger.write({}, piece(2, {1, 3}));
    of.merger.close();

    using plan_type = shepseg::statistics_plan<pixel>;
    std::vector<shepseg::band_statistics_selection> const selection{{.statistics = {statistic_from("median")}}};
    auto const plan = std::make_shared<plan_type const>(
        selection, std::vector<int>{}, [](int) { return std::optional<double>(); }, -1, "{stat}", rios::pixel_grid{});
    shepseg::finishing_job<pixel> job(plan, *of.complete, of.merger, {});
    rios::inline_executor().run(job);
    auto const& table = of.merger.table();
    CHECK(table.row(0) == std::vector<double>{-1});
    CHECK(table.row(1) == std::vector<double>{7});
    CHECK(table.row(2) == std::vector<double>{3});
    CHECK(table.row(3) == std::vector<double>{-1});
    CHECK(table.row(4) == std::vector<double>{8.5});
    CHECK(table.in_file() > 0); // the page went there when its last row had come
    CHECK(of.merger.largest() == 4);
}

TEST_CASE("sizes that are not those of the pixels are errors")
{
    CHECK(message_of<rios::error>([] {
              merging of({0, 2, 3});
              of.merger.write({}, piece(2, {5, 6}));
              of.merger.close();
          }) == "segment 2 has 2 pixels, but the histogram says 3" + advice);
    CHECK(message_of<rios::error>([] {
              merging of({0, 2, 3});
              of.merger.write({}, piece(2, {5, 6}));
              of.merger.write({}, piece(2, {5, 6}));
          }) == "segment 2 has more pixels, but the histogram says 3" + advice);
    // A block whose part of a segment has just as many pixels as the segment should have, and then another.
    for (std::vector<std::uint64_t> const& sizes :
         {std::vector<std::uint64_t>{0, 2, 3}, std::vector<std::uint64_t>{0, 2}}) {
        CHECK(message_of<rios::error>([&] {
                  merging of(sizes);
                  of.merger.write({}, row(1, 2, 0.5));
                  of.merger.write({}, row(1, 2, 0.5));
              }).starts_with("segment 1 has more pixels"));
    }
}

TEST_CASE("segments of which no pixel came are found out at the end")
{
    merging of({0, 2, 0, 3});
    of.merger.write({}, row(1, 2, 0.5));
    of.merger.close();
    CHECK(message_of<rios::error>([&] { of.merger.require_all(); }) ==
          "segment 3 has no pixels, but the histogram says 3" + advice);
    of.merger.write({}, row(3, 3, 0.5));
    of.merger.require_all();
}

TEST_CASE("where nobody makes rows of complete segments, the merger does when too many pixels wait")
{
    constexpr std::uint32_t large = 1 << 23;
    merging of({0, large, large, large, 5});
    for (std::uint32_t label = 1; label < 4; ++label) {
        of.merger.write({}, piece(label, std::vector<pixel>(large - 1)));
        CHECK(of.finished_here == 0);
    }
    of.merger.write({}, piece(1, {1}));
    of.merger.write({}, piece(2, {1}));
    CHECK(of.finished_here == 0);
    of.merger.write({}, piece(3, {1}));
    CHECK(of.finished_here == 1);
    CHECK(of.complete->pixels() == 2 * std::uint64_t{large});
    CHECK(of.merger.table().row(1)[0] == 7);
}
