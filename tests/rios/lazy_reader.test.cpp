// SPDX-License-Identifier: BSL-1.0
#include <rios/lazy_reader.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/concepts.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/read_block.hpp>

#include "support/pipeline_doubles.hpp"

using rios::block;
using rios::image;
using rios::lazy_reader;
using test::hooked_reader;

static_assert(rios::Reader<lazy_reader<hooked_reader<float>>>);
static_assert(rios::Reader<lazy_reader<rios::memory_reader<float>>>);

TEST_CASE("nothing is read before it is asked for, and then once")
{
    int reads = 0;
    auto const pixels = test::random_image<float>(1, 5, 6, 1);
    lazy_reader const reader(hooked_reader("a.tif", pixels, [&](block const&) { ++reads; }));
    auto value = reader.read(reader.grid().whole());
    CHECK(reads == 0);
    CHECK(!value.was_read());
    CHECK(value.get() == pixels);
    CHECK(value.was_read());
    value.get()(0, 0, 0) = 1000;
    CHECK(value.get()(0, 0, 0) == 1000);
    CHECK(reads == 1);
}

TEST_CASE("a lazy reader tells what its reader tells")
{
    lazy_reader const named(hooked_reader("a.tif", image<float>(2, 5, 6), {}, 7.0));
    CHECK(named.path() == "a.tif");
    CHECK(named.null_value(1) == 7.0);
    CHECK(named.grid().cols == 6);
    CHECK(named.same_crs("x", "x"));
    CHECK(!named.same_crs("x", "y"));
    lazy_reader const nameless(rios::memory_reader(image<float>(1, 1, 1)));
    CHECK(nameless.path().empty());
    CHECK(!nameless.null_value(0));
}

TEST_CASE("a lazy block has its margin, filled beyond the raster")
{
    auto const pixels = test::random_image<std::int16_t>(1, 4, 4, 1);
    lazy_reader reader{rios::memory_reader(pixels, -3.0)};
    rios::lazy_value<rios::memory_reader<std::int16_t>> value;
    rios::detail::read_block(reader, {.index = 0, .row = 0, .col = 0, .rows = 2, .cols = 2}, 1,
                             {.filename = {}, .null_values = {-3.0}}, value);
    auto const& read = value.get();
    REQUIRE(read.rows() == 4);
    REQUIRE(read.cols() == 4);
    CHECK(read(0, 0, 0) == -3);
    CHECK(read(0, 3, 0) == -3);
    CHECK(read(0, 1, 1) == pixels(0, 0, 0));
    CHECK(read(0, 3, 3) == pixels(0, 2, 2));
}

TEST_CASE("what the reader throws reaches whoever asks, and he may ask again")
{
    bool fail = true;
    lazy_reader const reader(hooked_reader("a.tif", image<float>(1, 2, 2), [&](block const&) {
        if (fail) throw std::out_of_range("gone");
    }));
    auto value = reader.read(reader.grid().whole());
    CHECK_THROWS_AS(static_cast<void>(value.get()), std::out_of_range);
    CHECK(!value.was_read());
    fail = false;
    CHECK(value.get() == image<float>(1, 2, 2));
}

TEST_CASE("values outlive their reader and may be asked on any threads")
{
    auto const pixels = test::random_image<float>(1, 8, 8, 1);
    std::optional<lazy_reader<hooked_reader<float>>> reader(hooked_reader("a.tif", pixels));
    auto const copy = *reader;
    std::vector<rios::lazy_value<hooked_reader<float>>> values;
    for (int i = 0; i < 4; ++i) values.push_back((i % 2 == 0 ? *reader : copy).read(copy.grid().whole()));
    reader.reset();
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> threads;
        for (auto& value : values) {
            threads.emplace_back([&] { right += value.get() == pixels ? 1 : 0; });
        }
    }
    CHECK(right == 4);
}

TEST_CASE("a lazy reader has the bands of its reader, so that every band of a margin has its own null value")
{
    lazy_reader const reader{rios::memory_reader(image<std::int16_t>(3, 2, 2), -3.0)};
    CHECK(reader.band_count() == 3);
}
