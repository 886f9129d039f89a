// SPDX-License-Identifier: BSL-1.0
#include "calc_stats_command.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

#include <rios/executor/threads.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/gdal/calculate_statistics.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/terminal_progress.hpp>

#include "each_file.hpp"
#include "support/interrupt.hpp"

namespace tools {

CLI::App* add_calc_stats_command(CLI::App& app, calc_stats_arguments& arguments)
{
    auto* const command =
        app.add_subcommand("calc-stats", "Compute statistics, histograms and overviews, and write them to the files");
    command->add_option("FILE", arguments.files, "Rasters that can be changed")->required()->type_name("");
    command
        ->add_option("-i,--ignore", arguments.ignore,
                     "Null value: set for all bands, and left out. By\ndefault that of the file")
        ->type_name("VALUE");
    command->add_flag("--approx", arguments.approximate,
                      "Take statistics and histogram from an overview\ninstead of all pixels");
    command
        ->add_option(
            "--overviews", arguments.overviews,
            "How overviews come from pixels: none makes none,\nnearest takes the middle pixel of each square,\n"
            "average the mean. By default what\nRIOS_DFLT_OVERVIEWAGGTYPE says, or nearest")
        ->type_name("METHOD")
        ->transform(CLI::IsMember({"none", "nearest", "average"}).description(""));
    command
        ->add_option(
            "--levels", arguments.levels,
            "Factors by which overviews are smaller, ascending,\nwith commas between them, 2 to 32767; of these\n"
            "those are made whose smaller side has more than\n128 pixels (or RIOS_DFLT_MINOVERLEVELDIM). By\n"
            "default what RIOS_DFLT_OVERVIEWLEVELS says, or\n4,8,16,32,64,128,256,512")
        ->type_name("N,N")
        ->delimiter(',')
        ->check(CLI::Range(2, 32767).description(""));
    command->add_option("--threads", arguments.threads, "Threads that read and count, 0 to 4096; 0: one for\neach core")
        ->type_name("N")
        ->check(CLI::Range(0, 4096).description(""))
        ->capture_default_str();
    command->add_flag("--quiet", arguments.quiet, "Show no progress");
    command->callback([&arguments] {
        auto const& levels = arguments.levels;
        if (std::adjacent_find(levels.begin(), levels.end(), std::greater_equal<>()) == levels.end()) return;
        throw CLI::ValidationError("--levels", "must ascend");
    });
    command->footer(help_footer_of_files(
        "Files are changed in place: what is written before an error or Ctrl-C stays.\nOverviews of the same sizes are "
        "made anew; others stay as they are. Only formats\nthat GDAL can update will do; those that have no place for "
        "statistics get a file\nNAME.aux.xml. Attribute tables keep their rows."));
    return command;
}

int run_calc_stats(CLI::App const& app, calc_stats_arguments const& arguments)
{
    rios::limit_block_cache(64 << 20);
    rios::calculation_options options{.null_value = arguments.ignore};
    if (arguments.approximate) options.counted = rios::counted_pixels::some;
    using rios::overview_method;
    if (!arguments.overviews.empty()) {
        options.summaries.overviews = arguments.overviews == "none"      ? overview_method::none
                                      : arguments.overviews == "average" ? overview_method::average
                                                                         : overview_method::nearest;
    }
    if (!arguments.levels.empty()) options.summaries.overview_levels = arguments.levels;
    rios::thread_executor executor({.readers = 0, .workers = arguments.threads});
    return for_each_file(app, arguments.files, [&](std::string const& file) {
        auto const grid = rios::gdal_dataset::open(file).grid();
        rios::terminal_progress bar(
            {.total = static_cast<double>(grid.rows) * static_cast<double>(grid.cols) / 1e6, .unit = "Mpixel"});
        options.progress = [&](std::string_view phase, double done) {
            return received_signal() == 0 && (arguments.quiet || bar(phase, done));
        };
        rios::calculate_statistics(file, options, executor);
        bar.clear();
    });
}

} // namespace tools
