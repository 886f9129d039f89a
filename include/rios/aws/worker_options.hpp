// SPDX-License-Identifier: BSL-1.0
//
// What workers on AWS have in common, whether they are tasks of ECS or jobs of Batch.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "../error.hpp"
#include "../remote/worker_options.hpp"
#include "client.hpp"
#include "secret_name.hpp"

namespace rios {

/// Part of the options of ecs_launcher and aws_batch_launcher.
struct aws_worker_options {
    aws::client_options client{}; ///< region, credentials, and how calls are made
    /// Path of the worker's program in the image; empty: the image's entry point.
    std::string program{};
    std::map<std::string, std::string> environment{}; ///< variables for the worker: settings of GDAL, for one
    std::map<std::string, std::string> tags{}; ///< for all that is made, besides "RIOS-run", which has the run's name
    /// Where the address of the run, with its key, is kept for the workers: "ssm:NAME" for a parameter of Systems Manager,
    /// "secretsmanager:NAME" for a secret. It is made for the run, and removed in the end. A NAME that ends with '/' is
    /// completed by the run's. Empty: in the environment of the task or job, where all may read it who may describe tasks or
    /// jobs of the account, and can join the run then.
    std::string secret{};
    /// Seconds after which a worker ends in any case, by itself: up to 14 days. For those that cannot, Batch ends the job then, but
    /// not before a minute has passed, and machines of EC2 that were started for the run turn themselves off.
    std::chrono::duration<double> lifetime = std::chrono::hours(24);
    std::chrono::milliseconds poll_interval{5000}; ///< how often AWS is asked how workers are: 0.1 s to a day
    /// Called with a line for each thing that could not be removed in the end, and costs money or is in the way. It must not throw.
    std::function<void(std::string const&)> left_over{};
};

namespace aws {

/// @throws options_error naming the option, its value and what is allowed
inline void check(aws_worker_options const& options)
{
    auto const require = [](char const* name, double seconds, double least, double most) {
        if (seconds >= least && seconds <= most) return;
        std::ostringstream text;
        text << name << ' ' << seconds << ": allowed are " << least << " to " << most << " seconds";
        throw options_error(text.str());
    };
    constexpr double day = 86400;
    require("lifetime", options.lifetime.count(), 1, 14 * day);
    require("poll_interval", std::chrono::duration<double>(options.poll_interval).count(), 0.1, day);
    for (auto const& [name, value] : options.environment) {
        if (name == remote::address_variable || name == remote::lifetime_variable) {
            throw options_error("environment: " + name + " is set by the launcher");
        }
    }
    if (!options.secret.empty()) static_cast<void>(secret_name::from_text(options.secret));
}

} // namespace aws

} // namespace rios
