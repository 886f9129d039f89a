// SPDX-License-Identifier: BSL-1.0
// `shepseg` with its work done by other processes: the same results, and nothing left of them, however it ends.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/segment_scenes.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::contains;
using test::failed;
using test::hills;
using test::make_raster;
using test::printed;
using test::process;
using test::read_file;
using test::strings;
using test::temporary_directory;
using test::with;
using test::write_file;

namespace {

strings processes(temporary_directory const& folder, strings const& more = {})
{
    write_file(folder / "config.json", "{\"directory\": \"" + folder.path().string() + "\"}");
    return with({"--executor", "subprocess", "--executor-config", folder / "config.json"}, more);
}

/// Worker processes of runs whose address lies in a folder.
std::set<int> workers_of(temporary_directory const& folder)
{
    std::set<int> result;
    for (auto const& each : fs::directory_iterator("/proc")) {
        auto const name = each.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        auto const words = read_file(each.path() / "cmdline");
        if (contains(words, "--rios-worker") && contains(words, folder.path().string())) result.insert(std::stoi(name));
    }
    return result;
}

template <typename F>
bool comes_true(F condition, std::chrono::seconds patience = 30s)
{
    auto const deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

/// A run of tiles that takes long, in other processes.
strings slow_run(temporary_directory const& folder)
{
    return test::shepseg_command(with({"segment", folder / "in.tif", folder / "out.tif", "--tile-size", "16", "--quiet",
                                       "--clusters", "20", "--sample-pixels", "1000"},
                                      processes(folder, {"--workers", "2"})));
}

} // namespace

TEST_CASE("segments and statistics are the same from other processes")
{
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    make_raster(in, "GTiff", hills<std::uint16_t>(3, 300, 280));
    auto const segment = [&](std::string const& name, strings const& how) {
        printed(with({"segment", in, folder / name, "--tile-size", "64", "--clusters", "12", "--quiet", "--stats",
                      "mean,median", "--spatial", "neighbours,variogram:2", "--table", folder / (name + ".csv")},
                     how));
        return test::read_pixels<std::uint32_t>(folder / name);
    };
    auto const expected = segment("a.img", {"--threads", "2"});
    auto const stats = [&](std::string const& table, strings const& how) {
        printed(with({"stats", in, folder / "a.img", "--no-rat", "--window", "50", "--quiet", "--stats",
                      "mean,mode,percentile:25", "--spatial", "centroid,neighbours,variogram:3", "--table",
                      folder / table, "--recount"},
                     how));
        return read_file(folder / table);
    };
    auto const table = stats("a.csv", {});
    int run = 0;
    for (auto const& way : {strings{"--workers", "1"}, strings{"--workers", "2", "--threads", "2"},
                            strings{"--workers", "2", "--readers", "1"}}) {
        auto const name = std::to_string(++run);
        CHECK(segment(name + ".img", processes(folder, way)) == expected);
        CHECK(read_file(folder / (name + ".img.csv")) == read_file(folder / "a.img.csv"));
        CHECK(stats(name + ".csv", processes(folder, way)) == table);
        CHECK(workers_of(folder).empty());
    }
    write_file(folder / "main.json", "{\"workers_read\": false, \"job_name\": \"north\", \"min_workers\": 2}");
    strings const main_reads{"--executor", "subprocess", "--workers", "2", "--executor-config", folder / "main.json"};
    CHECK(segment("m.img", main_reads) == expected);
    CHECK(stats("m.csv", main_reads) == table);
}

TEST_CASE("statistics of floating-point pixels, some of them NaN, are the same from processes")
{
    temporary_directory const folder;
    test::random_numbers random(11);
    auto pixels = test::random_pixels<float>(2, 150, 140, 0, random);
    auto segments = rios::image<std::uint32_t>(1, 150, 140);
    for (auto const [row, col] : segments.pixels()) {
        segments(0, row, col) = static_cast<std::uint32_t>(row / 20 * 7 + col / 20 + 1);
        if ((row * 7 + col) % 5 == 0 || row < 20) pixels(1, row, col) = std::numeric_limits<float>::quiet_NaN();
    }
    make_raster(folder / "in.tif", "GTiff", pixels);
    make_raster(folder / "s.img", "HFA", segments);
    auto const stats = [&](std::string const& table, strings const& how) {
        printed(with({"stats", folder / "in.tif", folder / "s.img", "--no-rat", "--window", "33", "--quiet", "--stats",
                      "count,validcount,min,mean,stddev,median,mode,sum", "--spatial", "centroid,variogram:2",
                      "--missing", "nan", "--table", folder / table},
                     how));
        return read_file(folder / table);
    };
    auto const expected = stats("a.csv", {"--threads", "1"});
    CHECK(contains(expected, ",,")); // segments without valid pixels
    CHECK(stats("b.csv", processes(folder, {"--workers", "2"})) == expected);
    CHECK(workers_of(folder).empty());
}

TEST_CASE("options of processes that mean nothing are refused in a line, before any work")
{
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    auto const out = folder / "out.tif";
    auto const config = folder / "c.json";
    make_raster(in, "GTiff", hills<std::uint8_t>(3, 20, 20));
    auto const refused = [&](strings const& options, int status) {
        return failed(with({"segment", in, out}, options), status);
    };
    CHECK(contains(refused({"--workers", "2"}, 2),
                   "--workers and --executor-config go with --executor subprocess, slurm, pbs, ecs or aws-batch"));
    CHECK(contains(refused({"--executor", "cloud"}, 2), "--executor"));
    CHECK(contains(refused({"--executor", "subprocess", "--workers", "0"}, 2), "--workers '0'"));
    auto const configured = [&](std::string const& text, int status = 1) {
        write_file(config, text);
        return refused({"--executor", "subprocess", "--workers", "2", "--executor-config", config}, status);
    };
    CHECK(contains(refused({"--executor", "subprocess", "--executor-config", folder / "none.json"}, 1),
                   "none.json: cannot read: No such file or directory"));
    CHECK(contains(configured("{"), "c.json: not valid JSON"));
    CHECK(contains(configured("[]"), "c.json: the configuration of an executor must be an object"));
    CHECK(contains(configured("{\"port\": 1}"), "\"port\" is not known; allowed: workers_read, "));
    CHECK(contains(configured("{\"ports\": [1]}"), "\"ports\": [1]; allowed: the first and the last port"));
    CHECK(contains(configured("{\"ports\": [5, 70000]}"),
                   "\"ports\": [5,70000]; allowed: whole numbers from 0 to 65535"));
    CHECK(contains(configured("{\"attempts\": 0}"), "\"attempts\": 0; allowed: whole numbers from 1 up"));
    CHECK(contains(configured("{\"timeouts\": {\"joining\": -1}}"), "\"joining\": -1; allowed: a number of seconds"));
    CHECK(contains(configured("{\"workers_read\": 1}"), "\"workers_read\": 1; allowed: true or false"));
    CHECK(contains(configured("{\"min_workers\": 3}", 2), "min_workers 3: allowed are 0 to 2, the number of workers"));
    CHECK(contains(configured("{\"directory\": \"/no/such/folder\"}"), "/no/such/folder/rios_rios_"));
    CHECK(contains(configured("{\"program\": \"/no/such/program\"}"),
                   "worker process '/no/such/program' cannot be started"));
    CHECK(folder.names() == std::set<std::string>{"in.tif", "c.json"});
}

TEST_CASE("the limit on reads at a time of the command line comes before that of the configuration")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 600, 600), {"COMPRESS=DEFLATE", "TILED=YES"});
    write_file(folder / "config.json", "{\"max_concurrent_reads\": 5}");
    printed({"segment",
             folder / "in.tif",
             folder / "out.tif",
             "--quiet",
             "--clusters",
             "5",
             "--tile-size",
             "64",
             "--executor",
             "subprocess",
             "--workers",
             "1",
             "--threads",
             "5",
             "--executor-config",
             folder / "config.json",
             "--max-concurrent-reads",
             "1",
             "--trace",
             folder / "t.json"});
    auto const reads = test::reads_in_trace(folder / "t.json");
    CHECK(reads.size() == 100);
    CHECK(test::one_after_another(reads));
}

TEST_CASE("a run in other processes that gets a signal leaves no process and no file")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 1500, 1500));
    for (auto const number : {SIGTERM, SIGINT, SIGKILL}) {
        process run(slow_run(folder));
        REQUIRE(comes_true([&] { return workers_of(folder).size() == 2; }));
        run.send(number);
        auto const sent = std::chrono::steady_clock::now();
        auto const result = run.wait();
        INFO("signal ", number, ": ", result.text());
        if (number == SIGKILL) CHECK(result.signal == SIGKILL);
        else CHECK(result.status == 128 + number);
        CHECK(comes_true([&] { return workers_of(folder).empty(); }, 10s));
        CHECK(std::chrono::steady_clock::now() - sent < 10s);
        auto const names = folder.names();
        CHECK(std::none_of(names.begin(), names.end(), [](auto const& name) { return name.ends_with(".channel"); }));
        if (number != SIGKILL) CHECK(names == std::set<std::string>{"config.json", "in.tif"});
    }
}

TEST_CASE("a worker that is killed in the middle of a segmentation is made up for")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 600, 600));
    process run(slow_run(folder));
    REQUIRE(comes_true([&] { return workers_of(folder).size() == 2; }));
    ::kill(*workers_of(folder).begin(), SIGKILL);
    auto const result = run.wait();
    INFO(result.text());
    CHECK(result.status == 0);
    auto const labels = test::read_pixels<std::uint32_t>(folder / "out.tif");
    printed(
        {"segment", folder / "in.tif", folder / "again.tif", "--quiet", "--clusters", "20", "--sample-pixels", "1000"});
    CHECK(labels == test::read_pixels<std::uint32_t>(folder / "again.tif"));
    CHECK(workers_of(folder).empty());
}
