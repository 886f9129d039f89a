// SPDX-License-Identifier: BSL-1.0
//
// A file for what does not fit into memory while a program runs.
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

#include "error.hpp"

namespace rios {

/// Bytes by their place in a file without a name, so that nothing is left of it however the process ends.
///
/// Thread rule: read() from any threads; the others from one, and not at the same time as anything else.
class scratch_file {
  public:
    /// @param folder for the file, which is made by the first append(), or by open()
    explicit scratch_file(std::filesystem::path folder) : folder_(std::move(folder)) {}
    scratch_file(scratch_file&& other) noexcept
        : folder_(std::move(other.folder_)), size_(std::exchange(other.size_, 0)), file_(std::exchange(other.file_, -1))
    {
    }
    scratch_file& operator=(scratch_file&& other) noexcept
    {
        std::swap(folder_, other.folder_);
        std::swap(size_, other.size_);
        std::swap(file_, other.file_);
        return *this;
    }
    ~scratch_file()
    {
        if (file_ >= 0) ::close(file_);
    }

    /// Makes the file, if there is none. @throws io_error naming the folder
    void open()
    {
        if (file_ >= 0) return;
        auto name = (folder_ / ".rios-scratch-XXXXXX").string();
        file_ = ::mkostemp(name.data(), O_CLOEXEC);
        if (file_ < 0) fail("cannot make a scratch file there");
        ::unlink(name.c_str());
    }

    /// Writes bytes at the end. @returns their place @throws io_error naming the folder if there is no room
    std::size_t append(std::span<std::byte const> bytes)
    {
        open();
        transfer(bytes.size(), size_, [&](std::size_t done, std::size_t rest, off_t at) {
            return ::pwrite(file_, bytes.data() + done, rest, at);
        });
        return std::exchange(size_, size_ + bytes.size());
    }

    /// Fills `bytes` with those from a place on. @pre they have been written @throws io_error naming the folder
    void read(std::size_t place, std::span<std::byte> bytes) const
    {
        transfer(bytes.size(), place, [&](std::size_t done, std::size_t rest, off_t at) {
            return ::pread(file_, bytes.data() + done, rest, at);
        });
    }

    /// The open file, for another process to write to; -1 before it is made.
    [[nodiscard]] int descriptor() const noexcept { return file_; }

    /// Bytes that were appended.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    template <typename F>
    void transfer(std::size_t bytes, std::size_t place, F step) const
    {
        for (std::size_t done = 0; done < bytes;) {
            errno = 0;
            auto const now = step(done, bytes - done, static_cast<off_t>(place + done));
            if (now < 0 && errno == EINTR) continue;
            if (now <= 0) fail("cannot use a scratch file there");
            done += static_cast<std::size_t>(now);
        }
    }

    [[noreturn]] void fail(std::string const& what) const
    {
        auto const reason = errno == 0 ? "it ends too early" : std::generic_category().message(errno);
        throw io_error(folder_.string(), what + ": " + reason);
    }

    std::filesystem::path folder_;
    std::size_t size_ = 0;
    int file_ = -1;
};

} // namespace rios
