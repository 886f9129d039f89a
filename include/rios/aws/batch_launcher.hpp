// SPDX-License-Identifier: BSL-1.0
//
// Workers as jobs of AWS Batch, in a queue and by a job definition that there are.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/property_tree/ptree.hpp>
#include <nlohmann/json.hpp>

#include "../environment.hpp"
#include "../error.hpp"
#include "../launcher/launcher.hpp"
#include "client.hpp"
#include "ecs_requests.hpp"
#include "holdings.hpp"
#include "json_text.hpp"
#include "run_place.hpp"
#include "secret_name.hpp"
#include "worker_options.hpp"

namespace rios {

/// Options of aws_batch_launcher.
struct aws_batch_options {
    std::string queue{};          ///< name or ARN of the job queue
    std::string job_definition{}; ///< name, "name:7" or ARN
    /// A stack of CloudFormation that says both, as RIOS's template makes it: its outputs BatchProcessingJobQueueName and
    /// BatchProcessingJobDefinitionName. Empty, as queue and job_definition: RIOS_AWSBATCH_STACK
    std::string stack{};
    std::string log_group =
        "/aws/batch/job";         ///< of CloudWatch Logs, where the workers' output is; empty: is not looked at
    aws_worker_options workers{}; ///< RIOS_AWSBATCH_REGION is the region if none is given
};

namespace aws {

/// @throws options_error naming the option, its value and what is allowed
inline void check(aws_batch_options const& options)
{
    check(options.workers);
    bool const is_said = !options.queue.empty() && !options.job_definition.empty();
    if (!is_said && options.stack.empty()) {
        throw options_error("queue '" + options.queue + "' and job_definition '" + options.job_definition +
                            "': both are needed, or a stack (RIOS_AWSBATCH_STACK) that says them");
    }
    if (options.workers.secret.empty()) return;
    auto const secret = secret_name::from_text(options.workers.secret);
    if (secret.is_parameter && !secret.is_prefix()) return;
    throw options_error("secret '" + options.workers.secret +
                        "' of a job: allowed is ssm:NAME, the parameter that the job definition takes " +
                        remote::address_variable + " from");
}

namespace detail {

/// Options, with what RIOS's variables say if nothing else does.
[[nodiscard]] inline aws_batch_options with_variables(aws_batch_options options)
{
    auto const take = [](char const* name, std::string& to) {
        if (auto const value = environment_text(name); value && to.empty()) to = *value;
    };
    if (options.queue.empty() && options.job_definition.empty()) take("RIOS_AWSBATCH_STACK", options.stack);
    take("RIOS_AWSBATCH_REGION", options.workers.client.region);
    return options;
}

/// The value of an output of a stack. @throws remote_error if there is none
[[nodiscard]] inline std::string stack_output(boost::property_tree::ptree const& answer, std::string const& stack,
                                              char const* name)
{
    if (!answer.empty()) {
        auto const outputs = answer.front().second.get_child_optional("DescribeStacksResult.Stacks.member.Outputs");
        auto const all = outputs ? *outputs : boost::property_tree::ptree();
        for (auto const& [key, output] : all) {
            if (output.get("OutputKey", "") == name) return output.get("OutputValue", "");
        }
    }
    throw remote_error("stack '" + stack + "' has no output " + name);
}

/// How a job is.
[[nodiscard]] inline job_status status_of_job(nlohmann::json const& job)
{
    auto const state = text_in(job, "status");
    auto const why = text_in(job, "statusReason");
    if (state != "SUCCEEDED" && state != "FAILED") {
        bool const runs = state == "RUNNING";
        return {.state = runs ? job_state::running : job_state::waiting,
                .reason = runs ? "" : state + (why.empty() ? "" : ": " + why)};
    }
    job_status result{.state = job_state::ended, .reason = state + (why.empty() ? "" : ": " + why)};
    auto const container = job.value("container", nlohmann::json::object());
    if (auto const code = container.find("exitCode"); code != container.end() && code->is_number_integer()) {
        result.exit_status = code->get<int>();
    }
    if (auto const reason = text_in(container, "reason"); !reason.empty()) result.reason += ", " + reason;
    if (result.exit_status.value_or(0) != 0) {
        result.reason += ", exited with status " + std::to_string(*result.exit_status);
    }
    return result;
}

} // namespace detail

/// The jobs of an aws_batch_launcher.
///
/// Thread rule: one thread at a time.
class batch_jobs {
  public:
    explicit batch_jobs(aws_batch_options options)
        : options_(detail::with_variables(std::move(options))), place_(options_.workers)
    {
        check(options_);
    }
    batch_jobs(batch_jobs const&) = delete;
    batch_jobs& operator=(batch_jobs const&) = delete;

    [[nodiscard]] job_id submit(worker_command const& command)
    {
        place_.prepare(command, [this] { make_all(); });
        auto const& what = place_.what();
        nlohmann::json tags = options_.workers.tags;
        tags[run_tag] = what.run;
        // The definition may say that jobs are tried again; who tries again here is the run.
        auto const answer =
            place_.aws().batch("submitjob", {{"jobName", what.run + '_' + std::to_string(command.number)},
                                             {"jobQueue", what.queue},
                                             {"jobDefinition", options_.job_definition},
                                             {"containerOverrides",
                                              {{"command", place_.words(command, true)},
                                               {"environment", detail::variables(place_.environment(command))}}},
                                             {"retryStrategy", {{"attempts", 1}}},
                                             {"timeout", {{"attemptDurationSeconds", seconds()}}},
                                             {"tags", tags}});
        auto id = detail::text_in(answer, "jobId");
        if (id.empty()) throw remote_error("AWS Batch gives job " + command.name + " no number");
        jobs_.insert_or_assign(id, job_status{});
        return id;
    }

    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs)
    {
        look_at(jobs);
        std::vector<job_status> result;
        for (auto const& id : jobs) result.push_back(jobs_[id]);
        return result;
    }

    void cancel(std::span<job_id const> jobs)
    {
        for (auto const& id : jobs) {
            if (jobs_[id].state == job_state::ended) continue;
            place_.aws().batch("terminatejob", {{"jobId", id}, {"reason", "cancelled by the run"}});
        }
        auto const is_alive = [this](job_id const& id) { return jobs_[id].state != job_state::ended; };
        for (auto const deadline = clock::now() + time_to_end;;) {
            look_at(jobs);
            if (std::none_of(jobs.begin(), jobs.end(), is_alive) || clock::now() > deadline) return;
            std::this_thread::sleep_for(std::min(options_.workers.poll_interval, std::chrono::milliseconds(1000)));
        }
    }

    [[nodiscard]] std::chrono::milliseconds poll_interval() const noexcept { return options_.workers.poll_interval; }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr auto time_to_end = std::chrono::seconds(5); // for jobs that were terminated

    /// That a job may take. Batch does not take less than a minute.
    [[nodiscard]] long seconds() const
    {
        return std::max(60L, static_cast<long>(std::ceil(options_.workers.lifetime.count())));
    }

    void make_all()
    {
        if (options_.queue.empty() || options_.job_definition.empty()) {
            auto const answer = place_.aws().query("cloudformation", "DescribeStacks", {{"StackName", options_.stack}});
            auto const take = [&](char const* name, std::string& to) {
                if (to.empty()) to = detail::stack_output(answer, options_.stack, name);
            };
            take("BatchProcessingJobQueueName", options_.queue);
            take("BatchProcessingJobDefinitionName", options_.job_definition);
        }
        place_.what().queue = options_.queue;
        place_.note();
        place_.keep_secret();
    }

    void look_at(std::span<job_id const> jobs)
    {
        std::vector<job_id> alive;
        for (auto const& id : jobs) {
            if (jobs_[id].state != job_state::ended) alive.push_back(id);
        }
        constexpr std::size_t page = 100; // at most, of DescribeJobs
        for (std::size_t at = 0; at < alive.size(); at += page) {
            look_at_page({alive.begin() + static_cast<std::ptrdiff_t>(at),
                          alive.begin() + static_cast<std::ptrdiff_t>(std::min(alive.size(), at + page))});
        }
    }

    void look_at_page(std::vector<job_id> const& page)
    {
        auto const answer = place_.aws().batch("describejobs", {{"jobs", page}});
        std::map<job_id, nlohmann::json> found;
        for (auto const& each : detail::list_in(answer, "jobs"))
            found.insert_or_assign(detail::text_in(each, "jobId"), each);
        for (auto const& id : page) {
            auto& last = jobs_[id];
            auto const job = found.find(id);
            if (job == found.end()) {
                last = {.state = job_state::ended, .reason = "is not known to AWS Batch any more"};
                continue;
            }
            last = detail::status_of_job(job->second);
            if (last.state != job_state::ended || last.exit_status == 0 || options_.log_group.empty()) continue;
            auto const container = job->second.value("container", nlohmann::json::object());
            auto const stream = detail::text_in(container, "logStreamName");
            if (!stream.empty()) last.log = place_.end_of_log(options_.log_group, stream);
        }
    }

    aws_batch_options options_;
    std::map<job_id, job_status> jobs_;
    run_place place_; // last: all that there is on AWS goes first
};

} // namespace aws

/// Submits, watches and terminates jobs of AWS Batch. Those that have not ended are terminated in its destructor, also by their
/// name and tag; what could not be is told by aws_worker_options::left_over. Workers need remote_options::address_in_environment.
///
/// Thread rule: one thread at a time.
class aws_batch_launcher {
  public:
    /// AWS is not asked. @throws options_error naming the option, its value and what is allowed
    explicit aws_batch_launcher(aws_batch_options options = {})
        : jobs_(std::make_unique<aws::batch_jobs>(std::move(options)))
    {
    }

    /// @throws aws_error if AWS refuses
    [[nodiscard]] job_id submit(worker_command const& command) { return jobs_->submit(command); }

    /// One call for a hundred jobs that have not ended. @throws aws_error if AWS does not answer
    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs) { return jobs_->status(jobs); }

    void cancel(std::span<job_id const> jobs) { jobs_->cancel(jobs); }

    [[nodiscard]] static constexpr bool one_host() noexcept { return false; }
    [[nodiscard]] std::chrono::milliseconds poll_interval() const noexcept { return jobs_->poll_interval(); }

  private:
    std::unique_ptr<aws::batch_jobs> jobs_;
};

} // namespace rios
