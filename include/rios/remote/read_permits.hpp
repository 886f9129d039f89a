// SPDX-License-Identifier: BSL-1.0
//
// How many reads are under way in all workers together, where that is limited: each asks before it reads. Used by session.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "joined_worker.hpp"
#include "messages.hpp"

namespace rios::remote {

/// The permits of one job, given in the order in which they are asked for.
///
/// Thread rule: one thread.
class read_permits {
  public:
    /// @param most that may be out at once; 0: nobody asks
    read_permits(std::uint64_t job, std::size_t most) : job_(job), most_(most) {}

    /// A worker wants to read. @param number of its connection
    void ask(std::size_t number, joined_workers& workers)
    {
        wanted_.push_back(number);
        give(workers);
    }

    /// A worker has read.
    void give_back(joined_worker& from, joined_workers& workers)
    {
        if (from.reads == 0) return;
        --from.reads;
        --out_;
        give(workers);
    }

    /// A worker is not there any more, and reads nothing.
    void lost(joined_worker const& gone, joined_workers& workers)
    {
        out_ -= gone.reads;
        give(workers);
    }

  private:
    void give(joined_workers& workers)
    {
        while (!wanted_.empty() && out_ < most_) {
            auto const to = workers.find(wanted_.front());
            wanted_.pop_front();
            if (to == workers.end()) continue;
            ++out_;
            ++to->second.reads;
            to->second.channel->send(frame(message::may_read, job_end{.job = job_}));
        }
    }

    std::uint64_t const job_;
    std::size_t const most_;
    std::size_t out_ = 0;
    std::deque<std::size_t> wanted_; // connections
};

} // namespace rios::remote
