// SPDX-License-Identifier: BSL-1.0
//
// Files as in a store far away: GDAL reads "/vsislow/PATH" as PATH, and each read takes a while.
#pragma once

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <cpl_vsi.h>

namespace slow_store {

/// The path in GDAL's file system. `path` is absolute.
[[nodiscard]] inline std::string path_of(std::string const& path)
{
    return "/vsislow" + path;
}

namespace detail {

/// The handler may be given the path with or without its prefix.
inline std::string real(std::string_view path)
{
    constexpr std::string_view prefix = "/vsislow/";
    if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
    return std::string(path.starts_with('/') ? "" : "/").append(path);
}

} // namespace detail

/// Makes the store known to GDAL; once in a program. @param delay of each read
inline void install(std::chrono::milliseconds delay)
{
    static std::chrono::milliseconds of_each_read;
    of_each_read = delay;
    auto* const callbacks = VSIAllocFilesystemPluginCallbacksStruct();
    callbacks->open = [](void*, char const* path, char const* access) -> void* {
        return VSIFOpenL(detail::real(path).c_str(), access);
    };
    callbacks->stat = [](void*, char const* path, VSIStatBufL* result, int flags) {
        return VSIStatExL(detail::real(path).c_str(), result, flags);
    };
    callbacks->tell = [](void* file) { return VSIFTellL(static_cast<VSILFILE*>(file)); };
    callbacks->seek = [](void* file, vsi_l_offset offset, int whence) {
        return VSIFSeekL(static_cast<VSILFILE*>(file), offset, whence);
    };
    callbacks->read = [](void* file, void* to, std::size_t size, std::size_t count) {
        std::this_thread::sleep_for(of_each_read);
        return VSIFReadL(to, size, count, static_cast<VSILFILE*>(file));
    };
    callbacks->eof = [](void* file) { return VSIFEofL(static_cast<VSILFILE*>(file)); };
    callbacks->close = [](void* file) { return VSIFCloseL(static_cast<VSILFILE*>(file)); };
    auto const result = VSIInstallPluginHandler("/vsislow/", callbacks);
    VSIFreeFilesystemPluginCallbacksStruct(callbacks);
    if (result != 0) throw std::runtime_error("GDAL takes no store of ours");
}

} // namespace slow_store
