// SPDX-License-Identifier: BSL-1.0
// Statistics of segments (segment_statistics.hpp): the two files fit each other, and how they are read.
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <gdal_priv.h>

#include <rios/error.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/image.hpp>
#include <shepseg/gdal/segment_statistics.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/segment_scenes.hpp"
#include "support/statistics_of_files.hpp"
#include "support/vector_files.hpp"
#include "support/watched_reads.hpp"

using files = test::image_and_segments;
using shepseg::statistic_from;
using test::bits_of;
using test::message_of;
using test::statistics;
using test::watched_reads;

namespace {

using labels = rios::image<std::uint32_t>;

void set_grid(std::string const& path, std::array<double, 6> geotransform)
{
    test::open_raster(path, GDAL_OF_UPDATE)->SetGeoTransform(geotransform.data());
}

void set_projection(std::string const& path, std::string const& crs)
{
    test::open_raster(path, GDAL_OF_UPDATE)->SetProjection(test::wkt_of(crs).c_str());
}

/// GDAL keeps little of what it has read: what is looked at twice is read twice.
class small_cache {
  public:
    small_cache() { GDALSetCacheMax64(std::int64_t{64} << 10); }
    small_cache(small_cache const&) = delete;
    small_cache& operator=(small_cache const&) = delete;
    ~small_cache() { GDALSetCacheMax64(before_); }

  private:
    std::int64_t before_ = GDALGetCacheMax64();
};

} // namespace

TEST_CASE("files that do not belong together are refused, and the message says which and by how much")
{
    files const in;
    test::make_raster(in.image, "GTiff", test::noise<std::uint8_t>(2, 10, 20));
    auto const selection = shepseg::of_each_band({1}, {statistic_from("mean")});
    auto const run = [&] { return statistics(in.image, in.segments, selection); };
    test::make_raster(in.segments, "GTiff", labels(1, 10, 21));
    CHECK(message_of<rios::grid_error>(run) ==
          in.segments + ": has 10 rows, 21 cols; " + in.image + " has 10 rows, 20 cols");
    test::make_raster(in.segments, "GTiff", labels(1, 10, 20));
    set_grid(in.segments, {500000, 10, 0, 6900000, 0, -10});
    set_grid(in.image, {500005, 10, 0, 6900000, 0, -10});
    CHECK(message_of<rios::grid_error>(run) ==
          in.segments + ": has geotransform (500000, 10, 0, 6900000, 0, -10); " + in.image +
              " has geotransform (500005, 10, 0, 6900000, 0, -10), up to 0.5 pixels apart");
    test::make_raster(in.segments, "GTiff", rios::image<float>(1, 10, 20));
    CHECK(message_of<rios::grid_error>(run) ==
          in.segments + ": has pixels of type float32; numbers of segments are integers: uint8, int8, uint16, int16, "
                        "uint32 or int32");
    test::make_raster(in.segments, "GTiff", labels(2, 10, 20));
    CHECK(message_of<rios::grid_error>(run) == in.segments + ": has 2 bands; a file of segments has one");
    test::make_raster(in.segments, "GTiff", labels(1, 10, 20));
    set_grid(in.segments, {500005, 10, 0, 6900000, 0, -10});
    CHECK(message_of<rios::options_error>([&] {
              return statistics(in.image, in.segments, shepseg::of_each_band({3}, {statistic_from("mean")}));
          }) == in.image + ": no band 3; allowed: 1 to 2");
    CHECK_THROWS_AS(statistics(in.folder / "none.tif", in.segments, selection), rios::io_error);
}

TEST_CASE("files of different coordinate systems are refused by their names")
{
    files const in;
    test::make_raster(in.image, "GTiff", test::noise<std::uint8_t>(1, 10, 20));
    test::make_raster(in.segments, "GTiff", labels(1, 10, 20));
    for (auto const& path : {in.image, in.segments}) set_grid(path, {500000, 10, 0, 6900000, 0, -10});
    auto const run = [&] {
        return statistics(in.image, in.segments, shepseg::of_each_band({1}, {statistic_from("mean")}));
    };
    set_projection(in.image, "EPSG:32755");
    set_projection(in.segments, "EPSG:32756");
    CHECK(message_of<rios::grid_error>(run) ==
          in.segments + ": has \"WGS 84 / UTM zone 56S\"; " + in.image + " has \"WGS 84 / UTM zone 55S\"");
    set_projection(in.segments, "EPSG:32755");
    CHECK(run().table.rows() == 1);
}

TEST_CASE("all bands come of one pass over each file, and a second pass over the labels counts pixels if need be")
{
    files const in;
    labels segments(1, 512, 512);
    for (auto const [row, col] : segments.pixels()) {
        segments(0, row, col) = static_cast<std::uint32_t>(1 + row / 100 * 6 + col / 100);
    }
    std::vector<std::string> const tiles{"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "INTERLEAVE=BAND"};
    test::make_raster(in.image, "GTiff", test::noise<std::uint16_t>(3, 512, 512), tiles);
    test::make_raster(in.segments, "GTiff", segments, tiles);
    auto& reads = watched_reads::the_one();
    auto const selection =
        shepseg::of_each_band({1, 2, 3}, {statistic_from("mean"), statistic_from("median"), statistic_from("max")});
    auto const bytes_read = [&](std::string const& image, rios::thread_options threads) {
        small_cache const nothing_kept;
        reads.forget();
        static_cast<void>(statistics(image, "/vsiwatched" + in.segments, selection,
                                     {.window = 128, .scratch_dir = in.folder.path()}, threads));
        return static_cast<double>(reads.bytes.load());
    };
    std::vector<rios::thread_options> const ways{
        {.readers = 0, .workers = 1}, {.readers = 0, .workers = 2}, {.readers = 3, .workers = 2}};
    auto const image_size = static_cast<double>(std::filesystem::file_size(in.image));
    auto const labels_size = static_cast<double>(std::filesystem::file_size(in.segments));
    for (auto const& threads : ways) {
        CAPTURE(threads.readers);
        CAPTURE(threads.workers);
        auto const counted = bytes_read("/vsiwatched" + in.image, threads);
        CHECK(counted >= 0.99 * (image_size + 2 * labels_size));
        CHECK(counted <= 1.1 * (image_size + 2 * labels_size));
    }
    {
        auto file = rios::gdal_dataset::open_for_update(in.segments);
        std::vector<std::uint64_t> counts(37);
        for (auto const [row, col] : segments.pixels()) ++counts[segments(0, row, col)];
        rios::write_histogram(file, 1, counts);
        file.close();
    }
    for (auto const& threads : ways) {
        CAPTURE(threads.readers);
        CAPTURE(threads.workers);
        auto const once = bytes_read("/vsiwatched" + in.image, threads);
        CHECK(once >= 0.99 * (image_size + labels_size));
        CHECK(once <= 1.1 * (image_size + labels_size));
        CHECK(bytes_read(in.image, threads) <= 1.1 * labels_size);
    }
}

TEST_CASE("several readers wait for a slow store at the same time, and the table is that of one")
{
    files const in;
    test::random_numbers random(12);
    test::make_raster(in.image, "GTiff", test::noise<std::uint16_t>(2, 90, 70), {"BLOCKYSIZE=5"});
    test::make_raster(in.segments, "GTiff", test::random_segments(90, 70, random), {"BLOCKYSIZE=5"});
    auto const selection =
        shepseg::of_each_band({1, 2}, {statistic_from("stddev"), statistic_from("mode"), statistic_from("sum")});
    auto const expected = bits_of(statistics(in.image, in.segments, selection).table);
    auto& reads = watched_reads::the_one();
    for (std::size_t const readers : {1U, 2U, 5U}) {
        CAPTURE(readers);
        reads.forget();
        reads.slow = true;
        auto const found =
            bits_of(statistics("/vsiwatched" + in.image, "/vsiwatched" + in.segments, selection,
                               {.window = 20, .scratch_dir = in.folder.path()}, {.readers = readers, .workers = 2})
                        .table);
        reads.slow = false;
        CHECK(found == expected);
        if (readers == 1) CHECK(reads.most == 1);
        else CHECK(reads.most >= 2);
        CHECK(reads.most <= static_cast<int>(readers));
    }
}
