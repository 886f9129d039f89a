// SPDX-License-Identifier: BSL-1.0
//
// Where the key of a run is kept for the workers: a parameter of Systems Manager, or a secret of Secrets Manager.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "../launcher/batch_files.hpp"
#include "client.hpp"
#include "error.hpp"
#include "json_text.hpp"

namespace rios::aws {

/// The tag of everything that is made; its value is the run's name.
inline constexpr char const* run_tag = "RIOS-run";

/// The name of a secret value, and what is done with it.
struct secret_name {
    bool is_parameter = true; ///< of Systems Manager; or else a secret of Secrets Manager
    std::string name{};

    /// @param text "ssm:NAME" or "secretsmanager:NAME" @throws options_error
    [[nodiscard]] static secret_name from_text(std::string const& text)
    {
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
        for (auto const* const kind : {"ssm:", "secretsmanager:"}) {
            if (!text.starts_with(kind)) continue;
            secret_name result{.is_parameter = kind[1] == 's', .name = text.substr(std::string_view(kind).size())};
            bool const is_path = result.name.find('/') == std::string::npos || result.name.front() == '/';
            if (result.name.empty() || result.name.find_first_not_of(letters) != std::string::npos) break;
            if (result.is_parameter && !is_path) break;
            return result;
        }
        throw options_error(
            "secret '" + text +
            "': allowed are ssm:NAME and secretsmanager:NAME, with letters, digits and -_./ in the name; "
            "that of a parameter with a '/' in it begins with one");
    }

    [[nodiscard]] std::string text() const { return (is_parameter ? "ssm:" : "secretsmanager:") + name; }
    [[nodiscard]] bool is_prefix() const { return name.ends_with('/'); }

    /// Of AWS.
    [[nodiscard]] std::string service() const { return is_parameter ? "ssm" : "secretsmanager"; }

    /// Makes it. @returns what a definition refers to it by (valueFrom)
    /// @throws aws_error; remote_error if there is one of that name: it may be another run's
    [[nodiscard]] std::string make(client& aws, std::string const& value, std::string const& run) const
    {
        try {
            if (is_parameter) {
                aws.call("ssm", "PutParameter",
                         {{"Name", name}, {"Value", value}, {"Type", "SecureString"}, {"Tags", tags(run)}});
                return name;
            }
            return aws
                .call("secretsmanager", "CreateSecret",
                      {{"Name", name}, {"SecretString", value}, {"Tags", tags(run)}, {"ClientRequestToken", token()}})
                .at("ARN");
        } catch (aws_error const& failure) {
            if (failure.code() != "ParameterAlreadyExists" && failure.code() != "ResourceExistsException") throw;
        }
        // It may have been made by this call, the first answer to which was lost.
        if (auto const own = found(aws, run)) return *own;
        throw remote_error("secret '" + text() +
                           "' exists, and may be that of another run: wait for its end, or remove it");
    }

    /// What a definition refers to the one by that was made for a run; none if there is none, or it is another's. @throws aws_error
    [[nodiscard]] std::optional<std::string> found(client& aws, std::string const& run) const
    {
        try {
            if (is_parameter) {
                auto const answer =
                    aws.call("ssm", "ListTagsForResource", {{"ResourceType", "Parameter"}, {"ResourceId", name}});
                if (is_tagged(detail::list_in(answer, "TagList"), run)) return name;
            } else {
                auto const answer = aws.call("secretsmanager", "DescribeSecret", {{"SecretId", name}});
                if (is_tagged(detail::list_in(answer, "Tags"), run)) return detail::text_in(answer, "ARN");
            }
        } catch (aws_error const& failure) {
            auto const& code = failure.code();
            if (code != "InvalidResourceId" && code != "ResourceNotFoundException") throw;
        }
        return std::nullopt;
    }

    /// @pre it was made
    void change(client& aws, std::string const& value) const
    {
        if (is_parameter) {
            aws.call("ssm", "PutParameter",
                     {{"Name", name}, {"Value", value}, {"Type", "SecureString"}, {"Overwrite", true}});
        } else {
            aws.call("secretsmanager", "PutSecretValue",
                     {{"SecretId", name}, {"SecretString", value}, {"ClientRequestToken", token()}});
        }
    }

    /// If it was made for the run. One that is gone already is all right. @throws aws_error
    void remove(client& aws, std::string const& run) const
    {
        try {
            if (!found(aws, run)) return;
            if (is_parameter) aws.call("ssm", "DeleteParameter", {{"Name", name}});
            else aws.call("secretsmanager", "DeleteSecret", {{"SecretId", name}, {"ForceDeleteWithoutRecovery", true}});
        } catch (aws_error const& failure) {
            if (failure.code() != "ParameterNotFound" && failure.code() != "ResourceNotFoundException") throw;
        }
    }

  private:
    [[nodiscard]] static nlohmann::json tags(std::string const& run)
    {
        return nlohmann::json::array({{{"Key", run_tag}, {"Value", run}}});
    }
    [[nodiscard]] static bool is_tagged(nlohmann::json const& tags, std::string const& run)
    {
        return std::any_of(tags.begin(), tags.end(), [&](auto const& each) {
            return detail::text_in(each, "Key") == run_tag && detail::text_in(each, "Value") == run;
        });
    }
    /// By which a call that is repeated is known: 32 to 64 characters.
    [[nodiscard]] static std::string token()
    {
        std::string result;
        for (int i = 0; i < 4; ++i) result += rios::detail::unlikely_name();
        return result;
    }
};

} // namespace rios::aws
