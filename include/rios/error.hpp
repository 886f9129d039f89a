// SPDX-License-Identifier: BSL-1.0
//
// The typed errors of both libraries, told apart by what the caller can do about them. Messages name the file, the
// block and the value. The libraries print nothing and never exit; what goes wrong is thrown as one of these.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace rios {

/// Root of everything that rios and shepseg throw on their own account.
class error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A file or device could not be opened, read, written or renamed. The message starts with the path and carries the
/// text of the layer below (GDAL's or the operating system's).
class io_error : public error {
  public:
    io_error(std::string path, std::string const& reason)
        : error(std::string(path).append(": ").append(reason)), // g++ 12 wrongly warns of + where it is inlined
          path_(std::move(path))
    {
    }

    /// The file that the operation was about.
    [[nodiscard]] std::string const& path() const noexcept { return path_; }

  private:
    std::string path_;
};

/// Grids, shapes or pixel types that do not go together; the message says which and how they differ.
class grid_error : public error {
  public:
    using error::error;
};

/// A parameter is outside what is allowed; the message names the parameter, its value and the allowed range.
class options_error : public error {
  public:
    using error::error;
};

/// What a user's worker throws that is no rios::error arrives as this: with the file, the block and the worker in the
/// message, and the original exception nested in it (std::rethrow_if_nested).
class worker_error : public error {
  public:
    /// @param where "FILE: block 3 (rows 0 to 255, cols 768 to 1023)"
    worker_error(std::string const& where, std::size_t block, std::size_t worker, std::string const& reason)
        : error(where + ", worker " + std::to_string(worker) + ": " + reason), block_(block), worker_(worker)
    {
    }

    /// Number of the block that was computed.
    [[nodiscard]] std::size_t block() const noexcept { return block_; }

    /// Number of the worker, from 0: of the copy of the worker object, not of a thread.
    [[nodiscard]] std::size_t worker() const noexcept { return worker_; }

  private:
    std::size_t block_;
    std::size_t worker_;
};

/// A step has not ended for longer than the caller wanted to wait, and nothing else of its kind has, either.
class timeout_error : public error {
  public:
    using error::error;
};

/// A worker in another process was lost, could not be started, or does not fit; the message says which, where it ran and why,
/// as far as anybody knows.
class remote_error : public error {
  public:
    using error::error;
};

/// The progress callback asked to stop (or the user pressed Ctrl-C in a tool). Nothing was left behind.
class cancelled : public error {
  public:
    cancelled() : error("cancelled") {}
};

} // namespace rios
