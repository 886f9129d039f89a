// SPDX-License-Identifier: BSL-1.0
//
// Runs the steps of a job in other processes, on this machine or anywhere: only the executor in the template changes.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>

#include "../archive.hpp"
#include "../concepts.hpp"
#include "../launcher/launcher.hpp"
#include "../pipeline/run.hpp"
#include "../remote/remote_options.hpp"
#include "../remote/remote_work.hpp"
#include "../remote/session.hpp"
#include "threads.hpp"

namespace rios {

/// Launches workers when the first job comes that they can do, hands out its steps as they join, and delivers on the caller's
/// thread. They stay for later jobs, and go when the executor ends. The first worker begins at once; late ones join in; the
/// steps of one that is lost are given to others; one that never comes is not waited for. Jobs that cannot travel (they have no
/// `worker_type`, or only read, and workers do not read) run on threads of this process.
///
/// A worker is this program again: main() must begin with serve_if_worker().
///
/// Errors of a worker arrive with their type (but without nested exceptions), block, host and job. After any error, all workers
/// are gone, and their jobs cancelled; another run launches others.
///
/// Thread rule: one run at a time.
template <Launcher L>
class remote_executor {
  public:
    /// @throws options_error
    explicit remote_executor(L launcher, remote_options options = {}, thread_options local = {})
        : session_(std::make_unique<remote::session>(as_any(std::move(launcher)), std::move(options))), local_(local)
    {
    }

    /// @throws the first error of the job
    template <Job J>
    void run(J& job, run_options const& options = {})
    {
        if constexpr (requires { typename J::worker_type; }) {
            static_assert(
                Archivable<remote::detail::shipped<J>>,
                "remote_executor: what the worker returns cannot travel to another process: see rios::Archivable");
            static_assert(remote::detail::ReadsElsewhere<J> || remote::detail::ShipsInput<J>,
                          "remote_executor: the worker cannot travel to another process. Its state must be trivially "
                          "copyable (numbers, no "
                          "pointers), or list its members for an archive: see rios::Archivable");
            if constexpr (requires { requires J::only_reads; }) {
                if (!session_->options().workers_read) return rios::run(local_, job, options);
            }
            bool const has_owner = options.job_owner != nullptr;
            session_->run(std::make_shared<remote::detail::remote_work_of<J>>(job, options.job_owner),
                          {.order = options.order,
                           .results = options.results,
                           .stalls = has_owner ? options.stalls : stall_limits{.reading = {}, .computing = {}},
                           .has_owner = has_owner});
        } else {
            rios::run(local_, job, options);
        }
    }

    /// Steps that can be under way at the same time in this process.
    [[nodiscard]] std::size_t concurrency_here() const noexcept { return local_.concurrency(); }

    /// Steps that can be under way at the same time.
    [[nodiscard]] std::size_t concurrency() const noexcept
    {
        return session_->options().workers * session_->options().threads;
    }

  private:
    static any_launcher as_any(L launcher)
    {
        if constexpr (std::same_as<L, any_launcher>) return launcher;
        else return any_launcher(std::move(launcher));
    }

    std::unique_ptr<remote::session> session_;
    thread_executor local_;
};

} // namespace rios
