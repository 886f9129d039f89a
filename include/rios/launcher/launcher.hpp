// SPDX-License-Identifier: BSL-1.0
//
// What starts worker processes: a batch system, or this machine. It is no executor; it only submits, asks and cancels.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
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
/// - If `one_host()` is true, all workers run on this machine.
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
        constant.one_host()
    } -> std::convertible_to<bool>;
};

/// A launcher of a kind that is known at run time only.
class any_launcher {
  public:
    /// Whether it is another kind is asked first: that of this class depends on its constructors.
    template <typename L>
        requires(!std::same_as<L, any_launcher>) && Launcher<L>
    explicit any_launcher(L launcher) : launcher_(std::make_unique<model_of<L>>(std::move(launcher)))
    {
    }

    [[nodiscard]] job_id submit(worker_command const& command) { return launcher_->submit(command); }
    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs) { return launcher_->status(jobs); }
    void cancel(std::span<job_id const> jobs) { launcher_->cancel(jobs); }
    [[nodiscard]] std::chrono::milliseconds poll_interval() const { return launcher_->poll_interval(); }
    [[nodiscard]] bool one_host() const { return launcher_->one_host(); }

  private:
    struct model {
        model() = default;
        model(model const&) = delete;
        model& operator=(model const&) = delete;
        virtual ~model() = default;
        [[nodiscard]] virtual job_id submit(worker_command const& command) = 0;
        [[nodiscard]] virtual std::vector<job_status> status(std::span<job_id const> jobs) = 0;
        virtual void cancel(std::span<job_id const> jobs) = 0;
        [[nodiscard]] virtual std::chrono::milliseconds poll_interval() const = 0;
        [[nodiscard]] virtual bool one_host() const = 0;
    };

    template <typename L>
    struct model_of final : model {
        explicit model_of(L taken) : launcher(std::move(taken)) {}
        [[nodiscard]] job_id submit(worker_command const& command) override { return launcher.submit(command); }
        [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs) override
        {
            return launcher.status(jobs);
        }
        void cancel(std::span<job_id const> jobs) override { launcher.cancel(jobs); }
        [[nodiscard]] std::chrono::milliseconds poll_interval() const override { return launcher.poll_interval(); }
        [[nodiscard]] bool one_host() const override { return launcher.one_host(); }
        L launcher;
    };

    std::unique_ptr<model> launcher_;
};

} // namespace rios
