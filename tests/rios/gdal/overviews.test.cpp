// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/overviews.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/writer.hpp>

#include "support/message_of.hpp"
#include "support/pixel_types.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::gdal_writer;
using rios::image;
using rios::overview_levels;
using test::temporary_directory;
using levels = std::vector<int>;

TEST_CASE("levels are 4, 8, 16 and so on while the longer side of the overview has enough pixels")
{
    CHECK(overview_levels(4095, 4095) == levels{});
    CHECK(overview_levels(4096, 10) == levels{4});
    CHECK(overview_levels(10, 8191) == levels{4});
    CHECK(overview_levels(10, 8192) == levels{4, 8});
    CHECK(overview_levels(100'000, 100'000) == levels{4, 8, 16, 32, 64});
    CHECK(overview_levels(100, 100, 25) == levels{4});
    CHECK(overview_levels(100, 100, 26) == levels{});
    CHECK(overview_levels(16, 16, 1) == levels{4, 8, 16});
    CHECK(overview_levels(0, 0, 1) == levels{});
    CHECK(overview_levels(2147483647, 1, 1).back() == 1 << 30);
    CHECK(test::message_of<rios::options_error>([] { static_cast<void>(overview_levels(10, 10, 0)); }) ==
          "smallest overview of 0 pixels: must be at least 1");
}

TEST_CASE_TEMPLATE_DEFINE("overviews hold the middle pixels of their squares, bit for bit", T, overviews_hold_middles)
{
    temporary_directory const folder;
    struct size {
        std::ptrdiff_t rows;
        std::ptrdiff_t cols;
    };
    for (auto const& each : {size{200, 300}, size{129, 131}, size{33, 34}, size{5, 1}, size{300, 9}}) {
        auto const rows = each.rows; // clang 14 cannot capture bindings
        auto const cols = each.cols;
        auto const pixels = test::noise<T>(2, rows, cols);
        rios::pixel_grid const grid{.rows = rows, .cols = cols, .geotransform = {}, .projection = {}};
        for (auto const* name : {"a.tif", "a.img", "blocks.tif", "blocks.img"}) {
            CAPTURE(name);
            CAPTURE(rows);
            gdal_writer<T> writer(folder / name, {.bands = 2});
            writer.open(grid);
            if (name[0] == 'a') {
                writer.write(grid.whole(), pixels);
                rios::create_overviews(writer.dataset(), {4, 16});
                rios::write_overviews(writer.dataset(), {4, 16}, grid.whole(), pixels.view());
            } else {
                rios::create_overviews(writer.dataset(), {4, 16});
                for (rios::block const where : grid.blocks(7, 50)) {
                    auto const part = pixels.view().window(where.row, where.col, where.rows, where.cols);
                    writer.write(where, part);
                    rios::write_overviews(writer.dataset(), {4, 16}, where, part);
                }
            }
            writer.close();
            CHECK(folder.names().contains(name));
            CHECK_FALSE(folder.names().contains(std::string(name) + ".ovr"));
            CHECK(test::read_pixels<T>(folder / name) == pixels);

            auto const file = test::open_raster(folder / name);
            for (int band = 0; band < 2; ++band) {
                REQUIRE(file->GetRasterBand(band + 1)->GetOverviewCount() == 2);
                for (int i = 0; i < 2; ++i) {
                    int const level = i == 0 ? 4 : 16;
                    auto* const overview = file->GetRasterBand(band + 1)->GetOverview(i);
                    auto const small_rows = (static_cast<int>(rows) + level - 1) / level;
                    auto const small_cols = (static_cast<int>(cols) + level - 1) / level;
                    REQUIRE(overview->GetYSize() == small_rows);
                    REQUIRE(overview->GetXSize() == small_cols);
                    image<T> small(1, small_rows, small_cols);
                    REQUIRE(overview->RasterIO(GF_Read, 0, 0, small_cols, small_rows, small.data(), small_cols,
                                               small_rows, test::raw_type<T>(), 0, 0, nullptr) == CE_None);
                    for (auto const [row, col] : small.pixels()) {
                        REQUIRE(small(0, row, col) == pixels(band, std::min(row * level + level / 2, rows - 1),
                                                             std::min(col * level + level / 2, cols - 1)));
                    }
                }
            }
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(overviews_hold_middles, test::pixel_types);
