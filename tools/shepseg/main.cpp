// SPDX-License-Identifier: BSL-1.0
//
// The shepseg command line. Exit status: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>

#include <CLI/CLI.hpp>
#include <gdal.h>

#include <rios/error.hpp>
#include <rios/gdal/call.hpp>
#include <rios/version.hpp>

#include "interrupt.hpp"
#include "segment_command.hpp"

namespace {

int fail(int status, std::string message)
{
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::fprintf(stderr, "shepseg: error: %s\n", message.c_str());
    return status;
}

/// What was printed is part of the result.
int finish()
{
    return std::fflush(stdout) == 0 && std::cout.flush() ? 0 : fail(1, "cannot write to standard output");
}

/// An option that is given without a value means something else than one that is not given.
void refuse_empty_values(CLI::App const& command)
{
    for (auto const* const option : command.get_options()) {
        for (auto const& value : option->results()) {
            if (value.empty()) throw CLI::ValidationError(option->get_name(), "needs a value");
        }
    }
}

} // namespace

int main(int argc, char** argv)
try {
    rios::silence_gdal();
    tools::catch_interrupts();
    std::signal(SIGXFSZ, SIG_IGN); // a file that grows too large is an error like a full disk, with a message
    CLI::App app("Image segmentation after Shepherd, Bunting and Dymond (2019).", "shepseg");
    app.set_version_flag("--version",
                         "shepseg " + std::string(rios::version) + " (GDAL " + GDALVersionInfo("RELEASE_NAME") + ")");
    app.footer("`shepseg COMMAND --help` lists the options of a command.");
    tools::segment_arguments arguments;
    tools::add_segment_command(app, arguments);
    try {
        app.parse(argc, argv);
        if (app.get_subcommands().empty()) throw CLI::RequiredError("A subcommand");
        refuse_empty_values(*app.get_subcommands().front());
    } catch (CLI::ParseError const& result) {
        if (result.get_exit_code() != 0)
            return fail(2, std::string(result.what()) + " (shepseg --help tells the usage)");
        app.exit(result);
        return finish();
    }
    tools::run_segment(arguments);
    return finish();
} catch (rios::cancelled const&) {
    return fail(128 + tools::received_signal, "interrupted; nothing was written");
} catch (std::bad_alloc const&) {
    return fail(1, "out of memory");
} catch (std::exception const& error) {
    return fail(1, error.what());
}
