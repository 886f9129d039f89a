// SPDX-License-Identifier: BSL-1.0
// What formats make of tables. Reading and writing them: attribute_table.test.cpp.
#include <rios/gdal/table_rules.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>

#include "support/message_of.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using counts = std::vector<std::uint64_t>;
using test::make_tableless;
using test::temporary_directory;

namespace {

using rios::attribute_table;
using rios::column_type;
using rios::column_usage;
using rios::gdal_dataset;
using rios::table_column;
using strings = std::vector<std::string>;
using reals = std::vector<double>;
using integers = std::vector<std::int32_t>;

template <typename F>
std::string refusal(F f)
{
    return test::message_of<rios::options_error>(f);
}

} // namespace

TEST_CASE("names of columns that would not come out of the file again are refused")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        bool const hfa = format.driver == "HFA";
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        auto file = gdal_dataset::open_for_update(path);
        attribute_table table(file);
        auto const at = path + ": band 1: column ";
        auto const create = [&](std::string const& name, column_usage usage = column_usage::generic) {
            return refusal([&] { table.create_column({.name = name, .usage = usage}); });
        };
        std::string const done = "(nothing was thrown)";
        CHECK(create("a") == done);
        CHECK(create("a") == at + "'a': there is a column 'a' already");
        CHECK(create("A") == (hfa ? at + "'A': there is a column 'a' already" : done));
        CHECK(create("") == at + "'': a name must not be empty, nor have control characters");
        CHECK(create("a\nb") == at + "'?': a name must not be empty, nor have control characters");
        std::string const longest(63, 'y');
        std::string const longer(64, 'z');
        CHECK(create(longest) == done);
        CHECK(create(longer) ==
              (hfa ? at + "'" + longer + "': the name has 64 bytes; HFA files have room for 63" : done));
        for (auto const* const name : {"mean.b1", "b2:mean", "#n#", "two words", "\xc3\xa4"})
            CHECK(create(name) == done);
        CHECK(create("r", column_usage::red) == done);
        CHECK(create("red") == (hfa ? at + "'red': there is a column 'Red' already" : done));
        table.resize(2);
        auto const columns = table.columns();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            auto const value = static_cast<std::int32_t>(i) + 1;
            table.write(columns[i].name, 0, integers{value, -value % 50});
        }
        table.close();
        file.close();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            CAPTURE(columns[i].name);
            CHECK(test::plain_values<double>(path, columns[i].name)[0] == static_cast<double>(i + 1));
        }
    }
}

TEST_CASE("HFA keeps a column's usage as its name")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = make_tableless(folder, format);
        auto file = gdal_dataset::open_for_update(path);
        attribute_table table(file);
        table.resize(2);
        auto const add = [&](column_usage usage, column_type type) {
            auto const name = "my " + std::string(name_of(usage));
            auto const place = table.create_column({.name = name, .type = type, .usage = usage});
            CHECK(table.columns()[place].usage == usage);
        };
        add(column_usage::pixel_count, column_type::integer);
        add(column_usage::name, column_type::text);
        for (auto const usage : {column_usage::red, column_usage::green, column_usage::blue, column_usage::alpha}) {
            add(usage, column_type::integer);
        }
        add(column_usage::minimum, column_type::real);
        table.write(0, 0, std::span<std::int32_t const>(integers{5, 6}));
        table.close();
        file.close();
        auto const text = test::plain_table(path);
        if (format.driver == "HFA") {
            CHECK(text == "2 rows: Histogram(1,1) Class_Names(2,2) Red(0,6) Green(0,7) Blue(0,8) Opacity(0,9) "
                          "my Min(1,0)");
            CHECK(test::plain_values<double>(path, "Histogram") == reals{5, 6});
        } else {
            CHECK(text == "2 rows: my PixelCount(0,1) my Name(2,2) my Red(0,6) my Green(0,7) my Blue(0,8) "
                          "my Alpha(0,9) my Min(1,3)");
        }
    }
}

TEST_CASE("a table beside the file keeps 16 digits, and no blanks at the beginning of a text")
{
    temporary_directory const folder;
    strings const text{" lead", "trail ", "<&>\"'", "tab\tin", "two\nlines"};
    reals const real{1.0 / 3, 1e300, 5e-324, -123456789.123456789, 0};
    for (auto const& format : test::table_formats()) {
        auto const path = make_tableless(folder, format);
        auto file = gdal_dataset::open_for_update(path);
        attribute_table table(file);
        table.resize(5);
        table.create_column({.name = "s", .type = column_type::text});
        table.create_column({.name = "x"});
        table.write("s", 0, text);
        table.write("x", 0, real);
        table.close();
        file.close();
        auto const again = gdal_dataset::open(path);
        auto expected = text;
        if (!rios::keeps_attribute_tables(format.driver)) expected[0] = "lead";
        CHECK(attribute_table(again).read<std::string>("s") == expected);
        auto const numbers = attribute_table(again).read<double>("x");
        if (rios::keeps_attribute_tables(format.driver)) CHECK(numbers == real);
        for (std::size_t i = 0; i < real.size(); ++i)
            CHECK(std::abs(numbers[i] - real[i]) <= 1e-15 * std::abs(real[i]));
    }
}

TEST_CASE("HFA files that would be written over by a table of gigabytes are refused first")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"HFA", ".img"});
    auto file = gdal_dataset::open_for_update(path);
    attribute_table table(file);
    auto const most = ((std::ptrdiff_t{1} << 31) - 1) / 8;
    table.resize(most + 1);
    table.create_column({.name = "a"});
    CHECK(refusal([&] { table.create_column({.name = "b"}); }) ==
          path +
              ": band 1: an attribute table of 268435456 rows and 2 columns; HFA files have room for 2 GiB before the "
              "last column, with all else that is in them (KEA has no such limit)");
    CHECK(table.columns().size() == 1);
    table.write("a", most, reals{4.5});
    CHECK(table.read<double>("a", most) == reals{4.5});
    // Within the limit by the number of rows, but there is something else in the file.
    auto const second = make_tableless(folder, {"HFA", ".img"}, "b");
    auto other = gdal_dataset::open_for_update(second);
    attribute_table full(other);
    full.resize(most);
    full.create_column({.name = "a"});
    CHECK(refusal([&] {
              full.create_column({.name = "b"});
          }).starts_with(second + ": band 1: an attribute table of 268435455 rows and 2 columns; HFA files have room"));
}

TEST_CASE("pixels count for the 2 GiB of an HFA file")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"HFA", ".img"});
    constexpr std::uintmax_t nearly = (std::uintmax_t{1} << 31) - 100'000;
    std::filesystem::resize_file(path, nearly); // as if there were many
    auto const with_rows = [&](std::ptrdiff_t rows, std::vector<table_column> const& columns) {
        auto const file = gdal_dataset::open_for_update(path);
        attribute_table const table(file);
        return refusal([&] { table.require_possible(columns, rows); });
    };
    auto const refused = [&](std::string const& what) {
        return path + ": band 1: an attribute table of " + what +
               "; HFA files have room for 2 GiB before the last column, with all else that is in them (KEA has no such "
               "limit)";
    };
    CHECK(with_rows(1'000'000, {{.name = "a"}}) == "(nothing was thrown)");
    CHECK(with_rows(10'000, {{.name = "a"}, {.name = "b"}}) == "(nothing was thrown)");
    CHECK(with_rows(20'000, {{.name = "a"}, {.name = "b"}}) == refused("20000 rows and 2 columns"));
    auto file = gdal_dataset::open_for_update(path);
    attribute_table table(file);
    table.resize(20'000);
    table.create_column({.name = "a"});
    CHECK(refusal([&] { table.create_column({.name = "b"}); }) == refused("20000 rows and 2 columns"));
    CHECK(refusal([&] { table.resize(20'001); }) == refused("20001 rows and 1 columns"));
    table.write("a", 19'999, reals{4.5});
    file.close();
    CHECK(test::plain_values<double>(path, "a")[19'999] == 4.5);
}

TEST_CASE("a table adds its new columns to a file, and all of them when it gets longer or is text")
{
    using rios::detail::growth_of;
    CHECK(growth_of("HFA", 3, 2, 100, 100).bytes == 1600);
    CHECK(growth_of("HFA", 3, 2, 100, 100).last_bytes == 800);
    CHECK(growth_of("HFA", 3, 2, 99, 100).bytes == 4000);
    CHECK(growth_of("HFA", 3, 0, 100, 100).bytes == 0);
    CHECK(growth_of("HFA", 3, 0, 100, 90).bytes == 0);
    CHECK(growth_of("GTiff", 3, 2, 100, 100).bytes == 8000);
    CHECK(growth_of("KEA", 3, 2, 99, 100).columns == 5);
}

TEST_CASE("a disk without room for a table is refused with what is needed and what is there")
{
    auto const growth = rios::detail::growth_of("HFA", 0, 2, 0, 100);
    rios::detail::require_space("a.img", growth, 1600 + 65536);
    CHECK(test::message_of<rios::io_error>([&] { rios::detail::require_space("a.img", growth, 1600 + 65535); }) ==
          "a.img: cannot be changed: the attribute table needs 67136 bytes more, and the disk has 67135 left");
    rios::detail::require_space("a.img", rios::detail::growth_of("HFA", 2, 0, 100, 100), 0); // nothing is added
}
