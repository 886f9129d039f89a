// SPDX-License-Identifier: BSL-1.0
//
// `shepseg colours`: colours for segments, in the attribute table.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace tools {

struct colours_arguments {
    std::string segments;
    bool random = false;
    std::string seed = "0";
    std::string columns;
    std::string percentiles = "5,95";
    std::string missing = "-9999";
    bool quiet = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_colours_command(CLI::App& app, colours_arguments& arguments);

/// Runs it. @returns the exit status @throws rios::error
int run_colours(CLI::App const& app, colours_arguments const& arguments);

} // namespace tools
