// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/error.hpp>

#include <string>

#include <doctest/doctest.h>

using rios::aws::detail::http_answer;
using rios::aws::detail::refusal_in;

namespace {

std::string said_by(http_answer const& answer)
{
    auto const [code, message] = refusal_in(answer);
    return code + "|" + message;
}

} // namespace

TEST_CASE("code and message are found in the answers of all protocols")
{
    CHECK(said_by({.body = R"({"__type": "ClusterNotFoundException", "message": "Cluster not found."})"}) ==
          "ClusterNotFoundException|Cluster not found.");
    CHECK(said_by({.body = R"({"__type": "com.amazonaws.ecs#ServerException", "Message": "m"})"}) ==
          "ServerException|m");
    CHECK(said_by({.headers = {{"x-amzn-errortype", "ClientException:http://internal.amazon.com/coral/"}},
                   .body = R"({"message": "no such queue"})"}) == "ClientException|no such queue");
    CHECK(said_by({.headers = {{"x-amzn-errortype", "AccessDeniedException"}}}) == "AccessDeniedException|");
    CHECK(said_by({.body = R"({"code": "NoRole", "message": "m"})"}) == "NoRole|m");
    CHECK(said_by({.body = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
                           "<Message>a &amp; b</Message></Error></ErrorResponse>"}) == "ExpiredToken|a & b");
    CHECK(
        said_by({.body = "<?xml version=\"1.0\"?><Response><Errors><Error><Code>AuthFailure</Code><Message>m</Message>"
                         "</Error><Error><Code>Second</Code></Error></Errors></Response>"}) == "AuthFailure|m");
}

TEST_CASE("an answer that says nothing of the reason has none")
{
    for (auto const* const body : {"", "no text of AWS", "[1]", "{", "{}", "<html><p>Bad Gateway</p></html>",
                                   "<a><b></a>", R"({"__type": 1, "message": null})"}) {
        CAPTURE(body);
        CHECK(said_by({.status = 502, .body = body}) == "|");
    }
}
