// SPDX-License-Identifier: BSL-1.0
// Signatures as another program computes them, and calls of services that moto plays: no real AWS.
#include <rios/aws/client.hpp>

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <rios/aws/error.hpp>
#include <rios/aws/http.hpp>
#include <rios/aws/query_text.hpp>

#include "support/aws_environment.hpp"
#include "support/message_of.hpp"
#include "support/python_server.hpp"

using rios::aws::aws_error;
using rios::aws::client;
using rios::aws::client_options;
using test::message_of;

namespace {

/// Characters that somebody might encode twice, or not at all.
std::string const odd = R"( a+b/c=d&e%20f?g#h"i\j'k<l>~*ä€😀)";

std::string const secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

client_options options_for(test::python_server const& server, std::string const& session_token)
{
    return {.region = "eu-west-1",
            .given = rios::aws::credentials{.access_key = "AKIDEXAMPLE",
                                            .secret_key = secret_key,
                                            .session_token = session_token},
            .endpoint = server.url()};
}

/// Calls by all protocols, with odd characters, whose signatures are good.
void check_signatures(std::string const& session_token)
{
    test::aws_environment const environment;
    test::python_server const server("aws_signatures.py", {"AKIDEXAMPLE", secret_key, session_token});
    client aws(options_for(server, session_token));
    nlohmann::json const arguments{{"text", odd}, {"empty", ""}, {"control", "a\n\tb"}};
    auto const json = aws.call("ecs", "RunTask", arguments);
    CHECK(json["target"] == "AmazonEC2ContainerServiceV20141113.RunTask");
    CHECK(json["scope"] == "eu-west-1/ecs");
    CHECK(nlohmann::json::parse(json["body"].get<std::string>()) == arguments);
    CHECK(aws.call("secretsmanager", "CreateSecret", nullptr)["body"] == "{}");
    CHECK(aws.call("logs", "GetLogEvents", {{"large", std::string(2'000'000, 'l')}})["scope"] == "eu-west-1/logs");

    auto const batch = aws.batch("submitjob", arguments);
    CHECK(batch["path"] == "/v1/submitjob");
    CHECK(batch["scope"] == "eu-west-1/batch");
    CHECK(nlohmann::json::parse(batch["body"].get<std::string>()) == arguments);

    auto const form = aws.query("ec2", "DescribeInstances", {{"z" + odd, odd}, {"b", ""}, {"a", " "}, {"b.1", "~"}});
    CHECK(form.get<std::string>("Answer.scope") == "eu-west-1/ec2");
    CHECK(form.get<std::string>("Answer.body") == "Action=DescribeInstances&Version=2016-11-15&a=%20&b=&b.1=~&" +
                                                      rios::aws::detail::percent_encoded("z" + odd) + "=" +
                                                      rios::aws::detail::percent_encoded(odd));
    CHECK(aws.query("sts", "GetCallerIdentity", {}).get<std::string>("Answer.scope") == "eu-west-1/sts");
}

} // namespace

TEST_CASE("calls with the keys of a user are signed as another program signs them")
{
    if (test::lacks_python_module("botocore")) return;
    check_signatures("");
}

TEST_CASE("calls with the keys and the session token of a role are signed as another program signs them")
{
    if (test::lacks_python_module("botocore")) return;
    check_signatures("IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQD+/=");
}

TEST_CASE("a wrong secret key or session token is refused, and neither is shown, nor what was sent")
{
    if (test::lacks_python_module("botocore")) return;
    test::aws_environment const environment;
    test::python_server const server("aws_signatures.py", {"AKIDEXAMPLE", "another key", "the-token"});
    client wrong_key(options_for(server, "the-token"));
    client wrong_token(options_for(server, "another-token"));
    auto const check_refused = [](std::string const& text, std::string const& begin) {
        CHECK(text.substr(0, begin.size()) == begin);
        CHECK(text.find("'x-amz-security-token': '***'") != std::string::npos);
        for (auto const* const secret : {secret_key.c_str(), "another-token", "the-token", "hidden"}) {
            CAPTURE(secret);
            CHECK(text.find(secret) == std::string::npos);
        }
    };
    for (auto* const aws : {&wrong_key, &wrong_token}) {
        std::string const what = aws == &wrong_key ? "signature" : "session token";
        auto const reason = ": SignatureDoesNotMatch: the " + what + " is another one, for {'host': '127.0.0.1:";
        check_refused(message_of<aws_error>([&] {
                          aws->call("ecs", "RunTask", {{"value", "hidden"}});
                      }),
                      "AWS ecs RunTask" + reason);
        check_refused(message_of<aws_error>([&] {
                          aws->query("ec2", "RunInstances", {{"UserData", "hidden"}});
                      }),
                      "AWS ec2 RunInstances" + reason);
    }
}

TEST_CASE("the services answer what they are asked, and refuse what they do not know")
{
    if (test::lacks_python_module("moto.server")) return;
    test::aws_environment const environment;
    test::python_server const server("moto_server.py");
    client aws(options_for(server, ""));
    auto const cluster = aws.call("ecs", "CreateCluster", {{"clusterName", "rios"}})["cluster"];
    CHECK(cluster["clusterArn"] == "arn:aws:ecs:eu-west-1:123456789012:cluster/rios");
    CHECK(aws.call("ecs", "ListClusters", {})["clusterArns"][0] == cluster["clusterArn"]);
    CHECK(message_of<aws_error>([&] {
              aws.call("ecs", "ListTasks", {{"cluster", "none"}});
          }) == "AWS ecs ListTasks: ClusterNotFoundException: Cluster not found.");
    CHECK(aws.batch("describejobqueues", {})["jobQueues"].empty());
    auto const refusal = message_of<aws_error>([&] {
        aws.batch("submitjob", {{"jobName", "rios"}, {"jobQueue", "none"}, {"jobDefinition", "none"}});
    });
    CHECK(refusal.starts_with("AWS batch submitjob: ClientException: "));
    CHECK(aws.call("secretsmanager", "CreateSecret", {{"Name", "s"}, {"SecretString", odd}})["Name"] == "s");
    CHECK(aws.call("secretsmanager", "GetSecretValue", {{"SecretId", "s"}})["SecretString"] == odd);
    aws.call("ssm", "PutParameter", {{"Name", "p"}, {"Value", odd}, {"Type", "SecureString"}});
    CHECK(aws.call("ssm", "GetParameter", {{"Name", "p"}, {"WithDecryption", true}})["Parameter"]["Value"] == odd);
    CHECK(aws.call("logs", "CreateLogGroup", {{"logGroupName", "/rios"}}) == nlohmann::json::object());
    auto const identity = aws.query("sts", "GetCallerIdentity", {});
    CHECK(identity.get<std::string>("GetCallerIdentityResponse.GetCallerIdentityResult.Account") == "123456789012");
    auto const vpc = aws.query("ec2", "DescribeVpcs", {{"Filter.1.Name", "is-default"}, {"Filter.1.Value.1", "true"}});
    CHECK(vpc.get<std::string>("DescribeVpcsResponse.vpcSet.item.cidrBlock") == "172.31.0.0/16");
    CHECK(
        message_of<aws_error>([&] {
            aws.query("ec2", "DescribeInstances", {{"InstanceId.1", "i-0123456789abcdef0"}});
        }) ==
        "AWS ec2 DescribeInstances: InvalidInstanceID.NotFound: The instance ID 'i-0123456789abcdef0' does not exist");
    CHECK(aws.query("cloudformation", "ListStacks", {}).count("ListStacksResponse") == 1);
}

TEST_CASE("the credentials of a machine, and of an identity, are found as moto gives them")
{
    if (test::lacks_python_module("moto.server")) return;
    test::aws_environment environment;
    test::python_server const server("moto_server.py");
    environment.set("AWS_EC2_METADATA_DISABLED", "");
    environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    environment.set("AWS_ENDPOINT_URL", server.url());
    environment.set("AWS_REGION", "eu-west-1");
    CHECK(client().call("ecs", "ListClusters", {})["clusterArns"].empty());
    environment.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/worker");
    environment.set("AWS_ROLE_SESSION_NAME", "rios");
    environment.set("AWS_WEB_IDENTITY_TOKEN_FILE", environment.file("token", "token"));
    CHECK(client()
              .query("sts", "GetCallerIdentity", {})
              .get<std::string>("GetCallerIdentityResponse.GetCallerIdentityResult.Arn") ==
          "arn:aws:sts::123456789012:assumed-role/worker/rios");
}

TEST_CASE("a moto that checks signatures takes those of a user, and refuses a wrong one")
{
    if (test::lacks_python_module("moto.server")) return;
    test::aws_environment const environment;
    test::python_server const server("moto_server.py");
    rios::aws::detail::http_session session;
    auto const post = [&](std::string const& path, std::string const& body) {
        return session.send(
            {.method = "POST", .url = server.url() + path, .headers = {{"Content-Type", "text/plain"}}, .body = body});
    };
    // IAM is no service of the client: only its form is needed here.
    auto const iam = [&](std::vector<std::pair<std::string, std::string>> parameters) {
        parameters.emplace_back("Version", "2010-05-08");
        auto const answer = session.send({.method = "POST",
                                          .url = server.url(),
                                          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                          .body = rios::aws::detail::query_text(std::move(parameters)),
                                          .signature = rios::aws::detail::request_signature{
                                              .who = {.access_key = "A", .secret_key = "S", .session_token = ""},
                                              .region = "us-east-1",
                                              .service = "iam"}});
        REQUIRE(answer.status == 200);
        return *rios::aws::detail::parsed_xml(answer.body);
    };
    iam({{"Action", "CreateUser"}, {"UserName", "u"}});
    iam({{"Action", "PutUserPolicy"},
         {"UserName", "u"},
         {"PolicyName", "p"},
         {"PolicyDocument",
          R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"}});
    auto const made = iam({{"Action", "CreateAccessKey"}, {"UserName", "u"}})
                          .get_child("CreateAccessKeyResponse.CreateAccessKeyResult.AccessKey");
    CHECK(post("/moto-api/reset-auth", "0").status == 200);
    auto options = options_for(server, "");
    options.given->access_key = made.get<std::string>("AccessKeyId");
    auto const refusal = message_of<aws_error>([&] { client(options).call("ecs", "ListClusters", {}); });
    CHECK(refusal ==
          "AWS ecs ListClusters: SignatureDoesNotMatch: The request signature we calculated does not match the "
          "signature you provided. Check your AWS Secret Access Key and signing method. Consult the service "
          "documentation for details.");
    options.given->secret_key = made.get<std::string>("SecretAccessKey");
    client aws(options);
    CHECK(aws.call("ecs", "ListClusters", {})["clusterArns"].empty());
    CHECK(aws.batch("describejobqueues", {})["jobQueues"].empty());
    CHECK(aws.query("ec2", "DescribeVpcs", {}).count("DescribeVpcsResponse") == 1);
}
