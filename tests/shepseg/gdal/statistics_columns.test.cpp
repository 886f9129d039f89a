// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/statistics_columns.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <gdal_priv.h>

#include <rios/gdal/attribute_table.hpp>
#include <rios/image.hpp>
#include <rios/text_file.hpp>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/scratch_disk.hpp"
#include "support/statistics_tables.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using rios::existing;
using shepseg::column_values;
using shepseg::statistics_column;
using test::message_of;
using test::temporary_directory;

namespace {

shepseg::statistics_table small_table()
{
    return test::make_table({{.name = "Band_1_mean"},
                             {.name = "Band_1_max", .values = column_values::integer},
                             {.name = "Band_1_large", .values = column_values::large_integer}},
                            4, {{1, {0.1, 7, 4294967295.0}}, {3, {-2.5, -7, 3}}});
}

} // namespace

TEST_CASE("a table becomes columns of the attribute table, beside those that are there")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = test::make_tableless(folder, format);
        auto const pixels = test::read_pixels<std::uint8_t>(path);
        {
            auto file = rios::gdal_dataset::open_for_update(path);
            rios::write_histogram(file, 1, std::vector<std::uint64_t>{1, 2});
            file.close();
        }
        shepseg::write_statistics_columns(path, small_table(), existing::refused);
        CAPTURE(format.driver);
        CHECK(test::plain_values<double>(path, "Band_1_mean") == std::vector<double>{-9999, 0.1, -9999, -2.5});
        CHECK(test::plain_values<std::int32_t>(path, "Band_1_max") == std::vector<std::int32_t>{-9999, 7, -9999, -7});
        CHECK(test::plain_values<double>(path, "Band_1_large") == std::vector<double>{-9999, 4294967295.0, -9999, 3});
        CHECK(test::plain_values<double>(path, "Histogram") == std::vector<double>{1, 2, 0, 0});
        auto const file = rios::gdal_dataset::open(path);
        auto const columns = rios::attribute_table(file, 1).columns();
        REQUIRE(columns.size() == 4);
        CHECK(columns[1].type == rios::column_type::real);
        CHECK(columns[2].type == rios::column_type::integer);
        CHECK(columns[3].type == rios::column_type::real);
        CHECK(test::read_pixels<std::uint8_t>(path) == pixels);
    }
}

TEST_CASE("a column that is there is an error before any work, or replaced")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = test::make_tableless(folder, format);
        shepseg::write_statistics_columns(path, small_table(), existing::refused);
        auto const columns = small_table().columns();
        auto const text = path + ": column 'Band_1_mean' of the attribute table exists already; have it replaced "
                                 "(--overwrite), or give another column format";
        CHECK(message_of<rios::io_error>(
                  [&] { shepseg::statistics_columns(path, existing::refused).check(columns); }) == text);
        CHECK(message_of<rios::io_error>([&] {
                  shepseg::statistics_columns(path, existing::refused, "shown.img").check(columns);
              }).starts_with("shown.img: column 'Band_1_mean' of"));
        CHECK(message_of<rios::io_error>(
                  [&] { shepseg::write_statistics_columns(path, small_table(), existing::refused); }) == text);
        shepseg::statistics_columns(path, existing::replaced).check(columns);
        auto const other = test::make_table(columns, 5, {{2, {5, 6, 7}}, {4, {1, 2, 3}}});
        shepseg::write_statistics_columns(path, other, existing::replaced);
        CAPTURE(format.driver);
        CHECK(test::plain_values<std::int32_t>(path, "Band_1_max") ==
              std::vector<std::int32_t>{-9999, -9999, 6, -9999, 2});
    }
}

TEST_CASE("a column of another type is not replaced")
{
    temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"HFA", ".img"});
    {
        auto file = rios::gdal_dataset::open_for_update(path);
        rios::attribute_table table(file, 1);
        table.resize(2);
        table.create_column({.name = "count", .type = rios::column_type::integer});
        table.create_column({.name = "name", .type = rios::column_type::text});
        table.close();
        file.close();
    }
    auto const refused = [&](statistics_column const& column) {
        return message_of<rios::options_error>(
            [&] { shepseg::statistics_columns(path, existing::replaced).check({column}); });
    };
    CHECK(refused({.name = "count"}) == path +
                                            ": column 'count' of the attribute table is of type integer, which cannot "
                                            "hold the new numbers; give another column format");
    CHECK(refused({.name = "name", .values = column_values::integer}) ==
          path +
              ": column 'name' of the attribute table is of type text, which cannot hold the new numbers; give another "
              "column format");
    shepseg::statistics_columns(path, existing::replaced).check({{.name = "count", .values = column_values::integer}});
}

TEST_CASE("a raster that cannot be changed is found out before any work")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = test::make_tableless(folder, format);
        std::filesystem::permissions(path, std::filesystem::perms::owner_read);
        CAPTURE(format.driver);
        CHECK(message_of<rios::io_error>([&] { shepseg::statistics_columns(path, existing::refused); }) ==
              path + ": cannot be changed: is read-only");
    }
    // A format that GDAL only reads.
    auto const path = folder / "a.xyz";
    std::ofstream(path) << "0 1 5\n1 1 6\n0 0 7\n1 0 8\n";
    CHECK(message_of<rios::io_error>([&] { shepseg::statistics_columns(path, existing::refused); }) ==
          path + ": the XYZ driver does not support update access to existing datasets");
}

TEST_CASE("a text beside the raster that cannot be replaced is found out before any work, and so are too many rows")
{
    temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"GTiff", ".tif"});
    shepseg::write_statistics_columns(path, small_table(), existing::refused);
    std::filesystem::permissions(path + ".aux.xml", std::filesystem::perms::owner_read);
    CHECK(message_of<rios::io_error>([&] { shepseg::statistics_columns(path, existing::replaced); }) ==
          path + ".aux.xml: cannot be replaced: is read-only");
    std::filesystem::permissions(path + ".aux.xml", std::filesystem::perms{0644});
    CHECK(message_of<rios::options_error>([&] {
              shepseg::statistics_columns(path, existing::replaced).check({{.name = "mean"}}, std::size_t{1} << 31);
          }) == path + ": band 1: an attribute table of 2147483648 rows; GDAL allows 2147483647");
}

TEST_CASE("on a full disk columns are an error, and a table beside the raster stays as it was")
{
    constexpr int told = 42;
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = test::make_tableless(folder, format);
        shepseg::write_statistics_columns(path, small_table(), existing::refused);
        auto const beside = format.driver == "GTiff";
        auto const before = rios::read_text_file(beside ? path + ".aux.xml" : path);
        auto const names = folder.names();
        for (rlim_t const limit : {before.size(), before.size() + 1000, before.size() + 70'000}) {
            CAPTURE(format.driver);
            CAPTURE(limit);
            CHECK(test::status_on_full_disk(limit, [&] {
                      auto const large = test::make_table({{.name = "new"}}, 10'000, {{9'000, {5}}});
                      return message_of<rios::io_error>([&] {
                                 shepseg::write_statistics_columns(path, large, existing::refused);
                             }).starts_with(path + ": ")
                                 ? told
                                 : 1;
                  }) == told);
            if (beside) CHECK((rios::read_text_file(path + ".aux.xml") == before));
            CHECK(folder.names() == names);
        }
    }
}

TEST_CASE("a disk without room for the columns is found out before an HFA file is changed")
{
    constexpr int told = 42;
    temporary_directory const folder;
    auto const status = test::status_on_small_disk(folder, 200'000, [&] {
        auto const path = test::make_tableless(folder, {"HFA", ".img"});
        auto const before = rios::read_text_file(path);
        auto const large = test::make_table({{.name = "new"}}, 50'000, {});
        auto const message =
            message_of<rios::io_error>([&] { shepseg::write_statistics_columns(path, large, existing::refused); });
        if (!message.starts_with(path + ": cannot be changed: the attribute table needs 465536 bytes more, and the "
                                        "disk has ")) {
            return 1;
        }
        return rios::read_text_file(path) == before ? told : 2;
    });
    CHECK(status.value_or(told) == told);
}

TEST_CASE("a table of many pages arrives whole, in an HFA file with its progress told")
{
    temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"HFA", ".img"});
    constexpr std::uint32_t rows = 50'000;
    shepseg::statistics_table table({{.name = "value"}}, {-1}, rows, folder.path(), 0);
    for (std::uint32_t label = 0; label < rows; ++label) {
        double const number = label / 8.0;
        table.set(label, std::span(&number, 1));
    }
    std::vector<double> told;
    shepseg::write_statistics_columns(path, table, existing::refused, [&](std::string_view phase, double done) {
        CHECK(phase == "attribute table");
        told.push_back(done);
        return true;
    });
    REQUIRE(told.size() == 5);
    CHECK(told.front() == 0);
    CHECK(told.back() == 1);
    auto const values = test::plain_values<double>(path, "value");
    REQUIRE(values.size() == rows);
    for (std::uint32_t label = 0; label < rows; ++label) CHECK_EQ(values[label], label / 8.0);
}

TEST_CASE("rows beyond the last segment hold the missing value, also where they held numbers of before")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = test::make_tableless(folder, format);
        {
            auto file = rios::gdal_dataset::open_for_update(path);
            rios::attribute_table(file, 1).resize(0);
            rios::write_histogram(file, 1, std::vector<std::uint64_t>(9, 1));
            file.close();
        }
        shepseg::write_statistics_columns(path, small_table(), existing::refused);
        CAPTURE(format.driver);
        CHECK(test::plain_values<std::int32_t>(path, "Band_1_max") ==
              std::vector<std::int32_t>{-9999, 7, -9999, -7, -9999, -9999, -9999, -9999, -9999});
        auto const fewer = test::make_table(small_table().columns(), 2, {{1, {1, 2, 3}}});
        shepseg::write_statistics_columns(path, fewer, existing::replaced);
        CHECK(test::plain_values<double>(path, "Band_1_mean") ==
              std::vector<double>{-9999, 1, -9999, -9999, -9999, -9999, -9999, -9999, -9999});
    }
}

TEST_CASE("columns that others have added since stay")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = test::make_tableless(folder, format);
        shepseg::statistics_columns first(path, existing::refused);
        shepseg::statistics_columns second(path, existing::refused);
        first.check({{.name = "a"}});
        second.check({{.name = "b"}});
        first.write(test::make_table({{.name = "a"}}, 3, {{2, {5}}}));
        second.write(test::make_table({{.name = "b"}}, 3, {{1, {6}}}));
        CAPTURE(format.driver);
        CHECK(test::plain_values<double>(path, "a") == std::vector<double>{-9999, -9999, 5});
        CHECK(test::plain_values<double>(path, "b") == std::vector<double>{-9999, 6, -9999});
    }
}

TEST_CASE("names that the format cannot hold are refused before any work, and none is written")
{
    temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"HFA", ".img"});
    shepseg::write_statistics_columns(path, test::make_table({{.name = "Band_1_mean"}}, 2, {}), existing::refused);
    auto const before = test::plain_table(path);
    shepseg::statistics_columns const output(path, existing::refused);
    auto const refused = [&](std::vector<statistics_column> const& columns) {
        auto const text = message_of<rios::options_error>([&] { output.check(columns); });
        CHECK(message_of<rios::options_error>([&] {
                  shepseg::write_statistics_columns(path, test::make_table(columns, 2, {}), existing::refused);
              }) == text);
        return text;
    };
    CHECK(refused({{.name = "fine"}, {.name = "band_1_MEAN"}})
              .starts_with(path + ": band 1: column 'band_1_MEAN': there is"));
    CHECK(refused({{.name = "fine"}, {.name = std::string(70, 'x')}}).ends_with("HFA files have room for 63"));
    CHECK(refused({{.name = "one"}, {.name = "ONE"}}).starts_with(path + ": band 1: column 'ONE': there is"));
    CHECK(test::plain_table(path) == before);
}

TEST_CASE("the pixels of a raster stay as they are when its table is written, and a GeoTIFF is not touched at all")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = folder / ("a" + format.extension);
        auto const labels = test::noise<std::uint32_t>(1, 70, 90);
        test::make_raster(path, format.driver, labels);
        auto const before = test::read_file(path);
        for (auto const how : {existing::refused, existing::replaced}) {
            shepseg::write_statistics_columns(path, small_table(), how);
            CAPTURE(format.driver);
            CHECK(test::read_pixels<std::uint32_t>(path) == labels);
            if (format.driver == "GTiff") {
                CHECK(test::read_file(path) == before);
                CHECK(std::filesystem::exists(path + ".aux.xml"));
            }
        }
    }
}
