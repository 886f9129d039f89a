// SPDX-License-Identifier: BSL-1.0
// Main processes that are told to end, or killed, at the worst moments, and what is on AWS then: nothing (aws_world.py).
#include <rios/aws/guardian.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <rios/aws/executor_config.hpp>
#include <rios/cancellation.hpp>
#include <rios/executor/chosen.hpp>
#include <rios/stop_on_signals.hpp>

#include "support/aws_world.hpp"
#include "support/batch_jobs.hpp"
#include "support/cluster_jobs.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_program.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::aws_world;
using test::in_world;
using test::process;

/// A main process: `KIND` and `CONFIG` in its environment. It works for two seconds if nobody disturbs it.
int work_on_aws()
try {
    char const* const no_guardian[] = {"main"};
    static_cast<void>(rios::aws::serve_if_guardian(1, no_guardian));
    rios::stop_on_signals const signals;
    rios::executor_choice choice{.kind = std::getenv("KIND"), .threads = 1};
    choice.remote = aws_world::remote(2);
    rios::load_aws_options(std::getenv("CONFIG"), choice,
                           [](std::string const& line) { std::fprintf(stderr, "left: %s\n", line.c_str()); });
    test::squares_on_hosts job{.does = {.milliseconds = 100}};
    job.polled = [&] {
        if (signals.token().stop_requested()) throw rios::cancelled();
    };
    rios::chosen_executor(choice).run(job);
    return job.done() ? 0 : 1;
} catch (rios::cancelled const&) {
    return 3;
} catch (std::exception const& failure) {
    std::fprintf(stderr, "failed: %s\n", failure.what());
    return 2;
}

test::test_program const main_process("work on aws", work_on_aws);
test::test_program const guardian("--rios-aws-guardian", [] {
    char const* const words[] = {"guardian", "--rios-aws-guardian"};
    return rios::aws::serve_if_guardian(2, words).value_or(9);
});

/// What a main process is to do.
struct assignment {
    std::string kind;
    json config;
    std::vector<std::string> calls; ///< in the middle of which it may end
};

std::vector<assignment> assignments(aws_world const& world)
{
    json const tasks{{"image", test::this_program()},
                     {"execution_role", world["role"]},
                     {"subnets", {world["subnet"]}},
                     {"security_groups", {world["security_group"]}},
                     {"cpu", "2 vCPU"},
                     {"memory", "4GB"},
                     {"secret", "secretsmanager:rios/"},
                     {"poll_interval", 0.2},
                     {"lifetime", 120}};
    auto on_instances = tasks;
    on_instances["launch_type"] = "EC2";
    on_instances["instances"] = {{"count", 2}, {"image", "ami-12c6146b"}, {"type", "c5.large"}, {"profile", "worker"}};
    on_instances["secret"] = "ssm:/rios/";
    auto const jobs = test::jobs_of(world);
    return {{.kind = "ecs",
             .config = tasks,
             .calls = {"secretsmanager CreateSecret", "ecs RunTask", "secretsmanager DeleteSecret"}},
            {.kind = "ecs",
             .config = on_instances,
             .calls = {"ecs CreateCluster", "ec2 RunInstances", "ssm PutParameter", "ecs RegisterTaskDefinition",
                       "ecs DescribeClusters", "ecs DescribeTasks", "ec2 TerminateInstances",
                       "ecs DeregisterTaskDefinition", "ecs DeleteCluster", "ssm DeleteParameter"}},
            {.kind = "aws-batch",
             .config = {{"queue", jobs.queue},
                        {"job_definition", jobs.job_definition},
                        {"poll_interval", 0.2},
                        {"lifetime", 120}},
             .calls = {"batch submitjob", "batch describejobs", "batch listjobs"}}};
}

/// Starts main processes, one for each call, and calls `end(process)` when that is under way, which takes a second.
template <typename F>
void in_the_middle_of_each_call(F end)
{
    if (test::no_aws_world()) return;
    aws_world const world;
    in_world const here(world);
    test::temporary_directory const folder;
    for (auto const& each : assignments(world)) {
        test::write_file(folder / "aws.json", each.config.dump());
        for (auto const& call : each.calls) {
            CAPTURE(each.kind);
            CAPTURE(call);
            auto const before = world.calls(call);
            world.fail({{"call", call}, {"delay", 1}, {"times", 1}});
            process main({test::this_program(), "--test-program", "work on aws"},
                         {.environment = {"KIND=" + each.kind, "CONFIG=" + (folder / "aws.json")}});
            CHECK(test::soon([&] { return world.calls(call) > before; }, 30s));
            std::this_thread::sleep_for(100ms);
            end(main);
            auto const result = main.wait();
            CAPTURE(result.text());
            CHECK(result.err.empty());
            CHECK(world.is_clean());
        }
    }
}

} // namespace

TEST_CASE("a main process that is told to end in the middle of any call leaves nothing on AWS")
{
    in_the_middle_of_each_call([](process& main) { main.send(SIGTERM); });
}

TEST_CASE("a main process that is killed in the middle of any call leaves nothing on AWS")
{
    in_the_middle_of_each_call([](process& main) { main.send(SIGKILL); });
}

TEST_CASE("a main process that is told to end twice, as is its guardian, leaves nothing on AWS")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    in_world const here(world);
    test::temporary_directory const folder;
    auto const all = assignments(world);
    test::write_file(folder / "aws.json", all[1].config.dump());
    world.fail({{"call", "ecs DeleteCluster"}, {"delay", 10}, {"times", 1}});
    process main({test::this_program(), "--test-program", "work on aws"},
                 {.environment = {"KIND=ecs", "CONFIG=" + (folder / "aws.json")}});
    CHECK(test::soon([&] { return world.state().at("containers") > 0; }, 30s));
    main.send(SIGTERM);
    CHECK(test::soon([&] { return world.calls("ecs DeleteCluster") > 0; }, 30s));
    std::this_thread::sleep_for(1100ms);
    auto const guardians = main.children();
    REQUIRE(guardians.size() == 1);
    ::kill(guardians.front(), SIGTERM);
    main.send(SIGTERM);
    auto const result = main.wait();
    CAPTURE(result.text());
    CHECK(result.signal == SIGTERM);
    CHECK(world.is_clean());
}
