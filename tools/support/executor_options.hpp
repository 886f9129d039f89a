// SPDX-License-Identifier: BSL-1.0
//
// Options that say where the work of a command is done: on threads of its own process, or in others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>

#include <rios/aws/executor_config.hpp>
#include <rios/error.hpp>
#include <rios/executor/chosen.hpp>

#include "command_line.hpp"
#include "executor_arguments.hpp"

namespace tools {

inline void add_executor_options(option_adder const& option, executor_arguments& arguments)
{
    option("Processes", "--executor", arguments.kind, "KIND",
           "Where the work is done: threads (of this process),\nsubprocess (other processes of this machine), slurm or "
           "pbs\n(jobs of a cluster), ecs or aws-batch (on AWS). The result\nis the same")
        ->transform(CLI::IsMember({"threads", "subprocess", "slurm", "pbs", "ecs", "aws-batch"}).description(""))
        ->capture_default_str();
    option(
        "Processes", "--workers", arguments.workers, "N",
        "Processes, jobs or tasks to start; each computes with\n--threads (default: 1 thread; a process for each core; "
        "no\ndefault for jobs)");
    option("Processes", "--executor-config", arguments.config, "FILE.json",
           "Settings of the processes: folders, ports, timeouts (see\ndocs/remote.md); queue and options of jobs "
           "(docs/cluster.md);\nimage and size of tasks (docs/aws.md)");
}

/// @param threads,readers of each process; 0 threads: the default
/// @param max_concurrent_reads over all processes; 0: as the configuration says
/// @throws rios::options_error for wrong options; rios::io_error for a bad configuration
inline rios::executor_choice executor_choice_from(executor_arguments const& arguments, std::size_t threads,
                                                  std::size_t readers, std::size_t workers,
                                                  std::size_t max_concurrent_reads = 0)
{
    rios::executor_choice choice{.kind = arguments.kind, .readers = readers, .threads = threads};
    if (!choice.is_remote()) {
        if (!arguments.workers.empty() || !arguments.config.empty()) {
            throw rios::options_error("--workers and --executor-config go with --executor subprocess, slurm, pbs, ecs "
                                      "or aws-batch; give one, or --threads "
                                      "alone");
        }
        return choice;
    }
    if ((choice.is_batch() || choice.is_aws()) && workers == 0) {
        throw rios::options_error("--executor " + choice.kind + " needs --workers, the number of " +
                                  (choice.kind == "ecs" ? "tasks" : "jobs"));
    }
    choice.remote.workers = workers == 0 ? rios::available_cores() : workers;
    rios::load_executor_options(arguments.config, choice, [](std::string const& left) {
        std::fprintf(stderr, "shepseg: warning: %s\n", left.c_str());
    });
    if (max_concurrent_reads != 0) choice.remote.max_concurrent_reads = max_concurrent_reads;
    return choice;
}

} // namespace tools
