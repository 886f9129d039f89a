// SPDX-License-Identifier: BSL-1.0
#include "stats_command.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gdal.h>

#include <rios/error.hpp>
#include <rios/executor/chosen.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/memory.hpp>
#include <rios/terminal_progress.hpp>
#include <rios/timing.hpp>
#include <shepseg/gdal/fitting_window.hpp>
#include <shepseg/gdal/segment_statistics.hpp>
#include <shepseg/gdal/statistics_columns.hpp>
#include <shepseg/gdal/table_file.hpp>

#include "common_options.hpp"
#include "statistics_request.hpp"
#include "support/command_line.hpp"
#include "support/executor_options.hpp"
#include "support/interrupt.hpp"
#include "values.hpp"

namespace tools {

namespace {

/// Bytes of a file's blocks that belong to the windows which are worked on at a time: to a whole row of windows where windows side
/// by side share blocks.
std::uint64_t bytes_of_windows(rios::gdal_dataset const& file, std::size_t bands, std::ptrdiff_t window,
                               std::size_t at_once)
{
    auto const [block_rows, block_cols] = file.stored_blocks();
    auto const whole_blocks = [window](std::ptrdiff_t block) { return (window + block - 1) / block * block; };
    auto const rows = std::min(whole_blocks(block_rows), file.rows());
    auto const cols = std::min(static_cast<std::ptrdiff_t>(at_once) * whole_blocks(block_cols), file.cols());
    auto const bytes = GDALGetDataTypeSizeBytes(file.band(1).GetRasterDataType());
    return static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(block_cols > window ? file.cols() : cols) *
           bands * static_cast<std::uint64_t>(bytes);
}

/// NaN is what programs take for no number; an infinity would pass for a value.
double missing_from(std::string const& text)
{
    constexpr std::string_view allowed = "a finite number or nan";
    auto const value = number_from<double>("--missing", text, allowed);
    if (std::isinf(value)) refuse("--missing", text, allowed);
    return value;
}

std::string table_text(stats_arguments const& arguments, shepseg::segment_statistics_result const& result)
{
    std::string text;
    auto const line = [&](std::string_view name, std::string const& value) {
        text += fmt::format("{:<28}{}\n", name, value);
    };
    line("Image", fmt::format("{}, as {}", arguments.image, rios::name_of(result.type)));
    auto const* const why_counted = arguments.recount ? "by --recount" : "as there was no histogram to tell";
    auto const segments = result.table.rows() - 1; // label 0 has a row, too
    line("Segments", (segments == 0 ? "0" : fmt::format("1 to {}", segments)) +
                         (result.counted ? fmt::format(" (pixels were counted, {})", why_counted) : ""));
    std::string names;
    for (auto const& each : result.table.columns()) names += (names.empty() ? "" : ", ") + each.name;
    line("Columns", fmt::format("{}: {}", result.table.columns().size(), names));
    if (!arguments.table.empty()) line("Table", arguments.table);
    if (!arguments.no_rat) line("Attribute table", arguments.segments);
    line("Time", fmt::format("{:.2f} s", result.timings.walltime));
    return text;
}

} // namespace

CLI::App* add_stats_command(CLI::App& app, stats_arguments& arguments)
{
    auto* const command = app.add_subcommand("stats", "Compute statistics of the pixels of each segment");
    command->add_option("IMAGE", arguments.image, "Image: any raster that GDAL reads")->required()->type_name("");
    command->add_option("SEGMENTS", arguments.segments, "File of segments on the same pixels: integers, 0 for none")
        ->required()
        ->type_name("");
    option_adder const option(*command);
    flag_adder const flag(*command);

    option("Input", "--bands", arguments.bands, "LIST", "Bands of IMAGE, from 1, such as 1,2,3 (default: all)");
    option("Input", "--null-value", arguments.null_value, "V",
           "Value of pixels without data: a number, nan or none\n(default: the nodata value of each band)");
    flag("Input", "--recount", arguments.recount,
         "Count the pixels of the segments, even if SEGMENTS has a\nhistogram that tells");

    option(
        "Statistics", "--stats", arguments.statistics, "LIST",
        "Of each band: count (all pixels), validcount (those with\ndata), min, max, mean, stddev, median, mode, sum,\n"
        "percentile:P (default: mean,stddev, unless --spatial is\ngiven)");
    option("Statistics", "--spatial", arguments.spatial, "LIST",
           "Of each segment: centroid (mean of pixel corners; of\ntheir centres: centroid:centre), edge-pixels (with\n"
           "diagonals: edge-pixels:8), perimeter, bbox, compactness,\nneighbours, variogram:D (of each band, for "
           "distances "
           "of\n1 to D pixels)");
    option("Statistics", "--missing", arguments.missing, "V",
           "What stands for segments without valid pixels: a number\nor nan")
        ->capture_default_str();
    option("Statistics", "--column-format", arguments.column_format, "TEXT",
           "Names of columns, made of {band} and {stat}")
        ->capture_default_str();

    option("Output", "--table", arguments.table, "FILE",
           "Write a table with a row for each segment: .csv, .gpkg,\n.sqlite, .db or .parquet");
    flag("Output", "--no-rat", arguments.no_rat, "Write nothing to the attribute table of SEGMENTS");
    flag("Output", "--overwrite", arguments.overwrite,
         "Replace columns and a table file that are there already\n(a column of integers cannot take real numbers)");

    option("Running", "--threads", arguments.threads, "N", "Threads to compute with (default: all cores)");
    option("Running", "--readers", arguments.readers, "N",
           "Threads that read blocks ahead of those; several help on\nhigh-latency stores (default: 0: each reads for "
           "itself)");
    option(
        "Running", "--window", arguments.window, "N",
        "Rows and columns of the blocks that threads work on;\nchanges no number (default: 256 to 1024, whole tiles of "
        "the\nfiles)");
    option(
        "Running", "--scratch-dir", arguments.scratch_dir, "DIR",
        "Folder for rows that do not fit into memory (default:\nthat of SEGMENTS, or with --no-rat that of the table)");
    add_executor_options(option, arguments.executor);
    flag("Running", "--timings", arguments.timings, "Print the seconds spent in each phase, summed over threads");
    flag("Running", "-q,--quiet", arguments.quiet, "Print nothing but errors, warnings and --timings");
    command->get_formatter()->column_width(38);
    command->footer(help_footer(
        "All bands are done in one pass over both files. Results are columns Band_1_mean, Band_1_pcnt25, ...,\n"
        "centroid_x, edge_pixels, ... of the raster attribute table of SEGMENTS (HFA keeps large ones\n"
        "well; KEA was not tried), and of the table, if one is asked for, which also has the column id.\n"
        "Coordinates, perimeters and boxes are in map units. Pixels of SEGMENTS are never changed.",
        "Example:\n"
        "  shepseg stats --bands 3,4 --stats mean,stddev,percentile:25 --table table.gpkg scene.tif segments.img"));
    return command;
}

void run_stats(stats_arguments const& arguments)
{
    auto const threads = threads_from(arguments.threads);
    auto const readers = readers_from(arguments.readers);
    if (arguments.no_rat && arguments.table.empty()) {
        throw rios::options_error("--no-rat without --table: there would be no result; give one of them");
    }
    auto const image = rios::gdal_dataset::open(arguments.image);
    auto const bands = rios::selected_bands(image, statistics_bands_from("--bands", arguments.bands, image));
    auto const request = statistics_request_from(bands, arguments.statistics, arguments.spatial);
    auto const present = arguments.overwrite ? rios::existing::replaced : rios::existing::refused;
    rios::require_different_files({arguments.image, arguments.segments}, {arguments.table});
    std::optional<shepseg::table_file> table;
    if (!arguments.table.empty()) table.emplace(arguments.table, present);

    std::optional<shepseg::statistics_columns> attributes;
    if (!arguments.no_rat) attributes.emplace(arguments.segments, present);

    rios::terminal_progress bar;
    auto const show = [&](std::string_view phase, double done) {
        if (!arguments.quiet) bar(phase, done);
        return received_signal() == 0;
    };
    shepseg::segment_statistics_options options;
    options.missing = missing_from(arguments.missing);
    options.column_format = arguments.column_format;
    options.null = null_rule_from(arguments.null_value);
    options.count_pixels = arguments.recount;
    options.scratch_dir = arguments.scratch_dir;
    if (options.scratch_dir.empty() && arguments.no_rat) {
        options.scratch_dir = std::filesystem::absolute(arguments.table).parent_path().string();
    }
    options.progress = show;
    options.before_work = [&](std::vector<shepseg::statistics_column> const& columns) {
        if (attributes) attributes->check(columns);
        if (table) table->check(columns);
    };
    options.before_pass = [&](std::vector<shepseg::statistics_column> const& columns, std::size_t rows) {
        if (attributes) attributes->check(columns, rows);
    };
    // A larger cache only costs fresh memory, as a block is hardly asked for again.
    auto const at_once = threads + readers;
    std::optional<rios::gdal_dataset> opened;
    if (!attributes) opened = rios::gdal_dataset::open(arguments.segments);
    auto const& segments = attributes ? attributes->dataset() : *opened;
    options.window = arguments.window.empty()
                         ? shepseg::fitting_window(image, segments)
                         : whole_number_from<std::ptrdiff_t>("--window", arguments.window, 1, 32768);
    auto const labels = bytes_of_windows(segments, 1, options.window, at_once);
    opened.reset();
    auto const pixels = bytes_of_windows(image, request.bands.size(), options.window, at_once);
    constexpr std::uint64_t least = 16 << 20;
    rios::limit_block_cache(std::clamp(labels + pixels, least, std::max(least, rios::machine_memory() / 8)));

    rios::chosen_executor executor(executor_choice_from(arguments.executor, arguments.threads.empty() ? 0 : threads,
                                                        readers, workers_from(arguments.executor.workers)));
    rios::timing_log log;
    auto result = compute_statistics(arguments.image, arguments.segments, request, options, executor);
    if (table) {
        auto const timed = log.measure("table");
        table->write(result.table, show);
    }
    if (attributes) {
        auto const timed = log.measure("attribute table");
        warn_of_size(arguments.segments, attributes->dataset().format(), result.table);
        // From here on there is no way back.
        attributes->write(result.table, [&](auto phase, double done) {
            if (!arguments.quiet) bar(phase, done);
            return true;
        });
    }
    if (table) table->commit();
    bar.clear();
    result.timings.merge(log.snapshot());
    if (!arguments.quiet) std::fputs(table_text(arguments, result).c_str(), stdout);
    if (arguments.timings) std::fputs(("\n" + result.timings.report()).c_str(), stdout);
}

} // namespace tools
