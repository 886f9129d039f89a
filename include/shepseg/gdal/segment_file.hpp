// SPDX-License-Identifier: BSL-1.0
//
// From a raster file to a file of segments: the phases of tiled.hpp between a reader and a writer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include <gdal.h>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/format.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/memory.hpp>
#include <rios/pipeline/run.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>
#include <rios/timing.hpp>

#include "../cluster_model.hpp"
#include "../label_store.hpp"
#include "../memory_plan.hpp"
#include "../options.hpp"
#include "../segment.hpp"
#include "../tiled.hpp"
#include "file_source.hpp"
#include "label_file.hpp"
#include "label_output.hpp"
#include "null_rule.hpp"

namespace shepseg {

/// What was segmented, how, and what came out. The labels are in the file.
struct file_segmentation {
    rios::pixel_grid grid; ///< of the output: the input's, or its window's
    std::vector<int> bands;
    rios::pixel_type type = rios::pixel_type::uint8; ///< the pixels were compared as this type
    std::optional<double> null_value;
    std::string format; ///< of the output
    cluster_model model;
    std::optional<fit_report> fit; ///< none if the model was given
    double max_spectral_diff = 0;  ///< that was used, in the units of the pixels; infinite for none
    segmentation_counts counts;
    std::ptrdiff_t tile_size = 0;    ///< rows and columns of the tiles that were used
    std::uint64_t tiles = 0;         ///< number of them
    std::uint64_t memory_limit = 0;  ///< that was used, in bytes
    std::uint64_t scratch_bytes = 0; ///< labels that waited in the scratch file
    rios::timings timings;
};

/// What to segment and where to write it.
struct file_options {
    /// Parameters of the segmentation. Its null_value is not looked at: see null.
    options segmentation;
    /// Bands to use, from 1; empty for those of the model, or for all if no model is given.
    std::vector<int> bands;
    null_rule null = null_of_file{};
    /// Short name of the GDAL driver of the output; empty for what its extension stands for.
    std::string format;
    /// KEY=VALUE each, for that driver.
    std::vector<std::string> creation_options;
    /// Threads that compress the output in the background, where the driver can.
    int compression_threads = 1;
    /// The part of the raster to segment, as if there were nothing else; none for all of it. Its index means nothing.
    std::optional<rios::block> window;
    /// Bytes of memory to keep within, GDAL's block cache (GDAL_CACHEMAX, 5 % of the machine's memory unless it is set) and
    /// the program included; 0 for half of what the machine, or the container, has. Labels that do not fit wait in a
    /// scratch file, and tiles are made smaller than tile_size; the graph of the segments must fit.
    std::uint64_t memory_limit = 0;
    /// Folder for the scratch file; empty for that of the output.
    std::string scratch_dir;
    /// Reads under way at the same time; 0 for as many as there are threads.
    std::size_t max_concurrent_reads = 0;
    /// Called when the output is complete but has not got its name yet, with the path that it can be read under: for
    /// what belongs to the result and may fail. If it throws, nothing is left of the output.
    std::function<void(file_segmentation const& result, std::string const& finished)> before_commit;
};

namespace detail {

inline std::optional<double> choose_null(null_rule const& rule, rios::gdal_dataset const& file,
                                         std::vector<int> const& bands, options const& options)
{
    if (auto const* value = std::get_if<double>(&rule)) return *value;
    if (std::holds_alternative<no_null>(rule)) return std::nullopt;
    auto const of_file = rios::common_null_value(file, bands);
    return of_file || !options.model ? of_file : options.model->null_value;
}

/// Finds out early that no scratch file can be made in a folder. @throws rios::io_error naming it
inline void check_scratch_folder(std::string const& folder)
{
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
        throw rios::io_error(folder, "is not a folder for a scratch file");
    }
    label_store(1, folder).open_file();
}

template <typename E>
std::size_t concurrency_of(E const& executor)
{
    if constexpr (requires { executor.concurrency(); }) return executor.concurrency();
    else return 1;
}

/// Of those, the ones in this process.
template <typename E>
std::size_t concurrency_here(E const& executor)
{
    if constexpr (requires { executor.concurrency_here(); }) return executor.concurrency_here();
    else return concurrency_of(executor);
}

template <typename E>
std::size_t readers_of(E const& executor)
{
    if constexpr (requires { executor.readers(); }) return executor.readers();
    else return 0;
}

/// The phases for one pixel type: fills in the result and the writer's file.
template <rios::Pixel T, rios::AnyExecutor E>
void segment_as(rios::gdal_dataset const& file, rios::block const& window, options& options,
                file_options const& request, rios::gdal_writer<std::uint32_t>& writer, E& executor,
                rios::timing_log& log, file_segmentation& result)
{
    auto const threads = concurrency_here(executor);
    // The program with GDAL and its drivers; for each thread its stack, and the blocks that it prepares for the writer.
    auto const blocks =
        static_cast<std::uint64_t>(window.rows) * static_cast<std::uint64_t>(window.cols) / (512 * 512) + 1;
    auto const program = 55'000'000 + std::min<std::uint64_t>(threads + readers_of(executor), blocks) * 6'000'000;
    auto const block_cache = static_cast<std::uint64_t>(GDALGetCacheMax64());
    memory_plan const memory(
        result.memory_limit, program + block_cache, threads, result.bands.size() * sizeof(T),
        {.rows = window.rows, .cols = window.cols, .tile_size = options.tile_size, .halo = options.halo},
        2 * readers_of(executor));
    options.tile_size = result.tile_size = memory.tiles().tile_size;
    file_source<T> source(file_source_description{.path = file.path(),
                                                  .bands = result.bands,
                                                  .window = window,
                                                  .reads_at_once = request.max_concurrent_reads == 0
                                                                       ? concurrency_of(executor) + readers_of(executor)
                                                                       : request.max_concurrent_reads});
    if (options.model) {
        result.model = *options.model;
    } else {
        auto const step = sample_step(window.rows, window.cols, options.sample);
        auto const sampled = ((window.rows + step - 1) / step) * ((window.cols + step - 1) / step);
        memory.require_room_for_sample(static_cast<std::uint64_t>(sampled), result.bands.size(), sizeof(T));
        auto const stored = file.stored_blocks(result.bands.front());
        auto const take = [&](std::ptrdiff_t every) {
            return sample_file(source, options.null_value, every, stored.rows, stored.cols, executor, log,
                               options.progress);
        };
        std::tie(result.model, result.fit) = fit_model<T>(
            window.rows, window.cols, static_cast<std::ptrdiff_t>(result.bands.size()), options, executor, log, take);
        result.model.bands = result.bands;
        rios::return_freed_memory(); // tiles need arrays of other sizes than the sample
    }
    result.max_spectral_diff = max_spectral_difference(options.max_spectral_diff, result.model.centres);

    // Without any data there are no clusters; with this one all pixels are null all the same.
    auto const centres = result.model.centres.empty() ? cluster_centres(1, result.bands.size()) : result.model.centres;
    tiled_segmentation<T, file_source<T>> tiled(
        make_tile_worker<T>(std::move(source), window.rows, window.cols, options, centres, result.max_spectral_diff),
        options.progress, log);
    result.tiles = tiled.tiles().tiles();
    std::filesystem::path scratch = request.scratch_dir;
    if (scratch.empty()) scratch = std::filesystem::absolute(writer.path()).parent_path();
    label_store waiting(result.tiles, scratch);
    std::size_t done = 0;
    // Without readers "reading" and "wait for tile" say it all.
    rios::reading_ahead reading(
        executor, {.results = {.bytes = result.memory_limit / 8}, .log = readers_of(executor) > 0 ? &log : nullptr});
    tiled.find_regions(reading, [&](std::size_t tile, rios::image<std::uint32_t> labels) {
        waiting.put(tile, std::move(labels));
        auto const part_done = static_cast<double>(++done) / static_cast<double>(result.tiles);
        waiting.keep_within(memory.room_for_labels(tiled.bytes(), tiled.bytes_needed(), part_done));
    });
    tiled.close_source();
    rios::return_freed_memory();
    tiled.find_segments(result.max_spectral_diff, executor);
    result.counts = tiled.counts();
    write_labels(tiled, waiting, writer, executor, log);
    result.scratch_bytes = waiting.in_file();
}

} // namespace detail

/// Segments a raster file.
///
/// The output is uint32 with null value 0 and LAYER_TYPE=thematic, on the grid of the input, with overviews, STATISTICS_
/// metadata and, where the format keeps one well, a Histogram column. It appears under its name when it is complete; if
/// anything fails, nothing is left and an older file of that name stays as it was.
///
/// Works tile by tile, on rasters of any size, and the labels are those of the whole at once (tiled.hpp).
/// @param executor reads, fits and segments; the file is written by the calling thread. Its readers, if it has any, read
///        tiles ahead of its workers
/// @param log receives the times of the phases
/// @throws rios::io_error, rios::grid_error, rios::options_error naming the file, the value and what is allowed;
///         rios::cancelled
/// Memory: request.memory_limit, of which the graph of the segments takes about 180 bytes (three bands) for each clump of
/// more than one pixel; the run ends with an error that says how much it needs if that is more.
template <rios::AnyExecutor E>
file_segmentation segment_file(std::string const& input, std::string const& output, file_options const& request,
                               E&& executor, rios::timing_log& log)
{
    auto options = request.segmentation;
    check(options);
    auto const file = rios::gdal_dataset::open(input);
    rios::require_different_files({input}, {output});
    file_segmentation result;
    result.grid = file.grid();
    auto const window = request.window.value_or(result.grid.whole());
    if (request.window) result.grid = result.grid.window(window, input);
    detail::refuse_lossy(output, request.creation_options);
    if (!request.scratch_dir.empty()) detail::check_scratch_folder(request.scratch_dir);
    result.memory_limit = request.memory_limit == 0 ? rios::machine_memory() / 2 : request.memory_limit;
    bool const as_model = request.bands.empty() && options.model;
    result.bands = rios::selected_bands(file, as_model ? options.model->bands : request.bands);
    if (options.model && options.model->centres.bands() != result.bands.size()) {
        throw rios::options_error(input + ": " + std::to_string(result.bands.size()) +
                                  " bands are selected, but the cluster model has " +
                                  std::to_string(options.model->centres.bands()) + ": both must have the same number");
    }
    std::vector<rios::pixel_type> types;
    for (int const band : result.bands) types.push_back(file.band_type(band));
    result.type = rios::common_pixel_type(types);
    result.null_value = options.null_value = detail::choose_null(request.null, file, result.bands, options);

    auto const format = request.format.empty() ? rios::driver_for(output) : request.format;
    static_cast<void>(rios::writable_driver(output, format)); // labels are written block by block
    rios::gdal_writer<std::uint32_t> writer(output, {.bands = 1,
                                                     .format = format,
                                                     .creation_options = request.creation_options,
                                                     .null_value = 0.0,
                                                     .thematic = true,
                                                     .gcps = file.gcps().from(window.row, window.col),
                                                     .site = rios::site_defaults::ignored,
                                                     .compression_threads = request.compression_threads});
    writer.open(result.grid);
    result.format = writer.dataset().format();

    try {
        rios::dispatch(result.type, [&]<typename T>(std::type_identity<T>) {
            detail::segment_as<T>(file, window, options, request, writer, executor, log, result);
        });
    } catch (std::bad_alloc const&) {
        throw rios::error(input + ": not enough memory, although the limit allows " +
                          detail::megabytes(result.memory_limit) +
                          "; allow less, so that more waits in the scratch file");
    } catch (rios::options_error const& mismatch) {
        if (std::string_view(mismatch.what()).find(input) != std::string_view::npos) throw;
        throw rios::options_error(input + ": " + mismatch.what());
    } catch (rios::error const& problem) {
        if (typeid(problem) != typeid(rios::error)) throw; // those name their files themselves
        throw rios::error(input + ": " + problem.what());
    }
    rios::report(options.progress, "closing", 0);
    auto const closing = rios::timing_log::clock::now();
    writer.close([&](std::string const& finished) {
        log.record("closing", closing, rios::timing_log::clock::now());
        result.timings = log.snapshot();
        if (request.before_commit) request.before_commit(result, finished);
    });
    return result;
}

/// As above, timed by itself.
template <rios::AnyExecutor E>
file_segmentation segment_file(std::string const& input, std::string const& output, file_options const& request,
                               E&& executor)
{
    rios::timing_log log;
    return segment_file(input, output, request, executor, log);
}

} // namespace shepseg
