// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/timestamp.hpp>

#include <chrono>

#include <doctest/doctest.h>

using rios::aws::detail::parsed_timestamp;

namespace {

long long seconds_of(char const* text)
{
    auto const time = parsed_timestamp(text);
    return time ? std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count() : -1;
}

} // namespace

TEST_CASE("times are read in the forms in which AWS and its tools write them")
{
    CHECK(seconds_of("2026-11-28T12:34:56Z") == 1795869296); // by date(1)
    CHECK(seconds_of("2026-11-28T12:34:56.789Z") == 1795869296);
    CHECK(seconds_of("2026-11-28T12:34:56+00:00") == 1795869296);
    CHECK(seconds_of("2026-11-28T13:04:56.1+00:30") == 1795869296);
    CHECK(seconds_of("2026-11-28T07:34:56-05:00") == 1795869296);
    CHECK(seconds_of("2028-02-29T00:00:00Z") == 1835395200);
}

TEST_CASE("what is no time is none")
{
    for (auto const* const text :
         {"", "soon", "2026-11-28", "2026-11-28T12:34:56", "2026-11-28 12:34:56Z", "2026-02-29T00:00:00Z",
          "2026-13-01T00:00:00Z", "2026-11-28T24:00:00Z", "2026-11-28T12:60:00Z", "2026-11-28T12:34:56Zulu",
          "2026-11-28T12:34:56.", "2026-11-28T12:34:56+0100", "2026-11-28T12:34:56*01:00"}) {
        CAPTURE(text);
        CHECK_FALSE(parsed_timestamp(text));
    }
}
