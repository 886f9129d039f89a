// SPDX-License-Identifier: BSL-1.0
// What reading files does behind the scenes: how many reads are under way at once, how many handles are open.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include <cpl_vsi.h>
#include <doctest/doctest.h>

#include <rios/timing.hpp>

namespace test {

/// How many of the intervals of one name were under way at the same time, at most.
inline std::size_t most_at_once(rios::timings const& times, std::string_view name)
{
    constexpr double rounding = 1e-9; // of seconds as floating-point numbers
    std::size_t most = 0;
    for (auto const& one : times.intervals) {
        if (one.name != name) continue;
        // They were most when one of them began.
        auto const is_under_way = [&](auto const& other) {
            return other.name == name && other.start <= one.start &&
                   one.start + rounding < other.start + other.duration;
        };
        most = std::max(most, static_cast<std::size_t>(
                                  std::count_if(times.intervals.begin(), times.intervals.end(), is_under_way)));
    }
    return most;
}

/// Handles on a file that this process has open.
inline std::size_t open_handles(std::string const& path)
{
    std::size_t count = 0;
    auto const real_path = std::filesystem::canonical(path);
    for (auto const& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ignored; // the iterator's own is gone by now
        if (std::filesystem::read_symlink(each.path(), ignored) == real_path) ++count;
    }
    return count;
}

/// GDAL reads "/vsiwatched/PATH" as PATH, and this sees how.
struct watched_reads {
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    std::atomic<int> times = 0;
    std::atomic<std::uintmax_t> bytes = 0;
    std::atomic<int> wait_for = 0; ///< the first reads wait for so many to be under way, but not for ever
    std::atomic<bool> slow = false;

    void forget()
    {
        most = times = wait_for = 0;
        bytes = 0;
    }

    static watched_reads& the_one()
    {
        static watched_reads one;
        static bool const installed = [] {
            auto* const callbacks = VSIAllocFilesystemPluginCallbacksStruct();
            callbacks->pUserData = &one;
            callbacks->open = [](void*, char const* path, char const* access) -> void* {
                return VSIFOpenL(real(path).c_str(), access);
            };
            callbacks->stat = [](void*, char const* path, VSIStatBufL* result, int flags) {
                return VSIStatExL(real(path).c_str(), result, flags);
            };
            callbacks->tell = [](void* file) { return VSIFTellL(static_cast<VSILFILE*>(file)); };
            callbacks->seek = [](void* file, vsi_l_offset offset, int whence) {
                return VSIFSeekL(static_cast<VSILFILE*>(file), offset, whence);
            };
            callbacks->read = [](void* file, void* to, std::size_t size, std::size_t count) {
                one.begin();
                auto const result = VSIFReadL(to, size, count, static_cast<VSILFILE*>(file));
                --one.now;
                one.bytes += result * size;
                return result;
            };
            callbacks->eof = [](void* file) { return VSIFEofL(static_cast<VSILFILE*>(file)); };
            callbacks->close = [](void* file) { return VSIFCloseL(static_cast<VSILFILE*>(file)); };
            auto const result = VSIInstallPluginHandler("/vsiwatched/", callbacks);
            VSIFreeFilesystemPluginCallbacksStruct(callbacks);
            return result == 0;
        }();
        REQUIRE(installed);
        return one;
    }

  private:
    /// The handler may be given the path with or without its prefix.
    static std::string real(std::string_view path)
    {
        constexpr std::string_view prefix = "/vsiwatched/";
        if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
        return std::string(path.starts_with('/') ? "" : "/").append(path);
    }

    void begin()
    {
        auto const here = ++now;
        auto before = most.load();
        while (here > before && !most.compare_exchange_weak(before, here)) {}
        ++times;
        if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        auto const limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (most < wait_for) {
            std::this_thread::sleep_for(std::chrono::microseconds(100));
            if (std::chrono::steady_clock::now() > limit) wait_for = 0; // nobody waits any more
        }
    }
};

} // namespace test
