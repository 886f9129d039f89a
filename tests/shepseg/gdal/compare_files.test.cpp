// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/compare_files.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using shepseg::compare_files;
using test::temporary_directory;

namespace {

template <typename T>
rios::image<T> patches(std::uint64_t seed, std::ptrdiff_t rows, std::ptrdiff_t cols, std::ptrdiff_t size)
{
    test::random_numbers random(seed);
    rios::image<T> result(1, rows, cols);
    for (auto const [row, col] : result.pixels()) {
        auto const number = (row + random.below(2)) / size * (cols / size + 1) + col / size;
        result(0, row, col) = static_cast<T>(number % 7 == 0 ? 0 : number);
    }
    return result;
}

void place(std::string const& path, std::array<double, 6> geotransform, std::string const& crs = "EPSG:32755")
{
    auto const file = test::open_raster(path, GDAL_OF_UPDATE);
    file->SetGeoTransform(geotransform.data());
    file->SetProjection(test::wkt_of(crs).c_str());
}

} // namespace

TEST_CASE_TEMPLATE("files differ as their pixels do, with every executor", E, rios::inline_executor, test::threads<1>,
                   test::threads<5>, test::staged<2, 2>)
{
    E executor;
    temporary_directory const folder;
    auto const a = patches<std::uint32_t>(1, 300, 1100, 5);
    auto const b = patches<std::int32_t>(2, 300, 1100, 6);
    test::make_raster(folder / "a.tif", "GTiff", a, {"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"});
    test::make_raster(folder / "b.img", "HFA", b);
    auto const expected = shepseg::compare(a.view(), b.view());
    auto const found = compare_files(folder / "a.tif", folder / "b.img", {}, executor);
    CHECK(found.pixels == 330'000);
    CHECK(found.null_in_both == expected.null_in_both);
    CHECK(found.null_in_a_only == expected.null_in_a_only);
    CHECK(found.null_in_b_only == expected.null_in_b_only);
    CHECK(found.segments_a == expected.segments_a);
    CHECK(found.segments_b == expected.segments_b);
    CHECK(found.split == expected.split);
    CHECK(found.merged == expected.merged);
    CHECK(found.differing_at_least == expected.differing_at_least);
    CHECK(found.differing_at_most == expected.differing_at_most);
    CHECK(found.exact());
    CHECK(found.adjusted_rand_index == expected.adjusted_rand_index);
    CHECK(compare_files(folder / "a.tif", folder / "a.tif", {}, executor).identical());
    CHECK(folder.names() == std::set<std::string>{"a.tif", "b.img"});
}

TEST_CASE("files in strips larger than what is read at once are compared in parts of them")
{
    temporary_directory const folder;
    auto const all = patches<std::uint32_t>(1, 2900, 3000, 50);
    test::make_raster(folder / "a.tif", "GTiff", all, {"BLOCKYSIZE=2900"});
    test::make_raster(folder / "b.tif", "GTiff", all, {"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512"});
    for (auto const& [one, other] : {std::pair{"a.tif", "b.tif"}, {"b.tif", "a.tif"}, {"a.tif", "a.tif"}}) {
        auto const found = compare_files(folder / one, folder / other, {}, rios::inline_executor());
        CHECK(found.pixels == 8'700'000);
        CHECK(found.identical());
    }
}

TEST_CASE("the null value of a file is as good as 0")
{
    temporary_directory const folder;
    rios::image<std::uint8_t> a(1, 1, 3);
    a(0, 0, 0) = 7;
    a(0, 0, 1) = 255;
    rios::image<std::int16_t> b(1, 1, 3);
    b(0, 0, 0) = 1;
    b(0, 0, 2) = -1;
    test::make_raster(folder / "a.tif", "GTiff", a);
    test::make_raster(folder / "b.tif", "GTiff", b);
    test::open_raster(folder / "a.tif", GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(255);
    test::open_raster(folder / "b.tif", GDAL_OF_UPDATE)->GetRasterBand(1)->SetNoDataValue(-1);
    auto const found = compare_files(folder / "a.tif", folder / "b.tif", {}, rios::inline_executor());
    CHECK(found.identical());
    CHECK(found.null_in_both == 2);
}

TEST_CASE("files with other pixels are refused, and the message says how they differ")
{
    temporary_directory const folder;
    auto const a = folder / "a.tif";
    auto const b = folder / "b.tif";
    test::make_raster(a, "GTiff", rios::image<std::uint32_t>(1, 20, 30));
    place(a, {1000, 10, 0, 2000, 0, -10});
    auto const refused = [&] {
        return test::message_of<rios::grid_error>([&] { compare_files(a, b, {}, rios::thread_executor()); });
    };
    auto const must = std::string("; segmentations must have the same pixels to be compared");
    test::make_raster(b, "GTiff", rios::image<std::uint32_t>(1, 20, 31));
    CHECK(refused() == b + ": has 20 rows, 31 cols; " + a + " has 20 rows, 30 cols" + must);
    test::make_raster(b, "GTiff", rios::image<std::uint32_t>(1, 20, 30));
    CHECK(compare_files(a, b, {}, rios::thread_executor()).identical()); // without a place it goes with any
    place(b, {1010, 10, 0, 2000, 0, -10});
    CHECK(refused() == b + ": has geotransform (1010, 10, 0, 2000, 0, -10); " + a +
                           " has geotransform (1000, 10, 0, 2000, 0, -10)" + must);
    place(b, {1000, 10, 0, 2000, 0, -10}, "EPSG:32756");
    CHECK(refused() == b + ": has \"WGS 84 / UTM zone 56S\"; " + a + " has \"WGS 84 / UTM zone 55S\"" + must);
    test::make_raster(b, "GTiff", rios::image<float>(1, 20, 30));
    CHECK(refused().starts_with(b + ": has pixels of type float32"));
}

TEST_CASE("progress tells of reading and matching, and cancels")
{
    temporary_directory const folder;
    test::make_raster(folder / "a.tif", "GTiff", patches<std::uint32_t>(1, 100, 120, 5));
    test::make_raster(folder / "b.tif", "GTiff", patches<std::uint32_t>(1, 100, 120, 6));
    std::set<std::string> phases;
    for (std::string const stop : {"reading", "matching"}) {
        shepseg::matching_options options;
        options.progress = [&](std::string_view phase, double) {
            phases.emplace(phase);
            return phase != stop;
        };
        CHECK_THROWS_AS(compare_files(folder / "a.tif", folder / "b.tif", options, rios::thread_executor()),
                        rios::cancelled);
    }
    CHECK(phases == std::set<std::string>{"reading", "matching"});
}
