// SPDX-License-Identifier: BSL-1.0
//
// Calls of AWS, in its three protocols, for the launchers of ECS and Batch. Small on purpose: there is no AWS SDK for C++ in
// the distributions, and the few calls that are needed are plain HTTPS, which libcurl signs.
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/property_tree/ptree.hpp>
#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "credential_chain.hpp"
#include "credentials.hpp"
#include "error.hpp"
#include "http.hpp"
#include "metadata.hpp"
#include "query_text.hpp"
#include "region.hpp"
#include "retry.hpp"
#include "secrets.hpp"
#include "services.hpp"

namespace rios::aws {

/// Options of client.
struct client_options {
    std::string region{};  ///< empty: AWS_REGION, AWS_DEFAULT_REGION, the profile's, or that of the machine in EC2
    std::string profile{}; ///< of ~/.aws; empty: AWS_PROFILE, or "default"
    std::optional<credentials> given{}; ///< none: they are looked for where programs for AWS do
    /// The URL of all services. Empty: AWS_ENDPOINT_URL_ECS and the like, AWS_ENDPOINT_URL, or AWS's own.
    std::string endpoint{};
    std::size_t attempts = 8;                   ///< of a call that AWS is too busy for, or does not answer; at least 1
    std::chrono::duration<double> patience{60}; ///< seconds for a call, all attempts together, up to a day
};

/// Calls services of AWS.
///
/// A call that was not answered may have been carried out, and is repeated: give those that start something a token
/// ("clientToken") by which AWS knows the second from a new one.
///
/// Thread rule: one thread at a time.
class client {
  public:
    /// @throws options_error naming the option, its value and what is allowed
    explicit client(client_options options = {})
        : options_(std::move(options)), region_(options_.region), chain_({.given = options_.given,
                                                                          .profile = options_.profile,
                                                                          .region = options_.region,
                                                                          .endpoint = options_.endpoint})
    {
        if (options_.attempts < 1) throw options_error("attempts 0 of an AWS call: allowed are 1 up");
        if (!(options_.patience.count() > 0 && options_.patience.count() <= 86400)) {
            std::ostringstream text;
            text << "patience " << options_.patience.count() << " of an AWS call: allowed are up to 86400 seconds";
            throw options_error(text.str());
        }
        if (!region_.empty()) detail::check_region(region_);
    }

    /// The region of all calls. @throws options_error if none is known
    [[nodiscard]] std::string const& region()
    {
        if (region_.empty()) {
            auto found = detail::configured_region(options_.profile);
            std::string reason;
            if (!found) found = detail::machine_metadata(session_).region(reason);
            if (!found) {
                throw options_error(
                    "there is no AWS region: AWS_REGION and AWS_DEFAULT_REGION are not set; the profile "
                    "has none; " +
                    reason);
            }
            detail::check_region(*found);
            region_ = *std::move(found);
        }
        return region_;
    }

    /// A call of "ecs", "secretsmanager", "ssm" or "logs" (JSON 1.1).
    /// @param arguments an object, as the API reference has it
    /// @returns the answer's object
    /// @throws aws_error if AWS refuses, or cannot be reached; other errors if there are no credentials, or no region
    nlohmann::json call(std::string_view service, std::string_view action, nlohmann::json const& arguments)
    {
        auto const& which = detail::service_named(service, detail::protocol::json);
        auto const target = which.version + ('.' + std::string(action));
        return json_answer(which, action, "/", arguments,
                           {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}});
    }

    /// A call of AWS Batch, as call().
    /// @param operation in small letters: "submitjob", "describejobs", "terminatejob"
    nlohmann::json batch(std::string_view operation, nlohmann::json const& arguments)
    {
        auto const& which = detail::service_named("batch", detail::protocol::rest);
        return json_answer(which, operation, "/v1/" + std::string(operation), arguments,
                           {{"Content-Type", "application/json"}});
    }

    /// A call of "ec2", "sts" or "cloudformation" (Query API).
    /// @param parameters in any order, without Action and Version
    /// @returns the answer's document: its root, "DescribeInstancesResponse", is the one child of the tree
    /// @throws as call()
    boost::property_tree::ptree query(std::string_view service, std::string_view action,
                                      std::vector<std::pair<std::string, std::string>> const& parameters)
    {
        auto const& which = detail::service_named(service, detail::protocol::query);
        detail::secret_texts secrets;
        for (auto const& [name, value] : parameters) {
            if (name.ends_with("ParameterValue") || name.ends_with("UserData") || name.ends_with("Token")) {
                secrets.add(value);
            }
        }
        auto all = parameters;
        all.emplace_back("Action", action);
        all.emplace_back("Version", which.version);
        auto const answer = send(which, action,
                                 {.method = "POST",
                                  .url = "/",
                                  .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                                  .body = detail::query_text(std::move(all))},
                                 std::move(secrets));
        auto tree = detail::parsed_xml(answer.body);
        if (!tree) refuse_answer(which, action, "XML", answer);
        return *std::move(tree);
    }

  private:
    nlohmann::json json_answer(detail::service const& which, std::string_view action, std::string path,
                               nlohmann::json const& arguments,
                               std::vector<std::pair<std::string, std::string>> headers)
    {
        detail::secret_texts secrets;
        secrets.add_values_in(arguments);
        std::string body;
        try {
            body = arguments.is_null() ? "{}" : arguments.dump();
        } catch (nlohmann::json::exception const&) {
            throw options_error(name_of(which, action) + ": a text in its arguments is no UTF-8");
        }
        auto const answer =
            send(which, action,
                 {.method = "POST", .url = std::move(path), .headers = std::move(headers), .body = std::move(body)},
                 std::move(secrets));
        if (answer.body.empty()) return nlohmann::json::object(); // of a call that has nothing to say
        auto json = nlohmann::json::parse(answer.body, nullptr, false);
        if (!json.is_object()) refuse_answer(which, action, "JSON object", answer);
        return json;
    }

    /// @param request with the path in the place of the URL
    detail::http_answer send(detail::service const& which, std::string_view action, detail::http_request request,
                             detail::secret_texts secrets)
    {
        request.url.insert(0, detail::endpoint_of(which, options_.endpoint, region()));
        auto const prepare = [&](detail::http_request& next) {
            auto const& who = chain_.get(session_);
            secrets.add(who);
            next.signature = {.who = who, .region = region(), .service = which.name};
        };
        bool renewed = false;
        auto const can_recover = [&](std::string const& code) {
            if (renewed || (code != "ExpiredToken" && code != "ExpiredTokenException")) return false;
            renewed = true;
            return chain_.renew(session_);
        };
        return detail::send_patiently(session_, std::move(request),
                                      {.name = name_of(which, action),
                                       .attempts = options_.attempts,
                                       .patience = options_.patience,
                                       .prepare = prepare,
                                       .can_recover = can_recover},
                                      secrets);
    }

    [[nodiscard]] static std::string name_of(detail::service const& which, std::string_view action)
    {
        return "AWS " + std::string(which.name) + ' ' + std::string(action);
    }

    [[noreturn]] static void refuse_answer(detail::service const& which, std::string_view action,
                                           std::string const& expected, detail::http_answer const& answer)
    {
        throw aws_error(name_of(which, action) + ": the answer is no " + expected + " (" +
                            std::to_string(answer.body.size()) + " bytes)",
                        "", answer.status);
    }

    client_options options_;
    std::string region_;
    detail::http_session session_;
    detail::credential_chain chain_;
};

} // namespace rios::aws
