// SPDX-License-Identifier: BSL-1.0
//
// Bytes that have no room in memory. Used by label_store.hpp and statistics_table.hpp.
#pragma once

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <rios/error.hpp>

namespace shepseg {

/// A file without a name, so that nothing is left of it however the process ends. It is made when it is needed.
///
/// Thread rule: open() and append() from one thread; read() from any threads, of what was appended before.
class scratch_file {
  public:
    /// @param folder where the file is made
    explicit scratch_file(std::filesystem::path folder) : folder_(std::move(folder)) {}
    scratch_file(scratch_file&& other) noexcept
        : folder_(std::move(other.folder_)), file_(std::exchange(other.file_, -1)), end_(std::exchange(other.end_, 0))
    {
    }
    scratch_file& operator=(scratch_file&&) = delete;
    ~scratch_file()
    {
        if (file_ >= 0) ::close(file_);
    }

    /// Makes the file, if there is none. @throws rios::io_error naming the folder
    void open()
    {
        if (file_ >= 0) return;
        auto name = (folder_ / ".shepseg-scratch-XXXXXX").string();
        file_ = ::mkostemp(name.data(), O_CLOEXEC);
        if (file_ < 0) fail("cannot make a scratch file there");
        ::unlink(name.c_str());
    }

    /// Bytes in the file.
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(end_); }

    /// Writes bytes behind all others. @returns where they are, for read()
    /// @throws rios::io_error naming the folder if the file cannot be made or is full
    std::size_t append(std::span<std::byte const> bytes)
    {
        open();
        transfer(bytes.size(), end_, [&](std::size_t done, std::size_t rest, off_t at) {
            return ::pwrite(file_, bytes.data() + done, rest, at);
        });
        return static_cast<std::size_t>(std::exchange(end_, end_ + static_cast<off_t>(bytes.size())));
    }

    /// Reads bytes from a place on. @throws rios::io_error naming the folder
    void read(std::size_t from, std::span<std::byte> bytes) const
    {
        transfer(bytes.size(), static_cast<off_t>(from), [&](std::size_t done, std::size_t rest, off_t at) {
            return ::pread(file_, bytes.data() + done, rest, at);
        });
    }

  private:
    template <typename F>
    void transfer(std::size_t bytes, off_t offset, F step) const
    {
        for (std::size_t done = 0; done < bytes;) {
            errno = 0;
            auto const now = step(done, bytes - done, offset + static_cast<off_t>(done));
            if (now < 0 && errno == EINTR) continue;
            if (now <= 0) fail("cannot use a scratch file there");
            done += static_cast<std::size_t>(now);
        }
    }

    [[noreturn]] void fail(std::string const& what) const
    {
        auto const reason = errno == 0 ? "it ends too early" : std::generic_category().message(errno);
        throw rios::io_error(folder_.string(), what + ": " + reason);
    }

    std::filesystem::path folder_;
    int file_ = -1;
    off_t end_ = 0;
};

} // namespace shepseg
