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
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/executor/for_each_index.hpp>
#include <rios/json/executor_config.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/lazy_reader.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>
#include <rios/net/channel_address.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/process.hpp"
#include "support/remote_runs.hpp"
#include "support/remote_scene.hpp"
#include "support/tcp_relay.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using test::first_band;
using test::message_of;
using test::result_of;
using test::scene;
using test::subprocesses;
using test::sum_around;

std::set<std::int32_t> processes_in(rios::image<std::int32_t> const& all)
{
    std::set<std::int32_t> result;
    for (auto const [row, col] : all.pixels()) result.insert(all(1, row, col));
    return result;
}

/// Reads scene(), and does not stand that anybody else does at the same time.
class alone_reader {
  public:
    using value_type = rios::image<std::int16_t>;
    using description_type = std::string;

    /// @param mark a folder as long as it reads, or opens what it reads
    explicit alone_reader(std::string mark) : mark_(std::move(mark))
    {
        alone([] {});
    }
    [[nodiscard]] description_type description() const { return mark_; }
    [[nodiscard]] rios::pixel_grid const& grid() const { return inner_.grid(); }
    [[nodiscard]] std::ptrdiff_t band_count() const { return inner_.band_count(); }
    [[nodiscard]] value_type read(rios::block const& where) const
    {
        value_type result;
        alone([&] { result = inner_.read(where); });
        return result;
    }

  private:
    template <typename F>
    void alone(F act) const
    {
        if (!std::filesystem::create_directory(mark_)) throw rios::error("somebody else reads");
        std::this_thread::sleep_for(2ms);
        act();
        std::filesystem::remove(mark_);
    }

    std::string mark_;
    rios::memory_reader<std::int16_t> inner_{test::random_image<std::int16_t>(2, 100, 130, 1)};
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

/// Writes down, for each process, the words of its command line, and the address of the run as it was told.
struct telling {
    std::string folder{};

    rios::image<std::int32_t> operator()(rios::block_info const& where, rios::image<std::int16_t> const&) const
    {
        std::ofstream file(folder + '/' + std::to_string(::getpid()));
        std::string word;
        std::string address;
        for (std::ifstream words("/proc/self/cmdline"); std::getline(words, word, '\0');) {
            file << word << '\n';
            if (word.ends_with(".channel")) std::getline(std::ifstream(word), address);
        }
        for (std::ifstream variables("/proc/self/environ"); std::getline(variables, word, '\0');) {
            if (word.starts_with("RIOS_WORKER_CHANNEL=")) address = word.substr(word.find('=') + 1);
        }
        file << address << '\n' << (std::getenv("RIOS_WORKER_CHANNEL") == nullptr ? "not passed on" : "passed on");
        return rios::image<std::int32_t>(1, where.rows, where.cols);
    }
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.folder);
    }
};

/// The lines that each worker of a run has told.
std::vector<std::vector<std::string>> told(rios::remote_options const& options)
{
    test::temporary_directory const folder;
    rios::image<std::int32_t> out;
    rios::apply(rios::memory_reader(scene()), telling{folder.path().string()}, rios::memory_writer(out),
                subprocesses(options), {.window = 16});
    std::vector<std::vector<std::string>> result;
    for (auto const& name : folder.names()) {
        auto& lines = result.emplace_back();
        std::ifstream file(folder / name);
        for (std::string line; std::getline(file, line);) lines.push_back(line);
    }
    return result;
}

/// The address that a worker was told.
rios::net::channel_address address_in(std::vector<std::string> const& lines)
{
    REQUIRE(lines.size() == 6);
    auto const address = rios::net::channel_address::from_text(lines[4]);
    REQUIRE(address);
    return *address;
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

TEST_CASE("there may be many more workers, one after another, than this process may have files open")
{
    test::remote_place const place;
    auto options = place.options(2);
    options.single_block_workers = true;
    auto const expected = result_of(sum_around(), rios::inline_executor(), {.window = 10});
    test::detail::inherited_limit const few(RLIMIT_NOFILE, 40);
    auto const out = result_of(sum_around(), subprocesses(options), {.window = 10});
    CHECK(first_band(out) == first_band(expected));
    CHECK(processes_in(out).size() == 130);
    CHECK(place.nothing_left());
}

TEST_CASE("the key and the address are on no worker's command line, whichever way they are handed over")
{
    test::remote_place const place;
    auto options = place.options(2);
    options.min_workers = 2;
    for (bool const in_environment : {false, true}) {
        options.address_in_environment = in_environment;
        auto const workers = told(options);
        CHECK(workers.size() == 2);
        for (auto const& lines : workers) {
            auto const address = address_in(lines);
            CHECK(lines[1] == "--rios-worker");
            CHECK((lines[2] == "environment") == in_environment);
            CHECK(lines[3].size() == 1);
            CHECK(lines[5] == "not passed on");
            for (std::size_t word = 0; word < 4; ++word) {
                CHECK(lines[word].find(address.key.text()) == std::string::npos);
                CHECK(lines[word].find("127.0.0.1") == std::string::npos);
            }
        }
    }
    CHECK(place.nothing_left());
}

TEST_CASE("workers are told the addresses that are advertised, and a port of the range, also as JSON says")
{
    test::remote_place const place;
    auto options = place.options(1);
    auto const free = test::detail::listen_on_loopback().second; // and closed again
    rios::take_remote_options(
        {{"ports", {free, free}}, {"advertise", {"no.such.host.invalid", "localhost"}}, {"job_name", "north"}},
        options);
    auto const workers = told(options);
    REQUIRE(workers.size() == 1);
    auto const address = address_in(workers[0]);
    CHECK(address.port == free);
    CHECK(address.hosts == std::vector<std::string>{"no.such.host.invalid", "localhost"});
    auto const file = std::filesystem::path(workers[0][2]);
    CHECK(file.parent_path().string() == options.directory);
    CHECK(file.filename().string().find("rios_north_") == 0);
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

TEST_CASE("no more reads than allowed are under way at once in all workers together")
{
    test::remote_place const place;
    test::temporary_directory const folder;
    auto options = place.options(2);
    options.threads = 3;
    options.min_workers = 2;
    auto const run = [&] {
        rios::image<std::int32_t> out;
        rios::apply(alone_reader(folder / "reading"), sum_around(), rios::memory_writer(out), subprocesses(options),
                    {.window = 16});
        return first_band(out);
    };
    CHECK(message_of<rios::error>(run).find("somebody else reads") != std::string::npos);
    std::filesystem::remove_all(folder / "reading");
    options.max_concurrent_reads = 1;
    CHECK(run() == first_band(result_of(sum_around(), rios::inline_executor(), {.window = 16})));
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

TEST_CASE("options that mean nothing are refused")
{
    auto const refusal = [](rios::remote_options options) {
        return message_of<rios::options_error>([&] { subprocesses(std::move(options)); });
    };
    CHECK(refusal({.workers = 0}) == "workers 0: at least 1 is needed");
    CHECK(refusal({.threads = 0}) == "threads 0: at least 1 is needed");
    CHECK(refusal({.workers = 2, .min_workers = 3}) == "min_workers 3: allowed are 0 to 2, the number of workers");
    CHECK(refusal({.workers = 4, .single_block_workers = true, .min_workers = 2}) ==
          "min_workers 2 with single_block_workers: allowed are 0 and 1, as none of them waits for another");
    CHECK(refusal({.job_name = "a b"}) ==
          "job name 'a b': allowed are letters, digits, '-', '_' and '.', at least one of them");
    CHECK(refusal({.ports = {.first = 5, .last = 4}}) == "ports 5 to 4: the first must not be above the last");
}
