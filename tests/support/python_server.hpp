// SPDX-License-Identifier: BSL-1.0
// Servers in Python that run beside a test.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rios/launcher/run_program.hpp>
#include <rios/launcher/spawn.hpp>

#include "process.hpp"

namespace test {

/// Is there no python3 with this module? The test is skipped then, with the reason: there is no package of all of them.
///
///     TEST_CASE("...") { if (test::lacks_python_module("botocore")) return; ... }
[[nodiscard]] inline bool lacks_python_module(std::string const& name)
{
    bool const found = rios::detail::run_program({"sh", "-c", "python3 -c 'import " + name + "'"}).status == 0;
    if (found) return false;
    std::printf("SKIPPED: there is no python3 with the module %s\n", name.c_str());
    return true;
}

/// A script in tests/support that prints the port that it has chosen, and serves until its standard input ends: however the
/// test does.
class python_server {
  public:
    explicit python_server(std::string const& script, std::vector<std::string> arguments = {})
    {
        auto const path = std::filesystem::absolute(__FILE__).parent_path() / script;
        int in[2];
        int out[2];
        if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        detail::file_descriptor const their_input(in[0]);
        detail::file_descriptor const their_output(out[1]);
        input_ = detail::file_descriptor(in[1]);
        output_ = detail::file_descriptor(out[0]);
        std::vector<std::string> words{"python3", path.string()};
        words.insert(words.end(), arguments.begin(), arguments.end());
        if (rios::detail::spawn({.words = std::move(words),
                                 .input = their_input.get(),
                                 .output = their_output.get(),
                                 .errors = STDERR_FILENO,
                                 .on_path = true},
                                process_) != 0) {
            throw std::runtime_error("cannot start python3");
        }
        port_ = first_line();
    }
    python_server(python_server const&) = delete;
    python_server& operator=(python_server const&) = delete;
    ~python_server()
    {
        ::kill(-process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }

    [[nodiscard]] std::string host() const { return "127.0.0.1:" + port_; }
    [[nodiscard]] std::string url() const { return "http://" + host(); }

  private:
    std::string first_line()
    {
        ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
        std::string text;
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (text.find('\n') == std::string::npos) {
            output_.drain(text);
            bool const ended = ::waitpid(process_, nullptr, WNOHANG) != 0;
            if (ended || std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("a server does not start");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return text.substr(0, text.find('\n'));
    }

    pid_t process_ = -1;
    std::string port_;
    detail::file_descriptor input_;
    detail::file_descriptor output_;
};

} // namespace test
