// SPDX-License-Identifier: BSL-1.0
// How much memory this process really has.
#pragma once

#include <cstddef>
#include <fstream>

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

} // namespace test
