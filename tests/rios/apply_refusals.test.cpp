// SPDX-License-Identifier: BSL-1.0
// What does not fit together is refused in words: options, grids, files, and results of other shapes than agreed.
#include <rios/apply.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>
#include <rios/pixel_grid.hpp>

#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/temporary_directory.hpp"

using rios::apply_options;
using rios::block_info;
using rios::image;
using rios::memory_reader;
using rios::memory_writer;
using test::message_of;
using test::random_image;
using namespace std::chrono_literals;

namespace {

constexpr std::ptrdiff_t rows = 20;
constexpr std::ptrdiff_t cols = 25;
char const* const block_7 = "block 7 (rows 5 to 9, cols 10 to 14)";

rios::pixel_grid placed(double left, std::string projection = {})
{
    return {.rows = 6, .cols = 8, .geotransform = {{left, 10, 0, 0, 0, -10}}, .projection = std::move(projection)};
}
memory_reader<float> reader_at(rios::pixel_grid grid)
{
    return memory_reader(image<float>(1, grid.rows, grid.cols)).at(std::move(grid));
}

/// The text of the E that a run of some readers throws.
template <typename E, typename... Rs>
std::string refusal_of(apply_options const& options, Rs... readers)
{
    test::writer_history history;
    rios::inline_executor executor;
    auto const text = message_of<E>([&] {
        rios::apply(
            std::tuple(readers...), [](block_info const&, auto const& first, auto const&...) { return first; },
            test::hooked_writer("out.tif", history), executor, options);
    });
    CHECK(history.opened == 0);
    return text;
}

} // namespace

TEST_CASE("windows, margins and limits out of range are refused in words")
{
    auto const in = reader_at(placed(0));
    auto const refused = [&](apply_options const& options) { return refusal_of<rios::options_error>(options, in); };
    CHECK(refused({.window = 0}) == "window of 0 rows, 0 cols: allowed: 1 to 1073741824 of each");
    CHECK(refused({.window = {5, 0}}).starts_with("window of 5 rows, 0 cols"));
    CHECK(refused({.window = {-3, 5}}).starts_with("window of -3 rows, 5 cols"));
    CHECK(refused({.window = {5, -1}}).starts_with("window of 5 rows, -1 cols"));
    CHECK(refused({.window = std::numeric_limits<std::ptrdiff_t>::max()}).starts_with("window of 9223372036854775807"));
    CHECK(refused({.overlap = -1}) == "overlap -1: allowed: 0 to 1073741824 pixels");
    CHECK(refused({.overlap = std::numeric_limits<std::ptrdiff_t>::max()}).starts_with("overlap 9223372036854775807"));
    std::chrono::duration<double> const nan(std::numeric_limits<double>::quiet_NaN());
    CHECK(refused({.stalls = {.reading = -1s}}) == "stalls.reading: allowed: 0 (off) or more seconds");
    CHECK(refused({.stalls = {.computing = -1s}}).starts_with("stalls.computing: allowed"));
    CHECK(refused({.stalls = {.reading = nan}}).starts_with("stalls.reading"));
    CHECK(refused({.stalls = {.computing = nan}}).starts_with("stalls.computing"));
}

TEST_CASE("more threads than anybody means are refused, and read_ahead needs one")
{
    auto const negative = static_cast<std::size_t>(-1);
    CHECK(message_of<rios::options_error>([] { rios::read_ahead({.readers = 0}); }) ==
          "readers 0: read_ahead needs at least 1");
    CHECK(
        message_of<rios::options_error>([&] { rios::read_ahead({.readers = negative}); }).starts_with("readers 1844"));
    CHECK(message_of<rios::options_error>([&] {
              rios::thread_executor({.readers = negative, .workers = 1});
          }).starts_with("readers 1844"));
    CHECK(message_of<rios::options_error>([] { rios::thread_executor({.workers = 4097}); }) ==
          "workers 4097: allowed are 0 to 4096");
}

TEST_CASE("inputs of different sizes and grids are refused, and told apart")
{
    apply_options const options;
    auto const first = reader_at(placed(0, "LOCAL[\"a\"]"));
    test::hooked_reader const wide("wide.tif", image<float>(1, 6, 9));
    CHECK(refusal_of<rios::grid_error>(options, first, first, wide) ==
          "wide.tif: has 6 rows, 9 cols; input 1 has 6 rows, 8 cols; all inputs must have the same pixels");
    CHECK(refusal_of<rios::grid_error>(options, first, reader_at(placed(5, "LOCAL[\"a\"]"))) ==
          "input 2: has geotransform (5, 10, 0, 0, 0, -10); input 1 has geotransform (0, 10, 0, 0, 0, -10); all inputs "
          "must have the same pixels");
    CHECK(refusal_of<rios::grid_error>(options, first, reader_at(placed(0, "LOCAL[\"b\"]"))) ==
          "input 2: has \"b\"; input 1 has \"a\"; all inputs must have the same pixels");
    test::hooked_reader const tall("tall.tif", image<float>(1, 7, 8));
    test::hooked_reader const right("right.tif", image<float>(1, 6, 8));
    CHECK(refusal_of<rios::grid_error>(options, right, rios::reader_list(std::vector{right, tall})) ==
          "tall.tif: has 7 rows, 8 cols; right.tif has 6 rows, 8 cols; all inputs must have the same pixels");
    // Without a place on the map, or without a reference system, it goes with any.
    rios::apply(std::tuple(first, right, reader_at(placed(0))), [](block_info const&, auto const&...) {});
}

TEST_CASE("an output that is an input or another output is refused, by whatever name")
{
    test::temporary_directory const folder;
    auto const path = folder / "a.tif";
    std::ofstream(path) << "pixels";
    std::filesystem::create_symlink(path, folder / "link.tif");
    std::filesystem::create_hard_link(path, folder / "hard.tif");
    std::filesystem::create_directory(folder / "sub");
    image<float> const pixels(1, 6, 8);
    test::writer_history history;
    rios::inline_executor executor;
    for (auto const& name :
         {path, folder / "link.tif", folder / "hard.tif", folder / "sub/../a.tif", folder / "./a.tif"}) {
        CHECK(message_of<rios::options_error>([&] {
                  rios::apply(test::hooked_reader(path, pixels), test::hooked_worker(),
                              test::hooked_writer(name, history), executor);
              }) == name + ": is the input " + path + ", which must not be written over; give it another name");
    }
    for (auto const& name : {folder / "new.tif", folder / "sub/../new.tif"}) {
        CHECK(message_of<rios::options_error>([&] {
                  rios::apply(
                      test::hooked_reader(path, pixels),
                      [](block_info const&, image<float> const& in) { return std::tuple(in, in); },
                      std::tuple(test::hooked_writer(folder / "new.tif", history), test::hooked_writer(name, history)),
                      executor);
              }) == (folder / "new.tif") + " and " + name + " are the same file; give them different names");
    }
    CHECK(history.opened == 0);
    rios::apply(test::hooked_reader(path, pixels), test::hooked_worker(),
                test::hooked_writer(folder / "new.tif", history), executor);
    CHECK(history.closed == 1);
}

TEST_CASE("a result of the wrong shape is refused with the file and the block")
{
    auto const pixels = random_image<float>(1, rows, cols, 1);
    rios::thread_executor executor({.readers = 1, .workers = 2});
    test::writer_history history;
    auto const shaped = [&](std::ptrdiff_t more_rows, std::ptrdiff_t more_cols, std::ptrdiff_t overlap) {
        return message_of<rios::grid_error>([&] {
            rios::apply(memory_reader(pixels),
                        [=](block_info const& where, image<float> const&) {
                            bool const wrong = where.index == 7;
                            return image<float>(1, where.rows + (wrong ? more_rows : 0),
                                                where.cols + (wrong ? more_cols : 0));
                        },
                        test::hooked_writer("out.tif", history), executor, {.window = 5, .overlap = overlap});
        });
    };
    CHECK(shaped(1, 0, 0) == std::string("out.tif: ") + block_7 +
                                 ": the worker returned an image of 6 rows, 5 cols; allowed: 5 rows, 5 cols");
    CHECK(shaped(-5, -5, 2) == std::string("out.tif: ") + block_7 +
                                   ": the worker returned an image of 0 rows, 0 cols; allowed: 5 rows, 5 cols, or with "
                                   "the margin 9 rows, 9 cols");
    CHECK(shaped(4, 0, 2).find("9 rows, 5 cols") != std::string::npos);
    CHECK(history.closed == 0);
    CHECK(history.discarded == 3);
}

TEST_CASE("another number of bands or of outputs than before is refused with the block")
{
    auto const pixels = random_image<float>(1, rows, cols, 1);
    rios::inline_executor executor;
    image<float> result;
    CHECK(message_of<rios::grid_error>([&] {
              rios::apply(memory_reader(pixels),
                          [](block_info const& where, image<float> const&) {
                              return image<float>(where.index == 7 ? 2 : 1, where.rows, where.cols);
                          },
                          memory_writer(result), executor, {.window = 5});
          }) == std::string(block_7) + ": the result in memory has 1 bands, those given for the block are 2");
    std::vector<memory_writer<float>> writers;
    writers.emplace_back(result);
    rios::writer_list list(std::move(writers));
    CHECK(message_of<rios::grid_error>([&] {
              rios::apply(memory_reader(pixels),
                          [](block_info const& where, image<float> const& in) {
                              return std::vector<image<float>>(where.index == 7 ? 2 : 1, in);
                          },
                          list, executor, {.window = 5});
          }) == std::string(block_7) + ": the worker returned 2 values for a list of 1 outputs");
    CHECK(result == image<float>());
}

namespace {

/// Returns more than it is asked for.
struct generous_reader {
    using value_type = image<float>;
    rios::pixel_grid place{.rows = 20, .cols = 25, .geotransform = {}, .projection = {}};
    [[nodiscard]] rios::pixel_grid const& grid() const { return place; }
    [[nodiscard]] static std::string path() { return "big.tif"; }
    static image<float> read(rios::block const& where)
    {
        return {1, where.rows + (where.index == 7 ? 1 : 0), where.cols};
    }
};

/// Reads something that is no image.
struct number_reader {
    using value_type = int;
    rios::pixel_grid place{.rows = 20, .cols = 25, .geotransform = {}, .projection = {}};
    [[nodiscard]] rios::pixel_grid const& grid() const { return place; }
    static int read(rios::block const& where) { return static_cast<int>(where.index); }
};

} // namespace

TEST_CASE("a reader that returns another shape than it was asked for is told so")
{
    auto const none = [](block_info const&, image<float> const&) {};
    rios::thread_executor executor({.readers = 2, .workers = 2});
    CHECK(message_of<rios::grid_error>([&] {
              rios::apply(generous_reader(), none, rios::no_output{}, executor, {.window = 5});
          }) == std::string("big.tif: ") + block_7 + ": the reader returned an image of 6 rows, 5 cols");
    CHECK(message_of<rios::grid_error>([&] {
              rios::apply(generous_reader(), none, rios::no_output{}, executor, {.window = 5, .overlap = 1});
          }).find("returned an image of 8 rows, 7 cols") != std::string::npos);
}

TEST_CASE("only images have margins")
{
    int sum = 0;
    auto const add = [&](block_info const&, int number) { sum += number; };
    rios::apply(number_reader(), add, rios::no_output{}, rios::inline_executor(), {.window = 5});
    CHECK(sum == 190);
    CHECK(message_of<rios::options_error>([&] {
              rios::apply(number_reader(), add, rios::no_output{}, rios::inline_executor(),
                          {.window = 5, .overlap = 1});
          }) == "overlap: only readers of images can read a margin");
}

TEST_CASE("a site sets the defaults of windows and overlaps by the environment")
{
    CHECK(apply_options().window.rows == 256);
    CHECK(apply_options().window.cols == 256);
    CHECK(apply_options().overlap == 0);
    test::environment_variable const across("RIOS_DFLT_BLOCKXSIZE", "5");
    test::environment_variable const down("RIOS_DFLT_BLOCKYSIZE", "4");
    test::environment_variable const margin("RIOS_DFLT_OVERLAP", "3");
    CHECK(apply_options().window.rows == 4);
    CHECK(apply_options().window.cols == 5);
    CHECK(apply_options().overlap == 3);
    CHECK(apply_options{.window = 7, .overlap = 0}.window.cols == 7);
    CHECK(apply_options{.window = 7, .overlap = 0}.overlap == 0);
    std::size_t blocks = 0;
    rios::apply(memory_reader(image<float>(1, 8, 8)), [&](block_info const& where, image<float> const& in) {
        ++blocks;
        CHECK(in.rows() == where.rows + 6);
    });
    CHECK(blocks == 4);
    test::environment_variable const wrong("RIOS_DFLT_OVERLAP", "-1");
    CHECK(message_of<rios::options_error>([] { static_cast<void>(apply_options()); }) ==
          "environment variable RIOS_DFLT_OVERLAP='-1': allowed: whole numbers from 0 to 1073741824");
}
