// SPDX-License-Identifier: BSL-1.0
#include "print_stats_command.hpp"

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>

#include <fmt/format.h>

#include <rios/gdal/raster_info.hpp>

#include "each_file.hpp"

namespace tools {

namespace {

std::string number_text(std::optional<double> number)
{
    return number ? fmt::format("{}", *number) : "-";
}

std::string line_of(rios::stored_statistics const& found)
{
    return fmt::format("Mean: {}, Stddev: {}, Min: {}, Max: {}, Median: {}, Mode: {}\n", number_text(found.mean),
                       number_text(found.standard_deviation), number_text(found.minimum), number_text(found.maximum),
                       number_text(found.median), number_text(found.mode));
}

} // namespace

CLI::App* add_print_stats_command(CLI::App& app, print_stats_arguments& arguments)
{
    auto* const command = app.add_subcommand("print-stats", "Print the statistics that raster files hold");
    command->add_option("FILE", arguments.files, "Rasters: any that GDAL reads")->required()->type_name("");
    command->footer(help_footer_of_files(
        "Prints one line for each band, with the name of the file first if there are several. Nothing is computed:\n"
        "- stands for what the file does not hold."));
    return command;
}

int run_print_stats(CLI::App const& app, print_stats_arguments const& arguments)
{
    return for_each_file(app, arguments.files, [&](std::string const& file) {
        auto const info = rios::raster_info::of(file);
        auto const prefix = arguments.files.size() > 1 ? file + ": " : "";
        for (std::size_t i = 0; i < info.bands.size(); ++i) {
            fmt::print("{}Band {}: {}", prefix, i + 1, line_of(info.bands[i].statistics));
        }
    });
}

} // namespace tools
