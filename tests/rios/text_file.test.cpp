// SPDX-License-Identifier: BSL-1.0
#include <rios/text_file.hpp>

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

using rios::read_text_file;
using rios::write_text_file;

TEST_CASE("what is written is read again, byte by byte")
{
    test::temporary_directory const folder;
    std::string long_text(200'000, 'x');
    for (std::size_t i = 0; i < long_text.size(); ++i) long_text[i] = static_cast<char>(i * 7);
    for (auto const& text : {std::string(), std::string("a\r\nb\0c\n", 7), std::string(1 << 16, 'y'), long_text}) {
        write_text_file(folder / "a.txt", text);
        CHECK(read_text_file(folder / "a.txt") == text);
    }
    CHECK(folder.names() == std::set<std::string>{"a.txt"});
}

TEST_CASE("a file that cannot be read is named with the reason")
{
    test::temporary_directory const folder;
    auto const message = [](std::string const& path) {
        return test::message_of<rios::io_error>([&] { static_cast<void>(read_text_file(path)); });
    };
    CHECK(message(folder / "missing") == folder / "missing" + ": cannot read: No such file or directory");
    CHECK(message(folder.path().string()) == folder.path().string() + ": cannot read: Is a directory");
}

TEST_CASE("a file that cannot be written is named, and an older one stays")
{
    test::temporary_directory const folder;
    auto const nowhere = folder / "missing/a.txt";
    CHECK(test::message_of<rios::io_error>([&] { write_text_file(nowhere, "new"); }).starts_with(nowhere + ": "));
    std::filesystem::create_directory(folder / "taken");
    CHECK_THROWS_AS(write_text_file(folder / "taken", "new"), rios::io_error);
    CHECK(std::filesystem::is_directory(folder / "taken"));
    CHECK(folder.names() == std::set<std::string>{"taken"});
}

TEST_CASE("a text that is written into a pending output appears at its commit")
{
    test::temporary_directory const folder;
    write_text_file(folder / "a.txt", "old");
    {
        rios::pending_output const output(folder / "a.txt");
        rios::write_text(output, "a.txt", "new");
        CHECK(read_text_file(folder / "a.txt") == "old");
    }
    CHECK(read_text_file(folder / "a.txt") == "old");
    rios::pending_output output(folder / "a.txt");
    rios::write_text(output, "a.txt", "new");
    output.commit();
    CHECK(read_text_file(folder / "a.txt") == "new");
}
