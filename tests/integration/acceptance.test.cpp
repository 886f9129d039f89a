// SPDX-License-Identifier: BSL-1.0
// A scene whose segments are known, recovered to the last pixel. scripts/bench runs it with 8000 × 8000 pixels.
#include <cstdint>

#include <doctest/doctest.h>

#include "../../benchmarks/support/voronoi.hpp"
#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

TEST_CASE("each of 103 Voronoi cells is one segment, to the last pixel")
{
    test::temporary_directory const folder;
    auto const cells = scene::voronoi_cells({.size = 1000});
    test::make_raster(folder / "in.tif", "GTiff", scene::voronoi_colours(cells), {"COMPRESS=LZW"});
    for (auto const* const tile_size : {"100", "256", "1024"}) {
        auto const labels =
            test::segmented(folder / "in.tif", folder / "out.tif",
                            {"--clusters", "103", "--kmeans-init", "diagonal", "--connectivity", "8", "--null-value",
                             "65535", "--tile-size", tile_size, "--summary", folder / "s.json"});
        CHECK(scene::recovered(cells, labels) == 1);
        CHECK(test::read_json(folder / "s.json").at("counts").at("segments") == 103);
        CHECK(test::read_json(folder / "s.json").at("counts").at("null_pixels") == 1000 * 1000 - 980 * 980);
    }
}
