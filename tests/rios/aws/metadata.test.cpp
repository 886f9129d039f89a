// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/metadata.hpp>

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/aws_environment.hpp"
#include "support/http_server.hpp"
#include "support/message_of.hpp"

using namespace std::chrono_literals;
using rios::aws::detail::container_credentials;
using rios::aws::detail::container_url;
using rios::aws::detail::http_session;
using rios::aws::detail::machine_metadata;
using rios::aws::detail::parsed_timestamp;
using test::http_text;
using test::message_of;

namespace {

std::string const keys = R"({"Code": "Success", "AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T",
                             "Expiration": "2026-11-28T12:00:00Z"})";

/// A machine in EC2 whose role is "worker", as far as the test does not say otherwise.
std::string machine(test::http_received const& request)
{
    if (request.method == "PUT") {
        CHECK(request.path == "/latest/api/token");
        CHECK(request.headers.at("x-aws-ec2-metadata-token-ttl-seconds") == "300");
        return http_text(200, "TOKEN");
    }
    CHECK(request.headers.at("x-aws-ec2-metadata-token") == "TOKEN");
    if (request.path == "/latest/meta-data/placement/region") return http_text(200, "eu-west-3");
    if (request.path == "/latest/meta-data/iam/security-credentials/") return http_text(200, "worker\n");
    if (request.path == "/latest/meta-data/iam/security-credentials/worker") return http_text(200, keys);
    return http_text(404, "");
}

/// Why a machine has no credentials, or fails.
std::string refusal_of_machine()
{
    http_session session;
    std::string reason;
    try {
        auto const found = machine_metadata(session).role_credentials(reason);
        CHECK_FALSE(found);
    } catch (rios::error const& error) {
        return "error: " + std::string(error.what());
    }
    return reason;
}

} // namespace

TEST_CASE("a machine says the credentials of its role, and its region, for a token")
{
    test::aws_environment environment;
    test::http_server const server(machine);
    environment.set("AWS_EC2_METADATA_DISABLED", "");
    environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url() + "/");
    http_session session;
    std::string reason;
    auto const found = machine_metadata(session).role_credentials(reason);
    REQUIRE(found);
    CHECK(found->access_key == "A");
    CHECK(found->secret_key == "S");
    CHECK(found->session_token == "T");
    CHECK(found->expires == parsed_timestamp("2026-11-28T12:00:00Z"));
    CHECK(machine_metadata(session).region(reason) == "eu-west-3");
    environment.set("AWS_EC2_METADATA_DISABLED", "True");
    CHECK_FALSE(machine_metadata(session).region(reason));
    CHECK(reason == "AWS_EC2_METADATA_DISABLED is set");
}

TEST_CASE("a machine without a role has no credentials, and one that fails is an error")
{
    test::aws_environment environment;
    environment.set("AWS_EC2_METADATA_DISABLED", "");
    std::string const roles = "/latest/meta-data/iam/security-credentials/";
    std::string role_says;
    std::string list = "worker";
    test::http_server const server([&](test::http_received const& request) {
        if (request.path == roles) return list.empty() ? http_text(404, "") : http_text(200, list);
        return request.path == roles + "worker" ? role_says : machine(request);
    });
    environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    auto const answered = [&](std::string const& answer) {
        role_says = answer;
        return refusal_of_machine();
    };
    auto const source = "error: AWS credentials of the machine (" + server.host() + "): ";
    CHECK(answered(http_text(404, "")) == server.host() + " answers with HTTP status 404 for " + roles + "worker");
    CHECK(answered(http_text(200, "hidden")) == source + "the answer is no JSON object");
    CHECK(answered(http_text(200, R"({"Code": "AssumeRoleUnauthorizedAccess"})")) ==
          source + "AssumeRoleUnauthorizedAccess");
    CHECK(answered(http_text(200, R"({"Code": 1})")) == source + "no \"Code\": \"Success\"");
    CHECK(answered(http_text(200, R"({"Code": "Success", "AccessKeyId": "A"})")) == source + "there is no secret key");
    CHECK(answered(http_text(500, "")) == "error: AWS metadata of the machine: " + server.host() +
                                              " answers with HTTP status 500 for " + roles + "worker");
    list = " \n";
    CHECK(refusal_of_machine() == server.host() + " names no role of this machine");
    list = "";
    CHECK(refusal_of_machine() == server.host() + " answers with HTTP status 404 for " + roles);
    test::http_server const closed({http_text(403, "")});
    environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", closed.url());
    CHECK(refusal_of_machine() == closed.host() + " answers with HTTP status 403 for a token");
}

TEST_CASE("metadata that do not answer are an error where the environment names them, and soon")
{
    test::aws_environment environment;
    environment.set("AWS_EC2_METADATA_DISABLED", "");
    environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1");
    CHECK(
        refusal_of_machine().starts_with("error: AWS metadata of the machine: no answer from 127.0.0.1:1: Failed to"));
    test::http_server const silent({test::http_hangs});
    environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", silent.url());
    auto const begun = std::chrono::steady_clock::now();
    CHECK(refusal_of_machine().starts_with("error: AWS metadata of the machine: no answer from " + silent.host()));
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
}

TEST_CASE("a container says the credentials of its task, to those who know the token")
{
    test::aws_environment environment;
    test::http_server const server({http_text(200, keys)});
    http_session session;
    CHECK_FALSE(container_credentials(session));
    environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/v2/credentials/id");
    CHECK(container_credentials(session)->secret_key == "S");
    environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc=");
    CHECK(container_credentials(session)->session_token == "T");
    environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", environment.file("token", "of the file\n"));
    CHECK(container_credentials(session)->expires == parsed_timestamp("2026-11-28T12:00:00Z"));
    auto const requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].path == "/v2/credentials/id");
    CHECK_FALSE(requests[0].headers.contains("authorization"));
    CHECK(requests[1].headers.at("authorization") == "Basic abc=");
    CHECK(requests[2].headers.at("authorization") == "of the file");
}

TEST_CASE("credentials of a container that are named but not given are an error without the token")
{
    test::aws_environment environment;
    http_session session;
    auto const refusal = [&] {
        return message_of<rios::error>([&] { static_cast<void>(container_credentials(session)); });
    };
    test::http_server const server({http_text(503, ""),
                                    http_text(403, R"({"code": "AccessDenied", "message": "not by my-token"})"),
                                    http_text(200, "{}"), http_text(200, "hidden")});
    environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/id");
    environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "my-token");
    CHECK(refusal() == "AWS credentials of the container: AccessDenied: not by *** (after 2 attempts)");
    CHECK(refusal() == "AWS credentials of the container (" + server.host() + "): there is no access key");
    CHECK(refusal() == "AWS credentials of the container (" + server.host() + "): the answer is no JSON object");
    environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "my\ntoken");
    CHECK(refusal() == "HTTP header Authorization: its value holds a control character");
    environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", environment.path("none"));
    CHECK(refusal() == environment.path("none") + ": cannot read: No such file or directory");
    environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", environment.file("empty", "\n"));
    CHECK(refusal() == environment.path("empty") + ": there is no token in it");
    CHECK(server.requests().size() == 4);
}

TEST_CASE("credentials are asked for at addresses of this machine, and by encryption elsewhere")
{
    test::aws_environment environment;
    for (std::string const url : {"http://localhost/a", "http://127.0.0.1:80/a", "http://127.9.8.7/a", "http://[::1]/a",
                                  "http://169.254.170.2/a", "http://169.254.170.23/v1/credentials",
                                  "http://[fd00:ec2::23]/a", "https://example.com/a"}) {
        CAPTURE(url);
        environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
        CHECK(container_url() == url);
    }
    auto const refusal = [] { return message_of<rios::options_error>([] { static_cast<void>(container_url()); }); };
    std::string const allowed = "': allowed: any by https://; by http:// localhost, 127.0.0.1, [::1], 169.254.170.2, "
                                "169.254.170.23 and [fd00:ec2::23]";
    auto const check_refused = [&](std::string const& url, std::string const& host) {
        environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
        CHECK(refusal() == "AWS_CONTAINER_CREDENTIALS_FULL_URI names host '" + host + allowed);
    };
    check_refused("http://example.com/a", "example.com");
    check_refused("http://127.0.0.1.example.com/", "127.0.0.1.example.com");
    check_refused("http://127.0.0.1@example.com/", "example.com");
    check_refused("http://169.254.169.254/", "169.254.169.254");
    check_refused("ftp://127.0.0.1/", "127.0.0.1");
    check_refused("127.0.0.1/a", "127.0.0.1");
    check_refused("/a", "");
    environment.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/id"); // comes first
    CHECK(container_url() == "http://169.254.170.2/v2/id");
    environment.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/");
    CHECK(refusal() == "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI='@example.com/': it must begin with '/'");
}
