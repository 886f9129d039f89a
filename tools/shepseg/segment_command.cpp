// SPDX-License-Identifier: BSL-1.0
#include "segment_command.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
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
#include <rios/trace.hpp>
#include <shepseg/gdal/picture_file.hpp>
#include <shepseg/gdal/preview_file.hpp>
#include <shepseg/gdal/segment_file.hpp>
#include <shepseg/gdal/statistics_columns.hpp>
#include <shepseg/gdal/table_file.hpp>
#include <shepseg/json/cluster_model.hpp>

#include "common_options.hpp"
#include "extra_files.hpp"
#include "statistics_request.hpp"
#include "summary.hpp"
#include "support/command_line.hpp"
#include "support/executor_options.hpp"
#include "support/interrupt.hpp"
#include "values.hpp"

namespace tools {

namespace {

shepseg::spectral_limit spectral_limit_from(segment_arguments const& arguments)
{
    auto const percentile = number_from("--spectral-diff-percentile", arguments.spectral_diff_percentile, 0.0, 100.0,
                                        "a percentile, 0 to 100");
    if (arguments.max_spectral_diff == "auto") return shepseg::automatic_limit{percentile};
    if (arguments.max_spectral_diff == "none") return shepseg::no_limit{};
    return number_from("--max-spectral-diff", arguments.max_spectral_diff, 0.0, std::numeric_limits<double>::max(),
                       "auto, none or a number of at least 0");
}

shepseg::sample_options sample_from(segment_arguments const& arguments)
{
    shepseg::sample_options sample;
    if (!arguments.sample_pixels.empty()) {
        sample.pixels = whole_number_from<std::int64_t>("--sample-pixels", arguments.sample_pixels, 1);
    }
    if (!arguments.sample_percent.empty()) {
        constexpr double least = std::numeric_limits<double>::denorm_min();
        sample.percent =
            number_from("--sample-percent", arguments.sample_percent, least, 100.0, "above 0 and at most 100");
    }
    if (!arguments.sample_pixels.empty() && !arguments.sample_percent.empty()) {
        throw rios::options_error("--sample-pixels and --sample-percent exclude each other: give one of them");
    }
    return sample;
}

shepseg::file_options options_from(segment_arguments const& arguments, std::size_t threads)
{
    shepseg::file_options request;
    request.null = null_rule_from(arguments.null_value);
    request.format = arguments.format;
    request.creation_options = arguments.creation_options;
    request.compression_threads = static_cast<int>(threads);
    auto& options = request.segmentation;
    options.kmeans.clusters = whole_number_from("--clusters", arguments.clusters, 1, 65535);
    options.kmeans.start =
        arguments.kmeans_init == "diagonal" ? shepseg::kmeans_start::diagonal : shepseg::kmeans_start::plus_plus;
    options.kmeans.starts = whole_number_from("--kmeans-starts", arguments.kmeans_starts, 1);
    options.kmeans.seed = whole_number_from<std::uint64_t>("--seed", arguments.seed, 0);
    options.sample = sample_from(arguments);
    options.min_segment_size = whole_number_from<std::int64_t>("--min-segment-size", arguments.min_segment_size, 1);
    options.max_spectral_diff = spectral_limit_from(arguments);
    if (arguments.connectivity != "4" && arguments.connectivity != "8") {
        refuse("--connectivity", arguments.connectivity, "4 or 8");
    }
    options.neighbours = arguments.connectivity == "8" ? shepseg::connectivity::eight : shepseg::connectivity::four;
    if (!arguments.tile_size.empty()) {
        options.tile_size = whole_number_from<std::ptrdiff_t>("--tile-size", arguments.tile_size, 1, 16384);
    }
    if (!arguments.window.empty()) request.window = window_from("--window", arguments.window);
    if (!arguments.memory_limit.empty()) request.memory_limit = size_from("--memory-limit", arguments.memory_limit);
    else request.memory_limit = rios::machine_memory() / 2;
    request.scratch_dir = arguments.scratch_dir;
    if (!arguments.max_concurrent_reads.empty()) {
        request.max_concurrent_reads =
            whole_number_from<std::size_t>("--max-concurrent-reads", arguments.max_concurrent_reads, 1);
    }
    if (!arguments.cluster_model.empty()) options.model = shepseg::load_cluster_model(arguments.cluster_model);
    return request;
}

/// The bands of the preview that were asked for; none for the usual choice.
std::vector<int> preview_bands_from(segment_arguments const& arguments, rios::gdal_dataset const& image)
{
    auto bands = bands_from("--preview-bands", arguments.preview_bands, image);
    if (!bands.empty() && bands.size() != 1 && bands.size() != 3) {
        refuse("--preview-bands", arguments.preview_bands, "one band or three");
    }
    return bands;
}

/// What is asked of statistics, with the bands that were given for them or else for the segmentation; none for those of the
/// cluster model, or all.
statistics_request statistics_from(segment_arguments const& arguments, rios::gdal_dataset const& image)
{
    auto bands = arguments.statistics_bands.empty()
                     ? statistics_bands_from("--bands", arguments.bands, image)
                     : statistics_bands_from("--stats-bands", arguments.statistics_bands, image);
    return statistics_request_from(std::move(bands), arguments.statistics, arguments.spatial);
}

std::string preview_of(segment_arguments const& arguments, std::optional<rios::block> const& window,
                       std::vector<int> bands, std::vector<int> const& used, std::string const& segments)
{
    auto const image = rios::gdal_dataset::open(arguments.image);
    if (bands.empty()) bands = shepseg::composite_bands(image, used);
    auto const segmented = window.value_or(image.grid().whole());
    auto const shown = shepseg::preview_window(image.grid().window(segmented));
    return shepseg::png_of(
        shepseg::draw_picture(arguments.image, segments,
                              {.bands = bands, .window = shown, .segmented = segmented, .size = 3000})
            .pixels);
}

/// Computes what --stats and --spatial ask for, and adds it to the finished output and the table.
void add_statistics(segment_arguments const& arguments, statistics_request request,
                    shepseg::file_segmentation const& result, shepseg::file_options const& options,
                    std::string const& finished, std::optional<shepseg::table_file>& table,
                    rios::chosen_executor& executor)
{
    if (request.bands.empty()) request.bands = result.bands;
    shepseg::segment_statistics_options asked;
    asked.null = options.null;
    // A value that the cluster model gave counts for the bands of the file that say nothing.
    bool const of_file = std::holds_alternative<shepseg::null_of_file>(options.null);
    auto const image = rios::gdal_dataset::open(arguments.image);
    if (of_file && result.null_value && !image.null_value(result.bands.front())) asked.null = *result.null_value;
    asked.memory = std::min<std::size_t>(asked.memory, options.memory_limit / 4);
    asked.image_window = options.window;
    asked.scratch_dir = arguments.scratch_dir;
    asked.progress = options.segmentation.progress;
    std::optional<shepseg::statistics_columns> attributes;
    if (!arguments.no_rat) attributes.emplace(finished, rios::existing::replaced, arguments.output);
    asked.before_pass = [&](std::vector<shepseg::statistics_column> const& columns, std::size_t rows) {
        if (attributes) attributes->check(columns, rows);
    };
    auto const found = compute_statistics(arguments.image, finished, request, asked, executor);
    if (table) table->write(found.table, options.segmentation.progress);
    if (!attributes) return;
    warn_of_size(arguments.output, result.format, found.table);
    attributes->write(found.table, options.segmentation.progress);
}

std::string how_to_read_timings(std::size_t threads)
{
    return fmt::format(
        "\nSampling, reading, tile phase and labels are seconds summed over {}, the others are\n"
        "wall time. \"wait for tile\" is how long the graph idled until a tile was done: much of it, and\n"
        "more threads will help; none, and the graph is the limit.\n",
        threads == 1 ? "1 thread" : fmt::format("{} threads", threads));
}

/// Bytes of GDAL's block cache. Tiles share a row of the image's blocks with those below, so two such rows should have room;
/// what has been written leaves sooner.
std::uint64_t block_cache_for(rios::gdal_dataset const& image, std::uint64_t memory_limit)
{
    constexpr std::uint64_t least = 32 << 20;
    constexpr std::uint64_t most = 256 << 20;
    auto two_rows = 2 * static_cast<std::uint64_t>(image.stored_blocks().rows * image.cols());
    two_rows *= static_cast<std::uint64_t>(image.band_count());
    two_rows *= static_cast<std::uint64_t>(GDALGetDataTypeSizeBytes(image.band(1).GetRasterDataType()));
    return std::min(memory_limit / 8, std::clamp(two_rows, least, most));
}

} // namespace

CLI::App* add_segment_command(CLI::App& app, segment_arguments& arguments)
{
    auto* const command = app.add_subcommand("segment", "Segment a raster image");
    command->add_option("IMAGE", arguments.image, "Image to segment: any raster that GDAL reads")
        ->required()
        ->type_name("");
    command->add_option("OUTPUT", arguments.output, "File of segments to write (uint32)")->required()->type_name("");

    option_adder const option(*command);
    flag_adder const flag(*command);

    option("Input", "--bands", arguments.bands, "LIST",
           "Bands to use, from 1, such as 3,4,5\n(default: those of the cluster model, or all)");
    option("Input", "--null-value", arguments.null_value, "V",
           "Value of pixels without data, in any of the bands:\n"
           "a number, nan or none (default: the file's nodata value,\nor else that of the cluster model)");

    option(
        "Input", "--window", arguments.window, "X,Y,W,H",
        "Segment only the W x H pixels from column X and row Y on,\nboth counted from 0, as if there were nothing else")
        ->allow_extra_args(false);

    option("Clusters", "--clusters", arguments.clusters, "N", "Number of spectral clusters, 1 to 65535")
        ->capture_default_str();
    option("Clusters", "--kmeans-init", arguments.kmeans_init, "METHOD",
           "Where k-means starts: kmeans++ (seeded) or diagonal (of\nthe sample's bounding box)")
        ->transform(CLI::IsMember({"kmeans++", "diagonal"}).description(""))
        ->capture_default_str();
    option("Clusters", "--kmeans-starts", arguments.kmeans_starts, "N",
           "Starts of kmeans++, of which the best fit is kept")
        ->capture_default_str();
    option("Clusters", "--seed", arguments.seed, "N", "Seed of kmeans++: the same seed gives the same segments")
        ->capture_default_str();
    option("Clusters", "--sample-pixels", arguments.sample_pixels, "N",
           "Fit the clusters to at most N pixels, taken from every\nn-th row and column (default: 1000000)");
    option("Clusters", "--sample-percent", arguments.sample_percent, "P",
           "Fit the clusters to at most P % of the pixels instead");
    option("Clusters", "--cluster-model", arguments.cluster_model, "FILE.json",
           "Use the clusters of this file instead of fitting any,\nand its bands unless --bands is given");
    option("Clusters", "--save-cluster-model", arguments.save_cluster_model, "FILE.json",
           "Write the clusters, to segment other images with them");

    option("Segments", "--min-segment-size", arguments.min_segment_size, "N",
           "Eliminate segments smaller than N pixels")
        ->capture_default_str();
    option("Segments", "--max-spectral-diff", arguments.max_spectral_diff, "auto|none|D",
           "Largest distance between the mean spectra of segments\n"
           "that merge, in the units of the pixels: a number, auto\n(derived from the clusters) or none")
        ->capture_default_str();
    option("Segments", "--spectral-diff-percentile", arguments.spectral_diff_percentile, "P",
           "What auto takes: this percentile (0 to 100) of the\ndistances between clusters")
        ->capture_default_str();
    option("Segments", "--connectivity", arguments.connectivity, "4|8", "Number of neighbours that a pixel has")
        ->capture_default_str();

    option("Output", "--format,--of", arguments.format, "DRIVER",
           "GDAL driver of OUTPUT (default: by its extension:\n.tif GTiff, .img HFA, .kea KEA)");
    option("Output", "--creation-option,--co", arguments.creation_options, "K=V",
           "Creation option of the driver; may be repeated\n"
           "(default for GTiff: TILED=YES COMPRESS=DEFLATE ZLEVEL=1\nPREDICTOR=2 BIGTIFF=IF_SAFER; for HFA: "
           "COMPRESSED=YES)")
        ->allow_extra_args(false);
    option("Output", "--preview", arguments.preview, "FILE.png",
           "Draw the segments over the image: all of it up to\n3000 x 3000 pixels, else 1500 x 1500 in its middle");
    option("Output", "--preview-bands", arguments.preview_bands, "R,G,B",
           "Bands to show as red, green and blue (default: what the\n"
           "file calls so, or the fourth, third and second used)");
    option("Output", "--summary", arguments.summary, "FILE.json", "Write counts, parameters and timings (seconds)");

    option("Statistics", "--stats", arguments.statistics, "LIST",
           "Statistics of the pixels of each segment, such as\nmean,stddev,percentile:25, as `shepseg stats` has them; "
           "they\ngo to the attribute table of OUTPUT, and to --table");
    option("Statistics", "--stats-bands", arguments.statistics_bands, "LIST",
           "Bands that they are of (default: those that are\nsegmented)");
    option("Statistics", "--spatial", arguments.spatial, "LIST",
           "Statistics of shape and texture, such as centroid,bbox,\nas `shepseg stats` has them");
    option("Statistics", "--table", arguments.table, "FILE",
           "Write a table with a row for each segment: .csv, .gpkg,\n.sqlite, .db or .parquet");
    flag("Statistics", "--overwrite", arguments.overwrite,
         "Replace a table file that is there already, all of it (the\nother files are replaced in any case)")
        ->needs("--table");
    flag("Statistics", "--no-rat", arguments.no_rat, "Write no statistics to the attribute table of OUTPUT");

    option("Running", "--threads", arguments.threads, "N", "Threads to compute with (default: all cores)");
    option("Running", "--readers", arguments.readers, "N",
           "Threads that read tiles ahead of those, for slow storage\n(default: 0: each reads for itself)");
    option("Running", "--tile-size", arguments.tile_size, "N",
           "Rows and columns of the tiles that threads work on, 1 to\n16384; changes no segment (default: 640, or "
           "less where\n"
           "the memory limit asks for it)");
    option("Running", "--memory-limit", arguments.memory_limit, "SIZE",
           "Memory to keep within, such as 500M or 2G; what does not\nfit waits in a scratch file (default: half of "
           "the memory).\nA preview takes up to 250M more");
    option("Running", "--scratch-dir", arguments.scratch_dir, "DIR",
           "Folder for the scratch file (default: that of OUTPUT)");
    option("Running", "--max-concurrent-reads", arguments.max_concurrent_reads, "N",
           "Reads under way at the same time, for slow or metered\nstorage (default: as many as threads)");
    add_executor_options(option, arguments.executor);
    flag("Running", "--timings", arguments.timings, "Print the seconds spent in each phase, summed over threads");
    option("Running", "--trace", arguments.trace, "FILE.json",
           "Write the phases of each thread as a trace, to be opened\nin ui.perfetto.dev or chrome://tracing");
    flag("Running", "-q,--quiet", arguments.quiet, "Print nothing but errors, warnings and --timings");
    command->get_formatter()->column_width(38);
    command->footer(help_footer(
        "The method of Shepherd, Bunting and Dymond (2019): pixels are given to spectral clusters (k-means),\n"
        "neighbouring pixels of the same cluster form clumps, and small clumps are merged, the smallest\n"
        "first, into the neighbour with the nearest mean spectrum. OUTPUT holds the number of its segment,\n"
        "from 1, for each pixel, and 0 where there is no data. It appears when it is complete, in place of an\nolder "
        "one.",
        "Example:\n"
        "  shepseg segment --clusters 60 --min-segment-size 100 --preview look.png scene.tif segments.tif"));
    return command;
}

void run_segment(segment_arguments const& arguments)
{
    auto const threads = threads_from(arguments.threads);
    auto const readers = readers_from(arguments.readers);
    auto request = options_from(arguments, threads);
    auto const image = rios::gdal_dataset::open(arguments.image);
    request.bands = bands_from("--bands", arguments.bands, image);
    auto const shown = preview_bands_from(arguments, image);
    bool const has_statistics = !arguments.statistics.empty() || !arguments.spatial.empty();
    if (!has_statistics && (!arguments.table.empty() || arguments.no_rat || !arguments.statistics_bands.empty())) {
        throw rios::options_error(
            "--table, --no-rat and --stats-bands go with --stats or --spatial; give one of these");
    }
    if (has_statistics && arguments.no_rat && arguments.table.empty()) {
        throw rios::options_error("--no-rat without --table: there would be no statistics; give one of them");
    }
    auto const statistics = has_statistics ? statistics_from(arguments, image) : statistics_request();
    rios::require_different_files({arguments.image, arguments.cluster_model},
                                  {arguments.output, arguments.save_cluster_model, arguments.preview, arguments.summary,
                                   arguments.trace, arguments.table});
    std::optional<shepseg::table_file> table;
    if (!arguments.table.empty()) {
        table.emplace(arguments.table, arguments.overwrite ? rios::existing::replaced : rios::existing::refused);
    }
    extra_file model(arguments.save_cluster_model);
    extra_file preview(arguments.preview);
    extra_file summary(arguments.summary);
    extra_file trace(arguments.trace);

    rios::limit_block_cache(block_cache_for(image, request.memory_limit));
    rios::terminal_progress bar;
    request.segmentation.progress = [&](std::string_view phase, double done) {
        if (!arguments.quiet) bar(phase, done);
        return received_signal() == 0;
    };
    rios::timing_log log;
    rios::chosen_executor executor(executor_choice_from(arguments.executor, arguments.threads.empty() ? 0 : threads,
                                                        readers, workers_from(arguments.executor.workers),
                                                        request.max_concurrent_reads));
    request.before_commit = [&](shepseg::file_segmentation result, std::string const& finished) {
        if (model) {
            auto used = result.model;
            used.null_value = result.null_value;
            model.write(shepseg::to_json(used).dump(1) + '\n');
        }
        if (preview) {
            auto const timed = log.measure("preview");
            preview.write(preview_of(arguments, request.window, shown, result.bands, finished));
        }
        if (has_statistics) {
            auto const timed = log.measure("statistics");
            add_statistics(arguments, statistics, result, request, finished, table, executor);
        }
        if (received_signal() != 0) throw rios::cancelled(); // nobody asked while the preview was drawn
        result.timings = log.snapshot();
        if (summary) summary.write(summary_json(arguments, request, result, threads));
        if (trace) {
            std::ostringstream text;
            rios::write_trace(text, result.timings, "shepseg segment");
            trace.write(text.str());
        }
    };
    auto result = shepseg::segment_file(arguments.image, arguments.output, request, executor, log);
    for (auto* const file : {&model, &preview, &summary, &trace}) file->commit();
    if (table) table->commit();
    bar.clear();
    result.timings = log.snapshot();
    if (!arguments.quiet) std::fputs(summary_text(arguments, request, result).c_str(), stdout);
    if (arguments.timings) std::fputs(("\n" + result.timings.report() + how_to_read_timings(threads)).c_str(), stdout);
}

} // namespace tools
