// SPDX-License-Identifier: BSL-1.0
// Workers as jobs of AWS Batch. The control plane is a simulation (aws_world.py); the workers are real processes.
#include <rios/aws/batch_launcher.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/executor/remote.hpp>

#include "support/aws_world.hpp"
#include "support/batch_jobs.hpp"
#include "support/cluster_jobs.hpp"
#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using test::aws_world;
using test::error_of;
using test::jobs_of;
using test::squares_on_hosts;
using clock_type = std::chrono::steady_clock;

} // namespace

TEST_CASE("jobs of AWS Batch do the work together, and leave nothing")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto options = world.remote(3);
    options.min_workers = 3;
    squares_on_hosts job;
    {
        rios::remote_executor executor(rios::aws_batch_launcher(jobs_of(world)), options);
        executor.run(job);
        CHECK(world.state().at("jobs").size() == 3);
    }
    CHECK(job.done());
    CHECK(world.calls("batch submitjob") == 3);
    CHECK(world.is_clean());
}

TEST_CASE("queue and job definition are what the stack says that RIOS makes")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto options = jobs_of(world);
    auto const given = options;
    rios::aws::client aws(world.client());
    auto const make_stack = [&](char const* name, nlohmann::json const& outputs) {
        nlohmann::json const body{{"Resources", {{"Nothing", {{"Type", "AWS::CloudFormation::WaitConditionHandle"}}}}},
                                  {"Outputs", outputs}};
        aws.query("cloudformation", "CreateStack", {{"StackName", name}, {"TemplateBody", body.dump()}});
    };
    nlohmann::json const queue{{"Value", options.queue}};
    make_stack("whole", {{"BatchProcessingJobQueueName", queue},
                         {"BatchProcessingJobDefinitionName", {{"Value", options.job_definition}}}});
    make_stack("half", {{"BatchProcessingJobQueueName", queue}});
    options.queue.clear();
    options.job_definition.clear();
    options.workers.client.region.clear();
    CHECK(test::message_of<rios::options_error>([&] { rios::aws_batch_launcher const launcher(options); }) ==
          "queue '' and job_definition '': both are needed, or a stack (RIOS_AWSBATCH_STACK) that says them");
    test::environment_variable const region("RIOS_AWSBATCH_REGION", given.workers.client.region);
    test::environment_variable const stack("RIOS_AWSBATCH_STACK", "whole");
    squares_on_hosts job;
    rios::remote_executor(rios::aws_batch_launcher(options), world.remote(2)).run(job);
    CHECK(job.done());
    options.stack = "half";
    CHECK(error_of(rios::aws_batch_launcher(options), world.remote(1)) ==
          "stack 'half' has no output BatchProcessingJobDefinitionName");
    options.stack = "none";
    CHECK(error_of(rios::aws_batch_launcher(options), world.remote(1)).find("AWS cloudformation DescribeStacks: ") ==
          0);
    CHECK(world.is_clean());
}

TEST_CASE("the key of a run reaches jobs by the parameter that their definition takes it from")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto options = jobs_of(world, test::this_program(),
                           nlohmann::json::array({{{"name", "RIOS_WORKER_CHANNEL"}, {"valueFrom", "/rios/channel"}}}));
    options.workers.secret = "ssm:/rios/channel";
    squares_on_hosts job{.does = {.milliseconds = 100}};
    std::string seen;
    job.polled = [&] {
        if (job.hosts.empty() || !seen.empty()) return;
        rios::aws::client aws(world.client());
        seen = aws.batch("describejobs", {{"jobs", {world.state().at("jobs").begin().key()}}}).dump();
    };
    rios::remote_executor(rios::aws_batch_launcher(options), world.remote(2)).run(job);
    CHECK(job.done());
    CHECK(seen.find("RIOS_WORKER_LIFETIME") != std::string::npos);
    CHECK(seen.find("rios-channel") == std::string::npos);
    CHECK(world.is_clean());
    for (auto const* const wrong : {"ssm:/rios/", "secretsmanager:rios"}) {
        options.workers.secret = wrong;
        CHECK(test::message_of<rios::options_error>([&] { rios::aws_batch_launcher const launcher(options); }) ==
              "secret '" + std::string(wrong) +
                  "' of a job: allowed is ssm:NAME, the parameter that the job definition takes RIOS_WORKER_CHANNEL "
                  "from");
    }
}

TEST_CASE("a job that does not start, exits or is terminated ends the run with the reason of AWS Batch")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto const begun = clock_type::now();
    auto error = error_of(rios::aws_batch_launcher(jobs_of(world, "/no/such/image")), world.remote(2));
    CAPTURE(error);
    CHECK(error.find("never joined: FAILED: CannotPullContainerError: No such file or directory: /no/such/image") !=
          std::string::npos);
    CHECK(clock_type::now() - begun < 10s);

    test::temporary_directory const marks;
    squares_on_hosts job{.does = {.ends_at = 5, .how = 7, .mark = marks / "7"}};
    rios::remote_executor(rios::aws_batch_launcher(jobs_of(world)), world.remote(2)).run(job);
    CHECK(job.done());
    auto options = world.remote(1);
    options.attempts = 1;
    error = error_of(rios::aws_batch_launcher(jobs_of(world)), options, {.ends_at = 5, .how = 7});
    CHECK(error.find("FAILED: Essential container in task exited, exited with status 7") != std::string::npos);
    CHECK(error.find("its output ends:\nthis was it") != std::string::npos);

    job = squares_on_hosts{.does = {.milliseconds = 100}};
    job.polled = [&] {
        if (job.hosts.empty()) return;
        auto const now = world.state();
        for (auto const& [id, state] : now.at("jobs").items()) {
            rios::aws::client(world.client()).batch("terminatejob", {{"jobId", id}, {"reason", "costs too much"}});
        }
    };
    error = test::message_of<rios::remote_error>(
        [&] { rios::remote_executor(rios::aws_batch_launcher(jobs_of(world)), world.remote(1)).run(job); });
    CHECK(error.find("FAILED: costs too much, exited with status 143") != std::string::npos);
    CHECK(world.is_clean());
}

TEST_CASE("calls of AWS Batch that are throttled are made again, and those that are refused end the run")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    auto const options = jobs_of(world);
    world.fail({{"call", "batch submitjob"}, {"status", 429}, {"code", "TooManyRequestsException"}, {"times", 2}});
    squares_on_hosts job;
    rios::remote_executor(rios::aws_batch_launcher(options), world.remote(2)).run(job);
    CHECK(job.done());
    CHECK(world.calls("batch submitjob") == 4);
    world.fail({{"call", "*"}, {"status", 403}, {"code", "ExpiredTokenException"}, {"message", "expired"}});
    std::vector<std::string> left;
    auto telling = options;
    telling.workers.left_over = [&](std::string const& line) { left.push_back(line); };
    CHECK(error_of(rios::aws_batch_launcher(telling), world.remote(2)) ==
          "AWS batch submitjob: ExpiredTokenException: expired");
    CHECK(left == std::vector<std::string>{
                      "jobs in queue queue could not be removed: AWS batch listjobs: ExpiredTokenException: expired"});
    CHECK(world.is_clean());
}

TEST_CASE("jobs of a run that is cancelled are terminated, and many are looked at in pages of a hundred")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    squares_on_hosts job{.does = {.milliseconds = 60000}};
    job.polled = [&] {
        if (!world.state().at("jobs").empty()) throw rios::cancelled();
    };
    auto const run = [&] {
        rios::remote_executor executor(rios::aws_batch_launcher(jobs_of(world)), world.remote(2));
        executor.run(job);
    };
    CHECK_THROWS_AS(run(), rios::cancelled);
    CHECK(world.is_clean());
    {
        rios::aws_batch_launcher launcher(jobs_of(world, "/bin/false"));
        std::vector<rios::job_id> jobs;
        for (std::size_t i = 0; i < 101; ++i) {
            jobs.push_back(launcher.submit({.number = i,
                                            .name = "RIOS_rios_0",
                                            .words = {"x", "y"},
                                            .environment = {{"RIOS_WORKER_CHANNEL", "z"}}}));
        }
        auto const before = world.calls("batch describejobs");
        CHECK(launcher.status(jobs).size() == jobs.size());
        CHECK(world.calls("batch describejobs") == before + 2);
    }
    CHECK(world.is_clean());
}
