// SPDX-License-Identifier: BSL-1.0
#include "summary.hpp"

#include <cmath>
#include <string>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <rios/version.hpp>

#include "support/text.hpp"

namespace tools {

namespace {

std::string band_list(std::vector<int> const& bands)
{
    return fmt::format("{}", fmt::join(bands, ","));
}

std::string clusters_text(segment_arguments const& arguments, shepseg::file_options const& options,
                          shepseg::file_segmentation const& result)
{
    auto const clusters = result.model.centres.clusters();
    if (!result.fit) return fmt::format("{} from {}", clusters, arguments.cluster_model);
    auto const& fit = *result.fit;
    auto text =
        fmt::format("{} from {} sample pixels", clusters, grouped(static_cast<std::uint64_t>(fit.sample_pixels)));
    if (fit.sample_step > 1) text += fmt::format(" (1 of {} rows and columns)", fit.sample_step);
    if (fit.iterations > 0) {
        text += fmt::format(", {} start{}, {} iterations{}", arguments.kmeans_init,
                            arguments.kmeans_init == "diagonal" || options.segmentation.kmeans.starts == 1
                                ? ""
                                : fmt::format(", best of {}", options.segmentation.kmeans.starts),
                            fit.iterations, fit.converged ? "" : " (not converged)");
    }
    return text;
}

} // namespace

std::string summary_text(segment_arguments const& arguments, shepseg::file_options const& options,
                         shepseg::file_segmentation const& result)
{
    auto const& counts = result.counts;
    auto const limit =
        std::isfinite(result.max_spectral_diff) ? fmt::format("{:.6g}", result.max_spectral_diff) : "none";
    std::string text;
    auto const line = [&](std::string_view name, std::string const& value) {
        text += fmt::format("{:<28}{}\n", name, value);
    };
    line("Image", fmt::format("{}: {} columns x {} rows, bands {} as {}", arguments.image, result.grid.cols,
                              result.grid.rows, band_list(result.bands), rios::name_of(result.type)));
    if (options.window) {
        line("Window", fmt::format("from column {}, row {} of the file on", options.window->col, options.window->row));
    }
    line("Null value", result.null_value ? fmt::format("{}", *result.null_value) : "none");
    line("Null pixels", grouped(counts.null_pixels) + share(counts.null_pixels, counts.pixels));
    line("Clusters", clusters_text(arguments, options, result));
    line("Maximum spectral difference", limit);
    line("Clumps", grouped(counts.clumps));
    line("Single pixels eliminated", grouped(counts.single_pixels_eliminated));
    line("Small segments eliminated",
         fmt::format("{} (smaller than {} pixels)", grouped(counts.small_segments_eliminated),
                     options.segmentation.min_segment_size));
    auto const valid = counts.pixels - counts.null_pixels;
    line("Segments",
         grouped(counts.segments) +
             (counts.segments == 0 ? std::string()
                                   : fmt::format(" (mean size {:.1f} pixels)",
                                                 static_cast<double>(valid) / static_cast<double>(counts.segments))));
    line("Tiles",
         fmt::format("{} of {} x {} pixels{}", grouped(result.tiles), result.tile_size, result.tile_size,
                     result.scratch_bytes == 0 ? std::string()
                                               : fmt::format(", {:.1f} MB of labels in a scratch file",
                                                             static_cast<double>(result.scratch_bytes) / 1e6)));
    line("Output", fmt::format("{} ({})", arguments.output, result.format));
    if (!arguments.table.empty()) line("Table", arguments.table);
    line("Time", fmt::format("{:.2f} s", result.timings.walltime));
    return text;
}

std::string summary_json(segment_arguments const& arguments, shepseg::file_options const& options,
                         shepseg::file_segmentation const& result, std::size_t threads)
{
    using json = nlohmann::ordered_json;
    auto const& counts = result.counts;
    auto const& segmentation = options.segmentation;
    auto const finite_or_null = [](double value) { return std::isfinite(value) ? json(value) : json(nullptr); };
    json summary;
    summary["version"] = rios::version;
    summary["input"] = {{"file", arguments.image},
                        {"rows", result.grid.rows},
                        {"cols", result.grid.cols},
                        {"pixel_type", rios::name_of(result.type)}};
    summary["output"] = {{"file", arguments.output}, {"format", result.format}};
    if (!arguments.table.empty()) summary["output"]["table"] = arguments.table;
    json parameters;
    parameters["bands"] = result.bands;
    parameters["null_value"] = result.null_value ? finite_or_null(*result.null_value) : json(nullptr);
    parameters["clusters"] = segmentation.kmeans.clusters;
    parameters["cluster_model"] = arguments.cluster_model.empty() ? json(nullptr) : json(arguments.cluster_model);
    parameters["kmeans_init"] = arguments.kmeans_init;
    parameters["kmeans_starts"] = segmentation.kmeans.starts;
    parameters["seed"] = segmentation.kmeans.seed;
    parameters["sample_pixels"] = segmentation.sample.pixels;
    parameters["sample_percent"] = segmentation.sample.percent ? json(*segmentation.sample.percent) : json(nullptr);
    parameters["min_segment_size"] = segmentation.min_segment_size;
    parameters["max_spectral_diff"] = std::holds_alternative<double>(segmentation.max_spectral_diff)
                                          ? json(std::get<double>(segmentation.max_spectral_diff))
                                          : json(arguments.max_spectral_diff);
    parameters["spectral_diff_percentile"] = std::stod(arguments.spectral_diff_percentile);
    parameters["connectivity"] = static_cast<int>(segmentation.neighbours);
    parameters["creation_options"] = options.creation_options;
    parameters["window"] =
        options.window
            ? json::array({options.window->col, options.window->row, options.window->cols, options.window->rows})
            : json(nullptr);
    parameters["executor"] = arguments.executor.kind;
    parameters["threads"] = threads;
    parameters["tile_size"] = result.tile_size;
    parameters["memory_limit"] = result.memory_limit;
    parameters["max_concurrent_reads"] =
        options.max_concurrent_reads == 0 ? json(nullptr) : json(options.max_concurrent_reads);
    summary["parameters"] = parameters;
    summary["tiles"] = result.tiles;
    summary["scratch_bytes"] = result.scratch_bytes;
    summary["clusters_used"] = result.model.centres.clusters();
    if (result.fit) {
        summary["kmeans"] = {{"sample_step", result.fit->sample_step},
                             {"sample_pixels", result.fit->sample_pixels},
                             {"iterations", result.fit->iterations},
                             {"converged", result.fit->converged},
                             {"inertia", finite_or_null(result.fit->inertia)}};
    } else {
        summary["kmeans"] = nullptr;
    }
    summary["max_spectral_diff_used"] = finite_or_null(result.max_spectral_diff);
    summary["counts"] = {{"pixels", counts.pixels},
                         {"null_pixels", counts.null_pixels},
                         {"clumps", counts.clumps},
                         {"single_pixels_eliminated", counts.single_pixels_eliminated},
                         {"small_segments_eliminated", counts.small_segments_eliminated},
                         {"segments", counts.segments}};
    json timings;
    timings["walltime"] = result.timings.walltime;
    for (auto const& total : result.timings.totals()) timings[total.name] = total.seconds;
    summary["timings_seconds"] = timings;
    // Names of files need not be UTF-8.
    return summary.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace tools
