// SPDX-License-Identifier: BSL-1.0
//
// Statistics of segments out of a store where each read takes 5 ms, as one far away: what readers are for.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include <rios/executor/threads.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>
#include <shepseg/gdal/segment_statistics.hpp>

#include "support/scene.hpp"
#include "support/slow_store.hpp"

namespace {

/// An image of two bands and its segments, which are squares, in tiles of 128 x 128 pixels.
class files {
  public:
    files()
    {
        slow_store::install(std::chrono::milliseconds(5));
        auto pattern = (std::filesystem::temp_directory_path() / "statistics-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = pattern;
        rios::image<std::uint32_t> squares(1, size, size);
        for (auto const [row, col] : squares.pixels()) {
            squares(0, row, col) = static_cast<std::uint32_t>(1 + row / 40 * 100 + col / 40);
        }
        write(image(), scene::draw({.bands = 2, .rows = size, .cols = size}));
        write(segments(), squares);
    }
    files(files const&) = delete;
    files& operator=(files const&) = delete;
    ~files() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string image() const { return folder_ / "image.tif"; }
    [[nodiscard]] std::string segments() const { return folder_ / "segments.tif"; }
    [[nodiscard]] std::string folder() const { return folder_; }

    static constexpr std::ptrdiff_t size = 1024;

  private:
    template <typename T>
    static void write(std::string const& path, rios::image<T> const& pixels)
    {
        rios::pixel_grid const grid{.rows = size, .cols = size, .geotransform = {}, .projection = {}};
        rios::gdal_writer<T> writer(
            path, {.bands = static_cast<int>(pixels.bands()),
                   .creation_options = {"TILED=YES", "BLOCKXSIZE=128", "BLOCKYSIZE=128", "COMPRESS=NONE"}});
        writer.open(grid);
        writer.write(grid.whole(), pixels);
        writer.close();
    }

    std::filesystem::path folder_;
};

/// With so many readers; 0 is none, and the two workers read.
void far_away(benchmark::State& state)
{
    static files const in;
    auto const readers = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        auto const result = shepseg::segment_statistics(
            slow_store::path_of(in.image()), slow_store::path_of(in.segments()),
            shepseg::of_each_band({1, 2}, {shepseg::statistic_from("mean"), shepseg::statistic_from("median")}),
            {.window = 128, .scratch_dir = in.folder()}, rios::thread_executor({.readers = readers, .workers = 2}));
        benchmark::DoNotOptimize(result.table.rows());
    }
}

} // namespace

BENCHMARK(far_away)->ArgName("readers")->Arg(0)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->UseRealTime()->Unit(
    benchmark::kMillisecond);

BENCHMARK_MAIN();
