// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/table_change.hpp>

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/colour_ramps.hpp>
#include <rios/executor/inline.hpp>
#include <rios/gdal/calculate_statistics.hpp>
#include <rios/gdal/colour_table.hpp>
#include <rios/gdal/rat_apply.hpp>
#include <rios/gdal/table_io.hpp>
#include <rios/text_file.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/scratch_disk.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using rios::attribute_table;
using rios::gdal_dataset;
using test::make_tableless;
using test::message_of;
using test::temporary_directory;
using integers = std::vector<std::int32_t>;
using reals = std::vector<double>;

namespace {

constexpr int told = 42;

/// What becomes of a change on a full disk: `told` if the file is named in an error.
template <typename F>
int outcome(std::string const& path, F change)
{
    auto const message = message_of<rios::io_error>(change);
    return message.starts_with(path) && message.find(".tmp") == std::string::npos ? told : 1;
}

/// A raster of a format that keeps its table as text, and that text.
struct text_table {
    std::string path;
    std::string text;
};
std::vector<text_table> text_tables(temporary_directory const& folder)
{
    auto const tif = make_tableless(folder, {"GTiff", ".tif"});
    auto const bil = make_tableless(folder, {"ENVI", ".bil"}, "b");
    auto const vrt = folder / "c.vrt";
    rios::write_text_file(vrt, R"(<VRTDataset rasterXSize="4" rasterYSize="4">
  <VRTRasterBand dataType="Byte" band="1"><SimpleSource>
    <SourceFilename relativeToVRT="1">a.tif</SourceFilename><SourceBand>1</SourceBand>
  </SimpleSource></VRTRasterBand>
</VRTDataset>)");
    return {{tif, tif + ".aux.xml"}, {bil, bil + ".aux.xml"}, {vrt, vrt}};
}

} // namespace

TEST_CASE("on a full disk the older table beside a file, or in a VRT, stays, and nothing else")
{
    temporary_directory const folder;
    for (auto const& each : text_tables(folder)) {
        auto const& path = each.path;
        auto const& text = each.text;
        CAPTURE(path);
        rios::write_column(path, "n", integers(100, 7));
        auto const before = rios::read_text_file(text);
        auto const names = folder.names();
        auto const change = [&] { rios::write_column(path, "x", reals(1000, 1.5)); };
        for (rlim_t const limit : {rlim_t{1}, rlim_t{4096}, before.size() + 1, rlim_t{40'000}}) {
            CAPTURE(limit);
            CHECK(test::status_on_full_disk(limit, [&] { return outcome(path, change); }) == told);
            CHECK((rios::read_text_file(text) == before));
            CHECK(folder.names() == names);
        }
        change();
        CHECK(test::plain_table(path) == "1000 rows: n(0,0) x(1,0)");
        CHECK(folder.names() == names);
    }
}

TEST_CASE("a table that cannot be written beside a file leaves nothing where there was none")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    auto const names = folder.names();
    CHECK(test::status_on_full_disk(4096, [&] {
              return message_of<rios::io_error>([&] { rios::write_column(path, "x", reals(1000, 1.5)); }) ==
                             path + ": cannot write: unable to save auxiliary information in " + path +
                                 ".aux.xml (File too large)"
                         ? told
                         : 1;
          }) == told);
    CHECK(folder.names() == names);
}

TEST_CASE("all that changes tables of files that exist leaves the older ones on a full disk")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    rios::write_column(path, "Histogram", integers(100, 7), {.usage = rios::column_usage::pixel_count});
    auto const before = rios::read_text_file(path + ".aux.xml");
    auto const full = [&](auto change) {
        CHECK(test::status_on_full_disk(before.size(), [&] { return outcome(path, change); }) == told);
        CHECK((rios::read_text_file(path + ".aux.xml") == before));
    };
    full([&] {
        auto const colours = rios::ramp_colours(256, "viridis");
        rios::write_colour_table(path, colours, 1, rios::colour_store::attribute_table);
    });
    full([&] {
        auto const halves = [](rios::row_block const&, std::span<std::int32_t const> numbers) {
            return reals(numbers.size(), 2.5);
        };
        rios::rat_apply(rios::table_input(path, rios::column<std::int32_t>("Histogram")), halves,
                        rios::table_output(path, rios::column<double>("x")));
    });
    full([&] {
        rios::inline_executor executor;
        rios::calculate_statistics(path, {}, executor); // 16 pixels of one value instead of 7
    });
}

TEST_CASE("a table that GDAL forgets without a word is missed")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"}, "a", GDT_Byte, 2);
    auto file = gdal_dataset::open_for_update(path);
    attribute_table table(file, 2);
    table.resize(3);
    table.create_column({.name = "x"});
    table.close();
    rios::detail::table_sizes const expected(file);
    file.close();
    expected.require(path, path);
    rios::write_text_file(path + ".aux.xml", "<PAMDataset/>");
    CHECK(message_of<rios::io_error>([&] { expected.require(path, "shown.tif"); }) ==
          "shown.tif: band 2: the attribute table was lost: of 3 rows and 1 columns 0 rows and 0 columns can be read "
          "back");
}

TEST_CASE("a change that is given up leaves the older table beside a file")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    rios::write_column(path, "n", integers(100, 7));
    auto const before = rios::read_text_file(path + ".aux.xml");
    auto const names = folder.names();
    {
        auto file = gdal_dataset::open_for_update(path);
        rios::table_change const given_up(file);
        rios::write_column(file, "x", reals(5, 1.5));
    }
    CHECK((rios::read_text_file(path + ".aux.xml") == before));
    CHECK(folder.names() == names);
}

TEST_CASE("a raster without a table beside it may be changed in a folder that cannot")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    std::filesystem::permissions(path, std::filesystem::perms{0666});
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
    CHECK(test::status_as_nobody([&] {
              rios::write_colour_table(path, rios::ramp_colours(256, "viridis"));
              auto const lost = message_of<rios::io_error>([&] { rios::write_column(path, "x", reals(5, 1.5)); });
              return lost == path + ": cannot write: unable to save auxiliary information in " + path + ".aux.xml"
                         ? told
                         : 1;
          }) == told);
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
    CHECK(rios::read_colour_table(path).size() == 256);
    CHECK(folder.names() == std::set<std::string>{"a.tif"});
}
