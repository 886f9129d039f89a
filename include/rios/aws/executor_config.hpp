// SPDX-License-Identifier: BSL-1.0
//
// The options of workers on AWS, as a JSON file beside those of docs/remote.md (docs/aws.md), and their launcher for
// executor/chosen.hpp, which knows nothing of AWS.
//     {"image": "...", "execution_role": "arn:...", "subnets": ["subnet-1"], "cpu": "4 vCPU", "memory": "16GB"}
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "../executor/chosen.hpp"
#include "../json/executor_config.hpp"
#include "../launcher/launcher.hpp"
#include "../remote/remote_options.hpp"
#include "batch_launcher.hpp"
#include "ecs_launcher.hpp"
#include "ecs_options.hpp"
#include "worker_options.hpp"

namespace rios {

namespace aws::detail {

using rios::detail::json_object;

inline void take_texts(json_object& object, char const* name, std::map<std::string, std::string>& to)
{
    auto const* const value = object.find(name);
    if (value == nullptr) return;
    bool const is_object = value->is_object();
    if (!is_object || !std::all_of(value->begin(), value->end(), [](auto const& each) { return each.is_string(); })) {
        throw options_error('"' + std::string(name) + "\": " + value->dump() +
                            "; allowed: texts by name: {\"name\": \"text\"}");
    }
    to = value->get<std::map<std::string, std::string>>();
}

inline void take(json_object& object, aws_worker_options& options)
{
    std::chrono::duration<double> interval = options.poll_interval;
    constexpr std::chrono::duration<double> day = std::chrono::hours(24);
    object.take("region", options.client.region);
    object.take("profile", options.client.profile);
    object.take("endpoint", options.client.endpoint);
    take_texts(object, "environment", options.environment);
    take_texts(object, "tags", options.tags);
    object.take("secret", options.secret);
    object.take("lifetime", options.lifetime);
    object.take("poll_interval", interval);
    options.poll_interval = std::chrono::duration_cast<std::chrono::milliseconds>(std::min(interval, 2 * day));
}

inline void take(json_object& object, ecs_options& options)
{
    object.take("image", options.image);
    object.take("task_role", options.task_role);
    object.take("execution_role", options.execution_role);
    object.take("subnets", options.subnets);
    object.take("security_groups", options.security_groups);
    object.take("public_address", options.public_address);
    object.take("cpu", options.cpu);
    object.take("memory", options.memory);
    object.take("architecture", options.architecture);
    object.take("log_group", options.log_group);
    object.take("launch_type", options.launch_type);
    object.take("cluster", options.cluster);
    object.take("task_definition", options.task_definition);
    object.take("container", options.container);
    if (auto const* const volumes = object.find("volumes")) {
        if (!volumes->is_array())
            throw options_error("\"volumes\": " + volumes->dump() + "; allowed: a list of objects");
        options.volumes.clear();
        for (auto const& each : *volumes) {
            json_object inner(each, "one of \"volumes\"");
            auto& volume = options.volumes.emplace_back();
            inner.take("file_system", volume.file_system);
            inner.take("path", volume.path);
            inner.take("directory", volume.directory);
            inner.take("access_point", volume.access_point);
            inner.take("read_only", volume.read_only);
            inner.require_nothing_else();
        }
    }
    if (auto const* const instances = object.find("instances")) {
        json_object inner(*instances, "\"instances\"");
        inner.take("count", options.instances.count);
        inner.take("image", options.instances.image);
        inner.take("type", options.instances.type);
        inner.take("profile", options.instances.profile);
        inner.take("patience", options.instances.patience);
        inner.require_nothing_else();
    }
}

inline void take(json_object& object, aws_batch_options& options)
{
    object.take("queue", options.queue);
    object.take("job_definition", options.job_definition);
    object.take("stack", options.stack);
    object.take("log_group", options.log_group);
}

/// What holds for all workers on AWS. @throws options_error
inline void settle(remote_options& remote, aws_worker_options& workers)
{
    if (!remote.directory.empty()) {
        throw options_error("\"directory\" has no effect on AWS: workers there see no file of this host");
    }
    remote.address_in_environment = true;
    workers.program = remote.program;
}

} // namespace aws::detail

/// Takes over what a JSON value says of the options. @throws options_error naming the value and what is allowed
inline void take_aws_options(nlohmann::json const& json, remote_options& remote, ecs_options& options)
{
    detail::json_object object(json, detail::configuration);
    detail::take(object, remote);
    aws::detail::take(object, options);
    aws::detail::take(object, options.workers);
    object.require_nothing_else();
    aws::detail::settle(remote, options.workers);
    aws::check(options);
}

/// As above, for jobs of Batch.
inline void take_aws_options(nlohmann::json const& json, remote_options& remote, aws_batch_options& options)
{
    detail::json_object object(json, detail::configuration);
    detail::take(object, remote);
    aws::detail::take(object, options);
    aws::detail::take(object, options.workers);
    object.require_nothing_else();
    aws::detail::settle(remote, options.workers);
    aws::check(aws::detail::with_variables(options));
}

/// Gives a choice of "ecs" or "aws-batch" its launcher, with the options of a file.
/// @param path empty: there is none, which is enough for jobs of Batch with RIOS's variables
/// @param left_over as aws_worker_options::left_over
/// @throws io_error naming the file and what is wrong with it, options_error
inline void load_aws_options(std::string const& path, executor_choice& choice,
                             std::function<void(std::string const&)> left_over = {})
{
    auto const load = [&](auto options, auto launcher_of) {
        options.workers.left_over = std::move(left_over);
        auto const take = [&](nlohmann::json const& json) { take_aws_options(json, choice.remote, options); };
        if (path.empty()) take(nlohmann::json::object());
        else detail::with_json_file(path, take);
        choice.launcher = [options, launcher_of] { return any_launcher(launcher_of(options)); };
    };
    if (choice.kind == "ecs") load(ecs_options{}, [](ecs_options const& options) { return ecs_launcher(options); });
    else load(aws_batch_options{}, [](aws_batch_options const& options) { return aws_batch_launcher(options); });
}

/// The options of a file for a choice of any kind of other processes.
/// @param path empty: there is none
/// @param left_over as aws_worker_options::left_over
/// @pre choice.is_remote()
/// @throws io_error naming the file and what is wrong with it, options_error
inline void load_executor_options(std::string const& path, executor_choice& choice,
                                  std::function<void(std::string const&)> left_over = {})
{
    if (choice.is_aws()) load_aws_options(path, choice, std::move(left_over));
    else if (path.empty()) return;
    else if (choice.is_batch()) load_batch_options(path, choice.remote, choice.batch);
    else load_remote_options(path, choice.remote);
}

} // namespace rios
