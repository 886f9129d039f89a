// SPDX-License-Identifier: BSL-1.0
//
// Keeps a process that subprocess.hpp starts from inheriting the files of this one.
#pragma once

#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>

#include <features.h>
#include <spawn.h>

namespace rios::detail {

/// Has a new process close each file that this one has open at the moment, from a descriptor on; what other threads open
/// before it is started stays. @returns an errno, or 0
[[nodiscard]] inline int close_open_files(posix_spawn_file_actions_t& actions, int first)
{
    std::error_code failure;
    for (std::filesystem::directory_iterator each("/proc/self/fd", failure); !failure && each != end(each);
         each.increment(failure)) {
        auto const name = each->path().filename().string();
        int number = -1;
        std::from_chars(name.data(), name.data() + name.size(), number);
        if (number < first) continue;
        if (auto const refused = ::posix_spawn_file_actions_addclose(&actions, number); refused != 0) return refused;
    }
    return failure.value();
}

/// Has a new process close all files from a descriptor on. @returns an errno, or 0
[[nodiscard]] inline int close_files(posix_spawn_file_actions_t& actions, int first)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    return ::posix_spawn_file_actions_addclosefrom_np(&actions, first);
#else
    return close_open_files(actions, first);
#endif
}

} // namespace rios::detail
