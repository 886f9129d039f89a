// SPDX-License-Identifier: BSL-1.0
//
// A whole raster into memory, read by several threads at once.
#pragma once

#include <cstddef>

#include <range/v3/range/conversion.hpp>

#include "../concepts.hpp"
#include "../executor/inline.hpp"
#include "../handle_pool.hpp"
#include "../image.hpp"
#include "../progress.hpp"
#include "../timing.hpp"
#include "reader.hpp"

namespace rios {

namespace detail {

template <Pixel T>
struct reading_job {
    struct result {};
    handle_pool<gdal_reader<T>> readers;
    std::vector<block> blocks;
    image_view<T> into;
    timing_log& log;
    progress_function const& progress;
    std::size_t delivered = 0;

    [[nodiscard]] std::size_t size() const noexcept { return blocks.size(); }
    result compute(std::size_t index)
    {
        auto const timed = log.measure("reading");
        auto const& each = blocks[index];
        readers.lend()->read_into(each, into.window(each.row, each.col, each.rows, each.cols));
        return {};
    }
    void deliver(std::size_t, result)
    {
        report(progress, "reading", static_cast<double>(++delivered) / static_cast<double>(blocks.size()));
    }
};

} // namespace detail

/// Reads all of a raster, in strips that the executor's threads share; each thread has a handle of its own.
/// @throws io_error, grid_error as gdal_reader does; cancelled
template <Pixel T, AnyExecutor E>
[[nodiscard]] image<T> read_image(gdal_reader<T> const& reader, E& executor, timing_log& log,
                                  progress_function const& progress = {})
{
    constexpr std::ptrdiff_t strip = 512; // rows: two rows of the usual 256 × 256 blocks
    auto const& grid = reader.grid();
    image<T> pixels(static_cast<std::ptrdiff_t>(reader.bands().size()), grid.rows, grid.cols);
    detail::reading_job<T> job{.readers = handle_pool(reader),
                               .blocks = grid.blocks(strip, grid.cols) | ranges::to<std::vector>(),
                               .into = pixels.view(),
                               .log = log,
                               .progress = progress};
    executor.run(job);
    return pixels;
}

} // namespace rios
