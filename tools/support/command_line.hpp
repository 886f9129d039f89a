// SPDX-License-Identifier: BSL-1.0
//
// What the main functions of all tools share: errors in one line, exit status, values that are not empty.
#pragma once

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <gdal.h>

#include <rios/error.hpp>
#include <rios/gdal/call.hpp>
#include <rios/version.hpp>

#include "interrupt.hpp"

namespace tools {

/// "NAME: error: MESSAGE" on standard error, in one line.
/// @param app the whole tool, not one of its commands
inline void print_error(CLI::App const& app, std::string message)
{
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::fprintf(stderr, "%s: error: %s\n", app.get_name().c_str(), message.c_str());
}

/// Prints the error. @returns the exit status
inline int fail(CLI::App const& app, int status, std::string message)
{
    print_error(app, std::move(message));
    return status;
}

/// What a failure makes of the exit status: 2 if the command line must be another one, as an option asks for what cannot be.
inline int status_of(std::exception const& failure)
{
    return dynamic_cast<rios::options_error const*>(&failure) != nullptr ? 2 : 1;
}

/// What stands below the options in the help of a command.
/// @param examples with their heading
inline std::string help_footer(std::string const& text, std::string const& examples)
{
    return text +
           "\n\nExit status: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n; messages go to standard error."
           "\n\n" +
           examples;
}

/// What was printed is part of the result. @returns the status, or that of a failure
inline int finish(CLI::App const& app, int status = 0)
{
    return std::fflush(stdout) == 0 && std::cout.flush() ? status : fail(app, 1, "cannot write to standard output");
}

/// An option that is given without a value means something else than one that is not given.
/// @throws CLI::ValidationError
inline void refuse_empty_values(CLI::App const& command)
{
    for (auto const* const option : command.get_options()) {
        for (auto const& value : option->results()) {
            if (value.empty()) throw CLI::ValidationError(option->get_name(), "needs a value");
        }
    }
}

/// Adds options to a command: `option(group, "--name", target, word for the value, description)`.
class option_adder {
  public:
    explicit option_adder(CLI::App& command) : command_(&command) {}
    template <typename T>
    CLI::Option* operator()(char const* group, char const* name, T& target, char const* type,
                            char const* description) const
    {
        return command_->add_option(name, target, description)->group(group)->type_name(type);
    }

  private:
    CLI::App* command_;
};

/// Adds flags to a command: `flag(group, "--name", target, description)`.
class flag_adder {
  public:
    explicit flag_adder(CLI::App& command) : command_(&command) {}
    CLI::Option* operator()(char const* group, char const* name, bool& target, char const* description) const
    {
        return command_->add_flag(name, target, description)->group(group);
    }

  private:
    CLI::App* command_;
};

/// The main function of a tool: takes the command line apart, then calls `work()`, which returns the exit status.
/// @param app with at least one subcommand
/// @param interrupted what is said after Ctrl-C
template <typename F>
int run_tool(CLI::App& app, int argc, char** argv, std::string const& interrupted, F work)
try {
    rios::silence_gdal();
    static_cast<void>(signals()); // from now on
    auto const& name = app.get_name();
    app.set_version_flag("--version",
                         name + ' ' + std::string(rios::version) + " (GDAL " + GDALVersionInfo("RELEASE_NAME") + ')');
    app.footer('`' + name + " COMMAND --help` lists the options of a command.");
    try {
        app.parse(argc, argv);
        if (app.get_subcommands().empty()) throw CLI::RequiredError("A subcommand");
        refuse_empty_values(*app.get_subcommands().front());
    } catch (CLI::ParseError const& result) {
        if (result.get_exit_code() != 0) {
            return fail(app, 2, std::string(result.what()) + " (" + name + " --help tells the usage)");
        }
        app.exit(result);
        return finish(app);
    }
    return finish(app, work());
} catch (rios::cancelled const&) {
    return fail(app, 128 + received_signal(), interrupted);
} catch (std::bad_alloc const&) {
    return fail(app, 1, "out of memory");
} catch (std::exception const& error) {
    return fail(app, status_of(error), error.what());
}

} // namespace tools
