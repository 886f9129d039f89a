// SPDX-License-Identifier: BSL-1.0
//
// The phases of the segmentation in order, tile by tile, through any executor: tiles to regions (tile.hpp), regions to a
// graph (region_graph_builder.hpp), elimination of small segments (eliminate.hpp), labels. Where pixels come from and where
// labels wait and go is the business of segment.hpp and gdal/segment_file.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <rios/archive.hpp>
#include <rios/block.hpp>
#include <rios/cancellation.hpp>
#include <rios/concepts.hpp>
#include <rios/image.hpp>
#include <rios/memory.hpp>
#include <rios/progress.hpp>
#include <rios/timing.hpp>

#include "cluster_model.hpp"
#include "clusters.hpp"
#include "eliminate.hpp"
#include "options.hpp"
#include "region_graph_builder.hpp"
#include "relabel.hpp"
#include "single_pixels.hpp"
#include "tile.hpp"
#include "tile_elimination.hpp"
#include "tile_regions.hpp"

namespace shepseg {

/// What happened on the way to a segmentation. segments = clumps - single pixels eliminated - small segments eliminated.
struct segmentation_counts {
    std::uint64_t pixels = 0; ///< all, null ones included
    std::uint64_t null_pixels = 0;
    std::uint64_t clumps = 0; ///< connected components of equal cluster, those of one pixel included
    std::uint64_t single_pixels_eliminated = 0;
    std::uint64_t small_segments_eliminated = 0;
    std::uint64_t segments = 0;

    friend bool operator==(segmentation_counts const&, segmentation_counts const&) = default;
};

/// The source of a tile_worker whose pixels come from elsewhere.
template <rios::Pixel T>
struct no_source {
    [[nodiscard]] rios::image<T> pixels(rios::block const& /*where*/, rios::timing_log& /*log*/) const { return {}; }
};

/// Does the tile phase of any tile: reads it, and returns its regions. Needs nothing but itself, so it may work in another
/// process if its source can.
///
/// Source: `source.pixels(block, log)` are the pixels of a block of the raster, as an image or a view of T; from any thread.
template <rios::Pixel T, typename Source>
struct tile_worker {
    Source source;
    tiling tiles;
    cluster_centres centres;
    std::optional<double> null_value;
    connectivity neighbours = connectivity::four;
    std::uint64_t min_segment_size = 1;
    /// Small segments whose partner nothing outside of the tile can change merge at once; none: all wait for the others.
    std::optional<double> max_spectral_diff{};

    /// What the source gives: an image, or a view of one.
    using pixels_type =
        decltype(std::declval<Source const&>().pixels(rios::block{}, std::declval<rios::timing_log&>()));

    /// Thread rule: all may be called from several threads at once.
    [[nodiscard]] tile_regions<T> operator()(std::size_t index, rios::timing_log& log,
                                             rios::cancellation& cancellation) const
    {
        auto const pixels = read(index, log);
        return compute(index, pixels, log, cancellation);
    }

    /// The first half of that: the pixels of the tile and of what lies around it.
    [[nodiscard]] pixels_type read(std::size_t index, rios::timing_log& log) const
    {
        return source.pixels(tiles.window(tiles.tile(index)), log);
    }

    /// The second half.
    [[nodiscard]] tile_regions<T> compute(std::size_t index, pixels_type const& owner, rios::timing_log& log,
                                          rios::cancellation& cancellation) const
    {
        auto const tile = tiles.tile(index);
        cancellation.check();
        auto const timed = log.measure("tile phase");
        rios::image_view<T const> const pixels = view(owner);
        auto const clusters = assign_clusters<T>(pixels, null_value, centres, [&] { cancellation.check(); });
        if (std::all_of(clusters.data(), clusters.data() + clusters.pixel_count(), [](auto c) { return c == 0; })) {
            return without_data(tile);
        }
        auto const singles = join_single_pixels<T>(pixels, clusters.view(), neighbours, tiles.rounds());
        cancellation.check();
        auto regions =
            make_tile_regions<T>(pixels, clusters.view(), singles, tiles, tile, neighbours, min_segment_size);
        cancellation.check();
        if (max_spectral_diff) eliminate_within_tile(regions, tiles, min_segment_size, *max_spectral_diff);
        return regions;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
        requires rios::Archivable<Source>
    {
        archive(self.source, self.tiles, self.centres, self.null_value, self.neighbours, self.min_segment_size,
                self.max_spectral_diff);
    }

  private:
    static rios::image_view<T const> view(rios::image_view<T const> pixels) { return pixels; }
    static rios::image_view<T const> view(rios::image<T> const& pixels) { return pixels.view(); }

    [[nodiscard]] tile_regions<T> without_data(rios::block const& tile) const
    {
        tile_regions<T> regions;
        regions.where = tile;
        regions.bands = centres.bands();
        regions.null_pixels = static_cast<std::uint64_t>(tile.rows * tile.cols);
        regions.top.resize(static_cast<std::size_t>(tile.cols));
        regions.bottom = regions.top;
        regions.left.resize(static_cast<std::size_t>(tile.rows));
        regions.right = regions.left;
        return regions;
    }
};

/// A segmentation under way: all phases between the cluster centres and the labels.
template <rios::Pixel T, typename Source>
class tiled_segmentation {
  public:
    tiled_segmentation(tile_worker<T, Source> worker, rios::progress_function progress, rios::timing_log& log)
        : worker_(std::move(worker)), cancellation_(std::move(progress)), log_(log),
          builder_(worker_.tiles, worker_.neighbours, worker_.min_segment_size)
    {
        counts_.pixels = static_cast<std::uint64_t>(tiles().rows) * static_cast<std::uint64_t>(tiles().cols);
    }

    [[nodiscard]] tiling const& tiles() const noexcept { return worker_.tiles; }

    /// The tile phase. Calls `keep(number, labels)` with the labels of each tile, to be given to relabel() at the end; they
    /// are of size 0 if they are all 0. Tiles come in any order, one at a time, on the calling thread.
    /// @throws rios::cancelled, and what the source and `keep` throw
    template <rios::AnyExecutor E, typename F>
    void find_regions(E& executor, F keep)
    {
        tile_job<F> job{*this, keep};
        cancellation_.report("tiles", 0);
        executor.run(job);
    }

    /// Bytes of memory that the graph takes, and that it will need until the labels are known, as far as tiles have come.
    [[nodiscard]] std::size_t bytes() const noexcept { return builder_.bytes(); }
    [[nodiscard]] std::size_t bytes_needed() const noexcept { return builder_.bytes_needed(); }

    /// Lets go of the source, which nothing needs after find_regions().
    void close_source() { worker_.source = {}; }

    /// The global phase. @throws rios::cancelled
    template <rios::AnyExecutor E>
    void find_segments(double max_spectral_diff, E& executor)
    {
        cancellation_.report("graph", 0);
        auto graph = [&] {
            auto const timed = log_.measure("graph");
            return builder_.finish(executor);
        }();
        rios::return_freed_memory(); // tiles' lists wait as spare pages, which elimination has no use for
        counts_.single_pixels_eliminated += builder_.late_joined();
        auto const& alone = builder_.segments_before_alone();
        counts_.clumps = graph.segments() + graph.merged + alone.size() + counts_.single_pixels_eliminated;
        cancellation_.report("small segments", 0);
        auto const timed = log_.measure("elimination");
        auto const left = eliminate_small_segments(
            graph, worker_.min_segment_size, max_spectral_diff, executor,
            [this](std::string_view phase, double done) { return cancellation_.report(phase, done), true; });
        counts_.small_segments_eliminated = graph.merged + left.eliminated;
        labels_ = number_survivors(left.survivor, alone);
        counts_.segments = labels_.count;
        histogram_.assign(static_cast<std::size_t>(counts_.segments) + 1, 1); // those that are alone are of one pixel
        histogram_[0] = counts_.null_pixels;
        for (std::uint32_t segment = 0; segment < graph.segments(); ++segment) {
            if (left.survivor[segment] == segment) histogram_[labels_.of_segment[segment]] = graph.sizes[segment];
        }
    }

    [[nodiscard]] segmentation_counts const& counts() const noexcept { return counts_; }
    /// Pixels of each label, 0 (null) included.
    [[nodiscard]] std::vector<std::uint64_t> const& histogram() const noexcept { return histogram_; }
    [[nodiscard]] rios::cancellation& cancellation() noexcept { return cancellation_; }

    /// Replaces (a part of) the labels of a tile, as they were kept, by final ones. Each pixel once; different ones on any
    /// threads.
    /// @param row,col of the part's first pixel in the tile
    void relabel(std::size_t tile, rios::image_view<std::uint32_t> labels, std::ptrdiff_t row = 0,
                 std::ptrdiff_t col = 0) const
    {
        builder_.relabel(tile, labels, row, col, labels_.of_segment, labels_.of_alone);
    }

  private:
    /// The tile phase as a job: tiles on any thread or process, in any order; the graph takes them in on the caller's thread,
    /// in the background.
    template <typename F>
    struct tile_job {
        using result = tile_regions<T>;
        using input = typename tile_worker<T, Source>::pixels_type;
        using worker_type = tile_worker<T, Source>;
        using computer_type = tile_worker<T, no_source<T>>;

        tiled_segmentation& self;
        F& keep;
        std::size_t delivered = 0;
        std::thread::id caller = std::this_thread::get_id();
        bool computes_elsewhere = true;
        rios::timing_log::clock::time_point idle_since = rios::timing_log::clock::now();

        [[nodiscard]] std::size_t size() const noexcept { return self.tiles().tiles(); }
        [[nodiscard]] worker_type const& worker() const noexcept { return self.worker_; }
        [[nodiscard]] computer_type computer() const
        {
            auto const& all = self.worker_;
            return {.source = {},
                    .tiles = all.tiles,
                    .centres = all.centres,
                    .null_value = all.null_value,
                    .neighbours = all.neighbours,
                    .min_segment_size = all.min_segment_size,
                    .max_spectral_diff = all.max_spectral_diff};
        }
        void absorb_times(rios::timings const& times) { self.log_.merge(times); }
        [[nodiscard]] std::string step_text(std::size_t index, std::size_t) const
        {
            return "tile " + std::to_string(index);
        }

        [[nodiscard]] static constexpr std::size_t parts() noexcept { return 1; }
        [[nodiscard]] static input make_input() { return {}; }
        void read(std::size_t index, std::size_t, input& into)
        {
            self.cancellation_.check();
            into = self.worker_.read(index, self.log_);
        }

        tile_regions<T> compute(std::size_t index, input& pixels)
        {
            if (std::this_thread::get_id() == caller) computes_elsewhere = false;
            auto regions = self.worker_.compute(index, pixels, self.log_, self.cancellation_);
            pixels = {}; // nobody needs them while the slot waits
            return regions;
        }
        tile_regions<T> compute(std::size_t index) { return rios::detail::read_and_compute(*this, index); }

        void deliver(std::size_t index, tile_regions<T> regions)
        {
            auto const arrived = rios::timing_log::clock::now();
            if (computes_elsewhere) self.log_.record("wait for tile", idle_since, arrived);
            keep(index, std::exchange(regions.labels, {}));
            auto const begun = rios::timing_log::clock::now();
            self.counts_.null_pixels += regions.null_pixels;
            self.counts_.single_pixels_eliminated += regions.joined_pixels;
            self.builder_.add(index, std::move(regions));
            idle_since = rios::timing_log::clock::now();
            self.log_.record("graph", begun, idle_since);
            self.cancellation_.report("tiles", static_cast<double>(++delivered) / static_cast<double>(size()));
        }

        void poll() { self.cancellation_.poll(); }
        void stop() noexcept { self.cancellation_.stop(); }
    };

    tile_worker<T, Source> worker_;
    rios::cancellation cancellation_;
    rios::timing_log& log_;
    region_graph_builder<T> builder_;
    segmentation_counts counts_;
    final_labels labels_;
    std::vector<std::uint64_t> histogram_;
};

} // namespace shepseg
