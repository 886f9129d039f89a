// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/column_statistics.hpp>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using reals = std::vector<double>;
using rios::column_statistics;
using test::add_plain_column;
using test::make_tableless;
using test::message_of;
using test::temporary_directory;
using options = rios::column_statistics_options;
constexpr auto quantiles = rios::weighted_statistics::extent::quantiles;

TEST_CASE("statistics of a column are those of the pixels, each with the number of its row")
{
    // The table of RIOS's test: n squared, the row of the null value with a number that would show.
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        test::set_null(path, 0);
        reals squares{500};
        reals counts{1000};
        reals pixels;
        for (int n = 1; n < 100; ++n) {
            squares.push_back(n * n);
            counts.push_back(n % 7 == 0 ? 0 : n % 11);
            pixels.insert(pixels.end(), static_cast<std::size_t>(counts.back()), squares.back());
        }
        add_plain_column(path, "Histogram", counts, GFU_PixelCount);
        add_plain_column(path, "sqr", squares);
        double sum = 0;
        for (auto const each : pixels) sum += each;
        auto const count = static_cast<double>(pixels.size());
        double deviations = 0;
        for (auto const each : pixels) deviations += (each - sum / count) * (each - sum / count);
        for (std::ptrdiff_t const page : {1, 7, 100, 65536}) { // pages without pixels among them
            auto const found = column_statistics(path, "sqr", {.extent = quantiles, .page = page}).value();
            CHECK(found.count == count);
            CHECK(std::abs(found.mean - sum / count) < 1e-6);
            CHECK(std::abs(found.standard_deviation - std::sqrt(deviations / count)) < 1e-6);
            CHECK(found.minimum == 1);
            CHECK(found.maximum == 97 * 97); // 98 and 99 have no pixels
            CHECK(std::abs(found.sum - sum) < 1e-6);
            CHECK(found.median == pixels[(pixels.size() - 1) / 2]);
            CHECK(found.mode == 10 * 10);
        }
        auto const all = column_statistics(path, "sqr", {.null = options::null_row::counted}).value();
        CHECK(all.count == count + 1000);
        CHECK(all.sum == sum + 500'000);
        CHECK_FALSE(all.median);
        auto const rows = column_statistics(path, "sqr", {.weighted_by = options::weights::rows}).value();
        CHECK(rows.count == 99);
        CHECK(rows.mean == 99 * 100 * 199 / 6.0 / 99);
    }
}

TEST_CASE("statistics are none where nothing counts, and say what they miss")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        temporary_directory const folder;
        auto const path = make_tableless(folder, format);
        add_plain_column(path, "x", reals{7, 8});
        add_plain_column(path, "s", std::vector<std::string>{"a", "b"});
        auto const refusal = [&](std::string const& name, options const& how) {
            return message_of<rios::options_error>([&] { static_cast<void>(column_statistics(path, name, how)); });
        };
        options const rows{.weighted_by = options::weights::rows};
        CHECK(refusal("x", {}) ==
              path + ": band 1: there is no column of usage PixelCount to weight by; statistics of rows "
                     "need none");
        CHECK(refusal("y", {}) == path + ": band 1: no column 'y'; the columns are 'x', 's'");
        CHECK(refusal("s", rows) == path + ": band 1: column 's' is of type text and cannot be read as real");
        CHECK(refusal("x", {.band = 2}) == path + ": no band 2; allowed: 1 to 1");
        CHECK(refusal("x", {.page = 0}) == "column_statistics: page 0: must be at least 1");
        CHECK(column_statistics(path, "x", rows)->sum == 15); // no null value: every row counts
        test::set_null(path, 1);
        CHECK(column_statistics(path, "x", rows)->sum == 7);
        add_plain_column(path, "Histogram", reals{0, 9}, GFU_PixelCount);
        CHECK_FALSE(column_statistics(path, "x"));
    }
}
