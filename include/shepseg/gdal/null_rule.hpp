// SPDX-License-Identifier: BSL-1.0
//
// What functions that read images are told about pixels without data.
#pragma once

#include <variant>

namespace shepseg {

/// Null is what the file says, or, if it says nothing, what the given cluster model says, if there is one.
struct null_of_file {};

/// No value is null.
struct no_null {};

/// Which pixels of a file are null: a rule, or a value.
using null_rule = std::variant<null_of_file, no_null, double>;

} // namespace shepseg
