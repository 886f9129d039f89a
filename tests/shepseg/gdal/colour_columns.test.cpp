// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/colour_columns.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/colour_table.hpp>
#include <rios/gdal/table_io.hpp>
#include <rios/text_file.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/scratch_disk.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using shepseg::column_colour_options;
using shepseg::random_colour;
using shepseg::write_column_colours;
using shepseg::write_random_colours;
using test::message_of;
using test::temporary_directory;

namespace {

/// A raster of the segments 0 to last, in its attribute table or not.
std::string make_segments(temporary_directory const& folder, test::table_format const& format, std::uint32_t last)
{
    auto const path = folder / ("s" + format.extension);
    rios::image<std::uint32_t> labels(1, 1, static_cast<std::ptrdiff_t>(last) + 1);
    for (auto const [row, col] : labels.pixels()) labels(0, row, col) = static_cast<std::uint32_t>(col);
    test::make_raster(path, format.driver, labels);
    return path;
}

rios::colour_table colours_of(std::string const& path)
{
    return rios::read_colour_table(path, 1, rios::colour_store::attribute_table);
}

column_colour_options columns(std::string const& red, std::string const& green, std::string const& blue)
{
    column_colour_options options;
    options.columns = {red, green, blue};
    return options;
}

} // namespace

TEST_CASE("random colours go to all rows of the attribute table, page by page, in all formats")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_segments(folder, format, 30);
        auto const report = write_random_colours(path, 9, {.page = 7}); // no table: from the pixels
        CHECK(report.rows == 31);
        CHECK_FALSE(report.replaced);
        CHECK(report.beside_the_file == (format.driver == "GTiff"));
        auto const colours = colours_of(path);
        REQUIRE(colours.size() == 31);
        CHECK(colours[0] == rios::transparent);
        for (std::uint32_t segment = 1; segment <= 30; ++segment) CHECK(colours[segment] == random_colour(segment, 9));
    }
}

TEST_CASE("colours that are there are replaced and other columns stay")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_segments(folder, format, 3);
        test::add_plain_column(path, "mean", std::vector<double>{0, 1.5, 2.5, 3.5, 4.5}); // one row more than segments
        CHECK_FALSE(write_random_colours(path, 1).replaced);
        auto const report = write_random_colours(path, 2);
        CHECK(report.replaced);
        CHECK(report.rows == 5);
        CHECK(colours_of(path)[3] == random_colour(3, 2));
        CHECK(rios::read_column<double>(path, "mean") == std::vector<double>{0, 1.5, 2.5, 3.5, 4.5});
        CHECK(rios::attribute_table(rios::gdal_dataset::open(path)).columns().size() == 5);
    }
}

TEST_CASE("columns are stretched between their percentiles over the segments that have pixels and a value")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_segments(folder, format, 103);
        // Segments 1 to 100 have the values 1 to 100; 101 has no pixels, 102 no value, 103 NaN.
        std::vector<double> red(104);
        std::vector<double> green(104);
        std::vector<double> pixels(104, 4);
        for (std::size_t i = 0; i <= 100; ++i) {
            red[i] = static_cast<double>(i);
            green[i] = -red[i];
        }
        red[0] = 1e9;
        red[101] = 1e9;
        pixels[101] = 0;
        red[102] = -9999;
        red[103] = std::nan("");
        std::vector<double> const flat(104, 3);
        test::add_plain_column(path, "Histogram", pixels, GFU_PixelCount);
        test::add_plain_column(path, "a", red);
        test::add_plain_column(path, "b", green);
        test::add_plain_column(path, "c", flat);
        auto options = columns("a", "b", "c");
        options.page = 10;
        auto const report = write_column_colours(path, options);
        CHECK(report.ranges[0] == shepseg::colour_range{5, 95});
        CHECK(report.ranges[2] == shepseg::colour_range{3, 3});
        auto const colours = colours_of(path);
        REQUIRE(colours.size() == 104);
        CHECK(colours[0] == rios::transparent);
        CHECK(colours[1] == rios::colour{0, 255, 128, 255});
        CHECK(colours[5].red == 0);
        CHECK(colours[50].red == 128); // 45 / 90 × 255 = 127.5
        CHECK(colours[95].red == 255);
        CHECK(colours[100].red == 255);
        CHECK(colours[101].red == 255);
        CHECK(colours[102] == rios::colour{0, 255, 128, 255});
        CHECK(colours[103].red == 0);
    }
}

TEST_CASE("the percentiles of three columns take four passes over the table together, and the colours one")
{
    temporary_directory const folder;
    auto const path = make_segments(folder, {"HFA", ".img"}, 99);
    test::add_plain_column(path, "a", std::vector<double>(100, 1.5));
    auto options = columns("a", "a", "a");
    options.page = 25;
    int looked = 0;
    int coloured = 0;
    options.progress = [&](std::string_view phase, double) {
        looked += phase == "percentiles" ? 1 : 0;
        coloured += phase == "colours" ? 1 : 0;
        return true;
    };
    write_column_colours(path, options);
    CHECK(looked == 4 * 4); // pages
    CHECK(coloured == 4);
}

TEST_CASE("without a missing value all values count, and without any values the colour is 0")
{
    temporary_directory const folder;
    auto const path = make_segments(folder, {"HFA", ".img"}, 3);
    test::add_plain_column(path, "a", std::vector<double>{0, -9999, 0, 1});
    test::add_plain_column(path, "none", std::vector<double>{5, -9999, -9999, -9999});
    auto options = columns("a", "none", "a");
    options.low_percentile = 0;
    options.high_percentile = 100;
    auto const with = write_column_colours(path, options);
    CHECK(with.ranges[0] == shepseg::colour_range{0, 1});
    CHECK(std::isnan(with.ranges[1].low));
    CHECK(colours_of(path)[1] == rios::colour{0, 0, 0, 255});
    CHECK(colours_of(path)[3] == rios::colour{255, 0, 255, 255});
    options.missing.reset();
    CHECK(write_column_colours(path, options).ranges[0] == shepseg::colour_range{-9999, 1});
}

TEST_CASE("a table with colours for more values than a palette can have can be opened again")
{
    temporary_directory const folder;
    auto const path = make_segments(folder, {"HFA", ".img"}, 70000);
    write_random_colours(path);
    CHECK(write_random_colours(path, 1).replaced);
    CHECK(colours_of(path)[70000] == random_colour(70000, 1));
}

TEST_CASE("what cannot be coloured is refused with the reason")
{
    temporary_directory const folder;
    auto const path = make_segments(folder, {"GTiff", ".tif"}, 3);
    auto const refusal = [&](column_colour_options const& options) {
        return message_of<rios::options_error>([&] { write_column_colours(path, options); });
    };
    CHECK(refusal(columns("a", "b", "c")) == path + ": band 1: no column 'a'; the table has no columns");
    test::add_plain_column(path, "a", std::vector<double>{0, 1, 2, 3});
    test::add_plain_column(path, "kind", std::vector<std::string>{"", "x", "y", "z"});
    CHECK(refusal(columns("a", "a", "c")) == path + ": band 1: no column 'c'; the columns are 'a', 'kind'");
    CHECK(refusal(columns("a", "kind", "a")) ==
          path + ": band 1: column 'kind' is of type text and cannot be read as real");
    auto options = columns("a", "a", "a");
    options.low_percentile = 95;
    CHECK(refusal(options).ends_with("allowed: 0 to 100, the first below the second"));
    options.low_percentile = 5;
    options.page = 0;
    CHECK(refusal(options) == "colours: page 0: must be at least 1 row");
    test::make_raster(folder / "f.tif", "GTiff", rios::image<float>(1, 2, 2));
    CHECK(message_of<rios::grid_error>([&] { write_random_colours(folder / "f.tif"); }).find("type float32") !=
          std::string::npos);
    CHECK(message_of<rios::io_error>([&] { write_random_colours(folder / "none.tif"); }) ==
          (folder / "none.tif") + ": no such file or directory");
}

TEST_CASE("a column that HFA takes for a colour by its name is not replaced")
{
    temporary_directory const folder;
    auto const path = make_segments(folder, {"HFA", ".img"}, 3);
    test::add_plain_column(path, "red", std::vector<std::int32_t>{0, 7, 8, 9});
    CHECK(message_of<rios::options_error>([&] { write_random_colours(path); }) ==
          path + ": band 1: column 'red' is to HFA the column 'Red' of the colours, which would replace it; give it "
                 "another name");
    CHECK(rios::read_column<std::int32_t>(path, "red") == std::vector<std::int32_t>{0, 7, 8, 9});
    auto const other = make_segments(folder, {"GTiff", ".tif"}, 3);
    test::add_plain_column(other, "red", std::vector<std::int32_t>{0, 7, 8, 9});
    write_random_colours(other);
    CHECK(rios::read_column<std::int32_t>(other, "red") == std::vector<std::int32_t>{0, 7, 8, 9});
}

TEST_CASE("who cancels colours of a table beside its file finds it as it was")
{
    temporary_directory const folder;
    auto const path = make_segments(folder, {"GTiff", ".tif"}, 30);
    for (std::string_view const phase : {"looking", "colours", "closing"}) {
        shepseg::colour_options const options{.page = 10,
                                              .progress = [&](std::string_view at, double) { return at != phase; }};
        CHECK_THROWS_AS(write_random_colours(path, 0, options), rios::cancelled);
        CHECK(folder.names() == std::set<std::string>{"s.tif"});
    }
}

TEST_CASE("colours that cannot be written are found out before the pixels or the table are looked at")
{
    temporary_directory const folder;
    auto const path = make_segments(folder, {"GTiff", ".tif"}, 30);
    rios::write_text_file(path + ".aux.xml", "<PAMDataset/>");
    std::filesystem::permissions(path + ".aux.xml", std::filesystem::perms::owner_read);
    bool looked = false;
    shepseg::colour_options options;
    options.progress = [&](std::string_view, double) { return looked = true; };
    CHECK(message_of<rios::io_error>([&] { write_random_colours(path, 1, options); }) ==
          path + ".aux.xml: cannot be replaced: is read-only");
    CHECK(!looked);
    std::filesystem::remove(path + ".aux.xml");
    test::add_plain_column(path, "n", std::vector<double>(31));
    std::filesystem::permissions(path + ".aux.xml", std::filesystem::perms::owner_read);
    auto by_column = columns("n", "n", "n");
    by_column.progress = options.progress;
    CHECK(message_of<rios::io_error>([&] { write_column_colours(path, by_column); }) ==
          path + ".aux.xml: cannot be replaced: is read-only");
    CHECK(!looked);
}

TEST_CASE("more segments than a table can have rows are told in one line")
{
    temporary_directory const folder;
    auto const path = folder / "s.tif";
    rios::image<std::uint32_t> labels(1, 2, 2);
    labels(0, 1, 1) = 4294967295U;
    test::make_raster(path, "GTiff", labels);
    CHECK(message_of<rios::options_error>([&] { write_random_colours(path); }) ==
          path + ": band 1: an attribute table of 4294967296 rows; GDAL allows 2147483647");
    CHECK(folder.names() == std::set<std::string>{"s.tif"});
}

TEST_CASE("on a full disk colours are an error, and a table beside the raster stays as it was")
{
    constexpr int told = 42;
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_segments(folder, format, 1000);
        test::add_plain_column(path, "n", std::vector<double>(1001));
        auto const beside = format.driver == "GTiff";
        auto const before = rios::read_text_file(beside ? path + ".aux.xml" : path);
        auto const names = folder.names();
        CHECK(test::status_on_full_disk(before.size() + 2000, [&] {
                  return message_of<rios::io_error>([&] { write_random_colours(path); }).starts_with(path + ": ") ? told
                                                                                                                  : 1;
              }) == told);
        if (beside) CHECK((rios::read_text_file(path + ".aux.xml") == before));
        CHECK(folder.names() == names);
    }
}
