// SPDX-License-Identifier: BSL-1.0
// What a piece of code writes to the file descriptor of standard error, by whatever way.
#pragma once

#include <cstdio>
#include <string>

#include <unistd.h>

namespace test {

class captured_stderr {
  public:
    captured_stderr() : file_(std::tmpfile()), saved_(::dup(STDERR_FILENO))
    {
        std::fflush(stderr);
        ::dup2(::fileno(file_), STDERR_FILENO);
    }
    captured_stderr(captured_stderr const&) = delete;
    captured_stderr& operator=(captured_stderr const&) = delete;
    ~captured_stderr()
    {
        std::fflush(stderr);
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        std::fclose(file_); // NOLINT(cppcoreguidelines-owning-memory)
    }

    /// All that was written up to now.
    [[nodiscard]] std::string text() const
    {
        std::fflush(stderr);
        std::string result;
        std::rewind(file_);
        for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) result += static_cast<char>(c);
        return result;
    }

  private:
    std::FILE* file_;
    int saved_;
};

} // namespace test
