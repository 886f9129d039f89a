// SPDX-License-Identifier: BSL-1.0
//
// Workers as processes of this machine.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../error.hpp"
#include "../scratch_file.hpp"
#include "launcher.hpp"
#include "spawn.hpp"

namespace rios {

struct subprocess_options {
    /// Seconds that a process which is told to end (SIGTERM) may take, before it is killed.
    std::chrono::duration<double> patience{2};
};

/// Starts processes with posix_spawn: each is the leader of a process group of its own, inherits no file but standard input, which
/// is empty, and its output goes to a file without a name, the end of which tells what went wrong. When it ends, what is left of
/// its group is killed.
///
/// Thread rule: one thread at a time.
class subprocess_launcher {
  public:
    explicit subprocess_launcher(subprocess_options options = {}) : options_(options) {}
    subprocess_launcher(subprocess_launcher&&) = default;
    /// The other one gets the processes that there were here, and ends them with itself.
    subprocess_launcher& operator=(subprocess_launcher&& other) noexcept
    {
        std::swap(options_, other.options_);
        processes_.swap(other.processes_);
        return *this;
    }
    ~subprocess_launcher() { end_all(); }

    /// @throws remote_error if the process cannot be started, io_error if there is no place for its output
    [[nodiscard]] job_id submit(worker_command const& command)
    {
        scratch_file log(std::filesystem::temp_directory_path());
        log.open();
        pid_t process = 0;
        auto const failure = detail::spawn({.words = command.words,
                                            .environment = command.environment,
                                            .output = log.descriptor(),
                                            .errors = log.descriptor()},
                                           process);
        if (failure != 0) {
            throw remote_error("worker process '" + command.words.front() +
                               "' cannot be started: " + std::generic_category().message(failure));
        }
        auto id = std::to_string(process);
        processes_.insert_or_assign(id, child{.process = process, .log = std::move(log)});
        return id;
    }

    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs)
    {
        std::vector<job_status> result;
        for (auto const& job : jobs) {
            auto const found = processes_.find(job);
            if (found == processes_.end()) {
                result.push_back({.state = job_state::ended, .reason = "is no process of this launcher"});
                continue;
            }
            look(found->second);
            result.push_back(found->second.status);
        }
        return result;
    }

    void cancel(std::span<job_id const> jobs) noexcept
    {
        std::vector<child*> alive;
        for (auto const& job : jobs) {
            auto const found = processes_.find(job);
            if (found == processes_.end()) continue;
            look(found->second);
            if (found->second.status.state != job_state::ended) alive.push_back(&found->second);
        }
        for (auto const* each : alive) ::kill(-each->process, SIGTERM);
        auto const deadline = std::chrono::steady_clock::now() + options_.patience;
        auto const ended = [](child const* each) { return each->status.state == job_state::ended; };
        while (!std::all_of(alive.begin(), alive.end(), ended) && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            for (auto* each : alive) look(*each);
        }
        for (auto* each : alive) {
            if (ended(each)) continue;
            ::kill(-each->process, SIGKILL);
            look(*each, 0);
        }
    }

    [[nodiscard]] static constexpr bool one_host() noexcept { return true; }
    [[nodiscard]] static std::chrono::milliseconds poll_interval() noexcept { return std::chrono::milliseconds(50); }

  private:
    struct child {
        pid_t process = 0;
        std::optional<scratch_file>
            log; // until it has ended: there may be more workers than descriptors, one after another
        job_status status{.state = job_state::running};
    };

    /// Finds out whether a process has ended. @param options of waitid: 0 to wait for it
    static void look(child& each, int options = WNOHANG)
    {
        if (each.status.state == job_state::ended) return;
        siginfo_t about{};
        int how = 0;
        pid_t result = 0;
        do {
            result = ::waitid(P_PID, static_cast<id_t>(each.process), &about, WEXITED | WNOWAIT | options);
        } while (result < 0 && errno == EINTR);
        if (result == 0 && about.si_pid == 0) return;
        if (result == 0) {
            // As long as it has not been waited for, its number is nobody else's.
            ::kill(-each.process, SIGKILL);
            do {
                result = ::waitpid(each.process, &how, 0);
            } while (result < 0 && errno == EINTR);
        }
        each.status.state = job_state::ended;
        if (result < 0) {
            each.status.reason = "was waited for by somebody else";
        } else if (WIFEXITED(how)) {
            each.status.exit_status = WEXITSTATUS(how);
            each.status.reason = "exited with status " + std::to_string(WEXITSTATUS(how));
        } else {
            each.status.exit_status = 128 + WTERMSIG(how);
            each.status.reason =
                "was ended by signal " + std::to_string(WTERMSIG(how)) + " (" + ::strsignal(WTERMSIG(how)) + ")";
        }
        each.status.log = end_of(each.log->descriptor());
        each.log.reset();
    }

    /// The last lines of a file.
    static std::string end_of(int log)
    {
        constexpr off_t most = 2000;
        auto const size = ::lseek(log, 0, SEEK_END);
        if (size <= 0) return {};
        std::string text(static_cast<std::size_t>(std::min(size, most)), '\0');
        auto const got = ::pread(log, text.data(), text.size(), std::max<off_t>(0, size - most));
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
        while (!text.empty() && text.back() == '\n') text.pop_back();
        if (size > most) text.erase(0, text.find('\n') + 1);
        return text;
    }

    void end_all() noexcept
    {
        std::vector<job_id> all;
        for (auto const& each : processes_) all.push_back(each.first);
        cancel(all);
    }

    subprocess_options options_;
    std::map<job_id, child> processes_;
};

} // namespace rios
