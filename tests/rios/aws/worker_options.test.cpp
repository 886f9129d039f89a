// SPDX-License-Identifier: BSL-1.0
// What holds for all workers on AWS: none lives for longer than it may (aws_world.py).
#include <rios/aws/worker_options.hpp>

#include <chrono>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include <rios/aws/batch_launcher.hpp>
#include <rios/aws/ecs_launcher.hpp>
#include <rios/error.hpp>
#include <rios/executor/remote.hpp>

#include "support/aws_world.hpp"
#include "support/batch_jobs.hpp"
#include "support/cluster_jobs.hpp"
#include "support/ecs_tasks.hpp"
#include "support/message_of.hpp"

namespace {

using namespace std::chrono_literals;
using test::aws_world;

/// Calls `f(launcher)` with launchers of each kind, whose workers live for three seconds.
template <typename F>
void for_each_kind(aws_world const& world, F f)
{
    auto tasks = test::fargate(world);
    tasks.log_group = "/rios";
    tasks.workers.lifetime = 3s;
    f([=] { return rios::ecs_launcher(tasks); });
    auto on_instances = test::on_instances(world, 1);
    on_instances.log_group = "/rios";
    on_instances.workers.lifetime = 3s;
    f([=] { return rios::ecs_launcher(on_instances); });
    auto jobs = test::jobs_of(world);
    jobs.workers.lifetime = 3s;
    f([=] { return rios::aws_batch_launcher(jobs); });
}

} // namespace

TEST_CASE("a worker that has lived for as long as it may ends by itself, whatever it does, and the run with the reason")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    for_each_kind(world, [&](auto launcher) {
        auto const begun = std::chrono::steady_clock::now();
        auto const error = test::error_of(launcher(), world.remote(1), {.milliseconds = 60000});
        CAPTURE(error);
        CHECK(error.find("no worker is left to go on:\nworker 0, job ") == 0);
        CHECK(error.find(", exited with status 5") != std::string::npos);
        CHECK(error.find("rios: has lived for 3 seconds, as long as it may (RIOS_WORKER_LIFETIME)") !=
              std::string::npos);
        CHECK(std::chrono::steady_clock::now() - begun < 20s);
        CHECK(world.is_clean());
    });
}

TEST_CASE("a run may take longer than its workers live, if each of them does one block")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    for_each_kind(world, [&](auto launcher) {
        auto options = world.remote(2);
        options.single_block_workers = true;
        test::squares_on_hosts job{.does = {.milliseconds = 900}};
        job.results.resize(8);
        auto const begun = std::chrono::steady_clock::now();
        rios::remote_executor(launcher(), options).run(job);
        CHECK(job.done());
        CHECK(std::chrono::steady_clock::now() - begun > 3s);
        CHECK(world.is_clean());
    });
}
