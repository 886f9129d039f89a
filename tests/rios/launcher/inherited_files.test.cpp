// SPDX-License-Identifier: BSL-1.0
#include <rios/launcher/inherited_files.hpp>

#include <array>
#include <string>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/process.hpp"

namespace {

/// The descriptors that a process has open which is started with these actions, as it lists them.
template <typename F>
std::string files_of_child(F&& prepare)
{
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    test::detail::file_descriptor reading(ends[0]);
    test::detail::file_descriptor writing(ends[1]);
    posix_spawn_file_actions_t actions;
    REQUIRE(::posix_spawn_file_actions_init(&actions) == 0);
    ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
    CHECK(prepare(actions) == 0);
    pid_t process = 0;
    std::array<char*, 3> words{const_cast<char*>("ls"), const_cast<char*>("/proc/self/fd"), nullptr};
    auto const failure = ::posix_spawn(&process, "/bin/ls", &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    REQUIRE(failure == 0);
    writing.close();
    std::string text;
    while (reading.get() >= 0) reading.drain(text);
    ::waitpid(process, nullptr, 0);
    return text;
}

} // namespace

TEST_CASE("a new process gets none of the files that are open here, by either way, but those that it is given")
{
    test::detail::file_descriptor const open_one(::open("/dev/null", O_RDONLY));
    test::detail::file_descriptor const far_up(::fcntl(open_one.get(), F_DUPFD, 300));
    auto const inherits = [](posix_spawn_file_actions_t&) { return 0; };
    CHECK(files_of_child(inherits).find("\n300\n") != std::string::npos);
    // The last one is the folder that it lists.
    CHECK(files_of_child([](auto& actions) { return rios::detail::close_files(actions, 3); }) == "0\n1\n2\n3\n");
    CHECK(files_of_child([](auto& actions) { return rios::detail::close_open_files(actions, 3); }) == "0\n1\n2\n3\n");
}
