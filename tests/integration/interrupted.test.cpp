// SPDX-License-Identifier: BSL-1.0
// Runs of `shepseg segment` that do not reach their end: signals, a full disk. Nothing is left that looks like a result
// and an older result stays as it was.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::contents_of;
using test::difference;
using test::hills;
using test::make_raster;
using test::process;
using test::quilt;
using test::shepseg_command;
using test::strings;
using test::temporary_directory;
using test::with;
using test::write_file;

namespace {

/// A run that takes hours if nobody stops it.
strings endless(temporary_directory const& folder)
{
    strings const files{"segment", folder / "in.tif", folder / "out.tif", "--summary", folder / "s.json"};
    return shepseg_command(with(files, {"--clusters", "300", "--kmeans-starts", "1000000", "--threads", "2"}));
}

/// Waits until a run has begun to make its output, in a hidden directory.
void wait_for_start(temporary_directory const& folder, process& run)
{
    auto const deadline = std::chrono::steady_clock::now() + 30s;
    auto const started = [&] {
        auto const names = folder.names();
        return std::any_of(names.begin(), names.end(), [](auto const& name) { return name.starts_with(".out.tif"); });
    };
    while (!started()) {
        REQUIRE_FALSE(run.ended());
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(1ms);
    }
}

/// What a run that failed for want of space must look like.
void check_full(temporary_directory const& folder, strings const& options, std::string const& output, rlim_t size)
{
    auto const before = contents_of(folder.path());
    auto const arguments = with({"segment", folder / "in.tif", output}, options);
    auto const result = test::shepseg(arguments, {.file_size = size});
    std::string line;
    for (auto const& argument : arguments) line += ' ' + argument;
    INFO("at most ", size, " bytes:", line);
    std::string wrong;
    if (result.timed_out) wrong += "it hangs\n";
    if (result.status != 1) wrong += "exit status " + std::to_string(result.status) + '\n';
    if (!result.err.starts_with("shepseg: error: ")) wrong += "not the prefix of an error\n";
    if (std::count(result.err.begin(), result.err.end(), '\n') != 1) wrong += "not one line: " + result.err;
    if (!result.out.empty()) wrong += "something on standard output: " + result.out;
    CHECK(wrong + difference(before, contents_of(folder.path())) == "");
}

} // namespace

TEST_CASE("an interrupted run ends with 128 and the number of the signal and leaves nothing behind")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 200, 200));
    write_file(folder / "out.tif", "an older result");
    write_file(folder / "out.tif.aux.xml", "its notes");
    write_file(folder / "s.json", "an older summary");
    auto const before = contents_of(folder.path());
    for (auto const number : {SIGINT, SIGTERM, SIGHUP}) {
        for (auto const delay : {0ms, 120ms}) {
            process run(endless(folder));
            wait_for_start(folder, run);
            std::this_thread::sleep_for(delay);
            run.send(number);
            auto const sent = std::chrono::steady_clock::now();
            auto const result = run.wait();
            INFO("signal ", number, " after ", delay.count(), " ms: ", result.text());
            CHECK_FALSE(result.timed_out);
            CHECK(result.status == 128 + number);
            CHECK(result.out.empty());
            CHECK(result.err.starts_with("shepseg: error: "));
            CHECK(result.err.find("interrupted") != std::string::npos);
            CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
            CHECK(std::chrono::steady_clock::now() - sent < 10s);
            CHECK(difference(before, contents_of(folder.path())) == "");
        }
    }
}

TEST_CASE("a signal at any moment leaves the older result or the new one")
{
    temporary_directory const folder;
    quilt const scene{.rows = 400, .cols = 400, .patch = 4};
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    auto const command =
        shepseg_command(with({"segment", folder / "in.tif", folder / "out.tif", "--quiet"}, test::exact()));
    for (auto delay = 1ms; delay < 140ms; delay += 9ms) {
        write_file(folder / "out.tif", "an older result");
        process run(command);
        std::this_thread::sleep_for(delay);
        run.send(SIGTERM);
        auto const result = run.wait();
        INFO("after ", delay.count(), " ms: ", result.text());
        CHECK_FALSE(result.timed_out);
        // Before the tool's first line, and behind its last one, the signal does what it always does.
        CHECK((result.signal == SIGTERM || result.status == 128 + SIGTERM || result.status == 0));
        bool const is_new = test::read_file(folder / "out.tif") != "an older result";
        if (result.status == 0 || (result.signal == SIGTERM && is_new)) {
            CHECK(test::first_difference(test::read_pixels<std::uint32_t>(folder / "out.tif"), scene.segments()) == "");
        } else {
            CHECK(test::read_file(folder / "out.tif") == "an older result");
        }
        CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tif"});
    }
}

TEST_CASE("a killed run leaves no result and the next run is not disturbed")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 200, 200));
    for (bool const older : {false, true}) {
        if (older) write_file(folder / "out.tif", "an older result");
        process run(endless(folder));
        wait_for_start(folder, run);
        std::this_thread::sleep_for(50ms);
        run.send(SIGKILL);
        CHECK(run.wait().signal == SIGKILL);
        CHECK(fs::exists(folder / "out.tif") == older);
        if (older) CHECK(test::read_file(folder / "out.tif") == "an older result");
        for (auto const& name : folder.names()) {
            INFO(name);
            CHECK((name == "in.tif" || (older && name == "out.tif") || name.starts_with('.')));
        }
    }
    static_cast<void>(test::segmented(folder / "in.tif", folder / "out.tif", {"--clusters", "5"}));
}

TEST_CASE("a signal that is sent twice in a moment is as one")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint16_t>(3, 200, 200));
    for (auto const number : {SIGINT, SIGTERM}) {
        process run(endless(folder));
        wait_for_start(folder, run);
        run.send(number);
        std::this_thread::sleep_for(20ms);
        run.send(number);
        auto const result = run.wait();
        INFO(result.text());
        CHECK(result.status == 128 + number);
        CHECK(folder.names() == std::set<std::string>{"in.tif"});
    }
}

TEST_CASE("a full disk is an error however little is missing, and with any number of threads")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(2, 300, 310), {"COMPRESS=LZW"});
    for (auto const& name : strings{"out.tif", "out.img"}) {
        for (auto const& options : {strings{"--threads", "1"}, strings{"--threads", "3"},
                                    name == std::string("out.tif") ? strings{"--co", "COMPRESS=NONE", "--threads", "2"}
                                                                   : strings{"--co", "COMPRESSED=NO"}}) {
            auto const all = with(options, {"--clusters", "8", "--min-segment-size", "2", "--kmeans-starts", "1"});
            static_cast<void>(test::segmented(folder / "in.tif", folder / name, all));
            auto const size = fs::file_size(folder / name);
            fs::remove(folder / name);
            CHECK(size > 10000);
            for (auto const limit : {std::uintmax_t{0}, size / 10, size / 2, size - 5000, size - 1}) {
                check_full(folder, all, folder / name, limit);
            }
            write_file(folder / name, "an older result");
            check_full(folder, all, folder / name, size / 2);
            fs::remove(folder / name);
        }
    }
}

TEST_CASE("a disk that is full when the overviews come is an error")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(1, 40, 4200), {"COMPRESS=LZW"});
    for (auto const& name : strings{"out.tif", "out.img"}) {
        for (auto const& threads : strings{"1", "2"}) {
            strings const options{"--threads",          threads, "--clusters",      "8",
                                  "--min-segment-size", "2",     "--kmeans-starts", "1"};
            static_cast<void>(test::segmented(folder / "in.tif", folder / name, options));
            auto const size = fs::file_size(folder / name);
            fs::remove(folder / name);
            for (auto const permille : {300U, 800U, 900U, 990U}) {
                check_full(folder, options, folder / name, size * permille / 1000);
            }
        }
    }
}

TEST_CASE("a disk that is full when the other files come is an error and leaves the older results")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(10, 12, 11));
    strings const options{"--clusters", "100", "--kmeans-starts", "1"}; // few pixels and many clusters: a small output
    static_cast<void>(test::segmented(folder / "in.tif", folder / "out.tif", options));
    auto const size = fs::file_size(folder / "out.tif");
    fs::remove(folder / "out.tif");
    for (auto const& option : strings{"--save-cluster-model", "--summary", "--trace"}) {
        auto const all = with(options, {option, folder / "extra"});
        static_cast<void>(test::segmented(folder / "in.tif", folder / "out.tif", all));
        auto const extra = fs::file_size(folder / "extra");
        fs::remove(folder / "extra");
        fs::remove(folder / "out.tif");
        INFO(option, ": ", extra, " bytes, output: ", size, " bytes");
        REQUIRE(extra > size + 100);           // else the output would be the first to fail
        auto const limit = (size + extra) / 2; // the times of another run have more digits or fewer
        check_full(folder, all, folder / "out.tif", limit);
        fs::remove(folder / "out.tif");
        write_file(folder / "out.tif", "an older result");
        write_file(folder / "extra", "an older one");
        check_full(folder, all, folder / "out.tif", limit);
        fs::remove(folder / "out.tif");
        fs::remove(folder / "extra");
    }
}

TEST_CASE("a disk that is full when the preview comes is an error however little is missing")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 60, 60), {"COMPRESS=LZW"});
    strings const options{"--clusters", "50", "--kmeans-starts", "1", "--preview", folder / "p.png"};
    static_cast<void>(test::segmented(folder / "in.tif", folder / "out.tif", options));
    auto const size = fs::file_size(folder / "out.tif");
    auto const extra = fs::file_size(folder / "p.png");
    REQUIRE(extra > 2 * size);
    write_file(folder / "out.tif", "an older result");
    write_file(folder / "p.png", "an older picture");
    for (auto const limit : {size, extra / 2, extra - 3000, extra - 1}) {
        check_full(folder, options, folder / "out.tif", limit);
        write_file(folder / "out.tif", "an older result");
        write_file(folder / "p.png", "an older picture");
    }
}
