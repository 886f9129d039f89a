// SPDX-License-Identifier: BSL-1.0
//
// What functions that write into places of a given name are told about what is there already.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

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

} // namespace rios
