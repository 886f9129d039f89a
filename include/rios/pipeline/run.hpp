// SPDX-License-Identifier: BSL-1.0
//
// Runs a job whose input can be read ahead, by an executor that has threads for that. rios::apply and the tiled segmentation
// are such jobs.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "../concepts.hpp"
#include "../timing.hpp"
#include "stage_options.hpp"
#include "staged_run.hpp"
#include "staged_work.hpp"

namespace rios {

/// How rios::run treats a job.
struct run_options {
    buffer_limit inputs{};  ///< between reading and computing
    buffer_limit results{}; ///< between computing and delivering
    delivery_order order = delivery_order::any;
    stall_limits stalls{};
    timing_log* log = nullptr; ///< receives how long the stages waited (docs/timings.md)
    /// Owner of the job, so that a thread which does not return can be left behind; without one, stalls mean nothing.
    std::shared_ptr<void> job_owner{};
};

namespace detail {

/// An executor that knows more than to run a job may have `run(job, options)`.
template <typename E, typename J>
void run_by_itself(E& executor, J& job, run_options const& options)
{
    if constexpr (requires { executor.run(job, options); }) executor.run(job, options);
    else executor.run(job);
}

} // namespace detail

/// Runs a job. If the executor says how many threads read and compute (`readers()`, `workers()`) and the job has input to
/// be read, reading, computing and delivering overlap in time; otherwise this is `executor.run(job, options)`, if the executor
/// has that, or `executor.run(job)`.
/// @throws the first error of the job, or timeout_error, when all threads have ended (but for one that stalls)
/// Thread rule: any thread; several runs at once on one executor only with a job_owner, when each has threads of its own.
template <Job J, Executor<J> E>
void run(E& executor, J& job, run_options const& options = {})
{
    if constexpr (ReadingJob<J> && requires {
                      {
                          executor.readers()
                      } -> std::convertible_to<std::size_t>;
                      {
                          executor.workers()
                      } -> std::convertible_to<std::size_t>;
                  }) {
        detail::stages plan{.readers = std::min<std::size_t>(executor.readers(), job.size() * job.parts()),
                            .workers = std::min<std::size_t>(executor.workers(), job.size()),
                            .inputs = options.inputs,
                            .results = options.results,
                            .order = options.order,
                            .stalls = options.stalls,
                            .log = options.log,
                            .job_owner = options.job_owner};
        // Nothing to do, or nobody who does it ahead.
        if (plan.readers + plan.workers == 0) return detail::run_by_itself(executor, job, options);
        if (!plan.job_owner) {
            plan.stalls = {.reading = {}, .computing = {}};
            if constexpr (requires { executor.team(); }) plan.team = plan.workers > 0 ? &executor.team() : nullptr;
        }
        detail::staged_run::execute(
            std::make_shared<detail::staged_run>(std::make_unique<detail::staged_work_of<J>>(job), plan));
    } else {
        detail::run_by_itself(executor, job, options);
    }
}

/// An executor as it is, but for jobs with input to be read, which go through rios::run: for functions that take an executor
/// and know nothing of reading ahead. Refers to the executor.
template <typename E>
class reading_ahead {
  public:
    explicit reading_ahead(E& executor, run_options options = {}) : executor_(&executor), options_(std::move(options))
    {
    }

    template <Job J>
    void run(J& job)
    {
        rios::run(*executor_, job, options_);
    }

    /// Steps that can be under way at the same time.
    [[nodiscard]] std::size_t concurrency() const noexcept
    {
        if constexpr (requires { executor_->concurrency(); }) return executor_->concurrency();
        else return 1;
    }

  private:
    E* executor_;
    run_options options_;
};

} // namespace rios
