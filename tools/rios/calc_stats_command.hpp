// SPDX-License-Identifier: BSL-1.0
//
// `rios calc-stats`: statistics, histograms and overviews for rasters that exist already.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <rios/gdal/output_summaries.hpp>

namespace tools {

struct calc_stats_arguments {
    std::vector<std::string> files;
    std::optional<double> ignore;
    bool approximate = false;
    std::string overviews;
    std::vector<int> levels;
    std::size_t threads = 0; ///< 0: one for each core
    bool quiet = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_calc_stats_command(CLI::App& app, calc_stats_arguments& arguments);

/// Changes each file, and prints an error for each that cannot be changed.
/// @param app what errors are printed for
/// @returns the exit status
/// @throws rios::cancelled after Ctrl-C
int run_calc_stats(CLI::App const& app, calc_stats_arguments const& arguments);

} // namespace tools
