// SPDX-License-Identifier: BSL-1.0
//
// From a file of segments to a file with a part of it: two passes of rios::apply, one to see which segments remain, one to
// write them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <rios/apply.hpp>
#include <rios/block.hpp>
#include <rios/block_info.hpp>
#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/format.hpp>
#include <rios/gdal/overviews.hpp>
#include <rios/gdal/statistics.hpp>
#include <rios/gdal/table_change.hpp>
#include <rios/gdal/table_column.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/grid_extent.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/progress.hpp>
#include <rios/statistics.hpp>
#include <rios/window_reader.hpp>

#include "../extent_window.hpp"
#include "../label_set.hpp"
#include "../subset.hpp"
#include "label_output.hpp"
#include "label_reader.hpp"
#include "mask_reader.hpp"
#include "subset_table.hpp"

namespace shepseg {

/// What to cut out, and how to write it.
struct subset_options {
    /// A window in pixels, whose index means nothing; an extent in map units (extent_window.hpp says which pixels that
    /// are); or all of the file.
    std::variant<std::monostate, rios::block, rios::map_extent> part{};
    /// A raster that says which pixels are kept: not those where it holds 0, its null value or what is not finite. Its pixels
    /// must be those of the segmentation, and cover the subset; without a place on the map, it must be as large as one of
    /// the two. Empty for none.
    std::string mask{};
    /// Name of a column of integers that gets, for each segment, the number that it had; empty for none.
    std::string original_id_column{};
    /// Short name of the GDAL driver of the output; empty for what its extension stands for.
    std::string format{};
    /// KEY=VALUE each, for that driver.
    std::vector<std::string> creation_options{};
    /// Threads that compress the output in the background, where the driver can.
    int compression_threads = 1;
    rios::progress_function progress{};
};

/// What was cut out. The labels are in the file.
struct file_subset {
    rios::pixel_grid grid; ///< of the output
    rios::block window;    ///< where that is in the input
    std::string format;    ///< of the output
    std::uint64_t segments = 0;
    std::uint64_t null_pixels = 0;           ///< in the output
    std::uint64_t masked_pixels = 0;         ///< of those, the ones that only the mask made null
    std::vector<rios::table_column> columns; ///< of the attribute table that were carried over
};

namespace detail {

/// Labels, and what a mask says about them: nothing if there is none.
struct masked_labels {
    rios::image<std::uint32_t> labels;
    std::optional<rios::image<std::uint8_t>> mask;
};

/// Labels and a mask as one rios::Reader.
class masked_reader {
  public:
    using value_type = masked_labels;

    masked_reader(rios::window_reader<label_reader> labels, std::optional<mask_reader> mask)
        : labels_(std::move(labels)), mask_(std::move(mask))
    {
    }

    [[nodiscard]] std::string const& path() const { return labels_.path(); }
    [[nodiscard]] rios::pixel_grid const& grid() const noexcept { return labels_.grid(); }

    [[nodiscard]] masked_labels read(rios::block const& where)
    {
        masked_labels result{.labels = labels_.read(where), .mask = {}};
        if (mask_) result.mask = mask_->read(where);
        return result;
    }

  private:
    rios::window_reader<label_reader> labels_;
    std::optional<mask_reader> mask_;
};

/// The open file of a subset, as a rios::Writer of labels and their overviews that leaves opening and closing to others.
class label_sink {
  public:
    explicit label_sink(rios::gdal_writer<std::uint32_t>& writer)
        : writer_(&writer), overviews_(rios::overview_levels(writer.dataset().rows(), writer.dataset().cols())),
          null_at_first_(writer.dataset().format() == "GTiff")
    {
        rios::create_overviews(writer.dataset(), overviews_);
    }

    [[nodiscard]] std::string const& path() const noexcept { return writer_->path(); }
    void open(rios::pixel_grid const& /*grid*/) {}
    void close() {}

    void write(rios::block const& where, rios::image<std::uint32_t> const& labels)
    {
        bool const all_null =
            std::all_of(labels.data(), labels.data() + labels.pixel_count(), [](auto label) { return label == 0; });
        // A new GTiff is filled with its null value, which is far cheaper than writing that.
        if (!all_null || !null_at_first_) writer_->write(where, labels);
        rios::write_overviews(writer_->dataset(), overviews_, where, labels.view());
    }

  private:
    rios::gdal_writer<std::uint32_t>* writer_;
    std::vector<int> overviews_;
    bool null_at_first_;
};

inline rios::block window_of(subset_options const& request, std::string const& path, rios::pixel_grid const& grid)
{
    if (auto const* const window = std::get_if<rios::block>(&request.part)) return *window;
    auto const* const extent = std::get_if<rios::map_extent>(&request.part);
    if (extent == nullptr) return grid.whole();
    try {
        return extent_window(grid, *extent);
    } catch (rios::options_error const& problem) {
        throw rios::options_error(path + ": " + problem.what());
    } catch (rios::grid_error const& problem) {
        throw rios::grid_error(path + ": " + problem.what());
    }
}

/// How rios::apply goes about one pass.
inline rios::apply_options pass_options(rios::block_shape const& shape, std::string_view phase,
                                        rios::progress_function const& progress)
{
    rios::progress_function named;
    if (progress) named = [&progress, phase](std::string_view, double done) { return progress(phase, done); };
    return {.window = {shape.rows, shape.cols}, .overlap = 0, .progress = std::move(named)};
}

} // namespace detail

/// Cuts a part out of a file of segments. Segments that have pixels in it are numbered from 1 again, without gaps and in the
/// order of the numbers that they had; a segment stays one if it falls to pieces.
///
/// The input has one band of integers without negative ones; 0 and its null value are null. The output is uint32 with null
/// value 0 and LAYER_TYPE=thematic, with overviews and STATISTICS_ metadata. Rows of the attribute table, if there is one,
/// come along: all columns with names, types and usages as far as the format has them, in their order; what is of usage
/// PixelCount counts the pixels of the subset. Formats that keep tables well get such a column in any case. The output
/// appears under its name when it is complete; if anything fails, nothing is left and an older file of that name stays as it was.
///
/// @param executor reads and renumbers blocks, as rios::apply uses it; the file is written by the calling thread
/// @throws rios::io_error, rios::grid_error, rios::options_error naming the file, the value and what is allowed;
///         rios::cancelled
/// Memory: some blocks for each thread (32 MiB at most, unless the output is stored in larger ones), 12 KiB for each run of
/// 65536 numbers of which one remains, 12 bytes for each segment that remains, and a page of the table; where the format keeps
/// tables beside the raster, GDAL holds all of it.
template <rios::AnyExecutor E>
file_subset subset_file(std::string const& input, std::string const& output, subset_options const& request,
                        E&& executor)
{
    label_reader const all(input);
    auto const file = rios::gdal_dataset::open(input);
    rios::require_different_files({input, request.mask}, {output});
    detail::refuse_lossy(output, request.creation_options);

    file_subset result;
    result.window = detail::window_of(request, input, all.grid());
    rios::window_reader const labels(all, result.window);
    result.grid = labels.grid();
    std::optional<mask_reader> mask;
    if (!request.mask.empty()) mask.emplace(request.mask, input, all.grid(), result.window);
    detail::masked_reader const source(labels, std::move(mask));

    auto const format = request.format.empty() ? rios::driver_for(output) : request.format;
    static_cast<void>(rios::writable_driver(output, format)); // labels are written block by block
    rios::gdal_writer<std::uint32_t> writer(output, {.bands = 1,
                                                     .format = format,
                                                     .creation_options = request.creation_options,
                                                     .null_value = 0.0,
                                                     .thematic = true,
                                                     .gcps = file.gcps().from(result.window.row, result.window.col),
                                                     .site = rios::site_defaults::ignored,
                                                     .compression_threads = request.compression_threads});
    detail::table_subset const table(file, request.original_id_column);
    result.columns = table.columns();
    writer.open(result.grid);
    result.format = writer.dataset().format();
    table.require_names(output, result.format);

    label_set numbers;
    std::atomic<std::uint64_t> masked = 0;
    auto const collect = [&](rios::block_info const&, detail::masked_labels in) {
        if (in.mask) masked += detail::apply_mask(in.labels.view(), std::as_const(*in.mask).view());
        detail::collect_labels(std::as_const(in.labels).view(), numbers);
    };
    auto shape = detail::reading_blocks(file);
    shape.rows *= std::max<std::ptrdiff_t>(1, shape.cols / result.grid.cols);
    rios::apply(source, collect, rios::no_output{}, executor, detail::pass_options(shape, "finding", request.progress));
    result.masked_pixels = masked;
    result.segments = numbers.number();
    auto const original = detail::original_labels(numbers);
    detail::require_room(writer.dataset(), result.segments);
    table.require_range(original);
    table.require_room(writer.dataset(), original.size());

    std::vector<std::uint64_t> counts(original.size());
    auto const renumber = [&](rios::block_info const&, detail::masked_labels in) {
        if (in.mask) detail::apply_mask(in.labels.view(), std::as_const(*in.mask).view());
        detail::renumber_labels(in.labels.view(), numbers, counts);
        return std::move(in.labels);
    };
    shape = detail::whole_blocks(writer.dataset(), file.stored_blocks().cols);
    rios::apply(source, renumber, detail::label_sink(writer), executor,
                detail::pass_options(shape, "writing", request.progress));
    result.null_pixels = counts[0];
    rios::write_statistics(writer.dataset(), 1, rios::statistics_of(counts));
    table.write(writer.dataset(), original, counts, request.progress);
    rios::report(request.progress, "closing", 0);
    rios::detail::table_sizes const tables(writer.dataset());
    writer.close([&](std::string const& finished) { tables.require(finished, output); });
    return result;
}

} // namespace shepseg
