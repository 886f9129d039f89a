// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/label_file.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gdal.h>

#include <doctest/doctest.h>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using shepseg::detail::write_labels;
using test::temporary_directory;

namespace {

/// A segmentation whose final labels are its first ones and the tile's number times a thousand; 0 stays 0.
class finished_segmentation {
  public:
    explicit finished_segmentation(shepseg::tiling tiles, rios::progress_function progress = {})
        : tiles_(tiles), cancellation_(std::move(progress))
    {
        counts_.segments = 1000 * tiles.tiles();
        histogram_.assign(counts_.segments + 1, 3);
    }

    [[nodiscard]] shepseg::tiling const& tiles() const noexcept { return tiles_; }
    [[nodiscard]] shepseg::segmentation_counts const& counts() const noexcept { return counts_; }
    [[nodiscard]] std::vector<std::uint64_t> const& histogram() const noexcept { return histogram_; }
    [[nodiscard]] rios::cancellation& cancellation() noexcept { return cancellation_; }

    void relabel(std::size_t tile, rios::image_view<std::uint32_t> labels, std::ptrdiff_t row, std::ptrdiff_t col)
    {
        auto const where = tiles_.tile(tile);
        for (auto const [r, c] : labels.pixels()) {
            auto& label = labels(0, r, c);
            if (label != 0 && label != first_label(where.row + row + r, where.col + col + c)) misplaced_ = true;
            if (label != 0) label += static_cast<std::uint32_t>(1000 * tile);
        }
    }

    /// Was a label said to be where it is not?
    [[nodiscard]] bool misplaced() const noexcept { return misplaced_; }

    static std::uint32_t first_label(std::ptrdiff_t row, std::ptrdiff_t col)
    {
        return static_cast<std::uint32_t>((row * 7 + col) % 1000);
    }

  private:
    shepseg::tiling tiles_;
    shepseg::segmentation_counts counts_;
    std::vector<std::uint64_t> histogram_;
    rios::cancellation cancellation_;
    std::atomic<bool> misplaced_ = false;
};

/// Labels of all tiles but the second, which is null; some of them in the scratch file.
void keep_labels(shepseg::label_store& waiting, shepseg::tiling const& tiles)
{
    for (std::size_t number = 0; number < tiles.tiles(); ++number) {
        auto const tile = tiles.tile(number);
        rios::image<std::uint32_t> labels(1, number == 1 ? 0 : tile.rows, number == 1 ? 0 : tile.cols);
        for (auto const [row, col] : labels.pixels()) {
            labels(0, row, col) = finished_segmentation::first_label(tile.row + row, tile.col + col);
        }
        waiting.put(number, std::move(labels));
    }
    waiting.keep_within(std::size_t{1} << 20);
}

rios::image<std::uint32_t> expected(shepseg::tiling const& tiles)
{
    rios::image<std::uint32_t> result(1, tiles.rows, tiles.cols);
    for (auto const [row, col] : result.pixels()) {
        auto const tile = tiles.tile_at(row, col);
        auto const first = tile == 1 ? 0 : finished_segmentation::first_label(row, col);
        result(0, row, col) = first == 0 ? 0 : static_cast<std::uint32_t>(first + 1000 * tile);
    }
    return result;
}

rios::gdal_writer<std::uint32_t> writer_of(std::string const& path, shepseg::tiling const& tiles,
                                           std::vector<std::string> const& options = {})
{
    rios::gdal_writer<std::uint32_t> writer(path, {.bands = 1,
                                                   .format = path.ends_with(".img") ? "HFA" : "GTiff",
                                                   .creation_options = options,
                                                   .null_value = 0.0,
                                                   .thematic = true});
    writer.open({.rows = tiles.rows, .cols = tiles.cols, .geotransform = {}, .projection = {}});
    return writer;
}

} // namespace

TEST_CASE_TEMPLATE("labels get their final numbers wherever tiles and blocks end, with every executor", E,
                   rios::inline_executor, test::threads<5>)
{
    E executor;
    temporary_directory const folder;
    shepseg::tiling const tiles{.rows = 350, .cols = 4200, .tile_size = 300, .halo = 0};
    for (std::string const name : {"a.tif", "a.img"}) {
        CAPTURE(name);
        finished_segmentation segmentation(tiles);
        shepseg::label_store waiting(tiles.tiles(), folder.path());
        keep_labels(waiting, tiles);
        CHECK(waiting.in_file() > 0);
        auto writer = writer_of(folder / name, tiles);
        rios::timing_log log;
        auto const cached = GDALGetCacheUsed64();
        write_labels(segmentation, waiting, writer, executor, log);
        CHECK_FALSE(segmentation.misplaced());
        CHECK_FALSE(std::filesystem::exists(folder / name)); // until it is closed
        // What has been written leaves GDAL's cache; overviews stay, which are less, even in whole blocks.
        CHECK(GDALGetCacheUsed64() - cached < 350 * 4200 * 4);
        writer.close();
        CHECK(test::read_pixels<std::uint32_t>(folder / name) == expected(tiles));
        CHECK(waiting.in_memory() == 0);
        auto const file = test::open_raster(folder / name);
        auto& band = *file->GetRasterBand(1);
        CHECK(band.GetOverviewCount() > 0);
        CHECK(std::string(band.GetMetadataItem("STATISTICS_MAXIMUM")) == "28000");
        if (name == "a.img") CHECK(test::plain_values<double>(folder / name, "Histogram") == std::vector(28001, 3.0));
    }
}

TEST_CASE("more segments than the output has bits for, and cancelling, leave nothing")
{
    temporary_directory const folder;
    shepseg::tiling const tiles{.rows = 600, .cols = 600, .tile_size = 10, .halo = 0};
    auto const write = [&](rios::progress_function const& progress, std::vector<std::string> const& options) {
        finished_segmentation segmentation(tiles, progress);
        shepseg::label_store waiting(tiles.tiles(), folder.path());
        keep_labels(waiting, tiles);
        auto writer = writer_of(folder / "a.tif", tiles, options);
        rios::timing_log log;
        rios::inline_executor executor;
        write_labels(segmentation, waiting, writer, executor, log);
    };
    CHECK(test::message_of<rios::options_error>([&] { write({}, {"NBITS=20"}); }) ==
          folder / "a.tif: 3600000 segments do not fit into NBITS=20; allowed: 22 or more");
    CHECK_THROWS_AS(write([](std::string_view, double done) { return done == 0; }, {}), rios::cancelled);
    CHECK(folder.names().empty());
}
