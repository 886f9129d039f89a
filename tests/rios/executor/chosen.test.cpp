// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/chosen.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/error.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/remote_runs.hpp"

using rios::chosen_executor;
using rios::executor_choice;

namespace {

/// The process that does it.
struct process_number {
    rios::image<std::int32_t> operator()(rios::block_info const& where, rios::image<std::int16_t> const&) const
    {
        rios::image<std::int32_t> out(1, where.rows, where.cols);
        for (auto const [row, col] : out.pixels()) out(0, row, col) = ::getpid();
        return out;
    }
};

/// Is the work done by this process?
bool works_here(executor_choice const& choice)
{
    chosen_executor executor(choice);
    rios::image<std::int32_t> out;
    rios::apply(rios::memory_reader(test::random_image<std::int16_t>(1, 20, 30, 1)), process_number(),
                rios::memory_writer(out), executor, {.window = 10});
    return out(0, 0, 0) == ::getpid();
}

std::string refusal(executor_choice const& choice)
{
    return test::message_of<rios::options_error>([&] { chosen_executor const executor(choice); });
}

} // namespace

TEST_CASE("the work is done where the choice says")
{
    CHECK(works_here({.kind = "inline"}));
    CHECK(works_here({.kind = "read-ahead", .readers = 2}));
    CHECK(works_here({}));
    test::remote_place const place;
    CHECK_FALSE(works_here({.kind = "subprocess", .threads = 2, .remote = place.options(1)}));
    CHECK(place.nothing_left());
}

TEST_CASE("a choice has the readers and threads that count where it works")
{
    chosen_executor const single({.kind = "inline", .readers = 3, .threads = 3});
    CHECK(single.readers() == 0);
    CHECK(single.workers() == 0);
    CHECK(single.concurrency() == 1);
    chosen_executor const ahead({.kind = "read-ahead", .readers = 3, .threads = 3});
    CHECK(ahead.readers() == 3);
    CHECK(ahead.workers() == 0);
    CHECK(ahead.concurrency() == 1);
    chosen_executor const threads({.kind = "threads", .readers = 2, .threads = 3});
    CHECK(threads.readers() == 2);
    CHECK(threads.workers() == 3);
    CHECK(threads.concurrency() == 3);
    CHECK(threads.concurrency_here() == 3);
    // The numbers of the remote options do not count, but for the processes.
    chosen_executor const processes(
        {.kind = "subprocess", .readers = 2, .threads = 3, .remote = {.workers = 4, .threads = 9, .readers = 9}});
    CHECK(processes.readers() == 0);
    CHECK(processes.workers() == 0);
    CHECK(processes.concurrency() == 12);
    CHECK(chosen_executor({.kind = "subprocess", .remote = {.workers = 4}}).concurrency() == 4);
    CHECK(executor_choice{.kind = "subprocess"}.is_remote());
    CHECK_FALSE(executor_choice{}.is_remote());
    for (auto const* const kind : {"slurm", "pbs"}) {
        CHECK(executor_choice{.kind = kind}.is_remote());
        CHECK(executor_choice{.kind = kind}.is_batch());
        CHECK(chosen_executor({.kind = kind, .threads = 2, .remote = {.workers = 4}}).concurrency() == 8);
    }
    CHECK_FALSE(executor_choice{.kind = "subprocess"}.is_batch());
}

TEST_CASE("a kind that there is not, and numbers that cannot be, are refused with what is allowed")
{
    CHECK(refusal({.kind = "cloud"}) ==
          "executor 'cloud': allowed are inline, read-ahead, threads, subprocess, slurm, pbs, ecs, aws-batch");
    CHECK(refusal({.kind = "read-ahead"}) == "readers 0: read-ahead needs at least 1");
    CHECK(refusal({.kind = "subprocess", .remote = {.workers = 0}}) == "workers 0: at least 1 is needed");
    CHECK(refusal({.readers = 100'000}).find("readers 100000: ") == 0);
    CHECK(refusal({.kind = "subprocess", .threads = 100'000}).find("threads 100000: ") == 0);
}
