// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/web_identity.hpp>

#include <string>

#include <doctest/doctest.h>

#include <rios/aws/error.hpp>
#include <rios/error.hpp>

#include "support/aws_environment.hpp"
#include "support/http_server.hpp"
#include "support/message_of.hpp"

using rios::aws::detail::http_session;
using rios::aws::detail::parsed_timestamp;
using rios::aws::detail::web_identity_credentials;
using test::http_text;
using test::message_of;

namespace {

std::string answer(std::string const& keys)
{
    return http_text(200, "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
                          "  <AssumeRoleWithWebIdentityResult>\n    <Credentials>" +
                              keys +
                              "</Credentials>\n  </AssumeRoleWithWebIdentityResult>\n"
                              "</AssumeRoleWithWebIdentityResponse>");
}

} // namespace

TEST_CASE("a token is exchanged for the credentials of a role, by a call that nobody signs")
{
    test::aws_environment environment;
    auto const file = environment.file("token", "the token/+=\n");
    environment.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/worker");
    test::http_server const server(
        {http_text(500, ""), answer("<AccessKeyId>A</AccessKeyId><SecretAccessKey>S/+=</SecretAccessKey>"
                                    "<SessionToken>T</SessionToken>"
                                    "<Expiration>2026-11-28T12:00:00Z</Expiration>")});
    http_session session;
    auto const found = web_identity_credentials(session, file, server.url(), "eu-west-1");
    CHECK(found.access_key == "A");
    CHECK(found.secret_key == "S/+=");
    CHECK(found.session_token == "T");
    CHECK(found.expires == parsed_timestamp("2026-11-28T12:00:00Z"));
    auto const requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[1].method == "POST");
    CHECK(requests[1].path == "/");
    CHECK(requests[1].body ==
          "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fworker&"
          "RoleSessionName=rios&Version=2011-06-15&WebIdentityToken=the%20token%2F%2B%3D");
    CHECK_FALSE(requests[1].headers.contains("authorization"));
    environment.set("AWS_ROLE_SESSION_NAME", "me");
    static_cast<void>(web_identity_credentials(session, file, server.url(), ""));
    CHECK(server.requests().back().body.find("&RoleSessionName=me&") != std::string::npos);
}

TEST_CASE("a token that is not accepted is an error that does not show it")
{
    test::aws_environment environment;
    auto const file = environment.file("token", "the+token\n");
    test::http_server const server(
        {http_text(400,
                   "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>the+token, the%2Btoken</Message>"
                   "</Error></ErrorResponse>"),
         answer("<AccessKeyId>A</AccessKeyId>"), http_text(200, "<Other/>"), http_text(200, "no XML")});
    http_session session;
    auto const refusal = [&](std::string const& path) {
        return message_of<rios::error>(
            [&] { static_cast<void>(web_identity_credentials(session, path, server.url(), "")); });
    };
    CHECK(refusal(file) == "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    environment.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/worker");
    CHECK(refusal(environment.path("none")) == environment.path("none") + ": cannot read: No such file or directory");
    CHECK(refusal(environment.file("empty", " \n")) == environment.path("empty") + ": there is no token in it");
    CHECK(server.requests().empty());
    CHECK(refusal(file) == "AWS sts AssumeRoleWithWebIdentity: InvalidIdentityToken: ***, ***");
    CHECK(refusal(file) == "AWS sts AssumeRoleWithWebIdentity: there is no secret key");
    CHECK(refusal(file) == "AWS sts AssumeRoleWithWebIdentity: the answer holds no credentials");
    CHECK(refusal(file) == "AWS sts AssumeRoleWithWebIdentity: the answer holds no credentials");
}
