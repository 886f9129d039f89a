// SPDX-License-Identifier: BSL-1.0
//
// The rios command line. Exit status: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n.
#include <CLI/CLI.hpp>

#include "calc_stats_command.hpp"
#include "info_command.hpp"
#include "print_stats_command.hpp"
#include "support/command_line.hpp"

int main(int argc, char** argv)
{
    CLI::App app("Looks at raster and vector files, and adds statistics and overviews to rasters.", "rios");
    tools::info_arguments info;
    tools::print_stats_arguments print_stats;
    tools::calc_stats_arguments calc_stats;
    auto const* const info_command = tools::add_info_command(app, info);
    auto const* const print_command = tools::add_print_stats_command(app, print_stats);
    tools::add_calc_stats_command(app, calc_stats);
    return tools::run_tool(app, argc, argv, "interrupted", [&] {
        if (info_command->parsed()) return tools::run_info(app, info);
        if (print_command->parsed()) return tools::run_print_stats(app, print_stats);
        return tools::run_calc_stats(app, calc_stats);
    });
}
