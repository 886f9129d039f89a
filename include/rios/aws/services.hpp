// SPDX-License-Identifier: BSL-1.0
//
// The services of AWS that rios calls: how they are called, and where they are.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "../environment.hpp"
#include "../error.hpp"

namespace rios::aws::detail {

enum class protocol { json, rest, query };

struct service {
    char const* name;     ///< in the host's name, and in signatures
    char const* variable; ///< AWS_ENDPOINT_URL_...
    protocol how;
    char const* version; ///< prefix of X-Amz-Target, or date of the Query API
};

/// @throws options_error naming the services that there are
[[nodiscard]] inline service const& service_named(std::string_view name, protocol how)
{
    static constexpr std::array<service, 8> all{{
        {"batch", "AWS_ENDPOINT_URL_BATCH", protocol::rest, "v1"},
        {"cloudformation", "AWS_ENDPOINT_URL_CLOUDFORMATION", protocol::query, "2010-05-15"},
        {"ec2", "AWS_ENDPOINT_URL_EC2", protocol::query, "2016-11-15"},
        {"ecs", "AWS_ENDPOINT_URL_ECS", protocol::json, "AmazonEC2ContainerServiceV20141113"},
        {"logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", protocol::json, "Logs_20140328"},
        {"secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER", protocol::json, "secretsmanager"},
        {"ssm", "AWS_ENDPOINT_URL_SSM", protocol::json, "AmazonSSM"},
        {"sts", "AWS_ENDPOINT_URL_STS", protocol::query, "2011-06-15"},
    }};
    std::string names;
    for (auto const& each : all) {
        if (each.how != how) continue;
        if (each.name == name) return each;
        names += (names.empty() ? "" : ", ") + std::string(each.name);
    }
    throw options_error("AWS service '" + std::string(name) + "': allowed: " + names);
}

/// Where a service is asked.
/// @param given for all services; empty: what the environment says, or AWS's own
/// @param region of AWS's own; empty: its hosts for all regions
[[nodiscard]] inline std::string endpoint_of(service const& which, std::string const& given, std::string const& region)
{
    auto url = given;
    if (url.empty()) url = environment_text(which.variable).value_or("");
    if (url.empty()) url = environment_text("AWS_ENDPOINT_URL").value_or("");
    if (url.empty()) {
        url = "https://" + std::string(which.name) + (region.empty() ? "" : '.' + region) + ".amazonaws.com" +
              (region.starts_with("cn-") ? ".cn" : "");
    }
    while (url.ends_with('/')) url.pop_back();
    return url;
}

} // namespace rios::aws::detail
