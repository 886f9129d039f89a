// SPDX-License-Identifier: BSL-1.0
//
// Small files (models, summaries, traces, pictures), read whole, and written whole or not at all.
#pragma once

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "error.hpp"
#include "pending_output.hpp"

namespace rios {

/// All bytes of a file. @throws io_error naming the file and the reason
[[nodiscard]] inline std::string read_text_file(std::string const& path)
{
    auto const fail = [&] { throw io_error(path, "cannot read: " + std::generic_category().message(errno)); };
    auto const close = [](std::FILE* file) { std::fclose(file); };
    std::unique_ptr<std::FILE, decltype(close)> const file(std::fopen(path.c_str(), "rb"));
    if (!file) fail();
    std::string text;
    char buffer[1 << 16];
    while (auto const count = std::fread(buffer, 1, sizeof buffer, file.get())) text.append(buffer, count);
    if (std::ferror(file.get()) != 0) fail();
    return text;
}

/// Writes what becomes a file when `output` is committed.
/// @param shown the file's name in messages
/// @throws io_error naming the file and the reason, a full disk included
inline void write_text(pending_output const& output, std::string const& shown, std::string_view text)
{
    auto* const file = std::fopen(output.path().c_str(), "wb");
    bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    auto reason = written ? 0 : errno;
    if (file != nullptr && std::fclose(file) != 0) {
        if (written) reason = errno;
        written = false;
    }
    if (!written) throw io_error(shown, "cannot be written: " + std::generic_category().message(reason));
}

/// Writes a file; an older one is replaced only when the new one is complete.
/// @throws io_error naming the file and the reason
inline void write_text_file(std::string const& path, std::string_view text)
{
    pending_output output(path);
    write_text(output, path, text);
    output.commit();
}

} // namespace rios
