// SPDX-License-Identifier: BSL-1.0
// What happens to the text when it cannot be replaced: table_change.test.cpp.
#include <rios/gdal/table_text.hpp>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/table_io.hpp>
#include <rios/text_file.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/scratch_disk.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using rios::detail::kept_table_text;
using rios::detail::require_replaceable;
using rios::detail::table_text_of;
using test::make_tableless;
using test::message_of;
using test::temporary_directory;

namespace {

std::string text_of(std::string const& path)
{
    return table_text_of(rios::gdal_dataset::open(path)).string();
}

} // namespace

TEST_CASE("tables are text beside a file, unless the format keeps them or there is no file")
{
    temporary_directory const folder;
    auto const tif = make_tableless(folder, {"GTiff", ".tif"});
    CHECK(text_of(tif) == tif + ".aux.xml");
    CHECK(text_of(make_tableless(folder, {"HFA", ".img"})).empty());
    auto const vrt = folder / "a.vrt";
    rios::write_text_file(vrt, R"(<VRTDataset rasterXSize="4" rasterYSize="4">
  <VRTRasterBand dataType="Byte" band="1"/>
</VRTDataset>)");
    CHECK(text_of(vrt) == vrt);
    test::create_raster("/vsimem/table_text.tif", "GTiff", 4, 4, 1, GDT_Byte);
    CHECK(text_of("/vsimem/table_text.tif").empty());
}

TEST_CASE("a text that cannot be replaced is told before any work")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    auto const text = path + ".aux.xml";
    auto const refusal = [&] {
        auto const file = rios::gdal_dataset::open_for_update(path);
        return message_of<rios::io_error>([&] { rios::attribute_table(file).require_possible({}, 0); });
    };
    CHECK(refusal() == "(nothing was thrown)");
    fs::permissions(path, fs::perms::all);
    fs::permissions(folder.path(), fs::perms{0555});
    auto const denied = text + ": cannot create a file in '" + folder.path().string() + "': permission denied";
    CHECK(test::status_as_nobody([&] { return refusal() == denied ? 42 : 1; }) == 42);
    fs::permissions(folder.path(), fs::perms{0755});
    rios::write_column(path, "n", std::vector<double>{1, 2});
    fs::permissions(text, fs::perms{0444});
    CHECK(refusal() == text + ": cannot be replaced: is read-only");
    fs::remove(text);
    fs::create_directory(text);
    CHECK(refusal() == text + ": cannot be created: is a directory");
    require_replaceable({}); // no text, nothing to find out
}

TEST_CASE("a text is put in its place again, through a link as well, and its copy is gone")
{
    temporary_directory const folder;
    auto const path = make_tableless(folder, {"GTiff", ".tif"});
    rios::write_text_file(folder / "elsewhere.xml", "<PAMDataset/>");
    fs::create_symlink(folder / "elsewhere.xml", path + ".aux.xml");
    auto const names = folder.names();
    {
        kept_table_text older(text_of(path));
        CHECK(folder.names().size() == names.size() + 1);
        rios::write_text_file(folder / "elsewhere.xml", "<PAM");
        older.restore([] { throw rios::error("cannot be closed"); });
    }
    CHECK(fs::is_symlink(path + ".aux.xml"));
    CHECK(rios::read_text_file(path + ".aux.xml") == "<PAMDataset/>");
    {
        kept_table_text const not_needed(text_of(path));
        rios::write_text_file(folder / "elsewhere.xml", "<PAMDataset></PAMDataset>");
    }
    CHECK(rios::read_text_file(path + ".aux.xml") == "<PAMDataset></PAMDataset>");
    CHECK(folder.names() == names);
}

TEST_CASE("a text that cannot be copied stays as it is")
{
    temporary_directory const folder;
    auto const text = folder / "a.tif.aux.xml";
    rios::write_text_file(text, std::string(10'000, ' '));
    CHECK(test::status_on_full_disk(5000, [&] {
              return message_of<rios::io_error>([&] {
                         kept_table_text const older(text);
                     }).starts_with(text + ": cannot be kept while it is replaced: ")
                         ? 42
                         : 1;
          }) == 42);
    CHECK(rios::read_text_file(text).size() == 10'000);
    CHECK(folder.names() == std::set<std::string>{"a.tif.aux.xml"});
}
