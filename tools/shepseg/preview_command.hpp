// SPDX-License-Identifier: BSL-1.0
//
// `shepseg preview`: a picture of a segmentation.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace tools {

struct preview_arguments {
    std::string image;
    std::string segments;
    std::string output;
    std::string window;
    std::string bands;
    std::string size = "1024";
    bool mean_colour = false;
    bool quiet = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_preview_command(CLI::App& app, preview_arguments& arguments);

/// Runs it. @returns the exit status @throws rios::error
int run_preview(preview_arguments const& arguments);

} // namespace tools
