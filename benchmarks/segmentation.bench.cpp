// SPDX-License-Identifier: BSL-1.0
//
// One benchmark for each phase of the segmentation, on one thread unless its name says otherwise. items_per_second are
// pixels per second; for a step of k-means, pixels of the sample.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <shepseg/segment.hpp>

#include "support/scene.hpp"

namespace {

/// Everything that a phase starts from, made once for each number of bands.
struct stages {
    explicit stages(std::ptrdiff_t bands)
        : image(scene::draw({.bands = bands, .rows = 1000, .cols = 1000})),
          sample(shepseg::take_sample<std::uint16_t>(std::as_const(image).view(), 0.0, 1))
    {
        options.null_value = 0.0;
        options.kmeans.start = shepseg::kmeans_start::diagonal;
        centres = shepseg::fit_kmeans<std::uint16_t>(std::as_const(sample).view(), options.kmeans, executor).centres;
        limit = shepseg::max_spectral_difference(options.max_spectral_diff, centres);
        clusters = shepseg::assign_clusters<std::uint16_t>(view(), 0.0, centres);
        for (std::size_t tile = 0; tile < tiles.tiles(); ++tile) {
            regions.push_back(make_regions(tile));
            labels.push_back(regions.back().labels);
        }
        add_tiles(builder, regions);
        graph = builder.finish(executor);
        auto used_up = graph;
        label_of =
            shepseg::number_survivors(shepseg::eliminate_small_segments(used_up, smallest, limit, executor).survivor,
                                      builder.segments_before_alone());
    }

    [[nodiscard]] shepseg::single_pixels join_single_pixels(rios::block const& window) const
    {
        return shepseg::join_single_pixels<std::uint16_t>(cut(view(), window), cut(clusters.view(), window),
                                                          options.neighbours, tiles.rounds());
    }

    [[nodiscard]] shepseg::tile_regions<std::uint16_t> make_regions(std::size_t number,
                                                                    shepseg::single_pixels const& singles) const
    {
        auto const tile = tiles.tile(number);
        auto const window = tiles.window(tile);
        return shepseg::make_tile_regions<std::uint16_t>(cut(view(), window), cut(clusters.view(), window), singles,
                                                         tiles, tile, options.neighbours, smallest);
    }

    [[nodiscard]] shepseg::tile_regions<std::uint16_t> make_regions(std::size_t number) const
    {
        return make_regions(number, join_single_pixels(tiles.window(tiles.tile(number))));
    }

    static void add_tiles(shepseg::region_graph_builder<std::uint16_t>& to,
                          std::vector<shepseg::tile_regions<std::uint16_t>> regions)
    {
        for (std::size_t tile = 0; tile < regions.size(); ++tile) to.add(tile, std::move(regions[tile]));
    }

    [[nodiscard]] shepseg::region_graph_builder<std::uint16_t> new_builder() const
    {
        return {tiles, options.neighbours, smallest};
    }

    template <typename T>
    static rios::image_view<T> cut(rios::image_view<T> image, rios::block const& where)
    {
        return image.window(where.row, where.col, where.rows, where.cols);
    }

    [[nodiscard]] rios::image_view<std::uint16_t const> view() const { return image.view(); }

    static stages const& of(std::ptrdiff_t bands)
    {
        static stages const three(3);
        static stages const six(6);
        static stages const ten(10);
        return bands == 3 ? three : bands == 6 ? six : ten;
    }

    static constexpr std::uint64_t smallest = 50;
    // Two tiles, and seams, in each direction.
    static constexpr shepseg::tiling tiles{.rows = 1000, .cols = 1000, .tile_size = 512, .halo = 16};

    rios::inline_executor executor;
    shepseg::options options;
    rios::image<std::uint16_t> image;
    rios::image<std::uint16_t> sample;
    shepseg::cluster_centres centres;
    double limit = 0;
    rios::image<std::uint16_t> clusters;
    std::vector<shepseg::tile_regions<std::uint16_t>> regions;
    std::vector<rios::image<std::uint32_t>> labels;
    shepseg::region_graph_builder<std::uint16_t> builder = new_builder();
    shepseg::region_graph<std::uint16_t> graph;
    shepseg::final_labels label_of;
};

void count_pixels(benchmark::State& state, std::ptrdiff_t pixels)
{
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * pixels);
}

void kmeans_iteration(benchmark::State& state)
{
    auto const& stage = stages::of(state.range(0));
    rios::thread_executor executor({.workers = static_cast<std::size_t>(state.range(1))});
    shepseg::kmeans_options options = stage.options.kmeans;
    options.max_iterations = 10;
    options.tolerance = 0;
    std::int64_t iterations = 0;
    for (auto _ : state) {
        iterations += shepseg::fit_kmeans<std::uint16_t>(stage.sample.view(), options, executor).iterations;
    }
    state.SetItemsProcessed(iterations * stage.sample.cols());
}
BENCHMARK(kmeans_iteration)->ArgNames({"bands", "threads"})->ArgsProduct({{3, 6, 10}, {1, 2}})->UseRealTime();

void kmeans_fit(benchmark::State& state)
{
    auto const& stage = stages::of(3);
    rios::thread_executor executor({.workers = static_cast<std::size_t>(state.range(1))});
    shepseg::kmeans_options options;
    if (state.range(0) == 1) options.start = shepseg::kmeans_start::diagonal;
    options.starts = static_cast<int>(state.range(0));
    for (auto _ : state) {
        benchmark::DoNotOptimize(shepseg::fit_kmeans<std::uint16_t>(stage.sample.view(), options, executor));
    }
}
BENCHMARK(kmeans_fit)
    ->ArgNames({"starts", "threads"})
    ->ArgsProduct({{1, 5}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void nearest_centres(benchmark::State& state)
{
    auto const& stage = stages::of(state.range(0));
    auto const set = static_cast<shepseg::detail::instruction_set>(state.range(1));
    if (!shepseg::detail::supported(set)) {
        state.SkipWithError("not supported by this processor");
        return;
    }
    state.SetLabel(std::string(name_of(set)));
    constexpr std::ptrdiff_t count = 256;
    std::vector<double> values(static_cast<std::size_t>(state.range(0)) * count);
    for (std::ptrdiff_t band = 0; band < state.range(0); ++band) {
        auto const row = stage.image.row(band, 500);
        std::copy_n(row.begin(), count, values.begin() + band * count);
    }
    std::uint32_t nearest[count];
    double distance[count];
    for (auto _ : state) {
        shepseg::detail::find_nearest_centres({values.data(), count, count, stage.centres, nearest, distance}, set);
        benchmark::ClobberMemory();
    }
    count_pixels(state, count);
}
BENCHMARK(nearest_centres)->ArgNames({"bands", "set"})->ArgsProduct({{3, 6, 10}, {0, 1, 2}});

void assign_clusters(benchmark::State& state)
{
    auto const& stage = stages::of(state.range(0));
    for (auto _ : state) {
        benchmark::DoNotOptimize(shepseg::assign_clusters<std::uint16_t>(stage.view(), 0.0, stage.centres));
    }
    count_pixels(state, stage.image.pixel_count());
}
BENCHMARK(assign_clusters)->ArgName("bands")->Arg(3)->Arg(6)->Arg(10);

void find_clumps(benchmark::State& state)
{
    auto const& stage = stages::of(3);
    auto const neighbours = static_cast<shepseg::connectivity>(state.range(0));
    for (auto _ : state) benchmark::DoNotOptimize(shepseg::find_clumps(stage.clusters.view(), neighbours));
    count_pixels(state, stage.image.pixel_count());
}
BENCHMARK(find_clumps)->ArgName("neighbours")->Arg(4)->Arg(8);

void join_single_pixels(benchmark::State& state)
{
    auto const& stage = stages::of(state.range(0));
    rios::block const all{.index = 0, .row = 0, .col = 0, .rows = stage.image.rows(), .cols = stage.image.cols()};
    for (auto _ : state) benchmark::DoNotOptimize(stage.join_single_pixels(all));
    count_pixels(state, stage.image.pixel_count());
}
BENCHMARK(join_single_pixels)->ArgName("bands")->Arg(3)->Arg(10);

void make_tile_regions(benchmark::State& state)
{
    auto const& stage = stages::of(state.range(0));
    std::vector<shepseg::single_pixels> singles;
    for (std::size_t tile = 0; tile < stage.tiles.tiles(); ++tile) {
        singles.push_back(stage.join_single_pixels(stage.tiles.window(stage.tiles.tile(tile))));
    }
    for (auto _ : state) {
        for (std::size_t tile = 0; tile < stage.tiles.tiles(); ++tile) {
            benchmark::DoNotOptimize(stage.make_regions(tile, singles[tile]));
        }
    }
    count_pixels(state, stage.image.pixel_count());
}
BENCHMARK(make_tile_regions)->ArgName("bands")->Arg(3)->Arg(10);

void build_region_graph(benchmark::State& state)
{
    auto const& stage = stages::of(state.range(0));
    rios::inline_executor executor;
    for (auto _ : state) {
        state.PauseTiming();
        auto regions = stage.regions;
        auto builder = stage.new_builder();
        state.ResumeTiming();
        stages::add_tiles(builder, std::move(regions));
        benchmark::DoNotOptimize(builder.finish(executor));
    }
    count_pixels(state, stage.image.pixel_count());
}
BENCHMARK(build_region_graph)->ArgName("bands")->Arg(3)->Arg(10);

void eliminate_small_segments(benchmark::State& state)
{
    auto const& stage = stages::of(state.range(0));
    rios::inline_executor executor;
    for (auto _ : state) {
        state.PauseTiming();
        auto graph = stage.graph;
        state.ResumeTiming();
        benchmark::DoNotOptimize(shepseg::eliminate_small_segments(graph, stages::smallest, stage.limit, executor));
    }
    count_pixels(state, stage.image.pixel_count());
}
BENCHMARK(eliminate_small_segments)->ArgName("bands")->Arg(3)->Arg(10);

void relabel(benchmark::State& state)
{
    auto const& stage = stages::of(3);
    for (auto _ : state) {
        state.PauseTiming();
        auto labels = stage.labels;
        state.ResumeTiming();
        for (std::size_t tile = 0; tile < labels.size(); ++tile) {
            if (labels[tile].pixel_count() == 0) continue;
            stage.builder.relabel(tile, labels[tile].view(), 0, 0, stage.label_of.of_segment, stage.label_of.of_alone);
            benchmark::DoNotOptimize(labels[tile].data());
        }
    }
    count_pixels(state, stage.image.pixel_count());
}
BENCHMARK(relabel);

void segment_given_model(benchmark::State& state)
{
    auto const& stage = stages::of(state.range(0));
    rios::thread_executor executor({.workers = static_cast<std::size_t>(state.range(1))});
    auto options = stage.options;
    options.model = shepseg::cluster_model{.bands = {}, .null_value = {}, .centres = stage.centres};
    options.tile_size = state.range(2);
    for (auto _ : state) benchmark::DoNotOptimize(shepseg::segment(stage.view(), options, executor));
    count_pixels(state, stage.image.pixel_count());
}
BENCHMARK(segment_given_model)
    ->ArgNames({"bands", "threads", "tile"})
    ->ArgsProduct({{3, 10}, {1, 2}, {256, 1024}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
