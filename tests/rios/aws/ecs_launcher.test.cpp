// SPDX-License-Identifier: BSL-1.0
// Workers as tasks of ECS. The control plane is a simulation (aws_world.py); the workers are real processes.
#include <rios/aws/ecs_launcher.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/aws/batch_launcher.hpp>
#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/remote.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/aws_world.hpp"
#include "support/batch_jobs.hpp"
#include "support/cluster_jobs.hpp"
#include "support/ecs_tasks.hpp"
#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/remote_scene.hpp"

namespace {

using namespace std::chrono_literals;
using test::aws_world;
using test::fargate;
using test::on_instances;
using test::squares_on_hosts;

} // namespace

TEST_CASE("tasks of Fargate do the work together, and leave nothing")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto options = world.remote(3);
    options.min_workers = 3;
    squares_on_hosts job;
    {
        rios::remote_executor executor(rios::ecs_launcher(fargate(world)), options);
        executor.run(job);
        auto const now = world.state();
        CHECK(now.at("tasks").size() == 3);
        REQUIRE(now.at("definitions").size() == 1);
        REQUIRE(now.at("clusters").size() == 1);
        std::string const name = now.at("clusters")[0];
        CHECK(name.find("RIOS_rios-") == 0);
        CHECK(std::string(now.at("definitions")[0]).find("/" + name + ":1") != std::string::npos);
    }
    CHECK(job.done());
    CHECK(world.calls("ecs RunTask") == 3);
    CHECK(world.is_clean());
}

TEST_CASE("tasks run on instances that come and go with the run")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    squares_on_hosts job;
    {
        rios::remote_executor executor(rios::ecs_launcher(on_instances(world, 2)), world.remote(3));
        executor.run(job);
        auto const now = world.state();
        CHECK(now.at("instances").size() == 2);
        CHECK_FALSE(now.at("tasks").empty());
    }
    CHECK(job.done());
    CHECK(world.calls("ec2 RunInstances") == 1);
    CHECK(world.is_clean());
}

TEST_CASE("what tasks compute is what is computed here, whoever reads")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto const pixels = test::random_image<std::int16_t>(2, 60, 70, 1);
    auto const run = [&](auto&& executor) {
        rios::image<std::int32_t> out;
        rios::apply(rios::memory_reader(pixels), test::sum_around(), rios::memory_writer(out), executor,
                    {.window = 35, .overlap = 1});
        return test::first_band(out);
    };
    auto const expected = run(rios::inline_executor());
    auto options = world.remote(2);
    CHECK(run(rios::remote_executor(rios::ecs_launcher(fargate(world)), options)) == expected);
    options.workers_read = false;
    options.single_block_workers = true;
    CHECK(run(rios::remote_executor(rios::ecs_launcher(fargate(world)), options)) == expected);
    CHECK(world.is_clean());
}

TEST_CASE("a cluster and a task definition that there are serve several runs, and stay")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    rios::aws::client aws(world.client());
    aws.call("ecs", "CreateCluster", {{"clusterName", "mine"}});
    nlohmann::json const other{{"name", "other"}, {"image", "/bin/false"}, {"memory", 100}};
    nlohmann::json const worker{{"name", "mine"}, {"image", test::this_program()}, {"memory", 100}};
    aws.call(
        "ecs", "RegisterTaskDefinition",
        {{"family", "mine"}, {"networkMode", "awsvpc"}, {"containerDefinitions", nlohmann::json::array({worker})}});
    aws.call("ecs", "RegisterTaskDefinition",
             {{"family", "two"},
              {"networkMode", "awsvpc"},
              {"containerDefinitions", nlohmann::json::array({worker, other})}});
    rios::ecs_options options{.subnets = {world["subnet"]},
                              .security_groups = {world["security_group"]},
                              .cluster = "mine",
                              .task_definition = "mine",
                              .workers = world.workers()};
    {
        rios::remote_executor executor(rios::ecs_launcher(options), world.remote(2));
        for (int i = 0; i < 2; ++i) {
            squares_on_hosts job;
            executor.run(job);
            CHECK(job.done());
        }
    }
    options.task_definition = "two";
    options.container = "mine";
    squares_on_hosts job;
    rios::remote_executor(rios::ecs_launcher(options), world.remote(1)).run(job);
    CHECK(job.done());
    options.container = "yours";
    CHECK(test::error_of(rios::ecs_launcher(options), world.remote(1)) ==
          "task definition 'two' has no container 'yours'");
    CHECK(test::soon([&] { return world.state().at("tasks").empty(); }));
    auto const now = world.state();
    CHECK(now.at("clusters") == nlohmann::json::array({"mine"}));
    CHECK(now.at("definitions").size() == 2);
}

TEST_CASE("the key reaches the workers as a secret value, which is in no call and gone with the run")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto options = fargate(world);
    SUBCASE("of Systems Manager")
    {
        options.workers.secret = "ssm:/rios/";
    }
    SUBCASE("of Secrets Manager")
    {
        options.workers.secret = "secretsmanager:rios/";
    }
    bool const is_parameter = options.workers.secret[1] == 's';
    squares_on_hosts job{.does = {.milliseconds = 100}};
    std::string name;
    std::string task;
    job.polled = [&] {
        if (job.hosts.empty() || !name.empty()) return;
        auto const now = world.state();
        name = now.at(is_parameter ? "parameters" : "secrets").at(0);
        rios::aws::client aws(world.client());
        task = aws.call("ecs", "DescribeTasks",
                        {{"cluster", now.at("clusters")[0]}, {"tasks", {now.at("tasks").begin().key()}}})
                   .dump();
    };
    {
        rios::remote_executor executor(rios::ecs_launcher(options), world.remote(2));
        executor.run(job);
        CHECK(job.done());
        job = squares_on_hosts{.does = {.ends_at = 0, .how = 3}}; // after an error, there is another address
        CHECK_THROWS_AS(executor.run(job), rios::remote_error);
        job = squares_on_hosts{};
        executor.run(job);
        CHECK(job.done());
    }
    CHECK(name.find(is_parameter ? "/rios/RIOS_rios-" : "rios/RIOS_rios-") == 0);
    CHECK(task.find("--rios-worker") != std::string::npos);
    CHECK(task.find("RIOS_WORKER_LIFETIME") != std::string::npos);
    CHECK(task.find("rios-channel") == std::string::npos);
    CHECK(world.is_clean());
}

TEST_CASE("without a secret the key of the run is in the environment of tasks and jobs, and never on their command")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    rios::aws::client aws(world.client());
    auto const run = [&](auto launcher, auto ask) {
        nlohmann::json seen;
        squares_on_hosts job{.does = {.milliseconds = 100}};
        job.polled = [&] {
            if (seen.is_null() && !job.hosts.empty()) seen = ask();
        };
        rios::remote_executor(std::move(launcher), world.remote(1)).run(job);
        CHECK(job.done());
        return seen;
    };
    auto const check = [](nlohmann::json const& container) {
        CHECK(container.at("command").dump().find("--rios-worker") != std::string::npos);
        CHECK(container.at("command").dump().find("rios-channel") == std::string::npos);
        CHECK(container.at("environment").dump().find("RIOS_WORKER_CHANNEL") != std::string::npos);
        CHECK(container.at("environment").dump().find("rios-channel") != std::string::npos);
    };
    auto const task = run(rios::ecs_launcher(fargate(world)), [&] {
        auto const now = world.state();
        return aws.call("ecs", "DescribeTasks",
                        {{"cluster", now.at("clusters")[0]}, {"tasks", {now.at("tasks").begin().key()}}});
    });
    check(task.at("tasks")[0].at("overrides").at("containerOverrides")[0]);
    auto const job = run(rios::aws_batch_launcher(test::jobs_of(world)), [&] {
        return aws.batch("describejobs", {{"jobs", {world.state().at("jobs").begin().key()}}});
    });
    check(job.at("jobs")[0].at("container"));
    CHECK(world.is_clean());
}

TEST_CASE("a parameter that a given definition refers to serves one run at a time")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    rios::aws::client aws(world.client());
    aws.call("ecs", "CreateCluster", {{"clusterName", "mine"}});
    nlohmann::json const secret{{"name", "RIOS_WORKER_CHANNEL"}, {"valueFrom", "rios-channel"}};
    nlohmann::json const worker{{"name", "mine"},
                                {"image", test::this_program()},
                                {"memory", 100},
                                {"secrets", nlohmann::json::array({secret})}};
    aws.call(
        "ecs", "RegisterTaskDefinition",
        {{"family", "mine"}, {"networkMode", "awsvpc"}, {"containerDefinitions", nlohmann::json::array({worker})}});
    rios::ecs_options options{.subnets = {world["subnet"]},
                              .security_groups = {world["security_group"]},
                              .cluster = "mine",
                              .task_definition = "mine",
                              .workers = world.workers()};
    options.workers.secret = "ssm:rios-channel";
    squares_on_hosts job;
    rios::remote_executor(rios::ecs_launcher(options), world.remote(2)).run(job);
    CHECK(job.done());
    CHECK(test::soon([&] { return world.state().at("parameters").empty(); }));
    aws.call("ssm", "PutParameter", {{"Name", "rios-channel"}, {"Value", "of another"}, {"Type", "SecureString"}});
    CHECK(test::error_of(rios::ecs_launcher(options), world.remote(1)) ==
          "secret 'ssm:rios-channel' exists, and may be that of another run: wait for its end, or remove it");
    CHECK(test::soon([&] { return world.state().at("parameters") == nlohmann::json::array({"rios-channel"}); }));
}

TEST_CASE("a launcher whose workers would need a file of this host says so")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto options = world.remote(1);
    options.address_in_environment = false;
    CHECK(test::error_of(rios::ecs_launcher(fargate(world)), options) ==
          "a worker on AWS sees no file of this host: address_in_environment must be true");
    CHECK(world.is_clean());
}
