// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/attribute_table.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/dataset.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/text_file.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/scratch_disk.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using counts = std::vector<std::uint64_t>;
using test::make_tableless;
using test::temporary_directory;

TEST_CASE("the histogram is a column of the attribute table with a row for each value from 0")
{
    temporary_directory const folder;
    counts few{5, 0, 7, 1};
    few.push_back((std::uint64_t{1} << 53) - 1);
    counts many(150'000); // several parts
    for (std::size_t value = 0; value < many.size(); ++value) many[value] = value * value;
    for (auto const* name : {"a.img", "a.tif"}) {
        for (auto const& histogram : {few, many}) {
            if (name[2] == 't' && histogram.size() > 1000) continue; // as XML: not meant for that
            CAPTURE(name);
            CAPTURE(histogram.size());
            rios::gdal_writer<std::uint32_t> writer(folder / name, {.thematic = true});
            writer.open({.rows = 3, .cols = 5, .geotransform = {}, .projection = {}});
            rios::write_histogram(writer.dataset(), 1, counts{9, 9}); // is written over
            rios::write_histogram(writer.dataset(), 1, histogram);
            writer.close();

            auto const file = test::open_raster(folder / name);
            auto* const table = file->GetRasterBand(1)->GetDefaultRAT();
            REQUIRE(table != nullptr);
            CHECK(table->GetRowCount() == static_cast<int>(histogram.size()));
            auto const column = table->GetColOfUsage(GFU_PixelCount);
            REQUIRE(column >= 0);
            CHECK(std::string(table->GetNameOfCol(column)) == "Histogram");
            CHECK(table->GetTypeOfCol(column) == GFT_Real);
            for (std::size_t value = 0; value < histogram.size(); ++value) {
                REQUIRE(table->GetValueAsDouble(static_cast<int>(value), column) ==
                        static_cast<double>(histogram[value]));
            }
        }
    }
    // In the file itself where the format keeps tables, beside it where not.
    CHECK_FALSE(folder.names().contains("a.img.aux.xml"));
    CHECK(folder.names().contains("a.tif.aux.xml"));
    CHECK(rios::keeps_attribute_tables("HFA"));
    CHECK(rios::keeps_attribute_tables("KEA"));
    CHECK_FALSE(rios::keeps_attribute_tables("GTiff"));
}

TEST_CASE("an .img with more than a million rows opens again")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"HFA", ".img"}, "a", GDT_UInt32);
    counts histogram(1'000'001, 1);
    histogram.back() = 7;
    {
        auto file = rios::gdal_dataset::open_for_update(path);
        rios::write_histogram(file, 1, histogram);
        file.close();
    }
    auto const file = rios::gdal_dataset::open(path);
    rios::attribute_table const table(file);
    CHECK(table.rows() == 1'000'001);
    CHECK(table.read<double>("Histogram", 999'999) == std::vector<double>{1, 7});
}

TEST_CASE("a histogram of fewer values than a table has rows cuts none of them off")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        test::add_plain_column(path, "name", std::vector<std::string>{"a", "b", "c", "d"});
        for (auto const& histogram : {counts{1, 2, 3}, counts{9}, counts{}}) {
            auto file = rios::gdal_dataset::open_for_update(path);
            rios::write_histogram(file, 1, histogram);
            file.close();
            std::vector<double> expected(histogram.begin(), histogram.end());
            expected.resize(4);
            CHECK(test::plain_values<double>(path, "Histogram") == expected);
            CHECK(test::plain_values<std::string>(path, "name") == std::vector<std::string>{"a", "b", "c", "d"});
        }
    }
}

TEST_CASE("a table for a band that does not exist is refused")
{
    temporary_directory const folder;
    rios::gdal_writer<std::uint32_t> writer(folder / "a.img");
    writer.open({.rows = 3, .cols = 5, .geotransform = {}, .projection = {}});
    CHECK(test::message_of<rios::options_error>([&] { rios::write_histogram(writer.dataset(), 2, counts{1}); }) ==
          folder / "a.img: no band 2; allowed: 1 to 1");
    CHECK_NOTHROW(rios::write_histogram(writer.dataset(), 1, counts{}));
}

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

TEST_CASE("columns of all types are written and read back by plain GDAL, and the other way round")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        integers const whole{0, -1, std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()};
        reals const real{0.1, -1e300, 0, 12345.678};
        strings const text{"", "Wald", "h\xc3\xa9lice", std::string(500, 'x')};
        {
            auto file = gdal_dataset::open_for_update(path);
            attribute_table table(file);
            CHECK(table.rows() == 0);
            CHECK(table.columns().empty());
            table.resize(4);
            CHECK(table.create_column({.name = "whole", .type = column_type::integer}) == 0);
            CHECK(table.create_column({.name = "real"}) == 1);
            CHECK(table.create_column({.name = "text", .type = column_type::text}) == 2);
            table.write("whole", 0, whole);
            table.write("real", 0, real);
            table.write("text", 0, text);
            CHECK(table.read<std::string>("text") == text); // not closed yet
            table.close();
            file.close();
        }
        CHECK(test::plain_table(path) == "4 rows: whole(0,0) real(1,0) text(2,0)");
        CHECK(test::plain_values<std::int32_t>(path, "whole") == whole);
        CHECK(test::plain_values<double>(path, "real") == real);
        CHECK(test::plain_values<std::string>(path, "text") == text);

        test::add_plain_column(path, "more", reals{4, 3, 2, 1.5}, GFU_PixelCount);
        auto const file = gdal_dataset::open(path);
        attribute_table const table(file);
        std::string const more = format.driver == "HFA" ? "Histogram" : "more";
        CHECK(table.columns() == std::vector<table_column>{{.name = "whole", .type = column_type::integer},
                                                           {.name = "real"},
                                                           {.name = "text", .type = column_type::text},
                                                           {.name = more, .usage = column_usage::pixel_count}});
        CHECK(table.find("real") == 1);
        CHECK(table.find(column_usage::pixel_count) == 3);
        CHECK_FALSE(table.find("Real"));
        CHECK_FALSE(table.find(column_usage::red));
        CHECK(table.read<double>(more) == reals{4, 3, 2, 1.5});
        CHECK(table.read<std::string>("text", 1, 2) == strings{"Wald", "h\xc3\xa9lice"});
    }
}

TEST_CASE("pages of any length give what the whole gives")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        test::random_numbers random(3);
        std::size_t const rows = format.driver == "GTiff" ? 1000 : 70'000; // more than a page of ours; XML is slow
        integers whole(rows);
        reals real(rows);
        strings text(rows);
        for (std::size_t row = 0; row < rows; ++row) {
            whole[row] = static_cast<std::int32_t>(random.bits());
            real[row] = static_cast<double>(random.below(1'000'000)) / 8;
            text[row] = std::string(random.below(std::size_t{9}), 'a'); // HFA has room for these from the beginning
        }
        auto file = gdal_dataset::open_for_update(path);
        attribute_table table(file);
        table.resize(static_cast<std::ptrdiff_t>(rows));
        for (auto const* const name : {"whole", "paged whole"}) {
            table.create_column({.name = name, .type = column_type::integer});
        }
        for (auto const* const name : {"real", "paged real"}) table.create_column({.name = name});
        for (auto const* const name : {"text", "paged text"}) {
            table.create_column({.name = name, .type = column_type::text});
        }
        auto const write_both = [&](std::string const& name, auto const& values) {
            using T = typename std::decay_t<decltype(values)>::value_type;
            table.write(name, 0, values);
            auto const paged = table.index_of("paged " + name);
            std::vector<T> part(values.size());
            for (std::size_t first = 0, count = 1; first < rows; first += count, count = count * 2 + 1) {
                count = std::min(count, rows - first);
                table.write(paged, static_cast<std::ptrdiff_t>(first), std::span<T const>(&values[first], count));
                table.read(paged, static_cast<std::ptrdiff_t>(first), std::span<T>(&part[first], count));
            }
            CHECK(part == values);
        };
        write_both("whole", whole);
        write_both("real", real);
        write_both("text", text);
        table.close();
        file.close();
        for (auto const* const name : {"whole", "paged whole"}) {
            CHECK(test::plain_values<std::int32_t>(path, name) == whole);
        }
        for (auto const* const name : {"real", "paged real"}) CHECK(test::plain_values<double>(path, name) == real);
        for (auto const* const name : {"text", "paged text"}) {
            CHECK(test::plain_values<std::string>(path, name) == text);
        }
    }
}

TEST_CASE("integers and reals are read and written as each other, the fraction cut off, and as text")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        auto file = gdal_dataset::open_for_update(path);
        attribute_table table(file);
        table.resize(3);
        table.create_column({.name = "whole", .type = column_type::integer});
        table.create_column({.name = "real"});
        table.create_column({.name = "text", .type = column_type::text});
        table.write("whole", 0, reals{2.9, -2.9, -2147483648.9});
        table.write("real", 0, integers{7, -8, 9});
        CHECK(table.read<std::int32_t>("whole") == integers{2, -2, -2147483647 - 1});
        CHECK(table.read<double>("whole") == reals{2, -2, -2147483648.0});
        CHECK(table.read<double>("real") == reals{7, -8, 9});
        table.write("real", 0, reals{0.5, -7.75, 2147483647.75});
        CHECK(table.read<std::int32_t>("real") == integers{0, -7, 2147483647});
        CHECK(table.read<std::string>("real", 0, 2) == strings{"0.5", "-7.75"});
        CHECK(table.read<std::string>("whole", 0, 2) == strings{"2", "-2"});

        auto const at = path + ": band 1: column ";
        CHECK(refusal([&] {
                  table.write("whole", 1, reals{1, 2147483648.0});
              }) == at + "'whole', row 2: 2147483648 does not fit into 32 bits");
        CHECK(refusal([&] { table.write("whole", 0, reals{std::numeric_limits<double>::quiet_NaN()}); }) ==
              at + "'whole', row 0: nan does not fit into 32 bits");
        CHECK(table.read<std::int32_t>("whole", 0, 2) == integers{2, -2}); // nothing was written
        table.write("real", 0, reals{1, 1e10});
        CHECK(refusal([&] { static_cast<void>(table.read<std::int32_t>("real")); }) ==
              at + "'real', row 1: 10000000000 does not fit into 32 bits");
        CHECK(refusal([&] { static_cast<void>(table.read<std::int32_t>("text")); }) ==
              at + "'text' is of type text and cannot be read as integer");
        CHECK(refusal([&] { static_cast<void>(table.read<double>("text")); }) ==
              at + "'text' is of type text and cannot be read as real");
        CHECK(refusal([&] { table.write("text", 0, reals{1}); }) ==
              at + "'text' is of type text and cannot be written as real");
        CHECK(refusal([&] { table.write("whole", 0, strings{"1"}); }) ==
              at + "'whole' is of type integer and cannot be written as text");
        CHECK(refusal([&] {
                  table.write("text", 1, strings{"a", std::string("b\0c", 3)});
              }) == at + "'text', row 2: the text has a zero byte");
    }
}

TEST_CASE("unknown columns and rows beyond the table are refused")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format, "a", GDT_Byte, 2);
        auto file = gdal_dataset::open_for_update(path);
        attribute_table table(file, 2);
        auto const at = path + ": band 2: ";
        CHECK(refusal([&] { static_cast<void>(table.index_of("x")); }) ==
              at + "no column 'x'; the table has no columns");
        table.create_column({.name = "n", .type = column_type::integer});
        table.create_column({.name = "size"});
        table.resize(8);
        CHECK(refusal([&] { static_cast<void>(table.read<double>("x")); }) ==
              at + "no column 'x'; the columns are 'n', 'size'");
        CHECK(refusal([&] { table.write("N", 0, reals{1}); }) == at + "no column 'N'; the columns are 'n', 'size'");
        reals two(2);
        CHECK(refusal([&] { table.read(2, 0, std::span(two)); }) ==
              at + "no column 2; the table has 2 columns, from 0");
        CHECK(refusal([&] { table.read(1, 7, std::span(two)); }) ==
              at + "column 'size': no 2 rows from row 7; the table has 8 rows, from 0");
        CHECK(refusal([&] { table.write("n", -1, integers{1}); }) ==
              at + "column 'n': no 1 rows from row -1; the table has 8 rows, from 0");
        CHECK(refusal([&] { static_cast<void>(table.read<double>("n", 9)); }) ==
              at + "column 'n': no 0 rows from row 9; the table has 8 rows, from 0");
        CHECK(refusal([&] { static_cast<void>(table.read<double>("n", 0, -1)); }) ==
              at + "column 'n': no -1 rows from row 0; the table has 8 rows, from 0");
        CHECK(table.read<double>("n", 8).empty());
        CHECK_NOTHROW(table.write("n", 8, integers{}));
        CHECK(refusal([&] { table.resize(-1); }) == at + "an attribute table of -1 rows; GDAL allows 2147483647");
        CHECK(refusal([&] { table.resize(std::ptrdiff_t{1} << 31); }) ==
              at + "an attribute table of 2147483648 rows; GDAL allows 2147483647");
        CHECK(refusal([&] { attribute_table(file, 3); }) == path + ": no band 3; allowed: 1 to 2");
    }
}

TEST_CASE("tables grow with empty rows, and shrink where the format can")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        auto const change = [&](auto f) {
            auto file = gdal_dataset::open_for_update(path);
            attribute_table table(file);
            f(table);
            table.close();
            file.close();
        };
        change([](attribute_table& table) {
            table.resize(2);
            table.create_column({.name = "n", .type = column_type::integer});
            table.create_column({.name = "s", .type = column_type::text});
            table.write("n", 0, integers{1, 2});
            table.write("s", 0, strings{"one", "a second text of some length"});
        });
        change([](attribute_table& table) { table.resize(5); });
        CHECK(test::plain_values<std::int32_t>(path, "n") == integers{1, 2, 0, 0, 0});
        CHECK(test::plain_values<std::string>(path, "s") == strings{"one", "a second text of some length", "", "", ""});
        // Columns that are never written to, in a table that grows.
        for (auto const type : {column_type::text, column_type::integer, column_type::real}) {
            change([&](attribute_table& table) {
                table.create_column({.name = std::string(name_of(type)), .type = type});
            });
            change([](attribute_table& table) { table.resize(table.rows() + 1); });
        }
        rios::gdal_errors const errors; // of HFA, when a column reaches beyond the end of the file
        CHECK(test::plain_values<double>(path, "real") == reals(8));
        CHECK(test::plain_values<double>(path, "integer") == reals(8));
        CHECK(test::plain_values<std::string>(path, "text") == strings(8));
        CHECK(errors.message() == "");
        if (format.driver == "KEA") {
            change([&](attribute_table& table) {
                CHECK(
                    test::message_of<rios::io_error>([&] { table.resize(1); }) ==
                    path +
                        ": band 1: cannot change the attribute table from 8 to 1 rows: the format cannot cut off rows");
            });
            continue;
        }
        change([](attribute_table& table) { table.resize(1); });
        CHECK(test::plain_values<std::int32_t>(path, "n") == integers{1});
        change([](attribute_table& table) { table.resize(3); });
        CHECK(test::plain_values<std::string>(path, "s")[0] == "one");
        CHECK(test::plain_values<std::string>(path, "s").size() == 3);
    }
}

TEST_CASE("a file that is open for reading is not changed, and neither is what lies beside it")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        test::add_plain_column(path, "n", integers{1, 2});
        auto const before = folder.names();
        auto const text = rios::read_text_file(path);
        {
            auto file = gdal_dataset::open(path);
            attribute_table table(file);
            auto const message =
                path + ": band 1: the attribute table cannot be changed: the file is open for reading only";
            auto const refused = [](auto f) { return test::message_of<rios::io_error>(f); };
            CHECK(refused([&] { table.write("n", 0, integers{3}); }) == message);
            CHECK(refused([&] { table.resize(7); }) == message);
            CHECK(refused([&] { table.create_column({.name = "m"}); }) == message);
            table.close();
            CHECK(table.read<std::int32_t>("n") == integers{1, 2});
        }
        CHECK(folder.names() == before);
        CHECK(rios::read_text_file(path) == text);
        CHECK(test::plain_table(path) == "2 rows: n(0,0)");
    }
}

TEST_CASE("changes to a table beside the file are forgotten without close")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    test::add_plain_column(path, "n", integers{1, 2});
    {
        auto file = gdal_dataset::open_for_update(path);
        attribute_table table(file);
        table.write("n", 0, integers{8, 9});
        CHECK(table.read<std::int32_t>("n") == integers{8, 9});
        file.close();
    }
    CHECK(test::plain_values<std::int32_t>(path, "n") == integers{1, 2});
    auto file = gdal_dataset::open_for_update(path);
    attribute_table table(file);
    table.write("n", 0, integers{8});
    table.close();
    table.write("n", 1, integers{9});
    table.close();
    file.close();
    CHECK(test::plain_values<std::int32_t>(path, "n") == integers{8, 9});
}

TEST_CASE("what cannot be written is found out without changing anything")
{
    constexpr int found_out = 42;
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        test::add_plain_column(path, "n", integers{1, 2});
        auto const names = folder.names();
        {
            auto const reading = gdal_dataset::open(path);
            CHECK(test::message_of<rios::io_error>([&] { attribute_table(reading).require_possible({}, 0); }) ==
                  path + ": band 1: the attribute table cannot be changed: the file is open for reading only");
        }
        {
            auto const file = gdal_dataset::open_for_update(path);
            attribute_table const table(file);
            CHECK(test::message_of<rios::options_error>([&] { table.require_possible({}, std::ptrdiff_t{1} << 32); }) ==
                  path + ": band 1: an attribute table of 4294967296 rows; GDAL allows 2147483647");
            table.require_possible({{.name = "x"}}, 1000);
        }
        auto const on_small_disk = test::status_on_small_disk(folder, 256 << 10, [&] {
            make_tableless(folder, format);
            auto const before = rios::read_text_file(path);
            auto const file = gdal_dataset::open_for_update(path);
            attribute_table const table(file);
            auto const message = test::message_of<rios::io_error>([&] {
                table.require_possible({{.name = "x"}, {.name = "y"}}, 100'000);
            });
            auto const bytes = 200'000 * (format.driver == "GTiff" ? 16 : 8) + 65536;
            bool const told = message.starts_with(path + ": cannot be changed: the attribute table needs " +
                                                  std::to_string(bytes) + " bytes more, and the disk has ");
            table.require_possible({{.name = "x"}, {.name = "y"}}, 1000);
            return told && rios::read_text_file(path) == before ? found_out : 1;
        });
        CHECK(on_small_disk.value_or(found_out) == found_out);
        CHECK(folder.names() == names);
    }
}

TEST_CASE("a million rows take moments")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"HFA", ".img"}, "a", GDT_UInt32);
    reals real(1'000'000);
    integers whole(real.size());
    for (std::size_t row = 0; row < real.size(); ++row) {
        real[row] = static_cast<double>(row) / 3;
        whole[row] = static_cast<std::int32_t>(row);
    }
    auto const start = std::chrono::steady_clock::now();
    {
        auto file = gdal_dataset::open_for_update(path);
        attribute_table table(file);
        table.resize(std::ssize(real));
        table.create_column({.name = "x"});
        table.create_column({.name = "n", .type = column_type::integer});
        table.write("x", 0, real);
        table.write("n", 0, whole);
        table.close();
        file.close();
    }
    auto const file = gdal_dataset::open(path);
    CHECK(attribute_table(file).read<double>("x") == real);
    CHECK(attribute_table(file).read<std::int32_t>("n") == whole);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5)); // 0.05 s on an idle machine
}
