// SPDX-License-Identifier: BSL-1.0
// What formats make of tables. Reading and writing them: attribute_table.test.cpp.
#include <rios/gdal/table_rules.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
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
              "last column (KEA has no such limit)");
    CHECK(table.columns().size() == 1);
    table.write("a", most, reals{4.5});
    CHECK(table.read<double>("a", most) == reals{4.5});
    // Within the limit by the number of rows, but there is something else in the file: GDAL says so.
    auto const second = make_tableless(folder, {"HFA", ".img"}, "b");
    auto other = gdal_dataset::open_for_update(second);
    attribute_table full(other);
    full.resize(most);
    full.create_column({.name = "a"});
    CHECK(test::message_of<rios::io_error>([&] {
              full.create_column({.name = "b"});
          }).starts_with(second + ": band 1: cannot write column 'b', rows 0 to 0: "));
}
