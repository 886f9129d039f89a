// SPDX-License-Identifier: BSL-1.0
#include "preview_command.hpp"

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <rios/existing.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/terminal_progress.hpp>
#include <shepseg/gdal/preview_file.hpp>

#include "common_options.hpp"
#include "support/command_line.hpp"
#include "support/interrupt.hpp"
#include "values.hpp"

namespace tools {

namespace {

shepseg::picture_request request_from(preview_arguments const& arguments)
{
    shepseg::picture_request request;
    request.size = whole_number_from<std::ptrdiff_t>("--size", arguments.size, 1, 20000);
    request.bands = bands_from("--bands", arguments.bands, rios::gdal_dataset::open(arguments.image));
    if (!request.bands.empty() && request.bands.size() != 1 && request.bands.size() != 3) {
        refuse("--bands", arguments.bands, "one band or three");
    }
    if (arguments.window == "all") request.window = rios::gdal_dataset::open(arguments.segments).grid().whole();
    else if (!arguments.window.empty()) request.window = window_from("--window", arguments.window);
    if (arguments.mean_colour) request.shown = shepseg::picture_request::style::mean_colours;
    return request;
}

void print_report(preview_arguments const& arguments, shepseg::segment_picture const& picture)
{
    auto const& window = picture.window;
    std::string size = ", one for each of the raster";
    if (picture.reduction > 1) size = fmt::format(", one for {0} x {0} of the raster", picture.reduction);
    if (picture.scale > 1) size = fmt::format(", {0} x {0} for each of the raster", picture.scale);
    fmt::print("{}: {} x {} pixels{}\n", arguments.output, picture.pixels.cols(), picture.pixels.rows(), size);
    fmt::print("  window  {},{},{},{}\n", window.col, window.row, window.cols, window.rows);
    fmt::print("  bands   {}\n", fmt::join(picture.bands, ","));
}

} // namespace

CLI::App* add_preview_command(CLI::App& app, preview_arguments& arguments)
{
    auto* const command = app.add_subcommand("preview", "Draw segments over their image, or in their mean colours");
    command->add_option("IMAGE", arguments.image, "Image that was segmented")->required()->type_name("");
    command->add_option("SEGMENTS", arguments.segments, "Raster of its segments, with the same pixels")
        ->required()
        ->type_name("");
    command->add_option("OUTPUT", arguments.output, "Picture to write: .png, .jpg or .tif")->required()->type_name("");
    command
        ->add_option("--window", arguments.window,
                     "Show the W x H pixels from column X and row Y on, both\n"
                     "counted from 0, or all (default: all of a raster up to\n"
                     "--size, else that much in its middle)")
        ->type_name("X,Y,W,H|all")
        ->allow_extra_args(false);
    command->add_flag("--mean-colour", arguments.mean_colour,
                      "Paint each segment in the mean of its pixels in the window,\n"
                      "instead of drawing boundaries over the image");
    command
        ->add_option("--bands", arguments.bands,
                     "Bands to show as red, green and blue, or one in grey\n"
                     "(default: what the file calls so; else 4,3,2, of three bands\n"
                     "3,2,1, of fewer the first)")
        ->type_name("R,G,B");
    command
        ->add_option("--size", arguments.size,
                     "Largest width and height of the picture, 1 to 20000: larger\n"
                     "windows are reduced, small ones enlarged up to four times")
        ->type_name("N")
        ->capture_default_str();
    command->add_flag("-q,--quiet", arguments.quiet, "Print nothing but errors");
    command->get_formatter()->column_width(30);
    command->footer(help_footer(
        "Each band is stretched between the percentiles 2 and 98 of its pixels in the window that have a segment, or,\n"
        "from a million pixels on, of a sample: every second, third, ... of them. Boundaries are yellow, what\n"
        "belongs to no segment is dark grey. A pixel of a reduced picture has the mean colour of those that it stands\n"
        "for, so boundaries become fainter there. A .tif has its place on the map. OUTPUT is replaced if it exists.",
        "Example:\n"
        "  shepseg preview scene.tif segments.tif look.png --window 2000,1500,600,400"));
    return command;
}

int run_preview(preview_arguments const& arguments)
{
    auto request = request_from(arguments);
    rios::require_different_files({arguments.image, arguments.segments}, {arguments.output});
    rios::limit_block_cache(64 << 20);
    rios::terminal_progress bar;
    request.progress = [&](std::string_view phase, double done) {
        if (!arguments.quiet) bar(phase, done);
        return received_signal() == 0;
    };
    auto const picture = shepseg::write_picture(arguments.image, arguments.segments, arguments.output, request);
    bar.clear();
    if (!arguments.quiet) print_report(arguments, picture);
    return 0;
}

} // namespace tools
