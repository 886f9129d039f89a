// SPDX-License-Identifier: BSL-1.0
//
// Ctrl-C, SIGTERM and SIGHUP end a tool in order: the work under way is cancelled, so that nothing is left behind. The
// same signal again, more than a second later, ends the process at once.
#pragma once

#include <rios/stop_on_signals.hpp>

namespace tools {

/// The signals that this process has got, since the first call.
inline rios::stop_on_signals const& signals()
{
    static rios::stop_on_signals const all;
    return all;
}

/// The one that came; 0 for none.
inline int received_signal()
{
    return signals().received();
}

} // namespace tools
