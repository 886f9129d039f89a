// SPDX-License-Identifier: BSL-1.0
//
// From a raster file to a file of segments: reads the bands, segments them in memory (segment.hpp) and writes the labels
// with all that goes with them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <rios/error.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/overviews.hpp>
#include <rios/gdal/read_image.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/statistics.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>
#include <rios/statistics.hpp>
#include <rios/timing.hpp>

#include "../cluster_model.hpp"
#include "../options.hpp"
#include "../segment.hpp"

namespace shepseg {

/// Null is what the file says, or, if it says nothing, what the given cluster model says.
struct null_of_file {};

/// No value is null.
struct no_null {};

/// Which pixels of a file are null: a rule, or a value.
using null_rule = std::variant<null_of_file, no_null, double>;

/// What was segmented, how, and what came out. The labels are in the file.
struct file_segmentation {
    rios::pixel_grid grid;
    std::vector<int> bands;
    rios::pixel_type type = rios::pixel_type::uint8; ///< the pixels were compared as this type
    std::optional<double> null_value;
    std::string format; ///< of the output
    cluster_model model;
    std::optional<fit_report> fit; ///< none if the model was given
    double max_spectral_diff = 0;  ///< that was used, in the units of the pixels; infinite for none
    segmentation_counts counts;
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
    /// Called when the output is complete but has not got its name yet, with the path that it can be read under: for
    /// what belongs to the result and may fail. If it throws, nothing is left of the output.
    std::function<void(file_segmentation const& result, std::string const& finished)> before_commit;
};

namespace detail {

inline void require_different_files(std::string const& input, std::string const& output)
{
    std::error_code ignored;
    if (std::filesystem::equivalent(input, output, ignored)) {
        throw rios::options_error(output + ": the output is the input; give it another name");
    }
}

inline std::optional<double> choose_null(null_rule const& rule, rios::gdal_dataset const& file,
                                         std::vector<int> const& bands, options const& options)
{
    if (auto const* value = std::get_if<double>(&rule)) return *value;
    if (std::holds_alternative<no_null>(rule)) return std::nullopt;
    auto const of_file = rios::common_null_value(file, bands);
    return of_file || !options.model ? of_file : options.model->null_value;
}

/// Segment numbers above what the output's creation options leave room for would be cut off in silence.
inline void require_room(rios::gdal_dataset const& file, std::uint64_t segments)
{
    auto const* const bits = file.band(1).GetMetadataItem("NBITS", "IMAGE_STRUCTURE");
    auto const needed = static_cast<int>(std::bit_width(segments));
    if (bits == nullptr || needed <= std::atoi(bits)) return;
    throw rios::options_error(file.path() + ": " + std::to_string(segments) + " segments do not fit into NBITS=" +
                              bits + "; allowed: " + std::to_string(needed) + " or more");
}

/// Writes labels with what belongs to them: overviews, and how many pixels each has. Does not close.
inline void write_labels(rios::gdal_writer<std::uint32_t>& writer, rios::image<std::uint32_t> const& labels,
                         std::uint64_t segments, rios::pixel_grid const& grid, rios::timing_log& log,
                         rios::progress_function const& progress)
{
    constexpr std::ptrdiff_t strip = 256; // rows: one row of GTiff's blocks
    require_room(writer.dataset(), segments);
    auto const levels = rios::overview_levels(grid.rows, grid.cols);
    rios::create_overviews(writer.dataset(), levels);
    std::vector<std::uint64_t> histogram(static_cast<std::size_t>(segments) + 1);
    for (auto const& block : grid.blocks(strip, grid.cols)) {
        rios::report(progress, "writing", static_cast<double>(block.row) / static_cast<double>(grid.rows));
        auto const pixels = labels.view().window(block.row, block.col, block.rows, block.cols);
        {
            auto const timed = log.measure("writing");
            writer.write(block, pixels);
        }
        {
            auto const timed = log.measure("overviews");
            rios::write_overviews(writer.dataset(), levels, block, pixels);
        }
        auto const timed = log.measure("histogram");
        for (std::ptrdiff_t row = 0; row < pixels.rows(); ++row) {
            for (auto const label : pixels.row(0, row)) ++histogram[label];
        }
    }
    auto const timed = log.measure("histogram");
    rios::write_statistics(writer.dataset(), 1, rios::statistics_of(histogram));
    if (rios::keeps_attribute_tables(writer.dataset().format())) {
        rios::write_histogram(writer.dataset(), 1, histogram);
    }
}

} // namespace detail

/// Segments a raster file.
///
/// The output is uint32 with null value 0 and LAYER_TYPE=thematic, on the grid of the input, with overviews, STATISTICS_
/// metadata and, where the format keeps one well, a Histogram column. It appears under its name when it is complete; if
/// anything fails, nothing is left and an older file of that name stays as it was.
/// @param executor reads, fits and segments; the file is written by the calling thread
/// @param log receives the times of the phases
/// @throws rios::io_error, rios::grid_error, rios::options_error naming the file, the value and what is allowed;
///         rios::cancelled
/// Memory: the selected bands, and what segment() needs.
template <rios::AnyExecutor E>
file_segmentation segment_file(std::string const& input, std::string const& output, file_options const& request,
                               E&& executor, rios::timing_log& log)
{
    auto options = request.segmentation;
    check(options);
    auto const file = rios::gdal_dataset::open(input);
    detail::require_different_files(input, output);
    file_segmentation result;
    result.grid = file.grid();
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

    rios::gdal_writer<std::uint32_t> writer(output, {.bands = 1,
                                                     .format = request.format,
                                                     .creation_options = request.creation_options,
                                                     .null_value = 0.0,
                                                     .thematic = true,
                                                     .gcps = file.gcps(),
                                                     .compression_threads = request.compression_threads});
    writer.open(result.grid);
    result.format = writer.dataset().format();

    auto const size = std::to_string(result.grid.rows) + " rows × " + std::to_string(result.grid.cols) + " cols × " +
                      std::to_string(result.bands.size()) + " bands";
    if (result.grid.rows * result.grid.cols >= std::numeric_limits<std::uint32_t>::max()) {
        throw rios::options_error(input + ": " + size + " are too many; fewer than 4294967295 pixels are allowed");
    }
    try {
        auto segmented = rios::dispatch(result.type, [&]<typename T>(std::type_identity<T>) {
            rios::gdal_reader<T> const reader(input, {.bands = result.bands});
            auto const image = rios::read_image(reader, executor, log, options.progress);
            try {
                return segment(image.view(), options, executor, log);
            } catch (rios::options_error const& mismatch) {
                throw rios::options_error(input + ": " + mismatch.what());
            }
        });
        result.model = std::move(segmented.model);
        if (!options.model) result.model.bands = result.bands;
        result.fit = segmented.fit;
        result.max_spectral_diff = segmented.max_spectral_diff;
        result.counts = segmented.counts;
        detail::write_labels(writer, segmented.labels, segmented.counts.segments, result.grid, log, options.progress);
    } catch (std::bad_alloc const&) {
        throw rios::error(input + ": not enough memory to segment " + size);
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
