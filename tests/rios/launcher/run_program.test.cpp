// SPDX-License-Identifier: BSL-1.0
#include <rios/launcher/run_program.hpp>

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/environment.hpp"
#include "support/message_of.hpp"

using namespace std::chrono_literals;
using rios::detail::run_program;

TEST_CASE("a program gets its input, and all that it writes and how it ends comes back")
{
    auto const result = run_program({"sh", "-c", "cat; echo out; echo err >&2; exit 5"}, "in\n");
    CHECK(result.status == 5);
    CHECK(result.output == "in\nout\n");
    CHECK(result.errors == "err\n");
    CHECK(run_program({"sh", "-c", "kill -9 $$"}).status == 137);
    CHECK(run_program({"cat"}).output.empty());
    auto const large = run_program({"head", "-c", "3000000", "/dev/zero"});
    CHECK(large.output.size() == 3'000'000);
}

TEST_CASE("what a program complains about is one line, wherever it says so")
{
    auto const complaint = [](char const* script) { return run_program({"sh", "-c", script}).complaint(); };
    CHECK(complaint("printf 'a\\nb\\n' >&2; echo c") == "a b");
    CHECK(complaint("echo only here") == "only here");
    CHECK(complaint("exit 3") == "it says nothing, and exits with status 3");
}

TEST_CASE("a program has this process's environment with variables added, but no filters of squeue")
{
    test::environment_variable const filter("SQUEUE_USERS", "nobody");
    test::environment_variable const other("RIOS_TEST_OTHER", "1");
    auto const result =
        run_program({"sh", "-c", "echo \"$SQUEUE_USERS/$RIOS_TEST_OTHER/$ADDED\""}, {}, {{"ADDED", "2"}});
    CHECK(result.output == "/1/2\n");
}

TEST_CASE("a program that is not there, or does not end, is named")
{
    CHECK(test::message_of<rios::remote_error>([] { static_cast<void>(run_program({"no-such-program"})); }) ==
          "there is no command 'no-such-program' on the PATH");
    auto const begun = std::chrono::steady_clock::now();
    CHECK(test::message_of<rios::remote_error>([] {
              static_cast<void>(run_program({"sh", "-c", "sleep 60 & sleep 60"}, {}, {}, 0.2s));
          }) == "command 'sh' has not ended within 0.2 seconds");
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
}
