// SPDX-License-Identifier: BSL-1.0
//
// An executor that is chosen at run time: for programs whose users say on the command line where the work is done.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../concepts.hpp"
#include "../error.hpp"
#include "../launcher/batch_options.hpp"
#include "../launcher/launcher.hpp"
#include "../launcher/pbs.hpp"
#include "../launcher/slurm.hpp"
#include "../launcher/subprocess.hpp"
#include "../pipeline/run.hpp"
#include "../remote/remote_options.hpp"
#include "inline.hpp"
#include "remote.hpp"
#include "threads.hpp"

namespace rios {

/// Where the work is done, and by how many.
struct executor_choice {
    /// inline: on the caller's thread; read-ahead: as that, while others read; threads: on threads of this process;
    /// subprocess: in other processes of this machine; slurm, pbs: in jobs of a cluster; ecs, aws-batch: on AWS.
    std::string kind = "threads";
    std::size_t readers = 0; ///< threads that read ahead; in each process, if there are several
    std::size_t threads =
        0; ///< that compute, in each process; 0: one for each core, or 1 where there are several processes
    remote_options remote{}; ///< of processes; its threads and readers do not count
    batch_options batch{};   ///< of jobs
    /// Makes the launcher of ecs or aws-batch, which are in a library of their own: see rios/aws/executor_config.hpp
    std::function<any_launcher()> launcher{};

    static constexpr std::array<std::string_view, 8> kinds{"inline", "read-ahead", "threads", "subprocess",
                                                           "slurm",  "pbs",        "ecs",     "aws-batch"};
    /// Is it a kind that has processes?
    [[nodiscard]] bool is_remote() const noexcept { return kind == "subprocess" || is_batch() || is_aws(); }
    /// Is it a kind whose processes are jobs of a batch system?
    [[nodiscard]] bool is_batch() const noexcept { return kind == "slurm" || kind == "pbs"; }
    /// Is it a kind whose processes are tasks or jobs on AWS?
    [[nodiscard]] bool is_aws() const noexcept { return kind == "ecs" || kind == "aws-batch"; }
};

/// One of the executors. What is compiled for it is compiled once, so a tool that offers all of them pays for one.
///
/// Thread rule: one run at a time.
class chosen_executor {
  public:
    /// @throws options_error naming the kind or the value, and what is allowed
    explicit chosen_executor(executor_choice choice)
    {
        auto const& all = executor_choice::kinds;
        if (std::find(all.begin(), all.end(), choice.kind) == all.end()) {
            std::string allowed;
            for (auto const each : all) allowed += (allowed.empty() ? "" : ", ") + std::string(each);
            throw options_error("executor '" + choice.kind + "': allowed are " + allowed);
        }
        if (choice.is_aws() && !choice.launcher) {
            throw options_error(
                "executor '" + choice.kind +
                "': no launcher is given; rios::load_aws_options() of rios/aws/executor_config.hpp makes one");
        }
        readers_ = detail::checked_threads("readers", choice.readers);
        if (choice.is_remote()) {
            choice.remote.readers = readers_;
            choice.remote.threads = std::max<std::size_t>(1, detail::checked_threads("threads", choice.threads));
            remote_.emplace(launcher_of(choice), std::move(choice.remote));
            readers_ = 0;
        } else if (choice.kind == "threads") {
            threads_.emplace(thread_options{.readers = readers_, .workers = choice.threads});
        } else if (choice.kind == "inline") {
            readers_ = 0;
        } else if (readers_ == 0) {
            throw options_error("readers 0: read-ahead needs at least 1");
        }
    }

    /// @throws the first error of the job
    template <Job J>
    void run(J& job, run_options const& options = {})
    {
        if (remote_) remote_->run(job, options);
        else if (threads_) threads_->run(job);
        else inline_executor().run(job);
    }

    [[nodiscard]] std::size_t concurrency() const noexcept
    {
        if (remote_) return remote_->concurrency();
        return threads_ ? threads_->concurrency() : 1;
    }
    [[nodiscard]] std::size_t concurrency_here() const noexcept
    {
        return remote_ ? remote_->concurrency_here() : concurrency();
    }

    /// Threads of this process that read ahead and compute, for rios::run; none if others do.
    [[nodiscard]] std::size_t readers() const noexcept { return readers_; }
    [[nodiscard]] std::size_t workers() const noexcept { return threads_ ? threads_->workers() : 0; }
    /// @pre workers() > 0
    [[nodiscard]] detail::thread_team& team() noexcept { return threads_->team(); }

  private:
    [[nodiscard]] static any_launcher launcher_of(executor_choice const& choice)
    {
        if (choice.is_aws()) return choice.launcher();
        if (choice.kind == "slurm") return any_launcher(slurm_launcher(choice.batch));
        if (choice.kind == "pbs") return any_launcher(pbs_launcher(choice.batch));
        return any_launcher(subprocess_launcher());
    }

    std::size_t readers_ = 0;
    std::optional<thread_executor> threads_;
    std::optional<remote_executor<any_launcher>> remote_;
};

} // namespace rios
