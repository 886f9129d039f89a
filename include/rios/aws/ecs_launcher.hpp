// SPDX-License-Identifier: BSL-1.0
//
// Workers as tasks of Amazon ECS: on Fargate, or on EC2 instances of a cluster.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "../launcher/launcher.hpp"
#include "client.hpp"
#include "ecs_options.hpp"
#include "ecs_requests.hpp"
#include "error.hpp"
#include "holdings.hpp"
#include "retry.hpp"
#include "run_place.hpp"

namespace rios {

namespace aws {

/// The tasks of an ecs_launcher, and all that is made for them.
///
/// Thread rule: one thread at a time.
class ecs_tasks {
  public:
    explicit ecs_tasks(ecs_options options) : options_(std::move(options)), place_(options_.workers)
    {
        check(options_);
    }
    ecs_tasks(ecs_tasks const&) = delete;
    ecs_tasks& operator=(ecs_tasks const&) = delete;

    [[nodiscard]] job_id submit(worker_command const& command)
    {
        place_.prepare(command, [this] { make_all(); });
        auto id = place_.what().run + '_' + std::to_string(++submitted_);
        task made{.request = request_for(command)};
        place(made);
        if (made.last.state == job_state::ended)
            throw remote_error("ECS refuses job " + command.name + ": " + made.last.reason);
        tasks_.insert_or_assign(id, std::move(made));
        return id;
    }

    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs)
    {
        look_at(jobs);
        std::vector<job_status> result;
        for (auto const& id : jobs) result.push_back(tasks_[id].last);
        return result;
    }

    void cancel(std::span<job_id const> jobs)
    {
        for (auto const& id : jobs) {
            auto& each = tasks_[id];
            if (each.last.state == job_state::ended) continue;
            if (each.arn.empty())
                each.last = {.state = job_state::ended, .reason = "was cancelled before it was placed"};
            else
                place_.aws().call(
                    "ecs", "StopTask",
                    {{"cluster", place_.what().cluster}, {"task", each.arn}, {"reason", "cancelled by the run"}});
        }
        auto const is_alive = [this](job_id const& id) { return tasks_[id].last.state != job_state::ended; };
        for (auto const deadline = clock::now() + time_to_end;;) {
            look_at(jobs);
            if (std::none_of(jobs.begin(), jobs.end(), is_alive) || clock::now() > deadline) return;
            std::this_thread::sleep_for(std::min(options_.workers.poll_interval, std::chrono::milliseconds(1000)));
        }
    }

    [[nodiscard]] std::chrono::milliseconds poll_interval() const noexcept { return options_.workers.poll_interval; }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr auto time_to_end = std::chrono::seconds(5); // for tasks that were stopped

    struct task {
        nlohmann::json request{}; ///< of RunTask
        std::string arn{};        ///< empty until it is placed
        job_status last{};
    };

    /// In this order; what there is already, of an earlier attempt or run, stays.
    void make_all()
    {
        auto& what = place_.what();
        if (what.cluster.empty()) {
            what.owns_cluster = options_.cluster.empty();
            what.cluster = what.owns_cluster ? what.run : options_.cluster;
            place_.note();
        }
        if (what.owns_cluster && !has_cluster_) {
            place_.aws().call(
                "ecs", "CreateCluster",
                {{"clusterName", what.cluster}, {"tags", detail::ecs_tags(options_.workers.tags, what.run)}});
            has_cluster_ = true;
        }
        if (options_.instances.count > 0 && !what.owns_instances) {
            what.owns_instances = true;
            place_.note();
        }
        if (what.owns_instances && !instances_since_) start_instances();
        auto const secret = place_.keep_secret();
        if (!definition_.empty()) return;
        if (options_.task_definition.empty()) {
            what.owns_definition = true;
            place_.note();
            auto const answer =
                place_.aws().call("ecs", "RegisterTaskDefinition",
                                  detail::task_definition(options_, what.run, place_.aws().region(), secret));
            definition_ = detail::text_in(answer.at("taskDefinition"), "taskDefinitionArn");
            container_ = detail::container_name;
            has_network_ = options_.launch_type == "FARGATE";
            return;
        }
        look_into_definition();
    }

    void start_instances()
    {
        auto& what = place_.what();
        try {
            auto const made = place_.aws().query("ec2", "RunInstances", detail::instances_request(options_, what.run));
            detail::collect(made, "instanceId", what.instances);
        } catch (aws_error const& failure) {
            if (detail::is_refusal(failure)) what.owns_instances = false;
            throw;
        }
        place_.note();
        instances_since_ = clock::now();
    }

    void look_into_definition()
    {
        auto const answer =
            place_.aws().call("ecs", "DescribeTaskDefinition", {{"taskDefinition", options_.task_definition}});
        auto const& given = answer.at("taskDefinition");
        for (auto const& each : detail::list_in(given, "containerDefinitions")) {
            if (!options_.container.empty() && detail::text_in(each, "name") != options_.container) continue;
            container_ = detail::text_in(each, "name");
            break;
        }
        if (container_.empty())
            throw options_error("task definition '" + options_.task_definition + "' has no container '" +
                                options_.container + "'");
        has_network_ = detail::text_in(given, "networkMode") == "awsvpc";
        definition_ = options_.task_definition;
    }

    [[nodiscard]] nlohmann::json request_for(worker_command const& command)
    {
        auto const& what = place_.what();
        // A definition that is made here has the program as the entry point.
        auto const words = place_.words(command, !what.owns_definition);
        nlohmann::json const worker{
            {"name", container_}, {"command", words}, {"environment", detail::variables(place_.environment(command))}};
        nlohmann::json result{{"cluster", what.cluster},
                              {"taskDefinition", definition_},
                              {"count", 1},
                              {"launchType", options_.launch_type},
                              {"startedBy", what.mark()},
                              {"overrides", {{"containerOverrides", nlohmann::json::array({worker})}}},
                              {"tags", detail::ecs_tags(options_.workers.tags, what.run)}};
        if (!has_network_) return result;
        nlohmann::json network{{"subnets", options_.subnets}};
        if (!options_.security_groups.empty()) network["securityGroups"] = options_.security_groups;
        if (options_.launch_type == "FARGATE")
            network["assignPublicIp"] = options_.public_address ? "ENABLED" : "DISABLED";
        result["networkConfiguration"] = {{"awsvpcConfiguration", network}};
        return result;
    }

    /// Has a task placed, if there is room for it. What AWS refuses has ended. @throws aws_error if the call fails
    void place(task& waiting)
    {
        if (!instances_are_there()) {
            if (!trouble_.empty()) waiting.last = {.state = job_state::ended, .reason = trouble_};
            else waiting.last.reason = "waits for instances to join cluster " + place_.what().cluster;
            return;
        }
        // Of its own for each attempt: AWS may know one that failed by it, too.
        waiting.request["clientToken"] = place_.what().mark() + '-' + std::to_string(++attempts_);
        auto const where = detail::placement_in(place_.aws().call("ecs", "RunTask", waiting.request));
        if (!where.task.empty()) {
            waiting.arn = where.task;
            waiting.last = {};
        } else if (where.may_pass) {
            waiting.last.reason = "waits for room: " + where.reason;
        } else {
            waiting.last = {.state = job_state::ended, .reason = where.reason};
        }
    }

    /// As place(), for a task that has waited: nobody else hears of a refusal.
    void place_or_end(task& waiting)
    {
        try {
            place(waiting);
        } catch (aws_error const& failure) {
            if (!detail::is_refusal(failure)) throw;
            waiting.last = {.state = job_state::ended, .reason = failure.what()};
        }
    }

    /// Of those that were started for the run, the first at least. Asked again with the next look, if not.
    [[nodiscard]] bool instances_are_there()
    {
        if (!instances_since_ || have_joined_ > 0) return true;
        if (!trouble_.empty() || clock::now() < next_look_) return false;
        next_look_ = clock::now() + options_.workers.poll_interval;
        auto const answer = place_.aws().call("ecs", "DescribeClusters",
                                              {{"clusters", nlohmann::json::array({place_.what().cluster})}});
        for (auto const& cluster : detail::list_in(answer, "clusters"))
            have_joined_ = cluster.value("registeredContainerInstancesCount", 0);
        if (have_joined_ == 0 && clock::now() - *instances_since_ > options_.instances.patience) {
            trouble_ = "no instance has joined cluster " + place_.what().cluster + " within " +
                       std::to_string(static_cast<long>(options_.instances.patience.count())) +
                       " seconds (instances, patience)";
        }
        return have_joined_ > 0;
    }

    void look_at(std::span<job_id const> jobs)
    {
        std::map<std::string, task*> placed; // by ARN
        bool is_full = false;
        for (auto const& id : jobs) {
            auto& each = tasks_[id];
            if (each.last.state == job_state::ended) continue;
            if (each.arn.empty() && !each.request.is_null() && !is_full) {
                place_or_end(each);
                is_full = each.arn.empty() && each.last.state == job_state::waiting;
            }
            if (!each.arn.empty()) placed.emplace(each.arn, &each);
            else if (each.request.is_null())
                each.last = {.state = job_state::ended, .reason = "is no job of this launcher"};
        }
        constexpr std::size_t page = 100; // at most, of DescribeTasks
        for (auto next = placed.begin(); next != placed.end();) {
            auto arns = nlohmann::json::array();
            for (; next != placed.end() && arns.size() < page; ++next) arns.push_back(next->first);
            look_at_page(arns, placed);
        }
    }

    void look_at_page(nlohmann::json const& arns, std::map<std::string, task*> const& placed)
    {
        auto const answer =
            place_.aws().call("ecs", "DescribeTasks", {{"cluster", place_.what().cluster}, {"tasks", arns}});
        for (auto const& each : detail::list_in(answer, "tasks")) {
            auto const found = placed.find(detail::text_in(each, "taskArn"));
            if (found == placed.end()) continue;
            auto& last = found->second->last;
            last = detail::status_of_task(each, container_);
            if (last.state != job_state::ended) continue;
            auto const id = detail::id_in(found->first);
            last.reason = "task " + id + ": " + last.reason;
            if (last.exit_status != 0 && !options_.log_group.empty()) {
                last.log = place_.end_of_log(options_.log_group, place_.what().run + '/' + container_ + '/' + id);
            }
        }
        for (auto const& each : detail::list_in(answer, "failures")) {
            auto const found = placed.find(detail::text_in(each, "arn"));
            if (found == placed.end()) continue;
            found->second->last = {.state = job_state::ended,
                                   .reason = "task " + detail::id_in(found->first) + ": is not known to ECS (" +
                                             detail::text_in(each, "reason") + ')'};
        }
    }

    ecs_options options_;
    std::size_t submitted_ = 0;
    std::size_t attempts_ = 0; // to place a task
    bool has_cluster_ = false;
    std::optional<clock::time_point> instances_since_; // if any were started
    clock::time_point next_look_{};                    // at the cluster, for instances
    int have_joined_ = 0;                              // of the instances
    std::string trouble_;                              // of the instances: why none comes
    std::string definition_;                           // name or ARN; empty: not known yet
    std::string container_;                            // name of the worker's
    bool has_network_ = false;                         // do tasks have a network of their own?
    std::map<job_id, task> tasks_;
    run_place place_; // last: all that there is on AWS goes first
};

} // namespace aws

/// Runs, watches and stops tasks of ECS. What it needs and is not given (a cluster, instances, a task definition, a secret) it
/// makes with the first job, and removes in its destructor, which waits until all is gone; what could not be removed is told by
/// aws_worker_options::left_over. Workers need remote_options::address_in_environment.
///
/// Thread rule: one thread at a time.
class ecs_launcher {
  public:
    /// Nothing is made, and AWS is not asked. @throws options_error naming the option, its value and what is allowed
    explicit ecs_launcher(ecs_options options) : tasks_(std::make_unique<aws::ecs_tasks>(std::move(options))) {}

    /// @throws aws_error if AWS refuses, remote_error if it has no place for the task
    [[nodiscard]] job_id submit(worker_command const& command) { return tasks_->submit(command); }

    /// One call for a hundred tasks that have not ended. @throws aws_error if AWS does not answer
    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs) { return tasks_->status(jobs); }

    void cancel(std::span<job_id const> jobs) { tasks_->cancel(jobs); }

    [[nodiscard]] static constexpr bool one_host() noexcept { return false; }
    [[nodiscard]] std::chrono::milliseconds poll_interval() const noexcept { return tasks_->poll_interval(); }

  private:
    std::unique_ptr<aws::ecs_tasks> tasks_;
};

} // namespace rios
