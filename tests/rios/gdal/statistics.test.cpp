// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/statistics.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/writer.hpp>

#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using counts = std::vector<std::uint64_t>;

namespace {

std::optional<std::string> item(test::gdal_handle const& file, char const* name)
{
    auto const* const text = file->GetRasterBand(1)->GetMetadataItem(name);
    return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

} // namespace

TEST_CASE("statistics are band metadata that reads back as the same numbers")
{
    test::temporary_directory const folder;
    counts const histogram{5, 2, 1, 0, 4, 0};
    auto const expected = rios::statistics_of(histogram).value();
    for (auto const* name : {"a.tif", "a.img"}) {
        CAPTURE(name);
        rios::gdal_writer<std::uint32_t> writer(folder / name, {.null_value = 0, .thematic = true});
        writer.open({.rows = 3, .cols = 4, .geotransform = {}, .projection = {}});
        rios::write_statistics(writer.dataset(), 1, expected);
        if (name[2] == 'i') rios::write_histogram(writer.dataset(), 1, histogram);
        writer.close();

        auto const file = test::open_raster(folder / name);
        auto const number = [&](char const* key) { return std::strtod(item(file, key).value().c_str(), nullptr); };
        CHECK(number("STATISTICS_MINIMUM") == 1);
        CHECK(number("STATISTICS_MAXIMUM") == 4);
        CHECK(number("STATISTICS_MODE") == 4);
        CHECK(number("STATISTICS_MEDIAN") == 4);
        CHECK(number("STATISTICS_SKIPFACTORX") == 1);
        CHECK(number("STATISTICS_SKIPFACTORY") == 1);
        CHECK(item(file, "STATISTICS_HISTOBINFUNCTION") == "direct");
        CHECK(item(file, "LAYER_TYPE") == "thematic");
        if (name[2] == 't') {
            CHECK(number("STATISTICS_MEAN") == expected.mean);
            CHECK(number("STATISTICS_STDDEV") == expected.standard_deviation);
        } else {
            CHECK(number("STATISTICS_MEAN") == doctest::Approx(expected.mean).epsilon(1e-12));
            CHECK(number("STATISTICS_STDDEV") == doctest::Approx(expected.standard_deviation).epsilon(1e-12));
        }
        double minimum = 0;
        double maximum = 0;
        double mean = 0;
        double deviation = 0;
        CHECK(file->GetRasterBand(1)->GetStatistics(FALSE, FALSE, &minimum, &maximum, &mean, &deviation) == CE_None);
        CHECK(maximum == 4);
        CHECK(mean == doctest::Approx(expected.mean));
        CHECK_FALSE(folder.names().contains(std::string(name) + ".aux.xml"));
    }
}

TEST_CASE("a band that is all null gets no statistics")
{
    test::temporary_directory const folder;
    rios::gdal_writer<std::uint32_t> writer(folder / "a.tif");
    writer.open({.rows = 3, .cols = 4, .geotransform = {}, .projection = {}});
    rios::write_statistics(writer.dataset(), 1, rios::statistics_of(counts{12}));
    writer.close();
    auto const file = test::open_raster(folder / "a.tif");
    CHECK(CSLCount(file->GetRasterBand(1)->GetMetadata()) == 0);
}
