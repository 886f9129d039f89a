// SPDX-License-Identifier: BSL-1.0
//
// Where the key of a run is kept for the workers: a parameter of Systems Manager, or a secret of Secrets Manager.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "../error.hpp"
#include "../launcher/batch_files.hpp"
#include "client.hpp"
#include "error.hpp"

namespace rios::aws {

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
            throw remote_error("secret '" + text() +
                               "' exists, and may be that of another run: wait for its end, or remove it");
        }
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

    /// One that is gone already is all right. @throws aws_error
    void remove(client& aws) const
    {
        try {
            if (is_parameter) aws.call("ssm", "DeleteParameter", {{"Name", name}});
            else aws.call("secretsmanager", "DeleteSecret", {{"SecretId", name}, {"ForceDeleteWithoutRecovery", true}});
        } catch (aws_error const& failure) {
            if (failure.code() != "ParameterNotFound" && failure.code() != "ResourceNotFoundException") throw;
        }
    }

  private:
    [[nodiscard]] static nlohmann::json tags(std::string const& run)
    {
        return nlohmann::json::array({{{"Key", "RIOS-run"}, {"Value", run}}});
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
