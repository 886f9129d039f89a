// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/band_histogram.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/stored_statistics.hpp>
#include <rios/gdal/writer.hpp>

#include "support/raster_files.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using counts = std::vector<std::uint64_t>;

namespace {

std::optional<std::string> item(test::gdal_handle const& file, char const* name)
{
    auto const* const text = file->GetRasterBand(1)->GetMetadataItem(name);
    return text == nullptr ? std::nullopt : std::optional<std::string>(text);
}

// A band with a table of names and old counts.
std::string make_table(test::temporary_directory const& folder, test::table_format const& format, std::size_t rows)
{
    auto const path = test::make_tableless(folder, format, "a", GDT_Int32);
    test::add_plain_column(path, "name", std::vector<std::string>(rows, "x"));
    test::add_plain_column(path, "Histogram", std::vector<double>(rows, 77), GFU_PixelCount);
    return path;
}

std::vector<double> padded(counts const& some, std::size_t rows)
{
    std::vector<double> result(some.begin(), some.end());
    result.resize(std::max(some.size(), rows));
    return result;
}

void write(std::string const& path, std::optional<rios::band_histogram> const& histogram)
{
    auto file = rios::gdal_dataset::open_for_update(path);
    rios::write_statistics(file, 1, std::nullopt, histogram, {});
    file.close();
}

rios::stored_statistics stored(std::string const& path)
{
    return rios::stored_statistics::of(*test::open_raster(path)->GetRasterBand(1));
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

TEST_CASE("a table keeps its rows and other columns, whatever histogram is written, and grows where it must")
{
    rios::band_histogram const direct{.direct = true, .minimum = 0, .maximum = 4, .counts = {1, 2, 3, 0, 4}};
    rios::band_histogram const negative{.direct = true, .minimum = -1, .maximum = 3, .counts = {1, 2, 3, 0, 4}};
    rios::band_histogram linear{.direct = false, .minimum = 10, .maximum = 522, .counts = counts(256, 2)};
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        bool const keeps = rios::keeps_attribute_tables(format.driver);
        for (std::size_t const rows : {3U, 300U}) {
            for (auto const& histogram : {direct, negative, linear}) {
                CAPTURE(rows);
                CAPTURE(histogram.minimum);
                test::temporary_directory const folder;
                auto const path = make_table(folder, format, rows);
                write(path, histogram);
                auto const bins = histogram.counts.size();
                bool const is_direct = histogram.minimum == 0;
                auto const names = test::plain_values<std::string>(path, "name");
                CHECK(names.size() == (is_direct || keeps ? std::max(rows, bins) : rows));
                for (std::size_t i = 0; i < names.size(); ++i) REQUIRE(names[i] == (i < rows ? "x" : ""));
                auto const column = test::plain_values<double>(path, "Histogram");
                CHECK(column == padded(keeps || is_direct ? histogram.counts : counts{}, rows));
                auto const all = stored(path);
                CHECK(all.histogram.counts == (keeps || is_direct ? column : padded(histogram.counts, 0)));
                auto const more = keeps && rows > bins ? static_cast<double>(rows - bins) : 0;
                CHECK(all.histogram.bins == static_cast<std::int64_t>(bins) + static_cast<std::int64_t>(more));
                CHECK(all.histogram.minimum == histogram.minimum);
                CHECK(all.histogram.maximum == histogram.maximum + more * (histogram.direct ? 1 : 2));
                CHECK(all.histogram.function == (histogram.direct ? "direct" : "linear"));
            }
        }
    }
}

TEST_CASE("counts of older pixels do not stay where no histogram is written")
{
    for (auto const& format : test::table_formats()) {
        CAPTURE(format.driver);
        test::temporary_directory const folder;
        auto const path = make_table(folder, format, 4);
        CHECK(stored(path).histogram.counts == std::vector<double>{77, 77, 77, 77});
        write(path, std::nullopt);
        CHECK(test::plain_values<double>(path, "Histogram") == std::vector<double>(4));
        CHECK(test::plain_values<std::string>(path, "name").size() == 4);
        for (auto const count : stored(path).histogram.counts) CHECK(count == 0);
        auto const tableless = test::make_tableless(folder, format, "b");
        auto const before = test::plain_table(tableless);
        write(tableless, std::nullopt);
        CHECK(test::plain_table(tableless) == before);
    }
}
