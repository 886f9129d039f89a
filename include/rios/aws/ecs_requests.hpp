// SPDX-License-Identifier: BSL-1.0
//
// What ecs_launcher.hpp sends to AWS, and what it makes of the answers.
#pragma once

#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "../launcher/launcher.hpp"
#include "base64.hpp"
#include "ecs_options.hpp"
#include "fargate_sizes.hpp"
#include "holdings.hpp"
#include "json_text.hpp"

namespace rios::aws::detail {

/// Tags of ECS: those of the user, and the run's.
[[nodiscard]] inline nlohmann::json ecs_tags(std::map<std::string, std::string> const& tags, std::string const& run)
{
    auto result = nlohmann::json::array();
    for (auto const& [key, value] : tags) result.push_back({{"key", key}, {"value", value}});
    result.push_back({{"key", run_tag}, {"value", run}});
    return result;
}

/// Variables of a container.
[[nodiscard]] inline nlohmann::json variables(std::vector<std::pair<std::string, std::string>> const& environment)
{
    auto result = nlohmann::json::array();
    for (auto const& [name, value] : environment) result.push_back({{"name", name}, {"value", value}});
    return result;
}

inline constexpr char const* container_name = "worker"; // in definitions that are made here

/// Adds the file systems to a task definition.
inline void add_volumes(std::vector<efs_volume> const& volumes, nlohmann::json& definition, nlohmann::json& container)
{
    for (std::size_t i = 0; i < volumes.size(); ++i) {
        auto const& each = volumes[i];
        auto const name = "volume" + std::to_string(i);
        nlohmann::json efs{{"fileSystemId", each.file_system}, {"transitEncryption", "ENABLED"}};
        if (!each.directory.empty()) efs["rootDirectory"] = each.directory;
        if (!each.access_point.empty()) efs["authorizationConfig"] = {{"accessPointId", each.access_point}};
        definition["volumes"].push_back({{"name", name}, {"efsVolumeConfiguration", efs}});
        container["mountPoints"].push_back(
            {{"sourceVolume", name}, {"containerPath", each.path}, {"readOnly", each.read_only}});
    }
}

/// Arguments of RegisterTaskDefinition.
/// @param secret what the address of the run is found by; empty if it is in the environment of each task
[[nodiscard]] inline nlohmann::json task_definition(ecs_options const& options, std::string const& run,
                                                    std::string const& region, std::string const& secret)
{
    auto const size = size_of_task(options.cpu, options.memory);
    nlohmann::json container{
        {"name", container_name}, {"image", options.image}, {"essential", true}, {"memory", size.memory}};
    if (!options.workers.program.empty()) container["entryPoint"] = nlohmann::json::array({options.workers.program});
    if (!options.log_group.empty()) {
        container["logConfiguration"] = {
            {"logDriver", "awslogs"},
            {"options",
             {{"awslogs-group", options.log_group}, {"awslogs-region", region}, {"awslogs-stream-prefix", run}}}};
    }
    if (!secret.empty()) {
        container["secrets"] = nlohmann::json::array({{{"name", remote::address_variable}, {"valueFrom", secret}}});
    }
    nlohmann::json result{{"family", run},
                          {"networkMode", options.launch_type == "FARGATE" ? "awsvpc" : "bridge"},
                          {"requiresCompatibilities", nlohmann::json::array({options.launch_type})},
                          {"cpu", std::to_string(size.cpu)},
                          {"memory", std::to_string(size.memory)},
                          {"tags", ecs_tags(options.workers.tags, run)}};
    if (!options.task_role.empty()) result["taskRoleArn"] = options.task_role;
    if (!options.execution_role.empty()) result["executionRoleArn"] = options.execution_role;
    if (!options.architecture.empty()) {
        result["runtimePlatform"] = {{"cpuArchitecture", options.architecture}, {"operatingSystemFamily", "LINUX"}};
    }
    add_volumes(options.volumes, result, container);
    result["containerDefinitions"] = nlohmann::json::array({container});
    return result;
}

/// Parameters of RunInstances. The machines join the cluster, and turn themselves off, which terminates them, when no worker may
/// live any more: nobody may be left to do so.
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> instances_request(ecs_options const& options,
                                                                                        std::string const& run)
{
    auto const& wanted = options.instances;
    auto const minutes =
        static_cast<long>(std::ceil(options.workers.lifetime.count() / 60)) + 15; // to start, and to end
    auto const user_data = "#!/bin/bash\necho ECS_CLUSTER=" + run + " >>/etc/ecs/ecs.config\nshutdown -h +" +
                           std::to_string(minutes) + '\n';
    bool const is_arn = wanted.profile.starts_with("arn:");
    std::vector<std::pair<std::string, std::string>> result{
        {"ImageId", wanted.image},
        {"InstanceType", wanted.type},
        {"MinCount", std::to_string(wanted.count)}, // all, or an error that says why
        {"MaxCount", std::to_string(wanted.count)},
        {"ClientToken", holdings{.run = run}.mark()},
        {"SubnetId", options.subnets.front()},
        {is_arn ? "IamInstanceProfile.Arn" : "IamInstanceProfile.Name", wanted.profile},
        {"InstanceInitiatedShutdownBehavior", "terminate"},
        {"UserData", base64(user_data)},
        {"TagSpecification.1.ResourceType", "instance"},
        {"TagSpecification.1.Tag.1.Key", run_tag},
        {"TagSpecification.1.Tag.1.Value", run}};
    for (std::size_t i = 0; i < options.security_groups.size(); ++i) {
        result.emplace_back("SecurityGroupId." + std::to_string(i + 1), options.security_groups[i]);
    }
    std::size_t number = 2;
    auto tags = options.workers.tags;
    tags.try_emplace("Name", run);
    for (auto const& [key, value] : tags) {
        auto const begin = "TagSpecification.1.Tag." + std::to_string(number++);
        result.emplace_back(begin + ".Key", key);
        result.emplace_back(begin + ".Value", value);
    }
    return result;
}

/// What RunTask says of the one task that it was asked for.
struct placement {
    std::string task{};    ///< its ARN; empty: there is none
    std::string reason{};  ///< why
    bool may_pass = false; ///< there may be room for it later
};

[[nodiscard]] inline placement placement_in(nlohmann::json const& answer)
{
    auto const tasks = list_in(answer, "tasks");
    if (!tasks.empty()) return {.task = text_in(tasks.front(), "taskArn")};
    auto const failures = list_in(answer, "failures");
    placement result{.reason = "no task, and no reason"};
    if (failures.empty()) return result;
    auto const& first = failures.front();
    result.reason = text_in(first, "reason");
    if (auto const detail = text_in(first, "detail"); !detail.empty()) result.reason += ": " + detail;
    result.may_pass = result.reason.starts_with("RESOURCE:") || result.reason.starts_with("Capacity is unavailable") ||
                      result.reason.starts_with("AGENT");
    return result;
}

/// How a task is.
/// @param container name of the worker's
[[nodiscard]] inline job_status status_of_task(nlohmann::json const& task, std::string const& container)
{
    auto const state = text_in(task, "lastStatus");
    nlohmann::json worker = nlohmann::json::object();
    for (auto const& each : list_in(task, "containers")) {
        if (text_in(each, "name") == container) worker = each;
    }
    auto const number = [&](char const* name) {
        auto const found = worker.find(name);
        return found != worker.end() && found->is_number_integer() ? std::optional(found->get<int>()) : std::nullopt;
    };
    // What comes then, the removal of its network, takes half a minute.
    bool const has_ended =
        state == "STOPPED" || state == "DELETED" || (text_in(worker, "lastStatus") == "STOPPED" && number("exitCode"));
    if (!has_ended) {
        bool const waits = state == "PROVISIONING" || state == "PENDING" || state == "ACTIVATING";
        return {.state = waits ? job_state::waiting : job_state::running, .reason = waits ? state : ""};
    }
    job_status result{.state = job_state::ended, .exit_status = number("exitCode")};
    auto const add = [&](std::string const& more, char const* between) {
        if (!more.empty() && result.reason.find(more) == std::string::npos)
            result.reason += (result.reason.empty() ? "" : between) + more;
    };
    add(text_in(task, "stopCode"), "");
    add(text_in(task, "stoppedReason"), ": ");
    add(text_in(worker, "reason"), ", ");
    if (result.exit_status.value_or(0) != 0) add("exited with status " + std::to_string(*result.exit_status), ", ");
    if (result.reason.empty()) result.reason = state;
    return result;
}

/// Short enough for people: the last part of an ARN.
[[nodiscard]] inline std::string id_in(std::string const& arn)
{
    return arn.substr(arn.rfind('/') + 1);
}

} // namespace rios::aws::detail
