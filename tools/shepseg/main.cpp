// SPDX-License-Identifier: BSL-1.0
//
// The shepseg command line. Exit status: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n.
#include <csignal>
#include <exception>
#include <new>
#include <string>

#include <CLI/CLI.hpp>
#include <gdal.h>

#include <rios/error.hpp>
#include <rios/gdal/call.hpp>
#include <rios/version.hpp>

#include "segment_command.hpp"
#include "support/command_line.hpp"
#include "support/interrupt.hpp"

int main(int argc, char** argv)
{
    CLI::App app("Image segmentation after Shepherd, Bunting and Dymond (2019).", "shepseg");
    try {
        rios::silence_gdal();
        tools::catch_interrupts();
        std::signal(SIGXFSZ, SIG_IGN); // a file that grows too large is an error like a full disk, with a message
        app.set_version_flag("--version", "shepseg " + std::string(rios::version) + " (GDAL " +
                                              GDALVersionInfo("RELEASE_NAME") + ")");
        app.footer("`shepseg COMMAND --help` lists the options of a command.");
        tools::segment_arguments arguments;
        tools::add_segment_command(app, arguments);
        try {
            app.parse(argc, argv);
            if (app.get_subcommands().empty()) throw CLI::RequiredError("A subcommand");
            tools::refuse_empty_values(*app.get_subcommands().front());
        } catch (CLI::ParseError const& result) {
            if (result.get_exit_code() != 0)
                return tools::fail(app, 2, std::string(result.what()) + " (shepseg --help tells the usage)");
            app.exit(result);
            return tools::finish(app);
        }
        tools::run_segment(arguments);
        return tools::finish(app);
    } catch (rios::cancelled const&) {
        return tools::fail(app, 128 + tools::received_signal, "interrupted; nothing was written");
    } catch (std::bad_alloc const&) {
        return tools::fail(app, 1, "out of memory");
    } catch (std::exception const& error) {
        return tools::fail(app, 1, error.what());
    }
}
