// SPDX-License-Identifier: BSL-1.0
// Scratch files that have no name, and disks that are full.
#pragma once

#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

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

/// The exit status of a child in which files cannot grow beyond so many bytes, as on a full disk.
template <typename F>
int status_on_full_disk(rlim_t bytes, F f)
{
    auto const child = ::fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit const bound{bytes, bytes};
        ::setrlimit(RLIMIT_FSIZE, &bound);
        int result = 3;
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

} // namespace test
