// SPDX-License-Identifier: BSL-1.0
//
// What the main functions of all tools share: errors in one line, exit status, values that are not empty.
#pragma once

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

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

} // namespace tools
