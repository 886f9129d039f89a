// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/profile_credentials.hpp>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/aws_environment.hpp"
#include "support/message_of.hpp"

using rios::aws::detail::find_profile;
using rios::aws::detail::parsed_timestamp;
using rios::aws::detail::profile_credentials;
using test::message_of;

namespace {

rios::aws::credentials keys(std::string const& name = {})
{
    auto const found = profile_credentials(find_profile(name));
    REQUIRE(found);
    return *found;
}

template <typename E>
std::string refusal(std::string const& name = {})
{
    return message_of<E>([&] { static_cast<void>(profile_credentials(find_profile(name))); });
}

/// A command that prints what a file holds.
std::string printing(test::aws_environment const& environment, std::string const& json)
{
    static int number = 0;
    return "cat '" + environment.file("answer" + std::to_string(++number), json) + "'";
}

} // namespace

TEST_CASE("keys of the file for credentials come before those of the other, and these before a program")
{
    test::aws_environment const environment;
    environment.file(".aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = S\n"
                                         "aws_session_token = T\n[two]\ncredential_process = exit 1\n");
    environment.file(".aws/config", "[default]\naws_access_key_id = B\naws_secret_access_key = Q\n"
                                    "[profile two]\naws_access_key_id = C\naws_secret_access_key = R\n");
    CHECK(keys().access_key == "A");
    CHECK(keys().secret_key == "S");
    CHECK(keys().session_token == "T");
    CHECK_FALSE(keys().expires);
    CHECK(keys("two").access_key == "C");
    CHECK(keys("two").session_token.empty());
}

TEST_CASE("half of a pair of keys is an error, and the other half of another file does not make it whole")
{
    test::aws_environment const environment;
    auto const credentials = environment.file(
        ".aws/credentials", "[default]\naws_access_key_id = A\n[two]\naws_secret_access_key = secret\n");
    environment.file(".aws/config", "[default]\naws_secret_access_key = S\n");
    CHECK(refusal<rios::options_error>() ==
          "AWS profile 'default' in " + credentials + ": aws_access_key_id is set, but aws_secret_access_key is not");
    CHECK(refusal<rios::options_error>("two") ==
          "AWS profile 'two' in " + credentials + ": aws_secret_access_key is set, but aws_access_key_id is not");
    environment.file(".aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = sec ret\n");
    CHECK(refusal<rios::options_error>() ==
          "AWS profile 'default' in " + credentials + ": the secret key holds a space, or what is no printable ASCII");
}

TEST_CASE("a program says the credentials, for a time or for ever")
{
    test::aws_environment const environment;
    environment.file(".aws/config",
                     "[default]\ncredential_process = " +
                         printing(environment, R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S",
                             "SessionToken": "T", "Expiration": "2026-11-28T12:00:00+00:00", "AccountId": 7})") +
                         "\n[profile two]\ncredential_process = " +
                         printing(environment, R"({"Version": 1, "AccessKeyId": "B", "SecretAccessKey": "Q"})") + "\n");
    CHECK(keys().access_key == "A");
    CHECK(keys().secret_key == "S");
    CHECK(keys().session_token == "T");
    CHECK(keys().expires == parsed_timestamp("2026-11-28T12:00:00Z"));
    CHECK(keys("two").access_key == "B");
    CHECK(keys("two").session_token.empty());
    CHECK_FALSE(keys("two").expires);
}

TEST_CASE("a program that fails, or says something else, is an error that shows nothing of what may be secret")
{
    test::aws_environment const environment;
    auto const refused = [&](std::string const& command) {
        auto const file = environment.file(".aws/config", "[default]\ncredential_process = " + command + "\n");
        auto const text = refusal<rios::error>();
        std::string const begin = "AWS profile 'default' in " + file + ": credential_process: ";
        CHECK(text.starts_with(begin));
        CHECK(text.find("hidden") == std::string::npos);
        return text.substr(std::min(begin.size(), text.size()));
    };
    auto const answered = [&](std::string const& json) { return refused(printing(environment, json)); };
    CHECK(refused("echo hidden; printf 'log in\\nagain\\n' >&2; exit 3") == "log in again");
    CHECK(refused("echo hidden; exit 3") == "it says nothing, and exits with status 3");
    CHECK(refused("echo hidden") == "the answer is no JSON object");
    CHECK(answered(R"({"AccessKeyId": "A", "SecretAccessKey": "hidden"})") == "the answer is not of \"Version\": 1");
    CHECK(answered(R"({"Version": "1", "AccessKeyId": "A", "SecretAccessKey": "hidden"})") ==
          "the answer is not of \"Version\": 1");
    CHECK(answered(R"({"Version": 1, "AccessKeyId": null, "SecretAccessKey": "hidden"})") == "there is no access key");
    CHECK(answered(R"({"Version": 1, "AccessKeyId": "A"})") == "there is no secret key");
    CHECK(answered(R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": ["hidden"]})") ==
          "\"SecretAccessKey\" is no text");
    CHECK(answered(R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "hidden", "SessionToken": "a\nhidden"})") ==
          "the session token holds a space, or what is no printable ASCII");
    CHECK(answered(R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "hidden", "Expiration": "tomorrow"})") ==
          "\"Expiration\" is no time such as 2026-01-31T12:00:00Z");
}

TEST_CASE("a profile that is meant for another way to log in is an error that names a way out")
{
    test::aws_environment const environment;
    auto const file = environment.file(
        ".aws/config", "[default]\nregion = eu-west-1\n[profile role]\nrole_arn = arn:aws:iam::1:role/r\n"
                       "source_profile = default\n[profile sso]\nsso_session = s\n");
    CHECK_FALSE(profile_credentials(find_profile("")));
    std::string const allowed = " is not supported; allowed: aws_access_key_id with aws_secret_access_key, or "
                                "credential_process, such as \"aws configure export-credentials --format process\"";
    CHECK(refusal<rios::options_error>("role") == "AWS profile 'role' in " + file + ": role_arn" + allowed);
    CHECK(refusal<rios::options_error>("sso") == "AWS profile 'sso' in " + file + ": sso_session" + allowed);
}
