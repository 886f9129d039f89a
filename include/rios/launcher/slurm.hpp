// SPDX-License-Identifier: BSL-1.0
//
// Workers as jobs of a SLURM cluster (docs/cluster.md).
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "batch_files.hpp"
#include "batch_options.hpp"
#include "launcher.hpp"
#include "run_program.hpp"

namespace rios {

/// Submits, watches and cancels jobs by sbatch, squeue, scontrol and scancel, which must be on the PATH.
///
/// Thread rule: one thread at a time.
class slurm_launcher {
  public:
    explicit slurm_launcher(batch_options options = {}) : options_(std::move(options)), logs_(options_.log_directory)
    {
        options_.options = detail::with_variable("RIOS_SLURMJOBMGR_SBATCHOPTIONS", std::move(options_.options));
        options_.init_commands = detail::with_variable("RIOS_SLURMJOBMGR_INITCMDS", std::move(options_.init_commands));
    }

    /// @throws remote_error with SLURM's own words if the job is refused, io_error if there is no place for its output
    [[nodiscard]] job_id submit(worker_command const& command)
    {
        auto const log = logs_.path() + '/' + command.name + ".%j.log";
        std::vector<std::string> words{"sbatch",          "--parsable",     "--job-name=" + command.name,
                                       "--output=" + log, "--error=" + log, "--open-mode=append",
                                       "--no-requeue"};
        if (!options_.queue.empty()) words.push_back("--partition=" + options_.queue);
        // By name: others may see the command line.
        if (!command.environment.empty()) {
            std::string names = "--export=ALL";
            for (auto const& [name, value] : command.environment) names += ',' + name;
            words.push_back(names);
        }
        auto const result =
            run(std::move(words), detail::job_script(command, options_, "#SBATCH"), command.environment);
        auto const id = result.output.substr(0, result.output.find_first_of(";\n "));
        if (result.status != 0 || id.empty() || id.find_first_not_of("0123456789") != std::string::npos) {
            throw remote_error("SLURM refuses job " + command.name + ": " + result.complaint());
        }
        jobs_.insert_or_assign(id, job{.log = logs_.path() + '/' + command.name + '.' + id + ".log"});
        return id;
    }

    /// One command for all jobs, and one more for each that has ended.
    /// @throws remote_error if SLURM does not answer
    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs)
    {
        if (jobs.empty()) return {};
        auto const found = queue(jobs);
        std::vector<job_status> result;
        std::vector<job_id> hopeless;
        for (auto const& id : jobs) {
            auto& known = jobs_[id];
            if (known.ended) {
                result.push_back(*known.ended);
                continue;
            }
            auto const at = found.find(id);
            if (at == found.end() || has_ended(at->second.state)) {
                known.ended = how_it_ended(id, known);
                result.push_back(*known.ended);
            } else if (at->second.state == "PENDING" && never_starts(at->second.reason)) {
                hopeless.push_back(id);
                known.ended = job_status{.state = job_state::ended,
                                         .reason = "can never start (" + at->second.reason + "), and was cancelled"};
                result.push_back(*known.ended);
            } else {
                bool const waits = at->second.state == "PENDING" || at->second.state == "CONFIGURING";
                result.push_back({.state = waits ? job_state::waiting : job_state::running,
                                  .reason = at->second.reason == "None" ? "" : at->second.reason});
            }
        }
        if (!hopeless.empty()) cancel(hopeless);
        return result;
    }

    void cancel(std::span<job_id const> jobs)
    {
        if (jobs.empty()) return;
        std::vector<std::string> words{"scancel"};
        words.insert(words.end(), jobs.begin(), jobs.end());
        static_cast<void>(run(std::move(words))); // those that are not known any more are complained of
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        auto const are_gone = [&] {
            auto const found = queue(jobs);
            return std::all_of(found.begin(), found.end(),
                               [](auto const& each) { return has_ended(each.second.state); });
        };
        while (!are_gone() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::min(options_.poll_interval, std::chrono::milliseconds(200)));
        }
    }

    [[nodiscard]] static constexpr bool one_host() noexcept { return false; }
    [[nodiscard]] std::chrono::milliseconds poll_interval() const noexcept { return options_.poll_interval; }

  private:
    struct job {
        std::string log{};
        std::optional<job_status> ended{};
    };
    struct queued {
        std::string state;
        std::string reason;
    };

    [[nodiscard]] detail::program_result run(std::vector<std::string> words, std::string_view input = {},
                                             std::vector<std::pair<std::string, std::string>> environment = {}) const
    {
        return detail::run_program(std::move(words), input, std::move(environment), options_.patience);
    }

    /// Those that SLURM knows of.
    [[nodiscard]] std::map<job_id, queued> queue(std::span<job_id const> jobs) const
    {
        std::string list;
        for (auto const& id : jobs) list += (list.empty() ? "" : ",") + id;
        auto const answer = run({"squeue", "--noheader", "--states=all", "--format=%i|%T|%r", "--jobs=" + list});
        // A single job that is not known any more is an error of its own.
        bool const unknown = answer.errors.find("Invalid job id") != std::string::npos;
        if (answer.status != 0 && !unknown) throw remote_error("SLURM does not answer: " + answer.complaint());
        std::map<job_id, queued> result;
        std::istringstream lines(answer.output);
        for (std::string line; std::getline(lines, line);) {
            auto const first = line.find('|');
            auto const second = line.find('|', first + 1);
            if (second == std::string::npos) continue;
            result.insert_or_assign(line.substr(0, first), queued{.state = line.substr(first + 1, second - first - 1),
                                                                  .reason = line.substr(second + 1)});
        }
        return result;
    }

    [[nodiscard]] job_status how_it_ended(job_id const& id, job const& known)
    {
        job_status result{.state = job_state::ended};
        auto const answer = run({"scontrol", "--oneliner", "show", "job", id});
        auto const value = [&](std::string const& name) {
            auto const at = answer.output.find(' ' + name + '=');
            if (at == std::string::npos) return std::string();
            auto const begin = at + name.size() + 2;
            return answer.output.substr(begin, answer.output.find_first_of(" \n", begin) - begin);
        };
        auto const state = value("JobState");
        auto const reason = value("Reason");
        auto const code = value("ExitCode"); // "7:0": exit status and signal
        result.reason = state.empty() ? "is not known to SLURM any more" : state;
        if (!reason.empty() && reason != "None" && reason != "NonZeroExitCode") result.reason += " (" + reason + ")";
        if (auto const colon = code.find(':'); colon != std::string::npos) {
            auto const status = std::stoi("0" + code.substr(0, colon));
            auto const signal = std::stoi("0" + code.substr(colon + 1));
            result.exit_status = signal > 0 ? 128 + signal : status;
            if (signal > 0) result.reason += ", was ended by signal " + std::to_string(signal);
            else if (status > 0) result.reason += ", exited with status " + std::to_string(status);
        }
        bool const well = state == "COMPLETED";
        result.log = detail::end_of_log(known.log, std::chrono::milliseconds(well ? 0 : 1000));
        return result;
    }

    [[nodiscard]] static bool has_ended(std::string_view state)
    {
        constexpr std::array ended{"BOOT_FAIL", "CANCELLED", "COMPLETED",     "DEADLINE", "FAILED",
                                   "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "REVOKED",  "TIMEOUT"};
        return std::find(ended.begin(), ended.end(), state) != ended.end();
    }

    /// Reasons that waiting does not change.
    [[nodiscard]] static bool never_starts(std::string_view reason)
    {
        constexpr std::array never{"AccountNotAllowed",  "BadConstraints",  "DependencyNeverSatisfied",
                                   "InvalidAccount",     "InvalidQOS",      "JobHeldAdmin",
                                   "JobHeldUser",        "PartitionConfig", "PartitionNodeLimit",
                                   "PartitionTimeLimit", "QOSNotAllowed"};
        return std::find(never.begin(), never.end(), reason) != never.end();
    }

    batch_options options_;
    detail::log_folder logs_;
    std::map<job_id, job> jobs_;
};

} // namespace rios
