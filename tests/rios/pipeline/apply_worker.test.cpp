// SPDX-License-Identifier: BSL-1.0
#include <rios/pipeline/apply_worker.hpp>

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/cancellation.hpp>
#include <rios/memory_reader.hpp>
#include <rios/timing.hpp>

#include "support/pipeline_doubles.hpp"

namespace {

using image = rios::image<std::int16_t>;
using rios::detail::apply_worker;

/// Adds up what it sees, times a factor.
struct adding {
    std::int64_t factor = 1;
    std::int64_t sum = 0;

    std::int64_t operator()(rios::block_info const&, image const& in)
    {
        std::int64_t here = 0;
        for (auto const [row, col] : in.pixels()) here += factor * in(0, row, col);
        sum += here;
        return here;
    }
    void merge(adding const& other) { sum += other.sum; }
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.factor, self.sum);
    }
};

using worker_type = apply_worker<adding, rios::memory_reader<std::int16_t>>;

worker_type worker_of(image const& pixels)
{
    rios::run_info run{.window_rows = 10, .window_cols = 10, .inputs = {{{}}}};
    run.grid.rows = pixels.rows();
    run.grid.cols = pixels.cols();
    return worker_type({worker_type::computer({run, rios::detail::worker_state<adding>(adding{.factor = 3})}),
                        rios::memory_reader(pixels)});
}

/// Three times the sum of a block.
std::int64_t expected(image const& pixels, std::ptrdiff_t row, std::ptrdiff_t col)
{
    std::int64_t sum = 0;
    for (auto r = row; r < row + 10; ++r) {
        for (auto c = col; c < col + 10; ++c) sum += 3 * pixels(0, r, c);
    }
    return sum;
}

} // namespace

TEST_CASE(
    "a worker that has travelled as bytes reads and computes the blocks of its index, at once or one after the other")
{
    auto const pixels = test::random_image<std::int16_t>(1, 20, 30, 5);
    auto const worker = rios::from_bytes<worker_type>(rios::to_bytes(worker_of(pixels)));
    rios::timing_log log;
    rios::cancellation cancelled;
    CHECK(worker(4, log, cancelled) == expected(pixels, 10, 10));
    auto first = worker.read(0, log);
    auto last = worker.read(5, log);
    CHECK(worker.compute(5, last, log, cancelled) == expected(pixels, 10, 20));
    CHECK(worker.compute(0, first, log, cancelled) == expected(pixels, 0, 0));
    CHECK(log.snapshot().summary("reading")->count == 3);
    CHECK(log.snapshot().summary("userfunction")->count == 3);
}

TEST_CASE("what copies have gathered is brought home as one worker, and nothing where there was nothing to do")
{
    auto const pixels = test::random_image<std::int16_t>(1, 20, 30, 5);
    auto const worker = worker_of(pixels);
    rios::timing_log log;
    rios::cancellation cancelled;
    CHECK_FALSE(worker.accumulated());
    auto const sum = worker(1, log, cancelled) + worker(2, log, cancelled);
    auto const brought = worker.accumulated();
    REQUIRE(brought);
    CHECK(brought->worker().sum == sum);
    CHECK(brought->worker().factor == 3);
}

TEST_CASE("a worker that was told to stop computes no more")
{
    auto const worker = worker_of(test::random_image<std::int16_t>(1, 20, 30, 5));
    rios::timing_log log;
    rios::cancellation cancelled;
    auto in = worker.read(0, log);
    cancelled.stop();
    CHECK_THROWS(static_cast<void>(worker.compute(0, in, log, cancelled)));
    CHECK_FALSE(worker.accumulated());
}
