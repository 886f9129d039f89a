// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/table_file.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <doctest/doctest.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <rios/error.hpp>
#include <rios/gdal/vector_dataset.hpp>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/scratch_disk.hpp"
#include "support/statistics_tables.hpp"
#include "support/temporary_directory.hpp"

using rios::existing;
using shepseg::column_values;
using shepseg::table_file;
using test::message_of;
using test::temporary_directory;

namespace {

shepseg::statistics_table small_table()
{
    return test::make_table({{.name = "Band_1_mean"},
                             {.name = "Band_1_max", .values = column_values::integer},
                             {.name = "large", .values = column_values::large_integer}},
                            4, {{1, {1.0 / 3, 7, 4294967295.0}}, {3, {1e-300, -7, 3}}});
}

void write(std::string const& path, shepseg::statistics_table const& table, existing file = existing::refused)
{
    table_file output(path, file);
    output.write(table);
    output.commit();
}

/// The rows of a table as plain OGR reads them.
std::vector<std::vector<double>> rows_of(std::string const& path)
{
    auto const file = rios::vector_dataset::open(path);
    std::vector<std::vector<double>> rows;
    for (auto const& feature : file.layer(0)) {
        auto& row = rows.emplace_back();
        for (int field = 0; field < feature->GetFieldCount(); ++field) row.push_back(feature->GetFieldAsDouble(field));
    }
    return rows;
}

} // namespace

TEST_CASE("CSV has a row for each label from 1 on, with all digits")
{
    temporary_directory const folder;
    auto const path = folder / "table.csv";
    write(path, small_table());
    CHECK(test::read_file(path) == "id,Band_1_mean,Band_1_max,large\n"
                                   "1,0.3333333333333333,7,4294967295\n"
                                   "2,-9999,-9999,-9999\n"
                                   "3,1e-300,-7,3\n");
    write(folder / "odd.csv", test::make_table({{.name = "a,b"}, {.name = "say \"c\""}}, 1, {}));
    CHECK(test::read_file(folder / "odd.csv") == "id,\"a,b\",\"say \"\"c\"\"\"\n");
    CHECK(folder.names() == std::set<std::string>{"odd.csv", "table.csv"});
}

TEST_CASE("databases have the same rows, and columns of the right types")
{
    temporary_directory const folder;
    for (std::string const name : {"table.gpkg", "table.sqlite", "table.db"}) {
        auto const path = folder / name;
        write(path, small_table());
        CAPTURE(name);
        CHECK(rows_of(path) == std::vector<std::vector<double>>{
                                   {1, 1.0 / 3, 7, 4294967295.0}, {2, -9999, -9999, -9999}, {3, 1e-300, -7, 3}});
        auto const file = rios::vector_dataset::open(path);
        auto const& layer = file.layer(0);
        CHECK(std::string(file.layer(0).GetName()) == "segments");
        CHECK(std::string(file.layer(0).GetLayerDefn()->GetFieldDefn(1)->GetNameRef()) == "Band_1_mean");
        auto& definition = *const_cast<OGRLayer&>(layer).GetLayerDefn();
        std::array const types{OFTInteger64, OFTReal, OFTInteger, OFTInteger64};
        REQUIRE(definition.GetFieldCount() == 4);
        for (int field = 0; field < 4; ++field) {
            CHECK(definition.GetFieldDefn(field)->GetType() == types[static_cast<std::size_t>(field)]);
        }
    }
}

TEST_CASE("Parquet, where GDAL can")
{
    temporary_directory const folder;
    auto const path = folder / "table.parquet";
    GDALAllRegister();
    if (GetGDALDriverManager()->GetDriverByName("Parquet") == nullptr) {
        CHECK(message_of<rios::options_error>([&] { table_file(path, existing::refused); }) ==
              path + ": unknown format 'Parquet'; ogrinfo --formats lists those of this GDAL (" +
                  GDALVersionInfo("RELEASE_NAME") + ')');
        std::cout << "\nSKIPPED: GDAL has no Parquet driver here\n";
        return;
    }
    write(path, small_table());
    CHECK(rows_of(path).size() == 3);
}

TEST_CASE("other extensions, files that are there and folders that are not are refused before the work")
{
    temporary_directory const folder;
    auto const refused = [&](std::string const& name, existing file) {
        return message_of<rios::error>([&] { table_file(folder / name, file); });
    };
    CHECK(refused("table.xlsx", existing::refused) ==
          folder / "table.xlsx" +
              ": for the extension '.xlsx' no kind of table is known; allowed: .csv, .gpkg, .sqlite, "
              ".db, .parquet");
    CHECK(refused("table", existing::refused) ==
          folder / "table" + ": without an extension no kind of table is known; allowed: .csv, .gpkg, .sqlite, .db, "
                             ".parquet");
    std::ofstream(folder / "there.csv") << "mine";
    CHECK(refused("there.csv", existing::refused) ==
          folder / "there.csv" + ": exists already; have it replaced (--overwrite), or give another name");
    CHECK(test::read_file(folder / "there.csv") == "mine");
    CHECK(refused("no/folder.csv", existing::refused) ==
          folder / "no/folder.csv" + ": cannot create a file in '" + folder / "no" + "': no such file or directory");
    write(folder / "there.csv", small_table(), existing::replaced);
    CHECK(test::read_file(folder / "there.csv").starts_with("id,"));
}

TEST_CASE("a table that is not committed leaves nothing")
{
    temporary_directory const folder;
    for (std::string const name : {"table.csv", "table.gpkg"}) {
        table_file output(folder / name, existing::refused);
        output.write(small_table());
    }
    {
        table_file output(folder / "table.csv", existing::refused);
        CHECK_THROWS_AS(output.write(small_table(), [](std::string_view, double) { return false; }), rios::cancelled);
    }
    CHECK(folder.names().empty());
}

TEST_CASE("a file that has come into being in the meantime stays, and is found out before a table gets its name")
{
    temporary_directory const folder;
    for (std::string const name : {"table.csv", "table.gpkg"}) {
        auto const path = folder / name;
        auto const text = path + ": exists already; have it replaced (--overwrite), or give another name";
        {
            table_file early(path, existing::refused);
            table_file late(path, existing::refused);
            late.write(small_table());
            std::ofstream(path) << "mine";
            CHECK(message_of<rios::io_error>([&] { early.write(small_table()); }) == text);
            CHECK(message_of<rios::io_error>([&] { late.commit(); }) == text);
        }
        CHECK(test::read_file(path) == "mine");
        table_file other(path, existing::replaced);
        other.write(small_table());
        CHECK(test::read_file(path) == "mine");
        other.commit();
        CHECK(rows_of(path).size() == 3);
    }
    CHECK(folder.names() == std::set<std::string>{"table.csv", "table.gpkg"});
}

TEST_CASE("columns that cannot be beside each other are refused before any work")
{
    temporary_directory const folder;
    auto const refused = [&](std::string const& name, std::vector<shepseg::statistics_column> const& columns) {
        table_file const output(folder / name, existing::refused);
        return message_of<rios::options_error>([&] { output.check(columns); });
    };
    auto const text = [&](std::string const& name, std::string const& column) {
        return folder / name + ": column '" + column +
               "': the table has one of that name already; give another column format";
    };
    for (std::string const name : {"t.gpkg", "t.sqlite"}) {
        CHECK(refused(name, {{.name = "mean"}, {.name = "MEAN"}}) == text(name, "MEAN"));
        CHECK(refused(name, {{.name = "ID"}}) == text(name, "ID"));
        CHECK(refused(name, {{.name = "mean"}, {.name = "max"}}) == "(nothing was thrown)");
    }
    CHECK(refused("t.gpkg", {{.name = "fid"}}) == text("t.gpkg", "fid"));
    CHECK(refused("t.sqlite", {{.name = "ogc_fid"}}) == text("t.sqlite", "ogc_fid"));
    CHECK(refused("t.csv", {{.name = "id"}}) == text("t.csv", "id"));
    CHECK(refused("t.csv", {{.name = "mean"}, {.name = "MEAN"}}) == "(nothing was thrown)");
    CHECK(message_of<rios::options_error>(
              [&] { write(folder / "t.gpkg", test::make_table({{.name = "fid"}}, 2, {})); }) == text("t.gpkg", "fid"));
    CHECK(folder.names().empty());
}

TEST_CASE("in CSV, what is no number is an empty cell, so that columns stay numbers")
{
    temporary_directory const folder;
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    write(folder / "t.csv", test::make_table({{.name = "a"}, {.name = "b"}}, 3, {{1, {nan, 2.5}}, {2, {1, nan}}}));
    CHECK(test::read_file(folder / "t.csv") == "id,a,b\n1,,2.5\n2,1,\n");
}

TEST_CASE("a table that cannot be completed is an error and leaves nothing, also when that shows only at its end")
{
    temporary_directory const folder;
    struct kind {
        char const* name;
        std::size_t rows;
        rlim_t room; // in bytes: enough to begin with
        char const* says;
    };
    for (auto const& each :
         {kind{"small.csv", 3, 10, ": cannot be written: File too large"},
          kind{"large.csv", 60'000, 100'000, ": cannot be written: File too large"},
          kind{"large.gpkg", 60'000, 200'000, ": cannot "}, kind{"large.sqlite", 60'000, 100'000, ": cannot "}}) {
        auto const path = folder / each.name;
        auto const table = test::make_table({{.name = "mean"}, {.name = "max"}}, each.rows, {});
        CAPTURE(path);
        CHECK(test::status_on_full_disk(each.room, [&] {
                  auto const message = message_of<rios::io_error>([&] {
                      table_file output(path, existing::refused);
                      output.write(table);
                  });
                  return message.starts_with(path + each.says) ? 0 : 1;
              }) == 0);
        CHECK(folder.names().empty());
    }
}

TEST_CASE("on a full disk tables are an error that names them, and the older file stays")
{
    constexpr int told = 42;
    temporary_directory const folder;
    std::vector<std::pair<std::uint32_t, std::vector<double>>> rows;
    for (std::uint32_t label = 1; label < 20'000; ++label) rows.push_back({label, {label / 7.0}});
    auto const table = test::make_table({{.name = "mean"}}, 20'000, rows);
    for (std::string const name : {"t.csv", "t.gpkg", "t.sqlite", "t.db"}) {
        CAPTURE(name);
        auto const path = folder / name;
        write(path, table);
        auto const size = std::filesystem::file_size(path);
        std::filesystem::remove(path);
        write(path, small_table());
        auto const before = test::read_file(path);
        auto const names = folder.names();
        for (rlim_t const limit : {rlim_t{0}, rlim_t{5'000}, size / 2, size - 5'000, size - 1}) {
            CAPTURE(limit);
            CHECK(test::status_on_full_disk(limit, [&] {
                      auto const message = message_of<rios::io_error>([&] { write(path, table, existing::replaced); });
                      return message.starts_with(path + ": ") && message.find(".tmp") == std::string::npos ? told : 1;
                  }) == told);
            CHECK(test::read_file(path) == before);
            CHECK(folder.names() == names);
        }
        std::filesystem::remove(path);
    }
}
