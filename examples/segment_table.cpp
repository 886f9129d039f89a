// SPDX-License-Identifier: BSL-1.0
//
// segment_table IMAGE SEGMENTS TABLE.csv --band B: a table of segments with the mean of a band, and with a statistic of our own,
// the share of pixels that differ much from those beside them.
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <rios/executor/threads.hpp>
#include <shepseg/gdal/segment_statistics.hpp>
#include <shepseg/gdal/table_file.hpp>

#include "example_options.hpp"

namespace {

/// Gets all pixels of one segment at a time, in scan order: each thread has a copy of its own.
struct rough_share {
    double step; ///< what counts as much, in the unit of the pixels

    [[nodiscard]] std::vector<shepseg::statistics_column> columns(shepseg::spatial_names const& names) const
    {
        return {{.name = names.of(0, "rough")}};
    }

    template <typename T>
    void operator()(shepseg::segment_pixels<T> const& segment, std::span<double> result) const
    {
        auto const values = segment.values(0);
        auto const& is_null = segment.null_test(0);
        std::size_t pairs = 0;
        std::size_t rough = 0;
        for (std::size_t i = 1; i < segment.size(); ++i) {
            bool const beside =
                segment.rows()[i] == segment.rows()[i - 1] && segment.cols()[i] == segment.cols()[i - 1] + 1;
            if (!beside || is_null(values[i]) || is_null(values[i - 1])) continue;
            ++pairs;
            if (std::abs(static_cast<double>(values[i]) - static_cast<double>(values[i - 1])) > step) ++rough;
        }
        // The column keeps the missing value where there are no pairs.
        if (pairs > 0) result[0] = static_cast<double>(rough) / static_cast<double>(pairs);
    }
};

} // namespace

int main(int argc, char** argv)
{
    std::string image;
    std::string segments;
    std::string table;
    int band = 1;
    double step = 100;
    CLI::App app(
        "Writes a table of segments: the mean of a band, and the share of neighbouring pixels that differ much.",
        "segment_table");
    app.add_option("IMAGE", image, "Image: any raster that GDAL reads")->required()->type_name("");
    app.add_option("SEGMENTS", segments, "Segments on the same pixels")->required()->type_name("");
    app.add_option("TABLE", table, "File to write, such as table.csv or table.gpkg")->required()->type_name("");
    app.add_option("--band", band, "Number of the band, from 1")->capture_default_str()->type_name("B");
    app.add_option("--step", step, "What counts as much, in the unit of the pixels")->capture_default_str();
    return examples::run(app, argc, argv, [&] {
        shepseg::table_file output(table, rios::existing::replaced);
        auto const selection = shepseg::of_each_band({band}, {{shepseg::statistic_kind::mean}});
        auto const result = shepseg::segment_statistics(image, segments, selection, {.spatial_bands = {band}},
                                                        rios::thread_executor{}, rough_share{.step = step});
        output.write(result.table);
        output.commit();
    });
}
