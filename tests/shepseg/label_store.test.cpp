// SPDX-License-Identifier: BSL-1.0
#include <shepseg/label_store.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/memory.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/resident_memory.hpp"
#include "support/sanitizers.hpp"
#include "support/scratch_disk.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using rios::image;
using shepseg::label_store;
using test::open_files_in;
using test::random_numbers;
using test::status_on_full_disk;
using test::temporary_directory;
using labels = image<std::uint32_t>;

static_assert(!std::copyable<label_store> && !std::movable<label_store>);

namespace {

labels random_labels(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    labels result(1, rows, cols);
    for (auto const [row, col] : result.pixels()) result(0, row, col) = static_cast<std::uint32_t>(random.bits());
    return result;
}

/// As above, small ones of 16 bits.
labels random_small_labels(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    labels result(1, rows, cols);
    for (auto const [row, col] : result.pixels()) result(0, row, col) = random.below<std::uint32_t>(65'536);
    return result;
}

/// Tiles of several sizes; every third is of size 0, and some have small labels.
std::vector<labels> random_tiles(random_numbers& random, std::size_t count)
{
    std::vector<labels> result;
    for (std::size_t tile = 0; tile < count; ++tile) {
        if (tile % 3 == 2) result.emplace_back(1, 0, 0);
        else {
            auto const rows = random.between<std::ptrdiff_t>(1, 9);
            auto const cols = random.between<std::ptrdiff_t>(1, 9);
            result.push_back(random.one_in(2) ? random_labels(random, rows, cols)
                                              : random_small_labels(random, rows, cols));
        }
    }
    return result;
}

/// That a store takes.
std::size_t bytes_of(std::vector<labels> const& tiles)
{
    std::size_t bytes = 0;
    for (auto const& each : tiles) {
        auto const* const end = each.data() + each.pixel_count();
        bool const small = std::all_of(each.data(), end, [](auto label) { return label < 65'536; });
        bytes += static_cast<std::size_t>(each.pixel_count()) * (small ? 2 : 4);
    }
    return bytes;
}

labels read_whole(label_store& store, std::size_t tile, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    labels result(1, rows, cols);
    store.read(tile, 0, 0, result.view());
    return result;
}

} // namespace

TEST_CASE("labels come back as they were, whole or in parts, from memory and from the file")
{
    random_numbers random(1);
    temporary_directory const folder;
    for (int round = 0; round < 30; ++round) {
        auto const tiles = random_tiles(random, 9);
        auto const all = bytes_of(tiles);
        for (std::size_t const room : {all, all / 2, std::size_t{1}, std::size_t{0}}) {
            label_store store(tiles.size(), folder.path());
            for (std::size_t tile = 0; tile < tiles.size(); ++tile) store.put(tile, tiles[tile]);
            store.keep_within(room);
            CHECK(store.in_memory() <= room);
            CHECK(store.in_memory() + store.in_file() == all);
            for (std::size_t tile = 0; tile < tiles.size(); ++tile) {
                auto const rows = tiles[tile].rows();
                auto const cols = tiles[tile].cols();
                auto const high = random.between<std::ptrdiff_t>(1, 4);
                auto const wide = random.between<std::ptrdiff_t>(1, 4);
                labels result(1, rows, cols);
                for (std::ptrdiff_t row = 0; row < rows; row += high) {
                    for (std::ptrdiff_t col = 0; col < cols; col += wide) {
                        store.read(
                            tile, row, col,
                            result.view().window(row, col, std::min(high, rows - row), std::min(wide, cols - col)));
                    }
                }
                REQUIRE(result == tiles[tile]);
            }
        }
    }
}

TEST_CASE("a pixel takes two bytes where all labels of a tile are of 16 bits")
{
    temporary_directory const folder;
    for (std::uint32_t const most : {65'535U, 65'536U}) {
        labels tile(1, 3, 5);
        tile(0, 2, 4) = most;
        label_store store(1, folder.path());
        store.put(0, tile);
        auto const bytes = most == 65'535 ? 30U : 60U;
        CHECK(store.in_memory() == bytes);
        store.keep_within(bytes - 1);
        CHECK(store.in_memory() == 0);
        CHECK(store.in_file() == bytes);
        CHECK(read_whole(store, 0, 3, 5) == tile);
    }
}

TEST_CASE("labels that have moved into the file, or have been read, leave memory")
{
    if (test::sanitized) return; // a sanitizer keeps freed memory
    temporary_directory const folder;
    constexpr std::size_t tiles = 100;
    constexpr std::size_t kept = 64 << 20; // pages that wait for the next array, and what else there is
    for (bool const moves : {true, false}) {
        CAPTURE(moves);
        rios::return_freed_memory();
        auto const before = test::resident_bytes();
        label_store store(tiles, folder.path());
        for (std::size_t tile = 0; tile < tiles; ++tile) {
            store.put(tile, labels(1, 800, 800)); // 1.28 MB
            if (moves) store.keep_within(0);
        }
        if (moves) CHECK(store.in_file() == 128'000'000);
        else CHECK(test::resident_bytes() > before + 120'000'000);
        for (std::size_t tile = 0; tile < tiles; ++tile)
            CHECK(read_whole(store, tile, 800, 800) == labels(1, 800, 800));
        CHECK(store.in_memory() == 0);
        CHECK(test::resident_bytes() < before + kept);
    }
}

TEST_CASE("a tile of size 0, and one that was never put, are read as zeros")
{
    temporary_directory const folder;
    label_store store(3, folder.path());
    store.put(1, labels());
    store.put(2, labels(1, 2, 2));
    store.keep_within(0);
    labels const zeros(1, 4, 5);
    for (std::size_t const tile : {0U, 1U}) {
        labels part(1, 4, 5);
        std::ranges::fill(part.row(0, 0), 7U);
        std::ranges::fill(part.row(0, 3), 7U);
        store.read(tile, 100, 200, part.view());
        CHECK(part == zeros);
        // Only what is asked for.
        labels whole(1, 4, 5);
        for (auto const [row, col] : whole.pixels()) whole(0, row, col) = 9;
        store.read(tile, 0, 0, whole.view().window(1, 2, 2, 2));
        CHECK(std::count(whole.data(), whole.data() + 20, 0U) == 4);
        CHECK(whole(0, 1, 2) == 0);
        CHECK(whole(0, 2, 3) == 0);
    }
    CHECK(read_whole(store, 2, 2, 2) == labels(1, 2, 2));
}

TEST_CASE("the last tiles go into the file first, and no more of them than needed")
{
    temporary_directory const folder;
    random_numbers random(2);
    label_store store(5, folder.path());
    CHECK(store.in_memory() == 0);
    CHECK(store.in_file() == 0);
    std::vector<labels> tiles;
    for (std::size_t tile = 0; tile < 4; ++tile) {
        tiles.push_back(random_labels(random, 5, 10)); // 200 bytes
        store.put(tile, tiles.back());
        CHECK(store.in_memory() == 200 * (tile + 1));
    }
    store.keep_within(800);
    CHECK(store.in_file() == 0);
    CHECK(open_files_in(folder).empty()); // none is made before it is needed
    store.keep_within(799);
    CHECK(store.in_memory() == 600);
    CHECK(store.in_file() == 200);
    store.keep_within(600);
    CHECK(store.in_memory() == 600);
    store.keep_within(250);
    CHECK(store.in_memory() == 200);
    CHECK(store.in_file() == 600);
    // The one that stayed is the first: a file that was emptied does not touch it.
    auto const file = open_files_in(folder);
    REQUIRE(file.size() == 1);
    CHECK(fs::file_size(file[0]) == 600);
    REQUIRE(::truncate(file[0].c_str(), 0) == 0);
    CHECK(read_whole(store, 0, 5, 10) == tiles[0]);
    CHECK(test::message_of<rios::io_error>([&] { static_cast<void>(read_whole(store, 1, 5, 10)); }) ==
          folder.path().string() + ": cannot use a scratch file there: it ends too early");
}

TEST_CASE("tiles that come later find their place beside those in the file")
{
    temporary_directory const folder;
    random_numbers random(3);
    auto const tiles = random_tiles(random, 30);
    std::vector<std::size_t> order(tiles.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    random.shuffle(order);
    label_store store(tiles.size(), folder.path());
    for (auto const tile : order) {
        store.put(tile, tiles[tile]);
        store.keep_within(300);
        CHECK(store.in_memory() <= 300);
    }
    CHECK(store.in_memory() + store.in_file() == bytes_of(tiles));
    store.keep_within(0);
    CHECK(store.in_memory() == 0);
    CHECK(store.in_file() == bytes_of(tiles));
    for (auto const tile : order) {
        CHECK(read_whole(store, tile, tiles[tile].rows(), tiles[tile].cols()) == tiles[tile]);
    }
}

TEST_CASE("threads read different parts at the same time")
{
    temporary_directory const folder;
    random_numbers random(4);
    std::vector<labels> tiles;
    for (std::size_t tile = 0; tile < 8; ++tile) tiles.push_back(random_labels(random, 40, 30));
    for (std::size_t const room : {bytes_of(tiles), bytes_of(tiles) / 2, std::size_t{0}}) {
        label_store store(tiles.size(), folder.path());
        for (std::size_t tile = 0; tile < tiles.size(); ++tile) store.put(tile, tiles[tile]);
        store.keep_within(room);
        auto results = std::vector<labels>(tiles.size(), labels(1, 40, 30));
        // All threads are in each tile together; the parts are 4 × 10 pixels.
        std::atomic<std::ptrdiff_t> next = 0;
        std::atomic<int> failures = 0;
        {
            std::vector<std::jthread> team;
            for (int i = 0; i < 4; ++i) {
                team.emplace_back([&] {
                    for (auto part = next++; part < 8 * 30; part = next++) {
                        auto const tile = static_cast<std::size_t>(part / 30);
                        auto const row = part % 30 / 3 * 4;
                        auto const col = part % 3 * 10;
                        try {
                            store.read(tile, row, col, results[tile].view().window(row, col, 4, 10));
                        } catch (rios::error const&) {
                            ++failures;
                        }
                    }
                });
            }
        }
        CHECK(failures == 0);
        CHECK(results == tiles);
    }
}

TEST_CASE("the scratch file has no name, and is gone with its store")
{
    temporary_directory const folder;
    {
        label_store store(2, folder.path());
        store.put(0, labels(1, 10, 10));
        store.put(1, labels(1, 10, 10));
        store.keep_within(100);
        CHECK(store.in_file() == 400);
        CHECK(open_files_in(folder).size() == 1);
        CHECK(folder.names().empty());
        static_cast<void>(read_whole(store, 1, 10, 10));
        CHECK(folder.names().empty());
    }
    CHECK(open_files_in(folder).empty());
    CHECK(folder.names().empty());
}

TEST_CASE("a process that is killed leaves no scratch file")
{
    temporary_directory const folder;
    auto const child = ::fork();
    if (child == 0) {
        label_store store(1, folder.path());
        store.put(0, labels(1, 100, 100));
        store.keep_within(0);
        if (store.in_file() == 20'000) ::kill(::getpid(), SIGKILL);
        ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(folder.names().empty());
}

TEST_CASE("a folder in which no file can be made is an error that names it, as soon as one is needed")
{
    temporary_directory const folder;
    std::ofstream(folder / "file") << "no folder";
    for (auto const& [path, reason] :
         {std::pair{folder / "nowhere", "No such file or directory"}, std::pair{folder / "file", "Not a directory"}}) {
        label_store store(2, path);
        random_numbers random(5);
        auto const tile = random_labels(random, 3, 3);
        store.put(0, tile);
        store.put(1, labels());
        CHECK_NOTHROW(store.keep_within(36));
        CHECK(test::message_of<rios::io_error>([&] { store.keep_within(35); }) ==
              path + ": cannot make a scratch file there: " + reason);
        try {
            store.keep_within(0);
        } catch (rios::io_error const& error) {
            CHECK(error.path() == path);
        }
        // What could not be moved is where it was.
        CHECK(store.in_memory() == 36);
        CHECK(store.in_file() == 0);
        CHECK(read_whole(store, 0, 3, 3) == tile);
    }
    CHECK(folder.names() == std::set<std::string>{"file"});
}

TEST_CASE("a full scratch disk is an error that names the folder, and loses no labels")
{
    temporary_directory const folder;
    random_numbers random(6);
    auto const first = random_labels(random, 50, 50); // 10 000 bytes
    auto const second = random_labels(random, 50, 50);
    for (rlim_t const limit : {0U, 1U, 4096U, 9999U, 10'000U, 15'000U, 19'999U}) {
        CAPTURE(limit);
        CHECK(status_on_full_disk(limit, [&] {
                  label_store store(2, folder.path());
                  store.put(0, first);
                  store.put(1, second);
                  auto const message = test::message_of<rios::io_error>([&] { store.keep_within(0); });
                  if (message != folder.path().string() + ": cannot use a scratch file there: File too large") return 1;
                  if (store.in_memory() + store.in_file() != 20'000) return 2;
                  return read_whole(store, 0, 50, 50) == first && read_whole(store, 1, 50, 50) == second ? 42 : 5;
              }) == 42);
        CHECK(folder.names().empty());
    }
    CHECK(status_on_full_disk(20'000, [&] {
              label_store store(2, folder.path());
              store.put(0, first);
              store.put(1, second);
              store.keep_within(0);
              return store.in_file() == 20'000 && read_whole(store, 1, 50, 50) == second ? 42 : 1;
          }) == 42);
}
