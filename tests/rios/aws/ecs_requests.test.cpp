// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/ecs_requests.hpp>

#include <chrono>
#include <map>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <rios/aws/base64.hpp>
#include <rios/aws/holdings.hpp>

using nlohmann::json;
namespace aws = rios::aws;

TEST_CASE("a task definition has all that the options say, as ECS wants it")
{
    rios::ecs_options const options{
        .image = "image",
        .task_role = "task",
        .execution_role = "execution",
        .cpu = "4 vCPU",
        .memory = "16GB",
        .architecture = "ARM64",
        .log_group = "/rios",
        .volumes = {{.file_system = "fs-1", .path = "/data", .directory = "/in", .read_only = true},
                    {.file_system = "fs-2", .path = "/more", .access_point = "ap"}},
        .workers = {.program = "/bin/ndvi", .tags = {{"project", "x"}}}};
    CHECK(aws::detail::task_definition(options, "RIOS_a-1", "eu-central-1", "/rios/a") == json::parse(R"({
        "family": "RIOS_a-1", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "4096",
        "memory": "16384", "taskRoleArn": "task", "executionRoleArn": "execution",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "tags": [{"key": "project", "value": "x"}, {"key": "RIOS-run", "value": "RIOS_a-1"}],
        "volumes": [{"name": "volume0", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/in",
                                                                   "transitEncryption": "ENABLED"}},
                    {"name": "volume1", "efsVolumeConfiguration": {"fileSystemId": "fs-2", "transitEncryption": "ENABLED",
                                                                   "authorizationConfig": {"accessPointId": "ap"}}}],
        "containerDefinitions": [{
            "name": "worker", "image": "image", "essential": true, "memory": 16384, "entryPoint": ["/bin/ndvi"],
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/rios", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "RIOS_a-1"}},
            "mountPoints": [{"sourceVolume": "volume0", "containerPath": "/data", "readOnly": true},
                            {"sourceVolume": "volume1", "containerPath": "/more", "readOnly": false}],
            "secrets": [{"name": "RIOS_WORKER_CHANNEL", "valueFrom": "/rios/a"}]}]})"));
    auto const plain = aws::detail::task_definition(
        {.image = "image", .cpu = "256", .memory = "512", .launch_type = "EC2"}, "RIOS_a-1", "eu-central-1", "");
    CHECK(plain == json::parse(R"({
        "family": "RIOS_a-1", "networkMode": "bridge", "requiresCompatibilities": ["EC2"], "cpu": "256", "memory": "512",
        "tags": [{"key": "RIOS-run", "value": "RIOS_a-1"}],
        "containerDefinitions": [{"name": "worker", "image": "image", "essential": true, "memory": 512}]})"));
}

TEST_CASE("instances join the cluster, and terminate themselves when no worker may live any more")
{
    rios::ecs_options options{.subnets = {"subnet-1"}, .security_groups = {"sg-1", "sg-2"}, .launch_type = "EC2"};
    options.instances = {
        .count = 3, .image = "ami-1", .type = "c6i.xlarge", .profile = "arn:aws:iam::1:instance-profile/p"};
    options.workers.lifetime = std::chrono::minutes(90);
    options.workers.tags = {{"project", "x"}};
    auto const list = aws::detail::instances_request(options, "RIOS_a-0123456789ab");
    std::map<std::string, std::string> const found(list.begin(), list.end());
    CHECK(found ==
          std::map<std::string, std::string>{
              {"ImageId", "ami-1"},
              {"InstanceType", "c6i.xlarge"},
              {"MinCount", "3"},
              {"MaxCount", "3"},
              {"ClientToken", "RIOS-0123456789ab"},
              {"SubnetId", "subnet-1"},
              {"SecurityGroupId.1", "sg-1"},
              {"SecurityGroupId.2", "sg-2"},
              {"IamInstanceProfile.Arn", "arn:aws:iam::1:instance-profile/p"},
              {"InstanceInitiatedShutdownBehavior", "terminate"},
              {"UserData",
               aws::base64(
                   "#!/bin/bash\necho ECS_CLUSTER=RIOS_a-0123456789ab >>/etc/ecs/ecs.config\nshutdown -h +105\n")},
              {"TagSpecification.1.ResourceType", "instance"},
              {"TagSpecification.1.Tag.1.Key", "RIOS-run"},
              {"TagSpecification.1.Tag.1.Value", "RIOS_a-0123456789ab"},
              {"TagSpecification.1.Tag.2.Key", "Name"},
              {"TagSpecification.1.Tag.2.Value", "RIOS_a-0123456789ab"},
              {"TagSpecification.1.Tag.3.Key", "project"},
              {"TagSpecification.1.Tag.3.Value", "x"}});
}

TEST_CASE("a task waits, runs or has ended as ECS says, and has ended with its container")
{
    auto const status = [](char const* text) { return aws::detail::status_of_task(json::parse(text), "worker"); };
    for (auto const* const state : {"PROVISIONING", "PENDING", "ACTIVATING"}) {
        auto const waits = aws::detail::status_of_task({{"lastStatus", state}}, "worker");
        CHECK(waits.state == rios::job_state::waiting);
        CHECK(waits.reason == state);
    }
    for (auto const* const state : {"RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"}) {
        CHECK(aws::detail::status_of_task({{"lastStatus", state}}, "worker").state == rios::job_state::running);
    }
    auto const stopped = status(R"({"lastStatus": "STOPPED", "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited", "containers": [{"name": "other", "exitCode": 1},
        {"name": "worker", "exitCode": 137, "reason": "OutOfMemoryError: too much"}]})");
    CHECK(stopped.state == rios::job_state::ended);
    CHECK(stopped.exit_status == 137);
    CHECK(stopped.reason == "EssentialContainerExited: Essential container in task exited, OutOfMemoryError: too much, "
                            "exited with status 137");
    auto const early = status(R"({"lastStatus": "DEPROVISIONING", "stoppedReason": null,
        "containers": [{"name": "worker", "lastStatus": "STOPPED", "exitCode": 0}]})");
    CHECK(early.state == rios::job_state::ended);
    CHECK(early.exit_status == 0);
    auto const silent = status(R"({"lastStatus": "STOPPED", "containers": [{"name": "worker", "exitCode": null}]})");
    CHECK_FALSE(silent.exit_status);
    CHECK(silent.reason == "STOPPED");
}

TEST_CASE("what RunTask says is a task, a refusal, or that there is no room yet")
{
    auto const placed = aws::detail::placement_in(json::parse(R"({"tasks": [{"taskArn": "a/b"}], "failures": []})"));
    CHECK(placed.task == "a/b");
    auto const full =
        aws::detail::placement_in(json::parse(R"({"failures": [{"reason": "RESOURCE:CPU", "detail": "little"}]})"));
    CHECK(full.task.empty());
    CHECK(full.reason == "RESOURCE:CPU: little");
    CHECK(full.may_pass);
    CHECK_FALSE(aws::detail::placement_in(json::parse(R"({"failures": [{"reason": "ATTRIBUTE"}]})")).may_pass);
    CHECK(aws::detail::placement_in(json::object()).reason == "no task, and no reason");
}

TEST_CASE("runs have names that all services take, and that differ")
{
    auto const name = aws::run_name("RIOS_my.job_12");
    CHECK(name.find("RIOS_my-job-") == 0);
    CHECK(name.size() == std::string("RIOS_my-job-").size() + 12);
    CHECK(aws::run_name("RIOS_my.job_12") != name);
    CHECK(aws::run_name("RIOS_" + std::string(500, 'x') + "_0").size() == 113);
    CHECK(aws::holdings{.run = name}.mark() == "RIOS-" + name.substr(name.size() - 12));
}
