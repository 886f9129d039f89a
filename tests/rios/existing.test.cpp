// SPDX-License-Identifier: BSL-1.0
#include <rios/existing.hpp>

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using rios::is_same_file;
using rios::require_different_files;
using test::message_of;
using test::temporary_directory;

TEST_CASE("a file that is there must be free to be replaced")
{
    temporary_directory const folder;
    auto const path = folder / "a";
    CHECK_NOTHROW(rios::require_free(path, rios::existing::refused));
    std::ofstream(path) << "text";
    CHECK_NOTHROW(rios::require_free(path, rios::existing::replaced));
    CHECK(message_of<rios::io_error>([&] { rios::require_free(path, rios::existing::refused); }) ==
          path + ": exists already; have it replaced (--overwrite), or give another name");
}

TEST_CASE("paths stand for the same file by whatever name, before it exists as well")
{
    temporary_directory const folder;
    std::ofstream(folder / "a") << "text";
    fs::create_hard_link(folder / "a", folder / "hard");
    fs::create_symlink("a", folder / "soft");
    for (auto const* name : {"a", "hard", "soft", "./a"}) {
        CAPTURE(name);
        CHECK(is_same_file(folder / "a", folder / name));
    }
    CHECK(is_same_file(folder / "new", folder / "./x/../new"));
    CHECK_FALSE(is_same_file(folder / "new", folder / "a"));
    CHECK_FALSE(is_same_file("", ""));
    CHECK_FALSE(is_same_file(folder / "a", ""));
}

TEST_CASE("no file of a run is written over another one")
{
    CHECK_NOTHROW(require_different_files({"a", "a", ""}, {"b", "c", "", ""}));
    CHECK(message_of<rios::options_error>([] {
              require_different_files({"b", "./a"}, {"c", "a"});
          }) == "a: is the input ./a, which must not be written over; give it another name");
    CHECK(message_of<rios::options_error>([] {
              require_different_files({}, {"a", "b", "./a"});
          }) == "a and ./a are the same file; give them different names");
}
