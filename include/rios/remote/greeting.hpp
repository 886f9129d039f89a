// SPDX-License-Identifier: BSL-1.0
//
// What a main process and a worker say first: does the worker fit, and what it needs to know. Used by session.hpp.
#pragma once

#include <cstddef>
#include <string>

#include "../net/frame.hpp"
#include "../version.hpp"
#include "messages.hpp"
#include "remote_options.hpp"
#include "worker_roster.hpp"

namespace rios::remote {

/// Why a worker cannot work for this process; empty if it can.
[[nodiscard]] inline std::string misfit(hello const& said, worker_roster const& roster)
{
    if (said.wire != net::wire_version) {
        return "it speaks version " + std::to_string(said.wire) + " of the wire format, and the main process version " +
               std::to_string(net::wire_version);
    }
    if (said.version != rios::version) {
        return "it is of version " + said.version + " of rios, and the main process of " + std::string(rios::version);
    }
    if (!roster.contains(static_cast<std::size_t>(said.number))) {
        return "there is no worker " + std::to_string(said.number);
    }
    return {};
}

/// What a worker needs to know.
[[nodiscard]] inline welcome welcome_by(remote_options const& options)
{
    return {.threads = options.threads,
            .readers = options.workers_read ? options.readers : 0,
            .asks_for_reads = options.workers_read && options.max_concurrent_reads > 0,
            .packing = options.packing,
            .silence = options.timeouts.silence.count(),
            .largest_message = options.largest_message};
}

} // namespace rios::remote
