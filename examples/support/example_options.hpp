// SPDX-License-Identifier: BSL-1.0
//
// What the programs around rios::apply have in common: options of the pipeline, the choice of an executor, exit status. What
// need not be a template is in example_options.cpp, which is compiled once for all of them.
#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <rios/executor/chosen.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>
#include <rios/progress.hpp>
#include <rios/terminal_progress.hpp>

namespace examples {

/// How to go about it, whatever is computed.
struct pipeline_options {
    std::string executor = "threads";
    std::size_t readers = 1;
    std::size_t workers = 0; ///< 0: one for each core
    std::size_t threads = 1; ///< in each process
    std::string config{};
    std::ptrdiff_t window = 256;
    bool timings = false;
};

void add_options(CLI::App& app, pipeline_options& options);

/// The executor that was asked for.
[[nodiscard]] rios::chosen_executor make_executor(pipeline_options const& options);

/// Calls `f(executor, progress)` with the executor that was asked for, and with a bar on the terminal. Prints the timings of the
/// result if they are wanted, and returns it. A program that always works in one way writes rios::thread_executor or the like
/// instead, and pays for nothing else.
template <typename F>
auto with_executor(pipeline_options const& options, rios::pixel_grid const& grid, F f)
{
    auto const megapixels = static_cast<double>(grid.rows) * static_cast<double>(grid.cols) / 1e6;
    rios::terminal_progress bar({.total = megapixels, .unit = "Mpixel"});
    rios::progress_function const progress = std::ref(bar);
    auto executor = make_executor(options);
    auto const result = f(executor, progress);
    bar.clear();
    if (options.timings) std::fputs(result.timings.report().c_str(), stdout);
    return result;
}

/// The pixel type that has all values of the files, for rios::dispatch.
/// @param bands from 1; empty for all
[[nodiscard]] rios::pixel_type pixel_type_of(std::vector<std::string> const& paths, std::vector<int> const& bands = {});

/// The main function: takes the command line apart, then calls `work()`. Returns the exit status.
int run(CLI::App& app, int argc, char** argv, std::function<void()> const& work);

} // namespace examples
