// SPDX-License-Identifier: BSL-1.0
//
// A command on several files: what is wrong with one does not keep it from the others.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <rios/error.hpp>

#include "support/command_line.hpp"
#include "support/interrupt.hpp"

namespace tools {

/// What stands below the options in the help of a command on several files.
inline std::string help_footer_of_files(std::string const& text)
{
    return text +
           "\n\nExit status: 0 done, 1 failed (for one file at least), 2 wrong usage, 128 + n\nended by signal n; "
           "messages go to standard error.";
}

/// Calls `f(file)` for each; prints the rios::error that one throws and goes on. @returns the exit status: 1 if any
/// failed, whatever the reason, as the options may suit the others
/// @throws rios::cancelled as `f` throws it, and after Ctrl-C
template <typename F>
int for_each_file(CLI::App const& app, std::vector<std::string> const& files, F f)
{
    int status = 0;
    for (auto const& file : files) {
        if (received_signal() != 0) throw rios::cancelled();
        try {
            f(file);
        } catch (rios::cancelled const&) {
            throw;
        } catch (rios::error const& failure) {
            status = fail(app, 1, failure.what());
        }
    }
    return status;
}

} // namespace tools
