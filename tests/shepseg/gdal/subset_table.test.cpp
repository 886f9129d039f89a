// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/subset_table.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using shepseg::detail::table_subset;
using test::message_of;
using test::temporary_directory;

namespace {

using integers = std::vector<std::int32_t>;
using reals = std::vector<double>;
using texts = std::vector<std::string>;

/// Writes rows of the table of one file into another. @returns the path of that
std::string copied(temporary_directory const& folder, std::string const& from, std::vector<std::uint32_t> const& rows,
                   std::vector<std::uint64_t> const& counts, std::string const& original = "")
{
    auto const source = rios::gdal_dataset::open(folder / from);
    auto const to = test::make_tableless(folder, {"HFA", ".img"}, "to", GDT_UInt32);
    auto output = rios::gdal_dataset::open_for_update(to);
    table_subset(source, original).write(output, rows, counts, {});
    return to;
}

} // namespace

TEST_CASE("rows that remain come along, pixel counts are new, and what the table lacks is 0 or empty")
{
    temporary_directory const folder;
    auto const from = test::make_tableless(folder, {"HFA", ".img"}, "from", GDT_UInt32);
    test::add_plain_column(from, "Histogram", reals{5, 6, 7, 8, 9}, GFU_PixelCount);
    test::add_plain_column(from, "code", integers{10, 11, 12, 13, 14});
    test::add_plain_column(from, "kind", texts{"a", "b", "c", "d", "e"});
    auto const to = copied(folder, "from.img", {0, 2, 4, 90'000}, {1, 2, 3, 4}, "was");
    CHECK(test::plain_values<double>(to, "Histogram") == reals{1, 2, 3, 4});
    CHECK(test::plain_values<std::int32_t>(to, "code") == integers{10, 12, 14, 0});
    CHECK(test::plain_values<std::string>(to, "kind") == texts{"a", "c", "e", ""});
    CHECK(test::plain_values<std::int32_t>(to, "was") == integers{0, 2, 4, 90'000});
}

TEST_CASE("without a table there are counts only")
{
    temporary_directory const folder;
    test::make_tableless(folder, {"GTiff", ".tif"}, "from", GDT_UInt32);
    auto const to = copied(folder, "from.tif", {0, 3}, {4, 5});
    CHECK(test::plain_values<double>(to, "Histogram") == reals{4, 5});
}

TEST_CASE("columns are known before, and refused where the output cannot have them")
{
    temporary_directory const folder;
    auto const from = test::make_tableless(folder, {"GTiff", ".tif"}, "from", GDT_UInt32);
    test::add_plain_column(from, "code", integers{1, 2});
    auto const source = rios::gdal_dataset::open(from);
    table_subset const table(source, "was");
    REQUIRE(table.columns().size() == 2);
    CHECK(table.columns()[0].name == "code");
    CHECK(table.columns()[1].name == "was");
    CHECK(table.columns()[1].type == rios::column_type::integer);
    CHECK_NOTHROW(table.require_names("out.img", "HFA"));
    CHECK(message_of<rios::options_error>([&] { table_subset(source, "code").require_names("out.img", "HFA"); }) ==
          "out.img: column 'code': there is a column 'code' already");
    CHECK_NOTHROW(table.require_range({0, 2147483647}));
    CHECK_NOTHROW(table_subset(source, "").require_range({0, 2147483648}));
    CHECK(message_of<rios::options_error>([&] {
              table.require_range({0, 2147483648});
          }).find("segment 2147483648 remains; a column of integers, such as 'was', holds up to 2147483647") !=
          std::string::npos);
}
