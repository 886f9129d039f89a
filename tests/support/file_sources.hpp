// SPDX-License-Identifier: BSL-1.0
// Files in many layouts, windows of them by the plainest loop, and how many reads of them are under way at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>
#include <shepseg/gdal/file_source.hpp>

#include "executors.hpp"
#include "raster_files.hpp"
#include "temporary_directory.hpp"
#include "watched_reads.hpp"

namespace test {

/// A window of an image, by the plainest loop.
template <typename T>
rios::image<T> cut(rios::image<T> const& whole, rios::block const& where, std::vector<int> const& bands)
{
    rios::image<T> part(static_cast<std::ptrdiff_t>(bands.size()), where.rows, where.cols);
    for (std::ptrdiff_t band = 0; band < part.bands(); ++band) {
        for (auto const [row, col] : part.pixels()) {
            part(band, row, col) = whole(bands[static_cast<std::size_t>(band)] - 1, where.row + row, where.col + col);
        }
    }
    return part;
}

struct layout {
    std::string name;
    std::string format;
    std::vector<std::string> options;
};

inline std::vector<layout> layouts()
{
    return {{"rows.tif", "GTiff", {"BLOCKYSIZE=1"}},
            {"strips.tif", "GTiff", {"BLOCKYSIZE=7"}},
            {"high.tif", "GTiff", {"BLOCKYSIZE=300", "COMPRESS=LZW"}},
            {"small.tif", "GTiff", {"TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"}},
            {"large.tif", "GTiff", {"TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "INTERLEAVE=BAND"}},
            {"erdas.img", "HFA", {}}};
}

/// Lets `read(source, executor, log)` read a file on five threads, with one, two and three reads allowed at once: so many
/// there are, no more.
template <typename F>
void check_reads_at_once(rios::image<std::uint8_t> const& whole, std::string const& timer, F read)
{
    temporary_directory const folder;
    auto const path = folder / "a.tif";
    make_raster(path, "GTiff", whole, {"BLOCKYSIZE=1"});
    auto& reads = watched_reads::the_one();
    threads<5> executor;
    for (std::size_t const allowed : {1U, 2U, 3U}) {
        CAPTURE(allowed);
        shepseg::file_source<std::uint8_t> const source({.path = "/vsiwatched" + path,
                                                         .bands = {1, 2},
                                                         .window = {0, 0, 0, whole.rows(), whole.cols()},
                                                         .reads_at_once = allowed});
        rios::timing_log log;
        reads.forget();
        reads.wait_for = static_cast<int>(allowed);
        read(source, executor, log);
        CHECK(reads.most.load() == static_cast<int>(allowed));
        CHECK(open_handles(path) == allowed);
        CHECK(most_at_once(log.snapshot(), timer) == allowed);
    }
    reads.forget();
}

} // namespace test
