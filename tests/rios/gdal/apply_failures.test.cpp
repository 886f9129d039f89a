// SPDX-License-Identifier: BSL-1.0
// The pipeline between real files when something is wrong: what is refused, what is named, what is left.
#include <rios/apply.hpp>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <cpl_error.h>
#include <gdal_priv.h>

#include <rios/executor/threads.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/writer.hpp>

#include "support/message_of.hpp"
#include "support/own_threads.hpp"
#include "support/pipeline_files.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"

using rios::apply;
using rios::gdal_reader;
using rios::gdal_writer;
using rios::image;
using test::local_executor;
using test::make_file;
using test::ramp;
using test::temporary_directory;
using test::with_each_executor;
using test::wkt_of_epsg;

TEST_CASE("files that do not fit together are named with what differs")
{
    temporary_directory const folder;
    auto const refused = [&](std::string const& other) {
        return test::message_of<rios::grid_error>([&] {
            apply(
                std::tuple{gdal_reader<std::uint8_t>(folder / "a.img"), gdal_reader<std::uint8_t>(folder / other)},
                [](rios::block const&, image<std::uint8_t> in, image<std::uint8_t> const&) { return in; },
                gdal_writer<std::uint8_t>(folder / "out.tif"));
        });
    };
    make_file(folder / "a.img", ramp(50, 60));
    make_file(folder / "smaller.tif", ramp(50, 59), {}, {}, "GTiff");
    make_file(folder / "elsewhere.tif", ramp(50, 60), {.x = 500'010}, {}, "GTiff");
    CHECK(refused("smaller.tif") == (folder / "smaller.tif") + ": has 50 rows, 59 cols; " + (folder / "a.img") +
                                        " has 50 rows, 60 cols; all inputs must have the same pixels");
    CHECK(refused("elsewhere.tif").find("500010") != std::string::npos);
    make_file(folder / "zone.tif", ramp(50, 60), {}, {}, "GTiff");
    test::open_raster(folder / "zone.tif", GDAL_OF_UPDATE)->SetProjection(wkt_of_epsg(28356).c_str());
    CHECK(refused("zone.tif").find("zone 56") != std::string::npos);
    CHECK(!std::filesystem::exists(folder / "out.tif"));
}

TEST_CASE("an output must not be an input, nor another output")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp(50, 60));
    auto const copy = [](rios::block const&, image<std::uint8_t> in) { return in; };
    std::filesystem::create_symlink(folder / "a.img", folder / "link.img");
    for (std::string const name : {"a.img", "link.img", "./a.img"}) {
        CHECK(test::message_of<rios::options_error>([&] {
                  apply(gdal_reader<std::uint8_t>(folder / "a.img"), copy, gdal_writer<std::uint8_t>(folder / name));
              }) == (folder / name) + ": is the input " + (folder / "a.img") +
                        ", which must not be written over; give it another name");
    }
    auto const twice = [](rios::block const&, image<std::uint8_t> const& in) { return std::tuple{in, in}; };
    CHECK(test::message_of<rios::options_error>([&] {
              apply(
                  gdal_reader<std::uint8_t>(folder / "a.img"), twice,
                  std::tuple{gdal_writer<std::uint8_t>(folder / "b.img"), gdal_writer<std::uint8_t>(folder / "b.img")});
          }) == (folder / "b.img") + " and " + (folder / "b.img") + " are the same file; give them different names");
    CHECK(test::read_pixels<std::uint8_t>(folder / "a.img") == ramp(50, 60));
}

TEST_CASE("outputs appear together or not at all")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp());
    with_each_executor([&](local_executor executor) {
        auto const fails = [](rios::block const& block, image<std::uint8_t> const& in) {
            if (block.index == 20) throw std::out_of_range("on purpose");
            return std::tuple{in, in};
        };
        auto const message = test::message_of<rios::worker_error>([&] {
            apply(gdal_reader<std::uint8_t>(folder / "a.img"), fails,
                  std::tuple{gdal_writer<std::uint8_t>(folder / "b.tif"), gdal_writer<std::uint8_t>(folder / "c.img")},
                  executor, {.window = 100});
        });
        CHECK(message.starts_with((folder / "a.img") + ": block 20 (rows 400 to 499, cols 0 to 99), worker "));
        CHECK(message.ends_with(": on purpose"));
        CHECK(folder.names() == std::set<std::string>{"a.img"});
    });
}

TEST_CASE("images of the wrong shape are refused with both shapes")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp());
    with_each_executor([&](local_executor executor) {
        auto const narrow = [](rios::block const& block, image<std::uint8_t> const&) {
            return image<std::uint8_t>(1, block.rows, block.cols - 1);
        };
        CHECK(test::message_of<rios::grid_error>([&] {
                  apply(gdal_reader<std::uint8_t>(folder / "a.img"), narrow,
                        gdal_writer<std::uint8_t>(folder / "b.tif"), executor, {.window = 500, .overlap = 3});
              }) == (folder / "b.tif") +
                        ": block 0 (rows 0 to 499, cols 0 to 499): the worker returned an image of 500 rows, 499 cols; "
                        "allowed: 500 rows, 500 cols, or with the margin 506 rows, 506 cols");
        auto const two_bands = [](rios::block const& block, image<std::uint8_t> const&) {
            return image<std::uint8_t>(2, block.rows, block.cols);
        };
        auto const message = test::message_of<rios::grid_error>([&] {
            apply(gdal_reader<std::uint8_t>(folder / "a.img"), two_bands, gdal_writer<std::uint8_t>(folder / "b.tif"),
                  executor, {.window = 500});
        });
        CHECK(message.find("1 × 500 × 500") != std::string::npos);
        CHECK(message.find("2 × 500 × 500") != std::string::npos);
        CHECK(folder.names() == std::set<std::string>{"a.img"});
    });
}

TEST_CASE("a file that is damaged where a late block lies is named with the block")
{
    temporary_directory const folder;
    make_file(folder / "a.tif", test::noise<std::uint16_t>(1, 600, 600), {}, {}, "GTiff");
    std::filesystem::resize_file(folder / "a.tif", std::filesystem::file_size(folder / "a.tif") / 2);
    auto const copy = [](rios::block const&, image<std::uint16_t> in) { return in; };
    with_each_executor([&](local_executor executor) {
        // What is left of the file decides whether GDAL opens it, or fails where the pixels end.
        auto const message = test::message_of<rios::io_error>([&] {
            apply(gdal_reader<std::uint16_t>(folder / "a.tif"), copy, gdal_writer<std::uint16_t>(folder / "b.tif"),
                  executor, {.window = 100});
        });
        CHECK(message.starts_with(folder / "a.tif"));
        CHECK(folder.names() == std::set<std::string>{"a.tif"});
    });
}

TEST_CASE("error and signal handlers are as before, after success and after failure")
{
    temporary_directory const folder;
    make_file(folder / "a.img", ramp());
    static std::atomic<int> heard = 0;
    auto const listen = [](CPLErr, CPLErrorNum, char const*) { ++heard; };
    CPLPushErrorHandler(listen);
    auto const signal_before = std::signal(SIGTERM, SIG_IGN);
    with_each_executor([&](local_executor executor) {
        for (bool const fail : {false, true}) {
            heard = 0;
            auto const work = [fail](rios::block const&, image<std::uint8_t> in) {
                if (fail) throw std::runtime_error("on purpose");
                return in;
            };
            try {
                apply(gdal_reader<std::uint8_t>(folder / "a.img"), work, gdal_writer<std::uint8_t>(folder / "b.tif"),
                      executor);
            } catch (rios::worker_error const&) {
            }
            CHECK(heard == 0);
            CPLError(CE_Warning, CPLE_AppDefined, "heard by whoever listened before");
            CHECK(heard == 1);
            struct sigaction now {};
            sigaction(SIGTERM, nullptr, &now);
            CHECK((now.sa_handler == SIG_IGN));
        }
    });
    std::signal(SIGTERM, signal_before);
    CPLPopErrorHandler();
}

TEST_CASE("several threads may apply at once, to the same inputs")
{
    temporary_directory const folder;
    auto const pixels = ramp();
    make_file(folder / "a.img", pixels);
    std::atomic<int> failed = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&, i] {
                auto const copy = [](rios::block const&, image<std::uint8_t> in) { return in; };
                auto const out = folder / ("out" + std::to_string(i) + ".tif");
                try {
                    apply(gdal_reader<std::uint8_t>(folder / "a.img"), copy, gdal_writer<std::uint8_t>(out),
                          rios::thread_executor{{.readers = 1, .workers = 2}}, {.window = 64});
                } catch (std::exception const&) {
                    ++failed;
                }
            });
        }
    }
    CHECK(failed == 0);
    for (int i = 0; i < 4; ++i) {
        CHECK(test::read_pixels<std::uint8_t>(folder / ("out" + std::to_string(i) + ".tif")) == pixels);
    }
}

TEST_CASE("runs that fail anywhere, again and again, leave no file, no handle and no thread")
{
    temporary_directory const folder;
    auto const pixels = ramp(200, 210);
    make_file(folder / "a.img", pixels);
    make_file(folder / "b.tif", pixels, {}, {}, "GTiff");
    auto const entries = [](char const* what) {
        return std::distance(std::filesystem::directory_iterator(what), std::filesystem::directory_iterator());
    };
    test::random_numbers random(5);
    auto const run = [&](std::size_t readers, std::size_t workers) {
        auto const window = static_cast<std::ptrdiff_t>(10 + random.below(100));
        auto const fail_at = random.below(std::size_t{20}); // there may be fewer blocks
        auto const how = random.below(4);
        std::atomic<std::size_t> written = 0;
        auto const work = [&](rios::block const& block, image<std::uint8_t> const& a, image<std::uint8_t> b) {
            if (how == 0 && block.index == fail_at) throw std::runtime_error("on purpose");
            if (how == 1 && block.index == fail_at) return std::tuple{image<std::uint8_t>(1, 1, 1), std::move(b)};
            return std::tuple{a, std::move(b)};
        };
        auto const progress = [&](std::string_view, double) { return how != 2 || ++written <= fail_at; };
        bool failed = false;
        try {
            apply(std::tuple{gdal_reader<std::uint8_t>(folder / "a.img"), gdal_reader<std::uint8_t>(folder / "b.tif")},
                  work,
                  std::tuple{gdal_writer<std::uint8_t>(folder / "c.tif"), gdal_writer<std::uint8_t>(folder / "d.img")},
                  local_executor{readers, workers}, {.window = window, .progress = progress});
        } catch (rios::error const&) {
            failed = true;
        }
        if (failed) {
            CHECK(folder.names() == std::set<std::string>{"a.img", "b.tif"});
            return;
        }
        CHECK(test::read_pixels<std::uint8_t>(folder / "c.tif") == pixels);
        CHECK(test::read_pixels<std::uint8_t>(folder / "d.img") == pixels);
        std::filesystem::remove(folder / "c.tif");
        std::filesystem::remove(folder / "d.img");
    };
    run(2, 2); // GDAL keeps what it has opened for itself
    auto const handles = entries("/proc/self/fd");
    test::thread_census const threads;
    for (int i = 0; i < 200; ++i) run(random.below(std::size_t{3}), random.below(std::size_t{4}));
    CHECK(entries("/proc/self/fd") == handles);
    CHECK(threads.none_left_behind());
}
