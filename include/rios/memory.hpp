// SPDX-License-Identifier: BSL-1.0
//
// How much memory there is, to size what may grow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

#include <sys/resource.h>
#include <unistd.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "large_vector.hpp"

namespace rios {

namespace detail {

/// The least limit of a control group and of those around it.
/// @param root where groups of that kind are mounted @param group path of the group below it @param file with the limit
inline std::uint64_t control_group_limit(std::filesystem::path const& root, std::string_view group,
                                         std::string_view file)
{
    auto least = std::numeric_limits<std::uint64_t>::max();
    // In a container the group's own path may not be visible, and the root is the container's group.
    for (std::filesystem::path path = group;; path = path.parent_path()) {
        std::uint64_t limit = 0;
        // "max" is no number, and leaves the stream without one.
        if (std::ifstream(root / path.relative_path() / file) >> limit && limit > 0) least = std::min(least, limit);
        if (path.relative_path().empty()) return least;
    }
}

} // namespace detail

/// Bytes of memory that this process may count on: the machine's, or less where a control group (a container, a batch
/// job) or a limit of the shell (ulimit -v) says so.
[[nodiscard]] inline std::uint64_t machine_memory()
{
    auto const pages = ::sysconf(_SC_PHYS_PAGES);
    auto const page = ::sysconf(_SC_PAGESIZE);
    auto memory = pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
                                        : std::numeric_limits<std::uint64_t>::max();
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        memory = std::min<std::uint64_t>(memory, limit.rlim_cur);
    }
    // Lines are "number:controllers:group"; version 2 has no controllers.
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        auto const first = line.find(':');
        auto const second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        auto const controllers = std::string_view(line).substr(first + 1, second - first - 1);
        auto const group = std::string_view(line).substr(second + 1);
        if (controllers.empty()) {
            memory = std::min(memory, detail::control_group_limit("/sys/fs/cgroup", group, "memory.max"));
        } else if (controllers == "memory") {
            memory =
                std::min(memory, detail::control_group_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
        }
    }
    return memory;
}

/// Empties a container and frees its memory; `container = {}` would keep a vector's.
template <typename C>
void release(C& container) noexcept
{
    C().swap(container);
}

/// Gives memory that was freed back to the system, where it is kept for the next use: between phases that use much of it in
/// different ways.
inline void return_freed_memory() noexcept
{
    detail::unmap_spare_pages();
#if defined(__GLIBC__)
    ::malloc_trim(0);
#endif
}

} // namespace rios
