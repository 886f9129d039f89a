// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/segment_sizes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/executor/threads.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/image.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/segment_scenes.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using test::message_of;
using test::temporary_directory;

TEST_CASE("a histogram tells sizes, and label 0 has none")
{
    temporary_directory const folder;
    for (auto const& format : test::table_formats()) {
        auto const path = test::make_tableless(folder, format);
        CHECK(!shepseg::sizes_of_histogram(rios::gdal_dataset::open(path)));
        auto file = rios::gdal_dataset::open_for_update(path);
        rios::write_histogram(file, 1, std::vector<std::uint64_t>{9, 2, 0, 5'000'000'000});
        file.close();
        auto const sizes = shepseg::sizes_of_histogram(rios::gdal_dataset::open(path));
        REQUIRE(sizes.has_value());
        CHECK(sizes->rows() == 4);
        shepseg::size_lookup size_of(*sizes);
        CHECK(size_of(0) == 0);
        CHECK(size_of(1) == 2);
        CHECK(size_of(2) == 0);
        CHECK(size_of(3) == 5'000'000'000);
        CHECK(size_of(4) == 0);
        CHECK(sizes->page(0)->present == 2);
    }
}

TEST_CASE("counts that cannot be are an error that names them")
{
    temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"GTiff", ".tif"});
    auto file = rios::gdal_dataset::open_for_update(path);
    rios::attribute_table table(file, 1);
    table.resize(2);
    table.create_column(
        {.name = "Histogram", .type = rios::column_type::real, .usage = rios::column_usage::pixel_count});
    table.write("Histogram", 0, std::vector<double>{0, -3});
    table.close();
    file.close();
    CHECK(message_of<rios::error>([&] {
              static_cast<void>(shepseg::sizes_of_histogram(rios::gdal_dataset::open(path)));
          }) == path + ": the histogram says that segment 1 has -3 pixels; have them counted again (--recount)");
}

TEST_CASE("pixels are counted, whatever the windows")
{
    temporary_directory const folder;
    auto const path = folder / "labels.tif";
    test::random_numbers random(3);
    auto const labels = test::random_segments(50, 70, random);
    test::make_raster(path, "GTiff", labels);
    std::vector<std::uint64_t> expected;
    for (auto const [row, col] : labels.pixels()) {
        auto const label = labels(0, row, col);
        if (label >= expected.size()) expected.resize(label + 1);
        if (label != 0) ++expected[label];
    }
    rios::thread_executor executor({.workers = 3});
    shepseg::label_reader const reader(path);
    rios::timings times;
    for (std::ptrdiff_t const window : {1000, 13, 1}) {
        auto const sizes = shepseg::count_segments(reader, executor, {.window = window}, times);
        CHECK(sizes.rows() == expected.size());
        shepseg::size_lookup size_of(sizes);
        for (std::uint32_t label = 0; label < expected.size(); ++label) CHECK_EQ(size_of(label), expected[label]);
    }
}

TEST_CASE("a histogram may be longer than its segments, which end with the last that has pixels")
{
    temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"HFA", ".img"});
    auto const rows_of = [&](std::vector<std::uint64_t> const& counts) {
        auto file = rios::gdal_dataset::open_for_update(path);
        rios::write_histogram(file, 1, counts);
        file.close();
        return shepseg::sizes_of_histogram(rios::gdal_dataset::open(path))->rows();
    };
    CHECK(rows_of({5, 0, 0}) == 1);
    CHECK(rows_of({5, 2, 0, 0}) == 2);
    std::vector<std::uint64_t> counts(40'000);
    counts[3] = 1;
    CHECK(rows_of(counts) == 4);
    counts[16'384] = 1;
    CHECK(rows_of(counts) == 16'385);
    counts.back() = 1;
    CHECK(rows_of(counts) == 40'000);
}

TEST_CASE("counts from elsewhere that are cut short, or not as many as their labels, are refused")
{
    using shepseg::detail::label_counts;
    auto const bytes = rios::to_bytes(label_counts{.labels = {1, 2, 7}, .pixels = {4, 5, 6}});
    CHECK(rios::from_bytes<label_counts>(bytes).pixels == std::vector<std::uint32_t>{4, 5, 6});
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        auto const part = std::span<std::byte const>(bytes).first(size);
        CHECK_THROWS_AS(static_cast<void>(rios::from_bytes<label_counts>(part)), rios::damaged_data);
    }
    auto const fewer = rios::to_bytes(label_counts{.labels = {1, 2, 7}, .pixels = {4, 5}});
    CHECK(message_of<rios::damaged_data>([&] { static_cast<void>(rios::from_bytes<label_counts>(fewer)); }) ==
          "the data of a worker are damaged, or end too early");
}
