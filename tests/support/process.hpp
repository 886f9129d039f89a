// SPDX-License-Identifier: BSL-1.0
// Runs a program as a user's script would, without a shell, and sees all that a script sees: both streams, the exit
// status or the signal. A program that hangs is ended and counts as a failure.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace test {

/// Where an output stream of a program leads.
enum class stream { captured, terminal, closed };

struct process_options {
    std::vector<std::string> environment{}; ///< "NAME=value" each, on top of the environment of the test
    std::string directory{};                ///< where the program starts; empty for that of the test
    stream out = stream::captured;          ///< a terminal is captured too
    stream err = stream::captured;
    std::string out_file{};            ///< an existing file or device that standard output is sent to instead
    std::optional<rlim_t> file_size{}; ///< largest file in bytes; more is an error, as on a full disk, and no signal
    std::optional<rlim_t> memory{};    ///< largest address space in bytes
    std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

struct process_result {
    int status = -1; ///< exit status; -1 if a signal ended the program
    int signal = 0;  ///< the signal that did; 0 for none
    bool timed_out = false;
    std::string out;
    std::string err;

    /// For messages of failed tests.
    [[nodiscard]] std::string text() const
    {
        return (timed_out     ? std::string("timed out")
                : signal != 0 ? "ended by signal " + std::to_string(signal)
                              : "exit status " + std::to_string(status)) +
               "\nstandard output: " + out + "\nstandard error: " + err;
    }
};

namespace detail {

class file_descriptor {
  public:
    file_descriptor() = default;
    explicit file_descriptor(int number) : number_(number)
    {
        if (number < 0) throw std::runtime_error("no file descriptor: " + std::generic_category().message(errno));
    }
    file_descriptor(file_descriptor const&) = delete;
    file_descriptor& operator=(file_descriptor const&) = delete;
    file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    file_descriptor& operator=(file_descriptor&& other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    ~file_descriptor() { close(); }

    [[nodiscard]] int get() const noexcept { return number_; }
    void close()
    {
        if (number_ >= 0) ::close(number_);
        number_ = -1;
    }

    /// Adds what there is to read; closes at the end of the stream.
    void drain(std::string& into)
    {
        char buffer[4096];
        while (number_ >= 0) {
            auto const count = ::read(number_, buffer, sizeof buffer);
            if (count > 0) into.append(buffer, static_cast<std::size_t>(count));
            else if (count < 0 && errno == EINTR) continue;
            else if (count < 0 && errno == EAGAIN) return;
            else close(); // a terminal whose other side is closed says EIO
        }
    }

  private:
    int number_ = -1;
};

/// A limit that a program inherits; the test's own is as before when this object ends.
class inherited_limit {
  public:
    using resource = decltype(RLIMIT_AS); // an enumeration in glibc, int elsewhere

    inherited_limit(resource which, std::optional<rlim_t> soft) : which_(which)
    {
        ::getrlimit(which_, &before_);
        if (!soft) return;
        auto limit = before_;
        limit.rlim_cur = std::min(*soft, before_.rlim_max);
        if (::setrlimit(which_, &limit) != 0) throw std::runtime_error("cannot set a resource limit");
    }
    inherited_limit(inherited_limit const&) = delete;
    inherited_limit& operator=(inherited_limit const&) = delete;
    ~inherited_limit() { ::setrlimit(which_, &before_); }

  private:
    resource which_;
    rlimit before_{};
};

/// SIGXFSZ is ignored while this object lives: a write beyond the limit is an error then, as on a full disk.
class ignored_file_size_signal {
  public:
    ignored_file_size_signal() : before_(std::signal(SIGXFSZ, SIG_IGN)) {}
    ignored_file_size_signal(ignored_file_size_signal const&) = delete;
    ignored_file_size_signal& operator=(ignored_file_size_signal const&) = delete;
    ~ignored_file_size_signal() { std::signal(SIGXFSZ, before_); }

  private:
    void (*before_)(int);
};

inline std::vector<char*> pointers_to(std::vector<std::string>& texts)
{
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

inline std::vector<std::string> environment_with(std::vector<std::string> changes)
{
    for (char** each = environ; *each != nullptr; ++each) {
        std::string_view const entry = *each;
        auto const name = entry.substr(0, entry.find('=') + 1);
        if (std::none_of(changes.begin(), changes.end(),
                         [&](auto const& change) { return change.starts_with(name); })) {
            changes.emplace_back(entry);
        }
    }
    return changes;
}

} // namespace detail

/// A program that runs. It is killed when this object ends before it has been waited for.
class process {
  public:
    /// @param command the path of the program and its arguments
    explicit process(std::vector<std::string> command, process_options options = {}) : timeout_(options.timeout)
    {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
        // Whoever runs the tests may ignore signals (nohup, a shell's background jobs).
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes, &signals);
        for (int const number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::sigaddset(&signals, number);
        ::posix_spawnattr_setsigdefault(&attributes, &signals);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

        if (!options.directory.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        auto const far_out = connect(options.out, STDOUT_FILENO, out_, actions);
        auto const far_err = connect(options.err, STDERR_FILENO, err_, actions);
        if (!options.out_file.empty()) {
            ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, options.out_file.c_str(), O_WRONLY, 0);
        }

        auto environment = detail::environment_with(std::move(options.environment));
        int failure = 0;
        {
            std::optional<detail::ignored_file_size_signal> ignored;
            if (options.file_size) ignored.emplace();
            detail::inherited_limit const file_size(RLIMIT_FSIZE, options.file_size);
            detail::inherited_limit const memory(RLIMIT_AS, options.memory);
            failure = ::posix_spawn(&id_, command.front().c_str(), &actions, &attributes,
                                    detail::pointers_to(command).data(), detail::pointers_to(environment).data());
        }
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
        if (failure != 0)
            throw std::runtime_error("cannot start " + command.front() + ": " +
                                     std::generic_category().message(failure));
    }
    process(process const&) = delete;
    process& operator=(process const&) = delete;
    ~process()
    {
        if (ended_) return;
        ::kill(id_, SIGKILL);
        ::waitpid(id_, nullptr, 0);
    }

    void send(int signal) const
    {
        if (!ended_) ::kill(id_, signal);
    }

    /// Processes that it has started, and that have not ended.
    [[nodiscard]] std::vector<pid_t> children() const
    {
        std::vector<pid_t> result;
        auto const threads = "/proc/" + std::to_string(id_) + "/task";
        for (auto const& thread : std::filesystem::directory_iterator(threads)) {
            std::ifstream file(thread.path() / "children");
            for (pid_t child = 0; file >> child;) result.push_back(child);
        }
        return result;
    }

    /// Has it ended (by itself, or by a signal)?
    [[nodiscard]] bool ended()
    {
        if (!ended_ && ::waitpid(id_, &wait_status_, WNOHANG) == id_) ended_ = true;
        return ended_;
    }

    /// Waits for its end; kills it when the time is over.
    [[nodiscard]] process_result wait()
    {
        process_result result;
        auto const deadline = std::chrono::steady_clock::now() + timeout_;
        while (!ended()) {
            if (std::chrono::steady_clock::now() > deadline) {
                result.timed_out = true;
                ::kill(id_, SIGKILL);
                ::waitpid(id_, &wait_status_, 0);
                ended_ = true;
                break;
            }
            pollfd streams[] = {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}};
            ::poll(streams, 2, out_.get() < 0 && err_.get() < 0 ? 1 : 5);
            out_.drain(result.out);
            err_.drain(result.err);
        }
        out_.drain(result.out);
        err_.drain(result.err);
        if (WIFEXITED(wait_status_)) result.status = WEXITSTATUS(wait_status_);
        else result.signal = WTERMSIG(wait_status_);
        return result;
    }

  private:
    /// Connects a stream of the program with `near`; the far end is to be held open until the program has started.
    static detail::file_descriptor connect(stream kind, int number, detail::file_descriptor& near,
                                           posix_spawn_file_actions_t& actions)
    {
        if (kind == stream::closed) {
            ::posix_spawn_file_actions_addclose(&actions, number);
            return {};
        }
        detail::file_descriptor far;
        if (kind == stream::captured) {
            int ends[2];
            if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
            near = detail::file_descriptor(ends[0]);
            far = detail::file_descriptor(ends[1]);
        } else {
            near = detail::file_descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
            if (::grantpt(near.get()) != 0 || ::unlockpt(near.get()) != 0) throw std::runtime_error("no terminal");
            char name[128];
            if (::ptsname_r(near.get(), name, sizeof name) != 0) throw std::runtime_error("no terminal");
            far = detail::file_descriptor(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
            termios settings{};
            ::tcgetattr(far.get(), &settings);
            ::cfmakeraw(&settings); // what is written arrives as it is
            ::tcsetattr(far.get(), TCSANOW, &settings);
        }
        ::fcntl(near.get(), F_SETFL, O_NONBLOCK);
        ::posix_spawn_file_actions_adddup2(&actions, far.get(), number);
        return far;
    }

    std::chrono::milliseconds timeout_;
    pid_t id_ = -1;
    bool ended_ = false;
    int wait_status_ = 0;
    detail::file_descriptor out_;
    detail::file_descriptor err_;
};

/// Runs a program to its end.
[[nodiscard]] inline process_result run(std::vector<std::string> command, process_options options = {})
{
    return process(std::move(command), std::move(options)).wait();
}

/// Does it run? One that has ended and was not waited for (by init, here) does not.
[[nodiscard]] inline bool is_alive(int id)
{
    std::ifstream file("/proc/" + std::to_string(id) + "/stat");
    std::string text;
    std::getline(file, text);
    auto const after = text.rfind(')');
    return after != std::string::npos && after + 2 < text.size() && text[after + 2] != 'Z' && text[after + 2] != 'X';
}

} // namespace test
