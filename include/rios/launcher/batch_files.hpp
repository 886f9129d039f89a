// SPDX-License-Identifier: BSL-1.0
//
// The files of jobs of a batch system: their scripts, and what they write. For slurm.hpp and pbs.hpp.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <unistd.h>

#include "../error.hpp"
#include "../remote/worker_options.hpp"
#include "batch_options.hpp"
#include "launcher.hpp"

namespace rios::detail {

/// A word that the shell takes as it is.
[[nodiscard]] inline std::string shell_word(std::string_view word)
{
    std::string result = "'";
    for (char const c : word) {
        if (c == '\'') result += "'\\''";
        else result += c;
    }
    return result + '\'';
}

/// The folder in which this process was started. @throws io_error if it is gone
[[nodiscard]] inline std::filesystem::path start_folder()
{
    std::error_code failure;
    auto folder = std::filesystem::current_path(failure);
    if (failure) throw io_error(".", "the folder of this process cannot be found: " + failure.message());
    return folder;
}

/// The script of a worker's job. Its last command becomes the worker, which then gets the batch system's signals itself.
/// @param directive "#SBATCH" or "#PBS"
/// @param folder for the output of jobs
[[nodiscard]] inline std::string job_script(worker_command const& command, batch_options const& options,
                                            std::string_view directive, std::string const& folder)
{
    std::string script = "#!/bin/bash\n"; // "module" is a function of it
    for (auto const& each : options.options) script += std::string(directive) + ' ' + each + '\n';
    script += "cd " + shell_word(start_folder().string()) + "\n"; // without it, absolute paths still work
    if (options.log_directory.empty()) {                          // then it is made for this run, and goes with it
        script += std::string("export ") + remote::log_folder_variable + '=' + shell_word(folder) + '\n';
    }
    for (auto const& each : options.init_commands) script += each + '\n';
    script += "exec";
    if (!options.command_prefix.empty()) script += ' ' + options.command_prefix;
    for (auto const& word : command.words) script += ' ' + shell_word(word);
    if (!options.command_suffix.empty()) script += ' ' + options.command_suffix;
    return script + '\n';
}

/// Letters and digits that nobody else has chosen, for names of files in a folder that runs may share.
[[nodiscard]] inline std::string unlikely_name()
{
    std::random_device chance;
    std::string result;
    for (int i = 0; i < 8; ++i) result += "0123456789abcdef"[chance() % 16];
    return result;
}

/// The folder for what jobs write: one that the user names, or a new one, which is removed in the end.
///
/// Thread rule: one thread at a time.
class log_folder {
  public:
    /// @param named by the user, or empty
    explicit log_folder(std::string named) : named_(std::move(named)) {}
    log_folder(log_folder&& other) noexcept : named_(std::move(other.named_)), path_(std::exchange(other.path_, {})) {}
    log_folder& operator=(log_folder&& other) noexcept
    {
        std::swap(named_, other.named_);
        std::swap(path_, other.path_);
        return *this;
    }
    ~log_folder()
    {
        std::error_code ignored;
        if (!path_.empty() && named_.empty()) std::filesystem::remove_all(path_, ignored);
    }

    /// Its absolute path; it is made, and tried, when it is first needed. @throws io_error if nobody can write there
    [[nodiscard]] std::string const& path()
    {
        if (!path_.empty()) return path_;
        namespace fs = std::filesystem;
        if (named_.empty()) {
            auto name = (start_folder() / "rios_logs_XXXXXX").string();
            if (::mkdtemp(name.data()) == nullptr)
                fail(start_folder().string(), "no folder for logs can be made there");
            return path_ = name;
        }
        auto name = (start_folder() / named_ / ".rios_try_XXXXXX").string();
        auto const file = ::mkstemp(name.data());
        if (file < 0) fail(named_, "no logs can be written there");
        ::close(file);
        ::unlink(name.c_str());
        return path_ = (start_folder() / named_).string();
    }

  private:
    [[noreturn]] static void fail(std::string const& folder, std::string const& what)
    {
        throw io_error(folder, what + ": " + std::generic_category().message(errno));
    }

    std::string named_;
    std::string path_;
};

/// The last lines of a job's output. Batch systems may bring it a moment after the job has ended.
/// @param deadline until which it is waited for, if it is not there
[[nodiscard]] inline std::string end_of_log(std::string const& path, std::chrono::steady_clock::time_point deadline)
{
    constexpr std::streamoff most = 2000;
    std::error_code failure;
    while (!std::filesystem::exists(path, failure) && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    std::streamoff const size = file ? std::streamoff(file.tellg()) : 0;
    if (size <= 0) return {};
    file.seekg(std::max<std::streamoff>(0, size - most));
    std::string text(std::istreambuf_iterator<char>(file), {});
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (size > most) text.erase(0, text.find('\n') + 1);
    return text;
}

} // namespace rios::detail
