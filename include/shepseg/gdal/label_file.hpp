// SPDX-License-Identifier: BSL-1.0
//
// The end of a segmentation of a file: labels go from where they wait to the output, with overviews, histogram and
// statistics computed on the way.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <rios/block.hpp>
#include <rios/cancellation.hpp>
#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/overviews.hpp>
#include <rios/gdal/statistics.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/statistics.hpp>
#include <rios/timing.hpp>

#include "../label_store.hpp"
#include "../tiled.hpp"

namespace shepseg::detail {

/// Segment numbers above what the output's creation options leave room for would be cut off in silence.
inline void require_room(rios::gdal_dataset const& file, std::uint64_t segments)
{
    auto const* const bits = file.band(1).GetMetadataItem("NBITS", "IMAGE_STRUCTURE");
    auto const needed = static_cast<int>(std::bit_width(segments));
    if (bits == nullptr || needed <= std::atoi(bits)) return;
    throw rios::options_error(file.path() + ": " + std::to_string(segments) + " segments do not fit into NBITS=" +
                              bits + "; allowed: " + std::to_string(needed) + " or more");
}

/// What is written at once: about a quarter of a million pixels that make up whole blocks of the file, so that none is
/// written twice.
inline std::vector<rios::block> writing_blocks(rios::gdal_dataset const& file)
{
    constexpr std::ptrdiff_t side = 512;
    int block_rows = 1;
    int block_cols = 1;
    file.band(1).GetBlockSize(&block_cols, &block_rows);
    auto const whole_blocks = [](std::ptrdiff_t wanted, std::ptrdiff_t block) {
        return std::max<std::ptrdiff_t>(1, wanted / block) * block;
    };
    auto const cols = std::min(file.cols(), whole_blocks(side, block_cols));
    auto const rows = whole_blocks(std::max<std::ptrdiff_t>(1, side * side / cols), block_rows);
    rios::pixel_grid const grid{.rows = file.rows(), .cols = file.cols(), .geotransform = {}, .projection = {}};
    std::vector<rios::block> blocks;
    for (rios::block const each : grid.blocks(rows, cols)) blocks.push_back(each);
    return blocks;
}

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
    auto const overviews = rios::overview_levels(file.rows(), file.cols());
    rios::create_overviews(file, overviews);
    tiled.cancellation().report("writing", 0);
    writing_job<Tiled> job{tiled, waiting, writer, overviews, log};
    executor.run(job);
    auto const timed = log.measure("histogram");
    rios::write_statistics(file, 1, rios::statistics_of(tiled.histogram()));
    if (rios::keeps_attribute_tables(file.format())) rios::write_histogram(file, 1, tiled.histogram());
}

} // namespace shepseg::detail
