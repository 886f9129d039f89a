// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/remote.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/executor/for_each_index.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/lazy_reader.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/remote_runs.hpp"

namespace {

using rios::remote_executor;
using rios::subprocess_launcher;
using test::message_of;
using namespace std::chrono_literals;

auto subprocesses(rios::remote_options options)
{
    return remote_executor(subprocess_launcher(), std::move(options), {.workers = 1});
}

/// Sums of each pixel and those around it, of all bands; the process that did it in band 1.
struct sum_around {
    rios::image<std::int32_t> operator()(rios::block_info const& where, rios::image<std::int16_t> const& in) const
    {
        rios::image<std::int32_t> out(2, where.rows, where.cols);
        auto const margin = where.overlap();
        for (auto const [row, col] : out.pixels()) {
            std::int32_t sum = 0;
            for (std::ptrdiff_t band = 0; band < in.bands(); ++band) {
                for (auto r = row; r <= row + 2 * margin; ++r) {
                    for (auto c = col; c <= col + 2 * margin; ++c) sum += in(band, r, c);
                }
            }
            out(0, row, col) = sum;
            out(1, row, col) = ::getpid();
        }
        return out;
    }
};

/// The first band of an image.
rios::image<std::int32_t> first_band(rios::image<std::int32_t> const& all)
{
    rios::image<std::int32_t> result(1, all.rows(), all.cols());
    for (auto const [row, col] : result.pixels()) result(0, row, col) = all(0, row, col);
    return result;
}

std::set<std::int32_t> processes_in(rios::image<std::int32_t> const& all)
{
    std::set<std::int32_t> result;
    for (auto const [row, col] : all.pixels()) result.insert(all(1, row, col));
    return result;
}

/// Fails, ends or hangs its process at one block, as a file says once, or always.
struct troubled {
    enum class kind : std::uint8_t { throws, throws_number, exits, is_killed, sleeps };

    kind what = kind::throws;
    std::size_t at = 0;
    bool once = false;  ///< or whenever it comes to this block
    std::string mark{}; ///< made when it has happened

    rios::image<std::int32_t> operator()(rios::block_info const& where, rios::image<std::int16_t> const& in) const
    {
        if (where.index == at && !(once && std::filesystem::exists(mark))) {
            std::ofstream(mark) << ::getpid();
            switch (what) {
            case kind::throws: throw std::runtime_error("no such luck");
            case kind::throws_number: throw 7;
            case kind::exits: std::fprintf(stderr, "this was it\n"); std::exit(7);
            case kind::is_killed: ::raise(SIGKILL); break;
            case kind::sleeps: std::this_thread::sleep_for(600s); break;
            }
        }
        rios::image<std::int32_t> out(1, where.rows, where.cols);
        for (auto const [row, col] : out.pixels()) out(0, row, col) = 2 * in(0, row, col);
        return out;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.what, self.at, self.once, self.mark);
    }
};

/// Counts what it has seen.
struct counter {
    std::uint64_t blocks = 0;
    std::uint64_t sum = 0;
    std::size_t dies_at = SIZE_MAX; ///< at the end of this block, the first time
    std::string mark{};

    void operator()(rios::block_info const& where, rios::image<std::int16_t> const& in)
    {
        ++blocks;
        for (auto const [row, col] : in.pixels()) sum += static_cast<std::uint64_t>(in(0, row, col));
        if (where.index == dies_at && !std::filesystem::exists(mark)) {
            std::ofstream(mark) << ::getpid();
            ::raise(SIGKILL);
        }
    }
    void merge(counter const& other)
    {
        blocks += other.blocks;
        sum += other.sum;
    }
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.blocks, self.sum, self.dies_at, self.mark);
    }
};

rios::image<std::int16_t> scene()
{
    return test::random_image<std::int16_t>(2, 100, 130, 1);
}

template <typename W, typename E>
rios::image<std::int32_t> result_of(W worker, E&& executor, rios::apply_options const& options)
{
    rios::image<std::int32_t> out;
    rios::apply(rios::memory_reader(scene()), worker, rios::memory_writer(out), executor, options);
    return out;
}

} // namespace

TEST_CASE("the result of other processes is that of this one, whoever reads, and each of them works")
{
    test::remote_place const place;
    auto const expected = result_of(sum_around(), rios::inline_executor(), {.window = 16, .overlap = 2});
    auto options = place.options(2);
    options.min_workers = 2;
    SUBCASE("workers read") {}
    SUBCASE("workers read ahead")
    {
        options.readers = 2;
    }
    SUBCASE("the main process reads")
    {
        options.workers_read = false;
    }
    SUBCASE("the main process reads with several threads")
    {
        options.workers_read = false;
        options.readers = 3;
    }
    SUBCASE("several threads each")
    {
        options.threads = 3;
    }
    SUBCASE("one read at a time")
    {
        options.threads = 2;
        options.max_concurrent_reads = 1;
    }
    SUBCASE("blocks are packed, inputs, too")
    {
        options.packing = rios::net::packing::always;
        options.workers_read = false;
    }
    SUBCASE("the address in the environment")
    {
        options.address_in_environment = true;
    }
    SUBCASE("in order, with little room")
    {
        auto const out = result_of(sum_around(), subprocesses(options),
                                   {.window = 16,
                                    .overlap = 2,
                                    .output_buffer = {.blocks = 1, .bytes = 1},
                                    .order = rios::delivery_order::index});
        CHECK(first_band(out) == first_band(expected));
    }
    auto const out = result_of(sum_around(), subprocesses(options), {.window = 16, .overlap = 2});
    CHECK(first_band(out) == first_band(expected));
    auto const workers = processes_in(out);
    CHECK(workers.size() == 2);
    CHECK_FALSE(workers.contains(::getpid()));
    CHECK(place.nothing_left());
}

TEST_CASE("a worker for each block")
{
    test::remote_place const place;
    auto options = place.options(2);
    options.single_block_workers = true;
    auto const expected = result_of(sum_around(), rios::inline_executor(), {.window = 50});
    auto const out = result_of(sum_around(), subprocesses(options), {.window = 50});
    CHECK(first_band(out) == first_band(expected));
    CHECK(processes_in(out).size() == 6);
    CHECK(place.nothing_left());
}

TEST_CASE("workers stay for the next job, and what cannot travel runs here")
{
    test::remote_place const place;
    auto executor = subprocesses(place.options(1));
    auto const first = result_of(sum_around(), executor, {.window = 50});
    std::atomic<int> here = 0;
    rios::for_each_index(executor, 10, [&](std::size_t) { ++here; });
    CHECK(here == 10);
    auto const second = result_of(sum_around(), executor, {.window = 20});
    CHECK(processes_in(first) == processes_in(second));
    CHECK(executor.concurrency() == 1);
}

TEST_CASE("several inputs and outputs, lists, and function objects that capture numbers")
{
    test::remote_place const place;
    auto const half = test::random_image<float>(1, 40, 50, 2);
    auto const mask = test::random_image<std::uint8_t>(1, 40, 50, 3);
    auto const run = [&](auto&& executor) {
        auto const factor = 3.0F;
        auto const worker = [factor](rios::block_info const&, rios::image<float> const& a,
                                     std::vector<rios::image<std::uint8_t>> const& list,
                                     rios::lazy_value<rios::memory_reader<float>>&& lazy) {
            rios::image<float> x(1, a.rows(), a.cols());
            rios::image<std::uint8_t> y(1, a.rows(), a.cols());
            for (auto const [r, c] : a.pixels()) {
                x(0, r, c) = factor * a(0, r, c) + lazy.get()(0, r, c);
                y(0, r, c) = static_cast<std::uint8_t>(list[0](0, r, c) + list[1](0, r, c));
            }
            return std::tuple(std::move(x), std::optional(std::move(y)));
        };
        rios::image<float> x;
        rios::image<std::uint8_t> y;
        rios::reader_list<rios::memory_reader<std::uint8_t>> const two(
            {rios::memory_reader(mask), rios::memory_reader(mask)});
        rios::apply(std::tuple(rios::memory_reader(half), two, rios::lazy_reader(rios::memory_reader(half))), worker,
                    std::tuple(rios::memory_writer(x), rios::memory_writer(y)), executor, {.window = 16});
        return std::pair(x, y);
    };
    CHECK(run(subprocesses(place.options())) == run(rios::inline_executor()));
    auto main_reads = place.options();
    main_reads.workers_read = false;
    CHECK(message_of<rios::options_error>([&] { run(subprocesses(main_reads)); }).find("workers_read false") == 0);
    CHECK(place.nothing_left());
}

TEST_CASE("accumulated values come home, each block's once, also from workers that are lost")
{
    test::remote_place const place;
    counter worker{.mark =
                       (std::filesystem::temp_directory_path() / ("rios-mark-" + std::to_string(::getpid()))).string()};
    std::filesystem::remove(worker.mark);
    SUBCASE("none is lost") {}
    SUBCASE("one is lost at its first block")
    {
        worker.dies_at = 0;
    }
    SUBCASE("one is lost later on")
    {
        worker.dies_at = 40;
    }
    auto const run = [&](auto&& executor) {
        return rios::apply(rios::memory_reader(scene()), worker, rios::no_output(), executor, {.window = 16});
    };
    auto const found = run(subprocesses(place.options(2)));
    CHECK(found.worker.blocks == 63);
    std::ofstream(worker.mark) << "so that this process lives";
    CHECK(found.worker.sum == run(rios::inline_executor()).worker.sum);
    CHECK(found.timings.durations("userfunction").size() == 63);
    std::filesystem::remove(worker.mark);
    CHECK(place.nothing_left());
}

TEST_CASE("what a worker throws arrives with its type, block, host and job")
{
    test::remote_place const place;
    auto const failure = [&](troubled::kind what) {
        return message_of<rios::worker_error>([&] {
            result_of(troubled{.what = what, .at = 5, .mark = "/dev/null"}, subprocesses(place.options()),
                      {.window = 16});
        });
    };
    auto const message = failure(troubled::kind::throws);
    CAPTURE(message);
    CHECK(message.find("input 1: block 5 (rows 0 to 15, cols 80 to 95), worker 0: no such luck (worker ") == 0);
    CHECK(message.find(" on host " + rios::net::host_name() + ", job ") != std::string::npos);
    CHECK(failure(troubled::kind::throws_number).find("an exception that is no std::exception") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a worker that ends or is killed in the middle of a block costs nothing but time")
{
    test::remote_place const place;
    test::temporary_directory const marks;
    for (auto const what : {troubled::kind::exits, troubled::kind::is_killed}) {
        troubled const worker{
            .what = what, .at = 9, .once = true, .mark = marks / std::to_string(static_cast<int>(what))};
        auto const out = result_of(worker, subprocesses(place.options(2)), {.window = 16});
        CHECK(std::filesystem::exists(worker.mark));
        CHECK(out == result_of(worker, rios::inline_executor(), {.window = 16}));
    }
    CHECK(place.nothing_left());
}

TEST_CASE("a block that costs a worker each time ends the run, and so does the end of the last worker")
{
    test::remote_place const place;
    auto const failure = [&](troubled::kind what, rios::remote_options const& options) {
        return message_of<rios::remote_error>([&] {
            result_of(troubled{.what = what, .at = 9, .mark = "/dev/null"}, subprocesses(options), {.window = 16});
        });
    };
    auto options = place.options(4);
    options.attempts = 2;
    auto message = failure(troubled::kind::exits, options);
    CAPTURE(message);
    CHECK(message.find("has been begun 2 times, and its worker was lost each time; the last was worker ") !=
          std::string::npos);
    CHECK(message.find(": exited with status 7; its output ends:\nthis was it") != std::string::npos);
    message = failure(troubled::kind::is_killed, place.options(2));
    CHECK(message.find("no worker is left to go on:\nworker 0, job ") == 0);
    CHECK(message.find(": was ended by signal 9 (Killed)") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a worker that hangs ends the run when nothing gets on any more")
{
    test::remote_place const place;
    auto options = place.options(2);
    options.timeouts.progress = 1s;
    auto const message = message_of<rios::timeout_error>([&] {
        result_of(troubled{.what = troubled::kind::sleeps, .at = 9, .mark = "/dev/null"}, subprocesses(options),
                  {.window = 16});
    });
    CHECK(message.find("input 1: block 9 (rows 16 to 31, cols 0 to 15): has not been done by worker ") == 0);
    CHECK(message.find("for 1 seconds (timeouts.progress; 0 switches it off)") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a worker that is stopped counts as lost when nothing is heard of it any more")
{
    test::remote_place const place;
    test::temporary_directory const marks;
    auto options = place.options(2);
    options.timeouts.silence = 2s;
    troubled const worker{.what = troubled::kind::sleeps, .at = 3, .once = true, .mark = marks / "process"};
    std::jthread const stopper([&](std::stop_token const& over) {
        while (!over.stop_requested()) {
            int process = 0;
            if (std::ifstream(worker.mark) >> process) return static_cast<void>(::kill(process, SIGSTOP));
            std::this_thread::sleep_for(10ms);
        }
    });
    auto const out = result_of(worker, subprocesses(options), {.window = 16});
    CHECK(out == result_of(worker, rios::inline_executor(), {.window = 16}));
    CHECK(place.nothing_left());
}

TEST_CASE("workers that never join are not waited for while others work, and end the run when there are none")
{
    test::remote_place const place;
    auto options = place.options(2);
    options.program = "/bin/false";
    auto const message =
        message_of<rios::remote_error>([&] { result_of(sum_around(), subprocesses(options), {.window = 16}); });
    CHECK(message.find("no worker is left to go on:\nworker 0, job ") == 0);
    CHECK(message.find(", never joined: exited with status 1") != std::string::npos);
    options.program = "/no/such/program";
    CHECK(message_of<rios::remote_error>([&] { result_of(sum_around(), subprocesses(options), {.window = 16}); }) ==
          "worker process '/no/such/program' cannot be started: No such file or directory");
    options.single_block_workers = true;
    options.program = "/bin/false";
    CHECK(message_of<rios::remote_error>([&] {
              result_of(sum_around(), subprocesses(options), {.window = 16});
          }).find("never joined") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a run for which nobody joins in time ends, and says what the launcher knows")
{
    test::remote_place const place;
    test::temporary_directory const folder;
    std::ofstream(folder / "sleeper") << "#!/bin/sh\nexec sleep 60\n";
    std::filesystem::permissions(folder / "sleeper", std::filesystem::perms::owner_all);
    auto options = place.options(2);
    options.program = folder / "sleeper";
    options.timeouts.joining = 1s;
    options.min_workers = 2;
    auto const message =
        message_of<rios::timeout_error>([&] { result_of(sum_around(), subprocesses(options), {.window = 16}); });
    CHECK(message.find("0 of the 2 workers that are needed to begin have joined within 1 seconds (timeouts.joining; 0 "
                       "switches it off)\nworker 0, job ") == 0);
    CHECK(message.find("runs and has not joined") != std::string::npos);
    CHECK(place.nothing_left());
}

TEST_CASE("a worker that captures a reference is refused in words")
{
    test::remote_place const place;
    std::int32_t factor = 2;
    auto const worker = [&factor](rios::block_info const&, rios::image<std::int16_t> const& in) {
        rios::image<std::int32_t> out(1, in.rows(), in.cols());
        for (auto const [row, col] : out.pixels()) out(0, row, col) = factor * in(0, row, col);
        return out;
    };
    CHECK(message_of<rios::options_error>([&] {
              result_of(worker, subprocesses(place.options()), {.window = 50});
          }).find("holds an address of this process, such as a captured reference") != std::string::npos);
    auto const fine = [factor](rios::block_info const&, rios::image<std::int16_t> const& in) {
        rios::image<std::int32_t> out(1, in.rows(), in.cols());
        for (auto const [row, col] : out.pixels()) out(0, row, col) = factor * in(0, row, col);
        return out;
    };
    CHECK(result_of(fine, subprocesses(place.options()), {.window = 50}) ==
          result_of(fine, rios::inline_executor(), {.window = 50}));
    CHECK(place.nothing_left());
}

TEST_CASE("a run that is cancelled, or fails here, leaves no process and no file")
{
    test::remote_place const place;
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(result_of(sum_around(), subprocesses(place.options()), {.window = 16, .stop = stop.get_token()}),
                    rios::cancelled);
    CHECK(place.nothing_left());
    rios::image<std::int32_t> out;
    test::hooked_reader<std::int16_t> const reader("a.tif", scene(), [](rios::block const& where) {
        if (where.index == 3) throw rios::io_error("a.tif", "no more");
    });
    auto options = place.options();
    options.workers_read = false;
    auto executor = subprocesses(options);
    CHECK(message_of<rios::io_error>([&] {
              rios::apply(reader, sum_around(), rios::memory_writer(out), executor, {.window = 16});
          }) == "a.tif: no more");
    CHECK(place.nothing_left());
    // And the executor is as good as new.
    CHECK(first_band(result_of(sum_around(), executor, {.window = 16})) ==
          first_band(result_of(sum_around(), rios::inline_executor(), {.window = 16})));
    options.workers_read = true;
    CHECK(message_of<rios::options_error>([&] {
              auto other = subprocesses(options);
              rios::apply(reader, sum_around(), rios::memory_writer(out), other, {.window = 16});
          }).find("workers_read true: a reader of this job cannot be sent to another process") == 0);
}

TEST_CASE("options that mean nothing are refused")
{
    auto const refusal = [](rios::remote_options options) {
        return message_of<rios::options_error>([&] { subprocesses(std::move(options)); });
    };
    CHECK(refusal({.workers = 0}) == "workers 0: at least 1 is needed");
    CHECK(refusal({.threads = 0}) == "threads 0: at least 1 is needed");
    CHECK(refusal({.workers = 2, .min_workers = 3}) == "min_workers 3: allowed are 0 to 2, the number of workers");
    CHECK(refusal({.job_name = "a b"}) ==
          "job name 'a b': allowed are letters, digits, '-', '_' and '.', at least one of them");
    CHECK(refusal({.ports = {.first = 5, .last = 4}}) == "ports 5 to 4: the first must not be above the last");
}
