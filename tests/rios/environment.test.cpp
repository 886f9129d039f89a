// SPDX-License-Identifier: BSL-1.0
#include <rios/environment.hpp>

#include <string>

#include <doctest/doctest.h>

#include "support/environment.hpp"
#include "support/message_of.hpp"

using test::environment_variable;

TEST_CASE("a variable that is not set, or empty, has no text, and a number has its default")
{
    CHECK_FALSE(rios::environment_text("RIOS_TEST_VARIABLE"));
    CHECK(rios::environment_number("RIOS_TEST_VARIABLE", 7, 0, 9) == 7);
    environment_variable const empty("RIOS_TEST_VARIABLE", "");
    CHECK_FALSE(rios::environment_text("RIOS_TEST_VARIABLE"));
    CHECK(rios::environment_number("RIOS_TEST_VARIABLE", 7, 0, 9) == 7);
}

TEST_CASE("a variable is looked up at every call")
{
    for (char const* const text : {"1", "20"}) {
        environment_variable const set("RIOS_TEST_VARIABLE", text);
        CHECK(rios::environment_text("RIOS_TEST_VARIABLE") == text);
        CHECK(std::to_string(rios::environment_number("RIOS_TEST_VARIABLE", 7, 1, 20)) == text);
    }
    CHECK_FALSE(rios::environment_text("RIOS_TEST_VARIABLE"));
}

TEST_CASE("a variable that holds no number, or one that is out of range, is refused by name")
{
    for (char const* const text : {"0", "21", "-5", "ten", "10 ", " 10", "10.0", "99999999999999999999"}) {
        CAPTURE(text);
        environment_variable const set("RIOS_TEST_VARIABLE", text);
        CHECK(test::message_of<rios::options_error>([] {
                  static_cast<void>(rios::environment_number("RIOS_TEST_VARIABLE", 7, 1, 20));
              }) == "environment variable RIOS_TEST_VARIABLE='" + std::string(text) +
                        "': allowed: whole numbers from 1 to 20");
    }
}
