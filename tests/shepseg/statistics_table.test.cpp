// SPDX-License-Identifier: BSL-1.0
#include <shepseg/statistics_table.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/resident_memory.hpp"
#include "support/sanitizers.hpp"
#include "support/scratch_disk.hpp"
#include "support/temporary_directory.hpp"

using shepseg::column_values;
using shepseg::statistics_column;
using shepseg::statistics_table;
using test::open_files_in;
using test::random_numbers;
using test::temporary_directory;

static_assert(!std::copyable<statistics_table> && std::is_move_constructible_v<statistics_table>);

namespace {

constexpr std::size_t page = statistics_table::page_rows;

std::vector<statistics_column> columns(std::size_t count)
{
    std::vector<statistics_column> result;
    while (result.size() < count) result.push_back({.name = "c" + std::to_string(result.size())});
    return result;
}

std::vector<double> missing_row(std::size_t count)
{
    std::vector<double> result;
    while (result.size() < count) result.push_back(-9999.0 + static_cast<double>(result.size()));
    return result;
}

statistics_table table_of(std::size_t width, std::size_t rows, temporary_directory const& folder, std::size_t memory)
{
    return {columns(width), missing_row(width), rows, folder.path(), memory};
}

/// What was set.
using twin = std::map<std::size_t, std::vector<double>>;

void check(statistics_table const& table, twin const& expected, std::size_t first)
{
    auto const width = table.columns().size();
    auto const missing = missing_row(width);
    std::size_t next = first;
    bool right = true;
    table.for_each_page(first, [&](std::size_t row, std::size_t rows, std::span<double const> numbers) {
        CHECK(row == next);
        CHECK(rows >= 1);
        CHECK((row % page) + rows <= page);
        CHECK(numbers.size() == rows * width);
        for (std::size_t i = 0; i < rows; ++i) {
            auto const found = expected.find(row + i);
            auto const& wanted = found == expected.end() ? missing : found->second;
            for (std::size_t col = 0; col < width; ++col) right = right && numbers[i * width + col] == wanted[col];
        }
        next = row + rows;
    });
    CHECK(right);
    CHECK(next == std::max(first, table.rows()));
}

} // namespace

TEST_CASE("rows come back as they were set, from memory and from the file, others with what is missing")
{
    random_numbers random(50);
    temporary_directory const folder;
    for (std::size_t const width : {1, 3, 7}) {
        for (std::size_t const memory : {std::size_t{0}, page * width * 8 * 2, std::size_t{1} << 40}) {
            CAPTURE(width);
            CAPTURE(memory);
            auto const rows = 4 * page + 100;
            auto table = table_of(width, rows, folder, memory);
            twin expected;
            std::vector<std::size_t> labels; // those of page 2 have none
            for (int i = 0; i < 3000; ++i) {
                if (auto const label = random.below(rows); label / page != 2) labels.push_back(label);
            }
            for (auto const last : {page - 1, page, 2 * page - 1, 3 * page, rows - 1}) labels.push_back(last);
            for (auto const label : labels) {
                std::vector<double> row;
                while (row.size() < width) row.push_back(random.unit() * 1e6);
                table.set(static_cast<std::uint32_t>(label), row);
                expected[label] = row;
            }
            check(table, expected, 0); // before any page is complete
            CHECK(table.in_file() == 0);
            for (std::size_t const number : {3, 0, 4, 1}) {
                table.complete(number);
                check(table, expected, 1);
            }
            auto const bytes = page * width * sizeof(double);
            CHECK(table.in_file() == (memory == 0 ? 4 * bytes : memory == 2 * bytes ? 2 * bytes : 0));
            for (std::size_t const first :
                 {std::size_t{0}, std::size_t{1}, page - 1, page, page + 1, rows - 1, rows, rows + 5}) {
                check(table, expected, first);
            }
            for (int i = 0; i < 50; ++i) {
                auto const label = i < 25 ? random.below(rows) : random.pick(labels);
                auto const found = expected.find(label);
                CHECK(table.row(static_cast<std::uint32_t>(label)) ==
                      (found == expected.end() ? missing_row(width) : found->second));
            }
        }
    }
    CHECK(folder.names().empty());
    CHECK(open_files_in(folder).empty());
}

TEST_CASE("rows in the scratch file take no memory any more")
{
    if (test::sanitized) {
        std::cout << "SKIPPED: a sanitizer keeps what was given back\n";
        return;
    }
    temporary_directory const folder;
    constexpr std::size_t width = 16; // pages of 2 MB
    constexpr std::size_t pages = 64;
    auto table = table_of(width, pages * page, folder, 0);
    std::vector<double> const row(width, 1.5);
    std::size_t before = 0;
    std::size_t most = 0;
    for (std::size_t number = 0; number < pages; ++number) {
        for (std::size_t i = 0; i < page; ++i) table.set(static_cast<std::uint32_t>(number * page + i), row);
        table.complete(number);
        if (number == 3) before = test::resident_bytes();
        most = std::max(most, test::resident_bytes());
    }
    CHECK(table.in_file() == pages * page * width * sizeof(double));
    CHECK(most < before + (std::size_t{16} << 20));
    CHECK(table.row(5) == row);
}

TEST_CASE("pages are those of labels")
{
    CHECK(statistics_table::page_of(0) == 0);
    CHECK(statistics_table::page_of(page - 1) == 0);
    CHECK(statistics_table::page_of(page) == 1);
    CHECK(statistics_table::page_of(0xffff'ffffU) == 0xffff'ffffU / page);
}

TEST_CASE("a label of 32 bits takes no room for those before it")
{
    temporary_directory const folder;
    auto table = table_of(2, std::size_t{1} << 32, folder, 0);
    table.set(0xffff'ffffU, std::vector{1.0, 2.0});
    table.complete(statistics_table::page_of(0xffff'ffffU));
    CHECK(table.row(0xffff'ffffU) == std::vector{1.0, 2.0});
    CHECK(table.row(0xffff'fffeU) == missing_row(2));
    CHECK(table.row(0) == missing_row(2));
    CHECK(table.in_file() == page * 2 * sizeof(double));
}

TEST_CASE("a row that does not exist is refused")
{
    temporary_directory const folder;
    auto const three = table_of(1, 3, folder, 0);
    CHECK(three.row(2) == missing_row(1));
    CHECK(test::message_of<rios::options_error>([&] { static_cast<void>(three.row(3)); }) ==
          "segment 3: allowed: 0 to 2");
    CHECK_THROWS_AS(static_cast<void>(table_of(1, 0, folder, 0).row(0)), rios::options_error);
}

TEST_CASE("tables without rows or without columns have no numbers")
{
    temporary_directory const folder;
    auto const nothing = table_of(3, 0, folder, 0);
    nothing.for_each_page(0, [](auto...) { FAIL("there is no page"); });
    nothing.for_each_page(1, [](auto...) { FAIL("there is no page"); });
    auto narrow = table_of(0, 10, folder, 0);
    narrow.set(4, {});
    narrow.complete(0);
    check(narrow, {}, 1);
    CHECK(narrow.row(4).empty());
}

TEST_CASE("a table that is moved keeps its rows and its file")
{
    temporary_directory const folder;
    auto first = table_of(2, 2 * page, folder, 0);
    first.set(5, std::vector{1.0, 2.0});
    first.set(page + 5, std::vector{3.0, 4.0});
    first.complete(0);
    statistics_table second(std::move(first));
    CHECK(second.in_file() == page * 2 * sizeof(double));
    check(second, {{5, {1, 2}}, {page + 5, {3, 4}}}, 0);
    second.set(page + 6, std::vector{5.0, 6.0});
    second.complete(1);
    CHECK(second.in_file() == 2 * page * 2 * sizeof(double));
    auto const third = std::move(second);
    check(third, {{5, {1, 2}}, {page + 5, {3, 4}}, {page + 6, {5, 6}}}, 0);
    CHECK(open_files_in(folder).size() == 1);
    CHECK(folder.names().empty());
}

TEST_CASE("wide counts widen columns of whole numbers alone")
{
    temporary_directory const folder;
    using enum column_values;
    statistics_table table({{"a", integer}, {"b", real}, {"c", large_integer}}, {0, 0, 0}, 1, folder.path(), 0);
    table.widen();
    CHECK(table.columns() == std::vector<statistics_column>{{"a", large_integer}, {"b", real}, {"c", large_integer}});
}

TEST_CASE("a scratch file that cannot be made or is full is an error, and rows stay")
{
    temporary_directory const folder;
    statistics_table table(columns(1), missing_row(1), 10, folder / "nowhere", 0);
    table.set(3, std::vector{7.0});
    CHECK(test::message_of<rios::io_error>([&] { table.complete(0); }) ==
          folder / "nowhere: cannot make a scratch file there: No such file or directory");
    CHECK(table.row(3) == std::vector{7.0});
    for (rlim_t const limit : {rlim_t{0}, rlim_t{page * 8}, rlim_t{2 * page * 8 - 1}}) {
        CAPTURE(limit);
        CHECK(test::status_on_full_disk(limit, [&] {
                  auto full = table_of(1, 2 * page, folder, 0);
                  full.set(1, std::vector{1.0});
                  full.set(page + 1, std::vector{2.0});
                  auto const message = test::message_of<rios::io_error>([&] {
                      full.complete(0);
                      full.complete(1);
                  });
                  if (message != folder.path().string() + ": cannot use a scratch file there: File too large") return 1;
                  if (full.in_file() != (limit < page * 8 ? 0 : page * 8)) return 2;
                  return full.row(1) == std::vector{1.0} && full.row(page + 1) == std::vector{2.0} &&
                                 full.row(2) == missing_row(1)
                             ? 42
                             : 5;
              }) == 42);
        CHECK(folder.names().empty());
    }
}
