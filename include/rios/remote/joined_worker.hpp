// SPDX-License-Identifier: BSL-1.0
//
// A worker that has joined, as session.hpp knows it.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>

#include "../net/connection.hpp"
#include "messages.hpp"

namespace rios::remote {

struct joined_worker {
    std::shared_ptr<net::connection> channel;
    hello said;
    bool works = false;    ///< on the job of the moment
    bool ending = false;   ///< has been told that it is over
    bool leaving = false;  ///< has been told to go
    std::size_t reads = 0; ///< permits that it has
    /// When it was given something to do, or returned something.
    std::chrono::steady_clock::time_point given = std::chrono::steady_clock::now();
};

/// By the number of the connection.
using joined_workers = std::map<std::size_t, joined_worker>;

} // namespace rios::remote
