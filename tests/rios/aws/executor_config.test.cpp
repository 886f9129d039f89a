// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/executor_config.hpp>

#include <chrono>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <rios/error.hpp>

#include "support/aws_world.hpp"
#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/squares_job.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

template <typename Options>
std::string refusal(std::string const& text)
{
    return test::message_of<rios::options_error>([&] {
        rios::remote_options remote;
        Options options;
        rios::take_aws_options(nlohmann::json::parse(text), remote, options);
    });
}

std::string ecs_refusal(std::string const& more)
{
    return refusal<rios::ecs_options>(R"({"image": "i", "execution_role": "r", "subnets": ["s"])" + more + "}");
}

} // namespace

TEST_CASE("every name sets its option of tasks, beside those of processes")
{
    rios::remote_options remote;
    rios::ecs_options all;
    rios::take_aws_options(nlohmann::json::parse(R"({"image": "i", "task_role": "t", "execution_role": "e",
        "subnets": ["s"], "security_groups": ["g", "h"], "public_address": true, "cpu": "4 vCPU",
        "memory": "30GB", "architecture": "ARM64", "log_group": "/rios", "launch_type": "EC2",
        "volumes": [{"file_system": "fs-1", "path": "/data", "directory": "/in", "read_only": true},
                    {"file_system": "fs-2", "path": "/more", "access_point": "ap"}],
        "instances": {"count": 3, "image": "ami", "type": "c6i.xlarge", "profile": "p", "patience": 20},
        "region": "eu-west-1", "profile": "mine", "endpoint": "http://here", "environment": {"A": "1", "B": "2"},
        "tags": {"project": "x"}, "secret": "ssm:/rios/", "lifetime": 3600, "poll_interval": 1.5,
        "program": "/bin/ndvi", "min_workers": 2, "job_name": "north"})"),
                           remote, all);
    CHECK(all.image == "i");
    CHECK(all.task_role == "t");
    CHECK(all.execution_role == "e");
    CHECK(all.subnets == strings{"s"});
    CHECK(all.security_groups == strings{"g", "h"});
    CHECK(all.public_address);
    CHECK(all.cpu == "4 vCPU");
    CHECK(all.memory == "30GB");
    CHECK(all.architecture == "ARM64");
    CHECK(all.log_group == "/rios");
    CHECK(all.launch_type == "EC2");
    REQUIRE(all.volumes.size() == 2);
    CHECK(all.volumes[0].file_system == "fs-1");
    CHECK(all.volumes[0].path == "/data");
    CHECK(all.volumes[0].directory == "/in");
    CHECK(all.volumes[0].read_only);
    CHECK(all.volumes[1].access_point == "ap");
    CHECK(all.instances.count == 3);
    CHECK(all.instances.image == "ami");
    CHECK(all.instances.type == "c6i.xlarge");
    CHECK(all.instances.profile == "p");
    CHECK(all.instances.patience == 20s);
    CHECK(all.workers.client.region == "eu-west-1");
    CHECK(all.workers.client.profile == "mine");
    CHECK(all.workers.client.endpoint == "http://here");
    CHECK(all.workers.environment == std::map<std::string, std::string>{{"A", "1"}, {"B", "2"}});
    CHECK(all.workers.tags == std::map<std::string, std::string>{{"project", "x"}});
    CHECK(all.workers.secret == "ssm:/rios/");
    CHECK(all.workers.lifetime == 3600s);
    CHECK(all.workers.poll_interval == 1500ms);
    CHECK(all.workers.program == "/bin/ndvi");
    CHECK(remote.min_workers == 2);
    CHECK(remote.job_name == "north");
    CHECK(remote.address_in_environment);

    rios::ecs_options given;
    rios::take_aws_options(
        nlohmann::json::parse(R"({"cluster": "c", "task_definition": "d", "container": "w", "launch_type": "EC2"})"),
        remote, given);
    CHECK(given.cluster == "c");
    CHECK(given.task_definition == "d");
    CHECK(given.container == "w");
}

TEST_CASE("every name sets its option of jobs")
{
    rios::remote_options remote;
    rios::aws_batch_options all;
    rios::take_aws_options(nlohmann::json::parse(R"({"queue": "q", "job_definition": "d", "stack": "s",
        "log_group": "", "lifetime": 60, "attempts": 1})"),
                           remote, all);
    CHECK(all.queue == "q");
    CHECK(all.job_definition == "d");
    CHECK(all.stack == "s");
    CHECK(all.log_group.empty());
    CHECK(all.workers.lifetime == 60s);
    CHECK(remote.attempts == 1);
    CHECK(remote.address_in_environment);
}

TEST_CASE("tasks that cannot be are refused before anything is made, with what is allowed")
{
    CHECK(ecs_refusal("") == "(nothing was thrown)");
    CHECK(refusal<rios::ecs_options>("{}") == "image: none is given, and a task needs it");
    CHECK(refusal<rios::ecs_options>(R"({"image": "i"})") == "execution_role: none is given, and Fargate needs it");
    CHECK(refusal<rios::ecs_options>(R"({"image": "i", "execution_role": "r"})") ==
          "subnets: none is given, and Fargate needs it");
    CHECK(ecs_refusal(R"(, "cpu": "4 vCPU", "memory": "4GB")") ==
          "memory 4096 with cpu 4096: allowed on Fargate are 8192 to 30720 in steps of 1024 MiB");
    CHECK(ecs_refusal(R"(, "launch_type": "fargate")") == "launch_type 'fargate': allowed are FARGATE and EC2");
    CHECK(ecs_refusal(R"(, "architecture": "arm64")") == "architecture 'arm64': allowed are X86_64 and ARM64");
    CHECK(ecs_refusal(R"(, "instances": {"count": 1})") ==
          "instances have no effect with launch_type 'FARGATE'; allowed is 'EC2'");
    CHECK(ecs_refusal(R"(, "launch_type": "EC2")") == "launch_type 'EC2' without a cluster: instances are needed");
    auto const with_instances = [](std::string const& instances, std::string const& more = "") {
        return ecs_refusal(R"(, "launch_type": "EC2", "instances": )" + instances + more);
    };
    CHECK(with_instances(R"({"count": 1})") == "image of instances: none is given, and EC2 needs it");
    CHECK(with_instances(R"({"count": 1, "image": "a"})") == "type of instances: none is given, and EC2 needs it");
    CHECK(with_instances(R"({"count": 1, "image": "a", "type": "t"})") ==
          "profile of instances: none is given, and a machine that joins a cluster needs it");
    CHECK(with_instances(R"({"count": 1001, "image": "a", "type": "t", "profile": "p"})") ==
          "instances: count 1001; allowed are up to 1000");
    CHECK(with_instances(R"({"count": 1, "image": "a", "type": "t", "profile": "p", "patience": 0})") ==
          "patience 0 of instances: allowed are up to 86400 seconds");
    CHECK(with_instances(R"({"count": 1})", R"(, "cluster": "c")") ==
          "instances for cluster 'c': allowed are instances for a cluster that is made for the run, or a cluster that "
          "has its own");
    CHECK(ecs_refusal(R"(, "volumes": [{"file_system": "fs", "path": "data"}])") ==
          "volume 'fs' at 'data': allowed are the name of a file system and an absolute path");
    CHECK(ecs_refusal(R"(, "volumes": [{"file_system": "fs", "path": "/d", "directory": "/", "access_point": "a"}])") ==
          "volume 'fs': allowed are an access_point or a directory, not both");
    CHECK(ecs_refusal(R"(, "task_definition": "d")") == "image has no effect beside task_definition: it is said there");
    CHECK(refusal<rios::ecs_options>(R"({"task_definition": "d", "subnets": ["s"], "secret": "ssm:/rios/"})") ==
          "secret 'ssm:/rios/' beside task_definition: allowed is ssm:NAME, the parameter that the definition takes "
          "RIOS_WORKER_CHANNEL from");
}

TEST_CASE("what is wrong with workers of either kind is told with what is allowed")
{
    CHECK(ecs_refusal(R"(, "lifetime": 0)") == "lifetime 0: allowed are 1 to 1.2096e+06 seconds");
    CHECK(ecs_refusal(R"(, "poll_interval": 0.05)") == "poll_interval 0.05: allowed are 0.1 to 86400 seconds");
    CHECK(ecs_refusal(R"(, "environment": {"RIOS_WORKER_CHANNEL": "x"})") ==
          "environment: RIOS_WORKER_CHANNEL is set by the launcher");
    CHECK(ecs_refusal(R"(, "tags": {"a": 1})") == R"("tags": {"a":1}; allowed: texts by name: {"name": "text"})");
    CHECK(ecs_refusal(R"(, "tags": ["a"])") == R"("tags": ["a"]; allowed: texts by name: {"name": "text"})");
    CHECK(ecs_refusal(R"(, "volumes": 3)") == R"("volumes": 3; allowed: a list of objects)");
    CHECK(ecs_refusal(R"(, "directory": "/shared")") ==
          "\"directory\" has no effect on AWS: workers there see no file of this host");
    for (auto const* const secret : {"rios", "ssm:", "ssm:rios/key", "ssm:a b", "secretsmanager:", "s3:x"}) {
        CHECK(
            ecs_refusal(R"(, "secret": ")" + std::string(secret) + '"') ==
            "secret '" + std::string(secret) +
                "': allowed are ssm:NAME and secretsmanager:NAME, with letters, digits and -_./ in the name; that of a "
                "parameter with a '/' in it begins with one");
    }
    CHECK(ecs_refusal(R"(, "queue": "q")")
              .find("the configuration of an executor: \"queue\" is not known; allowed: workers_read, ") == 0);
    CHECK(refusal<rios::aws_batch_options>("{}") ==
          "queue '' and job_definition '': both are needed, or a stack (RIOS_AWSBATCH_STACK) that says them");
}

TEST_CASE("a choice of AWS gets its launcher from a file, or from RIOS's variables")
{
    test::temporary_directory const folder;
    auto const path = folder / "aws.json";
    std::ofstream(path) << R"({"image": "i", "execution_role": "r", "subnets": ["s"], "min_workers": 3})";
    rios::executor_choice choice{.kind = "ecs", .remote = {.workers = 4}};
    CHECK(test::message_of<rios::options_error>([&] { rios::chosen_executor const executor(choice); }) ==
          "executor 'ecs': no launcher is given; rios::load_aws_options() of rios/aws/executor_config.hpp makes one");
    rios::load_aws_options(path, choice);
    CHECK(choice.remote.min_workers == 3);
    CHECK(rios::chosen_executor(choice).concurrency() == 4);
    std::ofstream(path) << R"({"image": ""})";
    CHECK(test::message_of<rios::io_error>([&] { rios::load_aws_options(path, choice); }) ==
          path + ": image: none is given, and a task needs it");
    choice = {.kind = "aws-batch", .remote = {.workers = 4}};
    CHECK_THROWS_AS(rios::load_aws_options("", choice), rios::options_error);
    test::environment_variable const stack("RIOS_AWSBATCH_STACK", "rios");
    rios::load_aws_options("", choice);
    CHECK(rios::chosen_executor(choice).concurrency() == 4);
}

TEST_CASE("a choice of any kind takes its options from a file, or goes without")
{
    test::temporary_directory const folder;
    auto const path = folder / "executor.json";
    std::ofstream(path) << R"({"min_workers": 2})";
    rios::executor_choice processes{.kind = "subprocess", .remote = {.workers = 4}};
    rios::load_executor_options("", processes);
    CHECK(processes.remote.min_workers == rios::remote_options{}.min_workers);
    rios::load_executor_options(path, processes);
    CHECK(processes.remote.min_workers == 2);
    std::ofstream(path) << R"({"min_workers": 3, "init_commands": ["module load gdal"]})";
    rios::executor_choice jobs{.kind = "slurm", .remote = {.workers = 4}};
    rios::load_executor_options(path, jobs);
    CHECK(jobs.remote.min_workers == 3);
    CHECK(jobs.batch.init_commands == std::vector<std::string>{"module load gdal"});
    CHECK_THROWS_AS(rios::load_executor_options(path, processes), rios::io_error);
    std::ofstream(path) << R"({"image": "i", "execution_role": "r", "subnets": ["s"], "min_workers": 4})";
    rios::executor_choice tasks{.kind = "ecs", .remote = {.workers = 4}};
    rios::load_executor_options(path, tasks);
    CHECK(tasks.remote.min_workers == 4);
    CHECK(tasks.launcher);
}
