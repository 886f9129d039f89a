// SPDX-License-Identifier: BSL-1.0
//
// A run that stands still for longer than it may: who has not joined, or does not get on. Used by session.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

#include "../error.hpp"
#include "../pipeline/stall_watch.hpp"
#include "job_run.hpp"
#include "joined_worker.hpp"
#include "messages.hpp"
#include "remote_options.hpp"
#include "worker_roster.hpp"

namespace rios::remote {

/// Thread rule: one thread.
class time_limits {
  public:
    /// @param options,roster,workers must outlive it
    time_limits(remote_options const& options, worker_roster const& roster, joined_workers const& workers)
        : options_(options), roster_(roster), workers_(workers)
    {
    }

    /// From now on, workers may be waited for: a job begins, or one has been lost.
    void wait_from_now() noexcept { waits_since_ = clock::now(); }

    /// @throws timeout_error naming the limit, and what is known of those that are missed
    void check(job_run const& job) const
    {
        check_joining();
        check_progress(job);
        check_reads(job);
    }

    /// A worker tells that a step does not end. @throws timeout_error naming the step, the limit and the worker
    [[noreturn]] static void refuse(stalled const& what, job_run const& job, std::string const& where)
    {
        using rios::detail::stage;
        auto const& limits = job.rules.stalls;
        rios::detail::stalled_step const step{.where = what.reading ? stage::reading : stage::computing,
                                              .index = static_cast<std::size_t>(what.which.index),
                                              .part = 0,
                                              .limit = what.reading ? limits.reading : limits.computing};
        throw timeout_error(step.message(job.work.step_text(step.index)) + " (" + where + ")");
    }

  private:
    using clock = std::chrono::steady_clock;
    using duration = std::chrono::duration<double>;

    void check_joining() const
    {
        auto const limit = options_.timeouts.joining;
        if (limit.count() == 0 || clock::now() - waits_since_ <= limit) return;
        auto const least = std::max<std::size_t>(1, options_.min_workers);
        auto const within = " within " + text(limit, "joining");
        if (roster_.joined() < least) {
            throw timeout_error(std::to_string(roster_.joined()) + " of the " + std::to_string(least) +
                                " workers that are needed to begin have joined" + within + roster_.story_of_missing());
        }
        if (workers_.empty())
            throw timeout_error("no worker is left, and none has joined" + within + roster_.stories());
    }

    void check_progress(job_run const& job) const
    {
        auto const limit = options_.timeouts.progress;
        if (limit.count() == 0) return;
        auto const now = clock::now();
        auto const so_long = " for " + text(limit, "progress");
        for (auto const& [number, each] : workers_) {
            if (now - std::max(job.last_result, each.given) <= limit) continue;
            if (auto const oldest = job.ledger.first_under_way(number)) {
                throw timeout_error(job.work.step_text(*oldest) + ": has not been done by " +
                                    roster_.name_of(each.said) + ", and nothing else has by any worker," + so_long);
            }
            if (each.works && each.ending) {
                throw timeout_error(roster_.name_of(each.said) +
                                    " has been told that the job is over, and has not ended it" + so_long);
            }
        }
        auto latest = std::max(job.last_result, waits_since_);
        for (auto const& [number, each] : workers_) latest = std::max(latest, each.given);
        auto const least = std::max<std::size_t>(1, options_.min_workers);
        if (!workers_.empty() && roster_.joined() >= least && !job.ledger.complete() && now - latest > limit) {
            throw timeout_error("nothing is under way, though not all is done," + so_long);
        }
        if (workers_.empty() && roster_.joined() > 0 && now - std::max(job.last_result, waits_since_) > limit) {
            throw timeout_error("no worker is left, and none has joined" + so_long + roster_.stories());
        }
    }

    /// Those of this process, which can be left alone if they do not end.
    static void check_reads(job_run const& job)
    {
        if (!job.readers || !job.rules.has_owner) return;
        if (auto const found = job.readers->stalled(job.rules.stalls)) {
            throw timeout_error(found->message(job.work.step_text(found->index)));
        }
    }

    [[nodiscard]] static std::string text(duration limit, std::string const& name)
    {
        return std::to_string(static_cast<long>(limit.count())) + " seconds (timeouts." + name + "; 0 switches it off)";
    }

    remote_options const& options_;
    worker_roster const& roster_;
    joined_workers const& workers_;
    clock::time_point waits_since_ = clock::now();
};

} // namespace rios::remote
