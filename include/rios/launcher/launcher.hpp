// SPDX-License-Identifier: BSL-1.0
//
// What starts worker processes: a batch system, or this machine. It is no executor; it only submits, asks and cancels.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rios {

/// What a worker process is started with.
struct worker_command {
    std::size_t number = 0;           ///< of the worker, from 0
    std::string name{};               ///< of its job: "RIOS_name_0"
    std::vector<std::string> words{}; ///< the program, as an absolute path, and its arguments
    /// Variables for its environment. They hold secrets: to be passed by name where a command line or a job's script is seen by
    /// others.
    std::vector<std::pair<std::string, std::string>> environment{};
};

/// What a launcher calls a job.
using job_id = std::string;

enum class job_state { waiting, running, ended };

struct job_status {
    job_state state = job_state::waiting;
    std::optional<int>
        exit_status{};    ///< of an ended job, if the launcher knows: 128 + number for one that a signal ended
    std::string reason{}; ///< why it waits or has ended, in the launcher's words
    std::string log{};    ///< the end of what an ended job wrote, if there is anything
};

/// Submits jobs, tells how they are, and cancels them.
///
/// - `submit(command)` throws a rios::error with the launcher's own reason if the job is refused.
/// - `status(ids)` says how each of them is; one that is not known any more has ended.
/// - `cancel(ids)` ends those that have not ended, and returns when they will not run any more, or nothing more can be done.
/// - `poll_interval()`: how often status() may be asked.
/// - If `one_host` is true, all workers run on this machine.
///
/// Thread rule: one thread at a time, not always the same.
template <typename L>
concept Launcher = std::movable<L> && requires(L& launcher, L const& constant, worker_command const& command,
                                               std::span<job_id const> jobs) {
    {
        launcher.submit(command)
    } -> std::same_as<job_id>;
    {
        launcher.status(jobs)
    } -> std::same_as<std::vector<job_status>>;
    launcher.cancel(jobs);
    {
        constant.poll_interval()
    } -> std::convertible_to<std::chrono::milliseconds>;
    {
        L::one_host
    } -> std::convertible_to<bool>;
};

} // namespace rios
