// SPDX-License-Identifier: BSL-1.0
//
// phases IMAGE [CLUSTERS]: how fast each phase of the segmentation of a real file is, on one thread and from memory: the
// median of three. The sample has every fourth row and column; k-means makes 300 iterations from the diagonal start.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <rios/executor/inline.hpp>
#include <rios/gdal/reader.hpp>
#include <shepseg/assignment.hpp>
#include <shepseg/segment.hpp>

namespace {

using pixel = std::uint16_t;

constexpr int times = 3;
constexpr std::uint64_t smallest = 50;

double now()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds that a phase took, of each time.
std::map<std::string, std::vector<double>> seconds; // NOLINT(*-avoid-non-const-global-variables): of this program

template <typename F>
auto timed(std::string const& phase, F f)
{
    auto const begun = now();
    auto result = f();
    auto& of_phase = seconds[phase];
    of_phase.push_back(now() - begun);
    return result;
}

double median(std::vector<double> values)
{
    std::ranges::sort(values);
    return values[values.size() / 2];
}

/// All that comes after the assignment of clusters; adds to the times of this time's phases.
void segment_clusters(rios::image_view<pixel const> image, rios::image_view<std::uint16_t const> clusters,
                      shepseg::cluster_centres const& centres, shepseg::tiling const& tiles)
{
    rios::inline_executor executor;
    constexpr auto four = shepseg::connectivity::four;
    shepseg::region_graph_builder<pixel> builder(tiles, four, smallest);
    std::vector<rios::image<std::uint32_t>> labels;
    double singles_time = 0;
    double regions_time = 0;
    double merging_time = 0;
    double graph_time = 0;
    auto const limit = shepseg::max_spectral_difference(shepseg::automatic_limit{}, centres);
    for (std::size_t number = 0; number < tiles.tiles(); ++number) {
        auto const tile = tiles.tile(number);
        auto const window = tiles.window(tile);
        auto const pixels = image.window(window.row, window.col, window.rows, window.cols);
        auto const part = clusters.window(window.row, window.col, window.rows, window.cols);
        auto const begun = now();
        auto const singles = shepseg::join_single_pixels<pixel>(pixels, part, four, tiles.rounds());
        auto const joined = now();
        auto regions = shepseg::make_tile_regions<pixel>(pixels, part, singles, tiles, tile, four, smallest);
        auto const made = now();
        shepseg::eliminate_within_tile(regions, tiles, smallest, limit);
        auto const merged = now();
        labels.push_back(std::move(regions.labels));
        auto const kept = now();
        builder.add(number, std::move(regions));
        singles_time += joined - begun;
        regions_time += made - joined;
        merging_time += merged - made;
        graph_time += now() - kept;
    }
    auto const begun = now();
    auto graph = builder.finish(executor);
    graph_time += now() - begun;
    seconds["single pixels"].push_back(singles_time);
    seconds["clumps and regions"].push_back(regions_time);
    seconds["merging in tiles"].push_back(merging_time);
    seconds["graph"].push_back(graph_time);
    auto const left =
        timed("elimination", [&] { return shepseg::eliminate_small_segments(graph, smallest, limit, executor); });
    timed("labels", [&] {
        auto const final_labels = shepseg::number_survivors(left.survivor, builder.segments_before_alone());
        for (std::size_t number = 0; number < tiles.tiles(); ++number) {
            if (labels[number].pixel_count() == 0) continue;
            builder.relabel(number, labels[number].view(), 0, 0, final_labels.of_segment, final_labels.of_alone);
        }
        return final_labels.count;
    });
}

} // namespace

int main(int argc, char** argv)
try {
    if (argc < 2 || argc > 3) {
        std::fputs("usage: phases IMAGE [CLUSTERS]\n", stderr);
        return 2;
    }
    rios::gdal_reader<pixel> reader(argv[1]);
    auto const image = reader.read(reader.grid().whole());
    auto const pixels = static_cast<double>(image.pixel_count());
    auto const sample = shepseg::take_sample<pixel>(image.view(), 0.0, 4);
    shepseg::kmeans_options options;
    options.clusters = argc > 2 ? std::atoi(argv[2]) : 60;
    options.start = shepseg::kmeans_start::diagonal;
    options.tolerance = 0;
    auto const fit = timed("k-means", [&] { return shepseg::fit_kmeans<pixel>(sample.view(), options); });
    std::printf("%-28s %8.2f s   %td pixels, %d iterations, inertia %.9g\n", "k-means", seconds["k-means"].front(),
                sample.cols(), fit.iterations, fit.inertia);

    using shepseg::detail::instruction_set;
    for (auto const set : {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512}) {
        if (!supported(set)) continue;
        auto const name = "assignment, " + std::string(name_of(set));
        shepseg::assignment assigning(fit.centres, set);
        std::int32_t nearest[shepseg::assignment::run];
        std::vector<pixel const*> bands(static_cast<std::size_t>(image.bands()));
        for (int time = 0; time < times; ++time) {
            timed(name, [&] {
                for (std::ptrdiff_t row = 0; row < image.rows(); ++row) {
                    for (std::ptrdiff_t col = 0; col < image.cols(); col += assigning.run) {
                        for (std::size_t band = 0; band < bands.size(); ++band) {
                            bands[band] = &image(static_cast<std::ptrdiff_t>(band), row, col);
                        }
                        assigning.find(bands.data(), std::min(assigning.run, image.cols() - col), nearest);
                    }
                }
                return nearest[0];
            });
        }
        std::printf("%-28s %8.1f Mpixel/s\n", name.c_str(), pixels / 1e6 / median(seconds[name]));
    }

    auto const clusters = shepseg::assign_clusters<pixel>(image.view(), 0.0, fit.centres);
    for (int time = 0; time < times; ++time) {
        segment_clusters(image.view(), clusters.view(), fit.centres,
                         {.rows = image.rows(), .cols = image.cols(), .tile_size = 1024, .halo = 16});
    }
    double all = 0;
    for (auto const* const phase :
         {"single pixels", "clumps and regions", "merging in tiles", "graph", "elimination", "labels"}) {
        auto const each = median(seconds[phase]);
        all += each;
        std::printf("%-28s %8.1f Mpixel/s   %.3f s\n", phase, pixels / 1e6 / each, each);
    }
    std::printf("%-28s %8.1f Mpixel/s   %.3f s\n", "all after the assignment", pixels / 1e6 / all, all);
    return 0;
} catch (std::exception const& error) {
    std::fprintf(stderr, "phases: error: %s\n", error.what());
    return 1;
}
