// SPDX-License-Identifier: BSL-1.0
//
// `rios info`: what is known about files.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace tools {

struct info_arguments {
    std::vector<std::string> files;
    bool json = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_info_command(CLI::App& app, info_arguments& arguments);

/// Prints what is known about each file, and an error for each that cannot be read.
/// @param app what errors are printed for
/// @returns the exit status
int run_info(CLI::App const& app, info_arguments const& arguments);

} // namespace tools
