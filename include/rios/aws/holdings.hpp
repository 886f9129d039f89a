// SPDX-License-Identifier: BSL-1.0
//
// What a run has on AWS, and how all of it is removed: by the launcher in the end, or by guardian.hpp if there is none left. Things
// are found by the run's name and tag, so that also those are removed of whose making AWS's answer got lost.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/property_tree/ptree.hpp>
#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "../launcher/batch_files.hpp"
#include "client.hpp"
#include "error.hpp"
#include "json_text.hpp"
#include "secret_name.hpp"

namespace rios::aws {

/// The tag of everything that is made; its value is the run's name.
inline constexpr char const* run_tag = "RIOS-run";

/// What a run has, or is about to have.
struct holdings {
    std::string run{};            ///< its name: "RIOS_JOB-0123456789ab"
    std::string cluster{};        ///< of ECS, in which its tasks are; empty: none
    bool owns_cluster = false;    ///< was it made for the run?
    bool owns_definition = false; ///< a task definition, of the run's name
    bool owns_instances = false;  ///< of EC2, with the run's tag
    std::string queue{};          ///< of Batch, in which its jobs are; empty: none
    std::string secret{};         ///< secret_name::text(); empty: none

    /// Short enough for RunTask's "startedBy".
    [[nodiscard]] std::string mark() const
    {
        return "RIOS-" + run.substr(run.size() - std::min<std::size_t>(12, run.size()));
    }

    friend bool operator==(holdings const&, holdings const&) = default;
};

/// A name for a run that nobody else has, of letters that all services take. @param job "RIOS_NAME_0", the name of a worker's job
[[nodiscard]] inline std::string run_name(std::string job)
{
    constexpr std::size_t longest = 100;
    job.erase(std::min(job.rfind('_'), longest));
    std::replace(job.begin(), job.end(), '.', '-');
    auto chance = rios::detail::unlikely_name() + rios::detail::unlikely_name();
    return job + '-' + chance.substr(0, 12);
}

namespace detail {

/// Values in a list of an EC2 answer, wherever they are: <item><instanceId>i-1</instanceId>...
inline void collect(boost::property_tree::ptree const& tree, std::string_view name, std::vector<std::string>& to)
{
    for (auto const& [key, child] : tree) {
        if (key == name) to.push_back(child.data());
        collect(child, name, to);
    }
}

/// The elements of all pages of an answer of ECS.
/// @param list the element that holds them
[[nodiscard]] inline std::vector<std::string> all_pages(client& aws, std::string_view action, nlohmann::json arguments,
                                                        char const* list)
{
    std::vector<std::string> result;
    for (;;) {
        auto const page = aws.call("ecs", action, arguments);
        for (auto const& each : list_in(page, list)) result.push_back(each.get<std::string>());
        auto const next = page.find("nextToken");
        if (next == page.end() || !next->is_string()) return result;
        arguments["nextToken"] = *next;
    }
}

/// Removes the things of a run, one kind after the other, and notes what stays.
class removal {
  public:
    removal(client& aws, holdings const& what) : aws_(aws), what_(what) {}

    [[nodiscard]] std::vector<std::string> run()
    {
        if (!what_.queue.empty()) attempt("jobs in queue " + what_.queue, [this] { terminate_jobs(); });
        if (!what_.cluster.empty()) attempt("tasks in cluster " + what_.cluster, [this] { stop_tasks(); });
        if (what_.owns_definition) attempt("task definition " + what_.run, [this] { deregister(); });
        if (what_.owns_instances)
            attempt("EC2 instances with the tag " + (run_tag + ('=' + what_.run)), [this] { terminate_instances(); });
        if (what_.owns_cluster) attempt("cluster " + what_.cluster, [this] { delete_cluster(); });
        if (!what_.secret.empty())
            attempt("secret " + what_.secret, [this] { secret_name::from_text(what_.secret).remove(aws_); });
        return std::move(left_);
    }

  private:
    using clock = std::chrono::steady_clock;
    /// For what was told to end: a task of Fargate takes half a minute, an instance some.
    static constexpr auto time_to_end = std::chrono::minutes(5);
    static constexpr auto pause = std::chrono::seconds(2);

    /// Where AWS cannot be reached, once is enough.
    template <typename F>
    void attempt(std::string const& what, F remove)
    {
        try {
            if (!silence_.empty()) throw remote_error(silence_);
            remove();
        } catch (std::exception const& failure) {
            left_.push_back(what + " could not be removed: " + failure.what());
            auto const* const call = dynamic_cast<aws_error const*>(&failure);
            if (call != nullptr && call->status() == 0) silence_ = failure.what();
        }
    }

    void terminate_jobs()
    {
        nlohmann::json const name{{"name", "JOB_NAME"}, {"values", nlohmann::json::array({what_.run + '*'})}};
        nlohmann::json arguments{{"jobQueue", what_.queue}, {"filters", nlohmann::json::array({name})}};
        for (;;) {
            auto const page = aws_.batch("listjobs", arguments);
            for (auto const& job : list_in(page, "jobSummaryList")) {
                auto const status = text_in(job, "status");
                if (status == "SUCCEEDED" || status == "FAILED") continue;
                aws_.batch("terminatejob", {{"jobId", job.at("jobId")}, {"reason", "the run has ended"}});
            }
            auto const next = page.find("nextToken");
            if (next == page.end() || !next->is_string()) return;
            arguments["nextToken"] = *next;
        }
    }

    /// Those of a cluster that stays need not be waited for.
    void stop_tasks()
    {
        auto const alive = [this] {
            return all_pages(aws_, "ListTasks", {{"cluster", what_.cluster}, {"startedBy", what_.mark()}}, "taskArns");
        };
        for (auto const& task : alive()) {
            aws_.call("ecs", "StopTask", {{"cluster", what_.cluster}, {"task", task}, {"reason", "the run has ended"}});
        }
    }

    void deregister()
    {
        for (auto const& each : all_pages(aws_, "ListTaskDefinitions",
                                          {{"familyPrefix", what_.run}, {"status", "ACTIVE"}}, "taskDefinitionArns")) {
            aws_.call("ecs", "DeregisterTaskDefinition", {{"taskDefinition", each}});
        }
    }

    void terminate_instances()
    {
        std::vector<std::pair<std::string, std::string>> arguments{{"Filter.1.Name", std::string("tag:") + run_tag},
                                                                   {"Filter.1.Value.1", what_.run},
                                                                   {"Filter.2.Name", "instance-state-name"}};
        for (auto const* const state : {"pending", "running", "stopping", "stopped"}) {
            arguments.emplace_back("Filter.2.Value." + std::to_string(arguments.size() - 2), state);
        }
        std::vector<std::string> instances;
        collect(aws_.query("ec2", "DescribeInstances", arguments), "instanceId", instances);
        if (instances.empty()) return;
        arguments.clear();
        for (auto const& each : instances)
            arguments.emplace_back("InstanceId." + std::to_string(arguments.size() + 1), each);
        aws_.query("ec2", "TerminateInstances", arguments);
    }

    /// As soon as nothing is in it.
    void delete_cluster()
    {
        for (auto const deadline = clock::now() + time_to_end;; std::this_thread::sleep_for(pause)) {
            if (what_.owns_instances) leave_cluster();
            try {
                aws_.call("ecs", "DeleteCluster", {{"cluster", what_.cluster}});
                return;
            } catch (aws_error const& failure) {
                auto const& code = failure.code();
                if (code == "ClusterNotFoundException") return;
                bool const is_in_use = code == "ClusterContainsTasksException" ||
                                       code == "ClusterContainsContainerInstancesException" ||
                                       code == "UpdateInProgressException";
                if (!is_in_use || clock::now() > deadline) throw;
            }
        }
    }

    /// An instance that was terminated would stay in the cluster for some minutes, or goes just now: DeleteCluster decides.
    void leave_cluster()
    {
        for (auto const& each :
             all_pages(aws_, "ListContainerInstances", {{"cluster", what_.cluster}}, "containerInstanceArns")) {
            try {
                aws_.call("ecs", "DeregisterContainerInstance",
                          {{"cluster", what_.cluster}, {"containerInstance", each}, {"force", true}});
            } catch (aws_error const& failure) {
                if (failure.code() != "InvalidParameterException") throw;
            }
        }
    }

    client& aws_;
    holdings const& what_;
    std::vector<std::string> left_;
    std::string silence_; // what a call said that AWS did not answer
};

} // namespace detail

/// Removes all that a run has: tasks and jobs first, then what they were made from, then where they were.
/// @returns a line for each thing that could not be removed, with the reason
[[nodiscard]] inline std::vector<std::string> release(client& aws, holdings const& what)
{
    return detail::removal(aws, what).run();
}

} // namespace rios::aws
