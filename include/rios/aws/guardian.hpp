// SPDX-License-Identifier: BSL-1.0
//
// A process that outlives the main process of a run, if that is killed, and removes what it had on AWS: clusters and machines do
// not end by themselves. It is the same program again, and hears from the main process by a pipe.
#pragma once

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "../launcher/spawn.hpp"
#include "client.hpp"
#include "holdings.hpp"
#include "json_text.hpp"

namespace rios::aws {

namespace detail {

inline constexpr std::string_view guardian_argument = "--rios-aws-guardian";

/// Does this program begin with serve_if_guardian()? Otherwise it must not be started as one.
inline std::atomic<bool>& can_be_guardian() noexcept
{
    static std::atomic<bool> can = false;
    return can;
}

/// All that a guardian must know, as a line.
[[nodiscard]] inline std::string guardian_line(client_options const& client, holdings const& what)
{
    nlohmann::json result{{"region", client.region},
                          {"profile", client.profile},
                          {"endpoint", client.endpoint},
                          {"run", what.run},
                          {"cluster", what.cluster},
                          {"owns_cluster", what.owns_cluster},
                          {"owns_definition", what.owns_definition},
                          {"owns_instances", what.owns_instances},
                          {"instances", what.instances},
                          {"queue", what.queue},
                          {"secret", what.secret}};
    if (client.given) {
        result["given"] = {client.given->access_key, client.given->secret_key, client.given->session_token};
    }
    return result.dump() + '\n';
}

/// Removes what a line of before tells of. @returns what could not be, a line for each
[[nodiscard]] inline std::vector<std::string> release_by_line(std::string const& line)
{
    auto const json = nlohmann::json::parse(line);
    client_options options{
        .region = text_in(json, "region"), .profile = text_in(json, "profile"), .endpoint = text_in(json, "endpoint")};
    if (auto const given = list_in(json, "given"); given.size() == 3) {
        options.given =
            credentials{.access_key = given[0], .secret_key = given[1], .session_token = given[2], .expires = {}};
    }
    client aws(options);
    return release(aws, {.run = text_in(json, "run"),
                         .cluster = text_in(json, "cluster"),
                         .owns_cluster = json.value("owns_cluster", false),
                         .owns_definition = json.value("owns_definition", false),
                         .owns_instances = json.value("owns_instances", false),
                         .instances = json.value("instances", std::vector<std::string>()),
                         .queue = text_in(json, "queue"),
                         .secret = text_in(json, "secret")});
}

} // namespace detail

/// The main process's end: starts the guardian with the first thing that there is to guard, if this program can be one.
///
/// Thread rule: one thread at a time.
class guardian {
  public:
    guardian() = default;
    guardian(guardian const&) = delete;
    guardian& operator=(guardian const&) = delete;
    /// All is removed, or was told of: it goes.
    ~guardian()
    {
        if (pipe_ < 0) return;
        send("\n");
        ::close(pipe_);
        while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {}
    }

    /// What there is, or is about to be. Without a guardian, nothing happens.
    void guard(client_options const& client, holdings const& what)
    {
        if (!detail::can_be_guardian()) return;
        if (pipe_ < 0) start();
        if (pipe_ >= 0) send(detail::guardian_line(client, what));
    }

  private:
    void start()
    {
        std::error_code failure;
        auto const self = std::filesystem::read_symlink("/proc/self/exe", failure);
        int ends[2];
        if (failure || ::pipe2(ends, O_CLOEXEC) != 0) return;
        auto const status = rios::detail::spawn({.words = {self.string(), std::string(detail::guardian_argument)},
                                                 .input = ends[0],
                                                 .output = STDERR_FILENO,
                                                 .errors = STDERR_FILENO},
                                                process_);
        ::close(ends[0]);
        if (status == 0) pipe_ = ends[1];
        else ::close(ends[1]);
    }

    /// A guardian that was killed reads nothing any more; the run goes on without.
    void send(std::string_view text) const
    {
        sigset_t pipe_signal;
        sigset_t before;
        ::sigemptyset(&pipe_signal);
        ::sigaddset(&pipe_signal, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
        while (!text.empty()) {
            auto const written = ::write(pipe_, text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) break;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        timespec const at_once{};
        if (!text.empty() && errno == EPIPE) ::sigtimedwait(&pipe_signal, nullptr, &at_once);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    int pipe_ = -1;
    pid_t process_ = -1;
};

/// To be called in main() beside serve_if_worker(), by programs with launchers for AWS:
///
///     if (auto const status = rios::aws::serve_if_guardian(argc, argv)) return *status;
///
/// A run then has a second process, which removes what the run has on AWS should the main process be killed, and says on standard
/// error what it could not remove. Without this line there is none. It does not throw.
[[nodiscard]] inline std::optional<int> serve_if_guardian(int argc, char const* const* argv) noexcept
{
    if (argc != 2 || argv[1] != detail::guardian_argument) {
        detail::can_be_guardian() = true;
        return std::nullopt;
    }
    // It ends when the main process does: what is meant for both of them must not end it before.
    for (int const signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
    try {
        std::string last;
        for (std::string line; std::getline(std::cin, line);) last = line;
        if (last.empty()) return 0;
        std::this_thread::sleep_for(std::chrono::seconds(2)); // a call of the main process may be under way on AWS
        auto const left = detail::release_by_line(last);
        for (auto const& each : left) std::fprintf(stderr, "the main process of rios was killed; %s\n", each.c_str());
        return left.empty() ? 0 : 1;
    } catch (std::exception const& failure) {
        std::fprintf(stderr, "the main process of rios was killed; what it had on AWS stays: %s\n", failure.what());
        return 1;
    }
}

} // namespace rios::aws
