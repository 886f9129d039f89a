// SPDX-License-Identifier: BSL-1.0
//
// What session.hpp keeps of a job as long as it is under way.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../net/frame.hpp"
#include "../pipeline/stage_options.hpp"
#include "read_permits.hpp"
#include "reading_pool.hpp"
#include "remote_options.hpp"
#include "remote_work.hpp"
#include "work_ledger.hpp"

namespace rios::remote {

/// How one job is run.
struct job_rules {
    delivery_order order = delivery_order::any;
    buffer_limit results{}; ///< under way and not delivered
    stall_limits stalls{};  ///< in workers, and in this process where it reads for them
    bool has_owner = false; ///< the work may outlive the run, so that a thread which does not return can be left behind
};

/// A result whose turn has not come, in the message that brought it.
struct early_result {
    net::message_body body;
    std::size_t offset;
};

/// A job under way.
struct job_run {
    /// @throws options_error if the work cannot be done elsewhere
    job_run(remote_work& w, job_rules const& r, std::uint64_t n, remote_options const& options)
        : work(w), rules(r), ledger(w.size(), options.attempts, w.accumulates()), number(n),
          ships_input(!options.workers_read), type(w.type(ships_input)), state(w.state(ships_input)),
          portable(w.is_portable(ships_input)), permits(n, options.max_concurrent_reads)
    {
    }
    remote_work& work;
    job_rules rules;
    work_ledger ledger;
    std::uint64_t number;
    bool ships_input;
    std::string type;
    std::vector<std::byte> state;
    bool portable;
    std::size_t delivered = 0;
    std::size_t largest_result = 0;
    std::map<std::size_t, early_result> early{};     // results whose turn has not come
    std::map<std::size_t, std::size_t> reader_for{}; // members that wait for inputs, by index
    read_permits permits;
    std::chrono::steady_clock::time_point last_result = std::chrono::steady_clock::now();
    std::unique_ptr<reading_pool> readers{};
};

} // namespace rios::remote
