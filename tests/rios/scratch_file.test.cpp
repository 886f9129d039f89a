// SPDX-License-Identifier: BSL-1.0
#include <rios/scratch_file.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

TEST_CASE("a scratch file gives back the bytes of each place, and has no name")
{
    test::temporary_directory const folder;
    rios::scratch_file file(folder.path());
    std::vector<std::string> const texts{"one", "", std::string(100000, 'x'), "three"};
    std::vector<std::size_t> places;
    for (auto const& text : texts) places.push_back(file.append(std::as_bytes(std::span(text))));
    CHECK(places == std::vector<std::size_t>{0, 3, 3, 100003});
    CHECK(file.size() == 100008);
    CHECK(folder.names().empty());
    for (std::size_t i = texts.size(); i-- > 0;) {
        std::string text(texts[i].size(), '?');
        file.read(places[i], std::as_writable_bytes(std::span(text)));
        CHECK(text == texts[i]);
    }
}

TEST_CASE("a scratch file in a folder that is none is an error that names it")
{
    test::temporary_directory const folder;
    rios::scratch_file file(folder / "nowhere");
    CHECK(test::message_of<rios::io_error>([&] { file.open(); }) ==
          (folder / "nowhere") + ": cannot make a scratch file there: No such file or directory");
    std::string text(3, '?');
    rios::scratch_file other(folder.path());
    other.append(std::string("ab"));
    CHECK(test::message_of<rios::io_error>([&] { other.read(0, text); }) ==
          folder.path().string() + ": cannot use a scratch file there: it ends too early");
}
