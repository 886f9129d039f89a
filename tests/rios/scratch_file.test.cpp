// SPDX-License-Identifier: BSL-1.0
#include <rios/scratch_file.hpp>

#include <atomic>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/scratch_disk.hpp"
#include "support/temporary_directory.hpp"

using rios::scratch_file;
using test::open_files_in;
using test::random_numbers;
using test::temporary_directory;

static_assert(!std::copyable<scratch_file> && std::is_nothrow_move_constructible_v<scratch_file>);

namespace {

std::vector<std::byte> random_bytes(random_numbers& random, std::size_t count)
{
    std::vector<std::byte> result;
    while (result.size() < count) result.push_back(static_cast<std::byte>(random.below(256)));
    return result;
}

std::vector<std::byte> bytes_at(scratch_file const& file, std::size_t place, std::size_t count)
{
    std::vector<std::byte> result(count);
    file.read(place, result);
    return result;
}

} // namespace

TEST_CASE("bytes are read as they were appended, whole or in parts")
{
    random_numbers random(40);
    temporary_directory const folder;
    scratch_file file(folder.path());
    std::vector<std::byte> all;
    for (std::size_t const count : {0, 1, 7, 4096, 0, 100'000, 3}) {
        auto const bytes = random_bytes(random, count);
        CHECK(file.append(bytes) == all.size());
        all.insert(all.end(), bytes.begin(), bytes.end());
        CHECK(file.size() == all.size());
        CHECK(bytes_at(file, 0, all.size()) == all);
    }
    for (int round = 0; round < 100; ++round) {
        auto const begin = random.below(all.size() + 1);
        auto const count = random.below(all.size() - begin + 1);
        auto const first = all.begin() + static_cast<std::ptrdiff_t>(begin);
        CHECK(bytes_at(file, begin, count) == std::vector(first, first + static_cast<std::ptrdiff_t>(count)));
    }
}

TEST_CASE("a file is made when it is needed, has no name, and is gone with its object")
{
    temporary_directory const folder;
    {
        scratch_file file(folder.path());
        CHECK(file.size() == 0);
        CHECK(open_files_in(folder).empty());
        file.open();
        CHECK(open_files_in(folder).size() == 1);
        CHECK(folder.names().empty());
        file.open();
        file.append(std::vector<std::byte>(10));
        CHECK(open_files_in(folder).size() == 1);
        CHECK(folder.names().empty());
    }
    CHECK(open_files_in(folder).empty());
    CHECK(folder.names().empty());
}

TEST_CASE("a file that is moved keeps its bytes, and the other has none")
{
    random_numbers random(41);
    temporary_directory const folder;
    auto const bytes = random_bytes(random, 100);
    {
        scratch_file first(folder.path());
        first.append(bytes);
        scratch_file second(std::move(first));
        CHECK(second.size() == 100);
        CHECK(bytes_at(second, 0, 100) == bytes);
        CHECK(second.append(bytes) == 100);
        CHECK(first.size() == 0); // NOLINT(bugprone-use-after-move)
        CHECK(open_files_in(folder).size() == 1);
    }
    CHECK(open_files_in(folder).empty());
}

TEST_CASE("what was never written cannot be read")
{
    temporary_directory const folder;
    scratch_file file(folder.path());
    file.append(std::vector<std::byte>(10));
    using part = std::pair<std::size_t, std::size_t>;
    for (auto const& wrong : {part{10, 1}, part{5, 6}, part{1'000'000, 1}}) {
        CHECK(test::message_of<rios::io_error>([&] { static_cast<void>(bytes_at(file, wrong.first, wrong.second)); }) ==
              folder.path().string() + ": cannot use a scratch file there: it ends too early");
    }
}

TEST_CASE("a process that is killed leaves no file")
{
    temporary_directory const folder;
    auto const child = ::fork();
    if (child == 0) {
        scratch_file file(folder.path());
        file.append(std::vector<std::byte>(1000));
        if (file.size() == 1000) ::kill(::getpid(), SIGKILL);
        ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(folder.names().empty());
}

TEST_CASE("a folder in which no scratch file can be made is named")
{
    temporary_directory const folder;
    std::ofstream(folder / "file") << "no folder";
    for (auto const& [path, reason] :
         {std::pair{folder / "nowhere", "No such file or directory"}, std::pair{folder / "file", "Not a directory"}}) {
        scratch_file file(path);
        auto const expected = path + ": cannot make a scratch file there: " + reason;
        CHECK(test::message_of<rios::io_error>([&] { file.open(); }) == expected);
        CHECK(test::message_of<rios::io_error>([&] { file.append(std::vector<std::byte>(3)); }) == expected);
        CHECK(file.size() == 0);
    }
    // It may come to be later.
    scratch_file file(folder / "late");
    CHECK_THROWS_AS(file.open(), rios::io_error);
    std::filesystem::create_directory(folder / "late");
    CHECK(file.append(std::vector<std::byte>(3)) == 0);
    CHECK(folder.names() == std::set<std::string>{"file", "late"});
}

TEST_CASE("a disk that is full is an error, and loses nothing that was written before")
{
    random_numbers random(42);
    temporary_directory const folder;
    auto const first = random_bytes(random, 6000);
    auto const second = random_bytes(random, 6000);
    for (rlim_t const limit : {6000U, 6001U, 8192U, 11'999U}) {
        CAPTURE(limit);
        CHECK(test::status_on_full_disk(limit, [&] {
                  scratch_file file(folder.path());
                  file.append(first);
                  for (int round = 0; round < 2; ++round) {
                      auto const message = test::message_of<rios::io_error>([&] { file.append(second); });
                      if (message != folder.path().string() + ": cannot use a scratch file there: File too large")
                          return 1;
                      if (file.size() != 6000 || bytes_at(file, 0, 6000) != first) return 2;
                  }
                  // What still fits goes where the other did not.
                  if (file.append(std::span(second).first(limit - 6000)) != 6000) return 5;
                  return file.size() == limit ? 42 : 6;
              }) == 42);
        CHECK(folder.names().empty());
    }
}

TEST_CASE("threads read at the same time")
{
    random_numbers random(43);
    temporary_directory const folder;
    scratch_file file(folder.path());
    std::vector<std::vector<std::byte>> parts;
    for (int i = 0; i < 50; ++i) {
        parts.push_back(random_bytes(random, 500));
        file.append(parts.back());
    }
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> team;
        for (int thread = 0; thread < 4; ++thread) {
            team.emplace_back([&] {
                for (std::size_t i = 0; i < parts.size(); ++i) {
                    if (bytes_at(file, 500 * i, 500) != parts[i]) ++wrong;
                }
            });
        }
    }
    CHECK(wrong == 0);
}
