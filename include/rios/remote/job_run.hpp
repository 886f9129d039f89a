// SPDX-License-Identifier: BSL-1.0
//
// What session.hpp keeps of a job as long as it is under way.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../net/frame.hpp"
#include "../pipeline/stage_options.hpp"
#include "reading_pool.hpp"
#include "remote_work.hpp"
#include "work_ledger.hpp"

namespace rios::remote {

/// How one job is run.
struct job_rules {
    delivery_order order = delivery_order::any;
    buffer_limit results{}; ///< under way and not delivered
};

/// A result whose turn has not come, in the message that brought it.
struct early_result {
    net::message_body body;
    std::size_t offset;
};

/// A job under way.
struct job_run {
    job_run(remote_work& w, job_rules const& r, std::size_t attempts)
        : work(w), rules(r), ledger(w.size(), attempts, w.accumulates())
    {
    }
    remote_work& work;
    job_rules rules;
    work_ledger ledger;
    std::uint64_t number = 0;
    bool ships_input = false;
    std::string type{};
    std::vector<std::byte> state{};
    bool portable = true;
    std::size_t delivered = 0;
    std::size_t largest_result = 0;
    std::map<std::size_t, early_result> early{};     // results whose turn has not come
    std::map<std::size_t, std::size_t> reader_for{}; // members that wait for inputs, by index
    std::deque<std::size_t> reads_wanted{};          // members that want a permit
    std::size_t reads_allowed = 0;                   // permits that are out
    std::chrono::steady_clock::time_point last_result = std::chrono::steady_clock::now();
    std::unique_ptr<reading_pool> readers{}; // last: it uses the work
};

} // namespace rios::remote
