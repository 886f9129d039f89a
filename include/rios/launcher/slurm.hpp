// SPDX-License-Identifier: BSL-1.0
//
// Workers as jobs of a SLURM cluster (docs/cluster.md).
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "batch_files.hpp"
#include "batch_launcher.hpp"
#include "batch_options.hpp"
#include "launcher.hpp"

namespace rios {

namespace detail {

/// sbatch, squeue, scontrol and scancel.
struct slurm_system {
    static constexpr char const* options_variable = "RIOS_SLURMJOBMGR_SBATCHOPTIONS";
    static constexpr char const* init_variable = "RIOS_SLURMJOBMGR_INITCMDS";

    static submitted_job submit(batch_commands const& commands, worker_command const& command,
                                batch_options const& options, std::string const& folder)
    {
        std::string log; // a pattern, in which % begins something
        for (char const c : folder) log += c == '%' ? "%%" : std::string(1, c);
        log += '/' + command.name + ".%j.log";
        std::vector<std::string> words{"sbatch",          "--parsable",     "--job-name=" + command.name,
                                       "--output=" + log, "--error=" + log, "--open-mode=append",
                                       "--no-requeue"};
        if (!options.queue.empty()) words.push_back("--partition=" + options.queue);
        // By name: others may see the command line.
        if (!command.environment.empty()) words.push_back("--export=ALL," + names_of(command.environment));
        require_own_cluster(options);
        auto const result =
            commands.run(std::move(words), job_script(command, options, "#SBATCH", folder), command.environment);
        auto const id = result.output.substr(0, result.output.find_first_of(";\n ")); // "ID" or "ID;cluster"
        if (result.status != 0 || id.empty() || id.find_first_not_of("0123456789") != std::string::npos) {
            throw remote_error("SLURM refuses job " + command.name + ": " + result.complaint());
        }
        return {.id = id, .log = folder + '/' + command.name + '.' + id + ".log"};
    }

    static std::map<job_id, batch_answer> look(batch_commands const& commands, std::span<job_id const> jobs)
    {
        std::string list;
        for (auto const& id : jobs) list += (list.empty() ? "" : ",") + id;
        auto const answer =
            commands.run({"squeue", "--noheader", "--states=all", "--format=%i|%T|%r", "--jobs=" + list});
        // A single job that is not known any more is an error of its own.
        bool const unknown = answer.errors.find("Invalid job id") != std::string::npos;
        if (answer.status != 0 && !unknown) throw remote_error("SLURM does not answer: " + answer.complaint());
        std::map<job_id, batch_answer> result;
        std::istringstream lines(answer.output);
        for (std::string line; std::getline(lines, line);) {
            auto const first = line.find('|');
            auto const second = line.find('|', first + 1);
            if (second == std::string::npos) continue;
            auto const state = line.substr(first + 1, second - first - 1);
            auto const reason = line.substr(second + 1);
            job_status status{.state = state_of(state), .reason = reason == "None" ? "" : reason};
            if (state == "COMPLETED") status = {.state = job_state::ended, .exit_status = 0, .reason = state};
            result.insert_or_assign(
                line.substr(0, first),
                batch_answer{.status = std::move(status), .is_hopeless = state == "PENDING" && never_starts(reason)});
        }
        return result;
    }

    static job_status end_of(batch_commands const& commands, job_id const& id, job_status const* known)
    {
        if (known != nullptr && known->exit_status) return *known; // all is said
        job_status result{.state = job_state::ended};
        auto const answer = commands.run({"scontrol", "--oneliner", "show", "job", id});
        auto const value = [&](std::string const& name) {
            auto const at = answer.output.find(' ' + name + '=');
            if (at == std::string::npos) return std::string();
            auto const begin = at + name.size() + 2;
            return answer.output.substr(begin, answer.output.find_first_of(" \n", begin) - begin);
        };
        auto const state = value("JobState");
        auto const reason = value("Reason");
        auto const code = value("ExitCode"); // "7:0": exit status and signal
        if (!state.empty() && state_of(state) != job_state::ended) return {.state = state_of(state), .reason = reason};
        result.reason = state.empty() ? "is not known to SLURM any more" : state;
        if (!reason.empty() && reason != "None" && reason != "NonZeroExitCode") result.reason += " (" + reason + ")";
        if (auto const colon = code.find(':'); colon != std::string::npos) {
            auto const status = std::atoi(code.c_str());
            auto const signal = std::atoi(code.c_str() + colon + 1);
            result.exit_status = signal > 0 ? 128 + signal : status;
            if (signal > 0) result.reason += ", was ended by signal " + std::to_string(signal);
            else if (status > 0) result.reason += ", exited with status " + std::to_string(status);
        }
        return result;
    }

    static void cancel(batch_commands const& commands, std::span<job_id const> jobs)
    {
        std::vector<std::string> words{"scancel"};
        words.insert(words.end(), jobs.begin(), jobs.end());
        auto const result = commands.run(std::move(words)); // of those that have ended nothing is said
        if (result.status != 0) throw remote_error("SLURM does not cancel jobs: " + result.complaint());
    }

  private:
    /// The other commands would look for the jobs in this one. @throws options_error
    static void require_own_cluster(batch_options const& options)
    {
        for (auto const& line : options.options) {
            std::istringstream words(line);
            for (std::string word; words >> word;) {
                if (!word.starts_with("-M") && !word.starts_with("--clusters")) continue;
                throw options_error("option '" + line +
                                    "' of SLURM: another cluster is chosen by the variable SLURM_CLUSTERS");
            }
        }
    }

    [[nodiscard]] static job_state state_of(std::string_view state)
    {
        constexpr std::array ended{"BOOT_FAIL", "CANCELLED", "COMPLETED",     "DEADLINE", "FAILED",
                                   "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "REVOKED",  "TIMEOUT"};
        if (std::find(ended.begin(), ended.end(), state) != ended.end()) return job_state::ended;
        return state == "PENDING" || state == "CONFIGURING" ? job_state::waiting : job_state::running;
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
};

} // namespace detail

/// Submits, watches and cancels jobs of SLURM, whose commands must be on the PATH.
///
/// Thread rule: one thread at a time.
using slurm_launcher = detail::batch_launcher<detail::slurm_system>;

} // namespace rios
