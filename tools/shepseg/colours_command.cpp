// SPDX-License-Identifier: BSL-1.0
#include "colours_command.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <rios/error.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/terminal_progress.hpp>
#include <shepseg/gdal/colour_columns.hpp>

#include "support/command_line.hpp"
#include "support/interrupt.hpp"
#include "values.hpp"

namespace tools {

namespace {

std::vector<std::string> parts_of(std::string const& text)
{
    std::vector<std::string> parts(1);
    for (char const each : text) {
        if (each == ',') parts.emplace_back();
        else parts.back() += each;
    }
    return parts;
}

shepseg::column_colour_options column_options_from(colours_arguments const& arguments)
{
    shepseg::column_colour_options options;
    auto const names = parts_of(arguments.columns);
    if (names.size() != 3) refuse("--columns", arguments.columns, "three names of columns with commas between them");
    for (std::size_t i = 0; i < 3; ++i) options.columns[i] = names[i];
    constexpr std::string_view allowed = "two percentiles, 0 to 100, the lower one first, such as 5,95";
    auto const limits = parts_of(arguments.percentiles);
    if (limits.size() != 2) refuse("--percentiles", arguments.percentiles, allowed);
    options.low_percentile = number_from("--percentiles", limits[0], 0.0, 100.0, allowed);
    options.high_percentile = number_from("--percentiles", limits[1], 0.0, 100.0, allowed);
    if (options.low_percentile >= options.high_percentile) refuse("--percentiles", arguments.percentiles, allowed);
    options.missing.reset();
    if (arguments.missing != "none") {
        options.missing = number_from<double>("--missing", arguments.missing, "a number or none");
    }
    return options;
}

void print_report(colours_arguments const& arguments, shepseg::colour_report const& report)
{
    fmt::print("{}: {} of {} rows{}\n", arguments.segments, report.replaced ? "new colours" : "colours", report.rows,
               report.replaced ? "; those of before are replaced" : "");
    if (arguments.random) return;
    auto const names = parts_of(arguments.columns);
    constexpr std::array<std::string_view, 3> channels{"red", "green", "blue"};
    for (std::size_t i = 0; i < 3; ++i) {
        auto const& range = report.ranges[i];
        auto const text = std::isnan(range.low) ? std::string("no segment has a value")
                                                : fmt::format("{:.6g} to {:.6g}", range.low, range.high);
        fmt::print("  {:<6}{}: {}\n", channels[i], names[i], text);
    }
}

} // namespace

CLI::App* add_colours_command(CLI::App& app, colours_arguments& arguments)
{
    auto* const command = app.add_subcommand("colours", "Give segments colours, in the attribute table");
    command->add_option("SEGMENTS", arguments.segments, "Raster of segments, which is changed")
        ->required()
        ->type_name("");
    auto* const random = command->add_flag("--random", arguments.random, "Colours at random");
    command->add_option("--seed", arguments.seed, "The same seed gives the same colours, on every machine")
        ->type_name("N")
        ->needs(random)
        ->capture_default_str();
    auto* const columns = command
                              ->add_option("--columns", arguments.columns,
                                           "Columns of the attribute table to show as red, green and\nblue")
                              ->type_name("R,G,B")
                              ->excludes(random);
    command
        ->add_option("--percentiles", arguments.percentiles,
                     "Percentiles of a column's values that become 0 and 255,\nover all segments that have pixels")
        ->type_name("LOW,HIGH")
        ->needs(columns)
        ->capture_default_str();
    command
        ->add_option("--missing", arguments.missing,
                     "Value of segments that have none, or none: it does not\ncount, and becomes 0")
        ->type_name("V")
        ->needs(columns)
        ->capture_default_str();
    command->add_flag("-q,--quiet", arguments.quiet, "Print nothing but errors and warnings");
    command->callback([&arguments] {
        if (!arguments.random && arguments.columns.empty()) throw CLI::RequiredError("--random or --columns");
    });
    command->footer(help_footer(
        "The colours are the columns Red, Green, Blue and Alpha (in HFA: Opacity) of the attribute table of the first\n"
        "band, 0 to 255; those that are there are replaced. Row 0, null, is transparent. SEGMENTS is changed in "
        "place:\n"
        "what is written before an error or Ctrl-C stays. HFA and KEA files hold their table themselves; other "
        "formats\n"
        "get a file SEGMENTS.aux.xml, which is large and slow for millions of segments.",
        "Examples:\n"
        "  shepseg colours segments.img --random\n"
        "  shepseg colours segments.img --columns Band_3_mean,Band_2_mean,Band_1_mean"));
    return command;
}

int run_colours(CLI::App const& app, colours_arguments const& arguments)
try {
    rios::limit_block_cache(64 << 20);
    rios::terminal_progress bar;
    auto const progress = [&](std::string_view phase, double done) {
        if (!arguments.quiet) bar(phase, done);
        return received_signal() == 0;
    };
    shepseg::colour_report report;
    if (arguments.random) {
        auto const seed = whole_number_from<std::uint64_t>("--seed", arguments.seed, 0);
        shepseg::colour_options options;
        options.progress = progress;
        report = shepseg::write_random_colours(arguments.segments, seed, options);
    } else {
        auto options = column_options_from(arguments);
        options.progress = progress;
        report = shepseg::write_column_colours(arguments.segments, options);
    }
    bar.clear();
    if (report.beside_the_file && report.rows > 100'000) {
        fmt::print(stderr,
                   "shepseg: warning: {0}: the table of {1} rows is in {0}.aux.xml, which programs read whole when "
                   "they open the raster; HFA (.img) and KEA files hold it themselves\n",
                   arguments.segments, report.rows);
    }
    if (!arguments.quiet) print_report(arguments, report);
    return 0;
} catch (rios::cancelled const&) {
    return fail(app, 128 + received_signal(), "interrupted; colours that were written before stay");
}

} // namespace tools
