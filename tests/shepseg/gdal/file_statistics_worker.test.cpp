// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/file_statistics_worker.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/block_info.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/image.hpp>

#include "support/message_of.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

namespace {

using worker_type = shepseg::file_statistics_worker<std::uint8_t>;

std::shared_ptr<worker_type::plan_type const> mean_of_band_1()
{
    std::vector<shepseg::band_statistics_selection> const selection{
        {.band = 1, .statistics = {{.kind = shepseg::statistic_kind::mean}}}};
    auto const no_null = [](int) { return std::optional<double>(); };
    return std::make_shared<worker_type::plan_type const>(selection, std::vector<int>(), no_null, -1.0, "{stat}{band}",
                                                          rios::pixel_grid());
}

worker_type worker_of(shepseg::segment_sizes sizes, std::string const& labels)
{
    return {mean_of_band_1(), std::move(sizes), labels, std::make_shared<shepseg::complete_segments<std::uint8_t>>()};
}

/// The rows of a block of 1 row and 4 columns: segment 1 twice, and segments 2 and 3, of which there is more elsewhere.
shepseg::segment_table_rows rows_of(worker_type worker)
{
    rios::run_info run{.window_rows = 1, .window_cols = 4};
    run.grid.rows = 1;
    run.grid.cols = 4;
    rios::image<std::uint32_t> labels(1, 1, 4);
    rios::image<std::uint8_t> pixels(1, 1, 4);
    std::ptrdiff_t col = 0;
    for (std::uint32_t const label : {1U, 1U, 2U, 3U}) labels(0, 0, col++) = label;
    col = 0;
    for (int const value : {10, 20, 30, 40}) pixels(0, 0, col++) = static_cast<std::uint8_t>(value);
    return worker(rios::block_info(run.block_at(0), run), labels, pixels).complete;
}

worker_type travelled(worker_type const& worker)
{
    return rios::from_bytes<worker_type>(rios::to_bytes(worker));
}

void check_rows(worker_type const& worker)
{
    auto const rows = rows_of(worker);
    CHECK(rows.labels == std::vector<std::uint32_t>{1});
    CHECK(rows.pixels == std::vector<std::uint64_t>{2});
    CHECK(rows.numbers == std::vector<double>{15});
}

} // namespace

TEST_CASE("sizes that were counted travel along, and a worker elsewhere finds the same rows")
{
    auto const worker = worker_of(shepseg::segment_sizes(std::vector<std::uint64_t>{0, 2, 5, 6}), "");
    CHECK(std::get<2>(worker.description()).size() == 4);
    check_rows(worker);
    check_rows(travelled(worker));
}

TEST_CASE("sizes of a histogram do not travel: they come out of the file again, which must have one still")
{
    test::temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"GTiff", ".tif"});
    auto const without =
        rios::to_bytes(worker_of(shepseg::segment_sizes(std::vector<std::uint64_t>{0, 2, 5, 6}), path));
    CHECK(test::message_of<rios::io_error>([&] { static_cast<void>(rios::from_bytes<worker_type>(without)); }) ==
          path + ": has no histogram any more");
    auto file = rios::gdal_dataset::open_for_update(path);
    rios::write_histogram(file, 1, std::vector<std::uint64_t>{0, 2, 5, 6});
    file.close();
    auto const sizes = shepseg::sizes_of_histogram(rios::gdal_dataset::open(path));
    REQUIRE(sizes);
    auto const worker = worker_of(*sizes, path);
    CHECK(std::get<2>(worker.description()).empty());
    check_rows(travelled(worker));
}
