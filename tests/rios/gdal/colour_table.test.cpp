// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/colour_table.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/colour_ramps.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using reals = std::vector<double>;
using integers = std::vector<std::int32_t>;
using rios::colour;
using rios::colour_store;
using rios::colour_table;
using test::add_plain_column;
using test::make_tableless;
using test::message_of;
using test::plain_values;
using test::temporary_directory;

namespace {

/// The entries of GDAL's colour table: "1,2,3,255" each.
std::vector<std::string> plain_palette(std::string const& path, std::size_t entries, int band = 1)
{
    auto const file = test::open_raster(path);
    auto const* const table = file->GetRasterBand(band)->GetColorTable();
    std::vector<std::string> result;
    for (int i = 0; table != nullptr && i < static_cast<int>(entries) && i < table->GetColorEntryCount(); ++i) {
        auto const& entry = *table->GetColorEntry(i);
        result.push_back(std::to_string(entry.c1) + ',' + std::to_string(entry.c2) + ',' + std::to_string(entry.c3) +
                         ',' + std::to_string(entry.c4));
    }
    return result;
}

} // namespace

TEST_CASE("colours go into columns and come back, a thousand of them too")
{
    colour_table const few{{0, 0, 0, 0}, {255, 0, 1, 255}, {2, 3, 4, 128}, {9, 8, 7, 6}};
    auto many = rios::ramp_colours(1000, "inferno");
    rios::clear_null(many, 0);
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        for (auto const& table : {few, many}) {
            temporary_directory const folder;
            auto const path = make_tableless(folder, format, "a", GDT_UInt32);
            rios::write_colour_table(path, table); // automatic: there is no palette for uint32
            auto const alpha = format.driver == "HFA" ? "Opacity" : "Alpha";
            CHECK(test::plain_table(path) ==
                  std::to_string(table.size()) + " rows: Red(0,6) Green(0,7) Blue(0,8) " + alpha + "(0,9)");
            auto const red = plain_values<std::int32_t>(path, "Red");
            auto const green = plain_values<std::int32_t>(path, "Green");
            auto const blue = plain_values<std::int32_t>(path, "Blue");
            auto const opacity = plain_values<std::int32_t>(path, alpha);
            for (std::size_t i = 0; i < table.size(); ++i) {
                REQUIRE(red[i] == table[i].red);
                REQUIRE(green[i] == table[i].green);
                REQUIRE(blue[i] == table[i].blue);
                REQUIRE(opacity[i] == table[i].alpha);
            }
            CHECK(rios::read_colour_table(path) == table);
            CHECK(rios::read_colour_table(path, 1, colour_store::attribute_table) == table);
        }
    }
}

TEST_CASE("bytes of a GTiff have a palette, and columns if asked for")
{
    temporary_directory const folder;
    colour_table const table{{10, 20, 30, 255}, {255, 0, 1, 255}};
    for (auto const type : {GDT_Byte, GDT_UInt16}) {
        auto const path = make_tableless(folder, {"GTiff", ".tif"}, type == GDT_Byte ? "a" : "b", type);
        rios::write_colour_table(path, table);
        CHECK(plain_palette(path, 3) == std::vector<std::string>{"10,20,30,255", "255,0,1,255", "0,0,0,255"});
        CHECK(test::plain_table(path) == "none");
        auto const found = rios::read_colour_table(path);
        CHECK(found.size() == (type == GDT_Byte ? 256 : 65536));
        CHECK(found[1] == table[1]);
        CHECK(found[2] == colour{0, 0, 0});
        CHECK(rios::read_colour_table(path, 1, colour_store::attribute_table).empty());
    }
    auto const path = make_tableless(folder, {"GTiff", ".tif"}, "c");
    rios::write_colour_table(path, table, 1, colour_store::attribute_table);
    CHECK(plain_palette(path, 3).empty());
    CHECK(rios::read_colour_table(path) == table);
    CHECK(rios::read_colour_table(path, 1, colour_store::palette).empty());
    // HFA has one table for both.
    auto const hfa = make_tableless(folder, {"HFA", ".img"}, "d");
    rios::write_colour_table(hfa, table);
    CHECK(plain_palette(hfa, 3) == std::vector<std::string>{"10,20,30,255", "255,0,1,255"});
}

TEST_CASE("columns that exist are used whatever their type and name, and other columns stay")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"}, "a", GDT_Int32);
    add_plain_column(path, "Red", reals{0, 0.5, 1}); // GDAL makes one of usage Red integer
    add_plain_column(path, "G", integers{1, 2, 3}, GFU_Green);
    add_plain_column(path, "Blue", integers{4, 5, 255});
    add_plain_column(path, "name", std::vector<std::string>{"x", "y", "z"}, GFU_Name);
    CHECK(rios::read_colour_table(path) == colour_table{{0, 1, 4, 255}, {128, 2, 5, 255}, {255, 3, 255, 255}});
    rios::write_colour_table(path, {{51, 7, 8, 9}, {255, 6, 5, 4}});
    CHECK(test::plain_table(path) == "3 rows: Red(1,0) G(0,7) Blue(0,0) name(2,2) Alpha(0,9)");
    CHECK(plain_values<double>(path, "Red") == reals{0.2, 1, 1});
    CHECK(plain_values<std::int32_t>(path, "G") == integers{7, 6, 3});
    CHECK(plain_values<std::int32_t>(path, "Alpha") == integers{9, 4, 0});
    CHECK(plain_values<std::string>(path, "name")[2] == "z");
    CHECK(rios::read_colour_table(path) == colour_table{{51, 7, 8, 9}, {255, 6, 5, 4}, {255, 3, 255, 0}});
}

TEST_CASE("numbers that are no colours, and tables that are too long, are refused")
{
    temporary_directory const folder;
    auto const bad = make_tableless(folder, {"GTiff", ".tif"}, "a");
    for (auto const* const name : {"Red", "Green"}) add_plain_column(bad, name, integers{1, 2});
    add_plain_column(bad, "Blue", integers{255, 256});
    auto const refusal = [](auto f) { return message_of<rios::options_error>(f); };
    CHECK(refusal([&] { static_cast<void>(rios::read_colour_table(bad)); }) ==
          bad + ": band 1: column 'Blue', row 1: 256 is no colour; allowed: 0 to 255");
    auto const real = make_tableless(folder, {"GTiff", ".tif"}, "b");
    for (auto const* const name : {"Green", "Blue"}) add_plain_column(real, name, integers{1});
    add_plain_column(real, "Red", reals{-0.5});
    CHECK(refusal([&] { static_cast<void>(rios::read_colour_table(real)); }) ==
          real + ": band 1: column 'Red', row 0: -0.5 is no colour; allowed: 0 to 1");

    auto const bytes = make_tableless(folder, {"GTiff", ".tif"}, "c");
    CHECK(refusal([&] { rios::write_colour_table(bytes, colour_table(257)); }) ==
          bytes + ": band 1: 257 colours; a palette has room for 256");
    CHECK_NOTHROW(rios::write_colour_table(bytes, colour_table(256)));
    auto const floats = make_tableless(folder, {"GTiff", ".tif"}, "d", GDT_Float32);
    CHECK(refusal([&] { rios::write_colour_table(floats, colour_table(2), 1, colour_store::palette); }) ==
          floats +
              ": band 1: a palette is for pixels of type uint8 and uint16, not Float32; colours can be columns of the "
              "attribute table");
    CHECK(refusal([&] { rios::write_colour_table(bytes, colour_table(2), 2); }) ==
          bytes + ": no band 2; allowed: 1 to 1");
    auto file = rios::gdal_dataset::open(bytes);
    CHECK(message_of<rios::io_error>([&] { rios::write_colour_table(file, colour_table(2)); }) ==
          bytes + ": band 1: the colour table cannot be changed: the file is open for reading only");
}
