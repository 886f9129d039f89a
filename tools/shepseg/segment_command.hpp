// SPDX-License-Identifier: BSL-1.0
//
// `shepseg segment`: its options, and what it does with them.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "support/executor_arguments.hpp"

namespace tools {

/// The command line of `shepseg segment` as it was typed; the values are taken apart by run_segment().
struct segment_arguments {
    std::string image;
    std::string output;
    std::string bands;
    std::string null_value;
    std::string clusters = "60";
    std::string kmeans_init = "kmeans++";
    std::string kmeans_starts = "5";
    std::string seed = "0";
    std::string sample_pixels;
    std::string sample_percent;
    std::string cluster_model;
    std::string save_cluster_model;
    std::string min_segment_size = "50";
    std::string max_spectral_diff = "auto";
    std::string spectral_diff_percentile = "50";
    std::string connectivity = "4";
    std::string format;
    std::vector<std::string> creation_options;
    std::string preview;
    std::string preview_bands;
    std::string summary;
    std::string trace;
    std::string statistics;
    std::string statistics_bands;
    std::string spatial;
    std::string table;
    bool overwrite = false;
    bool no_rat = false;
    std::string window;
    std::string threads;
    executor_arguments executor;
    std::string readers;
    std::string tile_size;
    std::string memory_limit;
    std::string scratch_dir;
    std::string max_concurrent_reads;
    bool timings = false;
    bool quiet = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_segment_command(CLI::App& app, segment_arguments& arguments);

/// Runs it. @throws rios::error
void run_segment(segment_arguments const& arguments);

} // namespace tools
