// SPDX-License-Identifier: BSL-1.0
//
// What functions that write into places of a given name are told about what is there already, and how they keep off the
// files that they read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "error.hpp"

namespace rios {

/// What happens to a file, or a column of a table, of the same name.
enum class existing : std::uint8_t {
    refused,  ///< an error, before anything is done
    replaced, ///< by the new one as a whole
};

/// @throws io_error if there is a file of that name that must not be replaced
inline void require_free(std::string const& path, existing file)
{
    std::error_code ignored;
    if (file == existing::replaced || !std::filesystem::exists(path, ignored)) return;
    throw io_error(path, "exists already; have it replaced (--overwrite), or give another name");
}

/// Do two paths stand for the same file, whether it exists or not? An empty one stands for none.
[[nodiscard]] inline bool is_same_file(std::string const& a, std::string const& b)
{
    namespace fs = std::filesystem;
    if (a.empty() || b.empty()) return false;
    std::error_code failure;
    if (fs::equivalent(a, b, failure)) return true;
    auto const place_a = fs::weakly_canonical(fs::absolute(a), failure);
    auto const place_b = fs::weakly_canonical(fs::absolute(b), failure);
    return !failure && place_a == place_b;
}

/// No file may be written over another one of the same run.
/// @param read files that are read
/// @param written files that are written; empty names do not count
/// @throws options_error naming both
inline void require_different_files(std::vector<std::string> const& read, std::vector<std::string> const& written)
{
    for (std::size_t i = 0; i < written.size(); ++i) {
        for (auto const& input : read) {
            if (!is_same_file(written[i], input)) continue;
            throw options_error(written[i] + ": is the input " + input +
                                ", which must not be written over; give it another name");
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (!is_same_file(written[i], written[j])) continue;
            throw options_error(written[j] + " and " + written[i] + " are the same file; give them different names");
        }
    }
}

} // namespace rios
