// SPDX-License-Identifier: BSL-1.0
// How much memory this process really has, or those that it started had.
#pragma once

#include <cstddef>
#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

namespace test {

/// Resident memory of this process, in bytes.
[[nodiscard]] inline std::size_t resident_bytes()
{
    std::size_t total = 0;
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> total >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// The most resident memory that any process had that this one has started and waited for, in bytes; at least what this one
/// had when it started it.
[[nodiscard]] inline std::size_t peak_bytes_of_children()
{
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    return static_cast<std::size_t>(used.ru_maxrss) * 1024;
}

} // namespace test
