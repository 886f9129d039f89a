// SPDX-License-Identifier: BSL-1.0
//
// What the tasks of ecs_launcher are, and where they run.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "../error.hpp"
#include "fargate_sizes.hpp"
#include "worker_options.hpp"

namespace rios {

/// A file system of EFS in the tasks.
struct efs_volume {
    std::string file_system{}; ///< "fs-0123456789abcdef0"
    std::string path{};        ///< in the task, absolute
    std::string directory{};   ///< of the file system that is seen there; empty: all of it
    std::string access_point{};
    bool read_only = false;
};

/// Machines of EC2 that are started for a run, and terminated with it. RIOS: makeExtraParams_PrivateCluster
struct ec2_instances {
    std::size_t count = 0; ///< 0: none. RIOS: numInstances
    std::string image{};   ///< an AMI that is made for ECS. RIOS: ami
    std::string type{};    ///< "c6i.xlarge". RIOS: instanceType
    std::string profile{}; ///< ARN or name of their instance profile. RIOS: instanceProfileArn
    /// Seconds until the first of them must have joined the cluster, up to a day; none is waited for after that.
    std::chrono::duration<double> patience{300};
};

/// Options of ecs_launcher. RIOS: makeExtraParams_Fargate; pyshepseg: FargateConfig
struct ecs_options {
    std::string image{};     ///< of the worker's container. RIOS: containerImage
    std::string task_role{}; ///< ARN of the role that the worker has: to read from S3, for one. RIOS: taskRoleArn
    std::string
        execution_role{}; ///< ARN of the role that starts it: pulls the image, writes the log. RIOS: executionRoleArn
    std::vector<std::string> subnets{};         ///< RIOS: subnet, subnets
    std::vector<std::string> security_groups{}; ///< RIOS: securityGroups
    bool public_address = false;                ///< do tasks of Fargate get one? Needed in subnets without a NAT
    std::string cpu = "1 vCPU";                 ///< or "1024". RIOS: cpu
    std::string memory = "4GB";                 ///< or "4096". RIOS: memory
    std::string architecture{}; ///< "X86_64" or "ARM64"; empty: AWS's default, X86_64. RIOS: cpuArchitecture
    std::string log_group{};    ///< of CloudWatch Logs, for the workers' output. RIOS: cloudwatchLogGroup
    std::vector<efs_volume> volumes{};
    std::string launch_type = "FARGATE"; ///< or "EC2": instances of the cluster
    std::string cluster{};               ///< that there is; empty: one is made
    std::string task_definition{}; ///< that there is, with the image and all above, "family:7"; empty: one is made
    std::string container{};       ///< name of the worker's container in it; empty: its first one
    ec2_instances instances{};
    aws_worker_options workers{};
};

namespace aws {

namespace detail {

/// Options that say what a definition says already. @throws options_error
inline void check_given_definition(ecs_options const& options)
{
    auto const refuse_beside = [](char const* name, bool is_given) {
        if (is_given)
            throw options_error(std::string(name) + " has no effect beside task_definition: it is said there");
    };
    refuse_beside("image", !options.image.empty());
    refuse_beside("task_role", !options.task_role.empty());
    refuse_beside("execution_role", !options.execution_role.empty());
    refuse_beside("architecture", !options.architecture.empty());
    refuse_beside("log_group", !options.log_group.empty());
    refuse_beside("volumes", !options.volumes.empty());
    if (options.workers.secret.empty()) return;
    auto const secret = secret_name::from_text(options.workers.secret);
    if (secret.is_parameter && !secret.is_prefix()) return;
    throw options_error("secret '" + options.workers.secret +
                        "' beside task_definition: allowed is ssm:NAME, the parameter that the definition takes " +
                        remote::address_variable + " from");
}

} // namespace detail

/// @throws options_error naming the option, its value and what is allowed
inline void check(ecs_options const& options)
{
    check(options.workers);
    auto const one_of = [](char const* name, std::string const& value, std::string_view a, std::string_view b) {
        if (value == a || value == b) return;
        throw options_error(std::string(name) + " '" + value + "': allowed are " + std::string(a) + " and " +
                            std::string(b));
    };
    auto const need = [](char const* name, bool is_given, std::string const& where) {
        if (!is_given) throw options_error(std::string(name) + ": none is given, and " + where + " needs it");
    };
    one_of("launch_type", options.launch_type, "FARGATE", "EC2");
    if (!options.architecture.empty()) one_of("architecture", options.architecture, "X86_64", "ARM64");
    bool const is_fargate = options.launch_type == "FARGATE";
    if (!options.task_definition.empty()) {
        detail::check_given_definition(options);
    } else {
        need("image", !options.image.empty(), "a task");
        auto const size = size_of_task(options.cpu, options.memory);
        if (is_fargate) require_fargate_size(size);
        bool const has_help = !options.workers.secret.empty() || !options.log_group.empty();
        if (is_fargate || has_help)
            need("execution_role", !options.execution_role.empty(), is_fargate ? "Fargate" : "a log_group or secret");
    }
    if (is_fargate) need("subnets", !options.subnets.empty(), "Fargate");
    for (auto const& each : options.volumes) {
        if (each.file_system.empty() || !each.path.starts_with('/')) {
            throw options_error("volume '" + each.file_system + "' at '" + each.path +
                                "': allowed are the name of a file system and an absolute path");
        }
        if (!each.access_point.empty() && !each.directory.empty()) {
            throw options_error("volume '" + each.file_system +
                                "': allowed are an access_point or a directory, not both");
        }
    }
    auto const& instances = options.instances;
    if (instances.count == 0) {
        if (is_fargate || !options.cluster.empty()) return;
        throw options_error("launch_type 'EC2' without a cluster: instances are needed");
    }
    if (is_fargate) throw options_error("instances have no effect with launch_type 'FARGATE'; allowed is 'EC2'");
    if (!options.cluster.empty()) {
        throw options_error(
            "instances for cluster '" + options.cluster +
            "': allowed are instances for a cluster that is made for the run, or a cluster that has its own");
    }
    constexpr std::size_t most = 1000; // of one RunInstances
    if (instances.count > most) {
        throw options_error("instances: count " + std::to_string(instances.count) + "; allowed are up to " +
                            std::to_string(most));
    }
    need("image of instances", !instances.image.empty(), "EC2");
    need("type of instances", !instances.type.empty(), "EC2");
    need("profile of instances", !instances.profile.empty(), "a machine that joins a cluster");
    if (options.subnets.size() != 1) {
        throw options_error(std::to_string(options.subnets.size()) + " subnets for instances: allowed is 1");
    }
    if (instances.patience.count() > 0 && instances.patience.count() <= 86400) return;
    std::ostringstream text;
    text << "patience " << instances.patience.count() << " of instances: allowed are up to 86400 seconds";
    throw options_error(text.str());
}

} // namespace aws

} // namespace rios
