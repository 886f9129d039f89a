// SPDX-License-Identifier: BSL-1.0
//
// How long work tells its caller where it stands, and is told to stop. The library prints nothing itself.
#pragma once

#include <functional>
#include <string_view>

#include "error.hpp"

namespace rios {

/// Called on the caller's thread with the name of the phase and the part of it that is done, 0 to 1. Returns false to
/// cancel: the work then ends with rios::cancelled and leaves nothing behind.
using progress_function = std::function<bool(std::string_view phase, double done)>;

/// Tells `progress`, if there is one.
/// @throws cancelled if it returns false
inline void report(progress_function const& progress, std::string_view phase, double done)
{
    if (progress && !progress(phase, done)) throw cancelled();
}

} // namespace rios
