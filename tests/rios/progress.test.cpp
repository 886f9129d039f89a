// SPDX-License-Identifier: BSL-1.0
#include <rios/progress.hpp>

#include <string>
#include <string_view>

#include <doctest/doctest.h>

TEST_CASE("a report without a progress function does nothing")
{
    CHECK_NOTHROW(rios::report({}, "phase", 0.5));
}

TEST_CASE("a report hands on the phase and the part that is done")
{
    std::string phase;
    double done = -1;
    rios::progress_function const progress = [&](std::string_view name, double part) {
        phase = name;
        done = part;
        return true;
    };
    CHECK_NOTHROW(rios::report(progress, "k-means", 0.25));
    CHECK(phase == "k-means");
    CHECK(done == 0.25);
}

TEST_CASE("a progress function that returns false cancels")
{
    int calls = 0;
    rios::progress_function const progress = [&](std::string_view, double) { return ++calls < 3; };
    CHECK_NOTHROW(rios::report(progress, "phase", 0));
    CHECK_NOTHROW(rios::report(progress, "phase", 0.5));
    CHECK_THROWS_AS(rios::report(progress, "phase", 1), rios::cancelled);
    CHECK(calls == 3);
}
