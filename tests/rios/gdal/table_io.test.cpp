// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/table_io.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/dataset.hpp>

#include "support/message_of.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using integers = std::vector<std::int32_t>;
using reals = std::vector<double>;
using strings = std::vector<std::string>;
using test::make_tableless;
using test::temporary_directory;

TEST_CASE("a column that is written is read back equal, by us and by plain GDAL")
{
    // The columns of RIOS's test: 10 to 109, the first replaced by 500.
    integers whole;
    reals real;
    strings text;
    for (int row = 0; row < 100; ++row) {
        auto const value = row == 0 ? 500 : 10 + row;
        whole.push_back(value);
        real.push_back(value);
        text.push_back(std::to_string(value));
    }
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        rios::write_column(path, "whole", whole);
        rios::write_column(path, "real", real);
        rios::write_column(path, "text", text);
        CHECK(test::plain_values<std::int32_t>(path, "whole") == whole);
        CHECK(test::plain_values<double>(path, "real") == real);
        CHECK(test::plain_values<std::string>(path, "text") == text);
        CHECK(rios::read_column<std::int32_t>(path, "whole") == whole);
        CHECK(rios::read_column<double>(path, "real") == real);
        CHECK(rios::read_column<std::string>(path, "text") == text);
    }
    if (test::table_formats().size() < 3) MESSAGE("not tried with KEA: this GDAL does not have it");
}

TEST_CASE("a column that exists is written over, and a table grows with its longest column")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format, "a", GDT_UInt16, 2);
        rios::write_column(path, "n", integers{1, 2, 3}, {.band = 2});
        rios::write_column(path, "n", integers{7, 8}, {.band = 2});
        CHECK(test::plain_values<std::int32_t>(path, "n", 2) == integers{7, 8, 3});
        rios::write_column(path, "x", reals{1, 2, 3, 4}, {.band = 2, .usage = rios::column_usage::maximum});
        CHECK(test::plain_table(path, 2) ==
              (format.driver == "HFA" ? "4 rows: n(0,0) x(1,0)" : "4 rows: n(0,0) x(1,4)"));
        CHECK(test::plain_values<std::int32_t>(path, "n", 2) == integers{7, 8, 3, 0});
        rios::write_column(path, "n", reals{-1.5}, {.band = 2});
        CHECK(test::plain_values<std::int32_t>(path, "n", 2) == integers{-1, 8, 3, 0});
        CHECK(rios::read_column<double>(rios::gdal_dataset::open(path), "n", 2) == reals{-1, 8, 3, 0});
    }
}

TEST_CASE("columns are refused by file, band and name")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"HFA", ".img"});
    rios::write_column(path, "n", integers{1});
    using test::message_of;
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(rios::read_column<double>(path, "m")); }) ==
          path + ": band 1: no column 'm'; the columns are 'n'");
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(rios::read_column<double>(path, "n", 2)); }) ==
          path + ": no band 2; allowed: 1 to 1");
    CHECK(message_of<rios::options_error>([&] { rios::write_column(path, "n", strings{"a"}); }) ==
          path + ": band 1: column 'n' is of type integer and cannot be written as text");
    CHECK(message_of<rios::io_error>([&] { rios::write_column(folder / "no.img", "n", integers{1}); }) ==
          folder / "no.img: no such file or directory");
    auto file = rios::gdal_dataset::open(path);
    CHECK(message_of<rios::io_error>([&] {
              rios::write_column(file, "n", integers{1, 2});
          }) == path + ": band 1: the attribute table cannot be changed: the file is open for reading only");
}
