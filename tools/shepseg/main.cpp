// SPDX-License-Identifier: BSL-1.0
//
// The shepseg command line. Exit status: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n; that of compare is
// its own.
#include <csignal>

#include <CLI/CLI.hpp>

#include "colours_command.hpp"
#include "compare_command.hpp"
#include "polygons_command.hpp"
#include "preview_command.hpp"
#include "segment_command.hpp"
#include "stats_command.hpp"
#include "subset_command.hpp"
#include "support/command_line.hpp"
#include "support/worker.hpp"

int main(int argc, char** argv)
{
    if (auto const status = tools::serve_if_worker(argc, argv)) return *status;
    CLI::App app("Image segmentation after Shepherd, Bunting and Dymond (2019), and what is done with segments.",
                 "shepseg");
    tools::segment_arguments segment;
    tools::stats_arguments stats;
    tools::subset_arguments subset;
    tools::polygons_arguments polygons;
    tools::preview_arguments preview;
    tools::colours_arguments colours;
    tools::compare_arguments compare;
    tools::add_segment_command(app, segment);
    auto const* const stats_command = tools::add_stats_command(app, stats);
    auto const* const subset_command = tools::add_subset_command(app, subset);
    auto const* const polygons_command = tools::add_polygons_command(app, polygons);
    auto const* const preview_command = tools::add_preview_command(app, preview);
    auto const* const colours_command = tools::add_colours_command(app, colours);
    auto const* const compare_command = tools::add_compare_command(app, compare);
    std::signal(SIGXFSZ, SIG_IGN); // a file that grows too large is an error like a full disk, with a message
    return tools::run_tool(app, argc, argv, "interrupted; nothing was written", [&] {
        if (compare_command->parsed()) return tools::run_compare(app, compare);
        if (colours_command->parsed()) return tools::run_colours(app, colours);
        if (stats_command->parsed()) tools::run_stats(stats);
        else if (subset_command->parsed()) tools::run_subset(subset);
        else if (polygons_command->parsed()) tools::run_polygons(polygons);
        else if (preview_command->parsed()) tools::run_preview(preview);
        else tools::run_segment(segment);
        return 0;
    });
}
