// SPDX-License-Identifier: BSL-1.0
//
// How the workers of a remote_executor are launched, found and fed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../error.hpp"
#include "../net/channel_address.hpp"
#include "../net/listener.hpp"
#include "../net/packing.hpp"

namespace rios {

/// Limits on how long a run may stand still, in seconds; 0 switches one off.
struct remote_timeouts {
    /// Until the least number of workers have joined; and another, when all have been lost. RIOS: computeBarrierTimeout.
    std::chrono::duration<double> joining{600};
    /// Without a sign of life from a worker, after which it counts as lost. A busy one gives signs of life.
    std::chrono::duration<double> silence{60};
    /// Without a result from any worker, though there are steps to be done. RIOS: computeBufferPopTimeout.
    std::chrono::duration<double> progress{3600};
};

/// Options of remote_executor.
struct remote_options {
    std::size_t workers = 1; ///< processes, at least 1. RIOS: numComputeWorkers
    std::size_t threads = 1; ///< that compute in each of them, at least 1
    /// Threads that read ahead in each of them; of this process, if that reads for all. 0: threads read for themselves, just
    /// before they compute (at least 1 where this process reads). RIOS: numReadWorkers
    std::size_t readers = 0;
    /// Each worker reads what it needs; false: this process reads, and sends it. RIOS: computeWorkersRead
    bool workers_read = true;
    /// A new worker for each block; `workers` is how many there may be at a time. RIOS: singleBlockComputeWorkers
    bool single_block_workers = false;
    std::size_t max_concurrent_reads = 0; ///< over all workers; 0: no limit
    std::size_t min_workers = 1;          ///< that must have joined before the first block is handed out
    std::size_t attempts = 3;             ///< how often a block may be begun, should its worker be lost
    remote_timeouts timeouts{};

    std::string job_name = "rios"; ///< jobs are called RIOS_NAME_0, RIOS_NAME_1, ...
    /// Absolute path of the worker's program, as the workers see it; empty: this program. It may be a script that starts it, with
    /// the arguments that it was given.
    std::string program{};
    /// Folder that the workers can read, for the file that says where this process is and holds the key of the run. Empty: the
    /// folder for temporary files, for workers on this machine, or else the one in which this process was started.
    std::string directory{};
    /// The address and the key go in the environment of the job instead (RIOS: haveSharedTemp = False). Who may see a job's
    /// environment (on some systems, everybody who may see its details) can then join the run.
    bool address_in_environment = false;
    net::port_range ports{}; ///< to listen on. Firewalls that are set up for RIOS let 30000 to 50000 pass
    /// Names or addresses of this host, as the workers see it, 60 at most; empty: the addresses of its network interfaces.
    std::vector<std::string> advertised{};
    net::packing packing = net::packing::automatic;         ///< are blocks compressed on their way?
    std::uint64_t largest_message = std::uint64_t{1} << 36; ///< bytes that a block may have on its way
};

namespace remote {

/// @throws options_error naming the option, its value and what is allowed
inline void check(remote_options const& options)
{
    auto const at_least_1 = [](char const* what, std::size_t value) {
        if (value == 0) throw options_error(std::string(what) + " 0: at least 1 is needed");
    };
    at_least_1("workers", options.workers);
    at_least_1("threads", options.threads);
    at_least_1("attempts", options.attempts);
    if (options.min_workers > options.workers) {
        throw options_error("min_workers " + std::to_string(options.min_workers) + ": allowed are 0 to " +
                            std::to_string(options.workers) + ", the number of workers");
    }
    if (options.single_block_workers && options.min_workers > 1) {
        throw options_error("min_workers " + std::to_string(options.min_workers) +
                            " with single_block_workers: allowed are 0 and 1, as none of them waits for another");
    }
    if (options.ports.first > options.ports.last) {
        throw options_error("ports " + std::to_string(options.ports.first) + " to " +
                            std::to_string(options.ports.last) + ": the first must not be above the last");
    }
    constexpr std::size_t most_advertised = 60;
    if (options.advertised.size() > most_advertised) {
        throw options_error("advertised: " + std::to_string(options.advertised.size()) +
                            " addresses; allowed are at most " + std::to_string(most_advertised));
    }
    for (auto const& each : options.advertised) {
        if (!net::is_host(each)) {
            throw options_error("advertised '" + each +
                                "': allowed are names of hosts, IPv4 and IPv6 addresses, without a port");
        }
    }
    bool const plain = std::all_of(options.job_name.begin(), options.job_name.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
    if (options.job_name.empty() || !plain) {
        throw options_error("job name '" + options.job_name +
                            "': allowed are letters, digits, '-', '_' and '.', at least one of them");
    }
}

} // namespace remote

} // namespace rios
