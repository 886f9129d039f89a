// SPDX-License-Identifier: BSL-1.0
//
// The end of a segmentation of a file: labels go from where they wait to the output, with overviews, histogram and
// statistics computed on the way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <rios/block.hpp>
#include <rios/cancellation.hpp>
#include <rios/concepts.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/overviews.hpp>
#include <rios/gdal/statistics.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/image.hpp>
#include <rios/statistics.hpp>
#include <rios/timing.hpp>

#include "../label_store.hpp"
#include "../tiled.hpp"
#include "label_output.hpp"

namespace shepseg::detail {

/// Any thread fetches labels and gives them their final numbers; the caller's writes them.
template <typename Tiled>
struct writing_job {
    struct result {
        rios::image<std::uint32_t> labels;
        bool all_null = false;
    };

    Tiled& tiled;
    label_store& waiting;
    rios::gdal_writer<std::uint32_t>& writer;
    std::vector<int> const& overviews;
    rios::timing_log& log;
    std::vector<rios::block> blocks = writing_blocks(writer.dataset());
    // A new GTiff is filled with its null value, which is far cheaper than writing that.
    bool null_at_first = writer.dataset().format() == "GTiff";
    std::size_t delivered = 0;

    [[nodiscard]] std::size_t size() const noexcept { return blocks.size(); }

    result compute(std::size_t index)
    {
        tiled.cancellation().check();
        auto const timed = log.measure("labels");
        auto const& block = blocks[index];
        auto const& tiles = tiled.tiles();
        rios::image<std::uint32_t> labels(1, block.rows, block.cols);
        auto const next = [&](std::ptrdiff_t position) { return (position / tiles.tile_size + 1) * tiles.tile_size; };
        for (auto row = block.row; row < block.row + block.rows; row = next(row)) {
            auto const rows = std::min(next(row), block.row + block.rows) - row;
            for (auto col = block.col; col < block.col + block.cols; col = next(col)) {
                auto const cols = std::min(next(col), block.col + block.cols) - col;
                auto const tile = tiles.tile_at(row, col);
                auto const part = labels.view().window(row - block.row, col - block.col, rows, cols);
                waiting.read(tile, row % tiles.tile_size, col % tiles.tile_size, part);
                tiled.relabel(tile, part, row % tiles.tile_size, col % tiles.tile_size);
            }
        }
        bool const all_null =
            std::all_of(labels.data(), labels.data() + labels.pixel_count(), [](auto label) { return label == 0; });
        return {std::move(labels), all_null};
    }

    void deliver(std::size_t index, result block)
    {
        if (!block.all_null || !null_at_first) {
            auto const timed = log.measure("writing");
            writer.write(blocks[index], block.labels);
        }
        if (index + 1 == size() || blocks[index + 1].row != blocks[index].row) {
            // A row of blocks is complete: it is compressed while others get their labels, and leaves memory.
            auto const timed = log.measure("writing");
            writer.dataset().flush_band(1);
        }
        {
            auto const timed = log.measure("overviews");
            rios::write_overviews(writer.dataset(), overviews, blocks[index], std::as_const(block.labels).view());
        }
        tiled.cancellation().report("writing", static_cast<double>(++delivered) / static_cast<double>(size()));
    }

    void poll() { tiled.cancellation().poll(); }
    void stop() noexcept { tiled.cancellation().stop(); }
};

/// Writes the labels of a segmentation with what belongs to them: overviews, and how many pixels each has. Does not close.
/// @throws rios::io_error, rios::options_error, rios::cancelled
template <typename Tiled, rios::AnyExecutor E>
void write_labels(Tiled& tiled, label_store& waiting, rios::gdal_writer<std::uint32_t>& writer, E& executor,
                  rios::timing_log& log)
{
    auto& file = writer.dataset();
    require_room(file, tiled.counts().segments);
    bool const has_table = rios::keeps_attribute_tables(file.format());
    if (has_table) {
        auto const rows = static_cast<std::ptrdiff_t>(tiled.counts().segments) + 1;
        rios::attribute_table(file, 1).require_possible({rios::histogram_column}, rows);
    }
    auto const overviews = rios::overview_levels(file.rows(), file.cols());
    rios::create_overviews(file, overviews);
    {
        // Before the pixels: a GTiff's directory is written when they are flushed, and once more, at its end, if it changes.
        auto const timed = log.measure("histogram");
        rios::write_statistics(file, 1, rios::statistics_of(tiled.histogram()));
        if (has_table) rios::write_histogram(file, 1, tiled.histogram());
    }
    tiled.cancellation().report("writing", 0);
    writing_job<Tiled> job{tiled, waiting, writer, overviews, log};
    executor.run(job);
}

} // namespace shepseg::detail
