// SPDX-License-Identifier: BSL-1.0
//
// What a run has on AWS, and how all of it is removed: by the launcher in the end, or by guardian.hpp if there is none left. Things
// are found by the run's name and tag, so that also those are removed of whose making AWS's answer got lost.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
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

/// What a run has, or is about to have.
struct holdings {
    std::string run{};                    ///< its name: "RIOS_JOB-0123456789ab"
    std::string cluster{};                ///< of ECS, in which its tasks are; empty: none
    bool owns_cluster = false;            ///< was it made for the run?
    bool owns_definition = false;         ///< a task definition, of the run's name
    bool owns_instances = false;          ///< of EC2, with the run's tag
    std::vector<std::string> instances{}; ///< their numbers, as soon as EC2 has told them
    std::string queue{};                  ///< of Batch, in which its jobs are; empty: none
    std::string secret{};                 ///< secret_name::text(), made for the run if it has its tag; empty: none

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
        if (!what_.queue.empty()) attempt("batch", "jobs in queue " + what_.queue, [this] { terminate_jobs(); });
        bool const tasks_may_be_left =
            !what_.cluster.empty() && !attempt("ecs", "tasks in cluster " + what_.cluster, [this] { stop_tasks(); });
        auto const line_of_tasks = left_.end() - left_.begin() - 1;
        if (what_.owns_instances)
            attempt("ec2", "EC2 instances with the tag " + (run_tag + ('=' + what_.run)),
                    [this] { terminate_instances(); });
        if (what_.owns_definition) attempt("ecs", "task definition " + what_.run, [this] { deregister(); });
        if (what_.owns_cluster && attempt("ecs", "cluster " + what_.cluster, [this] { delete_cluster(); })) {
            if (tasks_may_be_left) left_.erase(left_.begin() + line_of_tasks); // they are gone, or it would be there
        }
        if (!what_.secret.empty()) {
            auto const secret = secret_name::from_text(what_.secret);
            attempt(secret.service(), "secret " + what_.secret, [&] { secret.remove(aws_, what_.run); });
        }
        return std::move(left_);
    }

  private:
    using clock = std::chrono::steady_clock;
    /// For what was told to end: a task of Fargate takes half a minute, an instance some.
    static constexpr auto time_to_end = std::chrono::minutes(5);
    static constexpr auto pause = std::chrono::seconds(2);
    static constexpr int looks = 4; // until what has just been made is seen by all of EC2

    /// Where a service cannot be reached, once is enough. @returns whether it was removed
    template <typename F>
    bool attempt(std::string const& service, std::string const& what, F remove)
    {
        auto& silence = silences_[service];
        try {
            if (!silence.empty()) throw remote_error(silence);
            remove();
            return true;
        } catch (std::exception const& failure) {
            left_.push_back(what + " could not be removed: " + failure.what());
            if (is_silence(failure)) silence = failure.what();
            return false;
        }
    }

    /// That one of several cannot be removed is no reason to leave the others. @throws the first failure, when all were tried
    template <typename F>
    static void for_all(std::vector<std::string> const& all, F remove)
    {
        std::exception_ptr first;
        for (auto const& each : all) {
            try {
                remove(each);
            } catch (std::exception const& failure) {
                if (!first) first = std::current_exception();
                if (is_silence(failure)) break;
            }
        }
        if (first) std::rethrow_exception(first);
    }

    [[nodiscard]] static bool is_silence(std::exception const& failure)
    {
        auto const* const call = dynamic_cast<aws_error const*>(&failure);
        return call != nullptr && call->status() == 0;
    }

    void terminate_jobs()
    {
        nlohmann::json const name{{"name", "JOB_NAME"}, {"values", nlohmann::json::array({what_.run + '*'})}};
        nlohmann::json arguments{{"jobQueue", what_.queue}, {"filters", nlohmann::json::array({name})}};
        std::vector<std::string> alive;
        for (;;) {
            auto const page = aws_.batch("listjobs", arguments);
            for (auto const& job : list_in(page, "jobSummaryList")) {
                auto const status = text_in(job, "status");
                if (status != "SUCCEEDED" && status != "FAILED") alive.push_back(text_in(job, "jobId"));
            }
            auto const next = page.find("nextToken");
            if (next == page.end() || !next->is_string()) break;
            arguments["nextToken"] = *next;
        }
        for_all(alive, [this](std::string const& job) {
            aws_.batch("terminatejob", {{"jobId", job}, {"reason", "the run has ended"}});
        });
    }

    /// Those of a cluster that stays need not be waited for.
    void stop_tasks()
    {
        for_all(all_pages(aws_, "ListTasks", {{"cluster", what_.cluster}, {"startedBy", what_.mark()}}, "taskArns"),
                [this](std::string const& task) {
                    aws_.call("ecs", "StopTask",
                              {{"cluster", what_.cluster}, {"task", task}, {"reason", "the run has ended"}});
                });
    }

    void deregister()
    {
        for_all(all_pages(aws_, "ListTaskDefinitions", {{"familyPrefix", what_.run}, {"status", "ACTIVE"}},
                          "taskDefinitionArns"),
                [this](std::string const& each) {
                    aws_.call("ecs", "DeregisterTaskDefinition", {{"taskDefinition", each}});
                });
    }

    /// EC2 may not know at once what it has made. After some looks, what it does not know is not there.
    void terminate_instances()
    {
        for (int look = 1;; ++look) {
            auto const all = instances();
            if ((!all.empty() && are_terminated(all)) || look == looks) return;
            std::this_thread::sleep_for(pause);
        }
    }

    /// Those whose numbers are known, and those that are found by their tag.
    [[nodiscard]] std::vector<std::string> instances()
    {
        std::vector<std::pair<std::string, std::string>> arguments{{"Filter.1.Name", std::string("tag:") + run_tag},
                                                                   {"Filter.1.Value.1", what_.run},
                                                                   {"Filter.2.Name", "instance-state-name"}};
        for (auto const* const state : {"pending", "running", "stopping", "stopped"}) {
            arguments.emplace_back("Filter.2.Value." + std::to_string(arguments.size() - 2), state);
        }
        auto result = what_.instances;
        collect(aws_.query("ec2", "DescribeInstances", arguments), "instanceId", result);
        std::sort(result.begin(), result.end());
        result.erase(std::unique(result.begin(), result.end()), result.end());
        return result;
    }

    /// @returns whether EC2 knows all of them. One that it does not know is no reason to leave the others.
    bool are_terminated(std::vector<std::string> const& instances)
    {
        std::vector<std::pair<std::string, std::string>> arguments;
        for (auto const& each : instances)
            arguments.emplace_back("InstanceId." + std::to_string(arguments.size() + 1), each);
        try {
            aws_.query("ec2", "TerminateInstances", arguments);
            return true;
        } catch (aws_error const& failure) {
            if (!failure.code().starts_with("InvalidInstanceID")) throw;
        }
        if (instances.size() > 1) for_all(instances, [this](std::string const& each) { are_terminated({each}); });
        return false;
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
            stop_tasks(); // one may have begun late
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
    std::map<std::string, std::string> silences_; // by service: what a call said that was not answered
};

} // namespace detail

/// Removes all that a run has: tasks and jobs first, then what they were made from, then where they were.
/// @returns a line for each thing that could not be removed, with the reason
[[nodiscard]] inline std::vector<std::string> release(client& aws, holdings const& what)
{
    return detail::removal(aws, what).run();
}

} // namespace rios::aws
