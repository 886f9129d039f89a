// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/services.hpp>

#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/aws_environment.hpp"
#include "support/message_of.hpp"

using rios::aws::detail::endpoint_of;
using rios::aws::detail::protocol;
using rios::aws::detail::service_named;

TEST_CASE("services are asked where the options, the environment or AWS have them, in this order")
{
    test::aws_environment environment;
    auto const& ecs = service_named("ecs", protocol::json);
    auto const& batch = service_named("batch", protocol::rest);
    auto const& logs = service_named("logs", protocol::json);
    auto const& sts = service_named("sts", protocol::query);
    CHECK(endpoint_of(ecs, "", "eu-west-1") == "https://ecs.eu-west-1.amazonaws.com");
    CHECK(endpoint_of(batch, "", "us-gov-west-1") == "https://batch.us-gov-west-1.amazonaws.com");
    CHECK(endpoint_of(logs, "", "cn-north-1") == "https://logs.cn-north-1.amazonaws.com.cn");
    CHECK(endpoint_of(sts, "", "") == "https://sts.amazonaws.com");
    environment.set("AWS_ENDPOINT_URL", "http://localhost:4566/");
    environment.set("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "https://logs.example.com");
    CHECK(endpoint_of(ecs, "", "eu-west-1") == "http://localhost:4566");
    CHECK(endpoint_of(logs, "", "eu-west-1") == "https://logs.example.com");
    CHECK(endpoint_of(logs, "http://127.0.0.1:5000", "eu-west-1") == "http://127.0.0.1:5000");
}

TEST_CASE("a service that is not known, or not by this protocol, is refused")
{
    CHECK(test::message_of<rios::options_error>([] { static_cast<void>(service_named("s3", protocol::json)); }) ==
          "AWS service 's3': allowed: ecs, logs, secretsmanager, ssm");
    CHECK(test::message_of<rios::options_error>([] { static_cast<void>(service_named("ecs", protocol::query)); }) ==
          "AWS service 'ecs': allowed: cloudformation, ec2, sts");
}
