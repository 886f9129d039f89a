// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/attribute_table.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/writer.hpp>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using counts = std::vector<std::uint64_t>;
using test::temporary_directory;

TEST_CASE("the histogram is a column of the attribute table with a row for each value from 0")
{
    temporary_directory const folder;
    counts few{5, 0, 7, 1};
    few.push_back((std::uint64_t{1} << 53) - 1);
    counts many(150'000); // several parts
    for (std::size_t value = 0; value < many.size(); ++value) many[value] = value * value;
    for (auto const* name : {"a.img", "a.tif"}) {
        for (auto const& histogram : {few, many}) {
            if (name[2] == 't' && histogram.size() > 1000) continue; // as XML: not meant for that
            CAPTURE(name);
            CAPTURE(histogram.size());
            rios::gdal_writer<std::uint32_t> writer(folder / name, {.thematic = true});
            writer.open({.rows = 3, .cols = 5, .geotransform = {}, .projection = {}});
            rios::write_histogram(writer.dataset(), 1, counts{9, 9}); // is written over
            rios::write_histogram(writer.dataset(), 1, histogram);
            writer.close();

            auto const file = test::open_raster(folder / name);
            auto* const table = file->GetRasterBand(1)->GetDefaultRAT();
            REQUIRE(table != nullptr);
            CHECK(table->GetRowCount() == static_cast<int>(histogram.size()));
            auto const column = table->GetColOfUsage(GFU_PixelCount);
            REQUIRE(column >= 0);
            CHECK(std::string(table->GetNameOfCol(column)) == "Histogram");
            CHECK(table->GetTypeOfCol(column) == GFT_Real);
            for (std::size_t value = 0; value < histogram.size(); ++value) {
                REQUIRE(table->GetValueAsDouble(static_cast<int>(value), column) ==
                        static_cast<double>(histogram[value]));
            }
        }
    }
    // In the file itself where the format keeps tables, beside it where not.
    CHECK_FALSE(folder.names().contains("a.img.aux.xml"));
    CHECK(folder.names().contains("a.tif.aux.xml"));
    CHECK(rios::keeps_attribute_tables("HFA"));
    CHECK(rios::keeps_attribute_tables("KEA"));
    CHECK_FALSE(rios::keeps_attribute_tables("GTiff"));
}

TEST_CASE("a table for a band that does not exist is refused")
{
    temporary_directory const folder;
    rios::gdal_writer<std::uint32_t> writer(folder / "a.img");
    writer.open({.rows = 3, .cols = 5, .geotransform = {}, .projection = {}});
    CHECK(test::message_of<rios::options_error>([&] { rios::write_histogram(writer.dataset(), 2, counts{1}); }) ==
          folder / "a.img: no band 2; allowed: 1 to 1");
    CHECK_NOTHROW(rios::write_histogram(writer.dataset(), 1, counts{}));
}
