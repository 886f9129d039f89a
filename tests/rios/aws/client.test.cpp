// SPDX-License-Identifier: BSL-1.0
// Calls that services answer well or badly, as a test says. client_services.test.cpp has more of AWS.
#include <rios/aws/client.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <rios/error.hpp>

#include "support/aws_environment.hpp"
#include "support/http_server.hpp"
#include "support/message_of.hpp"

using namespace std::chrono_literals;
using rios::aws::aws_error;
using rios::aws::client;
using rios::aws::client_options;
using test::http_text;
using test::message_of;

namespace {

rios::aws::credentials keys()
{
    return {.access_key = "AKIDEXAMPLE", .secret_key = "the/secret+key", .session_token = "the+session/token="};
}

client_options options_for(test::http_server const& server)
{
    return {.region = "eu-west-1", .given = keys(), .endpoint = server.url()};
}

/// What a call says, its code and its status.
std::string failure_of(client& aws, nlohmann::json const& arguments = {}, std::string const& action = "ListClusters")
{
    try {
        aws.call("ecs", action, arguments);
    } catch (aws_error const& error) {
        return std::string(error.what()) + "|" + error.code() + "|" + std::to_string(error.status());
    }
    return "(nothing was thrown)";
}

} // namespace

TEST_CASE("a call of JSON has its target, and gives the object of the answer")
{
    test::aws_environment const environment;
    test::http_server const server({http_text(200, R"({"clusterArns": ["a"]})"), http_text(200, "")});
    client aws(options_for(server));
    CHECK(aws.region() == "eu-west-1");
    CHECK(aws.call("ecs", "ListClusters", {{"maxResults", 5}}) == nlohmann::json{{"clusterArns", {"a"}}});
    CHECK(aws.call("logs", "PutRetentionPolicy", nullptr) == nlohmann::json::object());
    auto const requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].method == "POST");
    CHECK(requests[0].path == "/");
    CHECK(requests[0].body == R"({"maxResults":5})");
    CHECK(requests[0].headers.at("content-type") == "application/x-amz-json-1.1");
    CHECK(requests[0].headers.at("x-amz-target") == "AmazonEC2ContainerServiceV20141113.ListClusters");
    CHECK(requests[0].headers.at("x-amz-security-token") == keys().session_token);
    CHECK(requests[0].headers.at("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    CHECK(requests[1].headers.at("x-amz-target") == "Logs_20140328.PutRetentionPolicy");
    CHECK(requests[1].body == "{}");
}

TEST_CASE("a call of Batch has its path, and one of the Query API a form and a document")
{
    test::aws_environment const environment;
    test::http_server const server({http_text(200, R"({"jobId": "1"})"),
                                    http_text(200, "<?xml version=\"1.0\"?><DescribeInstancesResponse><set><item>"
                                                   "<ip> 10.0.0.1</ip></item></set></DescribeInstancesResponse>")});
    client aws(options_for(server));
    CHECK(aws.batch("submitjob", {{"jobName", "j"}})["jobId"] == "1");
    auto const tree = aws.query("ec2", "DescribeInstances", {{"InstanceId.2", "i 2"}, {"InstanceId.1", ""}});
    CHECK(tree.get<std::string>("DescribeInstancesResponse.set.item.ip") == " 10.0.0.1");
    auto const requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].path == "/v1/submitjob");
    CHECK(requests[0].body == R"({"jobName":"j"})");
    CHECK_FALSE(requests[0].headers.contains("x-amz-target"));
    CHECK(requests[1].path == "/");
    CHECK(requests[1].body == "Action=DescribeInstances&InstanceId.1=&InstanceId.2=i%202&Version=2016-11-15");
    CHECK(requests[1].headers.at("content-type") == "application/x-www-form-urlencoded; charset=utf-8");
}

TEST_CASE("what AWS refuses is an error with its code, and is not asked again")
{
    test::aws_environment const environment;
    test::http_server const server(
        {http_text(400, R"({"__type": "ClusterNotFoundException", "message": "Cluster not found."})"),
         http_text(400, "", "x-amzn-ErrorType: ClientException:http://amazon.com/\r\n"),
         http_text(403, "<html>the/secret+key</html>"), http_text(302, "")});
    client aws(options_for(server));
    CHECK(failure_of(aws, {}, "RunTask") ==
          "AWS ecs RunTask: ClusterNotFoundException: Cluster not found.|ClusterNotFoundException|400");
    CHECK(failure_of(aws) == "AWS ecs ListClusters: ClientException|ClientException|400");
    CHECK(failure_of(aws) == "AWS ecs ListClusters: HTTP status 403||403");
    CHECK(failure_of(aws) == "AWS ecs ListClusters: HTTP status 302||302");
    CHECK(server.requests().size() == 4);
    CHECK(message_of<aws_error>([&] { aws.batch("submitjob", {}); }) == "AWS batch submitjob: HTTP status 302");
    CHECK(message_of<aws_error>([&] { aws.query("sts", "GetCallerIdentity", {}); }) ==
          "AWS sts GetCallerIdentity: HTTP status 302");
}

TEST_CASE("an answer of another kind is an error that does not show it")
{
    test::aws_environment const environment;
    test::http_server const server(
        {http_text(200, "hidden"), http_text(200, "[1]"), http_text(200, "<a>"), http_text(200, "")});
    client aws(options_for(server));
    CHECK(failure_of(aws) == "AWS ecs ListClusters: the answer is no JSON object (6 bytes)||200");
    CHECK(failure_of(aws) == "AWS ecs ListClusters: the answer is no JSON object (3 bytes)||200");
    auto const refusal = [&] { return message_of<aws_error>([&] { aws.query("ec2", "DescribeRegions", {}); }); };
    CHECK(refusal() == "AWS ec2 DescribeRegions: the answer is no XML (3 bytes)");
    CHECK(refusal() == "AWS ec2 DescribeRegions: the answer is no XML (0 bytes)");
}

TEST_CASE("what is a matter of time is asked again: too many calls, failures of AWS, connections that break")
{
    test::aws_environment const environment;
    test::http_server const server({http_text(429, ""), http_text(400, R"({"__type": "ThrottlingException"})"), "",
                                    http_text(503, "<html/>"), http_text(200, R"({"a": 1})")});
    client aws(options_for(server));
    auto const begun = std::chrono::steady_clock::now();
    CHECK(aws.call("ecs", "ListClusters", {{"b", 2}}) == nlohmann::json{{"a", 1}});
    auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    CHECK(seconds > 0.5 * (0.25 + 0.5 + 1 + 2)); // pauses that double
    auto const requests = server.requests();
    REQUIRE(requests.size() == 5);
    for (auto const& each : requests) CHECK(each.body == R"({"b":2})");
}

TEST_CASE("a call is given up after its attempts, or when its time is over")
{
    test::aws_environment const environment;
    test::http_server const busy({http_text(400, R"({"__type": "ThrottlingException", "message": "Rate exceeded"})")});
    auto options = options_for(busy);
    options.attempts = 3;
    client three(options);
    CHECK(failure_of(three) ==
          "AWS ecs ListClusters: ThrottlingException: Rate exceeded (after 3 attempts)|ThrottlingException|400");
    CHECK(busy.requests().size() == 3);
    options.attempts = 1000;
    options.patience = 1s;
    client hasty(options);
    auto begun = std::chrono::steady_clock::now();
    CHECK(failure_of(hasty).starts_with("AWS ecs ListClusters: ThrottlingException: Rate exceeded (after "));
    CHECK(std::chrono::steady_clock::now() - begun < 2s);

    test::http_server const silent({test::http_hangs, test::http_hangs, test::http_hangs, http_text(200, "{}")});
    options.endpoint = silent.url();
    options.patience = 2s;
    client patient(options);
    begun = std::chrono::steady_clock::now();
    CHECK(failure_of(patient).starts_with("AWS ecs ListClusters: no answer from " + silent.host() +
                                          ": Operation timed out after "));
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK(silent.requests().size() == 2); // one that hangs leaves time for another
}

TEST_CASE("an answer that breaks off or does not end is not asked for again, for the call was heard")
{
    test::aws_environment const environment;
    test::http_server const server({"HTTP/1.1 200 text\r\nContent-Length: 9\r\n\r\nshort", test::http_endless});
    client aws(options_for(server));
    CHECK(failure_of(aws) == "AWS ecs ListClusters: no whole answer from " + server.host() +
                                 ": transfer closed with 4 bytes remaining to read||0");
    CHECK(failure_of(aws) == "AWS ecs ListClusters: " + server.host() + " answers with more than 67108864 bytes||0");
    CHECK(server.requests().size() == 2);
}

TEST_CASE("where nothing answers, the error names the host and how often it was tried")
{
    test::aws_environment const environment;
    client aws({.region = "eu-west-1", .given = keys(), .endpoint = "http://127.0.0.1:1", .attempts = 2});
    auto const text = failure_of(aws);
    CHECK(text.starts_with("AWS ecs ListClusters: no answer from 127.0.0.1:1: Failed to connect to 127.0.0.1 port 1 "));
    CHECK(text.ends_with(" (after 2 attempts)||0"));
}

TEST_CASE("expired credentials are looked for again, once, and only others are tried")
{
    test::aws_environment environment;
    std::string const expired = R"({"__type": "ExpiredTokenException", "message": "The security token is expired"})";
    std::string const error =
        "AWS ecs ListClusters: ExpiredTokenException: The security token is expired|ExpiredTokenException|400";
    int made = 0;
    test::http_server const container([&](test::http_received const&) {
        auto const name = std::to_string(++made);
        return http_text(200,
                         R"({"AccessKeyId": "A)" + name + R"(", "SecretAccessKey": "S", "Token": "T)" + name + "\"}");
    });
    environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url());
    test::http_server const once({http_text(400, expired), http_text(200, R"({"a": 1})")});
    client aws({.region = "eu-west-1", .endpoint = once.url()});
    CHECK(aws.call("ecs", "ListClusters", {}) == nlohmann::json{{"a", 1}});
    REQUIRE(once.requests().size() == 2);
    CHECK(once.requests()[0].headers.at("x-amz-security-token") == "T1");
    CHECK(once.requests()[1].headers.at("x-amz-security-token") == "T2");

    test::http_server const always({http_text(400, expired)});
    client never({.region = "eu-west-1", .endpoint = always.url()});
    CHECK(failure_of(never) == error);
    CHECK(always.requests().size() == 2);
    client given(options_for(always));
    CHECK(failure_of(given) == error);
    CHECK(always.requests().size() == 3);
}

TEST_CASE("no message shows a secret, whatever AWS repeats of what it was sent")
{
    test::aws_environment const environment;
    test::http_server const echo([](test::http_received const& request) {
        auto const all = request.body + " " + request.headers.at("x-amz-security-token") + " the/secret+key";
        if (request.headers.at("content-type").starts_with("application/x-www-form")) {
            return http_text(400, "<E><Code>Invalid</Code><Message>hidden0 hidden1 hidden2 " + keys().session_token +
                                      "</Message></E>");
        }
        return http_text(400, nlohmann::json{{"__type", "Invalid"}, {"message", all}}.dump());
    });
    client aws(options_for(echo));
    CHECK(
        failure_of(aws, {{"environment", {{{"name", "KEY"}, {"value", "hid\"den"}}}}, {"SecretString", "hidden"}}) ==
        R"(AWS ecs ListClusters: Invalid: {"SecretString":"***","environment":[{"name":"KEY","value":"***"}]} *** ***)"
        "|Invalid|400");
    CHECK(message_of<aws_error>([&] {
              aws.query("ec2", "RunInstances",
                        {{"UserData", "hidden0"},
                         {"Parameters.1.ParameterValue", "hidden1"},
                         {"ClientToken", "hidden2"},
                         {"ImageId", "of-the-user"}});
          }) == "AWS ec2 RunInstances: Invalid: *** *** *** ***");
}

TEST_CASE("what cannot be called is refused before anything is sent")
{
    test::aws_environment environment;
    test::http_server const server({http_text(200, "{}")});
    client aws(options_for(server));
    auto const refusal = [](auto call) { return message_of<rios::options_error>(call); };
    CHECK(refusal([&] { aws.call("batch", "SubmitJob", {}); }) ==
          "AWS service 'batch': allowed: ecs, logs, secretsmanager, ssm");
    CHECK(refusal([&] { aws.query("s3", "List", {}); }) == "AWS service 's3': allowed: cloudformation, ec2, sts");
    CHECK(refusal([&] {
              aws.call("ecs", "RunTask", {{"a", "\xff hidden"}});
          }) == "AWS ecs RunTask: a text in its arguments is no UTF-8");
    CHECK(refusal([&] { aws.call("ecs", "Run\r\nTask", {}); }) ==
          "HTTP header X-Amz-Target: its value holds a control character");
    CHECK(refusal([] { client({.attempts = 0}); }) == "attempts 0 of an AWS call: allowed are 1 up");
    CHECK(refusal([] { client({.patience = 0s}); }) == "patience 0 of an AWS call: allowed are up to 86400 seconds");
    CHECK(refusal([] { client({.patience = 100000s}); }) ==
          "patience 100000 of an AWS call: allowed are up to 86400 seconds");
    CHECK(refusal([] { client({.region = "EU"}); }) == "AWS region 'EU': allowed: names such as us-east-1");
    CHECK(server.requests().empty());
}

TEST_CASE("the region is looked for, on the machine too, and its absence is an error")
{
    test::aws_environment environment;
    client without({.given = keys()});
    CHECK(message_of<rios::options_error>([&] { without.call("ecs", "ListClusters", {}); }) ==
          "there is no AWS region: AWS_REGION and AWS_DEFAULT_REGION are not set; the profile has none; "
          "AWS_EC2_METADATA_DISABLED is set");
    test::http_server const machine({http_text(200, "TOKEN"), http_text(200, "eu-west-3")});
    environment.set("AWS_EC2_METADATA_DISABLED", "");
    environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.url());
    CHECK(client().region() == "eu-west-3");
    environment.set("AWS_REGION", "nowhere/");
    CHECK(message_of<rios::options_error>([] { static_cast<void>(client().region()); }) ==
          "AWS region 'nowhere/': allowed: names such as us-east-1");
    environment.file(".aws/config", "[profile work]\nregion = eu-west-2\n");
    environment.set("AWS_REGION", "");
    CHECK(client({.profile = "work"}).region() == "eu-west-2");
}

TEST_CASE("a client can be moved, and goes on")
{
    test::aws_environment const environment;
    test::http_server const server({http_text(200, R"({"a": 1})")});
    client first(options_for(server));
    first.call("ecs", "ListClusters", {});
    client second(std::move(first));
    CHECK(second.call("ecs", "ListClusters", {}) == nlohmann::json{{"a", 1}});
}
