// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/region.hpp>

#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/aws_environment.hpp"
#include "support/message_of.hpp"

using rios::aws::detail::check_region;
using rios::aws::detail::configured_region;

TEST_CASE("the region is that of the environment, or else of the profile")
{
    test::aws_environment environment;
    CHECK_FALSE(configured_region(""));
    environment.file(".aws/config", "[default]\nregion = eu-west-1\n[profile work]\nregion = eu-west-2\n");
    CHECK(configured_region("") == "eu-west-1");
    CHECK(configured_region("work") == "eu-west-2");
    environment.set("AWS_DEFAULT_REGION", "us-east-1");
    CHECK(configured_region("work") == "us-east-1");
    environment.set("AWS_REGION", "us-east-2");
    CHECK(configured_region("work") == "us-east-2");
}

TEST_CASE("what cannot be a part of a host's name is no region")
{
    CHECK_NOTHROW(check_region("us-gov-west-1"));
    for (std::string const region : {"", "EU", "eu west", "eu-west-1.evil.example/", "-eu", "eu-", "eu:1", "eü"}) {
        CHECK(test::message_of<rios::options_error>([&] { check_region(region); }) ==
              "AWS region '" + region + "': allowed: names such as us-east-1");
    }
}
