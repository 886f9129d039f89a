// SPDX-License-Identifier: BSL-1.0
//
// The number of pixels of each segment of a file: out of its histogram, or counted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <rios/apply.hpp>
#include <rios/block_info.hpp>
#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/function_writer.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>

#include "../block_segments.hpp"
#include "../segment_sizes.hpp"
#include "../statistics_table.hpp"
#include "label_reader.hpp"

namespace shepseg {

namespace detail {

/// A file and the column of its attribute table that has the histogram.
struct histogram_column {
    rios::gdal_dataset file;
    rios::attribute_table table;
    std::size_t column;
};

} // namespace detail

/// The sizes that the attribute table's histogram tells (its column of usage PixelCount), up to the last segment that has
/// pixels; none if there is no histogram. They are read when they are needed.
/// @param file of segments
/// @throws rios::io_error, also from the result
[[nodiscard]] inline std::optional<segment_sizes> sizes_of_histogram(rios::gdal_dataset file)
{
    auto const labels = file.path();
    rios::attribute_table table(file, 1);
    auto const column = table.find(rios::column_usage::pixel_count);
    if (!column || table.rows() == 0) return {};
    auto const source = std::make_shared<detail::histogram_column>(
        detail::histogram_column{std::move(file), std::move(table), *column});
    auto const load = [source, labels](std::size_t first, std::size_t count) {
        std::vector<double> counts(count);
        source->table.read(source->column, static_cast<std::ptrdiff_t>(first), std::span(counts));
        std::vector<std::uint64_t> sizes(count);
        for (std::size_t i = 0; i < count; ++i) {
            constexpr double most = 0x1p53;
            if (!(counts[i] >= 0 && counts[i] <= most)) {
                throw rios::error(labels + ": the histogram says that segment " + std::to_string(first + i) + " has " +
                                  rios::detail::number_text(counts[i]) +
                                  " pixels; have them counted again (--recount)");
            }
            sizes[i] = static_cast<std::uint64_t>(counts[i]);
        }
        return sizes;
    };
    // Tables may be longer than what they are of: an .img of bytes has 256 rows.
    for (auto rows = static_cast<std::size_t>(source->table.rows()); rows > 0;) {
        auto const first = (rows - 1) / statistics_table::page_rows * statistics_table::page_rows;
        auto const sizes = load(first, rows - first);
        auto const last = std::find_if(sizes.rbegin(), sizes.rend(), [](auto size) { return size > 0; });
        if (last != sizes.rend())
            return segment_sizes(first + static_cast<std::size_t>(sizes.rend() - last), load, labels);
        rows = first;
    }
    return segment_sizes(1, load, labels);
}

namespace detail {

/// The labels of a block and how many pixels each has.
struct label_counts {
    std::vector<std::uint32_t> labels;
    std::vector<std::uint32_t> pixels;

    [[nodiscard]] bool valid() const noexcept { return labels.size() == pixels.size(); }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.labels, self.pixels);
    }
};

/// A rios::ComputeWorker that counts.
class label_counter {
  public:
    [[nodiscard]] label_counts operator()(rios::block_info const& /*where*/, rios::image<std::uint32_t> const& pixels)
    {
        segments_.group(pixels.view());
        label_counts result;
        for (std::size_t i = 0; i < segments_.size(); ++i) {
            result.labels.push_back(segments_.label(i));
            result.pixels.push_back(static_cast<std::uint32_t>(segments_.pixels(i)));
        }
        return result;
    }

    /// It has memory, but no state that another process would need.
    template <typename Self, typename A>
    static void members(Self& /*self*/, A& /*archive*/)
    {
    }

  private:
    block_segments segments_;
};

} // namespace detail

/// Counts the pixels of each segment. Memory: 8 bytes for each label, in pages of statistics_table.
/// @param times receives those of the pass
/// @throws rios::io_error, rios::cancelled
template <rios::AnyExecutor E>
[[nodiscard]] segment_sizes count_segments(label_reader const& labels, E&& executor, rios::apply_options const& options,
                                           rios::timings& times)
{
    counted_sizes sizes;
    rios::function_writer sum([&](rios::block const& /*where*/, detail::label_counts const& counts) {
        for (std::size_t i = 0; i < counts.labels.size(); ++i) sizes.add(counts.labels[i], counts.pixels[i]);
    });
    auto const finished = rios::apply(labels, detail::label_counter(), sum, executor, options);
    times.merge(finished.timings);
    return std::move(sizes).sizes();
}

} // namespace shepseg
