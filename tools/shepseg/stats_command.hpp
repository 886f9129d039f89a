// SPDX-License-Identifier: BSL-1.0
//
// `shepseg stats`: a table of what the pixels of each segment are like.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "support/executor_arguments.hpp"

namespace tools {

struct stats_arguments {
    std::string image;
    std::string segments;
    std::string bands;
    std::string statistics;
    std::string spatial;
    std::string null_value;
    std::string table;
    std::string missing = "-9999";
    std::string column_format = "Band_{band}_{stat}";
    std::string threads;
    executor_arguments executor;
    std::string readers;
    std::string window{};
    std::string scratch_dir;
    bool no_rat = false;
    bool overwrite = false;
    bool recount = false;
    bool timings = false;
    bool quiet = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_stats_command(CLI::App& app, stats_arguments& arguments);

/// Computes and writes the table, and prints what was done.
/// @throws rios::error
void run_stats(stats_arguments const& arguments);

} // namespace tools
