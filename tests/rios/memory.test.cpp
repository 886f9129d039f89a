// SPDX-License-Identifier: BSL-1.0
#include <rios/memory.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/sanitizers.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using rios::detail::control_group_limit;

namespace {

constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

/// A tree of control groups as the system shows it. What stands above its root is the test's own, too.
class group_tree {
  public:
    /// @param group path of a group below the root, empty for the root itself
    void set(std::string const& group, std::string const& text) const
    {
        auto const folder = root_ / group;
        fs::create_directories(folder);
        std::ofstream(folder / "memory.max") << text;
    }

    /// The limit of a group as /proc names it: from "/".
    [[nodiscard]] std::uint64_t limit_of(std::string const& group) const
    {
        return control_group_limit(root_, group, "memory.max");
    }

  private:
    test::temporary_directory folder_;
    fs::path root_ = folder_.path() / "sys" / "fs" / "cgroup";
};

/// Whether `f`, called in a child that may take no more than so many bytes of addresses, is true.
template <typename F>
bool true_within(rlim_t bytes, F f)
{
    auto const child = ::fork();
    if (child == 0) {
        rlimit bound{};
        ::getrlimit(RLIMIT_AS, &bound);
        bound.rlim_cur = std::min(bytes, bound.rlim_max);
        bool const set = ::setrlimit(RLIMIT_AS, &bound) == 0;
        ::_exit(set && f() ? 42 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

} // namespace

TEST_CASE("the memory is enough for this test, and no more than the machine has")
{
    auto const memory = rios::machine_memory();
    CHECK(memory >= std::uint64_t{16} << 20);
    CHECK(memory == rios::machine_memory());
    std::ifstream info("/proc/meminfo");
    std::string name;
    std::uint64_t kibibytes = 0;
    if (info >> name >> kibibytes && name == "MemTotal:") CHECK(memory <= kibibytes * 1024);
}

TEST_CASE("a limit of the control group is kept")
{
    // Where this process sees none, there is nothing to compare with.
    for (auto const* const path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::uint64_t limit = 0;
        if (std::ifstream(path) >> limit && limit > 0) CHECK(rios::machine_memory() <= limit);
    }
}

TEST_CASE("the limit of a control group is the number in its file")
{
    group_tree const groups;
    groups.set("batch/job7", "123456789\n");
    CHECK(groups.limit_of("/batch/job7") == 123'456'789);
    groups.set("batch/job7", "18446744073709551615\n");
    CHECK(groups.limit_of("/batch/job7") == unlimited);
    groups.set("batch/job7", "9223372036854771712\n"); // what version 1 says where there is no limit
    CHECK(groups.limit_of("/batch/job7") == 9'223'372'036'854'771'712U);
    groups.set("", "5000\n");
    CHECK(groups.limit_of("/") == 5000);
    CHECK(control_group_limit("/", "/", "no such file") == unlimited);
}

TEST_CASE("the least limit among a control group and those around it counts")
{
    group_tree const groups;
    groups.set("a/b/c", "4000\n");
    groups.set("a/b", "3000\n");
    groups.set("a", "2000\n");
    CHECK(groups.limit_of("/a/b/c") == 2000);
    groups.set("a", "9000\n");
    CHECK(groups.limit_of("/a/b/c") == 3000);
    groups.set("a/b", "9000\n");
    CHECK(groups.limit_of("/a/b/c") == 4000);
    groups.set("", "1000\n");
    CHECK(groups.limit_of("/a/b/c") == 1000);
    // What is within a group is none of its business, nor are its neighbours.
    groups.set("", "max\n");
    groups.set("a/other", "7\n");
    groups.set("b", "7\n");
    CHECK(groups.limit_of("/a/b") == 9000);
    CHECK(groups.limit_of("/a") == 9000);
}

TEST_CASE("a control group whose limit is max, nothing or no number has none of its own")
{
    group_tree const groups;
    for (auto const* const text : {"max\n", "max", "", "\n", "unlimited\n", "0\n"}) {
        CAPTURE(text);
        groups.set("a/b", text);
        groups.set("a", text);
        CHECK(groups.limit_of("/a/b") == unlimited);
        groups.set("a", "3000\n");
        CHECK(groups.limit_of("/a/b") == 3000);
    }
}

TEST_CASE("control groups without a file are passed over")
{
    group_tree const groups;
    CHECK(groups.limit_of("/") == unlimited);
    CHECK(groups.limit_of("/a/b") == unlimited);
    groups.set("a/b/c/d", "max\n");
    CHECK(groups.limit_of("/a/b/c/d") == unlimited);
    groups.set("a", "3000\n");
    CHECK(groups.limit_of("/a/b/c/d") == 3000);
    CHECK(control_group_limit("/nowhere/at all", "/a/b", "memory.max") == unlimited);
}

TEST_CASE("where the path of the control group cannot be seen, the root is the group")
{
    // In a container the path is often that of the host.
    group_tree const groups;
    groups.set("", "2000\n");
    for (auto const* const group : {"/", "", "/docker/0123456789abcdef", "/../../user.slice/session-1.scope", "/.."}) {
        CAPTURE(group);
        CHECK(groups.limit_of(group) == 2000);
    }
}

TEST_CASE("a limit of the shell is kept, if it is less than the machine's memory")
{
    if (test::sanitized) {
        std::cout << "SKIPPED: addresses that a limit leaves, of which a sanitizer takes all" << std::endl;
        return;
    }
    auto const memory = rios::machine_memory();
    auto const limit = rlim_t{1} << 30;
    if (memory > limit) CHECK(true_within(limit, [&] { return rios::machine_memory() == limit; }));
    CHECK(true_within(memory * 4, [&] { return rios::machine_memory() == memory; }));
}

TEST_CASE("freed memory can be given back at any time")
{
    CHECK_NOTHROW(rios::return_freed_memory());
    {
        std::string const much(std::size_t{1} << 22, 'x');
        CHECK_NOTHROW(rios::return_freed_memory());
    }
    CHECK_NOTHROW(rios::return_freed_memory());
}
