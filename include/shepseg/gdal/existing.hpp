// SPDX-License-Identifier: BSL-1.0
//
// What functions that write tables are told about tables of before.
#pragma once

#include <cstdint>

namespace shepseg {

/// What happens to a column or a file of the same name.
enum class existing : std::uint8_t {
    refused, ///< an error before any work
    replaced
};

} // namespace shepseg
