// SPDX-License-Identifier: BSL-1.0
//
// The credentials of a profile: keys in its files, or what a program says.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "../launcher/run_program.hpp"
#include "credential_text.hpp"
#include "credentials.hpp"
#include "profile_files.hpp"
#include "secrets.hpp"

namespace rios::aws::detail {

/// Keys in one of the files: those of different files do not go together.
[[nodiscard]] inline std::optional<credentials> keys_of(std::optional<profile_settings> const& settings,
                                                        std::string const& source)
{
    if (!settings) return std::nullopt;
    auto const value = [&](char const* name) {
        auto const found = settings->find(name);
        return found == settings->end() ? std::string() : found->second;
    };
    auto const access_key = value("aws_access_key_id");
    auto const secret_key = value("aws_secret_access_key");
    if (access_key.empty() && secret_key.empty()) return std::nullopt;
    if (access_key.empty())
        throw options_error(source + ": aws_secret_access_key is set, but aws_access_key_id is not");
    if (secret_key.empty())
        throw options_error(source + ": aws_access_key_id is set, but aws_secret_access_key is not");
    return checked({.access_key = access_key, .secret_key = secret_key, .session_token = value("aws_session_token")},
                   source);
}

/// What the command of a profile's credential_process says.
[[nodiscard]] inline credentials process_credentials(std::string const& command, std::string const& source)
{
    // A failed program has said why on standard error; what is on standard output may be secret, and so may the command.
    auto const result = [&] {
        try {
            return rios::detail::run_program({"/bin/sh", "-c", command});
        } catch (remote_error const& failure) {
            throw remote_error(source + ": " + failure.what());
        }
    }();
    if (result.status != 0) {
        auto const complaint =
            rios::detail::program_result{.status = result.status, .errors = result.errors}.complaint();
        throw remote_error(source + ": " + secret_texts().hidden_in(complaint));
    }
    auto const json = nlohmann::json::parse(result.output, nullptr, false);
    if (json.is_object() && json.value("Version", nlohmann::json()) != 1) {
        throw remote_error(source + ": the answer is not of \"Version\": 1");
    }
    return parsed_credentials(result.output, "SessionToken", source);
}

/// The credentials of a profile; none if its files name none.
/// @throws options_error naming what is missing, or what rios does not follow @throws remote_error if the program fails
[[nodiscard]] inline std::optional<credentials> profile_credentials(profile const& which)
{
    auto const source = "AWS profile '" + which.name + "' in ";
    if (auto found = keys_of(which.in_credentials, source + which.credentials_file)) return found;
    if (auto found = keys_of(which.in_config, source + which.config_file)) return found;
    if (auto const command = which.find("credential_process")) {
        return process_credentials(command->first, source + command->second + ": credential_process");
    }
    for (auto const* const name : {"role_arn", "sso_session", "sso_start_url", "login_session"}) {
        if (auto const setting = which.find(name)) {
            throw options_error(source + setting->second + ": " + name +
                                " is not supported; allowed: aws_access_key_id with aws_secret_access_key, or "
                                "credential_process, such as \"aws configure export-credentials --format process\"");
        }
    }
    return std::nullopt;
}

} // namespace rios::aws::detail
