// SPDX-License-Identifier: BSL-1.0
// Ways to segment a scene tile by tile: tile sizes, halos, executors, orders; through shepseg::segment() and phase by phase.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/block.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>
#include <shepseg/segment.hpp>
#include <shepseg/spectral_difference.hpp>
#include <shepseg/tiled.hpp>

#include "bytes_executor.hpp"
#include "random_numbers.hpp"
#include "random_scene.hpp"
#include "shuffled_executor.hpp"
#include "twin.hpp"
#include "twin_check.hpp"

namespace test {

/// A tile size that leaves every test scene in one tile.
inline constexpr std::ptrdiff_t one_tile = 16384;

/// An image that travels with its worker; a tile gets a copy of its pixels.
template <rios::Pixel T>
struct own_source {
    rios::image<T> image;

    [[nodiscard]] rios::image<T> pixels(rios::block const& where, rios::timing_log&) const
    {
        rios::image<T> part(image.bands(), where.rows, where.cols);
        for (std::ptrdiff_t band = 0; band < image.bands(); ++band) {
            for (std::ptrdiff_t row = 0; row < where.rows; ++row) {
                auto const from = image.row(band, where.row + row).subspan(static_cast<std::size_t>(where.col));
                std::copy_n(from.begin(), where.cols, part.row(band, row).begin());
            }
        }
        return part;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.image);
    }
};

static_assert(rios::Archivable<shepseg::tile_worker<float, own_source<float>>>);
static_assert(!rios::Archivable<shepseg::tile_worker<float, shepseg::detail::view_source<float>>>);

template <rios::Pixel T>
rios::image<T> copy_of(rios::image_view<T const> view)
{
    rios::image<T> copy(view.bands(), view.rows(), view.cols());
    if (view.pixel_count() > 0) std::copy_n(&view(0, 0, 0), view.bands() * view.pixel_count(), copy.data());
    return copy;
}

/// How a raster is cut, and who works on the pieces.
struct way {
    std::ptrdiff_t tile_size = one_tile;
    std::ptrdiff_t halo = 16;
    std::size_t executor = 0; ///< one of every_executor
    std::uint64_t seed = 0;   ///< of the order of tiles

    [[nodiscard]] std::string text() const
    {
        constexpr char const* names[] = {"inline", "1 thread", "2 threads", "5 threads", "shuffled", "bytes"};
        std::ostringstream out;
        out << "tile_size " << tile_size << ", halo " << halo << ", " << names[executor] << ", seed " << seed << ": ";
        return out.str();
    }
};

class every_executor {
  public:
    static constexpr std::size_t count = 6;

    /// Calls `f` with the executor of that number.
    template <typename F>
    void use(way const& how, F f)
    {
        if (how.executor == 0) f(inline_);
        else if (how.executor <= threads_.size()) f(threads_[how.executor - 1]);
        else if (how.executor == 4) {
            shuffled_executor shuffled(how.seed);
            f(shuffled);
        } else f(bytes_);
    }

    [[nodiscard]] std::size_t steps_through_bytes() const { return bytes_.steps_through_bytes(); }

  private:
    static std::vector<rios::thread_executor> make_threads()
    {
        std::vector<rios::thread_executor> threads;
        for (std::size_t const workers : {1U, 2U, 5U}) threads.emplace_back(rios::thread_options{.workers = workers});
        return threads;
    }

    rios::inline_executor inline_;
    std::vector<rios::thread_executor> threads_ = make_threads();
    bytes_executor bytes_;
};

/// As shepseg::segment, by the phases themselves: with a source that can travel, tiles whose labels are made final in
/// parts, and a look at all that the phases tell. What is wrong with that is added to `wrong`.
template <rios::Pixel T, rios::AnyExecutor E>
shepseg::segmentation segment_by_phases(rios::image_view<T const> pixels, shepseg::options const& options, E& executor,
                                        std::uint64_t seed, std::string& wrong)
{
    random_numbers random(seed);
    rios::timing_log log;
    shepseg::tiled_segmentation<T, own_source<T>> tiled(
        {.source = {copy_of<T>(pixels)},
         .tiles = {.rows = pixels.rows(), .cols = pixels.cols(), .tile_size = options.tile_size, .halo = options.halo},
         .centres = options.model->centres,
         .null_value = options.null_value,
         .neighbours = options.neighbours,
         .min_segment_size = static_cast<std::uint64_t>(options.min_segment_size),
         .max_spectral_diff = shepseg::max_spectral_difference(options.max_spectral_diff, options.model->centres)},
        {}, log);
    shepseg::segmentation result;
    result.max_spectral_diff = shepseg::max_spectral_difference(options.max_spectral_diff, options.model->centres);
    result.labels = rios::image<std::uint32_t>(1, pixels.rows(), pixels.cols());
    std::vector<int> kept(tiled.tiles().tiles());
    tiled.find_regions(executor, [&](std::size_t number, rios::image<std::uint32_t> const& labels) {
        ++kept[number];
        auto const tile = tiled.tiles().tile(number);
        auto const place = result.labels.view().window(tile.row, tile.col, tile.rows, tile.cols);
        for (std::ptrdiff_t row = 0; row < labels.rows(); ++row) {
            std::ranges::copy(labels.row(0, row), place.row(0, row).begin());
        }
    });
    if (std::ranges::count(kept, 1) != std::ssize(kept)) wrong += "a tile came twice or never\n";
    tiled.find_segments(result.max_spectral_diff, executor);
    for (std::size_t number = 0; number < kept.size(); ++number) {
        auto const tile = tiled.tiles().tile(number);
        auto const place = result.labels.view().window(tile.row, tile.col, tile.rows, tile.cols);
        auto const part_rows = random.between<std::ptrdiff_t>(1, tile.rows);
        auto const part_cols = random.between<std::ptrdiff_t>(1, tile.cols);
        for (std::ptrdiff_t row = 0; row < tile.rows; row += part_rows) {
            for (std::ptrdiff_t col = 0; col < tile.cols; col += part_cols) {
                auto const part =
                    place.window(row, col, std::min(part_rows, tile.rows - row), std::min(part_cols, tile.cols - col));
                tiled.relabel(number, part, row, col);
            }
        }
    }
    result.counts = tiled.counts();
    std::vector<std::uint64_t> histogram(static_cast<std::size_t>(result.counts.segments) + 1);
    for (std::ptrdiff_t at = 0; at < result.labels.pixel_count(); ++at) {
        auto const label = result.labels.data()[at];
        if (label < histogram.size()) ++histogram[label];
    }
    if (histogram != tiled.histogram()) wrong += "the histogram is not that of the labels\n";
    return result;
}

/// Segments in the given way. What is wrong with it, apart from the result, is added to `wrong`.
template <rios::Pixel T>
shepseg::segmentation segment_in(way const& how, rios::image_view<T const> pixels, shepseg::options options,
                                 every_executor& executors, std::string& wrong)
{
    options.tile_size = how.tile_size;
    options.halo = how.halo;
    shepseg::segmentation result;
    executors.use(how, [&]<typename E>(E& executor) {
        if (how.seed % 2 == 0 && !std::same_as<E, bytes_executor>) {
            result = shepseg::segment(pixels, options, executor);
        } else {
            result = segment_by_phases<T>(pixels, options, executor, how.seed, wrong);
        }
    });
    return result;
}

/// The segmentation in one tile, in the twin's words.
template <typename T>
twin::result in_one_tile(random_scene<T> const& scene)
{
    auto options = options_of(scene.parameters, scene.scene.null_value);
    options.tile_size = one_tile;
    auto const result = shepseg::segment(view_of(scene.scene), options);
    auto const& counts = result.counts;
    return {.labels = {result.labels.data(), result.labels.data() + result.labels.pixel_count()},
            .clumps = counts.clumps,
            .single_pixels_eliminated = counts.single_pixels_eliminated,
            .small_segments_eliminated = counts.small_segments_eliminated,
            .segments = counts.segments,
            .null_pixels = counts.null_pixels,
            .max_spectral_diff = result.max_spectral_diff};
}

/// A way at random that does not take too long.
inline way random_way(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols, std::ptrdiff_t pixels_looked_at)
{
    for (;;) {
        way how{.tile_size = random.one_in(4) ? random.between<std::ptrdiff_t>(1, 20)
                                              : random.pick<std::ptrdiff_t>({1, 2, 3, 7, 37, 64, one_tile}),
                .halo = random.pick<std::ptrdiff_t>({2, 2, 3, 5, 16}),
                .executor = random.below(every_executor::count),
                .seed = random.bits() % 100'000};
        auto const tiles = ((rows - 1) / how.tile_size + 1) * ((cols - 1) / how.tile_size + 1);
        auto const window = [&](std::ptrdiff_t size) { return std::min(size, how.tile_size + 2 * how.halo); };
        if (tiles * window(rows) * window(cols) <= pixels_looked_at) return how;
    }
}

} // namespace test
