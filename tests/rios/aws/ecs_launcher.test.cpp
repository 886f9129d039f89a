// SPDX-License-Identifier: BSL-1.0
// Workers as tasks of ECS. The control plane is a simulation (aws_world.py); the workers are real processes.
#include <rios/aws/ecs_launcher.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/remote.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/aws_world.hpp"
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
