// SPDX-License-Identifier: BSL-1.0
#include <shepseg/memory_plan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"

using shepseg::memory_plan;
using shepseg::tiling;
using test::message_of;

namespace {

/// Bytes for the tiles that so many threads work on, in the simplest way.
std::uint64_t bytes_for(tiling const& tiles, std::uint64_t threads, std::uint64_t pixel_bytes)
{
    auto const side = [&](std::ptrdiff_t of_raster) {
        return static_cast<std::uint64_t>(std::min(tiles.tile_size + 2 * tiles.halo, of_raster));
    };
    auto const busy = std::min<std::uint64_t>(threads, tiles.tiles());
    return 1000 * tiles.tiles() + busy * side(tiles.rows) * side(tiles.cols) * (pixel_bytes + 56);
}

tiling large(std::ptrdiff_t tile_size)
{
    return {.rows = 5'000, .cols = 4'000, .tile_size = tile_size, .halo = 20};
}

/// The size of the tiles that a plan takes.
std::ptrdiff_t chosen(std::uint64_t limit, std::uint64_t fixed, std::size_t threads, std::size_t pixel_bytes,
                      tiling const& wanted)
{
    return memory_plan(limit, fixed, threads, pixel_bytes, wanted).tiles().tile_size;
}

} // namespace

TEST_CASE("the tiles that are wanted are taken where they leave half of the memory to the rest")
{
    // 2 threads × 1040 × 1040 pixels × (6 + 56) bytes, and 20 tiles × 1000 bytes.
    std::uint64_t const needed = 134'138'400;
    CHECK(bytes_for(large(1000), 2, 6) == needed);
    CHECK(chosen(100 + 2 * needed, 100, 2, 6, large(1000)) == 1000);
    CHECK(chosen(100 + 2 * needed - 1, 100, 2, 6, large(1000)) == 500);
    CHECK(chosen(2 * needed, 0, 2, 6, large(1000)) == 1000);
    CHECK(chosen(std::uint64_t{1} << 60, 0, 2, 6, large(1000)) == 1000);
    CHECK(chosen(std::uint64_t{1} << 60, 0, 64, 6, large(4096)) == 4096);
    CHECK(chosen(std::uint64_t{1} << 60, 0, 2, 6, large(5)) == 5);
}

TEST_CASE("tiles that are read ahead take memory for their pixels")
{
    // 5 more windows of 1040 × 1040 pixels × 6 bytes than without them, but no more than there are tiles.
    auto const needed = bytes_for(large(1000), 2, 6) + 5 * 1040 * 1040 * 6;
    auto const size_for = [](std::uint64_t limit, std::size_t read_ahead) {
        return memory_plan(limit, 0, 2, 6, large(1000), read_ahead).tiles().tile_size;
    };
    CHECK(size_for(2 * needed, 5) == 1000);
    CHECK(size_for(2 * needed - 1, 5) == 500);
    auto const all = bytes_for(large(1000), 2, 6) + 20 * 1040 * 1040 * 6;
    CHECK(size_for(2 * all, 1000) == 1000);
}

TEST_CASE("tiles are halved until they fit, as seldom as possible and down to 128 pixels")
{
    std::vector<std::ptrdiff_t> sizes{4096, 2048, 1024, 512, 256, 128};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        CAPTURE(sizes[i]);
        auto const enough = 1'000'000 + 2 * bytes_for(large(sizes[i]), 8, 3);
        CHECK(chosen(enough, 1'000'000, 8, 3, large(4096)) == sizes[i]);
        if (i + 1 < sizes.size()) CHECK(chosen(enough - 1, 1'000'000, 8, 3, large(4096)) == sizes[i + 1]);
    }
    auto const least = bytes_for(large(128), 8, 3);
    CHECK(chosen(least, 0, 8, 3, large(4096)) == 128);
    CHECK(chosen(bytes_for(large(150), 8, 3), 0, 8, 3, large(300)) == 150); // half of that would be too small
    CHECK(chosen(bytes_for(large(255), 8, 3), 0, 8, 3, large(255)) == 255);
    CHECK(chosen(bytes_for(large(100), 8, 3), 0, 8, 3, large(100)) == 100); // as it is wanted
}

TEST_CASE("tiles are not made so small that their number costs more than their size saves")
{
    tiling const vast{.rows = 1'000'000, .cols = 1'000'000, .tile_size = 1024, .halo = 16};
    auto const plan = memory_plan(2'000'000'000, 0, 2, 6, vast);
    CHECK(plan.tiles().tile_size == 1024); // nearly 10^6 tiles: half the size would need 4 times as many
    // Tiles of a pixel are merged, when there is not the memory to count them.
    CHECK(chosen(100'000'000, 0, 1, 1, {.rows = 1000, .cols = 1000, .tile_size = 1, .halo = 16}) == 8);
}

TEST_CASE("only the size of the tiles changes")
{
    auto const plan = memory_plan(2 * bytes_for(large(500), 4, 8), 0, 4, 8, large(1000));
    CHECK(plan.tiles().tile_size == 500);
    CHECK(plan.tiles().rows == 5'000);
    CHECK(plan.tiles().cols == 4'000);
    CHECK(plan.tiles().halo == 20);
}

TEST_CASE("a raster that is smaller than a tile takes what it needs, for one thread")
{
    tiling const small{.rows = 300, .cols = 200, .tile_size = 4096, .halo = 20};
    std::uint64_t const needed = 300 * 200 * (12 + 56) + 1000;
    CHECK(chosen(2 * needed, 0, 1, 12, small) == 4096);
    CHECK(chosen(2 * needed, 0, 64, 12, small) == 4096);
    // Down to 256 the raster is one tile, or few; smaller ones are more, and keep more threads busy.
    CHECK(bytes_for({.rows = 300, .cols = 200, .tile_size = 256, .halo = 20}, 64, 12) == 2 * 296 * 200 * 68 + 2000);
    // A wide raster of one row of tiles has windows no higher than itself.
    tiling const wide{.rows = 100, .cols = 100'000, .tile_size = 1024, .halo = 20};
    CHECK(chosen(2 * (3 * 100 * 1064 * 57 + 98'000), 0, 3, 1, wide) == 1024);
    CHECK(chosen(2 * (3 * 100 * 1064 * 57 + 98'000) - 1, 0, 3, 1, wide) == 512);
}

TEST_CASE("a limit that not even the smallest tiles keep is refused in words that say what is needed")
{
    auto const message = [](std::uint64_t limit, std::uint64_t fixed, std::size_t threads) {
        return message_of<rios::options_error>(
            [&] { static_cast<void>(memory_plan(limit, fixed, threads, 6, large(2048))); });
    };
    // 168 × 168 pixels × (6 + 56) bytes for each thread, and 1280 tiles × 1000 bytes.
    CHECK(bytes_for(large(128), 1, 6) == 1'749'888 + 1'280'000);
    CHECK(message(35'279'103, 20'000'000, 8) ==
          "memory limit 36 MB is not allowed: 8 threads need at least 36 MB, of which 20 MB are for the program and "
          "GDAL's block cache (GDAL_CACHEMAX); allow more, or use fewer threads");
    CHECK_NOTHROW(memory_plan(35'279'104, 20'000'000, 8, 6, large(2048)));
    CHECK(message(5'000'000, 20'000'000, 1) ==
          "memory limit 5 MB is not allowed: 1 thread needs at least 24 MB, of which 20 MB are for the program and "
          "GDAL's block cache (GDAL_CACHEMAX); allow more, or use fewer threads");
    CHECK(message(0, 0, 2) ==
          "memory limit 0 bytes is not allowed: 2 threads need at least 5 MB, of which 0 bytes are for the program and "
          "GDAL's block cache (GDAL_CACHEMAX); allow more, or use fewer threads");
    // There are not more busy threads than tiles.
    CHECK(message_of<rios::options_error>([] {
              static_cast<void>(memory_plan(1, 0, 64, 1, {.rows = 100, .cols = 200, .tile_size = 128, .halo = 2}));
          }).starts_with("memory limit 1 bytes is not allowed: 2 threads need at least 2 MB, of which 0 bytes"));
}

TEST_CASE("megabytes are rounded up, so that what is allowed in words is enough")
{
    CHECK(shepseg::detail::megabytes(0) == "0 bytes");
    CHECK(shepseg::detail::megabytes(1) == "1 bytes");
    CHECK(shepseg::detail::megabytes(1'000'000) == "1 MB");
    CHECK(shepseg::detail::megabytes(1'000'001) == "2 MB");
    CHECK(shepseg::detail::megabytes(4'294'967'296) == "4295 MB");
}

TEST_CASE("labels have the room that tiles and graph leave, or that the end of the graph's work leaves")
{
    auto const tiles = bytes_for(large(1000), 2, 6);
    std::uint64_t const limit = 1'000'000'000;
    std::uint64_t const fixed = 100'000'000;
    memory_plan const plan(limit, fixed, 2, 6, large(1000));
    REQUIRE(plan.tiles().tile_size == 1000);
    CHECK(plan.room_for_labels(0, 0, 0.01) == limit - fixed - tiles);
    CHECK(plan.room_for_labels(5'000'000, 0, 0.1) == limit - fixed - tiles - 5'000'000);
    // No tile is worked on any more when segments are eliminated.
    CHECK(plan.room_for_labels(5'000'000, tiles + 5'000'000, 0.1) == limit - fixed - tiles - 5'000'000);
    CHECK(plan.room_for_labels(5'000'000, tiles + 5'000'001, 0.1) == limit - fixed - tiles - 5'000'001);
    CHECK(plan.room_for_labels(5'000'000, 300'000'000, 0.5) == 600'000'000);
    CHECK(plan.room_for_labels(0, limit - fixed, 1) == 0);
    CHECK(plan.room_for_labels(limit - fixed - tiles, 0, 1) == 0);
}

TEST_CASE("the room for labels counts with the tiles that were chosen, not with those that were wanted")
{
    auto const tiles = bytes_for(large(256), 2, 6);
    memory_plan const plan(2 * tiles, 0, 2, 6, large(2048));
    REQUIRE(plan.tiles().tile_size == 256);
    CHECK(plan.room_for_labels(0, 0, 0.01) == tiles);
}

TEST_CASE("segments that do not fit are an error that says what is needed for all of them")
{
    memory_plan const plan(1'000'000'000, 0, 2, 6, large(1000));
    auto const message = [&](std::uint64_t graph, std::uint64_t finished, double tiles_done) {
        return message_of<rios::error>([&] { static_cast<void>(plan.room_for_labels(graph, finished, tiles_done)); });
    };
    CHECK(message(500'000'000, 1'000'000'001, 1) ==
          "the segments before elimination need about 1001 MB of memory, as far as 100 % of the tiles tell; the limit "
          "is 1000 MB: allow more, or segment "
          "the raster in parts");
    CHECK(message(500'000'000, 1'200'000'000, 0.25) ==
          "the segments before elimination need about 4800 MB of memory, as far as 25 % of the tiles tell; the limit "
          "is 1000 MB: allow more, or segment "
          "the raster in parts");
    // The tiles that are worked on leave too little for a graph that has come far.
    CHECK(message(900'000'000, 950'000'000, 1) ==
          "the segments before elimination need about 1035 MB of memory, as far as 100 % of the tiles tell; the limit "
          "is 1000 MB: allow more, or segment "
          "the raster in parts");
}

TEST_CASE("a sample that does not fit beside the program is refused in words")
{
    memory_plan const plan(100'000'000, 40'000'000, 2, 6, {.rows = 100, .cols = 100, .tile_size = 1024, .halo = 16});
    plan.require_room_for_sample(900'000, 3, 2);
    CHECK(
        test::message_of<rios::options_error>([&] { plan.require_room_for_sample(2'000'000, 3, 2); }) ==
        "memory limit 100 MB is not allowed: a sample of 2000000 pixels for k-means needs at least 144 MB; allow more, "
        "or sample fewer pixels");
}
