// SPDX-License-Identifier: BSL-1.0
//
// What a site, and its user, want of the jobs of a batch system: for slurm.hpp and pbs.hpp.
#pragma once

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "../error.hpp"

namespace rios {

/// Options of slurm_launcher and pbs_launcher.
struct batch_options {
    std::string queue{}; ///< partition of SLURM, queue of PBS; empty: the site's default
    /// Options of the batch system, each as it would stand behind #SBATCH or #PBS: "--partition=long", "-l walltime=1:00:00".
    /// RIOS: sbatchOptions, qsubOptions, and the variables RIOS_SLURMJOBMGR_SBATCHOPTIONS and RIOS_PBSJOBMGR_QSUBOPTIONS, which
    /// come first.
    std::vector<std::string> options{};
    /// Lines of the shell that prepare for the worker: "module load gdal". RIOS: initCmds, and the variables
    /// RIOS_SLURMJOBMGR_INITCMDS and RIOS_PBSJOBMGR_INITCMDS, which come first.
    std::vector<std::string> init_commands{};
    std::string command_prefix{}; ///< words before the worker's command: "apptainer exec image.sif". RIOS: cmdPrefix
    std::string command_suffix{}; ///< words behind it. RIOS: cmdSuffix
    /// Folder for the output of the workers, a file for each, as the nodes see it; it is kept. Empty: a folder in the one in
    /// which this process was started, which is removed in the end.
    std::string log_directory{};
    /// How often the batch system is asked how all jobs are, by one command: 0.1 s to a day.
    std::chrono::milliseconds poll_interval{5000};
    /// Seconds that a command of the batch system may take, up to a day.
    std::chrono::duration<double> patience{30};
};

namespace detail {

/// @throws options_error naming the option, its value and what is allowed
inline void check(batch_options const& options)
{
    auto const require = [](char const* name, double seconds, double least) {
        constexpr double day = 86400;
        if (seconds >= least && seconds <= day) return;
        std::ostringstream text;
        text << name << ' ' << seconds << ": allowed are " << least << " to " << day << " seconds";
        throw options_error(text.str());
    };
    require("poll_interval", std::chrono::duration<double>(options.poll_interval).count(), 0.1);
    require("patience", options.patience.count(), 0.01);
}

/// The value of a variable as first element, if it is set and not empty, and the others.
[[nodiscard]] inline std::vector<std::string> with_variable(char const* name, std::vector<std::string> others)
{
    auto const* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') others.insert(others.begin(), value);
    return others;
}

} // namespace detail

} // namespace rios
