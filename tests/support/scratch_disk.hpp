// SPDX-License-Identifier: BSL-1.0
// Scratch files that have no name, and disks that are full.
#pragma once

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "temporary_directory.hpp"

namespace test {

/// Files in the folder that this process has open, named or not.
[[nodiscard]] inline std::vector<std::string> open_files_in(temporary_directory const& folder)
{
    std::vector<std::string> result;
    auto const real_path = std::filesystem::canonical(folder.path()).string();
    for (auto const& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ignored; // the iterator's own is gone by now
        auto const target = std::filesystem::read_symlink(each.path(), ignored).string();
        if (target.starts_with(real_path)) result.push_back(each.path().string());
    }
    return result;
}

namespace detail {

/// The exit status of a child that calls `f`; 4 if that throws.
template <typename F>
int status_of_child(F f)
{
    auto const child = ::fork();
    if (child == 0) {
        int result = 4;
        try {
            result = f();
        } catch (...) {
            result = 4;
        }
        ::_exit(result);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

} // namespace detail

/// The exit status of a child in which files cannot grow beyond so many bytes, as on a full disk.
template <typename F>
int status_on_full_disk(rlim_t bytes, F f)
{
    return detail::status_of_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit const bound{bytes, bytes};
        ::setrlimit(RLIMIT_FSIZE, &bound);
        return f();
    });
}

/// The exit status of a child to which the folder is an empty disk of so many bytes; none, and a line that says so, where that
/// needs rights that this process does not have.
template <typename F>
std::optional<int> status_on_small_disk(temporary_directory const& folder, std::size_t bytes, F f)
{
    constexpr int no_disk = 77;
    auto const status = detail::status_of_child([&] {
        auto const size = "size=" + std::to_string(bytes);
        bool const mounted = ::unshare(CLONE_NEWNS) == 0 &&
                             ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                             ::mount("none", folder.path().c_str(), "tmpfs", 0, size.c_str()) == 0;
        return mounted ? f() : no_disk;
    });
    if (status != no_disk) return status;
    std::cout << "SKIPPED: no right to mount a small disk" << std::endl;
    return {};
}

/// The exit status of a child that is no superuser.
template <typename F>
int status_as_nobody(F f)
{
    return detail::status_of_child([&] { return ::geteuid() != 0 || ::setuid(65534) == 0 ? f() : 5; });
}

} // namespace test
