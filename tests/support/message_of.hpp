// SPDX-License-Identifier: BSL-1.0
// What an exception says, for tests of whole messages.
#pragma once

#include <string>

namespace test {

/// The text of the E that `f` throws. Other exceptions pass through, so that the test fails and names them.
template <typename E, typename F>
std::string message_of(F&& f)
{
    try {
        f();
    } catch (E const& e) {
        return e.what();
    }
    return "(nothing was thrown)";
}

} // namespace test
