// SPDX-License-Identifier: BSL-1.0
#include "polygons_command.hpp"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/terminal_progress.hpp>
#include <shepseg/gdal/polygons.hpp>

#include "support/command_line.hpp"
#include "support/interrupt.hpp"
#include "values.hpp"

namespace tools {

namespace {

std::string counted(std::uint64_t number, std::string_view one, std::string_view many)
{
    return fmt::format("{} {}", number, number == 1 ? one : many);
}

void warn(std::string const& path, std::string const& what)
{
    fmt::print(stderr, "shepseg: warning: {}: {}\n", path, what);
}

void print_report(polygons_arguments const& arguments, shepseg::polygon_report const& report)
{
    fmt::print("{}: {} ({}, layer '{}')\n", arguments.output, counted(report.segments, "segment", "segments"),
               report.format, report.layer);
    fmt::print("  in several parts    {}\n", report.in_several_parts);
    fmt::print("  attributes          {}\n", report.attributes);
    if (report.attributes > 0) fmt::print("  without attributes  {}\n", report.without_attributes);
    if (!arguments.table.empty()) fmt::print("  rows not used       {}\n", report.unused_rows);
}

} // namespace

CLI::App* add_polygons_command(CLI::App& app, polygons_arguments& arguments)
{
    auto* const command = app.add_subcommand("polygons", "Write segments as polygons with their attributes");
    command->add_option("SEGMENTS", arguments.segments, "Raster of segments: integers, 0 is null")
        ->required()
        ->type_name("");
    command->add_option("OUTPUT", arguments.output, "Vector file to write")->required()->type_name("");
    command
        ->add_option("--table", arguments.table,
                     "Table with attributes in its columns (CSV, GeoPackage, SQLite\n"
                     "and others that OGR reads), and the numbers of the segments in\n"
                     "its column id (default: the attribute table of SEGMENTS)")
        ->type_name("FILE");
    command->add_option("--table-layer", arguments.table_layer, "Which layer of that file, if it has several")
        ->type_name("NAME")
        ->needs("--table");
    command
        ->add_option("--connectivity", arguments.connectivity,
                     "4: pieces that meet only at a corner are parts of their own,\n"
                     "and all polygons are valid. 8: they are one part, which touches\n"
                     "itself; some programs refuse that")
        ->type_name("4|8")
        ->capture_default_str();
    command->add_option("--layer", arguments.layer, "Layer to write (default: the name of OUTPUT)")->type_name("NAME");
    command
        ->add_option("--of", arguments.format,
                     "GDAL driver of OUTPUT (default: by its extension: .gpkg GPKG,\n"
                     ".geojson GeoJSON, .fgb FlatGeobuf, .shp ESRI Shapefile, ...)")
        ->type_name("DRIVER");
    command->add_flag("--overwrite", arguments.overwrite, "Replace OUTPUT, all layers of it, if it exists");
    command->add_flag("-q,--quiet", arguments.quiet, "Print nothing but errors and warnings");
    command->get_formatter()->column_width(30);
    command->footer(help_footer(
        "Each segment is one multipolygon: the field id has its number, the others are the columns of the table, with\n"
        "their types. A segment that the table does not have gets nulls. OUTPUT appears when it is complete.",
        "Example:\n"
        "  shepseg polygons segments.img segments.gpkg --table means.csv"));
    return command;
}

int run_polygons(polygons_arguments const& arguments)
{
    if (arguments.connectivity != "4" && arguments.connectivity != "8") {
        refuse("--connectivity", arguments.connectivity, "4 or 8");
    }
    rios::require_different_files({arguments.segments, arguments.table}, {arguments.output});
    rios::limit_block_cache(64 << 20);
    rios::terminal_progress bar;
    shepseg::polygon_options const options{
        .neighbours = arguments.connectivity == "8" ? shepseg::connectivity::eight : shepseg::connectivity::four,
        .table = arguments.table,
        .table_layer = arguments.table_layer,
        .format = arguments.format,
        .layer = arguments.layer,
        .existing = arguments.overwrite ? rios::existing::replaced : rios::existing::refused,
        .progress = [&](std::string_view phase, double done) {
            if (!arguments.quiet) bar(phase, done);
            return received_signal() == 0;
        }};
    auto const report = shepseg::write_polygons(arguments.segments, arguments.output, options);
    bar.clear();
    for (auto const& [wanted, used] : report.renamed) {
        warn(arguments.output, fmt::format("the column '{}' is called '{}' there", wanted, used));
    }
    if (!report.remark.empty()) warn(arguments.output, report.remark);
    if (!arguments.quiet) print_report(arguments, report);
    return 0;
}

} // namespace tools
