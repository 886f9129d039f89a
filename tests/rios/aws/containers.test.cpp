// SPDX-License-Identifier: BSL-1.0
// Workers in real containers, made of the test program and its libraries, which podman runs for the simulated AWS.
#include <rios/aws/batch_launcher.hpp>
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
#include <rios/net/local_addresses.hpp>

#include "support/aws_world.hpp"
#include "support/batch_jobs.hpp"
#include "support/cluster_jobs.hpp"
#include "support/ecs_tasks.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/remote_scene.hpp"
#include "support/worker_image.hpp"

namespace {

using test::aws_world;

/// A sum of pixels around each, by an executor.
template <typename E>
auto sums(E&& executor)
{
    rios::image<std::int32_t> out;
    rios::apply(rios::memory_reader(test::random_image<std::int16_t>(2, 60, 70, 1)), test::sum_around(),
                rios::memory_writer(out), executor, {.window = 35, .overlap = 1});
    return test::first_band(out);
}

} // namespace

TEST_CASE("containers on Fargate, on instances and of Batch compute what is computed here, and leave nothing")
{
    if (test::no_aws_world()) return;
    test::worker_image const image(test::this_program());
    if (!image) return;
    aws_world const world;
    auto const expected = sums(rios::inline_executor());
    auto tasks = test::fargate(world);
    tasks.image = image.name();
    tasks.workers.secret = "ssm:/rios/";
    CHECK(sums(rios::remote_executor(rios::ecs_launcher(tasks), world.remote(2))) == expected);
    tasks = test::on_instances(world, 1);
    tasks.image = image.name();
    tasks.workers.program = "/worker";
    CHECK(sums(rios::remote_executor(rios::ecs_launcher(tasks), world.remote(2))) == expected);
    auto const jobs = test::jobs_of(world, image.name());
    CHECK(sums(rios::remote_executor(rios::aws_batch_launcher(jobs), world.remote(2))) == expected);
    CHECK(world.is_clean());
}

TEST_CASE("containers are hosts of their own, whose end is seen at once, however they end")
{
    if (test::no_aws_world()) return;
    test::worker_image const image(test::this_program());
    if (!image) return;
    aws_world const world;
    auto tasks = test::fargate(world);
    tasks.image = image.name();
    auto options = world.remote(2);
    options.min_workers = 2;
    test::squares_on_hosts job{.does = {.milliseconds = 50}};
    rios::remote_executor(rios::ecs_launcher(tasks), options).run(job);
    CHECK(job.done());
    CHECK(job.hosts.size() == 2);
    CHECK_FALSE(job.hosts.contains(rios::net::host_name()));

    options = world.remote(1);
    options.attempts = 1;
    auto error = test::error_of(rios::ecs_launcher(tasks), options, {.ends_at = 5, .how = 7});
    CAPTURE(error);
    CHECK(error.find("EssentialContainerExited: Essential container in task exited, exited with status 7") !=
          std::string::npos);

    // A worker is the first process of its container, which SIGTERM would not end by itself.
    job = test::squares_on_hosts{.does = {.milliseconds = 100}};
    job.polled = [&] {
        if (job.hosts.empty()) return;
        auto const now = world.state();
        for (auto const& [task, state] : now.at("tasks").items()) {
            rios::aws::client(world.client())
                .call("ecs", "StopTask",
                      {{"cluster", now.at("clusters")[0]}, {"task", task}, {"reason", "costs too much"}});
        }
        job.hosts.clear();
    };
    error = test::message_of<rios::remote_error>(
        [&] { rios::remote_executor(rios::ecs_launcher(tasks), world.remote(1)).run(job); });
    CHECK(error.find("UserInitiated: costs too much, exited with status 143") != std::string::npos);

    tasks.image = "localhost/none";
    error = test::error_of(rios::ecs_launcher(tasks), world.remote(1));
    CHECK(error.find("CannotPullContainerError: no such image: localhost/none") != std::string::npos);
    CHECK(world.is_clean());
}
