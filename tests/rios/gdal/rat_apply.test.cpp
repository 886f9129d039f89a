// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/rat_apply.hpp>

#include <cstdint>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using integers = std::vector<std::int32_t>;
using reals = std::vector<double>;
using strings = std::vector<std::string>;
using rios::column;
using rios::output_rows;
using rios::row_block;
using rios::table_input;
using rios::table_output;
using test::add_plain_column;
using test::make_tableless;
using test::message_of;
using test::plain_values;
using test::temporary_directory;

namespace {

/// A file with the column "n": 0 to rows - 1.
std::string make_table(temporary_directory const& folder, test::table_format const& format,
                       std::string const& name = "a", std::int32_t rows = 17)
{
    auto const path = make_tableless(folder, format, name);
    integers n;
    for (std::int32_t row = 0; row < rows; ++row) n.push_back(row);
    add_plain_column(path, "n", n);
    return path;
}

auto const square = [](row_block const&, std::span<std::int32_t const> n) {
    integers result(n.begin(), n.end());
    for (auto& each : result) each *= each;
    return result;
};

integers squares(std::int32_t rows)
{
    integers result;
    for (std::int32_t row = 0; row < rows; ++row) result.push_back(row * row);
    return result;
}

} // namespace

TEST_CASE("a column is computed from another one in the same file, whatever the length of blocks")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        for (std::ptrdiff_t const length : {1, 5, 17, 100'000}) {
            temporary_directory const folder;
            auto const path = make_table(folder, format);
            auto const result =
                rios::rat_apply(table_input(path, column<std::int32_t>("n")), square,
                                table_output(path, column<std::int32_t>("sqr")), {.block_length = length});
            CHECK(result.rows == 17);
            CHECK(plain_values<std::int32_t>(path, "sqr") == squares(17));
            CHECK(plain_values<std::int32_t>(path, "n").back() == 16);
            // Once more, over the column that exists, read and written at once.
            rios::rat_apply(table_input(path, column<std::int32_t>("sqr")), square,
                            table_output(folder / "." + "/a" + format.extension, column<std::int32_t>("sqr")),
                            {.block_length = length});
            CHECK(plain_values<std::int32_t>(path, "sqr")[16] == 65536);
            CHECK(test::plain_table(path) == "17 rows: n(0,0) sqr(0,0)");
        }
    }
}

TEST_CASE("a column is computed into another file, and of some rows only")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_table(folder, format);
        auto const out = make_tableless(folder, format, "out");
        table_input const n(path, column<std::int32_t>("n"));
        rios::rat_apply(n, square, table_output(out, column<std::int32_t>("sqr")), {.block_length = 3});
        CHECK(plain_values<std::int32_t>(out, "sqr") == squares(17));
        CHECK(test::plain_table(path) == "17 rows: n(0,0)");

        auto const even = [](row_block const& block, std::span<std::int32_t const> values) {
            integers kept;
            strings names;
            for (std::size_t i = 0; i < values.size(); ++i) {
                auto const row = block.first_row + static_cast<std::ptrdiff_t>(i);
                if (row % 2 == 1) continue;
                kept.push_back(values[i]);
                names.push_back("row " + std::to_string(row));
            }
            return std::tuple(kept, names);
        };
        for (std::ptrdiff_t const increment : {1, 4, 1000}) {
            auto const few = make_tableless(folder, format, "few" + std::to_string(increment));
            rios::rat_apply(n, even, table_output(few, column<std::int32_t>("even"), column<std::string>("name")),
                            {.block_length = 3, .output = output_rows::growing(increment)});
            CHECK(plain_values<std::int32_t>(few, "even") == integers{0, 2, 4, 6, 8, 10, 12, 14, 16});
            CHECK(plain_values<std::string>(few, "name")[8] == "row 16");
        }
        auto const fixed = make_tableless(folder, format, "fixed");
        rios::rat_apply(n, even, table_output(fixed, column<std::int32_t>("even"), column<std::string>("name")),
                        {.block_length = 3, .output = output_rows::fixed(11)});
        CHECK(plain_values<std::int32_t>(fixed, "even") == integers{0, 2, 4, 6, 8, 10, 12, 14, 16, 0, 0});
        CHECK(plain_values<std::string>(fixed, "name")[10].empty());
        // A longer table keeps its rows.
        rios::rat_apply(n, even, table_output(out, column<std::int32_t>("even"), column<std::string>("name")),
                        {.output = output_rows::growing()});
        CHECK(plain_values<std::int32_t>(out, "sqr") == squares(17));
        CHECK(plain_values<std::int32_t>(out, "even")[8] == 16);
    }
}

TEST_CASE("a table is made without any input")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        auto const rows = [](row_block const& block) {
            CHECK(block.total_rows == 256);
            reals values;
            for (std::ptrdiff_t i = 0; i < block.rows; ++i) {
                values.push_back(static_cast<double>(block.first_row + i) / 4);
            }
            return values;
        };
        auto const result = rios::rat_apply(std::tuple(), rows,
                                            table_output(path, column<double>("x", rios::column_usage::pixel_count)),
                                            {.block_length = 100, .row_count = 256});
        CHECK(result.rows == 256);
        auto const name = format.driver == "HFA" ? "Histogram" : "x";
        auto const found = plain_values<double>(path, name);
        REQUIRE(found.size() == 256);
        CHECK(found[255] == 63.75);
        CHECK(test::plain_table(path) == std::string("256 rows: ") + name + "(1,1)");
        // No rows: the table has the column all the same.
        auto const empty = make_tableless(folder, format, "empty");
        rios::rat_apply(std::tuple(), rows, table_output(empty, column<double>("x")), {.row_count = 0});
        CHECK(test::plain_table(empty) == "0 rows: x(1,0)");
    }
}

TEST_CASE("tables and columns arrive in order, from several files and bands, and go to several")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const a = make_table(folder, format, "a", 5);
        add_plain_column(a, "name", strings{"", "Wald", "Wiese", "See", "h\xc3\xa9"});
        auto const b = make_tableless(folder, format, "b", GDT_Byte, 2);
        add_plain_column(b, "x", reals{0.5, 1.5, 2.5, 3.5, 4.5}, GFU_Generic, 2);
        auto const work = [](row_block const&, std::span<std::string const> names, std::span<double const> x,
                             std::span<std::int32_t const> n) {
            strings longer;
            reals sum;
            integers twice;
            for (std::size_t i = 0; i < n.size(); ++i) {
                longer.push_back(names[i] + "-" + names[i]);
                sum.push_back(x[i] + n[i]);
                twice.push_back(2 * n[i]);
            }
            return std::tuple(sum, longer, twice);
        };
        rios::rat_apply(std::tuple(table_input(a, column<std::string>("name")),
                                   table_input({b, 2}, column<double>("x")), table_input(a, column<std::int32_t>("n"))),
                        work,
                        std::tuple(table_output({b, 1}, column<double>("sum"), column<std::string>("text")),
                                   table_output(a, column<std::int32_t>("twice"))),
                        {.block_length = 2});
        CHECK(plain_values<double>(b, "sum", 1) == reals{0.5, 2.5, 4.5, 6.5, 8.5});
        CHECK(plain_values<std::string>(b, "text", 1) ==
              strings{"-", "Wald-Wald", "Wiese-Wiese", "See-See", "h\xc3\xa9-h\xc3\xa9"});
        CHECK(plain_values<std::int32_t>(a, "twice") == integers{0, 2, 4, 6, 8});
        CHECK(plain_values<double>(b, "x", 2) == reals{0.5, 1.5, 2.5, 3.5, 4.5});
    }
}

namespace {

/// Adds up.
struct summing {
    std::int64_t sum = 0;
    std::vector<std::ptrdiff_t> first_rows{};

    void operator()(row_block const& block, std::span<std::int32_t const> n)
    {
        for (auto const each : n) sum += each;
        first_rows.push_back(block.first_row);
        CHECK(block.number + 1 == first_rows.size());
        CHECK(block.rows == std::ssize(n));
    }
};

} // namespace

TEST_CASE("a function may accumulate, and write nothing")
{
    temporary_directory const folder;
    auto const path = make_table(folder, {"HFA", ".img"});
    std::vector<double> told;
    auto const result = rios::rat_apply(table_input(path, column<std::int32_t>("n")), summing(), std::tuple(),
                                        {.block_length = 8, .progress = [&](std::string_view phase, double done) {
                                             CHECK(phase == "rows");
                                             told.push_back(done);
                                             return true;
                                         }});
    CHECK(result.function.sum == 136);
    CHECK(result.function.first_rows == std::vector<std::ptrdiff_t>{0, 8, 16});
    CHECK(told == std::vector<double>{8.0 / 17, 16.0 / 17, 1});
    CHECK(result.timings.durations("reading").size() == 3);
    CHECK(result.timings.durations("userfunction").size() == 3);
    CHECK(result.timings.durations("writing").size() == 4); // and closing
    // An output without columns, where RIOS fails.
    rios::rat_apply(table_input(path, column<std::int32_t>("n")), summing(), table_output(path), {.block_length = 8});
    CHECK(test::plain_table(path) == "17 rows: n(0,0)");
    // And one that gets no rows.
    auto const out = make_tableless(folder, {"HFA", ".img"}, "out");
    rios::rat_apply(table_input(path), [](row_block const&) { return reals(); }, table_output(out, column<double>("x")),
                    {.output = output_rows::growing()});
    CHECK(test::plain_table(out) == "0 rows: x(1,0)");
}

TEST_CASE("what cannot be computed is refused before anything is changed")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const a = make_table(folder, format, "a", 5);
        auto const b = make_table(folder, format, "b", 6);
        auto const out = make_tableless(folder, format, "out");
        table_input const n(a, column<std::int32_t>("n"));
        table_output const sqr(out, column<std::int32_t>("sqr"));
        auto const never = [](auto const&...) -> integers { throw std::logic_error("was called"); };
        using rios::options_error;
        auto const refusal = [&]<typename E = options_error>(auto const& in, auto const& to,
                                                             rios::rat_apply_options const& options = {})
        {
            return message_of<E>([&] { rios::rat_apply(in, never, to, options); });
        };
        CHECK(refusal.operator()<rios::grid_error>(std::tuple(n, table_input(b)), sqr) ==
              a + ": band 1: the attribute table has 5 rows; " + b +
                  ": band 1: 6 rows: input tables must have the same number");
        CHECK(refusal(table_input(a, column<std::int32_t>("m")), sqr) ==
              a + ": band 1: no column 'm'; the columns are 'n'");
        CHECK(refusal(table_input({a, 2}), sqr) == a + ": no band 2; allowed: 1 to 1");
        CHECK(refusal.operator()<rios::io_error>(n, table_output(folder / "no.img", column<std::int32_t>("x"))) ==
              folder / "no.img: no such file or directory");
        CHECK(refusal(n, sqr, {.block_length = 0}) == "block_length 0: allowed: 1 or more rows");
        CHECK(refusal(n, sqr, {.row_count = 5}) ==
              "row_count 5: allowed: none, as the input tables have a number of rows");
        CHECK(refusal(std::tuple(), sqr) == "row_count must be given, as there are no input tables");
        CHECK(refusal(std::tuple(), sqr, {.row_count = -1}) == "row_count -1: allowed: 0 or more");
        CHECK(refusal(n, sqr, {.output = output_rows::fixed(-1)}) == "output rows fixed at -1: allowed: 0 or more");
        CHECK(refusal(n, sqr, {.output = output_rows::growing(0)}) == "output rows growing by 0: allowed: 1 or more");
        CHECK(refusal(n, table_output(a, column<std::int32_t>("sqr")), {.output = output_rows::growing()}) ==
              a + ": band 1: a table that is read cannot get another number of rows; write to another file");
        auto const two = [](auto const&...) { return std::tuple(integers(), integers()); };
        CHECK(message_of<options_error>([&] { rios::rat_apply(n, two, std::tuple(sqr, sqr)); }) ==
              out + ": band 1: column 'sqr' is listed twice as an output");
        CHECK(test::plain_table(a) == "5 rows: n(0,0)");
        CHECK((test::plain_table(out) == "none" || test::plain_table(out) == "0 rows:"));
    }
}

TEST_CASE("columns of the wrong length are refused by column and block")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const a = make_table(folder, format);
        auto const out = make_tableless(folder, format, "out");
        table_input const n(a, column<std::int32_t>("n"));
        auto const uneven = [](row_block const& block, std::span<std::int32_t const> values) {
            integers const x(values.begin(), values.end());
            integers y = x;
            if (block.number == 1) y.pop_back();
            return std::tuple(x, y);
        };
        auto const refusal = [](auto f) { return message_of<rios::grid_error>(f); };
        CHECK(refusal([&] {
                  rios::rat_apply(n, uneven, table_output(out, column<std::int32_t>("x"), column<std::int32_t>("y")),
                                  {.block_length = 5});
              }) ==
              out + ": band 1: block 1 (rows 5 to 9): column 'y' has 4 values, column 'x' 5: all columns of a table "
                    "must get the same number");
        auto const one_less = [](row_block const&, std::span<std::int32_t const> values) {
            return integers(values.begin() + 1, values.end());
        };
        table_output const x(out, column<std::int32_t>("x"));
        CHECK(
            refusal([&] { rios::rat_apply(n, one_less, x, {.block_length = 5}); }) ==
            out +
                ": band 1: block 0 (rows 0 to 4): 4 values for 5 rows; with output_rows::growing or fixed there may be "
                "another number");
        CHECK(refusal([&] { rios::rat_apply(n, one_less, x, {.block_length = 5, .output = output_rows::fixed(7)}); }) ==
              out + ": band 1: block 1 (rows 5 to 9): 8 values up to here; the output rows are fixed at 7");
    }
}

TEST_CASE("what the function throws is named by file and block, and leaves tables beside files alone")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_table(folder, format);
        add_plain_column(path, "sqr", integers(17, -1));
        table_input const n(path, column<std::int32_t>("n"));
        table_output const sqr(path, column<std::int32_t>("sqr"));
        auto const failing = [](auto f) {
            return [f](row_block const& block, std::span<std::int32_t const> values) {
                if (block.number == 2) f();
                return square(block, values);
            };
        };
        rios::rat_apply_options const options{.block_length = 5};
        auto const bad = failing([] { throw std::out_of_range("too far"); });
        CHECK(message_of<rios::worker_error>([&] { rios::rat_apply(n, bad, sqr, options); }) ==
              path + ": block 2 (rows 10 to 14), worker 0: too far");
        try {
            rios::rat_apply(n, bad, sqr, options);
        } catch (rios::worker_error const& error) {
            CHECK(error.block() == 2);
            CHECK_THROWS_AS(std::rethrow_if_nested(error), std::out_of_range);
        }
        CHECK(message_of<rios::worker_error>([&] { rios::rat_apply(n, failing([] { throw 7; }), sqr, options); }) ==
              path + ": block 2 (rows 10 to 14), worker 0: an exception that is no std::exception");
        auto const own = failing([] { throw rios::options_error("my own"); });
        CHECK(message_of<rios::options_error>([&] { rios::rat_apply(n, own, sqr, options); }) == "my own");
        auto stop = options;
        stop.progress = [](std::string_view, double done) { return done < 0.5; };
        CHECK_THROWS_AS(rios::rat_apply(n, square, sqr, stop), rios::cancelled);
        auto const left = plain_values<std::int32_t>(path, "sqr");
        CHECK(left[9] == (rios::keeps_attribute_tables(format.driver) ? 81 : -1));
        CHECK(left[16] == -1);
    }
}
