// SPDX-License-Identifier: BSL-1.0
// Tasks of ECS that do not start, end, or are ended, and calls that AWS refuses (aws_world.py).
#include <rios/aws/ecs_launcher.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/executor/remote.hpp>

#include "support/aws_world.hpp"
#include "support/cluster_jobs.hpp"
#include "support/ecs_tasks.hpp"
#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using test::aws_world;
using test::error_of;
using test::fargate;
using test::on_instances;
using test::squares_on_hosts;
using clock_type = std::chrono::steady_clock;

bool contains(std::string const& text, std::string const& part)
{
    return text.find(part) != std::string::npos;
}

/// Tasks on Fargate, and on two instances of EC2.
std::vector<rios::ecs_options> both_kinds(aws_world const& world)
{
    return {fargate(world), on_instances(world, 2)};
}

} // namespace

TEST_CASE("a task that fails to start ends the run at once, with the reason of ECS")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    for (auto options : both_kinds(world)) {
        options.image = "/no/such/image";
        auto const begun = clock_type::now();
        auto const error = error_of(rios::ecs_launcher(options), world.remote(2));
        CAPTURE(error);
        CHECK(contains(error, "no worker is left to go on:\nworker 0, job RIOS_rios-"));
        CHECK(contains(error,
                       ": TaskFailedToStart: CannotPullContainerError: No such file or directory: /no/such/image"));
        CHECK(clock_type::now() - begun < 10s);
        CHECK(world.is_clean());
    }
}

TEST_CASE("a task that exits costs nothing but time, unless it does so always")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    for (auto ecs : both_kinds(world)) {
        test::temporary_directory const marks;
        ecs.log_group = "/rios";
        squares_on_hosts job{.does = {.ends_at = 5, .how = 7, .mark = marks / "7"}};
        {
            rios::remote_executor executor(rios::ecs_launcher(ecs), world.remote(2));
            executor.run(job);
        }
        CHECK(job.done());
        auto options = world.remote(1);
        options.attempts = 1;
        auto const error = error_of(rios::ecs_launcher(ecs), options, {.ends_at = 5, .how = 7});
        CAPTURE(error);
        CHECK(contains(
            error,
            ": has been begun 1 times, and its worker was lost each time; the last was worker 0, job RIOS_rios-"));
        CHECK(contains(error, ": EssentialContainerExited: Essential container in task exited, exited with status 7"));
        CHECK(contains(error, "its output ends:\nthis was it"));
        CHECK(world.is_clean());
    }
}

TEST_CASE("tasks that are stopped from outside end a run with who did it, if there are no others")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    for (auto const& options : both_kinds(world)) {
        squares_on_hosts job{.does = {.milliseconds = 100}};
        bool stopped = false;
        job.polled = [&] {
            if (job.hosts.empty() || stopped) return;
            rios::aws::client aws(world.client());
            auto const now = world.state();
            for (auto const& [task, state] : now.at("tasks").items()) {
                aws.call("ecs", "StopTask",
                         {{"cluster", now.at("clusters")[0]}, {"task", task}, {"reason", "costs too much"}});
            }
            stopped = true;
        };
        auto const error = test::message_of<rios::remote_error>([&] {
            rios::remote_executor executor(rios::ecs_launcher(options), world.remote(1));
            executor.run(job);
        });
        CAPTURE(error);
        CHECK(contains(error, ": UserInitiated: costs too much, exited with status 143"));
        CHECK(world.is_clean());
    }
}

TEST_CASE("the blocks of a machine that is taken away are done on others")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto ecs = on_instances(world, 2);
    ecs.memory = "4GB"; // of 7.3 GB of a machine
    auto options = world.remote(2);
    options.min_workers = 2;
    squares_on_hosts job{.does = {.milliseconds = 100}};
    bool is_taken = false;
    job.polled = [&] {
        if (job.hosts.empty() || is_taken) return;
        rios::aws::client(world.client())
            .query("ec2", "TerminateInstances", {{"InstanceId.1", world.state().at("instances").begin().key()}});
        is_taken = true;
    };
    rios::remote_executor(rios::ecs_launcher(ecs), options).run(job);
    CHECK(is_taken);
    CHECK(job.done());
    CHECK(world.is_clean());
}

TEST_CASE("calls that AWS is too busy for are made again")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    world.fail({{"call", "ecs RunTask"}, {"code", "ThrottlingException"}, {"message", "Rate exceeded"}, {"times", 2}});
    squares_on_hosts job;
    rios::remote_executor(rios::ecs_launcher(fargate(world)), world.remote(2)).run(job);
    CHECK(job.done());
    CHECK(world.calls("ecs RunTask") == 4);
    CHECK(world.is_clean());
}

TEST_CASE("credentials that AWS does not take end the run at once, in its words")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    for (std::string const code : {"ExpiredTokenException", "UnrecognizedClientException"}) {
        world.fail(
            {{"call", "*"}, {"code", code}, {"message", "The security token included in the request is invalid."}});
        auto const begun = clock_type::now();
        std::vector<std::string> left;
        auto options = fargate(world);
        options.workers.left_over = [&](std::string const& line) { left.push_back(line); };
        CHECK(error_of(rios::ecs_launcher(options), world.remote(20)) ==
              "AWS ecs CreateCluster: " + code + ": The security token included in the request is invalid.");
        CHECK(clock_type::now() - begun < 5s);
        // Whether it was made is not known to the launcher, so it says so.
        REQUIRE_FALSE(left.empty());
        CHECK(left.back().find("cluster RIOS_rios-") == 0);
        CHECK(contains(left.back(), " could not be removed: AWS ecs DeleteCluster: " + code));
    }
    CHECK(world.calls("ecs CreateCluster") == 2);
    CHECK(world.is_clean());
}

TEST_CASE("credentials that expire in the middle of a run do not end it, and what they leave is named")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    std::vector<std::string> left;
    auto options = fargate(world);
    options.workers.left_over = [&](std::string const& line) { left.push_back(line); };
    squares_on_hosts job{.does = {.milliseconds = 50}};
    bool expired = false;
    job.polled = [&] {
        if (expired || job.hosts.empty()) return;
        world.fail({{"call", "*"}, {"code", "ExpiredTokenException"}, {"message", "expired"}});
        expired = true;
    };
    rios::remote_executor(rios::ecs_launcher(options), world.remote(1)).run(job);
    CHECK(job.done());
    REQUIRE(left.size() == 3);
    std::string const cluster = world.state().at("clusters").at(0);
    CHECK(left[0] ==
          "tasks in cluster " + cluster + " could not be removed: AWS ecs ListTasks: ExpiredTokenException: expired");
    CHECK(left[1] == "task definition " + cluster +
                         " could not be removed: AWS ecs ListTaskDefinitions: ExpiredTokenException: expired");
    CHECK(left[2] ==
          "cluster " + cluster + " could not be removed: AWS ecs DeleteCluster: ExpiredTokenException: expired");
    CHECK(test::soon([&] { return world.state().at("tasks").empty(); })); // the workers go by themselves
}

TEST_CASE("tasks that find no room wait for it, and those that are refused end")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto const refusal = [](char const* reason) {
        return nlohmann::json{{"tasks", nlohmann::json::array()},
                              {"failures", nlohmann::json::array({{{"arn", "x"}, {"reason", reason}}})}};
    };
    world.fail({{"call", "ecs RunTask"}, {"answer", refusal("Capacity is unavailable at this time")}, {"times", 3}});
    squares_on_hosts job;
    rios::remote_executor(rios::ecs_launcher(fargate(world)), world.remote(1)).run(job);
    CHECK(job.done());
    CHECK(world.calls("ecs RunTask") == 4);
    world.fail({{"call", "ecs RunTask"}, {"answer", refusal("RESOURCE:MEMORY")}});
    auto options = world.remote(1);
    options.timeouts.joining = 1s;
    auto error = error_of(rios::ecs_launcher(fargate(world)), options);
    CAPTURE(error);
    CHECK(contains(error, "have joined within 1 seconds"));
    CHECK(contains(error, "waits to be started: waits for room: RESOURCE:MEMORY"));
    world.fail({{"call", "ecs RunTask"}, {"answer", refusal("ATTRIBUTE")}});
    error = error_of(rios::ecs_launcher(fargate(world)), options);
    CHECK(error == "ECS refuses job RIOS_rios_0: ATTRIBUTE");
    CHECK(world.is_clean());
}

TEST_CASE("instances that cannot be had, or do not join the cluster, end the run with the reason, and none stays")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    world.fail({{"call", "ec2 RunInstances"}, {"code", "InsufficientInstanceCapacity"}, {"message", "There is none."}});
    CHECK(error_of(rios::ecs_launcher(on_instances(world, 2)), world.remote(2)) ==
          "AWS ec2 RunInstances: InsufficientInstanceCapacity: There is none.");
    CHECK(world.is_clean());
    auto const empty = nlohmann::json{{"clusters", nlohmann::json::array()}};
    world.fail({{"call", "ecs DescribeClusters"}, {"answer", empty}});
    auto options = on_instances(world, 1);
    options.instances.patience = 1s;
    auto const error = error_of(rios::ecs_launcher(options), world.remote(2));
    CAPTURE(error);
    CHECK(contains(error, "never joined: no instance has joined cluster RIOS_rios-"));
    CHECK(contains(error, " within 1 seconds (instances, patience)"));
    CHECK(world.calls("ecs RunTask") == 0);
    CHECK(world.is_clean());
}

TEST_CASE("a run that is cancelled leaves nothing, also while instances are waited for")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto const begun = clock_type::now();
    squares_on_hosts job;
    job.polled = [&] {
        if (!world.state().at("instances").empty()) throw rios::cancelled();
    };
    auto const run = [&] {
        rios::remote_executor executor(rios::ecs_launcher(on_instances(world, 1)), world.remote(2));
        executor.run(job);
    };
    CHECK_THROWS_AS(run(), rios::cancelled);
    CHECK(clock_type::now() - begun < 10s);
    CHECK(world.is_clean());
}

TEST_CASE("many tasks are looked at in pages of a hundred, one call for each at a time")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto ecs = fargate(world);
    ecs.image = "/bin/sleep"; // fails at once
    ecs.workers.poll_interval = 500ms;
    rios::ecs_launcher launcher(ecs);
    std::vector<rios::job_id> jobs;
    for (std::size_t i = 0; i < 101; ++i) {
        jobs.push_back(launcher.submit(
            {.number = i, .name = "RIOS_rios_0", .words = {"x", "y"}, .environment = {{"RIOS_WORKER_CHANNEL", "z"}}}));
    }
    auto const before = world.calls("ecs DescribeTasks");
    CHECK(launcher.status(jobs).size() == jobs.size());
    CHECK(world.calls("ecs DescribeTasks") == before + 2);
    std::vector<std::string> others;
    auto const all_have_failed = [&] {
        others.clear();
        for (auto const& each : launcher.status(jobs)) {
            if (each.exit_status != 1) others.push_back(each.reason);
        }
        return others.empty();
    };
    bool const have_failed = test::soon(all_have_failed, 20s);
    CAPTURE(nlohmann::json(others).dump());
    CHECK(have_failed);
}

TEST_CASE("an AWS that cannot be reached ends the run, and is not asked again for each thing that it may have made")
{
    std::vector<std::string> left;
    rios::ecs_options options{.image = "image", .execution_role = "role", .subnets = {"subnet"}};
    options.workers.client = {
        .region = "eu-central-1",
        .given = rios::aws::credentials{.access_key = "a", .secret_key = "b", .session_token = {}, .expires = {}},
        .endpoint = "http://127.0.0.1:1",
        .attempts = 2};
    options.workers.left_over = [&](std::string const& line) { left.push_back(line); };
    auto const begun = clock_type::now();
    auto const error = error_of(rios::ecs_launcher(options), aws_world::remote(3));
    CAPTURE(error);
    CHECK(error.find("AWS ecs CreateCluster: no answer from 127.0.0.1:1: ") == 0);
    REQUIRE(left.size() == 2);
    CHECK(contains(left[0], "tasks in cluster RIOS_rios-"));
    CHECK(contains(left[0], " could not be removed: AWS ecs ListTasks: no answer from 127.0.0.1:1: "));
    CHECK(contains(left[1], "cluster RIOS_rios-"));
    CHECK(contains(left[1], " could not be removed: AWS ecs ListTasks: no answer from 127.0.0.1:1: "));
    CHECK(clock_type::now() - begun < 5s);
}
