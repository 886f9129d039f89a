// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/segment_statistics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <gdal_priv.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/image.hpp>
#include <shepseg/spatial_statistics.hpp>

#include "support/golden.hpp"
#include "support/message_of.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/segment_scenes.hpp"
#include "support/statistics_of_files.hpp"
#include "support/temporary_directory.hpp"

using shepseg::segment_statistics_options;
using shepseg::statistic_from;
using test::bits_of;
using test::message_of;
using test::statistics;
using files = test::image_and_segments;

namespace {

using labels = rios::image<std::uint32_t>;

std::vector<shepseg::statistic> const all_statistics{
    statistic_from("count"),         statistic_from("validcount"),   statistic_from("min"),
    statistic_from("max"),           statistic_from("mean"),         statistic_from("stddev"),
    statistic_from("median"),        statistic_from("mode"),         statistic_from("sum"),
    statistic_from("percentile:10"), statistic_from("percentile:0"), statistic_from("percentile:97.5")};

/// A table that is right for each segment, by the plainest way.
template <rios::Pixel T>
void check_against_twin(shepseg::statistics_table const& table, labels const& segments, rios::image<T> const& pixels,
                        std::optional<T> null_value, double missing)
{
    auto const width = all_statistics.size();
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        auto const expected = test::statistics_by_segment(segments, pixels, band, null_value);
        REQUIRE(table.rows() == expected.rbegin()->first + 1);
        for (std::uint32_t label = 0; label < table.rows(); ++label) {
            auto const all = table.row(label);
            auto const row = std::span(all).subspan(static_cast<std::size_t>(band) * width, width);
            auto const found = expected.find(label);
            auto const segment = found == expected.end() ? test::plain_statistics() : found->second;
            CAPTURE(label);
            CAPTURE(band);
            CHECK(row[0] == static_cast<double>(segment.pixels));
            CHECK(row[1] == static_cast<double>(segment.valid.size()));
            if (segment.valid.empty()) {
                for (std::size_t i = 2; i < width; ++i) CHECK(row[i] == missing);
                continue;
            }
            CHECK(row[2] == segment.valid.front());
            CHECK(row[3] == segment.valid.back());
            CHECK(row[6] == segment.percentile(50));
            CHECK(row[7] == segment.mode());
            CHECK(row[9] == segment.percentile(10));
            CHECK(row[10] == segment.valid.front());
            CHECK(row[11] == segment.percentile(97.5));
            auto const largest = std::max(std::abs(segment.valid.front()), std::abs(segment.valid.back()));
            auto const near = [&](double a, double b, double scale) {
                return a == b || std::abs(a - b) <= 1e-14 * scale;
            };
            CHECK(near(row[4], segment.mean(), largest));
            CHECK(near(row[5], segment.stddev(), largest));
            CHECK(near(row[8], segment.sum(), largest * static_cast<double>(segment.valid.size())));
        }
    }
}

/// A function as a user writes one: the mean row, weighted by a band.
struct weighted_centre {
    [[nodiscard]] std::vector<shepseg::statistics_column> columns(shepseg::spatial_names const& names) const
    {
        return {{.name = names.of(0, "weighted_row")}, {.name = "pixels", .values = shepseg::column_values::integer}};
    }
    template <typename T>
    void operator()(shepseg::segment_pixels<T> const& segment, std::span<double> result) const
    {
        double weights = 0;
        double sum = 0;
        for (std::size_t i = 0; i < segment.size(); ++i) {
            if (segment.null_test(0)(segment.values(0)[i])) continue;
            weights += static_cast<double>(segment.values(0)[i]);
            sum += static_cast<double>(segment.values(0)[i]) * segment.rows()[i];
        }
        if (weights != 0) result[0] = sum / weights;
        result[1] = static_cast<double>(segment.size());
    }
};

/// Fails at one segment.
struct failing_at {
    std::uint32_t label;

    [[nodiscard]] std::vector<shepseg::statistics_column> columns(shepseg::spatial_names const&) const
    {
        return {{.name = "nothing"}};
    }
    template <typename T>
    void operator()(shepseg::segment_pixels<T> const& segment, std::span<double>) const
    {
        if (segment.label() == label) throw std::runtime_error("on purpose");
    }
};

} // namespace

TEST_CASE_TEMPLATE_DEFINE("statistics are those of the plainest way, whatever windows and executors do", T,
                          statistics_of_a_type)
{
    files const in;
    test::random_numbers random(test::seed_of<T>(71));
    auto const segments = test::random_segments(61, 83, random);
    auto const null_value = static_cast<T>(7);
    auto const pixels = test::random_pixels<T>(2, 61, 83, null_value, random);
    test::make_raster(in.image, "GTiff", pixels);
    test::make_raster(in.segments, "GTiff", segments);
    test::set_null(in.image, 7);
    auto const selection = shepseg::of_each_band({1, 2}, all_statistics);
    std::vector<shepseg::chosen_spatial_statistics::choice> const spatial{
        shepseg::neighbour_count{}, shepseg::edge_pixel_count{}, shepseg::variogram{.distance = 2}};

    auto const first = statistics(in.image, in.segments, selection);
    CHECK(first.type == rios::pixel_type_of<T>);
    CHECK(first.counted);
    check_against_twin<T>(first.table, segments, pixels, null_value, -9999);

    auto const spatial_first =
        bits_of(statistics(in.image, in.segments, selection, {.spatial_bands = {2}}, {.workers = 1}, spatial).table);
    for (std::ptrdiff_t const window : {1024, 17, 5}) {
        for (auto const threads :
             {rios::thread_options{.readers = 0, .workers = 1}, rios::thread_options{.readers = 0, .workers = 5},
              rios::thread_options{.readers = 2, .workers = 3}}) {
            CAPTURE(window);
            CAPTURE(threads.workers);
            CHECK(bits_of(statistics(in.image, in.segments, selection, {.window = window}, threads).table) ==
                  bits_of(first.table));
            CHECK(bits_of(statistics(in.image, in.segments, selection, {.spatial_bands = {2}, .window = window},
                                     threads, spatial)
                              .table) == spatial_first);
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(statistics_of_a_type, test::pixel_types);

TEST_CASE("the inline executor makes the table of the thread executor, and a function of your own sees whole segments")
{
    files const in;
    test::random_numbers random(5);
    auto const segments = test::random_segments(40, 50, random);
    test::make_raster(in.segments, "GTiff", segments);
    test::make_raster(in.image, "GTiff", test::random_pixels<std::int16_t>(3, 40, 50, -1, random));
    auto const selection = shepseg::of_each_band({3}, {statistic_from("count"), statistic_from("median")});
    segment_statistics_options const options{.spatial_bands = {2}, .window = 16};
    auto const one = shepseg::segment_statistics(in.image, in.segments, selection, options, rios::inline_executor(),
                                                 weighted_centre{});
    REQUIRE(one.table.columns().size() == 4);
    CHECK(one.table.columns()[2].name == "Band_2_weighted_row");
    for (std::uint32_t label = 1; label < one.table.rows(); ++label) {
        auto const row = one.table.row(label);
        if (row[0] != 0) CHECK(row[3] == row[0]);
    }
    auto const plain = statistics(in.image, in.segments, selection, {.window = 7});
    for (std::uint32_t label = 0; label < one.table.rows(); ++label) {
        CHECK(one.table.row(label)[1] == plain.table.row(label)[1]);
    }
}

TEST_CASE("neighbours are counted across the borders of blocks")
{
    files const in;
    test::random_numbers random(9);
    auto const segments = test::random_segments(33, 47, random);
    test::make_raster(in.segments, "GTiff", segments);
    test::make_raster(in.image, "GTiff", test::noise<std::uint8_t>(1, 33, 47));
    std::map<std::uint32_t, std::set<std::uint32_t>> expected;
    auto const touch = [&](std::uint32_t a, std::uint32_t b) {
        if (a == b || a == 0 || b == 0) return;
        expected[a].insert(b);
        expected[b].insert(a);
    };
    for (auto const [row, col] : segments.pixels()) {
        if (row + 1 < 33) touch(segments(0, row, col), segments(0, row + 1, col));
        if (col + 1 < 47) touch(segments(0, row, col), segments(0, row, col + 1));
    }
    auto const found =
        statistics(in.image, in.segments, {}, {.window = 8}, {.workers = 3}, {shepseg::neighbour_count{}});
    std::set<std::uint32_t> present(segments.data(), segments.data() + segments.pixel_count());
    for (std::uint32_t label = 1; label < found.table.rows(); ++label) {
        CAPTURE(label);
        auto const neighbours = present.count(label) == 0 ? -9999 : static_cast<double>(expected[label].size());
        CHECK(found.table.row(label)[0] == neighbours);
    }
}

TEST_CASE("a histogram tells how many pixels segments have, and one of other pixels is an error")
{
    files const in;
    auto const path = in.folder / "segments.img";
    labels segments(1, 20, 30);
    for (auto const [row, col] : segments.pixels()) segments(0, row, col) = 1 + static_cast<std::uint32_t>(col / 10);
    test::make_raster(path, "HFA", segments);
    test::make_raster(in.image, "GTiff", test::noise<std::uint16_t>(1, 20, 30));
    auto const selection = shepseg::of_each_band({1}, {statistic_from("count")});
    auto const write = [&](std::vector<std::uint64_t> const& counts) {
        auto file = rios::gdal_dataset::open_for_update(path);
        rios::write_histogram(file, 1, counts);
        file.close();
    };
    write({0, 200, 200, 200});
    auto const right = statistics(in.image, path, selection, {.window = 7});
    CHECK(!right.counted);
    CHECK(right.table.row(2)[0] == 200);

    std::string const advice = "it does not belong to these pixels; have them counted again (--recount)";
    write({0, 200, 199, 200});
    CHECK(message_of<rios::error>([&] { return statistics(in.image, path, selection); }) ==
          path + ": segment 2 has more pixels, but the histogram says 199: " + advice);
    write({0, 200, 201, 200});
    CHECK(message_of<rios::error>([&] { return statistics(in.image, path, selection); }) ==
          path + ": segment 2 has 200 pixels, but the histogram says 201: " + advice);
    for (std::ptrdiff_t const window : {1, 3, 7, 10, 1000}) {
        // Segments that are gone: one beside others, and the only one of its page.
        std::vector<std::uint64_t> gone{0, 200, 200, 200, 0, 7};
        CAPTURE(window);
        write(gone);
        CHECK(message_of<rios::error>([&] { return statistics(in.image, path, selection, {.window = window}); }) ==
              path + ": segment 5 has no pixels, but the histogram says 7: " + advice);
        gone[5] = 0;
        gone.resize(40000);
        gone.back() = 9;
        write(gone);
        CHECK(message_of<rios::error>([&] { return statistics(in.image, path, selection, {.window = window}); }) ==
              path + ": segment 39999 has no pixels, but the histogram says 9: " + advice);
        write({0, 100, 200, 200});
        CHECK_THROWS_AS(statistics(in.image, path, selection, {.window = window}), rios::error);
        write({0, 1, 200, 200});
        CHECK_THROWS_AS(statistics(in.image, path, selection, {.window = window}), rios::error);
    }
    auto const recounted = statistics(in.image, path, selection, {.count_pixels = true});
    CHECK(recounted.counted);
    CHECK(recounted.table.row(1)[0] == 200);
}

TEST_CASE("rows that do not fit into memory wait in a scratch file, of which nothing is left")
{
    files const in;
    labels segments(1, 200, 300);
    for (auto const [row, col] : segments.pixels())
        segments(0, row, col) = static_cast<std::uint32_t>(row * 300 + col + 1);
    test::make_raster(in.segments, "GTiff", segments);
    auto const pixels = test::noise<std::uint16_t>(1, 200, 300);
    test::make_raster(in.image, "GTiff", pixels);
    auto const selection = shepseg::of_each_band({1}, {statistic_from("max")});
    auto const result = statistics(in.image, in.segments, selection, {.window = 64, .memory = 0});
    CHECK(result.table.in_file() > 0);
    for (auto const [row, col] : segments.pixels()) {
        CHECK_EQ(result.table.row(segments(0, row, col))[0], static_cast<double>(pixels(0, row, col)));
    }
    CHECK(in.folder.names() == std::set<std::string>{"image.tif", "segments.tif"});
}

TEST_CASE("null values: of the file, of each band, another one, none")
{
    files const in;
    test::make_raster(in.segments, "GTiff", [] {
        labels one(1, 2, 2);
        for (auto const [row, col] : one.pixels()) one(0, row, col) = 1;
        return one;
    }());
    rios::image<std::uint8_t> pixels(2, 2, 2);
    for (std::ptrdiff_t band = 0; band < 2; ++band) {
        for (auto const [row, col] : pixels.pixels()) pixels(band, row, col) = static_cast<std::uint8_t>(row * 2 + col);
    }
    test::make_raster(in.image, "GTiff", pixels);
    auto const valid = [&](shepseg::null_rule null) {
        auto const result = statistics(in.image, in.segments,
                                       shepseg::of_each_band({1, 2}, {statistic_from("validcount")}), {.null = null});
        return result.table.row(1);
    };
    CHECK(valid(shepseg::null_of_file{}) == std::vector<double>{4, 4});
    test::set_null(in.image, 3);
    CHECK(valid(shepseg::null_of_file{}) == std::vector<double>{3, 3});
    CHECK(valid(shepseg::no_null{}) == std::vector<double>{4, 4});
    CHECK(valid(1.0) == std::vector<double>{3, 3});
    CHECK(valid(0.5) == std::vector<double>{4, 4});
}

TEST_CASE("segments may be of any integer type, and null ones are none")
{
    files const in;
    test::make_raster(in.image, "GTiff", test::noise<std::uint8_t>(1, 1, 6));
    auto const selection = shepseg::of_each_band({1}, {statistic_from("count")});
    auto const rows = [&](auto const& segments, std::optional<double> null_value) {
        test::make_raster(in.segments, "GTiff", segments);
        if (null_value) test::set_null(in.segments, *null_value);
        std::vector<double> counts;
        auto const result = statistics(in.image, in.segments, selection);
        for (std::uint32_t label = 0; label < result.table.rows(); ++label)
            counts.push_back(result.table.row(label)[0]);
        return counts;
    };
    rios::image<std::int16_t> some(1, 1, 6);
    std::int16_t const values[] = {-5, 0, 2, 2, 1, 3};
    std::copy(std::begin(values), std::end(values), some.data());
    CHECK(rows(some, -5.0) == std::vector<double>{0, 1, 2, 1});
    CHECK(message_of<rios::grid_error>([&] { rows(some, {}); }) ==
          in.segments + ": row 0, col 0 holds -5; numbers of segments are 1 or more, and 0 is null");
    some(0, 0, 0) = 0;
    CHECK(rows(some, 3.0) == std::vector<double>{0, 1, 2});
    rios::image<std::uint8_t> bytes(1, 1, 6);
    std::uint8_t const small[] = {255, 4, 4, 0, 0, 1};
    std::copy(std::begin(small), std::end(small), bytes.data());
    CHECK(rows(bytes, 255.0) == std::vector<double>{0, 1, 0, 0, 2});
    CHECK(rows(labels(1, 1, 6), {}) == std::vector<double>{0});
}

TEST_CASE("whoever does not like the columns may say so before the pixels are looked at, and progress may cancel")
{
    files const in;
    test::make_raster(in.image, "GTiff", test::noise<float>(1, 10, 20));
    test::make_raster(in.segments, "GTiff", labels(1, 10, 20));
    auto const selection = shepseg::of_each_band({1}, {statistic_from("mean"), statistic_from("max")});
    bool worked = false;
    std::vector<shepseg::statistics_column> seen;
    segment_statistics_options options;
    options.progress = [&](std::string_view, double) { return worked = true; };
    options.before_work = [&](std::vector<shepseg::statistics_column> const& columns) {
        seen = columns;
        throw rios::options_error("not these");
    };
    CHECK(message_of<rios::options_error>([&] { return statistics(in.image, in.segments, selection, options); }) ==
          "not these");
    CHECK(!worked);
    CHECK(seen == std::vector<shepseg::statistics_column>{{.name = "Band_1_mean"}, {.name = "Band_1_max"}});
    options.before_work = {};
    options.progress = [](std::string_view phase, double) { return phase != "statistics"; };
    CHECK_THROWS_AS(statistics(in.image, in.segments, selection, options), rios::cancelled);
}

TEST_CASE("the number of rows is told before the image is looked at, be it counted or known")
{
    files const in;
    test::make_raster(in.image, "GTiff", test::noise<float>(1, 10, 20));
    labels numbers(1, 10, 20);
    numbers(0, 3, 3) = 41;
    test::make_raster(in.segments, "GTiff", numbers);
    std::set<std::string> phases;
    segment_statistics_options options;
    options.progress = [&](std::string_view phase, double) { return phases.emplace(phase).second || true; };
    options.before_pass = [](std::vector<shepseg::statistics_column> const& columns, std::size_t rows) {
        throw rios::options_error(columns.at(0).name + ": not " + std::to_string(rows));
    };
    auto const refusal = [&] {
        phases.clear();
        return message_of<rios::options_error>([&] {
            return statistics(in.image, in.segments, shepseg::of_each_band({1}, {statistic_from("mean")}), options);
        });
    };
    CHECK(refusal() == "Band_1_mean: not 42");
    CHECK(phases == std::set<std::string>{"counting"});
    {
        auto file = rios::gdal_dataset::open_for_update(in.segments);
        std::vector<std::uint64_t> counts(60);
        counts[41] = 1;
        rios::write_histogram(file, 1, counts);
        file.close();
    }
    CHECK(refusal() == "Band_1_mean: not 42");
    CHECK(phases.empty());
}

TEST_CASE("the largest number that a pixel can have is no segment, unless the file says that it is null")
{
    files const in;
    test::make_raster(in.image, "GTiff", test::noise<float>(1, 10, 20));
    labels numbers(1, 10, 20);
    numbers(0, 3, 3) = std::numeric_limits<std::uint32_t>::max();
    numbers(0, 3, 4) = 7;
    test::make_raster(in.segments, "GTiff", numbers);
    auto const selection = shepseg::of_each_band({1}, {statistic_from("mean")});
    CHECK(message_of<rios::options_error>([&] { return statistics(in.image, in.segments, selection); }) ==
          in.segments +
              ": has pixels of the value 4294967295, and the table would have a row for each number up to it; "
              "allowed: 4294967294 at most, unless it is the null value of the file");
    test::set_null(in.segments, 4294967295.0);
    CHECK(statistics(in.image, in.segments, selection).table.rows() == 8);
}

TEST_CASE("statistics of the golden segmentations are those of the plainest way")
{
    for (auto const& one : golden::cases()) {
        CAPTURE(one.at("name"));
        auto const image = golden::image_of(one);
        auto const segments = golden::labels_of(one);
        auto const file = rios::gdal_dataset::open(image);
        auto const null_value = file.null_value(1);
        std::vector<int> bands;
        for (int band = 1; band <= file.band_count(); ++band) bands.push_back(band);
        auto const found = statistics(image, segments, shepseg::of_each_band(bands, all_statistics), {.window = 200});
        rios::dispatch(file.band_type(1), [&]<typename T>(std::type_identity<T>) {
            auto const null_pixel = null_value ? rios::to_pixel<T>(*null_value) : std::nullopt;
            check_against_twin<T>(found.table, test::read_pixels<std::uint32_t>(segments), test::read_pixels<T>(image),
                                  null_pixel, -9999);
        });
    }
}

TEST_CASE("what a function throws arrives with the segment, whatever the window")
{
    files const in;
    labels segments(1, 8, 8);
    for (auto const [row, col] : segments.pixels()) segments(0, row, col) = row < 4 ? 1 : 2;
    test::make_raster(in.segments, "GTiff", segments);
    test::make_raster(in.image, "GTiff", test::noise<std::uint8_t>(1, 8, 8));
    for (std::ptrdiff_t const window : {8, 1}) {
        CHECK(message_of<rios::error>([&] {
                  static_cast<void>(shepseg::segment_statistics(in.image, in.segments, {}, {.window = window},
                                                                rios::inline_executor(), failing_at{2}));
              }) == "segment 2: on purpose");
    }
}
