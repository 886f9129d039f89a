// SPDX-License-Identifier: BSL-1.0
//
// `rios print-stats`: the statistics that are stored in raster files.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace tools {

struct print_stats_arguments {
    std::vector<std::string> files;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_print_stats_command(CLI::App& app, print_stats_arguments& arguments);

/// Prints a line for each band of each file, and an error for each file that cannot be read.
/// @param app what errors are printed for
/// @returns the exit status
int run_print_stats(CLI::App const& app, print_stats_arguments const& arguments);

} // namespace tools
