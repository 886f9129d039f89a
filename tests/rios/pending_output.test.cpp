// SPDX-License-Identifier: BSL-1.0
#include <rios/pending_output.hpp>

#include <filesystem>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using rios::pending_output;
using test::message_of;
using test::read_file;
using test::temporary_directory;
using test::write_file;

static_assert(std::is_nothrow_move_constructible_v<pending_output>);
static_assert(std::is_nothrow_move_assignable_v<pending_output>);
static_assert(!std::is_copy_constructible_v<pending_output>);

namespace {

std::string error_of(fs::path const& path)
{
    return message_of<rios::io_error>([&] { pending_output const output(path); });
}

using names = std::set<std::string>;

} // namespace

TEST_CASE("a pending output appears under its name at the commit and not before")
{
    temporary_directory const folder;
    {
        pending_output output(folder / "a.tif");
        CHECK(output.path().filename() == "a.tif");
        CHECK(output.path().parent_path().parent_path() == folder.path());
        CHECK(output.final_path() == folder / "a.tif");
        write_file(output.path(), "new");
        CHECK_FALSE(fs::exists(folder / "a.tif"));
        for (auto const& name : folder.names()) CHECK(name.front() == '.');
        output.commit();
        CHECK(folder.names() == names{"a.tif"});
    }
    CHECK(read_file(folder / "a.tif") == "new");
    CHECK(folder.names() == names{"a.tif"});
}

TEST_CASE("a pending output without a commit leaves nothing, and an older result as it was")
{
    temporary_directory const folder;
    write_file(folder / "a.tif", "old");
    write_file(folder / "a.tif.aux.xml", "old notes");
    {
        pending_output const output(folder / "a.tif");
        write_file(output.path(), "half");
        write_file(output.path().string() + ".aux.xml", "half");
        fs::create_directory(output.path().parent_path() / "scratch");
        write_file(output.path().parent_path() / "scratch" / "x", "half");
    }
    CHECK(folder.names() == names{"a.tif", "a.tif.aux.xml"});
    CHECK(read_file(folder / "a.tif") == "old");
    CHECK(read_file(folder / "a.tif.aux.xml") == "old notes");
}

TEST_CASE("a killed process leaves an older result as it was and nothing that looks like a new one")
{
    temporary_directory const folder;
    write_file(folder / "a.tif", "old");
    auto const child = ::fork();
    if (child == 0) {
        pending_output const output(folder / "a.tif");
        write_file(output.path(), "half");
        ::_exit(0); // no destructors, as after a signal
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(read_file(folder / "a.tif") == "old");
    for (auto const& name : folder.names()) {
        if (name == "a.tif") continue;
        CHECK(name.starts_with(".a.tif."));
        CHECK(name.ends_with(".tmp"));
    }
}

TEST_CASE("files written beside a pending output move with it")
{
    temporary_directory const folder;
    pending_output output(folder / "a.img");
    write_file(output.path(), "main");
    write_file(output.path().parent_path() / "a.ige", "spill");
    write_file(output.path().string() + ".aux.xml", "notes");
    output.commit();
    CHECK(folder.names() == names{"a.img", "a.ige", "a.img.aux.xml"});
    CHECK(read_file(folder / "a.ige") == "spill");
}

TEST_CASE("a commit removes the indices of an older shapefile and the journals of an older database")
{
    temporary_directory const folder;
    for (auto const* name : {"a.shp", "a.qix", "a.sbn", "a.cpg", "a.gpkg", "a.gpkg-wal", "a.gpkg-journal"}) {
        write_file(folder / name, "old");
    }
    for (auto const* name : {"a.shp", "a.gpkg"}) {
        pending_output output(folder / name);
        write_file(output.path(), "new");
        output.commit();
    }
    CHECK(folder.names() == names{"a.shp", "a.gpkg"});
}

TEST_CASE("a commit replaces an older result and removes only the sidecars that belong to it by name")
{
    temporary_directory const folder;
    for (auto const* name : {"a.img", "a.img.aux.xml", "a.img.ovr", "a.img.msk", "a.ige", "a.rrd"}) {
        write_file(folder / name, "old");
    }
    names const others{"a.tif", "a.tif.ovr", "a.hdr", "a.img.txt", "b.img.ovr", "a.aux"};
    for (auto const& name : others) write_file(folder / name, "other");
    fs::create_directory(folder / "a.img.msk.d");

    SUBCASE("without sidecars of its own")
    {
        pending_output output(folder / "a.img");
        write_file(output.path(), "new");
        output.commit();
        auto left = others;
        left.insert({"a.img", "a.img.msk.d"});
        CHECK(folder.names() == left);
    }
    SUBCASE("with some of its own")
    {
        pending_output output(folder / "a.img");
        write_file(output.path(), "new");
        write_file(output.path().string() + ".ovr", "new");
        output.commit();
        auto left = others;
        left.insert({"a.img", "a.img.ovr", "a.img.msk.d"});
        CHECK(folder.names() == left);
        CHECK(read_file(folder / "a.img.ovr") == "new");
    }
    SUBCASE("where .ige and .rrd belong to a neighbour")
    {
        pending_output output(folder / "a.tif");
        write_file(output.path(), "new");
        output.commit();
        CHECK(fs::exists(folder / "a.ige"));
        CHECK(fs::exists(folder / "a.rrd"));
        CHECK_FALSE(fs::exists(folder / "a.tif.ovr"));
    }
    for (auto const& name : others) {
        if (fs::exists(folder / name) && name != "a.tif") CHECK(read_file(folder / name) == "other");
    }
}

TEST_CASE("a committed file has the permissions of a new file")
{
    temporary_directory const folder;
    auto const old_mask = ::umask(027);
    {
        pending_output output(folder / "a.tif");
        CHECK((fs::status(output.path().parent_path()).permissions() & fs::perms::mask) == fs::perms::owner_all);
        write_file(output.path(), "new");
        output.commit();
    }
    ::umask(old_mask);
    CHECK((fs::status(folder / "a.tif").permissions() & fs::perms::all) == fs::perms{0640});
}

TEST_CASE("a pending output takes names of any form")
{
    temporary_directory const folder;
    auto const make = [](fs::path const& path) {
        pending_output output(path);
        write_file(output.path(), "new");
        output.commit();
    };
    std::vector<std::string> names{"noextension", ".hidden.tif", "sp ace é.tif"};
    names.push_back(std::string(251, 'x') + ".tif");
    for (auto const& name : names) {
        CAPTURE(name);
        make(folder / name);
        CHECK(folder.names().contains(name));
        CHECK(read_file(folder / name) == "new");
    }

    // Relative to the working directory at the start, wherever the process goes then.
    auto const before = fs::current_path();
    fs::current_path(folder.path());
    {
        pending_output output("relative.tif");
        fs::current_path(before);
        write_file(output.path(), "new");
        output.commit();
    }
    CHECK(read_file(folder / "relative.tif") == "new");
}

TEST_CASE("a pending output replaces a symbolic link and not what it points to")
{
    temporary_directory const folder;
    write_file(folder / "data.tif", "old");
    fs::create_symlink("data.tif", folder / "link.tif");
    fs::create_symlink("nowhere.tif", folder / "dangling.tif");
    for (auto const* name : {"link.tif", "dangling.tif"}) {
        pending_output output(folder / name);
        write_file(output.path(), "new");
        output.commit();
        CHECK_FALSE(fs::is_symlink(folder / name));
        CHECK(read_file(folder / name) == "new");
    }
    CHECK(read_file(folder / "data.tif") == "old");
}

TEST_CASE("a target that cannot become a file is refused in words, and nothing is left behind")
{
    temporary_directory const folder;
    write_file(folder / "file", "text");
    write_file(folder / "read_only.tif", "text");
    fs::permissions(folder / "read_only.tif", fs::perms{0444});
    fs::create_directory(folder / "directory");
    fs::create_directory_symlink("directory", folder / "link");
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    auto const before = folder.names();

    CHECK(error_of(folder / "directory") == folder / "directory: cannot be created: is a directory");
    CHECK(error_of(folder / "link") == folder / "link: cannot be created: is a directory");
    CHECK(error_of(folder / "directory/..") == folder / "directory/..: cannot be created: is a directory");
    CHECK(error_of(folder / "directory/") == folder / "directory/: cannot be created: is a directory");
    CHECK(error_of(folder / "new/") == folder / "new/: cannot be created: the path names no file");
    CHECK(error_of("") == ": cannot be created: the path names no file");
    CHECK(error_of(folder / "missing/a.tif") ==
          folder / "missing/a.tif: cannot create a file in '" + folder / "missing" + "': no such file or directory");
    CHECK(error_of(folder / "file/a.tif") ==
          folder / "file/a.tif: cannot create a file in '" + folder / "file" + "': not a directory");
    CHECK(error_of(folder / "pipe") == folder / "pipe: cannot be replaced: is not a regular file");
    CHECK(error_of("/dev/null") == "/dev/null: cannot be replaced: is not a regular file");
    CHECK(error_of(folder / "read_only.tif") == folder / "read_only.tif: cannot be replaced: is read-only");
    CHECK(folder.names() == before);
}

TEST_CASE("a directory without write permission is reported before any work")
{
    temporary_directory const folder;
    fs::permissions(folder.path(), fs::perms{0555});
    if (::geteuid() != 0) {
        CHECK(error_of(folder / "a.tif") ==
              folder / "a.tif: cannot create a file in '" + folder.path().string() + "': permission denied");
    } else { // to root everything is permitted: as somebody else
        auto const child = ::fork();
        if (child == 0) {
            if (::setuid(65534) != 0) ::_exit(2);
            ::_exit(error_of(folder / "a.tif").ends_with("': permission denied") ? 0 : 1);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    fs::permissions(folder.path(), fs::perms{0755});
}

TEST_CASE("a commit without a file, or a second one, is an error")
{
    temporary_directory const folder;
    pending_output empty(folder / "a.tif");
    CHECK(message_of<rios::io_error>([&] { empty.commit(); }) == folder / "a.tif: nothing was written");
    pending_output twice(folder / "b.tif");
    write_file(twice.path(), "new");
    twice.commit();
    CHECK(message_of<rios::io_error>([&] { twice.commit(); }) == folder / "b.tif: nothing was written");
    CHECK(read_file(folder / "b.tif") == "new");
}

TEST_CASE("a commit that fails leaves the older result in place")
{
    temporary_directory const folder;
    {
        pending_output output(folder / "a.tif");
        write_file(output.path(), "new");
        fs::create_directory(folder / "a.tif"); // came into being in the meantime
        write_file(folder / "a.tif/old", "old");
        CHECK(message_of<rios::io_error>([&] { output.commit(); }) ==
              folder / "a.tif: cannot be put in place: is a directory");
    }
    CHECK(read_file(folder / "a.tif/old") == "old");
    CHECK(folder.names() == names{"a.tif"});
}

TEST_CASE("a commit that cannot move all files moves none")
{
    temporary_directory const folder;
    for (auto const* name : {"a.shp", "a.dbf"}) write_file(folder / name, "old");
    fs::create_directory(folder / "a.shx");
    {
        pending_output output(folder / "a.shp");
        for (auto const* name : {"a.shp", "a.dbf", "a.shx"}) write_file(output.path().parent_path() / name, "new");
        CHECK(message_of<rios::io_error>([&] { output.commit(); }) ==
              folder / "a.shp: cannot be put in place: 'a.shx' is a directory");
    }
    CHECK(folder.names() == names{"a.shp", "a.dbf", "a.shx"});
    CHECK(read_file(folder / "a.dbf") == "old");
}

TEST_CASE("a pending output tells what its commit would replace or remove beside it")
{
    temporary_directory const folder;
    for (auto const* name : {"a.dbf", "a.qix", "a.txt", "b.dbf"}) write_file(folder / name, "other");
    fs::create_symlink("nowhere", folder / "a.shx");
    pending_output output(folder / "a.shp");
    auto const told = [&] {
        names result;
        for (auto const& each : output.sidecars_in_the_way()) {
            CHECK(each.parent_path() == folder.path());
            result.insert(each.filename().string());
        }
        return result;
    };
    CHECK(told() == names{"a.qix"});
    for (auto const* name : {"a.shp", "a.dbf", "a.shx", "a.prj"}) write_file(output.path().parent_path() / name, "new");
    CHECK(told() == names{"a.dbf", "a.qix", "a.shx"});
}

TEST_CASE("a moved pending output is cleaned up once, by its new owner")
{
    temporary_directory const folder;
    pending_output first(folder / "a.tif");
    write_file(first.path(), "a");
    {
        auto second = std::move(first);
        CHECK(fs::exists(second.path()));
        second = pending_output(folder / "b.tif"); // what it held before goes
        CHECK(folder.names().size() == 1);
        write_file(second.path(), "b");
        second.commit();
    }
    CHECK(folder.names() == names{"b.tif"});
}
