// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/auto_colour_table.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using rios::auto_colours;
using rios::colour;
using rios::colour_table;
using test::add_plain_column;
using test::make_tableless;
using test::message_of;
using test::temporary_directory;
using integers = std::vector<std::int32_t>;

namespace {

void set_thematic(std::string const& path)
{
    auto const file = test::open_raster(path, GDAL_OF_UPDATE);
    REQUIRE(file->GetRasterBand(1)->SetMetadataItem("LAYER_TYPE", "Thematic") == CE_None);
    REQUIRE(file->GetRasterBand(1)->SetNoDataValue(0) == CE_None);
}

bool colour_automatically(std::string const& path, auto_colours wanted, std::uint64_t maximum, int band = 1)
{
    auto file = rios::gdal_dataset::open_for_update(path);
    auto const written = rios::auto_colour_table(file, band, wanted, maximum);
    file.close();
    return written;
}

} // namespace

TEST_CASE("thematic bands without colours get some automatically")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format, "a", GDT_UInt32);
        CHECK_FALSE(colour_automatically(path, auto_colours::rainbow, 6)); // not thematic
        set_thematic(path);
        CHECK_FALSE(colour_automatically(path, auto_colours::none, 6));
        CHECK(rios::read_colour_table(path).empty());
        CHECK(colour_automatically(path, auto_colours::rainbow, 5));
        CHECK(rios::read_colour_table(path) ==
              colour_table{{0, 0, 0, 0}, {255, 255, 0}, {0, 255, 0}, {0, 255, 255}, {0, 0, 255}, {255, 0, 255}});
        CHECK_FALSE(colour_automatically(path, auto_colours::gray, 5)); // has some
        auto const gray = make_tableless(folder, format, "b", GDT_UInt32);
        set_thematic(gray);
        CHECK(colour_automatically(gray, auto_colours::gray, 255));
        CHECK(rios::read_colour_table(gray)[100] == colour{100, 100, 100});
        auto const random = make_tableless(folder, format, "c", GDT_UInt32);
        set_thematic(random);
        CHECK(colour_automatically(random, auto_colours::random, 300));
        auto expected = rios::random_colours(301);
        expected[0] = {0, 0, 0, 0};
        CHECK(rios::read_colour_table(random) == expected);
    }
}

TEST_CASE("bytes get a palette where the format has no tables, and keep the one that they have")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    set_thematic(path);
    CHECK(colour_automatically(path, auto_colours::gray, 255));
    CHECK(rios::read_colour_table(path, 1, rios::colour_store::palette)[255] == colour{255, 255, 255});
    CHECK_FALSE(colour_automatically(path, auto_colours::rainbow, 255));
    CHECK(rios::read_colour_table(path)[200] == colour{200, 200, 200});
}

TEST_CASE("columns of colours stay as they are, without one of opacity too")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format, "a", GDT_UInt32);
        set_thematic(path);
        add_plain_column(path, "Red", integers{1, 2}, GFU_Red);
        add_plain_column(path, "Green", integers{3, 4}, GFU_Green);
        auto const two = make_tableless(folder, format, "b", GDT_UInt32);
        set_thematic(two);
        add_plain_column(two, "Red", integers{1, 2}, GFU_Red);
        add_plain_column(path, "Blue", integers{5, 6}, GFU_Blue);
        CHECK_FALSE(colour_automatically(path, auto_colours::random, 1));
        CHECK(rios::read_colour_table(path) == colour_table{{1, 3, 5}, {2, 4, 6}});
        // Some of the columns are not all colours.
        CHECK(colour_automatically(two, auto_colours::gray, 1));
        CHECK(rios::read_colour_table(two) == colour_table{{0, 0, 0, 0}, {255, 255, 255}});
    }
}

TEST_CASE("a band that is not there, and more colours than a palette has, are refused")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    set_thematic(path);
    CHECK(message_of<rios::options_error>([&] { colour_automatically(path, auto_colours::gray, 5, 2); }) ==
          path + ": no band 2; allowed: 1 to 1");
    CHECK(message_of<rios::options_error>([&] { colour_automatically(path, auto_colours::gray, 256); }) ==
          path + ": band 1: 257 colours; a palette has room for 256");
    auto file = rios::gdal_dataset::open(path);
    CHECK(message_of<rios::io_error>([&] {
              rios::auto_colour_table(file, 1, auto_colours::gray, 5);
          }).ends_with("the file is open for reading only"));
}

TEST_CASE("the site's colours are looked up at every call")
{
    using test::environment_variable;
    std::string const name = "RIOS_DFLT_AUTOCOLORTABLETYPE";
    {
        environment_variable const empty(name, "");
        CHECK(rios::auto_colours_from_environment() == auto_colours::none);
    }
    for (auto const& [text, expected] :
         std::vector<std::pair<std::string, auto_colours>>{{"rainbow", auto_colours::rainbow},
                                                           {"gray", auto_colours::gray},
                                                           {"random", auto_colours::random},
                                                           {"none", auto_colours::none},
                                                           {"None", auto_colours::none}}) {
        environment_variable const set(name, text);
        CHECK(rios::auto_colours_from_environment() == expected);
    }
    environment_variable const set(name, "Rainbow");
    CHECK(message_of<rios::options_error>([] { static_cast<void>(rios::auto_colours_from_environment()); }) ==
          "environment variable RIOS_DFLT_AUTOCOLORTABLETYPE='Rainbow': allowed: rainbow, gray, random, none");
}
