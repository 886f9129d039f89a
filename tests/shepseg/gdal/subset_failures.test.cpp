// SPDX-License-Identifier: BSL-1.0
// Subsets that cannot be made, or are not wanted any more.
#include <shepseg/gdal/subset.hpp>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/text_file.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/scratch_disk.hpp"
#include "support/subset_scenes.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using shepseg::subset_file;
using test::block_at;
using test::make_segments;
using test::patches;
using test::temporary_directory;

namespace {

using labels = rios::image<std::uint32_t>;

} // namespace

TEST_CASE("bad input is refused before anything is written, and an older output stays")
{
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    auto const out = folder / "out.tif";
    make_segments(in, patches<std::int32_t>(8, 50, 70));
    std::ofstream(out) << "older";
    auto const untouched = [&] {
        std::ifstream file(out);
        return std::string(std::istreambuf_iterator<char>(file), {}) == "older" && folder.names().size() <= 4;
    };
    auto const refused = [&](shepseg::subset_options const& request) {
        auto message = test::message_of<rios::error>([&] { subset_file(in, out, request, rios::thread_executor()); });
        CHECK(untouched());
        return message;
    };
    CHECK(refused({.part = block_at(45, 0, 6, 70)}) ==
          in + ": the window at row 45, col 0 of 6 rows, 70 cols is not inside the raster of 50 rows, 70 cols");
    CHECK(refused({.part = rios::map_extent{0, 0, 5, 5}}) ==
          in + ": the extent x 0 to 5, y 0 to 5 lies outside the raster, which covers x 1000 to 1700, y 1500 to 2000");
    CHECK(refused({.format = "PNG"}).find("cannot be written block by block") != std::string::npos);
    CHECK(refused({.creation_options = {"MAX_Z_ERROR=1"}}).find("would change the numbers") != std::string::npos);
    CHECK(refused({.mask = folder / "none.tif"}).starts_with(folder / "none.tif"));
    auto const written_over = [](std::string const& path) {
        return path + ": is the input " + path + ", which must not be written over; give it another name";
    };
    CHECK(refused({.mask = out}) == written_over(out));
    CHECK(test::message_of<rios::options_error>([&] { subset_file(in, in, {}, rios::inline_executor()); }) ==
          written_over(in));
    test::add_plain_column(in, "code", std::vector<std::int32_t>{1, 2, 3});
    CHECK(refused({.original_id_column = "code"}) == out + ": column 'code': there is a column 'code' already");

    auto negative = patches<std::int32_t>(8, 50, 70);
    negative(0, 49, 69) = -3;
    make_segments(in, negative);
    CHECK(refused({}) == in + ": row 49, col 69 holds -3; numbers of segments are 1 or more, and 0 is null");
    labels large(1, 1, 2);
    large(0, 0, 1) = 3'000'000'000;
    make_segments(in, large);
    CHECK(refused({.original_id_column = "original"}) ==
          in +
              ": band 1: segment 3000000000 remains; a column of integers, such as 'original', holds up to 2147483647");
}

TEST_CASE("cancelled in any phase it leaves nothing behind")
{
    temporary_directory const folder;
    make_segments(folder / "in.img", patches(8, 1200, 1300), "HFA");
    test::add_plain_column(folder / "in.img", "code", std::vector<std::int32_t>{1, 2, 3});
    std::set<std::string> phases;
    for (std::string const phase : {"finding", "writing", "table", "closing", "none"}) {
        shepseg::subset_options request;
        request.progress = [&](std::string_view name, double done) {
            CHECK(done >= 0);
            CHECK(done <= 1);
            phases.emplace(name);
            return name != phase;
        };
        auto const run = [&] { subset_file(folder / "in.img", folder / "out.tif", request, rios::thread_executor()); };
        if (phase == "none") run();
        else CHECK_THROWS_AS(run(), rios::cancelled);
        CHECK(folder.names().count("out.tif") == (phase == "none" ? 1 : 0));
        CHECK(folder.names().size() == (phase == "none" ? 3 : 1)); // with out.tif.aux.xml
    }
    CHECK(phases == std::set<std::string>{"finding", "writing", "table", "closing"});
}

TEST_CASE("on a full disk a subset is an error, whichever part does not fit, and an older output stays")
{
    constexpr int told = 42;
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const input = folder / "a.tif";
        labels numbers(1, 40, 50);
        for (auto const [row, col] : numbers.pixels())
            numbers(0, row, col) = static_cast<std::uint32_t>(row * 50 + col);
        make_segments(input, numbers);
        test::add_plain_column(input, "mean", std::vector<double>(2000, 0.1));
        auto const output = folder / ("b" + format.extension);
        rios::inline_executor executor;
        subset_file(input, output, {}, executor);
        auto const file = rios::read_text_file(output);
        auto const text = format.driver == "GTiff" ? rios::read_text_file(output + ".aux.xml") : file;
        auto const names = folder.names();
        std::vector<rlim_t> limits{text.size() / 2, text.size() - 1000, text.size() - 1};
        for (auto const limit : limits) {
            CAPTURE(limit);
            CHECK(test::status_on_full_disk(limit, [&] {
                      auto const message = test::message_of<rios::io_error>(
                          [&] { subset_file(input, output, {.original_id_column = "id"}, executor); });
                      return message.starts_with(output + ": ") && message.find(".tmp") == std::string::npos ? told : 1;
                  }) == told);
            CHECK((rios::read_text_file(output) == file));
            CHECK(folder.names() == names);
        }
    }
}

TEST_CASE("a table for which the output has no room is refused before the pixels are written")
{
    temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"HFA", ".img"});
    auto const from = test::make_tableless(folder, {"GTiff", ".tif"});
    test::add_plain_column(from, "mean", std::vector<double>{1, 2});
    auto const file = rios::gdal_dataset::open_for_update(path);
    shepseg::detail::table_subset const table(rios::gdal_dataset::open(from), "id");
    auto const refusal = [&](std::size_t rows) {
        return test::message_of<rios::options_error>([&] { table.require_room(file, rows); });
    };
    CHECK(refusal(1000) == "(nothing was thrown)");
    CHECK(refusal(std::size_t{1} << 31) == path + ": band 1: an attribute table of 2147483648 rows; GDAL allows "
                                                  "2147483647");
    CHECK(refusal(200'000'000) == path + ": band 1: an attribute table of 200000000 rows and 3 columns; HFA files have "
                                         "room for 2 GiB before the last column, with all else that is in them (KEA "
                                         "has no such limit)");
}
