// SPDX-License-Identifier: BSL-1.0
// Options of jobs in aws_world.hpp.
#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <rios/aws/batch_launcher.hpp>

#include "aws_world.hpp"

namespace test {

/// Jobs of a definition that is made here.
/// @param image a program, or an image of podman
inline rios::aws_batch_options jobs_of(aws_world const& world, std::string const& image = this_program(),
                                       nlohmann::json secrets = nlohmann::json::array())
{
    nlohmann::json const container{
        {"image", image},
        {"resourceRequirements", {{{"type", "VCPU"}, {"value", "1"}}, {{"type", "MEMORY"}, {"value", "2048"}}}},
        {"secrets", std::move(secrets)}};
    rios::aws::client(world.client())
        .batch("registerjobdefinition",
               {{"jobDefinitionName", "worker"}, {"type", "container"}, {"containerProperties", container}});
    return {.queue = world["queue"], .job_definition = "worker", .workers = world.workers()};
}

} // namespace test
