// SPDX-License-Identifier: BSL-1.0
#include "subset_command.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <rios/executor/threads.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/terminal_progress.hpp>

#include "support/command_line.hpp"
#include "support/interrupt.hpp"
#include "support/text.hpp"
#include "values.hpp"

namespace tools {

namespace {

std::string report(subset_arguments const& arguments, shepseg::file_subset const& subset, double seconds)
{
    std::string text;
    auto const line = [&](std::string_view name, std::string const& value) {
        text += fmt::format("{:<18}{}\n", name, value);
    };
    auto const& grid = subset.grid;
    auto const pixels = static_cast<std::uint64_t>(grid.rows) * static_cast<std::uint64_t>(grid.cols);
    auto const valid = pixels - subset.null_pixels;
    line("Window", fmt::format("{} columns x {} rows from column {}, row {} of {} on", grid.cols, grid.rows,
                               subset.window.col, subset.window.row, arguments.segments));
    line("Segments",
         grouped(subset.segments) +
             (subset.segments == 0 ? std::string()
                                   : fmt::format(" (mean size {:.1f} pixels)",
                                                 static_cast<double>(valid) / static_cast<double>(subset.segments))));
    line("Null pixels", grouped(subset.null_pixels) + share(subset.null_pixels, pixels));
    if (!arguments.options.mask.empty()) {
        line("Dropped by mask", grouped(subset.masked_pixels) + share(subset.masked_pixels, pixels));
    }
    std::string columns;
    for (auto const& each : subset.columns) columns += (columns.empty() ? "" : ", ") + each.name;
    line("Table columns", columns.empty() ? "none" : columns);
    line("Output", fmt::format("{} ({})", arguments.output, subset.format));
    line("Time", fmt::format("{:.2f} s", seconds));
    return text;
}

} // namespace

CLI::App* add_subset_command(CLI::App& app, subset_arguments& arguments)
{
    auto* const command = app.add_subcommand("subset", "Cut a window out of a file of segments");
    command->add_option("SEGMENTS", arguments.segments, "File of segments: one band of integers")
        ->required()
        ->type_name("");
    command->add_option("OUTPUT", arguments.output, "File to write (uint32)")->required()->type_name("");
    option_adder const option(*command);
    auto& options = arguments.options;
    option("Part", "--window", arguments.window, "X,Y,W,H",
           "The W x H pixels from column X and row Y on, both counted\n"
           "from 0 (default: all)");
    option("Part", "--extent", arguments.extent, "XMIN,YMIN,XMAX,YMAX",
           "The pixels of this extent in map units: those that\n"
           "gdal_translate -projwin takes (see below)");
    option("Part", "--mask", options.mask, "FILE",
           "Make pixels null where this raster of the same pixels\n"
           "holds 0 or its null value; it must cover the window");
    option("Part", "--original-id-column", options.original_id_column, "NAME",
           "Write the number that each segment had to a column of\nthis name");
    option("Output", "--format,--of", options.format, "DRIVER",
           "GDAL driver of OUTPUT (default: by its extension:\n.tif GTiff, .img HFA, .kea KEA)");
    option("Output", "--creation-option,--co", options.creation_options, "K=V",
           "Creation option of the driver; may be repeated\n(defaults as those of shepseg segment)");
    option("Running", "--threads", arguments.threads, "N", "Threads to work with, 0 to 4096; 0: one for each core")
        ->check(CLI::Range(0, 4096).description(""))
        ->capture_default_str();
    command->add_flag("-q,--quiet", arguments.quiet, "Print nothing but errors")->group("Running");
    command->get_formatter()->column_width(38);
    command->callback([&arguments] {
        if (!arguments.window.empty() && !arguments.extent.empty()) {
            throw CLI::ValidationError("--window and --extent exclude each other: give one of them");
        }
        if (!arguments.window.empty()) arguments.options.part = window_from("--window", arguments.window);
        if (!arguments.extent.empty()) arguments.options.part = extent_from("--extent", arguments.extent);
    });
    command->footer(help_footer(
        "Segments that have pixels in the window are numbered from 1 again, in the order of their numbers before.\n"
        "Rows of the attribute table come along, with all columns; the histogram counts the pixels of the window.\n"
        "HFA and KEA files get a histogram in any case, others, such as GTiff, only if SEGMENTS has one.\n"
        "OUTPUT has statistics and overviews as that of shepseg segment. It appears when it is complete, in place of "
        "an\nolder one.\n\n"
        "An extent begins with the pixel that its corner lies in, and has as many rows and columns as its height\n"
        "and width make up, rounded to whole pixels. What of it lies outside of the raster is left out. A window\n"
        "must lie inside.",
        "Example:\n"
        "  shepseg subset --window 2000,1000,500,500 --original-id-column original segments.img part.img"));
    return command;
}

void run_subset(subset_arguments const& arguments)
{
    rios::require_different_files({arguments.segments, arguments.options.mask}, {arguments.output});
    rios::limit_block_cache(256 << 20);
    auto const begun = std::chrono::steady_clock::now();
    rios::thread_executor executor({.readers = 0, .workers = arguments.threads});
    rios::terminal_progress bar;
    auto options = arguments.options;
    options.compression_threads = static_cast<int>(executor.concurrency());
    options.progress = [&](std::string_view phase, double done) {
        if (!arguments.quiet) bar(phase, done);
        return received_signal() == 0;
    };
    auto const subset = shepseg::subset_file(arguments.segments, arguments.output, options, executor);
    bar.clear();
    auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (!arguments.quiet) std::fputs(report(arguments, subset, seconds).c_str(), stdout);
}

} // namespace tools
