// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/secrets.hpp>

#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using rios::aws::detail::secret_texts;

TEST_CASE("secrets are hidden wherever they stand in a text, and those within others too")
{
    secret_texts secrets;
    secrets.add("pass");
    secrets.add("password");
    secrets.add({.access_key = "AKID", .secret_key = "secret/key", .session_token = "token+"});
    CHECK(secrets.hidden_in("password, pass and passpass of AKID: secret/keytoken+") ==
          "***, *** and ****** of AKID: ******");
    CHECK(secrets.hidden_in("nothing") == "nothing");
}

TEST_CASE("a text that is too short for a secret hides nothing, and an empty one neither")
{
    secret_texts secrets;
    secrets.add("");
    secrets.add("abc");
    secrets.add({.access_key = "AKID", .secret_key = "", .session_token = ""});
    CHECK(secrets.hidden_in("abcd AKID") == "abcd AKID");
}

TEST_CASE("the values of variables and parameters are secrets, as texts and as JSON has them")
{
    secret_texts secrets;
    secrets.add_values_in(nlohmann::json::parse(R"({
        "name": "plain", "count": 1, "SecretString": "string", "tags": ["value"],
        "overrides": {"containerOverrides": [{"environment": [{"name": "KEY", "value": "quo\"ted"}]}]},
        "parameters": [{"Name": "/a", "Value": "parameter"}]})"));
    CHECK(secrets.hidden_in(R"(plain string value KEY quo"ted quo\"ted /a parameter)") ==
          "plain *** value KEY *** *** /a ***");
    secrets.add_values_in(nullptr);
    secrets.add_values_in("text");
    CHECK(secrets.hidden_in("text") == "text");
}

TEST_CASE("what is shown is one line, and not a long one")
{
    secret_texts const secrets;
    CHECK(secrets.hidden_in("a\nb\tc\r\n") == "a b c  ");
    CHECK(secrets.hidden_in(std::string(1000, 'a')) == std::string(1000, 'a'));
    CHECK(secrets.hidden_in(std::string(1001, 'a')) == std::string(1000, 'a') + "...");
    CHECK(secrets.hidden_in(std::string(999, 'a') + "äb") == std::string(999, 'a') + "...");
}
