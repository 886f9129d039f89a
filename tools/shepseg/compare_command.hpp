// SPDX-License-Identifier: BSL-1.0
//
// `shepseg compare`: are two segmentations the same?
#pragma once

#include <cstddef>
#include <string>

#include <CLI/CLI.hpp>

namespace tools {

struct compare_arguments {
    std::string a;
    std::string b;
    bool json = false;
    std::size_t threads = 0; ///< 0: one for each core
    bool quiet = false;
};

/// Adds the subcommand; parsing fills `arguments`, which must outlive `app`.
CLI::App* add_compare_command(CLI::App& app, compare_arguments& arguments);

/// Prints how two files of segments differ, or an error.
/// @param app what errors are printed for
/// @returns the exit status, as that of diff: 0 the same, 1 different, 2 failed
/// @throws rios::cancelled after Ctrl-C
int run_compare(CLI::App const& app, compare_arguments const& arguments);

} // namespace tools
