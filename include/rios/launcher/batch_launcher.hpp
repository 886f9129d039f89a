// SPDX-License-Identifier: BSL-1.0
//
// What slurm.hpp and pbs.hpp have in common: jobs that are submitted, looked at and cancelled by commands.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "batch_files.hpp"
#include "batch_options.hpp"
#include "launcher.hpp"
#include "run_program.hpp"

namespace rios::detail {

/// What a batch system says of a job, and whether it will never start.
struct batch_answer {
    job_status status{};
    bool is_hopeless = false;
};

/// A job that was submitted, and the file that it writes to.
struct submitted_job {
    job_id id;
    std::string log;
};

/// The commands of a batch system, each run to its end.
class batch_commands {
  public:
    explicit batch_commands(std::chrono::duration<double> patience) : patience_(patience) {}

    /// @param environment of the command; what it says of the values is made unreadable: they are secrets
    [[nodiscard]] program_result run(std::vector<std::string> words, std::string_view input = {},
                                     std::vector<std::pair<std::string, std::string>> const& environment = {}) const
    {
        auto result = run_program(std::move(words), input, environment, patience_);
        for (auto const& [name, value] : environment) {
            for (auto* const text : {&result.output, &result.errors}) {
                for (std::size_t at = 0; !value.empty() && (at = text->find(value, at)) != std::string::npos;) {
                    text->replace(at, value.size(), "...");
                }
            }
        }
        return result;
    }

  private:
    std::chrono::duration<double> patience_;
};

/// The launcher of a batch system.
///
/// `System` has the names of variables that hold a site's options (`options_variable`) and commands (`init_variable`), and
/// - `submit(commands, command, options, folder)`: a submitted_job. @throws remote_error if it is refused
/// - `look(commands, ids)`: batch_answer by id, of those that it knows. @throws remote_error if it does not answer
/// - `end_of(commands, id, answer)`: how a job is that has ended, or is not in the answer; null then
/// - `cancel(commands, ids)`: has them cancelled.
///
/// Thread rule: one thread at a time.
template <typename System>
class batch_launcher {
  public:
    explicit batch_launcher(batch_options options = {})
        : options_(std::move(options)), commands_(options_.patience), logs_(options_.log_directory)
    {
        check(options_);
        options_.options = with_variable(System::options_variable, std::move(options_.options));
        options_.init_commands = with_variable(System::init_variable, std::move(options_.init_commands));
    }

    /// @throws remote_error with the batch system's own words if the job is refused, io_error if there is no place for its files
    [[nodiscard]] job_id submit(worker_command const& command)
    {
        auto made = System::submit(commands_, command, options_, logs_.path());
        jobs_.insert_or_assign(made.id, job{.log = std::move(made.log)});
        return made.id;
    }

    /// One command for all jobs that have not ended. @throws remote_error if the batch system does not answer
    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs)
    {
        look_at(jobs);
        std::vector<job_status> result;
        for (auto const& id : jobs) result.push_back(jobs_[id].last);
        return result;
    }

    void cancel(std::span<job_id const> jobs)
    {
        auto alive = those_alive(jobs);
        if (alive.empty()) return;
        System::cancel(commands_, alive);
        auto const deadline = std::chrono::steady_clock::now() + time_to_end;
        for (;;) {
            look_at(alive);
            alive = those_alive(alive);
            if (alive.empty() || std::chrono::steady_clock::now() > deadline) return;
            std::this_thread::sleep_for(std::min(options_.poll_interval, std::chrono::milliseconds(200)));
        }
    }

    [[nodiscard]] static constexpr bool one_host() noexcept { return false; }
    [[nodiscard]] std::chrono::milliseconds poll_interval() const noexcept { return options_.poll_interval; }

  private:
    static constexpr auto time_to_end = std::chrono::seconds(5); // for jobs that were cancelled

    struct job {
        std::string log{};
        job_status last{};
        std::string doom{}; ///< why it can never start
    };

    [[nodiscard]] std::vector<job_id> those_alive(std::span<job_id const> jobs)
    {
        std::vector<job_id> result;
        for (auto const& id : jobs) {
            if (jobs_[id].last.state != job_state::ended) result.push_back(id);
        }
        return result;
    }

    void look_at(std::span<job_id const> jobs)
    {
        auto const alive = those_alive(jobs);
        if (alive.empty()) return;
        auto const answers = System::look(commands_, alive);
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1); // for the logs of all
        std::vector<job_id> hopeless;
        for (auto const& id : alive) {
            auto& each = jobs_[id];
            auto const found = answers.find(id);
            bool const has_run = each.last.state == job_state::running;
            if (found == answers.end() || found->second.status.state == job_state::ended) {
                each.last = System::end_of(commands_, id, found == answers.end() ? nullptr : &found->second.status);
            } else {
                each.last = found->second.status;
            }
            if (each.last.state == job_state::ended) {
                if (!each.doom.empty()) each.last.reason = each.doom;
                auto const wait = has_run && each.last.exit_status != 0;
                each.last.log = end_of_log(each.log, wait ? deadline : std::chrono::steady_clock::time_point());
            } else if (found != answers.end() && found->second.is_hopeless) {
                each.doom = "can never start (" + found->second.status.reason + "), and was cancelled";
                hopeless.push_back(id);
            }
        }
        if (!hopeless.empty()) System::cancel(commands_, hopeless); // again with the next look, should it fail
    }

    batch_options options_;
    batch_commands commands_;
    log_folder logs_;
    std::map<job_id, job> jobs_;
};

/// Names of variables, with commas between.
[[nodiscard]] inline std::string names_of(std::vector<std::pair<std::string, std::string>> const& variables)
{
    std::string result;
    for (auto const& [name, value] : variables) result += (result.empty() ? "" : ",") + name;
    return result;
}

} // namespace rios::detail
