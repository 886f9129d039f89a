// SPDX-License-Identifier: BSL-1.0
//
// What the programs around rios::apply have in common: options of the pipeline, the choice of an executor, exit status.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <rios/executor/inline.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/gdal/call.hpp>
#include <rios/gdal/data_type.hpp>
#include <rios/gdal/dataset.hpp>
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
    std::ptrdiff_t window = 256;
    bool timings = false;
};

inline void add_options(CLI::App& app, pipeline_options& options)
{
    auto const option = [&app](char const* name, auto& target, char const* type, char const* description) {
        return app.add_option(name, target, description)->group("Pipeline")->type_name(type)->capture_default_str();
    };
    option("--executor", options.executor, "KIND",
           "inline: one block after the other; read-ahead: other threads\n"
           "read ahead; threads: other threads read and compute. The\nresult is the same")
        ->transform(CLI::IsMember({"inline", "read-ahead", "threads"}).description(""));
    option("--readers", options.readers, "N",
           "Threads that read ahead, 0 to 4096; with threads, 0 lets\neach compute thread read for itself")
        ->check(CLI::Range(0, 4096).description(""));
    option("--workers", options.workers, "N", "Compute threads of threads, 0 to 4096; 0: one for each core")
        ->check(CLI::Range(0, 4096).description(""));
    option("--window", options.window, "N", "Rows and columns of a block, 1 to 1000000 pixels")
        ->check(CLI::Range(1, 1000000).description(""));
    app.add_flag("--timings", options.timings, "Print the seconds spent in each stage, summed over threads")
        ->group("Pipeline");
    app.get_formatter()->column_width(24);
    app.footer("The exit status is 0 when done, 1 after a failure, 2 for wrong usage.");
}

/// Calls `f(executor, progress)` with the executor that was asked for, so that what depends on its type is decided here, once;
/// and with a bar on the terminal. Prints the timings of the result if they are wanted, and returns it.
template <typename F>
auto with_executor(pipeline_options const& options, rios::pixel_grid const& grid, F f)
{
    auto const megapixels = static_cast<double>(grid.rows) * static_cast<double>(grid.cols) / 1e6;
    rios::terminal_progress bar({.total = megapixels, .unit = "Mpixel"});
    rios::progress_function const progress = std::ref(bar);
    auto const result = [&] {
        if (options.executor == "inline") return f(rios::inline_executor(), progress);
        if (options.executor == "read-ahead") return f(rios::read_ahead({.readers = options.readers}), progress);
        return f(rios::thread_executor({.readers = options.readers, .workers = options.workers}), progress);
    }();
    bar.clear();
    if (options.timings) std::fputs(result.timings.report().c_str(), stdout);
    return result;
}

/// The pixel type that has all values of the files, for rios::dispatch.
/// @param bands from 1; empty for all
inline rios::pixel_type pixel_type_of(std::vector<std::string> const& paths, std::vector<int> const& bands = {})
{
    std::vector<rios::pixel_type> types;
    for (auto const& path : paths) {
        auto const file = rios::gdal_dataset::open(path);
        for (int const number : rios::selected_bands(file, bands)) types.push_back(file.band_type(number));
    }
    return rios::common_pixel_type(types);
}

inline int fail(CLI::App const& app, int status, std::string message)
{
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::fprintf(stderr, "%s: error: %s\n", app.get_name().c_str(), message.c_str());
    return status;
}

/// The main function: takes the command line apart, then calls `work()`. Returns the exit status.
template <typename F>
int run(CLI::App& app, int argc, char** argv, F work)
try {
    rios::limit_block_cache(64 << 20);
    rios::silence_gdal();
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& result) {
        if (result.get_exit_code() != 0) return fail(app, 2, std::string(result.what()) + " (see --help)");
        return app.exit(result); // --help
    }
    work();
    return std::fflush(stdout) == 0 ? 0 : fail(app, 1, "cannot write to standard output");
} catch (std::exception const& error) {
    return fail(app, 1, error.what());
}

} // namespace examples
