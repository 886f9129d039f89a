// SPDX-License-Identifier: BSL-1.0
//
// From an image and its segments to a table of the segments: all bands in one pass over both files, on all threads. Where the
// table goes: gdal/statistics_columns.hpp, gdal/table_file.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <rios/apply.hpp>
#include <rios/block.hpp>
#include <rios/concepts.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/pixel_type.hpp>
#include <rios/progress.hpp>
#include <rios/timing.hpp>
#include <rios/window_reader.hpp>

#include "../segment_sizes.hpp"
#include "../statistic.hpp"
#include "../statistics_merger.hpp"
#include "../statistics_plan.hpp"
#include "../statistics_table.hpp"
#include "../statistics_worker.hpp"
#include "file_statistics_worker.hpp"
#include "fitting_window.hpp"
#include "label_reader.hpp"
#include "null_rule.hpp"
#include "same_pixels.hpp"
#include "segment_sizes.hpp"

namespace shepseg {

/// How segment_statistics goes about it.
struct segment_statistics_options {
    /// What columns hold that cannot be computed: of numbers without a segment, and of segments without valid pixels.
    double missing = -9999;
    /// Names of the columns: column_name().
    std::string column_format = "Band_{band}_{stat}";
    /// Bands whose values spatial statistics see, from 1.
    std::vector<int> spatial_bands{};
    /// Null value of the bands of the image.
    null_rule null = null_of_file{};
    /// The part of the image that the segments cover; none for all of it. Its index means nothing.
    std::optional<rios::block> image_window{};
    /// Count the pixels of the segments even if there is a histogram that tells.
    bool count_pixels = false;
    /// Rows and columns of the blocks, in pixels; 0: as the files are stored (fitting_window). Changes no result.
    std::ptrdiff_t window = 0;
    /// Folder for a scratch file; empty for that of the labels.
    std::string scratch_dir{};
    /// Bytes of complete rows that are kept in memory; what is more waits in the scratch file.
    std::size_t memory = std::size_t{256} << 20;
    /// Called with the columns when they are known, before the pixels are looked at: a chance to refuse them by throwing.
    std::function<void(std::vector<statistics_column> const&)> before_work{};
    /// Called once more when the number of rows is known as well, before the image is looked at.
    std::function<void(std::vector<statistics_column> const&, std::size_t rows)> before_pass{};
    /// Told "counting" and "statistics" with the part done; may cancel.
    rios::progress_function progress{};
    /// Another way to cancel: from any thread.
    std::stop_token stop{};
};

/// A table of segments and how it came about.
struct segment_statistics_result {
    statistics_table table{};                        ///< one row for each label from 0 to the largest
    rios::pixel_type type = rios::pixel_type::uint8; ///< pixels were taken as this type
    bool counted = false;                            ///< pixels of segments had to be counted first
    rios::timings timings{};
};

namespace detail {

/// The largest number that a pixel can have is a null value that the file does not tell; a table would have as many rows.
/// @throws rios::options_error
inline void refuse_largest_label(std::string const& labels, std::size_t rows)
{
    constexpr auto largest = std::numeric_limits<std::uint32_t>::max();
    if (rows <= largest) return;
    throw rios::options_error(labels + ": has pixels of the value " + std::to_string(largest) +
                              ", and the table would have a row for each number up to it; allowed: " +
                              std::to_string(largest - 1) + " at most, unless it is the null value of the file");
}

} // namespace detail

/// Computes statistics of the pixels of each segment.
///
/// @param image any raster; read as the common type of the bands that are used
/// @param labels a raster of one band of integers on the same pixels: the number of each pixel's segment. 0 and the file's
///        null value are no segment. Numbers may be left out.
/// @param selection what is wanted of which bands: of_each_band()
/// @param executor inline_executor, thread_executor, or any Executor of rios::apply
/// @param functions spatial statistics (SpatialStatistic), ready-made (spatial_statistics.hpp) or your own
/// @returns a row for each label from 0 to the largest
///
/// The table does not depend on the window and the executor, to the last bit. Both files are read once (labels twice where they
/// have no histogram), and only read. Memory: what the blocks under way take; options.memory for rows, besides the pages of
/// rows (of 16384 labels) of which some have not come; and of segments of which some blocks have not come their values, or less
/// (growing_values.hpp).
///
/// @throws rios::options_error for a band that there is not, columns of the same name, or a label of 4294967295; rios::grid_error if the two files
///         have different pixels, or the labels are not integers of 0 and more; rios::error if the histogram is not that of the pixels,
///         and for what a function throws that is none, nested in it, with the segment's label; rios::io_error, rios::cancelled
/// Thread rule: any thread, several calls at once.
template <rios::AnyExecutor E, typename... Functions>
[[nodiscard]] segment_statistics_result segment_statistics(std::string const& image, std::string const& labels,
                                                           std::vector<band_statistics_selection> const& selection,
                                                           segment_statistics_options const& options, E&& executor,
                                                           Functions... functions)
{
    auto const begun = rios::timing_log::clock::now();
    auto const image_file = rios::gdal_dataset::open(image);
    // Opening is slow where a format has much to say of a file: an .img formats its whole histogram as text.
    auto opened = rios::gdal_dataset::open(labels);
    label_reader const label_file(opened);
    auto const window = options.image_window.value_or(image_file.grid().whole());
    detail::require_same_pixels(labels, label_file.grid(), image, image_file.grid().window(window, image));
    std::vector<rios::pixel_type> types;
    for (auto const& each : selection) types.push_back(image_file.band_type(each.band));
    for (int const band : options.spatial_bands) types.push_back(image_file.band_type(band));
    if (types.empty()) types.push_back(image_file.band_type(1));
    auto const null_value_of = [&](int band) -> std::optional<double> {
        if (auto const* value = std::get_if<double>(&options.null)) return *value;
        return std::holds_alternative<no_null>(options.null) ? std::nullopt : image_file.null_value(band);
    };
    std::filesystem::path scratch = options.scratch_dir;
    if (scratch.empty()) scratch = std::filesystem::absolute(labels).parent_path();
    auto const progress_as = [&](std::string_view phase) -> rios::progress_function {
        return [&options, phase](std::string_view /*of apply*/, double done) {
            return !options.stop.stop_requested() && (!options.progress || options.progress(phase, done));
        };
    };
    auto const side = options.window > 0 ? options.window : fitting_window(image_file, opened);
    rios::apply_options run{.window = side, .overlap = 0};

    return rios::dispatch(rios::common_pixel_type(types), [&]<typename T>(std::type_identity<T>) {
        auto const plan = std::make_shared<statistics_plan<T, Functions...> const>(
            selection, options.spatial_bands, null_value_of, options.missing, options.column_format, label_file.grid(),
            functions...);
        if (options.before_work) options.before_work(plan->columns());
        segment_statistics_result result{.type = rios::pixel_type_of<T>};
        auto sizes = options.count_pixels ? std::optional<segment_sizes>() : sizes_of_histogram(std::move(opened));
        result.counted = !sizes.has_value();
        rios::timings counting;
        if (!sizes) {
            run.progress = progress_as("counting");
            sizes = count_segments(label_file, executor, run, counting);
            detail::refuse_largest_label(labels, sizes->rows());
        }
        if (options.before_pass) options.before_pass(plan->columns(), sizes->rows());

        statistics_table table(plan->columns(), plan->missing_row(), sizes->rows(), scratch, options.memory);
        table.require_room();
        auto const complete = std::make_shared<complete_segments<T>>();
        statistics_merger<T> merger(std::move(table), *sizes, complete, [plan](std::vector<open_segment<T>> segments) {
            return finished_rows(*plan, std::move(segments));
        });
        file_statistics_worker<T, Functions...> worker(plan, *sizes, result.counted ? std::string() : labels, complete);
        auto bands = plan->bands();
        if (bands.empty()) bands = {1};
        rios::window_reader const reader(rios::gdal_reader<T>(image_file, {.bands = bands}), window);
        run.progress = progress_as("statistics");
        run.overlap = plan->wants_neighbours() ? 1 : 0;
        result.timings = rios::apply(std::tuple(label_file, reader), std::move(worker), merger, executor, run).timings;
        finishing_job<T, Functions...> rest(plan, *complete, merger, run.progress);
        executor.run(rest);
        merger.require_all();
        if (merger.largest() > std::numeric_limits<std::int32_t>::max()) merger.table().widen();
        result.table = std::move(merger.table());
        result.timings.merge(counting);
        result.timings.walltime = std::chrono::duration<double>(rios::timing_log::clock::now() - begun).count();
        return result;
    });
}

} // namespace shepseg
