// SPDX-License-Identifier: BSL-1.0
// Options of tasks in aws_world.hpp, whose image is this program.
#pragma once

#include <cstddef>

#include <rios/aws/ecs_options.hpp>

#include "aws_world.hpp"

namespace test {

[[nodiscard]] inline rios::ecs_options fargate(aws_world const& world)
{
    return {.image = this_program(),
            .execution_role = world["role"],
            .subnets = {world["subnet"]},
            .security_groups = {world["security_group"]},
            .cpu = "0.5 vCPU",
            .memory = "1GB",
            .workers = world.workers()};
}

[[nodiscard]] inline rios::ecs_options on_instances(aws_world const& world, std::size_t count)
{
    auto result = fargate(world);
    result.launch_type = "EC2";
    result.instances = {.count = count, .image = "ami-12c6146b", .type = "c5.large", .profile = "worker"};
    return result;
}

} // namespace test
