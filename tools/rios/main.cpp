// SPDX-License-Identifier: BSL-1.0
//
// The rios command line. Exit status: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n.
#include <exception>
#include <new>
#include <string>

#include <CLI/CLI.hpp>
#include <gdal.h>

#include <rios/error.hpp>
#include <rios/gdal/call.hpp>
#include <rios/version.hpp>

#include "calc_stats_command.hpp"
#include "info_command.hpp"
#include "print_stats_command.hpp"
#include "support/command_line.hpp"
#include "support/interrupt.hpp"

int main(int argc, char** argv)
{
    CLI::App app("Looks at raster and vector files, and adds statistics and overviews to rasters.", "rios");
    try {
        rios::silence_gdal();
        app.set_version_flag("--version",
                             "rios " + std::string(rios::version) + " (GDAL " + GDALVersionInfo("RELEASE_NAME") + ")");
        app.footer("`rios COMMAND --help` lists the options of a command.");
        tools::info_arguments info;
        tools::print_stats_arguments print_stats;
        tools::calc_stats_arguments calc_stats;
        auto const* const info_command = tools::add_info_command(app, info);
        auto const* const print_command = tools::add_print_stats_command(app, print_stats);
        tools::add_calc_stats_command(app, calc_stats);
        try {
            app.parse(argc, argv);
            if (app.get_subcommands().empty()) throw CLI::RequiredError("A subcommand");
            tools::refuse_empty_values(*app.get_subcommands().front());
        } catch (CLI::ParseError const& result) {
            if (result.get_exit_code() != 0)
                return tools::fail(app, 2, std::string(result.what()) + " (rios --help tells the usage)");
            app.exit(result);
            return tools::finish(app);
        }
        auto const status = info_command->parsed()    ? tools::run_info(app, info)
                            : print_command->parsed() ? tools::run_print_stats(app, print_stats)
                                                      : tools::run_calc_stats(app, calc_stats);
        return tools::finish(app, status);
    } catch (rios::cancelled const&) {
        return tools::fail(app, 128 + tools::received_signal, "interrupted");
    } catch (std::bad_alloc const&) {
        return tools::fail(app, 1, "out of memory");
    } catch (std::exception const& error) {
        return tools::fail(app, 1, error.what());
    }
}
