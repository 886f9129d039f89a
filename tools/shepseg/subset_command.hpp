// SPDX-License-Identifier: BSL-1.0
//
// `shepseg subset`: a window of a segmentation as a segmentation of its own.
#pragma once

#include <cstddef>
#include <string>

#include <CLI/CLI.hpp>

#include <shepseg/gdal/subset.hpp>

namespace tools {

struct subset_arguments {
    std::string segments;
    std::string output;
    std::string window;
    std::string extent;
    shepseg::subset_options options; ///< window and extent taken apart
    std::size_t threads = 0;         ///< 0: one for each core
    bool quiet = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_subset_command(CLI::App& app, subset_arguments& arguments);

/// Runs it. @throws rios::error
void run_subset(subset_arguments const& arguments);

} // namespace tools
