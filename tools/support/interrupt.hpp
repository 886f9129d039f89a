// SPDX-License-Identifier: BSL-1.0
//
// Ctrl-C and SIGTERM end a tool in order: the work under way is cancelled, so that nothing is left behind. A second
// signal ends the process at once.
#pragma once

#include <csignal>

namespace tools {

inline volatile std::sig_atomic_t received_signal = 0;

/// From now on SIGINT, SIGTERM and SIGHUP set received_signal, once.
inline void catch_interrupts()
{
    struct sigaction action {};
    action.sa_handler = [](int number) { received_signal = number; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        // What the caller ignores (nohup) stays ignored.
        if (sigaction(number, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(number, &action, nullptr);
        }
    }
}

} // namespace tools
