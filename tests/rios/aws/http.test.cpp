// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/http.hpp>

#include <chrono>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/launcher/run_program.hpp>

#include "support/aws_environment.hpp"
#include "support/http_server.hpp"
#include "support/message_of.hpp"
#include "support/python_server.hpp"

using namespace std::chrono_literals;
using rios::aws::detail::host_of;
using rios::aws::detail::http_failure;
using rios::aws::detail::http_request;
using rios::aws::detail::http_session;
using test::http_text;

namespace {

/// The failure of a request, and whether another attempt may succeed.
std::pair<std::string, bool> failure_of(http_session& session, http_request const& request)
{
    try {
        static_cast<void>(session.send(request));
    } catch (http_failure const& failure) {
        return {failure.what(), failure.is_transient()};
    }
    return {"(nothing was thrown)", false};
}

} // namespace

TEST_CASE("a request has its method, headers and body, and an answer its status, headers and body")
{
    test::aws_environment const environment;
    test::http_server server({http_text(200, "one", "X-First:  a b \r\nx-empty:\r\n"), http_text(404, ""),
                              "HTTP/1.1 100 Continue\r\nX-Old: 1\r\n\r\n" + http_text(200, "two")});
    http_session session;
    auto const first = session.send({.url = server.url() + "/a%20b?c=d", .headers = {{"X-Own", "ä; 1"}}});
    CHECK(first.status == 200);
    CHECK(first.is_good());
    CHECK(first.body == "one");
    CHECK(first.headers.at("x-first") == "a b");
    CHECK(first.headers.at("x-empty").empty());
    auto const second = session.send({.method = "PUT", .url = server.url(), .body = std::string("b\0c", 3)});
    CHECK(second.status == 404);
    CHECK_FALSE(second.is_good());
    CHECK(second.body.empty());
    std::string const large(3'000'000, 'l'); // libcurl asks first whether it may send that
    auto const third = session.send({.method = "POST", .url = server.url(), .body = large});
    CHECK(third.body == "two");
    CHECK_FALSE(third.headers.contains("x-old"));

    auto const requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].method == "GET");
    CHECK(requests[0].path == "/a%20b?c=d");
    CHECK(requests[0].headers.at("x-own") == "ä; 1");
    CHECK(requests[0].headers.at("user-agent").starts_with("rios/"));
    CHECK_FALSE(requests[0].headers.contains("authorization"));
    CHECK(requests[1].method == "PUT");
    CHECK(requests[1].body == std::string("b\0c", 3));
    CHECK_FALSE(requests[1].headers.contains("expect"));
    CHECK_FALSE(requests[1].headers.contains("x-own"));
    CHECK(requests[2].body == large);
}

TEST_CASE("a redirection is an answer, and is not followed")
{
    test::aws_environment const environment;
    test::http_server server({http_text(302, "", "Location: /elsewhere\r\n")});
    http_session session;
    CHECK(session.send({.url = server.url()}).status == 302);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a host that is not reached, or does not answer, is named, and may be asked again")
{
    test::aws_environment const environment;
    http_session session;
    auto const [refused, refused_again] = failure_of(session, {.url = "http://127.0.0.1:1/secret"});
    CHECK(refused.starts_with("no answer from 127.0.0.1:1: Failed to connect to 127.0.0.1 port 1 "));
    CHECK(refused_again);
    auto const [unknown, unknown_again] = failure_of(session, {.url = "nowhere.invalid/secret"}); // by https
    CHECK(unknown == "no answer from nowhere.invalid: Could not resolve host: nowhere.invalid");
    CHECK(unknown_again);

    test::http_server server({"", test::http_hangs, "HTTP/1.1 200 text\r\nContent-Length: 9\r\n\r\nshort"});
    auto const [closed, closed_again] = failure_of(session, {.url = server.url()});
    CHECK(closed == "no answer from " + server.host() + ": Empty reply from server");
    CHECK(closed_again);
    auto const begun = std::chrono::steady_clock::now();
    auto const [silent, silent_again] = failure_of(session, {.url = server.url(), .limit = 0.2s});
    CHECK(silent.starts_with("no answer from " + server.host() + ": Operation timed out after 2"));
    CHECK(silent_again);
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    auto const [partial, partial_again] = failure_of(session, {.url = server.url()});
    CHECK(partial == "no whole answer from " + server.host() + ": transfer closed with 4 bytes remaining to read");
    CHECK_FALSE(partial_again);
}

TEST_CASE("an answer that does not end is ended")
{
    test::aws_environment const environment;
    test::http_server server({test::http_endless});
    http_session session;
    auto const [text, again] = failure_of(session, {.url = server.url(), .most_bytes = 1'000'000});
    CHECK(text == server.host() + " answers with more than 1000000 bytes");
    CHECK_FALSE(again);
    CHECK(failure_of(session, {.url = server.url()}).first == server.host() + " answers with more than 67108864 bytes");
    test::http_server const talkative({http_text(200, "", std::string(2000, 'h') + ": 1\r\n")});
    CHECK(failure_of(session, {.url = talkative.url(), .most_bytes = 1000}).first ==
          talkative.host() + " answers with more than 1000 bytes");
}

TEST_CASE("only HTTP is spoken, and no header can hold another one")
{
    test::aws_environment const environment;
    http_session session;
    CHECK(failure_of(session, {.url = "file:///etc/passwd"}).first ==
          "no answer from a host that the URL does not name: Protocol \"file\" not supported or disabled in libcurl");
    CHECK(failure_of(session, {.url = ""}).first ==
          "no answer from a host that the URL does not name: URL using bad/illegal format or missing URL");
    CHECK(test::message_of<rios::options_error>([&] {
              static_cast<void>(session.send({.url = "http://127.0.0.1:1", .headers = {{"X-Own", "a\r\nX-Other: b"}}}));
          }) == "HTTP header X-Own: its value holds a control character");
}

TEST_CASE("a certificate is checked, against the authorities that the environment names")
{
    if (test::lacks_python_module("ssl")) return;
    test::aws_environment environment;
    auto const key = environment.path("key.pem");
    auto const certificate = environment.path("certificate.pem");
    auto const made = rios::detail::run_program({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                                                 key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
                                                 "-addext", "subjectAltName=IP:127.0.0.1"});
    REQUIRE(made.status == 0);
    test::python_server const server("https_server.py", {certificate, key});
    http_session session;
    auto const [text, again] = failure_of(session, {.url = "https://" + server.host()});
    CHECK(text.starts_with("no answer from " + server.host() + ": SSL certificate problem: self"));
    CHECK_FALSE(again);
    environment.set("AWS_CA_BUNDLE", certificate);
    CHECK(session.send({.url = server.host()}).body == "encrypted");
    CHECK(failure_of(session, {.url = "https://localhost" + server.host().substr(9)})
              .first.find("no alternative certificate subject name matches target host name 'localhost'") !=
          std::string::npos);
    environment.set("AWS_CA_BUNDLE", environment.path("none.pem"));
    CHECK(failure_of(session, {.url = "https://" + server.host()}).first.find("none.pem") != std::string::npos);
}

TEST_CASE("of a URL, messages show host and port alone")
{
    CHECK(host_of("https://user:secret@example.com:8443/path?key=secret#part") == "example.com:8443");
    CHECK(host_of("https://example.com/path") == "example.com");
    CHECK(host_of("example.com") == "example.com");
    CHECK(host_of("http://[::1]:80/") == "[::1]:80");
    CHECK(host_of("http://") == "a host that the URL does not name");
}
