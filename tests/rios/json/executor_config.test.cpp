// SPDX-License-Identifier: BSL-1.0
#include <rios/json/executor_config.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;

rios::remote_options from(std::string const& text)
{
    rios::remote_options result;
    rios::take_remote_options(nlohmann::json::parse(text), result);
    return result;
}

std::string refusal(std::string const& text)
{
    return test::message_of<rios::options_error>([&] { static_cast<void>(from(text)); });
}

} // namespace

TEST_CASE("every name sets its option, and no other")
{
    auto const all = from(R"({"workers_read": false, "single_block_workers": true, "max_concurrent_reads": 3,
        "min_workers": 0, "attempts": 5, "job_name": "north", "program": "/bin/worker", "directory": "/shared",
        "address_in_environment": true, "ports": [30000, 50000], "advertise": ["10.0.0.5", "fd00::1"],
        "packing": "always", "largest_message": 1000, "timeouts": {"joining": 1.5, "silence": 0, "progress": 7}})");
    CHECK_FALSE(all.workers_read);
    CHECK(all.single_block_workers);
    CHECK(all.max_concurrent_reads == 3);
    CHECK(all.min_workers == 0);
    CHECK(all.attempts == 5);
    CHECK(all.job_name == "north");
    CHECK(all.program == "/bin/worker");
    CHECK(all.directory == "/shared");
    CHECK(all.address_in_environment);
    CHECK(all.ports.first == 30000);
    CHECK(all.ports.last == 50000);
    CHECK(all.advertised == std::vector<std::string>{"10.0.0.5", "fd00::1"});
    CHECK(all.packing == rios::net::packing::always);
    CHECK(all.largest_message == 1000);
    CHECK(all.timeouts.joining == 1.5s);
    CHECK(all.timeouts.silence == 0s);
    CHECK(all.timeouts.progress == 7s);

    auto const one = from(R"({"timeouts": {"silence": 9}, "packing": "never"})");
    CHECK(one.timeouts.silence == 9s);
    CHECK(one.packing == rios::net::packing::never);
    rios::remote_options const defaults;
    CHECK(one.timeouts.joining == defaults.timeouts.joining);
    CHECK(one.workers_read);
    CHECK(one.attempts == defaults.attempts);
    CHECK(one.advertised.empty());
}

TEST_CASE("options of jobs stand beside those of processes, where there are jobs")
{
    std::string const text =
        R"({"queue": "long", "options": ["--mem=8G", "-A land"], "init_commands": ["module load gdal"],
        "command_prefix": "srun", "command_suffix": "2>&1", "log_directory": "/logs", "poll_interval": 30,
        "command_patience": 5, "min_workers": 3})";
    rios::remote_options remote;
    rios::batch_options batch;
    rios::take_batch_options(nlohmann::json::parse(text), remote, batch);
    CHECK(remote.min_workers == 3);
    CHECK(batch.queue == "long");
    CHECK(batch.options == std::vector<std::string>{"--mem=8G", "-A land"});
    CHECK(batch.init_commands == std::vector<std::string>{"module load gdal"});
    CHECK(batch.command_prefix == "srun");
    CHECK(batch.command_suffix == "2>&1");
    CHECK(batch.log_directory == "/logs");
    CHECK(batch.poll_interval == 30s);
    CHECK(batch.patience == 5s);
    CHECK(refusal(text).find("\"command_patience\" is not known; allowed: workers_read, ") != std::string::npos);
    for (std::string const value : {"0", "1e30"}) {
        CHECK(test::message_of<rios::options_error>([&] {
                  rios::take_batch_options(nlohmann::json::parse("{\"poll_interval\": " + value + "}"), remote, batch);
              }).find("allowed are 0.1 to 86400 seconds") != std::string::npos);
    }
}

TEST_CASE("a value that cannot be is refused by its name, with what is allowed")
{
    std::string const begin = "the configuration of an executor: ";
    for (auto const& [value, allowed] : std::vector<std::pair<std::string, std::string>>{
             {R"("workers_read": 1)", "true or false"},
             {R"("job_name": 1)", "a text"},
             {R"("max_concurrent_reads": -1)", "whole numbers from 0 up"},
             {R"("max_concurrent_reads": 1.5)", "whole numbers from 0 up"},
             {R"("attempts": 0)", "whole numbers from 1 up"},
             {R"("ports": [1])", "the first and the last port: [30000, 50000]"},
             {R"("ports": 30000)", "the first and the last port: [30000, 50000]"},
             {R"("ports": [1,65536])", "whole numbers from 0 to 65535"},
             {R"("advertise": "a")", "a list of texts"},
             {R"("advertise": ["a",1])", "a list of texts"},
             {R"("packing": "often")", R"("automatic", "never" or "always")"}}) {
        CHECK(refusal('{' + value + '}') == begin + value + "; allowed: " + allowed);
    }
    for (std::string const value : {"-1", "\"1\"", "null"}) {
        CHECK(refusal(R"({"timeouts": {"joining": )" + value + "}}") ==
              R"("timeouts": "joining": )" + value + "; allowed: a number of seconds, or 0 for no limit");
    }
    CHECK(refusal("[]") == "the configuration of an executor must be an object: {\"name\": value, ...}");
    CHECK(refusal(R"({"timeouts": 3})") == R"("timeouts" must be an object: {"name": value, ...})");
    CHECK(refusal(R"({"workers": 3})") ==
          begin + R"("workers" is not known; allowed: workers_read, single_block_workers, max_concurrent_reads, )" +
              "min_workers, attempts, job_name, program, directory, address_in_environment, ports, advertise, packing, "
              "largest_message, timeouts");
    CHECK(refusal(R"({"timeouts": {"join": 3}})") ==
          R"("timeouts": "join" is not known; allowed: joining, silence, progress)");
}

TEST_CASE("a file is refused by its path, and leaves what it does not name")
{
    test::temporary_directory const folder;
    auto const path = folder / "c.json";
    rios::remote_options options{.workers = 7, .attempts = 9};
    auto const load = [&](std::string const& text) {
        std::ofstream(path) << text;
        return test::message_of<rios::io_error>([&] { rios::load_remote_options(path, options); });
    };
    CHECK(load(R"({"min_workers": 2})") == "(nothing was thrown)");
    CHECK(options.min_workers == 2);
    CHECK(options.workers == 7);
    CHECK(options.attempts == 9);
    CHECK(load("{") == path + ": not valid JSON");
    CHECK(load(R"({"directory": 1})") ==
          path + R"(: the configuration of an executor: "directory": 1; allowed: a text)");
    CHECK(test::message_of<rios::io_error>([&] { rios::load_remote_options(folder / "none", options); }) ==
          folder / "none" + ": cannot read: No such file or directory");
}
