// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/credential_chain.hpp>

#include <chrono>
#include <ctime>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/aws_environment.hpp"
#include "support/http_server.hpp"
#include "support/message_of.hpp"

using namespace std::chrono_literals;
using rios::aws::credentials;
using rios::aws::detail::credential_chain;
using rios::aws::detail::credential_options;
using rios::aws::detail::http_session;
using test::http_text;
using test::message_of;

namespace {

/// The access key that is found.
std::string key(credential_options options = {})
{
    http_session session;
    return credential_chain(std::move(options)).get(session).access_key;
}

std::string refusal(credential_options options = {})
{
    return message_of<rios::error>([&] { static_cast<void>(key(std::move(options))); });
}

std::string in(std::chrono::seconds time)
{
    auto const then = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + time);
    std::tm parts{};
    ::gmtime_r(&then, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::string keys(std::string const& name, std::chrono::seconds lasting = std::chrono::hours(1))
{
    return R"({"AccessKeyId": ")" + name + R"(", "SecretAccessKey": "S", "Token": "T", "Expiration": ")" + in(lasting) +
           "\"}";
}

} // namespace

TEST_CASE(
    "credentials are those that are given, of the environment, an identity, a profile, the container, the machine")
{
    test::aws_environment environment;
    test::http_server const server([](test::http_received const& request) {
        if (request.path == "/container") return http_text(200, keys("of the container"), "");
        if (request.path == "/") {
            return http_text(200,
                             "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                             "<AccessKeyId>identity</AccessKeyId><SecretAccessKey>S</SecretAccessKey></Credentials>"
                             "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
        }
        return http_text(200, request.path.ends_with("/role") ? keys("machine") : "role");
    });
    environment.set("AWS_EC2_METADATA_DISABLED", "");
    environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    CHECK(key() == "machine");
    environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/container");
    CHECK(refusal() == "AWS credentials of the container (" + server.host() +
                           "): the access key holds a space, or what is no printable ASCII");
    environment.file(".aws/credentials", "[default]\naws_access_key_id = profile\naws_secret_access_key = S\n"
                                         "[work]\naws_access_key_id = work\naws_secret_access_key = S\n");
    CHECK(key() == "profile");
    environment.set("AWS_PROFILE", "work");
    CHECK(key() == "work");
    environment.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/worker");
    environment.set("AWS_WEB_IDENTITY_TOKEN_FILE", environment.file("token", "token"));
    CHECK(key({.endpoint = server.url()}) == "identity");
    environment.set("AWS_ACCESS_KEY_ID", "environment");
    environment.set("AWS_SECRET_ACCESS_KEY", "S");
    CHECK(key() == "environment");
    CHECK(key({.profile = "default"}) == "profile"); // asked for by name: before the environment
    CHECK(key({.given = credentials{.access_key = "given", .secret_key = "S", .session_token = ""},
               .profile = "work"}) == "given");
}

TEST_CASE("credentials of the environment may be those of a role, and half of them is an error")
{
    test::aws_environment environment;
    environment.set("AWS_ACCESS_KEY_ID", "A");
    CHECK(refusal() == "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
    environment.set("AWS_SECRET_ACCESS_KEY", "S");
    environment.set("AWS_SESSION_TOKEN", "T");
    http_session session;
    credential_chain chain({});
    CHECK(chain.get(session).secret_key == "S");
    CHECK(chain.get(session).session_token == "T");
    environment.set("AWS_ACCESS_KEY_ID", "");
    CHECK(refusal() == "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
    environment.set("AWS_ACCESS_KEY_ID", "A\r");
    CHECK(refusal() == "environment variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: "
                       "the access key holds a space, or what is no printable ASCII");
    CHECK(refusal({.given = credentials{}}) == "the AWS credentials of the options: there is no access key");
}

TEST_CASE("where there are no credentials, the error says where they were looked for")
{
    test::aws_environment environment;
    std::string const end =
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; AWS_EC2_METADATA_DISABLED is set";
    CHECK(refusal() ==
          "there are no AWS credentials: AWS_ACCESS_KEY_ID is not set; AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
          "profile 'default' has none; " +
              end);
    environment.file(".aws/config", "[profile work]\nregion = eu-west-1\n");
    environment.set("AWS_ACCESS_KEY_ID", "A");
    CHECK(refusal({.profile = "work"}) == "there are no AWS credentials: profile 'work' has none; " + end);
    CHECK(refusal({.profile = "play"}) == "there is no AWS profile 'play' in " + environment.path(".aws/config"));
}

TEST_CASE("what is set and broken is an error, and what comes after it is not looked at")
{
    test::aws_environment environment;
    environment.file(".aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = S\n");
    environment.set("AWS_WEB_IDENTITY_TOKEN_FILE", environment.path("none"));
    environment.set("AWS_ROLE_ARN", "arn");
    CHECK(refusal() == environment.path("none") + ": cannot read: No such file or directory");
    environment.set("AWS_REGION", "eu west");
    CHECK(refusal() == "AWS region 'eu west': allowed: names such as us-east-1");
    environment.set("AWS_WEB_IDENTITY_TOKEN_FILE", "");
    environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com");
    CHECK(key() == "A");
    environment.file(".aws/credentials", "[default]\ncredential_process = exit 4\n");
    CHECK(refusal() == "AWS profile 'default' in " + environment.path(".aws/credentials") +
                           ": credential_process: it says nothing, and exits with status 4");
}

TEST_CASE("credentials are looked for once, and again before they expire")
{
    test::aws_environment environment;
    test::http_server const server(
        {http_text(200, keys("first", 3s)), http_text(200, keys("second", 1h)), http_text(200, keys("third", 1h))});
    environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url());
    http_session session;
    credential_chain chain({});
    CHECK(chain.get(session).access_key == "first");
    CHECK(chain.get(session).access_key == "first");
    CHECK(server.requests().size() == 1);
    auto const expires = *chain.get(session).expires;
    while (chain.get(session).access_key == "first") std::this_thread::sleep_for(10ms);
    CHECK(std::chrono::system_clock::now() < expires);
    CHECK(chain.get(session).access_key == "second");
    CHECK(server.requests().size() == 2);
}

TEST_CASE("credentials that last for a minute are not asked for at each call")
{
    test::aws_environment environment;
    test::http_server const server({http_text(200, keys("first", 60s)), http_text(200, keys("second", 60s))});
    environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url());
    http_session session;
    credential_chain chain({});
    for (int i = 0; i < 3; ++i) CHECK(chain.get(session).access_key == "first");
    CHECK(server.requests().size() == 1);
}

TEST_CASE("credentials that cannot be renewed are good until they expire, and the failure is an error then")
{
    test::aws_environment environment;
    test::http_server const server({http_text(200, keys("first", 3s)), http_text(403, "")});
    environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url());
    http_session session;
    credential_chain chain({});
    auto const expires = *chain.get(session).expires;
    while (server.requests().size() < 2 && std::chrono::system_clock::now() < expires) {
        CHECK(chain.get(session).access_key == "first");
        std::this_thread::sleep_for(10ms);
    }
    CHECK(server.requests().size() == 2); // before they had expired, and not at each call
    std::this_thread::sleep_until(expires);
    CHECK(message_of<rios::remote_error>([&] { static_cast<void>(chain.get(session)); }) ==
          "AWS credentials of the container: HTTP status 403");
}

TEST_CASE("credentials that AWS refuses are looked for again, and may be others then")
{
    test::aws_environment environment;
    auto const write = [&](std::string const& name) {
        environment.file(".aws/credentials",
                         "[default]\naws_access_key_id = " + name + "\naws_secret_access_key = S\n");
    };
    write("first");
    http_session session;
    credential_chain chain({});
    CHECK(chain.get(session).access_key == "first");
    CHECK_FALSE(chain.renew(session));
    write("second");
    CHECK(chain.get(session).access_key == "first");
    CHECK(chain.renew(session));
    CHECK(chain.get(session).access_key == "second");
}
