// SPDX-License-Identifier: BSL-1.0
//
// Runs a command of a batch system, and takes what it says. For slurm.hpp and pbs.hpp.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../error.hpp"
#include "../scratch_file.hpp"
#include "spawn.hpp"

namespace rios::detail {

struct program_result {
    int status = 0;       ///< 128 + number if a signal ended it
    std::string output{}; ///< on standard output
    std::string errors{}; ///< on standard error

    /// What it complains about, in one line: some commands do so on standard output.
    [[nodiscard]] std::string complaint() const
    {
        std::string text = errors.find_first_not_of(" \n\t") == std::string::npos ? output : errors;
        for (auto& each : text) {
            if (each == '\n' || each == '\t') each = ' ';
        }
        auto const last = text.find_last_not_of(' ');
        text.resize(last == std::string::npos ? 0 : last + 1);
        return text.empty() ? "it says nothing, and exits with status " + std::to_string(status) : text;
    }
};

/// A file without a name that holds a text.
[[nodiscard]] inline scratch_file scratch_file_of(std::string_view text)
{
    std::error_code failure;
    auto const folder =
        std::filesystem::temp_directory_path(failure); // in a job, TMPDIR may be a folder of another host
    scratch_file file(failure ? std::filesystem::path("/tmp") : folder);
    file.open();
    file.append(std::as_bytes(std::span(text)));
    return file;
}

/// The text in a file that another process has written.
[[nodiscard]] inline std::string text_in(scratch_file const& file)
{
    auto const size = ::lseek(file.descriptor(), 0, SEEK_END);
    std::string text(static_cast<std::size_t>(size < 0 ? 0 : size), '\0');
    file.read(0, std::as_writable_bytes(std::span(text)));
    return text;
}

/// Runs a program that is on the PATH, to its end.
/// @param environment variables besides those of this process
/// @param patience seconds until it is killed
/// @throws remote_error if it cannot be started or takes too long
[[nodiscard]] inline program_result run_program(std::vector<std::string> words, std::string_view input = {},
                                                std::vector<std::pair<std::string, std::string>> environment = {},
                                                std::chrono::duration<double> patience = std::chrono::seconds(60))
{
    auto const name = words.front();
    auto const in = scratch_file_of(input);
    auto const out = scratch_file_of({});
    auto const err = scratch_file_of({});
    pid_t process = 0;
    auto const failure = spawn({.words = std::move(words),
                                .environment = std::move(environment),
                                .input = in.descriptor(),
                                .output = out.descriptor(),
                                .errors = err.descriptor(),
                                .on_path = true,
                                .without = "SQUEUE_"}, // filters: all jobs are wanted
                               process);
    if (failure == ENOENT) throw remote_error("there is no command '" + name + "' on the PATH");
    if (failure != 0) {
        throw remote_error("command '" + name + "' cannot be started: " + std::generic_category().message(failure));
    }
    auto const deadline = std::chrono::steady_clock::now() + patience;
    auto pause = std::chrono::milliseconds(1);
    int how = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(process, &how, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (std::chrono::steady_clock::now() > deadline) {
            ::kill(-process, SIGKILL);
            while (::waitpid(process, &how, 0) < 0 && errno == EINTR) {}
            std::ostringstream seconds;
            seconds << patience.count();
            throw remote_error("command '" + name + "' has not ended within " + seconds.str() + " seconds");
        }
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, std::chrono::milliseconds(20));
    }
    if (ended < 0) throw remote_error("command '" + name + "' was waited for by somebody else");
    return {.status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how),
            .output = text_in(out),
            .errors = text_in(err)};
}

} // namespace rios::detail
