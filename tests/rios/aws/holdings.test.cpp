// SPDX-License-Identifier: BSL-1.0
// What a run has on AWS is removed, whichever call is refused, not answered or to be repeated (aws_world.py).
#include <rios/aws/holdings.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

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
using nlohmann::json;
using test::aws_world;
using strings = std::vector<std::string>;

strings const making{"ecs CreateCluster",          "ec2 RunInstances", "ssm PutParameter",
                     "ecs RegisterTaskDefinition", "ecs RunTask",      "batch submitjob"};
strings const watching{"ecs DescribeClusters", "ecs DescribeTasks", "batch describejobs"};
strings const removing{"ecs ListTasks",
                       "ec2 DescribeInstances",
                       "ec2 TerminateInstances",
                       "ecs ListTaskDefinitions",
                       "ecs DeregisterTaskDefinition",
                       "ecs ListContainerInstances",
                       "ecs DeregisterContainerInstance",
                       "ecs DeleteCluster",
                       "ssm ListTagsForResource",
                       "ssm DeleteParameter",
                       "batch listjobs"};

/// The same for each of some calls.
json for_each_call(std::vector<strings> const& calls, json const& fault)
{
    auto result = json::array();
    for (auto const& list : calls) {
        for (auto const& call : list) {
            result.push_back(fault);
            result.back()["call"] = call;
        }
    }
    return result;
}

/// Runs a job with all that there can be, and tells what was left.
class runs {
  public:
    explicit runs(aws_world const& world) : world_(world) {}

    strings left;
    std::size_t attempts = 8; ///< of a call
    test::squares_on_hosts job{};

    /// Works for all, on EC2 and with a parameter.
    void on_instances()
    {
        auto options = test::on_instances(world_, 2);
        options.workers.secret = "ssm:/rios/";
        run(options, [](auto const& o) { return rios::ecs_launcher(o); });
    }
    void with_secret()
    {
        auto options = test::fargate(world_);
        options.workers.secret = "secretsmanager:rios/";
        run(options, [](auto const& o) { return rios::ecs_launcher(o); });
    }
    void in_batch()
    {
        run(test::jobs_of(world_), [](auto const& o) { return rios::aws_batch_launcher(o); });
    }

  private:
    template <typename Options, typename F>
    void run(Options options, F launcher)
    {
        left.clear();
        job = {};
        options.workers.client.attempts = attempts;
        options.workers.left_over = [this](std::string const& line) { left.push_back(line); };
        rios::remote_executor(launcher(options), world_.remote(2)).run(job);
    }

    aws_world const& world_;
};

/// The part of a state that is not empty.
strings kinds_left(json const& state)
{
    strings result;
    for (auto const& [name, value] : state.items()) {
        if (!value.empty() && value != 0) result.push_back(name);
    }
    return result;
}

} // namespace

TEST_CASE("calls whose first answers are lost are made again, and what they made twice or once is removed")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    runs run(world);
    auto faults = for_each_call({making, watching, removing}, {{"lost", true}, {"times", 1}});
    world.fail(faults);
    run.on_instances();
    CHECK(run.job.done());
    CHECK(run.left.empty());
    CHECK(world.calls("ec2 RunInstances") == 2);
    CHECK(world.is_clean());
    run.in_batch();
    CHECK(run.job.done());
    CHECK(run.left.empty());
    CHECK(world.is_clean());
    world.fail(
        for_each_call({{"secretsmanager CreateSecret", "secretsmanager DescribeSecret", "secretsmanager DeleteSecret"}},
                      {{"lost", true}, {"times", 1}}));
    run.with_secret();
    CHECK(run.job.done());
    CHECK(run.left.empty());
    CHECK(world.calls("secretsmanager CreateSecret") == 2);
    CHECK(world.is_clean());
}

TEST_CASE("a run of which each call is throttled comes to its end, and leaves nothing")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    runs run(world);
    world.fail(for_each_call({making, watching, removing}, {{"code", "ThrottlingException"}, {"times", 1}}));
    run.on_instances();
    CHECK(run.job.done());
    CHECK(run.left.empty());
    run.in_batch();
    CHECK(run.job.done());
    CHECK(run.left.empty());
    CHECK(world.is_clean());
}

TEST_CASE("whichever thing cannot be made, those that were made before are removed, and the error is AWS's")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    runs run(world);
    for (auto const& call : making) {
        CAPTURE(call);
        world.fail({{"call", call}, {"code", "AccessDeniedException"}, {"message", "not you"}});
        auto const begun = std::chrono::steady_clock::now();
        auto const error = test::message_of<rios::error>([&] {
            if (call.starts_with("batch")) run.in_batch();
            else run.on_instances();
        });
        CAPTURE(error);
        auto const said = error.find("AWS " + call + ": AccessDeniedException: not you");
        // A task that has waited for an instance is one of the workers that are gone.
        CHECK((call == "ecs RunTask" ? said != std::string::npos : said == 0));
        CHECK(std::chrono::steady_clock::now() - begun < 10s);
        CHECK(run.left.empty());
        CHECK(world.is_clean());
    }
}

TEST_CASE("what was made by a call that was never answered is removed, too")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    runs run(world);
    run.attempts = 2;
    for (auto const& call : making) {
        CAPTURE(call);
        json faults{{{"call", call}, {"lost", true}}};
        // Nor does EC2 know at once what it has made.
        faults.push_back({{"call", "ec2 DescribeInstances"}, {"answer", "<DescribeInstancesResponse/>"}, {"times", 1}});
        world.fail(faults);
        auto const error = test::message_of<rios::error>([&] {
            if (call.starts_with("batch")) run.in_batch();
            else run.on_instances();
        });
        CAPTURE(error);
        bool const works = call == "ecs RunTask" || call == "batch submitjob"; // who was started joins all the same
        CHECK(works == run.job.done());
        CHECK((works || error.find("AWS " + call + ": no answer from ") == 0));
        CHECK(run.left.empty());
        CHECK(world.is_clean());
    }
}

TEST_CASE("what cannot be removed is named, and everything else is removed")
{
    if (test::no_aws_world()) return;
    struct part {
        strings calls;
        strings named; ///< beginnings of the lines
        strings kinds; ///< that stay
    };
    for (auto const& each : std::vector<part>{
             {{"ec2 TerminateInstances"}, {"EC2 instances with the tag RIOS-run=RIOS_rios-"}, {"instances"}},
             {{"ecs DeregisterTaskDefinition"}, {"task definition RIOS_rios-"}, {"definitions"}},
             {{"ecs DeleteCluster"}, {"cluster RIOS_rios-"}, {"clusters"}},
             {{"ssm DeleteParameter"}, {"secret ssm:/rios/RIOS_rios-"}, {"parameters"}},
             {{"ssm ListTagsForResource"}, {"secret ssm:/rios/RIOS_rios-"}, {"parameters"}},
             {{"ecs ListTasks", "ecs DeleteCluster"},
              {"tasks in cluster RIOS_rios-", "cluster RIOS_rios-"},
              {"clusters"}}}) {
        aws_world const world;
        runs run(world);
        world.fail(for_each_call({each.calls}, {{"code", "AccessDeniedException"}, {"message", "not you"}}));
        run.on_instances();
        CHECK(run.job.done());
        CAPTURE(each.calls);
        CAPTURE(run.left);
        REQUIRE(run.left.size() == each.named.size());
        for (std::size_t i = 0; i < each.named.size(); ++i) {
            CHECK(run.left[i].find(each.named[i]) == 0);
            CHECK(run.left[i].find(" could not be removed: AWS " + each.calls[std::min(i, each.calls.size() - 1)] +
                                   ": AccessDeniedException: not you") != std::string::npos);
        }
        CHECK(test::soon([&] { return kinds_left(world.state()) == each.kinds; }, 10s));
    }
}

TEST_CASE("one thing that cannot be removed does not keep others of its kind")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    rios::aws::client aws(world.client());
    auto const worker = json{{"name", "worker"}, {"image", "/bin/sleep"}, {"command", {"60"}}, {"memory", 100}};
    rios::aws::holdings const what{.run = "RIOS_x-0123456789ab",
                                   .cluster = "RIOS_x-0123456789ab",
                                   .owns_cluster = true,
                                   .owns_definition = true,
                                   .owns_instances = true,
                                   .instances = {"i-0123456789abcdef0"}};
    aws.call("ecs", "CreateCluster", {{"clusterName", what.cluster}});
    for (int i = 0; i < 2; ++i) {
        aws.call("ecs", "RegisterTaskDefinition",
                 {{"family", what.run}, {"networkMode", "awsvpc"}, {"containerDefinitions", json::array({worker})}});
        aws.call("ecs", "RunTask",
                 {{"cluster", what.cluster},
                  {"taskDefinition", what.run},
                  {"launchType", "FARGATE"},
                  {"startedBy", what.mark()},
                  {"networkConfiguration",
                   {{"awsvpcConfiguration",
                     {{"subnets", {world["subnet"]}}, {"securityGroups", {world["security_group"]}}}}}}});
    }
    for (int i = 0; i < 2; ++i) {
        aws.query("ec2", "RunInstances",
                  {{"ImageId", "ami-12c6146b"},
                   {"MinCount", "1"},
                   {"MaxCount", "1"},
                   {"TagSpecification.1.ResourceType", "instance"},
                   {"TagSpecification.1.Tag.1.Key", "RIOS-run"},
                   {"TagSpecification.1.Tag.1.Value", what.run}});
    }
    CHECK(test::soon([&] { return world.state().at("containers") == 2; }));
    // The first task is refused once, which the cluster's removal makes up for; so is the first definition, which stays.
    world.fail(
        {{{"call", "ecs StopTask"}, {"code", "ServerException2"}, {"times", 1}},
         {{"call", "ecs DeregisterTaskDefinition"}, {"code", "ClientException"}, {"message", "no"}, {"times", 1}}});
    auto const left = rios::aws::release(aws, what);
    REQUIRE(left.size() == 1);
    CHECK(left[0] == "task definition " + what.run +
                         " could not be removed: AWS ecs DeregisterTaskDefinition: ClientException: no");
    CHECK(test::soon([&] { return kinds_left(world.state()) == strings{"definitions"}; }, 10s));
    CHECK(world.state().at("definitions").size() == 1);
    CHECK(world.calls("ec2 TerminateInstances") >= 4); // an instance that EC2 does not know keeps nobody
}

TEST_CASE("a service that does not answer does not keep what others have")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    runs run(world);
    run.attempts = 2;
    json faults = json::array();
    for (auto const* const call :
         {"ecs ListTasks", "ecs ListTaskDefinitions", "ecs ListContainerInstances", "ecs DeleteCluster"}) {
        faults.push_back({{"call", call}, {"lost", true}});
    }
    world.fail(faults);
    run.on_instances();
    CHECK(run.job.done());
    REQUIRE(run.left.size() == 3);
    CHECK(test::soon([&] { return kinds_left(world.state()) == strings{"clusters", "definitions"}; }, 10s));
}

TEST_CASE("a secret that was there before is somebody else's: the run is refused, and it stays")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    rios::aws::client(world.client())
        .call("secretsmanager", "CreateSecret",
              {{"Name", "key"}, {"SecretString", "of another"}, {"ClientRequestToken", std::string(32, 'x')}});
    auto options = test::fargate(world);
    options.workers.secret = "secretsmanager:key";
    strings left;
    options.workers.left_over = [&](std::string const& line) { left.push_back(line); };
    CHECK(test::error_of(rios::ecs_launcher(options), world.remote(1)) ==
          "secret 'secretsmanager:key' exists, and may be that of another run: wait for its end, or remove it");
    CHECK(left.empty());
    CHECK(test::soon([&] { return kinds_left(world.state()) == strings{"secrets"}; }));
}
