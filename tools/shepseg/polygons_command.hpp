// SPDX-License-Identifier: BSL-1.0
//
// `shepseg polygons`: segments as polygons with their attributes.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace tools {

struct polygons_arguments {
    std::string segments;
    std::string output;
    std::string table;
    std::string table_layer;
    std::string connectivity = "4";
    std::string layer;
    std::string format;
    bool overwrite = false;
    bool quiet = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_polygons_command(CLI::App& app, polygons_arguments& arguments);

/// Runs it. @returns the exit status @throws rios::error
int run_polygons(polygons_arguments const& arguments);

} // namespace tools
