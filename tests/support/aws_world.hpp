// SPDX-License-Identifier: BSL-1.0
// AWS for tests: its control plane is simulated by moto, what it starts are real processes of this machine (aws_world.py).
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <rios/aws/client.hpp>
#include <rios/aws/worker_options.hpp>
#include <rios/remote/remote_options.hpp>

#include "environment.hpp"
#include "process.hpp"
#include "squares_job.hpp"
#include "temporary_directory.hpp"

namespace test {

/// Can there be no such world here? Says so then, for CTest.
///
///     TEST_CASE("...") { if (test::no_aws_world()) return; test::aws_world world; ... }
[[nodiscard]] inline bool no_aws_world()
{
    constexpr char const* question = "import sys\nfrom importlib.util import find_spec\n"
                                     "sys.exit(not all(map(find_spec, ('moto', 'boto3', 'flask', 'flask_cors'))))";
    static bool const is_possible = run({"/usr/bin/env", "python3", "-c", question}).status == 0;
    if (!is_possible) std::printf("SKIPPED: python3 has no moto[server]\n");
    return !is_possible;
}

/// A world of its own, as long as the object lives.
class aws_world {
  public:
    aws_world()
        : process_(
              {"/usr/bin/env", "python3",
               (std::filesystem::absolute(std::filesystem::path(__FILE__)).parent_path() / "aws_world.py").string(),
               folder_.path().string()},
              {.timeout = std::chrono::seconds(10)})
    {
        bool const is_there =
            soon([this] { return process_.ended() || std::filesystem::exists(folder_ / "world.json"); },
                 std::chrono::seconds(60));
        if (!is_there || process_.ended()) {
            process_.send(SIGKILL);
            FAIL("no world for AWS: ", process_.wait().text());
        }
        about_ = read("world.json");
    }
    aws_world(aws_world const&) = delete;
    aws_world& operator=(aws_world const&) = delete;
    ~aws_world()
    {
        bool const has_ended = process_.ended();
        process_.send(SIGTERM);
        auto const last_words = process_.wait();
        if (has_ended) FAIL_CHECK("the world for AWS has ended: ", last_words.text());
    }

    /// What there was from the beginning: "subnet", "security_group", "queue", "role", "region", "endpoint".
    [[nodiscard]] std::string operator[](char const* name) const { return about_.at(name); }

    [[nodiscard]] rios::aws::client_options client() const
    {
        return {
            .region = about_.at("region"),
            .given =
                rios::aws::credentials{.access_key = "test", .secret_key = "test", .session_token = {}, .expires = {}},
            .endpoint = about_.at("endpoint")};
    }

    /// The same for programs, in their environment.
    [[nodiscard]] std::vector<std::string> environment() const
    {
        return {"AWS_REGION=" + (*this)["region"], "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
                "AWS_ENDPOINT_URL=" + (*this)["endpoint"]};
    }

    /// For workers, which are asked after more often than real ones should be.
    [[nodiscard]] rios::aws_worker_options workers() const
    {
        return {
            .client = client(), .lifetime = std::chrono::seconds(100), .poll_interval = std::chrono::milliseconds(100)};
    }

    [[nodiscard]] static rios::remote_options remote(std::size_t workers)
    {
        rios::remote_options result{.workers = workers, .address_in_environment = true};
        result.timeouts = {.joining = std::chrono::seconds(40),
                           .silence = std::chrono::seconds(30),
                           .progress = std::chrono::seconds(40)};
        return result;
    }

    /// What there is at the moment (see aws_world.py).
    [[nodiscard]] nlohmann::json state() const { return read("state.json"); }

    /// From now on, calls fail, or go wrong otherwise: {{"call", "ecs RunTask"}, {"code", "ThrottlingException"}, {"times", 3}}.
    /// Several in a list.
    void fail(nlohmann::json faults) const
    {
        if (!faults.is_array()) faults = nlohmann::json::array({std::move(faults)});
        std::ofstream(folder_ / "faults.new") << faults;
        std::filesystem::rename(folder_ / "faults.new", folder_ / "faults.json");
    }

    /// How often something was called.
    [[nodiscard]] std::ptrdiff_t calls(std::string const& name) const
    {
        std::ifstream file(folder_ / "calls");
        std::ptrdiff_t result = 0;
        for (std::string line; std::getline(file, line);) result += line == name || name == "*" ? 1 : 0;
        return result;
    }

    /// Whether nothing is left of a run: no task, definition, cluster, instance, job, secret or process.
    [[nodiscard]] bool is_clean() const
    {
        auto const is_empty = [this] {
            auto const now = state();
            return std::all_of(now.begin(), now.end(), [](auto const& each) { return each.empty() || each == 0; });
        };
        bool const result = soon(is_empty, std::chrono::seconds(10));
        auto const left = state().dump(1);
        CAPTURE(left);
        CHECK(result);
        return result;
    }

  private:
    [[nodiscard]] nlohmann::json read(char const* name) const
    {
        std::ifstream file(folder_ / name);
        std::ostringstream text;
        text << file.rdbuf();
        return nlohmann::json::parse(text.str());
    }

    temporary_directory folder_;
    process process_;
    nlohmann::json about_;
};

/// As long as it lives, programs that the test starts find a world where programs for AWS look for it.
class in_world {
  public:
    explicit in_world(aws_world const& world)
    {
        for (auto const& each : world.environment()) {
            auto const equals = each.find('=');
            set_.emplace_back(each.substr(0, equals), each.substr(equals + 1));
        }
    }

  private:
    std::deque<environment_variable> set_;
};

/// This program, which workers are, too.
[[nodiscard]] inline std::string this_program()
{
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

} // namespace test
