// SPDX-License-Identifier: BSL-1.0
#include <rios/pipeline/compute_block.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>

#include <doctest/doctest.h>

#include <rios/block_info.hpp>
#include <rios/error.hpp>
#include <rios/timing.hpp>

#include "support/message_of.hpp"

namespace {

using rios::detail::compute_block;

rios::run_info make_run()
{
    rios::run_info result{.window_rows = 10, .window_cols = 10, .inputs = {{{.filename = "a.tif"}}, {{}}}};
    result.grid.rows = 20;
    result.grid.cols = 30;
    return result;
}
rios::run_info const run = make_run();

template <typename W, typename In>
auto computed(W worker, In in, rios::timing_log& log)
{
    rios::block_info const where(run.block_at(4), run);
    return compute_block(worker, 3, where, run, in, log);
}

} // namespace

TEST_CASE("a worker gets the block and one value of each reader, and its time is noted")
{
    rios::timing_log log;
    auto const sum = [](rios::block_info const& where, int a, double b) {
        return static_cast<double>(where.index) + a + b;
    };
    CHECK(computed(sum, std::tuple(10, 0.5), log) == 14.5);
    bool called = false;
    auto const silent = [&](rios::block_info const&, int) { called = true; };
    using nothing = decltype(computed(silent, std::tuple(1), log));
    static_assert(std::is_same_v<nothing, rios::detail::nothing>);
    computed(silent, std::tuple(1), log);
    CHECK(called);
    CHECK(log.snapshot().summary("userfunction")->count == 2);
}

TEST_CASE("what a worker throws is of a type of ours, and names the first input, the block and the copy of the worker")
{
    rios::timing_log log;
    auto const fails = [](rios::block_info const&, int) -> int { throw std::runtime_error("no"); };
    try {
        computed(fails, std::tuple(1), log);
        FAIL("nothing was thrown");
    } catch (rios::worker_error const& thrown) {
        CHECK(thrown.block() == 4);
        CHECK(thrown.worker() == 3);
        CHECK(std::string(thrown.what()).find("a.tif: block 4 ") == 0);
        CHECK(std::string(thrown.what()).ends_with(", worker 3: no"));
        CHECK(test::message_of<std::runtime_error>([&] { std::rethrow_if_nested(thrown); }) == "no");
    }
    auto const own = [](rios::block_info const&, int) -> int { throw rios::io_error("c.tif", "is gone"); };
    CHECK(test::message_of<rios::io_error>([&] { computed(own, std::tuple(1), log); }) == "c.tif: is gone");
    CHECK(log.snapshot().summary("userfunction")->count == 2); // those that failed, too
}
